//! Whatever signs.
use super::{agent::AgentError, certificate::Certificate, file::KeyFileError, private::KeyPair, public::PublicKey};
use std::{path::Path, time::Duration};
/// A key that signs: held in memory, or by an ssh-agent.
pub struct Signer {}
/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The key file.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The agent.
    #[error(transparent)]
    Agent(#[from] AgentError),
}
impl Signer {
    /// Opens `path`: a private key file signs itself; a public key or certificate asks the agent at `agent_socket`
    /// (the value of `SSH_AUTH_SOCK`). `PATH-cert.pub` beside it is picked up. `timeout` bounds each read and write.
    pub fn open(_path: &Path, _agent_socket: Option<&Path>, _timeout: Duration) -> Result<Self, SignerError> {
        todo!()
    }
    /// A signer over a key in memory.
    pub fn from_key(_key: KeyPair) -> Self {
        todo!()
    }
    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }
    /// The certificate that its SSH signatures carry.
    pub fn certificate(&self) -> Option<&Certificate> {
        todo!()
    }
    /// Signs `message` for `namespace`: the armored text that `ssh-keygen -Y sign` writes.
    pub fn sign_ssh(&self, _message: &[u8], _namespace: &str) -> Result<String, SignerError> {
        todo!()
    }
    /// Signs `text` as a note with one line for each of `names`: the whole note.
    pub fn sign_note(&self, _text: &str, _names: &[&str]) -> Result<String, SignerError> {
        todo!()
    }
}
