//! Teams, channels, people, groups and runs: what is known of each, found by id.
//!
//! Anything may be mentioned before it is described, or never be described at all: a membership outlives its channel.

use std::collections::HashMap;

use super::key::{Key, Keyed};
use crate::policy::rule::ChannelType;
use crate::record::time::Millis;

/// Position of something in its [`Directory`].
pub(in crate::policy) type At = u32;

/// Things of one sort.
#[derive(Debug)]
pub(in crate::policy) struct Directory<T> {
    index: HashMap<Key, At, Keyed>,
    all: Vec<T>,
}

/// A team.
#[derive(Debug, Default)]
pub(in crate::policy) struct Team {
    pub(in crate::policy) id: Box<str>,
    /// Empty for one that is only mentioned, as with all names here.
    pub(in crate::policy) name: Box<str>,
}

/// A channel.
#[derive(Debug, Default)]
pub(in crate::policy) struct Channel {
    pub(in crate::policy) id: Box<str>,
    pub(in crate::policy) name: Box<str>,
    pub(in crate::policy) team: Option<At>,
    /// `None` for one that is only mentioned.
    pub(in crate::policy) kind: Option<ChannelType>,
    pub(in crate::policy) archived_at: Option<Millis>,
    pub(in crate::policy) runs: Vec<At>,
}

/// A user.
#[derive(Debug, Default)]
pub(in crate::policy) struct User {
    pub(in crate::policy) id: Box<str>,
    pub(in crate::policy) name: Box<str>,
    pub(in crate::policy) email: Box<str>,
    pub(in crate::policy) roles: Box<str>,
    pub(in crate::policy) left_at: Option<Millis>,
    pub(in crate::policy) groups: Vec<At>,
}

/// A group.
#[derive(Debug, Default)]
pub(in crate::policy) struct Group {
    pub(in crate::policy) id: Box<str>,
    pub(in crate::policy) name: Box<str>,
    pub(in crate::policy) display_name: Box<str>,
    pub(in crate::policy) members: Vec<At>,
}

/// A playbook run.
#[derive(Debug, Default)]
pub(in crate::policy) struct Run {
    pub(in crate::policy) id: Box<str>,
    pub(in crate::policy) name: Box<str>,
    pub(in crate::policy) channel: Option<At>,
    pub(in crate::policy) finished_at: Option<Millis>,
}

impl<T: Default> Directory<T> {
    pub(super) fn new() -> Self {
        Self { index: HashMap::default(), all: Vec::new() }
    }

    /// What has this id, made if it is the first mention of it.
    pub(super) fn mention(&mut self, id: &str, named: fn(&mut T, Box<str>)) -> At {
        if let Some(at) = self.find(id) {
            return at;
        }
        let at = At::try_from(self.all.len()).unwrap_or(At::MAX);
        let mut new = T::default();
        named(&mut new, id.into());
        self.all.push(new);
        self.index.insert(Key::of(id), at);
        at
    }

    pub(in crate::policy) fn find(&self, id: &str) -> Option<At> {
        self.index.get(&Key::of(id)).copied()
    }

    pub(in crate::policy) fn get(&self, at: At) -> Option<&T> {
        self.all.get(at as usize)
    }

    pub(super) fn edit(&mut self, at: At, change: impl FnOnce(&mut T)) {
        if let Some(found) = self.all.get_mut(at as usize) {
            change(found);
        }
    }

    pub(in crate::policy) fn iter(&self) -> impl Iterator<Item = (At, &T)> {
        (0..).zip(&self.all)
    }

    pub(in crate::policy) fn len(&self) -> usize {
        self.all.len()
    }
}

impl Directory<Team> {
    pub(super) fn of(&mut self, id: &str) -> At {
        self.mention(id, |team, id| team.id = id)
    }
}

impl Directory<Channel> {
    pub(super) fn of(&mut self, id: &str) -> At {
        self.mention(id, |channel, id| channel.id = id)
    }
}

impl Directory<User> {
    pub(super) fn of(&mut self, id: &str) -> At {
        self.mention(id, |user, id| user.id = id)
    }
}

impl Directory<Group> {
    pub(super) fn of(&mut self, id: &str) -> At {
        self.mention(id, |group, id| group.id = id)
    }
}

impl Directory<Run> {
    pub(super) fn of(&mut self, id: &str) -> At {
        self.mention(id, |run, id| run.id = id)
    }
}
