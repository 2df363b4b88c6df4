//! Reading every member that is not a segment: files, texts and tables, and their digests.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};

use rayon::prelude::*;
use ring::digest::{Context, SHA256};

use super::code::Code;
use super::finding::Findings;
use super::layer::Layer;
use super::records::sha256;
use crate::archive::defect::Flaw;
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body};
use crate::archive::zip::Entry;
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::id::hex;

/// A file is hashed in pieces of this many bytes; one for each thread is the memory that it takes.
const BLOCK: usize = 256 * 1024;

/// The digests that members must have, by their position in the zip. A file's stands in its name instead.
#[derive(Debug, Default)]
pub(super) struct Expected(HashMap<usize, Hash>);

impl Expected {
    /// Notes what the manifest says of the member at `position`.
    pub(super) fn insert(&mut self, position: usize, hash: Hash) {
        self.0.insert(position, hash);
    }

    /// Holds a digest against the manifest; a member that it does not list is a finding of another layer.
    pub(super) fn require(&self, position: usize, found: &Hash, place: &str, findings: &mut Findings) {
        if let Some(expected) = self.0.get(&position).filter(|expected| *expected != found) {
            findings.push(Code::DigestDiffers, place, difference(expected, found));
        }
    }
}

/// Says which digest was expected and which found.
pub(super) fn difference(expected: &Hash, found: &Hash) -> String {
    format!("expected sha256:{}, found sha256:{}", hex(expected), hex(found))
}

/// The small members, in memory.
#[derive(Debug, Default)]
pub(super) struct Texts(HashMap<Member, Vec<u8>>);

impl Texts {
    /// Reads them; one that cannot be read is a finding and stays away.
    pub(super) fn read(archive: &Archive, findings: &mut Findings) -> io::Result<Self> {
        let elsewhere = |member: &Member| matches!(member, Member::Content(_) | Member::Records { .. });
        Self::chosen(archive, findings, |member| !elsewhere(member) && !is_stream(member))
    }

    /// Reads one of them.
    pub(super) fn of(archive: &Archive, member: &Member, findings: &mut Findings) -> io::Result<Self> {
        Self::chosen(archive, findings, |other| other == member)
    }

    fn chosen(archive: &Archive, findings: &mut Findings, wanted: impl Fn(&Member) -> bool) -> io::Result<Self> {
        let (mut texts, mut body) = (HashMap::new(), Body::default());
        for entry in archive.entries().iter().filter(|entry| wanted(&entry.member)) {
            let loaded = archive.load(entry, &mut body)?;
            if let Err(flaw) = loaded {
                unreadable(flaw, &entry.member.to_string(), findings);
            }
            // With another CRC the text is still there, and tells what was changed.
            if matches!(loaded, Ok(()) | Err(Flaw::CrcMismatch)) {
                texts.insert(entry.member.clone(), body.bytes().to_vec());
            }
        }
        Ok(Self(texts))
    }

    /// The bytes of `member`.
    pub(super) fn get(&self, member: &Member) -> Option<&[u8]> {
        self.0.get(member).map(Vec::as_slice)
    }

    /// SHA-256 of `member`.
    pub(super) fn digest(&self, member: &Member) -> Option<Hash> {
        self.get(member).map(sha256)
    }
}

/// Says that a member cannot be read, unless its headers were found wrong already.
pub(super) fn unreadable(flaw: Flaw, place: &str, findings: &mut Findings) {
    if Code::Zip(flaw).layer() == Layer::Digests {
        findings.push(Code::Zip(flaw), place, "its bytes are not those that its headers describe");
    }
}

/// Members that may be large and are read line by line.
fn is_stream(member: &Member) -> bool {
    matches!(member, Member::Exceptions | Member::HoldSets | Member::Withheld | Member::Custody | Member::Manifest)
}

/// Hashes all members under `data/files/`; their names say what must come out. Returns their bytes.
pub(super) fn files(archive: &Archive, progress: &Progress) -> io::Result<(u64, Findings)> {
    let hashed = archive.entries().par_iter().filter_map(|entry| match entry.member {
        Member::Content(name) => Some((entry, name)),
        _ => None,
    });
    let checked = hashed.map_init(
        || vec![0; BLOCK],
        |buffer, (entry, name)| -> io::Result<(u64, Findings)> {
            let mut findings = Findings::default();
            let mut sums = Sums::new();
            let mut reader = archive.stream(entry);
            loop {
                progress.check().map_err(io::Error::other)?;
                let read = reader.read(buffer)?;
                if read == 0 {
                    break;
                }
                sums.update(&buffer[..read]);
                progress.add(read as u64);
            }
            let found = sums.finish(entry, &mut findings);
            if found != name {
                findings.push(Code::DigestDiffers, entry.member.to_string(), difference(&name, &found));
            }
            Ok((entry.size, findings))
        },
    );
    let joined = checked.try_reduce_with(|(left, mut findings), (right, behind)| {
        findings.append(behind);
        Ok((left.saturating_add(right), findings))
    });
    joined.unwrap_or_else(|| Ok((0, Findings::default())))
}

/// Reads the STORED member of `entry` line by line (with line feeds) and returns its SHA-256. Lines longer than `limit`
/// are cut at `limit` + 1 bytes, so that whoever parses one cannot take it for whole.
pub(super) fn each_line(
    archive: &Archive,
    entry: &Entry,
    limit: usize,
    findings: &mut Findings,
    mut read_line: impl FnMut(u64, &[u8], &mut Findings),
) -> io::Result<Hash> {
    let mut sums = Sums::new();
    let mut reader = BufReader::with_capacity(BLOCK, archive.stream(entry));
    let (mut line, mut number) = (Vec::new(), 1);
    loop {
        let block = reader.fill_buf()?;
        if block.is_empty() {
            break;
        }
        let feed = memchr::memchr(b'\n', block);
        let used = feed.map_or(block.len(), |feed| feed + 1);
        sums.update(&block[..used]);
        let kept = used.min((limit + 1).saturating_sub(line.len()));
        line.extend_from_slice(&block[..kept]);
        reader.consume(used);
        if feed.is_some() {
            read_line(number, &line, findings);
            line.clear();
            number += 1;
        }
    }
    if !line.is_empty() {
        read_line(number, &line, findings);
    }
    Ok(sums.finish(entry, findings))
}

/// SHA-256 and CRC-32 of one stream.
struct Sums {
    sha256: Context,
    crc32: crc32fast::Hasher,
}

impl Sums {
    fn new() -> Self {
        Self { sha256: Context::new(&SHA256), crc32: crc32fast::Hasher::new() }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.crc32.update(bytes);
    }

    /// Holds the CRC against the header and returns the digest.
    fn finish(self, entry: &Entry, findings: &mut Findings) -> Hash {
        if self.crc32.finalize() != entry.crc32 {
            findings.push(Code::Zip(Flaw::CrcMismatch), entry.member.to_string(), "its bytes have another CRC-32");
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(self.sha256.finish().as_ref());
        hash
    }
}
