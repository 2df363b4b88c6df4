//! SSH signatures (OpenSSH `PROTOCOL.sshsig`), as `ssh-keygen -Y sign` writes them.
//!
//! What is signed: `SSHSIG`, then as `string`s the namespace, nothing, `sha512`, and the SHA-512 of the message. The
//! namespace says what the signature is for, so that one made for a login or for Git can never stand under a seal.
//!
//! **Invariant.** One signature has one spelling: what was parsed is encoded again and must give the same bytes, so
//! that no byte of a signature file is free.
//!
//! **Refuses** what OpenSSH would also accept but never writes for such keys: SHA-256, loose armour, other key types.

use ring::digest::{SHA512, digest};

use super::{
    certificate::{CERTIFICATE_NAME, Certificate, CertificateError},
    pem,
    public::{ED25519_NAME, PublicKey, PublicKeyError, signature_from_blob},
    wire::{Reader, printable, put_string},
};

/// The purpose of a signature over a seal.
pub const SEAL_NAMESPACE: &str = "seal@chatseal.v1";
/// The purpose of a signature over a statement of the ledger.
pub const STATEMENT_NAMESPACE: &str = "statement@chatseal.v1";
/// The purpose of a signature by which a person approves.
pub const APPROVAL_NAMESPACE: &str = "approval@chatseal.v1";

const MAGIC: &[u8; 6] = b"SSHSIG";
const VERSION: u32 = 1;
const HASH: &str = "sha512";
const LABEL: &str = "SSH SIGNATURE";
/// The length of a base64 line that `ssh-keygen` writes.
const WIDTH: usize = 70;
/// The most that is read, in bytes of armour: a certificate with 256 long principals fits many times.
const MAX_ARMORED: usize = 1 << 20;

/// One armored SSH signature by an Ed25519 key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshSignature {
    public_key: PublicKey,
    certificate: Option<Certificate>,
    namespace: String,
    signature: [u8; 64],
}

/// Why bytes are not an SSH signature that is read here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SshsigError {
    /// Not the armored text, or not byte for byte the one that `ssh-keygen` writes.
    #[error("the SSH signature is malformed at its {field}")]
    Malformed {
        /// The part that is wrong.
        field: &'static str,
    },
    /// Well-formed, but by a key, certificate, hash or version that is not read here.
    #[error("the {what} `{found}` is not supported; expected `{expected}`")]
    Unsupported {
        /// Key type, hash or version.
        what: &'static str,
        /// As it stands there.
        found: String,
        /// The only one that is read.
        expected: &'static str,
    },
}

impl SshSignature {
    /// Parses exactly what `ssh-keygen -Y sign` writes (base64 in lines of 70, one final line feed), up to 1 MiB.
    pub fn parse(armored: &[u8]) -> Result<Self, SshsigError> {
        let malformed = |field| SshsigError::Malformed { field };
        let text = std::str::from_utf8(armored).ok().filter(|text| text.len() <= MAX_ARMORED);
        let pem = text.and_then(pem::decode).filter(|pem| pem.label == LABEL).ok_or(malformed("armour"))?;
        let parsed = Self::from_wire(&pem.body.0)?;
        if parsed.armored().as_bytes() != armored {
            return Err(malformed("armour"));
        }
        Ok(parsed)
    }

    fn from_wire(wire: &[u8]) -> Result<Self, SshsigError> {
        let malformed = |field| SshsigError::Malformed { field };
        let unsupported = |what, found, expected| Err(SshsigError::Unsupported { what, found, expected });
        let mut reader = Reader::new(wire);
        reader.take(MAGIC.len()).filter(|magic| magic == MAGIC).ok_or(malformed("preamble"))?;
        let version = reader.u32().ok_or(malformed("version"))?;
        if version != VERSION {
            return unsupported("signature version", version.to_string(), "1");
        }
        let (public_key, certificate) = signer(reader.string().ok_or(malformed("public key"))?)?;
        let namespace = reader.text().filter(|name| !name.is_empty()).ok_or(malformed("namespace"))?.to_owned();
        reader.string().filter(|reserved| reserved.is_empty()).ok_or(malformed("reserved field"))?;
        let hash = reader.text().ok_or(malformed("hash"))?;
        if hash != HASH {
            return unsupported("hash", printable(hash), HASH);
        }
        let signature = reader.string().and_then(signature_from_blob).ok_or(malformed("signature"))?;
        if !reader.is_empty() {
            return Err(malformed("end"));
        }
        Ok(Self { public_key, certificate, namespace, signature })
    }

    /// Puts together a signature that was made over [`signed_data`].
    pub(super) fn assemble(
        public_key: PublicKey,
        certificate: Option<Certificate>,
        namespace: &str,
        signature: [u8; 64],
    ) -> Self {
        Self { public_key, certificate, namespace: namespace.to_owned(), signature }
    }

    /// The armored text; the bytes that [`Self::parse`] took.
    pub fn armored(&self) -> String {
        let mut signature = Vec::with_capacity(83);
        put_string(&mut signature, ED25519_NAME.as_bytes());
        put_string(&mut signature, &self.signature);

        let mut wire = MAGIC.to_vec();
        wire.extend_from_slice(&VERSION.to_be_bytes());
        match &self.certificate {
            Some(certificate) => put_string(&mut wire, certificate.wire()),
            None => put_string(&mut wire, &self.public_key.blob()),
        }
        put_string(&mut wire, self.namespace.as_bytes());
        put_string(&mut wire, b"");
        put_string(&mut wire, HASH.as_bytes());
        put_string(&mut wire, &signature);
        pem::encode(LABEL, &wire, WIDTH)
    }

    /// The key that signed; of a certificate, the certified one.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The certificate, when the signature carries one.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The purpose that was signed.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether the signature is one of `message` for its own namespace. Says nothing about trust.
    pub fn verify(&self, message: &[u8]) -> bool {
        self.public_key.verify(&signed_data(message, &self.namespace), &self.signature)
    }
}

/// The bytes that the key signs for `message` and `namespace`.
pub(super) fn signed_data(message: &[u8], namespace: &str) -> Vec<u8> {
    let mut data = MAGIC.to_vec();
    put_string(&mut data, namespace.as_bytes());
    put_string(&mut data, b"");
    put_string(&mut data, HASH.as_bytes());
    put_string(&mut data, digest(&SHA512, message).as_ref());
    data
}

fn signer(blob: &[u8]) -> Result<(PublicKey, Option<Certificate>), SshsigError> {
    let unsupported = |found| SshsigError::Unsupported { what: "key type", found, expected: ED25519_NAME };
    match PublicKey::from_blob(blob) {
        Ok(key) => Ok((key, None)),
        Err(PublicKeyError::IsCertificate { found }) if found == CERTIFICATE_NAME => Certificate::from_wire(blob)
            .map(|certificate| (certificate.public_key(), Some(certificate)))
            .map_err(|error| match error {
                CertificateError::Malformed { field } => SshsigError::Malformed { field },
                CertificateError::OtherType { found } => unsupported(found),
            }),
        Err(PublicKeyError::IsCertificate { found } | PublicKeyError::OtherType { found }) => Err(unsupported(found)),
        Err(_) => Err(SshsigError::Malformed { field: "public key" }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::certificate::tests::{Issue, public};

    fn sample(certificate: Option<Certificate>) -> SshSignature {
        let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
        let signature = pair.sign(&signed_data(b"seal\n", SEAL_NAMESPACE)).as_ref().try_into().unwrap();
        SshSignature::assemble(public([1; 32]), certificate, SEAL_NAMESPACE, signature)
    }

    /// The armour of a signature whose wire form was changed.
    fn rewritten(change: impl FnOnce(&mut Vec<u8>)) -> Result<SshSignature, SshsigError> {
        let mut wire = pem::decode(&sample(None).armored()).unwrap().body.0.clone();
        change(&mut wire);
        SshSignature::parse(pem::encode(LABEL, &wire, WIDTH).as_bytes())
    }

    #[test]
    fn a_signature_reads_back_and_verifies_its_own_message() {
        let certificate = Certificate::from_wire(&Issue::user().certify(&public([1; 32]), [2; 32])).unwrap();
        for signature in [sample(None), sample(Some(certificate))] {
            let parsed = SshSignature::parse(signature.armored().as_bytes()).unwrap();
            assert_eq!(parsed, signature);
            assert!(parsed.verify(b"seal\n") && !parsed.verify(b"seal"));
            assert_eq!((parsed.public_key(), parsed.namespace()), (public([1; 32]), SEAL_NAMESPACE));
        }
        let mut other = sample(None);
        other.namespace = STATEMENT_NAMESPACE.to_owned();
        assert!(!other.verify(b"seal\n"));
    }

    #[test]
    fn only_one_spelling_is_read() {
        let text = sample(None).armored();
        let malformed = Err(SshsigError::Malformed { field: "armour" });
        for loose in [
            text.replace('\n', "\r\n"),
            format!("{text}\n"),
            format!("\n{text}"),
            format!("{text}{text}"),
            text.trim_end().to_owned(),
            text.replacen('\n', "\n\n", 1),
            text.replace("SSH SIGNATURE", "SSH SIG"),
            pem::encode(LABEL, &pem::decode(&text).unwrap().body.0, 76),
            " ".repeat(MAX_ARMORED) + &text,
        ] {
            assert_eq!(SshSignature::parse(loose.as_bytes()), malformed, "{}", loose.len());
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        let unsupported =
            |what, found: &str, expected| Err(SshsigError::Unsupported { what, found: found.to_owned(), expected });
        let malformed = |field| Err(SshsigError::Malformed { field });
        assert_eq!(rewritten(|wire| wire[9] = 2), unsupported("signature version", "2", "1"));
        assert_eq!(rewritten(|wire| wire[28] = b'8'), unsupported("key type", "ssh-ed25518", "ssh-ed25519"));
        let hash = |wire: &mut Vec<u8>| {
            let at = wire.windows(6).position(|window| window == b"sha512").unwrap();
            wire[at..at + 6].copy_from_slice(b"sha256");
        };
        assert_eq!(rewritten(hash), unsupported("hash", "sha256", "sha512"));
        assert_eq!(rewritten(|wire| wire.push(0)), malformed("end"));
        assert_eq!(rewritten(|wire| wire[0] = b's'), malformed("preamble"));
        let reserved = |wire: &mut Vec<u8>| {
            let at = wire.windows(6).position(|window| window == b"sha512").unwrap() - 5;
            wire[at] = 1;
            wire.insert(at + 1, 0);
        };
        assert_eq!(rewritten(reserved), malformed("reserved field"));
    }

    proptest! {
        #[test]
        fn no_byte_is_free(at: prop::sample::Index, byte: u8) {
            let mut bytes = sample(None).armored().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert!(!SshSignature::parse(&bytes).is_ok_and(|parsed| parsed.verify(b"seal\n")
                && parsed.namespace() == SEAL_NAMESPACE && parsed.public_key() == public([1; 32])));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>, cut: prop::sample::Index) {
            let _ = SshSignature::from_wire(&bytes);
            let wire = pem::decode(&sample(None).armored()).unwrap().body.0.clone();
            prop_assert!(SshSignature::from_wire(&wire[..cut.index(wire.len())]).is_err());
        }
    }
}
