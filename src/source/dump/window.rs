//! A stream as a window that moves over it: what is not yet taken can be looked at, and grows on demand.

use std::io::{self, Read};

/// The part of a stream that is in memory.
#[derive(Debug)]
pub struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    piece: usize,
    ended: bool,
    /// Number of the line that the next byte belongs to, from 1.
    pub line: u64,
    /// Bytes taken so far.
    pub taken: u64,
}

impl<R: Read> Window<R> {
    /// An empty window before the first byte; it grows by `piece` bytes.
    pub fn new(input: R, piece: usize) -> Self {
        Self { input, buffer: Vec::new(), at: 0, piece: piece.max(1), ended: false, line: 1, taken: 0 }
    }

    /// What is there and not taken.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    /// Whether nothing can come behind [`Self::rest`].
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Reads some more; `false` at the end of the stream.
    pub fn more(&mut self) -> io::Result<bool> {
        self.buffer.drain(..std::mem::take(&mut self.at));
        let start = self.buffer.len();
        self.buffer.resize(start + self.piece, 0);
        let mut filled = start;
        while !self.ended && filled < self.buffer.len() {
            match self.input.read(&mut self.buffer[filled..]) {
                Ok(0) => self.ended = true,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.buffer.truncate(filled);
        Ok(filled > start)
    }

    /// Reads until `count` bytes are there or the stream ends.
    pub fn reach(&mut self, count: usize) -> io::Result<()> {
        while self.rest().len() < count && self.more()? {}
        Ok(())
    }

    /// The byte `ahead` of the next one, if the stream is that long.
    pub fn byte(&mut self, ahead: usize) -> io::Result<Option<u8>> {
        if self.rest().len() <= ahead {
            self.reach(ahead + 1)?;
        }
        Ok(self.rest().get(ahead).copied())
    }

    /// Takes `count` bytes of the rest.
    pub fn skip(&mut self, count: usize) {
        self.line += memchr::memchr_iter(b'\n', &self.rest()[..count]).count() as u64;
        self.pass(count);
    }

    /// Takes `count` bytes of the rest that hold this many line feeds.
    pub fn skip_lines(&mut self, count: usize, lines: u64) {
        self.line += lines;
        self.pass(count);
    }

    /// Takes `count` bytes of the rest that hold this many line feeds, and hands them out.
    pub fn take(&mut self, count: usize, lines: u64) -> Vec<u8> {
        if self.at > 0 || self.rest().len() / 2 > count {
            let bytes = self.rest()[..count].to_vec();
            self.skip_lines(count, lines);
            return bytes;
        }
        // Nearly all of it: what stays is copied instead, so that a giant row is not in memory twice.
        let rest = self.buffer.split_off(count);
        self.line += lines;
        self.taken += count as u64;
        std::mem::replace(&mut self.buffer, rest)
    }

    fn pass(&mut self, count: usize) {
        self.at += count;
        self.taken += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_once_and_in_order_however_they_are_taken() {
        let text: Vec<u8> = (0..5000_u32).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        for piece in [1, 3, 100, 1 << 20] {
            let mut window = Window::new(text.as_slice(), piece);
            let mut out = Vec::new();
            for count in (1..).map(|n: usize| n * 7919 % 311) {
                window.reach(count).unwrap();
                let bytes = window.rest()[..count.min(window.rest().len())].to_vec();
                let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
                match count % 3 {
                    0 => window.skip(bytes.len()),
                    1 => window.skip_lines(bytes.len(), lines),
                    _ => assert_eq!(window.take(bytes.len(), lines), bytes),
                }
                out.extend_from_slice(&bytes);
                if window.ended() && window.rest().is_empty() {
                    break;
                }
            }
            assert!(out == text, "{piece}");
            assert_eq!((window.line, window.taken), (5001, text.len() as u64));
        }
    }
}
