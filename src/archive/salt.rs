//! The salt of the leaves: why a hash in a proof does not give away a short message.
//!
//! One archive salt of 32 random bytes stands in `salt.txt`; the salt of record *i* is the first 16 bytes of
//! HMAC-SHA-256(archive salt, *i* as 8 bytes big-endian), so it costs no space. Whoever gets one record gets that
//! record's own salt only and cannot test guesses about its neighbours.
//!
//! It refuses to make randomness: the bytes are given to it.

use ring::hmac;

use crate::merkle::{Hash, leaf_hash};
use crate::record::id::{hex, unhex};

/// Bytes of `salt.txt`: 64 lower-case hex digits and LF.
pub const TEXT_LEN: usize = 65;

/// `salt.txt` is not 64 lower-case hex digits and a line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hex digits and a line feed, found {found} other bytes")]
pub struct SaltError {
    /// How many bytes were there.
    pub found: usize,
}

/// The salt of one archive.
#[derive(Clone, Debug)]
pub struct ArchiveSalt {
    bytes: [u8; 32],
    key: hmac::Key,
}

impl ArchiveSalt {
    /// Takes 32 bytes, which must be random unless an earlier archive is to be repeated.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self { bytes, key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) }
    }

    /// Reads `salt.txt`.
    pub fn parse(text: &[u8]) -> Result<Self, SaltError> {
        let digits = text.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        digits.and_then(unhex).map(Self::new).ok_or(SaltError { found: text.len() })
    }

    /// The text of `salt.txt`.
    pub fn text(&self) -> String {
        hex(&self.bytes) + "\n"
    }

    /// Salt of the record with this index in the archive.
    pub fn salt(&self, index: u64) -> [u8; 16] {
        let tag = hmac::sign(&self.key, &index.to_be_bytes());
        let mut salt = [0; 16];
        salt.copy_from_slice(&tag.as_ref()[..16]);
        salt
    }

    /// Leaf of the record with this index: SHA-256(0x00 ‖ salt ‖ line), the line without its line feed.
    pub fn leaf(&self, index: u64, line: &[u8]) -> Hash {
        self.leaf_beside(index, line, || ())
    }

    /// [`Self::leaf`], while another digest goes on whenever `between` is called ([`leaf_hash`]).
    pub fn leaf_beside(&self, index: u64, line: &[u8], between: impl FnMut()) -> Hash {
        leaf_hash(&[&self.salt(index), line], between)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_one_spelling() {
        let salt = ArchiveSalt::new([0xa5; 32]);
        let text = salt.text();
        assert_eq!(text.len(), TEXT_LEN);
        assert_eq!(ArchiveSalt::parse(text.as_bytes()).unwrap().text(), text);
        for bad in [text.trim_end().to_owned(), text.to_uppercase(), format!("{text}\n"), String::new()] {
            assert_eq!(ArchiveSalt::parse(bad.as_bytes()).unwrap_err(), SaltError { found: bad.len() });
        }
    }

    #[test]
    fn salt_and_leaf_follow_the_specification() {
        // printf '\0\0\0\0\0\0\0\7' | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '00%.0s' {1..32})
        let salt = ArchiveSalt::new([0; 32]);
        assert_eq!(hex(&salt.salt(7)), "fd6c2087de4441030fcf8895ffba9c1e");
        // (printf '\0'; echo fd6c2087de4441030fcf8895ffba9c1e | xxd -r -p; printf '{}') | sha256sum
        assert_eq!(hex(&salt.leaf(7, b"{}")), "5a41fb81469cef759b1c7bd96a9769f5845aee56519a158189eb16b0170b9d68");
    }
}
