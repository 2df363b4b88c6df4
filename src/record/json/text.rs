//! JSON strings as they lie in a text, and what they mean.

use std::borrow::Cow;

/// A string as it lies in the text, between its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes between the quotes, escapes included.
    pub raw: &'a str,
    /// Whether `raw` holds a backslash.
    pub escaped: bool,
}

impl<'a> Text<'a> {
    /// The characters that the string means, and whether a lone surrogate had to become U+FFFD.
    pub fn decode(&self) -> (Cow<'a, str>, bool) {
        if !self.escaped {
            return (Cow::Borrowed(self.raw), false);
        }
        let mut out = String::with_capacity(self.raw.len());
        let mut lossy = false;
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            let escape = rest.as_bytes().get(at + 1).copied().unwrap_or(b'\\');
            let mut used = 2;
            match escape {
                b'b' => out.push('\u{8}'),
                b'f' => out.push('\u{c}'),
                b'n' => out.push('\n'),
                b'r' => out.push('\r'),
                b't' => out.push('\t'),
                b'u' => {
                    let (character, width) = unicode(&rest[at..]);
                    lossy |= character.is_none();
                    out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                    used = width;
                }
                other => out.push(char::from(other)),
            }
            rest = rest.get(at + used..).unwrap_or("");
        }
        out.push_str(rest);
        (Cow::Owned(out), lossy)
    }
}

/// Decodes the `\uXXXX` (or surrogate pair) at the start of `text`; also returns its width in bytes.
fn unicode(text: &str) -> (Option<char>, usize) {
    let unit = |at: usize| text.get(at..at + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let Some(first) = unit(2) else { return (None, 2) };
    if !(0xD800..0xE000).contains(&first) {
        return (char::from_u32(first), 6);
    }
    if first < 0xDC00
        && text.get(6..8) == Some("\\u")
        && let Some(second) = unit(8).filter(|second| (0xDC00..0xE000).contains(second))
    {
        return (char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), 12);
    }
    (None, 6)
}

/// Offset of the first `"`, `\` or byte below 0x20 at or after `from`; `bytes.len()` if there is none.
///
/// Eight bytes at a time: the lowest set high bit of `hits` marks the first such byte exactly, because borrows only
/// travel upwards.
pub fn special(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let hits = control | zero(word ^ (ONES * 0x22)) | zero(word ^ (ONES * 0x5C));
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while at < bytes.len() && bytes[at] >= 0x20 && bytes[at] != b'"' && bytes[at] != b'\\' {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::Cursor;
    use super::*;

    #[test]
    fn special_bytes_are_found_at_every_offset() {
        for length in 0..40 {
            for at in 0..length {
                for byte in [b'"', b'\\', 0, 0x1f] {
                    let mut bytes = vec![0x7f; length];
                    bytes[at] = byte;
                    assert_eq!(special(&bytes, 0), at);
                }
            }
            assert_eq!(special(&vec![0xff; length], 0), length);
            assert_eq!(special(&vec![0x20; length], 0), length);
        }
    }

    #[test]
    fn decodes_escapes() {
        let text = Cursor::new(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#).string().unwrap();
        assert_eq!(text.decode(), (Cow::Borrowed("a\"\\/\u{8}\u{c}\n\r\té😀z"), false));
        let lone = Cursor::new(r#""\ud800\u0041""#).string().unwrap();
        assert_eq!(lone.decode(), (Cow::Borrowed("\u{fffd}A"), true));
    }
}
