//! The names that an archive may hold, as a closed vocabulary.
//!
//! Why a type: a path taken from data is how zips write outside their folder. Here a member *is* one of a few things,
//! and its path is made from what it is. Users' file names never become paths; they are data.
//!
//! Invariant: every path made by [`Member`] is ASCII, at most 200 bytes with its bag's name, each component matches
//! `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`, and no two members' paths are equal even after ASCII lower-casing.

use std::cmp::Ordering;
use std::fmt;

use crate::merkle::Hash;
use crate::record::id::{hex, unhex};
use crate::record::kind;

/// Longest path in an archive, in bytes, with the bag's name.
pub const MAX_PATH: usize = 200;

/// Longest component of a path, in bytes.
pub const MAX_COMPONENT: usize = 100;

/// Highest number of a segment: its name has six digits.
pub const MAX_SEGMENT: u32 = 999_999;

/// Highest number of a policy or a list of holds: its name has three digits.
pub const MAX_POLICY: u16 = 999;

/// Name of the bag: the one top folder of the zip.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BagName(String);

/// Why a path is not the name of a member.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A component could harm: empty, too long, `..`, or outside the alphabet.
    #[error("`{0}` is not a safe path: components match [A-Za-z0-9][A-Za-z0-9._-]{{0,99}}, at most 200 bytes in all")]
    Unsafe(String),
    /// A safe path that the format does not know.
    #[error("`{0}` is not a member of the format")]
    Unknown(String),
}

impl BagName {
    /// Takes a name that matches `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if is_component(name) { Ok(Self(name.to_owned())) } else { Err(NameError::Unsafe(printable(name))) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Path of `member` in the zip.
    pub fn path(&self, member: &Member) -> String {
        format!("{}/{member}", self.0)
    }
}

impl fmt::Display for BagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One member of an archive. Its `Display` is its path from the bag's top.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member {
    /// `data/files/ab/<sha256>`: bytes of files, named by their SHA-256.
    Content(Hash),
    /// `data/records/NNNNNN-KIND.jsonl`: a segment of record lines.
    Records {
        /// From 1, without gaps.
        number: u32,
        /// The one kind of all its records.
        kind: Box<str>,
    },
    /// `data/README.txt`: how to check this archive by hand.
    Readme,
    /// `data/custody.jsonl`: who acquired it, how, with which build.
    Custody,
    /// `data/exceptions.jsonl`: every gap.
    Exceptions,
    /// `data/policy/NNN-holds.toml`: holds in force.
    Holds(u16),
    /// `data/policy/NNN-policy.toml`: a policy in force.
    Policy(u16),
    /// `data/policy/hold-sets.jsonl`: the sets of holds that records name.
    HoldSets,
    /// `data/report/summary.json`: counts and the equation of completeness.
    Summary,
    /// `data/report/summary.txt`: the same in words.
    SummaryText,
    /// `data/segments.csv`: the table of segments.
    Segments,
    /// `data/source.json`: what was read.
    Source,
    /// `data/withheld.jsonl`: what a policy withheld.
    Withheld,
    /// `bagit.txt`: the declaration of RFC 8493.
    Bagit,
    /// `bag-info.txt`: metadata of RFC 8493.
    BagInfo,
    /// `salt.txt`: the salt of all leaves.
    Salt,
    /// `manifest-sha256.txt`: digests of the payload.
    Manifest,
    /// `tagmanifest-sha256.txt`: digests of the four tag files.
    TagManifest,
    /// `seal.txt`: the text that is signed.
    Seal,
    /// `seal.txt.sig`: its SSHSIG.
    SealSignature,
    /// `seal.note`: the same text as a C2SP signed note.
    SealNote,
}

/// Members that every archive holds, besides segments, files, what lies in `data/policy/`, and `data/withheld.jsonl`.
pub const MANDATORY: [Member; 15] = [
    Member::Readme,
    Member::Custody,
    Member::Exceptions,
    Member::Summary,
    Member::SummaryText,
    Member::Segments,
    Member::Source,
    Member::Bagit,
    Member::BagInfo,
    Member::Salt,
    Member::Manifest,
    Member::TagManifest,
    Member::Seal,
    Member::SealSignature,
    Member::SealNote,
];

impl Member {
    /// Reads a path from the bag's top.
    pub fn parse(path: &str) -> Result<Self, NameError> {
        if !is_safe(path) {
            return Err(NameError::Unsafe(printable(path)));
        }
        let mut fixed = MANDATORY.iter().chain(&[Self::HoldSets, Self::Withheld]);
        let known = fixed.find(|member| member.fixed() == Some(path)).cloned();
        known.or_else(|| Self::parse_numbered(path)).ok_or_else(|| NameError::Unknown(path.to_owned()))
    }

    fn parse_numbered(path: &str) -> Option<Self> {
        let path = path.strip_prefix("data/")?;
        if let Some(file) = path.strip_prefix("files/") {
            let (folder, name) = file.split_once('/')?;
            return (name.get(..2)? == folder).then(|| unhex(name).map(Self::Content))?;
        }
        if let Some(segment) = path.strip_prefix("records/") {
            let (number, kind) = segment.strip_suffix(".jsonl")?.split_once('-')?;
            let number = fixed_digits(number, 6)?;
            return kind::is_valid(kind).then(|| Self::Records { number, kind: kind.into() });
        }
        let (number, name) = path.strip_prefix("policy/")?.split_once('-')?;
        let number = u16::try_from(fixed_digits(number, 3)?).ok()?;
        match name {
            "policy.toml" => Some(Self::Policy(number)),
            "holds.toml" => Some(Self::Holds(number)),
            _ => None,
        }
    }

    /// The path, if it is the same in every archive.
    fn fixed(&self) -> Option<&'static str> {
        Some(match self {
            Self::Content(_) | Self::Records { .. } | Self::Holds(_) | Self::Policy(_) => return None,
            Self::Readme => "data/README.txt",
            Self::Custody => "data/custody.jsonl",
            Self::Exceptions => "data/exceptions.jsonl",
            Self::HoldSets => "data/policy/hold-sets.jsonl",
            Self::Summary => "data/report/summary.json",
            Self::SummaryText => "data/report/summary.txt",
            Self::Segments => "data/segments.csv",
            Self::Source => "data/source.json",
            Self::Withheld => "data/withheld.jsonl",
            Self::Bagit => "bagit.txt",
            Self::BagInfo => "bag-info.txt",
            Self::Salt => "salt.txt",
            Self::Manifest => "manifest-sha256.txt",
            Self::TagManifest => "tagmanifest-sha256.txt",
            Self::Seal => "seal.txt",
            Self::SealSignature => "seal.txt.sig",
            Self::SealNote => "seal.note",
        })
    }

    /// Whether BagIt counts it as payload: everything under `data/`.
    pub fn is_payload(&self) -> bool {
        self.section() < 3
    }

    /// Part of the zip: 0 files, 1 records, 2 other payload, then each tag file in its fixed place.
    fn section(&self) -> u8 {
        match self {
            Self::Content(_) => 0,
            Self::Records { .. } => 1,
            Self::Bagit => 3,
            Self::BagInfo => 4,
            Self::Salt => 5,
            Self::Manifest => 6,
            Self::TagManifest => 7,
            Self::Seal => 8,
            Self::SealSignature => 9,
            Self::SealNote => 10,
            _ => 2,
        }
    }

    /// Order in the zip. Files are equal here: they stand in order of first use by the records, which names cannot say.
    pub fn zip_order(&self, other: &Self) -> Ordering {
        self.section().cmp(&other.section()).then_with(|| match (self, other) {
            (Self::Content(_), _) => Ordering::Equal,
            (Self::Records { number: left, .. }, Self::Records { number: right, .. }) => left.cmp(right),
            _ => self.to_string().cmp(&other.to_string()),
        })
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content(hash) => {
                let hash = hex(hash);
                write!(f, "data/files/{}/{hash}", &hash[..2])
            }
            Self::Records { number, kind } => write!(f, "data/records/{number:06}-{kind}.jsonl"),
            Self::Holds(number) => write!(f, "data/policy/{number:03}-holds.toml"),
            Self::Policy(number) => write!(f, "data/policy/{number:03}-policy.toml"),
            other => f.write_str(other.fixed().unwrap_or_default()),
        }
    }
}

/// A number from 1 in exactly `width` decimal digits.
fn fixed_digits(text: &str, width: usize) -> Option<u32> {
    let plain = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| plain && *number > 0)
}

/// Whether `name` may be one component of a path.
pub fn is_component(name: &str) -> bool {
    let bytes = name.as_bytes();
    (1..=MAX_COMPONENT).contains(&bytes.len())
        && bytes[0].is_ascii_alphanumeric()
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b))
}

/// Whether `path` could be written by any program on any system without surprise.
pub fn is_safe(path: &str) -> bool {
    path.len() <= MAX_PATH && path.split('/').all(is_component)
}

/// A hostile name, fit for a terminal and a report: short, and without control characters or quotes.
pub fn printable(name: &str) -> String {
    let short: String = name.chars().take(120).collect();
    short.chars().map(|c| if c.is_control() || c == '`' || is_invisible(c) { '\u{FFFD}' } else { c }).collect()
}

/// Characters that reorder or hide text.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_shape() -> Vec<Member> {
        let mut members = vec![
            Member::Content([0xab; 32]),
            Member::Content([0x01; 32]),
            Member::Records { number: 1, kind: "server".into() },
            Member::Records { number: 999_999, kind: "a".repeat(40).into() },
            Member::Holds(1),
            Member::Policy(1),
            Member::Policy(999),
            Member::HoldSets,
            Member::Withheld,
        ];
        members.extend(MANDATORY);
        members
    }

    #[test]
    fn every_member_has_one_safe_path() {
        let bag = BagName::new(&"N".repeat(MAX_COMPONENT)).unwrap();
        let mut folded = std::collections::BTreeSet::new();
        for member in every_shape() {
            let path = member.to_string();
            assert_eq!(Member::parse(&path), Ok(member.clone()), "{path}");
            assert!(is_safe(&bag.path(&member)), "{path}");
            assert!(folded.insert(path.to_ascii_lowercase()), "{path}");
            assert_eq!(member.is_payload(), path.starts_with("data/"), "{path}");
        }
    }

    #[test]
    fn zip_order_is_the_documented_one() {
        let order = "data/records/000001-server.jsonl data/records/000002-post.jsonl data/README.txt data/custody.jsonl \
             data/exceptions.jsonl data/policy/001-holds.toml data/policy/001-policy.toml data/policy/002-policy.toml \
             data/policy/hold-sets.jsonl data/report/summary.json data/report/summary.txt data/segments.csv data/source.json data/withheld.jsonl \
             bagit.txt bag-info.txt salt.txt manifest-sha256.txt tagmanifest-sha256.txt seal.txt seal.txt.sig seal.note";
        let members: Vec<Member> = order.split_whitespace().map(|path| Member::parse(path).unwrap()).collect();
        for pair in members.windows(2) {
            assert_eq!(pair[0].zip_order(&pair[1]), Ordering::Less, "{} {}", pair[0], pair[1]);
        }
        let file = Member::Content([9; 32]);
        assert_eq!(file.zip_order(&Member::Content([1; 32])), Ordering::Equal);
        assert_eq!(file.zip_order(&members[0]), Ordering::Less);
    }

    #[test]
    fn unsafe_and_unknown_are_told_apart() {
        let long = "a".repeat(101);
        for path in ["", "/etc/passwd", "../x", "data/../x", "data//x", "data/", "a\\b", "C:x", "data/\0", "é", &long]
        {
            assert!(matches!(Member::parse(path), Err(NameError::Unsafe(_))), "{path}");
        }
        for path in [
            "fetch.txt",
            "data/x",
            "manifest-sha512.txt",
            "data/readme.txt",
            "data/files/00/abababababababababababababababababababababababababababababababab",
            "data/files/ab/ABABabababababababababababababababababababababababababababababab",
            "data/records/000000-post.jsonl",
            "data/records/0000001-post.jsonl",
            "data/records/000001-Post.jsonl",
            "data/policy/000-policy.toml",
            "data/policy/001-rules.toml",
        ] {
            assert!(matches!(Member::parse(path), Err(NameError::Unknown(_))), "{path}");
        }
        assert_eq!(printable("a\u{1b}[2J`\u{202e}é"), "a\u{fffd}[2J\u{fffd}\u{fffd}é");
    }
}
