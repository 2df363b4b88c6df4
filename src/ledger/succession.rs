//! Which key was in force where: the first statement names the first, and each later one is named by the one before.
//!
//! A key is judged by the position of what it signed, never by a time: at the instant of a rotation clocks prove
//! nothing. The checkpoint that commits a rotation is already signed by the new key, which so shows that it is held.

use super::said::Said;
use super::statement::Statement;
use crate::keys::PublicKey;

/// A key and the leaves that it signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The key.
    pub key: PublicKey,
    /// The first leaf that it signs.
    pub from: u64,
    /// Leaf from which on it is not to be trusted, as a later key states.
    pub compromised_since: Option<u64>,
}

/// The keys of a ledger, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Succession {
    terms: Vec<Term>,
}

impl Succession {
    /// Takes in what a statement says of keys.
    pub(super) fn note(&mut self, statement: &Statement) {
        let Said::Key { key, compromised_since } = &statement.said else { return };
        if let Some(last) = self.terms.last_mut() {
            last.compromised_since = *compromised_since;
        }
        // The first key signs the statement that names it; a later one begins behind it.
        let from = if self.terms.is_empty() { statement.number } else { statement.number.saturating_add(1) };
        self.terms.push(Term { key: *key, from, compromised_since: None });
    }

    /// The key that signs leaf `number`, and the checkpoint of so many leaves.
    pub fn at(&self, number: u64) -> Option<&Term> {
        self.terms.iter().rev().find(|term| term.from <= number)
    }

    /// The key that signs next.
    pub fn newest(&self) -> Option<&Term> {
        self.terms.last()
    }

    /// Every key, in order.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }
}
