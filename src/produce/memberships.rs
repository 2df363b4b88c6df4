//! The rows that say who was in a channel, and who is: read here, put in order by whoever asks.
//!
//! The history of memberships (`channel_membership`) is the only source of times. The members of now (`channel_member`)
//! have none; such a member whom the history does not name was imported, or is older than the history.
//!
//! Invariant: every row is handed on once, in archive order. It decides nothing about gaps: what a membership without
//! times means is for those to say who use it.

use super::ProduceError;
use crate::archive::reader::Archive;
use crate::archive::walk::Walk;
use crate::progress::Progress;
use crate::record::fields::{Head, integer, plain};
use crate::record::time::Millis;

/// Members of now.
pub const MEMBER: &str = "channel_member";

/// The history.
pub const HISTORY: &str = "channel_membership";

/// A membership as it was sealed.
#[derive(Clone, Copy, Debug)]
pub struct Membership<'l> {
    /// Id of the channel.
    pub channel: &'l str,
    /// Id of the user.
    pub user: &'l str,
    /// When it began, and until before when it lasted: the largest number for somebody who never left. `None` for a
    /// member of now.
    pub span: Option<(Millis, Millis)>,
    /// Its record, for what else it says.
    pub head: Head<'l>,
}

/// Hands what `take` makes of each membership to `each`; `take` runs on all threads.
pub fn read<T: Send>(
    archive: &Archive,
    progress: &Progress,
    take: impl Fn(Membership<'_>) -> Option<T> + Sync,
    mut each: impl FnMut(T),
) -> Result<(), ProduceError> {
    let walk = Walk::new(archive, progress)?.kinds(|kind| matches!(kind, MEMBER | HISTORY));
    walk.for_each_segment(
        |segment| {
            let lines = segment.lines().map(|(_, line)| membership(segment.kind(), line));
            lines.filter_map(&take).collect::<Vec<T>>()
        },
        |taken| {
            taken.into_iter().for_each(&mut each);
            Ok(())
        },
    )
}

fn membership<'l>(kind: &str, line: &'l [u8]) -> Membership<'l> {
    let head = Head::of(line, kind);
    let [channel, user, from, until] = head.pick(["channel_id", "user_id", "join_time", "leave_time"]);
    let until = integer(until).filter(|until| *until > 0).unwrap_or(Millis::MAX);
    let span = integer(from).map(|from| (from, until));
    Membership { channel: plain(channel), user: plain(user), span, head }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_membership_has_times_only_in_the_history() {
        let line = br#"{"kind":"channel_membership","id":"c/u/5","at":5,"data":{"channel_id":"c","user_id":"u","join_time":5,"leave_time":0}}"#;
        let found = membership(HISTORY, line);
        assert_eq!((found.channel, found.user, found.span), ("c", "u", Some((5, Millis::MAX))));
        let line = br#"{"kind":"channel_member","id":"c/u","at":0,"data":{"channel_id":"c","user_id":"u","roles":""}}"#;
        let found = membership(MEMBER, line);
        assert_eq!((found.head.id, found.span), ("c/u", None));
    }
}
