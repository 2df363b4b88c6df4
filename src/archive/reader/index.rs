//! Finding members by name without keeping a path for each.

use std::collections::HashMap;

use super::super::defect::{Defects, Flaw};
use super::super::names::Member;
use super::super::zip::Entry;
use crate::merkle::Hash;

/// Positions of members among the entries.
#[derive(Debug)]
pub(super) struct Index {
    /// Positions of files, sorted by their hash: four bytes for each of possibly millions.
    files: Vec<u32>,
    /// Positions of everything else.
    others: HashMap<Member, u32>,
}

impl Index {
    pub(super) fn new(entries: &[Entry], defects: &mut Defects) -> Self {
        let (mut files, mut others) = (Vec::new(), HashMap::new());
        // The number of members is limited far below 2^32.
        for (position, entry) in (0_u32..).zip(entries) {
            match &entry.member {
                Member::Content(_) => files.push(position),
                other => {
                    if others.insert(other.clone(), position).is_some() {
                        duplicate(other, defects);
                    }
                }
            }
        }
        files.sort_unstable_by_key(|position| hash_at(entries, *position));
        for pair in files.windows(2) {
            if hash_at(entries, pair[0]) == hash_at(entries, pair[1]) {
                duplicate(&entries[pair[0] as usize].member, defects);
            }
        }
        Self { files, others }
    }

    pub(super) fn position(&self, entries: &[Entry], member: &Member) -> Option<usize> {
        if let Member::Content(hash) = member {
            let found = self.files.binary_search_by_key(&Some(*hash), |position| hash_at(entries, *position)).ok()?;
            return self.files.get(found).map(|position| *position as usize);
        }
        self.others.get(member).map(|position| *position as usize)
    }
}

fn duplicate(member: &Member, defects: &mut Defects) {
    defects.push(Flaw::MemberDuplicate, member.to_string(), "two members have this name");
}

fn hash_at(entries: &[Entry], position: u32) -> Option<Hash> {
    match entries.get(position as usize)?.member {
        Member::Content(hash) => Some(hash),
        _ => None,
    }
}
