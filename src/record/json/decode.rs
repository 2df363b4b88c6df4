//! What a string means: its escapes decoded.

use std::borrow::Cow;

use super::Text;

impl<'a> Text<'a> {
    /// The characters that the string means, and whether a lone surrogate had to become U+FFFD.
    pub fn decode(&self) -> (Cow<'a, str>, bool) {
        self.decode_with(|_, _| {})
    }

    /// The characters that the string means, for names that must stay apart: behind the U+FFFD of a lone surrogate
    /// stand its four digits, `\u{fffd}d800` (see [`has_spelled_surrogate`]).
    pub fn spelled(&self) -> Cow<'a, str> {
        self.decode_with(|out, digits| out.push_str(&digits.to_ascii_lowercase())).0
    }

    /// Decodes; `lone` is handed the digits of each lone surrogate.
    fn decode_with(&self, lone: impl Fn(&mut String, &str)) -> (Cow<'a, str>, bool) {
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
                    out.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
                    if character.is_none() {
                        lossy = true;
                        lone(&mut out, rest.get(at + 2..at + 6).unwrap_or_default());
                    }
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

/// Whether a name holds a lone surrogate as [`Text::spelled`] writes it. A name that holds just these characters
/// itself is taken for one: then two names look the same, and that is what has to be told.
pub fn has_spelled_surrogate(name: &str) -> bool {
    name.split(char::REPLACEMENT_CHARACTER).skip(1).any(|rest| {
        let digits = rest.as_bytes().first_chunk::<4>();
        digits.is_some_and(|[d, half, more @ ..]| {
            *d == b'd' && matches!(half, b'8'..=b'9' | b'a'..=b'f') && more.iter().all(u8::is_ascii_hexdigit)
        })
    })
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
