//! Writing so that a power cut leaves either the old file or the new one.
//!
//! Every step reports to a hook, so that a test can look at what a kill or a power cut would leave behind at any moment;
//! the program itself passes [`unwatched`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A step that was just taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Bytes were written to this file; they may be lost.
    Written(&'a Path),
    /// The bytes of this file are on disk.
    Synced(&'a Path),
    /// A file has got this name; the name may be lost.
    Named(&'a Path),
    /// The names in this folder are on disk.
    Settled(&'a Path),
    /// This name was removed; it may come back.
    Removed(&'a Path),
}

/// Told about each step; an error ends the work there.
pub type Watch<'a> = dyn FnMut(Event<'_>) -> io::Result<()> + 'a;

/// The hook of whoever does not want to know.
pub fn unwatched(_: Event<'_>) -> io::Result<()> {
    Ok(())
}

/// What a file is called while it is being written.
pub(super) const PARTIAL: &str = "partial";

/// Writes a file under another name, brings it to disk, and puts it in its place.
pub fn write(path: &Path, bytes: &[u8], watch: &mut Watch<'_>) -> io::Result<()> {
    let partial = partial(path);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&partial)?;
    file.write_all(bytes)?;
    watch(Event::Written(&partial))?;
    file.sync_all()?;
    watch(Event::Synced(&partial))?;
    fs::rename(&partial, path)?;
    watch(Event::Named(path))?;
    settle(path, watch)
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path, watch: &mut Watch<'_>) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    }
    watch(Event::Removed(path))?;
    settle(path, watch)
}

/// Makes a folder, if it is not there.
pub(super) fn folder(path: &Path, watch: &mut Watch<'_>) -> io::Result<()> {
    fs::create_dir_all(path)?;
    settle(path, watch)
}

/// Brings the name of `path` to disk.
fn settle(path: &Path, watch: &mut Watch<'_>) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()?;
    watch(Event::Settled(folder))
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(PARTIAL);
    PathBuf::from(name)
}
