//! `chatseal export`: a source becomes a sealed archive.

pub(super) mod account;
pub(super) mod clocks;
pub(in crate::cli) mod contents;
mod earlier;
pub(super) mod failures;
pub(super) mod judging;
pub(super) mod ledger;
pub(super) mod options;
pub(super) mod sealing;
pub(super) mod source;

use self::options::Options;
use self::source::Access;
use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use super::progress::watch;
use super::reading::Reading;
use clap::ValueHint;
use std::path::PathBuf;

/// Seal a source into an archive
///
/// Reads a Mattermost database, its dump, or a bulk export, keeps what the scope asks for, and writes one signed zip file that anybody with
/// your public key can check without chatseal, without this machine and without a network. Whatever could not be
/// collected is listed inside the archive and counted at the end (exit 3): a gap is stated, never hidden.
///
/// The source is only read. The archive appears under its name when it is complete and is never overwritten.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// What to read: a database (`postgres://…`, `mysql://…`), a `pg_dump` file, or a bulk export
    ///
    /// A database is read in one read-only snapshot; a password never stands in the URL. What the URL leaves out comes
    /// from `PGHOST`, `PGUSER`, `PGPASSFILE` and so on, as psql takes them; for MySQL and MariaDB (also `mariadb://…`)
    /// from `~/.my.cnf` or the option file that `?defaults-file=FILE` names, and from `MYSQL_PWD`. PostgreSQL is the
    /// better source of the two: what MySQL cannot promise stands in `data/source.json`. A plain `pg_dump` file
    /// (`.sql`, also as `.gz` or `.zst`) needs no server. Tables in partitions are read as one. A bulk export is the
    /// `.zip` or `.jsonl` that `mmctl export` wrote; the attachments of a `.jsonl` are looked for in the folder `data`
    /// beside it. What a file is, is told by its content, not by its name.
    #[arg(value_name = "SOURCE", value_hint = ValueHint::FilePath)]
    pub(super) source: PathBuf,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    ///
    /// Ed25519, as `chatseal keygen`, `openssl genpkey` or `ssh-keygen` write it, unencrypted and readable by its
    /// owner only.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) key: PathBuf,
    /// Archive to write; its name ends in `.zip` and nothing stands there yet
    #[arg(long, value_name = "FILE.zip", value_hint = ValueHint::FilePath)]
    pub(super) output: PathBuf,
    #[command(flatten)]
    pub(super) reading: Reading,
    /// Retention policy to apply; may be given several times
    ///
    /// Each record says in the archive what was decided about it. What a rule lets go and nothing keeps is not exported,
    /// but counted and listed. The file is sealed byte for byte; see chatseal-policy(5).
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Retention")]
    pub(super) policy: Vec<PathBuf>,
    /// File of legal holds to honour; may be given several times
    ///
    /// What a hold in force covers is never withheld. Holds of the legal-hold plugin in the database are honoured as
    /// well.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Retention")]
    pub(super) holds: Vec<PathBuf>,
    /// Name of the log, such as `chat.example.org/audit`
    ///
    /// The archive belongs to it. A ledger knows its own.
    #[arg(long, value_name = "NAME", help_heading = "Seal")]
    pub(super) origin: Option<String>,
    /// Folder of the ledger
    ///
    /// It gives the archive its number, its origin and its previous archive.
    /// The archive gets its name only after its seal was committed to the ledger. What an earlier run that was killed
    /// left unfinished is finished first.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "previous", help_heading = "Seal")]
    pub(super) ledger: Option<PathBuf>,
    /// Earlier archive to chain to; it is checked first
    #[arg(long, value_name = "ARCHIVE", value_hint = ValueHint::FilePath, help_heading = "Seal")]
    pub(super) previous: Option<PathBuf>,
    /// Archive whose salt is used again, so that a run can be repeated; salts disclosed from one open the other
    #[arg(long, value_name = "ARCHIVE", value_hint = ValueHint::FilePath, help_heading = "Seal")]
    pub(super) salt_from: Option<PathBuf>,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "sealed; everything in scope was collected"),
        (Exit::Exceptions, "sealed and valid, but something could not be collected; see the exceptions"),
        (Exit::Unavailable, "source, disk or key could not be used; nothing was sealed"),
        (Exit::Incomplete, "the ledger does not hold together; nothing was sealed"),
        (Exit::Locked, "another run writes the same archive, or appends to the ledger"),
        (Exit::Refused, "the output exists or lies inside, at or above the source; nothing was touched"),
    ],
    files: &[
        ("FILE.zip", "the archive; see chatseal-archive(5)"),
        ("FILE.zip.partial", "the archive while it is being written; removed when the run fails"),
    ],
    examples: &[
        ("Seal a bulk export", "chatseal export export.zip --key seal.key --output 2026-11.zip"),
        (
            "Seal the live database with its files and audit log",
            "chatseal export postgres://chatseal@db.example.org/mattermost --key seal.key --output 2026-11.zip \\\n      --files /opt/mattermost/data --audit-log /opt/mattermost/logs/audit.log",
        ),
        (
            "Seal into a ledger, which numbers and chains the archives",
            "chatseal export export.zip --key seal.key --output 2026-11.zip --ledger ledger",
        ),
        (
            "Seal a dump, without any server",
            "chatseal export mattermost.sql.zst --key seal.key --output dump.zip --no-files",
        ),
        (
            "Apply two policies and the holds in force",
            "chatseal export mattermost.sql --key seal.key --output 2026-11.zip --no-files \\\n      --policy baseline.toml --policy chat.toml --holds holds.toml",
        ),
        (
            "Seal one week of one channel and chain it to the archive before",
            "chatseal export export.zip --key seal.key --output week-47.zip --channel ops/bridge \\\n      --since 2026-11-16 --until 2026-11-23 --previous week-46.zip",
        ),
    ],
    see_also: &[
        "chatseal-verify(1)",
        "chatseal-policy(1)",
        "chatseal-ledger(1)",
        "chatseal-archive(5)",
        "chatseal-policy(5)",
    ],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let options = Options::new(args, &Access::default(), printer.stop())?;
    printer.note(options.understood());
    if !args.policy.is_empty() && args.reading.as_of.is_some_and(|time| time > clock::now()) {
        printer.warn("`--as-of` lies ahead of the clock: what is due only then is withheld already");
    }
    let sealed = args.reading.threads.run(|| watch(printer, |progress| sealing::seal(&options.job(progress))))?;
    let exported = sealed.map_err(|error| failures::of_sealing(&args.source, error))?;
    for unknown in &exported.unknown {
        printer.warn(judging::sentence(unknown));
    }
    let exit = if exported.sealed.summary.exceptions > 0 { Exit::Exceptions } else { Exit::Ok };
    account::show("export", &exported, exit, printer);
    Ok(exit)
}
