//! The leaves of the ledger that are not seals: small signed texts, each saying one thing.
//!
//! ```text
//! chatseal-statement/v1 hold                            version and kind
//! ledger chat.example.org/audit 43                      which ledger, and which leaf of it
//! time 2026-11-21T08:55:00.000Z                         as claimed by the signer
//! signer SHA256:<base64>                                OpenSSH fingerprint of the key
//! id inquiry-17                                         from here on what the kind needs, in a fixed order
//! …
//! ```
//!
//! Every line is a word, one space and a value. Like a seal, a statement has one spelling: [`Statement::parse`] takes a
//! text only if [`Statement::text`] gives the same bytes back. A line that would say nothing is left out; what may be
//! said several times is one line each. Free text is one line of UTF-8 without characters that hide or reorder.
//!
//! It refuses kinds that it does not know: a ledger of a later version is unsupported, not half understood.

use super::said::{self, Said};
use crate::archive::seal::{Origin, SealError};
use crate::keys::PublicKey;
use crate::merkle::Hash;
use crate::record::id::{hex, unhex};
use crate::record::time::{self, Millis};

/// How every statement begins; its kind follows.
pub const VERSION: &str = "chatseal-statement/v1";

/// Longest statement in bytes.
pub const MAX_BYTES: usize = 64 << 10;

/// Longest free text in bytes.
pub const MAX_TEXT: usize = 1000;

/// Why bytes are not a statement, or a statement has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Longer than [`MAX_BYTES`].
    #[error("the statement has {0} bytes, more than 65,536")]
    TooLong(usize),
    /// A version or a kind that this program does not know.
    #[error("line 1 is `{0}`; this program reads `chatseal-statement/v1` and the kinds of this version")]
    Unsupported(String),
    /// A line is not what the format wants there.
    #[error("line {line} is not {expected}")]
    Line {
        /// From 1.
        line: usize,
        /// What the format wants.
        expected: &'static str,
    },
    /// A value could not stand in a statement.
    #[error("`{value}` cannot stand as `{word}` in a statement: {expected}")]
    Value {
        /// The word of its line.
        word: &'static str,
        /// The value, cut short.
        value: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// The origin is none.
    #[error(transparent)]
    Origin(#[from] SealError),
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The ledger that it belongs to.
    pub origin: Origin,
    /// Which leaf it is, from 0.
    pub number: u64,
    /// When, as the signer claims.
    pub time: Millis,
    /// SHA-256 of the signer's plain public key as OpenSSH encodes it.
    pub signer: Hash,
    /// What it says.
    pub said: Said,
}

impl Statement {
    /// The exact bytes of the leaf. A statement that could not be read back has none.
    pub fn text(&self) -> Result<String, StatementError> {
        let text = self.spelled()?;
        if Self::parse(text.as_bytes())? == *self {
            Ok(text)
        } else {
            Err(StatementError::Line { line: 1, expected: "a statement that reads back as it was written" })
        }
    }

    fn spelled(&self) -> Result<String, StatementError> {
        let mut out = Writer::default();
        out.line(VERSION, self.said.kind());
        out.line("ledger", &format!("{} {}", self.origin.as_str(), self.number));
        out.time("time", self.time)?;
        out.line("signer", &super::fingerprint(&self.signer));
        self.said.write(&mut out)?;
        Ok(out.text)
    }

    /// Reads a statement, accepting only what [`Self::text`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        if bytes.len() > MAX_BYTES {
            return Err(StatementError::TooLong(bytes.len()));
        }
        let mut lines = Lines::new(bytes)?;
        let first = lines.rest.split('\n').next().unwrap_or_default();
        let kind = lines
            .optional(VERSION)?
            .ok_or_else(|| StatementError::Unsupported(crate::archive::names::printable(first)))?;
        let expected = "`ledger`, the origin and the number of this leaf";
        let (origin, number) =
            lines.required("ledger", expected)?.rsplit_once(' ').ok_or_else(|| lines.wrong(expected))?;
        let (origin, number) = (Origin::new(origin)?, lines.number(number, expected)?);
        let time = lines.time("time")?;
        let signer = lines.required("signer", SIGNER)?;
        let signer = super::parse_fingerprint(signer).ok_or_else(|| lines.wrong(SIGNER))?;
        let said = said::read(kind, &mut lines)?;
        if !lines.rest.is_empty() {
            return Err(StatementError::Line { line: lines.line + 1, expected: "the end, or in its place" });
        }
        let statement = Self { origin, number, time, signer, said };
        let text = statement.spelled()?;
        let differs =
            text.as_bytes().split(|b| *b == b'\n').zip(bytes.split(|b| *b == b'\n')).position(|(a, b)| a != b);
        match differs {
            Some(line) => Err(StatementError::Line { line: line + 1, expected: "spelled as the format writes it" }),
            None => Ok(statement),
        }
    }
}

const SIGNER: &str = "`signer SHA256:` and 43 characters of base64";

/// Lines being written.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    /// A line of a word and a value that is spelled by the program.
    pub(super) fn line(&mut self, word: &str, value: &str) {
        self.text.extend([word, " ", value, "\n"]);
    }

    /// A line of free text.
    pub(super) fn free(&mut self, word: &'static str, value: &str) -> Result<(), StatementError> {
        if !is_free(value) {
            let value = crate::archive::names::printable(value);
            return Err(StatementError::Value { word, value, expected: FREE });
        }
        self.line(word, value);
        Ok(())
    }

    /// A line of free text for each value.
    pub(super) fn each(&mut self, word: &'static str, values: &[String]) -> Result<(), StatementError> {
        values.iter().try_for_each(|value| self.free(word, value))
    }

    /// A line of a word that may be left out.
    pub(super) fn optional(&mut self, word: &'static str, value: &str) -> Result<(), StatementError> {
        if value.is_empty() { Ok(()) } else { self.free(word, value) }
    }

    pub(super) fn time(&mut self, word: &str, at: Millis) -> Result<(), StatementError> {
        self.line(word, &time::format(at).ok_or(SealError::Time(at))?);
        Ok(())
    }

    pub(super) fn digest(&mut self, word: &str, digest: &Hash) {
        self.line(word, &format!("sha256:{}", hex(digest)));
    }
}

const FREE: &str = "one line of up to 1,000 bytes that begins and ends with something visible";

/// Whether a text may stand for itself: visible, on one line, not too long.
pub fn is_free(text: &str) -> bool {
    let hidden = |c: char| c.is_control() || crate::archive::names::is_invisible(c);
    (1..=MAX_TEXT).contains(&text.len()) && text.trim() == text && !text.contains(hidden)
}

/// Lines being read.
pub(super) struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, StatementError> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.ends_with('\n'));
        let rest = text.ok_or(StatementError::Line { line: 1, expected: "UTF-8 that ends in a line feed" })?;
        Ok(Self { rest, line: 0 })
    }

    /// The line that was just read is wrong.
    pub(super) fn wrong(&self, expected: &'static str) -> StatementError {
        StatementError::Line { line: self.line.max(1), expected }
    }

    /// The value of the next line, if it begins with `word`.
    pub(super) fn optional(&mut self, word: &str) -> Result<Option<&'a str>, StatementError> {
        let Some((line, rest)) = self.rest.split_once('\n') else { return Ok(None) };
        let Some(value) = line.strip_prefix(word).and_then(|value| value.strip_prefix(' ')) else { return Ok(None) };
        (self.rest, self.line) = (rest, self.line + 1);
        if is_free(value) { Ok(Some(value)) } else { Err(self.wrong(FREE)) }
    }

    /// The value of the next line, which must begin with `word`.
    pub(super) fn required(&mut self, word: &str, expected: &'static str) -> Result<&'a str, StatementError> {
        self.optional(word)?.ok_or(StatementError::Line { line: self.line + 1, expected })
    }

    /// Free text under `word`.
    pub(super) fn free(&mut self, word: &str, expected: &'static str) -> Result<String, StatementError> {
        self.required(word, expected).map(str::to_owned)
    }

    /// Every one of the next lines that begins with `word`.
    pub(super) fn each(&mut self, word: &str) -> Result<Vec<String>, StatementError> {
        let mut values = Vec::new();
        while let Some(value) = self.optional(word)? {
            values.push(value.to_owned());
        }
        Ok(values)
    }

    pub(super) fn number(&self, text: &str, expected: &'static str) -> Result<u64, StatementError> {
        text.parse().map_err(|_| self.wrong(expected))
    }

    pub(super) fn time(&mut self, word: &str) -> Result<Millis, StatementError> {
        let expected = "a time such as 2026-11-21T08:55:00.000Z";
        let text = self.required(word, expected)?;
        time::parse_exact(text).ok_or_else(|| self.wrong(expected))
    }

    pub(super) fn digest(&mut self, word: &str) -> Result<Hash, StatementError> {
        let expected = "`sha256:` and 64 lower-case hex digits";
        let text = self.required(word, expected)?;
        text.strip_prefix("sha256:").and_then(unhex).ok_or_else(|| self.wrong(expected))
    }

    pub(super) fn key(&mut self, word: &str) -> Result<PublicKey, StatementError> {
        let expected = "an OpenSSH public key `ssh-ed25519 AAAA…`";
        let text = self.required(word, expected)?;
        PublicKey::parse_openssh(text).map_err(|_| self.wrong(expected))
    }
}
