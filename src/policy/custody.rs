//! What active holds cover, worked out once: who their custodians are, where those could see what from when until when,
//! and the timeline of holds of each channel, team and user.
//!
//! A custodian could see a record if one of its events happened in a channel while he was a member of it. What he wrote
//! or did himself is covered wherever it is.

use std::collections::HashMap;

use super::hold::{Hold, HoldOrigin};
use super::rule::{ChannelType, Pattern};
use super::scope::Place;
use super::sets::{Bits, SetId, Sets, contains, insert, unite};
use super::subject::Times;
use super::timeline::{Span, Spans, Timeline};
use super::world::{At, Membership, PostAt, World};
use crate::record::time::Millis;

/// The plugin collects a day at a time, for whoever was a member at any time of that day.
const DAY: Millis = 86_400_000;

/// A stay of a user in a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub(super) user: At,
    pub(super) channel: At,
    pub(super) span: Span,
    /// He is a member now, and history does not say since when.
    pub(super) from_current: bool,
}

/// All stays, by user.
#[derive(Debug)]
pub(super) struct Stays(Vec<Stay>);

impl Stays {
    /// Takes what a world was told of memberships.
    pub(super) fn new(world: &mut World) -> Self {
        let mut history = std::mem::take(&mut world.memberships);
        history.sort_unstable_by_key(|stay| (stay.user, stay.channel, stay.from, stay.until));
        let mut current = std::mem::take(&mut world.members);
        current.sort_unstable();
        current.dedup();
        let key = |stay: &Membership| (stay.user, stay.channel);
        let current = current.into_iter().filter_map(|(channel, user)| {
            let first = history.partition_point(|stay| key(stay) < (user, channel));
            let known = history.iter().skip(first).take_while(|stay| key(stay) == (user, channel));
            // Where history says that somebody left who is a member now, he came back unrecorded.
            let from = known.map(|stay| stay.until).try_fold(None, |last, until| Some(last.max(Some(until?))))?;
            Some(Stay { user, channel, span: Span { from, until: None }, from_current: true })
        });
        let history = history.iter().map(|stay| Stay {
            user: stay.user,
            channel: stay.channel,
            span: Span::of_stay(stay.from, stay.until),
            from_current: false,
        });
        let mut stays: Vec<Stay> = history.chain(current).collect();
        stays.sort_by_key(|stay| (stay.user, stay.channel));
        Self(stays)
    }

    /// Those of a user, by channel.
    pub(super) fn of(&self, user: At) -> &[Stay] {
        let first = self.0.partition_point(|stay| stay.user < user);
        let rest = self.0.get(first..).unwrap_or_default();
        rest.get(..rest.partition_point(|stay| stay.user == user)).unwrap_or_default()
    }
}

impl Hold {
    /// The span of its window.
    pub(super) fn span(&self) -> Span {
        Span { from: self.window.from, until: self.window.until }
    }
}

/// What a stay of a custodian makes visible to a hold, within its window.
pub(super) fn sight(world: &World, hold: &Hold, stay: &Stay) -> Option<Span> {
    let is_open = world.channels.get(stay.channel).is_some_and(|channel| channel.kind == Some(ChannelType::Open));
    if is_open && !hold.includes_open_channels {
        return None;
    }
    let mut span = stay.span.and(Span::ALWAYS)?;
    if hold.origin == HoldOrigin::Plugin {
        span.from = span.from.map(|from| from.saturating_sub(DAY));
        span.until = span.until.map(|until| until.saturating_add(DAY));
    }
    span.and(hold.span())
}

/// Custodians of a hold, each once. A name that the world does not know counts as an id.
pub(super) fn custodians(world: &mut World, hold: usize) -> Vec<At> {
    let Some(hold) = world.set.holds.get(hold).cloned() else { return Vec::new() };
    let mut found = Vec::new();
    for name in &hold.users {
        let named = |user: &&str| *user == name;
        let address = name.to_lowercase();
        let before = found.len();
        let known = world.users.iter().filter(|(_, user)| {
            named(&&*user.id) || named(&&*user.name) || !user.email.is_empty() && user.email.to_lowercase() == address
        });
        found.extend(known.map(|(at, _)| at));
        if found.len() == before {
            found.push(world.mention_user(name));
        }
    }
    for name in &hold.groups {
        let groups = world.groups.iter().filter(|(_, group)| *group.id == **name || *group.name == **name);
        found.extend(groups.flat_map(|(_, group)| &group.members));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Lets ids of teams and channels that nothing describes count as ids.
fn mention_ids(world: &mut World, hold: usize) {
    let Some(hold) = world.set.holds.get(hold).cloned() else { return };
    for Pattern(name) in hold.channels.iter().filter(|name| name.is_plain() && !name.0.contains('/')) {
        world.mention_channel(name);
    }
    for pattern in hold.teams.iter().filter(|name| name.is_plain()) {
        if !world.teams.iter().any(|(_, team)| pattern.matches(&team.id) || pattern.matches(&team.name)) {
            world.mention_team(&pattern.0);
        }
    }
}

/// An active hold.
#[derive(Debug)]
pub(super) struct Active {
    /// Position among the holds of the set.
    pub(super) at: usize,
    pub(super) custodians: Vec<At>,
}

/// What active holds cover. Sets are of positions in `active`.
#[derive(Debug)]
pub(super) struct Custody {
    /// In order of their ids.
    pub(super) active: Vec<Active>,
    pub(super) ids: Vec<String>,
    pub(super) stays: Stays,
    sets: Sets,
    /// Holds without keywords.
    wordless: SetId,
    everywhere: Timeline,
    teams: Vec<Timeline>,
    channels: Vec<Timeline>,
    users: Vec<Timeline>,
    posts: Vec<PostHolds>,
}

/// Holds and a named post.
#[derive(Clone, Copy, Debug)]
struct PostHolds {
    /// Those that cover it.
    held: SetId,
    /// Those that its words allow to cover it and what belongs to it.
    allowed: SetId,
}

/// Where and when something happened, and who did it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'c> {
    pub(super) channel: Option<At>,
    /// If it is in no channel, or in one that nothing describes.
    pub(super) team: Option<At>,
    pub(super) times: Times<'c>,
}

impl Custody {
    pub(super) fn new(world: &mut World, now: Millis) -> Self {
        let mut order: Vec<usize> = (0..world.set.holds.len()).collect();
        let id = |at: usize| world.set.holds.get(at).map(|hold| hold.id.as_str());
        order.retain(|at| world.set.holds.get(*at).is_some_and(|hold| hold.is_active(now)));
        order.sort_by(|a, b| id(*a).cmp(&id(*b)));
        let active = order.into_iter().map(|at| Active { at, custodians: custodians(world, at) });
        let active: Vec<Active> = active.collect();
        for hold in &active {
            mention_ids(world, hold.at);
        }
        let stays = Stays::new(world);
        let holds = || active.iter().enumerate().filter_map(|(bit, hold)| Some((bit, world.set.holds.get(hold.at)?)));
        let mut spans = Places::new(world);
        for (bit, hold) in holds() {
            let custodians = active.get(bit).map(|active| active.custodians.as_slice()).unwrap_or_default();
            spans.add_hold(world, bit, hold);
            spans.add_custodians(world, bit, hold, custodians, &stays);
        }
        let mut sets = Sets::new(active.len());
        let mut timelines = |all: Vec<Spans>| -> Vec<Timeline> {
            all.iter().map(|spans| Timeline::new(spans, &mut sets, active.len())).collect()
        };
        let (teams, channels, users) = (timelines(spans.teams), timelines(spans.channels), timelines(spans.users));
        let everywhere = Timeline::new(&spans.everywhere, &mut sets, active.len());
        let mut wordless = sets.empty();
        holds().filter(|(_, hold)| hold.keywords.is_empty()).for_each(|(bit, _)| insert(&mut wordless, bit));
        let ids = holds().map(|(_, hold)| hold.id.clone()).collect();
        let wordless = sets.keep(&wordless);
        let mut custody =
            Self { active, ids, stays, sets, wordless, everywhere, teams, channels, users, posts: Vec::new() };
        custody.judge_posts(world);
        custody
    }

    /// Works out which holds cover each post that is known.
    fn judge_posts(&mut self, world: &World) {
        if self.active.is_empty() {
            return;
        }
        let mut versions = world.posts.versions.clone();
        versions.sort_unstable();
        let mut versions = versions.into_iter().peekable();
        let mut times = Vec::new();
        let mut allowed_by: HashMap<SetId, SetId> = HashMap::new();
        for (at, facts) in world.posts.iter() {
            times.clear();
            while let Some((_, time)) = versions.next_if(|(of, _)| *of == at) {
                times.push(time);
            }
            let allowed = if let Some(allowed) = allowed_by.get(&facts.words) {
                *allowed
            } else {
                let allowed = self.allowed(world.word_sets.get(facts.words));
                allowed_by.insert(facts.words, allowed);
                allowed
            };
            let mut held = self.sets.empty();
            if facts.is_seen {
                times.extend([facts.create_at, facts.edit_at, facts.delete_at].into_iter().filter(|time| *time != 0));
                let event = Event { channel: Some(facts.channel), team: None, times: Times::At(&times) };
                self.each(event, std::iter::once(facts.user), |set| unite(&mut held, set));
                held.iter_mut().zip(self.sets.get(allowed)).for_each(|(word, allowed)| *word &= allowed);
            }
            let judged = PostHolds { held: self.sets.keep(&held), allowed };
            self.posts.push(judged);
        }
    }

    /// Holds that may cover a post in which these holds have a keyword.
    fn allowed(&mut self, words: &[u64]) -> SetId {
        let mut allowed = self.sets.get(self.wordless).to_vec();
        for (bit, hold) in self.active.iter().enumerate() {
            if contains(words, hold.at) {
                insert(&mut allowed, bit);
            }
        }
        self.sets.keep(&allowed)
    }

    /// Calls `found` with sets of holds that cover an event of these users, whatever its words.
    fn each(&self, event: Event<'_>, users: impl Iterator<Item = At>, mut found: impl FnMut(&[u64])) {
        let channel = event.channel.and_then(|channel| self.channels.get(channel as usize));
        let place = channel.into_iter().chain(event.team.and_then(|team| self.teams.get(team as usize)));
        let users = users.filter_map(|user| self.users.get(user as usize));
        for timeline in place.chain(users).chain([&self.everywhere]) {
            timeline.each(event.times, |set| found(self.sets.get(set)));
        }
    }

    /// Adds to `held` the holds that cover an event of these users. `post`: the post whose words count.
    pub(super) fn add_event(
        &self,
        event: Event<'_>,
        users: impl Iterator<Item = At>,
        post: Option<PostAt>,
        held: &mut Bits,
    ) {
        let allowed = self.sets.get(self.post(post).map_or(self.wordless, |post| post.allowed));
        self.each(event, users, |set| held.unite_common(set, allowed));
    }

    /// Adds to `held` the holds that cover a post that is known.
    pub(super) fn add_post(&self, post: PostAt, held: &mut Bits) {
        if let Some(post) = self.post(Some(post)) {
            held.unite(self.sets.get(post.held));
        }
    }

    fn post(&self, post: Option<PostAt>) -> Option<&PostHolds> {
        self.posts.get(post? as usize)
    }
}

/// Spans of holds by place and person, while they are collected.
struct Places {
    everywhere: Spans,
    teams: Vec<Spans>,
    channels: Vec<Spans>,
    users: Vec<Spans>,
}

impl Places {
    fn new(world: &World) -> Self {
        Self {
            everywhere: Spans::default(),
            teams: vec![Spans::default(); world.teams.len()],
            channels: vec![Spans::default(); world.channels.len()],
            users: vec![Spans::default(); world.users.len()],
        }
    }

    fn add_hold(&mut self, world: &World, bit: usize, hold: &Hold) {
        let Some(window) = hold.span().and(Span::ALWAYS) else { return };
        if hold.everything {
            self.everywhere.add(window, bit);
        }
        if !hold.teams.is_empty() {
            for ((at, _), spans) in world.teams.iter().zip(&mut self.teams) {
                if Place::of_team(world, at).is_in_team(&hold.teams) {
                    spans.add(window, bit);
                }
            }
        }
        if hold.teams.is_empty() && hold.channels.is_empty() {
            return;
        }
        for ((at, _), spans) in world.channels.iter().zip(&mut self.channels) {
            let place = Place::of_channel(world, at);
            if place.is_in_team(&hold.teams) || place.is_in_channel(&hold.channels) {
                spans.add(window, bit);
            }
        }
    }

    /// Adds what custodians did and could see; what several of them could see of a channel is added once.
    fn add_custodians(&mut self, world: &World, bit: usize, hold: &Hold, custodians: &[At], stays: &Stays) {
        let Some(window) = hold.span().and(Span::ALWAYS) else { return };
        let mut seen: Vec<(At, Span)> = Vec::new();
        for user in custodians {
            if let Some(spans) = self.users.get_mut(*user as usize) {
                spans.add(window, bit);
            }
            seen.extend(stays.of(*user).iter().filter_map(|stay| Some((stay.channel, sight(world, hold, stay)?))));
        }
        seen.sort_unstable_by_key(|(channel, span)| (*channel, span.from));
        let mut seen = seen.into_iter().peekable();
        while let Some((channel, mut span)) = seen.next() {
            let touches =
                |span: &Span, next: &Span| span.until.is_none_or(|until| next.from.is_none_or(|from| from <= until));
            while let Some((_, next)) = seen.next_if(|(other, next)| *other == channel && touches(&span, next)) {
                span.until = span.until.zip(next.until).map(|(one, two)| one.max(two));
            }
            if let Some(spans) = self.channels.get_mut(channel as usize) {
                spans.add(span, bit);
            }
        }
    }
}
