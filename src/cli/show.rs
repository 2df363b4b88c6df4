//! `chatseal show`: what an archive claims.

mod claims;
mod record;
mod thread;

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::opening;
use super::printer::{Printer, harmless};
use super::progress;
use crate::archive::walk::Walk;
use crate::produce::ProduceError;
use crate::record::id::Name;
use claims::Claims;
use clap::ValueHint;
use serde::Serialize;
use std::io;
use std::path::PathBuf;
use thread::Thread;

/// Show what an archive claims, or one of its records
///
/// Prints the seal, the counts of each kind and the exceptions. With a record's id it prints that record, and of a post
/// its thread: every post in it, with earlier versions, deletions, attachments and reactions. Showing is not verifying:
/// what is printed is what the archive says about itself, and the output says so.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archive to look into
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    pub(super) archive: PathBuf,
    /// Record to print, by its id, or as KIND/ID
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
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let archive = opening::safely(&args.archive)?;
    let unreadable = |error: io::Error| {
        Failure::of(Exit::Unavailable, error).context(format!("cannot read `{}`", args.archive.display()))
    };
    let name = harmless(&args.archive.display().to_string()).into_owned();
    match &args.record {
        None => {
            let claims = Claims::read(&archive).map_err(unreadable)?;
            printer.answer("show", Exit::Ok, &claims, || claims.text(printer, &name));
            Ok(Exit::Ok)
        }
        Some(id) => {
            let walked = |error| opening::unusable(error).context(format!("cannot read `{}`", args.archive.display()));
            let (found, thread) = progress::watch(printer, |progress| {
                let mut found = record::find(&Walk::new(&archive, progress)?, Name::new(id))?;
                record::resolve(&mut found, &archive)?;
                let thread = Thread::of(found.iter().map(record::Record::line), &archive, progress)?;
                Ok::<_, ProduceError>((found, thread))
            })
            .map_err(walked)?;
            if found.is_empty() {
                let message = format!("no record `{}` in `{}`", harmless(id), args.archive.display());
                return Err(Failure::new(Exit::FailedCheck, message));
            }
            let document = Found { verified: false, records: &found, thread: thread.as_ref() };
            printer.answer("show", Exit::Ok, &document, || {
                let thread = thread.as_ref().map(|thread| thread.text(printer)).unwrap_or_default();
                record::text(&found) + &thread
            });
            Ok(Exit::Ok)
        }
    }
}

/// The records with the id that was asked for.
#[derive(Serialize)]
struct Found<'a> {
    verified: bool,
    records: &'a [record::Record],
    /// The thread that a post of this id belongs to, or is an earlier version in.
    #[serde(skip_serializing_if = "Option::is_none")]
    thread: Option<&'a Thread>,
}
