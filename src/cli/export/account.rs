//! One screen of counts at the end: what was kept, what was left out, what could not be collected.

use std::fmt::Write as _;

use serde::Serialize;

use super::sealing::Outcome;
use crate::archive::summary::{Counts, Summary};
use crate::archive::writer::Sealed;
use crate::cli::exit::Exit;
use crate::cli::printer::{Mark, Printer, count, size};
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
pub(super) fn show(outcome: &Outcome, exit: Exit, printer: &Printer) {
    let sealed = &outcome.sealed;
    let recovered: Vec<String> = outcome.recovered.iter().map(recovery).collect();
    for words in &recovered {
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
        head: outcome.head.map(|head| head.to_string()),
        recovered,
    };
    printer.answer("export", exit, &answer, || {
        let head = answer.head.as_ref().map(|head| format!("ledger head {head}\n"));
        text(sealed, exit, printer) + &head.unwrap_or_default()
    });
}

/// What an earlier run had left unfinished.
fn recovery(recovered: &Recovered) -> String {
    match recovered {
        Recovered::Published(target) => {
            format!("`{}`, which an earlier run had sealed, was published", target.display())
        }
        Recovered::Gap { number, target } => {
            format!("the archive of seal {number}, `{}`, is gone; the ledger states the gap", target.display())
        }
    }
}

fn text(sealed: &Sealed, exit: Exit, printer: &Printer) -> String {
    let summary = &sealed.summary;
    let mut out =
        format!("{:<18} {:>11} {:>11} {:>13} {:>12}\n", "kind", "in source", "sealed", "out of scope", "quarantined");
    for (kind, counts) in &summary.kinds.0 {
        if let Counts::Read { source, records, out_of_scope, quarantined, .. } = counts {
            let row = [*source, *records, *out_of_scope, *quarantined].map(count);
            let _ = writeln!(out, "{kind:<18} {:>11} {:>11} {:>13} {:>12}", row[0], row[1], row[2], row[3]);
        }
    }
    let _ = writeln!(
        out,
        "in source = sealed + out of scope + quarantined, for every kind; {} files, {}",
        count(summary.files),
        size(summary.file_bytes)
    );
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
