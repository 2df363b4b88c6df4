//! Which of the rules that cover a record can decide about it: of many, a few.
//!
//! Rules with the same clock begin at the same time, and of those the ones whose periods are stated in the same unit end
//! in the order of their lengths. So the longest minimum and the shortest maximum of each unit stand for all the others.
//! That depends on which rules cover a record alone, so it is worked out once for each class of channels and users that
//! the same rules cover, when the first of its records comes.
//!
//! Invariant: a profile comes to what all covering rules come to, down to the rule that is named. It refuses to answer
//! where lengths do not tell the order of ends (a pinned post that is exempt, a file with periods of its own, the end of
//! all time), and then all rules are weighed.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::OnceLock;

use super::case::Case;
use super::decision::Until;
use super::evaluator::Evaluator;
use super::rule::{Period, Rule};
use super::sets::{SetId, bits};
use super::weigh::{Ranked, Scale, care};
use super::world::At;
use crate::record::time::Millis;

/// More classes than this are not kept apart, which bounds memory: all rules are weighed instead.
const MOST_CELLS: usize = 1 << 16;

/// No period that may be stated ends beyond 64 bits if it begins within these.
const ORDERED: std::ops::RangeInclusive<Millis> = Millis::MIN / 2..=Millis::MAX / 2;

/// Profiles of posts and what belongs to them, by class of channel and of user.
#[derive(Debug)]
pub(super) struct Profiles {
    channels: Vec<usize>,
    users: Vec<usize>,
    user_classes: usize,
    cells: Box<[OnceLock<Profile>]>,
}

/// Rules that can decide about records of one class.
#[derive(Debug)]
struct Profile {
    groups: Vec<Group>,
    /// Rules that also ask something of the post, or except what does.
    asking: Vec<Asking>,
    /// Covers the records and says no period.
    silent: Option<usize>,
    keeps_pinned: bool,
    parts_files: bool,
}

/// Rules whose periods begin at the same time.
#[derive(Debug)]
struct Group {
    /// A rule that says where they begin.
    clock: usize,
    /// Those that can decide once the clock has started.
    started: Vec<usize>,
    /// Those that can while it has not, when all ends are alike.
    unstarted: Vec<usize>,
}

/// Some of 64 rules, with those of them that except something.
#[derive(Clone, Copy, Debug)]
struct Asking {
    word: usize,
    covered: u64,
    excepted: u64,
}

/// Numbers what is equal alike, from 0; and says how many numbers there are.
fn classes<T: Eq + Hash>(all: &[T]) -> (Vec<usize>, usize) {
    let mut known = HashMap::new();
    let classes = all.iter().map(|one| {
        let next = known.len();
        *known.entry(one).or_insert(next)
    });
    (classes.collect(), known.len())
}

impl Profiles {
    /// None made yet. Channels and users of which the same rules cover records are of one class.
    pub(super) fn new(channels: &[(SetId, SetId)], users: &[SetId], rules: &[Rule]) -> Self {
        let ((channels, channel_classes), (users, user_classes)) = (classes(channels), classes(users));
        let periods = rules.iter().flat_map(|rule| [rule.keep_for, rule.dispose_after]).flatten();
        let are_ordered = periods.into_iter().all(|period| period.checked().is_ok());
        let cells = channel_classes.checked_mul(user_classes).filter(|cells| are_ordered && *cells <= MOST_CELLS);
        let cells = (0..cells.unwrap_or(0)).map(|_| OnceLock::new()).collect();
        Self { channels, users, user_classes, cells }
    }

    fn cell(&self, channel: At, user: At) -> Option<&OnceLock<Profile>> {
        let (channel, user) = (self.channels.get(channel as usize)?, self.users.get(user as usize)?);
        self.cells.get(channel * self.user_classes + user)
    }
}

impl Evaluator {
    /// The rules that can decide about a record, weighed; `None` where there is no telling them from the others.
    pub(super) fn profiled(&self, case: &Case<'_>) -> Option<Scale<'_>> {
        let (channel, user) = case.class()?;
        let profile = self.profiles.cell(channel, user)?.get_or_init(|| self.profile(case));
        if profile.parts_files && case.subject.kind == "file" || profile.keeps_pinned && case.pin() == (Some(true), 0) {
            return None;
        }
        let (mut scale, mut last) = (Scale::default(), None);
        for group in &profile.groups {
            let from = case.from(self.rules.get(group.clock)?, &mut last);
            if from.is_some_and(|from| !ORDERED.contains(&from.millis())) {
                return None;
            }
            let end = |period: Period| from.map_or(Until::Forever, |from| from.end(period));
            for at in if from.is_some() { &group.started } else { &group.unstarted } {
                let ranked = self.ranked(*at)?;
                scale.add(ranked, ranked.rule.keep_for.map(end), ranked.rule.dispose_after.map(end));
            }
        }
        if let Some(silent) = profile.silent {
            scale.add(self.ranked(silent)?, None, None);
        }
        for Asking { word, covered, excepted } in &profile.asking {
            for bit in bits(&[case.covering(self.masks.words, *word, *covered, *excepted)]) {
                self.weigh(case, word * 64 + bit, &mut scale, &mut last);
            }
        }
        Some(scale)
    }

    /// The profile of the class of a record.
    #[cold]
    fn profile(&self, case: &Case<'_>) -> Profile {
        let (mut asking, mut rules) = (Vec::new(), Vec::new());
        case.each_word(&self.masks, |word, covered, excepted| {
            let stated = |word: usize| self.world.details.stated(word);
            let excepted_at = self.masks.words + word;
            let covered = covered & !(excepted & !stated(excepted_at));
            let asks = covered & (stated(word) | excepted & stated(excepted_at));
            if asks != 0 {
                asking.push(Asking { word, covered: asks, excepted: excepted & asks });
            }
            rules.extend(bits(&[covered & !asks]).map(|bit| word * 64 + bit));
        });
        let rules: Vec<Numbered<'_>> = rules.into_iter().filter_map(|at| Some((at, self.ranked(at)?))).collect();
        let is_silent = |(_, one): &&Numbered<'_>| one.rule.keep_for.or(one.rule.dispose_after).is_none();
        let silent = rules.iter().filter(is_silent).min_by_key(|(_, one)| one.rank).map(|(at, _)| *at);
        let keeps_pinned = rules.iter().any(|(_, one)| one.rule.keeps_pinned);
        let parts_files = rules.iter().any(|(_, one)| one.rule.files.is_some());
        let begins = |(_, one): &Numbered<'_>| (one.rule.clock, one.rule.cutoff, one.rule.thread);
        let mut groups: Vec<Vec<Numbered<'_>>> = Vec::new();
        for one in rules {
            match groups.iter_mut().find(|group| group.first().is_some_and(|first| begins(first) == begins(&one))) {
                Some(group) => group.push(one),
                None => groups.push(vec![one]),
            }
        }
        let groups = groups.iter().filter_map(|rules| Group::of(rules)).collect();
        Profile { groups, asking, silent, keeps_pinned, parts_files }
    }
}

/// A rule with its position.
type Numbered<'e> = (usize, Ranked<'e>);

impl Group {
    /// Of rules that begin at the same time; `None` if none of them says a period.
    fn of(rules: &[Numbered<'_>]) -> Option<Self> {
        let (mut started, mut unstarted) = (BTreeSet::new(), BTreeSet::new());
        deciding(rules, |_| Some(0), &mut unstarted);
        deciding(rules, |period| if let Period::Millis(length) = period { Some(length) } else { None }, &mut started);
        deciding(
            rules,
            |period| if let Period::Months(count) = period { Some(count.into()) } else { None },
            &mut started,
        );
        deciding(rules, |period| (period == Period::Forever).then_some(0), &mut started);
        let clock = *started.first()?;
        Some(Self { clock, started: started.into_iter().collect(), unstarted: unstarted.into_iter().collect() })
    }
}

/// Finds the rules that can decide, of those whose periods have a length: the longest minimum, the shortest maximum, and
/// the shortest of the most careful maxima.
fn deciding(rules: &[Numbered<'_>], length: impl Fn(Period) -> Option<i64>, found: &mut BTreeSet<usize>) {
    let minima = rules.iter().filter_map(|(at, one)| Some((*at, one, length(one.rule.keep_for?)?)));
    let maxima = || rules.iter().filter_map(|(at, one)| Some((*at, one, length(one.rule.dispose_after?)?)));
    let longest = minima.max_by_key(|(_, one, length)| (*length, Reverse(one.rank)));
    let shortest = maxima().min_by_key(|(_, one, length)| (*length, one.rank));
    let careful = maxima().min_by_key(|(_, one, length)| (care(one.rule.then), *length, one.rank));
    found.extend([longest, shortest, careful].into_iter().flatten().map(|(at, ..)| at));
}
