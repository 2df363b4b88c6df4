//! All volumes as one ascending stream, in which the newest archive that speaks of a record has the word.

use std::cmp::Ordering;

use super::index::IndexError;
use super::known::{Group, Known, Passed};
use super::volume::{Entry, Reader, Volume, VolumeError};
use crate::record::kind;
use crate::record::time::Millis;

/// A cursor over the records of an index: by kind, origin time and id, as archives have them.
#[derive(Debug)]
pub struct Groups {
    /// Of the volumes, oldest first.
    readers: Vec<Reader>,
    /// Of each reader the place of its kind among those of all.
    places: Vec<usize>,
    kind: String,
    /// Which reader told the kind, and which of its kinds it is.
    told_by: (usize, u64),
    at: Millis,
    id: String,
    known: Vec<Known>,
}

impl Groups {
    /// Stands on the first record.
    pub(super) fn new<'v>(volumes: impl IntoIterator<Item = &'v Volume>) -> Result<Self, VolumeError> {
        let readers = volumes.into_iter().map(Volume::reader).collect::<Result<_, _>>()?;
        let (kind, id) = (String::new(), String::new());
        let (places, known) = (Vec::new(), Vec::new());
        let mut groups = Self { readers, places, kind, told_by: (0, 0), at: 0, id, known };
        groups.place();
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

    /// Leaves the record that it stands on, and passes those behind it, as far as they are of the same kind and come before
    /// `until` (`at` and id): each is told to `see`, in their order. Of records that nobody asks about this is many times
    /// faster than to advance one by one.
    pub fn skim(&mut self, until: Option<(Millis, &str)>, see: &mut dyn FnMut(Passed)) -> Result<(), IndexError> {
        let (kind, told_by) = (self.kind.clone(), self.told_by);
        loop {
            self.skim_alone(&kind, until, see)?;
            self.step()?;
            let is_kind = |group: &Group<'_>| self.told_by == told_by || group.kind == kind;
            let is_passed = |group: &Group<'_>| until.is_none_or(|until| (group.at, group.id) < until);
            let Some(group) = self.peek().filter(is_kind).filter(is_passed) else { return Ok(()) };
            for (i, known) in group.known.iter().enumerate() {
                see(Passed { at: group.at, state: known.state, is_repeated: i > 0 });
            }
        }
    }

    /// Passes what only one reader has: up to where the next one stands.
    fn skim_alone(
        &mut self,
        kind: &str,
        until: Option<(Millis, &str)>,
        see: &mut dyn FnMut(Passed),
    ) -> Result<(), VolumeError> {
        let Some((first, true)) = self.least() else { return Ok(()) };
        let place = self.places.get(first).copied();
        let keys = self.readers.iter().zip(&self.places).enumerate().filter_map(|(i, (reader, at))| {
            let (_, Entry { at: time, id, .. }) = reader.peek()?;
            (i != first && Some(*at) == place).then_some((time, id))
        });
        let until = keys.chain(until).min().map(|(at, id)| (at, id.to_owned()));
        let Some(reader) =
            self.readers.get_mut(first).filter(|reader| reader.peek().is_some_and(|(own, _)| own == kind))
        else {
            return Ok(());
        };
        let kinds = reader.kinds();
        reader.skim(until.as_ref().map(|(at, id)| (*at, id.as_str())), see)?;
        if reader.kinds() != kinds {
            self.place();
        }
        Ok(())
    }

    pub(super) fn step(&mut self) -> Result<(), VolumeError> {
        self.known.clear();
        let Some((newest, is_alone)) = self.least() else { return Ok(()) };
        let Some(reader) = self.readers.get(newest) else { return Ok(()) };
        let Some((kind, entry)) = reader.peek() else { return Ok(()) };
        if self.told_by != (newest, reader.kinds()) {
            kind.clone_into(&mut self.kind);
            self.told_by = (newest, reader.kinds());
        }
        entry.id.clone_into(&mut self.id);
        self.at = entry.at;
        let place = self.places.get(newest).copied();
        let mut has_moved = false;
        for (i, reader) in self.readers.iter_mut().enumerate() {
            if i != newest && (is_alone || self.places.get(i).copied() != place) {
                continue;
            }
            let kinds = reader.kinds();
            while let Some((_, Entry { at, id, known })) = reader.peek().filter(|_| reader.kinds() == kinds) {
                if at != self.at || id != self.id {
                    break;
                }
                if i == newest {
                    self.known.push(known);
                }
                reader.step()?;
            }
            has_moved |= reader.kinds() != kinds;
        }
        if has_moved {
            self.place();
        }
        Ok(())
    }

    /// Compares the kinds on which readers stand; done again only when one of them goes on to another.
    fn place(&mut self) {
        let kinds: Vec<&str> = self.readers.iter().map(|reader| reader.peek().map_or("", |(kind, _)| kind)).collect();
        let place = |kind: &&str| kinds.iter().filter(|one| kind::compare(one, kind).is_lt()).count();
        self.places = kinds.iter().map(place).collect();
    }

    /// Of the readers that stand on the least record the last, which is the newest, and whether it is the only one.
    fn least(&self) -> Option<(usize, bool)> {
        let mut least: Option<(usize, (usize, Millis, &str), bool)> = None;
        for (i, (reader, place)) in self.readers.iter().zip(&self.places).enumerate() {
            let Some((_, Entry { at, id, .. })) = reader.peek() else { continue };
            let key = (*place, at, id);
            match least.map_or(Ordering::Less, |(_, before, _)| key.cmp(&before)) {
                Ordering::Less => least = Some((i, key, true)),
                Ordering::Equal => least = Some((i, key, false)),
                Ordering::Greater => {}
            }
        }
        least.map(|(newest, _, is_alone)| (newest, is_alone))
    }
}

type Key<'a> = (&'a str, Millis, &'a str);

/// The order of records in an archive.
pub(super) fn compare(left: Key<'_>, right: Key<'_>) -> Ordering {
    let kinds = || if left.0 == right.0 { Ordering::Equal } else { kind::compare(left.0, right.0) };
    kinds().then_with(|| left.1.cmp(&right.1)).then_with(|| left.2.cmp(right.2))
}
