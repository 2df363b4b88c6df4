//! What makes two lines the same version of a record.
//!
//! Bytes decide, not JSON: a version is the line up to the end of its `data`. `because` and `retention`, which follow,
//! belong to the archive, not to the record. What a file's record says about its bytes stands in `data` and counts: a
//! file that could be read only later is another version.

use std::fmt;

use ring::digest::{SHA256, digest};

use crate::record::id::hex;
use crate::record::line::{Line, LineError};

/// The first 16 bytes of SHA-256 of a line up to the end of its `data`: to find another line of the same version takes
/// 2^128 attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub(super) [u8; Self::LEN]);

impl Version {
    /// Bytes of a version.
    pub const LEN: usize = 16;

    /// The version that `line` (without line feed) is.
    pub fn of(line: &[u8]) -> Result<Self, LineError> {
        Ok(Self::of_parsed(line, &Line::parse(line)?))
    }

    /// [`Self::of`] for a line that was taken apart already; `parsed` must be of `line`.
    pub fn of_parsed(line: &[u8], parsed: &Line<'_>) -> Self {
        let before = parsed.data.as_ptr().addr().saturating_sub(line.as_ptr().addr());
        Self::of_counted(line.get(..before.saturating_add(parsed.data.len())).unwrap_or(line))
    }

    /// [`Self::of`] for a line that ends with its `data`, as lines do until something is decided about them.
    pub fn of_undecided(line: &[u8]) -> Self {
        Self::of_counted(line.strip_suffix(b"}").unwrap_or(line))
    }

    fn of_counted(counted: &[u8]) -> Self {
        let mut version = [0; Self::LEN];
        let hash = digest(&SHA256, counted);
        version.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        Self(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&hex(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"kind":"post","id":"a","at":5,"data":{"message":"x","props":{"a":1}}}"#;

    #[test]
    fn what_was_decided_about_a_record_is_no_part_of_it() {
        let plain = Version::of(LINE.as_bytes()).unwrap();
        assert_eq!(Version::of_undecided(LINE.as_bytes()), plain);
        let judged = LINE.strip_suffix('}').unwrap().to_owned() + r#","because":["x"],"retention":{"rule":"p/r"}}"#;
        assert_eq!(Version::of(judged.as_bytes()).unwrap(), plain);
        for (from, to) in
            [("\"x\"", "\"y\""), ("\"a\",\"at\"", "\"b\",\"at\""), ("5", "6"), ("post", "draft"), ("1", "2")]
        {
            let other = LINE.replacen(from, to, 1);
            assert_ne!(Version::of(other.as_bytes()).unwrap(), plain, "{other}");
        }
        assert!(Version::of(b"{}").is_err());
    }
}
