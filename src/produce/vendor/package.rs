//! The zip of a batch: members with safe names, the same bytes each time.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use zip::read::read_zipfile_from_stream;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::archive::deflate::deflate;
use crate::archive::reader::Archive;
use crate::archive::zip::{Method, Packing};
use crate::merkle::Hash;
use crate::produce::files::{Attachment, copy_content};
use crate::produce::folder::Output;
use crate::produce::{Folder, ProduceError, name};
use crate::progress::Progress;

/// Longest part of a member's name in bytes: what common file systems hold.
const MAX_PART: usize = 255;

/// Members larger than this get the long form of their sizes; unknown in advance, so it stays well below the limit.
const LARGE: u64 = 2 << 30;

/// How hard texts are packed: what is saved beyond this takes longer than everything else.
const LEVEL: i64 = 1;

/// A zip being written.
pub(super) struct Package<'f> {
    folder: &'f Folder,
    path: String,
    zip: ZipWriter<StreamWriter<Output<'f>>>,
}

impl<'f> Package<'f> {
    /// Begins the zip `path` of the production.
    pub(super) fn begin(folder: &'f Folder, path: &str) -> Result<Self, ProduceError> {
        let output = folder.create(path)?;
        Ok(Self { folder, path: path.to_owned(), zip: ZipWriter::new_stream(output) })
    }

    fn failed(&self) -> impl Fn(io::Error) -> ProduceError + use<'f> {
        let (folder, path) = (self.folder, self.path.clone());
        move |source| folder.failed(&path, source).into()
    }

    /// Adds a text under an ASCII name, packed as segments are: the library's fastest level takes more than twice as long.
    pub(super) fn member(&mut self, name: &str, text: &[u8]) -> Result<(), ProduceError> {
        if text.len() as u64 > LARGE {
            self.start(name, CompressionMethod::Deflated, text.len() as u64)?;
            return self.zip.write_all(text).map_err(self.failed());
        }
        let failed = self.failed();
        let mut packed = Vec::new();
        deflate(text, &mut packed);
        // The library copies a member of another zip without unpacking it. It has no attributes here: with some, zip 9.4 says
        // that sizes follow behind the member, and writes none there.
        let (crc32, stored, size) = (crc32fast::hash(text), packed.len() as u64, text.len() as u64);
        let header = Packing { method: Method::Deflated, crc32, stored, size }.local_header(name);
        let mut whole = header.chain(packed.as_slice());
        let member = read_zipfile_from_stream(&mut whole).map_err(|error| failed(error.into()))?;
        let member = member.ok_or_else(|| failed(io::ErrorKind::InvalidData.into()))?;
        self.zip.raw_copy_file(member).map_err(|error| failed(error.into()))
    }

    /// Adds a member of at most `size` bytes or so, which `write` writes; it is given what makes errors of the zip.
    pub(super) fn stream(
        &mut self,
        name: &str,
        size: u64,
        write: impl FnOnce(&mut dyn Write, &dyn Fn(io::Error) -> ProduceError) -> Result<(), ProduceError>,
    ) -> Result<(), ProduceError> {
        self.start(name, CompressionMethod::Deflated, size)?;
        let failed = self.failed();
        write(&mut self.zip, &failed)
    }

    /// Adds the bytes of a file as they are; most files are packed already.
    pub(super) fn content(
        &mut self,
        name: &str,
        archive: &Archive,
        digest: &Hash,
        size: u64,
        progress: &Progress,
    ) -> Result<(), ProduceError> {
        self.start(name, CompressionMethod::Stored, size)?;
        let failed = self.failed();
        copy_content(archive, digest, progress, &mut self.zip, failed).map(drop)
    }

    fn start(&mut self, name: &str, method: CompressionMethod, size: u64) -> Result<(), ProduceError> {
        let level = (method == CompressionMethod::Deflated).then_some(LEVEL);
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .compression_level(level)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(size > LARGE);
        self.zip.start_file(name, options).map_err(|error| self.failed()(error.into()))
    }

    /// Ends the zip.
    pub(super) fn finish(self) -> Result<(), ProduceError> {
        let failed = self.failed();
        let output = self.zip.finish().map_err(|error| failed(error.into()))?.into_inner();
        Ok(output.finish().map(drop)?)
    }
}

/// Names given to the files in one zip.
#[derive(Default)]
pub(super) struct Places {
    /// By their lower-case form: what lies there.
    taken: HashMap<String, Option<Hash>>,
}

/// Where a file lies in the zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Name of its member.
    pub(super) name: String,
    /// Whether nothing of this name and content was placed before.
    pub(super) is_new: bool,
    /// Whether the name is another one than the vendor's.
    pub(super) is_changed: bool,
}

impl Places {
    /// A place for a file under a name with `/`. Each part is made safe; a second file of the same name gets a number.
    pub(super) fn place(&mut self, wanted: &str, file: &Attachment) -> Place {
        let parts: Vec<_> = wanted.split('/').map(|part| name::safe_within(part, MAX_PART)).collect();
        let safe = parts.join("/");
        let (folder, last) = safe.rsplit_once('/').map_or(("", safe.as_str()), |(folder, last)| (folder, last));
        let (mut name, mut number) = (safe.clone(), 1_u32);
        loop {
            match self.taken.get(&name.to_lowercase()) {
                None => {
                    self.taken.insert(name.to_lowercase(), file.content);
                    let is_changed = name != wanted;
                    return Place { name, is_new: true, is_changed };
                }
                Some(content) if *content == file.content => {
                    let is_changed = name != wanted;
                    return Place { name, is_new: false, is_changed };
                }
                Some(_) => {
                    number = number.saturating_add(1);
                    name = format!("{folder}/{number}-{last}");
                }
            }
        }
    }
}

/// The last part of a path, as Go's `path.Base` gives it.
pub(super) fn base(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some("") | None if path.is_empty() => ".",
        Some("") | None => "/",
        Some(last) => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: u8) -> Attachment {
        Attachment {
            id: "f".into(),
            user_id: "u".into(),
            create_at: 0,
            update_at: 0,
            delete_at: 0,
            path: "".into(),
            name: "".into(),
            mime_type: "".into(),
            size: 0,
            pixels: (0, 0),
            content: Some([content; 32]),
            missing: "".into(),
        }
    }

    #[test]
    fn names_from_data_are_safe_and_no_two_files_meet() {
        let mut places = Places::default();
        let mut place = |wanted: &str, content| {
            let Place { name, is_new, is_changed } = places.place(wanted, &file(content));
            format!("{name} {is_new} {is_changed}")
        };
        assert_eq!(place("a/b c.txt", 1), "a/b c.txt true false");
        assert_eq!(place("a/b c.txt", 1), "a/b c.txt false false");
        assert_eq!(place("A/B c.txt", 2), "A/2-B c.txt true true");
        assert_eq!(place("../../etc/passwd", 1), "_/_/etc/passwd true true");
        assert_eq!(place("/abs\\olute", 1), "_/abs_olute true true");
    }

    #[test]
    fn the_last_part_of_a_path_is_found_as_go_does() {
        let cases =
            [("a/b.txt", "b.txt"), ("b", "b"), ("a/b/", "b"), ("", "."), ("/", "/"), ("///", "/"), ("..", "..")];
        for (path, expected) in cases {
            assert_eq!(base(path), expected, "{path}");
        }
    }
}
