//! What a statement can say: a hold begins or ends, something changed hands, a check was made, something is missing, a
//! key signs from here on.
//!
//! A disposition is a statement of a later version. What is said here is the claim of the signer; that it was said, by
//! whom and in which order, is what the ledger proves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::statement::{Lines, StatementError, Writer};
use crate::archive::seal::Origin;
use crate::keys::PublicKey;
use crate::merkle::Hash;
use crate::record::id::{hex, unhex};
use crate::record::time::{self, Millis, Window};

/// The content of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A legal hold begins.
    Hold(Box<Freeze>),
    /// A legal hold ends.
    Release {
        /// Id of the hold.
        id: String,
        /// Who, why, and who agreed.
        act: Act,
    },
    /// Something changed hands.
    Custody(Box<Transfer>),
    /// Archives were checked against this ledger.
    Verify(Box<Check>),
    /// A seal was committed, but its archive was not published.
    Unpublished {
        /// Number of the seal.
        number: u64,
        /// SHA-256 of its text.
        seal: Hash,
        /// How it came about.
        why: String,
    },
    /// An earlier ledger was lost; these are the seals that its archives still show.
    Lost {
        /// Name of the ledger that was lost.
        origin: Origin,
        /// Number and SHA-256 of each seal that was found, ascending.
        seals: Vec<(u64, Hash)>,
        /// How it came about.
        why: String,
    },
    /// This key signs from the next statement on; of the first statement, from here on.
    Key {
        /// The key.
        key: PublicKey,
        /// Leaf from which on the key before is no longer to be trusted, if it fell into other hands.
        compromised_since: Option<u64>,
    },
}

/// Who did something, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Act {
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
    /// Who agreed.
    pub approved_by: Vec<String>,
}

/// What a legal hold covers; see chatseal-policy(5) for the meaning of each part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freeze {
    /// Identifies it: `[A-Za-z0-9][A-Za-z0-9._:-]{0,99}`.
    pub id: String,
    /// The case or inquiry.
    pub matter: String,
    /// Whether it covers everything in its window.
    pub everything: bool,
    /// Custodians.
    pub users: Vec<String>,
    /// Groups of custodians.
    pub groups: Vec<String>,
    /// Channels, with `*`.
    pub channels: Vec<String>,
    /// Teams, with `*`.
    pub teams: Vec<String>,
    /// Words; none: everything.
    pub keywords: Vec<String>,
    /// Whether open channels that a custodian was in count as seen.
    pub includes_open_channels: bool,
    /// Times of events.
    pub window: Window,
    /// Who issued it, and why.
    pub act: Act,
}

/// A transfer of custody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// SHA-256 of what was handed over.
    pub object: Hash,
    /// What it is called.
    pub name: String,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: String,
    /// In which way.
    pub how: String,
    /// Who says so, why, and who agreed.
    pub act: Act,
}

/// A check of archives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Leaves of the ledger that it was made against.
    pub size: u64,
    /// Root over those.
    pub root: Hash,
    /// Name of the exit code: `ok`, `failed-check` …
    pub result: String,
    /// Archives looked at.
    pub archives: u64,
    /// Findings.
    pub findings: u64,
    /// `all`, or the part that was taken, such as `1/30`.
    pub sample: String,
    /// Numbers of the seals whose archives were checked, ascending.
    pub numbers: Vec<u64>,
}

impl Said {
    /// The word in line 1.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Hold(_) => "hold",
            Self::Release { .. } => "release",
            Self::Custody(_) => "custody",
            Self::Verify(_) => "verify",
            Self::Unpublished { .. } | Self::Lost { .. } => "gap",
            Self::Key { .. } => "key",
        }
    }

    /// Refuses what cannot stand in a statement, before a ledger is opened for it.
    pub fn require_text(&self) -> Result<(), StatementError> {
        self.write(&mut Writer::default())
    }

    pub(super) fn write(&self, out: &mut Writer) -> Result<(), StatementError> {
        match self {
            Self::Hold(freeze) => write_freeze(freeze, out),
            Self::Release { id, act } => out.free("id", id).and_then(|()| write_act(act, out)),
            Self::Custody(transfer) => {
                out.digest("object", &transfer.object);
                out.free("name", &transfer.name)?;
                out.free("from", &transfer.from)?;
                out.free("to", &transfer.to)?;
                out.free("how", &transfer.how)?;
                write_act(&transfer.act, out)
            }
            Self::Verify(check) => {
                out.line("tree", &format!("{} {}", check.size, STANDARD.encode(check.root)));
                out.free("result", &check.result)?;
                out.line("counts", &format!("archives={} findings={}", check.archives, check.findings));
                out.free("sample", &check.sample)?;
                for range in ranges(&check.numbers) {
                    out.line("numbers", &range);
                }
                Ok(())
            }
            Self::Unpublished { number, seal, why } => {
                out.line("unpublished", &format!("{number} sha256:{}", hex(seal)));
                out.free("why", why)
            }
            Self::Lost { origin, seals, why } => {
                out.line("lost", origin.as_str());
                for (number, seal) in seals {
                    out.line("seal", &format!("{number} sha256:{}", hex(seal)));
                }
                out.free("why", why)
            }
            Self::Key { key, compromised_since } => {
                out.line("key", &key.openssh_line(""));
                if let Some(since) = compromised_since {
                    out.line("compromised", &since.to_string());
                }
                Ok(())
            }
        }
    }
}

/// Reads what stands behind the four first lines.
pub(super) fn read(kind: &str, lines: &mut Lines<'_>) -> Result<Said, StatementError> {
    Ok(match kind {
        "hold" => Said::Hold(Box::new(read_freeze(lines)?)),
        "release" => Said::Release { id: read_id(lines)?, act: read_act(lines)? },
        "custody" => Said::Custody(Box::new(Transfer {
            object: lines.digest("object")?,
            name: lines.free("name", "`name` and what it is called")?,
            from: lines.free("from", "`from` and from whom")?,
            to: lines.free("to", "`to` and to whom")?,
            how: lines.free("how", "`how` and in which way")?,
            act: read_act(lines)?,
        })),
        "verify" => Said::Verify(Box::new(read_check(lines)?)),
        "gap" => read_gap(lines)?,
        "key" => Said::Key {
            key: lines.key("key")?,
            compromised_since: match lines.optional("compromised")? {
                Some(since) => Some(lines.number(since, "`compromised` and a number")?),
                None => None,
            },
        },
        other => return Err(StatementError::Unsupported(crate::archive::names::printable(other))),
    })
}

/// Whether a text can identify a hold: `[A-Za-z0-9][A-Za-z0-9._:-]{0,99}`.
pub fn is_hold_id(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"._:-".contains(&b);
    text.len() <= 100 && text.bytes().all(inner) && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
}

fn read_id(lines: &mut Lines<'_>) -> Result<String, StatementError> {
    let expected = "`id` and an id: [A-Za-z0-9][A-Za-z0-9._:-]{0,99}";
    let id = lines.free("id", expected)?;
    if is_hold_id(&id) { Ok(id) } else { Err(lines.wrong(expected)) }
}

fn write_act(act: &Act, out: &mut Writer) -> Result<(), StatementError> {
    out.free("by", &act.by)?;
    out.optional("why", &act.why)?;
    out.each("approved-by", &act.approved_by)
}

fn read_act(lines: &mut Lines<'_>) -> Result<Act, StatementError> {
    Ok(Act {
        by: lines.free("by", "`by` and who")?,
        why: lines.optional("why")?.unwrap_or_default().to_owned(),
        approved_by: lines.each("approved-by")?,
    })
}

fn write_freeze(freeze: &Freeze, out: &mut Writer) -> Result<(), StatementError> {
    out.free("id", &freeze.id)?;
    out.free("matter", &freeze.matter)?;
    if freeze.everything {
        out.line("covers", "everything");
    }
    out.each("user", &freeze.users)?;
    out.each("group", &freeze.groups)?;
    out.each("channel", &freeze.channels)?;
    out.each("team", &freeze.teams)?;
    out.each("keyword", &freeze.keywords)?;
    if !freeze.includes_open_channels {
        out.line("open-channels", "no");
    }
    let end = |end: Option<Millis>| end.map_or(Some("-".to_owned()), time::format);
    let (from, until) = (end(freeze.window.from), end(freeze.window.until));
    let (Some(from), Some(until)) = (from, until) else {
        let value = "a time outside the years 0000 to 9999".to_owned();
        return Err(StatementError::Value { word: "window", value, expected: "times that can be written" });
    };
    out.line("window", &format!("{from} {until}"));
    write_act(&freeze.act, out)
}

fn read_freeze(lines: &mut Lines<'_>) -> Result<Freeze, StatementError> {
    let id = read_id(lines)?;
    let matter = lines.free("matter", "`matter` and the case")?;
    let everything = lines.optional("covers")?.is_some();
    let users = lines.each("user")?;
    let groups = lines.each("group")?;
    let channels = lines.each("channel")?;
    let teams = lines.each("team")?;
    let keywords = lines.each("keyword")?;
    let includes_open_channels = lines.optional("open-channels")?.is_none();
    let expected = "`window`, a time or `-`, and a later time or `-`";
    let (from, until) = lines.required("window", expected)?.split_once(' ').ok_or_else(|| lines.wrong(expected))?;
    let end = |text: &str| if text == "-" { Some(None) } else { time::parse_exact(text).map(Some) };
    let (Some(from), Some(until)) = (end(from), end(until)) else { return Err(lines.wrong(expected)) };
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        return Err(lines.wrong(expected));
    }
    let window = Window { from, until };
    let nobody = [&users, &groups, &channels, &teams].iter().all(|named| named.is_empty());
    if everything != nobody {
        return Err(lines.wrong("`covers everything`, or else a user, group, channel or team"));
    }
    let act = read_act(lines)?;
    Ok(Freeze { id, matter, everything, users, groups, channels, teams, keywords, includes_open_channels, window, act })
}

fn read_check(lines: &mut Lines<'_>) -> Result<Check, StatementError> {
    let expected = "`tree`, a size and a root in base64";
    let (size, root) = lines.required("tree", expected)?.split_once(' ').ok_or_else(|| lines.wrong(expected))?;
    let size = lines.number(size, expected)?;
    let root =
        STANDARD.decode(root).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| lines.wrong(expected))?;
    let result = lines.free("result", "`result` and the name of an exit code")?;
    let expected = "`counts archives=N findings=N`";
    let counts = lines.required("counts", expected)?.strip_prefix("archives=");
    let (archives, findings) =
        counts.and_then(|counts| counts.split_once(" findings=")).ok_or_else(|| lines.wrong(expected))?;
    let (archives, findings) = (lines.number(archives, expected)?, lines.number(findings, expected)?);
    let sample = lines.free("sample", "`sample` and `all` or a part")?;
    let mut numbers = Vec::new();
    for range in lines.each("numbers")? {
        let expected = "`numbers`, and `N` or `N-N`";
        let (first, last) = range.split_once('-').unwrap_or((&range, &range));
        let (first, last) = (lines.number(first, expected)?, lines.number(last, expected)?);
        if last < first || last - first >= MAX_NUMBERS || numbers.len() as u64 + (last - first) >= MAX_NUMBERS {
            return Err(lines.wrong(expected));
        }
        numbers.extend(first..=last);
    }
    Ok(Check { size, root, result, archives, findings, sample, numbers })
}

/// Numbers that one check names at most.
pub const MAX_NUMBERS: u64 = 1 << 20;

/// Ascending numbers as `N` and `N-N`.
fn ranges(numbers: &[u64]) -> Vec<String> {
    let run = |left: &u64, right: &u64| left.checked_add(1) == Some(*right);
    let spelled = |run: &[u64]| match run {
        [first, .., last] => format!("{first}-{last}"),
        other => other.iter().map(u64::to_string).collect(),
    };
    numbers.chunk_by(run).map(spelled).collect()
}

fn read_gap(lines: &mut Lines<'_>) -> Result<Said, StatementError> {
    let sealed = |lines: &Lines<'_>, text: &str| -> Result<(u64, Hash), StatementError> {
        let expected = "a number, and `sha256:` with 64 lower-case hex digits";
        let (number, digest) = text.split_once(" sha256:").ok_or_else(|| lines.wrong(expected))?;
        let digest = unhex(digest).ok_or_else(|| lines.wrong(expected))?;
        Ok((lines.number(number, expected)?, digest))
    };
    if let Some(text) = lines.optional("unpublished")? {
        let (number, seal) = sealed(lines, text)?;
        return Ok(Said::Unpublished { number, seal, why: lines.free("why", "`why` and how it came about")? });
    }
    let origin = Origin::new(lines.required("lost", "`unpublished` and a seal, or `lost` and a ledger")?)?;
    let mut seals: Vec<(u64, Hash)> = Vec::new();
    while let Some(text) = lines.optional("seal")? {
        let seal = sealed(lines, text)?;
        if seals.last().is_some_and(|last| last.0 >= seal.0) {
            return Err(lines.wrong("a seal with a higher number than the one before"));
        }
        seals.push(seal);
    }
    Ok(Said::Lost { origin, seals, why: lines.free("why", "`why` and how it came about")? })
}
