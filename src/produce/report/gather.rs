//! What happened in a run's channel, as far as a report tells it: who was in it from when until when, who wrote how much,
//! and which posts people marked.
//!
//! Memory grows with the members of the channel and with the posts that are marked or named, not with all posts.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::archive::walk::Walk;
use crate::produce::incident::{RecordId, Run};
use crate::produce::{Post, ProduceError, State, Work, cards};
use crate::record::fields::{Head, integer, is_true, plain};
use crate::record::time::Millis;

/// A stay in the channel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stay {
    /// When it began; nothing where only the list of present members says that somebody is in.
    pub(super) from: Option<Millis>,
    /// When it ended; nothing while it lasts.
    pub(super) until: Option<Millis>,
    /// The record that says so.
    pub(super) record: RecordId,
}

/// What somebody wrote in the channel while the run lasted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wrote {
    /// Posts, deleted ones included, earlier versions not.
    pub(super) posts: u64,
    /// The first of them by time and id.
    pub(super) first: Option<(Millis, RecordId)>,
    /// The last of them.
    pub(super) last: Option<(Millis, RecordId)>,
}

impl Wrote {
    fn add(&mut self, other: Self) {
        self.posts = self.posts.saturating_add(other.posts);
        let first = [self.first.take(), other.first].into_iter().flatten().min();
        let last = [self.last.take(), other.last].into_iter().flatten().max();
        (self.first, self.last) = (first, last);
    }
}

/// Who wrote: an account, and the name that a webhook gave itself, if one wrote under the account.
pub(super) type Writer = (Box<str>, Option<Box<str>>);

/// A post that a report shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) create_at: Millis,
    pub(super) edit_at: Millis,
    pub(super) delete_at: Millis,
    /// Who deleted it, where the post says so.
    pub(super) deleted_by: Box<str>,
    pub(super) user_id: Box<str>,
    pub(super) channel_id: Box<str>,
    pub(super) is_pinned: bool,
    pub(super) text: Box<str>,
}

/// An acknowledgement of a post.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Acknowledged {
    /// When; 0 if it was taken back.
    pub(super) at: Millis,
    pub(super) user_id: Box<str>,
    pub(super) record: RecordId,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Stays by account.
    pub(super) stays: BTreeMap<Box<str>, Vec<Stay>>,
    /// Who wrote.
    pub(super) writers: BTreeMap<Writer, Wrote>,
    /// Posts that were marked or are named, by id.
    pub(super) posts: BTreeMap<Box<str>, Shown>,
    /// Posts of the channel whose readers were asked to acknowledge them, and the record that says so.
    pub(super) asked: BTreeMap<Box<str>, RecordId>,
    /// Acknowledgements by post.
    pub(super) acknowledged: HashMap<Box<str>, Vec<Acknowledged>>,
}

/// A row of the channel that is not a post.
enum Row {
    Stay(Box<str>, Stay),
    Member(Box<str>, RecordId),
    Asked(Box<str>, RecordId),
    Acknowledged(Box<str>, Acknowledged),
}

const KINDS: [&str; 4] = ["channel_member", "channel_membership", "post_acknowledgement", "post_priority"];

impl Gathered {
    /// Reads what is needed of the run. `until` is when the run ended, or as of when the archive knows its source.
    pub(super) fn read(work: &Work<'_>, run: &Run, until: Millis) -> Result<Self, ProduceError> {
        let mut this = Self::default();
        let mut members = Vec::new();
        Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| KINDS.contains(&kind)).for_each_segment(
            |segment| {
                let (kind, channel) = (segment.kind(), &*run.channel_id);
                segment.lines().filter_map(|(_, line)| row(kind, line, channel)).collect::<Vec<_>>()
            },
            |rows| {
                for row in rows {
                    match row {
                        Row::Stay(user, stay) => this.stays.entry(user).or_default().push(stay),
                        Row::Member(user, record) => members.push((user, record)),
                        Row::Asked(post, record) => drop(this.asked.insert(post, record)),
                        Row::Acknowledged(post, one) => this.acknowledged.entry(post).or_default().push(one),
                    }
                }
                Ok::<_, ProduceError>(())
            },
        )?;
        for (user, record) in members {
            let stays = this.stays.entry(user).or_default();
            if stays.is_empty() {
                stays.push(Stay { from: None, until: None, record });
            }
        }
        this.stays.values_mut().for_each(|stays| stays.sort());
        this.acknowledged.values_mut().for_each(|all| all.sort());
        this.read_posts(work, run, until)?;
        Ok(this)
    }

    fn read_posts(&mut self, work: &Work<'_>, run: &Run, until: Millis) -> Result<(), ProduceError> {
        let named: HashSet<&str> = run.timeline.iter().map(|entry| &*entry.post_id).collect();
        let asked: HashSet<&str> = self.asked.keys().map(|id| &**id).collect();
        let (mut writers, mut posts) = (BTreeMap::<Writer, Wrote>::new(), BTreeMap::new());
        Walk::new(work.sealed.archive, work.progress)?
            .kinds(|kind| kind == crate::produce::post::KIND)
            .for_each_segment(
                |segment| {
                    let mut part = (BTreeMap::<Writer, Wrote>::new(), Vec::new());
                    for (_, line) in segment.lines() {
                        let post = Post::read(line);
                        let is_here = *post.channel_id == *run.channel_id && !run.channel_id.is_empty();
                        if !post.original_id.is_empty() || !(is_here || named.contains(post.id)) {
                            continue;
                        }
                        let is_marked = is_here && (post.is_pinned || asked.contains(post.id));
                        if is_marked || named.contains(post.id) {
                            part.1.push((Box::<str>::from(post.id), shown(&post)));
                        }
                        if is_here && !post.is_system() && (run.create_at..until).contains(&post.create_at) {
                            let at = (post.create_at, RecordId::new("post", post.id));
                            let one = Wrote { posts: 1, first: Some(at.clone()), last: Some(at) };
                            part.0.entry(writer(&post)).or_default().add(one);
                        }
                    }
                    part
                },
                |(wrote, shown)| {
                    for (writer, wrote) in wrote {
                        writers.entry(writer).or_default().add(wrote);
                    }
                    posts.extend(shown);
                    Ok::<_, ProduceError>(())
                },
            )?;
        (self.writers, self.posts) = (writers, posts);
        Ok(())
    }
}

fn row(kind: &str, line: &[u8], of: &str) -> Option<Row> {
    let head = Head::of(line, kind);
    let [channel, user, post] = head.pick(["channel_id", "user_id", "post_id"]).map(plain);
    if channel != of || of.is_empty() {
        return None;
    }
    let record = RecordId::new(kind, head.id);
    Some(match kind {
        "channel_member" => Row::Member(user.into(), record),
        "channel_membership" => {
            let [from, until] = head.pick(["join_time", "leave_time"]).map(integer);
            Row::Stay(user.into(), Stay { from, until: until.filter(|until| *until > 0), record })
        }
        "post_priority" => is_true(head.pick(["requested_ack"])[0]).then_some(Row::Asked(post.into(), record))?,
        _ => {
            let at = integer(head.pick(["acknowledged_at"])[0]).unwrap_or_default();
            Row::Acknowledged(post.into(), Acknowledged { at, user_id: user.into(), record })
        }
    })
}

/// Webhooks write under the account of whoever made them, and under a name of their own.
fn writer(post: &Post<'_>) -> Writer {
    let is_hook = post.prop_is_true("from_webhook");
    let name = is_hook.then(|| post.prop_text("override_username").unwrap_or("webhook".into()).into_owned().into());
    (post.user_id.into(), name)
}

fn shown(post: &Post<'_>) -> Shown {
    let deleted_by = match post.state() {
        State::DeletedBy(by) => by.into_owned().into(),
        _ => Box::default(),
    };
    Shown {
        create_at: post.create_at,
        edit_at: post.edit_at,
        delete_at: post.delete_at,
        deleted_by,
        user_id: post.user_id.into(),
        channel_id: post.channel_id.into(),
        is_pinned: post.is_pinned,
        text: cards::said(post).into_owned().into(),
    }
}
