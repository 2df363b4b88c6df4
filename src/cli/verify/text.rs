//! The report for people: what was checked, what is wrong and what to do, and the verdict last.

use super::super::exit::Exit;
use super::super::printer::{Mark, Printer, count, harmless, size};
use super::Checked;
use super::folder::PassedOver;
use crate::record::time;
use crate::verify::code::Code;
use crate::verify::finding::Findings;
use crate::verify::layer::Outcome;
use crate::verify::{Ending, LedgerReport, Report, VerifyError};
use std::error::Error;
use std::fmt::Write as _;

/// Places shown for each way of being wrong; the JSON document has more.
const PLACES: usize = 5;

/// What a verdict says where exceptions were sealed.
const SEALED_IN: &str = "sealed in it";

/// What a verdict says where archives were left out.
const LEFT_OUT: &str = "left out of the sample";

/// The whole report.
pub(super) fn render(
    printer: &Printer,
    checked: &[Checked],
    passed: &[PassedOver],
    chain: Option<&LedgerReport>,
    exit: Exit,
) -> String {
    let mut out = String::new();
    for (path, result) in checked {
        let name = harmless(&path.display().to_string()).into_owned();
        match result {
            // Those left out are counted in the verdict; each is named in the JSON document.
            Ok(report) if checked.len() > 1 && report.ending() == Ending::LeftOut => {}
            Ok(report) if checked.len() == 1 || report.ending() != Ending::Intact => {
                archive(&mut out, printer, &name, report);
            }
            Ok(report) => {
                let _ = writeln!(out, "{name}: {}", harmless(&report.verdict()));
            }
            Err(error) => {
                let _ = writeln!(out, "{name}: {}", reason(error));
            }
        }
    }
    passed_over(&mut out, passed);
    if let Some(report) = chain {
        ledger(&mut out, printer, report);
    }
    out + &verdict(printer, exit, &words(checked, chain))
}

/// The verdict over everything, in words.
pub(super) fn words(checked: &[Checked], chain: Option<&LedgerReport>) -> String {
    let of_ledger = chain.map_or_else(String::new, ledger_words);
    if let [(_, Ok(report))] = checked {
        return report.verdict() + &of_ledger;
    }
    let reports = || checked.iter().filter_map(|(_, result)| result.as_ref().ok());
    let left_out = reports().filter_map(|report| report.left_out.as_deref()).collect::<Vec<_>>();
    let well = reports().filter(|report| report.ending() == Ending::Intact).count();
    let mut words = match checked.len().saturating_sub(left_out.len()) {
        0 => "no archive was to be checked".to_owned(),
        due => format!("{well} of {due} archives intact, with accepted signers"),
    };
    if let Some(why) = left_out.first() {
        let _ = write!(words, ", {} {why}", left_out.len());
    }
    let gaps = |(_, result): &&Checked| result.as_ref().is_ok_and(|report| report.verdict().contains(SEALED_IN));
    let gaps = checked.iter().filter(gaps).count();
    if gaps > 0 {
        let _ = write!(words, ", {gaps} of them with exceptions {SEALED_IN}");
    }
    words + &of_ledger
}

/// What the verdict says of the ledger.
fn ledger_words(report: &LedgerReport) -> String {
    match (report.ending(), report.findings.total()) {
        (Ending::Intact, _) if report.given == report.seals => {
            "; the ledger holds together, none is missing".to_owned()
        }
        (Ending::Intact, _) => "; the ledger holds together".to_owned(),
        (_, 0) => "; the ledger's signer not checked".to_owned(),
        (_, 1) => "; THE LEDGER: 1 finding".to_owned(),
        (_, n) => format!("; THE LEDGER: {n} findings"),
    }
}

/// The part of the report that is about the ledger.
pub(in crate::cli) fn ledger(out: &mut String, printer: &Printer, report: &LedgerReport) {
    let name = harmless(&report.path.display().to_string()).into_owned();
    let _ = writeln!(out, "ledger   {}", printer.mark(Mark::Strong, &name));
    if let Some(head) = &report.head {
        let _ = writeln!(out, "head     {head}");
    }
    let _ = writeln!(out, "seals    {}, archives of {} given", count(report.seals), count(report.given));
    findings(out, printer, &report.findings);
    for remark in &report.remarks {
        let _ = write!(out, "\nnote: {}", harmless(remark));
    }
    out.push_str(if report.remarks.is_empty() { "\n" } else { "\n\n" });
}

/// What lies in the folders and was not checked, by reason.
fn passed_over(out: &mut String, passed: &[PassedOver]) {
    let mut reasons: Vec<&str> = Vec::new();
    for passed in passed {
        if !reasons.contains(&passed.why) {
            reasons.push(passed.why);
        }
    }
    for why in reasons {
        let of_it: Vec<&PassedOver> = passed.iter().filter(|passed| passed.why == why).collect();
        for passed in of_it.iter().take(PLACES) {
            let _ = writeln!(out, "{}: not checked: {why}", harmless(&passed.path.display().to_string()));
        }
        if of_it.len() > PLACES {
            let _ = writeln!(out, "and {} more not checked: {why}", count((of_it.len() - PLACES) as u64));
        }
    }
}

fn verdict(printer: &Printer, exit: Exit, words: &str) -> String {
    // Exceptions inside are no fault of the archive, but never a reason for a green word.
    let mark = match exit {
        Exit::Ok if words.contains(SEALED_IN) || words.contains(LEFT_OUT) => Mark::Strong,
        Exit::Ok => Mark::Good,
        Exit::Untrusted | Exit::Incomplete => Mark::Look,
        _ => Mark::Bad,
    };
    format!("verdict: {} ({})\n", printer.mark(mark, &harmless(words)), exit.name())
}

fn reason(error: &VerifyError) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    harmless(&format!("{error}{cause}")).into_owned()
}

fn archive(out: &mut String, printer: &Printer, name: &str, report: &Report) {
    let _ = writeln!(out, "archive  {}", printer.mark(Mark::Strong, name));
    if let Some(seal) = &report.seal {
        let _ = writeln!(out, "seal     {}", seal.archive_origin());
        let time = time::format(seal.time).unwrap_or_default();
        let _ = writeln!(out, "         sealed at {time}, as claimed, by {}", seal.fingerprint());
        let counted = &report.counted;
        let number = |n: u64, one: &str| format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" });
        let files = format!("{} ({})", number(counted.files, "file"), size(counted.file_bytes));
        let (records, exceptions) = (number(counted.records, "record"), number(counted.exceptions, "exception"));
        let _ = writeln!(out, "counted  {records}, {files}, {exceptions}");
    }
    out.push('\n');
    for (layer, outcome) in report.layers() {
        let (mark, words) = match &outcome {
            Outcome::Pass => (Mark::Good, layer.asks()),
            Outcome::Fail => (Mark::Bad, layer.asks()),
            Outcome::NotChecked(reason) => (Mark::Look, reason.as_str()),
        };
        let word = printer.mark(mark, &format!("{:<11}", outcome.word()));
        let _ = writeln!(out, "{word}  {:<12}  {words}", layer.word());
    }
    findings(out, printer, report.findings());
    for remark in &report.remarks {
        let _ = write!(out, "\nnote: {}", harmless(remark));
    }
    out.push_str(if report.remarks.is_empty() { "\n" } else { "\n\n" });
}

/// Findings by code: what it means once, then where.
fn findings(out: &mut String, printer: &Printer, findings: &Findings) {
    let shown = findings.shown();
    for group in shown.chunk_by(|left, right| left.code == right.code) {
        let Some(code) = group.first().map(|finding| finding.code) else { continue };
        let total = findings.counts().get(&code).copied().unwrap_or_default();
        let _ = writeln!(out, "\n{}  {}", printer.mark(Mark::Bad, code.code()), code.meaning());
        // Each missing archive is a thing of its own that somebody has to look for.
        let places = if code == Code::ArchiveMissing { usize::MAX } else { PLACES };
        for finding in group.iter().take(places) {
            let _ = writeln!(out, "  {}: {}", harmless(&finding.place), harmless(&finding.detail));
        }
        let more = total.saturating_sub(places.min(group.len()) as u64);
        if more > 0 {
            let _ = writeln!(out, "  and {} more", count(more));
        }
        let _ = writeln!(out, "  next: {}", code.next_step());
    }
}
