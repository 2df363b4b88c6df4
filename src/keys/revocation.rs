//! Revocation lists.
use super::{krl::KrlError, public::PublicKey, sshsig::SshSignature};
/// A parsed revocation list: plain lines or an OpenSSH KRL.
#[derive(Clone, Debug)]
pub struct Revocation {}
/// Why a list cannot be used; then nothing may be accepted, for a line that is not understood could be the one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RevocationError {
    /// A line of a plain list is not understood.
    #[error("line {line}: {reason}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The binary list is not understood.
    #[error(transparent)]
    Krl(#[from] KrlError),
}
/// Why a signature is refused at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The signing key itself.
    Key(PublicKey),
    /// The authority of its certificate.
    Authority(PublicKey),
    /// Its certificate, by serial number.
    Serial(u64),
    /// Its certificate, by key id.
    KeyId(String),
}
impl Revocation {
    /// Parses a plain list or a KRL, told apart by content.
    pub fn parse(_bytes: &[u8]) -> Result<Self, RevocationError> {
        todo!()
    }
    /// Whether the signer of `signature` is revoked, and by what.
    pub fn check(&self, _signature: &SshSignature) -> Option<Revoked> {
        todo!()
    }
}
