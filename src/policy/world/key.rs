//! Ids in twenty-four bytes, and a hasher for tables of them.
//!
//! A server's id is 26 letters and digits, which fit in seven bits each; a derived one is 32 hex digits; up to 22 bytes
//! fit as they are. An id of any other spelling is kept as the beginning of its SHA-256: 184 bits, in which nobody finds
//! two alike.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use ring::digest::{SHA256, digest};

use crate::record::id::unhex;

/// An id. The highest byte of the last word tells its spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key([u64; 3]);

const ROW: u64 = 1 << 56;
const DERIVED: u64 = 2 << 56;
const SHORT: u64 = 3 << 56;
const OTHER: u64 = 4 << 56;

impl Key {
    pub(super) fn of(id: &str) -> Self {
        let short = || Self::of_short(id.as_bytes());
        Self::of_row(id.as_bytes()).or_else(short).or_else(|| Self::of_derived(id)).unwrap_or_else(|| {
            let [first, second, third] = words(digest(&SHA256, id.as_bytes()).as_ref());
            Self([first, second, OTHER | third >> 8])
        })
    }

    /// Any 26 bytes of ASCII.
    fn of_row(bytes: &[u8]) -> Option<Self> {
        let &[ref most @ .., last_but_one, last] = bytes else { return None };
        if most.len() != 24 {
            return None;
        }
        let all = words(most);
        let high = all.iter().fold(u64::from(last_but_one | last), |high, word| high | word);
        if high & 0x8080_8080_8080_8080 != 0 {
            return None;
        }
        let [first, second, third] = all.map(seven_bits_each);
        Some(Self([first | u64::from(last_but_one) << 56, second | u64::from(last) << 56, third | ROW]))
    }

    /// Up to 22 bytes and their number.
    fn of_short(bytes: &[u8]) -> Option<Self> {
        let mut all = [0; 24];
        all.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let [first, second, third] = words(&all);
        let length = u64::try_from(bytes.len()).ok().filter(|length| *length <= 22)?;
        Some(Self([first, second, SHORT | third >> 8 | length]))
    }

    fn of_derived(id: &str) -> Option<Self> {
        let [first, second, _] = words(&unhex::<16>(id.strip_prefix("s:")?)?);
        Some(Self([first, second, DERIVED]))
    }
}

/// The first three words of eight bytes, as far as there are bytes for them.
fn words(bytes: &[u8]) -> [u64; 3] {
    let mut words = [0; 3];
    for (word, eight) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_be_bytes(*eight);
    }
    words
}

/// Eight bytes below 128 in 56 bits: neighbours are moved together, by ones, twos and fours.
fn seven_bits_each(word: u64) -> u64 {
    let word = word & 0x007F_007F_007F_007F | (word & 0x7F00_7F00_7F00_7F00) >> 1;
    let word = word & 0x0000_3FFF_0000_3FFF | (word & 0x3FFF_0000_3FFF_0000) >> 2;
    word & 0x0000_0000_0FFF_FFFF | (word & 0x0FFF_FFFF_0000_0000) >> 4
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
    }
}

/// Makes hashers with a secret of this process, so that nobody can choose ids that meet in a table.
#[derive(Clone, Debug)]
pub(super) struct Keyed(u64);

impl Default for Keyed {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0) | 1)
    }
}

impl BuildHasher for Keyed {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding(self.0)
    }
}

/// Multiplies and folds, word by word: a fifth of the time of the standard library's hasher.
#[derive(Debug)]
pub(super) struct Folding(u64);

impl Hasher for Folding {
    /// Keys write words only.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * 0x9E37_79B9_7F4A_7C15;
        #[allow(clippy::cast_possible_truncation, reason = "both halves are taken")]
        let (low, high) = (product as u64, (product >> 64) as u64);
        self.0 = low ^ high;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn different_ids_have_different_keys() {
        let row = "ybndrfg8ejkmcpqxot1uwisza3";
        let mut ids = vec![String::new(), "bookmark".into(), row.to_uppercase(), format!("s:{}", "0".repeat(32))];
        for at in 0..26 {
            for letter in ["0", "z", "A", "9"] {
                let mut id = row.to_owned();
                id.replace_range(at..=at, letter);
                ids.push(id);
            }
        }
        for at in 0..32 {
            let mut id = "s:".to_owned() + &"5".repeat(32);
            id.replace_range(at + 2..at + 3, "e");
            ids.push(id);
        }
        ids.extend(["00000000000000000000000000", "0000000000000000000000000", "s:0", "ä"].map(String::from));
        ids.extend([format!("s:{}", "A".repeat(32)), "x".repeat(27), "-".repeat(26), "\0".into(), "\0\0".into()]);
        ids.extend((0..30).map(|length| "q".repeat(length)));
        let different: HashSet<&String> = ids.iter().collect();
        let keys: HashSet<Key> = different.iter().map(|id| Key::of(id)).collect();
        assert_eq!(keys.len(), different.len());
        assert_eq!(size_of::<Key>(), 24);
    }

    #[test]
    fn the_hasher_spreads_what_differs_little() {
        let keyed = Keyed::default();
        let hashes: HashSet<u64> = (0..10_000).map(|n| keyed.hash_one(Key::of(&format!("{n:026}")))).collect();
        assert_eq!(hashes.len(), 10_000);
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xFFF).collect();
        let high: HashSet<u64> = hashes.iter().map(|hash| hash >> 57).collect();
        assert!(low.len() > 3_000 && high.len() == 128, "{} {}", low.len(), high.len());
    }
}
