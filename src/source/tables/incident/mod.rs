//! An incident as a scope: a playbook run, everything that hangs on it, and why each record is in.
//!
//! ```text
//! run ──▶ people, playbook, events      trace: what the incident consists of, found step by step
//!  │ ──▶ channels ──▶ posts ──▶ threads    │
//!  └──▶ window                             ├─▶ kinds:  which rows of each kind that is, and why
//!                                          ├─▶ kept:   rows that need not be read twice
//!                                          ├─▶ limits: what a database need not hand over more than
//!                                          └─▶ gaps:   what is not as it should be, as exceptions
//! ```
//!
//! Invariant: rows are judged by ids that were found beforehand and by their own fields, so that a database and its dump
//! give the same lines. One hop is followed and no further: a channel is linked by the run itself or by a post of the
//! run's own channel, never by one of a linked channel. Refuses an incident that fits several runs, or none.

pub mod because;
mod gaps;
pub mod kept;
mod kinds;
mod limits;
mod people;
mod posts;
mod question;
pub mod run;
mod said;
mod trace;

use std::collections::{BTreeMap, HashMap};

use self::because::{Because, Reason};
use self::kept::Kept;
use self::posts::Found;
use self::run::Run;
use super::scope::Ids;
use crate::record::exception::Exception;
use crate::record::fields::{Head, plain};
use crate::record::time::{Millis, Window};
use crate::source::catalogue::{Rank, table};

/// An incident, traced.
#[derive(Clone, Debug, Default)]
pub struct Incident {
    /// As it was asked for.
    pub asked: String,
    /// How far the window reaches beyond the run's life where it was not given.
    pub margin: Millis,
    /// Whether direct and group channels among participants are in.
    pub with_direct: bool,
    /// From when to when.
    pub window: Window,
    /// The runs, by id.
    pub runs: BTreeMap<Box<[u8]>, Run>,
    /// Channels of the runs, linked and direct ones, each with why.
    pub channels: HashMap<Box<[u8]>, Reason>,
    /// Who took part.
    pub participants: Ids,
    /// Under which names they log in, each with the account.
    logins: HashMap<Box<[u8]>, Box<[u8]>>,
    /// Their playbooks.
    playbooks: Ids,
    /// Teams of these channels and runs.
    teams: Ids,
    /// What was said.
    said: Found,
    /// Everybody who was a member of a channel in scope in the window.
    members: Ids,
    /// Boards of these channels.
    boards: Ids,
    /// Calls in these channels and the window.
    calls: Ids,
    /// Groups that participants are in.
    groups: Ids,
    /// Applications that authors let act for them.
    apps: Ids,
    /// What is not as it should be.
    gaps: Vec<Exception>,
    /// Rows that were met on the way.
    pub kept: Kept,
}

impl Incident {
    /// What is not as it should be.
    pub fn gaps(&self) -> &[Exception] {
        &self.gaps
    }

    /// Teams of the incident's channels.
    pub fn teams(&self) -> &Ids {
        &self.teams
    }

    /// Why something is in scope that comparing the rows in scope with the audit log established.
    pub fn established(&self, rank: Rank, line: &[u8]) -> Because<'_> {
        let head = Head::of(line, table(rank).kind);
        let [channel, user, target] = head.pick(["channel_id", "user_id", "target_id"]).map(plain);
        let mut because = self.mentioned(&[channel], &[user]);
        if because.is_empty() {
            because.add(Reason::Named, if target.is_empty() { head.id } else { target }.as_bytes());
        }
        because
    }

    /// Why an entry that names these teams, channels and users, as one of the audit log does, is in scope.
    pub fn mentioned(&self, channels: &[&str], users: &[&str]) -> Because<'_> {
        let mut because = Because::default();
        for channel in channels {
            if let Some(reason) = self.channels.get(channel.as_bytes()) {
                because.add(*reason, channel.as_bytes());
            }
        }
        for user in users.iter().filter(|user| self.participants.contains(user.as_bytes())) {
            because.add(Reason::Participant, user.as_bytes());
        }
        because
    }
}
