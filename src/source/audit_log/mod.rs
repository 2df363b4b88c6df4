//! The server's audit log: one or more files, rotated, plain, gzip or Zstandard, each line a record.
//!
//! ```text
//! file ─ blocks ─ entry ─┬─ instant    when
//!                        ├─ walk ─ secrets, mentions    what must not be told, what is named
//!                        └─ said ─▶ reconcile::fact     posts created, things deleted
//!   read   many threads, one part each        equal   ids of lines that stand more than once
//! ```
//!
//! Two schemas are told apart by each line itself: flat (5.x) and nested (7.2 on). Any other object is kept as well, so
//! that the server's own log, which says when audit records were dropped, may be given too.
//!
//! A live server goes on writing: what is read is each file as long as it was when it was opened, and its digest is
//! of these bytes. Order and names of the paths given do not matter beyond the base names.
//!
//! Invariant: every line that is not blank becomes a record, is out of scope, or is quarantined with an exception.
//! Refuses to take the same bytes twice, and never tells a password, token or code ([`secrets`]).

pub mod entry;
pub mod equal;
pub mod file;
pub mod instant;
pub mod mentions;
pub mod read;
pub mod said;
pub mod secrets;
pub mod walk;

use std::path::{Path, PathBuf};

use file::LogFile;
pub use read::{FileRead, Heard, Tally, Wanted};

use crate::progress::Interrupted;

/// Why an audit log cannot be used; nothing is sealed then.
#[derive(Debug, thiserror::Error)]
pub enum AuditLogError {
    /// A file cannot be opened.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder, a pipe, a device.
    #[error("`{}` is not a regular file", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// The same file, or a copy of it, was given twice.
    #[error("`{}` and `{}` are the same audit log; give it once", first.display(), second.display())]
    Twice {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Reading broke off.
    #[error("cannot read `{}` to its end; it may be cut short or damaged", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system or the decompressor said.
        source: std::io::Error,
    },
    /// A temporary file could not be written or read.
    #[error("cannot keep temporary files")]
    Temporary(#[source] std::io::Error),
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// The files of an audit log.
#[derive(Debug)]
pub struct AuditLog {
    files: Vec<LogFile>,
}

impl AuditLog {
    /// Opens the files, in any order; whether one is compressed is seen from its first bytes.
    pub fn open(paths: &[PathBuf]) -> Result<Self, AuditLogError> {
        let mut files = paths.iter().map(|path| LogFile::open(path)).collect::<Result<Vec<_>, _>>()?;
        for (at, file) in files.iter().enumerate() {
            if let Some(same) = files.iter().take(at).find(|other| other.is_same(file)) {
                return Err(twice(&same.path, &file.path));
            }
        }
        file::label(&mut files)?;
        files.sort_by(|a, b| a.label.cmp(&b.label));
        Ok(Self { files })
    }

    /// Base names of the files, in the order in which they are read.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.label.as_str())
    }

    /// Bytes of all files, as they lie on the disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.length).fold(0, u64::saturating_add)
    }
}

fn twice(first: &Path, second: &Path) -> AuditLogError {
    let (first, second) = if second < first { (second, first) } else { (first, second) };
    AuditLogError::Twice { first: first.to_owned(), second: second.to_owned() }
}
