//! The plan as one JSON document.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::select::plan::{Fates, Plan, Saved};
use crate::source::catalogue::table;

/// What `--format json` answers.
#[derive(Serialize)]
pub(super) struct Document<'p> {
    as_of: Option<String>,
    policies: Vec<&'p str>,
    total: Numbers,
    kinds: Vec<Kind>,
    rules: Vec<Group<'p>>,
    teams: Vec<Group<'p>>,
    channels: Vec<Group<'p>>,
    months: Vec<Group<'p>>,
    holds: Vec<Hold<'p>>,
}

/// What would be done with records.
#[derive(Serialize)]
struct Numbers {
    kept: u64,
    held: u64,
    for_review: u64,
    for_transfer: u64,
    for_disposal: u64,
}

#[derive(Serialize)]
struct Kind {
    #[serde(rename = "kind")]
    name: &'static str,
    source: Option<u64>,
    out_of_scope: u64,
    quarantined: u64,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Serialize)]
struct Group<'p> {
    /// `null`: no rule, team, channel or time.
    name: Option<&'p str>,
    #[serde(flatten)]
    numbers: Numbers,
}

#[derive(Serialize)]
struct Hold<'p> {
    #[serde(rename = "hold")]
    id: &'p str,
    covers: u64,
    saves: u64,
    saves_alone: u64,
}

impl From<Fates> for Numbers {
    fn from(fates: Fates) -> Self {
        let Fates { keep, held, review, transfer, dispose } = fates;
        Self { kept: keep, held, for_review: review, for_transfer: transfer, for_disposal: dispose }
    }
}

impl<'p> Document<'p> {
    /// The document of a plan.
    pub(super) fn new(plan: &'p Plan, policies: Vec<&'p str>, as_of: Option<String>) -> Self {
        let group = |groups: &'p BTreeMap<Option<String>, Fates>| {
            groups.iter().map(|(name, fates)| Group { name: name.as_deref(), numbers: (*fates).into() }).collect()
        };
        let hold = |(hold, saved): (&'p String, &Saved)| {
            let Saved { covers, saves, alone } = *saved;
            Hold { id: hold, covers, saves, saves_alone: alone }
        };
        let kind = |row: &crate::select::Row| Kind {
            name: table(row.rank).kind,
            source: row.source,
            out_of_scope: row.out_of_scope,
            quarantined: row.quarantined,
            numbers: plan.kinds.get(&row.rank).copied().unwrap_or_default().into(),
        };
        Self {
            as_of,
            policies,
            total: plan.total.into(),
            kinds: plan.equation.iter().map(kind).collect(),
            rules: group(&plan.rules),
            teams: group(&plan.teams),
            channels: group(&plan.channels),
            months: group(&plan.months),
            holds: plan.holds.iter().map(hold).collect(),
        }
    }
}
