//! Posts that other records name, and threads.
//!
//! Facts are kept of posts that something belongs to, replies to, or is an earlier version of, and of posts that hold a
//! keyword: about a hundred bytes each with the table, and forty for each thread with a reply. Other posts are decided by
//! what stands in their own row.

use std::collections::HashMap;

use super::directory::At;
use super::key::{Key, Keyed};
use crate::policy::sets::{SetId, Sets};
use crate::policy::subject::Post;
use crate::record::time::Millis;

/// Position of a post among those that are known.
pub(in crate::policy) type PostAt = u32;

/// No thread, and no first post but itself.
const NONE: u32 = u32::MAX;

/// What is known of a post.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct PostFacts {
    pub(in crate::policy) create_at: Millis,
    pub(in crate::policy) edit_at: Millis,
    pub(in crate::policy) delete_at: Millis,
    pub(in crate::policy) channel: At,
    pub(in crate::policy) user: At,
    /// The first post of its thread, of a reply.
    root: PostAt,
    /// Its replies, of a first post.
    thread: u32,
    /// Which conditions on the post itself it meets, where a scope states any.
    pub(in crate::policy) details: SetId,
    /// Holds that have a keyword which some version of it has.
    pub(in crate::policy) words: SetId,
    /// Its row was seen; else it is only named.
    pub(in crate::policy) is_seen: bool,
    /// It was named before any row was seen, so that its row cannot have passed unnoticed.
    is_early: bool,
    pub(in crate::policy) is_pinned: Option<bool>,
}

/// Times of the replies of a thread.
#[derive(Clone, Copy, Debug)]
pub(in crate::policy) struct Thread {
    /// Its first post.
    root: PostAt,
    newest_created: Millis,
    newest_edited: Millis,
    oldest_created: Millis,
    oldest_edited: Millis,
}

/// Creation and last edit of a post that sets the time for its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Moment {
    pub(in crate::policy) created: Millis,
    /// Not before `created`.
    pub(in crate::policy) edited: Millis,
}

impl Moment {
    pub(in crate::policy) fn of(create_at: Millis, edit_at: Millis) -> Self {
        Self { created: create_at, edited: create_at.max(edit_at) }
    }
}

/// Posts that are known.
#[derive(Debug)]
pub(in crate::policy) struct Posts {
    index: HashMap<Key, PostAt, Keyed>,
    all: Vec<PostFacts>,
    threads: Vec<Thread>,
    /// Times at which earlier versions were written and replaced.
    pub(in crate::policy) versions: Vec<(PostAt, Millis)>,
    seen_any: bool,
}

impl Posts {
    pub(super) fn new() -> Self {
        Self { index: HashMap::default(), all: Vec::new(), threads: Vec::new(), versions: Vec::new(), seen_any: false }
    }

    pub(in crate::policy) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(in crate::policy) fn iter(&self) -> impl Iterator<Item = (PostAt, &PostFacts)> {
        (0..).zip(&self.all)
    }

    pub(in crate::policy) fn find(&self, id: &str) -> Option<PostAt> {
        self.index.get(&Key::of(id)).copied()
    }

    pub(in crate::policy) fn get(&self, at: PostAt) -> Option<&PostFacts> {
        self.all.get(at as usize)
    }

    pub(super) fn get_mut(&mut self, at: PostAt) -> Option<&mut PostFacts> {
        self.all.get_mut(at as usize)
    }

    /// A post that something names.
    pub(super) fn name(&mut self, id: &str) -> PostAt {
        *self.index.entry(Key::of(id)).or_insert_with(|| {
            let blank = PostFacts {
                create_at: 0,
                edit_at: 0,
                delete_at: 0,
                channel: 0,
                user: 0,
                root: NONE,
                thread: NONE,
                details: Sets::EMPTY,
                words: Sets::EMPTY,
                is_seen: false,
                is_early: !self.seen_any,
                is_pinned: None,
            };
            self.all.push(blank);
            PostAt::try_from(self.all.len() - 1).unwrap_or(PostAt::MAX)
        })
    }

    /// From now on, what is named may have passed already.
    pub(super) fn begin_seeing(&mut self) {
        self.seen_any = true;
    }

    /// The row of a post itself, if it is one of which facts are kept.
    pub(super) fn see(&mut self, at: PostAt, post: &Post<'_>, channel: At, user: At, details: SetId) {
        if let Some(facts) = self.get_mut(at) {
            facts.create_at = post.create_at;
            facts.edit_at = post.edit_at;
            facts.delete_at = post.delete_at;
            facts.channel = channel;
            facts.user = user;
            facts.details = details;
            facts.is_pinned = post.is_pinned;
            facts.is_seen = true;
        }
    }

    /// A reply to the post of the id `root`; facts may be kept of the reply itself.
    pub(super) fn see_reply(&mut self, root: &str, reply: Moment, facts: Option<PostAt>) {
        let root = self.name(root);
        if let Some(facts) = facts.and_then(|at| self.get_mut(at)) {
            facts.root = root;
        }
        let Moment { created, edited } = reply;
        if let Some(thread) = self.all.get(root as usize).and_then(|facts| self.threads.get_mut(facts.thread as usize))
        {
            thread.newest_created = thread.newest_created.max(created);
            thread.newest_edited = thread.newest_edited.max(edited);
            // Of replies made in the same millisecond the one edited last counts, which keeps longer.
            if created < thread.oldest_created || created == thread.oldest_created && edited > thread.oldest_edited {
                (thread.oldest_created, thread.oldest_edited) = (created, edited);
            }
            return;
        }
        let thread = u32::try_from(self.threads.len()).unwrap_or(NONE);
        self.threads.push(Thread {
            root,
            newest_created: created,
            newest_edited: edited,
            oldest_created: created,
            oldest_edited: edited,
        });
        if let Some(root) = self.get_mut(root) {
            root.thread = thread;
        }
    }

    /// The thread that a post is in; `None` for a post without replies that is no reply.
    pub(in crate::policy) fn thread(&self, at: PostAt) -> Option<&Thread> {
        let facts = self.get(at)?;
        self.thread_of_root(if facts.root == NONE { at } else { facts.root })
    }

    /// The thread that begins with a post.
    pub(in crate::policy) fn thread_of_root(&self, at: PostAt) -> Option<&Thread> {
        self.threads.get(self.get(at)?.thread as usize)
    }

    /// The newest of the posts of a thread, times of creation and edit each for itself; `None` if nobody can know it.
    pub(in crate::policy) fn newest(&self, thread: &Thread) -> Option<Moment> {
        let replies = Moment { created: thread.newest_created, edited: thread.newest_edited };
        let root = self.get(thread.root)?;
        if !root.is_seen {
            return root.is_early.then_some(replies);
        }
        let root = Moment::of(root.create_at, root.edit_at);
        Some(Moment { created: root.created.max(replies.created), edited: root.edited.max(replies.edited) })
    }

    /// The first post of a thread, or the oldest reply where that post is gone; `None` if nobody can know it.
    pub(in crate::policy) fn first(&self, thread: &Thread) -> Option<Moment> {
        let root = self.get(thread.root)?;
        if !root.is_seen {
            let oldest = Moment { created: thread.oldest_created, edited: thread.oldest_edited };
            return root.is_early.then_some(oldest);
        }
        Some(Moment::of(root.create_at, root.edit_at))
    }
}
