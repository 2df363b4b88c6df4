//! Files that cannot be used: exports, dumps, audit logs.

use std::path::Path;

use super::of_temporary;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::source::audit_log::AuditLogError;
use crate::source::bulk::BulkError;
use crate::source::dump::DumpError;
use crate::source::original::OriginalError;

/// A file cannot be opened, read, or changed meanwhile.
pub(super) fn of_original(error: OriginalError) -> Failure {
    let failure = |error| Failure::of(Exit::Unavailable, error);
    match error {
        OriginalError::Changed { .. } => failure(error).hint("wait until the file is complete, then run again"),
        error => failure(error),
    }
}

/// A bulk export cannot be used.
pub(super) fn of_bulk(source: &Path, error: BulkError) -> Failure {
    if let BulkError::Original(error) = error {
        return of_original(error);
    }
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
        BulkError::Temporary(_) => of_temporary(error),
        _ => Failure::of(Exit::Unavailable, error),
    }
}

/// A dump cannot be used.
pub(in crate::cli::export) fn of_dump(error: DumpError) -> Failure {
    if let DumpError::Original(error) = error {
        return of_original(error);
    }
    let hint = error.hint();
    let failure = Failure::of(Exit::Unavailable, error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// An audit log cannot be used.
pub(in crate::cli::export) fn of_audit_log(error: AuditLogError) -> Failure {
    Failure::of(Exit::Unavailable, error)
}
