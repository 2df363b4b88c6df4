//! What a bulk export comes in: a zip with `import.jsonl` and `data/…`, or a bare `.jsonl` with a folder `data` beside.
//!
//! Told apart by content, not by name. A zip that two readers could read in two ways (duplicate names, overlaps,
//! headers that disagree, bytes around it) is refused before anything is sealed. Nothing is ever written here, and no
//! path of an export is opened before it was found, spelled exactly so, in the listing made at the start.

use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::BulkError;
use super::blocks::Index;
use super::zipped::{Stated, broken_zip, is_readable, open_zip};
use crate::record::exception::Class;
use crate::source::contents::Contents;
use crate::source::original::{Original, OriginalError, Span};

/// The lines of an export inside its zip.
pub const IMPORT: &str = "import.jsonl";

/// Written by the server beside the lines when it could not export everything.
const WARNINGS: &str = "warnings.txt";

/// An opened export.
#[derive(Debug)]
pub struct Container {
    /// The file itself.
    pub original: Original,
    /// Base name of what holds the lines, for exceptions.
    pub lines_name: String,
    zip: Option<(ZipArchive<Span>, usize)>,
    /// Files that records may name.
    pub contents: Contents,
    /// Members of the zip that belong to no export, and whether the server left warnings.
    pub strangers: Vec<(Class, String)>,
}

/// Where attachments are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentPlace {
    /// In the zip, or in `data` beside the lines.
    Usual,
    /// In this folder.
    Folder(PathBuf),
    /// Nowhere: their bytes are not wanted.
    Nowhere,
}

impl Container {
    /// Opens an export and checks its container; reads no line yet.
    pub fn open(path: &Path, place: &ContentPlace) -> Result<Self, BulkError> {
        let original = Original::open(path).map_err(|error| match error {
            OriginalError::NotRegular { path } => BulkError::NotAnExport { path, found: "no regular file" },
            other => other.into(),
        })?;
        let failed = |source| BulkError::Open { path: path.to_owned(), source };
        let mut start = [0; 4];
        let got = original.file().read_at(&mut start, 0).map_err(failed)?;
        let is_zip = start[..got].starts_with(b"PK");
        let mut strangers = Vec::new();
        let (zip, lines_name, usual) = if is_zip {
            let zip = open_zip(path, original.span())?;
            let (lines, contents) = list_zip(path, &zip, &mut strangers)?;
            (Some((zip, lines)), IMPORT.to_owned(), contents)
        } else {
            if !start[..got].trim_ascii_start().starts_with(b"{") {
                let found = if got == 0 { "an empty file" } else { "neither a zip nor JSON lines" };
                return Err(BulkError::NotAnExport { path: path.to_owned(), found });
            }
            let beside = path.parent().unwrap_or(Path::new("")).join("data");
            let contents = if *place == ContentPlace::Usual {
                Contents::folder(&beside).map_err(failed)?
            } else {
                Contents::none()
            };
            (None, original.name.clone(), contents)
        };
        let contents = match place {
            ContentPlace::Usual => usual,
            ContentPlace::Folder(folder) => {
                Contents::folder(folder).map_err(|source| BulkError::Open { path: folder.clone(), source })?
            }
            ContentPlace::Nowhere => Contents::none(),
        };
        Ok(Self { original, lines_name, zip, contents, strangers })
    }

    /// Whether it is a zip.
    pub fn is_zip(&self) -> bool {
        self.zip.is_some()
    }

    /// Bytes that reading all lines takes from the source, for progress.
    pub fn lines_size(&self) -> u64 {
        let size =
            |(zip, at): &(ZipArchive<Span>, usize)| zip.by_index_data(*at).map_or(0, |entry| entry.compressed_size());
        self.zip.as_ref().map_or(self.original.size, size)
    }

    /// Hands the stream of lines to `read`. A checksum that does not match is an error at the end of the stream.
    pub fn lines<T>(&self, read: impl FnOnce(&mut (dyn Read + Send)) -> Result<T, BulkError>) -> Result<T, BulkError> {
        match &self.zip {
            None => read(&mut self.original.span()),
            Some((zip, at)) => {
                let mut zip = zip.clone();
                let member = zip.by_index_raw(*at).map_err(|source| broken_zip(&self.original.path, &source))?;
                read(&mut Stated::new(member))
            }
        }
    }

    /// An empty index of the lines: into the source if it is plain, else with a copy in `temporary`.
    pub fn index(&self, temporary: &Path) -> Result<Index, BulkError> {
        if self.zip.is_none() {
            return Ok(Index::of_source(self.original.file()));
        }
        tempfile::tempfile_in(temporary).map(Index::with_copy).map_err(BulkError::Temporary)
    }
}

fn list_zip(
    path: &Path,
    zip: &ZipArchive<Span>,
    strangers: &mut Vec<(Class, String)>,
) -> Result<(usize, Contents), BulkError> {
    let mut lines = None;
    let mut listing = HashMap::new();
    for at in 0..zip.len() {
        let entry = zip.by_index_data(at).map_err(|error| broken_zip(path, &error))?;
        let name = entry.name_raw();
        if entry.is_dir() {
            continue;
        }
        if name == IMPORT.as_bytes() {
            lines = Some(at);
            let method = entry.compression();
            if entry.encrypted() || !is_readable(method) {
                let reason = format!("`{IMPORT}` is encrypted or compressed in a way that Mattermost does not use");
                return Err(BulkError::Zip { path: path.to_owned(), reason });
            }
            if entry.is_symlink() {
                let reason = format!("`{IMPORT}` is a symbolic link");
                return Err(BulkError::Zip { path: path.to_owned(), reason });
            }
        } else if let Some(inner) = name.strip_prefix(b"data/") {
            listing.insert(Box::from(inner), u32::try_from(listing.len()).unwrap_or(u32::MAX));
        } else {
            let class = if name == WARNINGS.as_bytes() { Class::NoteServerWarnings } else { Class::NoteMemberUnknown };
            strangers.push((class, String::from_utf8_lossy(name).into_owned()));
        }
    }
    let lines =
        lines.ok_or_else(|| BulkError::NotAnExport { path: path.to_owned(), found: "a zip without `import.jsonl`" })?;
    Ok((lines, Contents::zip(listing, zip.clone())))
}
