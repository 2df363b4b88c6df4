//! One file of an audit log: opened once, read to the length that it had then, hashed on the way.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use super::{AuditLogError, twice};
use crate::progress::Progress;
use crate::record::id::hex;
use crate::source::packed::{Packing, Unpacked};

/// An opened file.
#[derive(Debug)]
pub(super) struct LogFile {
    pub(super) path: PathBuf,
    /// How records of exceptions call it: its base name, with the beginning of its digest if several share that.
    pub(super) label: String,
    pub(super) length: u64,
    pub(super) packing: Packing,
    file: Arc<File>,
    /// Device and number of the file.
    identity: (u64, u64),
}

impl LogFile {
    pub(super) fn open(path: &Path) -> Result<Self, AuditLogError> {
        let failed = |source| AuditLogError::Open { path: path.to_owned(), source };
        // Before opening, which would wait for the other end of a pipe.
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(AuditLogError::NotAFile { path: path.to_owned() });
        }
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        let mut start = [0; 4];
        let is_long_enough = metadata.len() >= 4 && file.read_exact_at(&mut start, 0).is_ok();
        Ok(Self {
            path: path.to_owned(),
            label: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            length: metadata.len(),
            packing: if is_long_enough { Packing::of(&start) } else { Packing::Plain },
            file: Arc::new(file),
            identity: (metadata.dev(), metadata.ino()),
        })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.identity == other.identity
    }

    pub(super) fn failed(&self, source: io::Error) -> AuditLogError {
        AuditLogError::Read { path: self.path.clone(), source }
    }

    pub(super) fn stream<'p>(&self, progress: &'p Progress) -> Stream<'p> {
        let hash = || Context::new(&SHA256);
        let raw = Raw { file: self.file.clone(), at: 0, end: self.length, hash: hash(), progress };
        Stream { text: self.packing.over(raw), content: hash() }
    }
}

/// Gives files of the same base name labels that do not depend on the order in which they were given.
pub(super) fn label(files: &mut [LogFile]) -> Result<(), AuditLogError> {
    let mut names = HashMap::<String, usize>::new();
    for file in files.iter() {
        *names.entry(file.label.clone()).or_default() += 1;
    }
    let mut known = HashMap::<String, PathBuf>::new();
    for file in files.iter_mut().filter(|file| names.get(&file.label).is_some_and(|count| *count > 1)) {
        let progress = Progress::silent();
        let mut raw =
            Raw { file: file.file.clone(), at: 0, end: file.length, hash: Context::new(&SHA256), progress: &progress };
        io::copy(&mut raw, &mut io::sink()).map_err(|source| file.failed(source))?;
        let digest = hex(raw.hash.finish().as_ref());
        file.label = format!("{}@{}", file.label, digest.get(..16).unwrap_or_default());
        if let Some(same) = known.insert(file.label.clone(), file.path.clone()) {
            return Err(twice(&same, &file.path));
        }
    }
    Ok(())
}

/// SHA-256 of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Digests {
    /// As it lies on the disk.
    pub(super) file: [u8; 32],
    /// What it holds, once unpacked.
    pub(super) content: [u8; 32],
}

/// The lines of a file, hashed as they lie on the disk and as they are read.
pub(super) struct Stream<'p> {
    text: Unpacked<Raw<'p>>,
    content: Context,
}

impl Stream<'_> {
    /// To be called at the end of the stream.
    pub(super) fn digests(self) -> Digests {
        Digests { file: bytes(self.text.into_inner().hash), content: bytes(self.content) }
    }
}

fn bytes(hash: Context) -> [u8; 32] {
    hash.finish().as_ref().first_chunk().copied().unwrap_or_default()
}

impl Read for Stream<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.text.read(out)?;
        self.content.update(out.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// The bytes on the disk, up to the length that the file had when it was opened.
struct Raw<'p> {
    file: Arc<File>,
    at: u64,
    end: u64,
    hash: Context,
    progress: &'p Progress,
}

impl Read for Raw<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX).min(out.len());
        let Some(space) = out.get_mut(..left).filter(|space| !space.is_empty()) else { return Ok(0) };
        let count = self.file.read_at(space, self.at)?;
        if count == 0 {
            let message = "the file became shorter while it was being read";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.hash.update(space.get(..count).unwrap_or_default());
        self.at += count as u64;
        self.progress.add(count as u64);
        Ok(count)
    }
}
