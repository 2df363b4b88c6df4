//! OpenSSH key revocation lists (`PROTOCOL.krl`), as `ssh-keygen -k` writes them.
//!
//! **Refuses** whatever it does not know, whether marked critical or not where the format has no such mark: sections,
//! flags, signatures (OpenSSH itself does not check them). Extensions that call themselves uncritical are passed over.

use super::{
    public::{PublicKey, PublicKeyError},
    revocation::{Revocation, RevokedCertificates},
    wire::Reader,
};

/// What every such list begins with.
pub(super) const MAGIC: &[u8] = b"SSHKRL\n\0";

/// The longest bitmap that OpenSSH writes or reads, in bytes.
const MAX_BITMAP: usize = 16_384 / 8 + 1;

/// Why bytes are not a KRL that can be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KrlError {
    /// Cut short, too long, or not of the form.
    #[error("the OpenSSH revocation list is malformed at its {0}")]
    Malformed(&'static str),
    /// Well-formed, but holds what is not understood.
    #[error("the OpenSSH revocation list holds {0}, which is not supported; nothing can be accepted against it")]
    Unsupported(String),
}

/// Parses a list that begins with [`MAGIC`].
pub(super) fn parse(bytes: &[u8]) -> Result<Revocation, KrlError> {
    let mut reader = Reader::new(bytes);
    let flags = header(&mut reader).ok_or(KrlError::Malformed("header"))??;
    if flags != 0 {
        return Err(KrlError::Unsupported(format!("flags 0x{flags:x}")));
    }
    let mut list = Revocation::default();
    while !reader.is_empty() {
        let (kind, mut section) = section(&mut reader).ok_or(KrlError::Malformed("sections"))?;
        match kind {
            1 => list.certificates.push(certificates(&mut section)?),
            2 => {
                while !section.is_empty() {
                    list.keys.insert(section.string().and_then(plain_key).ok_or(KrlError::Malformed("explicit keys"))?);
                }
            }
            3 => list.sha1.extend(hashes(&mut section, 20).ok_or(KrlError::Malformed("SHA-1 fingerprints"))?),
            4 => return Err(KrlError::Unsupported("a signature".to_owned())),
            5 => list.sha256.extend(hashes(&mut section, 32).ok_or(KrlError::Malformed("SHA-256 fingerprints"))?),
            255 => extension(&mut section)?,
            _ => return Err(KrlError::Unsupported(format!("a section of type {kind}"))),
        }
    }
    Ok(list)
}

/// Reads the header and returns its flags.
fn header(reader: &mut Reader<'_>) -> Option<Result<u64, KrlError>> {
    reader.take(MAGIC.len()).filter(|magic| *magic == MAGIC)?;
    let version = reader.u32()?;
    if version != 1 {
        return Some(Err(KrlError::Unsupported(format!("format version {version}"))));
    }
    let (_number, _generated, flags) = (reader.u64()?, reader.u64()?, reader.u64()?);
    reader.string()?;
    reader.text()?;
    Some(Ok(flags))
}

fn section<'a>(reader: &mut Reader<'a>) -> Option<(u8, Reader<'a>)> {
    Some((reader.byte()?, Reader::new(reader.string()?)))
}

/// A plain key of any type; of a certificate it could not be told what is meant.
fn plain_key(blob: &[u8]) -> Option<Vec<u8>> {
    match PublicKey::from_blob(blob) {
        Ok(_) | Err(PublicKeyError::OtherType { .. }) => Some(blob.to_vec()),
        Err(_) => None,
    }
}

fn hashes(section: &mut Reader<'_>, length: usize) -> Option<Vec<Vec<u8>>> {
    let mut hashes = Vec::new();
    while !section.is_empty() {
        hashes.push(section.string().filter(|hash| hash.len() == length)?.to_vec());
    }
    Some(hashes)
}

fn certificates(reader: &mut Reader<'_>) -> Result<RevokedCertificates, KrlError> {
    let malformed = || KrlError::Malformed("certificate section");
    let mut revoked = RevokedCertificates::default();
    let authority = reader.string().ok_or_else(malformed)?;
    if !authority.is_empty() {
        revoked.authority = Some(plain_key(authority).ok_or_else(malformed)?);
    }
    reader.string().ok_or_else(malformed)?;
    while !reader.is_empty() {
        let (kind, mut section) = section(reader).ok_or_else(malformed)?;
        match kind {
            0x20 => {
                while !section.is_empty() {
                    let serial = section.u64().filter(|&serial| serial != 0);
                    let serial = serial.ok_or(KrlError::Malformed("list of serial numbers"))?;
                    revoked.serials.push((serial, serial));
                }
            }
            0x21 => revoked.serials.push(span(&mut section).ok_or(KrlError::Malformed("span of serial numbers"))?),
            0x22 => revoked.bitmaps.push(bitmap(&mut section).ok_or(KrlError::Malformed("bitmap of serial numbers"))?),
            0x23 => {
                while !section.is_empty() {
                    let key_id = section.text().ok_or(KrlError::Malformed("key ids"))?;
                    revoked.key_ids.insert(key_id.to_owned());
                }
            }
            0x39 => extension(&mut section)?,
            _ => return Err(KrlError::Unsupported(format!("a certificate section of type 0x{kind:02x}"))),
        }
    }
    Ok(revoked)
}

fn span(section: &mut Reader<'_>) -> Option<(u64, u64)> {
    let (first, last) = (section.u64()?, section.u64()?);
    (section.is_empty() && first != 0 && first <= last).then_some((first, last))
}

/// A first serial number and a positive `mpint` of bits; no bit may stand for serial number 0 or one beyond 2^64 − 1.
fn bitmap(section: &mut Reader<'_>) -> Option<(u64, Vec<u8>)> {
    let (first, bits) = (section.u64()?, section.string()?);
    let leading = bits.iter().take_while(|&&byte| byte == 0).count();
    let highest = match bits.get(leading) {
        Some(byte) => u64::try_from(bits.len() - leading).ok()? * 8 - 1 - u64::from(byte.leading_zeros()),
        None => 0,
    };
    let starts_at_zero = first == 0 && bits.last().is_some_and(|byte| byte & 1 == 1);
    let negative = bits.first().is_some_and(|byte| byte & 0x80 != 0);
    let fits = bits.len() <= MAX_BITMAP && first.checked_add(highest).is_some();
    (section.is_empty() && fits && !starts_at_zero && !negative).then(|| (first, bits.to_vec()))
}

/// Passes over an extension that says of itself that this is harmless.
fn extension(section: &mut Reader<'_>) -> Result<(), KrlError> {
    let malformed = || KrlError::Malformed("extension");
    let name = section.text().ok_or_else(malformed)?;
    let critical = section.byte().ok_or_else(malformed)?;
    section.string().filter(|_| section.is_empty()).ok_or_else(malformed)?;
    if critical == 0 {
        Ok(())
    } else {
        Err(KrlError::Unsupported(format!("the critical extension `{}`", name.escape_debug())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::{
        Certificate, Revoked, SEAL_NAMESPACE, SshSignature,
        certificate::tests::{Issue, public},
        wire::put_string,
    };

    fn string(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_string(&mut out, bytes);
        out
    }

    fn section(kind: u8, body: &[u8]) -> Vec<u8> {
        [&[kind], string(body).as_slice()].concat()
    }

    fn list(flags: u64, sections: &[u8]) -> Vec<u8> {
        let numbers = [1_u64.to_be_bytes(), 1_700_000_000_u64.to_be_bytes(), flags.to_be_bytes()].concat();
        [MAGIC, &1_u32.to_be_bytes(), &numbers, &string(b""), &string(b"quay"), sections].concat()
    }

    /// A list with one certificate section of the authority of seed 2.
    fn certificates(kind: u8, body: &[u8]) -> Vec<u8> {
        let head = [string(&public([2; 32]).blob()), string(b"")].concat();
        list(0, &section(1, &[head, section(kind, body)].concat()))
    }

    /// What `bytes` says of a certificate of `serial`, issued to seed 1 by the authority of seed `authority`.
    fn check(bytes: &[u8], serial: u64, authority: u8) -> Option<Revoked> {
        let wire = Issue { serial, ..Issue::user() }.certify(&public([1; 32]), [authority; 32]);
        let certificate = Certificate::from_wire(&wire).unwrap();
        let signature = SshSignature::assemble(public([1; 32]), Some(certificate), SEAL_NAMESPACE, [0; 64]);
        parse(bytes).unwrap().check(&signature)
    }

    #[test]
    fn certificates_by_number() {
        let span = certificates(0x21, &[5_u64.to_be_bytes(), 9_u64.to_be_bytes()].concat());
        let single = certificates(0x20, &[6_u64.to_be_bytes(), u64::MAX.to_be_bytes()].concat());
        // From 4: bits 1, 2 and 9, so 5, 6 and 13.
        let bits = certificates(0x22, &[4_u64.to_be_bytes().as_slice(), &string(&[0b10, 0b110])].concat());
        let revoked = |list: &[u8]| (1..16).filter(|&serial| check(list, serial, 2).is_some()).collect::<Vec<u64>>();
        assert_eq!(revoked(&span), [5, 6, 7, 8, 9]);
        assert_eq!(revoked(&single), [6]);
        assert_eq!(check(&single, u64::MAX, 2), Some(Revoked::Serial(u64::MAX)));
        assert_eq!(revoked(&bits), [5, 6, 13]);
        assert_eq!(check(&bits, u64::MAX, 2), None);
        // Of that authority only.
        assert_eq!(check(&span, 6, 3), None);
    }

    #[test]
    fn certificates_by_key_id_of_any_authority() {
        let everywhere = list(0, &section(1, &[string(b""), string(b""), section(0x23, &string(b"quay"))].concat()));
        assert_eq!(check(&everywhere, 0, 3), Some(Revoked::KeyId("quay".to_owned())));
    }

    #[test]
    fn keys_by_encoding_and_by_hash() {
        let key = public([1; 32]);
        let sha1 = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &key.blob());
        let sha256 = ring::digest::digest(&ring::digest::SHA256, &key.blob());
        for (kind, body) in [(2, key.blob()), (3, sha1.as_ref().to_vec()), (5, sha256.as_ref().to_vec())] {
            let bytes = list(0, &section(kind, &string(&body)));
            assert_eq!(check(&bytes, 7, 2), Some(Revoked::Key(key)), "{kind}");
        }
        let authority = list(0, &section(2, &string(&public([2; 32]).blob())));
        assert_eq!(check(&authority, 7, 2), Some(Revoked::Authority(public([2; 32]))));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let extension = |critical: u8| [string(b"a@b"), vec![critical], string(b"x")].concat();
        for (bytes, found) in [
            (list(1, b""), "flags 0x1"),
            (list(0, &section(4, b"")), "a signature"),
            (list(0, &section(9, b"")), "a section of type 9"),
            (list(0, &section(255, &extension(1))), "the critical extension `a@b`"),
            (certificates(0x39, &extension(1)), "the critical extension `a@b`"),
            (certificates(0x24, b""), "a certificate section of type 0x24"),
        ] {
            assert_eq!(parse(&bytes).unwrap_err(), KrlError::Unsupported(found.to_owned()));
        }
        assert!(parse(&list(0, &section(255, &extension(0)))).is_ok());
        for (kind, body) in [
            (0x20, 0_u64.to_be_bytes().to_vec()),
            (0x20, vec![1]),
            (0x21, [9_u64.to_be_bytes(), 5_u64.to_be_bytes()].concat()),
            (0x22, [0_u64.to_be_bytes().as_slice(), &string(&[1])].concat()),
            (0x22, [u64::MAX.to_be_bytes().as_slice(), &string(&[2])].concat()),
            (0x22, [4_u64.to_be_bytes().as_slice(), &string(&[0x80])].concat()),
            (0x23, string(b"\0")),
        ] {
            assert!(matches!(parse(&certificates(kind, &body)), Err(KrlError::Malformed(_))), "{kind:x} {body:02x?}");
        }
        for (kind, body) in [(2, string(b"key")), (3, string(&[0; 32])), (5, string(&[0; 20]))] {
            assert!(matches!(parse(&list(0, &section(kind, &body))), Err(KrlError::Malformed(_))), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn hostile_lists_never_panic(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
            let _ = parse(&[MAGIC, &bytes].concat());
            let _ = parse(&list(0, &bytes));
            let _ = parse(&certificates(0x22, &bytes));
            let mut mutated = certificates(0x22, &[4_u64.to_be_bytes().as_slice(), &string(&[2, 6])].concat());
            let at = at.index(mutated.len());
            mutated[at] = byte;
            let _ = parse(&mutated);
        }
    }
}
