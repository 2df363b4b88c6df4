//! A client of ssh-agent (`draft-ietf-sshm-ssh-agent`): so that a key can stay locked, on a token or on another host.
//!
//! Two requests are ever made: which keys are there, and sign these bytes with that one. An agent is not trusted to
//! answer well: replies are bounded in size and time, and whoever asks for a signature also checks it.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    certificate::Certificate,
    public::{PublicKey, signature_from_blob},
    wire::{Reader, put_string},
};

/// The longest message either way, as in OpenSSH.
const MAX_MESSAGE: usize = 256 * 1024;

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// Why an agent did not sign.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Nobody listens there.
    #[error("cannot reach an ssh-agent at `{}`", .socket.display())]
    Connect {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It stopped talking.
    #[error("the ssh-agent at `{}` broke off", .socket.display())]
    BrokeOff {
        /// The socket.
        socket: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It did not answer in time; it may wait for somebody to touch a token or to confirm.
    #[error("the ssh-agent at `{}` did not answer within {} seconds", .socket.display(), .timeout.as_secs())]
    Silent {
        /// The socket.
        socket: PathBuf,
        /// How long was waited.
        timeout: Duration,
    },
    /// It does not hold the key.
    #[error("the ssh-agent holds {held} keys, but not {wanted}")]
    KeyNotHeld {
        /// The fingerprint that was asked for.
        wanted: String,
        /// How many keys it holds.
        held: usize,
    },
    /// It holds the key but will not sign these bytes with it.
    #[error("the ssh-agent refused to sign with {key}")]
    Refused {
        /// The fingerprint of the key.
        key: String,
    },
    /// It answered with something else.
    #[error("the ssh-agent's answer is malformed; expected {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// The request or the answer is longer than the protocol's messages may be.
    #[error("a message of {found} bytes; the ssh-agent protocol allows {MAX_MESSAGE}")]
    TooLong {
        /// Its size.
        found: usize,
    },
}

/// Where an agent listens. Each request connects anew, so that the agent may be restarted during a long run.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    socket: PathBuf,
    timeout: Duration,
}

impl Agent {
    pub(super) fn new(socket: &Path, timeout: Duration) -> Self {
        Self { socket: socket.to_owned(), timeout }
    }

    /// The encoding under which the agent holds `key`: as a plain key, or only within a certificate.
    pub(super) fn find(&self, key: &PublicKey) -> Result<Vec<u8>, AgentError> {
        let malformed = || AgentError::Malformed { expected: "a list of keys" };
        let reply = self.exchange(&[REQUEST_IDENTITIES])?;
        let mut reader = Reader::new(&reply);
        reader.byte().filter(|kind| *kind == IDENTITIES_ANSWER).ok_or_else(malformed)?;
        let count = reader.u32().ok_or_else(malformed)?;
        let (plain, mut certified, mut held) = (key.blob(), None, 0);
        for _ in 0..count {
            let blob = reader.string().ok_or_else(malformed)?;
            reader.string().ok_or_else(malformed)?;
            if blob == plain {
                return Ok(plain);
            }
            if Certificate::from_wire(blob).is_ok_and(|certificate| certificate.public_key() == *key) {
                certified = Some(blob.to_vec());
            }
            held += 1;
        }
        certified.ok_or_else(|| AgentError::KeyNotHeld { wanted: key.fingerprint(), held })
    }

    /// Asks for a signature of `message` itself, without any prehash or flags.
    pub(super) fn sign(&self, key: &PublicKey, message: &[u8]) -> Result<[u8; 64], AgentError> {
        let malformed = || AgentError::Malformed { expected: "an Ed25519 signature" };
        let mut request = vec![SIGN_REQUEST];
        put_string(&mut request, &self.find(key)?);
        put_string(&mut request, message);
        request.extend_from_slice(&0_u32.to_be_bytes());
        let reply = self.exchange(&request)?;
        let mut reader = Reader::new(&reply);
        match reader.byte() {
            Some(FAILURE) => return Err(AgentError::Refused { key: key.fingerprint() }),
            Some(SIGN_RESPONSE) => {}
            _ => return Err(malformed()),
        }
        reader.string().filter(|_| reader.is_empty()).and_then(signature_from_blob).ok_or_else(malformed)
    }

    fn exchange(&self, request: &[u8]) -> Result<Vec<u8>, AgentError> {
        if request.len() > MAX_MESSAGE {
            return Err(AgentError::TooLong { found: request.len() });
        }
        let connect = |source| AgentError::Connect { socket: self.socket.clone(), source };
        let broke_off = |source: io::Error| match source.kind() {
            // Which of the two a socket's timeout is depends on the system.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                AgentError::Silent { socket: self.socket.clone(), timeout: self.timeout }
            }
            _ => AgentError::BrokeOff { socket: self.socket.clone(), source },
        };
        let mut stream = UnixStream::connect(&self.socket).map_err(connect)?;
        stream.set_read_timeout(Some(self.timeout)).map_err(connect)?;
        stream.set_write_timeout(Some(self.timeout)).map_err(connect)?;

        let mut message = Vec::with_capacity(4 + request.len());
        put_string(&mut message, request);
        stream.write_all(&message).map_err(broke_off)?;

        let mut length = [0; 4];
        stream.read_exact(&mut length).map_err(broke_off)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            return Err(AgentError::TooLong { found: length });
        }
        let mut reply = vec![0; length];
        stream.read_exact(&mut reply).map_err(broke_off)?;
        Ok(reply)
    }
}
