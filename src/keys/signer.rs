//! Whatever signs: a key in memory, or an ssh-agent that holds it.
//!
//! Every signature is verified before it is handed out: a faulty agent, token or memory must not put a bad signature
//! under an archive whose source may be gone by the time that somebody checks.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    agent::{Agent, AgentError},
    certificate::Certificate,
    file::{KeyFile, KeyFileError},
    generate::with_suffix,
    note::{Note, NoteError, check_text},
    private::KeyPair,
    public::PublicKey,
    sshsig::{SshSignature, signed_data},
};

/// A key that signs: held in memory, or by an ssh-agent.
#[derive(Debug)]
pub struct Signer {
    public_key: PublicKey,
    certificate: Option<Certificate>,
    holder: Holder,
}

#[derive(Debug)]
enum Holder {
    Memory(KeyPair),
    Agent(Agent),
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The key file, or the certificate beside it, cannot be used.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// A public key was named, and no agent that could hold its secret.
    #[error("`{}` is a public key, so an ssh-agent has to sign; none is running here", .path.display())]
    NoAgent {
        /// The file.
        path: PathBuf,
    },
    /// The agent did not sign.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The certificate beside the key is for another key.
    #[error("the certificate `{}` is for {found}, but the key is {expected}", .path.display())]
    OtherCertificate {
        /// The certificate.
        path: PathBuf,
        /// The fingerprint of the key.
        expected: String,
        /// The fingerprint of the key in the certificate.
        found: String,
    },
    /// What was to be signed cannot be a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The signature that was made does not verify; it was thrown away.
    #[error("the signature just made with {key} does not verify")]
    BadSignature {
        /// The fingerprint of the key.
        key: String,
    },
}

impl Signer {
    /// Opens `path`: a private key file signs itself; a public key or certificate asks the agent at `agent_socket`
    /// (the value of `SSH_AUTH_SOCK`), which must hold the key. A public line (`ssh-ed25519 AAAA…`) may stand in place
    /// of a path.
    ///
    /// A certificate beside it (`FILE-cert.pub` for `FILE` or `FILE.pub`) is picked up, and must be for the same key;
    /// whether it is valid now is for the caller to ask ([`Certificate::check`]). `timeout` bounds each wait for the
    /// agent.
    pub fn open(path: &Path, agent_socket: Option<&Path>, timeout: Duration) -> Result<Self, SignerError> {
        let in_place = path.to_str().filter(|text| text.starts_with("ssh-ed25519 "));
        let file = match in_place.map(PublicKey::parse_openssh) {
            Some(Ok(key)) => KeyFile::Public(key),
            Some(Err(source)) => return Err(KeyFileError::Public { path: path.to_owned(), source }.into()),
            None => KeyFile::read(path)?,
        };
        let public_key = file.public_key();
        let (holder, beside) = match file {
            KeyFile::Private(pair) => (Holder::Memory(pair), certificate_beside(path)?),
            KeyFile::Public(_) if in_place.is_some() => (Holder::Agent(agent(path, agent_socket, timeout)?), None),
            KeyFile::Public(_) => (Holder::Agent(agent(path, agent_socket, timeout)?), certificate_beside(path)?),
            KeyFile::Certificate(certificate) => {
                (Holder::Agent(agent(path, agent_socket, timeout)?), Some((path.to_owned(), *certificate)))
            }
        };
        if let Some((path, certificate)) = beside.as_ref().filter(|(_, found)| found.public_key() != public_key) {
            let (expected, found) = (public_key.fingerprint(), certificate.public_key().fingerprint());
            return Err(SignerError::OtherCertificate { path: path.clone(), expected, found });
        }
        if let Holder::Agent(agent) = &holder {
            agent.find(&public_key)?;
        }
        Ok(Self { public_key, certificate: beside.map(|(_, certificate)| certificate), holder })
    }

    /// A signer over a key in memory, without certificate.
    pub fn from_key(key: KeyPair) -> Self {
        Self { public_key: key.public_key(), certificate: None, holder: Holder::Memory(key) }
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The certificate that its SSH signatures carry.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Whether the secret stays with an ssh-agent.
    pub fn is_agent(&self) -> bool {
        matches!(self.holder, Holder::Agent(_))
    }

    /// Signs `message` for `namespace`: the armored text that `ssh-keygen -Y sign` writes.
    pub fn sign_ssh(&self, message: &[u8], namespace: &str) -> Result<String, SignerError> {
        let signature = self.sign(&signed_data(message, namespace))?;
        Ok(SshSignature::assemble(self.public_key, self.certificate.clone(), namespace, signature).armored())
    }

    /// Signs `text` as a note with one line for each of `names`: the whole note.
    pub fn sign_note(&self, text: &str, names: &[&str]) -> Result<String, SignerError> {
        // Before the signing: a key must never sign bytes that could be read as anything but a note.
        check_text(text)?;
        let signature = self.sign(text.as_bytes())?;
        Ok(Note::assemble(text, &self.public_key, names, &signature)?.encode())
    }

    /// Signs two fixed texts, as SSH signature and as note, so that an agent that refuses either is known before work
    /// starts. On a token that wants to be touched, this asks for two touches.
    pub fn probe(&self) -> Result<(), SignerError> {
        self.sign_ssh(b"", "probe@chatseal.v1")?;
        self.sign_note("chatseal/probe\n", &["chatseal.invalid/probe"]).map(drop)
    }

    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature = match &self.holder {
            Holder::Memory(pair) => pair.sign(bytes),
            Holder::Agent(agent) => Some(agent.sign(&self.public_key, bytes)?),
        };
        signature
            .filter(|signature| self.public_key.verify(bytes, signature))
            .ok_or_else(|| SignerError::BadSignature { key: self.public_key.fingerprint() })
    }
}

fn agent(path: &Path, socket: Option<&Path>, timeout: Duration) -> Result<Agent, SignerError> {
    let socket = socket.ok_or_else(|| SignerError::NoAgent { path: path.to_owned() })?;
    Ok(Agent::new(socket, timeout))
}

/// The certificate beside a key, where OpenSSH looks for it.
fn certificate_beside(path: &Path) -> Result<Option<(PathBuf, Certificate)>, KeyFileError> {
    let plain = if path.extension().is_some_and(|extension| extension == "pub") {
        path.with_extension("")
    } else {
        path.to_owned()
    };
    let path = with_suffix(&plain, "-cert.pub");
    match KeyFile::read(&path) {
        Ok(KeyFile::Certificate(certificate)) => Ok(Some((path, *certificate))),
        Ok(_) => Err(KeyFileError::Unknown { path }),
        Err(KeyFileError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
