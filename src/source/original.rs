//! The file that a source is: opened once, hashed as it lies there, refused if it changed meanwhile.
//!
//! Invariant: every byte that is read or hashed comes from the one file that was opened, even if another takes its
//! name. Refuses folders, pipes and devices: they have no size and cannot be read twice.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use crate::progress::Interrupted;
use crate::record::id::hex;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OriginalError {
    /// It cannot be opened.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("`{}` is no regular file", path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// Reading broke off.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It was written to while it was read.
    #[error("`{}` changed while it was being read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A file that was read as a source, as it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// Its base name.
    pub name: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
}

impl Hashed {
    /// As `data/source.json` tells it.
    pub fn described(&self) -> serde_json::Value {
        serde_json::json!({ "name": self.name, "bytes": self.bytes, "sha256": hex(&self.sha256) })
    }
}

/// An opened file.
#[derive(Debug)]
pub struct Original {
    /// Where it was opened.
    pub path: PathBuf,
    /// Its base name, as it is shown and sealed.
    pub name: String,
    /// Its size in bytes when it was opened.
    pub size: u64,
    file: Arc<File>,
    modified: (i64, i64),
}

impl Original {
    /// Opens a regular file; reads nothing.
    pub fn open(path: &Path) -> Result<Self, OriginalError> {
        let failed = |source| OriginalError::Open { path: path.to_owned(), source };
        // Asked first, because opening a pipe would wait for whoever writes to it.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(OriginalError::NotRegular { path: path.to_owned() });
        }
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(OriginalError::NotRegular { path: path.to_owned() });
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let modified = modified(&metadata);
        Ok(Self { path: path.to_owned(), name, size: metadata.len(), file: Arc::new(file), modified })
    }

    /// Its bytes, as many as there were when it was opened, from the first.
    pub fn span(&self) -> Span {
        Span { file: self.file.clone(), at: 0, end: self.size }
    }

    /// The opened file itself, for positioned reads.
    pub fn file(&self) -> Arc<File> {
        self.file.clone()
    }

    /// Hashes the file as it lies there; given up once `stop` says so.
    pub fn hashed(&self, stop: &dyn Fn() -> bool) -> Result<Hashed, OriginalError> {
        let mut hash = Context::new(&SHA256);
        let mut span = self.span();
        let mut buffer = vec![0; 256 << 10];
        loop {
            let failed = |source| OriginalError::Read { path: self.path.clone(), source };
            let count = span.read(&mut buffer).map_err(failed)?;
            if count == 0 {
                break;
            }
            if stop() {
                return Err(OriginalError::Interrupted(Interrupted));
            }
            hash.update(&buffer[..count]);
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(hash.finish().as_ref());
        Ok(Hashed { name: self.name.clone(), bytes: self.size, sha256 })
    }

    /// Refuses a file that changed since it was opened.
    pub fn check_unchanged(&self) -> Result<(), OriginalError> {
        let now = self.file.metadata().map_err(|source| OriginalError::Read { path: self.path.clone(), source })?;
        if now.len() == self.size && modified(&now) == self.modified {
            return Ok(());
        }
        Err(OriginalError::Changed { path: self.path.clone() })
    }
}

fn modified(metadata: &Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}

/// Positioned reads as a stream of their own; any number of them share one open file.
#[derive(Clone, Debug)]
pub struct Span {
    pub(super) file: Arc<File>,
    pub(super) at: u64,
    pub(super) end: u64,
}

impl Read for Span {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(out.len());
        let count = self.file.read_at(&mut out[..left], self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Span {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
        };
        self.at = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_digest_is_of_the_bytes_and_can_be_given_up() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abc").unwrap();
        let original = Original::open(file.path()).unwrap();
        let digest = original.hashed(&|| false).unwrap().sha256;
        assert_eq!(crate::record::id::hex(&digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(matches!(original.hashed(&|| true), Err(OriginalError::Interrupted(_))));
    }

    #[test]
    fn a_file_that_grew_is_refused_and_its_new_bytes_are_not_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"abc").unwrap();
        let original = Original::open(file.path()).unwrap();
        original.check_unchanged().unwrap();
        file.write_all(b"d").unwrap();
        assert!(matches!(original.check_unchanged(), Err(OriginalError::Changed { .. })));
        let mut read = Vec::new();
        original.span().read_to_end(&mut read).unwrap();
        assert_eq!(read, b"abc");
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Original::open(folder.path()), Err(OriginalError::NotRegular { .. })));
        assert!(matches!(Original::open(&folder.path().join("x")), Err(OriginalError::Open { .. })));
    }
}
