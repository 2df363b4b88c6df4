//! What every part of a report is told with: the run, the names, what was gathered, and how people, times and lengths are
//! put into words.

use super::document::Line;
use super::gather::Gathered;
use crate::produce::Work;
use crate::produce::directory::Place;
use crate::produce::incident::{Entry, RecordId, Run, Runs};
use crate::produce::labels::Labels;
use crate::produce::mail::one_line;
use crate::record::time::Millis;

/// A run, and what is needed to tell of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) runs: &'a Runs,
    pub(super) run: &'a Run,
    pub(super) labels: &'a Labels<'a>,
    pub(super) gathered: &'a Gathered,
    /// When the run ended; as of when the archive knows its source, if it goes on or does not say.
    pub(super) until: Millis,
}

/// Until when a run is told of: its end; where it goes on, or ended before it began, the time as of which the archive knows
/// its source.
pub(super) fn life(run: &Run, as_of: Millis) -> Millis {
    if run.end_at > run.create_at { run.end_at } else { as_of }
}

impl Telling<'_> {
    /// Somebody: `Anna Berg (anna)`; the id of an account that the archive does not describe.
    pub(super) fn person(&self, id: &str) -> Line {
        if id.is_empty() {
            return Line::of("nobody is named");
        }
        if self.work.directory.user_or_count(id).is_none() {
            return Line::of("the account ").code(id).words(", which the archive does not describe");
        }
        Line::said_by_people(one_line(&self.labels.person(id)))
    }

    /// Somebody by username, as timelines name people.
    pub(super) fn named(&self, username: &str) -> Line {
        match self.by_username(username) {
            Some(id) => self.person(id),
            None => Line::said_by_people(format!("@{username}")).words(", whom the archive does not describe"),
        }
    }

    /// The account of this username.
    pub(super) fn by_username(&self, username: &str) -> Option<&str> {
        let mut users = self.work.directory.users().into_iter();
        users.find(|(_, user)| *user.username == *username).map(|(id, _)| id)
    }

    /// A channel: `team/name`, what people see, and what sort of place it is.
    pub(super) fn channel(&self, id: &str) -> Line {
        let Some(channel) = self.work.directory.channel(id) else {
            return Line::of("the channel ").code(id).words(", which the archive does not describe");
        };
        let mut line = Line::said_by_people(one_line(self.labels.channel(id)));
        if !channel.display_name.is_empty() && !channel.place.is_personal() {
            line = line.words(" (").said(one_line(&channel.display_name)).words(")");
        }
        line = line.words(match channel.place {
            Place::Open => ", public",
            Place::Private => ", private",
            Place::Direct => ", direct messages",
            Place::Group => ", group messages",
        });
        if channel.delete_at > 0 {
            line = line.words(", archived ").at(channel.delete_at);
        }
        line.cited([RecordId::new("channel", id)])
    }

    /// Who acted, as an entry of the timeline says.
    pub(super) fn actor(&self, entry: &Entry) -> Line {
        self.person(entry.actor())
    }

    /// Whether other runs share the channel, so that a post in it may be theirs.
    pub(super) fn shares_channel(&self) -> bool {
        self.runs.shares_channel(self.run)
    }
}

/// The record of an entry.
pub(super) fn of_entry(entry: &Entry) -> RecordId {
    RecordId::new("run_event", &entry.id)
}

/// The record of a post.
pub(super) fn of_post(id: &str) -> RecordId {
    RecordId::new("post", id)
}

/// A number and what is counted: `1 post`, `3 posts`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_goes_on_is_told_as_far_as_its_source_is_known() {
        let run = |create_at, end_at| Run { create_at, end_at, ..Run::default() };
        assert_eq!([life(&run(5, 9), 20), life(&run(5, 0), 20), life(&run(5, 3), 20)], [9, 20, 20]);
    }
}
