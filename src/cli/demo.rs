//! `chatseal demo`: the whole life of an archive, on built-in data.

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use clap::ValueHint;
use std::path::PathBuf;

/// Show the whole life of an archive on built-in data
///
/// Writes a small export of an invented harbour authority's server, makes a key, seals the export, verifies the
/// archive, flips one byte in a copy and verifies that: each command is printed as you would type it, then run. It needs
/// nothing but a folder, and it doubles as a test of the installation: it ends with exit 0 only if every step did what
/// it should.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Folder to work in, which must not exist or be empty; a fresh one, whose name is printed, if absent
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "every step did what it should"),
        (Exit::Unavailable, "the folder could not be written"),
        (Exit::Refused, "the folder is not empty; nothing was touched"),
    ],
    files: &[],
    examples: &[("Run it in a folder of that name", "chatseal demo harbour")],
    see_also: &["chatseal-export(1)", "chatseal-verify(1)"],
};

/// Runs the command.
pub(super) fn run(_args: &Args, _printer: &Printer) -> Result<Exit, Failure> {
    Err(Failure::new(Exit::Internal, "demo is not built yet"))
}
