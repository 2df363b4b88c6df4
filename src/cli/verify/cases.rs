//! What was checked, as cases that passed, failed, could not be decided or were not asked for: the shape that build
//! servers know.
//!
//! Invariant: some case failed or could not be decided if and only if the exit is not 0. What was not asked for (the
//! chain of a lone archive, a file of a folder that is no archive) is left out openly, never passed.

use std::error::Error;

use super::super::printer::count;
use super::folder::PassedOver;
use super::{Checked, Format};
use crate::verify::code::Code;
use crate::verify::finding::Findings;
use crate::verify::layer::{Layer, Outcome};
use crate::verify::{Asked, Ending, LedgerReport, Report, VerifyError};

/// The cases of one archive, of the ledger, or of what was passed over.
pub(super) struct Suite {
    /// The file or folder that they are about.
    pub(super) name: String,
    /// What was asked of it, in order.
    pub(super) cases: Vec<Case>,
}

/// One question and its answer.
pub(super) struct Case {
    /// A stable name: that of a layer, of an aspect of the ledger, or a file.
    pub(super) name: String,
    /// The question in words.
    pub(super) asks: String,
    /// The answer.
    pub(super) answer: Answer,
}

/// The answer of a case.
pub(super) enum Answer {
    /// Yes.
    Passed,
    /// No: what was found.
    Failed(Vec<Fault>),
    /// It could not be decided; this is why.
    Undecided(String),
    /// It was not asked for; this is why.
    LeftOut(String),
}

/// One thing found.
pub(super) struct Fault {
    /// Its stable name.
    pub(super) code: &'static str,
    /// Where, what was expected and what was found.
    pub(super) detail: String,
    /// What it means, and what to do about it.
    pub(super) meaning: String,
}

/// Everything, in the order of the report.
pub(super) fn suites(
    checked: &[Checked],
    passed_over: &[PassedOver],
    ledger: Option<&LedgerReport>,
    asked: &Asked,
) -> Vec<Suite> {
    let mut suites: Vec<Suite> = checked
        .iter()
        .map(|(path, result)| Suite {
            name: path.display().to_string(),
            cases: match result {
                Ok(report) => of_archive(report),
                Err(error) => vec![unreadable(error)],
            },
        })
        .collect();
    if !passed_over.is_empty() {
        let cases = passed_over.iter().map(|passed| Case {
            name: passed.path.display().to_string(),
            asks: "is it an archive?".to_owned(),
            answer: Answer::LeftOut(passed.why.to_owned()),
        });
        suites.push(Suite { name: "passed over".to_owned(), cases: cases.collect() });
    }
    suites.extend(ledger.map(|report| of_ledger(report, asked)));
    suites
}

fn of_archive(report: &Report) -> Vec<Case> {
    if let (Ending::LeftOut, Some(why)) = (report.ending(), &report.left_out) {
        let answer = Answer::LeftOut(why.clone());
        return vec![Case { name: "content".to_owned(), asks: "is it as it was sealed?".to_owned(), answer }];
    }
    let case = |(layer, outcome): (Layer, Outcome)| Case {
        name: layer.word().to_owned(),
        asks: layer.asks().to_owned(),
        answer: match outcome {
            Outcome::Pass => Answer::Passed,
            Outcome::Fail => Answer::Failed(faults(report.findings(), |code| code.layer() == layer)),
            Outcome::NotChecked(why) if layer == Layer::Chain || report.left_out.is_some() => Answer::LeftOut(why),
            Outcome::NotChecked(why) => Answer::Undecided(why),
        },
    };
    report.layers().into_iter().map(case).collect()
}

fn unreadable(error: &VerifyError) -> Case {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    let answer = Answer::Undecided(format!("{error}{cause}"));
    Case { name: "readable".to_owned(), asks: "can it be read?".to_owned(), answer }
}

/// One question asked of a ledger.
struct Aspect {
    name: &'static str,
    asks: &'static str,
    /// The findings that answer it.
    belongs: fn(Code) -> bool,
    /// Why it was not asked for, if it was not.
    left_out: fn(&Asked) -> Option<&'static str>,
}

const ASPECTS: [Aspect; 6] = [
    Aspect {
        name: "ledger-trust",
        asks: "may its keys sign?",
        belongs: |code| matches!(code, Code::LedgerUntrusted | Code::SignerRevoked),
        left_out: |_| None,
    },
    Aspect {
        name: "ledger-log",
        asks: "do statements, signatures and checkpoints hold together?",
        belongs: |code| matches!(code, Code::Ledger(_)),
        left_out: |_| None,
    },
    Aspect {
        name: "ledger-memory",
        asks: "does it continue what was seen of it before?",
        belongs: |code| matches!(code, Code::HeadUnknown | Code::LedgerRollback | Code::LedgerFork),
        left_out: |asked| (asked.head.is_none() && asked.remembered.is_none()).then_some("no earlier head was given"),
    },
    Aspect {
        name: "ledger-age",
        asks: "was something sealed lately?",
        belongs: |code| code == Code::LedgerStale,
        left_out: |asked| asked.max_age.is_none().then_some("no greatest age was given"),
    },
    Aspect {
        name: "ledger-witnesses",
        asks: "did enough witnesses see it?",
        belongs: |code| matches!(code, Code::WitnessesMissing | Code::CosignatureInvalid),
        left_out: |asked| asked.witnesses.is_none().then_some("no witnesses were named"),
    },
    Aspect {
        name: "ledger-archives",
        asks: "are all its archives there?",
        belongs: |code| code == Code::ArchiveMissing,
        left_out: |asked| (!asked.all).then_some("the folder of the archives was not given"),
    },
];

fn of_ledger(report: &LedgerReport, asked: &Asked) -> Suite {
    let mut cases: Vec<Case> = Vec::new();
    for Aspect { name, asks, belongs, left_out } in ASPECTS {
        let faults = faults(&report.findings, belongs);
        let answer = match left_out(asked) {
            _ if !faults.is_empty() => Answer::Failed(faults),
            _ if name == "ledger-trust" && !report.judged => Answer::Undecided("no --signers were given".to_owned()),
            Some(why) => Answer::LeftOut(why.to_owned()),
            None => Answer::Passed,
        };
        cases.push(Case { name: name.to_owned(), asks: asks.to_owned(), answer });
    }
    let others = faults(&report.findings, |code| !ASPECTS.iter().any(|aspect| (aspect.belongs)(code)));
    if !others.is_empty() {
        let asks = "is anything else wrong with it?".to_owned();
        cases.push(Case { name: "ledger-other".to_owned(), asks, answer: Answer::Failed(others) });
    }
    Suite { name: report.path.display().to_string(), cases }
}

/// The findings of the codes that are wanted; of many with one code the listed ones, and how many more there are.
fn faults(findings: &Findings, wanted: impl Fn(Code) -> bool) -> Vec<Fault> {
    let shown = findings.shown();
    let mut faults = Vec::new();
    for group in shown.chunk_by(|left, right| left.code == right.code) {
        let Some(code) = group.first().map(|finding| finding.code).filter(|code| wanted(*code)) else { continue };
        let meaning = format!("{}; next: {}", code.meaning(), code.next_step());
        let fault = |detail: String| Fault { code: code.code(), detail, meaning: meaning.clone() };
        faults.extend(group.iter().map(|finding| fault(format!("{}: {}", finding.place, finding.detail))));
        let total = findings.counts().get(&code).copied().unwrap_or_default();
        let more = total.saturating_sub(group.len() as u64);
        if more > 0 {
            faults.push(fault(format!("and {} more", count(more))));
        }
    }
    faults
}

impl Format {
    /// Whether build servers read it.
    pub(super) fn is_for_servers(self) -> bool {
        matches!(self, Self::Junit | Self::Github)
    }
}
