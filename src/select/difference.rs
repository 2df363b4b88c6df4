//! What two sets of rules and holds would decide differently about the same records.
//!
//! Serves two questions: what a changed policy would keep or let go, and whether what the server deletes by its own
//! retention is what should go. Both look at every record once and count by what changes and by the rules that decide.
//!
//! Memory grows with the number of pairs of rules, not with the number of records: of each pair a few examples are kept,
//! always the oldest, so that they do not depend on threads.

use std::collections::BTreeMap;
use std::io;

use super::Selection;
use super::fold::fold;
use super::judge::Judge;
use crate::policy::decision::{Decision, Disposition};
use crate::record::fields::Head;
use crate::record::kind::FINDING_PREFIX;
use crate::record::time::Millis;
use crate::source::Work;
use crate::source::catalogue::{Rank, table};
use crate::source::sort::{Item, Sorter};

/// Examples kept of each group.
pub const EXAMPLES: usize = 3;

/// What changes for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It would be withheld now, and was not before.
    LetGo,
    /// It was withheld before, and would not be now.
    Kept,
    /// Something else is to be done with it: a review instead of a transfer, say, or a hold that now keeps it.
    Treated,
    /// It stays as it is for now, and becomes due sooner.
    Sooner,
    /// It stays as it is for now, and becomes due later or never.
    Later,
    /// The server deletes it before its minimum ends, or while a hold keeps it.
    TooEarly,
    /// It is due for disposal, and the server keeps it longer.
    TooLong,
    /// Nothing changes.
    Same,
}

/// Records of which the same changes, by the same rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub records: u64,
    /// The oldest of them.
    pub examples: Vec<Example>,
}

/// One record of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// Whether it has no origin time; such a record makes a poor example.
    pub is_undated: bool,
    /// Its origin time.
    pub at: Millis,
    /// Its kind.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// When it became or becomes due on the one side; `None` if never.
    pub before: Option<Millis>,
    /// The same on the other side.
    pub after: Option<Millis>,
    /// Holds that keep it on the other side.
    pub holds: Vec<String>,
}

/// What changes, and by which rules: the one that decided and the one that decides, empty for none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct By {
    /// What changes.
    pub change: Change,
    /// The rule on the one side.
    pub before: String,
    /// The rule on the other side.
    pub after: String,
}

/// All records, by what changes for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Groups, the weightiest change first.
    pub groups: BTreeMap<By, Group>,
}

impl Difference {
    /// What a policy that replaces another changes, as of the time at which both decide.
    pub fn of_policies(selection: Selection<'_>, old: &Judge, new: &Judge, work: &Work<'_>) -> io::Result<Self> {
        Self::of(selection, old, new, work, changes)
    }

    /// Where the server's retention and a policy disagree.
    pub fn of_server(selection: Selection<'_>, server: &Judge, policy: &Judge, work: &Work<'_>) -> io::Result<Self> {
        Self::of(selection, server, policy, work, disagrees)
    }

    fn of(
        mut selection: Selection<'_>,
        before: &Judge,
        after: &Judge,
        work: &Work<'_>,
        compare: fn(&Decision<'_>, &Decision<'_>) -> Change,
    ) -> io::Result<Self> {
        let each = |part: &mut Self, item: &Item<'_>| part.see(item, before, after, compare);
        let mut parts = fold(selection.contents()?, work.threads, each)?;
        parts.extend(fold(selection.records(Sorter::new(0))?, work.threads, each)?);
        Ok(parts.into_iter().reduce(Self::join).unwrap_or_default())
    }

    fn see(
        &mut self,
        item: &Item<'_>,
        before: &Judge,
        after: &Judge,
        compare: fn(&Decision<'_>, &Decision<'_>) -> Change,
    ) {
        // What a reconciliation established is no row, and no policy withholds it.
        if kind(item.kind).starts_with(FINDING_PREFIX) {
            return;
        }
        // A record that lacks its content is followed by the path of it.
        let line = item.line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let decide = |judge| decide(judge, item, line);
        let (Some(old), Some(new)) = (decide(before), decide(after)) else { return };
        let rule = |decision: &Decision<'_>| decision.rule.unwrap_or_default().to_owned();
        let by = By { change: compare(&old, &new), before: rule(&old), after: rule(&new) };
        let is_same = by.change == Change::Same;
        let group = self.groups.entry(by).or_default();
        group.records += 1;
        let order = (item.at == 0, item.at);
        let is_wanted = |group: &Group| {
            let is_before = |last: &Example| order <= (last.is_undated, last.at);
            group.examples.len() < EXAMPLES || group.examples.last().is_some_and(is_before)
        };
        if !is_same && is_wanted(group) {
            group.keep(vec![Example {
                is_undated: item.at == 0,
                at: item.at,
                kind: kind(item.kind),
                id: Head::of(line, kind(item.kind)).id.to_owned(),
                before: old.due_at(),
                after: new.due_at(),
                holds: new.holds.iter().map(str::to_owned).collect(),
            }]);
        }
    }

    fn join(mut self, more: Self) -> Self {
        for (by, group) in more.groups {
            let total = self.groups.entry(by).or_default();
            total.records += group.records;
            total.keep(group.examples);
        }
        self
    }

    /// Records of which this changes.
    pub fn records(&self, change: Change) -> u64 {
        self.groups.iter().filter(|(by, _)| by.change == change).map(|(_, group)| group.records).sum()
    }
}

impl Group {
    fn keep(&mut self, more: Vec<Example>) {
        self.examples.extend(more);
        self.examples.sort_unstable();
        self.examples.truncate(EXAMPLES);
    }
}

fn kind(rank: Rank) -> &'static str {
    table(rank).kind
}

fn decide<'e>(judge: &'e Judge, item: &Item<'_>, line: &[u8]) -> Option<Decision<'e>> {
    judge.with_subject(item.kind, item.at, line, |subject| judge.evaluator().decide(subject))
}

fn changes(old: &Decision<'_>, new: &Decision<'_>) -> Change {
    let never = Millis::MAX;
    let (from, to) = (old.due_at().unwrap_or(never), new.due_at().unwrap_or(never));
    match (old.disposition, new.disposition) {
        (Disposition::Dispose, Disposition::Dispose) => Change::Same,
        (_, Disposition::Dispose) => Change::LetGo,
        (Disposition::Dispose, _) => Change::Kept,
        (before, after) if before != after => Change::Treated,
        _ if to < from => Change::Sooner,
        _ if from < to => Change::Later,
        _ => Change::Same,
    }
}

fn disagrees(server: &Decision<'_>, ours: &Decision<'_>) -> Change {
    let is_kept = |at: Millis| !ours.holds.is_empty() || ours.keep_until.is_some_and(|until| !until.is_over(at));
    match (server.due_at(), ours.due_at()) {
        (Some(deleted), _) if is_kept(deleted) => Change::TooEarly,
        (deleted, Some(end)) if ours.disposition == Disposition::Dispose && deleted.is_none_or(|at| at > end) => {
            Change::TooLong
        }
        _ => Change::Same,
    }
}
