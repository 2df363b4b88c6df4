//! What an audit log tells about posts: that one was created, that something was deleted.
//!
//! Facts are carried as sorted lines, because a log may hold more of them than memory.

use crate::record::time::Millis;
use crate::source::catalogue::To;
use crate::source::sort::Sorter;

/// An entry says that a post was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created<'a> {
    /// The post.
    pub id: &'a str,
    /// When the entry was written; 0 where it has no time.
    pub at: Millis,
    /// Who created it, as the log names them.
    pub user: &'a str,
    /// Its channel; empty where the log does not say.
    pub channel: &'a str,
    /// The post that it answers; empty for none, and where the log does not say.
    pub root: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// SHA-256 of the entry's line.
    pub sha256: [u8; 32],
}

/// An entry says that a post, channel, user or team was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted<'a> {
    /// What was deleted.
    pub to: To,
    /// Its id.
    pub id: &'a str,
    /// When the entry was written.
    pub at: Millis,
    /// Name of the event.
    pub event: &'a str,
    /// Who did it, as the log names them.
    pub user: &'a str,
    /// Whether for good: `true`, `false`, or empty where the log does not say.
    pub permanent: &'a str,
    /// SHA-256 of the entry's line.
    pub sha256: [u8; 32],
}

/// What stands behind an id in a sorted line. The order matters: within an id, what decides comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Role {
    /// There is such a row.
    Exists = 1,
    /// An entry created it.
    Created = 2,
    /// Rows name it: rank of their kind, then the field. The tag is how many.
    Named = 3,
    /// An entry deleted it.
    Deleted = 4,
    /// A purged post asks about it: what it is to the post, then the post.
    Asked = 5,
    /// A row that it needs is not there: what it would be to the post.
    Missing = 6,
}

impl Role {
    pub(super) fn of(byte: u8) -> Option<Self> {
        [Self::Exists, Self::Created, Self::Named, Self::Deleted, Self::Asked, Self::Missing]
            .into_iter()
            .find(|role| *role as u8 == byte)
    }
}

/// Longest text of a fact, in bytes; a longer one is cut.
const MAX_TEXT: usize = 300;

/// Facts of one thread of reading.
#[derive(Debug)]
pub struct Facts {
    pub(super) sorter: Sorter,
}

impl Facts {
    /// None yet; `arena` bytes are held in memory.
    pub fn new(arena: usize) -> Self {
        Self { sorter: Sorter::new(arena) }
    }

    /// A post was created.
    pub fn created(&mut self, fact: &Created<'_>) {
        push(&mut self.sorter, To::Post, fact.id, Role::Created, 1, |out| {
            head(out, fact.at, &fact.sha256);
            texts(out, &[fact.user, fact.channel, fact.root, fact.kind]);
        });
    }

    /// Something was deleted.
    pub fn deleted(&mut self, fact: &Deleted<'_>) {
        push(&mut self.sorter, fact.to, fact.id, Role::Deleted, 1, |out| {
            head(out, fact.at, &fact.sha256);
            texts(out, &[fact.event, fact.user, fact.permanent]);
        });
    }

    /// Writes a run to a file in `dir` once memory is full.
    pub fn settle(&mut self, dir: &std::path::Path) -> std::io::Result<()> {
        self.sorter.settle(dir)
    }
}

/// Adds a line about an id. Lines of an id stand together, in the order of their roles.
pub(super) fn push(sorter: &mut Sorter, to: To, id: &str, role: Role, count: u64, payload: impl FnOnce(&mut Vec<u8>)) {
    // Ids are at least eight letters and digits, so the first bytes as a number order them as the bytes would.
    let start = id.as_bytes().first_chunk().copied().unwrap_or_default();
    sorter.push(code(to), i64::from_be_bytes(start), count, |out| {
        out.extend_from_slice(id.as_bytes());
        out.push(role as u8);
        payload(out);
    });
}

/// Posts come first: what is known of them decides what is asked about the others.
const ORDER: [To; 7] = [To::Post, To::Channel, To::User, To::Team, To::Run, To::Playbook, To::Board];

fn code(to: To) -> u8 {
    ORDER.iter().position(|known| *known == to).and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

/// What the id of a sorted line names.
pub(super) fn named_by(code: u8) -> Option<To> {
    ORDER.get(usize::from(code)).copied()
}

/// Its word.
pub(super) fn word(to: To) -> &'static str {
    match to {
        To::Post => "post",
        To::Channel => "channel",
        To::User => "user",
        To::Team => "team",
        To::Run => "playbook_run",
        To::Playbook => "playbook",
        To::Board => "board",
    }
}

/// Takes a sorted line apart: the id, what stands behind it, the rest.
pub(super) fn split(line: &[u8]) -> Option<(&str, Role, &[u8])> {
    let end = line.iter().position(|byte| *byte < b' ')?;
    let id = std::str::from_utf8(line.get(..end)?).ok()?;
    Some((id, Role::of(*line.get(end)?)?, line.get(end + 1..)?))
}

/// Time and digest, so that lines sort by time.
pub(super) fn head(out: &mut Vec<u8>, at: Millis, sha256: &[u8; 32]) {
    out.extend_from_slice(&(at.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    out.extend_from_slice(sha256);
}

pub(super) fn texts(out: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        let mut end = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text.get(..end).unwrap_or_default().as_bytes();
        out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(text);
    }
}

/// The time, the digest and the texts of a fact.
pub(super) fn unpack<const N: usize>(payload: &[u8]) -> Option<(Millis, &[u8; 32], [&str; N])> {
    let (at, rest) = payload.split_first_chunk::<8>()?;
    let (sha256, mut rest) = rest.split_first_chunk::<32>()?;
    let mut texts = [""; N];
    for text in &mut texts {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (bytes, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        *text = std::str::from_utf8(bytes).ok()?;
        rest = tail;
    }
    Some(((u64::from_be_bytes(*at) ^ (1 << 63)).cast_signed(), sha256, texts))
}
