//! What deciding has to know before it sees a single record, taken from all rows of a source, whatever the scope: who is
//! called what, who was where and when, which threads there are.
//!
//! ```text
//! holds of the plugin ──▶ which facts are needed ──▶ directory, members, runs, names of posts ──▶ posts that are named
//! ```
//!
//! A live database is asked for a few columns. A dump and a bulk export are read once more; rows that come too early wait
//! in a [`Spool`]. Where all records are decided alike, the directory is all that is asked for. Invariant: memory grows
//! with the directory and with the posts that other rows name, not with all posts.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fields::in_order;
use super::plugin;
use super::spool::Spool;
use super::{Source, SourceError};
use crate::policy::rule::ChannelType;
use crate::policy::set::{Needs, Set};
use crate::policy::subject::{OF_POSTS, Post};
use crate::policy::world::World;
use crate::record::fields::{Head, characters};
use crate::record::time::Millis;
use crate::source::Work;
use crate::source::bulk::{Bulk, BulkError};
use crate::source::catalogue::{
    BOARD, CHANNEL, CHANNEL_MEMBER, CHANNEL_MEMBERSHIP, GROUP, GROUP_MEMBER, LEGAL_HOLD, PLAYBOOK, PLAYBOOK_RUN, POST,
    Rank, TABLES, TEAM, THREAD, To, USER, rank, table,
};
use crate::source::scope::Scope;
use crate::source::sort::{ARENA_BYTES, Sorter};
use crate::source::tables::tell::{Told, Wanted};

/// What is known of a source.
#[derive(Debug)]
pub(super) struct Facts {
    /// What the evaluator knows.
    pub(super) world: World,
    /// Where boards and playbooks are: what belongs to them names nothing else.
    pub(super) places: HashMap<Box<str>, Place>,
}

/// Where a thing is: its team and its channel, either of which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Its team.
    pub(super) team: Box<str>,
    /// Its channel.
    pub(super) channel: Box<str>,
}

/// Fields of a post that are always wanted.
const POST_ALWAYS: [&str; 9] =
    ["id", "root_id", "original_id", "create_at", "edit_at", "delete_at", "channel_id", "user_id", "is_pinned"];

/// Fields of one kind that are asked for, at most.
pub(super) const MOST: usize = 16;

/// What is asked of a source: kinds, and fields of each.
type Asked = [(Rank, Vec<&'static str>)];

/// Learns everything that deciding by `set` needs. Holds that stand in the source itself are added to it.
pub(super) fn learn(source: &Source, mut set: Set, work: &Work<'_>) -> Result<Facts, SourceError> {
    work.progress.phase("learning");
    let mut needs = set.needs();
    let spool = || Spool::new(work.temporary).map_err(SourceError::Temporary);
    let (mut waiting, mut posts) = (spool()?, spool()?);
    let mut outcome = Ok(());
    let mut learner = if source.is_read_as_a_whole() {
        // The holds of the plugin, wherever they come, speak of people.
        (needs.members, needs.groups, needs.posts) = (true, true, true);
        tell(source, &asked(needs), work, &mut |rank, values| {
            if rank == LEGAL_HOLD {
                set.holds.extend(plugin::hold(values));
            } else if outcome.is_ok() {
                outcome = if rank != POST {
                    waiting.push(rank, values)
                } else if is_alone(values) {
                    posts.push(rank, values)
                } else {
                    waiting.push(rank, &values[..3]).and_then(|()| posts.push(rank, values))
                };
            }
        })?;
        let mut learner = Learner::new(set, needs);
        waiting.replay(&mut |rank, values| learner.learn(rank, values)).map_err(SourceError::Temporary)?;
        learner
    } else {
        tell(source, &[(LEGAL_HOLD, fields(LEGAL_HOLD, needs))], work, &mut |_, values| {
            set.holds.extend(plugin::hold(values));
        })?;
        needs = set.needs();
        source.require(&resting_on(needs))?;
        let mut learner = Learner::new(set, needs);
        let asked = asked(needs).into_iter().filter(|(rank, _)| *rank != LEGAL_HOLD).collect::<Vec<_>>();
        tell(source, &asked, work, &mut |rank, values| {
            learner.learn(rank, values);
            if rank == POST && outcome.is_ok() {
                outcome = posts.push(rank, values);
            }
        })?;
        learner
    };
    outcome.map_err(SourceError::Temporary)?;
    posts.replay(&mut |_, values| learner.see(values)).map_err(SourceError::Temporary)?;
    Ok(learner.facts)
}

/// Facts for a set that decides alike about all records: only what its rules could name. `None` if the source has holds of
/// its own, for which more must be known.
pub(super) fn learn_directory(source: &Source, set: &Set, work: &Work<'_>) -> Result<Option<Facts>, SourceError> {
    work.progress.phase("learning");
    let needs = Needs::default();
    if !source.is_read_as_a_whole() {
        source.require(&resting_on(needs))?;
    }
    let (mut learner, mut has_holds) = (Learner::new(set.clone(), needs), false);
    tell(source, &asked(needs), work, &mut |rank, values| {
        if rank == LEGAL_HOLD {
            has_holds |= plugin::hold(values).is_some();
        } else {
            learner.learn(rank, values);
        }
    })?;
    Ok((!has_holds).then_some(learner.facts))
}

/// Everything that is asked of a source.
fn asked(needs: Needs) -> Vec<(Rank, Vec<&'static str>)> {
    let of_posts = OF_POSTS.iter().filter_map(|kind| rank(kind)).filter(|_| needs.posts);
    let wanted = [
        (LEGAL_HOLD, true),
        (TEAM, true),
        (CHANNEL, true),
        (USER, true),
        (BOARD, true),
        (PLAYBOOK, true),
        (PLAYBOOK_RUN, true),
        (GROUP, needs.groups),
        (GROUP_MEMBER, needs.groups),
        (CHANNEL_MEMBERSHIP, needs.members),
        (CHANNEL_MEMBER, needs.members),
    ];
    let ranks = wanted.into_iter().filter_map(|(rank, is_needed)| is_needed.then_some(rank));
    let posts = needs.posts.then_some(POST);
    ranks.chain(of_posts).chain(posts).map(|rank| (rank, fields(rank, needs))).collect()
}

/// What decisions about other rows rest on. What belongs to a post is decided as the post is: where it may not be read,
/// nothing else is decided otherwise.
fn resting_on(needs: Needs) -> Vec<(Rank, Vec<&'static str>)> {
    let rests = |rank: Rank| !OF_POSTS.contains(&table(rank).kind) || rank == THREAD && needs.server_threads;
    asked(needs).into_iter().filter(|(rank, _)| rests(*rank)).collect()
}

/// The fields that tell a fact, in the order in which [`Learner::learn`] takes them.
fn fields(rank: Rank, needs: Needs) -> Vec<&'static str> {
    match rank {
        LEGAL_HOLD => vec!["value"],
        TEAM => vec!["id", "name"],
        CHANNEL => vec!["id", "team_id", "name", "type", "delete_at"],
        USER => vec!["id", "username", "email", "roles", "delete_at"],
        GROUP => vec!["id", "name", "display_name"],
        GROUP_MEMBER => vec!["group_id", "user_id", "delete_at"],
        CHANNEL_MEMBERSHIP => vec!["channel_id", "user_id", "join_time", "leave_time"],
        CHANNEL_MEMBER => vec!["channel_id", "user_id"],
        PLAYBOOK_RUN => vec!["id", "name", "channel_id", "end_at"],
        BOARD => vec!["id", "team_id", "channel_id"],
        PLAYBOOK => vec!["id", "team_id"],
        THREAD => vec!["post_id", "channel_id", "last_reply_at"],
        POST => {
            let told = [
                (true, &POST_ALWAYS[..]),
                (needs.details || needs.words, &["props"][..]),
                (needs.details, &["type", "hashtags"][..]),
                (needs.words, &["message"][..]),
            ];
            told.into_iter().filter(|(is_needed, _)| *is_needed).flat_map(|(_, fields)| fields).copied().collect()
        }
        _ => table(rank).reach(To::Post).collect(),
    }
}

/// Whether a post is neither a reply nor an earlier version of another: it names none.
fn is_alone(post: &[Option<&str>]) -> bool {
    post.iter().skip(1).take(2).flatten().all(|id| id.is_empty())
}

/// Hands over the rows of a source, each with the values of its fields.
pub(super) fn tell(
    source: &Source,
    asked: &Asked,
    work: &Work<'_>,
    give: &mut dyn FnMut(Rank, &[Option<&str>]),
) -> Result<(), SourceError> {
    let mut fields: Vec<&[&'static str]> = vec![&[]; TABLES.len()];
    for (rank, names) in asked {
        fields[usize::from(*rank)] = names;
    }
    let mut each = |rank: Rank, field: &Told<'_>| {
        let names = fields[usize::from(rank)];
        let (mut texts, mut values) = ([const { None::<Cow<'_, str>> }; MOST], [None; MOST]);
        texts.iter_mut().zip(names).for_each(|(text, name)| *text = field(name));
        values.iter_mut().zip(&texts).for_each(|(value, text)| *value = text.as_deref());
        give(rank, values.get(..names.len()).unwrap_or_default());
    };
    match source {
        Source::Tables(tables) => {
            // Where no text of a post is looked at, a post that is linked with nothing is decided by its own row.
            let links: &[&str] = &["root_id", "original_id"];
            let is_linked = |rank, names: &[&str]| rank == POST && !names.contains(&"message");
            let wanted = asked.iter().map(|(rank, names)| Wanted {
                rank: *rank,
                fields: names,
                linked_by: if is_linked(*rank, names) { links } else { &[] },
            });
            Ok(tables.tell(&wanted.collect::<Vec<_>>(), work.progress, &mut each)?)
        }
        Source::Bulk(bulk) => Ok(tell_lines(bulk, asked, work, &mut each)?),
    }
}

/// Reads a whole bulk export as records, because only then are ids known, and hands over their fields.
fn tell_lines(
    bulk: &Bulk,
    asked: &Asked,
    work: &Work<'_>,
    give: &mut dyn FnMut(Rank, &Told<'_>),
) -> Result<(), BulkError> {
    let mut gathered = bulk.read(&Scope::default(), work)?;
    for is_complete in [false, true] {
        let lines = if is_complete { gathered.records(Sorter::new(ARENA_BYTES / 8)) } else { gathered.contents() };
        let mut lines = lines.map_err(BulkError::Temporary)?;
        while let Some(item) = lines.advance().map_err(BulkError::Temporary)? {
            let Some((rank, names)) = asked.iter().find(|(rank, _)| *rank == item.kind) else { continue };
            let wanted = in_order(table(*rank), names.iter().copied());
            let mut found = Vec::new();
            let head = Head::of(item.line, table(*rank).kind);
            head.scan(&wanted, &mut found);
            give(*rank, &|name| match wanted.iter().position(|wanted| *wanted == name) {
                Some(at) => found.get(at).copied().flatten().map(characters),
                None => (name == "id").then_some(Cow::Borrowed(head.id)),
            });
        }
        work.progress.check()?;
    }
    Ok(())
}

/// Turns rows into facts.
struct Learner {
    facts: Facts,
    needs: Needs,
}

impl Learner {
    fn new(set: Set, needs: Needs) -> Self {
        Self { facts: Facts { world: World::new(set), places: HashMap::new() }, needs }
    }

    /// Learns what a row tells, apart from what a post itself is.
    fn learn(&mut self, rank: Rank, values: &[Option<&str>]) {
        let text = |at: usize| values.get(at).copied().flatten().unwrap_or_default();
        let time = |at: usize| text(at).parse::<Millis>().ok().filter(|at| *at != 0);
        let world = &mut self.facts.world;
        match rank {
            TEAM => world.add_team(text(0), text(1)),
            CHANNEL => world.add_channel(text(0), text(1), text(2), channel_type(text(3)), time(4)),
            USER => world.add_user(text(0), text(1), text(2), text(3), time(4)),
            GROUP => world.add_group(text(0), text(1), text(2)),
            GROUP_MEMBER if time(2).is_none() => world.add_group_member(text(0), text(1)),
            CHANNEL_MEMBERSHIP => world.add_membership(text(0), text(1), time(2).unwrap_or(0), time(3)),
            CHANNEL_MEMBER => world.add_current_member(text(0), text(1)),
            PLAYBOOK_RUN => world.add_run(text(0), text(1), text(2), time(3)),
            BOARD | PLAYBOOK => {
                let place = Place { team: text(1).into(), channel: text(2).into() };
                self.facts.places.insert(text(0).into(), place);
            }
            POST => {
                values.iter().skip(1).take(2).flatten().filter(|id| !id.is_empty()).for_each(|id| world.name_post(id));
            }
            GROUP_MEMBER => {}
            _ => {
                if rank == THREAD && self.needs.server_threads {
                    world.add_server_thread(text(0), text(1), time(2));
                }
                let named = if rank == THREAD { values.get(..1).unwrap_or_default() } else { values };
                named.iter().flatten().filter(|id| !id.is_empty()).for_each(|id| world.name_post(id));
            }
        }
    }

    /// Learns what a post is. All posts that are named have been named before.
    fn see(&mut self, values: &[Option<&str>]) {
        let text = |at: usize| values.get(at).copied().flatten().unwrap_or_default();
        let time = |at: usize| text(at).parse::<Millis>().unwrap_or(0);
        let mut others = values.get(POST_ALWAYS.len()..).unwrap_or_default().iter();
        let mut other = |is_told: bool| if is_told { others.next().copied().flatten().unwrap_or_default() } else { "" };
        let Needs { details, words, .. } = self.needs;
        let props = other(details || words);
        let (post_type, hashtags) = (other(details), other(details));
        self.facts.world.see_post(&Post {
            id: text(0),
            root: text(1),
            original: text(2),
            create_at: time(3),
            edit_at: time(4),
            delete_at: time(5),
            channel: text(6),
            user: text(7),
            is_pinned: is_true(values.get(8).copied().flatten()),
            post_type,
            props,
            hashtags,
            message: other(words),
        });
    }
}

/// A boolean of any source: `t` of PostgreSQL, `1` of MySQL, `true` of a record.
pub(super) fn is_true(text: Option<&str>) -> Option<bool> {
    text.map(|text| matches!(text, "t" | "true" | "1"))
}

/// A type of channel that nobody knows is taken for a private one, which fewest rules and holds leave out.
fn channel_type(text: &str) -> ChannelType {
    match text {
        "O" => ChannelType::Open,
        "D" => ChannelType::Direct,
        "G" => ChannelType::Group,
        _ => ChannelType::Private,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_is_asked_for_more_fields_than_there_is_room_for() {
        let everything = Needs {
            posts: true,
            threads: true,
            words: true,
            details: true,
            members: true,
            groups: true,
            runs: true,
            server_threads: true,
        };
        for (rank, fields) in asked(everything) {
            assert!(fields.len() <= MOST, "{}: {fields:?}", table(rank).kind);
        }
    }
}
