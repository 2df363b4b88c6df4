//! No change goes unseen: thousands of ways to alter an archive, and verify finds each one.

use std::path::PathBuf;
use std::sync::OnceLock;

use chatseal::keys::AllowedSigners;
use chatseal::progress::Progress;
use chatseal::verify::{Ending, TrustPolicy, verify};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::bag::{Raw, deflate, zip};
use crate::history::{self, START};
use crate::sealed::{Desk, SIGNER};

/// How verify ends for these bytes, when the signer is known.
fn ending(bytes: &[u8]) -> Ending {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("a.zip");
    std::fs::write(&path, bytes).unwrap();
    let signers = AllowedSigners::parse(crate::sealed::allowed(SIGNER).as_bytes());
    let policy = TrustPolicy { signers: Some(&signers), ..TrustPolicy::default() };
    let report = verify(&path, &policy, &Progress::silent()).unwrap();
    let ending = report.ending();
    // A bad ending without a reason would be of no use to anybody.
    assert_eq!(ending == Ending::Intact, report.findings().total() == 0, "{ending:?}");
    ending
}

/// A small archive with a file, an exception, and segments both STORED and DEFLATE.
fn archive() -> &'static [u8] {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    ARCHIVE.get_or_init(|| {
        let mut lines = history::export(&[]);
        for at in 0..30 {
            let path = if at < 2 { format!(r#"{{"path":"{at}"}}"#) } else { String::new() };
            lines += &format!(
                "{{\"type\":\"post\",\"post\":{{\"team\":\"harbour\",\"channel\":\"bridge\",\"user\":\"olga\",\"message\":\"Lock {at} stands open.\",\"create_at\":{},\"attachments\":[{path}]}}}}\n",
                START + at
            );
        }
        let desk = Desk::new();
        desk.write("export.jsonl", lines);
        desk.write("data/0", "zero\n");
        let archive = desk.seal("export.jsonl", "harbour.zip", &[]);
        assert!(archive.text("data/segments.csv").lines().any(|row| row.ends_with(",,")));
        assert!(archive.text("data/segments.csv").lines().skip(1).any(|row| !row.ends_with(",,")));
        assert_eq!(ending(&archive.bytes), Ending::Intact);
        archive.bytes
    })
}

/// The archive's members as they lie in it.
fn members() -> Vec<Raw> {
    let mut reader = zip::ZipArchive::new(std::io::Cursor::new(archive())).unwrap();
    let members: Vec<Raw> = (0..reader.len())
        .map(|at| {
            let mut member = reader.by_index(at).unwrap();
            let name = member.name().unwrap().into_owned();
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
            let (start, length) = (member.data_start().unwrap(), member.compressed_size());
            let (start, length) = (usize::try_from(start).unwrap(), usize::try_from(length).unwrap());
            Raw::new(&name, &bytes).restored(archive()[start..start + length].to_vec())
        })
        .collect();
    assert!(zip(&members) == archive(), "taken apart and put together again, the archive is the same");
    members
}

#[test]
fn every_byte_counts() {
    let folder = Desk::new();
    folder.write("export.jsonl", "{\"type\":\"version\",\"version\":1}\n");
    let whole = folder.seal("export.jsonl", "tiny.zip", &[]).bytes;
    let mut unseen = Vec::new();
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        // A single bit, a different one from byte to byte.
        bytes[at] ^= 1 << (at % 8);
        if ending(&bytes) == Ending::Intact {
            unseen.push(at);
        }
    }
    assert!(whole.len() > 5000 && unseen.is_empty(), "{} bytes, unseen at {unseen:?}", whole.len());
}

#[test]
fn every_length_counts() {
    let whole = archive();
    for length in (0..whole.len()).step_by(61).chain(whole.len() - 100..whole.len()) {
        assert_ne!(ending(&whole[..length]), Ending::Intact, "cut to {length} of {} bytes", whole.len());
    }
}

/// A change to the file as a run of bytes.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Overwrite(Index, Vec<u8>),
    Insert(Index, Vec<u8>),
    Delete(Index, usize),
    Repeat(Index, usize),
    Swap(Index, Index, usize),
    Truncate(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    let bytes = || prop::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(b'\n'), Just(b' ')], 1..9);
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (at(), bytes()).prop_map(|(at, bytes)| Change::Overwrite(at, bytes)),
        (at(), bytes()).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at(), 1..300_usize).prop_map(|(at, length)| Change::Delete(at, length)),
        (at(), 1..300_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (at(), at(), 1..300_usize).prop_map(|(one, other, length)| Change::Swap(one, other, length)),
        at().prop_map(Change::Truncate),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        if length == 0 {
            return;
        }
        match self {
            Self::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Overwrite(at, new) => {
                let at = at.index(length);
                let end = length.min(at + new.len());
                bytes[at..end].copy_from_slice(&new[..end - at]);
            }
            Self::Insert(at, new) => drop(bytes.splice(at.index(length)..at.index(length), new.iter().copied())),
            Self::Delete(at, count) => {
                let at = at.index(length);
                bytes.drain(at..length.min(at + count));
            }
            Self::Repeat(at, count) => {
                let at = at.index(length);
                let again = bytes[at..length.min(at + count)].to_vec();
                bytes.splice(at..at, again);
            }
            Self::Swap(one, other, count) => {
                let (one, other) = (one.index(length), other.index(length));
                let (one, other) = (one.min(other), one.max(other));
                let count = (*count).min(other - one).min(length - other);
                for at in 0..count {
                    bytes.swap(one + at, other + at);
                }
            }
            Self::Truncate(at) => bytes.truncate(at.index(length)),
        }
    }
}

/// A change to the members or their headers; the zip is then written whole again, with checksums that fit.
#[derive(Clone, Debug)]
enum Exchange {
    Duplicate(Index, Index),
    Drop(Index),
    Swap(Index, Index),
    Rename(Index, Index, u8),
    Content(Index, Change),
    Recompress(Index, u32),
    Store(Index),
    Header(Index, u8, u32),
    Extra(Index, Vec<u8>),
    Before(Index, Vec<u8>),
    Hide(Index),
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let at = any::<Index>;
    let bytes = || prop::collection::vec(any::<u8>(), 1..12);
    prop_oneof![
        (at(), at()).prop_map(|(from, to)| Exchange::Duplicate(from, to)),
        at().prop_map(Exchange::Drop),
        (at(), at()).prop_map(|(one, other)| Exchange::Swap(one, other)),
        (at(), at(), any::<u8>()).prop_map(|(member, letter, new)| Exchange::Rename(member, letter, new)),
        (at(), change()).prop_map(|(member, change)| Exchange::Content(member, change)),
        (at(), 0..10_u32).prop_map(|(member, level)| Exchange::Recompress(member, level)),
        at().prop_map(Exchange::Store),
        (at(), 0..9_u8, any::<u32>()).prop_map(|(member, field, value)| Exchange::Header(member, field, value)),
        (at(), bytes()).prop_map(|(member, bytes)| Exchange::Extra(member, bytes)),
        (at(), bytes()).prop_map(|(member, bytes)| Exchange::Before(member, bytes)),
        at().prop_map(Exchange::Hide),
    ]
}

fn inflated(member: &Raw) -> Vec<u8> {
    let mut bytes = Vec::new();
    match member.method {
        8 => drop(std::io::Read::read_to_end(&mut flate2::read::DeflateDecoder::new(&member.stored[..]), &mut bytes)),
        _ => bytes.clone_from(&member.stored),
    }
    bytes
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}

impl Exchange {
    fn apply(&self, members: &mut Vec<Raw>) {
        let count = members.len();
        match self {
            Self::Duplicate(from, to) => members.insert(to.index(count), members[from.index(count)].clone()),
            Self::Drop(at) => drop(members.remove(at.index(count))),
            Self::Swap(one, other) => members.swap(one.index(count), other.index(count)),
            Self::Rename(at, letter, new) => {
                let path = &mut members[at.index(count)].path;
                let letter = letter.index(path.len());
                path[letter] = *new;
            }
            Self::Content(at, change) => {
                let member = &mut members[at.index(count)];
                let mut bytes = inflated(member);
                change.apply(&mut bytes);
                let stored = if member.method == 8 { deflate(&bytes, 6) } else { bytes.clone() };
                member.crc32 = crc32fast::hash(&bytes);
                member.size = length(&bytes);
                *member = member.clone().restored(stored);
            }
            Self::Recompress(at, level) => {
                let member = &mut members[at.index(count)];
                let stored = deflate(&inflated(member), *level);
                (member.method, member.needed) = (8, 20);
                *member = member.clone().restored(stored);
            }
            Self::Store(at) => {
                let member = &mut members[at.index(count)];
                let stored = inflated(member);
                (member.method, member.needed) = (0, 10);
                *member = member.clone().restored(stored);
            }
            Self::Header(at, field, value) => {
                let member = &mut members[at.index(count)];
                let short = (*value & 0xffff) as u16;
                match field {
                    0 => member.crc32 = *value,
                    1 => member.local_crc32 = Some(*value),
                    2 => member.stored_size = *value,
                    3 => member.size = *value,
                    4 => member.needed = short,
                    5 => member.flags = short,
                    6 => member.method = short,
                    7 => member.time = short,
                    _ => member.attributes = *value,
                }
            }
            Self::Extra(at, bytes) => members[at.index(count)].extra.clone_from(bytes),
            Self::Before(at, bytes) => members[at.index(count)].before.clone_from(bytes),
            Self::Hide(at) => members[at.index(count)].listed = false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_bytes_goes_unseen(changes in prop::collection::vec(change(), 1..4)) {
        let mut bytes = archive().to_vec();
        for change in &changes {
            change.apply(&mut bytes);
        }
        prop_assert!(bytes == archive() || ending(&bytes) != Ending::Intact);
    }

    #[test]
    fn no_exchange_of_members_goes_unseen(exchanges in prop::collection::vec(exchange(), 1..3)) {
        let mut members = members();
        for exchange in &exchanges {
            exchange.apply(&mut members);
        }
        let bytes = zip(&members);
        prop_assert!(bytes == archive() || ending(&bytes) != Ending::Intact);
    }
}
