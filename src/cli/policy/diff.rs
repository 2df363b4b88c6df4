//! `chatseal policy diff`: what a changed policy would keep or let go.

use std::path::PathBuf;

use clap::ValueHint;

use super::applied::{Applied, apply};
use super::load;
use super::table::Document;
use crate::cli::exit::Exit;
use crate::cli::export::judging;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::Printer;
use crate::cli::reading::Reading;
use crate::select::difference::{Change, Difference};
use crate::select::{Source, SourceError};
use crate::source::Work;

/// Say what a changed policy would keep or let go
///
/// Applies the old policy and the new one to the same records and counts what changes, by the rules that decide, with
/// examples: before the change is made, not after. Holds, if given, are honoured on both sides.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    /// Policy as it is
    #[arg(value_name = "OLD", value_hint = ValueHint::FilePath)]
    old: PathBuf,
    /// Policy as it is to be
    #[arg(value_name = "NEW", value_hint = ValueHint::FilePath)]
    new: PathBuf,
    /// What to read: a database (`postgres://…`, `mysql://…`), a `pg_dump` file, or a bulk export
    #[arg(long, value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    source: PathBuf,
    /// File of legal holds to honour; may be given several times
    ///
    /// What a hold in force covers is never withheld. Holds of the legal-hold plugin in the database are honoured as
    /// well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Retention")]
    holds: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "the difference stands on stdout; it may be none"),
        (Exit::Usage, "a policy or a holds file is invalid; the source was not read"),
        (Exit::Unavailable, "the source could not be used"),
    ],
    files: &[],
    examples: &[(
        "What a shorter period would let go",
        "chatseal policy diff retention.toml shorter.toml --source mattermost.sql",
    )],
    see_also: &["chatseal-plan(1)", "chatseal-policy(1)", "chatseal-policy(5)"],
};

/// Changes in the order in which they are told, each with its meaning.
const CHANGES: [(Change, &str); 5] = [
    (Change::LetGo, "would be let go: kept by the old policy, due for disposal by the new"),
    (Change::Kept, "would be kept: due for disposal by the old policy, not by the new"),
    (Change::Treated, "would be treated otherwise: kept, held, reviewed or transferred instead"),
    (Change::Sooner, "would become due sooner; nothing changes today"),
    (Change::Later, "would become due later or never; nothing changes today"),
];

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    // Each policy by itself: they may have the same ids.
    let old = load(std::slice::from_ref(&args.old), &args.holds)?;
    let new = load(std::slice::from_ref(&args.new), &args.holds)?;
    let now = args.reading.time()?;
    let said = format!("{}\n  against{}", judging::understood(&old.set, now), judging::understood(&new.set, now));
    let sets = |_: &Source, _: &Work<'_>| Ok(vec![old.set, new.set]);
    let answer = |applied: Applied<'_>, work: &Work<'_>| match applied.judges.as_slice() {
        [old, new] => Difference::of_policies(applied.selection, old, new, work).map_err(SourceError::Temporary),
        _ => Ok(Difference::default()),
    };
    let difference = apply(&args.source, &args.reading, sets, &said, printer, answer)?;
    let document = Document::new(&difference, &CHANGES, ["by the old policy", "by the new"]);
    printer.answer("policy-diff", Exit::Ok, &document, || document.text());
    Ok(Exit::Ok)
}
