//! Cuts a stream into blocks of whole lines, so that blocks can be decoded side by side.
//!
//! Lines may be long: a root post carries its whole thread. A line of more than [`GIANT`] bytes travels alone, and one
//! of more than [`MAX_LINE`] is not kept at all, only measured, hashed and scanned for records on the way past.
//!
//! A few lines have to be looked at again later, when it is known that their keys are not unique. An [`Index`] finds
//! them: in the source itself if it is plain, else in a copy of the stream kept in an unnamed file, because a compressed
//! stream can only be read from its beginning.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use ring::digest::{Context, SHA256};

use super::count::passing::Passing;
use crate::source::tally::Counts;

/// Bytes that a block aims for.
pub const BLOCK: usize = 1 << 20;

/// A line longer than this travels alone and is decoded while no other such line is in memory.
pub const GIANT: usize = 4 << 20;

/// Longest line that is decoded, in bytes without its line feed.
pub const MAX_LINE: usize = 64 << 20;

/// Some lines of the source.
#[derive(Debug)]
pub enum Block {
    /// Whole lines, each with its line feed; only the very last line of the source may lack it.
    Lines {
        /// Number of the first line, from 1.
        first: u64,
        /// Where in the stream they begin.
        offset: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A line too long to decode.
    TooLong {
        /// Its number, from 1.
        line: u64,
        /// Its length without line feed.
        length: u64,
        /// SHA-256 of its bytes without line feed.
        sha256: [u8; 32],
        /// The records that the scanner saw in it.
        counts: Box<Counts>,
    },
}

/// Reads blocks from a stream.
#[derive(Debug)]
pub struct Blocks<R> {
    input: R,
    /// Bytes read beyond the last block's end.
    rest: Vec<u8>,
    next_line: u64,
    next_offset: u64,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// Starts at line 1.
    pub fn new(input: R) -> Self {
        Self { input, rest: Vec::new(), next_line: 1, next_offset: 0, ended: false }
    }

    /// The next block; `None` at the end of the stream.
    pub fn read(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut target = BLOCK;
        let mut searched = 0;
        bytes.reserve(BLOCK.saturating_sub(bytes.len()));
        loop {
            self.fill(&mut bytes, target)?;
            // Bytes carried from the block before may hold whole lines, behind a giant one that was sent alone.
            if let Some(end) = memchr::memrchr(b'\n', &bytes[searched..]).map(|at| searched + at + 1) {
                return Ok(Some(self.cut(bytes, end)));
            }
            searched = bytes.len();
            if self.ended {
                let whole = bytes.len();
                return Ok((whole > 0).then(|| self.cut(bytes, whole)));
            }
            if bytes.len() > MAX_LINE {
                return self.pass_by(&bytes).map(Some);
            }
            target = (target * 2).min(MAX_LINE + 1);
        }
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize) -> io::Result<()> {
        let mut filled = bytes.len();
        bytes.resize(target.max(filled), 0);
        while !self.ended && filled < target {
            match self.input.read(&mut bytes[filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(())
    }

    /// Splits at `end`, or earlier: a giant line in front is sent alone, and other blocks are no longer than one.
    fn cut(&mut self, mut bytes: Vec<u8>, mut end: usize) -> Block {
        if end > GIANT {
            let small = memchr::memrchr(b'\n', &bytes[..GIANT]);
            let giant = || memchr::memchr(b'\n', &bytes);
            end = small.or_else(giant).map_or(end, |at| at + 1);
        }
        self.rest = bytes.split_off(end);
        let first = self.next_line;
        self.next_line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        let offset = self.next_offset;
        self.next_offset += bytes.len() as u64;
        Block::Lines { first, offset, bytes }
    }

    /// Measures, hashes and scans the rest of a line that is too long.
    fn pass_by(&mut self, start: &[u8]) -> io::Result<Block> {
        let mut hash = Context::new(&SHA256);
        let mut scanner = Passing::default();
        hash.update(start);
        scanner.feed(start);
        let mut length = start.len() as u64;
        let mut bytes = Vec::with_capacity(BLOCK);
        loop {
            bytes.clear();
            self.fill(&mut bytes, BLOCK)?;
            let end = memchr::memchr(b'\n', &bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            hash.update(part);
            scanner.feed(part);
            length += part.len() as u64;
            if end.is_some() || self.ended {
                self.rest = end.map(|at| bytes[at + 1..].to_vec()).unwrap_or_default();
                break;
            }
        }
        let line = self.next_line;
        self.next_line += 1;
        self.next_offset += length + 1;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(hash.finish().as_ref());
        Ok(Block::TooLong { line, length, sha256, counts: Box::new(scanner.finish()) })
    }
}

/// The lines of a block, each with its line feed.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
    let last = (!bytes.is_empty() && !bytes.ends_with(b"\n")).then_some(bytes.len());
    ends.chain(last).map(move |end| &bytes[std::mem::replace(&mut start, end)..end])
}

/// Where the lines of a stream lie.
#[derive(Debug)]
pub struct Index {
    file: Arc<File>,
    /// Whether `file` is a copy that this index has to write.
    is_copy: bool,
    /// First line, offset and length of each block, in order.
    blocks: Vec<(u64, u64, usize)>,
}

impl Index {
    /// An index into a plain source.
    pub fn of_source(file: Arc<File>) -> Self {
        Self { file, is_copy: false, blocks: Vec::new() }
    }

    /// An index that keeps a copy in `file`, an empty temporary file.
    pub fn with_copy(file: File) -> Self {
        Self { file: Arc::new(file), is_copy: true, blocks: Vec::new() }
    }

    /// Takes note of a block.
    pub fn add(&mut self, first: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        if self.is_copy {
            self.file.write_all_at(bytes, offset)?;
        }
        self.blocks.push((first, offset, bytes.len()));
        Ok(())
    }

    /// Hands over some lines, without their line feeds; `numbers` must ascend.
    pub fn visit(&self, numbers: &[u64], mut each: impl FnMut(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut wanted = numbers.iter().copied().peekable();
        let mut bytes = Vec::new();
        while let Some(number) = wanted.peek().copied() {
            let after = self.blocks.partition_point(|(first, ..)| *first <= number);
            let Some((first, offset, length)) = after.checked_sub(1).and_then(|at| self.blocks.get(at).copied()) else {
                return Ok(());
            };
            bytes.resize(length, 0);
            self.file.read_exact_at(&mut bytes, offset)?;
            for (at, line) in (first..).zip(lines(&bytes)) {
                if wanted.next_if_eq(&at).is_some() {
                    each(at, line.strip_suffix(b"\n").unwrap_or(line))?;
                }
            }
            // A number that its block does not hold is none of ours.
            wanted.next_if_eq(&number);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(input: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut blocks = Blocks::new(input);
        let mut all = Vec::new();
        while let Some(block) = blocks.read().unwrap() {
            match block {
                Block::Lines { first, offset, bytes } => {
                    assert_eq!(&input[usize::try_from(offset).unwrap()..][..bytes.len()], bytes);
                    assert!(!bytes.is_empty());
                    for (i, line) in super::lines(&bytes).enumerate() {
                        all.push((first + i as u64, line.to_vec()));
                    }
                }
                Block::TooLong { line, length, .. } => all.push((line, format!("too long: {length}").into_bytes())),
            }
        }
        all
    }

    #[test]
    fn every_line_arrives_once_with_its_number() {
        let mut input = Vec::new();
        for size in [0, 5, BLOCK - 1, BLOCK, BLOCK + 1, 3, GIANT + 7, 1, 2, 3 * BLOCK] {
            input.resize(input.len() + size, b'x');
            input.push(b'\n');
        }
        input.extend_from_slice(b"no line feed");
        let expected: Vec<_> = (1..).zip(input.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec)).collect();
        assert_eq!(numbered(&input), expected);
        assert_eq!(numbered(b""), []);
        assert_eq!(numbered(b"\n"), [(1, b"\n".to_vec())]);
    }

    #[test]
    fn lines_behind_a_giant_are_not_swallowed_by_the_next() {
        let mut input = Vec::new();
        for size in [GIANT + 700_000, 3, 2, 5, MAX_LINE + 9, 1, 9 << 20, 20 << 20, 30 << 20, 15 << 20, 4, 60 << 20, 2] {
            input.resize(input.len() + size, b'x');
            input.push(b'\n');
        }
        let whole = |line: &[u8]| {
            if line.len() > MAX_LINE + 1 { format!("too long: {}", line.len() - 1).into_bytes() } else { line.to_vec() }
        };
        let expected: Vec<_> = (1..).zip(input.split_inclusive(|b| *b == b'\n').map(whole)).collect();
        assert!(numbered(&input) == expected);
    }

    #[test]
    fn single_lines_are_found_again() {
        let input: Vec<u8> = (1..=300_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let mut blocks = Blocks::new(input.as_slice());
        let mut index = Index::with_copy(tempfile::tempfile().unwrap());
        while let Some(Block::Lines { first, offset, bytes }) = blocks.read().unwrap() {
            index.add(first, offset, &bytes).unwrap();
        }
        assert!(index.blocks.len() > 2);
        let wanted = [1, 2, 150_000, 299_999, 300_000];
        let mut found = Vec::new();
        let visit = |n, line: &[u8]| {
            found.push((n, String::from_utf8_lossy(line).into_owned()));
            Ok(())
        };
        index.visit(&wanted, visit).unwrap();
        assert_eq!(found, wanted.map(|n| (n, format!("line {n}"))));
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_by() {
        let mut input = b"first\n".to_vec();
        input.resize(input.len() + MAX_LINE + 10, b'x');
        input.extend_from_slice(b"\nlast\n");
        let all = numbered(&input);
        assert_eq!(all[1], (2, format!("too long: {}", MAX_LINE + 10).into_bytes()));
        assert_eq!(all[2], (3, b"last\n".to_vec()));
        let mut exact = vec![b'y'; MAX_LINE];
        exact.push(b'\n');
        assert_eq!(numbered(&exact)[0].1.len(), MAX_LINE + 1);
    }
}
