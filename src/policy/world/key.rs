//! Ids in twenty bytes, and a hasher for tables of them.
//!
//! A server's id is 26 letters and digits, a derived one 32 hex digits; both fit exactly. An id of any other spelling is
//! kept as the beginning of its SHA-256: 158 bits, in which nobody finds two alike.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use ring::digest::{SHA256, digest};

use crate::record::id::unhex;

/// An id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key([u32; 5]);

/// Which of the three spellings a key holds: the two highest bits of its fourth word.
const ROW: u32 = 1 << 30;
const DERIVED: u32 = 2 << 30;
const OTHER: u32 = 3 << 30;

/// Six bits for each letter and digit; `NONE` for all other bytes.
const SIX: [u8; 256] = {
    let mut six = [NONE; 256];
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut at = 0;
    while at < alphabet.len() {
        #[allow(clippy::cast_possible_truncation, reason = "62 of them")]
        let value = at as u8;
        six[alphabet[at] as usize] = value;
        at += 1;
    }
    six
};
const NONE: u8 = 0x80;

impl Key {
    pub(super) fn of(id: &str) -> Self {
        let bytes = id.as_bytes();
        Self::of_row(bytes).or_else(|| Self::of_derived(id)).unwrap_or_else(|| {
            let mut words = four(digest(&SHA256, bytes).as_ref());
            let rest = digest(&SHA256, bytes).as_ref().get(16..20).map_or(0, word);
            words[3] = OTHER | rest >> 2;
            Self(words)
        })
    }

    fn of_row(bytes: &[u8]) -> Option<Self> {
        let (most, last) = bytes.split_at_checked(25)?;
        let &[last] = last else { return None };
        let mut words = [0; 5];
        let mut seen = 0;
        for (word, letters) in words.iter_mut().zip(most.chunks_exact(5)) {
            for letter in letters {
                let six = SIX[usize::from(*letter)];
                seen |= six;
                *word = *word << 6 | u32::from(six);
            }
        }
        let six = SIX[usize::from(last)];
        // The last letter goes where five words have two bits left each.
        for (word, shift) in [(0, 0), (1, 2), (2, 4)] {
            words[word] |= (u32::from(six) >> shift & 3) << 30;
        }
        words[3] |= ROW;
        ((seen | six) & NONE == 0).then_some(Self(words))
    }

    fn of_derived(id: &str) -> Option<Self> {
        let mut words = four(&unhex::<16>(id.strip_prefix("s:")?)?);
        words[3] = DERIVED;
        Some(Self(words))
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// Sixteen bytes in all words but the fourth.
fn four(bytes: &[u8]) -> [u32; 5] {
    let mut words = [0; 5];
    for (at, four) in [0, 1, 2, 4].into_iter().zip(bytes.chunks_exact(4)) {
        words[at] = word(four);
    }
    words
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for pair in self.0.chunks(2) {
            state.write_u64(pair.iter().fold(0, |word, half| word << 32 | u64::from(*half)));
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
        ids.extend([format!("s:{}", "A".repeat(32)), "x".repeat(27), "-".repeat(26)]);
        let different: HashSet<&String> = ids.iter().collect();
        let keys: HashSet<Key> = different.iter().map(|id| Key::of(id)).collect();
        assert_eq!(keys.len(), different.len());
        assert_eq!(Key::of(row), Key::of(String::from(row).as_str()));
        assert_eq!(size_of::<Key>(), 20);
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
