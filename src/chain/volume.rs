//! A volume of the index: entries of some neighbouring archives of a series, in archive order, in one file.
//!
//! ```text
//! "chatseal-index/1\n"  first archive u32  archives u32  SHA-256 of each seal.txt
//! entries: 1 kind (u8 length, name) · 2 sealed · 3 sealed, deleted · 4 vanished · 5 withheld
//! 0  number of entries u64  SHA-256 of all bytes before
//! ```
//!
//! Numbers are little-endian. An entry is its tag, `at` i64, archive u32, record u64, if sealed its clock i64 and version
//! of 16 bytes, then the id with its length u32. Nobody but this module reads it; a version of this program that does not
//! know the first line makes the index anew.
//!
//! Invariant: a volume is used only after its digest was found right, and whatever its bytes are, reading it ends without
//! a panic and with bounded memory: a wrong digest, an order that does not ascend, or bytes that mean nothing make it
//! damaged.

mod reader;

pub(super) use reader::Reader;

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use self::reader::Window;
use super::known::{Known, State};
use super::version::Version;
use crate::merkle::Hash;
use crate::record::time::Millis;

/// How a volume begins.
const MAGIC: &[u8; 17] = b"chatseal-index/1\n";

/// Bytes of a digest.
const DIGEST: usize = 32;

/// Bytes that are read or written at once.
const BUFFER: usize = 256 * 1024;

const END: u8 = 0;
const KIND: u8 = 1;
const SEALED: u8 = 2;
const SEALED_DELETED: u8 = 3;
const VANISHED: u8 = 4;
const WITHHELD: u8 = 5;

/// The archives of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Position of the first in its series.
    pub(super) first: u32,
    /// SHA-256 of each one's `seal.txt`.
    pub(super) seals: Vec<Hash>,
}

/// One entry, without its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) at: Millis,
    pub(super) id: &'a str,
    pub(super) known: Known,
}

/// Why a volume cannot be read: either the system, or it is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum VolumeError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Damaged(&'static str),
}

impl Entry<'_> {
    /// Appends the entry as it stands in a volume.
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        let Known { archive, record, state } = self.known;
        let sealed = match state {
            State::Sealed { version, clock, deleted } => Some((version, clock, deleted)),
            State::Vanished | State::Withheld => None,
        };
        out.push(match (state, sealed) {
            (_, Some((_, _, false))) => SEALED,
            (_, Some((_, _, true))) => SEALED_DELETED,
            (State::Withheld, _) => WITHHELD,
            _ => VANISHED,
        });
        out.extend_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(&archive.to_le_bytes());
        out.extend_from_slice(&record.to_le_bytes());
        if let Some((Version(version), clock, _)) = sealed {
            out.extend_from_slice(&clock.to_le_bytes());
            out.extend_from_slice(&version);
        }
        // A line has at most 16 MiB.
        out.extend_from_slice(&u32::try_from(self.id.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(self.id.as_bytes());
    }
}

/// A volume on its way to disk.
pub(super) struct Draft {
    file: File,
    buffer: Vec<u8>,
    digest: Context,
    kind: String,
    entries: u64,
}

impl Draft {
    /// Begins a volume in `file`, which is empty.
    pub(super) fn new(file: File, span: &Span) -> Self {
        let mut buffer = MAGIC.to_vec();
        buffer.extend_from_slice(&span.first.to_le_bytes());
        buffer.extend_from_slice(&u32::try_from(span.seals.len()).unwrap_or(u32::MAX).to_le_bytes());
        span.seals.iter().for_each(|seal| buffer.extend_from_slice(seal));
        Self { file, buffer, digest: Context::new(&SHA256), kind: String::new(), entries: 0 }
    }

    /// Adds `entries` of a kind, made by [`Entry::push`], which follow all before.
    pub(super) fn add(&mut self, kind: &str, entries: u64, bytes: &[u8]) -> io::Result<()> {
        if self.kind != kind {
            kind.clone_into(&mut self.kind);
            self.buffer.extend_from_slice(&[KIND, u8::try_from(kind.len()).unwrap_or(u8::MAX)]);
            self.buffer.extend_from_slice(kind.as_bytes());
        }
        self.entries += entries;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Adds one entry, which follows all before.
    pub(super) fn push(&mut self, kind: &str, entry: &Entry<'_>) -> io::Result<()> {
        self.add(kind, 1, &[])?;
        entry.push(&mut self.buffer);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.digest.update(&self.buffer);
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the volume, and brings it to disk.
    pub(super) fn finish(mut self) -> io::Result<Volume> {
        self.buffer.push(END);
        self.buffer.extend_from_slice(&self.entries.to_le_bytes());
        self.flush()?;
        self.file.write_all(self.digest.clone().finish().as_ref())?;
        self.file.sync_all()?;
        let length = self.file.metadata()?.len();
        Ok(Volume { file: Arc::new(self.file), length })
    }
}

/// A volume that is whole.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    file: Arc<File>,
    length: u64,
}

impl Volume {
    /// Checks the digest of a volume, and reads which archives it is of.
    pub(super) fn open(file: File) -> Result<(Self, Span), VolumeError> {
        let length = file.metadata()?.len();
        let counted = length.checked_sub(DIGEST as u64).ok_or(VolumeError::Damaged("it is too short"))?;
        let volume = Self { file: Arc::new(file), length };
        let (mut digest, mut window, mut rest) = (Context::new(&SHA256), volume.window(), counted);
        while rest > 0 {
            let bytes = window.some(usize::try_from(rest).unwrap_or(usize::MAX))?;
            if bytes.is_empty() {
                return Err(VolumeError::Damaged("it ends too early"));
            }
            digest.update(bytes);
            rest -= bytes.len() as u64;
        }
        if digest.finish().as_ref() != window.array::<DIGEST>()? {
            return Err(VolumeError::Damaged("its digest is another"));
        }
        let (span, _) = volume.span()?;
        Ok((volume, span))
    }

    fn window(&self) -> Window {
        Window::new(Arc::clone(&self.file))
    }

    /// Its size in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The archives it is of, and a window that stands behind that.
    fn span(&self) -> Result<(Span, Window), VolumeError> {
        let mut input = self.window();
        if &input.array::<{ MAGIC.len() }>()? != MAGIC {
            return Err(VolumeError::Damaged("it does not begin like an index of this version"));
        }
        let (first, count) = (u32::from_le_bytes(input.array()?), u32::from_le_bytes(input.array()?));
        if u64::from(count) * (DIGEST as u64) > self.length {
            return Err(VolumeError::Damaged("it is of more archives than it has room for"));
        }
        let seals = (0..count).map(|_| input.array()).collect::<Result<_, _>>()?;
        Ok((Span { first, seals }, input))
    }

    /// A cursor over the entries.
    pub(super) fn reader(&self) -> Result<Reader, VolumeError> {
        let (_, window) = self.span()?;
        Reader::new(window)
    }
}
