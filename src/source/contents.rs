//! The files that belong to records: which there are, which are named, and their bytes.
//!
//! Paths come from posts and rows and are hostile. None is opened before it was found, spelled exactly so, in the listing
//! made at the start; symbolic links are not followed, also when they took a file's place after that.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zip::ZipArchive;

use super::beneath;
use super::bulk::zipped::is_readable;
use super::original::Span;
use crate::record::exception::Class;

/// A record that lacks its content, as it is kept until that was looked for: its line, open after its last field; the
/// members that follow `data`; and the path of the content. Line feeds part them, which neither of the first two holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished<'u> {
    /// The line up to its last field, without `}}`.
    pub line: &'u [u8],
    /// Members of the line behind `data`, each behind a comma.
    pub rest: &'u [u8],
    /// Where the content lies, in the source's words.
    pub path: &'u str,
}

impl<'u> Unfinished<'u> {
    /// Takes apart what [`Self::push`] wrote.
    pub fn of(kept: &'u [u8]) -> Self {
        let mut parts = kept.splitn(3, |byte| *byte == b'\n');
        let mut part = || parts.next().unwrap_or_default();
        let (line, rest, path) = (part(), part(), part());
        Self { line, rest, path: std::str::from_utf8(path).unwrap_or_default() }
    }

    /// Appends it as it is kept.
    pub fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.line);
        self.push_behind(out);
    }

    /// Appends what is kept behind the line.
    pub fn push_behind(&self, out: &mut Vec<u8>) {
        out.push(b'\n');
        out.extend_from_slice(self.rest);
        out.push(b'\n');
        out.extend_from_slice(self.path.as_bytes());
    }
}

/// The files that records may name, listed once.
#[derive(Debug)]
pub struct Contents {
    listing: Arc<Listing>,
    named: Vec<AtomicBool>,
    place: Place,
}

/// Position of each file, by its path as bytes.
pub type Listing = HashMap<Box<[u8]>, u32>;

#[derive(Debug, Clone)]
enum Place {
    Zip(ZipArchive<Span>),
    Folder(Arc<File>),
    /// A folder that does not exist: nothing is there, though it is wanted.
    Missing,
    Nowhere,
}

/// Why the bytes of a file are not to be had.
#[derive(Debug, PartialEq, Eq)]
pub struct Gap {
    /// The class of the exception.
    pub class: Class,
    /// What was found, in our words.
    pub found: String,
}

impl Contents {
    /// No files at all.
    pub fn none() -> Self {
        Self { listing: Arc::default(), named: Vec::new(), place: Place::Nowhere }
    }

    /// The files of a zip, by their path below `data/`.
    pub fn zip(listing: Listing, zip: ZipArchive<Span>) -> Self {
        let named = listing.iter().map(|_| AtomicBool::new(false)).collect();
        Self { listing: Arc::new(listing), named, place: Place::Zip(zip) }
    }

    /// Lists a folder; symbolic links are not followed and count as absent. A folder that does not exist is empty.
    pub fn folder(root: &Path) -> io::Result<Self> {
        let place = match File::open(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Place::Missing,
            other => Place::Folder(Arc::new(other?)),
        };
        let mut listing = HashMap::new();
        let mut folders = if matches!(place, Place::Missing) { Vec::new() } else { vec![root.to_owned()] };
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let path = entry.path();
                    let inner = path.strip_prefix(root).unwrap_or(&path).as_os_str().as_bytes();
                    listing.insert(Box::from(inner), u32::try_from(listing.len()).unwrap_or(u32::MAX));
                }
            }
        }
        let named = listing.iter().map(|_| AtomicBool::new(false)).collect();
        Ok(Self { listing: Arc::new(listing), named, place })
    }

    /// Whether bytes are wanted at all.
    pub fn is_wanted(&self) -> bool {
        !matches!(self.place, Place::Nowhere)
    }

    /// Remembers that a record names this path, whether or not the record is in scope.
    pub fn mark_named(&self, path: &str) {
        if let Some(at) = self.listing.get(path.as_bytes()) {
            self.named[*at as usize].store(true, Ordering::Relaxed);
        }
    }

    /// Paths that no record names, sorted.
    pub fn unnamed(&self) -> Vec<String> {
        let unnamed = self.paths().filter(|(_, is_named)| !is_named);
        let mut paths: Vec<String> = unnamed.map(|(path, _)| String::from_utf8_lossy(path).into_owned()).collect();
        paths.sort_unstable();
        paths
    }

    /// All paths as bytes, and whether a record names them; in no order.
    pub fn paths(&self) -> impl Iterator<Item = (&[u8], bool)> {
        self.listing.iter().map(|(path, at)| (path.as_ref(), self.named[*at as usize].load(Ordering::Relaxed)))
    }

    /// Files listed.
    pub fn len(&self) -> usize {
        self.listing.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.listing.is_empty()
    }

    /// A reader of the files' bytes, apart from what is known about them.
    pub fn reader(&self) -> ContentReader {
        ContentReader { listing: self.listing.clone(), place: self.place.clone() }
    }
}

/// Reads files that records name, and only files that were listed.
#[derive(Debug)]
pub struct ContentReader {
    listing: Arc<Listing>,
    place: Place,
}

impl ContentReader {
    /// Whether bytes are wanted at all.
    pub fn is_wanted(&self) -> bool {
        !matches!(self.place, Place::Nowhere)
    }

    /// Hands the bytes of a file to `copy`, together with the length that the source states.
    ///
    /// `copy` reports an error of its own as the inner error; what is wrong with the file itself is a [`Gap`].
    pub fn read<T>(
        &mut self,
        path: &str,
        copy: impl FnOnce(&mut dyn Read, u64) -> Result<Option<T>, io::Error>,
    ) -> Result<Result<T, Gap>, io::Error> {
        let gap = |class, found: &str| Ok(Err(Gap { class, found: found.to_owned() }));
        if path.starts_with('/') || path.contains('\0') || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return gap(Class::FilePathUnsafe, "an absolute path, or one with empty, `.` or `..` parts");
        }
        if !self.listing.contains_key(path.as_bytes()) {
            return gap(Class::FileMissing, "no such file");
        }
        let copied = match &mut self.place {
            Place::Nowhere | Place::Missing => return gap(Class::FileMissing, "no such file"),
            Place::Folder(root) => {
                let opened = beneath::open(root, path).and_then(|file| Ok((file.metadata()?.len(), file)));
                match opened {
                    Ok((length, mut file)) => copy(&mut file, length)?,
                    Err(_) => return gap(Class::FileUnreadable, "a file that cannot be opened"),
                }
            }
            Place::Zip(zip) => {
                let name = [b"data/", path.as_bytes()].concat();
                // `by_name_raw` would hand out the bytes as they lie in the zip, neither inflated nor checked.
                let member = zip.index_for_name_raw(&name).ok_or(zip::result::ZipError::FileNotFound);
                match member.and_then(|at| zip.by_index(at)) {
                    Ok(member) if !is_readable(member.compression()) => {
                        return gap(Class::FileUnreadable, "a member compressed in an unknown way");
                    }
                    Ok(mut member) if !member.is_symlink() => {
                        let size = member.size();
                        copy(&mut member, size)?
                    }
                    Ok(_) => return gap(Class::FilePathUnsafe, "a symbolic link"),
                    Err(_) => {
                        return gap(
                            Class::FileUnreadable,
                            "a member that is encrypted or compressed in an unknown way",
                        );
                    }
                }
            }
        };
        match copied {
            Some(copied) => Ok(Ok(copied)),
            None => gap(Class::FileUnreadable, "bytes that break off or do not match their checksum"),
        }
    }
}
