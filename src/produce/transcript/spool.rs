//! Rows sorted by a key of bytes, more of them than memory holds.
//!
//! Posts, their earlier versions, reactions and files lie apart in an archive; a transcript wants them together, channel
//! by channel. Rows go in in any order and come out by key; equal keys keep the order in which they went in.
//!
//! Invariant: memory holds one arena of the size given and one small buffer for each arena that was written, whatever
//! the number of rows. The order depends on the rows alone.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::slice::ParallelSliceMut as _;

/// Lengths of key and payload before each row in a run.
const HEADER: usize = 8;

/// Bytes of a run that are read at once.
const BUFFER: usize = 128 << 10;

/// A row in the arena: where it starts, how long its key and its payload are, and how its key begins.
#[derive(Clone, Copy, Debug)]
struct Entry {
    begins: u128,
    start: usize,
    key: u32,
    payload: u32,
}

/// Collects rows.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    limit: usize,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    file: Option<Arc<File>>,
    end: u64,
    runs: Vec<(u64, u64)>,
}

impl Spool {
    /// An empty spool that writes an unnamed file in `folder` whenever it holds more than `limit` bytes.
    pub(super) fn new(folder: &Path, limit: usize) -> Self {
        let (bytes, entries, runs) = (Vec::new(), Vec::new(), Vec::new());
        Self { folder: folder.to_owned(), limit, bytes, entries, file: None, end: 0, runs }
    }

    /// Adds a row: a key, and a payload that is the pieces one after the other.
    pub(super) fn push(&mut self, key: &[u8], payload: &[&[u8]]) -> io::Result<()> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        for piece in payload {
            self.bytes.extend_from_slice(piece);
        }
        let length = |bytes: usize| u32::try_from(bytes).map_err(|_| io::Error::other("a row beyond 4 GiB"));
        let payload = length(self.bytes.len() - start - key.len())?;
        self.entries.push(Entry { begins: begins(key), start, key: length(key.len())?, payload });
        if self.bytes.len() + self.entries.len() * size_of::<Entry>() > self.limit {
            self.write_run()?;
        }
        Ok(())
    }

    /// All rows in order.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        self.sort();
        let mut readers: Vec<Reader> = Vec::with_capacity(self.runs.len() + 1);
        if let Some(file) = &self.file {
            for (next, end) in self.runs.drain(..) {
                let file = Arc::clone(file);
                readers.push(Reader::Disk(Run { file, next, end, buffer: Vec::new(), at: 0 }));
            }
        }
        readers.push(Reader::Memory { bytes: self.bytes, entries: self.entries, next: 0 });
        let mut heap = BinaryHeap::with_capacity(readers.len());
        for (number, mut reader) in readers.into_iter().enumerate() {
            if reader.load()? {
                heap.push(Head { begins: begins(reader.row().0), number, reader: Box::new(reader) });
            }
        }
        Ok(Sorted { heap, started: false })
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let key = |entry: &Entry| bytes.get(entry.start..entry.start + entry.key as usize).unwrap_or_default();
        // Stable by the place in the arena, which is the order in which rows went in.
        self.entries.par_sort_unstable_by(|a, b| {
            let begins = a.begins.cmp(&b.begins);
            begins.then_with(|| key(a).cmp(key(b))).then(a.start.cmp(&b.start))
        });
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.sort();
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(self.file.insert(Arc::new(tempfile::tempfile_in(&self.folder)?))),
        };
        let start = self.end;
        let mut buffer = Vec::with_capacity(1 << 20);
        for entry in &self.entries {
            buffer.extend_from_slice(&entry.key.to_le_bytes());
            buffer.extend_from_slice(&entry.payload.to_le_bytes());
            let end = entry.start + entry.key as usize + entry.payload as usize;
            buffer.extend_from_slice(self.bytes.get(entry.start..end).unwrap_or_default());
            if buffer.len() >= 960 << 10 {
                file.write_all_at(&buffer, self.end)?;
                self.end += buffer.len() as u64;
                buffer.clear();
            }
        }
        file.write_all_at(&buffer, self.end)?;
        self.end += buffer.len() as u64;
        self.runs.push((start, self.end));
        self.entries.clear();
        self.bytes.clear();
        Ok(())
    }
}

/// The first sixteen bytes of a key: what decides nearly every comparison.
fn begins(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    let length = key.len().min(16);
    bytes[..length].copy_from_slice(&key[..length]);
    u128::from_be_bytes(bytes)
}

#[derive(Debug)]
struct Run {
    file: Arc<File>,
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Run {
    /// Makes `want` bytes available from the current position; `false` at the end of the run.
    fn fill(&mut self, want: usize) -> io::Result<bool> {
        let have = self.buffer.len() - self.at;
        if have >= want {
            return Ok(true);
        }
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        if left < want - have {
            return Ok(false);
        }
        self.buffer.copy_within(self.at.., 0);
        self.at = 0;
        let target = BUFFER.max(want).min(have.saturating_add(left));
        self.buffer.resize(target, 0);
        let fresh = self.buffer.get_mut(have..).unwrap_or_default();
        self.file.read_exact_at(fresh, self.next)?;
        self.next += fresh.len() as u64;
        Ok(true)
    }

    fn lengths(&self) -> (usize, usize) {
        let word = |from: usize| {
            let bytes = self.buffer.get(self.at + from..).and_then(|rest| rest.first_chunk().copied());
            u32::from_le_bytes(bytes.unwrap_or_default()) as usize
        };
        (word(0), word(4))
    }

    fn load(&mut self) -> io::Result<bool> {
        if !self.fill(HEADER)? {
            return Ok(false);
        }
        let (key, payload) = self.lengths();
        self.fill(HEADER + key + payload)
    }
}

#[derive(Debug)]
enum Reader {
    Memory { bytes: Vec<u8>, entries: Vec<Entry>, next: usize },
    Disk(Run),
}

impl Reader {
    fn load(&mut self) -> io::Result<bool> {
        match self {
            Self::Memory { entries, next, .. } => Ok(*next < entries.len()),
            Self::Disk(run) => run.load(),
        }
    }

    fn step(&mut self) -> io::Result<bool> {
        match self {
            Self::Memory { next, .. } => *next += 1,
            Self::Disk(run) => {
                let (key, payload) = run.lengths();
                run.at += HEADER + key + payload;
            }
        }
        self.load()
    }

    /// Key and payload of the current row.
    fn row(&self) -> (&[u8], &[u8]) {
        let (bytes, start, key, payload) = match self {
            Self::Memory { bytes, entries, next } => match entries.get(*next) {
                Some(entry) => (bytes, entry.start, entry.key as usize, entry.payload as usize),
                None => return (&[], &[]),
            },
            Self::Disk(run) => {
                let (key, payload) = run.lengths();
                (&run.buffer, run.at + HEADER, key, payload)
            }
        };
        let row = bytes.get(start..start + key + payload).unwrap_or_default();
        row.split_at_checked(key).unwrap_or_default()
    }
}

/// A run with the beginning of its current key; the heap's greatest is the row that comes first.
#[derive(Debug)]
struct Head {
    begins: u128,
    number: usize,
    reader: Box<Reader>,
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let begins = other.begins.cmp(&self.begins);
        let keys = || other.reader.row().0.cmp(self.reader.row().0);
        begins.then_with(keys).then_with(|| other.number.cmp(&self.number))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// Rows in order.
#[derive(Debug)]
pub(super) struct Sorted {
    heap: BinaryHeap<Head>,
    started: bool,
}

impl Sorted {
    /// Key and payload of the next row; nothing once all were read.
    pub(super) fn next(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        if std::mem::replace(&mut self.started, true)
            && let Some(mut head) = self.heap.peek_mut()
        {
            if head.reader.step()? {
                head.begins = begins(head.reader.row().0);
            } else {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        Ok(self.heap.peek().map(|head| head.reader.row()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(limit: usize, rows: &[(Vec<u8>, Vec<u8>)]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut spool = Spool::new(&std::env::temp_dir(), limit);
        for (key, payload) in rows {
            spool.push(key, &[&payload[..payload.len() / 2], &payload[payload.len() / 2..]]).unwrap();
        }
        let mut sorted = spool.sorted().unwrap();
        let mut all = Vec::new();
        while let Some((key, payload)) = sorted.next().unwrap() {
            all.push((key.to_vec(), payload.to_vec()));
        }
        all
    }

    #[test]
    fn rows_come_out_by_key_and_equal_keys_in_order_of_entry() {
        let mut rows: Vec<(Vec<u8>, Vec<u8>)> = (0..2000_u32)
            .map(|n| {
                let key = format!("{:>width$}", n.wrapping_mul(2_654_435_761) % 97, width = 1 + (n % 40) as usize);
                (key.into_bytes(), format!("payload {n}").into_bytes())
            })
            .collect();
        for limit in [1, 500, 20_000, 1 << 20] {
            let found = sorted(limit, &rows);
            let mut expected = rows.clone();
            expected.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(found, expected, "limit {limit}");
        }
        rows.clear();
        assert_eq!(sorted(10, &rows), []);
    }

    #[test]
    fn rows_may_be_larger_than_any_buffer() {
        let rows: Vec<_> = (0..5_u8).rev().map(|n| (vec![n], vec![n; 700 << 10])).collect();
        let found = sorted(1 << 20, &rows);
        assert_eq!(found.iter().map(|(key, _)| key[0]).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert!(found.iter().all(|(key, payload)| *payload == vec![key[0]; 700 << 10]));
    }
}
