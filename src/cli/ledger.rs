//! `chatseal ledger`: the chain across runs.

mod begin;
mod check;
pub(super) mod failures;
pub(super) mod memory;
mod rebuild;
mod rotate;
pub(super) mod said;
mod status;
pub(super) mod waiting;
pub(super) mod witness;

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use crate::keys::Signer;

/// Keep the log of everything that was sealed
///
/// A ledger is a folder on the host that seals: an append-only log of seals and of statements such as legal holds. Its
/// head, a short line, stands for all of it. Whoever wrote a head down can tell later whether an archive is missing,
/// was exchanged, or whether history was rewritten. Copy the folder often; the copies are evidence too.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

/// What to do with a ledger.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    Init(begin::Args),
    Status(status::Args),
    Verify(check::Args),
    Head(status::HeadArgs),
    Rotate(rotate::Args),
    Rebuild(rebuild::Args),
    Request(witness::RequestArgs),
    Cosign(witness::CosignArgs),
    Attach(witness::AttachArgs),
}

/// The folder of a ledger, as an argument.
#[derive(Debug, clap::Args)]
pub(super) struct Folder {
    /// Folder of the ledger
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) ledger: PathBuf,
}

const EXITS: &[(Exit, &str)] = &[
    (Exit::Ok, "done"),
    (Exit::Incomplete, "the ledger does not hold together; nothing was appended"),
    (Exit::Unavailable, "the ledger or the key could not be used"),
    (Exit::Locked, "another process appends"),
    (Exit::Refused, "another key signs this ledger, or something stands there already"),
];

pub(super) const MANUAL: Manual = Manual {
    exits: EXITS,
    files: &[("DIR", "the ledger; see chatseal-ledger(5)")],
    examples: &[
        ("Begin a ledger", "chatseal ledger init ledger --origin chat.example.org/audit --key seal.key"),
        ("Write its head down", "chatseal ledger head ledger"),
    ],
    see_also: &["chatseal-ledger(5)", "chatseal-export(1)", "chatseal-verify(1)"],
};

/// What the page of a subcommand says.
pub(super) fn manual(word: &str) -> Option<Manual> {
    Some(match word {
        "init" => begin::MANUAL,
        "status" => status::MANUAL,
        "verify" => check::MANUAL,
        "head" => status::MANUAL_HEAD,
        "rotate" => rotate::MANUAL,
        "rebuild" => rebuild::MANUAL,
        "request" => witness::MANUAL_REQUEST,
        "cosign" => witness::MANUAL_COSIGN,
        "attach" => witness::MANUAL_ATTACH,
        _ => return None,
    })
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    match &args.command {
        Command::Init(args) => begin::run(args, printer),
        Command::Status(args) => status::run(args, printer),
        Command::Verify(args) => check::run(args, printer),
        Command::Head(args) => status::head(args, printer),
        Command::Rotate(args) => rotate::run(args, printer),
        Command::Rebuild(args) => rebuild::run(args, printer),
        Command::Request(args) => witness::request(args, printer),
        Command::Cosign(args) => witness::cosign(args, printer),
        Command::Attach(args) => witness::attach(args, printer),
    }
}

/// Opens the key that signs for a ledger now.
pub(super) fn signer(key: &Path) -> Result<Signer, Failure> {
    super::keys::open_signer(key, super::clock::now())
}
