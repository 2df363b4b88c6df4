//! Properties of random sets of rules over random stories, and the naive evaluator, which must agree on every record.

use super::chance;
use super::dice::Dice;
use super::naive::{Naive, Outcome, Thing};
use super::story::Story;
use chatseal::policy::decision::{Decision, Disposition};
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::explanation::Explanation;
use chatseal::policy::rule::{Period, Rule};
use chatseal::policy::set::Set;
use chatseal::policy::subject::Subject;
use proptest::prelude::*;

fn outcome(decision: &Decision<'_>) -> Outcome {
    Outcome {
        rule: decision.rule.map(String::from),
        keep_until: decision.keep_until,
        dispose_after: decision.dispose_after,
        holds: decision.holds.iter().map(String::from).collect(),
        disposition: decision.disposition,
        due: decision.due,
        clash: decision.clash.map(|clash| (clash.minimum.to_owned(), clash.maximum.to_owned())),
    }
}

/// All records of a story, with a use of each.
pub(crate) fn each<T>(story: &Story, mut use_it: impl FnMut(&Subject<'_>, Thing<'_>) -> T) -> Vec<T> {
    let mut all = Vec::new();
    for row in &story.posts {
        all.push(row.with(|subject| use_it(subject, Thing::Post(row))));
    }
    for record in &story.records {
        all.push(record.with(|subject| use_it(subject, Thing::Other(record))));
    }
    all
}

fn decide(story: &Story, set: &Set, order: u64) -> Vec<Outcome> {
    let (evaluator, _) = Evaluator::new(story.tell(set.clone(), &mut Dice(order)), chance::now());
    each(story, |subject, _| outcome(&evaluator.decide(subject)))
}

/// Sizes shrink; the seed decides the rest.
fn sizes() -> impl Strategy<Value = (u64, usize, usize, usize)> {
    (any::<u64>(), 1..8_usize, 0..5_usize, 0..12_usize)
}

fn made((seed, rules, holds, posts): (u64, usize, usize, usize)) -> (Story, Set, Dice) {
    let mut dice = Dice(seed);
    let story = chance::story(&mut dice, posts);
    let set = chance::set(&mut dice, rules, holds);
    (story, set, dice)
}

fn is_disposable(outcome: &Outcome) -> bool {
    outcome.disposition == Disposition::Dispose
}

/// The same period, or a longer one.
fn lengthen(period: Period, dice: &mut Dice) -> Period {
    match (period, dice.below(4)) {
        (_, 0) | (Period::Forever, _) => Period::Forever,
        (Period::Millis(length), _) => Period::Millis(length + chance::DAY * dice.of(&[0, 1, 30, 400])),
        (Period::Months(months), _) => Period::Months(months + dice.of(&[0, 1, 12])),
    }
}

fn periods(rule: &mut Rule) -> Vec<&mut Period> {
    let files = rule.files.as_mut().map(|files| [&mut files.keep_for, &mut files.dispose_after]);
    let own = [&mut rule.keep_for, &mut rule.dispose_after];
    own.into_iter().chain(files.into_iter().flatten()).filter_map(Option::as_mut).collect()
}

/// What an explanation says about itself must hold together, and with the naive evaluator.
fn check_explanation(explanation: &Explanation<'_>, naive: &Naive<'_>, thing: Thing<'_>) {
    let Explanation { decision, covering, passed_over, holding, not_holding } = explanation;
    let rules: Vec<&Rule> = naive.set.policies.iter().flat_map(|policy| &policy.rules).collect();
    assert_eq!(covering.len() + passed_over.len(), rules.len());
    for rule in rules {
        let covers = covering.iter().any(|covering| covering.rule.id == rule.id);
        assert_eq!(covers, naive.covers(thing, rule), "{}", rule.id);
    }
    for (ends, until) in [
        (covering.iter().filter_map(|covering| covering.minimum).collect::<Vec<_>>(), decision.keep_until),
        (covering.iter().filter_map(|covering| covering.maximum).collect(), decision.dispose_after),
    ] {
        let winners: Vec<_> = ends.iter().filter(|end| end.prevailed_over_by.is_none()).collect();
        assert_eq!(winners.len(), usize::from(until.is_some()));
        assert!(winners.iter().all(|winner| Some(winner.until) == until));
    }
    assert!(holding.iter().map(|holding| holding.hold.id.as_str()).eq(decision.holds.iter()));
    assert!(holding.iter().all(|holding| !holding.reasons.is_empty()));
    assert_eq!(holding.len() + not_holding.len(), naive.set.holds.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_evaluator_agrees_on_every_record(sizes in sizes()) {
        let (story, set, mut dice) = made(sizes);
        let (evaluator, _) = Evaluator::new(story.tell(set.clone(), &mut dice), chance::now());
        let naive = Naive { story: &story, set: &set, now: chance::now() };
        each(&story, |subject, thing| {
            let explanation = evaluator.explain(subject);
            let expected = naive.decide(thing);
            assert_eq!(outcome(&evaluator.decide(subject)), expected, "{subject:#?}\n{:#?}\n{explanation:#?}", story.posts);
            assert_eq!(outcome(&explanation.decision), expected);
            check_explanation(&explanation, &naive, thing);
        });
    }

    /// So many that most of them cannot decide, and that they fill more than one word of bits.
    #[test]
    fn of_many_rules_the_same_ones_decide(seed in any::<u64>(), rules in 20..90_usize) {
        let (story, set, mut dice) = made((seed, rules, 0, 8));
        let (evaluator, _) = Evaluator::new(story.tell(set.clone(), &mut dice), chance::now());
        let naive = Naive { story: &story, set: &set, now: chance::now() };
        each(&story, |subject, thing| assert_eq!(outcome(&evaluator.decide(subject)), naive.decide(thing)));
    }

    #[test]
    fn another_hold_makes_nothing_disposable(sizes in sizes()) {
        let (story, set, mut dice) = made(sizes);
        let before = decide(&story, &set, 1);
        let mut more = set.clone();
        more.holds.push(chance::hold(&mut dice, 17));
        for (before, after) in before.iter().zip(decide(&story, &more, 1)) {
            prop_assert!(is_disposable(before) || !is_disposable(&after));
            prop_assert_eq!((&before.due, &before.rule), (&after.due, &after.rule), "rules know nothing of holds");
            prop_assert!(before.holds.iter().all(|id| after.holds.contains(id)));
        }
    }

    #[test]
    fn releasing_a_hold_touches_only_what_it_held(sizes in sizes()) {
        let (story, mut set, mut dice) = made(sizes);
        set.holds.push(chance::hold(&mut dice, 4));
        let before = decide(&story, &set, 1);
        let at = dice.below(set.holds.len());
        let mut act = set.holds[at].issued.clone();
        act.at = chance::now();
        set.holds[at].released = Some(act);
        let id = set.holds[at].id.clone();
        for (mut before, after) in before.into_iter().zip(decide(&story, &set, 1)) {
            if !before.holds.contains(&id) {
                prop_assert_eq!(before, after);
                continue;
            }
            before.holds.retain(|held| *held != id);
            prop_assert_eq!(&before.holds, &after.holds);
            prop_assert_eq!(after.disposition == Disposition::Held, after.due.is_some() && !after.holds.is_empty());
        }
    }

    #[test]
    fn a_longer_period_makes_nothing_disposable(sizes in sizes()) {
        let (story, set, mut dice) = made(sizes);
        let before = decide(&story, &set, 1);
        let mut longer = set.clone();
        for rule in longer.policies.iter_mut().flat_map(|policy| &mut policy.rules) {
            for period in periods(rule) {
                *period = lengthen(*period, &mut dice);
            }
        }
        for (before, after) in before.iter().zip(decide(&story, &longer, 1)) {
            prop_assert!(is_disposable(before) || !is_disposable(&after), "{before:?} {after:?}");
            prop_assert!(before.due.is_some() || after.due.is_none());
            prop_assert!(before.keep_until <= after.keep_until && before.dispose_after <= after.dispose_after);
        }
    }

    #[test]
    fn no_order_changes_the_outcome(sizes in sizes()) {
        let (story, set, mut dice) = made(sizes);
        let before = decide(&story, &set, 1);
        let mut other = set.clone();
        dice.shuffle(&mut other.policies);
        dice.shuffle(&mut other.holds);
        for policy in &mut other.policies {
            dice.shuffle(&mut policy.rules);
        }
        prop_assert_eq!(before, decide(&story, &other, 2));
    }

    #[test]
    fn time_takes_nothing_back(sizes in sizes(), later in 0..400_i64) {
        let (story, mut set, mut dice) = made(sizes);
        set.holds.clear();
        let decide = |now| {
            let (evaluator, _) = Evaluator::new(story.tell(set.clone(), &mut Dice(3)), now);
            each(&story, |subject, _| outcome(&evaluator.decide(subject)))
        };
        let later = chance::now() + later * chance::DAY + i64::try_from(dice.below(3)).unwrap();
        for (before, after) in decide(chance::now()).iter().zip(decide(later)) {
            prop_assert_eq!(before.due, after.due.filter(|_| before.due.is_some()));
            prop_assert_eq!((before.keep_until, before.dispose_after), (after.keep_until, after.dispose_after));
        }
    }
}
