//! Reading every record line, on all cores, in one pass.
//!
//! A segment is read once; from the same bytes come its digest, its lines, their leaves and their order. What one
//! segment yields is a [`Part`]; parts of neighbours join associatively, so the whole is a parallel reduction whose
//! memory is bounded by the number of threads.
//!
//! Leaves need the index of each segment's first record. `segments.csv` claims it; if a claim turns out wrong, the walk
//! is done again with the counts that were found, so a false table never decides what is hashed.

use std::cmp::Ordering;
use std::io;

use rayon::prelude::*;
use ring::digest::{SHA256, digest};

use super::code::Code;
use super::finding::Findings;
use super::members::{Expected, unreadable};
use super::retention::Stated;
use crate::archive::defect::Flaw;
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body};
use crate::archive::salt::ArchiveSalt;
use crate::archive::segments::{self, Deflated, SegmentRow};
use crate::archive::zip::{Entry, Method};
use crate::merkle::{CompactRange, Hash};
use crate::progress::Progress;
use crate::record::kind;
use crate::record::line::Line;
use crate::record::time::Millis;

/// What neighbouring segments yield together.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The tree over their lines; `None` without a salt, or when a segment could not be read.
    pub(super) range: Option<CompactRange>,
    /// The table of segments as it should be.
    pub(super) rows: Vec<SegmentRow>,
    /// Positions of the files that records name, in the order in which they name them.
    pub(super) files: Vec<u32>,
    /// What was found wrong.
    pub(super) findings: Findings,
    /// Segments that could not be read.
    pub(super) unread: u64,
    /// Records that say why they are in an incident's scope.
    pub(super) reasoned: u64,
    /// What they say that policies and holds decided.
    pub(super) stated: Stated,
    /// Segments that meet in records of equal time and id, so that the lines themselves decide.
    ties: Vec<(Member, Member)>,
    head: Option<Edge>,
    tail: Option<Edge>,
}

/// What the neighbour must know of a segment's first or last record. The line stays away: it may have 16 MiB.
#[derive(Debug)]
struct Edge {
    segment: Member,
    /// Bytes of the segment.
    bytes: u64,
    /// Bytes of the line, with its line feed.
    line: u64,
    at: Millis,
    id: Box<str>,
}

/// What the walk needs.
pub(super) struct Walk<'a> {
    pub(super) archive: &'a Archive,
    pub(super) salt: Option<&'a ArchiveSalt>,
    pub(super) expected: &'a Expected,
    pub(super) progress: &'a Progress,
    /// The seal's time, if there is a seal.
    pub(super) sealed: Option<Millis>,
}

impl Walk<'_> {
    /// Reads all segments; `claims` is the table of the archive, if it could be read.
    pub(super) fn run(&self, claims: &[SegmentRow]) -> io::Result<Part> {
        let segments: Vec<(usize, &Entry)> = (0..)
            .zip(self.archive.entries())
            .filter(|(_, entry)| matches!(entry.member, Member::Records { .. }))
            .collect();
        // A segment of n bytes holds at most n records, so a claim cannot make an index overflow.
        let claimed = segments
            .iter()
            .enumerate()
            .map(|(i, (_, entry))| claims.get(i).map_or(0, |row| row.records.min(entry.size)));
        let starts = running_sums(claimed);
        let mut part = self.pass(&segments, &starts)?;
        let counted = running_sums(part.rows.iter().map(|row| row.records));
        if part.unread == 0 && self.salt.is_some() && starts != counted {
            part = self.pass(&segments, &counted)?;
        }
        for (left, right) in std::mem::take(&mut part.ties) {
            self.untie(&left, &right, &mut part.findings)?;
        }
        Ok(part)
    }

    /// Compares the last line of `left` with the first of `right`, which have the same time and id.
    fn untie(&self, left: &Member, right: &Member, findings: &mut Findings) -> io::Result<()> {
        let (mut before, mut behind) = (Body::default(), Body::default());
        for (member, body) in [(left, &mut before), (right, &mut behind)] {
            if let Some(entry) = self.archive.find(member) {
                // What is wrong with it was found when it was read the first time.
                let _ = self.archive.load(entry, body)?;
            }
        }
        let last = before.bytes().split_inclusive(|b| *b == b'\n').next_back();
        let first = behind.bytes().split_inclusive(|b| *b == b'\n').next();
        if last > first {
            findings.push(
                Code::RecordOrder,
                right.to_string(),
                "its first record precedes the last of the segment before",
            );
        }
        Ok(())
    }

    fn pass(&self, segments: &[(usize, &Entry)], starts: &[u64]) -> io::Result<Part> {
        let read = segments
            .par_iter()
            .zip(starts)
            .map_init(Body::default, |body, ((position, entry), start)| {
                self.progress.check().map_err(io::Error::other)?;
                self.segment(*position, entry, *start, body)
            })
            .try_reduce_with(|left, right| Ok(left.join(right)));
        read.unwrap_or_else(|| {
            let range = self.salt.map(|_| CompactRange::new(0));
            Ok(Part { range, ..Part::default() })
        })
    }

    /// Reads one segment.
    fn segment(&self, position: usize, entry: &Entry, start: u64, body: &mut Body) -> io::Result<Part> {
        let Member::Records { number, kind } = &entry.member else { return Ok(Part::default()) };
        let place = entry.member.to_string();
        let mut part = Part { range: self.salt.map(|_| CompactRange::new(start)), ..Part::default() };
        let loaded = self.archive.load(entry, body)?;
        self.progress.add(entry.size);
        if let Err(flaw) = loaded {
            unreadable(flaw, &place, &mut part.findings);
            // With another CRC the lines are still there, and tell where the change is.
            if flaw != Flaw::CrcMismatch {
                part.unread = 1;
                part.range = None;
                return Ok(part);
            }
        }
        let bytes = body.bytes();
        self.expected.require(position, &sha256(bytes), &place, &mut part.findings);
        let deflated = (entry.method == Method::Deflated)
            .then(|| Deflated { bytes: body.raw().len() as u64, sha256: sha256(body.raw()) });
        let is_judged = is_judged(self.archive);
        let mut lines = Lines {
            walk: self,
            kind,
            place: &place,
            part: &mut part,
            is_judged,
            first: None,
            previous: None,
            count: 0,
        };
        lines.read(bytes, start);
        let (count, first, last) = (lines.count, lines.first, lines.previous);
        let edge = |(line, bytes_of_line): &(Line<'_>, &[u8])| Edge {
            segment: entry.member.clone(),
            bytes: entry.size,
            line: bytes_of_line.len() as u64 + 1,
            at: line.at,
            id: line.id.into(),
        };
        part.head = first.as_ref().map(edge);
        part.tail = last.as_ref().map(edge);
        if count == 0 {
            part.findings.push(Code::SegmentEmpty, &place, "a kind without records has no segment");
        }
        if bytes.len() as u64 > segments::MAX_BYTES && count > 1 {
            let detail = format!("{} bytes, more than {}, in {count} records", bytes.len(), segments::MAX_BYTES);
            part.findings.push(Code::SegmentCut, &place, detail);
        }
        part.rows.push(SegmentRow {
            number: *number,
            kind: kind.clone(),
            first_index: start,
            records: count,
            bytes: bytes.len() as u64,
            first_at: part.head.as_ref().map_or(0, |edge| edge.at),
            last_at: part.tail.as_ref().map_or(0, |edge| edge.at),
            deflated,
        });
        Ok(part)
    }
}

/// Reads the lines of one segment.
struct Lines<'a, 'b> {
    walk: &'a Walk<'a>,
    kind: &'a str,
    place: &'a str,
    part: &'a mut Part,
    is_judged: bool,
    first: Option<(Line<'b>, &'b [u8])>,
    previous: Option<(Line<'b>, &'b [u8])>,
    count: u64,
}

impl<'b> Lines<'_, 'b> {
    fn read(&mut self, bytes: &'b [u8], start: u64) {
        // Checked once for the whole segment; a line is checked alone only to say where it is not UTF-8.
        let text = std::str::from_utf8(bytes).ok();
        let mut at = 0;
        while at < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
            let line = &bytes[at..end];
            if let (Some(range), Some(salt)) = (&mut self.part.range, self.walk.salt) {
                range.push(salt.leaf(start + self.count, line));
            }
            self.count += 1;
            match text.and_then(|text| text.get(at..end)).map_or_else(|| Line::parse(line), Line::parse_text) {
                Ok(parsed) => self.accept(parsed, line),
                Err(error) => self.found(Code::RecordMalformed, error.to_string()),
            }
            if end == bytes.len() {
                self.found(Code::RecordUnfinished, "expected a line feed");
            }
            at = end + 1;
        }
    }

    fn found(&mut self, code: Code, detail: impl Into<String>) {
        self.part.findings.push(code, format!("{} line {}", self.place, self.count), detail);
    }

    fn accept(&mut self, parsed: Line<'b>, line: &'b [u8]) {
        if parsed.kind != self.kind {
            self.found(Code::RecordKind, format!("expected `{}`, found `{}`", self.kind, parsed.kind));
        }
        if let Some((previous, bytes)) = &self.previous
            && !in_order((previous, bytes), (&parsed, line))
        {
            self.found(Code::RecordOrder, out_of_order(parsed.id));
        }
        if let Some(path) = parsed.member {
            self.name_file(path);
        }
        if parsed.retention.is_some() != self.is_judged {
            let found = if self.is_judged { "no `retention`" } else { "`retention`" };
            self.found(Code::RetentionUnexpected, format!("`{}` has {found}", parsed.id));
        }
        self.part.reasoned += u64::from(parsed.has_reasons);
        if let Some(retention) = &parsed.retention {
            self.part.stated.add(retention, self.walk.sealed);
        }
        self.first.get_or_insert((parsed, line));
        self.previous = Some((parsed, line));
    }

    fn name_file(&mut self, path: &str) {
        let Ok(member @ Member::Content(_)) = Member::parse(path) else {
            let path = crate::archive::names::printable(path);
            return self.found(Code::FileNameMalformed, format!("`{path}`"));
        };
        match self.walk.archive.position(&member).and_then(|position| u32::try_from(position).ok()) {
            Some(position) => self.part.files.push(position),
            None => self.found(Code::FileMissing, format!("`{path}`")),
        }
    }
}

impl Part {
    /// Joins what the segments behind these yield.
    fn join(mut self, right: Self) -> Self {
        if let (Some(left), Some(next)) = (&self.tail, &right.head) {
            meet(left, next, &mut self.findings, &mut self.ties);
        }
        self.range = match (self.range, right.range) {
            (Some(mut range), Some(behind)) => range.append(&behind).is_ok().then_some(range),
            _ => None,
        };
        self.rows.extend(right.rows);
        self.files.extend(right.files);
        self.findings.append(right.findings);
        self.unread += right.unread;
        self.reasoned += right.reasoned;
        self.stated.append(right.stated);
        self.ties.extend(right.ties);
        self.tail = right.tail;
        self
    }
}

/// Whether anything was decided about the records: by a policy, or by holds.
pub(super) fn is_judged(archive: &Archive) -> bool {
    [Member::Policy(1), Member::Holds(1)].iter().any(|member| archive.position(member).is_some())
}

/// Order of kinds and records, and the length of segments, where one segment meets the next.
fn meet(left: &Edge, right: &Edge, findings: &mut Findings, ties: &mut Vec<(Member, Member)>) {
    let (Member::Records { kind: before, .. }, Member::Records { kind: behind, .. }) = (&left.segment, &right.segment)
    else {
        return;
    };
    let place = right.segment.to_string();
    if kind::compare(before, behind).is_gt() {
        findings.push(Code::KindOrder, place, format!("`{behind}` stands behind `{before}`"));
        return;
    }
    if before != behind {
        return;
    }
    if left.bytes.saturating_add(right.line) <= segments::MAX_BYTES {
        findings.push(Code::SegmentCut, left.segment.to_string(), "the next record would have fitted in");
    }
    match left.at.cmp(&right.at).then_with(|| left.id.cmp(&right.id)) {
        Ordering::Less => {}
        Ordering::Equal => ties.push((left.segment.clone(), right.segment.clone())),
        Ordering::Greater => findings.push(Code::RecordOrder, place, out_of_order(&right.id)),
    }
}

fn out_of_order(id: &str) -> String {
    format!("`{id}` stands behind a record that it precedes")
}

/// Whether two records of a kind stand in the order (`at`, `id`, line); equal lines may both be there.
fn in_order(left: (&Line<'_>, &[u8]), right: (&Line<'_>, &[u8])) -> bool {
    let by_key = left.0.at.cmp(&right.0.at).then_with(|| left.0.id.cmp(right.0.id));
    by_key.then_with(|| left.1.cmp(right.1)).is_le()
}

fn running_sums(counts: impl Iterator<Item = u64>) -> Vec<u64> {
    let sums = counts.scan(0, |sum: &mut u64, count| {
        let start = *sum;
        *sum += count;
        Some(start)
    });
    sums.collect()
}

/// SHA-256 of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
