//! Writes record lines as segments: fills them in order, hashes and compresses them side by side.
//!
//! A segment is independent of its neighbours, because compact ranges of the tree merge associatively. One thread
//! fills the next batch while the others work on the one before; the result does not depend on how many there are.

use std::io;

use flate2::{Compress, Compression, FlushCompress, Status};
use rayon::prelude::*;
use ring::digest::{SHA256, digest};

use super::names::{MAX_SEGMENT, Member};
use super::salt::ArchiveSalt;
use super::segments::{Deflated, MAX_BYTES, SegmentRow};
use super::stage::{Stage, StageError};
use super::zip::{Entry, Method};
use crate::merkle::{CompactRange, Hash, empty_root};
use crate::progress::{Interrupted, Progress};
use crate::record::time::Millis;

/// Compression of segments: zlib-rs's fastest level. Pinned, because equal input is to give equal bytes.
const LEVEL: u32 = 1;

/// Why record lines could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The source of lines failed.
    #[error("cannot read the sorted records")]
    Source(#[source] io::Error),
    /// The archive could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Lines did not come in archive order: a bug of the source.
    #[error("record {index} of kind `{kind}` comes after a greater one")]
    Order {
        /// Index in the archive.
        index: u64,
        /// Its kind.
        kind: String,
    },
    /// More segments than an archive can hold.
    #[error("more than 999,999 segments; split the export with --since and --until")]
    TooMany,
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A record line on its way into the archive.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Kind.
    pub kind: &'static str,
    /// Origin time.
    pub at: Millis,
    /// The line, without line feed.
    pub line: &'a [u8],
}

/// Hands the next record to its argument; false at the end.
pub type Next<'n> = dyn FnMut(&mut dyn FnMut(Incoming<'_>)) -> io::Result<bool> + Send + 'n;

/// Is told of a record whose line equals the one before.
pub type Twice<'t> = dyn FnMut(Incoming<'_>) + Send + 't;

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// One row for each segment.
    pub rows: Vec<SegmentRow>,
    /// Record lines.
    pub records: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// A segment being filled.
struct Segment {
    kind: &'static str,
    first_index: u64,
    first_at: Millis,
    last_at: Millis,
    records: u64,
    bytes: Vec<u8>,
}

/// A segment ready to be written.
struct Sealed {
    row: SegmentRow,
    entry: Entry,
    digest: Hash,
    stored: Vec<u8>,
    range: CompactRange,
}

/// Takes lines in order and cuts them into segments.
struct Filler<'f> {
    next: &'f mut Next<'f>,
    twice: &'f mut Twice<'f>,
    open: Option<Segment>,
    /// Where the last line of `open` begins.
    last: usize,
    index: u64,
    disorder: Option<RecordsError>,
}

/// Writes all lines that `next` hands over (it returns false at the end); `twice` is told of lines equal to the one
/// before. `threads` bounds memory: two batches of twice as many segments.
pub fn write(
    stage: &mut Stage,
    salt: &ArchiveSalt,
    threads: usize,
    progress: &Progress,
    next: &mut Next<'_>,
    twice: &mut Twice<'_>,
) -> Result<Written, RecordsError> {
    let batch = 2 * threads.max(1);
    let mut filler = Filler { next, twice, open: None, last: 0, index: 0, disorder: None };
    let mut written = Written { rows: Vec::new(), records: 0, root: empty_root() };
    let mut tree = CompactRange::new(0);
    let mut full = filler.batch(batch)?;
    let mut sealed: Vec<Sealed> = Vec::new();
    loop {
        let first_number = written.rows.len() + sealed.len();
        let (front, back) = rayon::join(
            || {
                let outcome = write_batch(stage, std::mem::take(&mut sealed), &mut tree, &mut written);
                outcome.and_then(|()| filler.batch(batch))
            },
            || seal_batch(full, first_number, salt),
        );
        (full, sealed) = (front?, back?);
        let done: u64 = sealed.iter().map(|segment| segment.row.bytes).sum();
        progress.add(done);
        progress.check()?;
        if full.is_empty() {
            write_batch(stage, sealed, &mut tree, &mut written)?;
            break;
        }
    }
    written.root = tree.root().unwrap_or_else(empty_root);
    Ok(written)
}

fn write_batch(
    stage: &mut Stage,
    sealed: Vec<Sealed>,
    tree: &mut CompactRange,
    written: &mut Written,
) -> Result<(), RecordsError> {
    for segment in sealed {
        stage.add_prepared(segment.entry, segment.digest, &segment.stored)?;
        // Ranges adjoin, because indices were given out in this order.
        let _ = tree.append(&segment.range);
        written.records += segment.row.records;
        written.rows.push(segment.row);
    }
    Ok(())
}

fn seal_batch(full: Vec<Segment>, first_number: usize, salt: &ArchiveSalt) -> Result<Vec<Sealed>, RecordsError> {
    let last = u32::try_from(first_number + full.len()).ok().filter(|last| *last <= MAX_SEGMENT);
    let last = last.ok_or(RecordsError::TooMany)?;
    let first = last - u32::try_from(full.len()).unwrap_or(0) + 1;
    let numbered: Vec<(u32, Segment)> = (first..).zip(full).collect();
    Ok(numbered
        .into_par_iter()
        .map_init(new_compressor, |compress, (number, segment)| seal(number, segment, salt, compress))
        .collect())
}

fn new_compressor() -> Compress {
    Compress::new(Compression::new(LEVEL), false)
}

fn seal(number: u32, segment: Segment, salt: &ArchiveSalt, compress: &mut Compress) -> Sealed {
    let mut range = CompactRange::new(segment.first_index);
    let mut start = 0;
    for (index, end) in (segment.first_index..).zip(memchr::memchr_iter(b'\n', &segment.bytes)) {
        range.push(salt.leaf(index, &segment.bytes[start..end]));
        start = end + 1;
    }
    let sha256 = |bytes: &[u8]| {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
        hash
    };
    let member = Member::Records { number, kind: segment.kind.into() };
    let size = segment.bytes.len() as u64;
    let method = Method::of(&member, size);
    let crc32 = crc32fast::hash(&segment.bytes);
    let whole = sha256(&segment.bytes);
    let (stored, deflated) = match method {
        Method::Stored => (segment.bytes, None),
        Method::Deflated => {
            let stream = deflate(&segment.bytes, compress);
            let deflated = Deflated { bytes: stream.len() as u64, sha256: sha256(&stream) };
            (stream, Some(deflated))
        }
    };
    let row = SegmentRow {
        number,
        kind: segment.kind.into(),
        first_index: segment.first_index,
        records: segment.records,
        bytes: size,
        first_at: segment.first_at,
        last_at: segment.last_at,
        deflated,
    };
    let entry = Entry { member, method, crc32, stored: stored.len() as u64, size, offset: 0 };
    Sealed { row, entry, digest: whole, stored, range }
}

/// Compresses into a raw DEFLATE stream (RFC 1951).
fn deflate(bytes: &[u8], deflater: &mut Compress) -> Vec<u8> {
    deflater.reset();
    let mut out = Vec::with_capacity(bytes.len() / 3 + 1024);
    loop {
        let consumed = usize::try_from(deflater.total_in()).unwrap_or(usize::MAX);
        let status = deflater.compress_vec(&bytes[consumed..], &mut out, FlushCompress::Finish);
        if matches!(status, Ok(Status::StreamEnd) | Err(_)) {
            return out;
        }
        out.reserve(out.capacity() / 2);
    }
}

impl Filler<'_> {
    /// Fills up to `count` segments; none are left at the end.
    fn batch(&mut self, count: usize) -> Result<Vec<Segment>, RecordsError> {
        let mut full = Vec::with_capacity(count);
        while full.len() < count {
            let Self { next, twice, open, last, index, disorder } = self;
            let more = next(&mut |record| {
                if let Some(segment) = place(record, open, last, *index, disorder, twice) {
                    full.push(segment);
                }
                *index += 1;
            });
            if let Some(error) = self.disorder.take() {
                return Err(error);
            }
            if !more.map_err(RecordsError::Source)? {
                full.extend(self.open.take());
                break;
            }
        }
        Ok(full)
    }
}

/// Room for a whole segment, or for the one long line that makes a segment of its own. Small kinds leave most of it
/// untouched, which costs address space only.
fn first_capacity(length: u64) -> usize {
    usize::try_from(length.max(MAX_BYTES)).unwrap_or(0)
}

/// Puts a record into the open segment; returns that segment if the record begins a new one.
fn place(
    record: Incoming<'_>,
    open: &mut Option<Segment>,
    last: &mut usize,
    index: u64,
    disorder: &mut Option<RecordsError>,
    twice: &mut Twice<'_>,
) -> Option<Segment> {
    let length = record.line.len() as u64 + 1;
    let mut finished = None;
    if let Some(segment) = open {
        let before = segment.bytes.get(*last..segment.bytes.len().saturating_sub(1)).unwrap_or_default();
        let same_kind = segment.kind == record.kind;
        let order = crate::record::kind::compare(segment.kind, record.kind)
            .then(segment.last_at.cmp(&record.at))
            .then_with(|| before.cmp(record.line));
        if order.is_gt() {
            *disorder = Some(RecordsError::Order { index, kind: record.kind.to_owned() });
        } else if order.is_eq() && same_kind {
            twice(record);
        }
        if !same_kind || segment.bytes.len() as u64 + length > MAX_BYTES {
            finished = open.take();
        }
    }
    let segment = open.get_or_insert_with(|| Segment {
        kind: record.kind,
        first_index: index,
        first_at: record.at,
        last_at: record.at,
        records: 0,
        bytes: Vec::with_capacity(first_capacity(length)),
    });
    *last = segment.bytes.len();
    segment.bytes.extend_from_slice(record.line);
    segment.bytes.push(b'\n');
    segment.last_at = record.at;
    segment.records += 1;
    finished
}
