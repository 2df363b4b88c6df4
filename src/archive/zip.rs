//! The headers of the zip, in which every field has one value.
//!
//! Why our own: zip leaves a writer free to choose times, flags, attributes, extra fields and comments, and each such
//! freedom is a place where two readers can disagree or where bytes can change unseen. This module makes the headers of
//! a list of entries; the strict reader makes them again from what it read, and compares bytes.
//!
//! Invariant: headers are a function of the bag's name and the entries. The length of a local header depends only on
//! the path and on whether ZIP64 is needed, so that a placeholder of equal length can be written first.
//!
//! Source: PKWARE APPNOTE 6.3, sections 4.3.7 (local), 4.3.12 (central), 4.3.14–16 (end records), 4.5.3 (ZIP64).

use std::io::{self, Write};

use super::names::{BagName, Member};

/// Signature of a local header.
pub const LOCAL: u32 = 0x0403_4b50;
/// Signature of a central header.
pub const CENTRAL: u32 = 0x0201_4b50;
/// Signature of the end record.
pub const END: u32 = 0x0605_4b50;
/// Signature of the ZIP64 end record.
pub const END64: u32 = 0x0606_4b50;
/// Signature of the ZIP64 locator.
pub const LOCATOR: u32 = 0x0706_4b50;

/// Bytes of a local header before the path.
pub const LOCAL_LEN: usize = 30;
/// Bytes of a central header before the path.
pub const CENTRAL_LEN: usize = 46;
/// Bytes of the end record, which has no comment.
pub const END_LEN: usize = 22;
/// Bytes of the ZIP64 end record.
pub const END64_LEN: usize = 56;
/// Bytes of the ZIP64 locator.
pub const LOCATOR_LEN: usize = 20;

/// Segments of more bytes than this are DEFLATE; every other member is STORED.
pub const DEFLATE_ABOVE: u64 = 4096;

/// DOS date of 1980-01-01, the first that zip knows.
pub const DATE: u16 = 0x0021;
/// Upper byte of "made by": UNIX.
pub const UNIX: u16 = 0x0300;
/// External attributes: a regular file, mode 0644.
pub const REGULAR_FILE: u32 = 0o100_644 << 16;

/// Stands in a 32-bit field whose value is in the ZIP64 extra.
pub const FULL: u32 = u32::MAX;
const ZIP64_EXTRA: u16 = 1;

/// How a member lies in the zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As it is.
    Stored,
    /// Compressed, RFC 1951.
    Deflated,
}

impl Method {
    /// The method that the format prescribes for `member` of `size` bytes.
    pub fn of(member: &Member, size: u64) -> Self {
        match member {
            Member::Records { .. } if size > DEFLATE_ABOVE => Self::Deflated,
            _ => Self::Stored,
        }
    }

    /// Its number in zip headers.
    pub fn code(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// One member of the zip, as its headers describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which member.
    pub member: Member,
    /// How it lies in the zip.
    pub method: Method,
    /// CRC-32 of its bytes.
    pub crc32: u32,
    /// Bytes that it takes in the zip, without headers.
    pub stored: u64,
    /// Its bytes.
    pub size: u64,
    /// Where its local header begins.
    pub offset: u64,
}

/// How a member lies in a zip, whatever it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// As it is, or compressed.
    pub method: Method,
    /// CRC-32 of its bytes.
    pub crc32: u32,
    /// Bytes that it takes in the zip, without headers.
    pub stored: u64,
    /// Its bytes.
    pub size: u64,
}

impl Entry {
    /// Whether a size does not fit in 32 bits.
    pub fn is_zip64(&self) -> bool {
        self.packing().is_zip64()
    }

    fn packing(&self) -> Packing {
        let Self { method, crc32, stored, size, .. } = *self;
        Packing { method, crc32, stored, size }
    }
}

impl Packing {
    fn is_zip64(&self) -> bool {
        self.stored >= u64::from(FULL) || self.size >= u64::from(FULL)
    }

    /// Version needed to extract.
    fn needed(&self) -> u16 {
        match self.method {
            _ if self.is_zip64() => 45,
            Method::Deflated => 20,
            Method::Stored => 10,
        }
    }

    /// Fields that both headers share, from "version needed" to "size".
    fn push_shared(&self, out: &mut Vec<u8>) {
        push16(out, self.needed());
        push16(out, 0); // flags: no encryption, no data descriptor, ASCII names
        push16(out, self.method.code());
        push16(out, 0); // time
        push16(out, DATE);
        push32(out, self.crc32);
        let zip64 = self.is_zip64();
        push32(out, if zip64 { FULL } else { saturated(self.stored) });
        push32(out, if zip64 { FULL } else { saturated(self.size) });
    }

    /// The local header of a member at `path`, which is ASCII.
    pub fn local_header(&self, path: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(local_header_len(path.len(), true));
        push32(&mut out, LOCAL);
        self.push_shared(&mut out);
        push16(&mut out, length(path));
        push16(&mut out, if self.is_zip64() { 20 } else { 0 });
        out.extend_from_slice(path.as_bytes());
        if self.is_zip64() {
            push_extra(&mut out, &[self.size, self.stored]);
        }
        out
    }
}

/// Length of the local header of a member whose path in the zip has `path_len` bytes.
pub fn local_header_len(path_len: usize, zip64: bool) -> usize {
    LOCAL_LEN + path_len + if zip64 { 20 } else { 0 }
}

/// The local header of `entry`.
pub fn local_header(bag: &BagName, entry: &Entry) -> Vec<u8> {
    entry.packing().local_header(&bag.path(&entry.member))
}

/// The central header of `entry`.
pub fn central_header(bag: &BagName, entry: &Entry) -> Vec<u8> {
    let (path, packing) = (bag.path(&entry.member), entry.packing());
    let mut values = Vec::with_capacity(3);
    if packing.is_zip64() {
        values.extend([entry.size, entry.stored]);
    }
    if entry.offset >= u64::from(FULL) {
        values.push(entry.offset);
    }
    let mut out = Vec::with_capacity(CENTRAL_LEN + path.len() + 28);
    push32(&mut out, CENTRAL);
    push16(&mut out, UNIX | packing.needed());
    packing.push_shared(&mut out);
    push16(&mut out, length(&path));
    push16(&mut out, if values.is_empty() { 0 } else { 4 + 8 * u16::try_from(values.len()).unwrap_or(0) });
    push16(&mut out, 0); // comment length
    push16(&mut out, 0); // disk
    push16(&mut out, 0); // internal attributes
    push32(&mut out, REGULAR_FILE);
    push32(&mut out, saturated(entry.offset));
    out.extend_from_slice(path.as_bytes());
    if !values.is_empty() {
        push_extra(&mut out, &values);
    }
    out
}

/// Everything behind the central headers: ZIP64 end record and locator if they are needed, and the end record.
///
/// `start` and `size` say where the central headers lie. The versions in the ZIP64 end record are the highest that any
/// member needs.
pub fn end_records(members: u64, needed: u16, start: u64, size: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(END64_LEN + LOCATOR_LEN + END_LEN);
    let zip64 = members > u64::from(u16::MAX) || size > u64::from(FULL) || start > u64::from(FULL);
    if zip64 {
        push32(&mut out, END64);
        push64(&mut out, END64_LEN as u64 - 12); // bytes that follow
        push16(&mut out, needed); // made by
        push16(&mut out, needed);
        push32(&mut out, 0); // this disk
        push32(&mut out, 0); // disk of the directory
        push64(&mut out, members);
        push64(&mut out, members);
        push64(&mut out, size);
        push64(&mut out, start);
        push32(&mut out, LOCATOR);
        push32(&mut out, 0); // disk of the ZIP64 end record
        push64(&mut out, start.saturating_add(size));
        push32(&mut out, 1); // disks
    }
    let count = u16::try_from(members).unwrap_or(u16::MAX);
    push32(&mut out, END);
    push16(&mut out, 0); // this disk
    push16(&mut out, 0); // disk of the directory
    push16(&mut out, count);
    push16(&mut out, count);
    push32(&mut out, if zip64 { FULL } else { saturated(size) });
    push32(&mut out, saturated(start));
    push16(&mut out, 0); // comment length
    out
}

/// Writes the directory and the end records of `entries`, whose members end at `start`.
pub fn write_directory(out: &mut impl Write, bag: &BagName, entries: &[Entry], start: u64) -> io::Result<()> {
    let (mut size, mut needed) = (0, 10);
    for entry in entries {
        let header = central_header(bag, entry);
        size += header.len() as u64;
        needed = needed.max(entry.packing().needed());
        out.write_all(&header)?;
    }
    out.write_all(&end_records(entries.len() as u64, needed, start, size))
}

fn push_extra(out: &mut Vec<u8>, values: &[u64]) {
    push16(out, ZIP64_EXTRA);
    push16(out, 8 * u16::try_from(values.len()).unwrap_or(0));
    for value in values {
        push64(out, *value);
    }
}

fn length(path: &str) -> u16 {
    u16::try_from(path.len()).unwrap_or(u16::MAX)
}

fn saturated(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(FULL)
}

fn push16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn push32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

fn push64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::zip::write::SimpleFileOptions;
    use ::zip::{CompressionMethod, DateTime, ZipWriter};
    use std::io::Cursor;

    fn options(method: Method) -> SimpleFileOptions {
        let method = match method {
            Method::Stored => CompressionMethod::Stored,
            Method::Deflated => CompressionMethod::Deflated,
        };
        SimpleFileOptions::default()
            .compression_method(method)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
    }

    /// Writes the same members with the `zip` crate and with our headers around its bodies.
    fn both(bodies: &[(Member, Vec<u8>)]) -> (Vec<u8>, Vec<u8>) {
        let bag = BagName::new("demo-1").unwrap();
        let mut theirs = ZipWriter::new(Cursor::new(Vec::new()));
        let mut ours = Vec::new();
        let mut entries = Vec::new();
        for (member, body) in bodies {
            let method = Method::of(member, body.len() as u64);
            theirs.start_file(bag.path(member), options(method)).unwrap();
            theirs.write_all(body).unwrap();
            let mut raw = body.clone();
            if method == Method::Deflated {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(body).unwrap();
                raw = encoder.finish().unwrap();
            }
            let entry = Entry {
                member: member.clone(),
                method,
                crc32: crc32fast::hash(body),
                stored: raw.len() as u64,
                size: body.len() as u64,
                offset: ours.len() as u64,
            };
            let header = local_header(&bag, &entry);
            assert_eq!(header.len(), local_header_len(bag.path(member).len(), entry.is_zip64()));
            ours.extend(header);
            ours.extend(raw);
            entries.push(entry);
        }
        let start = ours.len() as u64;
        write_directory(&mut ours, &bag, &entries, start).unwrap();
        (theirs.finish().unwrap().into_inner(), ours)
    }

    #[test]
    fn bytes_equal_those_of_the_zip_crate() {
        let text = "{\"kind\":\"post\"}\n".repeat(400).into_bytes();
        let (theirs, ours) = both(&[
            (Member::Content([7; 32]), b"\x00\x01\x02".to_vec()),
            (Member::Records { number: 1, kind: "post".into() }, text),
            (Member::Exceptions, Vec::new()),
            (Member::Seal, b"seal\n".to_vec()),
        ]);
        assert_eq!(ours, theirs);
        let (theirs, ours) = both(&[]);
        assert_eq!(ours, theirs);
    }

    #[test]
    fn more_than_65535_members_have_zip64_end_records_as_the_zip_crate_writes_them() {
        let members = |count: u32| -> Vec<_> {
            (1..=count).map(|number| (Member::Records { number, kind: "a".into() }, Vec::new())).collect()
        };
        let (theirs, ours) = both(&members(65_536));
        assert_eq!(ours, theirs);
        assert_eq!(ours[ours.len() - 98..][..4], END64.to_le_bytes());
        let (theirs, ours) = both(&members(65_535));
        assert_eq!(ours, theirs);
        assert_ne!(ours[ours.len() - 98..][..4], END64.to_le_bytes());
    }

    fn big(stored: u64, size: u64, offset: u64) -> Entry {
        Entry { member: Member::Salt, method: Method::Stored, crc32: 0x0102_0304, stored, size, offset }
    }

    #[test]
    fn zip64_begins_where_32_bits_are_full() {
        let bag = BagName::new("b").unwrap();
        let path = "b/salt.txt";
        let full = u64::from(FULL);
        for (entry, zip64) in [(big(full - 1, full - 1, 0), false), (big(full, 1, 0), true), (big(1, full, 0), true)] {
            let local = local_header(&bag, &entry);
            assert_eq!(local.len(), local_header_len(path.len(), zip64));
            assert_eq!(local[4..6], if zip64 { [45, 0] } else { [10, 0] });
            let sizes = [&local[18..26], &local[LOCAL_LEN + path.len()..]].concat();
            let mut expected = Vec::new();
            if zip64 {
                expected.extend([0xff; 8]);
                expected.extend([1, 0, 16, 0]);
                expected.extend(entry.size.to_le_bytes());
                expected.extend(entry.stored.to_le_bytes());
            } else {
                expected.extend([0xfe, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff]);
            }
            assert_eq!(sizes, expected);
        }
        let extra = |entry: &Entry| central_header(&bag, entry).split_off(CENTRAL_LEN + path.len());
        assert!(extra(&big(1, 1, full - 1)).is_empty());
        assert_eq!(extra(&big(1, 1, full)), [&[1, 0, 8, 0], &full.to_le_bytes()[..]].concat());
        let three = [&[1, 0, 24, 0][..], &full.to_le_bytes(), &1_u64.to_le_bytes(), &(full + 1).to_le_bytes()].concat();
        assert_eq!(extra(&big(1, full, full + 1)), three);
        // A distant member alone does not raise the version; zip 9.4 agrees.
        assert_eq!(central_header(&bag, &big(1, 1, full))[4..8], [10, 3, 10, 0]);
    }

    #[test]
    fn zip64_end_records_begin_above_32_bits() {
        let full = u64::from(FULL);
        assert_eq!(end_records(1, 10, full, full).len(), END_LEN);
        let records = end_records(1, 45, full + 1, 60);
        assert_eq!(records.len(), END64_LEN + LOCATOR_LEN + END_LEN);
        assert_eq!(records[12..16], [45, 0, 45, 0]);
        assert_eq!(records[64..72], (full + 61).to_le_bytes());
        // As zip 9.4 writes it: the count stays, size and offset are full.
        assert_eq!(records[86..98], [1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);
    }
}
