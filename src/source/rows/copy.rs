//! COPY text (PostgreSQL, "COPY", section "Text Format"), taken apart without copying.
//!
//! A row is split at its tabs into fields; `\N` is NULL, and other backslashes spell characters. A row must be UTF-8 and
//! have exactly the fields of its table; nothing here guesses where a field might have been meant to end.

use super::fault::RowFault;

/// The field that stands for NULL.
const NULL: &str = "\\N";

/// A row, split into fields.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'r> {
    text: &'r str,
    ends: &'r [usize],
}

impl<'r> Fields<'r> {
    /// Splits a row (without its line feed) into `width` fields; `ends` is a buffer that is used again for each row.
    pub fn split(row: &'r [u8], width: usize, ends: &'r mut Vec<usize>) -> Result<Self, RowFault> {
        ends.clear();
        let mut tabs = memchr::memchr_iter(b'\t', row);
        // At most `width` ends are kept, however many tabs a hostile row has.
        ends.extend(tabs.by_ref().take(width));
        let more = tabs.count();
        if ends.len() < width {
            ends.push(row.len());
        }
        let found = ends.len() + more + usize::from(ends.last() != Some(&row.len()));
        if found != width {
            return Err(RowFault::Fields { expected: width, found });
        }
        if ends.iter().any(|end| ends_in_escape(row, *end)) {
            return Err(RowFault::Escape);
        }
        let text = std::str::from_utf8(row).map_err(|_| RowFault::NotUtf8)?;
        Ok(Self { text, ends })
    }

    /// A field as it lies in the row, escapes and all; `None` for NULL, and beyond the last field.
    #[inline]
    pub fn raw(&self, position: usize) -> Option<&'r str> {
        let start = match position.checked_sub(1) {
            Some(before) => self.ends.get(before)? + 1,
            None => 0,
        };
        self.text.get(start..*self.ends.get(position)?).filter(|field| *field != NULL)
    }
}

/// Whether the byte before `end` is a backslash that escapes what follows.
fn ends_in_escape(row: &[u8], end: usize) -> bool {
    let field = row.get(..end).unwrap_or_default();
    field.last() == Some(&b'\\') && field.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The characters that a field means; `scratch` holds them if there are escapes to undo.
pub fn unescape<'a>(field: &'a str, scratch: &'a mut Vec<u8>) -> Result<&'a str, RowFault> {
    let mut rest = field.as_bytes();
    let Some(mut at) = memchr::memchr(b'\\', rest) else { return Ok(field) };
    scratch.clear();
    loop {
        let (plain, escape) = rest.split_at(at);
        scratch.extend_from_slice(plain);
        let (byte, used) = escaped(escape).ok_or(RowFault::Escape)?;
        scratch.push(byte);
        rest = escape.get(used..).unwrap_or_default();
        match memchr::memchr(b'\\', rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    scratch.extend_from_slice(rest);
    std::str::from_utf8(scratch).map_err(|_| RowFault::NotUtf8)
}

/// The byte that an escape stands for, and the escape's length.
fn escaped(escape: &[u8]) -> Option<(u8, usize)> {
    let second = *escape.get(1)?;
    Some(match second {
        b'b' => (8, 2),
        b't' => (b'\t', 2),
        b'n' => (b'\n', 2),
        b'v' => (11, 2),
        b'f' => (12, 2),
        b'r' => (b'\r', 2),
        b'0'..=b'7' => number(escape, 1, 3, 8),
        b'x' if escape.get(2).is_some_and(u8::is_ascii_hexdigit) => number(escape, 2, 2, 16),
        other => (other, 2),
    })
}

/// Up to `most` digits from `start` on as a byte, and where they end; like the server, only the low eight bits count.
fn number(escape: &[u8], start: usize, most: usize, radix: u32) -> (u8, usize) {
    let digits = escape.iter().skip(start).take(most).map_while(|byte| char::from(*byte).to_digit(radix));
    let (value, end) = digits.fold((0_u32, start), |(value, end), digit| (value * radix + digit, end + 1));
    (value.to_le_bytes()[0], end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(row: &[u8], width: usize) -> Result<Vec<Option<String>>, RowFault> {
        let mut ends = Vec::new();
        let fields = Fields::split(row, width, &mut ends)?;
        Ok((0..=width).map(|at| fields.raw(at).map(str::to_owned)).take(width).collect())
    }

    #[test]
    fn rows_are_split_at_tabs_and_nowhere_else() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(split(b"a\t\\N\t\tx\\ty", 4).unwrap(), [some("a"), None, some(""), some("x\\ty")]);
        assert_eq!(split(b"", 1).unwrap(), [some("")]);
        assert_eq!(split(b"\t", 2).unwrap(), [some(""), some("")]);
        assert_eq!(split(b"\\\\N", 1).unwrap(), [some("\\\\N")]);
        for (row, width, found) in [("a\tb", 3, 2), ("a\tb", 1, 2), ("", 2, 1), ("a\t", 1, 2), ("\t\t\t\t", 2, 5)] {
            assert_eq!(split(row.as_bytes(), width), Err(RowFault::Fields { expected: width, found }), "{row:?}");
        }
        for row in ["a\\", "a\\\tb", "\\\\\\\tb\tc"] {
            let width = row.split('\t').count();
            assert_eq!(split(row.as_bytes(), width), Err(RowFault::Escape), "{row:?}");
        }
        assert_eq!(split(b"a\\\\", 1).unwrap(), [some("a\\\\")]);
        assert_eq!(split(b"\xff\tb", 2), Err(RowFault::NotUtf8));
        assert_eq!(split(b"\xc3\t\xa9", 2), Err(RowFault::NotUtf8));
    }

    #[test]
    fn escapes_mean_what_the_server_means() {
        for (field, expected) in [
            ("plain é", "plain é"),
            (r"\b\f\n\r\t\v\\", "\u{8}\u{c}\n\r\t\u{b}\\"),
            (r"\101\1012\60x\0", "AA20x\0"),
            (r"\x41\x4ag\x9z\xg\X41", "AJg\tzxgX41"),
            (r"\q\é\N\.\8", "qéN.8"),
            (r"\303\251\xf0\x9f\x98\x80", "é😀"),
            (r"\\n\\\n", "\\n\\\n"),
        ] {
            assert_eq!(unescape(field, &mut Vec::new()), Ok(expected), "{field}");
        }
        assert_eq!(unescape(r"\377", &mut Vec::new()), Err(RowFault::NotUtf8));
        assert_eq!(unescape(r"\777", &mut Vec::new()), Err(RowFault::NotUtf8));
        assert_eq!(unescape(r"a\", &mut Vec::new()), Err(RowFault::Escape));
    }
}
