//! `chatseal search`: which records say it, by whom, where and when.

mod report;

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::opening;
use super::printer::{Printer, count, harmless};
use super::progress;
use super::threads::Threads;
use crate::archive::walk::{Walk, WalkError};
use crate::produce::scope::Asked;
use crate::produce::{Directory, Scope};
use crate::progress::Progress;
use crate::record::time::{self, Millis, Window};
use crate::search::{Part, Pattern, Query, search};
use clap::{ValueEnum, ValueHint};
use report::{Names, Report};
use std::collections::HashSet;
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

/// Most records in one JSON document, which has to be made in memory.
const MOST_IN_DOCUMENT: u64 = 100_000;

/// Search archives for what was said, by whom, where and when
///
/// Looks into the values of all fields of each record, texts and numbers, also inside embedded JSON; names of fields and
/// what a policy decided are not searched. A pattern is found however the record spells it: quotation marks, line breaks
/// and letters beyond ASCII are compared as the characters that they are. Without a pattern every record that the other
/// flags admit is found.
///
/// The last argument is the pattern, unless it names a file; `--pattern` says it without doubt. Searching is not
/// verifying: what is found is what the archive says.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help(), override_usage = "chatseal search [OPTIONS] <ARCHIVE>... [PATTERN]")]
pub(super) struct Args {
    /// Archives to search, and behind them what to look for
    #[arg(value_name = "ARCHIVE", required = true, value_hint = ValueHint::FilePath)]
    what: Vec<OsString>,
    /// What to look for, if it could be taken for a file
    #[arg(long, value_name = "PATTERN", help_heading = "Pattern", allow_hyphen_values = true)]
    pattern: Option<String>,
    /// Take the pattern for a regular expression, to be found within one field
    #[arg(long, help_heading = "Pattern")]
    regex: bool,
    /// Find the pattern in upper and lower case alike
    #[arg(long, help_heading = "Pattern")]
    ignore_case: bool,
    /// Search records of this kind, such as `post`; may be given several times
    #[arg(long, value_name = "KIND", help_heading = "Scope")]
    kind: Vec<String>,
    /// Keep what this user wrote, did or is a member of; may be given several times
    ///
    /// Records that name the user as their author, owner or maker, and the record of the user.
    #[arg(long, value_name = "NAME|EMAIL|ID", help_heading = "Scope")]
    user: Vec<String>,
    /// Keep what belongs to this channel; may be given several times
    #[arg(long, value_name = "TEAM/NAME|ID", help_heading = "Scope")]
    channel: Vec<String>,
    /// Keep what happened at or after this time
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`. What counts is when a record came
    /// into being, not when it was changed.
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    since: Option<Millis>,
    /// Keep what happened before this time
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    until: Option<Millis>,
    /// Stop when this many records were found
    #[arg(long, value_name = "N", help_heading = "Output")]
    limit: Option<NonZeroU64>,
    /// How to report; `--json` is the same as `--format json`
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    format: Option<Format>,
    #[command(flatten)]
    threads: Threads,
}

/// The form of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON document, of at most 100,000 records
    Json,
    /// One JSON object for each record, line by line
    Jsonl,
    /// One row for each field that matches, RFC 4180; cells that a spreadsheet would execute are neutralised
    Csv,
}

impl Args {
    /// Whether the results are the JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.format == Some(Format::Json)
    }
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "something was found"),
        (Exit::FailedCheck, "nothing was found, or a file is not an archive that can be read safely"),
        (Exit::Unavailable, "an archive could not be read"),
    ],
    files: &[],
    examples: &[
        ("Find what was said about a pump", "chatseal search 2026-11.zip pump --kind post"),
        (
            "Find a number in any spelling, with its context, as a table",
            "chatseal search 2026-10.zip 2026-11.zip --regex 'WO[- ]?[0-9]{5}' --format csv",
        ),
        (
            "List all that one user wrote in a channel in a week",
            "chatseal search 2026-11.zip --kind post --user anna --channel harbour/pumps --since 2026-11-09 --until 2026-11-16",
        ),
    ],
    see_also: &["chatseal-show(1)", "chatseal-verify(1)"],
};

/// Why a search ended.
enum Ended {
    Enough,
    Failed(WalkError),
}

impl From<WalkError> for Ended {
    fn from(error: WalkError) -> Self {
        Self::Failed(error)
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let (archives, text) = asked(args)?;
    let pattern = text.as_deref().map(|text| pattern(args, text)).transpose()?;
    let window = Window { from: args.since, until: args.until };
    if let (Some(from), Some(until)) = (args.since, args.until)
        && from >= until
    {
        return Err(Failure::new(Exit::Usage, "`--since` is not before `--until`, so the window is empty"));
    }
    let wanted = Asked { window, teams: Vec::new(), channels: args.channel.clone(), users: args.user.clone() };
    say_understood(args, printer, &archives, text.as_deref(), &wanted);
    let format = if printer.is_json() { Format::Json } else { args.format.unwrap_or(Format::Text) };
    let most = if format == Format::Json { MOST_IN_DOCUMENT } else { u64::MAX };
    let limit = args.limit.map_or(most, |limit| limit.get().min(most));
    let mut report = Report::new(printer, format, limit, archives.len() > 1);
    args.threads.run(|| {
        progress::watch(printer, |progress| {
            for path in &archives {
                let found = one(path, pattern.as_ref(), &wanted, args, printer, &mut report, progress);
                if !found? {
                    break;
                }
            }
            Ok::<_, Failure>(())
        })
    })??;
    Ok(report.finish())
}

/// Searches one archive; false if enough was found.
fn one(
    path: &Path,
    pattern: Option<&Pattern>,
    wanted: &Asked,
    args: &Args,
    printer: &Printer,
    report: &mut Report<'_>,
    progress: &Progress,
) -> Result<bool, Failure> {
    let context = || format!("cannot search `{}`", path.display());
    let archive = opening::safely(path)?;
    let unusable = |error| opening::unusable(error).context(context());
    let directory = Directory::read(&archive, progress).map_err(unusable)?;
    let scope = match Scope::resolve(wanted.clone(), &directory) {
        Ok(scope) => scope,
        Err(nobody) => {
            printer.warn(format!("`{}` is passed over: {}", path.display(), harmless(&nobody.to_string())));
            return Ok(true);
        }
    };
    let kinds: HashSet<String> = args.kind.iter().cloned().collect();
    let query = Query { pattern, kinds: &kinds, scope: &scope, directory: &directory };
    let walk = Walk::new(&archive, progress).map_err(|error| unusable(error.into()))?;
    progress.phase("searching");
    progress.expect(walk.bytes());
    let names = Names { archive: path, directory: &directory };
    let ended = search(walk, &query, |part: Part| if report.add(&names, part) { Ok(()) } else { Err(Ended::Enough) });
    match ended {
        Ok(()) => Ok(true),
        Err(Ended::Enough) => Ok(false),
        Err(Ended::Failed(error)) => Err(unusable(error.into())),
    }
}

/// Which of the arguments are archives, and what is looked for.
fn asked(args: &Args) -> Result<(Vec<PathBuf>, Option<String>), Failure> {
    let mut archives: Vec<PathBuf> = args.what.iter().map(PathBuf::from).collect();
    if args.pattern.is_some() || archives.len() < 2 {
        return Ok((archives, args.pattern.clone()));
    }
    let Some(last) = archives.pop_if(|last| !last.is_file()) else { return Ok((archives, None)) };
    let is_archive = last.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    let Some(text) = last.to_str().filter(|_| !is_archive) else {
        let message = format!("there is no file `{}`", last.display());
        return Err(Failure::new(Exit::Unavailable, message).hint("what to look for can be given with `--pattern`"));
    };
    Ok((archives, Some(text.to_owned())))
}

fn pattern(args: &Args, text: &str) -> Result<Pattern, Failure> {
    let pattern = if args.regex { Pattern::regex } else { Pattern::literal }(text, args.ignore_case);
    pattern.map_err(|error| Failure::of(Exit::Usage, error))
}

fn say_understood(args: &Args, printer: &Printer, archives: &[PathBuf], text: Option<&str>, wanted: &Asked) {
    let mut scope = Scope::default();
    scope.asked = wanted.clone();
    let what = match text {
        Some(text) if args.regex => format!("for the regular expression `{}`", harmless(text)),
        Some(text) => format!("for `{}`", harmless(text)),
        None => "for all records".to_owned(),
    };
    let plural = if archives.len() == 1 { "archive" } else { "archives" };
    let mut note = format!("searching {} {plural}, unverified, {what}", count(archives.len() as u64));
    if text.is_some() {
        note.push_str(", in the values of all fields");
    }
    for line in scope.words() {
        note.push_str("\n  ");
        note.push_str(&harmless(&line));
    }
    if !args.kind.is_empty() {
        note.push_str("\n  kinds ");
        note.push_str(&harmless(&args.kind.join(", ")));
    }
    printer.note(note);
}
