//! An Ed25519 key pair, and the three containers it comes in.
//!
//! PKCS#8 version 1 is what `openssl genpkey` writes, version 2 what `ring` writes (RFC 5958), and the third is
//! OpenSSH's own (`PROTOCOL.key`). Where a container also stores the public key, it must be the one that the secret
//! gives: signing with a mismatched pair can disclose the secret.
//!
//! **Refuses** encrypted containers. An ssh-agent unlocks those; a passphrase never passes through chatseal.

use std::fmt;

use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::{
    der, pem,
    public::{ED25519_NAME, PublicKey},
    secret::Secret,
    wire::{Reader, printable},
};

/// What an OpenSSH private key begins with.
const OPENSSH_MAGIC: &[u8] = b"openssh-key-v1\0";

const PKCS8: &str = "a PKCS#8 private key";

/// What stands before the 32 secret bytes in a PKCS#8 version 1 key (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// An Ed25519 key pair in memory. Printing it shows the fingerprint of its public half only.
pub struct KeyPair {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// Why bytes are not a private key that can be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PrivateKeyError {
    /// Not of the form.
    #[error("expected {expected}, found something malformed")]
    Malformed {
        /// What it seemed to be.
        expected: &'static str,
    },
    /// A private key of another kind.
    #[error("found a private key of type {found}; only Ed25519 keys sign")]
    OtherType {
        /// The type, as people call it.
        found: String,
    },
    /// A key that needs a passphrase.
    #[error("found an encrypted {found}, and chatseal asks for no passphrase")]
    Encrypted {
        /// The container.
        found: &'static str,
    },
    /// The stored public key is not the one of the secret.
    #[error("the public key stored beside the secret is {found}, but the secret gives {expected}")]
    Mismatch {
        /// The fingerprint that the secret gives.
        expected: String,
        /// The fingerprint that is stored.
        found: String,
    },
}

impl KeyPair {
    /// The key pair of the 32 secret bytes of RFC 8032, section 5.1.5.
    pub fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = PublicKey::from_bytes(pair.public_key().as_ref().try_into().ok()?);
        Some(Self { pair, public })
    }

    /// Its public half.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Reads a private key in any of the three containers; PKCS#8 as PEM or DER.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, PrivateKeyError> {
        if bytes.first() == Some(&der::SEQUENCE) {
            return pkcs8(bytes);
        }
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        let pem = pem::decode(text).ok_or(PrivateKeyError::Malformed { expected: "one PEM block" })?;
        let encrypted = |found| Err(PrivateKeyError::Encrypted { found });
        match pem.label.as_str() {
            "PRIVATE KEY" => pkcs8(&pem.body.0),
            "OPENSSH PRIVATE KEY" => openssh(&pem.body.0),
            "ENCRYPTED PRIVATE KEY" => encrypted("PKCS#8 private key"),
            label if pem.encrypted => {
                encrypted(if label.starts_with("RSA") { "RSA private key" } else { "private key" })
            }
            label => Err(PrivateKeyError::OtherType {
                found: label.strip_suffix(" PRIVATE KEY").unwrap_or(label).to_owned(),
            }),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<[u8; 64]> {
        self.pair.sign(message).as_ref().try_into().ok()
    }

    fn checked(seed: &[u8; 32], stored: Option<[u8; 32]>) -> Result<Self, PrivateKeyError> {
        let key = Self::from_seed(seed).ok_or(PrivateKeyError::Malformed { expected: "an Ed25519 secret" })?;
        match stored.map(PublicKey::from_bytes) {
            Some(found) if found != key.public => {
                Err(PrivateKeyError::Mismatch { expected: key.public.fingerprint(), found: found.fingerprint() })
            }
            _ => Ok(key),
        }
    }
}

/// The PKCS#8 version 1 PEM of a secret, as `openssl genpkey -algorithm ED25519` writes it.
pub(super) fn pkcs8_pem(seed: &[u8; 32]) -> Secret {
    let body = Secret([PKCS8_PREFIX.as_slice(), seed].concat());
    Secret(pem::encode("PRIVATE KEY", &body.0, 64).into_bytes())
}

fn pkcs8(der: &[u8]) -> Result<KeyPair, PrivateKeyError> {
    let malformed = || PrivateKeyError::Malformed { expected: PKCS8 };
    let mut rest = der;
    let mut info = der::expect(&mut rest, der::SEQUENCE).filter(|_| rest.is_empty()).ok_or_else(malformed)?;
    // An encrypted key begins with its algorithm where a plain one has its version.
    if info.first() == Some(&der::SEQUENCE) {
        return Err(PrivateKeyError::Encrypted { found: "PKCS#8 private key" });
    }
    der::expect(&mut info, der::INTEGER).filter(|version| matches!(version, [0 | 1])).ok_or_else(malformed)?;
    let algorithm = der::algorithm(&mut info).ok_or_else(|| match info.first() {
        // The traditional RSA and EC forms hold a number or a secret here.
        Some(&der::INTEGER) => PrivateKeyError::OtherType { found: "RSA".to_owned() },
        Some(&der::OCTET_STRING) => PrivateKeyError::OtherType { found: "EC".to_owned() },
        _ => malformed(),
    })?;
    if algorithm != der::ED25519 {
        return Err(PrivateKeyError::OtherType { found: der::algorithm_name(algorithm) });
    }
    let mut secret = der::expect(&mut info, der::OCTET_STRING).ok_or_else(malformed)?;
    let seed = der::expect(&mut secret, der::OCTET_STRING).filter(|_| secret.is_empty());
    let seed = seed.and_then(|seed| seed.try_into().ok()).ok_or_else(malformed)?;
    KeyPair::checked(seed, stored_public(info)?)
}

// Tags of the optional parts of a PKCS#8 key (RFC 5958, section 2).
const ATTRIBUTES: u8 = 0xa0;
const PUBLIC: u8 = 0x81;
const PUBLIC_EXPLICIT: u8 = 0xa1;

/// The public key after the secret: absent, as RFC 5958 wants it (implicit tag), or as older software wrote it.
fn stored_public(mut info: &[u8]) -> Result<Option<[u8; 32]>, PrivateKeyError> {
    let malformed = PrivateKeyError::Malformed { expected: PKCS8 };
    if info.first() == Some(&ATTRIBUTES) {
        let _ = der::element(&mut info);
    }
    if info.is_empty() {
        return Ok(None);
    }
    let bits = match der::element(&mut info).filter(|_| info.is_empty()) {
        Some((PUBLIC, bits)) => Some(bits),
        Some((PUBLIC_EXPLICIT, content)) => content.strip_prefix(&[0x03, 0x21]),
        _ => None,
    };
    // The first byte of a bit string counts its unused bits.
    let key = bits.and_then(|bits| bits.strip_prefix(&[0])).and_then(|key| key.try_into().ok());
    key.map(Some).ok_or(malformed)
}

fn openssh(bytes: &[u8]) -> Result<KeyPair, PrivateKeyError> {
    let malformed = || PrivateKeyError::Malformed { expected: "an OpenSSH private key" };
    let mut reader = Reader::new(bytes);
    reader.take(OPENSSH_MAGIC.len()).filter(|magic| *magic == OPENSSH_MAGIC).ok_or_else(malformed)?;
    let cipher = reader.text().ok_or_else(malformed)?;
    let _kdf = (reader.string(), reader.string());
    let count = reader.u32().ok_or_else(malformed)?;
    let public = reader.string().filter(|_| count == 1).ok_or_else(malformed)?;
    let name = Reader::new(public).text().ok_or_else(malformed)?;
    if name != ED25519_NAME {
        return Err(PrivateKeyError::OtherType { found: printable(name) });
    }
    if cipher != "none" {
        return Err(PrivateKeyError::Encrypted { found: "OpenSSH private key" });
    }
    let public = PublicKey::from_blob(public).map_err(|_| malformed())?;
    let (seed, stored) =
        reader.string().filter(|_| reader.is_empty()).and_then(openssh_secret).ok_or_else(malformed)?;
    if stored != public {
        return Err(PrivateKeyError::Mismatch { expected: stored.fingerprint(), found: public.fingerprint() });
    }
    KeyPair::checked(seed, Some(*public.as_bytes()))
}

/// The secret part: a number twice, type, public key, secret and public key, comment, padding 1, 2, 3 …
fn openssh_secret(section: &[u8]) -> Option<(&[u8; 32], PublicKey)> {
    let mut reader = Reader::new(section);
    let (first, second) = (reader.u32()?, reader.u32()?);
    reader.text().filter(|name| first == second && *name == ED25519_NAME)?;
    let public: [u8; 32] = reader.fixed()?;
    let (seed, again) = reader.string()?.split_first_chunk::<32>()?;
    reader.string()?;
    let padded = reader.remaining().iter().zip(1_u8..).all(|(byte, number)| *byte == number);
    (again == public && padded && reader.remaining().len() < 16).then(|| (seed, PublicKey::from_bytes(public)))
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public)
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::keys::{certificate::tests::public, wire::put_string};

    fn v1(seed: [u8; 32]) -> Vec<u8> {
        pem::decode(std::str::from_utf8(&pkcs8_pem(&seed).0).unwrap()).unwrap().body.0.clone()
    }

    /// The same key with a public key stored behind the secret.
    fn v2(stored: &[u8]) -> Vec<u8> {
        let mut der = v1([1; 32]);
        der[1] += u8::try_from(stored.len()).unwrap();
        der[4] = 1;
        [der.as_slice(), stored].concat()
    }

    fn openssh_file(change: impl FnOnce(&mut Vec<u8>, &mut Vec<u8>)) -> Vec<u8> {
        let (mut front, mut secret) = (OPENSSH_MAGIC.to_vec(), vec![7, 7, 7, 7, 7, 7, 7, 7]);
        put_string(&mut front, b"none");
        put_string(&mut front, b"none");
        put_string(&mut front, b"");
        front.extend_from_slice(&1_u32.to_be_bytes());
        put_string(&mut front, &public([1; 32]).blob());
        put_string(&mut secret, ED25519_NAME.as_bytes());
        put_string(&mut secret, public([1; 32]).as_bytes());
        put_string(&mut secret, &[[1; 32], *public([1; 32]).as_bytes()].concat());
        put_string(&mut secret, b"quay");
        secret.extend_from_slice(&[1, 2, 3]);
        change(&mut front, &mut secret);
        put_string(&mut front, &secret);
        pem::encode("OPENSSH PRIVATE KEY", &front, 70).into_bytes()
    }

    #[test]
    fn all_three_containers_give_the_same_key() {
        let stored = public([1; 32]);
        let implicit = [[0x81, 33, 0].as_slice(), stored.as_bytes()].concat();
        let explicit = [[0xa1, 35, 3, 33, 0].as_slice(), stored.as_bytes()].concat();
        for bytes in [
            pkcs8_pem(&[1; 32]).0.clone(),
            v1([1; 32]),
            v2(&[]),
            v2(&implicit),
            v2(&explicit),
            v2(&[[0xa0, 0].as_slice(), &implicit].concat()),
            openssh_file(|_, _| ()),
        ] {
            assert_eq!(KeyPair::decode(&bytes).unwrap().public_key(), stored, "{bytes:02x?}");
        }
        let ring = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        assert!(KeyPair::decode(ring.as_ref()).is_ok());
    }

    #[test]
    fn a_foreign_public_key_beside_the_secret_is_refused() {
        let other = public([2; 32]);
        let mismatch = |error| matches!(error, PrivateKeyError::Mismatch { .. });
        let der = v2(&[[0x81, 33, 0].as_slice(), other.as_bytes()].concat());
        assert!(KeyPair::decode(&der).is_err_and(mismatch));
        let swap = |bytes: &mut Vec<u8>| {
            let at = bytes.windows(32).position(|window| window == public([1; 32]).as_bytes()).unwrap();
            bytes[at..at + 32].copy_from_slice(public([2; 32]).as_bytes());
        };
        assert!(KeyPair::decode(&openssh_file(|front, _| swap(front))).is_err_and(mismatch));
        let everywhere = |front: &mut Vec<u8>, secret: &mut Vec<u8>| {
            swap(front);
            swap(secret);
            swap(secret);
        };
        assert!(KeyPair::decode(&openssh_file(everywhere)).is_err_and(mismatch));
    }

    #[test]
    fn other_and_encrypted_keys_are_named() {
        let label = |label, body: &[u8]| KeyPair::decode(pem::encode(label, body, 64).as_bytes()).unwrap_err();
        let other = |found: &str| PrivateKeyError::OtherType { found: found.to_owned() };
        assert_eq!(label("RSA PRIVATE KEY", b"x"), other("RSA"));
        assert_eq!(label("EC PRIVATE KEY", b"x"), other("EC"));
        let encrypted = PrivateKeyError::Encrypted { found: "PKCS#8 private key" };
        assert_eq!(label("ENCRYPTED PRIVATE KEY", b"x"), encrypted);
        assert_eq!(label("PRIVATE KEY", &[0x30, 2, 0x30, 0]), encrypted);
        let mut ed448 = v1([1; 32]);
        ed448[11] = 0x71;
        assert_eq!(KeyPair::decode(&ed448).unwrap_err(), other("Ed448"));
        let cipher = openssh_file(|front, _| {
            front.splice(19..23, *b"aes0");
        });
        assert_eq!(KeyPair::decode(&cipher).unwrap_err(), PrivateKeyError::Encrypted { found: "OpenSSH private key" });
    }

    #[test]
    fn no_truncation_is_read_as_a_key_and_none_panics() {
        for whole in [v1([1; 32]), v2(&[[0x81, 33, 0].as_slice(), public([1; 32]).as_bytes()].concat())] {
            for end in 0..whole.len() {
                assert!(KeyPair::decode(&whole[..end]).is_err());
            }
        }
        let whole = openssh_file(|_, _| ());
        let body = pem::decode(std::str::from_utf8(&whole).unwrap()).unwrap().body.0.clone();
        for end in 0..body.len() {
            assert!(openssh(&body[..end]).is_err());
        }
    }

    #[test]
    fn a_key_pair_prints_its_fingerprint_only() {
        let pair = KeyPair::from_seed(&[1; 32]).unwrap();
        assert_eq!(format!("{pair:?}"), format!("KeyPair({})", public([1; 32]).fingerprint()));
    }
}
