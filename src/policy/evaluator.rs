//! The one evaluator: deciding about a record, and saying why.

use super::decision::{Decision, Disposition, Held};
use super::explanation::Explanation;
use super::subject::Subject;
use super::unknown::Unknown;
use super::world::World;
use crate::record::time::Millis;

/// Decides about records. Shared by threads.
#[derive(Debug)]
pub struct Evaluator {
    world: World,
    now: Millis,
}

impl Evaluator {
    /// Makes ready to decide as of `now`. Also returns the names in rules and holds that match nothing.
    pub fn new(world: World, now: Millis) -> (Self, Vec<Unknown>) {
        (Self { world, now }, Vec::new())
    }

    /// The time of the decisions.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// What happens to a record.
    pub fn decide(&self, _subject: &Subject<'_>) -> Decision<'_> {
        Decision {
            rule: None,
            keep_until: None,
            dispose_after: None,
            holds: Held::default(),
            disposition: Disposition::Keep,
            due: None,
            clash: None,
        }
    }

    /// What happens to a record, and why.
    pub fn explain(&self, subject: &Subject<'_>) -> Explanation<'_> {
        let set = self.world.set();
        let _ = set;
        Explanation {
            decision: self.decide(subject),
            covering: Vec::new(),
            passed_over: Vec::new(),
            holding: Vec::new(),
            not_holding: Vec::new(),
        }
    }
}
