//! The records that a report rests on: which they are, where they lie in the archive, and their digests.
//!
//! Each has a number, in the order in which the report first names it. A record that the archive does not hold has none,
//! and is said to be missing wherever it is named.

use std::collections::{HashMap, HashSet};

use crate::archive::names::Member;
use crate::archive::reader::Body;
use crate::archive::salt::ArchiveSalt;
use crate::archive::walk::{Walk, WalkError};
use crate::merkle::Hash;
use crate::produce::files::{Attachment, attachment};
use crate::produce::incident::RecordId;
use crate::produce::{Files, Post, ProduceError, Work};
use crate::record::fields::Head;
use crate::record::time::Millis;

/// Where a record lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Its number in the archive, from 0.
    pub(super) index: u64,
    /// Its time.
    pub(super) at: Millis,
    /// Its leaf in the tree over all records.
    pub(super) leaf: Hash,
}

/// What a record is, beside its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// A post: who wrote it, and where.
    Post(Box<str>, Box<str>),
    /// A file.
    File(Box<Attachment>),
    /// Something else.
    Other,
}

/// A record that the report rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Exhibit {
    /// The record.
    pub(super) record: RecordId,
    /// Where it lies; twice if two rows were the same.
    pub(super) places: Vec<Place>,
    /// What it is.
    pub(super) about: About,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// In the order of their numbers, from 1.
    pub(super) exhibits: Vec<Exhibit>,
    numbers: HashMap<RecordId, usize>,
}

impl Evidence {
    /// Looks up the records that a report names, and the files of the posts among them, which stand behind all others.
    pub(super) fn find(work: &Work<'_>, files: &Files, mut cited: Vec<RecordId>) -> Result<Self, ProduceError> {
        let attached = cited.iter().filter(|record| &*record.kind == "post").flat_map(|post| files.of(&post.id));
        let known: HashSet<&RecordId> = cited.iter().collect();
        let attached = attached.map(|file| RecordId::new("file", &file.id)).filter(|record| !known.contains(record));
        let attached: Vec<RecordId> = attached.collect();
        cited.extend(attached);
        let mut found = looked_up(work, &cited.iter().collect())?;
        let mut this = Self::default();
        for record in cited {
            if let Some((places, about)) = found.remove(&record) {
                this.exhibits.push(Exhibit { record: record.clone(), places, about });
                this.numbers.insert(record, this.exhibits.len());
            }
        }
        Ok(this)
    }

    /// The number of a record; nothing if the archive does not hold it.
    pub(super) fn number(&self, record: &RecordId) -> Option<usize> {
        self.numbers.get(record).copied()
    }
}

type Found = HashMap<RecordId, (Vec<Place>, About)>;

fn looked_up(work: &Work<'_>, cited: &HashSet<&RecordId>) -> Result<Found, ProduceError> {
    let salt = salt(work)?;
    let kinds: HashSet<&str> = cited.iter().map(|record| &*record.kind).collect();
    let mut found = Found::new();
    let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kinds.contains(kind));
    walk.for_each_segment(
        |segment| {
            let kind = segment.kind();
            let mut part = Vec::new();
            for (index, line) in segment.lines() {
                let head = Head::of(line, kind);
                let record = RecordId::new(kind, head.id);
                if cited.contains(&record) {
                    let place = Place { index, at: head.at(), leaf: salt.leaf(index, line) };
                    part.push((record, place, about(kind, line)));
                }
            }
            part
        },
        |part| {
            for (record, place, about) in part {
                found.entry(record).or_insert_with(|| (Vec::new(), about)).0.push(place);
            }
            Ok::<_, ProduceError>(())
        },
    )?;
    Ok(found)
}

fn about(kind: &str, line: &[u8]) -> About {
    match kind {
        "post" => {
            let post = Post::read(line);
            About::Post(post.user_id.into(), post.channel_id.into())
        }
        "file" => attachment(line).map_or(About::Other, |(_, file)| About::File(Box::new(file))),
        _ => About::Other,
    }
}

fn salt(work: &Work<'_>) -> Result<ArchiveSalt, ProduceError> {
    let member = Member::Salt;
    let wrong = |expected: &dyn std::fmt::Display| ProduceError::Member {
        member: member.to_string(),
        expected: expected.to_string(),
    };
    let archive = work.sealed.archive;
    let entry = archive.find(&member).ok_or_else(|| wrong(&"it is missing"))?;
    let mut body = Body::default();
    archive
        .load(entry, &mut body)
        .map_err(|cause| WalkError::Unreadable { member: member.to_string(), cause })?
        .map_err(|flaw| WalkError::Damaged { member: member.to_string(), flaw })?;
    ArchiveSalt::parse(body.bytes()).map_err(|error| wrong(&error))
}
