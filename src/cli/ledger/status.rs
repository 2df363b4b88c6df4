//! `chatseal ledger status` and `head`: what a ledger holds, without judging who signed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::Folder;
use super::memory::read;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::{Mark, Printer, count, harmless};
use crate::ledger::Reading;
use crate::record::time;

/// Say what a ledger holds and whether it holds together
///
/// Reads every statement, signature and checkpoint. Whether the key may sign at all is for `chatseal ledger verify`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    folder: Folder,
}

/// Print the head of a ledger, for paper and telephone
///
/// Prints the short head, and below it the full one and the text that it is the SHA-256 of. To pass another history off
/// under a short head takes 2^125 tries; to prepare two histories with one short head, about 2^62: where the holder of
/// the key is not trusted, keep the full head.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_HEAD.after_help())]
pub(in crate::cli) struct HeadArgs {
    #[command(flatten)]
    folder: Folder,
}

const SOUND: &[(Exit, &str)] = &[
    (Exit::Ok, "the ledger holds together"),
    (Exit::Incomplete, "the ledger does not hold together"),
    (Exit::Unavailable, "the ledger could not be read"),
];

pub(super) const MANUAL: Manual = Manual {
    exits: SOUND,
    files: &[],
    examples: &[("See what a ledger holds", "chatseal ledger status ledger")],
    see_also: &["chatseal-ledger(5)", "chatseal-ledger-verify(1)"],
};

pub(super) const MANUAL_HEAD: Manual = Manual {
    exits: SOUND,
    files: &[],
    examples: &[("Write the head down", "chatseal ledger head ledger")],
    see_also: &["chatseal-ledger(5)", "chatseal-verify(1)"],
};

/// What a ledger holds.
#[derive(Serialize)]
struct Status {
    ledger: String,
    origin: Option<String>,
    size: u64,
    head: Option<String>,
    head_sha256: Option<String>,
    statements: BTreeMap<&'static str, u64>,
    key: Option<String>,
    newest: Option<String>,
    pending: usize,
    defects: Vec<Wrong>,
    remarks: Vec<String>,
}

#[derive(Serialize)]
struct Wrong {
    code: &'static str,
    place: String,
    detail: String,
    meaning: &'static str,
}

impl Status {
    fn of(reading: &Reading) -> Self {
        let mut statements = BTreeMap::from([("seal", reading.seals().len() as u64)]);
        for statement in reading.statements_said() {
            *statements.entry(statement.said.kind()).or_default() += 1;
        }
        let newest = reading.texts().filter_map(|(_, leaf)| leaf.time()).last();
        Self {
            ledger: reading.folder.display().to_string(),
            origin: reading.origin().map(|origin| origin.as_str().to_owned()),
            size: reading.size(),
            head: reading.head().map(|head| head.to_string()),
            head_sha256: reading.head().map(|head| head.full()),
            statements,
            key: reading.keys.newest().map(|term| term.key.fingerprint()),
            newest: newest.and_then(time::format),
            pending: reading.pending.len(),
            defects: reading
                .defects
                .iter()
                .map(|defect| Wrong {
                    code: defect.flaw.code(),
                    place: defect.place.clone(),
                    detail: defect.detail.clone(),
                    meaning: defect.flaw.meaning(),
                })
                .collect(),
            remarks: reading.remarks.clone(),
        }
    }

    fn text(&self, printer: &Printer) -> String {
        let mut out = format!("ledger      {}\n", harmless(&self.ledger));
        let mut line = |word: &str, value: Option<&str>| {
            let _ = writeln!(out, "{word:<11} {}", harmless(value.unwrap_or("none")));
        };
        line("origin", self.origin.as_deref());
        line("head", self.head.as_deref());
        line("key", self.key.as_deref());
        line("newest", self.newest.as_deref());
        let counted: Vec<String> = self.statements.iter().map(|(kind, n)| format!("{} {kind}", count(*n))).collect();
        line("statements", Some(&counted.join(", ")));
        for wrong in &self.defects {
            let code = printer.mark(Mark::Bad, wrong.code);
            let _ =
                writeln!(out, "{code}  {}: {} ({})", harmless(&wrong.place), wrong.meaning, harmless(&wrong.detail));
        }
        for remark in &self.remarks {
            let _ = writeln!(out, "note: {}", harmless(remark));
        }
        let verdict = match self.defects.len() {
            0 => printer.mark(Mark::Good, "it holds together"),
            1 => printer.mark(Mark::Bad, "IT DOES NOT HOLD TOGETHER: 1 finding"),
            n => printer.mark(Mark::Bad, &format!("IT DOES NOT HOLD TOGETHER: {n} findings")),
        };
        out + &verdict + "\n"
    }
}

fn exit(reading: &Reading) -> Exit {
    if reading.defects.is_empty() { Exit::Ok } else { Exit::Incomplete }
}

/// Runs `chatseal ledger status`.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let reading = read(&args.folder.ledger)?;
    let status = Status::of(&reading);
    printer.answer("ledger-status", exit(&reading), &status, || status.text(printer));
    Ok(exit(&reading))
}

/// A head in every spelling.
#[derive(Serialize)]
struct Heads {
    head: String,
    head_sha256: String,
    checkpoint: String,
}

/// Runs `chatseal ledger head`.
pub(super) fn head(args: &HeadArgs, printer: &Printer) -> Result<Exit, Failure> {
    let folder = &args.folder.ledger;
    let reading = read(folder)?;
    let damaged = !reading.defects.is_empty();
    let checkpoint = reading.checkpoint.filter(|_| !damaged).ok_or_else(|| {
        Failure::new(
            Exit::Incomplete,
            format!("`{}` does not hold together, so its head means nothing", folder.display()),
        )
        .hint(format!("chatseal ledger status {}", folder.display()))
    })?;
    let head = checkpoint.head();
    let heads = Heads { head: head.to_string(), head_sha256: head.full(), checkpoint: checkpoint.text() };
    printer.answer("ledger-head", Exit::Ok, &heads, || {
        format!("{}\n{}\n\n{}", heads.head, heads.head_sha256, heads.checkpoint)
    });
    Ok(Exit::Ok)
}
