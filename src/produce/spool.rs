//! Rows sorted by a key of bytes, more of them than memory holds.
//!
//! Posts, their earlier versions, reactions and files lie apart in an archive; a transcript wants them together, channel
//! by channel. Rows go in in any order and come out by number, key and payload; see [`crate::sort`], which does it.

use std::io;
use std::path::{Path, PathBuf};

use crate::sort::{Merge, Sorter};

/// Collects rows.
#[derive(Debug)]
pub(in crate::produce) struct Spool {
    folder: PathBuf,
    sorter: Sorter,
}

impl Spool {
    /// An empty spool that writes to an unnamed file in `folder` whenever it holds more than `limit` bytes.
    pub(in crate::produce) fn new(folder: &Path, limit: usize) -> Self {
        Self { folder: folder.to_owned(), sorter: Sorter::new(limit) }
    }

    /// Adds a row: what it is sorted by first, its key, and a payload that is the pieces one after the other.
    pub(in crate::produce) fn push(&mut self, number: i64, key: &[u8], payload: &[&[u8]]) -> io::Result<()> {
        self.sorter.push(0, number, key.len() as u64, |line| {
            line.extend_from_slice(key);
            for piece in payload {
                line.extend_from_slice(piece);
            }
        });
        self.sorter.settle(&self.folder)
    }

    /// All rows in order.
    pub(in crate::produce) fn sorted(self) -> io::Result<Sorted> {
        Ok(Sorted { merge: Merge::new(vec![self.sorter])?, started: false })
    }
}

/// A row in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::produce) struct Row<'s> {
    pub(in crate::produce) number: i64,
    pub(in crate::produce) key: &'s [u8],
    pub(in crate::produce) payload: &'s [u8],
}

/// Rows in order.
#[derive(Debug)]
pub(in crate::produce) struct Sorted {
    merge: Merge,
    started: bool,
}

impl Sorted {
    /// The next row; nothing once all were read.
    pub(in crate::produce) fn next(&mut self) -> io::Result<Option<Row<'_>>> {
        if std::mem::replace(&mut self.started, true) {
            self.merge.advance()?;
        }
        Ok(self.merge.peek().map(|item| {
            let length = usize::try_from(item.tag).unwrap_or(usize::MAX);
            let (key, payload) = item.line.split_at_checked(length).unwrap_or((item.line, &[]));
            Row { number: item.at, key, payload }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_in_order_whatever_memory_holds() {
        let mut rows: Vec<(i64, Vec<u8>, Vec<u8>)> = (0..2000_u32)
            .map(|n| {
                let key = format!("{:>width$}", n.wrapping_mul(2_654_435_761) % 97, width = 1 + (n % 40) as usize);
                (i64::from(n % 3) - 1, key.into_bytes(), format!("payload {n}").into_bytes())
            })
            .collect();
        rows.push((-5, vec![7], vec![1; 3 << 20]));
        for limit in [1000, 20_000, 1 << 24] {
            let mut spool = Spool::new(&std::env::temp_dir(), limit);
            for (number, key, payload) in &rows {
                spool.push(*number, key, &[&payload[..payload.len() / 2], &payload[payload.len() / 2..]]).unwrap();
            }
            let mut sorted = spool.sorted().unwrap();
            let mut found = Vec::new();
            while let Some(Row { number, key, payload }) = sorted.next().unwrap() {
                found.push((number, key.to_vec(), payload.to_vec()));
            }
            let line = |row: &(i64, Vec<u8>, Vec<u8>)| (row.0, [row.1.as_slice(), &row.2].concat());
            let mut expected = rows.clone();
            expected.sort_by_key(line);
            assert!(found == expected, "limit {limit}");
        }
    }
}
