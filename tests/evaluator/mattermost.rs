//! The server's own way: a second implementation, written like the server's queries, over random stories.

use super::chance;
use super::dice::Dice;
use super::naive::Thing;
use super::story::{Channel, Record, Story};
use chatseal::policy::decision::Disposition;
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::explanation::Condition;
use chatseal::policy::rule::{
    ChannelType, Clock, Cutoff, FilePeriods, Pattern, Period, Policy, Precedence, Rule, Scope, Then, ThreadRule,
};
use chatseal::policy::set::Set;
use chatseal::record::time::Millis;
use proptest::prelude::*;

const HOUR: Millis = 3_600_000;

/// What a server is configured for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configured {
    /// Days by channel; negative for ever.
    pub(crate) channels: Vec<(String, i64)>,
    /// Days by team.
    pub(crate) teams: Vec<(String, i64)>,
    pub(crate) message_hours: Option<i64>,
    pub(crate) file_hours: Option<i64>,
    pub(crate) preserves_pinned: bool,
}

impl Configured {
    pub(crate) fn random(story: &Story, dice: &mut Dice) -> Self {
        let days = |dice: &mut Dice| *dice.of(&[-1, 0, 1, 30, 31, 91, 365, 366]);
        let hours = |dice: &mut Dice| dice.one_in(2).then(|| *dice.of(&[1, 24, 60 * 24, 366 * 24]));
        // Policies for channels take open and private ones only.
        let is_in_team = |channel: &&Channel| matches!(channel.kind, ChannelType::Open | ChannelType::Private);
        let channels =
            story.channels.iter().filter(is_in_team).filter(|_| dice.one_in(3)).map(|channel| channel.id.clone());
        let channels: Vec<String> = channels.collect();
        let teams: Vec<String> = story.teams.iter().filter(|_| dice.one_in(2)).map(|(id, _)| id.clone()).collect();
        Self {
            channels: channels.into_iter().map(|id| (id, days(dice))).collect(),
            teams: teams.into_iter().map(|id| (id, days(dice))).collect(),
            message_hours: hours(dice),
            file_hours: hours(dice),
            preserves_pinned: dice.one_in(2),
        }
    }

    /// The same as a policy, rules in an order that the dice choose.
    pub(crate) fn set(&self, dice: &mut Dice) -> Set {
        let period = |length: i64, unit| if length < 0 { Period::Forever } else { Period::Millis(length * unit) };
        let rule = |id: String, scope, dispose_after, files| Rule {
            id,
            title: String::new(),
            scope,
            except: None,
            clock: Clock::Created,
            cutoff: Cutoff::Clock,
            keep_for: None,
            dispose_after,
            then: Then::Dispose,
            thread: ThreadRule::PerPost,
            keeps_pinned: self.preserves_pinned,
            files,
        };
        let mut rules = Vec::new();
        for (n, (id, days)) in self.channels.iter().enumerate() {
            let scope = Scope { channels: vec![Pattern(id.clone())], ..Scope::default() };
            rules.push(rule(format!("server/channel{n}"), scope, Some(period(*days, 24 * HOUR)), None));
        }
        for (n, (id, days)) in self.teams.iter().enumerate() {
            let scope = Scope { teams: vec![Pattern(id.clone())], ..Scope::default() };
            rules.push(rule(format!("server/team{n}"), scope, Some(period(*days, 24 * HOUR)), None));
        }
        if self.message_hours.is_some() || self.file_hours.is_some() {
            let files =
                self.file_hours.map(|hours| FilePeriods { keep_for: None, dispose_after: Some(period(hours, HOUR)) });
            let messages = self.message_hours.map(|hours| period(hours, HOUR));
            rules.push(rule("server/rest".into(), Scope::default(), messages, files));
        }
        dice.shuffle(&mut rules);
        let policy = Policy {
            id: "server".into(),
            title: String::new(),
            about: String::new(),
            citation: String::new(),
            review: None,
            precedence: Precedence::Mattermost,
            rules,
        };
        Set { policies: vec![policy], holds: Vec::new() }
    }

    /// The three phases, for a row of this time in this channel.
    fn is_too_old(&self, story: &Story, channel: &str, time: Option<Millis>, now: Millis) -> bool {
        let Some(time) = time else { return false };
        // INNER JOIN channels
        let Some(channel) = story.channels.iter().find(|known| known.id == channel) else { return false };
        let of = |all: &[(String, i64)], id: &str| all.iter().find(|(known, _)| known == id).map(|(_, days)| *days);
        let older = |days: i64| days >= 0 && now - time > days * 86_400_000;
        if let Some(days) = of(&self.channels, &channel.id) {
            return older(days);
        }
        if let Some(days) = of(&self.teams, &channel.team).filter(|_| !channel.team.is_empty()) {
            return older(days);
        }
        self.message_hours.is_some_and(|hours| time < now - hours * HOUR)
    }

    fn deletes_post(&self, story: &Story, row: &super::story::Row, now: Millis) -> bool {
        let is_free = match (self.preserves_pinned, row.is_pinned) {
            (false, _) | (true, Some(false)) => true,
            (true, Some(true)) => row.delete_at != 0,
            (true, None) => false,
        };
        is_free && self.is_too_old(story, &row.channel, Some(row.create_at).filter(|at| *at != 0), now)
    }

    pub(crate) fn deletes(&self, story: &Story, thing: Thing<'_>, now: Millis) -> bool {
        let record = match thing {
            Thing::Post(row) => return self.deletes_post(story, row, now),
            Thing::Other(record) => record,
        };
        let is_thread = |other: &&Record| other.kind == "thread" && other.post == record.post;
        match record.kind.as_str() {
            "reaction" | "saved_post" => {
                let post = story.posts.iter().find(|row| row.id == record.post && row.original.is_empty());
                post.is_some_and(|post| self.deletes_post(story, post, now))
            }
            "thread" | "channel_membership" => self.is_too_old(story, &record.channel, record.server_time, now),
            "thread_membership" => story.records.iter().rfind(is_thread).is_some_and(|thread| {
                let old = |time| self.is_too_old(story, &thread.channel, time, now);
                old(record.server_time) || old(thread.server_time)
            }),
            "file" => {
                let cutoff = self.file_hours.map(|hours| now - hours * HOUR);
                let is_bookmark = record.users.iter().any(|user| user == "bookmark");
                !is_bookmark && record.server_time.zip(cutoff).is_some_and(|(time, cutoff)| time < cutoff)
            }
            _ => false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_server_would_delete_is_due_and_nothing_else(seed in any::<u64>(), posts in 1..16_usize) {
        let mut dice = Dice(seed);
        let mut story = chance::story(&mut dice, posts);
        for record in story.records.iter_mut().filter(|record| record.kind == "file") {
            record.users = vec![dice.of(&["bookmark", "somebody"]).to_string()];
        }
        let configured = Configured::random(&story, &mut dice);
        let set = configured.set(&mut dice);
        let now = chance::time(&mut dice).max(1) + dice.of(&[0, 1, 24, 60 * 24]) * HOUR;
        let (evaluator, _) = Evaluator::new(story.tell(set, &mut dice), now);
        super::properties::each(&story, |subject, thing| {
            let decision = evaluator.decide(subject);
            let expected = configured.deletes(&story, thing, now);
            assert_eq!(decision.disposition == Disposition::Dispose, expected, "{subject:#?}\n{configured:#?}\n{now}");
            let explanation = evaluator.explain(subject);
            assert_eq!(explanation.decision, decision);
            assert_eq!(explanation.covering.len(), usize::from(decision.rule.is_some()));
            for passed in explanation.passed_over {
                let is_for_all = passed.rule.id == "server/rest";
                assert!(!is_for_all || matches!(passed.failed, Condition::DecidedBy(_) | Condition::NotByServer));
            }
        });
    }
}
