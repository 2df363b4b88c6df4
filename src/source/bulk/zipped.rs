//! A foreign zip, opened only if every reader would see the same in it.
//!
//! Readers of zips differ in where they start (from the front, at the stated offset, back from the end) and in which of
//! two headers they believe. Evidence must not depend on that: what could be read in two ways is refused as a whole.
//! Only regular members that are STORED or DEFLATE are readable; lengths and checksums are held while reading.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use zip::read::ZipFile;
use zip::{CompressionMethod, ZipArchive};

use super::BulkError;
use crate::source::original::Span;

/// Bytes of a member that are read at once: inflating is slower in small steps, because each of them moves the window.
const READ: usize = 256 << 10;

/// The bytes of a member, held to the length and the checksum that the zip states.
pub(super) struct Stated<'z> {
    bytes: Box<dyn Read + Send + 'z>,
    left: u64,
    crc32: crc32fast::Hasher,
    expected: u32,
}

impl<'z> Stated<'z> {
    /// Inflates a member that was opened as it lies in the zip, and whose method [`is_readable`].
    pub(super) fn new(member: ZipFile<'z, Span>) -> Self {
        let (left, expected, method) = (member.size(), member.crc32(), member.compression());
        let raw = BufReader::with_capacity(READ, member);
        let bytes: Box<dyn Read + Send + 'z> = match method {
            CompressionMethod::Stored => Box::new(raw),
            _ => Box::new(DeflateDecoder::new(raw)),
        };
        Self { bytes, left, crc32: crc32fast::Hasher::new(), expected }
    }
}

impl Read for Stated<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(out)?;
        let wrong = |message: String| Err(io::Error::new(io::ErrorKind::InvalidData, message));
        let Some(left) = self.left.checked_sub(count as u64) else {
            return wrong("goes on behind the length that the zip states".to_owned());
        };
        self.left = left;
        self.crc32.update(&out[..count]);
        if count > 0 || out.is_empty() {
            return Ok(count);
        }
        if left > 0 {
            return wrong(format!("ends {left} bytes before the length that the zip states"));
        }
        if self.crc32.clone().finalize() != self.expected {
            return wrong("does not match the checksum that the zip states".to_owned());
        }
        Ok(0)
    }
}

/// Whether Mattermost, or anybody who repacks its exports, compresses like this.
pub(in crate::source) fn is_readable(method: CompressionMethod) -> bool {
    matches!(method, CompressionMethod::Stored | CompressionMethod::Deflated)
}

/// A zip that cannot be read.
pub(super) fn broken_zip(path: &Path, error: &zip::result::ZipError) -> BulkError {
    BulkError::Zip { path: path.to_owned(), reason: error.to_string() }
}

/// Opens a zip that every reader understands in the same way.
pub(super) fn open_zip(path: &Path, span: Span) -> Result<ZipArchive<Span>, BulkError> {
    let refuse = |reason: &str| BulkError::Zip { path: path.to_owned(), reason: reason.to_owned() };
    let end = span.end;
    let file = span.file.clone();
    let mut zip = ZipArchive::new(span).map_err(|error| broken_zip(path, &error))?;
    if zip.offset() != 0 {
        return Err(refuse("there are bytes before the zip"));
    }
    let mut tail = [0; 22];
    let whole = end >= 22 && file.read_exact_at(&mut tail, end - 22).is_ok() && tail.starts_with(b"PK\x05\x06");
    if !whole {
        return Err(refuse("there are bytes after the zip, or a comment"));
    }
    if !directory_is_last(&file, end) {
        return Err(refuse("its directory does not end where the end records begin"));
    }
    zip.validate_header_consistency().map_err(|error| broken_zip(path, &error))?;
    Ok(zip)
}

/// Whether the directory reaches exactly to the end records, so that it is found at the same place from both sides:
/// some readers start at the offset that is stated, others go back by the length that is stated.
fn directory_is_last(file: &File, end: u64) -> bool {
    let field = |at: u64, bytes: &mut [u8]| file.read_exact_at(bytes, at).is_ok();
    let (mut short, mut long, mut records) = ([0; 4], [0; 8], end.saturating_sub(22));
    let mut number = |at: u64| field(at, &mut short).then(|| u64::from(u32::from_le_bytes(short)));
    let (length, offset) = (number(records + 12), number(records + 16));
    let is_zip64 = number(records.saturating_sub(20)) == Some(0x0706_4b50);
    if !is_zip64 {
        return length.zip(offset).is_some_and(|(length, offset)| offset.checked_add(length) == Some(records));
    }
    records = records.saturating_sub(20 + 56);
    let mut number = |at: u64| field(at, &mut long).then(|| u64::from_le_bytes(long));
    let (length, offset, stated) = (number(records + 40), number(records + 48), number(records + 56 + 8));
    stated == Some(records)
        && length.zip(offset).is_some_and(|(length, offset)| offset.checked_add(length) == Some(records))
}
