//! Rules weighed against one another: longest required minimum > shortest allowed maximum.
//!
//! No tie is decided by order: of equal ends the rule whose id comes first in byte order is named.

use super::decision::{Clash, Until};
use super::rule::{Rule, Then};
use crate::record::time::Millis;

/// A rule with its place in the order of ids.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranked<'e> {
    pub(super) rule: &'e Rule,
    pub(super) rank: u32,
}

/// What the rules that cover a record come to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scale<'e> {
    /// The longest minimum.
    pub(super) longest: Option<(Until, Ranked<'e>)>,
    /// The shortest maximum.
    pub(super) shortest: Option<(Until, Ranked<'e>)>,
    /// The most careful of the rules that set a maximum: what it says happens.
    pub(super) careful: Option<(Until, Ranked<'e>)>,
    /// Covers the record and says no period.
    pub(super) silent: Option<Ranked<'e>>,
}

/// The outcome, without holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict<'e> {
    pub(super) rule: Option<&'e str>,
    pub(super) keep_until: Option<Until>,
    pub(super) dispose_after: Option<Until>,
    pub(super) due: Option<Then>,
    pub(super) clash: Option<Clash<'e>>,
}

/// From the most careful to the least: a record goes by itself only if every rule that sets it a maximum says so.
pub(super) fn care(then: Then) -> u8 {
    match then {
        Then::Review => 0,
        Then::Transfer => 1,
        Then::Dispose => 2,
    }
}

impl<'e> Scale<'e> {
    /// Adds a rule that covers the record.
    pub(super) fn add(&mut self, rule: Ranked<'e>, minimum: Option<Until>, maximum: Option<Until>) {
        if let Some(until) = minimum
            && self.longest.is_none_or(|(best, other)| until > best || until == best && rule.rank < other.rank)
        {
            self.longest = Some((until, rule));
        }
        if let Some(until) = maximum {
            if self.shortest.is_none_or(|(best, other)| (until, rule.rank) < (best, other.rank)) {
                self.shortest = Some((until, rule));
            }
            let key = |until, rule: Ranked<'_>| (care(rule.rule.then), until, rule.rank);
            if self.careful.is_none_or(|(best, other)| key(until, rule) < key(best, other)) {
                self.careful = Some((until, rule));
            }
        }
        if minimum.is_none() && maximum.is_none() && self.silent.is_none_or(|other| rule.rank < other.rank) {
            self.silent = Some(rule);
        }
    }

    /// What that comes to at `now`.
    pub(super) fn verdict(&self, now: Millis) -> Verdict<'e> {
        let id = |found: Option<(Until, Ranked<'e>)>| found.map(|(_, ranked)| ranked.rule.id.as_str());
        let keeps = self.longest.is_some_and(|(until, _)| !until.is_over(now));
        let is_due = !keeps && self.shortest.is_some_and(|(until, _)| until.is_over(now));
        let rule = if keeps {
            id(self.longest)
        } else if is_due {
            id(self.careful)
        } else {
            id(self.shortest.or(self.longest)).or(self.silent.map(|ranked| ranked.rule.id.as_str()))
        };
        let clash = self.longest.zip(self.shortest).and_then(|((keep, minimum), (dispose, maximum))| {
            let differ = minimum.rank != maximum.rank;
            (keep > dispose && differ).then_some(Clash { minimum: &minimum.rule.id, maximum: &maximum.rule.id })
        });
        Verdict {
            rule,
            keep_until: self.longest.map(|(until, _)| until),
            dispose_after: self.shortest.map(|(until, _)| until),
            due: self.careful.filter(|_| is_due).map(|(_, ranked)| ranked.rule.then),
            clash,
        }
    }
}
