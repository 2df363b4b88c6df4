//! Making keys.
use super::public::PublicKey;
use ring::rand::SecureRandom;
use std::path::{Path, PathBuf};
/// A key that was just made, and where it lies.
#[derive(Debug)]
pub struct GeneratedKey {
    /// Its public half.
    pub public_key: PublicKey,
    /// The three files: private key, OpenSSH public line, public PEM.
    pub files: [PathBuf; 3],
}
/// Why no key was made; then none of the three files is left behind.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The generator of random numbers failed.
    #[error("the system gave no random numbers")]
    Random,
}
/// Makes a key and writes `PATH` (PKCS#8 v1 PEM, mode 0600), `PATH.pub` and `PATH.pub.pem`; never overwrites.
pub fn generate(_rng: &dyn SecureRandom, _path: &Path, _comment: &str) -> Result<GeneratedKey, GenerateError> {
    todo!()
}
