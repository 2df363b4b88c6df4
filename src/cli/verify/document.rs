//! The report as one JSON document.

use super::folder::PassedOver;
use super::{Checked, ending, exit_of};
use crate::record::id::hex;
use crate::record::time;
use crate::verify::finding::Findings;
use crate::verify::layer::{Layer, Outcome};
use crate::verify::{LedgerReport, Report};
use serde::Serialize;
use std::collections::BTreeMap;
use std::error::Error;

/// Everything that was checked.
#[derive(Serialize)]
pub(super) struct Document {
    archives: Vec<Archive>,
    passed_over: Vec<Passed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger: Option<Ledger>,
}

/// Something in a folder that was not checked.
#[derive(Serialize)]
struct Passed {
    path: String,
    why: &'static str,
}

/// The ledger that the archives belong to.
#[derive(Serialize)]
pub(in crate::cli) struct Ledger {
    path: String,
    exit: &'static str,
    origin: Option<String>,
    size: Option<u64>,
    head: Option<String>,
    head_sha256: Option<String>,
    seals: u64,
    given: u64,
    signers: Vec<String>,
    findings: Vec<Finding>,
    finding_counts: BTreeMap<&'static str, u64>,
    remarks: Vec<String>,
}

impl Ledger {
    pub(in crate::cli) fn new(report: &LedgerReport) -> Self {
        Self {
            path: report.path.display().to_string(),
            exit: exit_of(report.ending()).name(),
            origin: report.origin.as_ref().map(|origin| origin.as_str().to_owned()),
            size: report.head.map(|head| head.size),
            head: report.head.map(|head| head.to_string()),
            head_sha256: report.head.map(|head| hex(&head.digest)),
            seals: report.seals,
            given: report.given,
            signers: report.principals.clone(),
            findings: listed(&report.findings),
            finding_counts: report.findings.counts().iter().map(|(code, count)| (code.code(), *count)).collect(),
            remarks: report.remarks.clone(),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Archive {
    Checked(Box<Checking>),
    Unreadable { path: String, exit: &'static str, error: String, causes: Vec<String> },
}

#[derive(Serialize)]
struct Checking {
    path: String,
    exit: &'static str,
    /// Whether its content was checked; false for those that a sample left out.
    checked: bool,
    verdict: String,
    bag: Option<String>,
    seal: Option<Seal>,
    signers: Vec<String>,
    counted: Counted,
    layers: Vec<Row>,
    findings: Vec<Finding>,
    finding_counts: BTreeMap<&'static str, u64>,
    remarks: Vec<String>,
}

/// What the seal says; proven only if the exit is `ok`.
#[derive(Serialize)]
struct Seal {
    sha256: Option<String>,
    origin: String,
    records: u64,
    files: u64,
    exceptions: u64,
    root: String,
    previous: Option<String>,
    time: Option<String>,
    signer: String,
}

#[derive(Serialize)]
struct Counted {
    records: u64,
    files: u64,
    file_bytes: u64,
    exceptions: u64,
    notes: u64,
    kinds: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct Row {
    layer: Layer,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Finding {
    code: &'static str,
    layer: Layer,
    place: String,
    detail: String,
    meaning: &'static str,
    next_step: &'static str,
}

impl Document {
    pub(super) fn new(checked: &[Checked], passed_over: &[PassedOver], ledger: Option<&LedgerReport>) -> Self {
        let archives = checked.iter().map(|(path, result)| {
            let (path, exit) = (path.display().to_string(), ending(result).name());
            match result {
                Ok(report) => Archive::Checked(Box::new(checking(path, exit, report))),
                Err(error) => {
                    let mut causes = Vec::new();
                    let mut cause = error.source();
                    while let Some(error) = cause {
                        causes.push(error.to_string());
                        cause = error.source();
                    }
                    Archive::Unreadable { path, exit, error: error.to_string(), causes }
                }
            }
        });
        let passed = |passed: &PassedOver| Passed { path: passed.path.display().to_string(), why: passed.why };
        let passed_over = passed_over.iter().map(passed).collect();
        Self { archives: archives.collect(), passed_over, ledger: ledger.map(Ledger::new) }
    }
}

fn listed(findings: &Findings) -> Vec<Finding> {
    let finding = |finding: &crate::verify::finding::Finding| Finding {
        code: finding.code.code(),
        layer: finding.code.layer(),
        place: finding.place.clone(),
        detail: finding.detail.clone(),
        meaning: finding.code.meaning(),
        next_step: finding.code.next_step(),
    };
    findings.shown().into_iter().map(finding).collect()
}

fn checking(path: String, exit: &'static str, report: &Report) -> Checking {
    let counted = &report.counted;
    let seal = report.seal.as_ref().map(|seal| Seal {
        sha256: report.seal_sha256.as_ref().map(|hash| hex(hash)),
        origin: seal.archive_origin(),
        records: seal.records,
        files: seal.files,
        exceptions: seal.exceptions,
        root: hex(&seal.root),
        previous: seal.previous.as_ref().map(|hash| hex(hash)),
        time: time::format(seal.time),
        signer: seal.fingerprint(),
    });
    let layers = report.layers().into_iter().map(|(layer, outcome)| Row {
        layer,
        outcome: outcome.word(),
        reason: match outcome {
            Outcome::NotChecked(reason) => Some(reason),
            Outcome::Pass | Outcome::Fail => None,
        },
    });
    Checking {
        path,
        exit,
        checked: report.left_out.is_none(),
        verdict: report.verdict(),
        bag: report.bag.clone(),
        seal,
        signers: report.principals.clone(),
        counted: Counted {
            records: counted.records,
            files: counted.files,
            file_bytes: counted.file_bytes,
            exceptions: counted.exceptions,
            notes: counted.notes,
            kinds: counted.kinds.iter().cloned().collect(),
        },
        layers: layers.collect(),
        findings: listed(report.findings()),
        finding_counts: report.findings().counts().iter().map(|(code, count)| (code.code(), *count)).collect(),
        remarks: report.remarks.clone(),
    }
}
