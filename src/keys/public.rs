//! One Ed25519 public key, and every spelling a verifier may want it in.

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use ring::{
    digest::{SHA256, digest},
    signature::{ED25519, UnparsedPublicKey},
};

use super::{
    pem,
    wire::{Reader, printable, put_string},
};

/// The name of the one key type that chatseal signs with (RFC 8709).
pub(super) const ED25519_NAME: &str = "ssh-ed25519";

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The signature type of plain Ed25519 in a C2SP signed note.
pub(super) const NOTE_ED25519: u8 = 0x01;

/// An Ed25519 public key (RFC 8032): 32 bytes, of which not all are a point on the curve.
///
/// A key that is no point verifies nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// Why a text is not an Ed25519 public key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PublicKeyError {
    /// Not of the form at all.
    #[error("expected {expected}, found something else")]
    Malformed {
        /// The form that was expected.
        expected: &'static str,
    },
    /// A public key of another kind.
    #[error("found a key of type `{found}`; only Ed25519 keys are used")]
    OtherType {
        /// The type as it calls itself.
        found: String,
    },
    /// A certificate where a plain key was expected.
    #[error("found a certificate (`{found}`) where a plain public key was expected")]
    IsCertificate {
        /// The type as it calls itself.
        found: String,
    },
    /// The key id in a verifier key is not the one of its name and key.
    #[error("the key id of `{name}` should be {expected}, found {found}")]
    KeyId {
        /// The name in the verifier key.
        name: String,
        /// The id computed from name and key, in hex.
        expected: String,
        /// The id that stood there.
        found: String,
    },
}

impl PublicKey {
    /// The key whose encoding (RFC 8032, section 5.1.2) is `bytes`.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `signature` is this key's signature of `message` (RFC 8032, pure Ed25519).
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    /// `SHA256:…` as `ssh-keygen -l` prints it: short enough to be read out over a telephone.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &self.blob())))
    }

    /// `ssh-ed25519 AAAA… COMMENT`, the line of a `.pub` file, without line feed.
    ///
    /// Control characters in `comment` become spaces, so that it stays one line.
    pub fn openssh_line(&self, comment: &str) -> String {
        let line = format!("{ED25519_NAME} {} {comment}", STANDARD.encode(self.blob()));
        line.trim_end().replace(char::is_control, " ")
    }

    /// The PEM that `openssl pkey -pubin` reads (RFC 8410), with a final line feed.
    pub fn spki_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &[SPKI_PREFIX.as_slice(), &self.0].concat(), 64)
    }

    /// The verifier key of a C2SP signed note: name, key id in hex and key, joined by `+`.
    pub fn vkey(&self, name: &str) -> String {
        let key = [[NOTE_ED25519].as_slice(), &self.0].concat();
        format!("{name}+{:08x}+{}", u32::from_be_bytes(self.note_key_id(name)), STANDARD.encode(key))
    }

    /// The key id of C2SP signed-note: the first 4 bytes of SHA-256(`name` LF 0x01 key). A hint, never an identity.
    pub fn note_key_id(&self, name: &str) -> [u8; 4] {
        let hash = digest(&SHA256, &[name.as_bytes(), b"\n", &[NOTE_ED25519], &self.0].concat());
        let mut id = [0; 4];
        id.copy_from_slice(&hash.as_ref()[..4]);
        id
    }

    /// The SSH encoding: `string "ssh-ed25519"`, `string` of 32 bytes (RFC 8709, section 4).
    pub(super) fn blob(&self) -> Vec<u8> {
        let mut blob = Vec::with_capacity(51);
        put_string(&mut blob, ED25519_NAME.as_bytes());
        put_string(&mut blob, &self.0);
        blob
    }

    /// Reads the SSH encoding.
    pub(super) fn from_blob(blob: &[u8]) -> Result<Self, PublicKeyError> {
        let malformed = PublicKeyError::Malformed { expected: "the SSH encoding of a public key" };
        let mut reader = Reader::new(blob);
        let Some(found) = reader.text() else { return Err(malformed) };
        if found != ED25519_NAME {
            let found = printable(found);
            let is_certificate = found.contains("-cert-v");
            return Err(if is_certificate {
                PublicKeyError::IsCertificate { found }
            } else {
                PublicKeyError::OtherType { found }
            });
        }
        reader.fixed().filter(|_| reader.is_empty()).map(Self).ok_or(malformed)
    }

    /// Parses the line of a `.pub` file: type, base64, and a comment that is dropped.
    pub fn parse_openssh(line: &str) -> Result<Self, PublicKeyError> {
        let (blob, _) = split_openssh(line)?;
        Self::from_blob(&blob)
    }

    /// Parses a `SubjectPublicKeyInfo` in PEM (RFC 8410).
    pub fn parse_spki_pem(text: &str) -> Result<Self, PublicKeyError> {
        let malformed = PublicKeyError::Malformed { expected: "a PEM block `PUBLIC KEY`" };
        let pem = pem::decode(text).filter(|pem| pem.label == "PUBLIC KEY").ok_or(malformed)?;
        if let Some(key) = Self::from_spki_der(&pem.body.0) {
            return Ok(key);
        }
        Err(match super::der::spki_algorithm(&pem.body.0) {
            Some(found) => PublicKeyError::OtherType { found },
            None => PublicKeyError::Malformed { expected: "a SubjectPublicKeyInfo in DER" },
        })
    }

    /// Reads a `SubjectPublicKeyInfo` in DER, if it is one of an Ed25519 key.
    pub(super) fn from_spki_der(der: &[u8]) -> Option<Self> {
        der.strip_prefix(&SPKI_PREFIX)?.try_into().ok().map(Self)
    }

    /// Parses a C2SP verifier key: `NAME+KEYID+BASE64`. Returns the name with the key.
    pub fn parse_vkey(text: &str) -> Result<(String, Self), PublicKeyError> {
        let malformed = || PublicKeyError::Malformed { expected: "a verifier key `NAME+KEYID+BASE64`" };
        let text = text.trim();
        let (name, rest) = text.split_once('+').ok_or_else(malformed)?;
        let (id, key) = rest.split_once('+').ok_or_else(malformed)?;
        let key = STANDARD.decode(key).map_err(|_| malformed())?;
        let (&kind, key) = key.split_first().ok_or_else(malformed)?;
        if kind != NOTE_ED25519 {
            return Err(PublicKeyError::OtherType { found: format!("note signature type 0x{kind:02x}") });
        }
        let key = Self(key.try_into().map_err(|_| malformed())?);
        if !super::note::is_name(name) {
            return Err(malformed());
        }
        let expected = format!("{:08x}", u32::from_be_bytes(key.note_key_id(name)));
        if id != expected {
            return Err(PublicKeyError::KeyId { name: name.to_owned(), expected, found: id.to_owned() });
        }
        Ok((name.to_owned(), key))
    }
}

/// The 64 bytes of an SSH signature blob: `string "ssh-ed25519"`, `string` of 64 bytes (RFC 8709, section 6).
pub(super) fn signature_from_blob(blob: &[u8]) -> Option<[u8; 64]> {
    let mut reader = Reader::new(blob);
    reader.string().filter(|name| *name == ED25519_NAME.as_bytes())?;
    reader.fixed().filter(|_| reader.is_empty())
}

/// Splits a `.pub` line into the decoded key and the comment; the type before the key must be the one inside it.
pub(super) fn split_openssh(line: &str) -> Result<(Vec<u8>, &str), PublicKeyError> {
    let malformed = || PublicKeyError::Malformed { expected: "an OpenSSH public key `TYPE BASE64 COMMENT`" };
    let blank = [' ', '\t'];
    let line = line.trim_matches([' ', '\t', '\r', '\n']);
    let (name, rest) = line.split_once(blank).ok_or_else(malformed)?;
    let rest = rest.trim_start_matches(blank);
    let (base64, comment) = rest.split_once(blank).unwrap_or((rest, ""));
    let blob = STANDARD.decode(base64).map_err(|_| malformed())?;
    if line.contains(['\n', '\r']) || Reader::new(&blob).text() != Some(name) {
        return Err(malformed());
    }
    Ok((blob, comment.trim()))
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8032, section 7.1, test 2: secret 4ccd089b…, one byte of message.
    const KEY: [u8; 32] = [
        0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98,
        0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c,
    ];
    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAID1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM";

    #[test]
    fn a_published_signature_verifies_and_no_other() {
        let signature: [u8; 64] = [
            0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f, 0x64, 0x25, 0x40, 0xa2, 0xb2,
            0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76, 0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4,
            0x3e, 0x15, 0x99, 0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae, 0xb4, 0x30,
            0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00,
        ];
        let key = PublicKey::from_bytes(KEY);
        assert!(key.verify(&[0x72], &signature));
        assert!(!key.verify(&[0x73], &signature));
        assert!(!PublicKey::from_bytes([0xff; 32]).verify(&[0x72], &signature));
    }

    #[test]
    fn every_spelling_reads_back() {
        let key = PublicKey::from_bytes(KEY);
        assert_eq!(key.openssh_line("seal key\nroot"), format!("{LINE} seal key root"));
        assert_eq!(key.openssh_line(""), LINE);
        // ssh-keygen -lf
        assert_eq!(key.fingerprint(), "SHA256:F34nin7tcaYH6WR5LSWSfj6weFBPfBpuyUUoPFP9YjA");
        for line in [LINE.to_owned(), format!("  {LINE}\r\n"), format!("{LINE}\ta b c")] {
            assert_eq!(PublicKey::parse_openssh(&line), Ok(key));
        }
        assert_eq!(PublicKey::parse_spki_pem(&key.spki_pem()), Ok(key));
        assert_eq!(PublicKey::parse_vkey(&key.vkey("example.com/a")), Ok(("example.com/a".to_owned(), key)));
        assert_eq!(format!("{key} {key:?}"), format!("{0} PublicKey({0})", key.fingerprint()));
    }

    #[test]
    fn the_verifier_keys_of_other_implementations() {
        // The example of C2SP signed-note, and two of golang.org/x/mod/sumdb/note.
        for vkey in [
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
        ] {
            let (name, key) = PublicKey::parse_vkey(vkey).unwrap();
            assert_eq!(key.vkey(&name), vkey);
            let renamed = vkey.replacen('+', "2+", 1);
            assert!(matches!(PublicKey::parse_vkey(&renamed), Err(PublicKeyError::KeyId { .. })), "{renamed}");
        }
        // A cosignature key (type 4) is not one that signs notes.
        let cosigner = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
        let found = "note signature type 0x04".to_owned();
        assert_eq!(PublicKey::parse_vkey(cosigner), Err(PublicKeyError::OtherType { found }));
    }

    #[test]
    fn other_keys_are_named_and_broken_ones_refused() {
        let other = |found: &str| Err(PublicKeyError::OtherType { found: found.to_owned() });
        let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQM=";
        assert_eq!(PublicKey::parse_openssh(rsa), other("ssh-rsa"));
        let p256 = "-----BEGIN PUBLIC KEY-----\nMBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDAgAE\n-----END PUBLIC KEY-----\n";
        assert_eq!(PublicKey::parse_spki_pem(p256), other("elliptic curve (ECDSA)"));
        for bad in [
            "",
            "ssh-ed25519",
            "ssh-ed25519 AAAA",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAID1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM",
            &LINE[..LINE.len() - 4],
            &format!("{LINE}AAAA"),
            &format!("{LINE}\n{LINE}"),
        ] {
            assert!(matches!(PublicKey::parse_openssh(bad), Err(PublicKeyError::Malformed { .. })), "{bad}");
        }
        for bad in ["", "a+b", "a+00000000+", "a b+00000000+AQ==", "a+00000000+AQ==", "+530d903a+AekyeRrm"] {
            assert!(PublicKey::parse_vkey(bad).is_err(), "{bad}");
        }
    }
}
