//! Keys and signatures, from the specifications: RFC 8032, OpenSSH `PROTOCOL.sshsig`, C2SP signed-note.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ring::digest::{SHA256, SHA512, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// A key made from one repeated byte.
#[derive(Clone)]
pub(crate) struct Key(u8);

impl Key {
    pub(crate) fn new(seed: u8) -> Self {
        Self(seed)
    }

    fn pair(&self) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[self.0; 32]).expect("any 32 bytes are a seed")
    }

    fn public(&self) -> Vec<u8> {
        self.pair().public_key().as_ref().to_vec()
    }

    /// The OpenSSH encoding of the public key.
    fn blob(&self) -> Vec<u8> {
        [string(b"ssh-ed25519"), string(&self.public())].concat()
    }

    pub(crate) fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &self.blob())))
    }

    /// A line of `allowed_signers`.
    pub(crate) fn allowed(&self, principal: &str, options: &str) -> String {
        let space = if options.is_empty() { "" } else { " " };
        format!("{principal}{space}{options} ssh-ed25519 {}\n", STANDARD.encode(self.blob()))
    }

    /// An armored SSH signature.
    pub(crate) fn ssh(&self, message: &[u8], namespace: &str) -> String {
        let hash = digest(&SHA512, message);
        let common = [string(namespace.as_bytes()), string(b""), string(b"sha512")].concat();
        let signed = [b"SSHSIG", &common[..], &string(hash.as_ref())].concat();
        let signature = [string(b"ssh-ed25519"), string(self.pair().sign(&signed).as_ref())].concat();
        let blob = [b"SSHSIG", &1_u32.to_be_bytes()[..], &string(&self.blob()), &common, &string(&signature)].concat();
        let mut armored = "-----BEGIN SSH SIGNATURE-----\n".to_owned();
        for chunk in STANDARD.encode(blob).as_bytes().chunks(70) {
            armored += std::str::from_utf8(chunk).expect("base64");
            armored.push('\n');
        }
        armored + "-----END SSH SIGNATURE-----\n"
    }

    /// A signed note with a line for each name.
    pub(crate) fn note(&self, text: &str, names: &[String]) -> String {
        let signature = self.pair().sign(text.as_bytes());
        let mut note = format!("{text}\n");
        for name in names {
            let id = digest(&SHA256, &[name.as_bytes(), b"\n\x01", &self.public()].concat());
            note += &format!("— {name} {}\n", STANDARD.encode([&id.as_ref()[..4], signature.as_ref()].concat()));
        }
        note
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("short").to_be_bytes()[..], bytes].concat()
}
