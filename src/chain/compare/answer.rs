//! The answer of a comparison: counts, and what is not as it was.

use std::collections::BTreeMap;

use crate::merkle::Hash;
use crate::record::time::Millis;

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It differs from what was sealed, and its clock did not move.
    Altered,
    /// It was sealed and is not in the source.
    Vanished,
    /// It was never sealed, though it is older than what was, and the archives cover its time.
    Inserted,
    /// It differs, and records of its kind do not say when they were changed.
    Undated,
    /// It differs, and its clock says so.
    Changed,
}

/// What may account for a record that vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was already marked as deleted when it was sealed.
    Deleted,
    /// The policy sealed with it let it go by now.
    Due,
    /// The server's own retention job ended well since it was sealed.
    ServerRetention,
}

/// The line that is the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Position of its archive in the series.
    pub archive: u32,
    /// Its index there.
    pub record: u64,
    /// SHA-256 of the line without its line feed.
    pub sha256: Hash,
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value as sealed, in JSON, if values are told and it was there.
    pub sealed: Option<String>,
    /// Its value now.
    pub now: Option<String>,
}

/// One record that is not as it was sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What became of it.
    pub class: Class,
    /// Its kind.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its origin time: as sealed, if it was.
    pub at: Millis,
    /// Where it was sealed.
    pub place: Option<Place>,
    /// What differs.
    pub fields: Vec<Field>,
    /// What may account for it.
    pub reason: Option<Reason>,
}

/// Records of one kind, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// As sealed.
    pub unchanged: u64,
    /// See [`Class::Changed`].
    pub changed: u64,
    /// See [`Class::Undated`].
    pub undated: u64,
    /// See [`Class::Altered`].
    pub altered: u64,
    /// See [`Class::Vanished`].
    pub vanished: u64,
    /// Gone, as a later archive already states.
    pub stated: u64,
    /// See [`Class::Inserted`].
    pub inserted: u64,
    /// Not sealed yet, and newer than what is.
    pub new: u64,
    /// In the source, and kept out of the archives by a policy.
    pub withheld: u64,
    /// Sealed; this reading of the source could not have it.
    pub sealed_only: u64,
    /// In the source; no archive could have it.
    pub uncovered: u64,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Counts of each kind.
    pub kinds: BTreeMap<String, Tally>,
    /// What is not as it was, worst first, then by kind, time and id.
    pub findings: Vec<Finding>,
}

impl Comparison {
    /// Whether nothing was altered, vanished or put in.
    pub fn is_sound(&self) -> bool {
        self.kinds.values().all(|tally| tally.altered + tally.vanished + tally.inserted == 0)
    }
}
