//! All volumes as one ascending stream, in which the newest archive that speaks of a record has the word.

use std::cmp::Ordering;

use super::index::IndexError;
use super::known::{Group, Known};
use super::volume::{Entry, Reader, Volume, VolumeError};
use crate::record::kind;
use crate::record::time::Millis;

/// A cursor over the records of an index: by kind, origin time and id, as archives have them.
#[derive(Debug)]
pub struct Groups {
    /// Of the volumes, oldest first.
    readers: Vec<Reader>,
    kind: String,
    at: Millis,
    id: String,
    known: Vec<Known>,
}

impl Groups {
    /// Stands on the first record.
    pub(super) fn new<'v>(volumes: impl IntoIterator<Item = &'v Volume>) -> Result<Self, VolumeError> {
        let readers = volumes.into_iter().map(Volume::reader).collect::<Result<_, _>>()?;
        let mut groups = Self { readers, kind: String::new(), at: 0, id: String::new(), known: Vec::new() };
        groups.step()?;
        Ok(groups)
    }

    /// The record that it stands on, until all were seen.
    pub fn peek(&self) -> Option<Group<'_>> {
        let Self { kind, at, id, known, .. } = self;
        (!known.is_empty()).then_some(Group { kind, at: *at, id, known })
    }

    /// Goes on to the next record.
    pub fn advance(&mut self) -> Result<(), IndexError> {
        Ok(self.step()?)
    }

    /// Goes on to this record, or to the first behind it; the record if the index has it. Only forward: keys that are
    /// looked up one after the other must ascend.
    pub fn find(&mut self, kind: &str, at: Millis, id: &str) -> Result<Option<Group<'_>>, IndexError> {
        while self.peek().is_some_and(|group| compare((group.kind, group.at, group.id), (kind, at, id)).is_lt()) {
            self.advance()?;
        }
        Ok(self.peek().filter(|group| (group.kind, group.at, group.id) == (kind, at, id)))
    }

    pub(super) fn step(&mut self) -> Result<(), VolumeError> {
        self.known.clear();
        let mut least: Option<usize> = None;
        for (i, reader) in self.readers.iter().enumerate() {
            let Some(key) = key(reader) else { continue };
            let before = least.and_then(|least| self.readers.get(least)).and_then(self::key);
            // Of equal ones the last, which is the newest.
            if before.is_none_or(|before| compare(key, before).is_le()) {
                least = Some(i);
            }
        }
        let Some(newest) = least else { return Ok(()) };
        let Some((kind, entry)) = self.readers.get(newest).and_then(Reader::peek) else { return Ok(()) };
        if self.kind != kind {
            kind.clone_into(&mut self.kind);
        }
        entry.id.clone_into(&mut self.id);
        self.at = entry.at;
        for (i, reader) in self.readers.iter_mut().enumerate() {
            while let Some((kind, Entry { at, id, known })) = reader.peek() {
                if compare((kind, at, id), (&self.kind, self.at, &self.id)).is_ne() {
                    break;
                }
                if i == newest {
                    self.known.push(known);
                }
                reader.step()?;
            }
        }
        Ok(())
    }
}

type Key<'a> = (&'a str, Millis, &'a str);

fn key(reader: &Reader) -> Option<Key<'_>> {
    reader.peek().map(|(kind, entry)| (kind, entry.at, entry.id))
}

/// The order of records in an archive.
pub(super) fn compare(left: Key<'_>, right: Key<'_>) -> Ordering {
    let kinds = || if left.0 == right.0 { Ordering::Equal } else { kind::compare(left.0, right.0) };
    kinds().then_with(|| left.1.cmp(&right.1)).then_with(|| left.2.cmp(right.2))
}
