//! Signed notes (C2SP signed-note, <https://c2sp.org/signed-note>): a text and, below a blank line, its signatures.
//!
//! A signature covers the text with its final line feed and not the name beside it, so one key may sign under several
//! names with the same 64 bytes. The text has no byte below 0x20 but line feeds; SSH data always has, in its lengths.
//! So a signature made for the one can never be passed off as the other, though both are by one key.
//!
//! **Invariant.** One note has one spelling: what was parsed encodes to the same bytes. The key id is a hint; only the
//! key that a verifier already knows decides.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::public::PublicKey;

/// The longest note that is read, in bytes.
const MAX_NOTE: usize = 1 << 20;
/// The most signature lines that are read; C2SP asks for 16 at least.
const MAX_LINES: usize = 100;
/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

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

/// Why bytes are not a note, or a text cannot become one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoteError {
    /// Longer than the limit.
    #[error("the note has {found} bytes; the limit is {limit}")]
    TooLong {
        /// Its size in bytes.
        found: usize,
        /// The most that is read.
        limit: usize,
    },
    /// None, or more lines than the limit.
    #[error("the note has {found} signature lines; expected 1 to {limit}")]
    Lines {
        /// Their number.
        found: usize,
        /// The most that are read.
        limit: usize,
    },
    /// The text is not one that can be signed.
    #[error("the text of the note {0}")]
    Text(&'static str),
    /// A signature line is malformed.
    #[error("signature line {line} of the note {reason}")]
    Line {
        /// Counted from 1 within the signatures.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
}

impl Note {
    /// Parses a note of at most 1 MiB and 100 signatures; unknown signature types are kept, not judged.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLong { found: bytes.len(), limit: MAX_NOTE });
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Text("is not UTF-8"))?;
        // The last blank line divides; the text keeps its line feed.
        let (body, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Text("is not followed by a blank line"))?;
        let text = note.get(..body.len() + 1).unwrap_or_default();
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Text("or its last signature has no final line feed"))?;
        let found = lines.split('\n').count();
        if found > MAX_LINES {
            return Err(NoteError::Lines { found, limit: MAX_LINES });
        }
        let signatures = lines.split('\n').enumerate().map(|(index, line)| {
            NoteSignature::parse(line).map_err(|reason| NoteError::Line { line: index + 1, reason })
        });
        Ok(Self { signatures: signatures.collect::<Result<_, _>>()?, text: text.to_owned() })
    }

    /// Puts a note together from a text, the key that signed it, and the names to sign under.
    pub(super) fn assemble(
        text: &str,
        key: &PublicKey,
        names: &[&str],
        signature: &[u8; 64],
    ) -> Result<Self, NoteError> {
        check_text(text)?;
        if names.is_empty() || names.len() > MAX_LINES {
            return Err(NoteError::Lines { found: names.len(), limit: MAX_LINES });
        }
        if let Some(index) = names.iter().position(|name| !is_name(name)) {
            return Err(NoteError::Line { line: index + 1, reason: BAD_NAME });
        }
        let line = |name: &&str| NoteSignature {
            name: (*name).to_owned(),
            key_id: key.note_key_id(name),
            signature: signature.to_vec(),
        };
        Ok(Self { text: text.to_owned(), signatures: names.iter().map(line).collect() })
    }

    /// The signed text, with its final line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in order, known or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// The bytes of the note, as they were parsed.
    pub fn encode(&self) -> String {
        let mut note = format!("{}\n", self.text);
        for line in &self.signatures {
            let bytes = [line.key_id.as_slice(), &line.signature].concat();
            note.extend([DASH, &line.name, " ", &STANDARD.encode(bytes), "\n"]);
        }
        note
    }

    /// Whether `other` has the same text and every signature line of this note.
    pub fn is_within(&self, other: &Self) -> bool {
        self.text == other.text && self.signatures.iter().all(|line| other.signatures.contains(line))
    }

    /// The same note with the signature lines of `other` that it lacks; `None` unless both are of one text.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Option<Self> {
        let mut joined = self.clone();
        joined.signatures.extend(other.signatures.iter().filter(|line| !self.signatures.contains(line)).cloned());
        (self.text == other.text && joined.signatures.len() <= MAX_LINES).then_some(joined)
    }

    /// The same note with one signature line more.
    pub(super) fn with_line(&self, line: NoteSignature) -> Self {
        let mut note = self.clone();
        note.signatures.push(line);
        note
    }

    /// What the Ed25519 key known as `name` says.
    pub fn check(&self, name: &str, key: &PublicKey) -> NoteCheck {
        let key_id = key.note_key_id(name);
        let mut lines = self.signatures.iter().filter(|line| line.name == name && line.key_id == key_id).peekable();
        if lines.peek().is_none() {
            return NoteCheck::Absent;
        }
        let verifies = |line: &NoteSignature| {
            line.signature.as_slice().try_into().is_ok_and(|signature| key.verify(self.text.as_bytes(), signature))
        };
        if lines.all(verifies) { NoteCheck::Verified } else { NoteCheck::Failed }
    }
}

/// A name that no signature line can hold.
pub(super) const BAD_SIGNATURE_NAME: NoteError = NoteError::Line { line: 1, reason: BAD_NAME };

const BAD_NAME: &str = "has a name that is empty or holds white space, a control character or `+`";

impl NoteSignature {
    fn parse(line: &str) -> Result<Self, &'static str> {
        let (name, base64) =
            line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or("is not `\u{2014} NAME BASE64`")?;
        if !is_name(name) {
            return Err(BAD_NAME);
        }
        let bytes = STANDARD.decode(base64).map_err(|_| "is not canonical base64")?;
        let (key_id, signature) = bytes.split_first_chunk().ok_or("is too short for a key id")?;
        if signature.is_empty() {
            return Err("has no signature after its key id");
        }
        Ok(Self { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() })
    }
}

/// Whether a key may be called `name`: not empty, no white space, no control character, no `+`.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}

/// Whether `text` can be signed as a note.
pub(super) fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE {
        return Err(NoteError::TooLong { found: text.len(), limit: MAX_NOTE });
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Text("holds a control character"));
    }
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::Text("has no final line feed")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::signature::Ed25519KeyPair;

    use super::*;

    // The example of the specification; its key is not published.
    const QUASIMODO: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    // golang.org/x/mod/sumdb/note, the example of the package; its signing key is published too.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PETER_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn sample() -> (Note, PublicKey) {
        let key = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
        let public = crate::keys::certificate::tests::public([3; 32]);
        let signature = key.sign(b"one\n\ntwo\n").as_ref().try_into().unwrap();
        (Note::assemble("one\n\ntwo\n", &public, &["a.example/1", "a.example"], &signature).unwrap(), public)
    }

    #[test]
    fn the_published_examples() {
        let (name, peter) = PublicKey::parse_vkey(PETER).unwrap();
        assert_eq!(peter.vkey(&name), PETER);
        let note = Note::parse(PETER_NOTE.as_bytes()).unwrap();
        assert_eq!(note.check(&name, &peter), NoteCheck::Verified);
        assert_eq!(note.check("Peter", &peter), NoteCheck::Absent);
        assert_eq!(note.encode(), PETER_NOTE);
        let seed = STANDARD.decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
        let signature = Ed25519KeyPair::from_seed_unchecked(&seed[1..]).unwrap().sign(note.text().as_bytes());
        let again = Note::assemble(note.text(), &peter, &["PeterNeumann"], signature.as_ref().try_into().unwrap());
        assert_eq!(again.unwrap().encode(), PETER_NOTE);
        let broken = Note::parse(PETER_NOTE.replace("problem is", "problem was").as_bytes()).unwrap();
        assert_eq!(broken.check(&name, &peter), NoteCheck::Failed);

        let note = Note::parse(QUASIMODO.as_bytes()).unwrap();
        assert!(note.text().ends_with("sole:\n\ned è subito sera.\n"));
        assert_eq!((note.signatures().len(), note.signatures()[0].signature.len()), (1, 64));
        assert_eq!(note.encode(), QUASIMODO);
    }

    #[test]
    fn one_key_signs_under_several_names() {
        let (note, key) = sample();
        assert_eq!(note.check("a.example", &key), NoteCheck::Verified);
        assert_eq!(note.check("a.example/1", &key), NoteCheck::Verified);
        assert_eq!(Note::parse(note.encode().as_bytes()), Ok(note.clone()));
        // One bad line of a known key spoils the note even beside a good one.
        let mut spoiled = note.clone();
        spoiled.signatures[0].name = "a.example".into();
        spoiled.signatures[0].key_id = key.note_key_id("a.example");
        spoiled.signatures[0].signature[5] ^= 1;
        assert_eq!(spoiled.check("a.example", &key), NoteCheck::Failed);
        spoiled.signatures[0].signature.pop();
        assert_eq!(spoiled.check("a.example", &key), NoteCheck::Failed);
    }

    #[test]
    fn malformed_notes_are_refused() {
        let good = sample().0.encode();
        let text = |reason| Err(NoteError::Text(reason));
        let line = |line, reason| Err(NoteError::Line { line, reason });
        for (bad, expected) in [
            (String::new(), text("is not followed by a blank line")),
            ("one\n".into(), text("is not followed by a blank line")),
            (good.replace("one", "o\tne"), text("holds a control character")),
            (good.trim_end().into(), text("or its last signature has no final line feed")),
            ("one\n\n".into(), text("or its last signature has no final line feed")),
            (format!("{good}\n"), text("or its last signature has no final line feed")),
            ("one\n\nx y z\n".into(), line(1, "is not `\u{2014} NAME BASE64`")),
            (good.replace("a.example ", "a+example "), line(2, BAD_NAME)),
            (good.replace("a.example ", "a.example  "), line(2, "is not canonical base64")),
            ("one\n\n— n AAAA\n".into(), line(1, "is too short for a key id")),
            ("one\n\n— n AAAAAA==\n".into(), line(1, "has no signature after its key id")),
            ("one\n\n— n AAAAAAB=\n".into(), line(1, "is not canonical base64")),
        ] {
            assert_eq!(Note::parse(bad.as_bytes()), expected, "{bad}");
        }
        let many = format!("one\n\n{}", "— n AAAAAAA=\n".repeat(101));
        assert_eq!(Note::parse(many.as_bytes()), Err(NoteError::Lines { found: 101, limit: 100 }));
        assert_eq!(
            Note::parse(&vec![b'a'; MAX_NOTE + 1]),
            Err(NoteError::TooLong { found: MAX_NOTE + 1, limit: MAX_NOTE })
        );
        assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::Text("is not UTF-8")));
    }

    proptest! {
        #[test]
        fn whatever_parses_encodes_to_the_same_bytes(at in 0_usize..400, byte: u8, bytes: Vec<u8>) {
            let mut mutated = sample().0.encode().into_bytes();
            let at = at % mutated.len();
            mutated[at] = byte;
            for candidate in [mutated, bytes] {
                if let Ok(note) = Note::parse(&candidate) {
                    prop_assert_eq!(note.encode().into_bytes(), candidate);
                }
            }
        }
    }
}
