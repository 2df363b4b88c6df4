//! A decision and its reasons in plain sentences.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::printer::harmless;
use crate::policy::decision::{Clash, Disposition, Until};
use crate::policy::document::period;
use crate::policy::evaluator::Whereabouts;
use crate::policy::explanation::{
    Bound, ClockOf, Condition, Covering, Explanation, Holding, NotHeld, NotHolding, PassedOver, Reason,
};
use crate::policy::hold::HoldOrigin;
use crate::policy::rule::{Clock, Cutoff, Period, Then};
use crate::policy::subject::Subject;
use crate::record::time::{self, Millis, Window};

/// What is told of one record.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    kind: String,
    id: String,
    at: Option<String>,
    place: Option<String>,
    disposition: &'static str,
    rule: Option<String>,
    keep_until: Option<String>,
    dispose_after: Option<String>,
    holds: Vec<String>,
    /// What it comes to, in one sentence.
    decision: String,
    /// Rules that cover the record, with what they say.
    covering: Vec<String>,
    /// Rules that do not, and why.
    passed_over: Vec<String>,
    /// Holds that cover it, and by what.
    holding: Vec<String>,
    /// Holds that do not, and why.
    not_holding: Vec<String>,
}

impl Told {
    /// Puts a decision into words.
    pub(super) fn new(subject: &Subject<'_>, place: &Whereabouts<'_>, explanation: &Explanation<'_>) -> Self {
        let decision = &explanation.decision;
        let place = match (place.team, place.name, place.channel) {
            (Some(team), Some(name), _) => Some(format!("channel {team}/{name}")),
            (_, _, Some(channel)) => Some(format!("channel {channel}")),
            (Some(team), _, None) => Some(format!("team {team}")),
            _ => None,
        };
        Self {
            kind: subject.kind.to_owned(),
            id: subject.id.to_owned(),
            at: time::format(subject.at).filter(|_| subject.at != 0),
            place,
            disposition: word(decision.disposition),
            rule: decision.rule.map(str::to_owned),
            keep_until: decision.keep_until.map(until),
            dispose_after: decision.dispose_after.map(until),
            holds: decision.holds.iter().map(str::to_owned).collect(),
            decision: comes_to(explanation),
            covering: explanation.covering.iter().map(|rule| covering(rule, decision.clash)).collect(),
            passed_over: explanation.passed_over.iter().map(passed_over).collect(),
            holding: explanation.holding.iter().map(holding).collect(),
            not_holding: explanation.not_holding.iter().map(not_holding).collect(),
        }
    }

    /// The report for people.
    pub(super) fn text(&self) -> String {
        let at = self.at.as_ref().map_or_else(String::new, |at| format!(" of {at}"));
        let place = self.place.as_ref().map_or_else(String::new, |place| format!(", in {}", harmless(place)));
        let mut out = format!("{} {}{at}{place}\n  {}\n", self.kind, harmless(&self.id), harmless(&self.decision));
        let parts = [
            ("rules that cover it", &self.covering),
            ("rules that do not", &self.passed_over),
            ("holds that cover it", &self.holding),
            ("holds that do not", &self.not_holding),
        ];
        for (title, sentences) in parts {
            if !sentences.is_empty() {
                let _ = writeln!(out, "{title}:");
            }
            for sentence in sentences {
                let _ = writeln!(out, "  {}", harmless(sentence));
            }
        }
        out
    }
}

fn word(disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Keep => "keep",
        Disposition::Held => "held",
        Disposition::Dispose => "dispose",
        Disposition::Review => "review",
        Disposition::Transfer => "transfer",
    }
}

fn date(at: Millis) -> String {
    time::format(at).unwrap_or_else(|| format!("ms:{at}"))
}

fn until(until: Until) -> String {
    match until {
        Until::At(at) => date(at),
        Until::Forever => "forever".to_owned(),
    }
}

fn afterwards(then: Then) -> &'static str {
    match then {
        Then::Dispose => "disposed of",
        Then::Review => "reviewed by a person",
        Then::Transfer => "transferred to another keeper",
    }
}

/// What the decision comes to.
fn comes_to(explanation: &Explanation<'_>) -> String {
    let decision = &explanation.decision;
    let holds = decision.holds.iter().collect::<Vec<_>>().join(", ");
    let rule = decision.rule.unwrap_or_default();
    let end = match (decision.keep_until, decision.dispose_after) {
        (Some(minimum), Some(maximum)) => Some(minimum.max(maximum)),
        (_, maximum) => maximum,
    };
    match (decision.disposition, decision.due) {
        (Disposition::Held, Some(then)) => {
            format!("kept by {holds}: without that it would be due to be {} by rule {rule}", afterwards(then))
        }
        (_, Some(Then::Dispose)) => format!("due for disposal by rule {rule}: withheld from exports"),
        (_, Some(then)) => format!("due to be {} by rule {rule}; it stays in exports", afterwards(then)),
        _ if decision.rule.is_none() && holds.is_empty() => "kept: no rule covers it".to_owned(),
        _ if decision.rule.is_none() => format!("kept by {holds}; no rule covers it"),
        _ => {
            let also = if holds.is_empty() { String::new() } else { format!(", and frozen by {holds}") };
            match (end, decision.keep_until) {
                (Some(Until::At(end)), _) => format!("kept until {} by rule {rule}{also}", date(end)),
                (None, Some(Until::At(minimum))) => {
                    format!("must be kept until {} by rule {rule}; no rule lets it go after that{also}", date(minimum))
                }
                _ => format!("kept without end by rule {rule}{also}"),
            }
        }
    }
}

fn covering(covering: &Covering<'_>, clash: Option<Clash<'_>>) -> String {
    let rule = covering.rule;
    let clock = clock(rule.clock, covering.clock_of);
    let begin = match (covering.clock, covering.from, rule.cutoff) {
        (None, ..) => return format!("{}: {clock} has not happened, so its periods have not begun", rule.id),
        (Some(_), Some(from), Cutoff::YearEnd { .. }) => format!("{clock}, from the end of its year, {}", date(from)),
        (Some(at), ..) => format!("{clock}, {}", date(at)),
    };
    let files = if covering.for_files { " (its periods for files)" } else { "" };
    let (keep_for, dispose_after) = match rule.files.filter(|_| covering.for_files) {
        Some(files) => (files.keep_for, files.dispose_after),
        None => (rule.keep_for, rule.dispose_after),
    };
    let mut parts = Vec::new();
    if let Some(bound) = &covering.minimum {
        parts.push(format!(
            "must be kept {} ({})",
            ending("for", "until", keep_for, bound),
            weight(bound, "the longest minimum")
        ));
    }
    if covering.exempt_as_pinned {
        parts.push("pinned, so it is exempt from the maximum".to_owned());
    } else if let Some(bound) = &covering.maximum {
        let weight = match clash.filter(|clash| clash.maximum == rule.id) {
            Some(clash) => format!("the shortest maximum, but {} requires it longer and prevails", clash.minimum),
            None => weight(bound, "the shortest maximum"),
        };
        let end = ending("after", "on", dispose_after, bound);
        parts.push(format!("is to be {} {end} ({weight})", afterwards(rule.then)));
    }
    format!("{}{files}: counted from {begin}: {}", rule.id, parts.join("; "))
}

fn clock(clock: Clock, of: ClockOf) -> String {
    let what = match clock {
        Clock::Created => "creation",
        Clock::LastEdit => "the last edit",
        Clock::ThreadLastReply => "the last reply of the thread",
        Clock::ChannelArchived => "the archiving of its channel",
        Clock::UserLeft => "the leaving of its user",
        Clock::RunFinished => "the end of its playbook run",
    };
    match of {
        ClockOf::NewestOfThread if clock != Clock::ThreadLastReply => {
            format!("{what} of the newest post of its thread")
        }
        ClockOf::FirstOfThread => format!("{what} of the first post of its thread"),
        _ => what.to_owned(),
    }
}

/// A period with its end.
fn ending(span: &str, moment: &str, length: Option<Period>, bound: &Bound<'_>) -> String {
    let length = length.map_or_else(String::new, |length| format!("{span} {}, ", period::written(length)));
    match bound.until {
        Until::At(at) => format!("{length}{moment} {}", date(at)),
        Until::Forever if span == "for" => "without end".to_owned(),
        Until::Forever => "never".to_owned(),
    }
}

/// What a period counts for beside those of other rules.
fn weight(bound: &Bound<'_>, most: &str) -> String {
    bound.prevailed_over_by.map_or_else(|| most.to_owned(), |other| format!("overruled by {other}"))
}

fn passed_over(passed: &PassedOver<'_>) -> String {
    let why = match passed.failed {
        Condition::Kinds => "it is about other kinds of records".to_owned(),
        Condition::Teams => "the record is in none of its teams".to_owned(),
        Condition::Channels => "the record is in none of its channels".to_owned(),
        Condition::ChannelTypes => "the channel is of another type".to_owned(),
        Condition::Runs => "the record belongs to none of its playbook runs".to_owned(),
        Condition::Users => "the record is of none of its users".to_owned(),
        Condition::Roles => "the user has none of its roles".to_owned(),
        Condition::Groups => "the user is in none of its groups".to_owned(),
        Condition::PostTypes => "the post is of another type".to_owned(),
        Condition::Props => "the post has none of its properties".to_owned(),
        Condition::Tags => "the post has none of its hashtags".to_owned(),
        Condition::Excepted => "it excepts the record".to_owned(),
        Condition::DecidedBy(rule) => format!("{rule} decides alone, as the server weighs rules"),
        Condition::NotByServer => "the server never deletes such a row by its age".to_owned(),
    };
    format!("{}: {why}", passed.rule.id)
}

fn holding(holding: &Holding<'_>) -> String {
    let reasons: Vec<String> = holding.reasons.iter().map(reason).collect();
    let words = match holding.keywords.as_slice() {
        [] => String::new(),
        words => {
            format!("; the post has {}", words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "))
        }
    };
    let origin = match holding.hold.origin {
        HoldOrigin::Plugin => ", of the legal-hold plugin",
        HoldOrigin::File => "",
    };
    format!("{} ({}{origin}): {}{words}", holding.hold.id, holding.hold.matter, reasons.join("; "))
}

fn reason(reason: &Reason<'_>) -> String {
    match reason {
        Reason::Everything => "it freezes everything".to_owned(),
        Reason::Channel(channel) => format!("the record is in channel {channel}"),
        Reason::Team(team) => format!("the record is in team {team}"),
        Reason::By(user) => format!("{user} is a custodian, and it is of that person"),
        Reason::Seen { user, channel, member, from_current } => {
            let since = match (from_current, member.from) {
                (true, None) => "is a member now; history has nothing about it".to_owned(),
                (true, Some(left)) => {
                    format!("is a member now; history has them leave at {} and not return", date(left))
                }
                (false, _) => format!("was a member {}", span(*member)),
            };
            format!("custodian {user} could see channel {channel}: {since}")
        }
    }
}

fn span(window: Window) -> String {
    match (window.from, window.until) {
        (Some(from), Some(until)) => format!("from {} until {}", date(from), date(until)),
        (Some(from), None) => format!("since {}", date(from)),
        (None, Some(until)) => format!("until {}", date(until)),
        (None, None) => "all the time".to_owned(),
    }
}

fn not_holding(not: &NotHolding<'_>) -> String {
    let why = match not.because {
        NotHeld::NotIssued => "it is not yet issued".to_owned(),
        NotHeld::Released => match &not.hold.released {
            Some(act) => format!("it was released on {}", date(act.at)),
            None => "it was released".to_owned(),
        },
        NotHeld::OutsideWindow => format!("the record lies outside its window, {}", span(not.hold.window)),
        NotHeld::NoKeyword => "the record has none of its keywords".to_owned(),
        NotHeld::Elsewhere => {
            "the record is not of its custodians, who could not see it, and not in its places".to_owned()
        }
    };
    format!("{} ({}): {why}", not.hold.id, not.hold.matter)
}
