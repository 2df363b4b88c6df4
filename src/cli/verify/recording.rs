//! The check as a statement in the ledger: what was checked, against which tree, and how it ended. So it can be shown
//! later that every archive had its turn, and that nobody stopped looking.
//!
//! A ledger that does not hold together takes no statements; the report of the check says so and keeps its exit code.

use std::collections::HashSet;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::printer::Printer;
use super::{Args, Checked};
use crate::cli::clock;
use crate::cli::ledger::failures::of_ledger;
use crate::keys::Signer;
use crate::ledger::{Check, Reading, Said, Text, unwatched};
use crate::merkle::Hash;
use crate::verify::LedgerReport;
use crate::verify::sample::Sample;

/// What is to be stated.
pub(super) fn said(
    reading: &Reading,
    report: &LedgerReport,
    checked: &[Checked],
    sample: Option<Sample>,
    exit: Exit,
) -> Said {
    let reports = || checked.iter().filter_map(|(_, result)| result.as_ref().ok());
    let whole: HashSet<Hash> =
        reports().filter(|report| report.left_out.is_none()).filter_map(|report| report.seal_sha256).collect();
    let found: u64 = reports().map(|report| report.findings().total()).sum();
    let checkpoint = reading.checkpoint.as_ref();
    Said::Verify(Box::new(Check {
        size: checkpoint.map_or(0, |checkpoint| checkpoint.size),
        root: checkpoint.map(|checkpoint| checkpoint.root).unwrap_or_default(),
        result: exit.name().to_owned(),
        archives: whole.len() as u64,
        findings: found + report.findings.total(),
        sample: sample.map_or("all".to_owned(), |sample| sample.to_string()),
        numbers: numbers(reading, &whole),
    }))
}

/// Numbers of the seals whose archives were checked. What lies between two of them and is no seal is counted in: it says
/// nothing, and the ranges stay few.
fn numbers(reading: &Reading, checked: &HashSet<Hash>) -> Vec<u64> {
    let (mut numbers, mut between) = (Vec::new(), Vec::new());
    let mut follows_checked = false;
    for (number, leaf) in reading.texts() {
        match &leaf.text {
            Some(Text::Statement(..)) if follows_checked => between.push(number),
            Some(Text::Seal(_)) if checked.contains(&leaf.digest) => {
                numbers.append(&mut between);
                numbers.push(number);
                follows_checked = true;
            }
            Some(Text::Seal(_)) => {
                between.clear();
                follows_checked = false;
            }
            _ => {}
        }
    }
    numbers
}

/// Appends it, and says so in the report. A check that ended well and could not be stated has not ended well.
pub(super) fn state(
    said: Said,
    signer: &Signer,
    report: &mut LedgerReport,
    exit: Exit,
    args: &Args,
    printer: &Printer,
) -> Result<(), Failure> {
    let Some(folder) = &args.ledger else { return Ok(()) };
    let stated = args
        .wait
        .open(folder, printer)
        .and_then(|mut ledger| ledger.state(said, signer, signer, clock::now(), &mut unwatched).map_err(of_ledger));
    match stated {
        Ok(committed) => {
            let words =
                format!("stated in the ledger as number {}; its head is now {}", committed.number, committed.head);
            report.remarks.push(words);
            Ok(())
        }
        Err(failure) if exit == Exit::Ok => {
            Err(failure.context("everything was checked and found well, but that could not be stated in the ledger"))
        }
        Err(failure) => {
            report.remarks.push(format!("the check was not stated in the ledger: {}", failure.account().message));
            Ok(())
        }
    }
}
