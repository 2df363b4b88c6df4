//! Names in rules and holds that match nothing in the source.

use super::near::near;
use super::rule::Pattern;
use super::scope::Place;
use super::world::World;
use crate::record::time::Millis;

/// A name that matches nothing. Patterns with `*` may match nothing; a name that somebody wrote out should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The rule or hold that has the name.
    pub of: UnknownIn,
    /// What it should be: `team`, `channel`, `user`, `group` or `run`.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// Names of that sort in the source that are spelled alike, nearest first; at most three.
    pub near: Vec<String>,
}

/// Where a name stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnknownIn {
    /// In the rule of this id.
    Rule(String),
    /// In the hold of this id.
    Hold(String),
}

/// What a name should name.
#[derive(Clone, Copy)]
enum Sort {
    Team,
    Channel,
    User,
    Group,
    Run,
}

/// All of them, rule by rule and hold by hold, in order. Released holds are not asked.
pub(super) fn unknown_names(world: &World, now: Millis) -> Vec<Unknown> {
    let known = Known::new(world);
    let mut unknown = Vec::new();
    for rule in world.set.rules() {
        for scope in std::iter::once(&rule.scope).chain(&rule.except) {
            for (sort, patterns) in [
                (Sort::Team, &scope.teams),
                (Sort::Channel, &scope.channels),
                (Sort::User, &scope.users),
                (Sort::Group, &scope.groups),
                (Sort::Run, &scope.runs),
            ] {
                let names = patterns.iter().filter(|pattern| pattern.is_plain()).map(|Pattern(name)| name.as_str());
                known.look_up(sort, names, || UnknownIn::Rule(rule.id.clone()), &mut unknown);
            }
        }
    }
    for hold in world.set.holds.iter().filter(|hold| hold.is_active(now)) {
        let of = || UnknownIn::Hold(hold.id.clone());
        for (sort, patterns) in [(Sort::Team, &hold.teams), (Sort::Channel, &hold.channels)] {
            let names = patterns.iter().filter(|pattern| pattern.is_plain()).map(|Pattern(name)| name.as_str());
            known.look_up(sort, names, of, &mut unknown);
        }
        for (sort, names) in [(Sort::User, &hold.users), (Sort::Group, &hold.groups)] {
            known.look_up(sort, names.iter().map(String::as_str), of, &mut unknown);
        }
    }
    unknown
}

/// Names and ids of everything, in order. E-mail addresses in lower case.
struct Known<'w> {
    teams: Vec<&'w str>,
    channels: Vec<String>,
    users: Vec<String>,
    groups: Vec<&'w str>,
    runs: Vec<&'w str>,
}

impl<'w> Known<'w> {
    fn new(world: &'w World) -> Self {
        let mut known = Self {
            teams: world.teams.iter().flat_map(|(_, team)| [&*team.id, &*team.name]).collect(),
            channels: Vec::new(),
            users: Vec::new(),
            groups: world.groups.iter().flat_map(|(_, group)| [&*group.id, &*group.name]).collect(),
            runs: world.runs.iter().flat_map(|(_, run)| [&*run.id, &*run.name]).collect(),
        };
        for (at, channel) in world.channels.iter() {
            known.channels.push(channel.id.to_string());
            if let Some((_, team)) = Place::of_channel(world, at).team {
                known.channels.push(format!("{team}/{}", channel.name));
            }
        }
        for (_, user) in world.users.iter() {
            known.users.extend([user.id.to_string(), user.name.to_string(), user.email.to_lowercase()]);
        }
        known.teams.sort_unstable();
        known.groups.sort_unstable();
        known.runs.sort_unstable();
        known.channels.sort_unstable();
        known.users.sort_unstable();
        known
    }

    fn look_up<'n>(
        &self,
        sort: Sort,
        names: impl Iterator<Item = &'n str>,
        of: impl Fn() -> UnknownIn,
        unknown: &mut Vec<Unknown>,
    ) {
        for name in names {
            let has = |all: &[&str]| all.binary_search(&name).is_ok();
            let is = |all: &[String], name: &str| all.binary_search_by(|known| known.as_str().cmp(name)).is_ok();
            let (what, is_known) = match sort {
                Sort::Team => ("team", has(&self.teams)),
                Sort::Channel => ("channel", is(&self.channels, name)),
                Sort::User => {
                    let is_email = name.contains('@') && is(&self.users, &name.to_lowercase());
                    ("user", is_email || is(&self.users, name))
                }
                Sort::Group => ("group", has(&self.groups)),
                Sort::Run => ("run", has(&self.runs)),
            };
            if is_known {
                continue;
            }
            let near = match sort {
                Sort::Team => near(name, self.teams.iter().copied()),
                Sort::Channel => near(name, self.channels.iter().map(String::as_str)),
                Sort::User => near(name, self.users.iter().map(String::as_str)),
                Sort::Group => near(name, self.groups.iter().copied()),
                Sort::Run => near(name, self.runs.iter().copied()),
            };
            let near = near.into_iter().filter(|name| !name.is_empty()).map(String::from).collect();
            unknown.push(Unknown { of: of(), what, name: name.to_owned(), near });
        }
    }
}
