//! Which rules may cover a record by where it is, whose it is and what kind it is of: one bit for each scope, worked out
//! once for each channel, team and user.
//!
//! Scopes are numbered as in [`super::details`]: what rules cover in the first half of a set, what they except in the
//! second. A rule covers a record if its bit stands in all sets of the record, and the bit of what it excepts does not.

use std::borrow::Cow;

use super::case::Case;
use super::details::words_of_rules;
use super::rule::{Rule, Scope};
use super::scope::{self, Person, Place};
use super::sets::{SetId, Sets, insert, unite};
use super::world::{At, World};

/// Sets of scopes.
#[derive(Debug)]
pub(super) struct Masks {
    /// Words of 64 bits for the rules, and as many for what they except.
    pub(super) words: usize,
    sets: Sets,
    nowhere: SetId,
    nobody: SetId,
    no_run: SetId,
    posts: SetId,
    teams: Vec<SetId>,
    pub(super) channels: Vec<(SetId, SetId)>,
    pub(super) users: Vec<SetId>,
}

/// A set that is kept, or one made for a rare record.
pub(super) type Mask<'m> = Cow<'m, [u64]>;

impl Masks {
    pub(super) fn new(world: &World) -> Self {
        let words = words_of_rules(&world.set);
        let mut sets = Sets::new(128 * words);
        let mut keep = |test: &dyn Fn(&Scope, bool) -> bool| sets.keep(&set_of(world, test));
        let nowhere = keep(&|scope, _| scope::place(scope, &Place::default()).is_none());
        let nobody = keep(&|scope, _| scope::person(scope, world, None).is_none());
        let no_run = keep(&|scope, _| scope::covers_runs(scope, world, &[]));
        let posts = keep(&|scope, excepts| scope::covers_kind(scope, "post", excepts));
        let teams = world.teams.iter().map(|(at, _)| {
            let place = Place::of_team(world, at);
            keep(&|scope, _| scope::place(scope, &place).is_none())
        });
        let teams = teams.collect();
        let users = world.users.iter().map(|(at, user)| {
            let person = Some(Person { id: &user.id, at: Some(at) });
            keep(&|scope, _| scope::person(scope, world, person).is_none())
        });
        let users = users.collect();
        let channels = world.channels.iter().map(|(at, channel)| {
            let place = Place::of_channel(world, at);
            let of_place = keep(&|scope, _| scope::place(scope, &place).is_none());
            (of_place, keep(&|scope, _| scope::covers_runs(scope, world, &channel.runs)))
        });
        let channels = channels.collect();
        Self { words, sets, nowhere, nobody, no_run, posts, teams, channels, users }
    }

    fn kept(&self, id: Option<SetId>, otherwise: SetId) -> Mask<'_> {
        Cow::Borrowed(self.sets.get(id.unwrap_or(otherwise)))
    }

    /// By place. A channel that nothing describes is found by its id, and in the team that the record names.
    pub(super) fn place(&self, case: &Case<'_>) -> Mask<'_> {
        if let Some(at) = case.channel.filter(|_| case.is_described) {
            return self.kept(self.channels.get(at as usize).map(|(place, _)| *place), self.nowhere);
        }
        if case.channel_id.is_empty() {
            return self.kept(case.team.and_then(|team| self.teams.get(team as usize).copied()), self.nowhere);
        }
        let place = case.place();
        Cow::Owned(set_of(case.world, &|scope, _| scope::place(scope, &place).is_none()))
    }

    /// By playbook run: the record's own, or those of its channel.
    pub(super) fn runs(&self, world: &World, run: Option<At>, channel: Option<At>) -> Mask<'_> {
        let of_channel = channel.and_then(|at| self.channels.get(at as usize)).map(|(_, runs)| *runs);
        let mask = self.kept(of_channel, self.no_run);
        let Some(run) = run else { return mask };
        let mut all = mask.into_owned();
        unite(&mut all, &set_of(world, &|scope, _| scope::covers_runs(scope, world, &[run])));
        Cow::Owned(all)
    }

    /// By a user.
    pub(super) fn user(&self, at: Option<At>) -> Mask<'_> {
        self.kept(at.and_then(|at| self.users.get(at as usize).copied()), self.nobody)
    }

    /// By all users that a record names: any will do.
    pub(super) fn users(&self, world: &World, users: &[&str]) -> Mask<'_> {
        let one = |id: &str| {
            if let Some(at) = world.users.find(id) {
                return self.user(Some(at));
            }
            let person = Some(Person { id, at: None });
            Cow::Owned(set_of(world, &|scope, _| scope::person(scope, world, person).is_none()))
        };
        match users {
            [] => self.user(None),
            [only] => one(only),
            [first, others @ ..] => {
                let mut all = one(first).into_owned();
                for other in others {
                    unite(&mut all, &one(other));
                }
                Cow::Owned(all)
            }
        }
    }

    /// By kind: posts and what belongs to them, which is nearly everything.
    pub(super) fn posts(&self) -> Mask<'_> {
        self.kept(None, self.posts)
    }

    /// By another kind.
    pub(super) fn kind(world: &World, kind: &str) -> Mask<'static> {
        Cow::Owned(set_of(world, &|scope, excepts| scope::covers_kind(scope, kind, excepts)))
    }
}

/// The scopes of a world's rules that pass a test; it is also told whether the scope is what a rule excepts.
fn set_of(world: &World, test: &dyn Fn(&Scope, bool) -> bool) -> Vec<u64> {
    let words = words_of_rules(&world.set);
    let mut set = vec![0; 2 * words];
    for (at, Rule { scope, except, .. }) in world.set.rules().enumerate() {
        if test(scope, false) {
            insert(&mut set, at);
        }
        if except.as_ref().is_some_and(|except| test(except, true)) {
            insert(&mut set, 64 * words + at);
        }
    }
    set
}
