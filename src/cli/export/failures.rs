//! Failures of an export as a person should read them: which exit code, and what can be done.

mod database;
mod file;

use std::io::ErrorKind;
use std::path::Path;

use super::judging;
use super::sealing::SealingError;
use crate::archive::records::RecordsError;
use crate::archive::stage::StageError;
use crate::archive::writer::WriterError;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::keys::unusable_signer;
use crate::cli::ledger::failures::of_ledger;
use crate::policy::near::near;
use crate::policy::unknown::Unknown;
use crate::select::SourceError;
use crate::source::tables::TablesError;
use crate::source::tables::incident::run::{RunError, RunNamed, listed};

pub(super) use self::database::{of_mysql, of_postgres};
pub(super) use self::file::{of_audit_log, of_dump};

/// The source cannot be used.
pub(in crate::cli) fn of_source(source: &Path, error: SourceError) -> Failure {
    match error {
        SourceError::Bulk(error) => file::of_bulk(source, error),
        SourceError::Tables(TablesError::Postgres(error)) => of_postgres(error),
        SourceError::Tables(TablesError::Mysql(error)) => of_mysql(error),
        SourceError::Tables(TablesError::Dump(error)) => of_dump(error),
        SourceError::Tables(TablesError::AuditLog(error)) => of_audit_log(error),
        SourceError::Tables(TablesError::NotFound { what, name }) => {
            let hint = match what {
                "channel" => "a channel is TEAM/NAME, or its id; direct and group channels go by their id",
                "team" => "a team goes by its name, as it stands in links",
                _ => "a user goes by username, e-mail address or id",
            };
            Failure::of(Exit::Usage, TablesError::NotFound { what, name }).hint(hint)
        }
        SourceError::Tables(TablesError::Run(error)) => of_run(error),
        error @ SourceError::NoRuns => Failure::of(Exit::Usage, error)
            .hint("export the incident from the database or its dump; a bulk export leaves playbooks out"),
        SourceError::Tables(error @ TablesError::Denied(_)) => Failure::of(Exit::Unavailable, error)
            .hint("a hold or a membership may stand there; `chatseal grants` prints what the role needs"),
        SourceError::Tables(error @ TablesError::NotDumped(_)) => Failure::of(Exit::Unavailable, error)
            .hint("a hold or a membership may stand there; dump the database without `--exclude-table-data`"),
        SourceError::Tables(error @ TablesError::Temporary(_)) => of_temporary(error),
        error @ SourceError::Temporary(_) => of_temporary(error),
        SourceError::Tables(error) => Failure::of(Exit::Unavailable, error),
    }
}

/// It is not known which incident is meant.
fn of_run(error: RunError) -> Failure {
    let hint = match &error {
        RunError::NotFound { known, .. } if known.is_empty() => {
            "it has no runs at all; is the playbooks plugin in use?".to_owned()
        }
        RunError::NotFound { asked, known } => {
            let names = known.iter().flat_map(|run| [&run.name, &run.id, &run.channel]).map(String::as_str);
            let near = near(asked, names);
            let is_near = |run: &&RunNamed| {
                near.iter().any(|name| [&run.name, &run.id, &run.channel].contains(&&(*name).to_owned()))
            };
            let meant: Vec<RunNamed> = known.iter().filter(is_near).take(3).cloned().collect();
            if meant.is_empty() {
                "a run goes by its id, its name, or its channel as TEAM/NAME".to_owned()
            } else {
                format!("did you mean {}", listed(&meant))
            }
        }
        RunError::Several { .. } => {
            "give the id of the run, or its channel as TEAM/NAME for all runs of that channel".to_owned()
        }
        RunError::NoTime { .. } => "give `--since` and `--until` that lie around what is wanted".to_owned(),
    };
    Failure::of(Exit::Usage, error).hint(hint)
}

/// Temporary files could not be written or read.
fn of_temporary(error: impl Into<anyhow::Error>) -> Failure {
    Failure::of(Exit::Unavailable, error).hint("temporary files lie beside the output; check its disk")
}

/// Records could not be read while the archive was written: from temporary files, or from a live database.
fn of_reading(source: &Path, error: std::io::Error) -> Failure {
    match error.downcast::<TablesError>() {
        Ok(error) => of_source(source, error.into()),
        Err(error) => of_temporary(RecordsError::Source(error)),
    }
}

/// The archive could not be made.
pub(in crate::cli) fn of_sealing(source: &Path, error: SealingError) -> Failure {
    match error {
        SealingError::Source(error) => of_source(source, error),
        SealingError::Original(error) => file::of_original(error),
        SealingError::Records(RecordsError::Source(error)) | SealingError::Temporary(error) => {
            of_reading(source, error)
        }
        SealingError::Stage(error)
        | SealingError::Records(RecordsError::Stage(error))
        | SealingError::Writer(WriterError::Stage(error)) => of_stage(error),
        SealingError::Writer(WriterError::Signer(error)) => unusable_signer(error).context("cannot sign the seal"),
        SealingError::Writer(error @ WriterError::Incomplete { .. }) => Failure::of(Exit::Internal, error)
            .context("the counts do not add up, so nothing was sealed")
            .hint("report this, with the kind that is named here"),
        SealingError::Ledger(error) => of_ledger(error),
        SealingError::Unknown(unknown) => of_unknown(&unknown),
        SealingError::Index(error) => error.into(),
        SealingError::Records(error @ RecordsError::Order { .. }) => Failure::of(Exit::Internal, error),
        SealingError::Records(error @ RecordsError::TooMany) => Failure::of(Exit::Usage, error),
        other => Failure::of(Exit::Unavailable, other),
    }
}

/// Names in rules and holds that the source does not have: all of them at once.
fn of_unknown(unknown: &[Unknown]) -> Failure {
    let lines: Vec<String> = unknown.iter().map(judging::sentence).collect();
    Failure::new(Exit::Usage, lines.join("\n"))
        .hint("correct the names, or give patterns with `*`, which may match nothing; nothing was sealed")
}

/// The file of the archive could not be written.
pub(super) fn of_stage(error: StageError) -> Failure {
    match &error {
        StageError::Exists(_) => Failure::of(Exit::Refused, error).hint("give the new archive another name"),
        StageError::Locked(_) => Failure::of(Exit::Locked, error).hint("wait for the other run to end"),
        StageError::Name { .. } => Failure::of(Exit::Usage, error),
        StageError::TooManyMembers(_) => Failure::of(Exit::Unavailable, error)
            .hint("split the export with --since and --until, or by --team; or leave the files out with --no-files"),
        StageError::TooLarge { .. } => Failure::of(Exit::Unavailable, error),
        StageError::Io { source, .. } => {
            let hint = match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                    "free space on that disk, or choose an output on another; nothing was left behind"
                }
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                    "choose an output in a folder that you may write to"
                }
                _ => return Failure::of(Exit::Unavailable, error),
            };
            Failure::of(Exit::Unavailable, error).hint(hint)
        }
    }
}
