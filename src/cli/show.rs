//! `chatseal show`: what an archive claims.

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use clap::ValueHint;
use std::path::PathBuf;

/// Show what an archive claims, or one of its records
///
/// Prints the seal, the counts of each kind and the exceptions. With a record's id it prints that record. Showing is
/// not verifying: what is printed is what the archive says about itself, and the output says so.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archive to look into
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    pub(super) archive: PathBuf,
    /// Record to print
    #[arg(value_name = "RECORD-ID")]
    pub(super) record: Option<String>,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "shown"),
        (Exit::FailedCheck, "no record has this id, or the file is not an archive that can be read safely"),
        (Exit::Unavailable, "the archive could not be read"),
    ],
    files: &[],
    examples: &[
        ("Show what an archive claims", "chatseal show 2026-11.zip"),
        ("Show one record", "chatseal show 2026-11.zip s:9f86d081884c7d659a2feaa0c55ad015"),
    ],
    see_also: &["chatseal-verify(1)", "chatseal-extract(1)"],
};

/// Runs the command.
pub(super) fn run(_args: &Args, _printer: &Printer) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Internal, "show is not built yet"))
}
