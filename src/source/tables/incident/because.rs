//! Why a record is in an incident's scope: the member `because` of its line.
//!
//! Invariant: a record of an incident has at least one reason, and the reasons stand in one order whatever they were
//! found by, so that the same record has the same line. Refuses a line that would grow longer than a record may be.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use crate::record::id::push_part;
use crate::record::line::MAX_BYTES;
use crate::source::rows::fault::RowFault;

/// Bytes of an id that is written out: three times as many are the longest id of a record.
const MAX_ID: usize = 600;

/// A sort of reason; its word never changes once released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A board of a channel in scope, and what is on it.
    Board,
    /// A call in a channel in scope, and what belongs to it.
    Call,
    /// In the run's channel.
    Channel,
    /// In a direct or group channel among participants.
    Direct,
    /// Something that posts, or may post, into a channel in scope.
    Integration,
    /// In a channel linked to the run.
    Linked,
    /// Describes what records in scope name.
    Named,
    /// Something that a participant did, or that happened to the account.
    Participant,
    /// The run's playbook, and what hangs on it.
    Playbook,
    /// The run, and what names it.
    Run,
    /// How the server stood: roles, schemes, configuration.
    Standing,
    /// A status post, or the post that the run was started from.
    Status,
    /// In a thread that touches the window.
    Thread,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Board => "board",
            Self::Call => "call",
            Self::Channel => "channel",
            Self::Direct => "direct",
            Self::Integration => "integration",
            Self::Linked => "linked",
            Self::Named => "named",
            Self::Participant => "participant",
            Self::Playbook => "playbook",
            Self::Run => "run",
            Self::Standing => "standing",
            Self::Status => "status",
            Self::Thread => "thread",
        }
    }

    /// The reason with the id of what makes it so, as a record spells it: `channel:ID`. Of an id that no record could have
    /// the beginning is told.
    pub fn of(self, id: &[u8]) -> Box<str> {
        let mut spelled = Vec::new();
        push_part(&mut spelled, id.get(..MAX_ID).unwrap_or(id));
        format!("{}:{}", self.word(), String::from_utf8_lossy(&spelled)).into_boxed_str()
    }
}

/// The reasons that hold of one record; those that it shares with others are borrowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Because<'i>(Vec<Cow<'i, str>>);

impl<'i> Because<'i> {
    /// Adds a reason that lies in a thing.
    pub fn add(&mut self, reason: Reason, id: &[u8]) {
        self.0.push(Cow::Owned(reason.of(id).into()));
    }

    /// Adds a reason that lies in nothing of its own.
    pub fn stand(&mut self) {
        self.0.push(Cow::Borrowed(Reason::Standing.word()));
    }

    /// Adds the reasons of something else.
    pub fn extend(&mut self, more: &'i [Box<str>]) {
        self.0.extend(more.iter().map(|reason| Cow::Borrowed(reason.as_ref())));
    }

    /// Whether nothing brings the record into scope.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The reasons in order, each once.
    pub fn into_reasons(self) -> Box<[Box<str>]> {
        self.in_order().into_iter().map(|reason| reason.into_owned().into_boxed_str()).collect()
    }

    fn in_order(mut self) -> Vec<Cow<'i, str>> {
        self.0.sort_unstable();
        self.0.dedup();
        self.0
    }

    /// `,"because":[…]`; nothing without reasons.
    pub fn into_member(self) -> Vec<u8> {
        let mut out = Vec::new();
        for (at, reason) in self.in_order().iter().enumerate() {
            out.extend_from_slice(if at == 0 { b",\"because\":[\"" } else { b",\"" });
            // Words and ids need no escapes.
            out.extend_from_slice(reason.as_bytes());
            out.push(b'"');
        }
        if !out.is_empty() {
            out.push(b']');
        }
        out
    }
}

/// Puts `,"because":[…]` into the line that begins at `start` and is complete; on a fault the line is as it was.
pub fn complete(line: &mut Vec<u8>, start: usize, member: &[u8]) -> Result<(), RowFault> {
    let bytes = line.len().saturating_sub(start) + member.len();
    if bytes > MAX_BYTES {
        let sha256 = digest(&SHA256, line.get(start..).unwrap_or_default());
        return Err(RowFault::TooLong { bytes, sha256: sha256.as_ref().try_into().unwrap_or_default() });
    }
    if !member.is_empty() && line.pop_if(|last| *last == b'}').is_some() {
        line.extend_from_slice(member);
        line.push(b'}');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::line::Line;

    #[test]
    fn reasons_stand_in_order_each_once_and_the_line_stays_one() {
        let mut because = Because::default();
        because.add(Reason::Thread, b"t");
        because.stand();
        let shared = [Reason::Channel.of(b"c\"d"), Reason::Thread.of(b"t")];
        because.extend(&shared);
        let member = because.into_member();
        assert_eq!(member, br#","because":["channel:c%22d","standing","thread:t"]"#);
        let mut line = br#"{"kind":"post","id":"p","at":0,"data":{}}"#.to_vec();
        complete(&mut line, 0, &member).unwrap();
        assert!(line.ends_with(br#""data":{},"because":["channel:c%22d","standing","thread:t"]}"#));
        Line::parse(&line).unwrap();
        assert!(Because::default().into_member().is_empty());
    }

    #[test]
    fn a_line_that_would_grow_too_long_is_left_alone() {
        let mut line = br#"{"kind":"post","id":"p","at":0,"data":{"message":""}}"#.to_vec();
        let member = vec![b','; MAX_BYTES];
        let before = line.clone();
        assert!(matches!(complete(&mut line, 0, &member), Err(RowFault::TooLong { .. })));
        assert_eq!(line, before);
    }
}
