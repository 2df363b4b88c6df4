//! A file that stands under its name only when it is complete, and never replaces one.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::produce::ProduceError;
use crate::produce::folder::FolderError;

/// A file while it is being written; removed when dropped before [`Output::finish`].
pub(super) struct Output {
    to: BufWriter<NamedTempFile>,
    target: PathBuf,
}

impl Output {
    /// Begins `target`, beside its place.
    pub(super) fn begin(target: &Path) -> Result<Self, Failure> {
        if target.symlink_metadata().is_ok() {
            let message = format!("`{}` exists; nothing was touched", target.display());
            return Err(Failure::new(Exit::Refused, message));
        }
        let Some(name) = target.file_name() else {
            return Err(Failure::new(Exit::Usage, format!("`{}` does not name a file", target.display())));
        };
        let mut prefix = name.to_owned();
        prefix.push(".partial-");
        let file = tempfile::Builder::new()
            .prefix(&prefix)
            // As any other file that is made; the system takes off what the user does not grant.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder_of(target))
            .map_err(|error| cannot(target, error))?;
        Ok(Self { to: BufWriter::with_capacity(256 << 10, file), target: target.to_owned() })
    }

    /// The folder in which it will stand.
    pub(super) fn folder(&self) -> &Path {
        folder_of(&self.target)
    }

    /// Adds bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ProduceError> {
        let written = self.to.write_all(bytes);
        written.map_err(|source| FolderError::Write { path: self.target.clone(), source }.into())
    }

    /// Brings it to disk and gives it its name.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let target = self.target;
        let file = self.to.into_inner().map_err(|error| cannot(&target, error.into_error()))?;
        file.as_file().sync_all().map_err(|error| cannot(&target, error))?;
        file.persist_noclobber(&target).map_err(|error| cannot(&target, error.error))?;
        let folder = folder_of(&target);
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| cannot(folder, error))
    }
}

fn folder_of(target: &Path) -> &Path {
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn cannot(path: &Path, error: io::Error) -> Failure {
    let exit = if error.kind() == io::ErrorKind::AlreadyExists { Exit::Refused } else { Exit::Unavailable };
    Failure::of(exit, error).context(format!("cannot write `{}`", path.display()))
}
