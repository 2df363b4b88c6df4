//! The file format: pages, row groups, footer. <https://parquet.apache.org/docs/file-format/>
//!
//! Only what is needed is written: flat columns, all of which may be NULL, plain values, pages packed with GZIP. Every
//! reader knows that much. A page holds the rows of one segment, so pages are made side by side; a row group holds the
//! pages of several.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::thrift::{Structure, push_varint};

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// Pages are packed fast: what a better ratio saves takes longer than everything else.
const LEVEL: u32 = 1;

/// The codec GZIP, the encodings PLAIN and RLE, in the numbers of the format.
const GZIP: i32 = 2;
const PLAIN: i32 = 0;
const RLE: i32 = 3;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Boolean,
    Integer,
    /// Milliseconds since 1970, UTC.
    Moment,
    Text,
}

impl Sort {
    /// Physical type, and converted type if it has one.
    fn numbers(self) -> (i32, Option<i32>) {
        match self {
            Self::Boolean => (0, None),
            Self::Integer => (2, None),
            Self::Moment => (2, Some(9)),
            Self::Text => (6, Some(0)),
        }
    }
}

impl Sort {
    /// The same as newer readers want it: only here it can be said that a time is UTC.
    fn logical(self) -> Option<Structure> {
        let mut logical = Structure::default();
        match self {
            Self::Boolean | Self::Integer => return None,
            Self::Text => logical.structure(1, Structure::default()),
            Self::Moment => {
                let (mut unit, mut moment) = (Structure::default(), Structure::default());
                unit.structure(1, Structure::default());
                moment.truth(1);
                moment.structure(2, unit);
                logical.structure(8, moment);
            }
        }
        Some(logical)
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) sort: Sort,
}

/// Values of a column on their way into a page.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Runs of NULL and not NULL.
    runs: Vec<(u64, bool)>,
    bytes: Vec<u8>,
    /// Booleans so far, eight of which make a byte.
    bits: usize,
    rows: u64,
}

impl Values {
    fn row(&mut self, is_there: bool) {
        self.rows += 1;
        match self.runs.last_mut() {
            Some((length, known)) if *known == is_there => *length += 1,
            _ => self.runs.push((1, is_there)),
        }
    }

    pub(super) fn null(&mut self) {
        self.row(false);
    }

    pub(super) fn boolean(&mut self, value: bool) {
        self.row(true);
        if self.bits.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(byte) = self.bytes.last_mut() {
            *byte |= u8::from(value) << (self.bits % 8);
        }
        self.bits += 1;
    }

    pub(super) fn integer(&mut self, value: i64) {
        self.row(true);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn text(&mut self, value: &str) {
        self.row(true);
        // A record line has at most 16 MiB.
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
    }

    /// The page that these values make.
    pub(super) fn page(self) -> io::Result<Page> {
        let mut levels = Vec::new();
        for (length, is_there) in &self.runs {
            push_varint(&mut levels, length << 1);
            levels.push(u8::from(*is_there));
        }
        let mut plain = u32::try_from(levels.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        plain.extend(levels);
        plain.extend(self.bytes);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(LEVEL));
        gzip.write_all(&plain)?;
        let packed = gzip.finish()?;
        let mut data = Structure::default();
        data.i32(1, int(self.rows)?);
        data.i32(2, PLAIN);
        data.i32(3, RLE);
        data.i32(4, RLE);
        let mut header = Structure::default();
        header.i32(1, 0);
        header.i32(2, int(plain.len() as u64)?);
        header.i32(3, int(packed.len() as u64)?);
        header.structure(5, data);
        let mut bytes = header.end();
        let unpacked = (bytes.len() + plain.len()) as u64;
        bytes.extend(packed);
        Ok(Page { bytes, unpacked, rows: self.rows })
    }
}

/// A page, packed.
#[derive(Debug)]
pub(super) struct Page {
    bytes: Vec<u8>,
    /// Bytes that it would have without packing.
    unpacked: u64,
    rows: u64,
}

impl Page {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A file while it is being written.
#[derive(Debug)]
pub(super) struct Table<W> {
    to: W,
    at: u64,
    columns: Vec<Column>,
    groups: Vec<Structure>,
    rows: u64,
}

impl<W: Write> Table<W> {
    pub(super) fn begin(mut to: W, columns: Vec<Column>) -> io::Result<Self> {
        to.write_all(MAGIC)?;
        Ok(Self { to, at: 4, columns, groups: Vec::new(), rows: 0 })
    }

    /// Writes a row group: for each column its pages, all columns with the same rows.
    pub(super) fn group(&mut self, pages: Vec<Vec<Page>>) -> io::Result<()> {
        let (mut chunks, mut unpacked, mut rows) = (Vec::new(), 0_u64, 0_u64);
        for (column, pages) in self.columns.iter().zip(pages) {
            let begin = self.at;
            let mut own = 0_u64;
            rows = 0;
            for page in pages {
                self.to.write_all(&page.bytes)?;
                self.at += page.bytes.len() as u64;
                own += page.unpacked;
                rows += page.rows;
            }
            unpacked += own;
            let mut metadata = Structure::default();
            metadata.i32(1, column.sort.numbers().0);
            metadata.i32s(2, &[PLAIN, RLE]);
            metadata.texts(3, &[&column.name]);
            metadata.i32(4, GZIP);
            metadata.i64(5, long(rows)?);
            metadata.i64(6, long(own)?);
            metadata.i64(7, long(self.at - begin)?);
            metadata.i64(9, long(begin)?);
            let mut chunk = Structure::default();
            chunk.i64(2, long(begin)?);
            chunk.structure(3, metadata);
            chunks.push(chunk);
        }
        let mut group = Structure::default();
        group.structures(1, chunks);
        group.i64(2, long(unpacked)?);
        group.i64(3, long(rows)?);
        self.groups.push(group);
        self.rows += rows;
        Ok(())
    }

    /// Writes the footer and hands the output back. `about` becomes key-value metadata.
    pub(super) fn finish(mut self, program: &str, about: &[(&str, String)]) -> io::Result<W> {
        let mut schema = vec![Structure::default()];
        if let Some(root) = schema.first_mut() {
            root.text(4, "record");
            root.i32(5, int(self.columns.len() as u64)?);
        }
        for column in &self.columns {
            let (physical, converted) = column.sort.numbers();
            let mut element = Structure::default();
            element.i32(1, physical);
            // OPTIONAL.
            element.i32(3, 1);
            element.text(4, &column.name);
            if let Some(converted) = converted {
                element.i32(6, converted);
            }
            if let Some(logical) = column.sort.logical() {
                element.structure(10, logical);
            }
            schema.push(element);
        }
        let pair = |(key, value): &(&str, String)| {
            let mut pair = Structure::default();
            pair.text(1, key);
            pair.text(2, value);
            pair
        };
        let mut footer = Structure::default();
        footer.i32(1, 1);
        footer.structures(2, schema);
        footer.i64(3, long(self.rows)?);
        footer.structures(4, self.groups);
        footer.structures(5, about.iter().map(pair).collect());
        footer.text(6, program);
        let footer = footer.end();
        self.to.write_all(&footer)?;
        self.to.write_all(&u32::try_from(footer.len()).map_err(too_large)?.to_le_bytes())?;
        self.to.write_all(MAGIC)?;
        Ok(self.to)
    }
}

fn too_large(_: std::num::TryFromIntError) -> io::Error {
    io::Error::other("beyond what a Parquet file can count")
}

fn int(value: u64) -> io::Result<i32> {
    i32::try_from(value).map_err(too_large)
}

fn long(value: u64) -> io::Result<i64> {
    i64::try_from(value).map_err(too_large)
}
