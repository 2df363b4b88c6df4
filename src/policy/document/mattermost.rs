//! What a policy in the server's own precedence cannot say, because the server does not know it.

use super::Kinds;
use super::code::Code;
use super::overlap::includes;
use super::reader::Reader;
use super::rule::PlacedRule;
use crate::policy::rule::{Clock, Cutoff, Period, Rule, Scope, ThreadRule};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Judges the rules of a policy with `precedence = "mattermost"`, and lets each post be judged by itself, as the server
/// does. `stated` tells which keys a rule has.
pub(super) fn judge(reader: &mut Reader<'_>, rules: &mut [(PlacedRule, Stated)], kinds: Kinds<'_>) {
    for (placed, stated) in rules.iter_mut() {
        for (is_said, what) in cannot(&placed.rule, *stated) {
            if is_said {
                reader.find(Code::MattermostCannot, placed.id, format!("rule `{}`: {what}", placed.rule.id));
            }
        }
        placed.rule.thread = ThreadRule::PerPost;
    }
    let Some((first, _)) = rules.first() else { return };
    let pinned = first.rule.keeps_pinned;
    for (index, (placed, _)) in rules.iter().enumerate() {
        let (id, scope) = (&placed.rule.id, &placed.rule.scope);
        if placed.rule.keeps_pinned != pinned {
            let detail = format!("rule `{id}`: pinned posts are exempt everywhere or nowhere");
            reader.find(Code::MattermostCannot, placed.id, detail);
        }
        let before = rules.get(..index).unwrap_or_default().iter().map(|(placed, _)| &placed.rule);
        let hides = |other: &&Rule| {
            placed.is_whole && rank(&other.scope) == rank(scope) && includes(&other.scope, scope, kinds)
        };
        if let Some(other) = before.into_iter().find(hides) {
            let detail = format!("rule `{}` covers all that rule `{id}` covers, and comes first", other.id);
            reader.find(Code::RuleNeverMatches, placed.id, detail);
        }
    }
}

/// Which keys a rule has that do not show in it when they say the default.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    pub(super) thread: bool,
}

/// Channels before teams before the rest.
fn rank(scope: &Scope) -> usize {
    if !scope.channels.is_empty() {
        0
    } else if !scope.teams.is_empty() {
        1
    } else {
        2
    }
}

fn cannot(rule: &Rule, stated: Stated) -> [(bool, &'static str); 10] {
    let scope = &rule.scope;
    let patterns = [
        &scope.users,
        &scope.roles,
        &scope.groups,
        &scope.kinds,
        &scope.post_types,
        &scope.props,
        &scope.tags,
        &scope.runs,
    ];
    let is_rest = rank(scope) == 2;
    let whole = |period: Option<Period>, unit: i64| match period {
        Some(Period::Millis(span)) => span % unit == 0,
        Some(Period::Months(_)) => false,
        Some(Period::Forever) | None => true,
    };
    let unit = if is_rest { HOUR } else { DAY };
    [
        (rule.keep_for.is_some(), "the server requires no minimum; it knows `dispose_after` only"),
        (rule.except.is_some(), "the server has no exceptions; a rule for channels goes before one for teams"),
        (
            !scope.channel_types.is_empty() || patterns.iter().any(|list| !list.is_empty()),
            "the server's policies are for channels, for teams, or for the rest",
        ),
        (
            !scope.channels.is_empty() && !scope.teams.is_empty(),
            "the server's policies are for channels or for teams; write a rule for each",
        ),
        (rule.clock != Clock::Created, "the server goes by the creation of each row"),
        (rule.cutoff != Cutoff::Clock, "the server has no cut-offs"),
        (stated.thread && rule.thread != ThreadRule::PerPost, "the server judges each post by itself"),
        (
            !whole(rule.dispose_after, unit),
            if is_rest { "the server counts hours" } else { "the server counts days for channels and teams" },
        ),
        (
            rule.files.is_some_and(|files| !is_rest || files.keep_for.is_some() || !whole(files.dispose_after, HOUR)),
            "the server has one period for files, everywhere, in hours",
        ),
        (
            rule.dispose_after.is_none() && rule.files.is_none(),
            "the server needs a period; `forever` shields from other rules",
        ),
    ]
}
