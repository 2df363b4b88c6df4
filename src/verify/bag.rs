//! The BagIt layers: tag manifest, manifest, Payload-Oxum, and which members must be there.

use std::io;

use super::checks::Checks;
use super::code::Code;
use super::layer::Layer;
use super::members::{Expected, Texts, difference, each_line};
use super::records::sha256;
use crate::archive::manifest::{self, BagInfo, TAG_FILES};
use crate::archive::names::Member;
use crate::archive::reader::Archive;
use crate::archive::salt::ArchiveSalt;
use crate::archive::seal::Seal;
use crate::merkle::Hash;

/// What the manifest says, once read.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The digests that members must have.
    pub(super) expected: Expected,
    /// SHA-256 of the manifest itself; `None` if it cannot be read.
    pub(super) digest: Option<Hash>,
}

/// Checks the tag files against the tag manifest, and that against the seal. Returns `bag-info.txt` and the salt.
pub(super) fn tag_files(
    archive: &Archive,
    texts: &Texts,
    seal: Option<&Seal>,
    manifest: Option<Hash>,
    checks: &mut Checks,
) -> (Option<BagInfo>, Option<ArchiveSalt>) {
    checks.ran(Layer::TagManifest);
    match (texts.get(&Member::TagManifest), seal) {
        (Some(text), Some(seal)) => {
            let found = sha256(text);
            if found != seal.tag_manifest {
                let detail = difference(&seal.tag_manifest, &found);
                checks.found(Code::TagManifestDiffers, Member::TagManifest.to_string(), detail);
            }
        }
        (None, _) => checks.skipped(Layer::TagManifest, "tagmanifest-sha256.txt cannot be read"),
        (_, None) => checks.skipped(Layer::TagManifest, "there is no seal to compare with"),
    }
    if let Some(text) = texts.get(&Member::TagManifest) {
        match manifest::parse_tag_manifest(text) {
            Ok(hashes) => digests_of_tag_files(&hashes, texts, manifest, checks),
            Err(error) => {
                checks.found(Code::TagManifestMalformed, Member::TagManifest.to_string(), error.to_string());
            }
        }
    }
    if texts.get(&Member::Bagit).is_some_and(|text| text != manifest::BAGIT.as_bytes()) {
        checks.found(Code::BagitDiffers, Member::Bagit.to_string(), "expected version 1.0 and UTF-8, in two lines");
    }
    (bag_info(archive, texts, seal, checks), salt(texts, checks))
}

fn digests_of_tag_files(hashes: &[Hash; 4], texts: &Texts, manifest: Option<Hash>, checks: &mut Checks) {
    for (expected, member) in hashes.iter().zip(&TAG_FILES) {
        let found = if *member == Member::Manifest { manifest } else { texts.digest(member) };
        match found {
            Some(found) if found != *expected => {
                checks.found(Code::TagFileDiffers, member.to_string(), difference(expected, &found));
            }
            Some(_) => {}
            None => checks.skipped(Layer::TagManifest, format!("{member} cannot be read")),
        }
    }
}

fn bag_info(archive: &Archive, texts: &Texts, seal: Option<&Seal>, checks: &mut Checks) -> Option<BagInfo> {
    let place = Member::BagInfo.to_string();
    let info = match BagInfo::parse(texts.get(&Member::BagInfo)?) {
        Ok(info) => info,
        Err(error) => {
            checks.found(Code::BagInfoMalformed, place, error.to_string());
            return None;
        }
    };
    if info.name != *archive.bag() {
        let detail = format!("External-Identifier is `{}`, the top folder `{}`", info.name, archive.bag());
        checks.found(Code::BagInfoDiffers, &place, detail);
    }
    let date = seal.and_then(|seal| manifest::bagging_date(seal.time));
    if let Some(date) = date.filter(|date| *date != info.date) {
        checks.found(Code::BagInfoDiffers, place, format!("Bagging-Date is {}, the seal's is {date}", info.date));
    }
    Some(info)
}

fn salt(texts: &Texts, checks: &mut Checks) -> Option<ArchiveSalt> {
    match ArchiveSalt::parse(texts.get(&Member::Salt)?) {
        Ok(salt) => Some(salt),
        Err(error) => {
            checks.found(Code::SaltMalformed, Member::Salt.to_string(), error.to_string());
            None
        }
    }
}

/// Reads the manifest and holds it against the payload that is there.
pub(super) fn manifest(archive: &Archive, checks: &mut Checks) -> io::Result<Listed> {
    let mut listed = Listed::default();
    let Some(entry) = archive.find(&Member::Manifest) else {
        checks.skipped(Layer::Manifest, "manifest-sha256.txt cannot be read");
        return Ok(listed);
    };
    checks.ran(Layer::Manifest);
    let mut seen = vec![false; archive.entries().len()];
    let mut last = None;
    let expected = &mut listed.expected;
    let digest = each_line(archive, entry, manifest::MAX_LINE + 1, &mut checks.findings, |number, line, findings| {
        let place = || format!("{} line {number}", Member::Manifest);
        let (hash, member) = match manifest::parse_line(line) {
            Ok(parsed) => parsed,
            Err(error) => return findings.push(Code::ManifestMalformed, place(), error.to_string()),
        };
        let Some(position) = archive.position(&member) else {
            return findings.push(Code::PayloadMissing, member.to_string(), place());
        };
        if !member.is_payload() || std::mem::replace(&mut seen[position], true) {
            return findings.push(Code::ManifestRepeats, place(), format!("`{member}`"));
        }
        if last > Some(position) {
            findings.push(Code::ManifestOrder, place(), format!("`{member}` stands before the member above it"));
        }
        last = Some(position);
        match member {
            // The name is what its bytes are held against; here only name and manifest can differ.
            Member::Content(name) if name != hash => {
                findings.push(Code::DigestDiffers, member.to_string(), difference(&hash, &name));
            }
            Member::Content(_) => {}
            _ => expected.insert(position, hash),
        }
    })?;
    listed.digest = Some(digest);
    for (entry, seen) in archive.entries().iter().zip(&seen) {
        if entry.member.is_payload() && !seen {
            checks.found(Code::PayloadUnlisted, entry.member.to_string(), "the manifest has no line for it");
        }
    }
    Ok(listed)
}

/// Holds Payload-Oxum against the payload, and the policies against `data/withheld.jsonl`.
pub(super) fn payload(archive: &Archive, info: Option<&BagInfo>, checks: &mut Checks) {
    let payload = archive.entries().iter().filter(|entry| entry.member.is_payload());
    let (bytes, files) =
        payload.fold((0_u64, 0_u64), |(bytes, files), entry| (bytes.saturating_add(entry.size), files + 1));
    match info {
        Some(info) if (info.payload_bytes, info.payload_files) != (bytes, files) => {
            let detail = format!("expected {}.{}, found {bytes}.{files}", info.payload_bytes, info.payload_files);
            checks.found(Code::OxumDiffers, Member::BagInfo.to_string(), detail);
        }
        Some(_) => {}
        None => checks.skipped(Layer::Manifest, "bag-info.txt cannot be read"),
    }
    let policy = archive.find(&Member::Policy(1)).is_some();
    if archive.find(&Member::Withheld).is_some() != policy {
        let detail = if policy { "it is missing, though there is a policy" } else { "it is there without a policy" };
        checks.found(Code::WithheldUnexpected, Member::Withheld.to_string(), detail);
    }
}
