//! What travels to a witness on a stick, and whether the witness may cosign it.
//!
//! ```text
//! old 41                       leaves that the witness saw before; 0: none
//! <base64>                     hashes that show that those are a prefix of the new ones
//!                              (blank line)
//! <the checkpoint, a signed note>
//! ```
//!
//! That is the body of `add-checkpoint` of C2SP tlog-witness, where it would go over HTTP. The witness answers with the
//! checkpoint and one signature line more.
//!
//! A witness remembers the newest checkpoint that it cosigned. It refuses whatever does not continue that one: an older
//! state, another history, or a request that does not say how the two belong together.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::Checkpoint;
use super::read::Reading;
use crate::keys::{Note, NoteCheck, PublicKey};
use crate::merkle::{self, Hash};

/// Hashes that a proof has at most.
const MAX_HASHES: usize = 63;

/// A request for a cosignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Leaves that the witness saw before.
    pub old: u64,
    /// Consistency of those with the new ones, RFC 6962.
    pub proof: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its note.
    pub note: Note,
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The checkpoint is not signed by the key of the log.
    #[error("the checkpoint is not signed by {key} as `{origin}`")]
    Unsigned {
        /// Fingerprint of the key of the log.
        key: String,
        /// Name of the log.
        origin: String,
    },
    /// The checkpoint is of another log than the one remembered.
    #[error("the request is of `{found}`, but what is remembered is of `{known}`")]
    OtherLog {
        /// Name in the request.
        found: String,
        /// Name remembered.
        known: String,
    },
    /// The log has shrunk.
    #[error("the log has {found} leaves, but {known} were seen before: it was rolled back")]
    Rollback {
        /// Leaves in the request.
        found: u64,
        /// Leaves remembered.
        known: u64,
    },
    /// The request begins at another size than the one remembered.
    #[error("the request begins at {found} leaves, but {known} were seen here")]
    OtherStart {
        /// Leaves that the request begins at.
        found: u64,
        /// Leaves remembered.
        known: u64,
    },
    /// What was seen before is no prefix of this.
    #[error("the {known} leaves that were seen before are not the beginning of this log: history was rewritten")]
    Fork {
        /// Leaves remembered.
        known: u64,
    },
}

impl Request {
    /// A request for the newest checkpoint, to a witness that saw the first `old` leaves.
    pub fn of(reading: &Reading, old: u64) -> Option<Self> {
        let (checkpoint, note) = (reading.checkpoint.clone()?, reading.note.clone()?);
        Some(Self { old, proof: reading.consistency(old)?, checkpoint, note })
    }

    /// The text that travels.
    pub fn text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            let _ = writeln!(text, "{}", STANDARD.encode(hash));
        }
        text + "\n" + &self.note.encode()
    }

    /// Reads exactly what [`Self::text`] writes.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, note) = text.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
        let hash = |line: &str| STANDARD.decode(line).ok()?.try_into().ok();
        let proof: Vec<Hash> = lines.take(MAX_HASHES + 1).map(hash).collect::<Option<_>>()?;
        let note = Note::parse(note.as_bytes()).ok()?;
        let checkpoint = Checkpoint::parse(note.text())?;
        let request = Self { old, proof, checkpoint, note };
        (request.proof.len() <= MAX_HASHES && request.text() == text).then_some(request)
    }

    /// Whether a witness that remembers `known` may cosign this log, whose key is `key`.
    pub fn judge(&self, known: Option<&Checkpoint>, key: &PublicKey) -> Result<(), Refusal> {
        let origin = self.checkpoint.origin.as_str();
        if self.note.check(origin, key) != NoteCheck::Verified {
            return Err(Refusal::Unsigned { key: key.fingerprint(), origin: origin.to_owned() });
        }
        let seen = known.map_or(0, |known| known.size);
        if let Some(known) = known.filter(|known| known.origin != self.checkpoint.origin) {
            let (found, known) = (origin.to_owned(), known.origin.as_str().to_owned());
            return Err(Refusal::OtherLog { found, known });
        }
        if self.checkpoint.size < seen {
            return Err(Refusal::Rollback { found: self.checkpoint.size, known: seen });
        }
        if self.old != seen {
            return Err(Refusal::OtherStart { found: self.old, known: seen });
        }
        let Some(known) = known else { return Ok(()) };
        let (new, root) = (self.checkpoint.size, &self.checkpoint.root);
        if merkle::check_consistency(known.size, new, &known.root, root, &self.proof) {
            Ok(())
        } else {
            Err(Refusal::Fork { known: known.size })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{signer, varied};
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    #[test]
    fn a_witness_cosigns_what_continues_and_nothing_else() {
        let (_place, folder) = varied();
        let reading = Reading::of(&folder).unwrap();
        let key = signer(1).public_key();
        for old in 0..=5 {
            let request = Request::of(&reading, old).unwrap();
            assert_eq!(Request::parse(request.text().as_bytes()), Some(request.clone()));
            let known = reading.checkpoint_at(old).filter(|_| old > 0);
            assert_eq!(request.judge(known.as_ref(), &key), Ok(()));
            assert!(matches!(request.judge(known.as_ref(), &signer(2).public_key()), Err(Refusal::Unsigned { .. })));
            if let Some(known) = known {
                let forked = Checkpoint { root: [1; 32], ..known.clone() };
                assert_eq!(request.judge(Some(&forked), &key), Err(Refusal::Fork { known: old }));
                let later = Checkpoint { size: 9, ..known.clone() };
                assert_eq!(request.judge(Some(&later), &key), Err(Refusal::Rollback { found: 5, known: 9 }));
                let other = Checkpoint { origin: crate::archive::seal::Origin::new("b.example").unwrap(), ..known };
                assert!(matches!(request.judge(Some(&other), &key), Err(Refusal::OtherLog { .. })));
                assert_eq!(request.judge(None, &key), Err(Refusal::OtherStart { found: old, known: 0 }));
            }
        }
        assert_eq!(Request::of(&reading, 6), None);
    }

    #[test]
    fn a_cosignature_is_attached_to_its_checkpoint_and_survives_what_follows() {
        let (_place, folder) = varied();
        let old = fs::read(folder.join("checkpoints/00000003")).unwrap();
        let witness = |bytes: &[u8]| signer(5).cosign(&Note::parse(bytes).unwrap(), "w.example", 9).unwrap();
        let newest = fs::read(folder.join("checkpoint")).unwrap();
        for bytes in [&old, &newest] {
            let mut ledger = super::super::tests::open(&folder);
            assert!(ledger.attach(&witness(bytes), &mut super::super::unwatched).unwrap());
        }
        let reading = Reading::of(&folder).unwrap();
        assert_eq!((reading.defects.len(), reading.remarks.len()), (0, 0));
        assert_eq!(reading.note.unwrap(), witness(&newest));
        let kept = fs::read(folder.join("checkpoints/00000003")).unwrap();
        assert_eq!(Note::parse(&kept).unwrap(), witness(&old));
        let strange = signer(1).sign_note("chat.example.org/audit\n9\nx\n", &["a"]).unwrap();
        let mut ledger = super::super::tests::open(&folder);
        assert!(!ledger.attach(&Note::parse(strange.as_bytes()).unwrap(), &mut super::super::unwatched).unwrap());
        // A note that reached only one of its two places is completed under the lock.
        drop(ledger);
        fs::write(folder.join("checkpoint"), &newest).unwrap();
        assert_eq!(Reading::of(&folder).unwrap().remarks.len(), 1);
        drop(super::super::tests::open(&folder));
        assert_eq!(fs::read(folder.join("checkpoint")).unwrap(), witness(&newest).encode().into_bytes());
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes: Vec<u8>, lines in "old [0-9]{1,3}\n([A-Za-z0-9+/]{43}=\n){0,3}\na\n1\n") {
            for bytes in [bytes.as_slice(), lines.as_bytes()] {
                if let Some(request) = Request::parse(bytes) {
                    prop_assert_eq!(request.text().into_bytes(), bytes);
                }
            }
        }
    }
}
