//! Unpacking a bag as a folder, so that ordinary tools can check it.
//!
//! Invariant: every path is made by [`Member`](super::names::Member), never taken from the file; the folder appears
//! under its name only when all of it was written, and what stands there is never touched.
//!
//! It checks CRCs and sizes, because bytes that are not those of the zip must not be handed on, and nothing more:
//! extracting is not verifying. It does not wait for the disk either, for the folder can be made again.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::defect::Flaw;
use super::reader::{Archive, Body};
use super::zip::{Entry, Method};
use crate::progress::{Interrupted, Progress};

/// A stream is copied in pieces of this many bytes.
const BLOCK: usize = 256 * 1024;

/// Why a bag was not unpacked; then no folder is left behind.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// Something stands where the folder should go.
    #[error("`{}` exists and is not an empty folder", .0.display())]
    Exists(PathBuf),
    /// The path cannot name a folder.
    #[error("`{}` does not name a folder", .0.display())]
    Unnamed(PathBuf),
    /// A member is not what its headers say.
    #[error("`{member}` cannot be read: {}", flaw.meaning())]
    Damaged {
        /// Its path in the bag.
        member: String,
        /// What is wrong.
        flaw: Flaw,
    },
    /// The archive cannot be read.
    #[error("cannot read `{member}`")]
    Read {
        /// Its path in the bag.
        member: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The folder cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Writes the bag as the folder `output`, which must not exist or be empty. Returns the number of files.
pub fn extract(archive: &Archive, output: &Path, progress: &Progress) -> Result<u64, ExtractError> {
    progress.phase("unpacking");
    progress.expect(archive.entries().iter().map(|entry| entry.size).sum());
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |source| ExtractError::Write { path, source }
    };
    if !is_free(output).map_err(wrong(output))? {
        return Err(ExtractError::Exists(output.to_owned()));
    }
    let name = output.file_name().ok_or_else(|| ExtractError::Unnamed(output.to_owned()))?;
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = name.to_owned();
    prefix.push(OsStr::new(".partial-"));
    // Beside the output, so that the last step is a rename; removed when dropped.
    let stage = tempfile::Builder::new().prefix(&prefix).tempdir_in(parent).map_err(wrong(parent))?;
    let bag = stage.path().join("bag");
    fs::create_dir(&bag).map_err(wrong(&bag))?;
    let (mut body, mut buffer) = (Body::default(), vec![0; BLOCK]);
    for entry in archive.entries() {
        progress.check()?;
        let path = bag.join(entry.member.to_string());
        let folder = path.parent().unwrap_or(&bag);
        fs::create_dir_all(folder).map_err(wrong(folder))?;
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(wrong(&path))?;
        match entry.method {
            Method::Stored => copy(archive, entry, &mut file, &path, &mut buffer, progress)?,
            Method::Deflated => {
                let member = || entry.member.to_string();
                let loaded = archive.load(entry, &mut body);
                let loaded = loaded.map_err(|source| ExtractError::Read { member: member(), source })?;
                loaded.map_err(|flaw| ExtractError::Damaged { member: member(), flaw })?;
                file.write_all(body.bytes()).map_err(wrong(&path))?;
                progress.add(entry.size);
            }
        }
    }
    // Replaces an empty folder; fails if it was filled meanwhile.
    fs::rename(&bag, output).map_err(wrong(output))?;
    Ok(archive.entries().len() as u64)
}

fn is_free(output: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(output) {
        Ok(found) => Ok(found.is_dir() && fs::read_dir(output)?.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Copies a STORED member and holds its CRC against the header.
fn copy(
    archive: &Archive,
    entry: &Entry,
    file: &mut File,
    path: &Path,
    buffer: &mut [u8],
    progress: &Progress,
) -> Result<(), ExtractError> {
    let member = || entry.member.to_string();
    let mut crc32 = crc32fast::Hasher::new();
    let mut reader = archive.stream(entry);
    loop {
        progress.check()?;
        let read = reader.read(buffer).map_err(|source| ExtractError::Read { member: member(), source })?;
        let Some(block) = buffer.get(..read).filter(|block| !block.is_empty()) else { break };
        crc32.update(block);
        file.write_all(block).map_err(|source| ExtractError::Write { path: path.to_owned(), source })?;
        progress.add(read as u64);
    }
    if crc32.finalize() == entry.crc32 {
        Ok(())
    } else {
        Err(ExtractError::Damaged { member: member(), flaw: Flaw::CrcMismatch })
    }
}
