//! OpenSSH key revocation lists.
/// Why bytes are not a KRL that can be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KrlError {
    /// Malformed.
    #[error("the revocation list is malformed at its {0}")]
    Malformed(&'static str),
    /// Well-formed, but holds what is not understood.
    #[error("the revocation list holds {0}, which is not supported; nothing can be accepted against it")]
    Unsupported(String),
}
