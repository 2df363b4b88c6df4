//! The entries of a volume in their order.
//!
//! A run goes through the entries of a whole series, and there are millions of them: the parts of an entry are taken from
//! bytes that stand together in memory, and nothing but its id is copied. Of entries that are only passed on the way to
//! another nothing is.
//!
//! Invariant: memory is bounded by what is there: a length that a volume only claims takes none.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::super::known::{Known, Passed, State};
use super::super::version::Version;
use super::{BUFFER, END, Entry, KIND, SEALED, SEALED_DELETED, VANISHED, VolumeError, WITHHELD};
use crate::record::kind;
use crate::record::line::MAX_BYTES;
use crate::record::time::Millis;

/// What is said of a volume that breaks off.
const SHORT: VolumeError = VolumeError::Damaged("it ends too early");

/// Bytes of a volume, from its beginning on; each reader has its own.
#[derive(Debug)]
pub(super) struct Window {
    file: Arc<File>,
    /// Where the bytes behind those in memory begin.
    at: u64,
    bytes: Vec<u8>,
    /// Those of `bytes` that were not taken yet.
    rest: Range<usize>,
}

impl Window {
    /// Stands on the first byte.
    pub(super) fn new(file: Arc<File>) -> Self {
        Self { file, at: 0, bytes: vec![0; BUFFER], rest: 0..0 }
    }

    /// As many bytes as are at hand, at most `most`; none at the end of the file.
    pub(super) fn some(&mut self, most: usize) -> io::Result<&[u8]> {
        let length = self.ahead(1)?.len().min(most);
        let start = self.rest.start;
        self.rest.start += length;
        Ok(self.bytes.get(start..start + length).unwrap_or_default())
    }

    /// So many bytes.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], VolumeError> {
        let array = *self.ahead(N)?.first_chunk().ok_or(SHORT)?;
        self.rest.start += N;
        Ok(array)
    }

    /// A text of `length` bytes into `out`.
    #[inline]
    fn text(&mut self, length: usize, out: &mut String) -> Result<(), VolumeError> {
        let bytes = self.ahead(length)?.get(..length).ok_or(SHORT)?;
        let text = std::str::from_utf8(bytes).map_err(|_| VolumeError::Damaged("a name in it is not text"))?;
        out.clear();
        out.push_str(text);
        self.rest.start += length;
        Ok(())
    }

    /// At least `count` bytes, or all that are left.
    #[inline]
    fn ahead(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.rest.len() < count {
            self.load(count)?;
        }
        Ok(self.bytes.get(self.rest.clone()).unwrap_or_default())
    }

    #[cold]
    fn load(&mut self, count: usize) -> io::Result<()> {
        self.bytes.copy_within(self.rest.clone(), 0);
        self.rest = 0..self.rest.len();
        while self.rest.len() < count {
            if self.rest.end == self.bytes.len() {
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
            let room = self.bytes.get_mut(self.rest.end..).unwrap_or_default();
            let read = match self.file.read_at(room, self.at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if read == 0 {
                break;
            }
            self.at += read as u64;
            self.rest.end += read;
        }
        Ok(())
    }
}

/// Reads the entries of a volume in order; stands on one until they are over.
#[derive(Debug)]
pub(in crate::chain) struct Reader {
    window: Window,
    kind: String,
    kinds: u64,
    at: Millis,
    id: String,
    known: Known,
    /// The id before, to see that they ascend.
    before: String,
    read: u64,
    ended: bool,
}

impl Reader {
    /// Stands on the first entry; the window stands before it.
    pub(super) fn new(window: Window) -> Result<Self, VolumeError> {
        let known = Known { archive: 0, record: 0, state: State::Vanished };
        let mut reader = Self {
            window,
            kind: String::new(),
            kinds: 0,
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

    /// How many kinds it came to so far.
    #[inline]
    pub(in crate::chain) fn kinds(&self) -> u64 {
        self.kinds
    }

    /// Kind and entry that it stands on.
    #[inline]
    pub(in crate::chain) fn peek(&self) -> Option<(&str, Entry<'_>)> {
        (!self.ended).then(|| (self.kind.as_str(), Entry { at: self.at, id: &self.id, known: self.known }))
    }

    /// Goes on to the next entry.
    pub(in crate::chain) fn step(&mut self) -> Result<(), VolumeError> {
        if self.ended {
            return Ok(());
        }
        let mut is_new_kind = false;
        let tag = loop {
            match self.window.array::<1>()?[0] {
                KIND => {
                    let length = usize::from(self.window.array::<1>()?[0]);
                    let before = std::mem::take(&mut self.kind);
                    self.window.text(length, &mut self.kind)?;
                    let ascends = before.is_empty() || kind::compare(&before, &self.kind).is_lt();
                    if !kind::is_valid(&self.kind) || !ascends {
                        return Err(VolumeError::Damaged("its kinds do not ascend"));
                    }
                    self.kinds += 1;
                    is_new_kind = true;
                }
                tag => break tag,
            }
        };
        if tag == END {
            self.ended = true;
            let stated = u64::from_le_bytes(self.window.array()?);
            return if stated == self.read {
                Ok(())
            } else {
                Err(VolumeError::Damaged("it has other entries than it says"))
            };
        }
        if self.kind.is_empty() {
            return Err(VolumeError::Damaged("an entry has no kind"));
        }
        let at = Millis::from_le_bytes(self.window.array()?);
        let (archive, record) = (u32::from_le_bytes(self.window.array()?), u64::from_le_bytes(self.window.array()?));
        let state = match tag {
            SEALED | SEALED_DELETED => {
                let clock = Millis::from_le_bytes(self.window.array()?);
                let version = Version(self.window.array()?);
                State::Sealed { version, clock, deleted: tag == SEALED_DELETED }
            }
            VANISHED => State::Vanished,
            WITHHELD => State::Withheld,
            _ => return Err(VolumeError::Damaged("an entry is of no known sort")),
        };
        let length = u32::from_le_bytes(self.window.array()?) as usize;
        if length > MAX_BYTES {
            return Err(VolumeError::Damaged("an id is longer than a record"));
        }
        std::mem::swap(&mut self.id, &mut self.before);
        self.window.text(length, &mut self.id)?;
        let order = self.at.cmp(&at).then_with(|| self.before.as_str().cmp(&self.id));
        if !is_new_kind && order == Ordering::Greater {
            return Err(VolumeError::Damaged("its entries do not ascend"));
        }
        (self.at, self.known) = (at, Known { archive, record, state });
        self.read += 1;
        Ok(())
    }

    /// Passes the entry that it stands on and those behind it, as far as they are of its kind and come before `until`, and
    /// tells of each.
    pub(in crate::chain) fn skim(
        &mut self,
        until: Option<(Millis, &str)>,
        see: &mut dyn FnMut(Passed),
    ) -> Result<(), VolumeError> {
        let kinds = self.kinds;
        let mut is_repeated = false;
        while !self.ended && self.kinds == kinds && until.is_none_or(|until| (self.at, self.id.as_str()) < until) {
            see(Passed { at: self.at, state: self.known.state, is_repeated });
            self.skim_ahead(until, see)?;
            let passed = self.at;
            self.step()?;
            is_repeated = passed == self.at && self.before == self.id;
        }
        Ok(())
    }

    /// Passes entries behind the one that it stands on without taking them up, until one is not plain: another kind, the
    /// end, bytes that are not in memory yet. The last that was passed is the one that it stands on then.
    fn skim_ahead(&mut self, until: Option<(Millis, &str)>, see: &mut dyn FnMut(Passed)) -> Result<(), VolumeError> {
        let mut rest = self.window.bytes.get(self.window.rest.clone()).unwrap_or_default();
        let (mut last, mut passed) = ((self.at, self.id.as_bytes()), 0);
        while let Some((raw, behind)) = Raw::of(rest) {
            let here = (raw.at, raw.id);
            if until.is_some_and(|(at, id)| here >= (at, id.as_bytes())) {
                break;
            }
            if here < last {
                return Err(VolumeError::Damaged("its entries do not ascend"));
            }
            see(Passed { at: raw.at, state: raw.state, is_repeated: here == last });
            (last, rest, passed) = (here, behind, passed + 1);
        }
        if passed > 0 {
            let (at, id) = last;
            let id = std::str::from_utf8(id).map_err(|_| VolumeError::Damaged("a name in it is not text"))?.to_owned();
            (self.at, self.id) = (at, id);
            self.window.rest.start = self.window.rest.end - rest.len();
            self.read += passed;
        }
        Ok(())
    }
}

/// An entry where it lies.
struct Raw<'b> {
    at: Millis,
    state: State,
    id: &'b [u8],
}

impl<'b> Raw<'b> {
    /// The entry at the beginning of `bytes`, and what is behind it; `None` unless an entry is there as a whole.
    #[inline]
    fn of(bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        let (tag, bytes) = bytes.split_first()?;
        let (at, bytes) = bytes.split_first_chunk()?;
        let (_, bytes) = bytes.split_first_chunk::<{ size_of::<u32>() + size_of::<u64>() }>()?;
        let (state, bytes) = match *tag {
            tag @ (SEALED | SEALED_DELETED) => {
                let (clock, bytes) = bytes.split_first_chunk()?;
                let (version, bytes) = bytes.split_first_chunk()?;
                let (version, clock) = (Version(*version), Millis::from_le_bytes(*clock));
                (State::Sealed { version, clock, deleted: tag == SEALED_DELETED }, bytes)
            }
            VANISHED => (State::Vanished, bytes),
            WITHHELD => (State::Withheld, bytes),
            _ => return None,
        };
        let (length, bytes) = bytes.split_first_chunk()?;
        let (id, bytes) = bytes.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some((Self { at: Millis::from_le_bytes(*at), state, id }, bytes))
    }
}
