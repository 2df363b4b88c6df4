//! Compresses record lines into a raw DEFLATE stream (RFC 1951).
//!
//! Why our own: the digest of the stream is sealed, so equal input is to give equal bytes in every build, whichever
//! version of a library it is made with. And record lines are known: long pieces of them stand in a line shortly before
//! (names of fields, ids of users and channels), between digits that never come again. Looking for nothing but long
//! repeats, and first of all where they begin, at quotation marks, takes less than half the time of zlib's fastest
//! level, and a sixth less room.
//!
//! Invariant: the stream is a function of the bytes alone and inflates to them, whatever they are.

mod code;

use code::{Bits, Code};

/// How far back a repeat may begin.
const WINDOW: usize = 1 << 15;

/// Bytes that have to be equal before a repeat is looked at.
const SHORTEST: usize = 8;

/// Longest repeat. DEFLATE knows 258 too, by a symbol of its own that fits no rule.
const LONGEST: usize = 257;

/// Bytes after which a block ends: its codes follow what it holds, and it still lies in the cache when it is written.
const BLOCK: usize = 256 << 10;

/// Bits of a hash of [`SHORTEST`] bytes.
const HASH: u32 = 16;

/// Largest step from one place without a repeat to the next that is tried, in texts without quotation marks.
const STRIDE: usize = 16;

/// Literals, the end of a block, and lengths.
const SYMBOLS: usize = 286;
const END: usize = 256;
const LENGTHS: usize = 257;

/// Distances.
const DISTANCES: usize = 30;

/// The order in which a block says how lengths of codes are written: 0 to 15 as they are, in four bits each.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Some bytes as they are, then some that stood a little before.
#[derive(Clone, Copy)]
struct Repeat {
    literals: u32,
    /// Less 3, as DEFLATE counts it.
    length: u16,
    /// Less 1, as DEFLATE counts it.
    distance: u16,
}

/// What a block is made of, and how often each symbol stands in it.
struct Block {
    repeats: Vec<Repeat>,
    symbols: [u32; SYMBOLS],
    distances: [u32; DISTANCES],
}

/// Appends the compressed stream of `bytes`, which are fewer than 4 GiB.
pub fn deflate(bytes: &[u8], out: &mut Vec<u8>) {
    let mut finder = Finder { seen: vec![0; 1 << HASH], bytes };
    let mut bits = Bits::new(out);
    let mut block = Block::new();
    let (mut begin, mut end) = (0, 0);
    while let Some((start, length, distance)) = finder.next(end) {
        block.add(bytes.get(end..start).unwrap_or_default(), length, distance);
        end = start + length;
        if end - begin >= BLOCK {
            block.write(&bytes[begin..end], false, &mut bits);
            begin = end;
        }
    }
    block.count(&bytes[end..]);
    block.write(&bytes[begin..], true, &mut bits);
    bits.finish();
}

/// Finds bytes that stood before.
struct Finder<'b> {
    /// Where bytes of each hash were seen last.
    seen: Vec<u32>,
    bytes: &'b [u8],
}

impl Finder<'_> {
    /// The next repeat that begins at or after `from`: start, length, distance.
    #[inline]
    fn next(&mut self, from: usize) -> Option<(usize, usize, usize)> {
        // What was just repeated ends where another may begin.
        if let Some(before) = from.checked_sub(2) {
            self.swap(before, word(self.bytes, before)?);
        }
        let mut at = from.max(1);
        loop {
            let here = word(self.bytes, at)?;
            let earlier = self.swap(at, here);
            // Nothing stands before the first byte; a place that was not seen yet reads as the first one.
            if at - earlier <= WINDOW && word(self.bytes, earlier) == Some(here) {
                return Some(self.widen(from, earlier, at));
            }
            let ahead = self.bytes.get(at + 1..)?;
            let near = &ahead[..ahead.len().min(STRIDE)];
            at += 1 + memchr::memchr(b'"', near).unwrap_or(STRIDE);
        }
    }

    /// Remembers a place, and returns the one remembered before.
    #[inline]
    fn swap(&mut self, at: usize, word: u64) -> usize {
        let hash = word.wrapping_mul(0x9E37_79B1_85EB_CA87) >> (64 - HASH);
        let seen = self.seen.get_mut(usize::try_from(hash).unwrap_or(0));
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        seen.map_or(0, |seen| std::mem::replace(seen, place)) as usize
    }

    /// The whole of a repeat of which [`SHORTEST`] bytes at `at` are known; it begins at `from` or later.
    #[inline]
    fn widen(&self, from: usize, earlier: usize, at: usize) -> (usize, usize, usize) {
        let distance = at - earlier;
        let (mut start, mut end) = (at, at + SHORTEST);
        let floor = from.max(distance).max(end.saturating_sub(LONGEST));
        while start > floor && self.bytes[start - 1] == self.bytes[start - 1 - distance] {
            start -= 1;
        }
        let ceiling = self.bytes.len().min(start + LONGEST);
        while end < ceiling {
            match word(self.bytes, end).zip(word(self.bytes, end - distance)) {
                Some((here, earlier)) if here == earlier => end += 8,
                Some((here, earlier)) => {
                    end += (here ^ earlier).trailing_zeros() as usize / 8;
                    break;
                }
                None if self.bytes[end] == self.bytes[end - distance] => end += 1,
                None => break,
            }
        }
        (start, end.min(ceiling) - start, distance)
    }
}

/// Eight bytes, if there are as many.
#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// What a length or distance becomes: its symbol, then the low bits that the symbol leaves out, and their number.
///
/// Symbols stand `1 << FINE` for each power of two; the first of them stand for one value each.
#[inline]
fn symbol<const FINE: u32>(value: u16) -> (usize, u16, u32) {
    let left_out = (value | 1 << FINE).ilog2() - FINE;
    let symbol = (left_out << FINE) + u32::from(value >> left_out);
    (symbol as usize, value & ((1 << left_out) - 1), left_out)
}

fn length_symbol(length: u16) -> (usize, u16, u32) {
    let (symbol, rest, left_out) = symbol::<2>(length);
    (LENGTHS + symbol, rest, left_out)
}

impl Block {
    fn new() -> Self {
        Self { repeats: Vec::with_capacity(BLOCK / 16), symbols: [0; SYMBOLS], distances: [0; DISTANCES] }
    }

    #[inline]
    fn add(&mut self, literals: &[u8], length: usize, distance: usize) {
        self.count(literals);
        let less = |value: usize, by: usize| u16::try_from(value - by).unwrap_or(u16::MAX);
        let (length, distance) = (less(length, 3), less(distance, 1));
        self.symbols[length_symbol(length).0] += 1;
        self.distances[symbol::<1>(distance).0] += 1;
        let literals = u32::try_from(literals.len()).unwrap_or(u32::MAX);
        self.repeats.push(Repeat { literals, length, distance });
    }

    #[inline]
    fn count(&mut self, literals: &[u8]) {
        for byte in literals {
            let count = &mut self.symbols[usize::from(*byte)];
            // It counts fewer than 4 GiB.
            *count = count.wrapping_add(1);
        }
    }

    /// Writes the block, whose repeats make up `bytes` but for the last literals, and empties it.
    fn write(&mut self, mut bytes: &[u8], last: bool, bits: &mut Bits<'_>) {
        // A code needs two symbols to be complete.
        for count in self.symbols[END - 1..=END].iter_mut().chain(&mut self.distances[..2]) {
            *count += 1;
        }
        let (symbols, distances) = (Code::new(&self.symbols), Code::new(&self.distances));
        bits.push(u64::from(last) | 2 << 1, 3);
        bits.push((SYMBOLS - 257) as u64 | (DISTANCES as u64 - 1) << 5 | 15 << 10, 14);
        for length in ORDER {
            bits.push(if length < 16 { 4 } else { 0 }, 3);
            bits.flush();
        }
        symbols.push_lengths(bits);
        distances.push_lengths(bits);
        for repeat in &self.repeats {
            let (literals, rest) = bytes.split_at(repeat.literals as usize);
            symbols.push_bytes(literals, bits);
            let (length, rest_of_length, count) = length_symbol(repeat.length);
            symbols.push(length, bits);
            bits.push(u64::from(rest_of_length), count);
            let (distance, rest_of_distance, count) = symbol::<1>(repeat.distance);
            distances.push(distance, bits);
            bits.push(u64::from(rest_of_distance), count);
            bits.flush();
            bytes = &rest[usize::from(repeat.length) + 3..];
        }
        symbols.push_bytes(bytes, bits);
        symbols.push(END, bits);
        bits.flush();
        self.repeats.clear();
        self.symbols.fill(0);
        self.distances.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn inflated(stream: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut decoder = flate2::bufread::DeflateDecoder::new(stream);
        decoder.read_to_end(&mut bytes).unwrap();
        assert_eq!(decoder.into_inner(), b"", "bytes behind the end of the stream");
        bytes
    }

    fn round_trip(bytes: &[u8]) -> usize {
        let mut stream = b"before".to_vec();
        deflate(bytes, &mut stream);
        assert!(inflated(&stream[6..]) == bytes, "{} bytes", bytes.len());
        stream.len() - 6
    }

    /// Bytes that hardly repeat, from `0..range`.
    fn noise(length: usize, range: u64) -> Vec<u8> {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            u8::try_from((state >> 33) % range).unwrap()
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn whatever_goes_in_comes_out() {
        for length in (0..20).chain([257, 258, 259, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 << 20]) {
            round_trip(&vec![b'x'; length]);
            round_trip(&noise(length, 256));
            round_trip(&b"{\"kind\":\"post\",\"id\":".repeat(length / 22));
        }
        // Repeats at the very edge of the window, and one step beyond.
        for gap in [WINDOW - 9, WINDOW - 8, WINDOW - 7, WINDOW, 2 * WINDOW] {
            round_trip(&[b"harbour master".as_slice(), &noise(gap, 200), b"harbour master"].concat());
        }
    }

    #[test]
    fn lines_become_small_and_noise_hardly_grows() {
        let lines: String = (0..9000_u64)
            .map(|n| {
                format!(
                    "{{\"kind\":\"post\",\"id\":\"s:{:016x}\",\"at\":{n}}}\n",
                    n.wrapping_mul(0x9E37_79B1_85EB_CA87)
                )
            })
            .collect();
        assert!(round_trip(lines.as_bytes()) * 3 < lines.len());
        assert!(round_trip(&vec![0; 1 << 20]) < 1 << 14);
        // The reader refuses a member whose stream is longer than an eighth more than its bytes.
        for length in [4097, BLOCK, 1 << 20] {
            let stream = round_trip(&noise(length, 256));
            assert!(stream < length + length / 16, "{length} became {stream}");
        }
    }

    /// The seal covers these bytes: a change here changes every archive, and may only be made on purpose.
    #[test]
    fn equal_input_gives_equal_bytes_in_every_build() {
        let mut stream = Vec::new();
        deflate(b"{\"kind\":\"team\",\"id\":\"a\"}\n{\"kind\":\"team\",\"id\":\"b\"}\n", &mut stream);
        let lines: String = (0..20_000).map(|n| format!("{} {}\n", n * n % 1013, n % 97)).collect();
        deflate(lines.as_bytes(), &mut stream);
        let digest = ring::digest::digest(&ring::digest::SHA256, &stream);
        assert_eq!(
            (stream.len(), crate::record::id::hex(digest.as_ref())),
            (61_527, "791d67655819a758d8173b0224ef12b720d3f3b896827547de9acc29c3640a20".to_owned())
        );
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(proptest::sample::select(b"ab\"{:\x00\xff".to_vec()), 0..3000)) {
            round_trip(&bytes);
        }
    }
}
