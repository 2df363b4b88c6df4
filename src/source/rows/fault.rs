//! Why a row yields no record, in words that may be sealed: none of them is taken from the row.

use crate::record::exception::Class;
use crate::record::id::hex;

/// Why a row yields no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// Not as many fields as the table has columns.
    #[error("the row has {found} fields; expected {expected}")]
    Fields {
        /// Columns of the table.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// Bytes that are not UTF-8, as they lie there or once their escapes are undone.
    #[error("the row holds bytes that are not UTF-8")]
    NotUtf8,
    /// A backslash with nothing behind it.
    #[error("a field of the row ends in a lone backslash")]
    Escape,
    /// A key that cannot name a record.
    #[error("the row has no key, or one that is longer than an id may be")]
    Key,
    /// A line longer than a record may be. Its digest is told, and not the row's: a row of a dump has more columns.
    #[error("the record line would have {bytes} bytes, more than 16,777,216")]
    TooLong {
        /// Bytes of the line.
        bytes: usize,
        /// SHA-256 of the line.
        sha256: [u8; 32],
    },
}

impl RowFault {
    /// Class of the exception that tells of it.
    pub fn class(self) -> Class {
        match self {
            Self::TooLong { .. } => Class::RecordTooLong,
            _ => Class::RowUndecodable,
        }
    }

    /// What should have been there.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Fields { .. } => "as many fields as the table has columns",
            Self::NotUtf8 => "UTF-8",
            Self::Escape => "a character behind each backslash",
            Self::Key => "a key that makes an id of 1 to 2,000 bytes",
            Self::TooLong { .. } => "a record line of at most 16,777,216 bytes",
        }
    }

    /// What was there instead.
    pub fn found(self) -> String {
        match self {
            Self::Fields { expected, found } => format!("{found} fields, not {expected}"),
            Self::NotUtf8 => "other bytes".to_owned(),
            Self::Escape => "a field that ends in a backslash".to_owned(),
            Self::Key => "none, or a longer one".to_owned(),
            Self::TooLong { bytes, sha256 } => format!("{bytes} bytes, sha256:{}", hex(&sha256)),
        }
    }
}
