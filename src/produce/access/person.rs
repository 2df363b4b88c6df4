//! What a person could see: the channels, runs and boards, from when until when, and how many posts stood there.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::boards::Boards;
use super::facts::{Facts, Interest};
use super::plays::Plays;
use super::{Found, Grant, Lack, Life, Statement, Where, channel, lacks};
use crate::archive::walk::Walk;
use crate::produce::incident::RecordId;
use crate::produce::{Post, ProduceError, Work, post};
use crate::record::fields::{Head, integer, plain};
use crate::record::time::Millis;

/// A place that a person could see.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Which.
    pub place: Where,
    /// What people call it; empty for what the directory names, such as channels.
    pub name: Box<str>,
    /// By what, from when until when.
    pub grants: Vec<Grant>,
    /// Posts in it that he could see, earlier versions not counted; 0 for runs and boards.
    pub posts: u64,
    /// Files in it that he could see.
    pub files: u64,
}

/// What a person could see.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Who.
    pub user_id: Box<str>,
    /// When he ran the server, and so could see everything.
    pub everything: Vec<Grant>,
    /// The places, channels first, by id.
    pub places: Vec<Reach>,
    /// What is to be known of him.
    pub facts: Vec<Statement>,
    /// Which records may be missing that would say more.
    pub lacks: Vec<Lack>,
}

/// What the user of this id could see, at `at` or ever.
pub fn of_user(work: &Work<'_>, id: &str, at: Option<Millis>) -> Result<Seen, ProduceError> {
    let facts = Facts::read(work, &Interest::person(id))?;
    let plays = Plays::read(work)?;
    let boards = Boards::read(work)?;
    let deactivated_at = work.directory.user(id).map_or(0, |user| user.delete_at);
    let keep = |grants: Vec<Grant>| -> Vec<Grant> {
        let own = grants.into_iter().filter(|grant| *grant.user_id == *id);
        let active = own.filter_map(|grant| grant.while_active(deactivated_at));
        let mut kept: Vec<Grant> = active.filter(|grant| at.is_none_or(|at| grant.holds_at(at))).collect();
        kept.sort_by_key(|grant| (grant.way, grant.certainty, grant.from, grant.until));
        kept.dedup();
        kept
    };
    let mut places = Vec::new();
    let mut add = |place: Where, mut found: Found| {
        if at.is_some_and(|at| at < found.born) {
            return;
        }
        found.begin();
        let (name, grants) = (found.name, keep(found.grants));
        if !grants.is_empty() {
            places.push(Reach { place, name, grants, posts: 0, files: 0 });
        }
    };
    let described = work.directory.channels().into_iter().map(|(id, _)| id);
    let channels: BTreeSet<&str> = described.chain(facts.memberships.keys().map(|id| &**id)).collect();
    for channel in channels {
        add(Where::Channel(channel.into()), channel::found(&facts, work.directory, channel));
    }
    for run in plays.runs() {
        add(Where::Run(run.id.clone()), plays.of_run(&facts, work.directory, &run.id));
    }
    for board in boards.ids() {
        add(Where::Board(board.into()), boards.of_board(&facts, work.directory, board));
    }
    count(work, &mut places, at)?;
    let everything = keep(facts.administrators(work.directory));
    let mut told = Vec::new();
    if deactivated_at > 0 {
        let records = vec![RecordId::new("user", id)];
        told.push(Statement { at: deactivated_at, what: "the account was deactivated".to_owned(), records });
    }
    Ok(Seen { user_id: id.into(), everything, places, facts: told, lacks: lacks::all(work.sealed) })
}

/// Counts the posts and files that stood at each place while it was open to him.
fn count(work: &Work<'_>, places: &mut [Reach], at: Option<Millis>) -> Result<(), ProduceError> {
    let mut by_channel: BTreeMap<Box<str>, &mut Reach> = BTreeMap::new();
    for reach in places {
        if let Where::Channel(id) = &reach.place {
            by_channel.insert(id.clone(), reach);
        }
    }
    let grants: BTreeMap<Box<str>, Vec<Grant>> =
        by_channel.iter().map(|(id, reach)| (id.clone(), reach.grants.clone())).collect();
    let seen = |channel: &str, life: Life| -> Option<&str> {
        let (id, grants) = grants.get_key_value(channel)?;
        let is_seen = match at {
            Some(at) => life.contains(at),
            None => grants.iter().any(|grant| grant.clone().within(life).is_some()),
        };
        is_seen.then_some(&**id)
    };
    let mut add = |channel: &str, posts: u64, files: u64| {
        if let Some(reach) = by_channel.get_mut(channel) {
            reach.posts = reach.posts.saturating_add(posts);
            reach.files = reach.files.saturating_add(files);
        }
    };
    // A bulk export's files have no time but their post's.
    let mut timeless: HashMap<Box<str>, u64> = HashMap::new();
    let walk = || Walk::new(work.sealed.archive, work.progress);
    walk()?.kinds(|kind| kind == "file").for_each_segment(
        |segment| {
            let files = segment.lines().map(|(_, line)| file(line));
            files.map(|file| file.map(|(channel, life)| seen(channel, life).map(Box::<str>::from))).collect::<Vec<_>>()
        },
        |files| {
            for file in files {
                match file {
                    Ok(channel) => channel.iter().for_each(|channel| add(channel, 0, 1)),
                    Err(post) => *timeless.entry(post).or_default() += 1,
                }
            }
            Ok::<_, ProduceError>(())
        },
    )?;
    walk()?.kinds(|kind| kind == post::KIND).for_each_segment(
        |segment| {
            let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
            let posts = segment.lines().map(|(_, line)| Post::read(line)).filter(|post| post.original_id.is_empty());
            for post in posts {
                let life = Life { from: Some(post.create_at), until: Some(post.delete_at).filter(|at| *at > 0) };
                let Some(channel) = seen(post.channel_id, life) else { continue };
                let (posts, files) = counts.entry(channel).or_default();
                *posts += 1;
                *files = files.saturating_add(timeless.get(post.id).copied().unwrap_or_default());
            }
            counts
        },
        |counts| {
            for (channel, (posts, files)) in counts {
                add(channel, posts, files);
            }
            Ok(())
        },
    )
}

/// Channel and life of a file; `Err` is the post of one that has no time.
fn file(line: &[u8]) -> Result<(&str, Life), Box<str>> {
    let head = Head::of(line, "file");
    let [channel, deleted, post] = head.pick(["channel_id", "delete_at", "post_id"]);
    let stood = Life { from: Some(head.at()), until: integer(deleted).filter(|at| *at > 0) };
    if head.at() == 0 { Err(plain(post).into()) } else { Ok((plain(channel), stood)) }
}
