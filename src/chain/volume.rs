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

use std::cmp::Ordering;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use super::known::{Known, State};
use super::version::Version;
use crate::merkle::Hash;
use crate::record::kind;
use crate::record::line::MAX_BYTES;
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

    /// Ends the volume.
    pub(super) fn finish(mut self) -> io::Result<Volume> {
        self.buffer.push(END);
        self.buffer.extend_from_slice(&self.entries.to_le_bytes());
        self.flush()?;
        self.file.write_all(self.digest.clone().finish().as_ref())?;
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
        let mut input = volume.bytes(0).take(counted);
        let (mut digest, mut buffer) = (Context::new(&SHA256), vec![0; 4 * BUFFER]);
        loop {
            let read = input.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            digest.update(buffer.get(..read).unwrap_or_default());
        }
        let mut stated = [0; DIGEST];
        volume.bytes(counted).read_exact(&mut stated)?;
        if digest.finish().as_ref() != stated {
            return Err(VolumeError::Damaged("its digest is another"));
        }
        let (span, _) = volume.span()?;
        Ok((volume, span))
    }

    fn bytes(&self, at: u64) -> Bytes {
        Bytes { file: Arc::clone(&self.file), at }
    }

    /// Its size in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The archives it is of, and a reader that stands behind that.
    fn span(&self) -> Result<(Span, Input), VolumeError> {
        let mut input = Input { bytes: BufReader::with_capacity(BUFFER, self.bytes(0)) };
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
        let (_, input) = self.span()?;
        let known = Known { archive: 0, record: 0, state: State::Vanished };
        let mut reader = Reader {
            input,
            kind: String::new(),
            at: Millis::MIN,
            id: String::new(),
            known,
            before: String::new(),
            read: 0,
            ended: false,
        };
        reader.step()?;
        Ok(reader)
    }
}

/// The bytes of a volume from a position on; each reader has its own.
#[derive(Debug)]
struct Bytes {
    file: Arc<File>,
    at: u64,
}

impl Read for Bytes {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(out, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[derive(Debug)]
struct Input {
    bytes: BufReader<Bytes>,
}

impl Input {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], VolumeError> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<(), VolumeError> {
        self.bytes.read_exact(out).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => VolumeError::Damaged("it ends too early"),
            _ => error.into(),
        })
    }

    /// A text of `length` bytes into `out`, without taking memory for what is not there.
    fn text(&mut self, length: usize, out: &mut String) -> Result<(), VolumeError> {
        let mut bytes = std::mem::take(out).into_bytes();
        bytes.clear();
        let read = self.bytes.by_ref().take(length as u64).read_to_end(&mut bytes)?;
        if read != length {
            return Err(VolumeError::Damaged("it ends too early"));
        }
        *out = String::from_utf8(bytes).map_err(|_| VolumeError::Damaged("a name in it is not text"))?;
        Ok(())
    }
}

/// Reads the entries of a volume in order; stands on one until they are over.
#[derive(Debug)]
pub(super) struct Reader {
    input: Input,
    kind: String,
    at: Millis,
    id: String,
    known: Known,
    /// The id before, to see that they ascend.
    before: String,
    read: u64,
    ended: bool,
}

impl Reader {
    /// Kind and entry that it stands on.
    pub(super) fn peek(&self) -> Option<(&str, Entry<'_>)> {
        (!self.ended).then(|| (self.kind.as_str(), Entry { at: self.at, id: &self.id, known: self.known }))
    }

    /// Goes on to the next entry.
    pub(super) fn step(&mut self) -> Result<(), VolumeError> {
        if self.ended {
            return Ok(());
        }
        let mut is_new_kind = false;
        let tag = loop {
            match self.input.array::<1>()?[0] {
                KIND => {
                    let length = usize::from(self.input.array::<1>()?[0]);
                    let before = std::mem::take(&mut self.kind);
                    self.input.text(length, &mut self.kind)?;
                    let ascends = before.is_empty() || kind::compare(&before, &self.kind).is_lt();
                    if !kind::is_valid(&self.kind) || !ascends {
                        return Err(VolumeError::Damaged("its kinds do not ascend"));
                    }
                    is_new_kind = true;
                }
                tag => break tag,
            }
        };
        if tag == END {
            self.ended = true;
            let stated = u64::from_le_bytes(self.input.array()?);
            return if stated == self.read {
                Ok(())
            } else {
                Err(VolumeError::Damaged("it has other entries than it says"))
            };
        }
        if self.kind.is_empty() {
            return Err(VolumeError::Damaged("an entry has no kind"));
        }
        let at = Millis::from_le_bytes(self.input.array()?);
        let (archive, record) = (u32::from_le_bytes(self.input.array()?), u64::from_le_bytes(self.input.array()?));
        let state = match tag {
            SEALED | SEALED_DELETED => {
                let clock = Millis::from_le_bytes(self.input.array()?);
                let version = Version(self.input.array()?);
                State::Sealed { version, clock, deleted: tag == SEALED_DELETED }
            }
            VANISHED => State::Vanished,
            WITHHELD => State::Withheld,
            _ => return Err(VolumeError::Damaged("an entry is of no known sort")),
        };
        let length = u32::from_le_bytes(self.input.array()?) as usize;
        if length > MAX_BYTES {
            return Err(VolumeError::Damaged("an id is longer than a record"));
        }
        std::mem::swap(&mut self.id, &mut self.before);
        self.input.text(length, &mut self.id)?;
        let order = self.at.cmp(&at).then_with(|| self.before.as_str().cmp(&self.id));
        if !is_new_kind && order == Ordering::Greater {
            return Err(VolumeError::Damaged("its entries do not ascend"));
        }
        (self.at, self.known) = (at, Known { archive, record, state });
        self.read += 1;
        Ok(())
    }
}
