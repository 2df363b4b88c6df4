//! Where the rows of each kind went: the right side of the completeness equation.

use super::catalogue::{Rank, TABLES};

/// A number for each kind, by rank.
pub type Counts = [u64; TABLES.len()];

/// Nothing of any kind.
pub const NONE: Counts = [0; TABLES.len()];

/// The right side of the completeness equation.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Records written.
    pub records: Counts,
    /// Records decoded and found outside the scope.
    pub out_of_scope: Counts,
    /// Records that could not be kept.
    pub quarantined: Counts,
}

impl Default for Tally {
    fn default() -> Self {
        Self { records: NONE, out_of_scope: NONE, quarantined: NONE }
    }
}

impl Tally {
    /// Adds what another part of the work counted.
    pub fn add(&mut self, more: &Self) {
        add(&mut self.records, &more.records);
        add(&mut self.out_of_scope, &more.out_of_scope);
        add(&mut self.quarantined, &more.quarantined);
    }

    /// A record that was counted as written is out of scope after all.
    pub fn leave_out(&mut self, rank: Rank) {
        self.records[usize::from(rank)] -= 1;
        self.out_of_scope[usize::from(rank)] += 1;
    }
}

/// Adds numbers kind by kind.
pub fn add(total: &mut Counts, more: &Counts) {
    for (total, more) in total.iter_mut().zip(more) {
        *total += more;
    }
}
