//! `chatseal custody`: what changed hands, as signed statements in the ledger.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::ledger::failures::of_ledger;
use super::ledger::waiting::Wait;
use super::ledger::{said, signer};
use super::manual::Manual;
use super::printer::Printer;
use crate::archive::names::printable;
use crate::ledger::{Act, Said, Transfer, file_digest, unwatched};

/// State who handed what to whom
///
/// Chain of custody: each transfer of an archive, a key or a disk is a signed statement in the ledger, with the SHA-256
/// of what was handed over.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

/// What to do with custody.
#[derive(Debug, Subcommand)]
enum Command {
    Add(AddArgs),
}

/// State a transfer
///
/// The file is read and its SHA-256 stated, so that whoever received it can show that it is the one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_ADD.after_help())]
struct AddArgs {
    /// What is handed over
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,
    /// Folder of the ledger
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    ledger: PathBuf,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: PathBuf,
    /// From whom
    #[arg(long, value_name = "WHO", help_heading = "Transfer")]
    from: String,
    /// To whom
    #[arg(long, value_name = "WHO", help_heading = "Transfer")]
    to: String,
    /// In which way: on which medium, sealed how
    #[arg(long, value_name = "TEXT", help_heading = "Transfer")]
    how: String,
    /// Who decides
    #[arg(long, value_name = "WHO", help_heading = "Act")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT", help_heading = "Act")]
    why: Option<String>,
    /// Who agreed; may be given several times
    #[arg(long, value_name = "WHO", help_heading = "Act")]
    approved_by: Vec<String>,
    #[command(flatten)]
    wait: Wait,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "stated in the ledger"),
        (Exit::Usage, "what was given cannot stand in a statement"),
        (Exit::Incomplete, "the ledger does not hold together; nothing was appended"),
        (Exit::Unavailable, "the file, the ledger or the key could not be used"),
        (Exit::Locked, "another process appends"),
        (Exit::Refused, "another key signs this ledger"),
    ],
    files: &[],
    examples: &[(
        "State that an archive was handed to counsel",
        "chatseal custody add 2026-11.zip --ledger ledger --key seal.key --from operations --to counsel \\\n      --how stick-in-bag-1182 --by mia --why discovery",
    )],
    see_also: &["chatseal-ledger(1)", "chatseal-ledger(5)"],
};
const MANUAL_ADD: Manual = MANUAL;

/// What the page of a subcommand says.
pub(super) fn manual(word: &str) -> Option<Manual> {
    (word == "add").then_some(MANUAL_ADD)
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let Command::Add(args) = &args.command;
    let unreadable = |error: std::io::Error| {
        Failure::of(Exit::Unavailable, error).context(format!("cannot read `{}`", args.file.display()))
    };
    let object = file_digest(&args.file).map_err(unreadable)?;
    let name = args.file.file_name().map(|name| printable(&name.to_string_lossy())).unwrap_or_default();
    let transfer = Transfer {
        object,
        name,
        from: args.from.clone(),
        to: args.to.clone(),
        how: args.how.clone(),
        act: Act {
            by: args.by.clone(),
            why: args.why.clone().unwrap_or_default(),
            approved_by: args.approved_by.clone(),
        },
    };
    let signer = signer(&args.key)?;
    let mut ledger = args.wait.open(&args.ledger, printer)?;
    let said = Said::Custody(Box::new(transfer));
    let committed = ledger.state(said, &signer, &signer, clock::now(), &mut unwatched).map_err(of_ledger)?;
    said::answer(printer, "custody-add", &committed, &format!("the transfer to {} is stated", args.to));
    Ok(Exit::Ok)
}
