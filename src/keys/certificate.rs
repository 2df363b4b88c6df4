//! OpenSSH certificates over Ed25519 keys (`ssh-ed25519-cert-v01@openssh.com`, OpenSSH `PROTOCOL.certkeys`).
//!
//! An organisation pins one offline authority and changes signing keys without touching any verifier. A certificate is
//! kept byte for byte as it was issued. Reading it proves nothing; [`Certificate::check`] decides.
//!
//! **Refuses** every critical option: all that OpenSSH defines restrict a login, and none can be honoured by a
//! signature over a file. (`ssh-keygen -Y verify` ignores them; this is stricter on purpose.)

use super::{
    instant,
    public::{PublicKey, PublicKeyError, signature_from_blob, split_openssh},
    wire::{Reader, printable},
};

/// The certificate type that is read.
pub(super) const CERTIFICATE_NAME: &str = "ssh-ed25519-cert-v01@openssh.com";

/// The most principals that OpenSSH puts into, and accepts in, one certificate.
const MAX_PRINCIPALS: usize = 256;

/// The certificate type that may sign in a person's name; type 2 stands for hosts.
const USER: u32 = 1;

/// The key that issued a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// An Ed25519 key, which can be checked.
    Ed25519(PublicKey),
    /// A key of another type, by the name it gives itself; a certificate of it is never accepted.
    Other(String),
}

/// An OpenSSH certificate over an Ed25519 key, as issued. Nothing in it is proven before [`Certificate::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    wire: Vec<u8>,
    public_key: PublicKey,
    serial: u64,
    kind: u32,
    key_id: String,
    principals: Vec<String>,
    valid_after: u64,
    valid_before: u64,
    critical_options: Vec<String>,
    authority: Authority,
    authority_blob: Vec<u8>,
    /// How much of `wire`, from the front, the authority signed.
    signed: usize,
    signature: Vec<u8>,
}

/// Why bytes are not such a certificate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CertificateError {
    /// Cut short, too long, or not of the form.
    #[error("the certificate is malformed at its {field}")]
    Malformed {
        /// The field that could not be read.
        field: &'static str,
    },
    /// A plain key, or a certificate over a key of another type.
    #[error("found a key of type `{found}`; the only certificates read are `{CERTIFICATE_NAME}`")]
    OtherType {
        /// The type as it calls itself.
        found: String,
    },
}

/// Why a certificate does not stand for its key at a given time.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum CertificateProblem {
    /// The authority's key type cannot be checked.
    #[error("its authority is a key of type `{0}`; only Ed25519 authorities are checked")]
    UnsupportedAuthority(String),
    /// The authority's signature does not verify.
    #[error("its authority's signature does not verify")]
    BadSignature,
    /// A host certificate, or a type unknown to OpenSSH too.
    #[error("it is of type {0}, not a user certificate (type {USER})")]
    NotUser(u32),
    /// A critical option, which must be honoured or refused.
    #[error("it carries the critical option `{0}`, which a signature over a file cannot honour")]
    CriticalOption(String),
    /// It names no principal; OpenSSH refuses that for signatures.
    #[error("it names no principal")]
    NoPrincipals,
    /// Before its validity: the first valid second since 1970.
    #[error("it is not valid before {}", instant::utc(*.0))]
    NotYetValid(u64),
    /// After its validity: the first second since 1970 that is no longer valid.
    #[error("it expired at {}", instant::utc(*.0))]
    Expired(u64),
}

impl Certificate {
    /// Parses the SSH encoding.
    pub fn from_wire(wire: &[u8]) -> Result<Self, CertificateError> {
        let malformed = |field| CertificateError::Malformed { field };
        let mut reader = Reader::new(wire);
        let found = reader.text().ok_or(malformed("type"))?;
        if found != CERTIFICATE_NAME {
            return Err(CertificateError::OtherType { found: printable(found) });
        }
        reader.string().ok_or(malformed("nonce"))?;
        let public_key = PublicKey::from_bytes(reader.fixed().ok_or(malformed("public key"))?);
        let serial = reader.u64().ok_or(malformed("serial number"))?;
        let kind = reader.u32().ok_or(malformed("type"))?;
        let key_id = reader.text().ok_or(malformed("key id"))?.to_owned();
        let principals = principals(reader.string()).ok_or(malformed("principals"))?;
        let valid_after = reader.u64().ok_or(malformed("validity"))?;
        let valid_before = reader.u64().ok_or(malformed("validity"))?;
        let critical_options = option_names(reader.string()).ok_or(malformed("critical options"))?;
        option_names(reader.string()).ok_or(malformed("extensions"))?;
        reader.string().ok_or(malformed("reserved field"))?;
        let authority_blob = reader.string().ok_or(malformed("authority"))?;
        let authority = authority(authority_blob).ok_or(malformed("authority"))?;
        let signed = wire.len() - reader.remaining().len();
        let signature = reader.string().filter(|_| reader.is_empty()).ok_or(malformed("signature"))?.to_vec();
        Ok(Self {
            wire: wire.to_vec(),
            public_key,
            serial,
            kind,
            key_id,
            principals,
            valid_after,
            valid_before,
            critical_options,
            authority,
            authority_blob: authority_blob.to_vec(),
            signed,
            signature,
        })
    }

    /// Parses the line of a `-cert.pub` file; its comment is dropped.
    pub fn parse_openssh(line: &str) -> Result<Self, CertificateError> {
        let (wire, _) = split_openssh(line).map_err(|_| CertificateError::Malformed { field: "line" })?;
        Self::from_wire(&wire)
    }

    /// The SSH encoding, as issued.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// The certified key.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The key that issued it.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The SSH encoding of the key that issued it.
    pub(super) fn authority_blob(&self) -> &[u8] {
        &self.authority_blob
    }

    /// The serial number that its authority gave it; 0 when none.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The name that its authority gave it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The names that it certifies.
    pub fn principals(&self) -> &[String] {
        &self.principals
    }

    /// Validity in seconds since 1970: first inside, first outside (`u64::MAX` is for ever).
    pub fn validity(&self) -> (u64, u64) {
        (self.valid_after, self.valid_before)
    }

    /// Checks everything but whether the authority is one to trust, at `at` (epoch milliseconds).
    pub fn check(&self, at: i64) -> Result<(), CertificateProblem> {
        let authority = match &self.authority {
            Authority::Ed25519(key) => key,
            Authority::Other(name) => return Err(CertificateProblem::UnsupportedAuthority(name.clone())),
        };
        let signed = self.wire.get(..self.signed).unwrap_or_default();
        if !signature_from_blob(&self.signature).is_some_and(|signature| authority.verify(signed, &signature)) {
            return Err(CertificateProblem::BadSignature);
        }
        if self.kind != USER {
            return Err(CertificateProblem::NotUser(self.kind));
        }
        if let Some(option) = self.critical_options.first() {
            return Err(CertificateProblem::CriticalOption(option.clone()));
        }
        if instant::second(at).is_none_or(|second| second < self.valid_after) {
            return Err(CertificateProblem::NotYetValid(self.valid_after));
        }
        if instant::second(at).is_some_and(|second| second >= self.valid_before) {
            return Err(CertificateProblem::Expired(self.valid_before));
        }
        if self.principals.is_empty() {
            return Err(CertificateProblem::NoPrincipals);
        }
        Ok(())
    }
}

fn principals(list: Option<&[u8]>) -> Option<Vec<String>> {
    let (mut reader, mut principals) = (Reader::new(list?), Vec::new());
    while !reader.is_empty() {
        principals.push(reader.text()?.to_owned());
    }
    (principals.len() <= MAX_PRINCIPALS).then_some(principals)
}

fn option_names(list: Option<&[u8]>) -> Option<Vec<String>> {
    let (mut reader, mut names) = (Reader::new(list?), Vec::new());
    while !reader.is_empty() {
        let name = reader.text()?;
        reader.string()?;
        names.push(name.to_owned());
    }
    Some(names)
}

fn authority(blob: &[u8]) -> Option<Authority> {
    match PublicKey::from_blob(blob) {
        Ok(key) => Some(Authority::Ed25519(key)),
        Err(PublicKeyError::OtherType { found }) => Some(Authority::Other(found)),
        // OpenSSH too refuses an authority that is itself certified.
        Err(_) => None,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use ring::signature::Ed25519KeyPair;

    use super::*;
    use crate::keys::{public::ED25519_NAME, wire::put_string};

    /// What a test certificate says; everything else is fixed.
    pub(in crate::keys) struct Issue<'a> {
        pub(in crate::keys) kind: u32,
        pub(in crate::keys) serial: u64,
        pub(in crate::keys) key_id: &'a str,
        pub(in crate::keys) principals: &'a [&'a str],
        pub(in crate::keys) validity: (u64, u64),
        pub(in crate::keys) critical: &'a [(&'a str, &'a str)],
    }

    impl Issue<'_> {
        pub(in crate::keys) fn user() -> Self {
            Issue {
                kind: 1,
                serial: 7,
                key_id: "quay",
                principals: &["seal@harbour"],
                validity: (100, 200),
                critical: &[],
            }
        }

        /// The certificate over `key`, issued by the key pair of `seed`.
        pub(in crate::keys) fn certify(&self, key: &PublicKey, seed: [u8; 32]) -> Vec<u8> {
            let authority = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
            let mut wire = Vec::new();
            put_string(&mut wire, CERTIFICATE_NAME.as_bytes());
            put_string(&mut wire, &[9; 32]);
            put_string(&mut wire, key.as_bytes());
            wire.extend_from_slice(&self.serial.to_be_bytes());
            wire.extend_from_slice(&self.kind.to_be_bytes());
            put_string(&mut wire, self.key_id.as_bytes());
            let mut list = Vec::new();
            for name in self.principals {
                put_string(&mut list, name.as_bytes());
            }
            put_string(&mut wire, &list);
            wire.extend_from_slice(&self.validity.0.to_be_bytes());
            wire.extend_from_slice(&self.validity.1.to_be_bytes());
            let mut list = Vec::new();
            for (name, value) in self.critical {
                put_string(&mut list, name.as_bytes());
                put_string(&mut list, value.as_bytes());
            }
            put_string(&mut wire, &list);
            put_string(&mut wire, b"");
            put_string(&mut wire, b"");
            put_string(&mut wire, &public(seed).blob());
            let signature = authority.sign(&wire);
            let mut blob = Vec::new();
            put_string(&mut blob, ED25519_NAME.as_bytes());
            put_string(&mut blob, signature.as_ref());
            put_string(&mut wire, &blob);
            wire
        }
    }

    pub(in crate::keys) fn public(seed: [u8; 32]) -> PublicKey {
        use ring::signature::KeyPair;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        PublicKey::from_bytes(pair.public_key().as_ref().try_into().unwrap())
    }

    fn check(issue: &Issue<'_>, second: i64) -> Result<(), CertificateProblem> {
        Certificate::from_wire(&issue.certify(&public([1; 32]), [2; 32])).unwrap().check(second * 1000)
    }

    #[test]
    fn a_certificate_stands_only_as_issued() {
        let user = Issue::user;
        assert_eq!(check(&user(), 150), Ok(()));
        assert_eq!(check(&user(), 99), Err(CertificateProblem::NotYetValid(100)));
        assert_eq!(check(&user(), 100), Ok(()));
        assert_eq!(check(&user(), 200), Err(CertificateProblem::Expired(200)));
        let host = Issue { kind: 2, ..user() };
        assert_eq!(check(&host, 150), Err(CertificateProblem::NotUser(2)));
        assert_eq!(check(&Issue { principals: &[], ..user() }, 150), Err(CertificateProblem::NoPrincipals));
        let forced = Issue { critical: &[("force-command", "/bin/true")], ..user() };
        assert_eq!(check(&forced, 150), Err(CertificateProblem::CriticalOption("force-command".into())));
        let forever = Issue { validity: (0, u64::MAX), ..user() };
        assert_eq!(check(&forever, i64::MAX / 1000), Ok(()));
        assert_eq!(check(&forever, -1), Err(CertificateProblem::NotYetValid(0)));
    }

    #[test]
    fn other_authorities_are_named_and_never_accepted() {
        let wire = Issue::user().certify(&public([1; 32]), [2; 32]);
        let at = wire.windows(51).position(|window| window == public([2; 32]).blob()).unwrap();
        let mut other = wire.clone();
        other[at + 4..at + 15].copy_from_slice(b"ssh-ed25518");
        let certificate = Certificate::from_wire(&other).unwrap();
        assert_eq!(certificate.authority(), &Authority::Other("ssh-ed25518".into()));
        assert_eq!(certificate.check(150_000), Err(CertificateProblem::UnsupportedAuthority("ssh-ed25518".into())));
    }

    proptest! {
        #[test]
        fn no_byte_of_a_certificate_is_free(at in 0_usize..300, bit in 0_u8..8) {
            let mut wire = Issue::user().certify(&public([1; 32]), [2; 32]);
            let at = at % wire.len();
            wire[at] ^= 1 << bit;
            let stands = Certificate::from_wire(&wire).is_ok_and(|certificate| certificate.check(150_000).is_ok());
            prop_assert!(!stands);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>, cut in 0_usize..300) {
            let _ = Certificate::from_wire(&bytes);
            let wire = Issue::user().certify(&public([1; 32]), [2; 32]);
            prop_assert!(Certificate::from_wire(&wire[..cut % wire.len()]).is_err());
        }
    }
}
