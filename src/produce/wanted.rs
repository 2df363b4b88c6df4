//! Which records of any kind belong to a scope: for the forms that hold more than posts.
//!
//! A post belongs to it as [`Scope::admits`](super::Scope::admits) says. What names a post belongs to it with that post,
//! whenever it happened. What names no post is admitted by its own channel, user and time, its beginning or its end, and
//! by any time if it has none, such as who is a member; teams, channels, users and bots always are, because nothing can be
//! read without them. Of a scope that asks for teams, channels or users, what
//! names none of these is left out.
//!
//! Memory: without a scope none; with one the ids of the posts in it, as digests of 16 bytes.

use std::collections::HashSet;

use super::post::{self, Post};
use super::scope::owner;
use super::{ProduceError, Work};
use crate::archive::walk::Walk;
use crate::record::fields::{Head, integer, plain};

/// Kinds without which nothing can be read.
const DIRECTORY: [&str; 4] = ["bot", "channel", "team", "user"];

/// First half of the SHA-256 of an id.
type Key = [u8; 16];

/// Which records belong to the scope of a production.
#[derive(Debug)]
pub struct Wanted<'a> {
    work: Work<'a>,
    /// The posts in the scope; `None` if everything is.
    posts: Option<HashSet<Key>>,
}

impl<'a> Wanted<'a> {
    /// Finds the posts in the scope.
    pub fn find(work: Work<'a>) -> Result<Self, ProduceError> {
        if work.scope.is_everything() {
            return Ok(Self { work, posts: None });
        }
        let mut posts = HashSet::new();
        let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == post::KIND);
        walk.for_each_segment(
            |segment| {
                let all = segment.lines().map(|(_, line)| Post::read(line));
                all.filter(|post| work.scope.admits(post, work.directory)).map(|post| key(post.id)).collect::<Vec<_>>()
            },
            |found| {
                posts.extend(found);
                Ok::<_, ProduceError>(())
            },
        )?;
        Ok(Self { work, posts: Some(posts) })
    }

    /// Whether a record belongs to it.
    pub fn admits(&self, kind: &str, line: &[u8]) -> bool {
        let Some(posts) = &self.posts else { return true };
        if DIRECTORY.contains(&kind) {
            return true;
        }
        let head = Head::of(line, kind);
        if kind == post::KIND {
            return posts.contains(&key(head.id));
        }
        let [channel, post, left, deleted] = head.pick(["channel_id", "post_id", "leave_time", "delete_at"]);
        if let Some(post) = Some(plain(post)).filter(|post| !post.is_empty()) {
            return posts.contains(&key(post));
        }
        let scope = self.work.scope;
        let ended = [left, deleted].map(|time| integer(time).unwrap_or_default());
        (head.at() == 0 || scope.admits_times(&[head.at(), ended[0], ended[1]]))
            && scope.admits_user(owner(&head))
            && scope.admits_channel(plain(channel), self.work.directory)
    }
}

fn key(id: &str) -> Key {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    digest.as_ref().first_chunk().copied().unwrap_or_default()
}
