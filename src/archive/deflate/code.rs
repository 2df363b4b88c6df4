//! Huffman codes, and the bits in which they are written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Longest code: four of them and a byte that is not yet full fit in 64 bits. DEFLATE allows 15 bits.
const LONGEST: usize = 14;

/// Bits on their way into a stream, lowest first.
pub(super) struct Bits<'o> {
    out: &'o mut Vec<u8>,
    waiting: u64,
    count: u32,
}

impl<'o> Bits<'o> {
    /// Continues at the end of `out`.
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, waiting: 0, count: 0 }
    }

    /// Adds the low `count` bits of `bits`, which has no others; at most 56 between two calls of [`Self::flush`].
    #[inline]
    pub(super) fn push(&mut self, bits: u64, count: u32) {
        self.waiting |= bits.wrapping_shl(self.count);
        self.count = self.count.wrapping_add(count);
    }

    /// Writes out all whole bytes.
    #[inline]
    pub(super) fn flush(&mut self) {
        let whole = self.count / 8;
        let end = self.out.len() + whole as usize;
        self.out.extend_from_slice(&self.waiting.to_le_bytes());
        self.out.truncate(end);
        self.waiting = self.waiting.wrapping_shr(whole * 8);
        self.count %= 8;
    }

    /// Fills up the last byte.
    pub(super) fn finish(mut self) {
        self.count += 7;
        self.flush();
    }
}

/// A canonical Huffman code: for each symbol its bits, first bit lowest, and their number; 0 if it does not occur.
pub(super) struct Code<const N: usize>([(u16, u8); N]);

impl<const N: usize> Code<N> {
    /// The code for symbols of which each occurs as often as `counts` says; two at least occur.
    pub(super) fn new(counts: &[u32; N]) -> Self {
        let lengths = lengths(counts);
        let mut next = [0_u16; LONGEST + 2];
        for length in lengths.iter().filter(|length| **length > 0) {
            next[usize::from(*length) + 1] += 1;
        }
        for length in 1..next.len() {
            next[length] = (next[length] + next[length - 1]) << 1;
        }
        let mut code = |length: u8| {
            let next = &mut next[usize::from(length)];
            *next += 1;
            (*next - 1).reverse_bits() >> (16 - length)
        };
        Self(lengths.map(|length| if length == 0 { (0, 0) } else { (code(length), length) }))
    }

    /// Writes the lengths of the codes, from which they can be made again.
    ///
    /// Each length takes four bits. DEFLATE could say it shorter; blocks are large enough not to notice.
    pub(super) fn push_lengths(&self, bits: &mut Bits<'_>) {
        for (_, length) in self.0 {
            bits.push(u64::from(length.reverse_bits() >> 4), 4);
            bits.flush();
        }
    }

    /// Writes a symbol that occurs.
    #[inline]
    pub(super) fn push(&self, symbol: usize, bits: &mut Bits<'_>) {
        let (code, length) = self.0[symbol];
        bits.push(code.into(), length.into());
    }

    /// Writes bytes, each of which is a symbol that occurs.
    #[inline]
    pub(super) fn push_bytes(&self, bytes: &[u8], bits: &mut Bits<'_>) {
        for four in bytes.chunks(4) {
            for byte in four {
                self.push(usize::from(*byte), bits);
            }
            bits.flush();
        }
    }
}

/// Lengths of the codes of an optimal code that has none longer than [`LONGEST`], or of one nearly as good.
fn lengths<const N: usize>(counts: &[u32; N]) -> [u8; N] {
    let mut used: Vec<(u32, usize)> = counts.iter().copied().zip(0..).filter(|(count, _)| *count > 0).collect();
    used.sort_unstable();
    // Huffman: again and again the two rarest become one. Joined nodes are numbered after the symbols, upwards.
    let mut rarest: BinaryHeap<_> =
        (0..).zip(&used).map(|(node, (count, _))| Reverse((u64::from(*count), node))).collect();
    let mut above = vec![0_usize; 2 * used.len()];
    for joined in used.len().. {
        let (Some(Reverse((left, a))), Some(Reverse((right, b)))) = (rarest.pop(), rarest.pop()) else { break };
        (above[a], above[b]) = (joined, joined);
        rarest.push(Reverse((left + right, joined)));
    }
    let mut depths = vec![0_usize; above.len()];
    let mut of_length = [0_u32; LONGEST + 1];
    for node in (0..above.len().saturating_sub(2)).rev() {
        depths[node] = depths[above[node]] + 1;
        if node < used.len() {
            of_length[depths[node].min(LONGEST)] += 1;
        }
    }
    shorten(&mut of_length);
    // The rarest symbols get the longest codes.
    let mut free = (0_u8..=14).zip(of_length).rev().flat_map(|(length, count)| (0..count).map(move |_| length));
    let mut lengths = [0; N];
    for (_, symbol) in used {
        lengths[symbol] = free.next().unwrap_or(0);
    }
    lengths
}

/// Makes room for codes that were cut to [`LONGEST`]: of as many longest ones, each moves beside a shorter one.
fn shorten(of_length: &mut [u32; LONGEST + 1]) {
    let taken = |of_length: &[u32; LONGEST + 1]| -> u32 {
        (0..).zip(of_length).map(|(length, count)| count << (LONGEST - length)).sum()
    };
    for _ in 1 << LONGEST..taken(of_length) {
        if let Some(length) = (1..LONGEST).rev().find(|length| of_length[*length] > 0) {
            of_length[LONGEST] -= 1;
            of_length[length] -= 1;
            of_length[length + 1] += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts that the code is complete, so that decoders accept it, and cheaper symbols are not the rarer ones.
    fn check<const N: usize>(counts: &[u32; N]) -> [u8; N] {
        let found = lengths(counts);
        let taken: u32 =
            found.iter().filter(|length| **length > 0).map(|length| 1 << (LONGEST - usize::from(*length))).sum();
        assert_eq!(taken, 1 << LONGEST, "{counts:?} became {found:?}");
        for (count, length) in counts.iter().zip(found) {
            assert_eq!(*count == 0, length == 0);
            assert!(counts.iter().zip(found).all(|(other, theirs)| other <= count || theirs <= length || length == 0));
        }
        found
    }

    #[test]
    fn lengths_are_those_of_huffman() {
        assert_eq!(check(&[1, 0, 1]), [1, 0, 1]);
        assert_eq!(check(&[5, 9, 12, 13, 16, 45]), [4, 4, 3, 3, 3, 1]);
        assert_eq!(check(&[7; 256]), [8; 256]);
    }

    #[test]
    fn codes_too_long_are_cut() {
        // Counts that grow like Fibonacci's numbers ask for codes as long as there are symbols.
        let mut counts = [1; 40];
        for at in 2..counts.len() {
            counts[at] = counts[at - 1] + counts[at - 2];
        }
        assert_eq!(check(&counts).into_iter().max(), Some(14));
        assert_eq!(check(&std::array::from_fn::<u32, 286, _>(|at| 1 << (at % 32))).into_iter().max(), Some(14));
    }

    #[test]
    fn codes_are_canonical_and_written_lowest_bit_first() {
        // RFC 1951, section 3.2.2: lengths 3,3,3,3,3,2,4,4 give 010 011 100 101 110 00 1110 1111.
        let code = Code::new(&[2, 2, 2, 2, 2, 4, 1, 1]);
        let written = code.0.map(|(bits, length)| {
            format!("{:0width$b}", bits.reverse_bits() >> (16 - length), width = usize::from(length))
        });
        assert_eq!(written, ["010", "011", "100", "101", "110", "00", "1110", "1111"]);
        let (mut out, mut bits) = (Vec::new(), 0);
        let mut stream = Bits::new(&mut out);
        for symbol in [5, 6, 0] {
            code.push(symbol, &mut stream);
            bits += usize::from(code.0[symbol].1);
        }
        stream.finish();
        assert_eq!((out, bits), (vec![0b1001_1100, 0], 9));
    }
}
