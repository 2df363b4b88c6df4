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
    public::{PublicKey, PublicKeyError, split_openssh},
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
    Public {
        /// The key.
        key: PublicKey,
        /// What stands behind it in an OpenSSH line, or its name in a verifier key; else empty.
        comment: String,
    },
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
        let public = |found: Result<(PublicKey, String), PublicKeyError>| {
            found
                .map(|(key, comment)| Self::Public { key, comment })
                .map_err(|source| KeyFileError::Public { path: path.to_owned(), source })
        };
        let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
        if text.starts_with("-----BEGIN PUBLIC KEY-----") {
            return public(PublicKey::parse_spki_pem(text).map(|key| (key, String::new())));
        }
        if let Some(key) = PublicKey::from_spki_der(bytes) {
            return public(Ok((key, String::new())));
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
            let comment = split_openssh(text).map(|(_, comment)| comment.to_owned()).unwrap_or_default();
            return public(PublicKey::parse_openssh(text).map(|key| (key, comment)));
        }
        if word.len() == text.len() && word.contains('+') {
            return public(PublicKey::parse_vkey(text).map(|(name, key)| (key, name)));
        }
        Err(unknown())
    }

    /// The public key in it; of a certificate, the certified one.
    pub fn public_key(&self) -> PublicKey {
        match self {
            Self::Private(pair) => pair.public_key(),
            Self::Public { key, .. } => *key,
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

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::keys::{certificate::tests::public, private::pkcs8_pem};

    fn write(folder: &Path, content: &[u8], mode: u32) -> PathBuf {
        let path = folder.join("key");
        let _ = fs::remove_file(&path);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_private_key_open_to_others_is_refused_also_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let pem = pkcs8_pem(&[1; 32]);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("key", &link).unwrap();
        for mode in [0o600, 0o400] {
            write(folder.path(), &pem.0, mode);
            assert!(matches!(KeyFile::read(&link), Ok(KeyFile::Private(_))), "{mode:o}");
        }
        for open in [0o640, 0o604, 0o620, 0o601, 0o660] {
            write(folder.path(), &pem.0, open);
            let error = KeyFile::read(&link).unwrap_err();
            assert!(matches!(error, KeyFileError::Exposed { mode, .. } if mode == open), "{open:o}");
        }
        // Before it is asked what kind of key it is.
        let path = write(folder.path(), b"-----BEGIN RSA PRIVATE KEY-----\n", 0o644);
        assert!(matches!(KeyFile::read(&path), Err(KeyFileError::Exposed { .. })));
    }

    #[test]
    fn public_files_may_be_open_and_are_told_apart_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let key = public([1; 32]);
        let der = crate::keys::pem::decode(&key.spki_pem()).unwrap().body.0.clone();
        for (content, expected) in [
            (key.openssh_line("seal key").into_bytes(), "seal key"),
            (key.spki_pem().into_bytes(), ""),
            (der, ""),
            (key.vkey("a.example").into_bytes(), "a.example"),
        ] {
            let Ok(KeyFile::Public { key: found, comment }) = KeyFile::read(&write(folder.path(), &content, 0o644))
            else {
                panic!("{content:?}")
            };
            assert_eq!((found, comment.as_str()), (key, expected));
        }
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        let folder = tempfile::tempdir().unwrap();
        let read = |content: &[u8]| KeyFile::read(&write(folder.path(), content, 0o600)).unwrap_err();
        assert!(matches!(read(b""), KeyFileError::Unknown { .. }));
        assert!(matches!(read(b"\xff\x00"), KeyFileError::Unknown { .. }));
        assert!(matches!(read(b"PuTTY-User-Key-File-3: ssh-ed25519\n"), KeyFileError::Unknown { .. }));
        assert!(matches!(read(&vec![b'x'; 70_000]), KeyFileError::TooLarge { .. }));
        assert!(matches!(read(b"0\x03\x02\x01\x00"), KeyFileError::Private { .. }));
        assert!(matches!(read(b"ssh-rsa AAAAB3NzaC1yc2E="), KeyFileError::Public { .. }));
        assert!(matches!(KeyFile::read(folder.path()), Err(KeyFileError::Read { .. })));
        assert!(matches!(KeyFile::read(&folder.path().join("none")), Err(KeyFileError::Read { .. })));
    }
}
