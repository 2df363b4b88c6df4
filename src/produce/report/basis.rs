//! What the report was made from, what is missing, and through whose hands it went.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Block, Line, Section};
use super::evidence::{About, Evidence};
use super::telling::{Telling, counted};
use crate::archive::summary::Counts;
use crate::produce::Zone;
use crate::produce::incident::Gap;
use crate::produce::mail::one_line;
use crate::produce::papers::MANIFEST;
use crate::produce::papers::summary::custody;
use crate::produce::{Integrity, ProduceError, Signed};
use crate::record::exception::Class;
use crate::record::id::hex;
use crate::record::time::Millis;

/// Exceptions of one class that are listed; the papers have them all.
const MOST: usize = 20;

/// Sums of the equation of completeness over all kinds that have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    source: u64,
    records: u64,
    out_of_scope: u64,
    withheld: u64,
    quarantined: u64,
    incomplete: u64,
    findings: u64,
}

fn sums(telling: &Telling<'_>) -> Sums {
    let mut sums = Sums::default();
    for (_, counts) in &telling.work.sealed.summary.kinds.0 {
        match *counts {
            Counts::Read { source, records, out_of_scope, withheld, quarantined } => {
                sums.source = sums.source.saturating_add(source);
                sums.records = sums.records.saturating_add(records);
                sums.out_of_scope = sums.out_of_scope.saturating_add(out_of_scope);
                sums.withheld = sums.withheld.saturating_add(withheld);
                sums.quarantined = sums.quarantined.saturating_add(quarantined);
                sums.incomplete = sums.incomplete.saturating_add(u64::from(!counts.is_complete()));
            }
            Counts::Finding { records } => sums.findings = sums.findings.saturating_add(records),
        }
    }
    sums
}

/// What nobody may overlook, at the very beginning.
pub(super) fn opening(telling: &Telling<'_>) -> Vec<Block> {
    let sealed = telling.work.sealed;
    let mut blocks = Vec::new();
    let mut look = |line: Line| blocks.push(Block::Look(line));
    match (sealed.standing.integrity, &sealed.standing.signed) {
        (Integrity::Unverified, _) => {
            look(Line::of("The archive was not verified before this report was made. Nothing in it is established."));
        }
        (Integrity::Verified, Signed::NotChecked) => {
            look(Line::of("Nobody checked who signed the archive; its bytes are as they were sealed."));
        }
        (Integrity::Verified, Signed::By(_)) => {}
    }
    if sums(telling).incomplete > 0 {
        look(Line::of("For at least one kind of record, the rows of the source are not all accounted for."));
    }
    let (gaps, exceptions) = (telling.run.gaps.len() as u64, sealed.seal.exceptions);
    let mut parts = Vec::new();
    if gaps > 0 {
        parts.push(counted(
            gaps,
            "thing of this run is missing or cannot be read",
            "things of this run are missing or cannot be read",
        ));
    }
    if exceptions > 0 {
        parts.push(counted(
            exceptions,
            "exception was sealed with the archive",
            "exceptions were sealed with the archive",
        ));
    }
    if !parts.is_empty() {
        look(Line::of(format!("{}; see the section Exceptions.", parts.join(", and "))));
    }
    blocks
}

/// The section on the archive.
pub(super) fn made_from(telling: &Telling<'_>, program: &str, zone: Zone) -> Section {
    let mut section = Section::new("basis", "What this report was made from");
    let work = telling.work;
    let (sealed, seal) = (work.sealed, &work.sealed.seal);
    let signer = match (sealed.standing.integrity, &sealed.standing.signed) {
        (Integrity::Unverified, _) | (_, Signed::NotChecked) => Line::of("not checked; the seal names the key "),
        (Integrity::Verified, Signed::By(names)) => {
            Line::of("accepted as ").said(one_line(&names.join(", "))).words("; the seal names the key ")
        }
    };
    let integrity = match sealed.standing.integrity {
        Integrity::Verified => "verified: every byte is as it was sealed",
        Integrity::Unverified => "not verified",
    };
    let end = |at: Option<Millis>| at.map_or_else(|| Line::of("open"), |at| Line::default().at(at));
    let window = end(seal.window.from).words(" to ").then(end(seal.window.until));
    let digest = |hash: Option<crate::merkle::Hash>| match hash {
        Some(hash) => Line::default().code(format!("sha256:{}", hex(&hash))),
        None => Line::of("none"),
    };
    section.facts(vec![
        ("archive", Line::said_by_people(sealed.bag())),
        ("origin", Line::default().code(seal.archive_origin())),
        ("seal", Line::default().code(sealed.digest())),
        ("root over all records", Line::default().code(format!("sha256:{}", hex(&seal.root)))),
        ("integrity", Line::of(integrity)),
        ("signer", signer.code(seal.fingerprint())),
        ("sealed", Line::default().at(seal.time)),
        ("source", source(&sealed.source)),
        ("scope", scope(&sealed.source)),
        ("window", window),
        ("policy", digest(seal.policy)),
        ("holds", digest(seal.holds)),
        ("previous archive", digest(seal.previous)),
        (
            "this report",
            Line::of("made ")
                .at(work.time)
                .words(format!(" by {program}, of "))
                .said(one_line(&telling.run.name))
                .cited([telling.run.record()]),
        ),
    ]);
    let Sums { source, records, out_of_scope, withheld, quarantined, incomplete, findings } = sums(telling);
    let equation = format!(
        "Completeness: the source counted {source} rows {} {records} records + {out_of_scope} out of scope + {withheld} \
         withheld by policy + {quarantined} quarantined.",
        if incomplete == 0 { "=" } else { "and that is not" }
    );
    let findings = if findings > 0 {
        format!(
            " Beside these, {}.",
            counted(findings, "finding was established by comparison", "findings were established by comparison")
        )
    } else {
        String::new()
    };
    section.text(Line::of(equation + &findings + " By kind it stands in the section Exceptions."));
    let times = if zone.is_utc() {
        "All times are UTC.".to_owned()
    } else {
        format!("All times are those of {}, each with its distance from UTC.", zone.name())
    };
    section.text(
        Line::of(
            "Every line names the records that say it, as E and a number; the section Evidence lists them with their ids, \
             their places in the archive and their digests. What cannot be said is said to be missing. ",
        )
        .words(times),
    );
    section
}

/// What was read.
fn source(source: &Value) -> Line {
    let word = source.get("source").or_else(|| source.get("kind")).and_then(Value::as_str).unwrap_or("not recorded");
    let version = source.pointer("/server/version").and_then(Value::as_str);
    let line = Line::said_by_people(one_line(word));
    version.map_or(line.clone(), |version| line.words(", version ").said(one_line(version)))
}

/// Which part of it was asked for.
fn scope(source: &Value) -> Line {
    let mut lines = Vec::new();
    if let Some(incident) = source.get("incident").filter(|incident| incident.is_object()) {
        let runs = incident.get("runs").and_then(Value::as_array).into_iter().flatten();
        let ids = runs.filter_map(|run| run.get("id").and_then(Value::as_str));
        let ids = ids.map(|id| Line::default().code(one_line(id)));
        lines.push(Line::of("an incident: the runs ").then(Line::joined(ids, ", ")));
    }
    for (name, word) in [("teams", "teams "), ("channels", "channels "), ("users", "users ")] {
        let asked = source.pointer(&format!("/scope/{name}")).and_then(Value::as_array).into_iter().flatten();
        let asked: Vec<Line> =
            asked.filter_map(Value::as_str).map(|name| Line::said_by_people(one_line(name))).collect();
        if !asked.is_empty() {
            lines.push(Line::of(word).then(Line::joined(asked, ", ")));
        }
    }
    if lines.is_empty() { Line::of("everything that the source held in the window") } else { Line::joined(lines, "; ") }
}

/// The section of evidence; its table is made when it is known what is named.
pub(super) fn evidence() -> Section {
    let mut section = Section::new("evidence", "Evidence");
    section.text(Line::of(
        "The records that this report names, in the order in which it does, then the files of the posts among them. A record \
         is found by its number in the archive, counted from 0. Its leaf is SHA-256 over a zero byte, the record's salt and \
         its line; the tree over all leaves has the root that the seal names. Files have the SHA-256 of their bytes. \
         `chatseal show ARCHIVE ID` prints a record.",
    ));
    section.blocks.push(Block::Evidence);
    section
}

/// The rows of the table of evidence: what a record is, where it lies, its digests.
pub(super) fn rows(telling: &Telling<'_>, evidence: &Evidence) -> Vec<Vec<Line>> {
    let row = |exhibit: &super::evidence::Exhibit| {
        let record = Line::default().code(exhibit.record.to_string());
        let record = match &exhibit.about {
            About::Post(user, channel) => {
                let author = telling.labels.person(user);
                record
                    .words(" by ")
                    .said(one_line(&author))
                    .words(" in ")
                    .said(one_line(telling.labels.channel(channel)))
            }
            About::File(file) => {
                record.words(" ").said(one_line(&file.name)).words(format!(", {}", counted(file.size, "byte", "bytes")))
            }
            About::Other => record,
        };
        let places = exhibit.places.iter().map(|place| Line::of(place.index.to_string()));
        let when = exhibit.places.first().map_or(0, |place| place.at);
        let leaves = exhibit.places.iter().map(|place| Line::of("leaf ").code(hex(&place.leaf)));
        let digests = Line::joined(leaves, ", ");
        let digests = match &exhibit.about {
            About::File(file) => match &file.content {
                Some(hash) => digests.words("; file ").code(hex(hash)),
                None => digests.words("; the file is not in the archive: ").said(one_line(&file.missing)),
            },
            _ => digests,
        };
        vec![record, Line::joined(places, ", "), Line::at_or(when, "none"), digests]
    };
    evidence.exhibits.iter().map(row).collect()
}

/// The section of exceptions.
pub(super) fn exceptions(telling: &Telling<'_>) -> Result<Section, ProduceError> {
    let mut section = Section::new("exceptions", "Exceptions");
    section.heading(Line::of("What is missing of this run, or cannot be read"));
    let strays = telling.runs.strays();
    if telling.run.gaps.is_empty() {
        section.text(Line::of("Nothing was found to be missing.").cited([telling.run.record()]));
    } else {
        section.table(&["what", "record"], telling.run.gaps.iter().map(gap).collect());
    }
    if !strays.is_empty() {
        section.heading(Line::of("Rows of runs that the archive does not hold"));
        section.table(&["what", "record"], strays.iter().map(gap).collect());
    }
    section.heading(Line::of("What could not be collected when the archive was sealed"));
    sealed(telling, &mut section)?;
    section.heading(Line::of("Completeness by kind"));
    section.text(Line::of("Every row that the source counted is a record, out of the scope of the export, withheld by a policy, or quarantined because it could not be read. Kinds of which the source had no row are left out."));
    let kinds = &telling.work.sealed.summary.kinds.0;
    let rows = kinds.iter().filter_map(|(kind, counts)| {
        let sum = match *counts {
            Counts::Read { source: 0, records: 0, .. } => return None,
            Counts::Read { source, records, out_of_scope, withheld, quarantined } => {
                let sign = if counts.is_complete() { "=" } else { "is not" };
                format!("{source} {sign} {records} + {out_of_scope} + {withheld} + {quarantined}")
            }
            Counts::Finding { records } => format!("{records} found by comparison; no equation"),
        };
        Some(vec![Line::default().code(kind.clone()), Line::of(sum)])
    });
    section.table(&["kind", "rows in the source = records + out of scope + withheld + quarantined"], rows.collect());
    Ok(section)
}

fn gap(gap: &Gap) -> Vec<Line> {
    vec![
        Line::said_by_people(one_line(&gap.what)),
        Line::default().code(gap.record.to_string()).cited([gap.record.clone()]),
    ]
}

/// What was sealed as exceptions, by class.
fn sealed(telling: &Telling<'_>, section: &mut Section) -> Result<(), ProduceError> {
    let mut classes: BTreeMap<(bool, String), (u64, Vec<Line>)> = BTreeMap::new();
    telling.work.sealed.for_each_exception(|exception| {
        let (count, shown) = classes.entry((exception.is_note(), exception.class.clone())).or_default();
        *count = count.saturating_add(1);
        if shown.len() < MOST {
            let line = Line::said_by_people(one_line(&exception.object))
                .words(": expected ")
                .said(one_line(&exception.expected));
            let line = line.words(", found ").said(one_line(&exception.found));
            shown.push(match exception.records {
                0 => line,
                records => line.words(format!(", {}", counted(records, "record", "records"))),
            });
        }
    })?;
    if classes.is_empty() {
        section.text(Line::of("Nothing: there is no exception."));
        return Ok(());
    }
    let mut rows = Vec::new();
    for ((is_note, class), (count, shown)) in classes {
        let known = Class::ALL.iter().find(|known| known.code() == class);
        let meaning = known.map_or("a class that this version does not know", |known| known.meaning());
        let left = count.saturating_sub(shown.len() as u64);
        let more = if left > 0 { format!("; and {left} more in papers/exceptions.csv") } else { String::new() };
        let note = if is_note { " (a note: nothing is missing by it)" } else { "" };
        let class = Line::default().code(class).words(": ").words(meaning).words(note);
        rows.push(vec![class, Line::of(count.to_string()), Line::joined(shown, "; ").words(more)]);
    }
    section.table(&["class, and what it means", "how many", "which"], rows);
    Ok(())
}

/// The section of custody.
pub(super) fn custody_section(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("custody", "Custody");
    let events = custody(telling.work);
    if events.is_empty() {
        section.missing(Line::of("The archive does not say who acquired it."));
    }
    for event in &events {
        let Value::Object(members) = event else { continue };
        let facts = members.iter().filter_map(|(name, value)| {
            let name = CUSTODY.iter().find(|(own, _)| own == name).map(|(_, words)| *words)?;
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some((name, Line::default().code(one_line(&text))))
        });
        section.facts(facts.collect());
    }
    section.text(
        Line::of("Transfers after the archive was sealed do not stand in it. They are written by hand onto ")
            .code("papers/custody-form.html")
            .words(", or stated in the ledger by `chatseal custody add`. How to check this report and the archive stands in ")
            .code("papers/verify.txt")
            .words("; digests of all files of the report in ")
            .code(MANIFEST)
            .words("."),
    );
    section
}

/// What custody lines say, in words.
const CUSTODY: [(&str, &str); 7] = [
    ("event", "event"),
    ("time", "at"),
    ("by", "by the key"),
    ("tool", "with"),
    ("method", "method"),
    ("source", "from"),
    ("source_sha256", "SHA-256 of the source"),
];
