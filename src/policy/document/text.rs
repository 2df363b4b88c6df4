//! Bytes become text, and offsets in it become lines and columns.
//!
//! A file in another encoding is told apart by what it looks like and is read all the same, so that its other mistakes
//! are found in the same run; the finding stands, so it is never used.

use super::code::Code;
use super::finding::{Finding, Findings, Place};

/// A text whose places can be told.
pub(super) struct Text {
    /// The text, without a byte order mark.
    pub(super) text: String,
    /// Offsets at which lines begin.
    lines: Vec<usize>,
}

impl Text {
    /// Reads `bytes`; what is wrong with their encoding goes to `findings`.
    pub(super) fn read(bytes: &[u8], findings: &mut Findings) -> Self {
        let (text, problem) = decode(bytes);
        let text = Self::new(text);
        if let Some((code, at, detail, advice)) = problem {
            findings.push(Finding { code, place: text.place(at), detail, advice });
        }
        text
    }

    fn new(text: String) -> Self {
        let lines = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Self { text, lines }
    }

    /// The place of an offset; one behind the end is the end.
    pub(super) fn place(&self, at: usize) -> Place {
        let at = at.min(self.text.len());
        let line = self.lines.partition_point(|begin| *begin <= at);
        let begin = line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or_default();
        let column = self.text.get(begin..at).map_or(at - begin, |before| before.chars().count());
        Place { line: line.max(1), column: column + 1 }
    }
}

/// What is wrong, at which offset of the text, in words, and what to do.
type Problem = (Code, usize, String, Option<String>);

fn decode(bytes: &[u8]) -> (String, Option<Problem>) {
    let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") else { return decode_unmarked(bytes) };
    let (text, problem) = decode_unmarked(rest);
    let detail = "the file begins with the byte order mark of UTF-8, EF BB BF".to_owned();
    (text, problem.or(Some((Code::ByteOrderMark, 0, detail, None))))
}

fn decode_unmarked(bytes: &[u8]) -> (String, Option<Problem>) {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16, name: &str| {
        let units = rest.chunks(2).map(|pair| pair.try_into().map_or(0xfffd, unit));
        let text = char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        let advice = "save it as UTF-8; `iconv -f UTF-16 -t UTF-8` does it too".to_owned();
        (text, Some((Code::NotUtf8, 0, format!("the file is {name}"), Some(advice))))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => return wide(rest, u16::from_le_bytes, "UTF-16 (little-endian)"),
        [0xfe, 0xff, rest @ ..] => return wide(rest, u16::from_be_bytes, "UTF-16 (big-endian)"),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => {
            return wide(bytes, u16::from_le_bytes, "UTF-16 (little-endian)");
        }
        [0, first, 0, second, ..] if *first != 0 && *second != 0 => {
            return wide(bytes, u16::from_be_bytes, "UTF-16 (big-endian)");
        }
        _ => {}
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return (text.to_owned(), None),
        Err(error) => error,
    };
    let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
    // Texts of Windows and Latin-1 agree in what people type; both put a letter in every byte from A0 on.
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let at = text.char_indices().nth(error.valid_up_to()).map_or(0, |(at, _)| at);
    let letter = char::from(byte);
    let detail = if byte >= 0xa0 {
        format!("byte {byte:02X} is not UTF-8; in Latin-1 (ISO 8859-1, Windows-1252) it would be `{letter}`")
    } else {
        format!("byte {byte:02X} is not UTF-8")
    };
    let advice = "save it as UTF-8; if it is Latin-1, `iconv -f ISO-8859-1 -t UTF-8` does it too".to_owned();
    (text, Some((Code::NotUtf8, at, detail, Some(advice))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, Vec<(&'static str, usize, usize, String)>) {
        let mut findings = Findings::default();
        let text = Text::read(bytes, &mut findings);
        let told = findings.listed().iter();
        let told = told.map(|found| (found.code.code(), found.place.line, found.place.column, found.detail.clone()));
        (text.text, told.collect())
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(read(b"a = 1\n"), ("a = 1\n".to_owned(), vec![]));
        assert_eq!(read("é".as_bytes()), ("é".to_owned(), vec![]));
        let (text, found) = read(b"\xef\xbb\xbfa");
        assert_eq!((text.as_str(), found[0].0, found[0].2), ("a", "byte-order-mark", 1));
        let (text, found) = read(b"a\nb = \"f\xfcr\"");
        assert_eq!(text, "a\nb = \"für\"");
        assert_eq!((found[0].0, found[0].1, found[0].2), ("not-utf-8", 2, 7));
        assert!(found[0].3.ends_with("it would be `ü`"), "{}", found[0].3);
        let (text, found) = read(b"\xef\xbb\xbf\xfc");
        assert_eq!((text.as_str(), found[0].0), ("ü", "not-utf-8"));
        for bytes in [b"\xff\xfea\0=\0".as_slice(), b"\xfe\xff\0a\0=", b"a\0=\0", b"\0a\0="] {
            let (text, found) = read(bytes);
            assert_eq!((text.as_str(), found[0].0), ("a=", "not-utf-8"));
            assert!(found[0].3.contains("UTF-16"));
        }
    }

    #[test]
    fn places_count_lines_and_characters() {
        let text = Text::new("äb\n\nc".to_owned());
        let place = |at| (text.place(at).line, text.place(at).column);
        assert_eq!(
            [place(0), place(2), place(3), place(4), place(5), place(6), place(99)],
            [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2), (3, 2)]
        );
        assert_eq!(place(1), (1, 2), "inside of a character");
    }
}
