//! `chatseal compare`: what changed, was altered or vanished in a source since it was sealed.

mod archives;
mod contents;
mod coverage;
mod document;
mod evidence;
mod table;
mod text;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{ValueEnum, ValueHint};

use self::archives::Series;
use self::coverage::Coverage;
use super::environment;
use super::exit::Exit;
use super::export::{failures, source};
use super::failure::Failure;
use super::manual::Manual;
use super::printer::{Printer, count};
use super::progress::watch;
use super::reading::{Reading, understood};
use crate::chain::compare::{CompareError, Comparing, Comparison, Ground};
use crate::chain::difference::Habit;
use crate::chain::{Index, IndexError};
use crate::select::{Selection, Source, SourceError};
use crate::source::Work;
use crate::source::catalogue::{TABLES, rank};

/// Say what changed, was altered or vanished in a source since it was sealed
///
/// Reads the source as `chatseal export` with the same flags would, and holds each record against the newest version in the
/// archives. A record that differs has changed if its own clock says so (`update_at`); if that stands still, somebody went
/// past the server, and it counts as altered. What was sealed and is not in the source has vanished; what was never
/// sealed but is older than what was, and within what the archives cover, was inserted.
///
/// The archives are checked first, apart from their signatures: for those, use `chatseal verify`. Nothing is written.
/// With `--team`, `--channel` or `--user` nobody can say whether what is not read has vanished, and it is counted as not
/// covered; with `--since` or `--until` this is so for what lies outside of the window.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archives, or folders of archives, in any order
    #[arg(value_name = "ARCHIVE", required = true, num_args = 1.., value_hint = ValueHint::AnyPath)]
    archives: Vec<PathBuf>,
    /// What to read: a database (`postgres://…`, `mysql://…`), a `pg_dump` file, or a bulk export
    #[arg(value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    source: PathBuf,
    #[command(flatten)]
    reading: Reading,
    /// Tell the values of fields that differ, messages included, and not their names alone
    #[arg(long, help_heading = "Output")]
    show: bool,
    /// How to report; `--json` is the same as `--format json`
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Output")]
    format: Format,
}

/// Shapes of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One screen for people
    Text,
    /// One document
    Json,
    /// One line for each finding, for a spreadsheet
    Csv,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "nothing was altered, vanished or inserted"),
        (Exit::FailedCheck, "something was"),
        (Exit::Usage, "a flag is invalid, or archives and source have no ids in common"),
        (Exit::Exceptions, "nothing was, but rows of the source could not be read"),
        (Exit::Unavailable, "an archive or the source could not be used"),
        (Exit::Refused, "an archive is not intact, so nothing can be held against it"),
    ],
    files: &[],
    examples: &[
        (
            "What became of what was sealed last week",
            "chatseal compare week-46.zip postgres://chatseal@db.example.org/mattermost",
        ),
        (
            "All archives of a folder against a dump, with the values that differ",
            "chatseal compare archives mattermost.sql.zst --show",
        ),
        ("The findings as a spreadsheet", "chatseal compare archives export.zip --format csv > findings.csv"),
    ],
    see_also: &["chatseal-export(1)", "chatseal-verify(1)", "chatseal-show(1)", "chatseal-archive(5)"],
};

impl Args {
    /// Whether the answer is to be one JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("cannot read temporary files back")]
    Temporary(#[from] std::io::Error),
}

/// What came of it, and rows of each kind that could not be read.
struct Compared {
    comparison: Comparison,
    unreadable: BTreeMap<&'static str, u64>,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let (asked, now) = (args.reading.asked()?, args.reading.time()?);
    let opened = args.reading.threads.run(|| watch(printer, |progress| Series::open(&args.archives, progress)))?;
    let series = opened?;
    for warning in &series.warnings {
        printer.warn(warning);
    }
    let source = source::open(&args.source, &args.reading, printer.stop())?;
    series.require_ids_of(&source, &args.source)?;
    printer.note(format!(
        "archives   {}\nsource     {}\n{}\n  written   nothing",
        series.described(),
        source::described(&source, &args.source),
        understood(&asked),
    ));
    let made = args.reading.threads.run(|| {
        watch(printer, |progress| -> Result<Compared, Trouble> {
            let temporary = environment::temporary();
            let work = Work { threads: rayon::current_num_threads(), temporary: &temporary, progress };
            let folder = tempfile::tempdir_in(&temporary)?;
            progress.phase("indexing");
            let clocks = |kind: &str| habit(kind).clock;
            let (index, _) = Index::open(folder.path(), &series.links, &clocks, progress)?;
            progress.phase("reading");
            progress.expect(source.size());
            let mut selection = source.select(&asked, &work)?;
            let coverage = Coverage::of(&source.describe(&[], &selection, &asked, None));
            let is_read = |kind: &str, at| coverage.is_read(kind, at, &asked, &args.reading);
            let ground = Ground {
                links: &series.links,
                reaches: &series.reaches,
                habit: &habit,
                is_read: &is_read,
                absent: &coverage.absent,
                now,
                show: args.show,
                temporary: &temporary,
                progress,
            };
            let comparison = compare(&index, ground, &mut selection, &work)?;
            Ok(Compared { comparison, unreadable: unreadable(&selection) })
        })
    })?;
    let Compared { comparison, unreadable } = made.map_err(|trouble| failure_of(&args.source, &source, trouble))?;
    for (kind, rows) in &unreadable {
        printer.warn(format!("{} rows of kind `{kind}` could not be read; they may count as vanished", count(*rows)));
    }
    let exit = match (comparison.is_sound(), unreadable.is_empty()) {
        (false, _) => Exit::FailedCheck,
        (true, false) => Exit::Exceptions,
        (true, true) => Exit::Ok,
    };
    if args.format == Format::Csv && !printer.is_json() {
        let csv = table::render(&comparison, &series).map_err(|error| Failure::of(Exit::Internal, error))?;
        printer.data(csv);
        return Ok(exit);
    }
    let document = document::Document::new(&comparison, &series);
    printer.answer("compare", exit, &document, || text::render(printer, &comparison, &series, exit));
    Ok(exit)
}

/// Streams the source past the index.
fn compare(
    index: &Index,
    ground: Ground<'_>,
    selection: &mut Selection<'_>,
    work: &Work<'_>,
) -> Result<Comparison, Trouble> {
    let completed = contents::complete(selection, work)?;
    work.progress.phase("comparing");
    let mut comparing = Comparing::new(index, ground)?;
    let mut lines = selection.records(completed)?;
    while let Some(item) = lines.advance()? {
        comparing.take(item.line)?;
        work.progress.add(item.line.len() as u64);
        work.progress.check().map_err(CompareError::from)?;
    }
    Ok(comparing.finish()?)
}

/// How records of a kind change, by the catalogue.
fn habit(kind: &str) -> Habit {
    let table = rank(kind).and_then(|rank| TABLES.get(usize::from(rank)));
    table.map_or_else(Habit::default, |table| Habit {
        // What is not a counter moves this clock.
        clock: table.clock.or_else(|| (!table.counters.is_empty()).then_some("update_at")),
        events: table.events,
        counters: table.counters,
        is_history: table.window == crate::source::catalogue::Windowing::Own,
    })
}

fn unreadable(selection: &Selection<'_>) -> BTreeMap<&'static str, u64> {
    let rows = selection.equation().into_iter().filter(|row| row.quarantined > 0);
    rows.map(|row| (crate::source::catalogue::table(row.rank).kind, row.quarantined)).collect()
}

fn failure_of(given: &std::path::Path, source: &Source, trouble: Trouble) -> Failure {
    let _ = source;
    match trouble {
        Trouble::Source(error) => failures::of_source(given, error),
        Trouble::Index(error) | Trouble::Compare(CompareError::Index(error)) => archives::of_index(error),
        // A live database is read while it is compared.
        Trouble::Temporary(error) => match error.downcast::<crate::source::tables::TablesError>() {
            Ok(error) => failures::of_source(given, error.into()),
            Err(error) => Failure::of(Exit::Unavailable, error).context("cannot keep temporary files"),
        },
        Trouble::Compare(error) => Failure::of(Exit::Unavailable, error),
    }
}
