//! Keys that are refused at any time: plain lists, and OpenSSH key revocation lists.
//!
//! **Invariant.** A list is understood in full or not used at all: the line that is skipped could be the one.

use std::collections::HashSet;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::{
    certificate::{Authority, CERTIFICATE_NAME, Certificate},
    krl::{self, KrlError},
    public::{PublicKey, PublicKeyError, split_openssh},
    sshsig::SshSignature,
};

/// A parsed revocation list: plain lines or an OpenSSH KRL.
#[derive(Clone, Debug, Default)]
pub struct Revocation {
    /// SSH encodings of plain keys.
    pub(super) keys: HashSet<Vec<u8>>,
    /// SHA-256 of such encodings.
    pub(super) sha256: HashSet<Vec<u8>>,
    /// SHA-1 of such encodings, as old lists hold them.
    pub(super) sha1: HashSet<Vec<u8>>,
    pub(super) certificates: Vec<RevokedCertificates>,
}

/// Certificates that are revoked by what their authority wrote into them.
#[derive(Clone, Debug, Default)]
pub(super) struct RevokedCertificates {
    /// The SSH encoding of the authority; `None` stands for every authority.
    pub(super) authority: Option<Vec<u8>>,
    /// Spans of serial numbers, both ends inside.
    pub(super) serials: Vec<(u64, u64)>,
    /// A first serial number, and bits counted up from it, the lowest in the last byte.
    pub(super) bitmaps: Vec<(u64, Vec<u8>)>,
    pub(super) key_ids: HashSet<String>,
}

/// Why a list cannot be used; then nothing may be accepted, for a line that is not understood could be the one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RevocationError {
    /// A line of a plain list is not understood.
    #[error("line {line} of the revocation list {reason}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// The binary list is not understood.
    #[error(transparent)]
    Krl(#[from] KrlError),
}

/// What a revocation list holds against a signature, at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The signing key itself.
    Key(PublicKey),
    /// The authority of its certificate.
    Authority(PublicKey),
    /// Its certificate, by serial number.
    Serial(u64),
    /// Its certificate, by key id.
    KeyId(String),
}

impl Revocation {
    /// Parses a plain list or a KRL, told apart by content.
    ///
    /// A plain list has one public key, certificate (its key is meant) or `SHA256:` fingerprint in each line; blank
    /// lines and lines beginning `#` are skipped. `ssh-keygen -Y verify -r` reads the same list without fingerprints.
    pub fn parse(bytes: &[u8]) -> Result<Self, RevocationError> {
        if bytes.starts_with(krl::MAGIC) {
            return Ok(krl::parse(bytes)?);
        }
        let mut list = Self::default();
        for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let wrong = |reason| RevocationError::Line { line: index + 1, reason };
            let line = std::str::from_utf8(line).map_err(|_| wrong("is not UTF-8"))?.trim();
            if !line.is_empty() && !line.starts_with('#') {
                list.revoke(line).map_err(wrong)?;
            }
        }
        Ok(list)
    }

    fn revoke(&mut self, line: &str) -> Result<(), &'static str> {
        const UNREADABLE: &str = "is neither a public key nor a `SHA256:` fingerprint";
        if let Some(fingerprint) = line.strip_prefix("SHA256:") {
            let fingerprint = fingerprint.split([' ', '\t']).next().unwrap_or_default();
            let hash = STANDARD_NO_PAD.decode(fingerprint).ok().filter(|hash| hash.len() == 32);
            self.sha256.insert(hash.ok_or("is not a complete `SHA256:` fingerprint")?);
            return Ok(());
        }
        let (blob, _) = split_openssh(line).map_err(|_| UNREADABLE)?;
        let blob = match PublicKey::from_blob(&blob) {
            Ok(_) | Err(PublicKeyError::OtherType { .. }) => blob,
            Err(PublicKeyError::IsCertificate { found }) if found == CERTIFICATE_NAME => {
                Certificate::from_wire(&blob).map_err(|_| UNREADABLE)?.public_key().blob()
            }
            // Such a key cannot have signed anything that is accepted here.
            Err(PublicKeyError::IsCertificate { .. }) => return Ok(()),
            Err(_) => return Err(UNREADABLE),
        };
        self.keys.insert(blob);
        Ok(())
    }

    /// Whether the signer of `signature`, its certificate or that one's authority is revoked, and how.
    pub fn check(&self, signature: &SshSignature) -> Option<Revoked> {
        let key = signature.public_key();
        if self.holds(&key.blob()) {
            return Some(Revoked::Key(key));
        }
        let certificate = signature.certificate()?;
        if let Authority::Ed25519(authority) = certificate.authority()
            && self.holds(certificate.authority_blob())
        {
            return Some(Revoked::Authority(*authority));
        }
        let sections = self.certificates.iter().filter(|section| {
            section.authority.as_deref().is_none_or(|authority| authority == certificate.authority_blob())
        });
        for section in sections {
            if section.key_ids.contains(certificate.key_id()) {
                return Some(Revoked::KeyId(certificate.key_id().to_owned()));
            }
            if section.holds(certificate.serial()) {
                return Some(Revoked::Serial(certificate.serial()));
            }
        }
        None
    }

    fn holds(&self, blob: &[u8]) -> bool {
        self.keys.contains(blob)
            || self.sha256.contains(digest(&SHA256, blob).as_ref())
            || self.sha1.contains(digest(&SHA1_FOR_LEGACY_USE_ONLY, blob).as_ref())
    }
}

impl RevokedCertificates {
    /// Serial number 0 means "none was given" and is never revoked by number, as in OpenSSH.
    fn holds(&self, serial: u64) -> bool {
        let in_bitmap = |(first, bits): &(u64, Vec<u8>)| {
            let Some(bit) = serial.checked_sub(*first) else { return false };
            let byte = usize::try_from(bit / 8).ok().and_then(|byte| bits.iter().rev().nth(byte));
            byte.is_some_and(|byte| byte >> (bit % 8) & 1 == 1)
        };
        let in_span = |(first, last): &(u64, u64)| (*first..=*last).contains(&serial);
        serial != 0 && (self.serials.iter().any(in_span) || self.bitmaps.iter().any(in_bitmap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{
        SEAL_NAMESPACE,
        certificate::tests::{Issue, public},
    };

    fn signature(certified: bool) -> SshSignature {
        let certificate = Certificate::from_wire(&Issue::user().certify(&public([1; 32]), [2; 32])).unwrap();
        SshSignature::assemble(public([1; 32]), certified.then_some(certificate), SEAL_NAMESPACE, [0; 64])
    }

    #[test]
    fn a_plain_list_names_keys_in_any_spelling() {
        let [key, authority] = [1, 2].map(|seed| public([seed; 32]));
        let wire = Issue::user().certify(&key, [3; 32]);
        let certificate = base64::engine::general_purpose::STANDARD.encode(wire);
        for line in [
            key.openssh_line("lost on the quay"),
            key.fingerprint(),
            format!("  {} lost on the quay\r", key.fingerprint()),
            format!("{CERTIFICATE_NAME} {certificate}"),
        ] {
            let list = Revocation::parse(format!("# lost\n\n{line}\n").as_bytes()).unwrap();
            assert_eq!(list.check(&signature(false)), Some(Revoked::Key(key)), "{line}");
            assert_eq!(list.check(&signature(true)), Some(Revoked::Key(key)), "{line}");
        }
        let list = Revocation::parse(authority.fingerprint().as_bytes()).unwrap();
        assert_eq!(list.check(&signature(false)), None);
        assert_eq!(list.check(&signature(true)), Some(Revoked::Authority(authority)));
        assert_eq!(Revocation::parse(b"").unwrap().check(&signature(true)), None);
    }

    #[test]
    fn a_list_that_is_not_understood_is_not_used() {
        for bad in ["serial: 7", "SHA256:short", "MD5:aa:bb", "ssh-ed25519 AAAA", "key", "SSHKRL", "ssh-ed25519"] {
            let error = Revocation::parse(format!("# ok\n{bad}\n").as_bytes()).unwrap_err();
            assert!(matches!(error, RevocationError::Line { line: 2, .. }), "{bad}");
        }
        assert!(Revocation::parse(b"\xff").is_err());
    }
}
