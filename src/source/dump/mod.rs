//! Plain `pg_dump` files (`.sql`, packed by gzip, Zstandard or not), read without any server.
//!
//! ```text
//! original ─ packed ─ window ─ statement ─ declare      SQL: which tables, whose rows follow
//!                        └──── scan ───────────────▶    rows, counted as lines; the account
//! ```
//!
//! A dump is one snapshot of one database: what `pg_dump` wrote in a single transaction. Only what it writes is read:
//! COPY text in UTF-8 with line feeds, ended by its own last line; names with their schema, or as older releases wrote
//! them. Dumps in custom, tar or directory format become plain text by `pg_restore -f`.
//!
//! Rows of a partition are handed over as rows of the table that it is a partition of, as a server does.
//!
//! Invariant: every row between a COPY header and its `\.` is handed over once and counted once, or the read ends in an
//! error; a dump without its last line is an error, so nothing cut short is ever sealed. Text inside strings, comments
//! and function bodies never passes for a header. Refuses to execute or to guess: INSERT statements, other encodings,
//! translated line ends, and files that hold two databases or two Mattermosts are errors with a hint.

pub mod account;
pub mod declare;
pub mod error;
mod only;
mod partition;
pub mod scan;
pub mod statement;
pub mod window;

use std::io::{self, Read};
use std::path::Path;

pub use account::{Account, TableCount};
pub use error::{DumpError, Found};
pub use scan::Limits;

use crate::progress::{Interrupted, Progress};
use crate::source::original::Original;
use crate::source::packed::Packing;
use crate::source::packed::ahead::read_ahead;
use crate::source::rows::{Batch, TableFound};

/// Bytes of text in which a dump must say what it is.
const HEADER: u64 = 8 << 10;

/// The line with which every dump begins, and with which none but a dump does.
const FIRST: &[u8] = b"-- PostgreSQL database dump";

/// What a dump yields, in its own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A table begins; the n-th has the index n in what follows. Its rows come before the next table. A table with
    /// partitions begins anew with each of them.
    Table(TableFound),
    /// Some of its rows.
    Rows(Batch),
    /// One of its rows that is longer than [`scan::MAX_ROW`]: it is counted, but not handed over.
    TooLong(LongRow),
}

/// A row too long to decode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongRow {
    /// Index of the table.
    pub table: usize,
    /// Number of the row within its table, from 1.
    pub row: u64,
    /// Its length in bytes, without line feed.
    pub length: u64,
    /// SHA-256 of its bytes, without line feed.
    pub sha256: [u8; 32],
}

/// An opened dump.
#[derive(Debug)]
pub struct Dump {
    /// The file itself: name, size, digest, and whether it changed.
    pub original: Original,
    /// What it is packed by.
    pub packing: Packing,
}

impl Dump {
    /// Opens a dump and looks at its beginning.
    pub fn open(path: &Path) -> Result<Self, DumpError> {
        let original = Original::open(path)?;
        let not_a_dump = |found| DumpError::NotADump { path: path.to_owned(), found };
        let unreadable = |source| DumpError::Text { object: original.name.clone(), source };
        let packed = start_of(original.span()).map_err(unreadable)?;
        if let Some(found) = foreign(&packed) {
            return Err(not_a_dump(found));
        }
        let packing = Packing::of(&packed);
        let silent = Progress::silent();
        let text = start_of(packing.unpack(&original, &silent)).map_err(unreadable)?;
        if let Some(found) = foreign(&text) {
            return Err(not_a_dump(found));
        }
        let first_line = memchr::memchr(b'\n', &text).map_or(&text[..], |at| &text[..at]);
        if first_line.ends_with(b"\r") {
            return Err(DumpError::LineEnds { object: original.name.clone(), line: 1 });
        }
        if !text.split(|byte| *byte == b'\n').any(|line| line == FIRST) {
            return Err(not_a_dump(Found::Other));
        }
        Ok(Self { original, packing })
    }

    /// Reads everything, in order. Nothing handed to `on` counts before this ends well.
    ///
    /// `progress` counts bytes of the file, of which there are [`Original::size`].
    pub fn read(
        &self,
        progress: &Progress,
        on: &mut dyn FnMut(Piece) -> Result<(), Interrupted>,
    ) -> Result<Account, DumpError> {
        let text = self.packing.unpack(&self.original, progress);
        let name = &self.original.name;
        let limits = Limits::default();
        if self.packing == Packing::Plain {
            return scan::scan(text, name, limits, progress, on);
        }
        let read = read_ahead(text, |ahead| scan::scan(ahead, name, limits, progress, on));
        read.map_err(|source| DumpError::Text { object: name.clone(), source })?
    }
}

/// As much of a stream as a dump needs to say what it is.
fn start_of(stream: impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    stream.take(HEADER).read_to_end(&mut start)?;
    Ok(start)
}

/// What the first bytes of a file or of its text are, if we know it and it is no dump.
fn foreign(start: &[u8]) -> Option<Found> {
    let begins = |magics: &[&[u8]]| magics.iter().any(|magic| start.starts_with(magic));
    let has_line = |begin: &[u8]| start.split(|byte| *byte == b'\n').any(|line| line.starts_with(begin));
    if start.is_empty() {
        Some(Found::Empty)
    } else if begins(&[b"PGDMP"]) {
        Some(Found::Custom)
    } else if start.get(257..262) == Some(b"ustar") {
        Some(Found::Tar)
    } else if begins(&[b"\xfd7zXZ\0", b"BZh", b"\x04\x22\x4d\x18"]) {
        Some(Found::OtherPacking)
    } else if begins(&[b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"]) {
        Some(Found::Utf16)
    } else if has_line(b"-- MySQL dump") || has_line(b"-- MariaDB dump") {
        Some(Found::Mysql)
    } else if has_line(b"-- PostgreSQL database cluster dump") {
        Some(Found::Cluster)
    } else {
        None
    }
}
