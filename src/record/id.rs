//! How records are named: real ids, composite ids, derived ids, and ids that must not be told.
//!
//! Ids are ASCII from `[A-Za-z0-9._:@+%/-]`, so an id never needs escaping in a record line, and comparing lines of
//! one kind and time compares their ids first.

use ring::digest::{SHA256, digest};

/// A record as people name it: by its id, or as `KIND/ID`, which is how exceptions, reports and answers name records.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    asked: &'a str,
    kind: &'a str,
    id: &'a str,
}

impl<'a> Name<'a> {
    /// Takes what was asked for apart; what cannot begin with a kind is an id.
    pub fn new(asked: &'a str) -> Self {
        let is_kind = |kind: &str| kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let (kind, id) = asked.split_once('/').filter(|(kind, _)| is_kind(kind)).unwrap_or(("", asked));
        Self { asked, kind, id }
    }

    /// The id; bytes that the line of every record holds that is meant.
    pub fn id(&self) -> &'a str {
        self.id
    }

    /// Whether the record of this kind and id is meant. An id that only looks like `KIND/ID` is one all the same.
    pub fn is(&self, kind: &str, id: &str) -> bool {
        id == self.asked || (kind == self.kind && id == self.id)
    }
}

/// Joins the key columns of a row, in catalogue order, by `/`.
///
/// Bytes outside `[A-Za-z0-9._:@+-]` become `%XX`, so that the parts cannot be confused.
pub fn composite<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut id = Vec::with_capacity(80);
    for (position, part) in parts.into_iter().enumerate() {
        if position > 0 {
            id.push(b'/');
        }
        push_part(&mut id, part);
    }
    String::from_utf8(id).unwrap_or_default()
}

/// Appends a key column to an id.
///
/// A key that only looks like a derived or withheld one, because it begins with `s:` or `h:`, has that colon as `%3A`.
pub fn push_part(id: &mut Vec<u8>, part: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    // All bytes at once, where `all` would look at one after the other.
    if part.iter().fold(true, |plain, byte| plain & byte.is_ascii_alphanumeric()) {
        // Nearly all keys: ids that Mattermost made.
        id.extend_from_slice(part);
        return;
    }
    for &byte in part {
        let is_prefix = byte == b':' && matches!(id.as_slice(), b"s" | b"h");
        if byte.is_ascii_alphanumeric() || b"._:@+-".contains(&byte) && !is_prefix {
            id.push(byte);
        } else {
            id.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

/// Derives the id of a record whose source has none: `s:` and the first 32 hex digits of
/// SHA-256(`kind` LF `key` LF `n`).
///
/// `key` is compact JSON of fixed fields of the kind; `n` counts, from 0, the records of equal key in byte order of
/// their `data`, so that the id does not depend on where a line stood in the export.
pub fn synthetic(kind: &str, key: &[u8], n: u64) -> Synthetic {
    let mut message = Vec::with_capacity(kind.len() + key.len() + 24);
    for part in [kind.as_bytes(), b"\n", key, b"\n"] {
        message.extend_from_slice(part);
    }
    super::line::push_integer(&mut message, n.cast_signed());
    prefixed(*b"s:", digest(&SHA256, &message).as_ref())
}

/// A derived id: `s:` and 32 hex digits, always ASCII.
pub type Synthetic = [u8; 34];

/// A derived id as text.
pub fn synthetic_text(id: &Synthetic) -> &str {
    std::str::from_utf8(id).unwrap_or_default()
}

/// Names a record whose key is a credential: `h:` and the first 32 hex digits of SHA-256(`chatseal ` `kind` LF `key`).
pub fn credential(kind: &str, key: &[u8]) -> String {
    let message = [b"chatseal ", kind.as_bytes(), b"\n", key].concat();
    synthetic_text(&prefixed(*b"h:", digest(&SHA256, &message).as_ref())).to_owned()
}

fn prefixed(prefix: [u8; 2], hash: &[u8]) -> Synthetic {
    let mut id = [b'0'; 34];
    id[..2].copy_from_slice(&prefix);
    for (digits, byte) in id[2..].chunks_exact_mut(2).zip(hash) {
        digits[0] = HEX[usize::from(byte >> 4)];
        digits[1] = HEX[usize::from(byte & 15)];
    }
    id
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends `bytes` in lower-case hex.
pub fn push_hex(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// `bytes` in lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

/// Whether `text` is `2 * N` lower-case hex digits; returns the bytes.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Whether `id` could stand in a record line: 1 to 2,000 bytes of the id alphabet.
pub fn is_valid(id: &[u8]) -> bool {
    (1..=2000).contains(&id.len()) && id.iter().all(|byte| ALPHABET[usize::from(*byte)])
}

/// Which bytes an id may hold: looked up, because every id of an archive is checked.
const ALPHABET: [bool; 256] = {
    let mut alphabet = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let punctuation = matches!(byte, b'.' | b'_' | b':' | b'@' | b'+' | b'%' | b'/' | b'-');
        alphabet[byte as usize] = byte.is_ascii_alphanumeric() || punctuation;
        byte += 1;
    }
    alphabet
};

/// Whether `text` is spelled like an id that Mattermost made: 26 lower-case letters and digits.
pub fn is_mattermost(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// Whether `text` is spelled like the id of a row: 26 letters and digits, as the server's validator accepts them. Old and
/// imported data have capitals too.
pub fn is_row(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_id_alone_or_behind_its_kind() {
        let one = Name::new("post/p1");
        assert!(one.is("post", "p1") && one.is("odd", "post/p1") && one.id() == "p1");
        assert!(!one.is("file", "p1") && !one.is("post", "p2"));
        let composite = Name::new("c1/u1");
        assert!(composite.is("channel_member", "c1/u1") && !composite.is("c1", "u1"), "no kind has a digit");
        let both = Name::new("channel_member/c1/u1");
        assert!(both.is("channel_member", "c1/u1") && both.id() == "c1/u1");
        assert!(Name::new("p1").is("post", "p1") && !Name::new("p1").is("post", "p"));
        assert!(!Name::new("").is("post", "p1") && Name::new("/").is("x", "/"));
    }

    #[test]
    fn composite_parts_cannot_be_confused() {
        assert_eq!(composite([b"a".as_slice(), b"b"]), "a/b");
        assert_eq!(composite([b"a/b".as_slice()]), "a%2Fb");
        assert_eq!(composite(["ü:1@x+y-z_".as_bytes()]), "%C3%BC:1@x+y-z_");
        assert_ne!(composite([b"%2F".as_slice()]), composite([b"/".as_slice()]));
        assert_eq!(composite([b"s:a".as_slice(), b"s:b"]), "s%3Aa/s:b");
        assert_eq!(composite([b"".as_slice(), b"h:"]), "/h:");
        assert_eq!(composite([b"h:".as_slice()]), "h%3A");
    }

    #[test]
    fn derived_ids_follow_the_specification() {
        // printf 'team\n{"name":"harbour"}\n0' | sha256sum
        let id = synthetic("team", br#"{"name":"harbour"}"#, 0);
        assert_eq!(synthetic_text(&id), "s:a9352530c8a13b0522bb9e0e8e961a73");
        // printf 'chatseal incoming_webhook\nabc' | sha256sum
        assert_eq!(credential("incoming_webhook", b"abc"), "h:3175444aacf62ce06dcb5dafe69dc0c2");
    }

    #[test]
    fn hex_is_lower_case_only() {
        assert_eq!(unhex::<2>("00ff"), Some([0, 255]));
        assert_eq!(unhex::<2>("00FF"), None);
        assert_eq!(unhex::<2>("00f"), None);
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}
