//! The comparison as one JSON document.

use serde::Serialize;

use super::archives::Series;
use super::evidence;
use crate::chain::compare::{Comparison, Finding, Tally};
use crate::record::id::hex;
use crate::record::time;

/// What `--format json` answers.
#[derive(Serialize)]
pub(super) struct Document<'c> {
    archives: Vec<Archive>,
    sound: bool,
    kinds: Vec<Kind<'c>>,
    findings: Vec<Found<'c>>,
}

#[derive(Serialize)]
struct Archive {
    name: String,
    seal_sha256: String,
    time: Option<String>,
    records: u64,
}

#[derive(Serialize)]
struct Kind<'c> {
    #[serde(rename = "kind")]
    name: &'c str,
    unchanged: u64,
    changed: u64,
    changed_undated: u64,
    altered: u64,
    vanished: u64,
    vanished_as_stated: u64,
    inserted: u64,
    new: u64,
    withheld: u64,
    not_covered_by_source: u64,
    not_covered_by_archives: u64,
}

#[derive(Serialize)]
struct Found<'c> {
    class: &'static str,
    #[serde(rename = "kind")]
    of_kind: &'c str,
    id: &'c str,
    at: i64,
    sealed: Option<Sealed>,
    fields: Vec<Field<'c>>,
    explanation: Option<&'static str>,
}

#[derive(Serialize)]
struct Sealed {
    archive: String,
    record: u64,
    line_sha256: String,
}

#[derive(Serialize)]
struct Field<'c> {
    name: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<&'c str>,
}

impl<'c> Document<'c> {
    pub(super) fn new(comparison: &'c Comparison, series: &Series) -> Self {
        let archive = |(position, (link, seal)): (u32, (&crate::chain::Link, &crate::archive::seal::Seal))| Archive {
            name: series.name(position),
            seal_sha256: hex(&link.seal),
            time: time::format(seal.time),
            records: seal.records,
        };
        Self {
            archives: (0..).zip(series.links.iter().zip(&series.seals)).map(archive).collect(),
            sound: comparison.is_sound(),
            kinds: comparison.kinds.iter().map(|(name, tally)| kind(name, tally)).collect(),
            findings: comparison.findings.iter().map(|finding| found(finding, series)).collect(),
        }
    }
}

fn kind<'c>(name: &'c str, tally: &Tally) -> Kind<'c> {
    Kind {
        name,
        unchanged: tally.unchanged,
        changed: tally.changed,
        changed_undated: tally.undated,
        altered: tally.altered,
        vanished: tally.vanished,
        vanished_as_stated: tally.stated,
        inserted: tally.inserted,
        new: tally.new,
        withheld: tally.withheld,
        not_covered_by_source: tally.sealed_only,
        not_covered_by_archives: tally.uncovered,
    }
}

fn found<'c>(finding: &'c Finding, series: &Series) -> Found<'c> {
    let sealed = finding.place.map(|place| Sealed {
        archive: series.name(place.archive),
        record: place.record,
        line_sha256: hex(&place.sha256),
    });
    let field = |field: &'c crate::chain::compare::Field| Field {
        name: &field.name,
        sealed: field.sealed.as_deref(),
        now: field.now.as_deref(),
    };
    Found {
        class: evidence::code(finding.class),
        of_kind: &finding.kind,
        id: &finding.id,
        at: finding.at,
        sealed,
        fields: finding.fields.iter().map(field).collect(),
        explanation: finding.reason.map(evidence::reason),
    }
}
