//! `chatseal keys`: what a key file holds.

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use clap::{Subcommand, ValueHint};
use std::path::PathBuf;

/// Look at keys
///
/// Whoever verifies needs the public key in the spelling that their tool reads. These commands show it in all of them
/// and never show a private key.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Show(ShowArgs),
}

/// Print every spelling of a public key
///
/// Prints the fingerprint, the OpenSSH line, the PEM, the verifier key of a signed note, and a line for an
/// `allowed_signers` file. Of a private key only its public half is shown.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_SHOW.after_help())]
pub(super) struct ShowArgs {
    /// Public or private key: OpenSSH, PEM
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[(Exit::Ok, "the key is shown"), (Exit::Unavailable, "the file cannot be read or holds no key that seals")],
    files: &[],
    examples: &[("Print every spelling of a public key", "chatseal keys show seal.key.pub")],
    see_also: &["chatseal-keys-show(1)", "chatseal-keygen(1)"],
};

pub(super) const MANUAL_SHOW: Manual = Manual {
    exits: MANUAL.exits,
    files: &[],
    examples: MANUAL.examples,
    see_also: &["chatseal-keygen(1)", "chatseal-verify(1)", "ssh-keygen(1)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, _printer: &Printer) -> Result<Exit, Failure> {
    match &args.command {
        Command::Show(_args) => Err(Failure::new(Exit::Internal, "keys show is not built yet")),
    }
}
