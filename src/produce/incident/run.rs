//! A playbook run as its records tell it: times, people, tasks, status updates, timeline, retrospective, metrics.
//!
//! A run is spread over eight tables, and Mattermost shows them joined; rows whose other half is gone are hidden there.
//! Here they stay: a status update whose post was purged is a status update without a post, and says so.
//!
//! Invariant: whatever is said of a run names the record that says it, and what could not be read is a [`Gap`]. Nothing
//! is decided from a single clock: times stand as each record gives them, also where they contradict each other.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::checklist::Checklist;
use crate::record::time::Millis;

/// A record of the archive, by what names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// Its kind.
    pub kind: Box<str>,
    /// Its id.
    pub id: Box<str>,
}

impl RecordId {
    /// The record of this kind and id.
    pub fn new(kind: &str, id: &str) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }
}

/// `post/4xp9fdt77pncbef59f4k1qe83o`, as exceptions name records.
impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.id)
    }
}

/// Something of a run that is not there, or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The record that it was found in.
    pub record: RecordId,
    /// What, in words, without text of people.
    pub what: String,
}

/// A playbook, as it is now: it has no versions, and a run keeps copies of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Playbook {
    /// What people see.
    pub title: Box<str>,
    /// When it was last changed; 0 where the release does not say.
    pub update_at: Millis,
    /// When it was archived; 0 if it is not.
    pub delete_at: Millis,
}

/// An entry of a run's timeline (`ir_timelineevent`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: Box<str>,
    /// When what it tells of happened.
    pub event_at: Millis,
    /// When it was entered.
    pub create_at: Millis,
    /// When it was taken off the timeline; 0 if it stands there. It is evidence all the same.
    pub delete_at: Millis,
    /// `task_state_modified`, `owner_changed`, …
    pub kind: Box<str>,
    /// A sentence, made by the server or by whoever put a post on the timeline.
    pub summary: Box<str>,
    /// As stored; see [`Details`](super::details::Details).
    pub details: Box<str>,
    /// The post that it is about.
    pub post_id: Box<str>,
    /// Whom it is about: mostly who acted.
    pub subject_id: Box<str>,
    /// Who made the entry.
    pub creator_id: Box<str>,
}

impl Entry {
    /// Who acted, as far as it says.
    pub fn actor(&self) -> &str {
        if self.subject_id.is_empty() { &self.creator_id } else { &self.subject_id }
    }
}

/// A status update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusPost {
    /// Id of the row that makes a post a status update.
    pub id: Box<str>,
    /// The post.
    pub post_id: Box<str>,
    /// What the post says; nothing where the archive does not hold it.
    pub post: Option<Said>,
}

/// A post that a run names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// When it was written.
    pub create_at: Millis,
    /// When its text was last changed; 0 if it was not.
    pub edit_at: Millis,
    /// When it was deleted; 0 if it was not.
    pub delete_at: Millis,
    /// Who wrote it.
    pub user_id: Box<str>,
    /// Where.
    pub channel_id: Box<str>,
    /// Its text with what stands in its message attachments.
    pub text: Box<str>,
}

/// In which capacity somebody belongs to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Capacity {
    /// Owns it now.
    Owner,
    /// Started it.
    Reporter,
    /// Is listed among its participants now.
    Participant,
    /// Follows it now.
    Follower,
}

impl Capacity {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Reporter => "reporter",
            Self::Participant => "participant",
            Self::Follower => "follower",
        }
    }
}

/// Somebody who took part in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Participant {
    /// The account.
    pub user_id: Box<str>,
    /// In which capacities, as the run says now; empty if only its timeline names the account.
    pub capacities: BTreeSet<Capacity>,
    /// The records that say so, in order: the run, its list of participants, entries of its timeline.
    pub records: Vec<RecordId>,
}

/// What was measured in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metric {
    /// Id of the row that holds the value; empty where nothing was measured.
    pub id: Box<str>,
    /// Id of what is measured.
    pub config_id: Box<str>,
    /// What is measured; empty where that is no longer described.
    pub title: Box<str>,
    /// `metric_duration` (milliseconds), `metric_currency`, `metric_integer`.
    pub kind: Box<str>,
    /// The target; nothing where there is none.
    pub target: Option<i64>,
    /// The value; nothing where nobody entered one.
    pub value: Option<i64>,
    /// Whether it was published with the retrospective.
    pub is_published: bool,
}

/// A playbook run. Times that are not known, or have not come, are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: Box<str>,
    /// What people see.
    pub name: Box<str>,
    /// Its number as people cite it, such as `INC-00042`; empty in old releases.
    pub sequential_id: Box<str>,
    /// Its summary, in Markdown.
    pub summary: Box<str>,
    /// When the summary was last changed.
    pub summary_modified_at: Millis,
    /// Its team; empty in direct and group channels.
    pub team_id: Box<str>,
    /// Its channel.
    pub channel_id: Box<str>,
    /// Other runs of this channel that the archive does not hold, as it was noted when it was sealed.
    pub shared_with: Vec<Box<str>>,
    /// The playbook that it was started from; empty for a run of its own.
    pub playbook_id: Box<str>,
    /// That playbook, where the archive holds it.
    pub playbook: Option<Playbook>,
    /// Who owns it now.
    pub owner_id: Box<str>,
    /// Who started it.
    pub reporter_id: Box<str>,
    /// When it was started.
    pub create_at: Millis,
    /// When it was finished, the last time.
    pub end_at: Millis,
    /// When it was deleted.
    pub delete_at: Millis,
    /// `InProgress`, `Finished`, or a word of an older release.
    pub status: Box<str>,
    /// The post that it was started from; empty if it was not.
    pub post_id: Box<str>,
    /// That post, where the archive holds it.
    pub started_from: Option<Said>,
    /// When the last status update was made, as the run says.
    pub last_status_update_at: Millis,
    /// Seconds between status updates that were asked for; 0 if none were.
    pub reminder_seconds: i64,
    /// Channels that status updates are copied to.
    pub broadcast_channel_ids: Vec<Box<str>>,
    /// The retrospective, in Markdown.
    pub retrospective: Box<str>,
    /// When it was published.
    pub retrospective_published_at: Millis,
    /// Whether it was decided not to write one.
    pub retrospective_was_canceled: bool,
    /// What was to be done, as the run says now.
    pub checklists: Vec<Checklist>,
    /// Its timeline, by time, entry time and id; entries that were taken off it included.
    pub timeline: Vec<Entry>,
    /// Its status updates, oldest first; those without a post come last.
    pub status_posts: Vec<StatusPost>,
    /// Who took part, sorted by id.
    pub participants: Vec<Participant>,
    /// What was measured, in the order of the playbook.
    pub metrics: Vec<Metric>,
    /// What is not there or cannot be read, sorted.
    pub gaps: Vec<Gap>,
}

impl Run {
    /// The record of the run itself.
    pub fn record(&self) -> RecordId {
        RecordId::new("playbook_run", &self.id)
    }

    /// Whether it was finished and not taken up again.
    pub fn is_finished(&self) -> bool {
        self.end_at > 0
    }

    /// All tasks with the title of their checklist, in order.
    pub fn tasks(&self) -> impl Iterator<Item = (&str, &super::Task)> {
        self.checklists.iter().flat_map(|list| list.tasks.iter().map(|task| (&*list.title, task)))
    }

    /// Entries of its timeline of one of these kinds.
    pub fn entries<'r>(&'r self, kinds: &'r [&str]) -> impl Iterator<Item = &'r Entry> {
        self.timeline.iter().filter(|entry| kinds.contains(&&*entry.kind))
    }
}

/// The runs of an archive.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// By start and id.
    all: Vec<Run>,
    by_id: HashMap<Box<str>, usize>,
    /// Several where runs share a channel.
    by_channel: HashMap<Box<str>, Vec<usize>>,
    /// By the post that they were started from.
    by_post: HashMap<Box<str>, Vec<usize>>,
    /// Rows of runs that the archive does not hold.
    strays: Vec<Gap>,
}

impl Runs {
    pub(super) fn new(mut all: Vec<Run>, mut strays: Vec<Gap>) -> Self {
        all.sort_by(|left, right| (left.create_at, &left.id).cmp(&(right.create_at, &right.id)));
        let mut by_id = HashMap::new();
        let (mut by_channel, mut by_post) = (HashMap::<Box<str>, Vec<_>>::new(), HashMap::<Box<str>, Vec<_>>::new());
        for (at, run) in all.iter().enumerate() {
            by_id.insert(run.id.clone(), at);
            if !run.channel_id.is_empty() {
                by_channel.entry(run.channel_id.clone()).or_default().push(at);
            }
            if !run.post_id.is_empty() {
                by_post.entry(run.post_id.clone()).or_default().push(at);
            }
        }
        strays.sort();
        Self { all, by_id, by_channel, by_post, strays }
    }

    /// All runs, by start and id.
    pub fn all(&self) -> &[Run] {
        &self.all
    }

    /// The run of this id.
    pub fn get(&self, id: &str) -> Option<&Run> {
        self.by_id.get(id).and_then(|at| self.all.get(*at))
    }

    /// The runs whose channel this is.
    pub fn in_channel(&self, channel: &str) -> impl Iterator<Item = &Run> {
        self.by_channel.get(channel).into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    /// The runs that were started from this post.
    pub fn started_from(&self, post: &str) -> impl Iterator<Item = &Run> {
        self.by_post.get(post).into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    /// The one run whose channel this is; `None` where several share it, because then nothing says whose a post is.
    pub fn only_in_channel(&self, channel: &str) -> Option<&Run> {
        match self.by_channel.get(channel).map(Vec::as_slice) {
            Some([at]) => self.all.get(*at).filter(|run| run.shared_with.is_empty()),
            _ => None,
        }
    }

    /// Whether other runs share the channel of a run, be they in the archive or not.
    pub fn shares_channel(&self, run: &Run) -> bool {
        !run.shared_with.is_empty() || self.in_channel(&run.channel_id).any(|other| other.id != run.id)
    }

    /// Rows that name a run which the archive does not hold.
    pub fn strays(&self) -> &[Gap] {
        &self.strays
    }
}
