//! What one archive says of each record, as a volume.
//!
//! Segments are read on all cores, a few at a time; what they yield is written in their order, which is the order of the
//! index. Statements about records that are not lines of their own kind (vanished, withheld) come in another order and are
//! sorted beside.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use ring::digest::{SHA256, digest};

use super::groups::compare;
use super::index::{Clocks, IndexError, Link};
use super::known::{Known, State};
use super::version::Version;
use super::volume::{Draft, Entry, Span, Volume, VolumeError};
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body, Opening};
use crate::archive::walk::{SegmentText, Walk, WalkError};
use crate::archive::withheld::{self, Withheld};
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::fields::{Head, integer, plain};
use crate::record::id;
use crate::record::kind::{self, FINDING_PREFIX};
use crate::record::line::Line;
use crate::record::time::Millis;

/// Kind of a record that states that another one vanished from the source. Its `data` names that one by `record_kind`,
/// `record_id` and `record_at`.
pub const VANISHED_KIND: &str = "finding_vanished";

/// Field that says when a record was deleted in the source, which keeps it.
const DELETED: &str = "delete_at";

/// Field that says why the bytes of a file are not in the archive.
const MISSING: &str = "content_missing";

/// The reason that is a wish.
const NOT_WANTED: &str = "not-collected";

/// Bytes of statements that are held in memory.
const ASIDE_BYTES: usize = 16 << 20;

/// Why the volume of an archive could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum CollectError {
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error(transparent)]
    Volume(#[from] VolumeError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What ends a walk: itself, or what is done on it.
enum Ended {
    Walk(WalkError),
    Work(CollectError),
}

impl From<WalkError> for Ended {
    fn from(error: WalkError) -> Self {
        Self::Walk(error)
    }
}

/// One archive, opened.
pub(super) struct Collecting<'a> {
    link: &'a Link,
    position: u32,
    clocks: &'a Clocks,
    progress: &'a Progress,
    archive: Archive,
}

/// What a segment yields.
#[derive(Debug)]
struct Yield {
    kind: Box<str>,
    entries: u64,
    bytes: Vec<u8>,
    edges: Option<[(Millis, String); 2]>,
    vanished: Vec<Statement>,
}

/// What is said of a record elsewhere than in a line of its own.
#[derive(Debug, PartialEq, Eq)]
struct Statement {
    kind: String,
    at: Millis,
    id: String,
    known: Known,
}

/// Statements of an archive, sorted beyond memory.
#[derive(Debug, Default)]
pub(super) struct Aside {
    statements: Vec<Statement>,
    bytes: usize,
    /// Volumes in files without names; those that have the word stand last.
    pub(super) spilled: Vec<Volume>,
}

impl<'a> Collecting<'a> {
    /// Opens the archive of `link` and makes sure that it is that one.
    pub(super) fn open(
        link: &'a Link,
        position: u32,
        clocks: &'a Clocks,
        progress: &'a Progress,
    ) -> Result<Self, IndexError> {
        let opening = Opening::read(&link.archive)
            .map_err(|source| IndexError::Archive { archive: link.archive.clone(), source })?;
        if let Some(defect) = opening.defects.shown().first() {
            return Err(unsound(link, &defect.place, defect.flaw.meaning()));
        }
        let archive = opening.archive.ok_or_else(|| unsound(link, "the file", "it holds no bag"))?;
        let collecting = Self { link, position, clocks, progress, archive };
        if collecting.seal()? != link.seal {
            return Err(unsound(link, "seal.txt", "it is not the seal that the series has in this place"));
        }
        Ok(collecting)
    }

    /// SHA-256 of the archive's seal.
    fn seal(&self) -> Result<Hash, IndexError> {
        let place = Member::Seal.to_string();
        let (entry, mut body) = (self.archive.find(&Member::Seal), Body::default());
        let entry = entry.ok_or_else(|| unsound(self.link, &place, "it is not there"))?;
        let loaded = self.archive.load(entry, &mut body).map_err(|source| self.unreadable(source))?;
        loaded.map_err(|flaw| unsound(self.link, &place, flaw.meaning()))?;
        let mut hash = Hash::default();
        hash.copy_from_slice(digest(&SHA256, body.bytes()).as_ref());
        Ok(hash)
    }

    /// What stopped a walk over the segments.
    fn broken(&self, error: WalkError) -> IndexError {
        match error {
            WalkError::Unreadable { cause, .. } => self.unreadable(cause),
            WalkError::Damaged { member, flaw } => unsound(self.link, &member, flaw.meaning()),
            WalkError::Table(error) => unsound(self.link, "data/segments.csv", &error.to_string()),
            WalkError::Unlisted { member } => unsound(self.link, &member, "`data/segments.csv` has no row for it"),
            WalkError::HoldSets { found } => unsound(self.link, "data/policy/hold-sets.jsonl", &found),
            WalkError::Interrupted(interrupted) => interrupted.into(),
        }
    }

    fn unreadable(&self, source: io::Error) -> IndexError {
        IndexError::Archive { archive: self.link.archive.clone(), source }
    }

    /// Writes what the lines of the archive say to `draft`, and returns what else is said, sorted in `temporary`.
    pub(super) fn run(&self, draft: &mut Draft, temporary: &Path) -> Result<Aside, CollectError> {
        let walk = Walk::new(&self.archive, self.progress).map_err(|error| self.broken(error))?;
        let mut aside = Aside::default();
        let mut last: Option<(Box<str>, Millis, String)> = None;
        let mut take = |found: Yield| {
            if let Some([first, end]) = found.edges {
                let key = (&*found.kind, first.0, first.1.as_str());
                if last.as_ref().is_some_and(|last| compare((&last.0, last.1, &last.2), key).is_gt()) {
                    return Err(unsound(self.link, &found.kind, "its records do not ascend").into());
                }
                draft.add(&found.kind, found.entries, &found.bytes)?;
                last = Some((found.kind, end.0, end.1));
            }
            found.vanished.into_iter().try_for_each(|statement| aside.push(statement, temporary))
        };
        let walked = walk.for_each_segment(
            |segment| self.segment(&segment),
            |found| found.map_err(CollectError::from).and_then(&mut take).map_err(Ended::Work),
        );
        walked.map_err(|ended| match ended {
            Ended::Walk(error) => self.broken(error).into(),
            Ended::Work(error) => error,
        })?;
        self.withheld(&mut aside, temporary)?;
        aside.spill(temporary, 0)?;
        aside.spilled.reverse();
        Ok(aside)
    }

    fn segment(&self, segment: &SegmentText<'_>) -> Result<Yield, IndexError> {
        let (row, bytes) = (segment.row, segment.bytes);
        let is_finding = row.kind.starts_with(FINDING_PREFIX);
        // No field has an empty name.
        let clock = (self.clocks)(&row.kind).unwrap_or_default();
        let mut found =
            Yield { kind: row.kind.clone(), entries: 0, bytes: Vec::new(), edges: None, vanished: Vec::new() };
        found.bytes.reserve(if is_finding { 0 } else { bytes.len() / 4 });
        let mut count = 0;
        for (record, line) in segment.lines() {
            let wrong = |detail: &str| {
                unsound(self.link, &format!("{} line {}", row.member(), record - row.first_index + 1), detail)
            };
            let parsed = Line::parse(line).map_err(|error| wrong(&error.to_string()))?;
            if parsed.kind != &*row.kind {
                return Err(wrong("it is of another kind than its segment"));
            }
            count += 1;
            if is_finding {
                let known = Known { archive: self.position, record, state: State::Vanished };
                found.vanished.extend(Statement::vanished(line, parsed.kind, known));
                continue;
            }
            if let Some([_, last]) = &found.edges
                && (last.0, last.1.as_str()) > (parsed.at, parsed.id)
            {
                return Err(wrong("it precedes the record before it"));
            }
            let [deleted, moved, missing] = Head::of(line, parsed.kind).pick([DELETED, clock, MISSING]);
            let awaits = !matches!(plain(missing), "" | NOT_WANTED);
            let state = State::Sealed {
                version: Version::of_parsed(line, &parsed),
                clock: if awaits { 0 } else { integer(moved).unwrap_or(0) },
                deleted: integer(deleted).is_some_and(|at| at != 0),
            };
            let known = Known { archive: self.position, record, state };
            Entry { at: parsed.at, id: parsed.id, known }.push(&mut found.bytes);
            found.entries += 1;
            match &mut found.edges {
                Some([_, last]) => {
                    last.0 = parsed.at;
                    parsed.id.clone_into(&mut last.1);
                }
                None => found.edges = Some([(parsed.at, parsed.id.to_owned()), (parsed.at, parsed.id.to_owned())]),
            }
        }
        if count != row.records {
            return Err(unsound(
                self.link,
                &row.member().to_string(),
                "it has another number of records than the table says",
            ));
        }
        Ok(found)
    }

    fn withheld(&self, aside: &mut Aside, temporary: &Path) -> Result<(), CollectError> {
        let Some(entry) = self.archive.find(&Member::Withheld) else { return Ok(()) };
        let mut input = BufReader::new(self.archive.stream(entry));
        let mut line = Vec::new();
        loop {
            line.clear();
            let limit = withheld::MAX_BYTES as u64;
            let read =
                input.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|error| self.unreadable(error))?;
            if read == 0 {
                return Ok(());
            }
            self.progress.check().map_err(IndexError::from)?;
            let Some(Withheld { kind, id, at, .. }) = Withheld::parse(&line) else {
                return Err(unsound(self.link, &Member::Withheld.to_string(), "a line of it is malformed").into());
            };
            let known = Known { archive: self.position, record: 0, state: State::Withheld };
            aside.push(Statement { kind: kind.to_owned(), at, id: id.to_owned(), known }, temporary)?;
        }
    }
}

impl Statement {
    /// What a finding says, if it states that a record vanished.
    fn vanished(line: &[u8], finding: &str, known: Known) -> Option<Self> {
        if finding != VANISHED_KIND {
            return None;
        }
        let [kind, id, at] = Head::of(line, finding).pick(["record_kind", "record_id", "record_at"]);
        let (kind, id, at) = (plain(kind), plain(id), integer(at)?);
        let is_name = kind::is_valid(kind) && id::is_valid(id.as_bytes()) && !kind.starts_with(FINDING_PREFIX);
        is_name.then(|| Self { kind: kind.to_owned(), at, id: id.to_owned(), known })
    }
}

impl Aside {
    fn push(&mut self, statement: Statement, temporary: &Path) -> Result<(), CollectError> {
        self.bytes += size_of::<Statement>() + statement.kind.len() + statement.id.len();
        self.statements.push(statement);
        self.spill(temporary, ASIDE_BYTES)
    }

    /// Writes what is held to a volume if it is more than `limit` bytes.
    fn spill(&mut self, temporary: &Path, limit: usize) -> Result<(), CollectError> {
        if self.bytes <= limit {
            return Ok(());
        }
        // That it vanished is said before that it was withheld, and both at once are no more than the first.
        self.statements.sort_by(|a, b| compare((&a.kind, a.at, &a.id), (&b.kind, b.at, &b.id)));
        self.statements.dedup_by(|a, b| (&a.kind, a.at, &a.id) == (&b.kind, b.at, &b.id));
        let file: File = tempfile::tempfile_in(temporary)?;
        let mut draft = Draft::new(file, &Span { first: 0, seals: Vec::new() });
        for Statement { kind, at, id, known } in self.statements.drain(..) {
            draft.push(&kind, &Entry { at, id: &id, known })?;
        }
        self.bytes = 0;
        self.spilled.push(draft.finish()?);
        Ok(())
    }
}

fn unsound(link: &Link, place: &str, detail: &str) -> IndexError {
    IndexError::Unsound { archive: link.archive.clone(), place: place.to_owned(), detail: detail.to_owned() }
}
