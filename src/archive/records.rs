//! Writes record lines as segments: fills them in order, hashes and compresses them side by side.
//!
//! A segment is independent of its neighbours, because compact ranges of the tree merge associatively. One thread
//! fills segments and writes sealed ones in their order; whenever a few are under way it helps to seal them. The result
//! does not depend on how many threads there are. Buffers go round, so that memory is bounded and touched once.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};

use ring::digest::{Context, SHA256};

use super::deflate::deflate;
use super::names::{MAX_SEGMENT, Member};
use super::salt::ArchiveSalt;
use super::segments::{Deflated, MAX_BYTES, SegmentRow};
use super::stage::{Stage, StageError};
use super::zip::{Entry, Method};
use crate::merkle::{BLOCK, CompactRange, Hash, empty_root};
use crate::progress::{Interrupted, Progress};
use crate::record::time::Millis;

/// Bytes that a segment's buffer has room for. Small kinds leave most of it untouched, which costs address space only.
const SEGMENT: usize = 4 << 20;

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
    room: Room,
}

/// Buffers of a segment, used again when it was written.
#[derive(Default)]
struct Room {
    /// Its lines, each with its line feed.
    lines: Vec<u8>,
    /// Their compressed stream, if it has one.
    stream: Vec<u8>,
}

/// A segment ready to be written.
struct Sealed {
    row: SegmentRow,
    entry: Entry,
    digest: Hash,
    room: Room,
    range: CompactRange,
}

/// Takes lines in order.
struct Filler<'f> {
    next: &'f mut Next<'f>,
    cutter: Cutter<'f>,
}

/// Decides where segments end.
struct Cutter<'f> {
    twice: &'f mut Twice<'f>,
    open: Option<Segment>,
    /// Where the last line of `open` begins.
    last: usize,
    /// Buffers to fill.
    spare: Vec<Room>,
    index: u64,
    disorder: Option<RecordsError>,
}

/// Segments being sealed, oldest first. A receiver of its own for each, so that a thread that fails is noticed.
type UnderWay = VecDeque<Receiver<Sealed>>;

/// What has been written so far.
struct Progressed<'w> {
    stage: &'w mut Stage,
    progress: &'w Progress,
    written: Written,
    tree: CompactRange,
}

/// Writes all lines that `next` hands over (it returns false at the end); `twice` is told of lines equal to the one
/// before. `threads` bounds memory: twice as many segments are under way, and one is being filled.
pub fn write(
    stage: &mut Stage,
    salt: &ArchiveSalt,
    threads: usize,
    progress: &Progress,
    next: &mut Next<'_>,
    twice: &mut Twice<'_>,
) -> Result<Written, RecordsError> {
    let most = 2 * threads.max(1);
    let cutter = Cutter { twice, open: None, last: 0, spare: Vec::new(), index: 0, disorder: None };
    let mut filler = Filler { next, cutter };
    let written = Written { rows: Vec::new(), records: 0, root: empty_root() };
    let mut done = Progressed { stage, progress, written, tree: CompactRange::new(0) };
    rayon::in_place_scope_fifo(|scope| {
        let mut under_way = UnderWay::with_capacity(most);
        let mut numbers = 1..=MAX_SEGMENT;
        while let Some(segment) = filler.segment()? {
            let number = numbers.next().ok_or(RecordsError::TooMany)?;
            let (send, receive) = sync_channel(1);
            under_way.push_back(receive);
            // Nobody receives when the work broke off.
            scope.spawn_fifo(move |_| drop(send.send(seal(number, segment, salt))));
            if under_way.len() >= most {
                filler.cutter.spare.extend(done.write_oldest(&mut under_way)?);
            }
        }
        while done.write_oldest(&mut under_way)?.is_some() {}
        Ok::<_, RecordsError>(())
    })?;
    done.written.root = done.tree.root().unwrap_or_else(empty_root);
    Ok(done.written)
}

impl Progressed<'_> {
    /// Writes the oldest segment under way, if there is one, and returns its buffers.
    fn write_oldest(&mut self, under_way: &mut UnderWay) -> Result<Option<Room>, RecordsError> {
        let Some(sealed) = under_way.pop_front().and_then(|oldest| finish(&oldest)) else { return Ok(None) };
        self.stage.add_prepared(sealed.entry, sealed.digest, sealed.room.stored(sealed.row.deflated.is_some()))?;
        // Ranges adjoin, because indices were given out in this order.
        let _ = self.tree.append(&sealed.range);
        self.progress.add(sealed.row.bytes);
        self.written.records += sealed.row.records;
        self.written.rows.push(sealed.row);
        self.progress.check()?;
        Ok(Some(sealed.room))
    }
}

/// Waits for a segment, sealing others meanwhile. `None` if the thread that sealed it panicked, as this one will when
/// the scope ends.
fn finish(oldest: &Receiver<Sealed>) -> Option<Sealed> {
    loop {
        match oldest.try_recv() {
            Ok(sealed) => return Some(sealed),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if rayon::yield_now() == Some(rayon::Yield::Executed) => {}
            Err(TryRecvError::Empty) => return oldest.recv().ok(),
        }
    }
}

impl Room {
    /// The bytes that stand in the archive.
    fn stored(&self, deflated: bool) -> &[u8] {
        if deflated { &self.stream } else { &self.lines }
    }

    /// Empty, with room for lines of `length` bytes at least; what a giant line needed is given back.
    fn ready(mut self, length: u64) -> Self {
        for buffer in [&mut self.lines, &mut self.stream] {
            buffer.clear();
            buffer.shrink_to(SEGMENT);
        }
        self.lines.reserve(usize::try_from(length).unwrap_or(0).max(SEGMENT));
        self
    }
}

/// A digest that goes on while leaves are hashed ([`crate::merkle::leaf_hash`]).
struct Beside<'b> {
    context: Context,
    rest: &'b [u8],
}

impl<'b> Beside<'b> {
    fn new(bytes: &'b [u8]) -> Self {
        Self { context: Context::new(&SHA256), rest: bytes }
    }

    /// Takes in one more block, if there is a whole one.
    #[inline]
    fn step(&mut self) {
        if let Some((block, rest)) = self.rest.split_first_chunk::<BLOCK>() {
            self.context.update(block);
            self.rest = rest;
        }
    }

    /// The digest of all bytes.
    fn finish(mut self) -> Hash {
        self.context.update(self.rest);
        let mut hash = [0; 32];
        hash.copy_from_slice(self.context.finish().as_ref());
        hash
    }
}

fn seal(number: u32, segment: Segment, salt: &ArchiveSalt) -> Sealed {
    let Room { lines, mut stream } = segment.room;
    let member = Member::Records { number, kind: segment.kind.into() };
    let size = lines.len() as u64;
    let method = Method::of(&member, size);
    if method == Method::Deflated {
        deflate(&lines, &mut stream);
    }
    let (mut plain, mut packed) = (Beside::new(&lines), Beside::new(&stream));
    let mut range = CompactRange::new(segment.first_index);
    let mut start = 0;
    for (index, end) in (segment.first_index..).zip(memchr::memchr_iter(b'\n', &lines)) {
        range.push(salt.leaf_beside(index, &lines[start..end], || plain.step()));
        // The stream is shorter; the salt and the node of the tree are made beside it.
        packed.step();
        packed.step();
        start = end + 1;
    }
    let digest = plain.finish();
    let sha256 = packed.finish();
    let deflated = (method == Method::Deflated).then_some(Deflated { bytes: stream.len() as u64, sha256 });
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
    let room = Room { lines, stream };
    let stored = room.stored(deflated.is_some()).len() as u64;
    let entry = Entry { member, method, crc32: crc32fast::hash(&room.lines), stored, size, offset: 0 };
    Sealed { row, entry, digest, room, range }
}

impl Filler<'_> {
    /// Fills the next segment; `None` at the end.
    fn segment(&mut self) -> Result<Option<Segment>, RecordsError> {
        let Self { next, cutter } = self;
        let mut full = None;
        while full.is_none() {
            let more = next(&mut |record| full = cutter.place(record));
            if let Some(error) = cutter.disorder.take() {
                return Err(error);
            }
            if !more.map_err(RecordsError::Source)? {
                return Ok(cutter.open.take());
            }
        }
        Ok(full)
    }
}

impl Cutter<'_> {
    /// Puts a record into the open segment; returns that segment if the record begins a new one.
    fn place(&mut self, record: Incoming<'_>) -> Option<Segment> {
        let length = record.line.len() as u64 + 1;
        let mut finished = None;
        if let Some(segment) = &self.open {
            let lines = &segment.room.lines;
            let before = lines.get(self.last..lines.len().saturating_sub(1)).unwrap_or_default();
            let same_kind = segment.kind == record.kind;
            let order = crate::record::kind::compare(segment.kind, record.kind)
                .then(segment.last_at.cmp(&record.at))
                .then_with(|| before.cmp(record.line));
            if order.is_gt() {
                self.disorder = Some(RecordsError::Order { index: self.index, kind: record.kind.to_owned() });
            } else if order.is_eq() && same_kind {
                (self.twice)(record);
            }
            if !same_kind || lines.len() as u64 + length > MAX_BYTES {
                finished = self.open.take();
            }
        }
        let segment = self.open.get_or_insert_with(|| Segment {
            kind: record.kind,
            first_index: self.index,
            first_at: record.at,
            last_at: record.at,
            records: 0,
            room: self.spare.pop().unwrap_or_default().ready(length),
        });
        let lines = &mut segment.room.lines;
        self.last = lines.len();
        lines.extend_from_slice(record.line);
        lines.push(b'\n');
        segment.last_at = record.at;
        segment.records += 1;
        self.index += 1;
        finished
    }
}
