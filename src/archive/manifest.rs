//! The texts that make the archive a BagIt 1.0 bag (RFC 8493): what any archivist's tool already understands.
//!
//! `manifest-sha256.txt` lists the payload in zip order, `tagmanifest-sha256.txt` lists four tag files; both are what
//! `sha256sum -c` reads. BagIt itself has no authenticity: that comes from the seal, which holds the digest of the tag
//! manifest.
//!
//! Each text has one spelling; the readers here accept no other.

use chrono::NaiveDate;

use super::names::{BagName, Member};
use crate::merkle::Hash;
use crate::record::id::{push_hex, unhex};
use crate::record::time::{self, Millis};

/// The bytes of `bagit.txt`, RFC 8493 section 2.1.1.
pub const BAGIT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// What the tag manifest lists, in order.
pub const TAG_FILES: [Member; 4] = [Member::BagInfo, Member::Bagit, Member::Manifest, Member::Salt];

/// Longest line of a manifest: a digest, two spaces and a path.
pub const MAX_LINE: usize = 66 + super::names::MAX_PATH;

/// Longest value of `Bag-Software-Agent`, in bytes.
pub const MAX_AGENT: usize = 200;

/// Why a text of the bag is not what the format wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A line of a manifest.
    #[error("expected 64 lower-case hex digits, two spaces, a path of the format and a line feed")]
    Line,
    /// The tag manifest.
    #[error("expected exactly bag-info.txt, bagit.txt, manifest-sha256.txt and salt.txt")]
    TagFiles,
    /// A line of `bag-info.txt`.
    #[error("line {line} is not {expected}")]
    BagInfo {
        /// From 1.
        line: usize,
        /// What the format wants.
        expected: &'static str,
    },
}

/// One line of a manifest, with its line feed.
pub fn line(hash: &Hash, member: &Member) -> String {
    let mut line = String::with_capacity(MAX_LINE);
    push_hex(&mut line, hash);
    line.push_str("  ");
    line.push_str(&member.to_string());
    line.push('\n');
    line
}

/// Reads one line of a manifest, with its line feed.
pub fn parse_line(line: &[u8]) -> Result<(Hash, Member), ManifestError> {
    let text = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok()).ok_or(ManifestError::Line)?;
    let (digest, path) = text.split_once("  ").ok_or(ManifestError::Line)?;
    let hash = unhex(digest).ok_or(ManifestError::Line)?;
    Ok((hash, Member::parse(path).map_err(|_| ManifestError::Line)?))
}

/// The bytes of `tagmanifest-sha256.txt`, from the digests of [`TAG_FILES`] in their order.
pub fn tag_manifest(hashes: &[Hash; 4]) -> String {
    hashes.iter().zip(&TAG_FILES).map(|(hash, member)| line(hash, member)).collect()
}

/// Reads `tagmanifest-sha256.txt`; the digests are those of [`TAG_FILES`] in their order.
pub fn parse_tag_manifest(bytes: &[u8]) -> Result<[Hash; 4], ManifestError> {
    let mut hashes = [[0; 32]; 4];
    let mut lines = bytes.split_inclusive(|b| *b == b'\n');
    for (hash, expected) in hashes.iter_mut().zip(&TAG_FILES) {
        let (found, member) = parse_line(lines.next().ok_or(ManifestError::TagFiles)?)?;
        if member != *expected {
            return Err(ManifestError::TagFiles);
        }
        *hash = found;
    }
    if lines.next().is_none() { Ok(hashes) } else { Err(ManifestError::TagFiles) }
}

/// `bag-info.txt`, RFC 8493 section 2.2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BagInfo {
    /// Which program made the bag: printable ASCII.
    pub agent: String,
    /// UTC date of the seal's time, as `YYYY-MM-DD`.
    pub date: String,
    /// Name of the bag.
    pub name: BagName,
    /// Bytes of the payload.
    pub payload_bytes: u64,
    /// Files of the payload.
    pub payload_files: u64,
}

impl BagInfo {
    /// The text.
    pub fn text(&self) -> String {
        let Self { agent, date, name, payload_bytes, payload_files } = self;
        format!(
            "Bag-Software-Agent: {agent}\nBagging-Date: {date}\nExternal-Identifier: {name}\n\
             Payload-Oxum: {payload_bytes}.{payload_files}\n"
        )
    }

    /// Reads `bag-info.txt`, accepting only what [`Self::text`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let wrong = |line, expected| ManifestError::BagInfo { line, expected };
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()).ok_or(wrong(1, "ASCII"))?;
        let mut lines = text.split('\n');
        let mut value = |line, label, expected| {
            let found = lines.next().unwrap_or_default();
            found.strip_prefix(label).ok_or(wrong(line, expected))
        };
        let expected = "`Bag-Software-Agent: ` and 1 to 200 printable characters";
        let agent = value(1, "Bag-Software-Agent: ", expected)?;
        let printable = agent.bytes().all(|b| (0x20..0x7f).contains(&b)) && agent.trim() == agent;
        if !printable || !(1..=MAX_AGENT).contains(&agent.len()) {
            return Err(wrong(1, expected));
        }
        let expected = "`Bagging-Date: YYYY-MM-DD`";
        let date = value(2, "Bagging-Date: ", expected)?;
        let parsed = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| wrong(2, expected))?;
        if parsed.format("%Y-%m-%d").to_string() != date {
            return Err(wrong(2, expected));
        }
        let expected = "`External-Identifier: ` and the name of the top folder";
        let name = BagName::new(value(3, "External-Identifier: ", expected)?).map_err(|_| wrong(3, expected))?;
        let expected = "`Payload-Oxum: BYTES.FILES`, the last line";
        let oxum = value(4, "Payload-Oxum: ", expected)?;
        let (octets, files) = oxum.split_once('.').ok_or(wrong(4, expected))?;
        let number = |digits: &str| digits.parse().map_err(|_| wrong(4, expected));
        let info = Self {
            agent: agent.to_owned(),
            date: date.to_owned(),
            name,
            payload_bytes: number(octets)?,
            payload_files: number(files)?,
        };
        if info.text() == text { Ok(info) } else { Err(wrong(4, expected)) }
    }
}

/// The UTC date of a seal's time, as `bag-info.txt` spells it; `None` outside the years 0000 to 9999.
pub fn bagging_date(at: Millis) -> Option<String> {
    time::format(at).map(|text| text[..10].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifest_lines() {
        let member = Member::Records { number: 1, kind: "post".into() };
        let text = line(&[0xab; 32], &member);
        assert_eq!(text, format!("{}  data/records/000001-post.jsonl\n", "ab".repeat(32)));
        assert_eq!(parse_line(text.as_bytes()), Ok(([0xab; 32], member)));
        for bad in [
            text.trim_end().to_owned(),
            text.replace("  ", " *"),
            text.replace("ab", "AB"),
            text.replace('\n', "\r\n"),
            text.replace("data/", "./data/"),
            text.replace("post", "../x"),
            String::new(),
        ] {
            assert_eq!(parse_line(bad.as_bytes()), Err(ManifestError::Line), "{bad}");
        }
    }

    #[test]
    fn the_tag_manifest_lists_exactly_four_files() {
        let hashes = [[1; 32], [2; 32], [3; 32], [4; 32]];
        let text = tag_manifest(&hashes);
        let paths: Vec<&str> = text.lines().map(|line| &line[66..]).collect();
        assert_eq!(paths, ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "salt.txt"]);
        assert_eq!(parse_tag_manifest(text.as_bytes()), Ok(hashes));
        let first = text.split_inclusive('\n').next().unwrap();
        for bad in [text.replacen(first, "", 1), format!("{text}{first}"), text.replace("salt", "seal")] {
            assert_eq!(parse_tag_manifest(bad.as_bytes()), Err(ManifestError::TagFiles), "{bad}");
        }
    }

    #[test]
    fn bag_info_has_one_spelling() {
        let info = BagInfo {
            agent: "chatseal 0.1.0".into(),
            date: bagging_date(1_795_251_300_000).unwrap(),
            name: BagName::new("audit-2026-11").unwrap(),
            payload_bytes: 123,
            payload_files: 9,
        };
        let text = info.text();
        assert_eq!(
            text,
            "Bag-Software-Agent: chatseal 0.1.0\nBagging-Date: 2026-11-21\nExternal-Identifier: audit-2026-11\n\
             Payload-Oxum: 123.9\n"
        );
        assert_eq!(BagInfo::parse(text.as_bytes()), Ok(info));
        for (line, from, to) in [
            (1, "chatseal 0.1.0", ""),
            (1, "chatseal 0.1.0", " chatseal"),
            (1, "chatseal 0.1.0", "chatsäal"),
            (2, "2026-11-21", "2026-11-31"),
            (2, "2026-11-21", "2026-1-21"),
            (2, "Bagging-Date", "Bagging-date"),
            (3, "audit-2026-11", "../x"),
            (4, "123.9", "0123.9"),
            (4, "123.9", "+123.9"),
            (4, "123.9", "123"),
            (4, "123.9\n", "123.9"),
            (4, "123.9\n", "123.9\nContact-Name: x\n"),
            (4, "123.9\n", "123.9\r\n"),
        ] {
            let changed = text.replacen(from, to, 1);
            match BagInfo::parse(changed.as_bytes()) {
                Err(ManifestError::BagInfo { line: found, .. }) => assert_eq!(found, line, "{from} -> {to}"),
                other => panic!("{from} -> {to}: {other:?}"),
            }
        }
    }
}
