//! How the values of a column travel, and what they are as COPY text.
//!
//! The server is told to convert nothing by itself (`character_set_results` is NULL), because where it cannot, it
//! writes question marks without a word. Texts that are UTF-8 already come as they lie there, and bytes that are none
//! are found by the decoder, which quarantines the row. Other character sets are converted on our word, and only where
//! the way back gives the same bytes; where it does not, the value comes with a byte before it that no UTF-8 holds,
//! and ends as a quarantined row too.

/// How a column is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As the server prints it: numbers, times, and texts that are UTF-8.
    Text,
    /// A text in this character set.
    Converted(String),
    /// Bits, and numbers that the server prints with fewer digits than they have.
    Number,
    /// Bytes.
    Bytes,
}

/// Character sets whose bytes are UTF-8.
const UTF8: [&str; 4] = ["utf8mb4", "utf8mb3", "utf8", "ascii"];

impl Form {
    /// The form of a column by its type (`varchar`) and character set, as `information_schema` has them.
    pub(super) fn of(data_type: &str, charset: Option<&str>) -> Self {
        match (data_type, charset) {
            ("bit" | "float", _) => Self::Number,
            ("binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "geometry", _)
            | (_, Some("binary")) => Self::Bytes,
            (_, Some(charset)) if !UTF8.contains(&charset) => Self::Converted(charset.to_owned()),
            _ => Self::Text,
        }
    }

    /// The SQL that reads the column of this (quoted) name.
    pub(super) fn expression(&self, column: &str) -> String {
        match self {
            Self::Text | Self::Bytes => column.to_owned(),
            Self::Number => format!("{column} + 0"),
            Self::Converted(charset) => {
                let converted = format!("CONVERT({column} USING utf8mb4)");
                format!(
                    "IF(CAST(CONVERT({converted} USING {charset}) AS BINARY) = CAST({column} AS BINARY), \
                     CAST({converted} AS BINARY), CONCAT(X'FF', CAST({column} AS BINARY)))"
                )
            }
        }
    }

    /// Appends a value as a field of COPY text.
    pub(super) fn push(&self, row: &mut Vec<u8>, value: Option<&[u8]>) {
        match (self, value) {
            (_, None) => row.extend_from_slice(b"\\N"),
            (Self::Bytes, Some(bytes)) => {
                row.extend_from_slice(b"\\\\x");
                for byte in bytes {
                    row.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
                }
            }
            (_, Some(text)) => escape(row, text),
        }
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends a text, spelled as `COPY … TO` spells it.
fn escape(row: &mut Vec<u8>, text: &[u8]) {
    let mut from = 0;
    for (at, byte) in text.iter().enumerate() {
        let letter = match byte {
            b'\\' => b'\\',
            8 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            11 => b'v',
            12 => b'f',
            b'\r' => b'r',
            _ => continue,
        };
        row.extend_from_slice(text.get(from..at).unwrap_or_default());
        row.extend_from_slice(&[b'\\', letter]);
        from = at + 1;
    }
    row.extend_from_slice(text.get(from..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::rows::copy::{Fields, unescape};
    use proptest::prelude::*;

    fn pushed(form: &Form, value: Option<&[u8]>) -> Vec<u8> {
        let mut row = Vec::new();
        form.push(&mut row, value);
        row
    }

    #[test]
    fn values_become_copy_text() {
        assert_eq!(pushed(&Form::Text, None), b"\\N");
        assert_eq!(pushed(&Form::Bytes, None), b"\\N");
        assert_eq!(pushed(&Form::Text, Some(b"\\N")), b"\\\\N");
        assert_eq!(pushed(&Form::Text, Some(b"")), b"");
        assert_eq!(pushed(&Form::Bytes, Some(b"")), b"\\\\x");
        assert_eq!(pushed(&Form::Bytes, Some(b"\x00\xffA")), b"\\\\x00ff41");
        assert_eq!(
            pushed(&Form::Text, Some(b"a\tb\nc\rd\\e\x08\x0b\x0c\x00\x07")),
            b"a\\tb\\nc\\rd\\\\e\\b\\v\\f\x00\x07"
        );
    }

    #[test]
    fn forms_follow_from_type_and_character_set() {
        assert_eq!(Form::of("bigint", None), Form::Text);
        assert_eq!(Form::of("json", None), Form::Text);
        assert_eq!(Form::of("varchar", Some("utf8mb3")), Form::Text);
        assert_eq!(Form::of("enum", Some("latin1")), Form::Converted("latin1".into()));
        assert_eq!(Form::of("mediumblob", None), Form::Bytes);
        assert_eq!(Form::of("varchar", Some("binary")), Form::Bytes);
        assert_eq!(Form::of("bit", None), Form::Number);
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_what_the_decoder_reads(values in prop::collection::vec(prop::option::of(".{0,12}|[\\x00-\\x1f\\\\N]{0,6}"), 1..5)) {
            let mut row = Vec::new();
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    row.push(b'\t');
                }
                Form::Text.push(&mut row, value.as_ref().map(String::as_bytes));
            }
            prop_assert!(!row.contains(&b'\n'));
            let mut ends = Vec::new();
            let fields = Fields::split(&row, values.len(), &mut ends).unwrap();
            for (at, value) in values.iter().enumerate() {
                let mut scratch = Vec::new();
                let found = fields.raw(at).map(|raw| unescape(raw, &mut scratch).unwrap());
                prop_assert_eq!(found, value.as_deref());
            }
        }
    }
}
