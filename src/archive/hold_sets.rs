//! `data/policy/hold-sets.jsonl`, for whoever reads records: which holds a set names.
//!
//! One line for each set that a record line names, sorted as bytes, each once; the member is there if and only if there is
//! such a record. A table may be larger than memory, so it is read through once, and what is kept is where each line
//! stands. Nothing is proven here: that a set is what its name says, and all else, `verify` checks.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _};

use super::names::Member;
use super::reader::Archive;
use super::walk::WalkError;
use super::zip::Entry;
use crate::record::hold_set::{self, HoldSet, SetName};

/// The sets of holds of an archive.
#[derive(Debug)]
pub struct HoldSets<'a> {
    archive: &'a Archive,
    entry: Option<&'a Entry>,
    /// Where the line of each begins, and how many bytes it has with its line feed.
    places: HashMap<SetName, (u64, usize)>,
}

impl<'a> HoldSets<'a> {
    /// Reads the table of `archive`, if it has one.
    pub fn read(archive: &'a Archive) -> Result<Self, WalkError> {
        let mut sets = Self { archive, entry: archive.find(&Member::HoldSets), places: HashMap::new() };
        let Some(entry) = sets.entry else { return Ok(sets) };
        let mut reader = BufReader::new(archive.stream(entry));
        let (mut at, mut line) = (0_u64, Vec::new());
        loop {
            line.clear();
            let most = hold_set::MAX_BYTES as u64 + 1;
            let length = reader.by_ref().take(most).read_until(b'\n', &mut line).map_err(unreadable)?;
            if length == 0 {
                return Ok(sets);
            }
            let set = HoldSet::parse(&line).filter(|_| sets.places.len() < hold_set::MOST);
            let found = || format!("holds no set of holds at byte {at}");
            let set = set.ok_or_else(|| WalkError::HoldSets { found: found() })?;
            sets.places.insert(set.name, (at, length));
            at = at.saturating_add(length as u64);
        }
    }

    /// The line of a set, with its line feed.
    pub fn line(&self, name: SetName) -> Result<Vec<u8>, WalkError> {
        let missing = || WalkError::HoldSets { found: format!("does not have `{name}`, which a record names") };
        let (entry, (at, length)) = self.entry.zip(self.places.get(&name)).ok_or_else(missing)?;
        let mut line = vec![0; *length];
        self.archive.stream(entry).behind(*at).read_exact(&mut line).map_err(unreadable)?;
        Ok(line)
    }

    /// Ids of the holds of a set.
    pub fn ids(&self, name: SetName) -> Result<Vec<String>, WalkError> {
        let line = self.line(name)?;
        Ok(HoldSet::parse(&line).iter().flat_map(|set| set.ids.iter()).map(str::to_owned).collect())
    }

    /// What was decided about a record, as its line has it, with ids in the place of the name of a set.
    pub fn resolved<'l>(&self, retention: &'l str) -> Result<Cow<'l, str>, WalkError> {
        let Some((before, name)) = hold_set::named(retention) else { return Ok(Cow::Borrowed(retention)) };
        let line = self.line(name)?;
        let array = HoldSet::parse(&line).map(|set| set.array()).unwrap_or_default();
        Ok(Cow::Owned(format!("{before}{array}}}")))
    }
}

fn unreadable(cause: std::io::Error) -> WalkError {
    WalkError::Unreadable { member: Member::HoldSets.to_string(), cause }
}
