//! One screen of counts at the end: what was kept, what was left out, what could not be collected.

use std::fmt::Write as _;

use serde::Serialize;

use super::sealing::Exported;
use crate::archive::summary::{Counts, Decided, Dispositions, Ruled, Summary};
use crate::archive::writer::Sealed;
use crate::cli::exit::Exit;
use crate::cli::printer::{Mark, Printer, count, harmless, size};
use crate::ledger::Recovered;
use crate::record::exception::Class;
use crate::record::id::hex;

/// What `--json` answers.
#[derive(Serialize)]
struct Answer<'a> {
    archive: String,
    bytes: u64,
    seal_sha256: String,
    origin: String,
    signer: String,
    summary: &'a Summary,
    classes: &'a std::collections::BTreeMap<String, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recovered: Vec<String>,
}

/// Shows what was sealed.
pub(in crate::cli) fn show(command: &str, exported: &Exported, exit: Exit, printer: &Printer) {
    let sealed = &exported.sealed;
    let recovered: Vec<String> = exported.recovered.iter().map(recovery).collect();
    for words in &recovered {
        printer.warn(words);
    }
    for words in exported.clocks.sentences() {
        printer.warn(words);
    }
    let answer = Answer {
        archive: sealed.published.path.display().to_string(),
        bytes: sealed.published.bytes,
        seal_sha256: hex(&sealed.seal_digest),
        origin: sealed.seal.archive_origin(),
        signer: sealed.seal.fingerprint(),
        summary: &sealed.summary,
        classes: &sealed.gaps.classes,
        head: exported.head.map(|head| head.to_string()),
        recovered,
    };
    printer.answer(command, exit, &answer, || {
        let head = answer.head.as_ref().map(|head| format!("ledger head {head}\n"));
        text(sealed, exit, printer) + &head.unwrap_or_default()
    });
}

/// What an earlier run had left unfinished.
pub(in crate::cli) fn recovery(recovered: &Recovered) -> String {
    match recovered {
        Recovered::Published(target) => {
            format!("`{}`, which an earlier run had sealed, was published", target.display())
        }
        Recovered::Gap { number, target } => {
            format!("the archive of seal {number}, `{}`, is gone; the ledger states the gap", target.display())
        }
    }
}

/// What policies and holds decided. Of rules and holds without records the notes tell.
fn push_decided(out: &mut String, decided: &Decided) {
    let Dispositions { keep, held, review, transfer, dispose } = decided.dispositions;
    let [keep, held, review, transfer, dispose] = [keep, held, review, transfer, dispose].map(count);
    let _ = writeln!(
        out,
        "decided: {keep} kept, {held} due but held, {review} for review, {transfer} for transfer, {dispose} withheld"
    );
    let used = decided.rules.iter().filter(|(_, counts)| counts.records + counts.withheld > 0);
    for (rule, Ruled { records, withheld }) in used {
        let _ = writeln!(out, "  rule {rule}: {} sealed, {} withheld", count(*records), count(*withheld));
    }
    if decided.no_rule > 0 {
        let _ = writeln!(out, "  no rule: {}", count(decided.no_rule));
    }
    for (hold, records) in decided.holds.iter().filter(|(_, records)| **records > 0) {
        let _ = writeln!(out, "  hold {}: {}", harmless(hold), count(*records));
    }
}

fn text(sealed: &Sealed, exit: Exit, printer: &Printer) -> String {
    let summary = &sealed.summary;
    // Without a policy nothing can be withheld, and no column says so.
    let withheld = |text: &str| if summary.retention.is_some() { format!(" {text:>9}") } else { String::new() };
    let mut out = format!(
        "{:<18} {:>11} {:>11} {:>13}{} {:>12}\n",
        "kind",
        "in source",
        "sealed",
        "out of scope",
        withheld("withheld"),
        "quarantined"
    );
    for (kind, counts) in &summary.kinds.0 {
        if let Counts::Read { source, records, out_of_scope, withheld: kept_out, quarantined } = counts {
            let [source, records, out_of_scope, kept_out, quarantined] =
                [*source, *records, *out_of_scope, *kept_out, *quarantined].map(count);
            let kept_out = withheld(&kept_out);
            let _ =
                writeln!(out, "{kind:<18} {source:>11} {records:>11} {out_of_scope:>13}{kept_out} {quarantined:>12}");
        }
    }
    let parts = if summary.retention.is_some() {
        "out of scope + withheld + quarantined"
    } else {
        "out of scope + quarantined"
    };
    let _ = writeln!(
        out,
        "in source = sealed + {parts}, for every kind; {} files, {}",
        count(summary.files),
        size(summary.file_bytes)
    );
    if let Some(decided) = &summary.retention {
        push_decided(&mut out, decided);
    }
    for (class, lines) in &sealed.gaps.classes {
        let meaning = Class::ALL.iter().find(|known| known.code() == class).map_or("", |known| known.meaning());
        let label = if class.starts_with("note-") { "note" } else { "exception" };
        let _ = writeln!(out, "{label} {class}: {} ({meaning})", count(*lines));
    }
    let verdict = if exit == Exit::Ok {
        printer.mark(Mark::Good, &format!("sealed `{}`", sealed.published.path.display()))
    } else {
        let plural = if summary.exceptions == 1 { "exception" } else { "exceptions" };
        let gaps = count(summary.exceptions);
        printer.mark(Mark::Look, &format!("sealed `{}` with {gaps} {plural}", sealed.published.path.display()))
    };
    out + &format!(
        "{verdict}: {} records, {}, seal sha256:{}\n",
        count(summary.records),
        size(sealed.published.bytes),
        hex(&sealed.seal_digest)
    )
}
