//! Key files as people have them: private or public keys and certificates, told apart by content, never by name.
//!
//! **Refuses** private keys that others may read, and files too large to be one key.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    certificate::{CERTIFICATE_NAME, Certificate, CertificateError},
    der,
    private::{KeyPair, PrivateKeyError},
    public::{PublicKey, PublicKeyError},
    secret::Secret,
};

/// The longest key file that is read, in bytes; a certificate for 256 long names fits.
const MAX_KEY_FILE: u64 = 64 * 1024;

/// What a key file holds.
#[derive(Debug)]
pub enum KeyFile {
    /// A private key.
    Private(KeyPair),
    /// A public key: an OpenSSH line, a PEM or DER `SubjectPublicKeyInfo`, or a C2SP verifier key.
    Public(PublicKey),
    /// An OpenSSH certificate.
    Certificate(Box<Certificate>),
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Not there, or not readable.
    #[error("cannot read the key file `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// More bytes than a key has.
    #[error("`{}` is not a key file: it has more than {MAX_KEY_FILE} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A private key that the group or everybody may read or write.
    #[error("the private key `{}` is open to others: its mode is {mode:04o}, expected 0600 or stricter", .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// None of the forms that are known.
    #[error("`{}` holds neither a key nor a certificate in a form that is known", .path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// A private key that cannot be used.
    #[error("cannot use the private key `{}`", .path.display())]
    Private {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PrivateKeyError,
    },
    /// A public key that cannot be used.
    #[error("cannot use the public key `{}`", .path.display())]
    Public {
        /// The file.
        path: PathBuf,
        /// Why.
        source: PublicKeyError,
    },
    /// A certificate that cannot be used.
    #[error("cannot use the certificate `{}`", .path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
}

impl KeyFile {
    /// Reads `path`, following symbolic links, up to 64 KiB.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let (bytes, mode) = load(path).map_err(|source| KeyFileError::Read { path: path.to_owned(), source })?;
        if u64::try_from(bytes.0.len()).is_ok_and(|length| length > MAX_KEY_FILE) {
            return Err(KeyFileError::TooLarge { path: path.to_owned() });
        }
        Self::decode(path, &bytes.0, mode)
    }

    fn decode(path: &Path, bytes: &[u8], mode: u32) -> Result<Self, KeyFileError> {
        let unknown = || KeyFileError::Unknown { path: path.to_owned() };
        let public = |found: Result<PublicKey, PublicKeyError>| {
            found.map(Self::Public).map_err(|source| KeyFileError::Public { path: path.to_owned(), source })
        };
        let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
        if text.starts_with("-----BEGIN PUBLIC KEY-----") {
            return public(PublicKey::parse_spki_pem(text));
        }
        if let Some(key) = PublicKey::from_spki_der(bytes) {
            return Ok(Self::Public(key));
        }
        // Whatever may hold a secret is first asked who can read it, and only then what it is.
        if bytes.first() == Some(&der::SEQUENCE) || text.contains("PRIVATE KEY") {
            if mode & 0o077 != 0 {
                return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
            }
            return KeyPair::decode(bytes)
                .map(Self::Private)
                .map_err(|source| KeyFileError::Private { path: path.to_owned(), source });
        }
        let word = text.split([' ', '\t']).next().unwrap_or_default();
        if word == CERTIFICATE_NAME {
            return Certificate::parse_openssh(text)
                .map(|certificate| Self::Certificate(Box::new(certificate)))
                .map_err(|source| KeyFileError::Certificate { path: path.to_owned(), source });
        }
        if ["ssh-", "ecdsa-", "sk-"].iter().any(|prefix| word.starts_with(prefix)) {
            return public(PublicKey::parse_openssh(text));
        }
        if word.len() == text.len() && word.contains('+') {
            return public(PublicKey::parse_vkey(text).map(|(_, key)| key));
        }
        Err(unknown())
    }

    /// The public key in it; of a certificate, the certified one.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Private(pair) => pair.public_key(),
            Self::Public(key) => *key,
            Self::Certificate(certificate) => certificate.public_key(),
        }
    }
}

/// The bytes of a file, one more than the limit at most, and its permission bits.
fn load(path: &Path) -> io::Result<(Secret, u32)> {
    let file = File::open(path)?;
    // Of the open file, not of the path: nobody can swap the file between the question and the reading.
    let mode = file.metadata()?.mode() & 0o7777;
    let mut bytes = Secret(Vec::with_capacity(4096));
    file.take(MAX_KEY_FILE + 1).read_to_end(&mut bytes.0)?;
    Ok((bytes, mode))
}
