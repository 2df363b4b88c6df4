//! A source held against a series of archives: what is unchanged, what changed and says so, what was altered in silence,
//! what vanished, what was put in among what was sealed.
//!
//! Both come in archive order, so one pass tells most records apart; only the few that differ, or are on one side alone, are
//! sorted again and looked up in the archives, whose lines are the evidence.
//!
//! Invariant: every sealed record and every record of the source is counted once. What either side did not cover is
//! counted as that and never called vanished or new. Memory grows with the number of findings, not of records.

mod answer;
mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

pub use answer::{Class, Comparison, Field, Finding, Place, Reason, Tally};

use super::difference::Habit;
use super::groups::{Groups, compare};
use super::index::{Index, IndexError, Link};
use super::known::{Known, State};
use super::version::Version;
use crate::archive::seal::Clock;
use crate::progress::{Interrupted, Progress};
use crate::record::fields::{Head, integer, plain};
use crate::record::line::{Line, LineError};
use crate::record::time::{Millis, Window};
use crate::sort::Sorter;

/// Bytes that each of the sorters holds in memory.
const ARENA: usize = 8 << 20;

/// What an archive could hold.
#[derive(Clone, Debug)]
pub struct Reach {
    /// When it was sealed.
    pub time: Millis,
    /// Its window.
    pub window: Window,
    /// Which time the window is about.
    pub clock: Clock,
    /// Whether no teams, channels or users restricted it.
    pub is_whole: bool,
    /// For each kind, fields that its source did not have.
    pub absent: BTreeMap<String, BTreeSet<String>>,
}

/// What a comparison rests on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The archives, oldest first, as the index has them.
    pub links: &'a [Link],
    /// What each of them could hold.
    pub reaches: &'a [Reach],
    /// How records of a kind change.
    pub habit: &'a dyn Fn(&str) -> Habit,
    /// Whether a record of this kind and origin time would have been read if the source had it.
    pub is_read: &'a dyn Fn(&str, Millis) -> bool,
    /// For each kind, fields that the source does not have.
    pub absent: &'a BTreeMap<String, BTreeSet<String>>,
    /// When the comparison takes place.
    pub now: Millis,
    /// Whether values are to be told, and not the names of fields alone.
    pub show: bool,
    /// Folder for unnamed temporary files.
    pub temporary: &'a Path,
    /// Asked whether to stop.
    pub progress: &'a Progress,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The index or an archive.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Temporary files.
    #[error("cannot keep temporary files")]
    Temporary(#[from] io::Error),
    /// A line of the source is none: a bug of the source.
    #[error("a record of kind `{kind}` in the source is malformed")]
    Line {
        /// Its kind.
        kind: String,
        /// What is wrong.
        #[source]
        source: LineError,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A comparison under way: takes the records of a source in archive order.
pub struct Comparing<'g> {
    ground: Ground<'g>,
    index: &'g Index,
    groups: Groups,
    held: Held,
    /// Sealed records that the source does not have: kind, id, place.
    missing: Sorter,
    /// Records of the source that are not sealed: kind, id, line.
    fresh: Sorter,
    /// Lines of the source that differ, by the place of what was sealed.
    differing: Sorter,
    /// For each kind, the time of the newest record sealed.
    horizon: BTreeMap<String, Millis>,
    /// When the server's retention last ended well.
    retention: Millis,
    done: Comparison,
}

/// The records of one key that the source has.
#[derive(Debug, Default)]
struct Held {
    kind: String,
    at: Millis,
    id: String,
    lines: Vec<(Version, Vec<u8>)>,
}

impl<'g> Comparing<'g> {
    /// Begins to hold a source against `index`.
    pub fn new(index: &'g Index, ground: Ground<'g>) -> Result<Self, CompareError> {
        let sorter = || Sorter::new(ARENA);
        Ok(Self {
            ground,
            index,
            groups: index.groups()?,
            held: Held::default(),
            missing: sorter(),
            fresh: sorter(),
            differing: sorter(),
            horizon: BTreeMap::new(),
            retention: Millis::MIN,
            done: Comparison::default(),
        })
    }

    fn tally(&mut self, kind: &str) -> &mut Tally {
        // Kinds come one after the other, and names are only made for the first record of each.
        if !self.done.kinds.contains_key(kind) {
            self.done.kinds.insert(kind.to_owned(), Tally::default());
        }
        self.done.kinds.entry(kind.to_owned()).or_default()
    }

    /// Takes the next record of the source; records come in archive order. Findings are passed over.
    pub fn take(&mut self, line: &[u8]) -> Result<(), CompareError> {
        let parsed = Line::parse(line).map_err(|source| CompareError::Line { kind: kind_of(line), source })?;
        if parsed.kind.starts_with(crate::record::kind::FINDING_PREFIX) {
            return Ok(());
        }
        if parsed.kind == "job" {
            self.note_retention(line);
        }
        let version = Version::of_parsed(line, &parsed);
        if (self.held.kind.as_str(), self.held.at, self.held.id.as_str()) != (parsed.kind, parsed.at, parsed.id) {
            self.settle()?;
            parsed.kind.clone_into(&mut self.held.kind);
            parsed.id.clone_into(&mut self.held.id);
            self.held.at = parsed.at;
        }
        self.held.lines.push((version, line.to_vec()));
        Ok(())
    }

    /// Remembers when the server's own retention last ended well (table `jobs`).
    fn note_retention(&mut self, line: &[u8]) {
        let [sort, status, ended] = Head::of(line, "job").pick(["type", "status", "last_activity_at"]);
        if plain(sort).contains("data_retention") && plain(status) == "success" {
            self.retention = self.retention.max(integer(ended).unwrap_or(Millis::MIN));
        }
    }

    /// Holds the records of one key against what is sealed of them.
    fn settle(&mut self) -> Result<(), CompareError> {
        let Held { kind, at, id, mut lines } = std::mem::take(&mut self.held);
        if lines.is_empty() {
            return Ok(());
        }
        self.skip_to(Some((&kind, at, &id)))?;
        let sealed = self.groups.peek().filter(|group| (group.kind, group.at, group.id) == (&kind, at, &id));
        let Some(mut known) = sealed.map(|group| group.known.to_vec()) else {
            return lines.into_iter().try_for_each(|(_, line)| self.push_fresh(&kind, &id, &line));
        };
        self.groups.advance()?;
        self.note_sealed(&kind, at, &known);
        if known.iter().any(|known| known.state == State::Withheld) {
            self.tally(&kind).withheld += lines.len() as u64;
            return Ok(());
        }
        known.retain(|known| known.state != State::Vanished);
        let before = lines.len();
        lines.retain(|(version, _)| {
            let same = known.iter().position(|known| is_version(known, version));
            same.map(|same| known.remove(same)).is_none()
        });
        self.tally(&kind).unchanged += (before - lines.len()) as u64;
        let both = known.len().min(lines.len());
        for (known, (_, line)) in known.drain(..both).zip(lines.drain(..both)) {
            self.push_differing(&known, &line)?;
        }
        known.iter().try_for_each(|known| self.push_missing(&kind, at, &id, known))?;
        lines.iter().try_for_each(|(_, line)| self.push_fresh(&kind, &id, line))
    }

    /// Passes over sealed records before `key`, or all that are left: the source does not have them.
    fn skip_to(&mut self, key: Option<(&str, Millis, &str)>) -> Result<(), CompareError> {
        loop {
            let Some(group) = self.groups.peek() else { return Ok(()) };
            if key.is_some_and(|key| compare((group.kind, group.at, group.id), key).is_ge()) {
                return Ok(());
            }
            let (kind, at, id, known) = (group.kind.to_owned(), group.at, group.id.to_owned(), group.known.to_vec());
            self.groups.advance()?;
            self.note_sealed(&kind, at, &known);
            known.iter().try_for_each(|known| self.push_missing(&kind, at, &id, known))?;
        }
    }

    /// Takes note of how far what is sealed of a kind reaches.
    fn note_sealed(&mut self, kind: &str, at: Millis, known: &[Known]) {
        // Times ahead of the seal are mistakes or lies, and would make everything that is new look old.
        let limit = self.ground.reaches.last().map_or(Millis::MIN, |reach| reach.time);
        let times = known.iter().flat_map(|known| match known.state {
            State::Sealed { clock, .. } => [Some(at), Some(clock)],
            State::Vanished | State::Withheld => [None, None],
        });
        let Some(newest) = times.flatten().filter(|time| *time <= limit).max() else { return };
        match self.horizon.get_mut(kind) {
            Some(horizon) => *horizon = newest.max(*horizon),
            None => drop(self.horizon.insert(kind.to_owned(), newest)),
        }
    }

    fn push_missing(&mut self, kind: &str, at: Millis, id: &str, known: &Known) -> Result<(), CompareError> {
        match known.state {
            State::Vanished => self.tally(kind).stated += 1,
            State::Withheld => {}
            State::Sealed { .. } if !(self.ground.is_read)(kind, at) => self.tally(kind).sealed_only += 1,
            State::Sealed { .. } => {
                let Known { archive, record, .. } = known;
                let text = format!("{kind}\n{id}\n{at}\n{archive}\n{record}");
                self.missing.push(0, 0, 0, |out| out.extend_from_slice(text.as_bytes()));
                self.missing.settle(self.ground.temporary)?;
            }
        }
        Ok(())
    }

    fn push_fresh(&mut self, kind: &str, id: &str, line: &[u8]) -> Result<(), CompareError> {
        self.fresh.push(0, 0, 0, |out| {
            for part in [kind.as_bytes(), b"\n", id.as_bytes(), b"\n", line] {
                out.extend_from_slice(part);
            }
        });
        Ok(self.fresh.settle(self.ground.temporary)?)
    }

    fn push_differing(&mut self, known: &Known, line: &[u8]) -> Result<(), CompareError> {
        let Known { archive, record, .. } = *known;
        self.differing.push(0, i64::from(archive), 0, |out| {
            // In front of the line, so that records of an archive come in their order.
            out.extend_from_slice(&record.to_be_bytes());
            out.extend_from_slice(line);
        });
        Ok(self.differing.settle(self.ground.temporary)?)
    }
}

fn is_version(known: &Known, asked: &Version) -> bool {
    matches!(&known.state, State::Sealed { version, .. } if version == asked)
}

/// The kind in a record line: `{"kind":"…"` has it between the third quotation mark and the fourth.
fn kind_of(line: &[u8]) -> String {
    line.split(|byte| *byte == b'"').nth(3).map(|kind| String::from_utf8_lossy(kind).into_owned()).unwrap_or_default()
}
