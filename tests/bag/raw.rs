//! A zip written field by field, so that each field can be wrong.

use std::io::Write as _;

/// One member with every field of its headers.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) path: Vec<u8>,
    /// The path in the local header, if it is another one.
    pub(crate) local_path: Option<Vec<u8>>,
    /// The bytes as they lie in the zip.
    pub(crate) stored: Vec<u8>,
    pub(crate) crc32: u32,
    /// The CRC in the local header, if it is another one.
    pub(crate) local_crc32: Option<u32>,
    pub(crate) stored_size: u32,
    pub(crate) size: u32,
    pub(crate) needed: u16,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) time: u16,
    pub(crate) attributes: u32,
    /// Extra fields in both headers.
    pub(crate) extra: Vec<u8>,
    /// Bytes before the local header.
    pub(crate) before: Vec<u8>,
    /// Taken off the offset that the directory says.
    pub(crate) earlier: u32,
    /// Whether the directory lists it.
    pub(crate) listed: bool,
}

impl Raw {
    /// A member as the format wants it.
    pub(crate) fn new(path: &str, bytes: &[u8]) -> Self {
        let deflated = path.contains("/data/records/") && bytes.len() > 4096;
        let stored = if deflated { deflate(bytes, 6) } else { bytes.to_vec() };
        Self {
            path: path.as_bytes().to_vec(),
            local_path: None,
            stored_size: size(&stored),
            stored,
            crc32: crc32fast::hash(bytes),
            local_crc32: None,
            size: size(bytes),
            needed: if deflated { 20 } else { 10 },
            flags: 0,
            method: if deflated { 8 } else { 0 },
            time: 0,
            attributes: 0o100_644 << 16,
            extra: Vec::new(),
            before: Vec::new(),
            earlier: 0,
            listed: true,
        }
    }

    /// Takes another compressed stream for the same bytes.
    pub(crate) fn restored(mut self, stored: Vec<u8>) -> Self {
        self.stored_size = size(&stored);
        self.stored = stored;
        self
    }

    fn shared(&self, crc32: u32, path: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for field in [self.needed, self.flags, self.method, self.time, 0x0021] {
            out.extend(field.to_le_bytes());
        }
        for field in [crc32, self.stored_size, self.size] {
            out.extend(field.to_le_bytes());
        }
        for length in [path.len(), self.extra.len()] {
            out.extend(u16::try_from(length).expect("short").to_le_bytes());
        }
        out
    }

    fn local(&self) -> Vec<u8> {
        let path = self.local_path.as_ref().unwrap_or(&self.path);
        let shared = self.shared(self.local_crc32.unwrap_or(self.crc32), path);
        [b"PK\x03\x04", &shared[..], path, &self.extra, &self.stored].concat()
    }

    fn central(&self, offset: u32) -> Vec<u8> {
        let made_by = (0x0300 | self.needed).to_le_bytes();
        let shared = self.shared(self.crc32, &self.path);
        let tail = [&[0; 6][..], &self.attributes.to_le_bytes(), &offset.to_le_bytes()].concat();
        [b"PK\x01\x02", &made_by[..], &shared, &tail, &self.path, &self.extra].concat()
    }
}

/// Writes members, directory and end records.
pub(crate) fn zip(members: &[Raw]) -> Vec<u8> {
    let (mut out, mut directory, mut count) = (Vec::new(), Vec::new(), 0_u64);
    for member in members {
        out.extend(&member.before);
        let offset = size(&out) - member.earlier;
        out.extend(member.local());
        if member.listed {
            directory.extend(member.central(offset));
            count += 1;
        }
    }
    let needed = members.iter().filter(|member| member.listed).map(|member| member.needed).max().unwrap_or(10);
    let end = end_records(count, needed, out.len() as u64, directory.len() as u64, count > 65_535);
    [out, directory, end].concat()
}

/// The end records, with those of ZIP64 if asked for.
pub(crate) fn end_records(count: u64, needed: u16, start: u64, length: u64, zip64: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if zip64 {
        out.extend(b"PK\x06\x06");
        out.extend(44_u64.to_le_bytes());
        out.extend(needed.to_le_bytes());
        out.extend(needed.to_le_bytes());
        out.extend([0; 8]);
        for field in [count, count, length, start] {
            out.extend(field.to_le_bytes());
        }
        out.extend(b"PK\x06\x07\0\0\0\0");
        out.extend((start + length).to_le_bytes());
        out.extend(1_u32.to_le_bytes());
    }
    out.extend(b"PK\x05\x06\0\0\0\0");
    let short = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    out.extend([short, short].concat());
    let length = if zip64 { u32::MAX } else { u32::try_from(length).expect("small") };
    out.extend(length.to_le_bytes());
    out.extend(u32::try_from(start).expect("small").to_le_bytes());
    out.extend([0; 2]);
    out
}

/// Compresses, RFC 1951.
pub(crate) fn deflate(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::new(level));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("small")
}
