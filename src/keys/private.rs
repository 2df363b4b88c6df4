//! Private keys.
use super::public::PublicKey;
/// An Ed25519 key pair in memory.
pub struct KeyPair {
    public: PublicKey,
}
/// Why bytes are not a private key that can be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PrivateKeyError {
    /// Not of the form.
    #[error("the {form} is malformed")]
    Malformed {
        /// The container.
        form: &'static str,
    },
}
impl KeyPair {
    /// Its public half.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }
}
