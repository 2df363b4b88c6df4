//! Whether a scope covers a place, a person, a kind or a run. Each question has one answer here; the evaluator asks it
//! once for each channel and user and keeps the bits, an explanation asks it again and tells what failed.

use super::explanation::Condition;
use super::rule::{ChannelType, Pattern, Scope};
use super::subject::OF_POSTS;
use super::world::{At, World};

/// Where a record is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place<'w> {
    pub(super) team: Option<(&'w str, &'w str)>,
    /// Id and name.
    pub(super) channel: Option<(&'w str, &'w str)>,
    pub(super) channel_type: Option<ChannelType>,
}

/// Who a record is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person<'w> {
    pub(super) id: &'w str,
    /// In the world, if known there.
    pub(super) at: Option<At>,
}

fn any(patterns: &[Pattern], names: &[&str]) -> bool {
    patterns.iter().any(|pattern| names.iter().any(|name| pattern.matches(name)))
}

impl<'w> Place<'w> {
    /// Of a channel.
    pub(super) fn of_channel(world: &'w World, at: At) -> Self {
        let Some(channel) = world.channels.get(at) else { return Self::default() };
        let team = channel.team.map(|team| Self::of_team(world, team)).unwrap_or_default().team;
        Self { team, channel: Some((&channel.id, &channel.name)), channel_type: channel.kind }
    }

    /// Of a team, and in none of its channels.
    pub(super) fn of_team(world: &'w World, at: At) -> Self {
        let team = world.teams.get(at).map(|team| (&*team.id, &*team.name));
        Self { team, ..Self::default() }
    }

    pub(super) fn is_in_team(&self, patterns: &[Pattern]) -> bool {
        self.team.is_some_and(|(id, name)| any(patterns, &names(id, name)))
    }

    /// By `TEAM/NAME`, if it has both, or by id.
    pub(super) fn is_in_channel(&self, patterns: &[Pattern]) -> bool {
        let Some((id, name)) = self.channel else { return false };
        let full = self.team.map(|(_, team)| format!("{team}/{name}"));
        any(patterns, &[id]) || !name.is_empty() && full.is_some_and(|full| any(patterns, &[&full]))
    }
}

/// Id and name, unless it has no name because it is only mentioned.
fn names<'a>(id: &'a str, name: &'a str) -> Vec<&'a str> {
    if name.is_empty() { vec![id] } else { vec![id, name] }
}

/// The first condition on the place that is not met.
pub(super) fn place<'e>(scope: &Scope, place: &Place<'_>) -> Option<Condition<'e>> {
    if !scope.teams.is_empty() && !place.is_in_team(&scope.teams) {
        return Some(Condition::Teams);
    }
    if !scope.channels.is_empty() && !place.is_in_channel(&scope.channels) {
        return Some(Condition::Channels);
    }
    if !scope.channel_types.is_empty() && !place.channel_type.is_some_and(|kind| scope.channel_types.contains(&kind)) {
        return Some(Condition::ChannelTypes);
    }
    None
}

/// The first condition on the person that is not met. Nobody meets none.
pub(super) fn person<'e>(scope: &Scope, world: &World, person: Option<Person<'_>>) -> Option<Condition<'e>> {
    let user = person.and_then(|person| world.users.get(person.at?));
    let is_user = || {
        let name = user.map_or("", |user| &user.name);
        person.is_some_and(|person| any(&scope.users, &names(person.id, name)))
    };
    if !scope.users.is_empty() && !is_user() {
        return Some(Condition::Users);
    }
    let has_role = || user.is_some_and(|user| user.roles.split_whitespace().any(|role| any(&scope.roles, &[role])));
    if !scope.roles.is_empty() && !has_role() {
        return Some(Condition::Roles);
    }
    let in_group =
        |at: &At| world.groups.get(*at).is_some_and(|group| any(&scope.groups, &names(&group.id, &group.name)));
    if !scope.groups.is_empty() && !user.is_some_and(|user| user.groups.iter().any(in_group)) {
        return Some(Condition::Groups);
    }
    None
}

/// Whether the kind is covered. What belongs to a post is covered where a `post` is. A scope that states no kinds means
/// messages; what a rule excepts, whatever it covers.
pub(super) fn covers_kind(scope: &Scope, kind: &str, excepts: bool) -> bool {
    let is_message = kind == "post" || OF_POSTS.contains(&kind);
    if scope.kinds.is_empty() {
        return excepts || is_message;
    }
    any(&scope.kinds, &[if is_message { "post" } else { kind }])
}

/// Whether the run of the record, or one of its channel, is covered.
pub(super) fn covers_runs(scope: &Scope, world: &World, runs: &[At]) -> bool {
    let covers = |at: &At| world.runs.get(*at).is_some_and(|run| any(&scope.runs, &names(&run.id, &run.name)));
    scope.runs.is_empty() || runs.iter().any(covers)
}
