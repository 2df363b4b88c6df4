//! `chatseal ledger init`: an empty ledger, whose first statement says which key signs.

use std::path::PathBuf;

use clap::ValueHint;
use serde::Serialize;

use super::failures::{holder, of_ledger};
use super::{EXITS, Folder};
use crate::archive::seal::Origin;
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::{Printer, harmless};
use crate::ledger::{Ledger, unwatched};

/// Begin a ledger
///
/// Makes the folder, and in it a first statement that names the key. Keep the head that is printed somewhere else: on
/// paper, with the auditor.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Name of the log, such as `chat.example.org/audit`
    ///
    /// Seals carry it, and it never changes.
    #[arg(long, value_name = "NAME")]
    origin: String,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: PathBuf,
}

pub(super) const MANUAL: Manual = Manual {
    exits: EXITS,
    files: &[("DIR", "the ledger; see chatseal-ledger(5)")],
    examples: &[("Begin a ledger", "chatseal ledger init ledger --origin chat.example.org/audit --key seal.key")],
    see_also: &["chatseal-ledger(5)", "chatseal-keygen(1)", "chatseal-export(1)"],
};

/// What was begun.
#[derive(Serialize)]
struct Begun<'a> {
    ledger: String,
    origin: &'a str,
    head: String,
    head_sha256: String,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let origin = Origin::new(&args.origin).map_err(|error| Failure::of(Exit::Usage, error))?;
    let signer = super::signer(&args.key)?;
    let folder = &args.folder.ledger;
    let committed =
        Ledger::create(folder, &origin, &signer, clock::now(), &holder(), &mut unwatched).map_err(of_ledger)?;
    let begun = Begun {
        ledger: folder.display().to_string(),
        origin: origin.as_str(),
        head: committed.head.to_string(),
        head_sha256: committed.head.full(),
    };
    printer.answer("ledger-init", Exit::Ok, &begun, || {
        format!(
            "began the ledger `{}` of {}, signed by {}\nhead  {}\n",
            harmless(&begun.ledger),
            begun.origin,
            signer.public_key().fingerprint(),
            begun.head
        )
    });
    Ok(Exit::Ok)
}
