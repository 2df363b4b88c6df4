//! `chatseal keygen`: a key pair that seals.

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use clap::ValueHint;
use std::path::PathBuf;

/// Make a key pair that seals archives
///
/// Writes the private key to PATH, readable by its owner only, and the public key in the two spellings that ssh-keygen
/// and openssl read. Prints its fingerprint and the line for the `allowed_signers` file of those who verify. Keep the
/// private key away from the server that is exported; give the public key to others before you need them to believe it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// File for the private key; it and the files of the public key must not exist
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) path: PathBuf,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "the three files are written"),
        (Exit::Unavailable, "a file could not be written; nothing is left behind"),
        (Exit::Refused, "one of the files exists; nothing was touched"),
    ],
    files: &[
        ("PATH", "private key: Ed25519, PKCS#8 v1 in PEM, mode 0600"),
        ("PATH.pub", "public key as OpenSSH spells it"),
        ("PATH.pub.pem", "public key as openssl spells it"),
    ],
    examples: &[("Make a key pair", "chatseal keygen seal.key")],
    see_also: &["chatseal-keys(1)", "chatseal-export(1)", "ssh-keygen(1)"],
};

/// Runs the command.
pub(super) fn run(_args: &Args, _printer: &Printer) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Internal, "keygen is not built yet"))
}
