//! How many posts of a scope stand in which channel and by whom, and when the first and the last were written.
//!
//! A form that reads every post on its way counts them there; for others it takes a pass of its own. Earlier versions are
//! no posts.
//!
//! Invariant: the counts are those of the records in the scope, whatever form asks and however many threads count.

use std::collections::HashMap;

use super::post::{self, Post};
use super::{ProduceError, Work};
use crate::archive::walk::Walk;
use crate::record::time::Millis;

/// Some posts: how many, when the first and when the last was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub posts: u64,
    /// The earliest time; the largest number if there are none.
    pub first: Millis,
    /// The latest time; the least number if there are none.
    pub last: Millis,
}

impl Tally {
    const NONE: Self = Self { posts: 0, first: Millis::MAX, last: Millis::MIN };

    fn add(&mut self, other: Self) {
        self.posts = self.posts.saturating_add(other.posts);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// The posts of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// By id of their channel.
    pub channels: HashMap<Box<str>, Tally>,
    /// By id of their author.
    pub people: HashMap<Box<str>, Tally>,
}

impl Tallies {
    /// Counts all posts in the scope.
    pub fn read(work: &Work<'_>) -> Result<Self, ProduceError> {
        let mut all = Self::default();
        Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == post::KIND).for_each_segment(
            |segment| {
                let mut part = Self::default();
                segment.lines().for_each(|(_, line)| part.see(work, &Post::read(line)));
                part
            },
            |part| {
                all.merge(part);
                Ok::<_, ProduceError>(())
            },
        )?;
        Ok(all)
    }

    /// Counts a post if it is one in the scope.
    pub fn see(&mut self, work: &Work<'_>, post: &Post<'_>) {
        if !post.original_id.is_empty() || !work.scope.admits(post, work.directory) {
            return;
        }
        let tally = Tally { posts: 1, first: post.create_at, last: post.create_at };
        for (map, id) in [(&mut self.channels, post.channel_id), (&mut self.people, post.user_id)] {
            match map.get_mut(id) {
                Some(known) => known.add(tally),
                None => drop(map.insert(id.into(), tally)),
            }
        }
    }

    /// Adds what others come to.
    pub fn merge(&mut self, other: Self) {
        for (all, part) in [(&mut self.channels, other.channels), (&mut self.people, other.people)] {
            for (id, tally) in part {
                all.entry(id).or_insert(Tally::NONE).add(tally);
            }
        }
    }

    /// All of them together.
    pub fn whole(&self) -> Tally {
        self.channels.values().fold(Tally::NONE, |mut sum, tally| {
            sum.add(*tally);
            sum
        })
    }
}
