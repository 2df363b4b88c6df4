//! An archive while it is being written: `NAME.zip.partial`, which becomes `NAME.zip` at the very end or vanishes.
//!
//! Invariant: nothing is written in place and nothing is overwritten. Until [`Stage::publish`] the final name does not
//! exist; dropping a stage removes its file; a killed process leaves at most the partial file, which the next run
//! takes over if it begins as only such a file does. The end of the zip is written last, so what is left behind does not verify.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use ring::digest::{Context, SHA256};

use super::names::{BagName, Member, NameError};
use super::zip::{Entry, LOCAL, Method, local_header, local_header_len, write_directory};
use crate::merkle::Hash;

/// Bytes gathered before a member is written out.
const BUFFER: usize = 1 << 20;

/// Bytes after which the system is asked to start writing them to disk, so that the last sync is short.
const SYNC_EVERY: u64 = 32 << 20;

/// Why an archive could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Something stands where the archive should go.
    #[error("`{}` exists; an archive is never overwritten", .0.display())]
    Exists(PathBuf),
    /// Another run writes the same archive.
    #[error("another run is writing `{}`", .0.display())]
    Locked(PathBuf),
    /// The name of the file cannot be the name of a bag.
    #[error("`{}` cannot name an archive: expected NAME.zip, where NAME matches [A-Za-z0-9][A-Za-z0-9._-]{{0,99}}", path.display())]
    Name {
        /// The output asked for.
        path: PathBuf,
        /// What is wrong with the name, where it ends in `.zip`.
        source: Option<NameError>,
    },
    /// The system refused.
    #[error("cannot write `{}`", path.display())]
    Io {
        /// The file being written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// An archive being written.
#[derive(Debug)]
pub struct Stage {
    file: File,
    partial: PathBuf,
    target: PathBuf,
    bag: BagName,
    at: u64,
    entries: Vec<Entry>,
    digests: Vec<Hash>,
    sync: Option<(SyncSender<()>, JoinHandle<()>)>,
    synced: u64,
    /// Size of the whole file, once it is complete and on disk.
    complete: Option<u64>,
    /// Whether the partial file outlives this value.
    kept: bool,
}

/// A member being written, before its name and size are known.
pub struct Draft<'s> {
    stage: &'s mut Stage,
    header: usize,
    buffer: Vec<u8>,
    flushed: u64,
    size: u64,
    crc32: crc32fast::Hasher,
    sha256: Context,
}

impl Stage {
    /// Whether an archive could be written at `target`: its name, and that nothing stands there. Touches nothing.
    pub fn check(target: &Path) -> Result<BagName, StageError> {
        let name = target.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".zip"));
        let wrong = |source| StageError::Name { path: target.to_owned(), source };
        let bag = BagName::new(name.ok_or_else(|| wrong(None))?).map_err(|error| wrong(Some(error)))?;
        if target.symlink_metadata().is_ok() {
            return Err(StageError::Exists(target.to_owned()));
        }
        Ok(bag)
    }

    /// Begins the archive `target`, whose file name without `.zip` names the bag.
    pub fn create(target: &Path) -> Result<Self, StageError> {
        let bag = Self::check(target)?;
        let partial = partial_name(target);
        let failed = |source| StageError::Io { path: partial.clone(), source };
        // A link or a folder of this name was not left behind by a run; what it leads to is not ours to empty.
        if partial.symlink_metadata().is_ok_and(|found| !is_own(&found)) {
            return Err(StageError::Exists(partial));
        }
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&partial);
        let file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StageError::Locked(target.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let (opened, named) = (file.metadata().map_err(failed)?, partial.symlink_metadata().map_err(failed)?);
        let same = (opened.dev(), opened.ino()) == (named.dev(), named.ino());
        if !is_own(&named) || !same || !begins_like_ours(&file).map_err(failed)? {
            return Err(StageError::Exists(partial));
        }
        file.set_len(0).map_err(failed)?;
        let sync = file.try_clone().map(start_syncing).map_err(failed)?;
        Ok(Self {
            file,
            partial,
            target: target.to_owned(),
            bag,
            at: 0,
            entries: Vec::new(),
            digests: Vec::new(),
            sync: Some(sync),
            synced: 0,
            complete: None,
            kept: false,
        })
    }

    /// Name of the bag.
    pub fn bag(&self) -> &BagName {
        &self.bag
    }

    /// Members written so far, with the digests of their bytes.
    pub fn members(&self) -> impl Iterator<Item = (&Entry, &Hash)> {
        self.entries.iter().zip(&self.digests)
    }

    /// Begins a STORED member whose path from the bag's top has `path_len` bytes. `expected` decides whether its
    /// header has room for sizes beyond 32 bits.
    pub fn begin(&mut self, path_len: usize, expected: u64) -> Draft<'_> {
        let zip64 = expected >= u64::from(u32::MAX);
        let header = local_header_len(self.bag.as_str().len() + 1 + path_len, zip64);
        let buffer = vec![0; header];
        Draft {
            stage: self,
            header,
            buffer,
            flushed: 0,
            size: 0,
            crc32: crc32fast::Hasher::new(),
            sha256: Context::new(&SHA256),
        }
    }

    /// Writes a whole STORED member and returns its digest.
    pub fn add(&mut self, member: Member, bytes: &[u8]) -> Result<Hash, StageError> {
        let mut draft = self.begin(member.to_string().len(), bytes.len() as u64);
        draft.write(bytes)?;
        draft.finish(|_| member)
    }

    /// Writes a member whose stored bytes, checksum and digest are known.
    pub fn add_prepared(&mut self, entry: Entry, digest: Hash, stored: &[u8]) -> Result<(), StageError> {
        let entry = Entry { offset: self.at, ..entry };
        let header = local_header(&self.bag, &entry);
        self.write_at(&header, self.at)?;
        self.write_at(stored, self.at + header.len() as u64)?;
        self.advance(header.len() as u64 + entry.stored);
        self.entries.push(entry);
        self.digests.push(digest);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), StageError> {
        self.file.write_all_at(bytes, at).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> StageError {
        StageError::Io { path: self.partial.clone(), source }
    }

    fn advance(&mut self, by: u64) {
        self.at += by;
        self.nudge(self.at);
    }

    /// Asks the system to write to disk what has come together; never waits for it.
    fn nudge(&mut self, at: u64) {
        if at - self.synced < SYNC_EVERY {
            return;
        }
        if let Some((sync, _)) = &self.sync
            && matches!(sync.try_send(()), Ok(()) | Err(TrySendError::Full(())))
        {
            self.synced = at;
        }
    }

    /// Writes the zip's directory and brings everything to disk, still under the partial name.
    pub fn complete(&mut self) -> Result<u64, StageError> {
        if let Some(bytes) = self.complete {
            return Ok(bytes);
        }
        let mut directory = Vec::new();
        write_directory(&mut directory, &self.bag, &self.entries, self.at).map_err(|source| self.failed(source))?;
        self.stop_syncing();
        self.write_at(&directory, self.at)?;
        let bytes = self.at + directory.len() as u64;
        self.file.set_len(bytes).and_then(|()| self.file.sync_all()).map_err(|source| self.failed(source))?;
        self.complete = Some(bytes);
        Ok(bytes)
    }

    /// The file while it has no name of its own.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Leaves the partial file behind whatever happens now: a ledger names it already.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Completes the archive and gives it its name.
    pub fn publish(mut self) -> Result<Published, StageError> {
        let bytes = self.complete()?;
        take_name(&self.partial, &self.target)?;
        self.kept = true;
        Ok(Published { path: self.target.clone(), bytes })
    }

    /// Gives a complete archive its name that a run left behind; whether it is complete is for the caller to know.
    pub fn publish_left_behind(target: &Path) -> Result<(), StageError> {
        take_name(&partial_name(target), target)
    }

    fn stop_syncing(&mut self) {
        if let Some((sync, thread)) = self.sync.take() {
            drop(sync);
            let _ = thread.join();
        }
    }
}

/// Whether a run can have left this behind: a file under this name only.
fn is_own(found: &Metadata) -> bool {
    found.is_file() && found.nlink() == 1
}

/// Whether a run can have written what a file begins with: the header of a member, room for one, or nothing yet.
fn begins_like_ours(file: &File) -> io::Result<bool> {
    let mut start = [0; 4];
    let length = file.read_at(&mut start, 0)?;
    Ok(start == [0; 4] || LOCAL.to_le_bytes().starts_with(&start[..length]))
}

/// A thread that brings a growing file to disk whenever it is told to.
fn start_syncing(file: File) -> (SyncSender<()>, JoinHandle<()>) {
    let (send, receive) = sync_channel(1);
    let thread = std::thread::spawn(move || {
        while receive.recv().is_ok() {
            // A failure here shows again in the last sync, which is checked.
            let _ = file.sync_data();
        }
    });
    (send, thread)
}

/// The name of an archive while it is being written.
fn partial_name(target: &Path) -> PathBuf {
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    PathBuf::from(partial)
}

/// A hard link never replaces what stands there; where the file system has none, a check and a rename must do.
fn take_name(partial: &Path, target: &Path) -> Result<(), StageError> {
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

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop_syncing();
        if !self.kept {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

/// A finished archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Where it stands.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

impl Draft<'_> {
    /// Appends bytes to the member.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StageError> {
        self.sha256.update(bytes);
        self.crc32.update(bytes);
        self.size += bytes.len() as u64;
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() >= BUFFER {
            self.stage.write_at(bytes, self.stage.at + self.flushed)?;
            self.flushed += bytes.len() as u64;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    /// Copies `input` to its end, but no more than `limit` bytes and one; `None` if `input` fails.
    pub fn copy(&mut self, input: &mut dyn Read, limit: u64, tick: &dyn Fn(u64)) -> Result<Option<u64>, StageError> {
        let mut input = input.take(limit.saturating_add(1));
        let mut block = vec![0; 256 << 10];
        loop {
            let count = match input.read(&mut block) {
                Ok(0) => return Ok(Some(self.size)),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Ok(None),
            };
            self.write(&block[..count])?;
            tick(count as u64);
        }
    }

    fn flush(&mut self) -> Result<(), StageError> {
        self.stage.write_at(&self.buffer, self.stage.at + self.flushed)?;
        self.flushed += self.buffer.len() as u64;
        self.buffer.clear();
        let reached = self.stage.at + self.flushed;
        self.stage.nudge(reached);
        Ok(())
    }

    /// Ends the member under the name that `member` makes of its digest, and returns the digest.
    pub fn finish(mut self, member: impl FnOnce(&Hash) -> Member) -> Result<Hash, StageError> {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.sha256.clone().finish().as_ref());
        let entry = Entry {
            member: member(&digest),
            method: Method::Stored,
            crc32: self.crc32.clone().finalize(),
            stored: self.size,
            size: self.size,
            offset: self.stage.at,
        };
        let header = local_header(&self.stage.bag, &entry);
        if header.len() != self.header {
            let source =
                io::Error::new(io::ErrorKind::FileTooLarge, "a member grew beyond the size that was announced");
            return Err(self.stage.failed(source));
        }
        if self.flushed == 0 {
            self.buffer[..header.len()].copy_from_slice(&header);
            self.flush()?;
        } else {
            self.flush()?;
            self.stage.write_at(&header, self.stage.at)?;
        }
        let length = self.flushed;
        self.stage.advance(length);
        self.stage.entries.push(entry);
        self.stage.digests.push(digest);
        Ok(digest)
    }

    /// The digest of what was written so far.
    pub fn digest(&self) -> Hash {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.sha256.clone().finish().as_ref());
        digest
    }
}
