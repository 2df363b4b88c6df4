//! `chatseal timeline`: everything that happened, oldest first, each line leading back to a sealed record.

mod output;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueHint;

use super::clock;
use super::environment;
use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::{Printer, count, harmless};
use super::produce::{of_folder, of_produce};
use super::progress;
use super::scoping::{self, Scoping};
use super::standing::Checking;
use super::threads::Threads;
use super::zoning::Zoning;
use crate::produce::incident::Runs;
use crate::produce::timeline::{self, Form, Told};
use crate::produce::{Directory, Folder, ProduceError, Work};
use crate::record::time::{self, Millis};
use output::Output;

/// Tell everything that happened, in order, with the record that says so
///
/// Posts with their edits and deletions, files, reactions, acknowledgements, who came and went, playbook runs with their
/// tasks, status updates and owners, calls, logins, changes of roles and configuration, terms, holds, and what was found to
/// be purged: one list, ordered by time, then kind and id of the record. The forms are described in
/// chatseal-productions(5).
///
/// The archive of an incident also describes accounts, channels and teams that may be years older. What happened to them
/// before or after the archive's window is left out and counted, unless `--since` or `--until` ask for another window.
///
/// The archive is verified first; one that is not intact is refused. Without `--signers` nobody vouches for it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archive to tell from
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    archive: PathBuf,
    /// Form of the timeline
    #[arg(long, value_name = "TYPE", value_enum, default_value_t)]
    format: Format,
    /// File to write, which must not exist; of `html` a folder, which must not exist or be empty
    ///
    /// Without it the timeline goes to standard output; a page needs a folder.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    output: Option<PathBuf>,
    #[command(flatten)]
    checking: Checking,
    #[command(flatten)]
    zoning: Zoning,
    #[command(flatten)]
    scoping: Scoping,
    /// Time to date the production, instead of the clock's, so that it can be repeated
    #[arg(long, value_name = "MOMENT", value_parser = time::parse, help_heading = "Form", allow_hyphen_values = true)]
    as_of: Option<Millis>,
    #[command(flatten)]
    threads: Threads,
}

/// The form of a timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people: one line for each event
    #[default]
    Text,
    /// One JSON object for each event, as Timesketch reads it
    Jsonl,
    /// One row for each event, RFC 4180; cells that a spreadsheet would execute are neutralised
    Csv,
    /// A folder with a page to look at: lanes, figures, milestones; it opens from disk in any browser
    Html,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "told"),
        (Exit::FailedCheck, "the archive is not intact; nothing was written"),
        (Exit::Usage, "a flag is invalid, or the scope names what the archive does not describe; nothing was written"),
        (Exit::Untrusted, "--signers was given and the signer is not accepted; nothing was written"),
        (Exit::Unavailable, "the archive or the signers could not be read, or the output not be written"),
        (Exit::Refused, "the output exists and is not an empty folder; nothing was touched"),
    ],
    files: &[("PATH", "the timeline; while it is being written, PATH.partial lies beside it")],
    examples: &[
        ("Read what happened in an incident", "chatseal timeline incident.zip --signers allowed_signers"),
        (
            "Look at it: open index.html in a browser, from disk",
            "chatseal timeline incident.zip --signers allowed_signers --format html --output incident-timeline",
        ),
        (
            "Write one channel's day for Timesketch",
            "chatseal timeline incident.zip --format jsonl --output day.jsonl --channel ops/war-room \
             --since 2026-11-20 --until 2026-11-21",
        ),
    ],
    see_also: &["chatseal-produce(1)", "chatseal-search(1)", "chatseal-productions(5)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    if printer.is_json() && args.output.is_none() {
        let message = "`--json` answers with one document, so the timeline needs a place of its own";
        return Err(Failure::new(Exit::Usage, message).hint("add `--output PATH`, or leave out `--json`"));
    }
    let asked = args.scoping.asked()?;
    let time = args.as_of.unwrap_or_else(clock::now);
    let mut to = To::begin(args)?;
    let name = harmless(&args.archive.display().to_string()).into_owned();
    printer.note(format!("telling    `{name}`"));
    let told = args.threads.run(|| {
        progress::watch(printer, |progress| {
            let checked = args.checking.open(&args.archive, progress)?;
            let sealed = checked.told(printer)?;
            let directory = Directory::read(&checked.archive, progress).map_err(of_produce)?;
            let scope = scoping::told(asked, &directory, printer)?;
            let work = Work { sealed: &sealed, directory: &directory, scope: &scope, time, progress };
            let runs = Runs::read(&sealed, &directory, progress).map_err(of_produce)?;
            let told = to.tell(args, &work, &runs, printer);
            told.map_err(of_produce)
        })
    })??;
    to.finish()?;
    account(printer, args, &told);
    Ok(Exit::Ok)
}

/// Where a timeline goes.
enum To {
    Standard,
    File(Output),
    Folder(Folder),
}

impl To {
    /// Begins what was asked for, beside its place.
    fn begin(args: &Args) -> Result<Self, Failure> {
        match (args.format, &args.output) {
            (Format::Html, Some(path)) => Folder::begin(path).map(Self::Folder).map_err(of_folder),
            (Format::Html, None) => {
                let failure = Failure::new(Exit::Usage, "a page is a folder, so it needs a place");
                Err(failure.hint("add `--output DIR`"))
            }
            (_, Some(path)) => Output::begin(path).map(Self::File),
            (_, None) => Ok(Self::Standard),
        }
    }

    fn tell(&mut self, args: &Args, work: &Work<'_>, runs: &Runs, printer: &Printer) -> Result<Told, ProduceError> {
        let form = match args.format {
            Format::Jsonl => Form::Jsonl,
            Format::Csv => Form::Csv,
            Format::Text | Format::Html => Form::Text(args.zoning.zone),
        };
        match self {
            Self::Folder(folder) => timeline::page(work, runs, args.zoning.zone, folder),
            Self::File(output) => {
                let folder = output.folder().to_owned();
                timeline::lines(form, work, runs, &folder, |bytes| output.write(bytes))
            }
            Self::Standard => timeline::lines(form, work, runs, &environment::temporary(), |bytes| {
                printer.data(bytes);
                Ok(())
            }),
        }
    }

    /// Gives it its name.
    fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Standard => Ok(()),
            Self::File(output) => output.finish(),
            Self::Folder(folder) => folder.finish().map(drop).map_err(of_folder),
        }
    }
}

/// Says on stderr what was told, or answers with it where the timeline is a file.
fn account(printer: &Printer, args: &Args, told: &Told) {
    let mut text = String::new();
    for (sort, number) in &told.counts {
        let _ = writeln!(text, "  {:<16}{:>14}", sort.word(), count(*number));
    }
    let when = |at| time::format(at).unwrap_or_else(|| format!("ms:{at}"));
    let span = told.span.map(|(from, until)| [when(from), when(until)]);
    let _ = write!(text, "told {} events", count(told.events()));
    if let Some([from, until]) = &span {
        let _ = write!(text, ", from {from} to {until}");
    }
    if told.without_time > 0 {
        let _ = write!(text, "; {} more have a time that no calendar shows", count(told.without_time));
    }
    if told.left_out > 0 {
        let (out, beyond) =
            (count(told.left_out), "before or after the window of the archive only describe what others name");
        let _ = write!(text, "; {out} more {beyond} (--since tells them)");
    }
    let Some(path) = &args.output else { return printer.note(text) };
    let counts: serde_json::Map<_, _> =
        told.counts.iter().map(|(sort, count)| (sort.word().to_owned(), (*count).into())).collect();
    let body = serde_json::json!({
        "output": path.display().to_string(), "events": told.events(), "span": span, "counts": counts,
        "without_time": told.without_time, "left_out": told.left_out,
    });
    printer.answer("timeline", Exit::Ok, &body, || format!("{text}, in `{}`\n", harmless(&path.display().to_string())));
}
