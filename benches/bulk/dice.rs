//! Chance that repeats: equal seeds give equal exports, on every machine.

/// `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014): small, fast, good enough
/// for shapes and sizes, and nothing else is asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for the `stream`th purpose, so that one part of an export does not shift another.
    pub(crate) fn apart(&self, stream: u64) -> Self {
        let mut other = Self(self.0 ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        other.next();
        other
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below `limit`, which is not 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// An index below `length`, which is not 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    /// An index that prefers the beginning: three of five fall into the first quarter.
    pub(crate) fn early(&mut self, length: usize) -> usize {
        let last = self.index(length);
        self.index(last + 1)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// True in `share` of a million.
    pub(crate) fn per_million(&mut self, share: u64) -> bool {
        self.below(1_000_000) < share
    }

    /// A value from a distribution given by points (share of a thousand below, value), straight between them.
    pub(crate) fn from(&mut self, quantiles: &[(u64, u64)]) -> u64 {
        let share = self.below(1000 << 10);
        for pair in quantiles.windows(2) {
            let [(low, from), (high, to)] = [pair[0], pair[1]];
            if share < high << 10 {
                let width = (high - low) << 10;
                return from + (to - from) * (share - (low << 10)) / width.max(1);
            }
        }
        quantiles.last().map_or(0, |(_, most)| *most)
    }

    /// Fills with bytes that do not compress.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}
