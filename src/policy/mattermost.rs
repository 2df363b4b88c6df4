//! The server's own precedence: the rule for the channel, else the rule for its team, else the rule for the rest. The most
//! specific one wins outright, and one without a period shields from the others.
//!
//! Rules that name channels are the server's policies for channels, rules that name teams those for teams; a rule that
//! names neither is its global setting. Direct and group messages know only that. Ages are compared strictly: a row goes
//! when it is *older* than its period, so the first millisecond at which it is due is one after the end.
//!
//! What goes: posts, each row by its own creation; threads by their last reply; memberships of threads by their last
//! change or with their thread; former memberships of channels by when they ended; reactions and saved posts with their
//! post; files by the one global period for files, whatever their post does. Rows whose channel is gone stay, and all
//! other kinds do: nothing in the server deletes them by age. Holds, which the server does not know, keep here too.

use super::case::{Case, Shown};
use super::decision::Until;
use super::rule::{ChannelType, Rule};
use super::scope::Place;
use super::subject::PostOf;
use super::weigh::Verdict;
use super::world::{At, World};
use crate::record::time::Millis;

/// Creator of files of bookmarks, which the server's retention leaves alone.
const BOOKMARK: &str = "bookmark";

/// The rule of each channel, worked out once.
#[derive(Debug)]
pub(super) struct Server {
    channels: Vec<Option<usize>>,
    rest: Option<usize>,
}

/// What the server's retention says about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The rule that decides, alone.
    pub(super) rule: usize,
    /// Age counts from here; `None` for NULL, which is never too old.
    pub(super) time: Option<Millis>,
    pub(super) is_file: bool,
    /// A pinned post, or what goes with one.
    pub(super) preserved: bool,
}

impl Server {
    pub(super) fn new(world: &World, rules: &[Rule]) -> Self {
        let first = |test: &dyn Fn(&Rule) -> bool| rules.iter().position(test);
        let rest = first(&|rule| rule.scope.channels.is_empty() && rule.scope.teams.is_empty());
        let rule_of = |at: At, kind: Option<ChannelType>| {
            let place = Place::of_channel(world, at);
            let of_channel = |rule: &Rule| !rule.scope.channels.is_empty() && place.is_in_channel(&rule.scope.channels);
            let of_team = |rule: &Rule| rule.scope.channels.is_empty() && place.is_in_team(&rule.scope.teams);
            match kind? {
                ChannelType::Open | ChannelType::Private => first(&of_channel).or_else(|| first(&of_team)).or(rest),
                ChannelType::Direct | ChannelType::Group => rest,
            }
        };
        let channels = world.channels.iter().map(|(at, channel)| rule_of(at, channel.kind)).collect();
        Self { channels, rest }
    }

    /// What it says about a row; `None` if it never deletes such a row by age.
    pub(super) fn says(&self, case: &Case<'_>, rules: &[Rule]) -> Option<Said> {
        let subject = case.subject;
        let world = case.world;
        let rule_of = |channel: Option<At>| self.channels.get(channel? as usize).copied().flatten();
        let named = |id: Option<&str>| id.and_then(|id| world.channels.find(id));
        let said = |rule, time| Some(Said { rule, time, is_file: false, preserved: false });
        match (subject.kind, &subject.post) {
            ("post", PostOf::Itself(post)) => {
                let rule = rule_of(world.channels.find(post.channel))?;
                let preserved = is_preserved(rules.get(rule)?, post.is_pinned, post.delete_at);
                Some(Said { rule, time: subject.server_time, is_file: false, preserved })
            }
            ("reaction" | "saved_post", PostOf::Of(_)) => {
                let Shown::Facts(post) = case.post else { return None };
                let rule = rule_of(Some(post.channel))?;
                let preserved = is_preserved(rules.get(rule)?, post.is_pinned, post.delete_at);
                let time = Some(post.create_at).filter(|at| *at != 0);
                Some(Said { rule, time, is_file: false, preserved })
            }
            ("thread" | "channel_membership", _) => said(rule_of(named(subject.channel))?, subject.server_time),
            ("thread_membership", PostOf::Of(_)) => {
                let (channel, last_reply_at) = world.server_threads.get(&case.named?)?;
                let times = [subject.server_time, *last_reply_at];
                said(rule_of(Some(*channel))?, times.into_iter().flatten().min())
            }
            ("file", _) if !subject.users.contains(&BOOKMARK) => {
                let rule = self.rest?;
                rules.get(rule)?.files?;
                Some(Said { rule, time: subject.server_time, is_file: true, preserved: false })
            }
            _ => None,
        }
    }
}

/// Whether a pinned post is spared. `NOT` of NULL is NULL: a row that does not say whether it is pinned is spared too.
fn is_preserved(rule: &Rule, is_pinned: Option<bool>, delete_at: Millis) -> bool {
    rule.keeps_pinned && is_pinned.is_none_or(|pinned| pinned && delete_at == 0)
}

impl Said {
    /// The first millisecond at which the row is older than its period; `None` if there is no period.
    pub(super) fn maximum(self, rule: &Rule) -> Option<Until> {
        let period = if self.is_file { rule.files?.dispose_after? } else { rule.dispose_after? };
        Some(match self.time.map(|time| period.end(time)) {
            Some(Until::At(end)) if !self.preserved => end.checked_add(1).map_or(Until::Forever, Until::At),
            _ => Until::Forever,
        })
    }

    /// The outcome, without holds.
    pub(super) fn verdict(self, rules: &[Rule], now: Millis) -> Verdict<'_> {
        let rule = rules.get(self.rule);
        let maximum = rule.and_then(|rule| self.maximum(rule));
        let is_due = maximum.is_some_and(|until| until.is_over(now));
        Verdict {
            rule: rule.map(|rule| rule.id.as_str()),
            keep_until: None,
            dispose_after: maximum,
            due: rule.filter(|_| is_due).map(|rule| rule.then),
            clash: None,
        }
    }
}
