//! Cuts a stream into blocks of whole lines, so that blocks can be decoded side by side.
//!
//! Lines may be long: a root post carries its whole thread. A line of more than [`GIANT`] bytes travels alone, and one
//! of more than [`MAX_LINE`] is not kept at all, only measured and hashed on the way past.

use std::io::{self, Read};

use ring::digest::{Context, SHA256};

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
    },
}

/// Reads blocks from a stream.
#[derive(Debug)]
pub struct Blocks<R> {
    input: R,
    /// Bytes read beyond the last block's end.
    rest: Vec<u8>,
    next_line: u64,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// Starts at line 1.
    pub fn new(input: R) -> Self {
        Self { input, rest: Vec::new(), next_line: 1, ended: false }
    }

    /// The next block; `None` at the end of the stream.
    pub fn read(&mut self) -> io::Result<Option<Block>> {
        let mut bytes = std::mem::take(&mut self.rest);
        let mut target = BLOCK;
        bytes.reserve(BLOCK.saturating_sub(bytes.len()));
        loop {
            let before = bytes.len();
            self.fill(&mut bytes, target)?;
            if let Some(end) = memchr::memrchr(b'\n', &bytes[before.min(bytes.len())..]).map(|at| before + at + 1) {
                return Ok(Some(self.cut(bytes, end)));
            }
            // A block that begins with carried bytes holds no line feed in them.
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
        while !self.ended && bytes.len() < target {
            let want = (target - bytes.len()) as u64;
            if self.input.by_ref().take(want).read_to_end(bytes)? == 0 {
                self.ended = true;
            }
        }
        Ok(())
    }

    /// Splits at `end`; a giant line in front is sent alone.
    fn cut(&mut self, mut bytes: Vec<u8>, mut end: usize) -> Block {
        if end > GIANT {
            end = memchr::memchr(b'\n', &bytes).map_or(end, |at| at + 1);
        }
        self.rest = bytes.split_off(end);
        let first = self.next_line;
        self.next_line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Block::Lines { first, bytes }
    }

    /// Measures and hashes the rest of a line that is too long.
    fn pass_by(&mut self, start: &[u8]) -> io::Result<Block> {
        let mut hash = Context::new(&SHA256);
        hash.update(start);
        let mut length = start.len() as u64;
        let mut bytes = Vec::with_capacity(BLOCK);
        loop {
            bytes.clear();
            self.fill(&mut bytes, BLOCK)?;
            let end = memchr::memchr(b'\n', &bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            hash.update(part);
            length += part.len() as u64;
            if end.is_some() || self.ended {
                self.rest = end.map(|at| bytes[at + 1..].to_vec()).unwrap_or_default();
                break;
            }
        }
        let line = self.next_line;
        self.next_line += 1;
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(hash.finish().as_ref());
        Ok(Block::TooLong { line, length, sha256 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut blocks = Blocks::new(input);
        let mut all = Vec::new();
        while let Some(block) = blocks.read().unwrap() {
            match block {
                Block::Lines { first, bytes } => {
                    assert!(!bytes.is_empty());
                    for (i, line) in bytes.split_inclusive(|b| *b == b'\n').enumerate() {
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
        assert_eq!(lines(&input), expected);
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"\n"), [(1, b"\n".to_vec())]);
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_by() {
        let mut input = b"first\n".to_vec();
        input.resize(input.len() + MAX_LINE + 10, b'x');
        input.extend_from_slice(b"\nlast\n");
        let all = lines(&input);
        assert_eq!(all[1], (2, format!("too long: {}", MAX_LINE + 10).into_bytes()));
        assert_eq!(all[2], (3, b"last\n".to_vec()));
        let mut exact = vec![b'y'; MAX_LINE];
        exact.push(b'\n');
        assert_eq!(lines(&exact)[0].1.len(), MAX_LINE + 1);
    }
}
