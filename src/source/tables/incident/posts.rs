//! The posts of an incident, and why each is one.
//!
//! ```text
//! in a channel of the incident and its window ──▶ touched threads ──▶ the rest of these threads
//! status posts, what the run was started from ──▶ (of the latter) its thread
//! ```
//!
//! An earlier version of a post goes where the post goes. Invariant: whether a post is in scope is decided here, from
//! rows that were met, and never again from a predicate: what a database hands over beyond it is out of scope.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::because::{Because, Reason};
use super::question::{filled, number};
use crate::record::time::Window;
use crate::source::tables::scope::Ids;
use crate::source::tables::tell::Told;

/// Fields of a post that decide.
pub(super) const FIELDS: [&str; 8] =
    ["channel_id", "user_id", "root_id", "original_id", "create_at", "update_at", "edit_at", "delete_at"];

/// An id, shared by all that name it.
type Id = Arc<[u8]>;

/// A post that was met.
#[derive(Clone, Debug)]
struct Met {
    channel: Id,
    user: Id,
    /// The post that it answers.
    root: Option<Id>,
    /// The post that it is an earlier version of.
    original: Option<Id>,
    /// Whether something happened to it in the window.
    happened: bool,
    /// Whether it was written in the window.
    written: bool,
}

/// The posts of an incident.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Posts in scope with their reasons, and posts that are gone and that a row in scope names all the same.
    pub(super) reasons: HashMap<Box<[u8]>, Reasons>,
    /// Who wrote them.
    pub(super) authors: Ids,
    /// Those of them that are not told by channel and window.
    pub(super) by_id: Ids,
    /// Those of them that are in no channel of the incident.
    pub(super) elsewhere: Ids,
}

/// Posts that were met, and what was said about them.
#[derive(Debug, Default)]
pub(super) struct Posts {
    met: HashMap<Id, Met>,
    /// Each id once.
    known: HashSet<Id>,
    /// Posts on which somebody did something in the window, such as to answer with an emoji; each with its channel as that
    /// says it, or with none where the post that was met says it.
    pub(super) touched: HashMap<Box<[u8]>, Box<[u8]>>,
    /// Status posts and posts that runs were started from, each with its run.
    pub(super) status: HashMap<Box<[u8]>, Vec<Box<[u8]>>>,
    /// Posts that runs were started from.
    pub(super) started: Ids,
}

impl Posts {
    /// Takes note of a row; returns whether something happened to it in the window.
    ///
    /// Every change of a post moves its change clock: an edit that lies behind it is none.
    pub(super) fn meet(&mut self, told: &Told<'_>, window: Window) -> bool {
        let Some(id) = filled(told, "id") else { return false };
        let within = |field: &str| Some(number(told, field)).is_some_and(|at| at != 0 && window.contains(at));
        let is_edited = || window.from.is_none_or(|from| number(told, "update_at") >= from) && within("edit_at");
        let written = within("create_at");
        let happened = written || within("delete_at") || is_edited();
        let [channel, user] =
            ["channel_id", "user_id"].map(|field| self.know(&filled(told, field).unwrap_or_default()));
        let [root, original] = ["root_id", "original_id"].map(|field| filled(told, field).map(|id| self.know(&id)));
        let id = self.know(&id);
        self.met.insert(id, Met { channel, user, root, original, happened, written });
        happened
    }

    fn know(&mut self, id: &[u8]) -> Id {
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        let id: Id = Arc::from(id);
        self.known.insert(id.clone());
        id
    }

    /// Whether a post was met.
    pub(super) fn has(&self, id: &[u8]) -> bool {
        self.met.contains_key(id)
    }

    /// Whether a post was met, and something happened to it in the window.
    pub(super) fn happened(&self, id: &[u8]) -> bool {
        self.met.get(id).is_some_and(|post| post.happened)
    }

    /// Whether a post was met, and in a channel of the incident.
    pub(super) fn is_placed(&self, id: &[u8], is_place: &dyn Fn(&[u8]) -> bool) -> bool {
        self.met.get(id).is_some_and(|post| is_place(&post.channel))
    }

    /// The first post of the thread of a post, or itself.
    fn root<'p>(id: &'p Id, post: &'p Met) -> &'p Id {
        post.root.as_ref().or(post.original.as_ref()).unwrap_or(id)
    }

    /// First posts of the threads that something in the window, or the start of a run, touches. `is_placed` tells
    /// channels of the incident, `is_wanted` those in which a run may have been started so that the whole thread counts.
    pub(super) fn threads(&self, is_placed: &dyn Fn(&[u8]) -> bool, is_wanted: &dyn Fn(&[u8]) -> bool) -> Ids {
        let touches = |(id, post): &(&Id, &Met)| {
            (self.started.contains(id.as_ref()) && is_wanted(&post.channel))
                || (is_placed(&post.channel) && (post.happened || self.touched.contains_key(id.as_ref())))
        };
        let roots = self.met.iter().filter(touches).map(|(id, post)| Box::from(Self::root(id, post).as_ref()));
        roots.collect()
    }

    /// Posts that are not there, although somebody did something on them in the window; each with its channel.
    pub(super) fn gone(&self) -> impl Iterator<Item = (&Box<[u8]>, &[u8])> {
        self.touched.iter().filter(|(id, _)| !self.has(id)).map(|(id, channel)| (id, channel.as_ref()))
    }

    /// Posts of which earlier versions may lie outside of the window: an earlier version was written when the post was.
    pub(super) fn versioned(&self, threads: &Ids) -> Ids {
        let is_within = |id: &[u8]| self.met.get(id).is_some_and(|post| post.written);
        threads.iter().chain(self.status.keys()).filter(|id| !is_within(id.as_ref())).cloned().collect()
    }

    /// The posts in scope.
    pub(super) fn found(&self, threads: &Ids, place: &dyn Fn(&[u8]) -> Option<Reason>) -> Found {
        let answered: HashSet<&Id> = self.met.values().filter_map(|post| post.root.as_ref()).collect();
        let mut shared: HashMap<Box<[Box<str>]>, Reasons> = HashMap::new();
        let mut found = Found::default();
        for (id, post) in &self.met {
            let mut because = Because::default();
            let placed = place(&post.channel);
            if let Some(reason) = placed.filter(|_| post.happened) {
                because.add(reason, &post.channel);
            }
            let said = std::iter::once(id).chain(&post.original).filter_map(|id| self.status.get(id.as_ref()));
            for run in said.flatten() {
                because.add(Reason::Status, run);
            }
            let root = Self::root(id, post);
            if threads.contains(root.as_ref()) && (because.is_empty() || answered.contains(root)) {
                because.add(Reason::Thread, root);
            }
            if because.is_empty() {
                continue;
            }
            if placed.is_none() || !post.happened {
                found.by_id.insert(Box::from(id.as_ref()));
            }
            if placed.is_none() {
                found.elsewhere.insert(Box::from(id.as_ref()));
            }
            let reasons = because.into_reasons();
            let reasons = shared.entry(reasons.clone()).or_insert_with(|| Arc::from(reasons)).clone();
            found.reasons.insert(Box::from(id.as_ref()), reasons);
            found.authors.insert(Box::from(post.user.as_ref()));
        }
        // What hangs on a post that is gone is in scope by itself.
        for (id, channel) in self.gone() {
            if let Some(reason) = place(channel) {
                found.reasons.insert(id.clone(), Arc::from([reason.of(channel)]));
                found.by_id.insert(id.clone());
            }
        }
        found
    }
}

/// Reasons that several records share.
pub(super) type Reasons = Arc<[Box<str>]>;

/// The ids of posts that a text links to: `https://…/TEAM/pl/POSTID`.
pub(super) fn permalinks(text: &str) -> impl Iterator<Item = &str> {
    const MARK: &str = "/pl/";
    text.match_indices(MARK).filter_map(|(at, _)| {
        let rest = text.get(at + MARK.len()..)?;
        let id = rest.get(..26).filter(|id| crate::record::id::is_row(id))?;
        let ends = rest.as_bytes().get(26).is_none_or(|next| !next.is_ascii_alphanumeric());
        ends.then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permalinks_are_ids_behind_their_mark_and_nothing_else() {
        let id = "a1".repeat(13);
        let text = format!("see https://chat.example/ops/pl/{id}, <http://x/y/pl/{id}?a> /pl/short /pl/{id}x pl/{id}");
        assert_eq!(permalinks(&text).collect::<Vec<_>>(), [id.as_str(), id.as_str()]);
        assert_eq!(permalinks("/pl/äöüäöüäöüäöüäöüäöüäöüäöü").count(), 0, "no boundary is cut through");
        assert_eq!(permalinks("/pl/").count(), 0);
    }
}
