//! `chatseal policy`: what policy and holds files say.
//!
//! [`load()`] is the one way in which any other command gets at them: it answers with a set that has no finding, or with a
//! failure, before a source is read.

mod applied;
mod check;
mod diff;
mod explain;
mod load;
mod server;
mod table;

pub use load::{Loaded, load, load_with};

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use clap::Subcommand;

/// Look at retention policies and legal holds
///
/// What must be kept, what may go and what is frozen stands in plain files, which these commands read: nothing is
/// decided by a flag. The language of the files is chatseal-policy(5).
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do with policies.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Check(check::Args),
    Explain(explain::Args),
    Diff(diff::Args),
    Server(server::Args),
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "nothing is wrong with the files"),
        (Exit::FailedCheck, "a file has findings"),
        (Exit::Unavailable, "a file could not be read"),
    ],
    files: &[],
    examples: check::MANUAL.examples,
    see_also: &["chatseal-policy-check(1)", "chatseal-policy(5)", "chatseal-export(1)"],
};

pub(super) const MANUAL_CHECK: Manual = check::MANUAL;
pub(super) const MANUAL_EXPLAIN: Manual = explain::MANUAL;
pub(super) const MANUAL_DIFF: Manual = diff::MANUAL;
pub(super) const MANUAL_SERVER: Manual = server::MANUAL;

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    match &args.command {
        Command::Check(args) => check::run(args, printer),
        Command::Explain(args) => explain::run(args, printer),
        Command::Diff(args) => diff::run(args, printer),
        Command::Server(args) => server::run(args, printer),
    }
}
