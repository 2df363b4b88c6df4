//! Everything that is recomputed from the records: root, table of segments, files, counts, summary.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use ring::digest::{Context, SHA256};

use super::checks::Checks;
use super::code::Code;
use super::layer::Layer;
use super::members::{Expected, Texts, difference, each_line};
use super::records::{Part, is_judged, sha256};
use super::retention::{self, Stated};
use crate::archive::exceptions::{self, Exception};
use crate::archive::manifest;
use crate::archive::names::Member;
use crate::archive::reader::Archive;
use crate::archive::seal::Seal;
use crate::archive::segments::SegmentRow;
use crate::archive::summary::{self, Counts, Summary};
use crate::archive::withheld::{self, Withheld};
use crate::merkle::Hash;
use crate::record::json::{Cursor, Shape};
use crate::record::time::Millis;

/// Longest line of `custody.jsonl`.
const MAX_LINE: usize = 64 * 1024;

/// What was counted in the archive itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Record lines.
    pub records: u64,
    /// Members under `data/files/`.
    pub files: u64,
    /// Their bytes.
    pub file_bytes: u64,
    /// Exceptions that are no notes.
    pub exceptions: u64,
    /// Notes.
    pub notes: u64,
    /// Records of each kind, in archive order.
    pub kinds: Vec<(String, u64)>,
    /// Lines of `data/exceptions.jsonl` by class.
    pub classes: BTreeMap<String, u64>,
    /// Lines of `data/withheld.jsonl` by kind.
    withheld: BTreeMap<String, u64>,
}

/// Counts records by kind from the rows that the walk made.
pub(super) fn count_kinds(rows: &[SegmentRow], counted: &mut Counted) {
    for row in rows {
        counted.records += row.records;
        match counted.kinds.last_mut() {
            Some((kind, records)) if **kind == *row.kind => *records += row.records,
            _ => counted.kinds.push((row.kind.to_string(), row.records)),
        }
    }
}

/// Holds the root over all lines against the sealed one.
pub(super) fn root(part: &Part, seal: Option<&Seal>, checks: &mut Checks) {
    match (part.range.as_ref().and_then(crate::merkle::CompactRange::root), seal) {
        (Some(root), Some(seal)) => {
            checks.ran(Layer::Root);
            if root != seal.root {
                checks.found(Code::RootDiffers, Member::Seal.to_string(), difference(&seal.root, &root));
            }
        }
        (None, _) => checks.skipped(Layer::Root, "a segment or the salt cannot be read"),
        (_, None) => checks.skipped(Layer::Root, "there is no seal to compare with"),
    }
}

/// Holds the table of segments against the one that was made while reading.
pub(super) fn segments(part: &Part, rows: Option<&[SegmentRow]>, checks: &mut Checks) {
    let Some(rows) = rows else { return checks.skipped(Layer::Segments, "data/segments.csv cannot be read") };
    if part.unread > 0 {
        checks.skipped(Layer::Segments, "a segment cannot be read");
    }
    checks.ran(Layer::Segments);
    let claims: HashMap<u32, &SegmentRow> = rows.iter().map(|row| (row.number, row)).collect();
    for row in &part.rows {
        // A segment that could not be read shifts the indices of those behind it; that is not the table's fault.
        let place = row.member().to_string();
        match claims.get(&row.number).copied() {
            None => checks.found(Code::SegmentsDiffer, place, "the table has no row for it"),
            Some(claimed) if part.unread == 0 && claimed != row => {
                checks.found(Code::SegmentsDiffer, place, first_difference(claimed, row));
            }
            Some(_) => {}
        }
    }
    if part.unread == 0 && rows.len() > part.rows.len() {
        let detail = format!("{} rows for {} segments", rows.len(), part.rows.len());
        checks.found(Code::SegmentsDiffer, Member::Segments.to_string(), detail);
    }
}

fn first_difference(claimed: &SegmentRow, found: &SegmentRow) -> String {
    let numbers = [
        ("first_index", claimed.first_index, found.first_index),
        ("records", claimed.records, found.records),
        ("bytes", claimed.bytes, found.bytes),
    ];
    if let Some((column, claimed, found)) = numbers.into_iter().find(|(_, claimed, found)| claimed != found) {
        return format!("{column}: the table says {claimed}, found {found}");
    }
    let column = if claimed.deflated == found.deflated { "first_at or last_at" } else { "the compressed stream" };
    format!("{column} is another one than the table says")
}

/// Holds `source`, `policy` and `holds` of the seal against the members.
pub(super) fn inputs(archive: &Archive, texts: &Texts, seal: Option<&Seal>, checks: &mut Checks) {
    let place = Member::Source.to_string();
    let Some(source) = texts.get(&Member::Source) else {
        return checks.skipped(Layer::Inputs, "data/source.json cannot be read");
    };
    checks.ran(Layer::Inputs);
    if !is_object(source) {
        checks.found(Code::SourceMalformed, &place, "expected one JSON object without duplicate keys");
    }
    let Some(seal) = seal else { return checks.skipped(Layer::Inputs, "there is no seal to compare with") };
    let found = sha256(source);
    if found != seal.source {
        checks.found(Code::SourceDiffers, place, difference(&seal.source, &found));
    }
    let policies = |member: &Member| matches!(member, Member::Policy(_));
    let holds = |member: &Member| matches!(member, Member::Holds(_));
    if list_digest(archive, texts, policies, checks) != seal.policy {
        checks.found(Code::PolicyDiffers, "data/policy", "the SHA-256 of their sha256sum lines is not the sealed one");
    }
    if list_digest(archive, texts, holds, checks) != seal.holds {
        checks.found(Code::HoldsDiffer, "data/policy", "the SHA-256 of their sha256sum lines is not the sealed one");
    }
}

/// SHA-256 of the `sha256sum` lines of the members that `chosen` picks; `None` if there are none.
fn list_digest(
    archive: &Archive,
    texts: &Texts,
    chosen: impl Fn(&Member) -> bool,
    checks: &mut Checks,
) -> Option<Hash> {
    let (mut context, mut any) = (Context::new(&SHA256), false);
    for entry in archive.entries().iter().filter(|entry| chosen(&entry.member)) {
        any = true;
        match texts.digest(&entry.member) {
            Some(hash) => context.update(manifest::line(&hash, &entry.member).as_bytes()),
            None => checks.skipped(Layer::Inputs, format!("{} cannot be read", entry.member)),
        }
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    any.then_some(hash)
}

/// Whether `bytes` are one strict JSON object. Line feeds between its members are layout.
fn is_object(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    // Inside a string a line feed is not JSON, so this cannot change what the text says.
    let mended = text.replace('\n', " ");
    let (mut cursor, grammar) = (Cursor::new(&mended), Cursor::new(text).value());
    let strict = cursor.value().is_ok_and(|value| value.shape == Shape::Object && value.strict);
    grammar.is_ok() && strict && cursor.end().is_ok()
}

/// Whether each file is named by a record, in the order of the zip.
pub(super) fn files(archive: &Archive, part: &Part, checks: &mut Checks) {
    if part.unread > 0 {
        return checks.skipped(Layer::Files, "a segment cannot be read");
    }
    checks.ran(Layer::Files);
    let mut seen = vec![false; archive.entries().len()];
    let mut last = None;
    for position in &part.files {
        if !std::mem::replace(&mut seen[*position as usize], true) {
            if last > Some(*position) {
                let member = &archive.entries()[*position as usize].member;
                checks.found(Code::FileOrder, member.to_string(), "a file that is first named later stands before it");
            }
            last = Some(*position);
        }
    }
    for (entry, seen) in archive.entries().iter().zip(&seen) {
        if matches!(entry.member, Member::Content(_)) && !seen {
            checks.found(Code::FileUnreferenced, entry.member.to_string(), "no record names it");
        }
    }
}

/// Reads exceptions, withheld records and custody line by line. `sealed` is the seal's time, if there is a seal.
pub(super) fn lists(
    archive: &Archive,
    expected: &Expected,
    sealed: Option<Millis>,
    stated: &mut Stated,
    counted: &mut Counted,
    checks: &mut Checks,
) -> io::Result<()> {
    checks.ran(Layer::Counts);
    for member in [Member::Exceptions, Member::Withheld, Member::Custody] {
        let Some(position) = archive.position(&member) else {
            if member != Member::Withheld {
                checks.skipped(Layer::Counts, format!("{member} cannot be read"));
            }
            continue;
        };
        let entry = &archive.entries()[position];
        let mut previous: Vec<u8> = Vec::new();
        let limit = match member {
            Member::Exceptions => exceptions::MAX_BYTES + 1,
            Member::Withheld => withheld::MAX_BYTES,
            _ => MAX_LINE,
        };
        let digest = each_line(archive, entry, limit, &mut checks.findings, |number, line, findings| {
            let place = || format!("{member} line {number}");
            let (malformed, disorder) = match member {
                Member::Exceptions => (Code::ExceptionMalformed, Code::ExceptionOrder),
                Member::Withheld => (Code::WithheldMalformed, Code::WithheldOrder),
                _ => {
                    if !(line.ends_with(b"\n") && is_object(line)) {
                        findings.push(Code::CustodyMalformed, place(), "expected one JSON object and a line feed");
                    }
                    return;
                }
            };
            let is_known = if member == Member::Exceptions {
                Exception::parse(line).map(|exception| counted.add(&exception)).is_some()
            } else {
                let withheld = Withheld::parse(line);
                if let Some(withheld) = &withheld {
                    stated.add_withheld(withheld);
                    *counted.withheld.entry(withheld.kind.to_owned()).or_default() += 1;
                    if sealed.is_some_and(|sealed| sealed < withheld.since) {
                        findings.push(Code::WithheldEarly, place(), format!("`{}/{}`", withheld.kind, withheld.id));
                    }
                }
                withheld.is_some()
            };
            if !is_known {
                findings.push(malformed, place(), "not in its one spelling");
            }
            if previous.as_slice() > line {
                findings.push(disorder, place(), "expected lines in the order of their bytes");
            }
            previous.clear();
            previous.extend_from_slice(line);
        })?;
        expected.require(position, &digest, &member.to_string(), &mut checks.findings);
    }
    Ok(())
}

impl Counted {
    fn add(&mut self, exception: &Exception) {
        if exception.is_note() {
            self.notes += 1;
        } else {
            self.exceptions += 1;
        }
        // Classes are a small vocabulary; a hostile list must not fill the memory with others.
        if self.classes.len() < 1000 || self.classes.contains_key(&exception.class) {
            *self.classes.entry(exception.class.clone()).or_default() += 1;
        }
    }
}

/// Holds the numbers of the seal against what was counted.
pub(super) fn counts(seal: Option<&Seal>, part: &Part, counted: &Counted, checks: &mut Checks) {
    let Some(seal) = seal else { return checks.skipped(Layer::Counts, "there is no seal to compare with") };
    if part.unread > 0 {
        checks.skipped(Layer::Counts, "a segment cannot be read");
    }
    let pairs = [
        ("records", seal.records, counted.records, part.unread == 0),
        ("files", seal.files, counted.files, true),
        ("exceptions", seal.exceptions, counted.exceptions, true),
    ];
    for (name, sealed, found, known) in pairs {
        if known && sealed != found {
            checks.found(
                Code::CountsDiffer,
                Member::Seal.to_string(),
                format!("{name}: {sealed} sealed, {found} found"),
            );
        }
    }
}

/// Recomputes the summary and checks the equation of each kind.
pub(super) fn completeness(archive: &Archive, texts: &Texts, part: &Part, counted: &Counted, checks: &mut Checks) {
    let place = Member::Summary.to_string();
    let Some(text) = texts.get(&Member::Summary) else {
        return checks.skipped(Layer::Completeness, "data/report/summary.json cannot be read");
    };
    checks.ran(Layer::Completeness);
    let summary = match Summary::parse(text) {
        Ok(summary) => summary,
        Err(error) => return checks.found(Code::SummaryMalformed, place, error.to_string()),
    };
    for (kind, counts) in &summary.kinds.0 {
        if !counts.is_complete() {
            checks.found(Code::EquationBroken, format!("{place} kind {kind}"), equation(counts));
        }
    }
    if part.unread > 0 {
        checks.skipped(Layer::Completeness, "a segment cannot be read");
    } else {
        compare_summary(&summary, counted, &place, checks);
        retention::compare(&summary, &part.stated, is_judged(archive), &place, checks);
    }
    match texts.get(&Member::SummaryText) {
        Some(text) if text != summary::text(archive.bag(), &summary, &counted.classes).as_bytes() => {
            let detail = "its words are not those that belong to the numbers";
            checks.found(Code::SummaryTextDiffers, Member::SummaryText.to_string(), detail);
        }
        Some(_) => {}
        None => checks.skipped(Layer::Completeness, "data/report/summary.txt cannot be read"),
    }
}

fn equation(counts: &Counts) -> String {
    match counts {
        Counts::Read { source, records, out_of_scope, withheld, quarantined } => format!(
            "{source} in the source, but {records} records + {out_of_scope} out of scope + {withheld} withheld + {quarantined} quarantined"
        ),
        Counts::Finding { records } => format!("{records} records"),
    }
}

fn compare_summary(summary: &Summary, counted: &Counted, place: &str, checks: &mut Checks) {
    let totals = [
        ("records", summary.records, counted.records),
        ("files", summary.files, counted.files),
        ("file_bytes", summary.file_bytes, counted.file_bytes),
        ("exceptions", summary.exceptions, counted.exceptions),
        ("notes", summary.notes, counted.notes),
    ];
    for (name, stated, found) in totals {
        if stated != found {
            checks.found(Code::SummaryDiffers, place, format!("{name}: {stated} stated, {found} found"));
        }
    }
    let found: BTreeMap<&str, u64> = counted.kinds.iter().map(|(kind, records)| (kind.as_str(), *records)).collect();
    for (kind, counts) in &summary.kinds.0 {
        let records = found.get(kind.as_str()).copied().unwrap_or_default();
        if counts.records() != records {
            let detail = format!("{} records stated, {records} found", counts.records());
            checks.found(Code::SummaryDiffers, format!("{place} kind {kind}"), detail);
        }
        if let Counts::Read { withheld, .. } = *counts {
            let lines = counted.withheld.get(kind).copied().unwrap_or_default();
            if withheld != lines {
                let detail = format!("{withheld} withheld stated, {lines} listed");
                checks.found(Code::SummaryDiffers, format!("{place} kind {kind}"), detail);
            }
        }
    }
    let named: HashSet<&str> = summary.kinds.0.iter().map(|(kind, _)| kind.as_str()).collect();
    for kind in
        found.keys().copied().chain(counted.withheld.keys().map(String::as_str)).filter(|kind| !named.contains(kind))
    {
        checks.found(Code::SummaryDiffers, format!("{place} kind {kind}"), "the summary does not name it");
    }
}
