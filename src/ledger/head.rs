//! The head of a ledger, short enough for paper or the telephone.
//!
//! A head is SHA-256 over the text of a checkpoint, so it stands for origin, size and root at once. In short it reads
//!
//! ```text
//! 43-B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB-1V
//! │   └ the first 125 bits of the head, in Crockford's base32 (no I, L, O, U)  └ two check characters
//! └ leaves
//! ```
//!
//! Strength: to pass another history off under a head that somebody wrote down takes 2^125 tries; to prepare two
//! histories with one head in advance takes the holder of the key about 2^62. Where that matters, compare the full
//! head. The check characters find every one or two wrong or exchanged characters; they are for slips, not attacks.
//!
//! It is read whatever its case; spaces and hyphens are passed over, O is 0, I and L are 1.

use std::fmt;

use crate::merkle::Hash;
use crate::record::id::{hex, unhex};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of 5 bits that are taken of the digest.
const SYMBOLS: usize = 25;

/// A checkpoint in one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Leaves.
    pub size: u64,
    /// SHA-256 over the text of the checkpoint.
    pub digest: Hash,
}

/// A head as somebody remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// In full.
    Full(Hash),
    /// In short.
    Short {
        /// Leaves.
        size: u64,
        /// The first 125 bits, 5 in each.
        symbols: [u8; SYMBOLS],
    },
}

/// Why a text is no head.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not a spelling of a head.
    #[error("`{0}` is not a head: expected 64 hex digits, or a short head such as 43-B9D5M-…-1V")]
    Spelling(String),
    /// The check characters do not fit.
    #[error("`{0}` was misread: its check characters do not fit")]
    Misread(String),
}

impl Head {
    /// The whole digest.
    pub fn full(&self) -> String {
        format!("sha256:{}", hex(&self.digest))
    }
}

/// The short form.
impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = symbols(&self.digest);
        write!(f, "{}", self.size)?;
        let letter = |symbol: &u8| char::from(ALPHABET.get(usize::from(*symbol)).copied().unwrap_or(b'?'));
        for group in symbols.chunks(5).chain([check(self.size, &symbols).as_slice()]) {
            write!(f, "-{}", group.iter().map(letter).collect::<String>())?;
        }
        Ok(())
    }
}

impl Expected {
    /// Reads a head in full, with or without `sha256:`, or in short.
    pub fn parse(text: &str) -> Result<Self, HeadError> {
        let full = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
        if let Some(digest) = unhex(&full) {
            return Ok(Self::Full(digest));
        }
        let spelling = || HeadError::Spelling(crate::archive::names::printable(text));
        let (size, rest) = text.trim().split_once(['-', ' ']).ok_or_else(spelling)?;
        let digits = size.bytes().all(|b| b.is_ascii_digit());
        let size: u64 = size.parse().ok().filter(|_| digits).ok_or_else(spelling)?;
        let letters = rest.chars().filter(|c| !matches!(c, '-' | ' '));
        let read: Option<Vec<u8>> = letters.map(symbol).collect();
        let read = read.ok_or_else(spelling)?;
        let (symbols, checks) = read.split_first_chunk::<SYMBOLS>().ok_or_else(spelling)?;
        match checks {
            [_, _] if checks == check(size, symbols) => Ok(Self::Short { size, symbols: *symbols }),
            [_, _] => Err(HeadError::Misread(crate::archive::names::printable(text))),
            _ => Err(spelling()),
        }
    }

    /// Whether this is `head`, as far as it says.
    pub fn is(&self, head: &Head) -> bool {
        match self {
            Self::Full(digest) => *digest == head.digest,
            Self::Short { size, symbols: expected } => *size == head.size && *expected == symbols(&head.digest),
        }
    }
}

/// The first 125 bits, 5 in each.
fn symbols(digest: &Hash) -> [u8; SYMBOLS] {
    let mut out = [0; SYMBOLS];
    let bit = |at: usize| digest.get(at / 8).map_or(0, |byte| (byte >> (7 - at % 8)) & 1);
    for (place, symbol) in out.iter_mut().enumerate() {
        *symbol = (0..5).fold(0, |bits, i| (bits << 1) | bit(place * 5 + i));
    }
    out
}

fn symbol(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET.iter().position(|known| char::from(*known) == letter)?;
    u8::try_from(place).ok()
}

/// Two symbols over GF(32) = GF(2)\[x\]/(x⁵+x²+1): the sum, and the sum weighted by powers of x. A Reed–Solomon code of
/// distance 3, for its 29 symbols are fewer than the 31 powers.
fn check(size: u64, symbols: &[u8; SYMBOLS]) -> [u8; 2] {
    let of_size = [15, 10, 5, 0].map(|shift| u8::try_from((size >> shift) & 31).unwrap_or_default());
    let times_x = |value: u8| if value & 16 == 0 { value << 1 } else { ((value << 1) & 31) ^ 0b101 };
    of_size.iter().chain(symbols).fold([0, 0], |[sum, weighted], symbol| [sum ^ symbol, times_x(weighted) ^ symbol])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: Head = Head { size: 43, digest: [0x5a; 32] };

    #[test]
    fn a_head_is_read_back_in_every_way_people_write_it() {
        let short = HEAD.to_string();
        assert_eq!(short, "43-B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB-1V");
        for text in [
            short.clone(),
            short.to_lowercase(),
            short.replacen('-', "#", 1).replace('-', " ").replace('#', "-"),
            format!(" {} ", short.replace('-', " ")),
        ] {
            assert!(Expected::parse(&text).unwrap().is(&HEAD), "{text}");
        }
        for text in [HEAD.full(), hex(&HEAD.digest), hex(&HEAD.digest).to_uppercase()] {
            assert!(Expected::parse(&text).unwrap().is(&HEAD), "{text}");
        }
        assert!(!Expected::parse(&short).unwrap().is(&Head { size: 44, ..HEAD }));
        for bad in [
            "",
            "43",
            "43-",
            "-B9D5M",
            "+43-B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB-1V",
            &short[..short.len() - 1],
            &(short.clone() + "0"),
        ] {
            assert!(matches!(Expected::parse(bad), Err(HeadError::Spelling(_))), "{bad}");
        }
    }

    #[test]
    fn every_wrong_character_and_every_pair_of_them_is_a_slip() {
        let symbols = symbols(&HEAD.digest);
        let checks = check(43, &symbols);
        let mut word = [symbols.as_slice(), &checks].concat();
        for first in 0..word.len() {
            for second in first..word.len() {
                for (d, e) in (1..32).flat_map(|d| (1..32).map(move |e| (d, e))) {
                    word[first] ^= d;
                    word[second] ^= if first == second { 0 } else { e };
                    let (changed, found) = word.split_first_chunk::<SYMBOLS>().unwrap();
                    assert_ne!(found, check(43, changed), "{first} {second} {d} {e}");
                    word[first] ^= d;
                    word[second] ^= if first == second { 0 } else { e };
                }
            }
        }
        for wrong in [3, 4, 34, 42, 53, 430, 143] {
            assert_ne!(check(wrong, &symbols), checks, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_head_reads_back(size: u64, digest: [u8; 32]) {
            let head = Head { size, digest };
            prop_assert!(Expected::parse(&head.to_string()).unwrap().is(&head));
            prop_assert!(Expected::parse(&head.full()).unwrap().is(&head));
        }

        #[test]
        fn no_text_is_too_odd(text: String) {
            let _ = Expected::parse(&text);
        }
    }
}
