//! `chatseal ledger verify`: the ledger by itself, who signed it, and whether it is the one that was seen before.

use std::path::PathBuf;

use clap::ValueHint;
use serde::Serialize;

use super::Folder;
use super::memory::{Memory, read};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::{Mark, Printer, harmless};
use crate::cli::verify::{Ledger as Document, exit_of, ledger_text, read as read_file, revocation};
use crate::keys::AllowedSigners;
use crate::record::time::{self, Millis};
use crate::verify::{Ending, TrustPolicy, check_ledger};

/// Check a ledger without its archives
///
/// Every statement, signature and checkpoint; that its first key may sign statements; that it still holds what it held
/// when its head was written down. Whether an archive is missing is for `chatseal verify --ledger`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Keys that may sign, as ssh-keygen reads them (`allowed_signers`)
    #[arg(long, value_name = "ALLOWED_SIGNERS", value_hint = ValueHint::FilePath, help_heading = "Trust")]
    signers: Option<PathBuf>,
    /// Accept this signer only, out of those in the file
    #[arg(long, value_name = "NAME", requires = "signers", help_heading = "Trust")]
    signer: Option<String>,
    /// Keys that are refused at any time: public keys line by line, or a key revocation list
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "signers", help_heading = "Trust")]
    revoked: Option<PathBuf>,
    /// Time at which the signer must have been valid, instead of the one that the seal claims
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "TIME", value_parser = time::parse, requires = "signers", help_heading = "Trust", allow_hyphen_values = true)]
    at: Option<Millis>,
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
    let signers = args.signers.as_deref().map(read_file).transpose()?.map(|bytes| AllowedSigners::parse(&bytes));
    let revoked = args.revoked.as_deref().map(revocation).transpose()?;
    let policy = TrustPolicy {
        signers: signers.as_ref(),
        signer: args.signer.as_deref(),
        revoked: revoked.as_ref(),
        at: args.at,
        vouched: None,
    };
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
