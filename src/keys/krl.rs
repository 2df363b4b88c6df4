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
