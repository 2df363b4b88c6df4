//! OpenSSH certificates over Ed25519 keys (`ssh-ed25519-cert-v01@openssh.com`).
//!
//! An organisation pins one offline authority and changes signing keys without touching any verifier. A certificate is
//! kept byte for byte as it was issued. Reading it proves nothing; [`Certificate::check`] decides.
//!
//! **Refuses** every critical option: all that OpenSSH defines restrict a login, and none can be honoured by a
//! signature over a file. (`ssh-keygen -Y verify` ignores them; this is stricter on purpose.)

use super::public::PublicKey;

/// The certificate type that is read.
pub(super) const CERTIFICATE_NAME: &str = "ssh-ed25519-cert-v01@openssh.com";

/// The most principals that OpenSSH puts into, and accepts in, one certificate.
const MAX_PRINCIPALS: usize = 256;

/// The key that issued a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// An Ed25519 key, which can be checked.
    Ed25519(PublicKey),
    /// A key of another type, by the name it gives itself; a certificate of it is never accepted.
    Other(String),
}

/// An OpenSSH certificate over an Ed25519 key, as issued. Nothing in it is proven before [`Certificate::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    wire: Vec<u8>,
}

/// Why bytes are not such a certificate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CertificateError {
    /// Cut short, too long, or not of the form.
    #[error("the certificate is malformed at its {field}")]
    Malformed {
        /// The field that could not be read.
        field: &'static str,
    },
    /// A certificate over a key of another type.
    #[error("found a certificate of type `{found}`; only `{CERTIFICATE_NAME}` is read")]
    OtherType {
        /// The type as it calls itself.
        found: String,
    },
}

/// Why a certificate does not stand for its key at a given time.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CertificateProblem {
    /// The authority's key type cannot be checked.
    #[error("its authority is a key of type `{0}`; only Ed25519 authorities are checked")]
    UnsupportedAuthority(String),
    /// The authority's signature does not verify.
    #[error("its authority's signature does not verify")]
    BadSignature,
    /// A host certificate, or a type unknown to OpenSSH too.
    #[error("it is not a user certificate (type {0})")]
    NotUser(u32),
    /// A critical option, which must be honoured or refused.
    #[error("it carries the critical option `{0}`, which a signature over a file cannot honour")]
    CriticalOption(String),
    /// It names no principal; OpenSSH refuses that for signatures.
    #[error("it names no principal")]
    NoPrincipals,
    /// Before its validity.
    #[error("it is not valid before the {0}th second since 1970 (UTC)")]
    NotYetValid(u64),
    /// After its validity.
    #[error("it expired at the {0}th second since 1970 (UTC)")]
    Expired(u64),
}
impl Certificate {
    /// Parses the SSH encoding.
    pub fn from_wire(_wire: &[u8]) -> Result<Self, CertificateError> {
        todo!()
    }
    /// Parses the line of a `-cert.pub` file; its comment is dropped.
    pub fn parse_openssh(_line: &str) -> Result<Self, CertificateError> {
        todo!()
    }
    /// The SSH encoding, as issued.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }
    /// The certified key.
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }
    /// The key that issued it.
    pub fn authority(&self) -> &Authority {
        todo!()
    }
    /// The serial number that its authority gave it; 0 when none.
    pub fn serial(&self) -> u64 {
        todo!()
    }
    /// The name that its authority gave it.
    pub fn key_id(&self) -> &str {
        todo!()
    }
    /// The names that it certifies.
    pub fn principals(&self) -> &[String] {
        todo!()
    }
    /// Validity in seconds since 1970: first inside, first outside (`u64::MAX` is for ever).
    pub fn validity(&self) -> (u64, u64) {
        todo!()
    }
    /// Checks all but who the authority is, at `at` (epoch milliseconds).
    pub fn check(&self, _at: i64) -> Result<(), CertificateProblem> {
        todo!()
    }
}
