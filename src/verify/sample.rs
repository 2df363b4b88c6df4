//! A part of a set of archives, another one each day, so that all of them had their turn after as many days as there are
//! parts.
//!
//! Which part an archive belongs to follows from its seal and never changes: neither new archives nor other statements in
//! the ledger shift the turns of those that were there before. Parts are about equal, because digests are spread evenly.

use std::fmt::{self, Display};

use crate::merkle::Hash;
use crate::record::time::{self, Millis};

/// The most parts that a set is divided into: a turn that comes once in ten years is none.
const MOST: u64 = 3650;

/// Milliseconds of a day.
const DAY: Millis = 86_400_000;

/// One of `parts` parts: the one whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    parts: u64,
    day: Millis,
}

/// How many parts: reads `1/30`.
pub fn parse_share(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("1/").filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let parts = digits.and_then(|digits| digits.parse().ok()).filter(|parts| (1..=MOST).contains(parts));
    parts.ok_or_else(|| {
        format!("`{text}` is not a share; write `1/30` for another thirtieth each day, down to `1/{MOST}`")
    })
}

impl Sample {
    /// The part of the day in UTC that `now` lies in.
    pub fn new(parts: u64, now: Millis) -> Self {
        Self { parts: parts.max(1), day: now.div_euclid(DAY) }
    }

    /// Whether it is the turn of the archive with this seal.
    pub fn takes(&self, seal: &Hash) -> bool {
        let number = seal.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Millis::try_from(self.parts).is_ok_and(|parts| self.day.rem_euclid(parts).unsigned_abs() == number % self.parts)
    }
}

impl Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day.checked_mul(DAY).and_then(time::format).unwrap_or_default();
        write!(f, "1/{} of {}", self.parts, day.split('T').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21.
    const NOW: Millis = 1_795_251_300_000;

    fn seal(number: u32) -> Hash {
        let mut seal = [0; 32];
        let spread = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        seal[..8].copy_from_slice(&spread.to_be_bytes());
        seal
    }

    #[test]
    fn each_archive_has_one_turn_in_as_many_days_as_parts_whenever_one_begins() {
        for parts in [1, 2, 7, 30, 365] {
            for begin in [NOW, 0, -NOW] {
                let days: Vec<Sample> =
                    (0..parts).map(|day| Sample::new(parts, begin + Millis::try_from(day).unwrap() * DAY)).collect();
                for number in 0..200 {
                    let turns = days.iter().filter(|sample| sample.takes(&seal(number))).count();
                    assert_eq!(turns, 1, "{parts} {begin} {number}");
                }
            }
        }
        let sizes: Vec<usize> = (0..30)
            .map(|day| (0..3000).filter(|number| Sample::new(30, NOW + day * DAY).takes(&seal(*number))).count())
            .collect();
        assert!(sizes.iter().all(|size| (50..150).contains(size)), "{sizes:?}");
    }

    #[test]
    fn a_day_is_one_of_the_calendar_in_utc() {
        let sample = |now| Sample::new(30, now);
        assert_eq!(sample(NOW).to_string(), "1/30 of 2026-11-21");
        assert_eq!(sample(NOW - NOW % DAY), sample(NOW - NOW % DAY + DAY - 1));
        assert_ne!(sample(NOW - NOW % DAY), sample(NOW - NOW % DAY - 1));
        assert_eq!(sample(-1).to_string(), "1/30 of 1969-12-31");
    }

    #[test]
    fn shares_have_one_spelling() {
        assert_eq!((parse_share("1/30"), parse_share("1/1")), (Ok(30), Ok(1)));
        for wrong in ["", "30", "1/", "1/0", "2/30", "1/+3", "1/3651", "1/99999999999999999999", "1/3 "] {
            assert!(parse_share(wrong).is_err(), "{wrong}");
        }
    }
}
