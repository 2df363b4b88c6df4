//! `chatseal ledger verify`: the ledger by itself, who signed it, and whether it is the one that was seen before.

use serde::Serialize;

use super::Folder;
use super::memory::{Memory, read};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::{Mark, Printer, harmless};
use crate::cli::trust::{Trust, ValidAt};
use crate::cli::verify::{Ledger as Document, exit_of, ledger_text};
use crate::verify::{Ending, check_ledger};

/// Check a ledger without its archives
///
/// Every statement, signature and checkpoint; that its first key may sign statements; that it still holds what it held
/// when its head was written down. Whether an archive is missing is for `chatseal verify --ledger`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    folder: Folder,
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    valid_at: ValidAt,
    #[command(flatten)]
    memory: Memory,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "it holds together, by an accepted signer, and continues what was expected"),
        (Exit::Untrusted, "no --signers, or the first key is not accepted"),
        (Exit::Incomplete, "it does not hold together, was rolled back, rewritten, or is stale"),
        (Exit::Unavailable, "the ledger, the signers or the memory could not be read"),
    ],
    files: &[("FILE", "what --state names: the newest checkpoint that this verifier saw")],
    examples: &[(
        "Check that a ledger still holds what was written down",
        "chatseal ledger verify ledger --signers allowed_signers --expect-head 43-B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB-1V",
    )],
    see_also: &["chatseal-verify(1)", "chatseal-ledger-head(1)", "chatseal-ledger(5)"],
};

#[derive(Serialize)]
struct Answer {
    ledger: Document,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let trust = args.trust.loaded()?;
    let policy = trust.policy_at(args.valid_at);
    let asked = args.memory.asked(false)?;
    let reading = read(&args.folder.ledger)?;
    let unreadable =
        |error| Failure::of(Exit::Unavailable, anyhow::Error::from(error)).context("cannot read the ledger");
    let mut report = check_ledger(&reading, &mut [], &policy, &asked).map_err(unreadable)?;
    args.memory.remember(&reading, &mut report, &asked)?;
    let exit = exit_of(report.ending());
    printer.answer("ledger-verify", exit, &Answer { ledger: Document::new(&report) }, || {
        let mut out = String::new();
        ledger_text(&mut out, printer, &report);
        let (mark, words) = match report.ending() {
            Ending::Intact => (Mark::Good, format!("holds together, signed by {}", report.principals.join(", "))),
            Ending::Untrusted if report.findings.total() == 0 => {
                (Mark::Look, "holds together, signer not checked".to_owned())
            }
            Ending::Untrusted => (Mark::Look, "signer not accepted".to_owned()),
            _ => (Mark::Bad, format!("NOT SOUND, findings: {}", report.findings.total())),
        };
        out + &format!("verdict: {} ({})\n", printer.mark(mark, &harmless(&words)), exit.name())
    });
    Ok(exit)
}
