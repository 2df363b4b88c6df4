//! Reading the bytes of members.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

use super::super::defect::Flaw;
use super::super::zip::{Entry, Method};
use super::{Archive, size_limit};

/// The bytes of one member in memory, and the buffers for the next: they only grow, so that none is cleared in vain.
#[derive(Debug, Default)]
pub struct Body {
    raw: Vec<u8>,
    raw_len: usize,
    plain: Vec<u8>,
    /// Bytes of `plain` if the member is DEFLATE.
    plain_len: Option<usize>,
}

impl Body {
    /// The bytes as they lie in the zip.
    pub fn raw(&self) -> &[u8] {
        self.raw.get(..self.raw_len).unwrap_or_default()
    }

    /// The member's bytes.
    pub fn bytes(&self) -> &[u8] {
        self.plain_len.map_or_else(|| self.raw(), |length| self.plain.get(..length).unwrap_or_default())
    }

    /// Room for `length` bytes as they lie in the zip.
    fn room(&mut self, length: usize) -> &mut [u8] {
        self.raw_len = length;
        grow(&mut self.raw, length)
    }

    /// Inflates what was read into exactly `size` bytes, using all of it.
    fn inflate(&mut self, size: u64) -> bool {
        let Ok(size) = usize::try_from(size) else { return false };
        let Some(raw) = self.raw.get(..self.raw_len) else { return false };
        let mut stream = Decompress::new(false);
        let status = stream.decompress(raw, grow(&mut self.plain, size), FlushDecompress::Finish);
        let exact = stream.total_in() == raw.len() as u64 && stream.total_out() == size as u64;
        self.plain_len = Some(size);
        status.is_ok_and(|status| status == Status::StreamEnd) && exact
    }
}

/// The first `length` bytes of `buffer`, whatever they hold.
fn grow(buffer: &mut Vec<u8>, length: usize) -> &mut [u8] {
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    &mut buffer[..length]
}

impl Archive {
    /// Reads the member of `entry` into memory and checks its CRC. A flaw leaves what could be read in `body`.
    ///
    /// `Err` if the file cannot be read; a member beyond its size limit is not read at all.
    pub fn load(&self, entry: &Entry, body: &mut Body) -> io::Result<Result<(), Flaw>> {
        (body.raw_len, body.plain_len) = (0, None);
        // A literal takes 9 bits at most, so a longer stream holds something else.
        let bound = entry.size.saturating_add(entry.size / 8 + 64);
        if entry.size > size_limit(&entry.member) || entry.stored > bound {
            return Ok(Err(Flaw::MemberTooLarge));
        }
        let (start, length) = (self.data_start(entry), usize::try_from(entry.stored));
        let (Ok(length), true) = (length, self.holds(start, entry.stored)) else {
            return Ok(Err(Flaw::MembersOverlap));
        };
        let read = self.read_at(body.room(length), start)?;
        body.raw_len = read;
        if entry.method == Method::Deflated && !body.inflate(entry.size) {
            return Ok(Err(Flaw::DeflateDamaged));
        }
        if crc32fast::hash(body.bytes()) != entry.crc32 {
            return Ok(Err(Flaw::CrcMismatch));
        }
        Ok(Ok(()))
    }

    /// Reads the bytes of a STORED member as a stream; nothing is checked.
    pub fn stream<'a>(&'a self, entry: &Entry) -> MemberReader<'a> {
        let at = self.data_start(entry);
        MemberReader { archive: self, at, end: at.saturating_add(entry.stored) }
    }
}

/// The bytes of a member as they lie in the zip.
#[derive(Debug)]
pub struct MemberReader<'a> {
    archive: &'a Archive,
    at: u64,
    end: u64,
}

impl MemberReader<'_> {
    /// The rest of them, behind the first so many.
    #[must_use]
    pub fn behind(self, bytes: u64) -> Self {
        Self { at: self.at.saturating_add(bytes).min(self.end), ..self }
    }
}

impl Read for MemberReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let wanted = left.min(out.len());
        let read = self.archive.read_at(&mut out[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
