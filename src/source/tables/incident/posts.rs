//! The posts of an incident, and why each is one.
//!
//! ```text
//! in a channel of the incident and its window ──▶ touched threads ──▶ the rest of these threads
//! status posts, what the run was started from ──▶ (of the latter) its thread
//! ```
//!
//! An earlier version of a post goes where the post goes. Invariant: whether a post is in scope is decided here, from
//! rows that were met, and never again from a predicate: what a database hands over beyond it is out of scope.

use std::collections::HashMap;
use std::sync::Arc;

use super::because::{Because, Reason};
use super::question::number;
use crate::record::time::Window;
use crate::source::tables::scope::Ids;
use crate::source::tables::tell::Told;

/// Fields of a post that decide.
pub(super) const FIELDS: [&str; 8] =
    ["channel_id", "user_id", "root_id", "original_id", "create_at", "update_at", "edit_at", "delete_at"];

/// Position of an id among those that posts have and name: of fifty thousand posts each names four.
type At = usize;

/// A post that was met.
#[derive(Clone, Copy, Debug)]
struct Met {
    channel: At,
    user: At,
    /// The post that it answers.
    root: Option<At>,
    /// The post that it is an earlier version of.
    original: Option<At>,
    /// Whether something happened to it in the window.
    happened: bool,
    /// Whether it was written in the window.
    written: bool,
}

/// The posts of an incident.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Posts in scope with their reasons, and posts that are gone and that a row in scope names all the same.
    pub(super) reasons: HashMap<Arc<[u8]>, Reasons>,
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
    /// Each id once, with its position.
    known: HashMap<Arc<[u8]>, At>,
    /// The ids, by position.
    ids: Vec<Arc<[u8]>>,
    /// The posts that were met, by position.
    met: Vec<Option<Met>>,
    /// Whether it begins a thread of the incident, by position.
    pub(super) begins: Vec<bool>,
    /// Posts on which somebody did something in the window, such as to answer with an emoji; each with its channel as that
    /// says it, or with none where the post that was met says it.
    pub(super) touched: HashMap<Box<[u8]>, Box<[u8]>>,
    /// Status posts and posts that runs were started from, each with its run.
    pub(super) status: HashMap<Box<[u8]>, Vec<Box<[u8]>>>,
    /// Posts that runs were started from.
    pub(super) started: Ids,
}

impl Posts {
    /// Takes note of a row.
    ///
    /// Every change of a post moves its change clock: an edit that lies behind it is none.
    pub(super) fn meet(&mut self, told: &Told<'_>, window: Window) {
        let mut know = |field| told(field).filter(|id| !id.is_empty()).map(|id| self.know(id.as_bytes()));
        let Some(at) = know("id") else { return };
        let [root, original] = ["root_id", "original_id"].map(&mut know);
        let [channel, user] = ["channel_id", "user_id"].map(&mut know);
        let [channel, user] = [channel, user].map(|at| at.unwrap_or_else(|| self.know(b"")));
        let within = |field: &str| Some(number(told, field)).is_some_and(|at| at != 0 && window.contains(at));
        let is_edited = || window.from.is_none_or(|from| number(told, "update_at") >= from) && within("edit_at");
        let written = within("create_at");
        let happened = written || within("delete_at") || is_edited();
        if let Some(met) = self.met.get_mut(at) {
            *met = Some(Met { channel, user, root, original, happened, written });
        }
    }

    fn know(&mut self, id: &[u8]) -> At {
        if let Some(known) = self.known.get(id) {
            return *known;
        }
        let (id, at) = (Arc::<[u8]>::from(id), self.ids.len());
        self.known.insert(id.clone(), at);
        self.ids.push(id);
        self.met.push(None);
        at
    }

    fn get(&self, id: &[u8]) -> Option<&Met> {
        self.met.get(*self.known.get(id)?)?.as_ref()
    }

    fn id(&self, at: At) -> &[u8] {
        self.ids.get(at).map(AsRef::as_ref).unwrap_or_default()
    }

    /// The posts that were met, each with its position.
    fn each(&self) -> impl Iterator<Item = (At, &Met)> {
        self.met.iter().enumerate().filter_map(|(at, met)| Some((at, met.as_ref()?)))
    }

    /// Whether a post was met.
    pub(super) fn has(&self, id: &[u8]) -> bool {
        self.get(id).is_some()
    }

    /// Whether a post was met, and something happened to it in the window.
    pub(super) fn happened(&self, id: &[u8]) -> bool {
        self.get(id).is_some_and(|post| post.happened)
    }

    /// The first post of the thread of a post, or itself.
    fn root(at: At, post: &Met) -> At {
        post.root.or(post.original).unwrap_or(at)
    }

    /// Which posts begin the threads that something in the window, or the start of a run, touches. `is_placed` tells
    /// channels of the incident, `is_wanted` those in which a run may have been started so that the whole thread counts.
    pub(super) fn threads(&self, is_placed: &dyn Fn(&[u8]) -> bool, is_wanted: &dyn Fn(&[u8]) -> bool) -> Vec<bool> {
        let mut begins = vec![false; self.ids.len()];
        for (at, post) in self.each() {
            let (id, channel) = (self.id(at), self.id(post.channel));
            let touches = self.started.contains(id) && is_wanted(channel)
                || (post.happened || self.touched.contains_key(id)) && is_placed(channel);
            if touches {
                mark(&mut begins, Self::root(at, post));
            }
        }
        begins
    }

    /// Whether a post begins a thread that was found.
    pub(super) fn begins(&self, id: &[u8]) -> bool {
        self.known.get(id).is_some_and(|at| self.begins.get(*at) == Some(&true))
    }

    /// First posts of the threads of which this holds; posts that were not met among them.
    fn beginning(&self, holds: impl Fn(Option<&Met>) -> bool) -> Ids {
        let found = self.begins.iter().zip(&self.met).zip(&self.ids);
        let found = found.filter(|((begins, met), _)| **begins && holds(met.as_ref()));
        found.map(|(_, id)| Box::from(id.as_ref())).collect()
    }

    /// First posts of threads that were not met.
    pub(super) fn missing(&self) -> Ids {
        self.beginning(|met| met.is_none())
    }

    /// First posts of threads that were not met, or that are in no channel of the incident.
    pub(super) fn afar(&self, is_placed: &dyn Fn(&[u8]) -> bool) -> Ids {
        self.beginning(|met| !met.is_some_and(|post| is_placed(self.id(post.channel))))
    }

    /// Posts of which earlier versions may lie outside of the window: an earlier version was written when the post was.
    pub(super) fn versioned(&self) -> Ids {
        let status = self.status.keys().filter(|id| !self.get(id).is_some_and(|post| post.written));
        let mut versioned = self.beginning(|met| !met.is_some_and(|post| post.written));
        versioned.extend(status.cloned());
        versioned
    }

    /// Posts that are not there, although somebody did something on them in the window; each with its channel.
    pub(super) fn gone(&self) -> impl Iterator<Item = (&Box<[u8]>, &[u8])> {
        self.touched.iter().filter(|(id, _)| !self.has(id)).map(|(id, channel)| (id, channel.as_ref()))
    }

    /// The posts in scope.
    pub(super) fn found(&self, place: &dyn Fn(&[u8]) -> Option<Reason>) -> Found {
        let mut is_answered = vec![false; self.ids.len()];
        for root in self.each().filter_map(|(_, post)| post.root) {
            mark(&mut is_answered, root);
        }
        let holds = |all: &[bool], at: At| all.get(at) == Some(&true);
        let (mut shared, mut authors) = (HashMap::<_, Reasons>::new(), vec![false; self.ids.len()]);
        let mut found = Found { reasons: HashMap::with_capacity(self.ids.len()), ..Found::default() };
        for (at, post) in self.each() {
            let placed = place(self.id(post.channel));
            let by_channel = placed.filter(|_| post.happened).map(|_| post.channel);
            let versions = std::iter::once(at).chain(post.original);
            let runs: Vec<&Box<[u8]>> = versions.filter_map(|at| self.status.get(self.id(at))).flatten().collect();
            let root = Self::root(at, post);
            let is_alone = by_channel.is_none() && runs.is_empty();
            let by_thread = holds(&self.begins, root) && (is_alone || holds(&is_answered, root));
            if is_alone && !by_thread {
                continue;
            }
            if by_channel.is_none() {
                found.by_id.insert(Box::from(self.id(at)));
            }
            if placed.is_none() {
                found.elsewhere.insert(Box::from(self.id(at)));
            }
            // Nearly all posts have the reasons of many others.
            let reasons =
                shared.entry((by_channel, by_thread.then_some(root), runs)).or_insert_with_key(|(_, _, runs)| {
                    let mut because = Because::default();
                    if let Some(reason) = placed.filter(|_| by_channel.is_some()) {
                        because.add(reason, self.id(post.channel));
                    }
                    for run in runs {
                        because.add(Reason::Status, run);
                    }
                    if by_thread {
                        because.add(Reason::Thread, self.id(root));
                    }
                    Arc::from(because.into_reasons())
                });
            found.reasons.extend(self.ids.get(at).map(|id| (id.clone(), reasons.clone())));
            mark(&mut authors, post.user);
        }
        found.authors =
            self.ids.iter().zip(authors).filter(|(_, is)| *is).map(|(id, _)| Box::from(id.as_ref())).collect();
        // What hangs on a post that is gone is in scope by itself.
        for (id, channel) in self.gone() {
            if let Some(reason) = place(channel) {
                found.reasons.insert(Arc::from(id.as_ref()), Arc::from([reason.of(channel)]));
                found.by_id.insert(id.clone());
            }
        }
        found
    }
}

fn mark(all: &mut [bool], at: At) {
    if let Some(marked) = all.get_mut(at) {
        *marked = true;
    }
}

/// Reasons that several records share.
pub(super) type Reasons = Arc<[Box<str>]>;

/// The ids of posts that a text links to: `https://…/TEAM/pl/POSTID`.
pub(super) fn permalinks(text: &str) -> impl Iterator<Item = &str> {
    const MARK: &str = "/pl/";
    memchr::memmem::find_iter(text.as_bytes(), MARK).filter_map(|at| {
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
