//! Key files of any kind.
use super::{certificate::Certificate, private::KeyPair, public::PublicKey};
use std::path::Path;
/// What a key file holds.
pub enum KeyFile {
    /// A private key.
    Private(KeyPair),
    /// A public key.
    Public(PublicKey),
    /// A certificate.
    Certificate(Certificate),
}
/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Not readable.
    #[error("cannot read")]
    Read(#[source] std::io::Error),
}
impl KeyFile {
    /// Reads `path`, following symbolic links.
    pub fn read(_path: &Path) -> Result<Self, KeyFileError> {
        todo!()
    }
    /// The public key in it.
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }
}
