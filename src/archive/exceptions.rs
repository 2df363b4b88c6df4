//! `data/exceptions.jsonl`: every gap in what could be collected, sealed with what was.
//!
//! ```text
//! {"class":"file-missing","object":"file s:9f…","expected":"data/20261121/…","found":"nothing","records":1}
//! ```
//!
//! Fixed vocabularies, ids, digests and numbers; never the text of an operating system and never a message. Lines are
//! sorted as bytes, so that the file does not depend on the order in which threads met the gaps. Classes beginning
//! [`NOTE_PREFIX`] tell of something unknown that lost nothing; they are counted apart.

use crate::record::exception::push_line;
use crate::record::json::Cursor;

/// Classes with this prefix are notes: sealed, but no cause for exit code 3.
pub const NOTE_PREFIX: &str = "note-";

/// Longest line, without its line feed.
pub const MAX_BYTES: usize = 64 * 1024;

/// One gap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exception {
    /// What went wrong: kebab-case.
    pub class: String,
    /// On which object.
    pub object: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// How many records it concerns.
    pub records: u64,
}

impl Exception {
    /// Whether it is only a note.
    pub fn is_note(&self) -> bool {
        self.class.starts_with(NOTE_PREFIX)
    }

    /// The line, with its line feed.
    pub fn line(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(160);
        push_line(&mut out, &self.class, &self.object, &self.expected, &self.found, self.records);
        out.push(b'\n');
        out
    }

    /// Reads a line (with its line feed), accepting only what [`Self::line`] writes.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok().filter(|text| text.len() <= MAX_BYTES + 1)?;
        let mut cursor = Cursor::new(text);
        let mut string = |literal| {
            cursor.literal(literal).ok()?;
            Some(cursor.string().ok()?.decode().0.into_owned())
        };
        let class = string("{\"class\":")?;
        let object = string(",\"object\":")?;
        let expected = string(",\"expected\":")?;
        let found = string(",\"found\":")?;
        cursor.literal(",\"records\":").ok()?;
        let records = u64::try_from(cursor.integer().ok()?).ok()?;
        let exception = Self { class, object, expected, found, records };
        (is_class(&exception.class) && exception.line() == line).then_some(exception)
    }
}

/// Whether `class` is kebab-case: `[a-z][a-z0-9-]{0,63}`.
pub fn is_class(class: &str) -> bool {
    let bytes = class.as_bytes();
    (1..=64).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_one_spelling() {
        let exception = Exception {
            class: "file-missing".into(),
            object: "file s:\"9f\"".into(),
            expected: "a\\b\u{1}é".into(),
            found: String::new(),
            records: 1,
        };
        let line = exception.line();
        let text = String::from_utf8(line.clone()).unwrap();
        assert_eq!(
            text,
            "{\"class\":\"file-missing\",\"object\":\"file s:\\\"9f\\\"\",\"expected\":\"a\\\\b\\u0001é\",\"found\":\"\",\"records\":1}\n"
        );
        assert_eq!(Exception::parse(&line), Some(exception.clone()));
        assert!(!exception.is_note());
        for (from, to) in [
            ("file-missing", "File-missing"),
            ("\"records\":1", "\"records\":01"),
            ("\"records\":1", "\"records\":-1"),
            ("\"records\":1", "\"records\": 1"),
            ("\\u0001", "\\u0041"),
            ("}\n", "}"),
            ("}\n", ",\"more\":1}\n"),
            ("\"object\"", "\"Object\""),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            assert_eq!(Exception::parse(changed.as_bytes()), None, "{changed}");
        }
    }
}
