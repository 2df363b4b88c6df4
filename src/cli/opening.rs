//! Opening an archive in order to look into it: only one whose container has no defect is read at all.

use super::exit::Exit;
use super::failure::Failure;
use crate::archive::reader::{Archive, Opening};
use crate::archive::walk::WalkError;
use crate::produce::ProduceError;
use std::path::Path;

/// Opens the archive at `path`, or says why it is not safe to read.
pub(super) fn safely(path: &Path) -> Result<Archive, Failure> {
    let attempted = || format!("cannot open `{}`", path.display());
    let opening = Opening::read(path).map_err(|error| Failure::of(Exit::Unavailable, error).context(attempted()))?;
    if let Some(defect) = opening.defects.shown().first() {
        let message =
            format!("{} in `{}`: {} ({})", defect.flaw.meaning(), defect.place, defect.detail, defect.flaw.code());
        let failure = Failure::new(Exit::FailedCheck, message).context(attempted());
        return Err(failure.hint("`chatseal verify` lists everything that is wrong with it"));
    }
    opening.archive.ok_or_else(|| Failure::new(Exit::FailedCheck, "it holds no bag").context(attempted()))
}

/// How reading the records of an archive fails the command.
pub(super) fn unusable(error: ProduceError) -> Failure {
    let exit = match error {
        ProduceError::Archive(WalkError::Unreadable { .. }) => Exit::Unavailable,
        ProduceError::Archive(WalkError::Interrupted(_)) | ProduceError::Interrupted(_) => Exit::Interrupted,
        _ => Exit::FailedCheck,
    };
    Failure::of(exit, error)
}
