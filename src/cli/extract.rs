//! `chatseal extract`: the bag, as a folder.

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::opening;
use super::printer::{Printer, count, harmless};
use super::progress;
use crate::archive::extract::{ExtractError, extract};
use clap::ValueHint;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Unpack an archive safely, to be checked with ordinary tools
///
/// Writes the bag that the archive holds as a folder. `data/README.txt` in it says how to check it by hand with
/// sha256sum, ssh-keygen and openssl. Names that could leave the folder, links and zip bombs are refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archive to unpack
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    pub(super) archive: PathBuf,
    /// Folder to write, which must not exist or be empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) output: PathBuf,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "unpacked"),
        (Exit::FailedCheck, "the file is not an archive that can be unpacked safely; nothing is left behind"),
        (Exit::Unavailable, "the archive could not be read, or the folder not be written"),
        (Exit::Refused, "the folder exists and is not empty; nothing was touched"),
    ],
    files: &[],
    examples: &[("Unpack an archive", "chatseal extract 2026-11.zip --output bag")],
    see_also: &["chatseal-verify(1)", "chatseal-archive(5)", "sha256sum(1)"],
};

/// What was unpacked.
#[derive(Serialize)]
struct Unpacked<'a> {
    output: &'a Path,
    files: u64,
    verified: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let archive = opening::safely(&args.archive)?;
    let files = progress::watch(printer, |progress| extract(&archive, &args.output, progress)).map_err(|error| {
        let exit = match error {
            ExtractError::Exists(_) => Exit::Refused,
            ExtractError::Unnamed(_) => Exit::Usage,
            ExtractError::Damaged { .. } => Exit::FailedCheck,
            ExtractError::Read { .. } | ExtractError::Write { .. } => Exit::Unavailable,
            ExtractError::Interrupted(_) => Exit::Interrupted,
        };
        let failure = Failure::of(exit, error).context(format!("cannot unpack `{}`", args.archive.display()));
        if exit == Exit::Refused { failure.hint("name another folder; nothing was touched") } else { failure }
    })?;
    let unpacked = Unpacked { output: &args.output, files, verified: false };
    printer.answer("extract", Exit::Ok, &unpacked, || {
        format!(
            "unpacked {} files into {}, unverified\nhow to check them by hand stands in data/README.txt\n",
            count(files),
            harmless(&args.output.display().to_string())
        )
    });
    Ok(Exit::Ok)
}
