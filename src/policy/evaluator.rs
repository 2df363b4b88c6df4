//! The one evaluator: deciding about a record.
//!
//! Everything that depends on a channel, team, user, thread or named post alone is worked out once, in
//! [`Evaluator::new`]; what is left for a record is to look up a few sets of bits and to add a few periods.

use super::case::Case;
use super::custody::{Active, Custody, sight};
use super::decision::{Decision, Disposition, Held};
use super::masks::Masks;
use super::mattermost::Server;
use super::rule::{Precedence, Rule, Then};
use super::sets::Bits;
use super::subject::Subject;
use super::unknown::{Unknown, unknown_names};
use super::weigh::{Ranked, Scale, Verdict};
use super::world::World;
use crate::record::time::Millis;

/// Decides about records. Shared by threads.
#[derive(Debug)]
pub struct Evaluator {
    pub(super) world: World,
    pub(super) now: Millis,
    /// All rules, in order, each with its place in the order of ids.
    pub(super) rules: Vec<Rule>,
    ranks: Vec<u32>,
    pub(super) masks: Masks,
    pub(super) custody: Custody,
    pub(super) server: Option<Server>,
}

/// Where a record is, as a report tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts<'s> {
    /// Name of its team, or the team's id if nothing describes it; `None` for conversations and what is in no team.
    pub team: Option<&'s str>,
    /// Id of its channel.
    pub channel: Option<&'s str>,
    /// Name of its channel; `None` if nothing describes it.
    pub name: Option<&'s str>,
}

/// A name, or the id of what has none.
fn told<'n>(name: &'n str, id: &'n str) -> &'n str {
    if name.is_empty() { id } else { name }
}

impl Evaluator {
    /// Makes ready to decide as of `now`. Also returns the names in rules and active holds that match nothing.
    pub fn new(mut world: World, now: Millis) -> (Self, Vec<Unknown>) {
        let unknown = unknown_names(&world, now);
        let custody = Custody::new(&mut world, now);
        let rules: Vec<Rule> = world.set.rules().cloned().collect();
        let server = (world.set.precedence() == Precedence::Mattermost).then(|| Server::new(&world, &rules));
        let mut order: Vec<usize> = (0..rules.len()).collect();
        order.sort_by_key(|at| rules.get(*at).map(|rule| &rule.id));
        let mut ranks = vec![0; rules.len()];
        for (rank, at) in (0..).zip(order) {
            ranks[at] = rank;
        }
        let masks = Masks::new(&world);
        (Self { world, now, rules, ranks, masks, custody, server }, unknown)
    }

    /// The time of the decisions.
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The rules and holds, those that stood in the source among them.
    pub fn set(&self) -> &super::set::Set {
        &self.world.set
    }

    /// Active holds for which history knows too little: what a custodian could see rests on current membership in so
    /// many places. By id.
    pub fn holds_from_current_members(&self) -> Vec<(&str, u64)> {
        let of_hold = |active: &Active| {
            let hold = self.world.set.holds.get(active.at)?;
            let stays = active.custodians.iter().flat_map(|user| self.custody.stays.of(*user));
            let current = stays.filter(|stay| stay.from_current && sight(&self.world, hold, stay).is_some());
            Some((hold.id.as_str(), current.count() as u64))
        };
        self.custody.active.iter().filter_map(of_hold).filter(|(_, places)| *places > 0).collect()
    }

    /// What happens to a record.
    pub fn decide(&self, subject: &Subject<'_>) -> Decision<'_> {
        let case = Case::new(&self.world, subject);
        self.decision(self.verdict(&case), case.holds(&self.custody))
    }

    /// Where a record is.
    pub fn place<'s>(&'s self, subject: &'s Subject<'s>) -> Whereabouts<'s> {
        let case = Case::new(&self.world, subject);
        let team = case.team.and_then(|at| self.world.teams.get(at)).map(|team| told(&team.name, &team.id));
        let channel = case.channel.and_then(|at| self.world.channels.get(at));
        Whereabouts {
            team: team.or(subject.team.filter(|_| case.channel_id.is_empty())),
            channel: Some(case.channel_id).filter(|id| !id.is_empty()),
            name: channel.map(|channel| &*channel.name).filter(|name| !name.is_empty()),
        }
    }

    /// What rules say about a record, without holds.
    pub(super) fn verdict(&self, case: &Case<'_>) -> Verdict<'_> {
        if let Some(server) = &self.server {
            let said = server.says(case, &self.rules);
            return said.map_or_else(|| Scale::default().verdict(self.now), |said| said.verdict(&self.rules, self.now));
        }
        self.scale(case).verdict(self.now)
    }

    /// The rules that cover a record, weighed.
    pub(super) fn scale(&self, case: &Case<'_>) -> Scale<'_> {
        let mut scale = Scale::default();
        let mut last = None;
        case.each_rule(&self.masks, |at| {
            if let Some(ranked) = self.ranked(at) {
                let ends = case.ends(ranked.rule, &mut last);
                scale.add(ranked, ends.minimum, ends.maximum);
            }
        });
        scale
    }

    fn ranked(&self, at: usize) -> Option<Ranked<'_>> {
        Some(Ranked { rule: self.rules.get(at)?, rank: *self.ranks.get(at)? })
    }

    pub(super) fn decision<'e>(&'e self, verdict: Verdict<'e>, holds: Bits) -> Decision<'e> {
        let disposition = match verdict.due {
            None => Disposition::Keep,
            Some(_) if !holds.is_empty() => Disposition::Held,
            Some(Then::Dispose) => Disposition::Dispose,
            Some(Then::Review) => Disposition::Review,
            Some(Then::Transfer) => Disposition::Transfer,
        };
        let Verdict { rule, keep_until, dispose_after, due, clash } = verdict;
        let holds = Held { ids: &self.custody.ids, bits: holds };
        Decision { rule, keep_until, dispose_after, holds, disposition, due, clash }
    }
}
