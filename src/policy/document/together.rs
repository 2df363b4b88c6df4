//! Rules and files held against each other: clashes that show without any data, and ids that are not unique.
//!
//! Two rules clash where one requires what the other forbids: the minimum of one lasts longer than the maximum of the
//! other, both begin at the same moment, and every record of one is a record of the other.

use super::Kinds;
use super::code::Code;
use super::file::{Content, Parsed};
use super::finding::{Finding, Findings, Place};
use super::limits;
use super::overlap::includes;
use super::period::{Span, written};
use super::rule::PlacedRule;
use crate::policy::rule::{Period, Precedence, Rule, ThreadRule};
use std::collections::HashMap;

/// What a rule may clash by, and where that stands.
#[derive(Clone, Debug)]
pub(super) struct Clashing {
    /// Its minimum and maximum.
    posts: Bounds,
    /// Those of its files, if they have their own.
    files: Option<Bounds>,
    /// Whether the rule could be read whole; if not, nothing is certain of it.
    is_whole: bool,
}

#[derive(Clone, Debug)]
struct Bounds {
    keep: Option<Span>,
    after: Option<Span>,
    place: Place,
}

impl Clashing {
    pub(super) fn new(placed: &PlacedRule, place: impl Fn(usize) -> Place) -> Self {
        let bounds = |keep: Option<Period>, after: Option<Period>, at: usize| Bounds {
            keep: keep.map(Span::of),
            after: after.map(Span::of),
            place: place(at),
        };
        let rule = &placed.rule;
        Self {
            posts: bounds(rule.keep_for, rule.dispose_after, placed.period),
            files: rule.files.map(|files| bounds(files.keep_for, files.dispose_after, placed.files)),
            is_whole: placed.is_whole,
        }
    }
}

/// Two rules that clash.
pub(super) struct Clash {
    /// The file whose rule stands later, by its number.
    pub(super) later: usize,
    /// The file of the other.
    pub(super) earlier: usize,
    place: Place,
    other: Place,
    keeper: (String, Period),
    disposer: (String, Period),
    is_of_files: bool,
}

impl Clash {
    /// As a finding of the later file; `file` names the earlier one, if that is another.
    pub(super) fn finding(self, file: Option<&str>) -> Finding {
        let what = if self.is_of_files { "files " } else { "" };
        let (keeper, minimum) = (self.keeper.0, written(self.keeper.1));
        let (disposer, maximum) = (self.disposer.0, written(self.disposer.1));
        let line = self.other.line;
        let other = file.map_or_else(|| format!("line {line}"), |file| format!("{file}:{line}"));
        let detail = format!(
            "`{keeper}` requires {what}`{minimum}` and `{disposer}` allows {what}`{maximum}`; the other rule is in {other}"
        );
        Finding { code: Code::RuleClash, place: self.place, detail, advice: None }
    }
}

/// Calls `found` with all pairs of rules that clash for certain; each rule has the number of its file.
pub(super) fn clashes(rules: &[Numbered<'_>], kinds: Kinds<'_>, mut found: impl FnMut(Clash)) {
    for (index, later) in rules.iter().enumerate() {
        for earlier in rules.get(..index).unwrap_or_default() {
            clash(earlier, later, kinds).into_iter().for_each(&mut found);
        }
    }
}

/// A rule with the number of its file.
pub(super) type Numbered<'a> = (usize, &'a Rule, &'a Clashing);

fn clash(earlier: &Numbered<'_>, later: &Numbered<'_>, kinds: Kinds<'_>) -> Option<Clash> {
    if !(earlier.2.is_whole && later.2.is_whole) {
        return None;
    }
    [(earlier, later), (later, earlier)].into_iter().find_map(|(keeper, disposer)| {
        let is_of_files = if crosses(&keeper.2.posts, &disposer.2.posts) && begins_no_earlier(keeper.1, disposer.1) {
            false
        } else if let (Some(keep), Some(after)) = (&keeper.2.files, &disposer.2.files)
            && crosses(keep, after)
            && keeper.1.cutoff == disposer.1.cutoff
        {
            true
        } else {
            return None;
        };
        if !covers_same(keeper.1, disposer.1, kinds) {
            return None;
        }
        let bounds = |rule: &Numbered<'_>| match &rule.2.files {
            Some(files) if is_of_files => files.place,
            _ => rule.2.posts.place,
        };
        let periods = |rule: &Rule| match rule.files {
            Some(files) if is_of_files => (files.keep_for, files.dispose_after),
            _ => (rule.keep_for, rule.dispose_after),
        };
        Some(Clash {
            later: later.0,
            earlier: earlier.0,
            place: bounds(later),
            other: bounds(earlier),
            keeper: (keeper.1.id.clone(), periods(keeper.1).0?),
            disposer: (disposer.1.id.clone(), periods(disposer.1).1?),
            is_of_files,
        })
    })
}

fn crosses(keeper: &Bounds, disposer: &Bounds) -> bool {
    keeper.keep.zip(disposer.after).is_some_and(|(keep, after)| keep.may_exceed(after))
}

/// Whether the minimum of `keeper` begins, for every record, no earlier than the maximum of `disposer`.
fn begins_no_earlier(keeper: &Rule, disposer: &Rule) -> bool {
    let order = |thread: ThreadRule| match thread {
        ThreadRule::Oldest => 0,
        ThreadRule::PerPost => 1,
        ThreadRule::Newest => 2,
    };
    keeper.keep_for == Some(Period::Forever)
        || keeper.clock == disposer.clock
            && keeper.cutoff == disposer.cutoff
            && order(keeper.thread) >= order(disposer.thread)
}

/// Whether every record of one rule is a record of the other.
fn covers_same(left: &Rule, right: &Rule, kinds: Kinds<'_>) -> bool {
    let within = |wide: &Rule, narrow: &Rule| {
        (wide.except.is_none() || wide.except == narrow.except) && includes(&wide.scope, &narrow.scope, kinds)
    };
    within(left, right) || within(right, left)
}

/// Holds files against each other that are to be composed; each file gets its name and what was parsed of it.
pub fn together(files: &mut [(&str, Parsed)], kinds: Kinds<'_>) {
    let mut found: Vec<Findings> = vec![Findings::default(); files.len()];
    let mut add = |file: usize, finding: Finding| {
        if let Some(findings) = found.get_mut(file) {
            findings.push(finding);
        }
    };
    ids(files, &mut add);
    precedences(files, &mut add);
    let mut rules: Vec<Numbered<'_>> = Vec::new();
    for (number, (_, parsed)) in files.iter().enumerate() {
        if let Some(Content::Policy(policy)) = &parsed.content
            && policy.precedence != Precedence::Mattermost
        {
            rules.extend(policy.rules.iter().zip(&parsed.places.rules).map(|(rule, places)| (number, rule, places)));
        }
    }
    if rules.len() > limits::RULES_TOGETHER {
        let detail = format!("more than {} rules in the files together", limits::RULES_TOGETHER);
        let place = Place { line: 1, column: 1 };
        add(files.len().saturating_sub(1), Finding { code: Code::TooMany, place, detail, advice: None });
        rules.clear();
    }
    // Clashes within a file are findings of that file already.
    clashes(&rules, kinds, |clash| {
        let (later, earlier) = (clash.later, clash.earlier);
        if let Some((name, _)) = files.get(earlier).filter(|_| earlier != later) {
            add(later, clash.finding(Some(name)));
        }
    });
    for ((_, parsed), findings) in files.iter_mut().zip(found) {
        parsed.findings.append(findings);
    }
}

fn ids(files: &[(&str, Parsed)], add: &mut impl FnMut(usize, Finding)) {
    let mut policies: HashMap<&str, &str> = HashMap::new();
    let mut holds: HashMap<&str, &str> = HashMap::new();
    for (number, (name, parsed)) in files.iter().enumerate() {
        match &parsed.content {
            Some(Content::Policy(policy)) if !policy.id.is_empty() => {
                if let Some(first) = policies.insert(&policy.id, name)
                    && let Some(place) = parsed.places.id
                {
                    let detail = format!("`{}` is the id of the policy in {first} too", policy.id);
                    add(number, Finding { code: Code::PolicyIdTwice, place, detail, advice: None });
                }
            }
            Some(Content::Holds(file)) => {
                let mut own: HashMap<&str, &str> = HashMap::new();
                for (hold, place) in file.holds.iter().zip(&parsed.places.holds) {
                    // Twice in one file is a finding of that file already.
                    if let Some(first) = holds.get(hold.id.as_str()) {
                        let detail = format!("`{}` is the id of a hold in {first} too", hold.id);
                        add(number, Finding { code: Code::HoldIdTwice, place: *place, detail, advice: None });
                    }
                    own.insert(&hold.id, name);
                }
                holds.extend(own);
            }
            _ => {}
        }
    }
}

fn precedences(files: &[(&str, Parsed)], add: &mut impl FnMut(usize, Finding)) {
    let mut first: Option<(&str, Precedence)> = None;
    for (number, (name, parsed)) in files.iter().enumerate() {
        let Some(Content::Policy(policy)) = &parsed.content else { continue };
        match first {
            None => first = Some((name, policy.precedence)),
            Some((other, precedence)) if precedence != policy.precedence => {
                if let Some(place) = parsed.places.precedence {
                    let detail = format!("{other} weighs its rules in another way");
                    add(number, Finding { code: Code::PrecedenceDiffers, place, detail, advice: None });
                }
            }
            Some(_) => {}
        }
    }
}
