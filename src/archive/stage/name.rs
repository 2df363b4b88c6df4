//! How a complete archive gets its name: never over something that stands there, and on disk when it returns.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::StageError;

/// A finished archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Where it stands.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// Gives a complete archive its name that a run left behind; whether it is complete is for the caller to know.
pub fn publish_left_behind(target: &Path) -> Result<(), StageError> {
    take_name(&partial_name(target), target)
}

/// The name of an archive while it is being written.
pub(super) fn partial_name(target: &Path) -> PathBuf {
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    PathBuf::from(partial)
}

/// A hard link never replaces what stands there; where the file system has none, a check and a rename must do.
pub(super) fn take_name(partial: &Path, target: &Path) -> Result<(), StageError> {
    let failed = |source| StageError::Io { path: target.to_owned(), source };
    match std::fs::hard_link(partial, target) {
        // The archive stands; a second name that cannot be removed takes nothing from it.
        Ok(()) => drop(std::fs::remove_file(partial)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(StageError::Exists(target.to_owned()));
        }
        Err(_) if target.symlink_metadata().is_ok() => return Err(StageError::Exists(target.to_owned())),
        Err(_) => std::fs::rename(partial, target).map_err(failed)?,
    }
    let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| StageError::Io { path: folder.to_owned(), source })
}
