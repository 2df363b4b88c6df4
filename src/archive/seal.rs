//! `seal.txt`: the one small text that is signed, and above everything else in the archive.
//!
//! It is a C2SP tlog-checkpoint body (origin, size, root) with extension lines, so `ssh-keygen -Y verify`,
//! `openssl pkeyutl` and any C2SP note library can check its signatures without us. Line by line:
//!
//! ```text
//! chat.example.org/audit/00000042                       origin of this archive
//! 2                                                     number of records
//! 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=          RFC 6962 root over the record lines
//! chatseal/v1                                           version of the format
//! ledger chat.example.org/audit 42                      or: ledger none
//! previous sha256:<hex>                                 or: previous none
//! tagmanifest sha256:<hex>                              digest of tagmanifest-sha256.txt
//! window event 2026-11-01T00:00:00.000Z -               half-open; `-` is open; `change` for incremental runs
//! source sha256:<hex>                                   digest of data/source.json
//! policy sha256:<hex>                                   or: policy none
//! holds sha256:<hex>                                    or: holds none
//! counts records=2 files=1 exceptions=0
//! time 2026-11-21T08:55:00.000Z                         as claimed by the signer
//! signer SHA256:<base64>                                OpenSSH fingerprint of the plain key
//! ```
//!
//! Compatibility: line 4 names the version. A reader that does not know it calls the archive unsupported and reads no
//! further. Within a version there is one spelling of each seal: [`Seal::parse`] accepts a text only if [`Seal::text`]
//! gives the same bytes back.
//!
//! ```
//! use chatseal::archive::seal::{Clock, Origin, Seal};
//! use chatseal::record::time::{Window, parse_exact};
//!
//! let seal = Seal {
//!     origin: Origin::new("chat.example.org/audit")?,
//!     number: Some(42),
//!     records: 2,
//!     root: chatseal::merkle::empty_root(),
//!     previous: None,
//!     tag_manifest: [0xab; 32],
//!     clock: Clock::Event,
//!     window: Window { from: parse_exact("2026-11-01T00:00:00.000Z"), until: None },
//!     source: [1; 32],
//!     policy: None,
//!     holds: None,
//!     files: 1,
//!     exceptions: 0,
//!     time: parse_exact("2026-11-21T08:55:00.000Z").unwrap(),
//!     signer: [2; 32],
//! };
//! let text = seal.text()?;
//! assert!(text.starts_with("chat.example.org/audit/00000042\n2\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"));
//! assert!(text.contains("\nwindow event 2026-11-01T00:00:00.000Z -\n"));
//! assert_eq!(Seal::parse(text.as_bytes())?, seal);
//! # Ok::<(), chatseal::archive::seal::SealError>(())
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use crate::merkle::Hash;
use crate::record::id::{hex, unhex};
use crate::record::time::{self, Millis, Window};

/// Line 4 of a seal of this version.
pub const VERSION: &str = "chatseal/v1";

/// Longest seal in bytes.
pub const MAX_BYTES: usize = 4096;

/// Longest origin in bytes.
pub const MAX_ORIGIN: usize = 255;

/// Origin of an archive whose maker named none.
pub const NO_ORIGIN: &str = "chatseal.invalid";

/// Why bytes are not a seal, or a seal has no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Longer than [`MAX_BYTES`].
    #[error("the seal has {0} bytes, more than 4,096")]
    TooLong(usize),
    /// Line 4 names a version that this program does not know.
    #[error("line 4 names the version `{0}`; this program reads `chatseal/v1`")]
    Version(String),
    /// A line is not what the format wants there.
    #[error("line {line} is not {expected}")]
    Line {
        /// From 1.
        line: usize,
        /// What the format wants.
        expected: &'static str,
    },
    /// An origin that could not stand in a seal.
    #[error("`{0}` is not an origin: [a-z0-9.-]+(/[A-Za-z0-9._-]+)*, at most 255 bytes")]
    Origin(String),
    /// A time outside the years 0000 to 9999.
    #[error("{0} milliseconds since 1970 are outside the years 0000 to 9999")]
    Time(Millis),
}

/// Who keeps a series of archives: a schema-less URL such as `chat.example.org/audit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Takes a text that matches `[a-z0-9.-]+(/[A-Za-z0-9._-]+)*`.
    pub fn new(text: &str) -> Result<Self, SealError> {
        let mut parts = text.split('/');
        let host = parts.next().unwrap_or_default();
        let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b);
        let any = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let valid = text.len() <= MAX_ORIGIN
            && !host.is_empty()
            && host.bytes().all(lower)
            && parts.all(|part| !part.is_empty() && part.bytes().all(any));
        if valid { Ok(Self(text.to_owned())) } else { Err(SealError::Origin(super::names::printable(text))) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which clock of the rows a window was laid on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// When things happened.
    Event,
    /// When rows last changed; used by incremental runs.
    Change,
}

impl Clock {
    /// The word in the seal.
    pub fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Change => "change",
        }
    }
}

/// What a seal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Who keeps the series.
    pub origin: Origin,
    /// Number of the statement in the ledger; `None` without a ledger.
    pub number: Option<u64>,
    /// Record lines in the archive.
    pub records: u64,
    /// Root of the tree over the record lines.
    pub root: Hash,
    /// SHA-256 of the previous archive's `seal.txt`.
    pub previous: Option<Hash>,
    /// SHA-256 of `tagmanifest-sha256.txt`.
    pub tag_manifest: Hash,
    /// The clock of `window`.
    pub clock: Clock,
    /// Which rows were asked for.
    pub window: Window,
    /// SHA-256 of `data/source.json`.
    pub source: Hash,
    /// SHA-256 of the list of policies in force.
    pub policy: Option<Hash>,
    /// SHA-256 of the list of holds in force.
    pub holds: Option<Hash>,
    /// Members under `data/files/`.
    pub files: u64,
    /// Exceptions sealed in the archive, without notes.
    pub exceptions: u64,
    /// When it was sealed, as the signer claims.
    pub time: Millis,
    /// SHA-256 of the signer's plain public key as OpenSSH encodes it.
    pub signer: Hash,
}

impl Seal {
    /// Line 1: the origin with the number in the ledger, or else with the first half of the tag manifest's digest.
    pub fn archive_origin(&self) -> String {
        match self.number {
            Some(number) => format!("{}/{number:08}", self.origin.0),
            None => format!("{}/x/{}", self.origin.0, hex(&self.tag_manifest[..16])),
        }
    }

    /// Names of the lines of `seal.note`, in order: line 1 of the seal, and with a ledger also the plain origin.
    pub fn note_names(&self) -> Vec<String> {
        let mut names = vec![self.archive_origin()];
        names.extend(self.number.map(|_| self.origin.0.clone()));
        names
    }

    /// The signer as OpenSSH prints it: `SHA256:` and base64 without padding.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(self.signer))
    }

    /// The text of `seal.txt`.
    pub fn text(&self) -> Result<String, SealError> {
        let Self { records, files, exceptions, .. } = self;
        let (from, until) = (end_of_window(self.window.from)?, end_of_window(self.window.until)?);
        let lines = [
            self.archive_origin(),
            records.to_string(),
            STANDARD.encode(self.root),
            VERSION.to_owned(),
            self.number.map_or("ledger none".to_owned(), |number| format!("ledger {} {number}", self.origin.0)),
            digest_line("previous", self.previous.as_ref()),
            digest_line("tagmanifest", Some(&self.tag_manifest)),
            format!("window {} {from} {until}", self.clock.word()),
            digest_line("source", Some(&self.source)),
            digest_line("policy", self.policy.as_ref()),
            digest_line("holds", self.holds.as_ref()),
            format!("counts records={records} files={files} exceptions={exceptions}"),
            format!("time {}", time::format(self.time).ok_or(SealError::Time(self.time))?),
            format!("signer {}", self.fingerprint()),
        ];
        Ok(lines.join("\n") + "\n")
    }

    /// Reads `seal.txt`, accepting only what [`Self::text`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        if bytes.len() > MAX_BYTES {
            return Err(SealError::TooLong(bytes.len()));
        }
        let mut lines = Lines { rest: bytes, line: 0 };
        let origin_line = lines.next()?;
        let (records, root) = (lines.next()?, lines.next()?);
        let version = lines.next()?;
        if version != VERSION {
            return Err(SealError::Version(super::names::printable(version)));
        }
        let (origin, number) = ledger(&mut lines, origin_line)?;
        let previous = lines.optional_digest("previous", "`previous sha256:<hex>` or `previous none`")?;
        let tag_manifest = lines.digest("tagmanifest", "`tagmanifest sha256:<hex>`")?;
        let (clock, window) = window(&mut lines)?;
        let source = lines.digest("source", "`source sha256:<hex>`")?;
        let policy = lines.optional_digest("policy", "`policy sha256:<hex>` or `policy none`")?;
        let holds = lines.optional_digest("holds", "`holds sha256:<hex>` or `holds none`")?;
        let (files, exceptions) = counts(&mut lines)?;
        let expected = "`time` and a time such as 2026-11-21T08:55:00.000Z";
        let time = lines.word("time", expected)?;
        let time = time::parse_exact(time).ok_or(lines.wrong(expected))?;
        let expected = "`signer SHA256:` and 43 characters of base64";
        let signer = lines.word("signer", expected)?.strip_prefix("SHA256:");
        let signer = signer.and_then(|text| decoded(&STANDARD_NO_PAD, text)).ok_or(lines.wrong(expected))?;
        if !lines.rest.is_empty() {
            return Err(SealError::Line { line: lines.line + 1, expected: "the end of the seal" });
        }
        let records = number_at(records, 2)?;
        let root = decoded(&STANDARD, root).ok_or(SealError::Line { line: 3, expected: "32 bytes in base64" })?;
        let seal = Self {
            origin,
            number,
            records,
            root,
            previous,
            tag_manifest,
            clock,
            window,
            source,
            policy,
            holds,
            files,
            exceptions,
            time,
            signer,
        };
        seal.require_spelling(bytes)?;
        Ok(seal)
    }

    /// Names the first line that this seal would be spelled differently.
    fn require_spelling(&self, bytes: &[u8]) -> Result<(), SealError> {
        let text = self.text()?;
        let differs = text.as_bytes().split(|b| *b == b'\n').zip(bytes.split(|b| *b == b'\n'));
        match differs.enumerate().find(|(_, (ours, theirs))| ours != theirs) {
            Some((line, _)) => Err(SealError::Line { line: line + 1, expected: "spelled as the format writes it" }),
            None => Ok(()),
        }
    }
}

fn digest_line(word: &str, digest: Option<&Hash>) -> String {
    digest.map_or_else(|| format!("{word} none"), |digest| format!("{word} sha256:{}", hex(digest)))
}

fn end_of_window(end: Option<Millis>) -> Result<String, SealError> {
    end.map_or_else(|| Ok("-".to_owned()), |at| time::format(at).ok_or(SealError::Time(at)))
}

/// The lines of a seal, read one after the other.
struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Lines<'a> {
    fn wrong(&self, expected: &'static str) -> SealError {
        SealError::Line { line: self.line, expected }
    }

    fn next(&mut self) -> Result<&'a str, SealError> {
        self.line += 1;
        let expected = "a line of printable ASCII that ends in a line feed";
        let end = memchr::memchr(b'\n', self.rest).ok_or(self.wrong(expected))?;
        let (line, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        let printable = line.iter().all(|b| (0x20..0x7f).contains(b));
        std::str::from_utf8(line).ok().filter(|_| printable).ok_or(self.wrong(expected))
    }

    /// The rest of the next line behind `word` and one space.
    fn word(&mut self, word: &str, expected: &'static str) -> Result<&'a str, SealError> {
        let line = self.next()?;
        line.strip_prefix(word).and_then(|rest| rest.strip_prefix(' ')).ok_or(self.wrong(expected))
    }

    fn optional_digest(&mut self, word: &str, expected: &'static str) -> Result<Option<Hash>, SealError> {
        match self.word(word, expected)? {
            "none" => Ok(None),
            other => other.strip_prefix("sha256:").and_then(unhex).map(Some).ok_or(self.wrong(expected)),
        }
    }

    fn digest(&mut self, word: &str, expected: &'static str) -> Result<Hash, SealError> {
        self.optional_digest(word, expected)?.ok_or(self.wrong(expected))
    }
}

/// Reads the ledger line and takes the origin out of it, or out of line 1.
fn ledger(lines: &mut Lines<'_>, origin_line: &str) -> Result<(Origin, Option<u64>), SealError> {
    let expected = "`ledger ORIGIN NUMBER` or `ledger none`";
    let ledger = lines.word("ledger", expected)?;
    if ledger == "none" {
        let wrong = SealError::Line { line: 1, expected: "ORIGIN/x/ and 32 hex digits of the tag manifest's digest" };
        let (rest, _) = origin_line.rsplit_once('/').ok_or(wrong.clone())?;
        let origin = rest.strip_suffix("/x").and_then(|origin| Origin::new(origin).ok());
        return Ok((origin.ok_or(wrong)?, None));
    }
    let (origin, number) = ledger.rsplit_once(' ').ok_or(lines.wrong(expected))?;
    let origin = Origin::new(origin).map_err(|_| lines.wrong(expected))?;
    Ok((origin, Some(number_at(number, lines.line)?)))
}

fn window(lines: &mut Lines<'_>) -> Result<(Clock, Window), SealError> {
    let expected = "`window event FROM TO` or `window change FROM TO`, with `-` for an open end";
    let line = lines.word("window", expected)?;
    let mut words = line.split(' ');
    let clock = match words.next() {
        Some("event") => Clock::Event,
        Some("change") => Clock::Change,
        _ => return Err(lines.wrong(expected)),
    };
    let mut end = || match words.next() {
        Some("-") => Ok(None),
        Some(text) => time::parse_exact(text).map(Some).ok_or(lines.wrong(expected)),
        None => Err(lines.wrong(expected)),
    };
    let window = Window { from: end()?, until: end()? };
    if words.next().is_some() { Err(lines.wrong(expected)) } else { Ok((clock, window)) }
}

fn counts(lines: &mut Lines<'_>) -> Result<(u64, u64), SealError> {
    let expected = "`counts records=N files=N exceptions=N`";
    let line = lines.word("counts", expected)?;
    let mut words = line.split(' ');
    let mut count = |name: &str| {
        let digits = words.next().and_then(|word| word.strip_prefix(name)).ok_or(lines.wrong(expected))?;
        number_at(digits, lines.line)
    };
    // The number of records is held against line 2 when the seal is spelled again.
    count("records=")?;
    let found = (count("files=")?, count("exceptions=")?);
    if words.next().is_some() { Err(lines.wrong(expected)) } else { Ok(found) }
}

fn number_at(text: &str, line: usize) -> Result<u64, SealError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(SealError::Line { line, expected: "a number of at most 64 bits" })
}

fn decoded(engine: &base64::engine::GeneralPurpose, text: &str) -> Option<Hash> {
    engine.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal() -> Seal {
        Seal {
            origin: Origin::new("chat.example.org/audit").unwrap(),
            number: Some(42),
            records: 1_284_533,
            root: [3; 32],
            previous: Some([4; 32]),
            tag_manifest: [5; 32],
            clock: Clock::Change,
            window: Window { from: Some(0), until: Some(1_795_251_300_000) },
            source: [6; 32],
            policy: Some([7; 32]),
            holds: Some([8; 32]),
            files: 8812,
            exceptions: 3,
            time: 1_795_251_300_000,
            signer: [9; 32],
        }
    }

    #[test]
    fn round_trips_with_and_without_everything_optional() {
        let full = seal();
        let bare = Seal {
            number: None,
            previous: None,
            clock: Clock::Event,
            window: Window::default(),
            policy: None,
            holds: None,
            ..seal()
        };
        for seal in [full, bare] {
            let text = seal.text().unwrap();
            assert_eq!(text.lines().count(), 14);
            assert_eq!(Seal::parse(text.as_bytes()).as_ref(), Ok(&seal), "{text}");
        }
    }

    #[test]
    fn origin_line_and_note_names() {
        assert_eq!(seal().archive_origin(), "chat.example.org/audit/00000042");
        assert_eq!(seal().note_names(), ["chat.example.org/audit/00000042", "chat.example.org/audit"]);
        let alone = Seal { number: None, origin: Origin::new(NO_ORIGIN).unwrap(), ..seal() };
        assert_eq!(alone.note_names(), ["chatseal.invalid/x/05050505050505050505050505050505"]);
        assert_eq!(Seal { number: Some(123_456_789), ..seal() }.archive_origin(), "chat.example.org/audit/123456789");
    }

    #[test]
    fn refuses_every_other_spelling() {
        let text = seal().text().unwrap();
        for (line, from, to) in [
            (1, "00000042\n", "42\n"),
            (1, "00000042\n", "00000043\n"),
            (2, "1284533\n", "01284533\n"),
            (2, "1284533\n", "+1284533\n"),
            (12, "\n1284533\n", "\n1284534\n"),
            (3, "AwM=\n", "AwN=\n"),
            (3, "AwM=\n", "AwM\n"),
            (5, "audit 42\n", "audit  42\n"),
            (5, "audit 42\n", "audit 042\n"),
            (6, "previous sha256:04", "previous SHA256:04"),
            (6, "previous sha256:0404", "previous sha256:04"),
            (
                7,
                "tagmanifest sha256:0505050505050505050505050505050505050505050505050505050505050505",
                "tagmanifest none",
            ),
            (8, "window change", "window both"),
            (8, "1970-01-01T00:00:00.000Z ", "1970-01-01T00:00:00Z "),
            (8, ".000Z\nsource", ".000Z \nsource"),
            (10, "policy", "Policy"),
            (12, "records=1284533", "records=1284532"),
            (12, "exceptions=3", "exceptions=3 notes=1"),
            (12, "files=8812", "files=-1"),
            (13, "time ", "time\t"),
            (14, "CQk\n", "CQk=\n"),
            (14, "CQk\n", "CQk"),
            (14, "CQk\n", "CQk\r\n"),
            (15, "CQk\n", "CQk\n\n"),
            (15, "CQk\n", "CQk\nmore\n"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            match Seal::parse(changed.as_bytes()) {
                Err(SealError::Line { line: found, .. }) => assert_eq!(found, line, "{from} -> {to}"),
                other => panic!("{from} -> {to}: {other:?}"),
            }
        }
    }

    #[test]
    fn other_versions_are_named() {
        let text = seal().text().unwrap();
        for version in ["chatseal/v2", "chatseal-derived/v1"] {
            let other = text.replacen(VERSION, version, 1);
            assert_eq!(Seal::parse(other.as_bytes()), Err(SealError::Version(version.into())));
        }
        assert_eq!(Seal::parse(&[b'a'; MAX_BYTES + 1]), Err(SealError::TooLong(MAX_BYTES + 1)));
        assert_eq!(Seal { time: i64::MAX, ..seal() }.text(), Err(SealError::Time(i64::MAX)));
    }

    #[test]
    fn origins() {
        for good in ["a", "chat.example.org/audit", "x-1/A_b.c/2"] {
            assert!(Origin::new(good).is_ok(), "{good}");
        }
        let long = "a".repeat(256);
        for bad in ["", "/a", "a/", "a//b", "Chat.example.org", "a b", "a+b", "ä", long.as_str()] {
            assert!(Origin::new(bad).is_err(), "{bad}");
        }
    }
}
