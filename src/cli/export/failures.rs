//! Failures of an export as a person should read them: which exit code, and what can be done.

use std::io::ErrorKind;
use std::path::Path;

use super::sealing::SealingError;
use crate::archive::records::RecordsError;
use crate::archive::stage::StageError;
use crate::archive::writer::WriterError;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::keys::unusable_signer;
use crate::source::bulk::BulkError;
use crate::source::original::OriginalError;

/// The source cannot be used.
pub(super) fn of_source(source: &Path, error: BulkError) -> Failure {
    match &error {
        BulkError::NotFound { what, .. } => {
            let hint = format!(
                "names are spelled as in the export; a channel is TEAM/NAME; check the {what} and its spelling"
            );
            Failure::of(Exit::Usage, error).hint(hint)
        }
        BulkError::Lines { .. } => Failure::of(Exit::Unavailable, error)
            .context(format!("cannot read the export `{}`", source.display()))
            .hint("compare its size with the server's export list, and copy it again"),
        BulkError::Zip { .. } => Failure::of(Exit::Unavailable, error)
            .hint("if the server wrote it like this, unzip it and export from its import.jsonl"),
        BulkError::NotAnExport { .. } | BulkError::NoVersion { .. } => {
            Failure::of(Exit::Unavailable, error).hint("`mmctl export create` on the server makes a bulk export")
        }
        BulkError::Original(OriginalError::Changed { .. }) => {
            Failure::of(Exit::Unavailable, error).hint("wait until the export is complete, then run again")
        }
        BulkError::Temporary(_) => {
            Failure::of(Exit::Unavailable, error).hint("temporary files lie beside the output; check its disk")
        }
        _ => Failure::of(Exit::Unavailable, error),
    }
}

/// The archive could not be made.
pub(super) fn of_sealing(source: &Path, error: SealingError) -> Failure {
    match error {
        SealingError::Source(error) => of_source(source, error),
        SealingError::Stage(error)
        | SealingError::Records(RecordsError::Stage(error))
        | SealingError::Writer(WriterError::Stage(error)) => of_stage(error),
        SealingError::Writer(WriterError::Signer(error)) => unusable_signer(error).context("cannot sign the seal"),
        SealingError::Writer(error @ WriterError::Incomplete { .. }) => Failure::of(Exit::Internal, error)
            .context("the counts do not add up, so nothing was sealed")
            .hint("report this, with the line types of the export"),
        SealingError::Records(error @ RecordsError::Order { .. }) => Failure::of(Exit::Internal, error),
        SealingError::Records(error @ RecordsError::TooMany) => Failure::of(Exit::Usage, error),
        other => Failure::of(Exit::Unavailable, other),
    }
}

/// The file of the archive could not be written.
pub(super) fn of_stage(error: StageError) -> Failure {
    match &error {
        StageError::Exists(_) => Failure::of(Exit::Refused, error).hint("give the new archive another name"),
        StageError::Locked(_) => Failure::of(Exit::Locked, error).hint("wait for the other run to end"),
        StageError::Name { .. } => Failure::of(Exit::Usage, error),
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
