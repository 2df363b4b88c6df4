//! What record lines say that policies and holds decided, counted and held against the summary.
//!
//! Nothing of a policy is read here: a verifier can tell that the counts are those of the lines, that every line says what
//! was decided, and that what was withheld was due. Whether a rule was understood rightly, the sealed policy shows to
//! whoever reads it.

use std::collections::{BTreeMap, HashMap};

use super::checks::Checks;
use super::code::Code;
use crate::archive::summary::{Decided, Summary};
use crate::archive::withheld::Withheld;
use crate::record::hold_set::{HoldSet, MOST, SetName};
use crate::record::retention::{Holds, Retention};
use crate::record::time::Millis;

/// Most rules, and most holds, that are counted apart; more than 999 files can hold of either are not believed.
const MAX_NAMES: usize = 100_000;

/// Decisions, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stated {
    rules: Names,
    withheld: Names,
    holds: Names,
    /// Records by the set of holds that they name, until its line was read.
    sets: HashMap<SetName, u64>,
    /// Records whose set found no more room.
    sets_beyond: u64,
    no_rule: u64,
    /// Record lines that say something at all.
    records: u64,
    /// Record lines whose periods were over at the time of the seal, and those of them that a hold covers.
    due: u64,
    due_and_held: u64,
}

/// Numbers by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names {
    counts: HashMap<Box<str>, u64>,
    /// Those whose name found no more room.
    beyond: u64,
}

impl Names {
    fn add(&mut self, name: &str, number: u64) {
        if let Some(count) = self.counts.get_mut(name) {
            *count += number;
        } else if self.counts.len() < MAX_NAMES {
            self.counts.insert(name.into(), number);
        } else {
            self.beyond += number;
        }
    }

    fn append(&mut self, other: Self) {
        for (name, number) in other.counts {
            self.add(&name, number);
        }
        self.beyond += other.beyond;
    }
}

impl Stated {
    /// Counts what a record line says. `sealed` is the seal's time, if there is a seal.
    pub(super) fn add(&mut self, retention: &Retention<'_>, sealed: Option<Millis>) {
        self.records += 1;
        match retention.rule {
            Some(rule) => self.rules.add(rule, 1),
            None => self.no_rule += 1,
        }
        match retention.holds {
            Holds::Few(ids) => ids.iter().for_each(|hold| self.holds.add(hold, 1)),
            Holds::Set(name) => self.add_set(name, 1),
        }
        if retention.due().is_some_and(|due| sealed.is_none_or(|sealed| due <= sealed)) {
            self.due += 1;
            self.due_and_held += u64::from(!retention.holds.is_empty());
        }
    }

    fn add_set(&mut self, name: SetName, records: u64) {
        if let Some(count) = self.sets.get_mut(&name) {
            *count += records;
        } else if self.sets.len() < MOST {
            self.sets.insert(name, records);
        } else {
            self.sets_beyond += records;
        }
    }

    /// Counts the holds of a set for all records that name it; false if there are none.
    pub(super) fn resolve(&mut self, set: &HoldSet<'_>) -> bool {
        let Some(records) = self.sets.remove(&set.name) else { return false };
        set.ids.iter().for_each(|hold| self.holds.add(hold, records));
        true
    }

    /// Sets of which no line was read, sorted, with the records that name them.
    pub(super) fn unresolved(&self) -> Vec<(String, u64)> {
        let mut sets: Vec<_> = self.sets.iter().map(|(name, records)| (name.to_string(), *records)).collect();
        sets.sort_unstable();
        sets.extend((self.sets_beyond > 0).then(|| (format!("more than {MOST} sets"), self.sets_beyond)));
        sets
    }

    /// Counts a line of `data/withheld.jsonl`.
    pub(super) fn add_withheld(&mut self, withheld: &Withheld<'_>) {
        self.withheld.add(withheld.rule, 1);
    }

    /// Adds what another part of the archive says.
    pub(super) fn append(&mut self, other: Self) {
        self.rules.append(other.rules);
        self.withheld.append(other.withheld);
        self.holds.append(other.holds);
        let (mut fewer, more) = (other.sets, &mut self.sets);
        if fewer.len() > more.len() {
            std::mem::swap(&mut fewer, more);
        }
        for (name, records) in fewer {
            self.add_set(name, records);
        }
        self.sets_beyond += other.sets_beyond;
        self.no_rule += other.no_rule;
        self.records += other.records;
        self.due += other.due;
        self.due_and_held += other.due_and_held;
    }
}

/// Holds the counts of the summary against what the lines say.
pub(super) fn compare(summary: &Summary, stated: &Stated, is_judged: bool, place: &str, checks: &mut Checks) {
    match (&summary.retention, is_judged) {
        (Some(decided), true) => compare_counts(decided, stated, place, checks),
        (None, false) => {}
        (Some(_), false) => {
            checks.found(Code::SummaryDiffers, place, "it counts decisions, though there is neither policy nor hold");
        }
        (None, true) => {
            checks.found(Code::SummaryDiffers, place, "it counts no decisions, though there is a policy or a hold");
        }
    }
}

fn compare_counts(decided: &Decided, stated: &Stated, place: &str, checks: &mut Checks) {
    let mut differs = |what: String, said: u64, found: u64| {
        if said != found {
            checks.found(Code::SummaryDiffers, format!("{place} {what}"), format!("{said} stated, {found} found"));
        }
    };
    let rules = decided.rules.iter();
    let records = rules.clone().map(|(rule, counts)| (rule.as_str(), counts.records)).collect();
    let withheld = rules.map(|(rule, counts)| (rule.as_str(), counts.withheld)).collect();
    let holds = decided.holds.iter().map(|(hold, records)| (hold.as_str(), *records)).collect();
    compare_names("rule", &records, &stated.rules, &mut differs);
    compare_names("withheld by rule", &withheld, &stated.withheld, &mut differs);
    compare_names("hold", &holds, &stated.holds, &mut differs);
    differs("no_rule".to_owned(), decided.no_rule, stated.no_rule);

    let said = decided.dispositions;
    let lines: u64 = stated.withheld.counts.values().sum::<u64>() + stated.withheld.beyond;
    differs("dispositions dispose".to_owned(), said.dispose, lines);
    let due = [said.held, said.review, said.transfer].iter().fold(0, |sum: u64, part| sum.saturating_add(*part));
    differs("dispositions".to_owned(), said.keep.saturating_add(due), stated.records);
    differs("dispositions held".to_owned(), said.held, stated.due_and_held);
    differs("dispositions due".to_owned(), due, stated.due);
}

fn compare_names(what: &str, said: &BTreeMap<&str, u64>, found: &Names, differs: &mut impl FnMut(String, u64, u64)) {
    for (name, number) in said {
        differs(format!("{what} {name}"), *number, found.counts.get(*name).copied().unwrap_or_default());
    }
    let mut others: Vec<_> = found.counts.iter().filter(|(name, _)| !said.contains_key(name.as_ref())).collect();
    others.sort_unstable();
    for (name, number) in others {
        differs(format!("{what} {name}"), 0, *number);
    }
    differs(format!("{what}s beyond {MAX_NAMES}"), 0, found.beyond);
}
