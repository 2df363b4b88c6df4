//! `chatseal extract`: the bag, as a folder.

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use clap::ValueHint;
use std::path::PathBuf;

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

/// Runs the command.
pub(super) fn run(_args: &Args, _printer: &Printer) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Internal, "extract is not built yet"))
}
