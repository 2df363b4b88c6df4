//! Decides about record lines: reads the few fields that the evaluator asks for, and writes what it answers.
//!
//! Everything here is shared by threads and depends on the line alone, so the order and number of threads change nothing.

use std::borrow::Cow;
use std::collections::HashMap;

use super::facts::{Facts, Place, is_true, learn, learn_directory};
use super::fields::in_order;
use super::{Source, SourceError};
use crate::policy::decision::{self, Decision};
use crate::policy::evaluator::Evaluator;
use crate::policy::rule::Precedence;
use crate::policy::set::{Needs, Set};
use crate::policy::subject::{OF_POSTS, Post, PostOf, Subject, Times, server_time_field};
use crate::policy::unknown::Unknown;
use crate::record::fields::{Head, characters, plain};
use crate::record::kind::FINDING_PREFIX;
use crate::record::retention::{self, Until};
use crate::record::time::{self, MAX_EXACT, Millis};
use crate::source::Work;
use crate::source::catalogue::{CHANNEL, PLAYBOOK_RUN, POST, Rank, Shape, TABLES, TEAM, To, USER, Windowing, table};

/// Users, and times, that one record can name.
const MOST: usize = 8;

/// Judges the records of one source.
#[derive(Debug)]
pub struct Judge {
    evaluator: Evaluator,
    readings: Vec<Reading>,
    places: HashMap<Box<str>, Place>,
    rules: Vec<String>,
    holds: Vec<String>,
    /// All records are decided alike, so none has to be looked at.
    is_alike: bool,
}

/// Which fields of a kind tell what, as positions among those that are read.
#[derive(Debug)]
struct Reading {
    wanted: Vec<&'static str>,
    teams: Vec<Slot>,
    channels: Vec<Slot>,
    users: Vec<Slot>,
    runs: Vec<Slot>,
    posts: Vec<Slot>,
    /// Boards and playbooks, which say where a record is that names no place.
    things: Vec<Slot>,
    times: Vec<(usize, Shape)>,
    window: Windowing,
    has_origin: bool,
    is_of_post: bool,
    server_time: Option<usize>,
    post: Option<PostSlots>,
}

/// Where a value is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// The record's own id.
    Id,
    /// A field.
    At(usize),
}

/// Fields of a post.
#[derive(Debug)]
struct PostSlots {
    edit_at: usize,
    delete_at: usize,
    channel: usize,
    user: usize,
    root: usize,
    original: usize,
    is_pinned: usize,
    /// Type, properties, hashtags, message: only where a rule or a hold asks for them.
    texts: [Option<usize>; 4],
}

/// What was decided about one record.
pub(super) enum Verdict<'e> {
    /// It stays, and this is what its line says.
    Stays(Decision<'e>),
    /// A rule withholds it, and it was due since then.
    Withheld(Decision<'e>, Millis),
}

impl Judge {
    /// Reads what deciding needs to know, and makes ready to decide as of `now`. Also returns the names in rules and
    /// holds that match nothing.
    pub fn new(source: &Source, set: Set, now: Millis, work: &Work<'_>) -> Result<(Self, Vec<Unknown>), SourceError> {
        Ok(Self::of(learn(source, set, work)?, now))
    }

    /// [`Self::new`] for whoever asks what is decided, and never why or where a record is: facts that decide nothing need
    /// not be known.
    pub fn to_decide(
        source: &Source,
        set: Set,
        now: Millis,
        work: &Work<'_>,
    ) -> Result<(Self, Vec<Unknown>), SourceError> {
        let known = if set.decides_alike() { learn_directory(source, &set, work)? } else { None };
        let facts = known.map_or_else(|| learn(source, set, work), Ok)?;
        Ok(Self::of(facts, now))
    }

    fn of(facts: Facts, now: Millis) -> (Self, Vec<Unknown>) {
        let Facts { world, places } = facts;
        let set = world.set();
        let (needs, precedence, is_alike) = (set.needs(), set.precedence(), set.decides_alike());
        let rules = set.rules().map(|rule| rule.id.clone()).collect();
        let mut holds: Vec<String> =
            set.holds.iter().filter(|hold| hold.is_active(now)).map(|hold| hold.id.clone()).collect();
        holds.sort_unstable();
        let readings = (0..TABLES.len()).filter_map(|at| Rank::try_from(at).ok());
        let readings = readings.map(|rank| Reading::new(rank, needs, precedence)).collect();
        let (evaluator, unknown) = Evaluator::new(world, now);
        (Self { evaluator, readings, places, rules, holds, is_alike }, unknown)
    }

    /// The evaluator, to ask for reasons.
    pub fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// Ids of all rules, in order.
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// Ids of the holds in force, sorted; those that stand in the source too.
    pub fn holds(&self) -> &[String] {
        &self.holds
    }

    /// Whether a record line, which may still be open at its end, is to be withheld.
    pub fn withholds(&self, rank: Rank, at: Millis, line: &[u8]) -> bool {
        matches!(self.decide(rank, at, line, &mut Vec::new()), Some(Verdict::Withheld(..)))
    }

    /// Decides about a line; `None` for what a reconciliation established, which is no row of the source.
    pub(super) fn decide<'l>(
        &self,
        rank: Rank,
        at: Millis,
        line: &'l [u8],
        found: &mut Vec<Option<&'l [u8]>>,
    ) -> Option<Verdict<'_>> {
        if table(rank).kind.starts_with(FINDING_PREFIX) {
            return None;
        }
        let decision = if self.is_alike {
            self.evaluator.decide(&Subject::ANY)
        } else {
            let reading = self.readings.get(usize::from(rank))?;
            reading.with_subject(self, rank, at, line, found, |subject| self.evaluator.decide(subject))
        };
        Some(match (decision.disposition, decision.due_at()) {
            (decision::Disposition::Dispose, Some(since)) => Verdict::Withheld(decision, since),
            _ => Verdict::Stays(decision),
        })
    }

    /// Shows a record line to `ask` as the evaluator sees it.
    pub fn with_subject<T>(
        &self,
        rank: Rank,
        at: Millis,
        line: &[u8],
        ask: impl FnOnce(&Subject<'_>) -> T,
    ) -> Option<T> {
        let reading = self.readings.get(usize::from(rank))?;
        Some(reading.with_subject(self, rank, at, line, &mut Vec::new(), ask))
    }
}

/// Appends the member that says what was decided, and closes the line. `holds` is what it says of the holds.
pub(super) fn push_retention(out: &mut Vec<u8>, decision: Option<&Decision<'_>>, holds: &[u8]) {
    out.extend_from_slice(b",\"retention\":");
    match decision {
        Some(decision) => {
            let [keep, dispose] = [decision.keep_until, decision.dispose_after].map(|until| until.map(stated));
            retention::push(out, decision.rule, keep, dispose, holds);
        }
        None => out.extend_from_slice(b"{}"),
    }
    out.push(b'}');
}

/// The end of a period as lines state it: what no reader of JSON holds exactly is for ever, or lies before all records.
fn stated(until: decision::Until) -> Until {
    match until {
        decision::Until::At(at) if at <= MAX_EXACT => Until::At(at.max(-MAX_EXACT)),
        _ => Until::Forever,
    }
}

impl Reading {
    fn new(rank: Rank, needs: Needs, precedence: Precedence) -> Self {
        let table = table(rank);
        let is_whole = |field: &str| field == "id" && table.key == ["id"];
        let server_time = (precedence == Precedence::Mattermost).then(|| server_time_field(table.kind)).flatten();
        let times = || table.origin.iter().chain(table.events).copied();
        let paths = table.path.iter().map(|reach| reach.field).filter(|field| !is_whole(field));
        let of_post = [
            (true, &["edit_at", "delete_at", "channel_id", "user_id", "root_id", "original_id", "is_pinned"][..]),
            (needs.details || needs.words, &["props"][..]),
            (needs.details, &["type", "hashtags"][..]),
            (needs.words, &["message"][..]),
        ];
        let of_post =
            of_post.into_iter().filter(|(is_needed, _)| *is_needed && rank == POST).flat_map(|(_, names)| names);
        let wanted = in_order(table, times().chain(paths).chain(server_time).chain(of_post.copied()));
        let at = |name: &str| wanted.iter().position(|wanted| *wanted == name);
        let reach = |to: To| -> Vec<Slot> {
            let slot = |field| if is_whole(field) { Some(Slot::Id) } else { at(field).map(Slot::At) };
            table.reach(to).filter_map(slot).collect()
        };
        let own = |is_own: bool, mut slots: Vec<Slot>| {
            if is_own {
                slots.insert(0, Slot::Id);
            }
            slots
        };
        let shaped =
            |field: &'static str| Some((at(field)?, table.column(field).map_or(Shape::Text, |column| column.shape)));
        let place = |name: &str| at(name).unwrap_or(usize::MAX);
        let post = (rank == POST).then(|| PostSlots {
            edit_at: place("edit_at"),
            delete_at: place("delete_at"),
            channel: place("channel_id"),
            user: place("user_id"),
            root: place("root_id"),
            original: place("original_id"),
            is_pinned: place("is_pinned"),
            texts: ["type", "props", "hashtags", "message"].map(at),
        });
        Self {
            teams: own(rank == TEAM, reach(To::Team)),
            channels: own(rank == CHANNEL, reach(To::Channel)),
            users: own(rank == USER, reach(To::User)),
            runs: own(rank == PLAYBOOK_RUN, reach(To::Run)),
            posts: reach(To::Post),
            things: [To::Board, To::Playbook].into_iter().flat_map(reach).collect(),
            times: times().filter_map(shaped).collect(),
            window: table.window,
            has_origin: table.origin.is_some(),
            is_of_post: OF_POSTS.contains(&table.kind),
            server_time: server_time.and_then(at),
            post,
            wanted,
        }
    }

    /// Reads a line's fields into `found` and shows it to `ask`.
    fn with_subject<'l, T>(
        &self,
        judge: &Judge,
        rank: Rank,
        at: Millis,
        line: &'l [u8],
        found: &mut Vec<Option<&'l [u8]>>,
        ask: impl FnOnce(&Subject<'_>) -> T,
    ) -> T {
        let head = Head::of(line, table(rank).kind);
        head.scan(&self.wanted, found);
        let (found, id) = (found.as_slice(), head.id);
        let value = |slot: &Slot| match *slot {
            Slot::Id => id,
            Slot::At(at) => plain(found.get(at).copied().flatten()),
        };
        let first = |slots: &'_ [Slot]| slots.iter().map(value).find(|id| !id.is_empty());
        let mut users = [""; MOST];
        let mut named = 0;
        for user in self.users.iter().map(value).filter(|id| !id.is_empty()).take(MOST) {
            users[named] = user;
            named += 1;
        }
        let (mut team, mut channel) = (first(&self.teams), first(&self.channels));
        if team.is_none() && channel.is_none() {
            let place = self.things.iter().find_map(|slot| judge.places.get(value(slot)));
            team = place.map(|place| &*place.team).filter(|team| !team.is_empty());
            channel = place.map(|place| &*place.channel).filter(|channel| !channel.is_empty());
        }
        let mut moments = [0; MOST];
        let mut happened = 0;
        for (slot, shape) in self.times.iter().take(MOST) {
            if let Some(moment) = moment(found.get(*slot).copied().flatten(), *shape) {
                moments[happened] = moment;
                happened += 1;
            }
        }
        let moments = &moments[..happened];
        let text = |slot: Option<usize>| found.get(slot?).copied().flatten().map(characters);
        let texts = self.post.as_ref().map(|slots| slots.texts.map(|slot| text(slot).unwrap_or_default()));
        let post = match (&self.post, &texts) {
            (Some(slots), Some(texts)) => PostOf::Itself(post(slots, texts, found, id, at)),
            _ => match first(&self.posts).filter(|_| self.is_of_post) {
                Some(post) => PostOf::Of(post),
                None => PostOf::None,
            },
        };
        ask(&Subject {
            kind: table(rank).kind,
            id,
            at,
            times: match self.window {
                Windowing::Directory => Times::Always,
                Windowing::Interval => {
                    // The origin comes first, if it is known.
                    Times::Span(at, moments.get(usize::from(self.has_origin && at != 0)).copied())
                }
                Windowing::Own | Windowing::WithPost => Times::At(moments),
            },
            team,
            channel,
            users: &users[..named],
            run: first(&self.runs),
            post,
            server_time: self.server_time.and_then(|slot| moment(found.get(slot).copied().flatten(), Shape::Millis)),
        })
    }
}

/// The texts of a post that conditions and words ask for: type, properties, hashtags, message.
type Texts<'l> = [Cow<'l, str>; 4];

fn post<'a>(slots: &PostSlots, texts: &'a Texts<'_>, found: &[Option<&'a [u8]>], id: &'a str, at: Millis) -> Post<'a> {
    let value = |slot: usize| found.get(slot).copied().flatten();
    let time = |slot: usize| moment(value(slot), Shape::Millis).unwrap_or(0);
    let [post_type, props, hashtags, message] = texts;
    Post {
        id,
        create_at: at,
        edit_at: time(slots.edit_at),
        delete_at: time(slots.delete_at),
        channel: plain(value(slots.channel)),
        user: plain(value(slots.user)),
        root: plain(value(slots.root)),
        original: plain(value(slots.original)),
        post_type,
        is_pinned: is_true(value(slots.is_pinned).map(|value| plain(Some(value)))),
        props,
        hashtags,
        message,
    }
}

/// A time as a line states it, in milliseconds; `None` for NULL, 0, and what is no time.
fn moment(value: Option<&[u8]>, shape: Shape) -> Option<Millis> {
    let text = plain(Some(value?));
    let at = match shape {
        Shape::Timestamp => time::parse(text).ok(),
        Shape::Seconds => text.parse::<i64>().ok().and_then(|at| at.checked_mul(1000)),
        Shape::Nanos => text.parse::<i64>().ok().map(|at| at.div_euclid(1_000_000)),
        _ => text.parse().ok(),
    };
    at.filter(|at| *at != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_names_more_than_there_is_room_for() {
        for table in TABLES {
            assert!(table.reach(To::User).count() < MOST, "{}", table.kind);
            assert!(table.events.len() < MOST, "{}", table.kind);
        }
    }

    #[test]
    fn times_of_every_shape_are_milliseconds() {
        assert_eq!(moment(Some(b"5000"), Shape::Millis), Some(5000));
        assert_eq!(moment(Some(b"5"), Shape::Seconds), Some(5000));
        assert_eq!(moment(Some(b"\"5000000001\""), Shape::Nanos), Some(5000));
        assert_eq!(moment(Some(b"\"1970-01-01T00:00:05.000999Z\""), Shape::Timestamp), Some(5000));
        assert_eq!(moment(Some(b"0"), Shape::Millis), None);
        assert_eq!(moment(Some(b"\"soon\""), Shape::Millis), None);
        assert_eq!(moment(None, Shape::Millis), None);
    }
}
