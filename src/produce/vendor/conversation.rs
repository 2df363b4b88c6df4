//! The posts of a batch as the vendor tells them: by channel, classified, with what happened to their files and who was
//! there.
//!
//! A post that was deleted in the job, and written in it, is told twice: as it was, and as deleted. A file that was
//! deleted is told as an upload and a deletion, unless its post is deleted too. That is the vendor's way; each form only
//! writes down what is decided here.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::batch::{Batch, Span};
use super::events::{Join, Leave, events};
use super::{Making, Vendor};
use crate::produce::directory::{Channel, Team};
use crate::produce::files::Attachment;
use crate::produce::post::{Post, State};
use crate::produce::replaced::Replacement;
use crate::record::time::Millis;

/// What became of a post, in the vendor's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Update {
    /// Written, and no more.
    None,
    /// An earlier version.
    EditedOriginal,
    /// The version that an edit left.
    EditedNew,
    /// Touched, with the same text.
    NoMessageChange,
    /// Deleted by somebody.
    Deleted,
    /// A file of it was deleted.
    FileDeleted,
}

impl Update {
    /// The vendor's word; empty for a post that was written and no more.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::None => "",
            Self::EditedOriginal => "EditedOriginalMsg",
            Self::EditedNew => "EditedNewMsg",
            Self::NoMessageChange => "UpdatedNoMsgChange",
            Self::Deleted => "Deleted",
            Self::FileDeleted => "FileDeleted",
        }
    }
}

/// Somebody, as the vendor names people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Person<'a> {
    /// Id.
    pub(super) id: &'a str,
    /// Name; empty for an account that nothing describes.
    pub(super) username: &'a str,
    /// Address as of the export; empty for an account that nothing describes.
    pub(super) email: &'a str,
    /// Whether a program uses the account.
    pub(super) is_bot: bool,
}

impl Person<'_> {
    /// The vendor's word.
    pub(super) fn kind(&self) -> &'static str {
        if self.is_bot { "bot" } else { "user" }
    }
}

/// A post with what the form says besides its row.
#[derive(Debug)]
pub(super) struct Said<'a> {
    /// The post.
    pub(super) post: Post<'a>,
    /// Who wrote it.
    pub(super) author: Person<'a>,
    /// The post whose link it shows.
    pub(super) previews: Cow<'a, str>,
    /// Its files, oldest first, deleted ones included.
    pub(super) files: &'a [Attachment],
}

/// One message of a conversation.
#[derive(Debug)]
pub(super) struct Entry {
    /// Place of the post in [`Told::said`].
    pub(super) said: usize,
    /// What became of it.
    pub(super) update: Update,
    /// When; 0 for a post that was written and no more.
    pub(super) update_at: Millis,
    /// Its files that are told as uploads: places in [`Said::files`].
    pub(super) uploads: Vec<usize>,
    /// Its files that are told as deleted.
    pub(super) deletions: Vec<usize>,
}

/// A channel in a batch.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    /// Id of the channel.
    pub(super) id: &'a str,
    /// What is known of it.
    pub(super) channel: Option<&'a Channel>,
    /// Its team, if it has posts in the batch: the vendor takes the names from the first one.
    pub(super) team: Option<&'a Team>,
    /// First and last millisecond of the batch.
    pub(super) start: Millis,
    /// See `start`.
    pub(super) end: Millis,
    /// Its messages, in the order of the cursor.
    pub(super) entries: Vec<Entry>,
    /// Who was or came in.
    pub(super) joins: Vec<Join<'a>>,
    /// Who left, or, where the form says so, was there to the end.
    pub(super) leaves: Vec<Leave<'a>>,
}

impl Conversation<'_> {
    /// The vendor's word for the sort of channel; empty for one that nothing describes.
    pub(super) fn place(&self) -> &'static str {
        self.channel.map_or("", |channel| channel.place.word())
    }
}

/// A batch, told.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// Its posts.
    pub(super) said: Vec<Said<'a>>,
    /// Its channels, by id.
    pub(super) conversations: Vec<Conversation<'a>>,
}

/// Messages and uploads of each channel, as the vendor counts them.
pub(super) type Counts = BTreeMap<Box<str>, (u64, u64)>;

/// What is counted over all batches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    posts: u64,
    batches: u64,
    messages: u64,
    uploads: u64,
    deletions: u64,
    joins: u64,
    leaves: u64,
    missing: u64,
}

impl<'a> Told<'a> {
    /// Tells a batch.
    pub(super) fn new(making: &Making<'a>, batch: &'a Batch) -> Self {
        let mut said = Vec::with_capacity(batch.lines().len());
        let mut conversations: Vec<Conversation<'a>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let span = batch.span;
        for (at, line) in batch.lines().enumerate() {
            let one = making.said(line);
            let id = one.post.channel_id;
            let place = *places.entry(id).or_insert_with(|| {
                conversations.push(making.conversation(id, &span, true));
                conversations.len() - 1
            });
            making.tell(&one, at, &mut conversations[place].entries);
            said.push(one);
        }
        for id in &making.job.channels {
            if !places.contains_key(&**id) && making.members.is_active(id, span.start, span.end) {
                conversations.push(making.conversation(id, &span, false));
            }
        }
        for conversation in &mut conversations {
            let authors = conversation.entries.iter().map(|entry| said[entry.said].author);
            let stays = making.members.of(conversation.id);
            let is_closed = making.vendor != Vendor::Csv;
            (conversation.joins, conversation.leaves) = events(&span, stays, authors, making.members, is_closed);
        }
        conversations.sort_unstable_by_key(|conversation| conversation.id);
        Self { said, conversations }
    }

    /// Messages and uploads of each channel.
    pub(super) fn counts(&self) -> Counts {
        let uploads = |entries: &[Entry]| entries.iter().map(|entry| entry.uploads.len() as u64).sum();
        let of = |one: &Conversation<'_>| (one.id.into(), (one.entries.len() as u64, uploads(&one.entries)));
        self.conversations.iter().filter(|one| !one.entries.is_empty()).map(of).collect()
    }

    /// What the batch adds to the totals, posts excepted.
    pub(super) fn totals(&self, replaced: &[Replacement]) -> Totals {
        let mut totals = Totals { batches: 1, ..Totals::default() };
        for conversation in &self.conversations {
            totals.messages += conversation.entries.len() as u64;
            for entry in &conversation.entries {
                totals.uploads += entry.uploads.len() as u64;
                totals.deletions += entry.deletions.len() as u64;
            }
            totals.joins += conversation.joins.len() as u64;
            totals.leaves += conversation.leaves.iter().filter(|leave| !leave.closed_out).count() as u64;
        }
        totals.missing = replaced.iter().filter(|replacement| replacement.what == MISSING).count() as u64;
        totals
    }
}

/// What is listed for a file whose bytes the archive does not hold.
pub(super) const MISSING: &str = "file-missing";

impl Totals {
    /// Of so many posts, before the first batch.
    pub(super) fn of(posts: u64) -> Self {
        Self { posts, ..Self::default() }
    }

    /// Adds those of a batch.
    pub(super) fn add(&mut self, other: &Self) {
        self.posts += other.posts;
        self.batches += other.batches;
        self.messages += other.messages;
        self.uploads += other.uploads;
        self.deletions += other.deletions;
        self.joins += other.joins;
        self.leaves += other.leaves;
        self.missing += other.missing;
    }

    /// For people and papers.
    pub(super) fn counts(&self) -> Vec<(&'static str, u64)> {
        vec![
            ("posts", self.posts),
            ("batches", self.batches),
            ("messages", self.messages),
            ("uploads", self.uploads),
            ("deleted files", self.deletions),
            ("joins", self.joins),
            ("leaves", self.leaves),
            ("files missing", self.missing),
        ]
    }
}

impl<'a> Making<'a> {
    fn said(&self, line: &'a [u8]) -> Said<'a> {
        let post = Post::read(line);
        let user = self.work.directory.user_or_count(post.user_id);
        // The post says it of itself where an integration wrote it; else the account tells.
        let is_bot = match post.prop("from_bot") {
            Some(value) => matches!(&*value, "true" | "\"true\""),
            None => user.is_some_and(|user| user.is_bot),
        };
        let author = Person {
            id: post.user_id,
            username: user.map_or("", |user| &user.username),
            email: user.map_or("", |user| &user.email),
            is_bot,
        };
        let previews = post.prop_text("previewed_post").unwrap_or_default();
        let files = if post.may_have_files() { self.files.of(post.id) } else { &[] };
        Said { post, author, previews, files }
    }

    fn conversation(&self, id: &'a str, span: &Span, has_posts: bool) -> Conversation<'a> {
        let channel = self.work.directory.channel(id);
        let team = channel.filter(|_| has_posts).and_then(|channel| self.work.directory.team(&channel.team_id));
        let (start, end) = (span.start, span.end);
        Conversation { id, channel, team, start, end, entries: Vec::new(), joins: Vec::new(), leaves: Vec::new() }
    }

    /// Tells a post: as written, if it was deleted since and the job saw it written, and as what became of it.
    fn tell(&self, one: &Said<'_>, said: usize, entries: &mut Vec<Entry>) {
        let post = &one.post;
        let touched = || match (post.update_at > post.create_at, post.edit_at > 0) {
            (true, true) => (Update::EditedNew, post.update_at),
            (true, false) => (Update::NoMessageChange, post.update_at),
            (false, _) => (Update::None, 0),
        };
        let (update, update_at) = match post.state() {
            State::Earlier(_) => (Update::EditedOriginal, post.update_at),
            State::DeletedBy(_) => (Update::Deleted, post.delete_at),
            State::Original | State::Edited | State::Touched | State::Deleted => touched(),
        };
        let is_deleted = update == Update::Deleted;
        if is_deleted && post.create_at >= self.job.start {
            let uploads = (0..one.files.len()).collect();
            entries.push(Entry { said, update: Update::None, update_at: 0, uploads, deletions: Vec::new() });
        }
        let (mut uploads, mut deletions) = (Vec::new(), Vec::new());
        for (at, file) in one.files.iter().enumerate() {
            let is_gone = file.delete_at > 0;
            if is_gone {
                deletions.push(at);
            }
            if !(is_gone && is_deleted) {
                uploads.push(at);
            }
        }
        entries.push(Entry { said, update, update_at, uploads, deletions });
    }
}
