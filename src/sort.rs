//! Sorting more records than memory holds.
//!
//! Exports and dumps hold rows in any order; an archive holds them by kind, `at`, and the line's bytes, and some forms of
//! a production want yet another order. Each thread fills a [`Sorter`] of its own: an arena of [`ARENA_BYTES`], sorted
//! and written to an unnamed temporary file when full. A [`Merge`] then reads all runs as one sorted stream.
//!
//! Invariant: the order depends on the records alone, never on threads, arenas or runs; memory depends on the number
//! of threads, never on the number of records.
//!
//! Record lines of one kind begin alike up to their id, and ids hold no byte below `"`, so comparing whole lines
//! compares ids first. The first bytes that can differ are kept beside each line (`Key`): lines lie scattered over an
//! arena, and to look at two for every comparison would take longer than everything else.

mod key;

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use key::{Heads, Key};

/// Bytes of lines that a sorter holds before it writes a run.
pub const ARENA_BYTES: usize = 24 << 20;

/// Runs that one sorter keeps before it merges them into one.
const MAX_RUNS: usize = 256;

/// Bytes of a record's header in a run: kind, at, tag, length.
const HEADER: usize = 1 + 8 + 8 + 4;

/// A record in an arena.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: Key,
    tag: u64,
    start: usize,
    len: u32,
}

/// One record of a sorted stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Rank of the kind.
    pub kind: u8,
    /// Origin time.
    pub at: i64,
    /// What the producer attached; no part of the order.
    pub tag: u64,
    /// The line.
    pub line: &'a [u8],
}

impl Item<'_> {
    fn key(&self, heads: Heads) -> Key {
        Key::new(heads, self.kind, self.at, self.line)
    }
}

/// Collects records in any order.
#[derive(Debug)]
pub struct Sorter {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    limit: usize,
    heads: Heads,
    spill: Option<Spill>,
}

#[derive(Debug)]
struct Spill {
    file: Arc<File>,
    end: u64,
    runs: Vec<(u64, u64)>,
}

/// A position in a sorter to which it can be taken back.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    bytes: usize,
    entries: usize,
}

impl Sorter {
    /// An empty sorter that writes a run whenever its arena exceeds `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), entries: Vec::new(), limit, heads: &[], spill: None }
    }

    /// Says how the lines of each kind begin, which makes sorting faster and changes nothing else.
    #[must_use]
    pub fn beginning_with(mut self, heads: &'static [Vec<u8>]) -> Self {
        self.heads = heads;
        self
    }

    /// Adds a record whose line `write` appends to the buffer it is given.
    pub fn push(&mut self, kind: u8, at: i64, tag: u64, write: impl FnOnce(&mut Vec<u8>)) {
        let Ok(()) = self.try_push(kind, tag, |out| {
            write(out);
            Ok::<_, Infallible>((at, ()))
        });
    }

    /// Adds a record whose line `write` appends to the buffer it is given; it returns the origin time and what else it
    /// has to tell. If it fails, nothing is added.
    pub fn try_push<T, E>(
        &mut self,
        kind: u8,
        tag: u64,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(i64, T), E>,
    ) -> Result<T, E> {
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(self.limit + self.limit / 4);
        }
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        let (at, told) = written.inspect_err(|_| self.bytes.truncate(start))?;
        let line = self.bytes.get(start..).unwrap_or_default();
        let len = u32::try_from(line.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { key: Key::new(self.heads, kind, at, line), tag, start, len });
        Ok(told)
    }

    /// The record pushed last, unless a run was written since.
    pub fn last(&self) -> Option<Item<'_>> {
        self.entries.last().map(|entry| item(&self.bytes, entry))
    }

    /// Where the sorter stands now.
    pub fn mark(&self) -> Mark {
        Mark { bytes: self.bytes.len(), entries: self.entries.len() }
    }

    /// Forgets what was pushed since `mark`; only valid while no run was written in between.
    pub fn rollback(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.entries.truncate(mark.entries);
    }

    /// SHA-256 of the first `length` bytes of the line pushed last.
    pub fn last_digest(&self, length: usize) -> [u8; 32] {
        let start = self.entries.last().map_or(0, |entry| entry.start);
        let line = self.bytes.get(start..start + length).unwrap_or_default();
        let mut digest = [0; 32];
        digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, line).as_ref());
        digest
    }

    /// Writes a run to a file in `dir` if the arena is over its limit.
    pub fn settle(&mut self, dir: &Path) -> io::Result<()> {
        if self.bytes.len() + self.entries.len() * size_of::<Entry>() <= self.limit {
            return Ok(());
        }
        self.sort();
        if self.spill.is_none() {
            self.spill = Some(Spill { file: Arc::new(tempfile::tempfile_in(dir)?), end: 0, runs: Vec::new() });
        }
        let Some(spill) = &mut self.spill else { return Ok(()) };
        let mut run = RunWriter::new(spill);
        for entry in &self.entries {
            run.push(&item(&self.bytes, entry))?;
        }
        run.finish()?;
        self.entries.clear();
        self.bytes.clear();
        self.bytes.shrink_to(self.limit + self.limit / 4);
        if spill.runs.len() >= MAX_RUNS {
            spill.compact(self.heads)?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        // Rows mostly come in the order of their time, which this sort makes use of.
        self.entries.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| line(bytes, a).cmp(line(bytes, b))));
    }
}

fn line<'a>(bytes: &'a [u8], entry: &Entry) -> &'a [u8] {
    &bytes[entry.start..entry.start + entry.len as usize]
}

fn item<'a>(bytes: &'a [u8], entry: &Entry) -> Item<'a> {
    Item { kind: entry.key.kind, at: entry.key.at, tag: entry.tag, line: line(bytes, entry) }
}

impl Spill {
    /// Merges all runs into one, so that the number of open buffers stays bounded.
    fn compact(&mut self, heads: Heads) -> io::Result<()> {
        let mut merge = Merge::start(self.readers(MAX_RUNS), heads)?;
        self.runs.clear();
        let mut run = RunWriter::new(self);
        while let Some(item) = merge.peek() {
            run.push(&item)?;
            merge.advance()?;
        }
        run.finish()
    }

    fn readers(&self, total_runs: usize) -> Vec<Reader> {
        let buffer = (8 << 20) / total_runs.max(1);
        let buffer = buffer.clamp(32 << 10, 128 << 10);
        let run = |&(start, end)| {
            Reader::Disk(Run { file: self.file.clone(), next: start, end, buffer: Vec::new(), size: buffer, at: 0 })
        };
        self.runs.iter().map(run).collect()
    }
}

struct RunWriter<'a> {
    spill: &'a mut Spill,
    start: u64,
    buffer: Vec<u8>,
}

impl<'a> RunWriter<'a> {
    fn new(spill: &'a mut Spill) -> Self {
        let start = spill.end;
        Self { spill, start, buffer: Vec::with_capacity(512 << 10) }
    }

    fn push(&mut self, item: &Item<'_>) -> io::Result<()> {
        if self.buffer.len() + item.line.len() + HEADER > 512 << 10 {
            self.flush()?;
        }
        let mut header = [item.kind; HEADER];
        header[1..9].copy_from_slice(&item.at.to_le_bytes());
        header[9..17].copy_from_slice(&item.tag.to_le_bytes());
        header[17..].copy_from_slice(&u32::try_from(item.line.len()).unwrap_or(u32::MAX).to_le_bytes());
        self.buffer.extend_from_slice(&header);
        self.buffer.extend_from_slice(item.line);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.spill.file.write_all_at(&self.buffer, self.spill.end)?;
        self.spill.end += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        let end = self.spill.end;
        self.spill.runs.push((self.start, end));
        Ok(())
    }
}

#[derive(Debug)]
struct Run {
    file: Arc<File>,
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    size: usize,
    at: usize,
}

impl Run {
    /// Makes at least `want` bytes available from the current position; false at the end of the run.
    fn fill(&mut self, want: usize) -> io::Result<bool> {
        let have = self.buffer.len() - self.at;
        if have >= want {
            return Ok(true);
        }
        let left = self.end - self.next;
        if (have as u64) + left < want as u64 {
            return Ok(false);
        }
        self.buffer.copy_within(self.at.., 0);
        self.at = 0;
        let target = self.size.max(want).min(have + usize::try_from(left).unwrap_or(usize::MAX));
        self.buffer.resize(target, 0);
        self.file.read_exact_at(&mut self.buffer[have..], self.next)?;
        self.next += (target - have) as u64;
        if self.buffer.capacity() > self.size && target <= self.size {
            self.buffer.shrink_to(self.size);
        }
        Ok(true)
    }

    /// Makes the record at the current position available as a whole.
    fn load(&mut self) -> io::Result<bool> {
        if !self.fill(HEADER)? {
            return Ok(false);
        }
        let length = HEADER + self.header().3;
        self.fill(length)
    }

    fn header(&self) -> (u8, i64, u64, usize) {
        let bytes = &self.buffer[self.at..self.at + HEADER];
        let word = |from: usize| u64::from_le_bytes(bytes[from..from + 8].try_into().unwrap_or_default());
        let len = u32::from_le_bytes(bytes[17..21].try_into().unwrap_or_default());
        (bytes[0], word(1).cast_signed(), word(9), len as usize)
    }

    fn current(&self) -> Item<'_> {
        let (kind, at, tag, len) = self.header();
        Item { kind, at, tag, line: &self.buffer[self.at + HEADER..self.at + HEADER + len] }
    }
}

#[derive(Debug)]
enum Reader {
    Memory(Sorter, usize),
    Disk(Run),
}

impl Reader {
    fn load(&mut self) -> io::Result<bool> {
        match self {
            Self::Memory(sorter, next) => Ok(*next < sorter.entries.len()),
            Self::Disk(run) => run.load(),
        }
    }

    fn current(&self) -> Item<'_> {
        match self {
            Self::Memory(sorter, next) => item(&sorter.bytes, &sorter.entries[*next]),
            Self::Disk(run) => run.current(),
        }
    }

    fn step(&mut self) -> io::Result<bool> {
        match self {
            Self::Memory(_, next) => *next += 1,
            Self::Disk(run) => run.at += HEADER + run.header().3,
        }
        self.load()
    }
}

/// All runs of all sorters as one stream in order: a binary heap of readers, each with the key of its record.
/// Readers are boxed, because the heap swaps them for every record.
#[derive(Debug)]
pub struct Merge {
    heap: Vec<(Key, Box<Reader>)>,
    heads: Heads,
}

impl Merge {
    /// Starts merging what the sorters hold.
    pub fn new(sorters: Vec<Sorter>) -> io::Result<Self> {
        let total = sorters.iter().map(|sorter| 1 + sorter.spill.as_ref().map_or(0, |spill| spill.runs.len())).sum();
        // Of one merge all keys are made alike, or they could not be compared.
        let heads = sorters.iter().map(|sorter| sorter.heads).find(|heads| !heads.is_empty()).unwrap_or_default();
        let mut readers = Vec::with_capacity(total);
        for mut sorter in sorters {
            sorter.sort();
            if let Some(spill) = sorter.spill.take() {
                readers.extend(spill.readers(total));
            }
            readers.push(Reader::Memory(sorter, 0));
        }
        Self::start(readers, heads)
    }

    fn start(readers: Vec<Reader>, heads: Heads) -> io::Result<Self> {
        let mut heap = Vec::with_capacity(readers.len());
        for mut reader in readers {
            if reader.load()? {
                heap.push((reader.current().key(heads), Box::new(reader)));
            }
        }
        let mut merge = Self { heap, heads };
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sink(at);
        }
        Ok(merge)
    }

    /// The next record, if there is one.
    pub fn peek(&self) -> Option<Item<'_>> {
        self.heap.first().map(|(_, reader)| reader.current())
    }

    /// Moves past the record that [`Self::peek`] shows.
    pub fn advance(&mut self) -> io::Result<()> {
        let Some((key, reader)) = self.heap.first_mut() else { return Ok(()) };
        if reader.step()? {
            *key = reader.current().key(self.heads);
        } else {
            self.heap.swap_remove(0);
        }
        self.sink(0);
        Ok(())
    }

    fn comes_before(&self, left: usize, right: usize) -> bool {
        let (left, right) = (&self.heap[left], &self.heap[right]);
        left.0.cmp(&right.0).then_with(|| left.1.current().line.cmp(right.1.current().line)).is_lt()
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < self.heap.len() && self.comes_before(child, least) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    fn drain(sorters: Vec<Sorter>) -> Vec<(u8, i64, Vec<u8>)> {
        let mut merge = Merge::new(sorters).unwrap();
        let mut all = Vec::new();
        while let Some(item) = merge.peek() {
            all.push((item.kind, item.at, item.line.to_vec()));
            merge.advance().unwrap();
        }
        all
    }

    #[test]
    fn order_is_independent_of_arenas_threads_compaction_and_heads() {
        static HEADS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
            ["a", "post", "user"].map(|kind| format!("{{\"kind\":\"{kind}\",\"id\":\"").into_bytes()).into()
        });
        let dir = std::env::temp_dir();
        let records: Vec<(u8, i64, Vec<u8>)> = (0..3000_u64)
            .map(|i| {
                let x = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
                let kind = (x % 3) as u8;
                let head = String::from_utf8(HEADS[usize::from(kind)].clone()).unwrap();
                // Ids shorter and longer than what is kept of them, and lines before, within and behind all ids.
                let line = match x % 8 {
                    0 => format!("line {}", x % 5),
                    1 => "~".repeat((x % 9) as usize),
                    2 => head[..(x % 20) as usize].to_owned(),
                    _ => format!(
                        "{head}{}{}",
                        "abcdefghijkl".get(..(x % 13) as usize).unwrap(),
                        "x".repeat((x % 90) as usize)
                    ),
                };
                (kind, (x % 11).cast_signed() - 5, line.into_bytes())
            })
            .collect();
        let mut expected = records.clone();
        expected.sort();
        for (limit, threads) in [(usize::MAX / 2, 1), (4000, 1), (1000, 3), (90, 2)] {
            let sorter = |at: usize| {
                let heads: Heads = if at.is_multiple_of(2) { &HEADS } else { &[] };
                Sorter { limit, bytes: Vec::with_capacity(1), entries: Vec::new(), heads, spill: None }
            };
            let mut sorters: Vec<_> = (0..threads).map(sorter).collect();
            for (i, (kind, at, line)) in records.iter().enumerate() {
                let sorter = &mut sorters[i % threads];
                sorter.push(*kind, *at, i as u64, |out| out.extend_from_slice(line));
                sorter.settle(&dir).unwrap();
            }
            assert_eq!(drain(sorters), expected, "limit {limit}, {threads} sorters");
        }
    }

    #[test]
    fn long_lines_pass_through_small_buffers() {
        let dir = std::env::temp_dir();
        let mut sorter = Sorter::new(1 << 16);
        for size in [10_usize, 5 << 20, 3, 1 << 20] {
            sorter.push(0, i64::try_from(size).unwrap(), 0, |out| out.resize(out.len() + size, b'x'));
            sorter.settle(&dir).unwrap();
        }
        let sizes: Vec<_> = drain(vec![sorter]).into_iter().map(|(_, _, line)| line.len()).collect();
        assert_eq!(sizes, [3, 10, 1 << 20, 5 << 20]);
    }

    #[test]
    fn rollback_forgets_a_broken_line() {
        let mut sorter = Sorter::new(1 << 20);
        sorter.push(0, 1, 0, |out| out.push(b'a'));
        let mark = sorter.mark();
        sorter.push(0, 0, 0, |out| out.push(b'b'));
        sorter.rollback(mark);
        assert_eq!(drain(vec![sorter]), [(0, 1, b"a".to_vec())]);
    }
}
