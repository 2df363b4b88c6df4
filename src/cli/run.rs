//! `chatseal run`: one scheduled run, as a configuration file describes it.

mod archives;
mod check;
pub mod config;
pub(super) mod held;
mod news;
pub(super) mod series;
mod told;
mod turn;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::ValueHint;

use self::config::{Config, MAX_BYTES};
use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::ledger::waiting::Wait;
use super::manual::Manual;
use super::printer::Printer;

/// Seal what changed since the last run
///
/// The first run seals everything; each later one what changed since, chained to the one before through the ledger. All
/// archives together hold what one export of everything would hold, each version of a record once, and state which
/// records of earlier archives are gone from the database or were altered in it. A run that finds nothing new seals an
/// empty archive: that it ran, and found nothing, can be proven.
///
/// The configuration says what is read, where archives go and who signs them; see chatseal-run(5). Nothing else is
/// needed: what a run has to know of those before it stands in archives and ledger, and the index that is kept beside the
/// archives is made anew when it is lost.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Configuration of the run
    #[arg(value_name = "CONFIG.toml", value_hint = ValueHint::FilePath)]
    config: PathBuf,
    /// Try the configuration and everything that it names, and write nothing
    #[arg(long)]
    check: bool,
    /// Look at all of the source again, as a run does by itself when policies, scope or program changed
    #[arg(long, conflicts_with = "check")]
    full: bool,
    #[command(flatten)]
    wait: Wait,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "sealed; with `--check`: everything that the configuration names can be used"),
        (Exit::Usage, "the configuration is wrong; each finding has a line and a column"),
        (Exit::Exceptions, "sealed and valid, but something could not be collected, is gone or was altered"),
        (Exit::Incomplete, "the ledger does not hold together; nothing was sealed"),
        (Exit::Unavailable, "source, disk, key or an earlier archive could not be used; nothing was sealed"),
        (Exit::Locked, "another run into this ledger is under way"),
        (Exit::Refused, "the database is of another Mattermost server than the archives; nothing was sealed"),
    ],
    files: &[
        ("CONFIG.toml", "the configuration; see chatseal-run(5)"),
        ("ARCHIVES/NAME-TIME.zip", "an archive; see chatseal-archive(5)"),
        ("ARCHIVES/index/", "what the archives hold, as a cache; made anew when it is lost or damaged"),
        ("METRICS.prom", "how the run ended, where `[work] metrics` names it"),
        ("LEDGER/run.lock", "who is running; the lock ends with the process"),
    ],
    examples: &[
        ("Try a configuration", "chatseal run /etc/chatseal/run.toml --check"),
        ("Run, and wait for one that is still under way", "chatseal run /etc/chatseal/run.toml --wait 2h"),
    ],
    see_also: &[
        "chatseal-run(5)",
        "chatseal-export(1)",
        "chatseal-ledger(1)",
        "chatseal-verify(1)",
        "chatseal-grants(1)",
    ],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let config = load(&args.config)?;
    if args.check {
        return check::check(&config, printer);
    }
    let begun = clock::now();
    let ended = args.wait.run(&config.ledger, printer).and_then(|_lock| turn::turn(&config, args.full, printer));
    if let Some(path) = &config.metrics {
        let exit = ended.as_ref().map_or_else(Failure::exit, |(exit, _)| *exit);
        let exported = ended.as_ref().ok().map(|(_, exported)| exported);
        // What was sealed is sealed, whether or not somebody can be told of it.
        if let Err(failure) = told::tell(&config, path, begun, exit, exported) {
            printer.warn(failure.account().message);
        }
    }
    ended.map(|(exit, _)| exit)
}

/// Reads a configuration.
fn load(path: &Path) -> Result<Config, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot read `{shown}`")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::new(Exit::Usage, format!("`{shown}` has more than {MAX_BYTES} bytes")));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    config::parse(&bytes, folder).map_err(|findings| {
        let lines: Vec<String> = findings
            .iter()
            .map(|found| format!("{shown}:{}:{}: {}; {}", found.line, found.column, found.detail, found.advice))
            .collect();
        Failure::new(Exit::Usage, lines.join("\n")).hint("chatseal-run(5) describes every key")
    })
}
