//! Cosignatures of witnesses (C2SP tlog-cosignature): "at this time, this was the largest consistent log that I saw".
//!
//! A cosignature is a line of a signed note of another type (0x04): 8 bytes of time, then an Ed25519 signature over
//! `cosignature/v1`, `time SECONDS`, and the text of the note. Its second line is not a number, so it can never be passed
//! off as a checkpoint.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

use super::note::{Note, NoteSignature, is_name};
use super::public::{PublicKey, PublicKeyError};
use super::signer::{Signer, SignerError};

/// The type of a timestamped cosignature.
const COSIGNATURE: u8 = 4;

/// A witness: the name that stands beside its cosignatures, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    name: String,
    key: PublicKey,
}

impl Witness {
    /// A witness of this name; `None` for a name that no note can hold.
    pub fn new(name: &str, key: PublicKey) -> Option<Self> {
        is_name(name).then(|| Self { name: name.to_owned(), key })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    fn key_id(&self) -> [u8; 4] {
        let parts = [self.name.as_bytes(), b"\n", &[COSIGNATURE], self.key.as_bytes()].concat();
        let mut id = [0; 4];
        id.copy_from_slice(digest(&SHA256, &parts).as_ref().get(..4).unwrap_or(&[0; 4]));
        id
    }

    /// The verifier key, `NAME+KEYID+BASE64`.
    pub fn vkey(&self) -> String {
        let key = [[COSIGNATURE].as_slice(), self.key.as_bytes()].concat();
        format!("{}+{:08x}+{}", self.name, u32::from_be_bytes(self.key_id()), STANDARD.encode(key))
    }

    /// Parses exactly what [`Self::vkey`] writes.
    pub fn parse_vkey(text: &str) -> Result<Self, PublicKeyError> {
        let malformed = || PublicKeyError::Malformed { expected: "a witness key `NAME+KEYID+BASE64` of type 0x04" };
        let mut parts = text.splitn(3, '+');
        let (name, key) = (parts.next().unwrap_or_default(), parts.nth(1).ok_or_else(malformed)?);
        let key = STANDARD.decode(key).ok().and_then(|bytes| <[u8; 33]>::try_from(bytes).ok()).ok_or_else(malformed)?;
        let (kind, key) = key.split_first_chunk::<1>().ok_or_else(malformed)?;
        let key = PublicKey::from_bytes(key.try_into().map_err(|_| malformed())?);
        let witness = Self::new(name, key).filter(|_| *kind == [COSIGNATURE]).ok_or_else(malformed)?;
        if witness.vkey() == text { Ok(witness) } else { Err(malformed()) }
    }

    /// Whether a line of the note claims to be by this witness.
    pub fn is_claimed(&self, note: &Note) -> bool {
        let id = self.key_id();
        note.signatures().iter().any(|line| line.name == self.name && line.key_id == id)
    }

    /// The latest time, in seconds since 1970, at which this witness cosigned the note; `None` if no line of it
    /// verifies. A line of it that does not verify makes all of them void.
    pub fn cosigned(&self, note: &Note) -> Option<u64> {
        let id = self.key_id();
        let lines = note.signatures().iter().filter(|line| line.name == self.name && line.key_id == id);
        let times: Option<Vec<u64>> = lines.map(|line| self.time_of(line, note.text())).collect();
        times?.into_iter().max()
    }

    fn time_of(&self, line: &NoteSignature, text: &str) -> Option<u64> {
        let (time, signature) = line.signature.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        let signature = signature.try_into().ok()?;
        self.key.verify(message(time, text).as_bytes(), signature).then_some(time)
    }
}

impl Signer {
    /// Cosigns a checkpoint as `name` at `time`, in seconds since 1970: the note with one line more.
    pub fn cosign(&self, note: &Note, name: &str, time: u64) -> Result<Note, SignerError> {
        let witness = Witness::new(name, self.public_key()).ok_or(super::note::BAD_SIGNATURE_NAME)?;
        let signature = self.sign(message(time, note.text()).as_bytes())?;
        let signature = [time.to_be_bytes().as_slice(), &signature].concat();
        let line = NoteSignature { name: name.to_owned(), key_id: witness.key_id(), signature };
        Ok(note.with_line(line))
    }
}

fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyPair;

    fn signer(seed: u8) -> Signer {
        Signer::from_key(KeyPair::from_seed(&[seed; 32]).unwrap())
    }

    #[test]
    fn a_cosignature_is_of_its_witness_its_text_and_its_time() {
        let note = Note::parse(signer(1).sign_note("a.example\n3\nx\n", &["a.example"]).unwrap().as_bytes()).unwrap();
        let witness = Witness::new("w.example/1", signer(2).public_key()).unwrap();
        assert_eq!(witness.cosigned(&note), None);
        let cosigned = signer(2).cosign(&note, "w.example/1", 1_700_000_000).unwrap();
        assert_eq!(Note::parse(cosigned.encode().as_bytes()).unwrap(), cosigned);
        assert_eq!(witness.cosigned(&cosigned), Some(1_700_000_000));
        let other = Witness::new("w.example/2", signer(2).public_key()).unwrap();
        assert_eq!(other.cosigned(&cosigned), None);
        let later = signer(2).cosign(&cosigned, "w.example/1", 1_700_000_001).unwrap();
        assert_eq!(witness.cosigned(&later), Some(1_700_000_001));
        let forged = Note::parse(cosigned.encode().replace("\n3\n", "\n4\n").as_bytes()).unwrap();
        assert_eq!(witness.cosigned(&forged), None);
        assert!(signer(2).cosign(&note, "a name", 0).is_err());
    }

    #[test]
    fn a_witness_key_has_one_spelling() {
        let witness = Witness::new("w.example/1", signer(2).public_key()).unwrap();
        assert_eq!(Witness::parse_vkey(&witness.vkey()), Ok(witness.clone()));
        for wrong in [
            signer(2).public_key().vkey("w.example/1"),
            witness.vkey().replace("w.", "v."),
            witness.vkey() + " ",
            String::new(),
            "a+b".into(),
        ] {
            assert!(Witness::parse_vkey(&wrong).is_err(), "{wrong}");
        }
    }
}
