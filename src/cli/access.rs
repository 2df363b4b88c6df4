//! `chatseal access`: who could see a record, and what a person could see.

mod document;
mod table;
mod text;

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::opening;
use super::printer::{Printer, harmless};
use super::progress;
use super::standing::Checking;
use super::threads::Threads;
use crate::produce::access::{self, Seen};
use crate::produce::scope::Asked;
use crate::produce::{Directory, Scope, Work};
use crate::record::id::Name;
use crate::record::time::{self, Millis};
use clap::{ValueEnum, ValueHint};
use document::{Answer, Document};
use std::path::PathBuf;

/// Tell who could see a record, or what a person could see
///
/// From what the archive holds: the history of memberships, members and roles as they stood when it was sealed, teams,
/// schemes, changes of roles in the audits, boards, playbook runs. What is certain, because a record says it with its
/// time, is told apart from what is only known as it stood, and from what nobody can know; every line names the records
/// that it rests on. What the scope of the archive may have left out is said as well.
///
/// That somebody could see something does not say that he did; what shows that he did, such as an answer, a reaction or a
/// request in the audit log, is listed apart. The archive is verified first; one that is not intact is refused.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
#[group(id = "question", required = true, multiple = false, args = ["record", "user"])]
pub(super) struct Args {
    /// Archive to ask
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    archive: PathBuf,
    /// Who could see this record, named by its id or as KIND/ID: a post, a file, a reaction, a run, a board, any other
    #[arg(long, value_name = "RECORD-ID", help_heading = "Question", allow_hyphen_values = true)]
    record: Option<String>,
    /// What could this user see
    #[arg(long, value_name = "USER", help_heading = "Question", allow_hyphen_values = true)]
    user: Option<String>,
    /// Ask for this moment only, instead of all times
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "MOMENT", value_parser = time::parse, help_heading = "Question", allow_hyphen_values = true)]
    at: Option<Millis>,
    /// How to report; `--json` is the same as `--format json`
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, help_heading = "Output")]
    format: Format,
    #[command(flatten)]
    checking: Checking,
    #[command(flatten)]
    threads: Threads,
}

/// The form of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// One row for each person and time, RFC 4180; cells that a spreadsheet would execute are neutralised
    Csv,
}

impl Args {
    /// Whether the answer is the JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "answered, as far as the archive can; what it may lack is listed"),
        (Exit::FailedCheck, "the archive is not intact; nothing was answered"),
        (Exit::Usage, "a flag is invalid, or no record has the id, or no account has the name"),
        (Exit::Untrusted, "--signers was given and the signer is not accepted; nothing was answered"),
        (Exit::Unavailable, "the archive or the signers could not be read"),
    ],
    files: &[],
    examples: &[
        (
            "Tell who could see a post, in all its life",
            "chatseal access incident.zip --signers allowed_signers --record 4xp9fdt77pncbef59f4k1qe83o",
        ),
        (
            "Tell what a person could see at one moment",
            "chatseal access incident.zip --user anna --at 2026-03-03T02:30:00Z",
        ),
        (
            "List everybody who could fetch a file, for a spreadsheet",
            "chatseal access incident.zip --record 9wz1fdt77pncbef59f4k1qe83o --format csv",
        ),
    ],
    see_also: &["chatseal-show(1)", "chatseal-search(1)", "chatseal-verify(1)", "chatseal-archive(5)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    if args.at.is_some_and(|at| time::format(at).is_none()) {
        return Err(Failure::new(Exit::Usage, "`--at` lies outside the years 0000 to 9999"));
    }
    let format = if printer.is_json() { Format::Json } else { args.format };
    let name = harmless(&args.archive.display().to_string()).into_owned();
    args.threads.run(|| {
        progress::watch(printer, |progress| {
            let checked = args.checking.open(&args.archive, progress)?;
            printer.note(format!("asking     `{name}`: {}", question(args)));
            let sealed = checked.told(printer)?;
            let directory = Directory::read(&checked.archive, progress).map_err(opening::unusable)?;
            let scope = Scope::default();
            let work = Work { sealed: &sealed, directory: &directory, scope: &scope, time: sealed.seal.time, progress };
            let answer = answer(args, &work)?;
            let document = Document::new(&sealed, &directory, args.at, &answer);
            match format {
                Format::Csv => printer.data(table::csv(&document)),
                Format::Text | Format::Json => {
                    printer.answer("access", Exit::Ok, &document, || text::text(printer, &document));
                }
            }
            Ok(Exit::Ok)
        })
    })?
}

fn question(args: &Args) -> String {
    let at = args.at.and_then(time::format).map(|at| format!(" at {at}")).unwrap_or_default();
    match (&args.record, &args.user) {
        (Some(id), _) => format!("who could see `{}`{at}", harmless(id)),
        (None, user) => format!("what `{}` could see{at}", harmless(user.as_deref().unwrap_or_default())),
    }
}

fn answer(args: &Args, work: &Work<'_>) -> Result<Answer, Failure> {
    let Some(id) = &args.record else {
        let name = args.user.as_deref().unwrap_or_default();
        return Ok(Answer::User(seen(name, work, args.at)?));
    };
    let found = access::to_record(work, Name::new(id), args.at).map_err(opening::unusable)?;
    if found.is_empty() {
        let message = format!("no record `{}` in `{}`", harmless(id), args.archive.display());
        let hint = "`chatseal search ARCHIVE PATTERN` finds records, and prints their ids";
        return Err(Failure::new(Exit::Usage, message).hint(hint));
    }
    Ok(Answer::Record(found))
}

/// What somebody could see, by username, address or id; an account that is gone is known by the id that records name.
fn seen(name: &str, work: &Work<'_>, at: Option<Millis>) -> Result<Seen, Failure> {
    let asked = Asked { users: vec![name.to_owned()], ..Asked::default() };
    let of = |id: &str| access::of_user(work, id, at).map_err(opening::unusable);
    match Scope::resolve(asked, work.directory) {
        Ok(scope) => match scope.user_ids()[..] {
            [id] => of(id),
            ref ids => {
                let message = format!("`{}` fits {} accounts: {}", harmless(name), ids.len(), ids.join(", "));
                Err(Failure::new(Exit::Usage, message).hint("name the account by its id"))
            }
        },
        Err(nobody) => {
            let seen = if name.is_empty() {
                None
            } else {
                Some(access::of_user(work, name, None).map_err(opening::unusable)?)
            };
            match seen {
                Some(gone) if !gone.places.is_empty() || !gone.everything.is_empty() => of(name),
                _ => Err(Failure::of(Exit::Usage, nobody)),
            }
        }
    }
}
