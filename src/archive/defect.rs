//! What the strict zip reader finds wrong, as data.
//!
//! A defect never ends the reading by itself: the reader goes on as far as it safely can, so that whoever looks sees
//! all that is wrong at once. A file that could not be read at all is an error of the operating system instead.

use std::collections::BTreeMap;

use crate::record::vocabulary::vocabulary;

/// Listed in full per kind; more are counted.
pub const SHOWN: u64 = 20;

vocabulary! {
    /// A way in which a zip is not the one that the format allows.
    Flaw:
    NotAZip = "not-a-zip": "no end record, so not a zip, or one that was cut short",
    TrailingData = "trailing-data": "bytes behind the end record, or a comment in it",
    LeadingData = "leading-data": "bytes before the first member that the zip does not account for",
    DirectoryDamaged = "directory-damaged": "the directory cannot be read, or does not lie where the end record says",
    TooManyMembers = "too-many-members": "more members than the format allows",
    EndRecordDiffers = "end-record-differs": "the end records are not those of these members",
    HeaderDiffers = "header-differs": "a directory header has a field with another value than the format gives it",
    MemberEncrypted = "member-encrypted": "a member is marked as encrypted",
    MethodUnsupported = "method-unsupported": "a member is compressed with a method other than DEFLATE",
    MethodUnexpected = "method-unexpected": "a member is STORED that must be DEFLATE, or the reverse",
    NotARegularFile = "not-a-regular-file": "a member is a link, a folder or a device, or has another mode than 0644",
    PathUnsafe = "path-unsafe": "a name could write outside its folder, or collide on some system",
    TopFolderDiffers = "top-folder-differs": "a member lies in another top folder than the first",
    MemberUnexpected = "member-unexpected": "a member that the format does not know",
    MemberDuplicate = "member-duplicate": "two members have one name",
    MemberMissing = "member-missing": "a member that every archive holds is not there",
    NumberingGap = "numbering-gap": "segments, policies or holds are not numbered from 1 without gaps",
    MemberOrder = "member-order": "members do not stand in the order of the format",
    MemberTooLarge = "member-too-large": "a member is larger than the format allows",
    StoredSizeDiffers = "stored-size-differs": "a STORED member whose two sizes differ",
    MembersGap = "members-gap": "bytes between two members",
    MembersOverlap = "members-overlap": "two members share bytes",
    LocalHeaderDiffers = "local-header-differs": "a local header is not the one that belongs to its directory header",
    DeflateDamaged = "deflate-damaged": "the compressed stream is broken, or gives more or fewer bytes than declared",
    CrcMismatch = "crc-mismatch": "the bytes of a member have another CRC-32 than its headers say",
}

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// In which way.
    pub flaw: Flaw,
    /// The member's path, made printable, or the part of the zip.
    pub place: String,
    /// What was expected and found, in words.
    pub detail: String,
}

/// All defects of one zip; each kind is listed up to [`SHOWN`] times and counted beyond.
#[derive(Clone, Debug, Default)]
pub struct Defects {
    shown: Vec<Defect>,
    counts: BTreeMap<Flaw, u64>,
}

impl Defects {
    /// Adds a defect.
    pub fn push(&mut self, flaw: Flaw, place: impl Into<String>, detail: impl Into<String>) {
        let count = self.counts.entry(flaw).or_default();
        *count += 1;
        if *count <= SHOWN {
            self.shown.push(Defect { flaw, place: place.into(), detail: detail.into() });
        }
    }

    /// Those that are listed.
    pub fn shown(&self) -> &[Defect] {
        &self.shown
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> &BTreeMap<Flaw, u64> {
        &self.counts
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
