//! `chatseal plan`: what an export would contain and what would be due, before anything is written.

mod document;
mod table;
mod text;

use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use super::environment;
use super::exit::Exit;
use super::export::{failures, judging, source};
use super::failure::Failure;
use super::manual::Manual;
use super::policy::load;
use super::printer::Printer;
use super::progress::watch;
use super::reading::{Reading, understood};
use crate::record::time;
use crate::select::SourceError;
use crate::select::judge::Judge;
use crate::select::plan::Plan;
use crate::source::Work;

/// Say what an export would contain and what would be due
///
/// Reads the source as `chatseal export` with the same flags would, decides about every record, and counts: by rule,
/// kind, team, channel and month, and what each hold covers and saves. Nothing is written, signed or sealed, and the
/// bytes of attachments are not read.
///
/// A record that is due for disposal would be withheld from the archive; it is still in the source, because chatseal
/// deletes nothing. What the server deletes by itself, `chatseal policy server` tells.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// What to read: a database (`postgres://…`, `mysql://…`), a `pg_dump` file, or a bulk export
    #[arg(value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    source: PathBuf,
    /// Retention policy to apply; may be given several times
    ///
    /// Each record says in the archive what was decided about it. What a rule lets go and nothing keeps is not exported,
    /// but counted and listed. The file is sealed byte for byte; see chatseal-policy(5).
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Retention")]
    policy: Vec<PathBuf>,
    /// File of legal holds to honour; may be given several times
    ///
    /// What a hold in force covers is never withheld. Holds of the legal-hold plugin in the database are honoured as
    /// well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Retention")]
    holds: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// How to report; `--json` is the same as `--format json`
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Output")]
    format: Format,
    /// Taken and not used, so that the command line of an export can be planned
    #[arg(long, value_name = "UNUSED", hide = true)]
    key: Option<PathBuf>,
    /// Taken and not used, so that the command line of an export can be planned
    #[arg(long, value_name = "UNUSED", hide = true)]
    output: Option<PathBuf>,
    /// Taken and not used, so that the command line of an export can be planned
    #[arg(long, value_name = "UNUSED", hide = true)]
    origin: Option<String>,
    /// Taken and not used, so that the command line of an export can be planned
    #[arg(long, value_name = "UNUSED", hide = true)]
    previous: Option<PathBuf>,
    /// Taken and not used, so that the command line of an export can be planned
    #[arg(long, value_name = "UNUSED", hide = true)]
    salt_from: Option<PathBuf>,
}

/// Shapes of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One screen for people
    Text,
    /// One document
    Json,
    /// One line for each group, for a spreadsheet
    Csv,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "the plan stands on stdout"),
        (Exit::Usage, "a flag, a policy or a holds file is invalid; the source was not read"),
        (Exit::Exceptions, "the plan stands on stdout, but rows of the source could not be read"),
        (Exit::Unavailable, "the source could not be used"),
    ],
    files: &[],
    examples: &[
        ("What a policy would let go", "chatseal plan export.zip --policy policies/gdpr-minimal.toml"),
        (
            "The same of a database, with holds, as a spreadsheet",
            "chatseal plan postgres://chatseal@db.example.org/mattermost --policy retention.toml \\\n      --holds holds.toml --format csv > plan.csv",
        ),
    ],
    see_also: &["chatseal-export(1)", "chatseal-policy(1)", "chatseal-policy(5)"],
};

impl Args {
    /// Whether the answer is to be one JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = load(&args.policy, &args.holds)?;
    let (asked, now) = (args.reading.asked()?, args.reading.time()?);
    let source = source::open(&args.source, &args.reading, printer.stop())?;
    let is_judged = !args.policy.is_empty() || !args.holds.is_empty();
    let names: Vec<String> = loaded.set.policies.iter().map(|policy| policy.id.clone()).collect();
    printer.note(format!(
        "source     {}\n{}{}\n  written   nothing",
        source::described(&source, &args.source),
        understood(&asked),
        judging::understood(&loaded.set, now),
    ));
    let temporary = environment::temporary();
    let made = args.reading.threads.run(|| {
        watch(printer, |progress| -> Result<(Plan, Vec<String>), SourceError> {
            let work = Work { threads: rayon::current_num_threads(), temporary: &temporary, progress };
            let (judge, unknown) = Judge::new(&source, loaded.set, now, &work)?;
            progress.phase("reading");
            progress.expect(source.size());
            let selection = source.select(&asked, &work)?;
            progress.phase("counting");
            let plan = Plan::of(selection, &judge, &work).map_err(SourceError::Temporary)?;
            let evaluator = judge.evaluator();
            let custody = evaluator
                .holds_from_current_members()
                .into_iter()
                .map(|(hold, number)| judging::custody_sentence(hold, number));
            let warnings = unknown.iter().map(judging::sentence).chain(custody).collect();
            Ok((plan, warnings))
        })
    })?;
    let (plan, warnings) = made.map_err(|error| failures::of_source(&args.source, error))?;
    for warning in warnings {
        printer.warn(warning);
    }
    let has_gaps = plan.equation.iter().any(|row| row.quarantined > 0);
    let exit = if has_gaps { Exit::Exceptions } else { Exit::Ok };
    if args.format == Format::Csv && !printer.is_json() {
        let csv = table::render(&plan).map_err(|error| Failure::of(Exit::Internal, error))?;
        printer.data(csv);
        return Ok(exit);
    }
    let policies = names.iter().map(String::as_str).collect();
    let document = document::Document::new(&plan, policies, time::format(now));
    printer.answer("plan", exit, &document, || text::render(printer, &plan, is_judged, exit));
    Ok(exit)
}
