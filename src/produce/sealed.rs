//! The archive that a production is made from, and what is known of it.
//!
//! A production is evidence only as far as it can be traced: which seal, which bag, whether the bytes were checked, who
//! signed. All papers and forms take that from here.

use std::io::{BufRead as _, BufReader, Read as _};

use super::ProduceError;
use crate::archive::exceptions::{self, Exception};
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body};
use crate::archive::seal::Seal;
use crate::archive::summary::Summary;
use crate::archive::walk::WalkError;
use crate::merkle::Hash;
use crate::record::id::hex;
use crate::record::time::{self, Millis};

/// Whether the bytes were held against the seal before the production was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Everything is as it was sealed.
    Verified,
    /// Nobody looked.
    Unverified,
}

/// Whether the signer was held against a list of keys that the maker of the production trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Accepted under these names.
    By(Vec<String>),
    /// No list was given.
    NotChecked,
}

/// What was established of the archive before the production was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of its bytes.
    pub integrity: Integrity,
    /// Of its signer.
    pub signed: Signed,
}

impl Standing {
    /// In words: `intact, signed by auditor@example.org`, `intact, signer not checked`, `not verified`.
    pub fn words(&self) -> String {
        match (self.integrity, &self.signed) {
            (Integrity::Unverified, _) => "not verified".to_owned(),
            (Integrity::Verified, Signed::NotChecked) => "intact, signer not checked".to_owned(),
            (Integrity::Verified, Signed::By(names)) => format!("intact, signed by {}", names.join(", ")),
        }
    }
}

/// The clock that says as of when an archive knows its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// That of the seal: a database was read as it was sealed.
    Seal,
    /// That of the dump, which was begun then.
    Dump,
    /// That of the seal, for want of another: nobody wrote down when the dump or export was made, which was earlier.
    Unsaid,
}

/// As of when an archive knows its source: what goes on then may have ended since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// When.
    pub at: Millis,
    /// By which clock.
    pub clock: Clock,
}

impl AsOf {
    /// For the middle of a sentence: `when the archive was sealed`.
    pub fn words(self) -> &'static str {
        match self.clock {
            Clock::Seal => "when the archive was sealed",
            Clock::Dump => "when the dump was begun, as it says itself",
            Clock::Unsaid => "when the archive was sealed, because the source does not say when it was made",
        }
    }

    /// What `source.json` and the seal say. The time of a dump counts where it is told in UTC: of other time zones
    /// `pg_dump` tells a short name only, which may mean several.
    fn of(source: &serde_json::Value, sealed_at: Millis) -> Self {
        let started = source.pointer("/dump/started").and_then(serde_json::Value::as_str);
        let utc = started.and_then(|text| text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT")));
        let begun = utc.and_then(|text| time::parse(&format!("{}Z", text.replacen(' ', "T", 1))).ok());
        match begun {
            Some(at) => Self { at, clock: Clock::Dump },
            None if source["server"].is_object() => Self { at: sealed_at, clock: Clock::Seal },
            None => Self { at: sealed_at, clock: Clock::Unsaid },
        }
    }
}

/// An opened archive.
#[derive(Debug)]
pub struct Sealed<'a> {
    /// Its records and other members.
    pub archive: &'a Archive,
    /// What was signed.
    pub seal: Seal,
    /// SHA-256 of `seal.txt`: what names this archive.
    pub seal_sha256: Hash,
    /// Its counts.
    pub summary: Summary,
    /// `data/source.json`.
    pub source: serde_json::Value,
    /// What was established of it.
    pub standing: Standing,
}

impl<'a> Sealed<'a> {
    /// Reads what is small.
    pub fn read(archive: &'a Archive, standing: Standing) -> Result<Self, ProduceError> {
        let seal_text = text(archive, &Member::Seal)?;
        let seal = Seal::parse(&seal_text).map_err(|error| wrong(&Member::Seal, &error))?;
        let summary =
            Summary::parse(&text(archive, &Member::Summary)?).map_err(|error| wrong(&Member::Summary, &error))?;
        let source = serde_json::from_slice(&text(archive, &Member::Source)?);
        let source = source.map_err(|error| wrong(&Member::Source, &error))?;
        let mut seal_sha256 = Hash::default();
        seal_sha256.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, &seal_text).as_ref());
        Ok(Self { archive, seal, seal_sha256, summary, source, standing })
    }

    /// Hands on each exception and note that is sealed in the archive, in order.
    pub fn for_each_exception(&self, mut each: impl FnMut(Exception)) -> Result<(), ProduceError> {
        let Some(entry) = self.archive.find(&Member::Exceptions) else { return Ok(()) };
        let mut lines = BufReader::new(self.archive.stream(entry));
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut lines).take(exceptions::MAX_BYTES as u64 + 2).read_until(b'\n', &mut line);
            let read = read.map_err(|cause| WalkError::Unreadable { member: Member::Exceptions.to_string(), cause })?;
            if read == 0 {
                return Ok(());
            }
            let exception = Exception::parse(&line);
            each(exception.ok_or_else(|| wrong(&Member::Exceptions, &"a line is not an exception"))?);
        }
    }

    /// As of when it knows its source.
    pub fn as_of(&self) -> AsOf {
        AsOf::of(&self.source, self.seal.time)
    }

    /// Name of the bag.
    pub fn bag(&self) -> &str {
        self.archive.bag().as_str()
    }

    /// `sha256:` and the digest of the seal, as papers and forms name the archive.
    pub fn digest(&self) -> String {
        format!("sha256:{}", hex(&self.seal_sha256))
    }
}

/// The bytes of a small member.
fn text(archive: &Archive, member: &Member) -> Result<Vec<u8>, ProduceError> {
    let entry = archive.find(member).ok_or_else(|| wrong(member, &"it is missing"))?;
    let mut body = Body::default();
    let loaded = archive.load(entry, &mut body);
    loaded
        .map_err(|cause| WalkError::Unreadable { member: member.to_string(), cause })?
        .map_err(|flaw| WalkError::Damaged { member: member.to_string(), flaw })?;
    Ok(body.bytes().to_vec())
}

fn wrong(member: &Member, expected: &impl std::fmt::Display) -> ProduceError {
    ProduceError::Member { member: member.to_string(), expected: expected.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_dump_is_known_as_of_when_it_was_begun_if_it_says_so() {
        let as_of = |source: serde_json::Value| AsOf::of(&source, 9);
        let dump = |started: Option<&str>| as_of(json!({"dump": {"started": started}}));
        let begun = time::parse("2026-11-21T13:59:01Z").unwrap();
        assert_eq!(dump(Some("2026-11-21 13:59:01 UTC")), AsOf { at: begun, clock: Clock::Dump });
        for unclear in [None, Some("2026-11-21 13:59:01 IST"), Some("UTC"), Some("soon UTC"), Some("ms:5 UTC")] {
            assert_eq!(dump(unclear), AsOf { at: 9, clock: Clock::Unsaid }, "{unclear:?}");
        }
        assert_eq!(as_of(json!({"server": {"database_time": 5}})), AsOf { at: 9, clock: Clock::Seal });
        assert_eq!(as_of(json!({"source": "mattermost bulk export"})), AsOf { at: 9, clock: Clock::Unsaid });
    }
}
