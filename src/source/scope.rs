//! Scope: which records an export is to hold, as a predicate over ids and times.
//!
//! `select` makes it from what the user asked for; sources apply it as early as they can. Names are already resolved
//! to the source's ids here.

use std::collections::{BTreeMap, HashSet};

use super::catalogue::Rank;
use crate::record::id::Synthetic;
use crate::record::time::{Millis, Window};
use crate::source::rows::query::Keyed;

/// A resolved scope. Empty sets do not restrict.
#[derive(Debug, Default, Clone)]
pub struct Scope {
    /// Event window.
    pub window: Window,
    /// Teams whose channels are in scope.
    pub teams: HashSet<Synthetic>,
    /// Channels in scope, besides those of `teams`.
    pub channels: HashSet<Synthetic>,
    /// Users whose own records are in scope.
    pub users: HashSet<Synthetic>,
}

impl Scope {
    /// Whether teams, channels or users restrict the scope.
    pub fn is_narrow(&self) -> bool {
        !(self.teams.is_empty() && self.channels.is_empty() && self.users.is_empty())
    }

    /// Whether something in this team and channel may be in scope.
    pub fn has_place(&self, team: Option<&Synthetic>, channel: Option<&Synthetic>) -> bool {
        (self.teams.is_empty() && self.channels.is_empty())
            || team.is_some_and(|id| self.teams.contains(id))
            || channel.is_some_and(|id| self.channels.contains(id))
    }

    /// Whether something done by this user may be in scope.
    pub fn has_user(&self, user: &Synthetic) -> bool {
        self.users.is_empty() || self.users.contains(user)
    }

    /// Whether one of these event times lies in the window; 0 and absent times are no events.
    pub fn has_event(&self, times: &[Option<Millis>]) -> bool {
        self.window.is_open() || times.iter().flatten().any(|at| *at != 0 && self.window.contains(*at))
    }
}

/// A scope as a person asks for it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Event window.
    pub window: Window,
    /// Team names.
    pub teams: Vec<String>,
    /// Channels, as `TEAM/NAME` or an id.
    pub channels: Vec<String>,
    /// Users, as username, e-mail address or id.
    pub users: Vec<String>,
    /// What of it is new, for a run that follows others; `None` for all of it.
    pub changes: Option<Changes>,
    /// The incident that is wanted and nothing else; never with teams, channels, users or changes.
    pub incident: Option<AskedIncident>,
}

/// An incident as a person asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedIncident {
    /// The playbook run: its id, its name, or `TEAM/CHANNEL` for all runs of that channel.
    pub run: String,
    /// How far the window reaches beyond the run's life where it is not given.
    pub margin: Millis,
    /// Whether direct and group channels among participants are wanted.
    pub with_direct: bool,
}

/// Which rows a run reads that follows others: those that changed in a window, and those that are looked at again.
///
/// A row is taken by the change clock of its kind (`Table::clock`). What such a clock cannot tell is always taken: rows of
/// kinds without one, rows of which it is not set, and rows of which it runs ahead of the source's own time, which would
/// otherwise wait until that time has come. Fields that change without it (`Table::counters`) tell of a row as well.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Changes {
    /// When a row changed.
    pub window: Window,
    /// The source's own time.
    pub now: Millis,
    /// Spans of the origin time, by kind: rows in them are taken whatever their clock says.
    pub again: BTreeMap<Rank, Vec<Window>>,
    /// Posts and when they changed, where a database can tell.
    pub posts: Option<Keyed>,
    /// How many rows the database has of a kind, where it was asked in the snapshot that is read.
    pub rows: BTreeMap<Rank, u64>,
    /// How many of them changed, where it was asked for their keys in that snapshot.
    pub changed: BTreeMap<Rank, u64>,
    /// Why so much is read, in a word for `data/source.json`.
    pub why: &'static str,
}

impl Changes {
    /// Whether a row with this change clock and origin time is taken; an absent clock is 0.
    pub fn takes(&self, rank: Rank, clock: Millis, at: Millis) -> bool {
        clock <= 0
            || clock >= self.now
            || self.window.contains(clock)
            || self.again.get(&rank).is_some_and(|spans| spans.iter().any(|span| span.contains(at)))
    }

    /// How many rows of a kind are taken, where the database told it and no others are looked at again.
    pub fn changed(&self, rank: Rank) -> Option<u64> {
        self.changed.get(&rank).copied().filter(|_| !self.again.contains_key(&rank))
    }
}
