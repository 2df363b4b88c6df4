//! The command line: arguments become options of the core, what the core returns becomes a report and an exit code.
//!
//! Only here are the terminal, the environment, the clock and signals known; the core gets `now`, keys, paths and
//! progress as arguments. One file holds one command. Errors of the core are rendered once, at the edge ([`main`]).
//!
//! Invariant: no path through this module exits well without having done what was asked.

mod clock;
mod completions;
mod demo;
pub mod exit;
mod export;
mod extract;
pub mod failure;
mod keygen;
mod keys;
pub mod manual;
pub mod printer;
mod progress;
mod show;
mod threads;
mod verify;

use clap::{CommandFactory, Parser, Subcommand};
use exit::Exit;
use failure::Failure;
use printer::Printer;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Seal what was said in Mattermost into archives that a stranger can verify offline
///
/// chatseal turns an export of a Mattermost server into one signed zip file. Whoever holds that file, your public key
/// and nothing else can check, on a machine without a network, that no byte was changed, removed, added or reordered
/// after it was sealed, and read what could not be collected.
///
/// Begin with `chatseal demo`: it shows the whole life of an archive on built-in data.
#[derive(Debug, Parser)]
#[command(name = "chatseal", version, max_term_width = 100, after_long_help = MANUAL.after_help())]
pub struct Cli {
    #[command(flatten)]
    output: Output,
    #[command(subcommand)]
    command: Command,
}

/// Flags that every command takes.
#[derive(Debug, clap::Args)]
struct Output {
    /// Say nothing but data, warnings and errors
    #[arg(long, short, global = true, help_heading = "Output")]
    quiet: bool,
    /// Answer with exactly one JSON document on stdout, also for failures
    #[arg(long, global = true, help_heading = "Output")]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Keygen(keygen::Args),
    Keys(keys::Args),
    Export(export::Args),
    Verify(verify::Args),
    Show(show::Args),
    Extract(extract::Args),
    Completions(completions::Args),
}

/// What the page of the program itself says beyond its flags.
pub const MANUAL: manual::Manual = manual::Manual {
    exits: &[
        (Exit::Ok, Exit::Ok.meaning()),
        (Exit::FailedCheck, Exit::FailedCheck.meaning()),
        (Exit::Exceptions, Exit::Exceptions.meaning()),
        (Exit::Untrusted, Exit::Untrusted.meaning()),
        (Exit::Incomplete, Exit::Incomplete.meaning()),
        (Exit::Unavailable, Exit::Unavailable.meaning()),
        (Exit::Locked, Exit::Locked.meaning()),
        (Exit::Refused, Exit::Refused.meaning()),
    ],
    files: &[],
    examples: &[("See the whole life of an archive on built-in data", "chatseal demo")],
    see_also: &["chatseal-archive(5)"],
};

/// Runs the program on the process's own arguments, streams and signals.
pub fn main() -> Exit {
    let stop = Arc::new(AtomicBool::new(false));
    match Cli::try_parse_from(std::env::args_os().collect::<Vec<OsString>>()) {
        Ok(cli) => {
            let printer = Printer::terminal(cli.output.quiet, cli.output.json, stop);
            match cli.run(&printer) {
                Ok(exit) => printer.settle(exit),
                Err(failure) => printer.settle(printer.failure(&failure)),
            }
        }
        Err(error) => error.exit(),
    }
}

impl Cli {
    /// Does what was asked.
    pub fn run(self, printer: &Printer) -> Result<Exit, Failure> {
        match self.command {
            Command::Demo(args) => demo::run(&args, printer),
            Command::Keygen(args) => keygen::run(&args, printer),
            Command::Keys(args) => keys::run(&args, printer),
            Command::Export(args) => export::run(&args, printer),
            Command::Verify(args) => verify::run(&args, printer),
            Command::Show(args) => show::run(&args, printer),
            Command::Extract(args) => extract::run(&args, printer),
            Command::Completions(args) => completions::run(&args, printer),
        }
    }

    /// The definition of all commands and flags, for completions, man pages and tests.
    pub fn definition() -> clap::Command {
        Self::command()
    }
}
