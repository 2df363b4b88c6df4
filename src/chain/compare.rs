//! A source held against a series of archives: what is unchanged, what changed and says so, what was altered in silence,
//! what vanished, what was put in among what was sealed.
//!
//! Both come in archive order, so one pass tells most records apart; only the few that differ, or are on one side alone, are
//! sorted again and looked up in the archives, whose lines are the evidence.
//!
//! Invariant: every sealed record and every record of the source is counted once. What either side did not cover is
//! counted as that and never called vanished or new. Memory grows with the number of findings, not of records.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use ring::digest::{SHA256, digest};

use super::difference::{Change, Habit, Judgement, between};
use super::groups::{Groups, compare};
use super::index::{Index, IndexError, Link};
use super::known::{Known, State};
use super::lines::SealedLines;
use super::version::Version;
use crate::archive::seal::Clock;
use crate::merkle::Hash;
use crate::progress::{Interrupted, Progress};
use crate::record::fields::{Head, integer, plain};
use crate::record::line::{Line, LineError};
use crate::record::time::{Millis, Window};
use crate::sort::{Merge, Sorter};

/// Bytes that each of the sorters holds in memory.
const ARENA: usize = 8 << 20;

/// How much older than the newest sealed record one may be that was committed late.
const LATE: Millis = 60_000;

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

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It differs from what was sealed, and its clock did not move.
    Altered,
    /// It was sealed and is not in the source.
    Vanished,
    /// It was never sealed, though it is older than what was, and the archives cover its time.
    Inserted,
    /// It differs, and records of its kind do not say when they were changed.
    Undated,
    /// It differs, and its clock says so.
    Changed,
}

/// What may account for a record that vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was already marked as deleted when it was sealed.
    Deleted,
    /// The policy sealed with it let it go by now.
    Due,
    /// The server's own retention job ended well since it was sealed.
    ServerRetention,
}

/// The line that is the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Position of its archive in the series.
    pub archive: u32,
    /// Its index there.
    pub record: u64,
    /// SHA-256 of the line without its line feed.
    pub sha256: Hash,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value as sealed, in JSON, if values are told and it was there.
    pub sealed: Option<String>,
    /// Its value now.
    pub now: Option<String>,
}

/// One record that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What became of it.
    pub class: Class,
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its origin time: as sealed, if it was.
    pub at: Millis,
    /// Where it was sealed.
    pub place: Option<Place>,
    /// What differs.
    pub fields: Vec<Field>,
    /// What may account for it.
    pub reason: Option<Reason>,
}

/// Records of one kind, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As sealed.
    pub unchanged: u64,
    /// See [`Class::Changed`].
    pub changed: u64,
    /// See [`Class::Undated`].
    pub undated: u64,
    /// See [`Class::Altered`].
    pub altered: u64,
    /// See [`Class::Vanished`].
    pub vanished: u64,
    /// Gone, as a later archive already states.
    pub stated: u64,
    /// See [`Class::Inserted`].
    pub inserted: u64,
    /// Not sealed yet, and newer than what is.
    pub new: u64,
    /// In the source, and kept out of the archives by a policy.
    pub withheld: u64,
    /// Sealed; this reading of the source could not have it.
    pub sealed_only: u64,
    /// In the source; no archive could have it.
    pub uncovered: u64,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Counts of each kind.
    pub kinds: BTreeMap<String, Tally>,
    /// What is not as it was, worst first, then by kind, time and id.
    pub findings: Vec<Finding>,
}

impl Comparison {
    /// Whether nothing was altered, vanished or put in.
    pub fn is_sound(&self) -> bool {
        self.kinds.values().all(|tally| tally.altered + tally.vanished + tally.inserted == 0)
    }
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

/// A record that is sealed and gone.
struct Gone {
    archive: u32,
    record: u64,
    at: Millis,
    /// Kind and id, parted by a line feed.
    name: String,
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

    /// Ends the comparison: looks at what differs, and pairs what is on one side alone.
    pub fn finish(mut self) -> Result<Comparison, CompareError> {
        self.settle()?;
        self.skip_to(None)?;
        let gone = self.pair()?;
        self.judge_differing()?;
        self.judge_gone(gone)?;
        let key = |finding: &Finding| (finding.class, finding.kind.clone(), finding.at, finding.id.clone());
        self.done.findings.sort_by_cached_key(key);
        Ok(self.done)
    }

    /// Pairs records that are missing with new ones of the same kind and id, whose origin time must be another; returns
    /// those that are nowhere.
    fn pair(&mut self) -> Result<Vec<Gone>, CompareError> {
        let take = |sorter: &mut Sorter| Merge::new(vec![std::mem::replace(sorter, Sorter::new(ARENA))]);
        let (mut missing, mut fresh) = (take(&mut self.missing)?, take(&mut self.fresh)?);
        let mut gone = Vec::new();
        loop {
            self.ground.progress.check()?;
            let left = missing.peek().map(|item| item.line.to_vec());
            let right = fresh.peek().map(|item| item.line.to_vec());
            let order = match (&left, &right) {
                (None, None) => return Ok(gone),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(left), Some(right)) => name(left).cmp(name(right)),
            };
            let found = left.as_deref().filter(|_| order.is_le()).and_then(Gone::read);
            let line = right
                .as_deref()
                .filter(|_| order.is_ge())
                .map(|right| (name(right), right.get(name(right).len() + 1..).unwrap_or_default()));
            match (found, line) {
                (Some(Gone { archive, record, .. }), Some((_, line))) => {
                    let known = Known { archive, record, state: State::Vanished };
                    self.push_differing(&known, line)?;
                }
                (Some(found), None) => gone.push(found),
                (None, Some((name, line))) => self.judge_fresh(name, line),
                (None, None) => {}
            }
            if order.is_le() {
                missing.advance()?;
            }
            if order.is_ge() {
                fresh.advance()?;
            }
        }
    }

    /// A record that was never sealed.
    fn judge_fresh(&mut self, name: &[u8], line: &[u8]) {
        let Some((kind, id)) = std::str::from_utf8(name).ok().and_then(|name| name.split_once('\n')) else { return };
        let head = Head::of(line, kind);
        let clock = (self.ground.habit)(kind).clock;
        let (at, clock) = (head.at(), integer(head.pick([clock.unwrap_or_default()])[0]).unwrap_or(0));
        let newest = at.max(clock);
        let is_covered = self.ground.reaches.iter().any(|reach| {
            let time = if reach.clock == Clock::Change { newest } else { at };
            reach.is_whole && (time == 0 || reach.window.contains(time))
        });
        let horizon = self.horizon.get(kind).copied().unwrap_or(Millis::MIN);
        if !is_covered {
            self.tally(kind).uncovered += 1;
        } else if newest == 0 || newest >= horizon.saturating_sub(LATE) {
            self.tally(kind).new += 1;
        } else {
            self.tally(kind).inserted += 1;
            let (kind, id) = (kind.to_owned(), id.to_owned());
            let finding =
                Finding { class: Class::Inserted, kind, id, at, place: None, fields: Vec::new(), reason: None };
            self.done.findings.push(finding);
        }
    }

    /// Lines of the source that are another version than what is sealed.
    fn judge_differing(&mut self) -> Result<(), CompareError> {
        let mut lines = SealedLines::new(self.ground.links);
        let mut differing = Merge::new(vec![std::mem::replace(&mut self.differing, Sorter::new(ARENA))])?;
        while let Some(item) = differing.peek() {
            self.ground.progress.check()?;
            let Some((record, now)) = item.line.split_first_chunk() else { break };
            let (archive, record) = (u32::try_from(item.at).unwrap_or(u32::MAX), u64::from_be_bytes(*record));
            let sealed = lines.line(archive, record)?;
            let kind = kind_of(now);
            let absent = self.absent(archive, &kind);
            let (judgement, changes) = between(&kind, sealed, now, &(self.ground.habit)(&kind), &absent);
            let class = match judgement {
                Judgement::Same => None,
                Judgement::Changed => Some(Class::Changed),
                Judgement::Altered => Some(Class::Altered),
                Judgement::Undated => Some(Class::Undated),
            };
            if let Some(class) = class {
                let head = Head::of(sealed, &kind);
                let fields = changes.iter().map(|change| field(change, self.ground.show)).collect();
                let place = Some(Place { archive, record, sha256: sha256(sealed) });
                let (id, at) = (head.id.to_owned(), head.at());
                let kind = kind.clone();
                self.done.findings.push(Finding { class, kind, id, at, place, fields, reason: None });
            }
            let tally = self.tally(&kind);
            match judgement {
                Judgement::Same => tally.unchanged += 1,
                Judgement::Changed => tally.changed += 1,
                Judgement::Altered => tally.altered += 1,
                Judgement::Undated => tally.undated += 1,
            }
            differing.advance()?;
        }
        Ok(())
    }

    /// Fields of a kind that one of the two sources does not have.
    fn absent(&self, archive: u32, kind: &str) -> BTreeSet<String> {
        let then = self.ground.reaches.get(archive as usize).and_then(|reach| reach.absent.get(kind));
        then.into_iter().chain(self.ground.absent.get(kind)).flatten().cloned().collect()
    }

    /// Records that are sealed and nowhere in the source.
    fn judge_gone(&mut self, mut gone: Vec<Gone>) -> Result<(), CompareError> {
        if gone.is_empty() {
            return Ok(());
        }
        // Sealed again since, under another origin time: then that is the record.
        let mut newest: HashMap<String, u32> = gone.iter().map(|gone| (gone.name.clone(), gone.archive)).collect();
        let (mut groups, mut name) = (self.index.groups()?, String::new());
        while let Some(group) = groups.peek() {
            name.clear();
            let _ = write!(name, "{}\n{}", group.kind, group.id);
            if let Some(newest) = newest.get_mut(&name) {
                *newest = group.known.iter().map(|known| known.archive).fold(*newest, u32::max);
            }
            groups.advance()?;
        }
        gone.sort_by_key(|gone| (gone.archive, gone.record));
        let mut lines = SealedLines::new(self.ground.links);
        for Gone { archive, record, at, name } in gone {
            self.ground.progress.check()?;
            if newest.get(&name).is_some_and(|newest| *newest > archive) {
                continue;
            }
            let Some((kind, id)) = name.split_once('\n') else { continue };
            let sealed = lines.line(archive, record)?;
            let (sha256, reason) = (sha256(sealed), self.reason(kind, archive, sealed));
            self.tally(kind).vanished += 1;
            let place = Some(Place { archive, record, sha256 });
            let (kind, id) = (kind.to_owned(), id.to_owned());
            let fields = Vec::new();
            self.done.findings.push(Finding { class: Class::Vanished, kind, id, at, place, fields, reason });
        }
        Ok(())
    }

    /// What may account for a record that vanished.
    fn reason(&self, kind: &str, archive: u32, sealed: &[u8]) -> Option<Reason> {
        let retention = Line::parse(sealed).ok().and_then(|line| line.retention);
        let due = retention.and_then(|retention| retention.due());
        let sealed_at = self.ground.reaches.get(archive as usize).map_or(Millis::MAX, |reach| reach.time);
        let is_deleted = integer(Head::of(sealed, kind).pick(["delete_at"])[0]).is_some_and(|at| at != 0);
        match () {
            () if is_deleted => Some(Reason::Deleted),
            () if due.is_some_and(|due| due <= self.ground.now) => Some(Reason::Due),
            () if self.retention > sealed_at => Some(Reason::ServerRetention),
            () => None,
        }
    }
}

impl Gone {
    /// Reads what [`Comparing::push_missing`] wrote.
    fn read(line: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(line).ok()?.split('\n');
        let name = [parts.next()?, parts.next()?].join("\n");
        let (at, archive, record) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { archive: archive.parse().ok()?, record: record.parse().ok()?, at: at.parse().ok()?, name })
    }
}

fn is_version(known: &Known, asked: &Version) -> bool {
    matches!(&known.state, State::Sealed { version, .. } if version == asked)
}

/// Kind and id in front of an entry of a sorter: up to the second line feed.
fn name(line: &[u8]) -> &[u8] {
    let end = memchr::memchr_iter(b'\n', line).nth(1).unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

/// The kind in a record line: `{"kind":"…"` has it between the third quotation mark and the fourth.
fn kind_of(line: &[u8]) -> String {
    line.split(|byte| *byte == b'"').nth(3).map(|kind| String::from_utf8_lossy(kind).into_owned()).unwrap_or_default()
}

fn field(change: &Change<'_>, show: bool) -> Field {
    let value = |value: Option<&[u8]>| value.filter(|_| show).map(|value| String::from_utf8_lossy(value).into_owned());
    Field { name: change.field.to_owned(), sealed: value(change.sealed), now: value(change.now) }
}

fn sha256(line: &[u8]) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, line).as_ref());
    hash
}
