//! The folder that a production is: made beside its place, and there under its name only when it is complete.
//!
//! Invariant: nothing is overwritten, no path comes from data, and of each file written the size and SHA-256 are known
//! without reading it again. A production that fails or is interrupted leaves nothing behind.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ring::digest::{Context, SHA256};
use tempfile::TempDir;

use super::name;
use crate::merkle::Hash;

/// Bytes gathered before a file is written out.
const BUFFER: usize = 256 << 10;

/// Why the folder cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Something stands where the production should go.
    #[error("`{}` exists and is not an empty folder; nothing was touched", .0.display())]
    Exists(PathBuf),
    /// The output has no name, such as `..`.
    #[error("`{}` does not name a folder", .0.display())]
    Unnamed(PathBuf),
    /// A form asked for a path that is not safe; a bug.
    #[error("`{0:?}` is not a safe path in a production")]
    Unsafe(String),
    /// The system refused.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
}

/// A file of the production.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Written {
    /// Its path from the folder's top, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: Hash,
}

/// A production while it is being made; removed when dropped before [`Folder::finish`].
#[derive(Debug)]
pub struct Folder {
    stage: TempDir,
    top: PathBuf,
    target: PathBuf,
    written: Mutex<Vec<Written>>,
}

impl Folder {
    /// Whether a production could be made at `target`: it does not exist, or is an empty folder. Touches nothing.
    pub fn check(target: &Path) -> Result<(), FolderError> {
        if target.file_name().is_none() {
            return Err(FolderError::Unnamed(target.to_owned()));
        }
        let is_free = match fs::symlink_metadata(target) {
            Ok(found) if found.is_dir() => fs::read_dir(target).map(|mut inside| inside.next().is_none()),
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        };
        if is_free.map_err(|source| wrong(target, source))? {
            Ok(())
        } else {
            Err(FolderError::Exists(target.to_owned()))
        }
    }

    /// Begins the production `target`, in a folder beside it.
    pub fn begin(target: &Path) -> Result<Self, FolderError> {
        Self::check(target)?;
        let mut prefix = target.file_name().unwrap_or_default().to_owned();
        prefix.push(OsStr::new(".partial-"));
        let parent = parent_of(target);
        let stage =
            tempfile::Builder::new().prefix(&prefix).tempdir_in(parent).map_err(|error| wrong(parent, error))?;
        let top = stage.path().join("production");
        fs::create_dir(&top).map_err(|error| wrong(&top, error))?;
        Ok(Self { stage, top, target: target.to_owned(), written: Mutex::default() })
    }

    /// Where temporary files may lie: on the same file system, gone when the production is finished or dropped.
    pub fn temporary(&self) -> &Path {
        self.stage.path()
    }

    /// The error that a temporary file in [`Self::temporary`] made.
    pub fn temporary_failed(&self, source: io::Error) -> FolderError {
        wrong(self.stage.path(), source)
    }

    /// The error that the file `path` made.
    pub fn failed(&self, path: &str, source: io::Error) -> FolderError {
        wrong(&self.target.join(path), source)
    }

    /// Begins a file. `path` is made of components that a form made up, or that came out of [`name`], joined by `/`.
    pub fn create(&self, path: &str) -> Result<Output<'_>, FolderError> {
        if path.split('/').any(|part| part != name::safe(part)) {
            return Err(FolderError::Unsafe(path.to_owned()));
        }
        let full = self.top.join(path);
        let folder = full.parent().unwrap_or(&self.top);
        fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
        let file = OpenOptions::new().write(true).create_new(true).open(&full).map_err(|error| wrong(&full, error))?;
        let hashed = Hashed { file, digest: Context::new(&SHA256), bytes: 0 };
        Ok(Output { folder: self, path: path.to_owned(), to: BufWriter::with_capacity(BUFFER, hashed) })
    }

    /// Opens a finished file, to be read.
    pub fn open(&self, path: &str) -> io::Result<File> {
        File::open(self.top.join(path))
    }

    /// Writes a whole file.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<Written, FolderError> {
        let mut output = self.create(path)?;
        output.write_all(bytes).map_err(|error| output.failed(error))?;
        output.finish()
    }

    /// The files written so far, by path.
    pub fn written(&self) -> Vec<Written> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        written.sort_unstable();
        written
    }

    /// Brings everything to disk and gives the folder its name. Returns its files, by path.
    pub fn finish(self) -> Result<Vec<Written>, FolderError> {
        let written = self.written();
        let top = File::open(&self.top).map_err(|error| wrong(&self.top, error))?;
        // One call for all files; each on its own would take longer than writing them.
        rustix::fs::syncfs(&top).map_err(|error| wrong(&self.top, error.into()))?;
        // Replaces an empty folder; fails if it was filled meanwhile.
        fs::rename(&self.top, &self.target).map_err(|error| wrong(&self.target, error))?;
        let parent = parent_of(&self.target);
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(|error| wrong(parent, error))?;
        Ok(written)
    }
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn wrong(path: &Path, source: io::Error) -> FolderError {
    FolderError::Write { path: path.to_owned(), source }
}

/// A file of the production while it is being written. What is not finished is not listed.
#[derive(Debug)]
pub struct Output<'f> {
    folder: &'f Folder,
    path: String,
    to: BufWriter<Hashed>,
}

impl Output<'_> {
    /// Its path from the folder's top.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The error of this file that `source` is.
    pub fn failed(&self, source: io::Error) -> FolderError {
        self.folder.failed(&self.path, source)
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<Written, FolderError> {
        self.to.flush().map_err(|error| self.failed(error))?;
        let Hashed { digest, bytes, .. } = self.to.get_mut();
        let mut written = Written { path: self.path.clone(), bytes: *bytes, sha256: Hash::default() };
        written.sha256.copy_from_slice(std::mem::replace(digest, Context::new(&SHA256)).finish().as_ref());
        let mut all = self.folder.written.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(written.clone());
        Ok(written)
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

struct Hashed {
    file: File,
    digest: Context,
    bytes: u64,
}

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hashed").field("file", &self.file).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::id::hex;

    #[test]
    fn the_folder_stands_only_when_it_is_complete() {
        let parent = tempfile::tempdir().unwrap();
        let target = parent.path().join("out");
        let folder = Folder::begin(&target).unwrap();
        folder.write("b/c.txt", b"abc").unwrap();
        let mut unfinished = folder.create("a.txt").unwrap();
        unfinished.write_all(b"abc").unwrap();
        drop(unfinished);
        assert!(!target.exists());
        let written = folder.finish().unwrap();
        let listed: Vec<_> = written.iter().map(|file| (file.path.as_str(), file.bytes, hex(&file.sha256))).collect();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(listed, [("b/c.txt", 3, abc.to_owned())]);
        assert_eq!(fs::read(target.join("b/c.txt")).unwrap(), b"abc");
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "no partial folder is left");
        assert!(matches!(Folder::begin(&target), Err(FolderError::Exists(_))));
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let empty = parent.path().join("empty");
        fs::create_dir(&empty).unwrap();
        let folder = Folder::begin(&empty).unwrap();
        folder.write("a", b"").unwrap();
        drop(folder);
        assert_eq!((fs::read_dir(parent.path()).unwrap().count(), fs::read_dir(&empty).unwrap().count()), (1, 0));
        let file = parent.path().join("file");
        fs::write(&file, "evidence").unwrap();
        assert!(matches!(Folder::begin(&file), Err(FolderError::Exists(_))));
        assert!(matches!(Folder::begin(&parent.path().join("..")), Err(FolderError::Unnamed(_))));
    }

    #[test]
    fn paths_cannot_leave_it_or_meet() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::begin(&parent.path().join("out")).unwrap();
        for path in ["", "/a", "a//b", "../a", "a/..", "a/", "con", "a\0b", "a\\b"] {
            assert!(matches!(folder.create(path), Err(FolderError::Unsafe(_))), "{path:?}");
        }
        folder.write("a", b"1").unwrap();
        assert!(matches!(folder.write("a", b"2"), Err(FolderError::Write { .. })));
    }
}
