//! SSH signatures (OpenSSH `PROTOCOL.sshsig`), as `ssh-keygen -Y sign` writes them.

use super::{certificate::Certificate, public::PublicKey};

/// The purpose of a signature over a seal.
pub const SEAL_NAMESPACE: &str = "seal@chatseal.v1";
/// The purpose of a signature over a statement of the ledger.
pub const STATEMENT_NAMESPACE: &str = "statement@chatseal.v1";
/// The purpose of a signature by which a person approves.
pub const APPROVAL_NAMESPACE: &str = "approval@chatseal.v1";

/// One armored SSH signature by an Ed25519 key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshSignature {
    namespace: String,
    signature: [u8; 64],
}

/// Why bytes are not an SSH signature that is read here.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SshsigError {
    /// Not the armored text, or not byte for byte the one that `ssh-keygen` writes.
    #[error("malformed at its {field}")]
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
    /// Parses exactly what `ssh-keygen -Y sign` writes (base64 in lines of 70, one final line feed).
    pub fn parse(_armored: &[u8]) -> Result<Self, SshsigError> {
        todo!()
    }
    /// The armored text; the bytes that [`Self::parse`] took.
    pub fn armored(&self) -> String {
        todo!()
    }
    /// The key that signed; of a certificate, the certified one.
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }
    /// The certificate, when the signature carries one.
    pub fn certificate(&self) -> Option<&Certificate> {
        todo!()
    }
    /// The purpose that was signed.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }
    /// Whether the signature is one of `message` for its own namespace. Says nothing about trust.
    pub fn verify(&self, _message: &[u8]) -> bool {
        let _ = self.signature;
        todo!()
    }
}
