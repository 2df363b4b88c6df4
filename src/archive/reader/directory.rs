//! Reading the directory and holding it against the one that its own entries would have.

use std::fs::File;
use std::io;

use super::super::defect::{Defects, Flaw};
use super::super::names::{BagName, Member, NameError, printable};
use super::super::zip::{self, CENTRAL, CENTRAL_LEN, Entry, Method, REGULAR_FILE};
use super::end::{End, u16_at, u32_at, wide};
use super::read_full;

/// Read at once.
const BLOCK: usize = 256 * 1024;

/// What the directory lists.
pub(super) struct Listing {
    pub(super) bag: BagName,
    pub(super) entries: Vec<Entry>,
}

/// Reads the directory; `None` if no bag can be made out.
pub(super) fn read(file: &File, end: &End, defects: &mut Defects) -> io::Result<Option<Listing>> {
    let mut blocks = Blocks::new(file, end);
    let (mut bag, mut entries) = (None, Vec::new());
    let mut place = Placement { end: 0, needed: 10 };
    let mut whole = true;
    for number in 0..end.members {
        let Some(header) = blocks.header()? else {
            let detail = format!("header {} of {} cannot be read", number + 1, end.members);
            defects.push(Flaw::DirectoryDamaged, "directory", detail);
            whole = false;
            break;
        };
        if let Some(entry) = entry(header, &mut bag, &mut place, defects) {
            entries.push(entry);
        }
    }
    if whole && blocks.left() > 0 {
        let detail = format!("{} bytes in it belong to no member", blocks.left());
        defects.push(Flaw::DirectoryDamaged, "directory", detail);
    } else if whole {
        place.check(end.start, "directory", defects);
    }
    if end.records != zip::end_records(end.members, place.needed, end.start, end.size) {
        let detail = "a field has another value than these members give it";
        defects.push(Flaw::EndRecordDiffers, "end record", detail);
    }
    if bag.is_none() && end.members == 0 {
        defects.push(Flaw::DirectoryDamaged, "directory", "the zip is empty");
    }
    Ok(bag.map(|bag| Listing { bag, entries }))
}

/// Where the next member must begin, and the highest version needed so far.
struct Placement {
    end: u64,
    needed: u16,
}

impl Placement {
    fn check(&self, offset: u64, place: &str, defects: &mut Defects) {
        if offset > self.end {
            defects.push(Flaw::MembersGap, place, format!("{} bytes before it belong to nothing", offset - self.end));
        } else if offset < self.end {
            let detail = format!("begins {} bytes before the end of what precedes it", self.end - offset);
            defects.push(Flaw::MembersOverlap, place, detail);
        }
    }
}

/// Takes one header apart and holds it against the one that the format would write.
fn entry(header: &[u8], bag: &mut Option<BagName>, place: &mut Placement, defects: &mut Defects) -> Option<Entry> {
    let path_len = usize::from(u16_at(header, 28));
    let extra_len = usize::from(u16_at(header, 30));
    let raw_path = header.get(CENTRAL_LEN..CENTRAL_LEN + path_len).unwrap_or_default();
    let path = String::from_utf8_lossy(raw_path);
    let shown = printable(&path);
    // Behind the id and length of the one extra that the format knows.
    let mut extra = header.get(CENTRAL_LEN + path_len + 4..CENTRAL_LEN + path_len + extra_len).unwrap_or_default();
    let size = wide(u32_at(header, 24), &mut extra);
    let stored = wide(u32_at(header, 20), &mut extra);
    let offset = wide(u32_at(header, 42), &mut extra);
    let (Some(size), Some(stored), Some(offset)) = (size, stored, offset) else {
        defects.push(Flaw::HeaderDiffers, shown, "a size or offset says ZIP64, but there is no such field");
        return None;
    };
    place.check(offset, &shown, defects);
    let zip64 = size.max(stored) >= zip::FULL.into();
    let length = zip::local_header_len(path_len, zip64) as u64;
    place.end = offset.saturating_add(length).saturating_add(stored);
    place.needed = place.needed.max(u16_at(header, 6));

    let method = method(header, &shown, defects);
    let member = member(&path, bag, &shown, defects)?;
    let entry = Entry { member, method: method?, crc32: u32_at(header, 16), stored, size, offset };
    let expected = bag.as_ref().map(|bag| zip::central_header(bag, &entry)).unwrap_or_default();
    if expected != header {
        let (flaw, detail) = if u32_at(header, 38) == REGULAR_FILE {
            (Flaw::HeaderDiffers, "a field has another value than the format gives it")
        } else {
            (Flaw::NotARegularFile, "its attributes are not those of a regular file with mode 0644")
        };
        defects.push(flaw, shown, detail);
    }
    Some(entry)
}

fn method(header: &[u8], shown: &str, defects: &mut Defects) -> Option<Method> {
    if u16_at(header, 8) & 1 == 1 {
        defects.push(Flaw::MemberEncrypted, shown, "the flags mark it as encrypted");
    }
    match u16_at(header, 10) {
        0 => Some(Method::Stored),
        8 => Some(Method::Deflated),
        other => {
            defects.push(Flaw::MethodUnsupported, shown, format!("compression method {other}"));
            None
        }
    }
}

/// The member that `path` names; the first safe path also names the bag.
fn member(path: &str, bag: &mut Option<BagName>, shown: &str, defects: &mut Defects) -> Option<Member> {
    let Some((top, rest)) = path.split_once('/') else {
        let unsafe_path = !super::super::names::is_safe(path);
        let flaw = if unsafe_path { Flaw::PathUnsafe } else { Flaw::MemberUnexpected };
        defects.push(flaw, shown, "not in the bag's folder");
        return None;
    };
    let parsed = Member::parse(rest);
    let top = BagName::new(top);
    let (Ok(top), false) = (top, matches!(parsed, Err(NameError::Unsafe(_)))) else {
        let detail = "components of a path match [A-Za-z0-9][A-Za-z0-9._-]{0,99}";
        defects.push(Flaw::PathUnsafe, shown, detail);
        return None;
    };
    let first = bag.get_or_insert_with(|| top.clone());
    if *first != top {
        defects.push(Flaw::TopFolderDiffers, shown, format!("the bag is `{first}`"));
        return None;
    }
    if parsed.is_err() {
        defects.push(Flaw::MemberUnexpected, shown, "the format knows no such member");
    }
    parsed.ok()
}

/// Hands out one header after the other.
struct Blocks<'a> {
    file: &'a File,
    buffer: Vec<u8>,
    taken: usize,
    at: u64,
    unread: u64,
}

impl<'a> Blocks<'a> {
    fn new(file: &'a File, end: &End) -> Self {
        Self { file, buffer: Vec::new(), taken: 0, at: end.base.saturating_add(end.start), unread: end.size }
    }

    /// Bytes of the directory that were not handed out.
    fn left(&self) -> u64 {
        self.unread + (self.buffer.len() - self.taken) as u64
    }

    /// Makes sure that `length` bytes are at hand; false at the end of the directory.
    fn fill(&mut self, length: usize) -> io::Result<bool> {
        if self.buffer.len() - self.taken >= length {
            return Ok(true);
        }
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let kept = self.buffer.len();
        let more = usize::try_from(self.unread).unwrap_or(usize::MAX).min(BLOCK.max(length));
        self.buffer.resize(kept + more, 0);
        let read = read_full(self.file, &mut self.buffer[kept..], self.at)?;
        self.buffer.truncate(kept + read);
        self.at += read as u64;
        self.unread -= read as u64;
        Ok(self.buffer.len() >= length)
    }

    fn header(&mut self) -> io::Result<Option<&[u8]>> {
        if !self.fill(CENTRAL_LEN)? {
            return Ok(None);
        }
        let fixed = &self.buffer[self.taken..];
        if u32_at(fixed, 0) != CENTRAL {
            return Ok(None);
        }
        let length = CENTRAL_LEN + [28, 30, 32].into_iter().map(|at| usize::from(u16_at(fixed, at))).sum::<usize>();
        if !self.fill(length)? {
            return Ok(None);
        }
        let start = self.taken;
        self.taken += length;
        Ok(self.buffer.get(start..self.taken))
    }
}
