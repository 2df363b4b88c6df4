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
            Some(Ok(key)) => KeyFile::Public { key, comment: String::new() },
            Some(Err(source)) => return Err(KeyFileError::Public { path: path.to_owned(), source }.into()),
            None => KeyFile::read(path)?,
        };
        let public_key = file.public_key();
        let (holder, beside) = match file {
            KeyFile::Private(pair) => (Holder::Memory(pair), certificate_beside(path)?),
            KeyFile::Public { .. } if in_place.is_some() => (Holder::Agent(agent(path, agent_socket, timeout)?), None),
            KeyFile::Public { .. } => (Holder::Agent(agent(path, agent_socket, timeout)?), certificate_beside(path)?),
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

    /// When its certificate ceases to be valid, in epoch milliseconds; `None` without one, or if it does not.
    pub fn expires(&self) -> Option<i64> {
        let (_, before) = self.certificate.as_ref()?.validity();
        i64::try_from(before).ok()?.checked_mul(1000)
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

    pub(super) fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], SignerError> {
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

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{Read, Write},
        os::unix::net::UnixListener,
        thread,
    };

    use base64::Engine;

    use super::*;
    use crate::keys::{
        NoteCheck, SEAL_NAMESPACE,
        certificate::tests::{Issue, public},
        private::pkcs8_pem,
        public::ED25519_NAME,
        wire::{Reader, put_string},
    };

    fn string(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_string(&mut out, bytes);
        out
    }

    /// An agent that answers each request as `answer` says; `None` closes the connection.
    struct FakeAgent {
        folder: tempfile::TempDir,
    }

    impl FakeAgent {
        fn start(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let listener = UnixListener::bind(folder.path().join("agent")).unwrap();
            thread::spawn(move || {
                let mut kept = Vec::new();
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    let mut length = [0; 4];
                    stream.read_exact(&mut length).unwrap();
                    let mut request = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
                    stream.read_exact(&mut request).unwrap();
                    match answer(&request) {
                        Some(reply) if reply.is_empty() => kept.push(stream),
                        Some(reply) => stream.write_all(&reply).unwrap(),
                        None => drop(stream),
                    }
                }
            });
            fs::write(folder.path().join("seal.pub"), public([1; 32]).openssh_line("")).unwrap();
            Self { folder }
        }

        fn open(&self) -> Result<Signer, SignerError> {
            let (key, socket) = (self.folder.path().join("seal.pub"), self.folder.path().join("agent"));
            Signer::open(&key, Some(&socket), Duration::from_millis(200))
        }
    }

    fn identities(blobs: &[Vec<u8>]) -> Vec<u8> {
        let mut body = vec![12];
        body.extend_from_slice(&u32::try_from(blobs.len()).unwrap().to_be_bytes());
        body.extend(blobs.iter().flat_map(|blob| [string(blob), string(b"comment")].concat()));
        string(&body)
    }

    /// Signs as an agent does, with the key of `seed`.
    fn signed(seed: u8, request: &[u8]) -> Vec<u8> {
        let mut reader = Reader::new(&request[1..]);
        let (_blob, message, flags) = (reader.string().unwrap(), reader.string().unwrap(), reader.u32().unwrap());
        assert!(flags == 0 && reader.is_empty());
        let signature = KeyPair::from_seed(&[seed; 32]).unwrap().sign(message).unwrap();
        let blob = [string(ED25519_NAME.as_bytes()), string(&signature)].concat();
        string(&[&[14], string(&blob).as_slice()].concat())
    }

    fn agent_error(result: Result<impl std::fmt::Debug, SignerError>) -> AgentError {
        match result.unwrap_err() {
            SignerError::Agent(error) => error,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn a_key_in_memory_signs_both_ways() {
        let signer = Signer::from_key(KeyPair::from_seed(&[1; 32]).unwrap());
        let armored = signer.sign_ssh(b"seal\n", SEAL_NAMESPACE).unwrap();
        assert!(SshSignature::parse(armored.as_bytes()).unwrap().verify(b"seal\n"));
        let note = signer.sign_note("seal\n", &["a.example/1", "a.example"]).unwrap();
        assert_eq!(Note::parse(note.as_bytes()).unwrap().check("a.example", &signer.public_key()), NoteCheck::Verified);
        assert!(matches!(signer.sign_note("SSHSIG\0\0\0\x01\n", &["a"]), Err(SignerError::Note(_))));
        assert!(matches!(signer.sign_note("seal\n", &["a b"]), Err(SignerError::Note(_))));
        signer.probe().unwrap();
    }

    #[test]
    fn an_agent_signs_the_same_bytes() {
        let agent = FakeAgent::start(|request| match request[0] {
            11 => Some(identities(&[public([2; 32]).blob(), public([1; 32]).blob()])),
            _ => Some(signed(1, request)),
        });
        let (signer, memory) = (agent.open().unwrap(), Signer::from_key(KeyPair::from_seed(&[1; 32]).unwrap()));
        assert!(signer.is_agent() && !memory.is_agent());
        let sign = |signer: &Signer| signer.sign_ssh(b"seal\n", SEAL_NAMESPACE).unwrap();
        assert_eq!(sign(&signer), sign(&memory));
        assert_eq!(signer.sign_note("seal\n", &["a"]).unwrap(), memory.sign_note("seal\n", &["a"]).unwrap());
        let line = public([1; 32]).openssh_line("");
        let socket = agent.folder.path().join("agent");
        assert!(Signer::open(Path::new(&line), Some(&socket), Duration::from_secs(1)).is_ok());
    }

    #[test]
    fn an_agent_that_holds_only_the_certificate_signs_too() {
        let wire = Issue::user().certify(&public([1; 32]), [2; 32]);
        let held = wire.clone();
        let agent = FakeAgent::start(move |request| match request[0] {
            11 => Some(identities(std::slice::from_ref(&held))),
            _ => Reader::new(&request[1..]).string().filter(|blob| *blob == held).map(|_| signed(1, request)),
        });
        let line =
            format!("ssh-ed25519-cert-v01@openssh.com {}", base64::engine::general_purpose::STANDARD.encode(&wire));
        fs::write(agent.folder.path().join("seal-cert.pub"), line).unwrap();
        let signer = agent.open().unwrap();
        let signature = SshSignature::parse(signer.sign_ssh(b"x", SEAL_NAMESPACE).unwrap().as_bytes()).unwrap();
        assert!(signature.verify(b"x"));
        assert_eq!(signature.certificate().map(Certificate::wire), Some(wire.as_slice()));
    }

    #[test]
    fn an_agent_that_does_not_sign_is_told_apart() {
        let key = || identities(&[public([1; 32]).blob()]);
        let refusing = FakeAgent::start(move |request| Some(if request[0] == 11 { key() } else { string(&[5]) }));
        let signer = refusing.open().unwrap();
        assert!(matches!(agent_error(signer.probe()), AgentError::Refused { .. }));
        let other = FakeAgent::start(|_| Some(identities(&[public([2; 32]).blob()])));
        assert!(matches!(agent_error(other.open()), AgentError::KeyNotHeld { held: 1, .. }));
        let silent = FakeAgent::start(|_| Some(Vec::new()));
        assert!(matches!(agent_error(silent.open()), AgentError::Silent { .. }));
        let closing = FakeAgent::start(|_| None);
        assert!(matches!(agent_error(closing.open()), AgentError::BrokeOff { .. }));
        let boasting = FakeAgent::start(|_| Some(vec![0xff; 4]));
        assert!(matches!(agent_error(boasting.open()), AgentError::TooLong { .. }));
        for reply in [vec![], vec![12], vec![12, 0xff, 0xff, 0xff, 0xff], vec![5]] {
            let babbling = FakeAgent::start(move |_| Some(string(&reply)));
            assert!(matches!(agent_error(babbling.open()), AgentError::Malformed { .. }));
        }
        let folder = refusing.folder.path();
        let nobody = Signer::open(&folder.join("seal.pub"), Some(&folder.join("none")), Duration::from_secs(1));
        assert!(matches!(agent_error(nobody), AgentError::Connect { .. }));
        let none = Signer::open(&folder.join("seal.pub"), None, Duration::from_secs(1));
        assert!(matches!(none, Err(SignerError::NoAgent { .. })));
    }

    #[test]
    fn a_bad_signature_is_never_handed_out() {
        let key = || identities(&[public([1; 32]).blob()]);
        let lying = FakeAgent::start(move |request| Some(if request[0] == 11 { key() } else { signed(2, request) }));
        let error = lying.open().unwrap().sign_ssh(b"seal\n", SEAL_NAMESPACE).unwrap_err();
        assert!(matches!(error, SignerError::BadSignature { .. }));
        let large = lying.open().unwrap().sign_note(&format!("{}\n", "a".repeat(300_000)), &["a"]);
        assert!(matches!(agent_error(large), AgentError::TooLong { .. }));
    }

    #[test]
    fn a_certificate_beside_the_key_must_be_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, beside) = (folder.path().join("seal"), folder.path().join("seal-cert.pub"));
        fs::write(&path, &pkcs8_pem(&[1; 32]).0).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let open = || Signer::open(&path, None, Duration::from_secs(1));
        let certify = |seed: u8| {
            let wire = Issue::user().certify(&public([seed; 32]), [9; 32]);
            let base64 = base64::engine::general_purpose::STANDARD.encode(wire);
            fs::write(&beside, format!("ssh-ed25519-cert-v01@openssh.com {base64} quay\n")).unwrap();
        };
        assert!(open().unwrap().certificate().is_none());
        certify(1);
        assert_eq!(open().unwrap().certificate().unwrap().key_id(), "quay");
        certify(2);
        assert!(matches!(open(), Err(SignerError::OtherCertificate { .. })));
        fs::write(&beside, public([1; 32]).openssh_line("")).unwrap();
        assert!(matches!(open(), Err(SignerError::File(KeyFileError::Unknown { .. }))));
    }
}
