//! Saying why: the same questions as for a decision, asked of every rule and every hold, with their answers kept.

use super::case::{Case, Shown};
use super::details::{failing, first_stated};
use super::evaluator::Evaluator;
use super::explanation::{Bound, ClockOf, Condition, Covering, Explanation, PassedOver};
use super::mattermost::Server;
use super::rule::{Rule, Scope};
use super::scope::{self, Person};
use super::subject::Subject;
use super::weigh::Scale;

impl Evaluator {
    /// What happens to a record, and why.
    pub fn explain(&self, subject: &Subject<'_>) -> Explanation<'_> {
        let case = Case::new(&self.world, subject);
        let (covering, passed_over) = match &self.server {
            Some(server) => self.decided_alone(&case, server),
            None => self.weighed(&case),
        };
        let bits = case.holds(&self.custody);
        let (holding, not_holding) = self.explain_holds(&case, &bits);
        let decision = self.decision(self.verdict(&case), bits);
        Explanation { decision, covering, passed_over, holding, not_holding }
    }

    fn weighed(&self, case: &Case<'_>) -> (Vec<Covering<'_>>, Vec<PassedOver<'_>>) {
        let Scale { longest, shortest, .. } = self.scale(case);
        let (longest, shortest) = (longest.map(|(_, best)| best.rule), shortest.map(|(_, best)| best.rule));
        let mut covers = vec![false; self.rules.len()];
        case.each_rule(&self.masks, |at| covers[at] = true);
        let (mut covering, mut passed_over) = (Vec::new(), Vec::new());
        for (at, rule) in self.rules.iter().enumerate() {
            if !covers[at] {
                passed_over.push(PassedOver { rule, failed: failed(case, rule, at) });
                continue;
            }
            let ends = case.ends(rule, &mut None);
            covering.push(Covering {
                rule,
                clock_of: ends.clock_of,
                clock: ends.clock,
                from: ends.from,
                for_files: ends.for_files,
                minimum: ends.minimum.map(|until| Bound { until, prevailed_over_by: other(longest, rule) }),
                maximum: ends.maximum.map(|until| Bound { until, prevailed_over_by: other(shortest, rule) }),
                exempt_as_pinned: ends.exempt_as_pinned,
            });
        }
        (covering, passed_over)
    }

    /// In the server's way one rule decides alone.
    fn decided_alone(&self, case: &Case<'_>, server: &Server) -> (Vec<Covering<'_>>, Vec<PassedOver<'_>>) {
        let said = server.says(case, &self.rules);
        let decides = said.and_then(|said| self.rules.get(said.rule));
        let (mut covering, mut passed_over) = (Vec::new(), Vec::new());
        for (at, rule) in self.rules.iter().enumerate() {
            if let Some(said) = said.filter(|said| said.rule == at) {
                covering.push(Covering {
                    rule,
                    clock_of: ClockOf::Itself,
                    clock: said.time,
                    from: said.time,
                    for_files: said.is_file,
                    minimum: None,
                    maximum: said.maximum(rule).map(|until| Bound { until, prevailed_over_by: None }),
                    exempt_as_pinned: said.preserved,
                });
                continue;
            }
            let failed = match decides {
                None => Condition::NotByServer,
                Some(by) => scope::place(&rule.scope, &case.place()).unwrap_or(Condition::DecidedBy(&by.id)),
            };
            passed_over.push(PassedOver { rule, failed });
        }
        (covering, passed_over)
    }
}

/// The id of the rule that prevails, if it is another one.
fn other<'e>(best: Option<&'e Rule>, rule: &Rule) -> Option<&'e str> {
    best.filter(|best| !std::ptr::eq(*best, rule)).map(|best| best.id.as_str())
}

/// The first condition that keeps a rule from covering a record.
fn failed<'e>(case: &Case<'_>, rule: &Rule, number: usize) -> Condition<'e> {
    failing_of(case, &rule.scope, number, false).unwrap_or(Condition::Excepted)
}

fn failing_of<'e>(case: &Case<'_>, scope: &Scope, number: usize, excepts: bool) -> Option<Condition<'e>> {
    let world = case.world;
    let kind = if case.is_of_post() { "post" } else { case.subject.kind };
    if !scope::covers_kind(scope, kind, excepts) {
        return Some(Condition::Kinds);
    }
    if let Some(failed) = scope::place(scope, &case.place()) {
        return Some(failed);
    }
    let of_channel = case.channel.and_then(|at| world.channels.get(at));
    let runs: Vec<_> = of_channel.iter().flat_map(|channel| &channel.runs).copied().chain(case.run).collect();
    if !scope::covers_runs(scope, world, &runs) {
        return Some(Condition::Runs);
    }
    let person = |id| Some(Person { id, at: world.users.find(id) });
    let people: Vec<Option<Person<'_>>> = match case.post {
        Shown::Row(post) => vec![person(post.user)],
        Shown::Facts(facts) => {
            vec![world.users.get(facts.user).map(|user| Person { id: &user.id, at: Some(facts.user) })]
        }
        Shown::Nothing if case.subject.users.is_empty() => vec![None],
        Shown::Nothing => case.subject.users.iter().map(|id| person(id)).collect(),
    };
    let failures: Vec<_> = people.into_iter().map(|person| scope::person(scope, world, person)).collect();
    if let Some(Some(failed)) = failures.first().filter(|_| failures.iter().all(Option::is_some)) {
        return Some(*failed);
    }
    if case.meeting(number / 64, 1 << (number % 64)) != 0 {
        return None;
    }
    match case.post {
        Shown::Row(post) => failing(scope, post),
        _ => first_stated(scope),
    }
}
