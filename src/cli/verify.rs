//! `chatseal verify`: does an archive still say what was sealed, and who says so?

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use super::threads::Threads;
use crate::record::time::{self, Millis};
use clap::{ValueEnum, ValueHint};
use std::path::PathBuf;

/// Check archives, completely, offline
///
/// Checks every byte, every record, the signatures and the chain between the archives given, in a fixed order, and
/// lists everything that is wrong: the first finding never ends the check. Each layer ends as PASS, FAIL or NOT
/// CHECKED; the last line is the verdict. It needs no network, writes nothing and trusts nothing inside the archive.
///
/// Without `--signers` nobody vouches for the bytes: they may be intact, but the exit is 4.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archives to check, or folders whose `.zip` files are checked together
    #[arg(value_name = "ARCHIVE|DIR", required = true, value_hint = ValueHint::AnyPath)]
    pub(super) archives: Vec<PathBuf>,
    /// Keys that may sign, as ssh-keygen reads them (`allowed_signers`)
    #[arg(long, value_name = "ALLOWED_SIGNERS", value_hint = ValueHint::FilePath, help_heading = "Trust")]
    pub(super) signers: Option<PathBuf>,
    /// Accept this signer only, out of those in the file
    #[arg(long, value_name = "NAME", requires = "signers", help_heading = "Trust")]
    pub(super) signer: Option<String>,
    /// Keys that are refused at any time: public keys line by line, or a key revocation list
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "signers", help_heading = "Trust")]
    pub(super) revoked: Option<PathBuf>,
    /// Time at which the signer must have been valid, instead of the one that the seal claims
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "TIME", value_parser = time::parse, requires = "signers", help_heading = "Trust", allow_hyphen_values = true)]
    pub(super) at: Option<Millis>,
    /// How to report; `--json` is the same as `--format json`
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    pub(super) format: Option<Format>,
    #[command(flatten)]
    pub(super) threads: Threads,
}

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

impl Args {
    /// Whether the report is the JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.format == Some(Format::Json)
    }
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "everything that was asked for was checked, and it is as sealed, by an accepted signer"),
        (Exit::FailedCheck, "an integrity finding, or a signature that does not verify"),
        (Exit::Untrusted, "bytes intact, but no --signers, or the signer is unknown, expired or revoked"),
        (Exit::Incomplete, "archives are intact, but the chain between them has a gap or a fork"),
        (Exit::Unavailable, "an archive or the signers could not be read"),
    ],
    files: &[("ALLOWED_SIGNERS", "one line for each key: names, options, key; see ssh-keygen(1), ALLOWED SIGNERS")],
    examples: &[
        ("Check an archive", "chatseal verify 2026-11.zip --signers allowed_signers"),
        ("Check a year of archives and the chain between them", "chatseal verify archives/ --signers allowed_signers"),
    ],
    see_also: &["chatseal-export(1)", "chatseal-archive(5)", "ssh-keygen(1)"],
};

/// Runs the command.
pub(super) fn run(_args: &Args, _printer: &Printer) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Internal, "verify is not built yet"))
}
