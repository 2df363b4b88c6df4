//! `chatseal ledger rotate`: the old key names the new one.

use std::path::PathBuf;

use clap::ValueHint;

use super::failures::of_ledger;
use super::waiting::Wait;
use super::{EXITS, Folder};
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::Printer;
use crate::ledger::{Said, unwatched};

/// Let the old key name a new one
///
/// Appends a statement, signed by the old key, from which on the new key signs; the new key signs the checkpoint behind
/// it. Verifiers that accept the first key of the ledger then accept the new one from that place on, and the old one up
/// to it: positions decide, not clocks.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    ///
    /// The old key, which signs the statement that names the new one.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: PathBuf,
    /// Private key that signs from now on, or the public key of one that the running ssh-agent holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    new_key: PathBuf,
    /// Number of the statement from which on the old key may have been in other hands
    ///
    /// What it signed from there on is then no longer accepted.
    #[arg(long, value_name = "NUMBER")]
    compromised_since: Option<u64>,
    #[command(flatten)]
    wait: Wait,
}

pub(super) const MANUAL: Manual = Manual {
    exits: EXITS,
    files: &[],
    examples: &[("Rotate the key", "chatseal ledger rotate ledger --key seal.key --new-key next.key")],
    see_also: &["chatseal-ledger(5)", "chatseal-keygen(1)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let (old, new) = (super::signer(&args.key)?, super::signer(&args.new_key)?);
    let mut ledger = args.wait.open(&args.folder.ledger, printer)?;
    let now = clock::now();
    ledger.settle(&old, now, &mut unwatched).map_err(of_ledger)?;
    if args.compromised_since.is_some_and(|since| since > ledger.next()) {
        let message = format!("`--compromised-since` lies behind the newest statement, {}", ledger.next());
        return Err(Failure::new(Exit::Usage, message));
    }
    let said = Said::Key { key: new.public_key(), compromised_since: args.compromised_since };
    let committed = ledger.state(said, &old, &new, now, &mut unwatched).map_err(of_ledger)?;
    let words = format!("from number {} on, {} signs", committed.number + 1, new.public_key().fingerprint());
    super::said::answer(printer, "ledger-rotate", &committed, &words);
    Ok(Exit::Ok)
}
