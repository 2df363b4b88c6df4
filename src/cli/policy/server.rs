//! `chatseal policy server`: the retention that the server is configured for, against ours.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

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
use crate::policy::server::{MAX_BYTES, Settings, policy};
use crate::policy::set::Set;
use crate::select::difference::{Change, Difference};
use crate::select::server::custom_policies;
use crate::select::{Source, SourceError};
use crate::source::Work;

/// Compare what the server deletes by itself with what should go
///
/// The server has a retention of its own: global periods in its configuration, and policies for teams and channels in
/// its tables. It weighs them in its own way, knows no holds, and deletes for good. This command applies them as the
/// server would, and the policy and holds as chatseal does, and says which records the server deletes too early, and
/// which it keeps too long. It reads only; whether the server's job runs at all, the records of kind `job` tell.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    /// What to read: a database (`postgres://…`, `mysql://…`) or a `pg_dump` file
    #[arg(value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    source: PathBuf,
    /// Configuration of the server, `config.json`
    ///
    /// Only its section `DataRetentionSettings` is looked at. Without it the global periods are unknown, and only the
    /// server's policies for teams and channels are compared.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,
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
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "the server deletes nothing too early and keeps nothing too long"),
        (Exit::FailedCheck, "the server deletes or keeps otherwise than the policy and holds say"),
        (Exit::Usage, "a policy, a holds file or the configuration is invalid; the source was not read"),
        (Exit::Unavailable, "the source could not be used"),
    ],
    files: &[("config.json", "configuration of the server, usually in its folder `config`")],
    examples: &[(
        "Whether the server deletes what is to be kept",
        "chatseal policy server postgres://chatseal@db.example.org/mattermost \\\n      --config /opt/mattermost/config/config.json --policy retention.toml --holds holds.toml",
    )],
    see_also: &["chatseal-plan(1)", "chatseal-policy(1)", "chatseal-policy(5)"],
};

/// Disagreements in the order in which they are told, each with its meaning.
const CHANGES: [(Change, &str); 2] = [
    (Change::TooEarly, "the server deletes too early: while a minimum runs or a hold is in force"),
    (Change::TooLong, "the server keeps too long: they are due for disposal, and it does not delete them then"),
];

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let loaded = load(&args.policy, &args.holds)?;
    let settings = args.config.as_deref().map(settings).transpose()?;
    let said = judging::understood(&loaded.set, args.reading.time()?);
    if settings.is_none() {
        printer.warn("without `--config` the server's global periods are not known, and not compared");
    }
    let sets = |source: &Source, work: &Work<'_>| {
        let custom = custom_policies(source, work)?;
        let server = Set { policies: vec![policy(settings.as_ref(), &custom)], holds: Vec::new() };
        Ok(vec![server, loaded.set])
    };
    let answer = |applied: Applied<'_>, work: &Work<'_>| match applied.judges.as_slice() {
        [server, ours] => Difference::of_server(applied.selection, server, ours, work).map_err(SourceError::Temporary),
        _ => Ok(Difference::default()),
    };
    let difference = apply(&args.source, &args.reading, sets, &said, printer, answer)?;
    let is_well = CHANGES.iter().all(|(change, _)| difference.records(*change) == 0);
    let exit = if is_well { Exit::Ok } else { Exit::FailedCheck };
    let document = Document::new(&difference, &CHANGES, ["by the server", "by the policy"]);
    printer.answer("policy-server", exit, &document, || document.text());
    Ok(exit)
}

fn settings(path: &Path) -> Result<Settings, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(most.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot read `{}`", path.display())))?;
    Settings::parse(&bytes)
        .map_err(|error| Failure::of(Exit::Usage, error).context(format!("cannot use `{}`", path.display())))
}
