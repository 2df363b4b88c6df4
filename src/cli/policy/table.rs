//! What differs between two sets of rules and holds, for people and as a document.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::printer::{count, harmless};
use crate::record::time::{self, Millis};
use crate::select::difference::{By, Change, Difference, Group};

/// Pairs of rules shown of one change; the JSON document has all.
const SHOWN: usize = 10;

/// The report.
#[derive(Serialize)]
pub(super) struct Document<'d> {
    records: u64,
    unchanged: u64,
    changes: Vec<Section<'d>>,
    /// What the two sides are called.
    #[serde(skip)]
    sides: [&'static str; 2],
}

/// All that changes in one way.
#[derive(Serialize)]
struct Section<'d> {
    change: &'static str,
    meaning: &'static str,
    records: u64,
    groups: Vec<Pair<'d>>,
}

/// Records decided by the same two rules.
#[derive(Serialize)]
struct Pair<'d> {
    /// `null`: no rule.
    before: Option<&'d str>,
    after: Option<&'d str>,
    records: u64,
    examples: Vec<Shown<'d>>,
}

#[derive(Serialize)]
struct Shown<'d> {
    kind: &'d str,
    id: &'d str,
    at: Option<String>,
    /// `null`: never.
    due_before: Option<String>,
    due_after: Option<String>,
    holds: &'d [String],
}

impl<'d> Document<'d> {
    /// Tells of `changes`, in their order; all others count as unchanged.
    pub(super) fn new(
        difference: &'d Difference,
        changes: &[(Change, &'static str)],
        sides: [&'static str; 2],
    ) -> Self {
        let section = |(change, meaning): &(Change, &'static str)| {
            let of_change = difference.groups.iter().filter(|(by, _)| by.change == *change);
            let mut groups: Vec<Pair<'_>> = of_change.map(|(by, group)| Pair::new(by, group)).collect();
            groups.sort_by_key(|pair| std::cmp::Reverse(pair.records));
            Section { change: code(*change), meaning, records: difference.records(*change), groups }
        };
        let changes: Vec<Section<'_>> = changes.iter().map(section).collect();
        let records = difference.groups.values().map(|group| group.records).sum();
        let of_changes: u64 = changes.iter().map(|section| section.records).sum();
        Self { records, unchanged: records - of_changes, changes, sides }
    }

    /// The report for people.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        let [before, after] = self.sides;
        for section in &self.changes {
            let _ = writeln!(out, "{:>12}  {}", count(section.records), section.meaning);
            for pair in section.groups.iter().take(SHOWN) {
                let rule = |rule: Option<&str>| rule.map_or_else(|| "no rule".to_owned(), |rule| format!("`{rule}`"));
                let words = format!("{} {before}, {} {after}", rule(pair.before), rule(pair.after));
                let _ = writeln!(out, "{:>16}  {}", count(pair.records), harmless(&words));
                for example in &pair.examples {
                    let _ = writeln!(out, "                    {}", example.line(self.sides));
                }
            }
            if section.groups.len() > SHOWN {
                let more = (section.groups.len() - SHOWN) as u64;
                let _ =
                    writeln!(out, "                  and {} more pairs of rules; `--json` has them all", count(more));
            }
        }
        let _ = writeln!(
            out,
            "{:>12}  of {} records without such a difference",
            count(self.unchanged),
            count(self.records)
        );
        out
    }
}

fn code(change: Change) -> &'static str {
    match change {
        Change::LetGo => "let-go",
        Change::Kept => "kept",
        Change::Treated => "treated",
        Change::Sooner => "sooner",
        Change::Later => "later",
        Change::TooEarly => "too-early",
        Change::TooLong => "too-long",
        Change::Same => "same",
    }
}

impl<'d> Pair<'d> {
    fn new(by: &'d By, group: &'d Group) -> Self {
        let rule = |rule: &'d str| Some(rule).filter(|rule| !rule.is_empty());
        let shown = group.examples.iter().map(|example| Shown {
            kind: example.kind,
            id: &example.id,
            at: date(example.at).filter(|_| example.at != 0),
            due_before: example.before.and_then(date),
            due_after: example.after.and_then(date),
            holds: &example.holds,
        });
        Self { before: rule(&by.before), after: rule(&by.after), records: group.records, examples: shown.collect() }
    }
}

impl Shown<'_> {
    fn line(&self, [before, after]: [&str; 2]) -> String {
        let at = self.at.as_ref().map_or_else(String::new, |at| format!(" of {at}"));
        let due =
            |due: &Option<String>| due.as_ref().map_or_else(|| "never due".to_owned(), |due| format!("due {due}"));
        let holds = if self.holds.is_empty() { String::new() } else { format!("; held by {}", self.holds.join(", ")) };
        let words = format!(
            "{} {}{at}: {} {before}, {} {after}{holds}",
            self.kind,
            self.id,
            due(&self.due_before),
            due(&self.due_after)
        );
        harmless(&words).into_owned()
    }
}

fn date(at: Millis) -> Option<String> {
    time::format(at)
}
