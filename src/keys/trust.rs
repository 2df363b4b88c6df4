//! The verdict on a signer.
use super::{certificate::CertificateProblem, public::PublicKey};
/// How a signer was matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// The line names the key itself.
    Key,
    /// The line names the authority that certified the key.
    Authority(PublicKey),
}
/// Whether an `allowed_signers` file admits a signer, and if not, how far it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Admitted.
    Accepted {
        /// Who it may be: the principals of the line, or those of the certificate that the line admits.
        principals: Vec<String>,
        /// The line of the file, counted from 1.
        line: usize,
        /// By key or by authority.
        via: Via,
    },
    /// No line names the key, or the authority of its certificate.
    UnknownSigner,
    /// A line names the key, but not for the principal that was asked for.
    WrongPrincipal {
        /// The line.
        line: usize,
        /// Whom it names.
        principals: Vec<String>,
    },
    /// The signature was made for another purpose than the one asked for.
    OtherPurpose {
        /// The namespace that was signed.
        found: String,
    },
    /// A line names the key, but for other namespaces.
    WrongNamespace {
        /// The line.
        line: usize,
        /// The namespaces that it admits.
        allowed: String,
    },
    /// A line names the key from a later time on.
    NotYetValid {
        /// The line.
        line: usize,
        /// Epoch milliseconds.
        from: i64,
    },
    /// A line names the key until an earlier time.
    Expired {
        /// The line.
        line: usize,
        /// Epoch milliseconds; the last valid second.
        until: i64,
    },
    /// A line names the authority, but the certificate does not stand.
    Certificate {
        /// The line.
        line: usize,
        /// Why not.
        problem: CertificateProblem,
    },
}
impl Trust {
    /// Whether the signer is admitted.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. })
    }
}
