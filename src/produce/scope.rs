//! Which of the archive's records a production is to hold: the same flags as an export's, laid on what was sealed.

use std::collections::HashSet;

use super::{Directory, Post};
use crate::record::fields::{Head, plain};
use crate::record::time::{self, Millis, Window};

/// Fields that say whose a record is; the first that is filled counts.
const OWNERS: [&str; 6] =
    ["user_id", "creator_id", "owner_user_id", "reporter_user_id", "subject_user_id", "creator_user_id"];

/// Whose a record is; empty if it does not say.
pub fn owner<'l>(head: &Head<'l>) -> &'l str {
    head.pick(OWNERS).map(plain).into_iter().find(|id| !id.is_empty()).unwrap_or_default()
}

/// A scope as a person asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Half-open window.
    pub window: Window,
    /// Teams, by name or id.
    pub teams: Vec<String>,
    /// Channels, as `TEAM/NAME` or an id.
    pub channels: Vec<String>,
    /// Users, as username, e-mail address or id.
    pub users: Vec<String>,
}

/// Why a scope cannot be laid on an archive.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScopeError {
    /// The archive describes no such thing.
    #[error("the archive describes no {what} `{name}`; give {expected}")]
    Unknown {
        /// `team`, `channel` or `user`.
        what: &'static str,
        /// As it was given.
        name: String,
        /// How it can be given.
        expected: &'static str,
    },
}

/// A scope in ids. Empty sets do not restrict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// As it was asked for.
    pub asked: Asked,
    teams: HashSet<Box<str>>,
    channels: HashSet<Box<str>>,
    users: HashSet<Box<str>>,
}

impl Scope {
    /// Finds the ids of what was asked for.
    pub fn resolve(asked: Asked, directory: &Directory) -> Result<Self, ScopeError> {
        let mut scope = Self { asked, ..Self::default() };
        let (teams, channels, users) = (directory.teams(), directory.channels(), directory.users());
        for name in &scope.asked.teams {
            let ids = teams.iter().filter(|(id, team)| *id == name || *team.name == **name).map(|(id, _)| *id);
            add(&mut scope.teams, ids, "team", name, "its name or id")?;
        }
        for name in &scope.asked.channels {
            let (team, own) = name.split_once('/').unwrap_or_default();
            let is_it = |id: &str, channel: &super::directory::Channel| {
                let in_team = || directory.team(&channel.team_id).is_some_and(|known| *known.name == *team);
                id == name || (!own.is_empty() && *channel.name == *own && in_team())
            };
            let ids = channels.iter().filter(|(id, channel)| is_it(id, channel)).map(|(id, _)| *id);
            add(&mut scope.channels, ids, "channel", name, "TEAM/NAME or its id")?;
        }
        for name in &scope.asked.users {
            let is_it = |id: &str, user: &super::directory::User| {
                id == name || *user.username == **name || (!user.email.is_empty() && *user.email == **name)
            };
            let ids = users.iter().filter(|(id, user)| is_it(id, user)).map(|(id, _)| *id);
            add(&mut scope.users, ids, "user", name, "a username, an e-mail address or an id")?;
        }
        Ok(scope)
    }

    /// The window asked for.
    pub fn window(&self) -> Window {
        self.asked.window
    }

    /// Ids of the users asked for, sorted.
    pub fn user_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.users.iter().map(|id| &**id).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether everything in the archive is wanted.
    pub fn is_everything(&self) -> bool {
        self.window().is_open() && !self.is_narrow()
    }

    /// Whether teams, channels or users restrict it.
    pub fn is_narrow(&self) -> bool {
        !(self.teams.is_empty() && self.channels.is_empty() && self.users.is_empty())
    }

    /// Whether what belongs to this channel is wanted.
    pub fn admits_channel(&self, id: &str, directory: &Directory) -> bool {
        (self.teams.is_empty() && self.channels.is_empty())
            || self.channels.contains(id)
            || directory.channel(id).is_some_and(|channel| self.teams.contains(&channel.team_id))
    }

    /// Whether what this user did is wanted.
    pub fn admits_user(&self, id: &str) -> bool {
        self.users.is_empty() || self.users.contains(id)
    }

    /// Whether one of these times lies in the window; 0 is no time.
    pub fn admits_times(&self, times: &[Millis]) -> bool {
        self.window().is_open() || times.iter().any(|at| *at != 0 && self.window().contains(*at))
    }

    /// Whether a post is wanted: its channel, its author, and that it was written, edited or deleted in the window.
    pub fn admits(&self, post: &Post<'_>, directory: &Directory) -> bool {
        self.admits_times(&[post.create_at, post.edit_at, post.delete_at])
            && self.admits_user(post.user_id)
            && self.admits_channel(post.channel_id, directory)
    }

    /// For people, one line for each restriction; empty if there is none.
    pub fn words(&self) -> Vec<String> {
        let Asked { window, teams, channels, users } = &self.asked;
        let end = |at: Option<Millis>| at.and_then(time::format);
        let mut words = Vec::new();
        match (end(window.from), end(window.until)) {
            (None, None) => {}
            (Some(from), None) => words.push(format!("from {from}")),
            (None, Some(until)) => words.push(format!("before {until}")),
            (Some(from), Some(until)) => words.push(format!("from {from}, before {until}")),
        }
        for (label, names) in [("teams", teams), ("channels", channels), ("users", users)] {
            if !names.is_empty() {
                words.push(format!("{label} {}", names.join(", ")));
            }
        }
        words
    }
}

fn add<'d>(
    set: &mut HashSet<Box<str>>,
    ids: impl Iterator<Item = &'d str>,
    what: &'static str,
    name: &str,
    expected: &'static str,
) -> Result<(), ScopeError> {
    let mut found = false;
    for id in ids {
        set.insert(id.into());
        found = true;
    }
    if found { Ok(()) } else { Err(ScopeError::Unknown { what, name: name.to_owned(), expected }) }
}
