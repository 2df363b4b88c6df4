//! What an export would contain and what would be due, before anything is written.
//!
//! The same scope, policy and holds are applied to the same records as in an export; they are counted instead of sealed.
//! Counted are records by kind, rule, team, channel and month of origin, and what each hold covers and saves.
//!
//! Memory grows with the number of teams, channels, months, rules and holds, not with the number of records.

use std::collections::{BTreeMap, HashMap};
use std::io;

use chrono::Datelike as _;

use super::fold::fold;
use super::judge::Judge;
use super::{Row, Selection};
use crate::policy::decision::Disposition;
use crate::policy::rule::Then;
use crate::record::kind::FINDING_PREFIX;
use crate::record::time::Millis;
use crate::source::Work;
use crate::source::catalogue::{POST, Rank, table};
use crate::source::sort::{Item, Sorter};

/// What would be done with records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Kept: no rule covers them, or a period still runs.
    pub keep: u64,
    /// Due, and kept by a hold.
    pub held: u64,
    /// Due, and a person is to decide.
    pub review: u64,
    /// Due, and to be handed to another keeper.
    pub transfer: u64,
    /// Due for disposal: they would be withheld from an export.
    pub dispose: u64,
}

/// What a hold does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Records that it covers.
    pub covers: u64,
    /// Those of them that would be due for disposal without any hold.
    pub saves: u64,
    /// Those of them that no other hold covers.
    pub alone: u64,
}

/// What would be due for disposal in the end, per channel and month, and everything else that an officer asks first.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// By kind, in archive order.
    pub kinds: BTreeMap<Rank, Fates>,
    /// By the rule that decides, `POLICY/RULE`; `None` where no rule covers the record.
    pub rules: BTreeMap<Option<String>, Fates>,
    /// By team, as it is called; `None` for records of no team, such as direct messages.
    pub teams: BTreeMap<Option<String>, Fates>,
    /// By channel, as `TEAM/NAME` or id; `None` for records of no channel.
    pub channels: BTreeMap<Option<String>, Fates>,
    /// By month of the record's time, `YYYY-MM`; `None` for records without a time.
    pub months: BTreeMap<Option<String>, Fates>,
    /// By hold in force, also one that covers nothing.
    pub holds: BTreeMap<String, Saved>,
    /// Posts among all of these.
    pub posts: Fates,
    /// All records together.
    pub total: Fates,
    /// Both sides of the completeness equation, kind by kind; what is withheld is among its records.
    pub equation: Vec<Row>,
}

/// Records of one channel, with the names of its team and itself if it is in a team.
type InChannel = (Option<(Box<str>, Box<str>)>, Fates);

/// What one thread counted.
#[derive(Debug, Default)]
struct Part {
    kinds: BTreeMap<Rank, Fates>,
    /// Under no name: no rule.
    rules: HashMap<Box<str>, Fates>,
    /// Of records in no channel, by team; under no name: in no team either.
    teams: HashMap<Box<str>, Fates>,
    /// By id of the channel.
    channels: HashMap<Box<str>, InChannel>,
    months: BTreeMap<Option<i32>, Fates>,
    holds: HashMap<Box<str>, Saved>,
}

impl Fates {
    /// Records together.
    pub fn total(&self) -> u64 {
        self.keep + self.held + self.review + self.transfer + self.dispose
    }

    /// Records that would stand in the archive.
    pub fn exported(&self) -> u64 {
        self.total() - self.dispose
    }

    fn count(&mut self, disposition: Disposition) {
        *match disposition {
            Disposition::Keep => &mut self.keep,
            Disposition::Held => &mut self.held,
            Disposition::Review => &mut self.review,
            Disposition::Transfer => &mut self.transfer,
            Disposition::Dispose => &mut self.dispose,
        } += 1;
    }

    fn add(&mut self, more: Self) {
        self.keep += more.keep;
        self.held += more.held;
        self.review += more.review;
        self.transfer += more.transfer;
        self.dispose += more.dispose;
    }
}

impl Plan {
    /// Counts what `selection` holds, as `judge` decides.
    pub fn of(mut selection: Selection<'_>, judge: &Judge, work: &Work<'_>) -> io::Result<Self> {
        let each = |part: &mut Part, item: &Item<'_>| part.see(item, judge);
        let mut parts = fold(selection.contents()?, work.threads, each)?;
        parts.extend(fold(selection.records(Sorter::new(0))?, work.threads, each)?);
        let mut plan = Self { equation: selection.equation(), ..Self::default() };
        for hold in judge.holds() {
            plan.holds.insert(hold.clone(), Saved::default());
        }
        for rule in judge.rules() {
            plan.rules.insert(Some(rule.clone()), Fates::default());
        }
        for part in parts {
            plan.absorb(part);
        }
        plan.posts = plan.kinds.get(&POST).copied().unwrap_or_default();
        for fates in plan.kinds.values() {
            plan.total.add(*fates);
        }
        Ok(plan)
    }

    fn absorb(&mut self, part: Part) {
        for (kind, fates) in part.kinds {
            self.kinds.entry(kind).or_default().add(fates);
        }
        for (rule, fates) in part.rules {
            self.rules.entry((!rule.is_empty()).then(|| rule.into())).or_default().add(fates);
        }
        for (team, fates) in part.teams {
            self.teams.entry(Some(team.into()).filter(|team: &String| !team.is_empty())).or_default().add(fates);
            self.channels.entry(None).or_default().add(fates);
        }
        for (channel, (place, fates)) in part.channels {
            let named = place.as_ref().map(|(team, name)| format!("{team}/{name}"));
            self.teams.entry(place.map(|(team, _)| team.into())).or_default().add(fates);
            self.channels.entry(Some(named.unwrap_or_else(|| channel.into()))).or_default().add(fates);
        }
        for (month, fates) in part.months {
            self.months.entry(month.map(spelled)).or_default().add(fates);
        }
        for (hold, saved) in part.holds {
            let total = self.holds.entry(hold.into()).or_default();
            total.covers += saved.covers;
            total.saves += saved.saves;
            total.alone += saved.alone;
        }
    }
}

impl Part {
    fn see(&mut self, item: &Item<'_>, judge: &Judge) {
        // A record that lacks its content is followed by the path of it.
        let line = item.line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        judge.with_subject(item.kind, item.at, line, |subject| {
            let is_row = !table(item.kind).kind.starts_with(FINDING_PREFIX);
            let decision = is_row.then(|| judge.evaluator().decide(subject));
            let fate = decision.as_ref().map_or(Disposition::Keep, |decision| decision.disposition);
            self.kinds.entry(item.kind).or_default().count(fate);
            self.months.entry(month(item.at)).or_default().count(fate);
            let rule = decision.as_ref().and_then(|decision| decision.rule).unwrap_or_default();
            slot(&mut self.rules, rule).count(fate);
            let place = judge.evaluator().place(subject);
            match place.channel {
                Some(channel) => {
                    let (names, fates) = slot(&mut self.channels, channel);
                    if names.is_none() {
                        *names = place.team.zip(place.name).map(|(team, name)| (team.into(), name.into()));
                    }
                    fates.count(fate);
                }
                None => slot(&mut self.teams, place.team.unwrap_or_default()).count(fate),
            }
            let Some(decision) = decision else { return };
            let covering = decision.holds.iter().count();
            for hold in decision.holds.iter() {
                let saved = slot(&mut self.holds, hold);
                saved.covers += 1;
                if decision.due == Some(Then::Dispose) {
                    saved.saves += 1;
                    saved.alone += u64::from(covering == 1);
                }
            }
        });
    }
}

/// The value of a name, without making the name again for every record.
fn slot<'m, T: Default>(map: &'m mut HashMap<Box<str>, T>, name: &str) -> &'m mut T {
    if !map.contains_key(name) {
        map.insert(name.into(), T::default());
    }
    map.entry(name.into()).or_default()
}

/// Months since the year 0; `None` for records without a time, and times without a calendar date.
fn month(at: Millis) -> Option<i32> {
    let date = chrono::DateTime::from_timestamp_millis(at).filter(|_| at != 0)?;
    Some(date.year() * 12 + date.month0().cast_signed())
}

fn spelled(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_calendar() {
        assert_eq!(month(0), None);
        assert_eq!(month(1).map(spelled).as_deref(), Some("1970-01"));
        assert_eq!(month(-1).map(spelled).as_deref(), Some("1969-12"));
        assert_eq!(month(1_709_251_199_999).map(spelled).as_deref(), Some("2024-02"));
        assert_eq!(month(1_709_251_200_000).map(spelled).as_deref(), Some("2024-03"));
        assert_eq!(month(Millis::MAX), None);
    }
}
