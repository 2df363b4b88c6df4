//! What a record tells: the events of each kind, in one place, for every form that is made of events.
//!
//! Invariant: a record tells the same events whatever form asks, and nothing is told twice. Where the row of a run and
//! its timeline say the same (it began, it ended, a task was ticked), the entry tells it, because it says who; where the
//! timeline has no entry, the row does.
//!
//! It refuses to weigh: a time that contradicts another one is told as it stands.

mod audit;
mod entry;
mod post;
mod rows;

use std::collections::{HashMap, HashSet};

use super::event::Event;
use super::run::Runs;
use crate::archive::reader::Archive;
use crate::archive::walk::Walk;
use crate::produce::labels::Labels;
use crate::produce::{Directory, Post, ProduceError};
use crate::progress::Progress;
use crate::record::fields::{Head, plain};
use crate::record::time::Millis;

/// Whether records of a kind can be events.
pub fn is_event(kind: &str) -> bool {
    kind == crate::produce::post::KIND
        || ["audit", "audit_log", "playbook_run", "run_event"].contains(&kind)
        || rows::sorts(kind).is_some()
}

/// What records are told with: the names of people and places, the runs, and where calls were held.
#[derive(Debug)]
pub struct Teller<'a> {
    pub(super) directory: &'a Directory,
    pub(super) labels: &'a Labels<'a>,
    pub(super) runs: &'a Runs,
    /// Channels by call.
    calls: HashMap<Box<str>, Box<str>>,
    /// Runs by post that is a status update.
    status: HashMap<&'a str, &'a str>,
    /// Posts that an entry of a timeline tells of as a status update.
    announced: HashSet<&'a str>,
    /// What timelines tell: run, type, time.
    told: HashSet<(&'a str, &'a str, Millis)>,
}

impl<'a> Teller<'a> {
    /// Reads what is needed besides `runs`.
    pub fn read(
        archive: &Archive,
        directory: &'a Directory,
        labels: &'a Labels<'a>,
        runs: &'a Runs,
        progress: &Progress,
    ) -> Result<Self, ProduceError> {
        let mut calls = HashMap::new();
        Walk::new(archive, progress)?.kinds(|kind| kind == "call").for_each_segment(
            |segment| {
                let pair = |line| {
                    let head = Head::of(line, "call");
                    (Box::from(head.id), Box::from(plain(head.pick(["channel_id"])[0])))
                };
                segment.lines().map(|(_, line)| pair(line)).collect::<Vec<_>>()
            },
            |found| {
                calls.extend(found);
                Ok::<_, ProduceError>(())
            },
        )?;
        let mut this = Self {
            directory,
            labels,
            runs,
            calls,
            status: HashMap::new(),
            announced: HashSet::new(),
            told: HashSet::new(),
        };
        for run in runs.all() {
            this.status.extend(run.status_posts.iter().map(|update| (&*update.post_id, &*run.id)));
            for entry in &run.timeline {
                this.told.insert((&run.id, &entry.kind, entry.event_at));
                if *entry.kind == *"status_updated" {
                    this.announced.insert(&entry.post_id);
                }
            }
        }
        Ok(this)
    }

    /// Hands on the events of a record that is no post, in the order in which they happened as far as the record says.
    pub fn tell<'e>(&self, kind: &'e str, line: &'e [u8], mut each: impl FnMut(Event<'e>))
    where
        'a: 'e,
    {
        match kind {
            "audit" | "audit_log" => audit::tell(self, kind, line, &mut each),
            "run_event" => entry::tell(self, line, &mut each),
            "playbook_run" => entry::tell_run(self, line, &mut each),
            _ => rows::tell(self, kind, line, &mut each),
        }
    }

    /// Hands on the events of a post, as [`Self::tell`] does.
    pub fn tell_post<'e>(&self, post: &Post<'e>, mut each: impl FnMut(Event<'e>))
    where
        'a: 'e,
    {
        post::tell(self, post, &mut each);
    }

    /// Whether a post is a status update of a run.
    fn is_status(&self, post: &str) -> bool {
        self.status.contains_key(post)
    }

    /// Whether the timeline of a run tells of this status update.
    fn is_announced(&self, post: &str) -> bool {
        self.announced.contains(post)
    }

    /// Whether the timeline of a run has an entry of one of these types at this time.
    fn is_told(&self, run: &str, types: &[&str], at: Millis) -> bool {
        types.iter().any(|kind| self.told.contains(&(run, kind, at)))
    }

    fn is_bot(&self, user: &str) -> bool {
        self.directory.user(user).is_some_and(|user| user.is_bot)
    }

    /// The run that a post belongs to: the one whose status update it is, or the only one in its channel.
    fn run_of_post(&self, post: &str, channel: &str) -> &'a str {
        self.status.get(post).copied().unwrap_or_else(|| self.run_of_channel(channel))
    }

    /// The only run in a channel; empty if there is none, or several.
    fn run_of_channel(&self, channel: &str) -> &'a str {
        self.runs.only_in_channel(channel).map_or("", |run| &run.id)
    }

    /// The channel of a call; empty if the archive does not hold the call.
    fn channel_of_call(&self, call: &str) -> &str {
        self.calls.get(call).map_or("", |channel| channel)
    }

    /// `@name`; `somebody` where nobody is named.
    fn who(&self, user: &str) -> String {
        if user.is_empty() { "somebody".to_owned() } else { format!("@{}", self.labels.user(user)) }
    }
}
