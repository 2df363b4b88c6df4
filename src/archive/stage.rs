//! An archive while it is being written: `NAME.zip.partial`, which becomes `NAME.zip` at the very end or vanishes.
//!
//! Invariant: nothing is written in place and nothing is overwritten. Until [`Stage::publish`] the final name does not
//! exist; dropping a stage removes its file; a killed process leaves at most the partial file, which the next run
//! takes over if it begins as only such a file does. The end of the zip is written last, so what is left behind does not verify.

mod name;

pub use name::{Published, publish_left_behind};
use name::{partial_name, take_name};

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use ring::digest::{Context, SHA256};

use super::names::{BagName, Member, NameError};
use super::reader::{MAX_MEMBERS, size_limit};
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
    /// A verifier would refuse to read so many members.
    #[error("`{}` would have more than {MAX_MEMBERS} files, which is the most that an archive may have", .0.display())]
    TooManyMembers(PathBuf),
    /// A verifier would refuse to read so large a member.
    #[error("`{member}` would have {size} bytes, more than the {limit} that it may have")]
    TooLarge {
        /// The member.
        member: Member,
        /// Its bytes.
        size: u64,
        /// How many it may have.
        limit: u64,
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

    /// Begins a STORED member whose path from the bag's top has `path_len` bytes. `expected` decides whether room is left
    /// for a header with sizes beyond 32 bits; where it was wrong, the member's bytes are moved at its end.
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
        let (size, limit) = (bytes.len() as u64, size_limit(&member));
        if size > limit {
            return Err(StageError::TooLarge { member, size, limit });
        }
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
        self.enter(entry, digest, header.len() as u64)
    }

    /// Enters a member that stands at the end, with a header of this length.
    fn enter(&mut self, entry: Entry, digest: Hash, header: u64) -> Result<(), StageError> {
        if self.entries.len() as u64 >= MAX_MEMBERS {
            return Err(StageError::TooManyMembers(self.target.clone()));
        }
        self.at += header + entry.stored;
        self.nudge(self.at);
        self.entries.push(entry);
        self.digests.push(digest);
        Ok(())
    }

    /// Moves `length` bytes that were written at `from` to `to`, which may overlap them.
    fn shift(&self, from: u64, to: u64, length: u64) -> Result<(), StageError> {
        let mut block = vec![0; BUFFER];
        let mut done = 0;
        while done < length {
            let count = (length - done).min(BUFFER as u64);
            // What is not moved yet must not be written over: to the front from the front, to the back from the back.
            let at = if to < from { done } else { length - done - count };
            let part = &mut block[..usize::try_from(count).unwrap_or(BUFFER)];
            self.file.read_exact_at(part, from + at).map_err(|source| self.failed(source))?;
            self.write_at(part, to + at)?;
            done += count;
        }
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), StageError> {
        self.file.write_all_at(bytes, at).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> StageError {
        StageError::Io { path: self.partial.clone(), source }
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

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop_syncing();
        if !self.kept {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
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
        let length = header.len() as u64;
        if self.flushed == 0 {
            self.buffer.splice(..self.header, header);
            self.flush()?;
        } else {
            self.flush()?;
            let start = self.stage.at;
            if header.len() != self.header {
                self.stage.shift(start + self.header as u64, start + length, self.size)?;
            }
            self.stage.write_at(&header, start)?;
        }
        self.stage.enter(entry, digest, length)?;
        Ok(digest)
    }

    /// The digest of what was written so far.
    pub fn digest(&self) -> Hash {
        let mut digest = [0; 32];
        digest.copy_from_slice(self.sha256.clone().finish().as_ref());
        digest
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::reader::Opening;
    use super::*;

    /// Three members, the middle one as long as `length` and announced as `expected` bytes, as they are read back.
    fn read_back(length: usize, expected: u64) -> (Vec<Vec<u8>>, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut stage = Stage::create(&path).unwrap();
        stage.add(Member::Readme, b"before").unwrap();
        let bytes: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
        let mut draft = stage.begin(Member::Exceptions.to_string().len(), expected);
        bytes.chunks(70_001).for_each(|part| draft.write(part).unwrap());
        draft.finish(|_| Member::Exceptions).unwrap();
        stage.add(Member::Custody, b"behind").unwrap();
        stage.publish().unwrap();
        let opening = Opening::read(&path).unwrap();
        let archive = opening.archive.unwrap();
        let read = |member: &Member| {
            let mut read = Vec::new();
            archive.stream(archive.find(member).unwrap()).read_to_end(&mut read).unwrap();
            read
        };
        (vec![read(&Member::Readme), read(&Member::Exceptions), read(&Member::Custody)], bytes)
    }

    #[test]
    fn a_member_of_another_size_than_announced_is_moved() {
        for length in [0, 5, BUFFER - 1, BUFFER + 1, 3 * BUFFER + 17] {
            for expected in [0, u64::MAX] {
                let (read, bytes) = read_back(length, expected);
                assert!(read[0] == b"before" && read[2] == b"behind" && read[1] == bytes, "{length} {expected}");
            }
        }
    }

    #[test]
    fn bytes_are_moved_in_both_directions() {
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage::create(&folder.path().join("a.zip")).unwrap();
        let length = 2 * BUFFER + 33;
        let bytes: Vec<u8> = (0..=252_u8).cycle().take(length).collect();
        for (from, to) in [(100, 120), (120, 100), (7, 7 + BUFFER as u64), (3, 3)] {
            stage.write_at(&bytes, from).unwrap();
            stage.shift(from, to, length as u64).unwrap();
            let read = fs::read(&stage.partial).unwrap();
            assert!(read[usize::try_from(to).unwrap()..][..length] == bytes, "{from} {to}");
        }
    }

    #[test]
    fn what_could_not_be_verified_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Stage::create(&folder.path().join("a.zip")).unwrap();
        let long = vec![0; usize::try_from(size_limit(&Member::Source)).unwrap() + 1];
        let refused = stage.add(Member::Source, &long).unwrap_err();
        assert!(matches!(refused, StageError::TooLarge { size: 16_777_217, limit: 16_777_216, .. }), "{refused}");
        let most = usize::try_from(MAX_MEMBERS).unwrap();
        stage.add(Member::Readme, b"x").unwrap();
        stage.entries = vec![stage.entries[0].clone(); most - 1];
        stage.add(Member::Custody, b"x").unwrap();
        let refused = stage.add(Member::Summary, b"x").unwrap_err();
        assert!(matches!(refused, StageError::TooManyMembers(_)), "{refused}");
    }
}
