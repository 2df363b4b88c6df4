//! `chatseal export`: a source becomes a sealed archive.

mod account;
mod earlier;
mod failures;
mod ledger;
mod options;
mod sealing;
mod source;

use self::options::Options;
use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use super::progress::watch;
use super::threads::Threads;
use crate::record::time::{self, Millis};
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
    /// (`.sql`, also as `.gz` or `.zst`) needs no server. A bulk export is the `.zip` or `.jsonl` that `mmctl export`
    /// wrote; the attachments of a `.jsonl` are looked for in the folder `data` beside it. What a file is, is told by
    /// its content, not by its name.
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
    /// Keep what happened at or after this time
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    pub(super) since: Option<Millis>,
    /// Keep what happened before this time
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Scope", allow_hyphen_values = true)]
    pub(super) until: Option<Millis>,
    /// Keep what belongs to this team; may be given several times
    #[arg(long, value_name = "NAME", help_heading = "Scope")]
    pub(super) team: Vec<String>,
    /// Keep what belongs to this channel; may be given several times
    #[arg(long, value_name = "TEAM/NAME|ID", help_heading = "Scope")]
    pub(super) channel: Vec<String>,
    /// Keep what this user wrote, did or is a member of; may be given several times
    #[arg(long, value_name = "NAME|EMAIL|ID", help_heading = "Scope")]
    pub(super) user: Vec<String>,
    /// Folder in which attachments are looked for: a bulk export's `data`, or the file store of the server
    ///
    /// For a database this is `FileSettings.Directory`, usually `data` below the server. Without it, and without
    /// `--no-files`, the archive states as an exception that files were not collected.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "no_files", help_heading = "Attachments")]
    pub(super) files: Option<PathBuf>,
    /// Leave the bytes of attachments out; what the source says about them stays in
    #[arg(long, help_heading = "Attachments")]
    pub(super) no_files: bool,
    /// Audit log of the server, `audit.log` or a rotated `audit-….log.gz`; may be given several times
    ///
    /// Each line becomes a record. Posts that were created according to the log but are not in the database are
    /// reported as purged, and so are rows that name what is no longer there.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Audit log")]
    pub(super) audit_log: Vec<PathBuf>,
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
    /// Time to seal instead of the clock's, so that a run can be repeated
    #[arg(long, value_name = "TIME", value_parser = time::parse, help_heading = "Seal", allow_hyphen_values = true)]
    pub(super) as_of: Option<Millis>,
    /// Archive whose salt is used again, so that a run can be repeated; salts disclosed from one open the other
    #[arg(long, value_name = "ARCHIVE", value_hint = ValueHint::FilePath, help_heading = "Seal")]
    pub(super) salt_from: Option<PathBuf>,
    #[command(flatten)]
    pub(super) threads: Threads,
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
            "Seal one week of one channel and chain it to the archive before",
            "chatseal export export.zip --key seal.key --output week-47.zip --channel ops/bridge \\\n      --since 2026-11-16 --until 2026-11-23 --previous week-46.zip",
        ),
    ],
    see_also: &["chatseal-verify(1)", "chatseal-ledger(1)", "chatseal-archive(5)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let options = Options::new(args, printer.stop())?;
    printer.note(options.understood());
    let sealed = args.threads.run(|| watch(printer, |progress| sealing::seal(&options.job(progress))))?;
    let outcome = sealed.map_err(|error| failures::of_sealing(&args.source, error))?;
    let exit = if outcome.sealed.summary.exceptions > 0 { Exit::Exceptions } else { Exit::Ok };
    account::show(&outcome, exit, printer);
    Ok(exit)
}
