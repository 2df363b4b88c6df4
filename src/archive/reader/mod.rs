//! The one strict reader of sealed bags: verify, show and extract see an archive through it, so there is no second
//! opinion to exploit.
//!
//! It reads at positions and keeps no copy of the file; all methods take `&self` and may run on many threads.
//!
//! Invariant: headers have one value. The directory and every local header are made again from what was read and
//! compared byte by byte ([`super::zip`]); members lie one behind the other from the first byte to the directory. What
//! is not exactly so is a [`Defect`](super::defect::Defect), and reading goes on where that is safe.
//!
//! It refuses: other compression than DEFLATE, encryption, links, names outside the vocabulary, more output than was
//! declared, and to allocate from a size that the file does not hold.

mod body;
mod directory;
mod end;
mod index;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

pub use body::{Body, MemberReader};

use super::defect::{Defects, Flaw};
use super::names::{BagName, Member};
use super::zip::{self, Entry};
use crate::record::line;
use index::Index;

/// Most members of an archive.
pub const MAX_MEMBERS: u64 = 4_194_304;

/// An archive whose directory could be read.
#[derive(Debug)]
pub struct Archive {
    file: File,
    length: u64,
    /// Bytes before the first member that offsets do not count; 0 in a sound archive.
    base: u64,
    bag: BagName,
    entries: Vec<Entry>,
    index: Index,
}

/// What came of opening a file.
#[derive(Debug)]
pub struct Opening {
    /// The archive, unless it is too damaged to find members in it.
    pub archive: Option<Archive>,
    /// Everything wrong with the zip as a container.
    pub defects: Defects,
}

impl Opening {
    /// Reads the directory and all headers of the zip at `path`. `Err` only if the file cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        // Asked before it is opened, because opening a pipe waits for its other end.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = File::open(path)?;
        let mut defects = Defects::default();
        let archive = Archive::open(file, &mut defects)?;
        Ok(Self { archive, defects })
    }
}

impl Archive {
    fn open(file: File, defects: &mut Defects) -> io::Result<Option<Self>> {
        let length = file.metadata()?.len();
        let Some(end) = end::find(&file, length, defects)? else { return Ok(None) };
        let Some(listing) = directory::read(&file, &end, defects)? else { return Ok(None) };
        // Members that share bytes could be read again and again; a file cannot hold more than its length.
        let stored = listing.entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.stored));
        if stored > length {
            return Ok(None);
        }
        let index = Index::new(&listing.entries, defects);
        let archive = Self { file, length, base: end.base, bag: listing.bag, entries: listing.entries, index };
        archive.check_members(defects);
        archive.check_local_headers(defects)?;
        Ok(Some(archive))
    }

    /// Name of the bag.
    pub fn bag(&self) -> &BagName {
        &self.bag
    }

    /// The members, in the order of the zip.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Where `member` stands in [`Self::entries`].
    pub fn position(&self, member: &Member) -> Option<usize> {
        self.index.position(&self.entries, member)
    }

    /// The entry of `member`.
    pub fn find(&self, member: &Member) -> Option<&Entry> {
        self.position(member).and_then(|position| self.entries.get(position))
    }

    /// Which members there are: the mandatory ones, sizes, methods, order and numbering.
    fn check_members(&self, defects: &mut Defects) {
        for member in super::names::MANDATORY {
            if self.find(&member).is_none() {
                defects.push(Flaw::MemberMissing, member.to_string(), "every archive holds this member");
            }
        }
        for pair in self.entries.windows(2) {
            let (left, right) = (&pair[0].member, &pair[1].member);
            let files = matches!((left, right), (Member::Content(_), Member::Content(_)));
            if !files && !left.zip_order(right).is_lt() && left != right {
                defects.push(Flaw::MemberOrder, right.to_string(), format!("stands behind `{left}`"));
            }
        }
        let mut next = [1_u32; 3];
        for entry in &self.entries {
            check_entry(entry, defects);
            let (series, number) = match entry.member {
                Member::Records { number, .. } => (0, number),
                Member::Policy(number) => (1, number.into()),
                Member::Holds(number) => (2, number.into()),
                _ => continue,
            };
            if number != next[series] {
                let detail = format!("expected number {}", next[series]);
                defects.push(Flaw::NumberingGap, entry.member.to_string(), detail);
            }
            next[series] = number.saturating_add(1);
        }
    }

    /// Holds each local header against the one that belongs to its directory header.
    fn check_local_headers(&self, defects: &mut Defects) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in &self.entries {
            let expected = zip::local_header(&self.bag, entry);
            found.resize(expected.len(), 0);
            let read = self.read_at(&mut found, entry.offset)?;
            if read != expected.len() || found != expected {
                let detail = "the header before the member's bytes disagrees with the directory";
                defects.push(Flaw::LocalHeaderDiffers, entry.member.to_string(), detail);
            }
        }
        Ok(())
    }

    /// Reads at `offset` as the zip counts; fewer bytes than asked for only at the end of the file.
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        read_full(&self.file, out, self.base.saturating_add(offset))
    }

    /// Where the bytes of `entry` begin, as the zip counts.
    fn data_start(&self, entry: &Entry) -> u64 {
        let path = self.bag.path(&entry.member);
        entry.offset.saturating_add(zip::local_header_len(path.len(), entry.is_zip64()) as u64)
    }

    /// Whether the file has `length` bytes at `offset`, so that memory may be had for them.
    fn holds(&self, offset: u64, length: u64) -> bool {
        let end = self.base.checked_add(offset).and_then(|start| start.checked_add(length));
        end.is_some_and(|end| end <= self.length)
    }
}

/// Sizes and method of one member.
fn check_entry(entry: &Entry, defects: &mut Defects) {
    let place = || entry.member.to_string();
    let limit = size_limit(&entry.member);
    if entry.size > limit {
        defects.push(Flaw::MemberTooLarge, place(), format!("{} bytes, more than {limit}", entry.size));
    }
    if entry.method != zip::Method::of(&entry.member, entry.size) {
        let detail = "only segments of more than 4,096 bytes are DEFLATE; all else is STORED";
        defects.push(Flaw::MethodUnexpected, place(), detail);
    }
    if entry.method == zip::Method::Stored && entry.stored != entry.size {
        let detail = format!("{} bytes in the zip, {} declared", entry.stored, entry.size);
        defects.push(Flaw::StoredSizeDiffers, place(), detail);
    }
}

/// Most bytes that a member may have. What is read as a stream is bounded by the file itself.
pub fn size_limit(member: &Member) -> u64 {
    const KIB: u64 = 1024;
    match member {
        Member::Content(_)
        | Member::Exceptions
        | Member::HoldSets
        | Member::Withheld
        | Member::Custody
        | Member::Manifest => u64::MAX,
        Member::Records { .. } => line::MAX_BYTES as u64 + 1,
        Member::Segments => 256 * KIB * KIB,
        Member::Source | Member::Policy(_) | Member::Holds(_) => 16 * KIB * KIB,
        Member::Summary | Member::SummaryText | Member::Readme => 4 * KIB * KIB,
        Member::SealSignature | Member::SealNote => 64 * KIB,
        Member::Seal => super::seal::MAX_BYTES as u64,
        Member::Bagit | Member::BagInfo | Member::TagManifest => KIB,
        Member::Salt => super::salt::TEXT_LEN as u64,
    }
}

/// Reads until `out` is full or the file ends.
fn read_full(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < out.len() {
        match file.read_at(&mut out[done..], offset.saturating_add(done as u64)) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
