//! C2SP signed notes.
use super::public::PublicKey;
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}
/// A parsed note; nothing in it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}
/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    /// The name of the key.
    pub name: String,
    /// The first 4 bytes: a hint at the key.
    pub key_id: [u8; 4],
    /// The bytes after the key id; 64 for Ed25519.
    pub signature: Vec<u8>,
}
/// What one known key says of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteCheck {
    /// All of its lines verify, and there is at least one.
    Verified,
    /// A line of this name and key id does not verify: the whole note is to be rejected.
    Failed,
    /// No line of this name and key id.
    Absent,
}
/// Why bytes are not a note.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// Longer than the limit.
    #[error("{found} bytes; a note has at most {limit}")]
    TooLong {
        /// Its size in bytes.
        found: usize,
        /// The most that is read.
        limit: usize,
    },
    /// More lines than the limit.
    #[error("{found} signature lines; a note has 1 to {limit}")]
    Lines {
        /// Their number.
        found: usize,
        /// The most that are read.
        limit: usize,
    },
    /// The text is not one that can be signed.
    #[error("the text {0}")]
    Text(&'static str),
    /// A signature line is malformed.
    #[error("signature line {line}: {reason}")]
    Line {
        /// Counted from 1 within the signatures.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
}
impl Note {
    /// Parses strictly: what was parsed encodes to the same bytes.
    pub fn parse(_bytes: &[u8]) -> Result<Self, NoteError> {
        todo!()
    }
    /// The signed text, with its final line feed.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The signature lines in order, known or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
    /// The bytes of the note.
    pub fn encode(&self) -> String {
        todo!()
    }
    /// What the key known as `name` says.
    pub fn check(&self, _name: &str, _key: &PublicKey) -> NoteCheck {
        todo!()
    }
}
