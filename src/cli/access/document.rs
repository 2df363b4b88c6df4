//! The answer as a document: names beside ids, times in words; what the text and the table are made of as well.

use crate::produce::access::{Access, Grant, Lack, Life, Reach, Seen, Statement, Trace, Until, Where};
use crate::produce::directory::{Place as Sort, User};
use crate::produce::incident::RecordId;
use crate::produce::labels::Labels;
use crate::produce::{Directory, Sealed};
use crate::record::time::{self, Millis};
use serde::Serialize;

/// What was found.
pub(super) enum Answer {
    Record(Vec<Access>),
    User(Seen),
}

/// The answer.
#[derive(Serialize)]
pub(super) struct Document {
    pub(super) bag: String,
    pub(super) seal: String,
    pub(super) standing: String,
    /// When the archive was sealed.
    pub(super) sealed_at: Option<String>,
    /// As of when it knows its source: until then things stood as told.
    pub(super) as_of: Option<String>,
    /// Which clock says so.
    pub(super) as_of_clock: &'static str,
    /// The moment asked for.
    pub(super) at: Option<String>,
    /// Where the records stand, and who could see them there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) places: Option<Vec<OfPlace>>,
    /// What a person could see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<OfUser>,
}

/// Who could see what stands at one place.
#[derive(Serialize)]
pub(super) struct OfPlace {
    pub(super) place: Place,
    pub(super) records: Vec<Record>,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    pub(super) facts: Vec<Said>,
    pub(super) grants: Vec<Granted>,
    /// Members only before it came into being, or after it was gone.
    pub(super) elsewhen: u64,
    pub(super) rules: Vec<Said>,
    pub(super) doubts: Vec<Said>,
    pub(super) traces: Vec<Dealt>,
    pub(super) lacks: Vec<Missing>,
}

/// What a person could see.
#[derive(Serialize)]
pub(super) struct OfUser {
    pub(super) user: Person,
    pub(super) facts: Vec<Said>,
    pub(super) everything: Vec<Granted>,
    pub(super) reaches: Vec<Reached>,
    pub(super) lacks: Vec<Missing>,
}

/// A place that a person could see.
#[derive(Serialize)]
pub(super) struct Reached {
    pub(super) place: Place,
    pub(super) posts: u64,
    pub(super) files: u64,
    pub(super) grants: Vec<Granted>,
}

/// A place by its sort, id and name.
#[derive(Serialize)]
pub(super) struct Place {
    pub(super) sort: &'static str,
    pub(super) id: String,
    pub(super) name: String,
}

/// Somebody by id and name.
#[derive(Clone, Serialize)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) name: String,
    pub(super) is_bot: bool,
    pub(super) is_guest: bool,
    /// Whether the archive describes the account.
    pub(super) is_known: bool,
}

#[derive(Serialize)]
pub(super) struct Record {
    pub(super) kind: String,
    pub(super) id: String,
}

/// Somebody could see it.
#[derive(Serialize)]
pub(super) struct Granted {
    pub(super) user: Person,
    pub(super) way: &'static str,
    pub(super) certainty: &'static str,
    pub(super) from: Option<String>,
    pub(super) until: Option<String>,
    /// `known`, `sealed` for what was still so then, `unknown`.
    pub(super) end: &'static str,
    pub(super) records: Vec<Record>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) remark: String,
}

#[derive(Serialize)]
pub(super) struct Said {
    pub(super) at: Option<String>,
    pub(super) what: String,
    pub(super) records: Vec<Record>,
}

#[derive(Serialize)]
pub(super) struct Dealt {
    pub(super) at: Option<String>,
    pub(super) user: Person,
    pub(super) what: String,
    pub(super) record: Record,
}

#[derive(Serialize)]
pub(super) struct Missing {
    pub(super) kind: &'static str,
    pub(super) rows: u64,
    pub(super) what: String,
}

/// Names for ids.
struct Names<'d> {
    directory: &'d Directory,
    labels: Labels<'d>,
}

impl Document {
    pub(super) fn new(sealed: &Sealed<'_>, directory: &Directory, at: Option<Millis>, answer: &Answer) -> Self {
        let names = Names { directory, labels: Labels::of(directory) };
        let (places, user) = match answer {
            Answer::Record(found) => (Some(found.iter().map(|access| names.of_place(access)).collect()), None),
            Answer::User(seen) => (None, Some(names.of_user(seen))),
        };
        Self {
            bag: sealed.bag().to_owned(),
            seal: sealed.digest(),
            standing: sealed.standing.words(),
            sealed_at: moment(sealed.seal.time),
            as_of: moment(sealed.as_of().at),
            as_of_clock: sealed.as_of().words(),
            at: at.and_then(time::format),
            places,
            user,
        }
    }
}

impl Names<'_> {
    fn of_place(&self, access: &Access) -> OfPlace {
        let subject = &access.subject;
        let Life { from, until } = subject.life;
        OfPlace {
            place: self.place(&subject.place, &access.name),
            records: records(&subject.records),
            from: from.and_then(time::format),
            until: until.and_then(time::format),
            facts: said(&subject.facts),
            grants: self.granted(&access.grants),
            elsewhen: access.elsewhen,
            rules: said(&access.rules),
            doubts: said(&access.doubts),
            traces: access.traces.iter().map(|trace| self.dealt(trace)).collect(),
            lacks: missing(&access.lacks),
        }
    }

    fn of_user(&self, seen: &Seen) -> OfUser {
        let mut reaches: Vec<Reached> = seen.places.iter().map(|reach| self.reached(reach)).collect();
        reaches.sort_by(|left, right| {
            let key = |reach: &Reached| (rank(reach.place.sort), reach.place.name.clone(), reach.place.id.clone());
            key(left).cmp(&key(right))
        });
        OfUser {
            user: self.person(&seen.user_id),
            facts: said(&seen.facts),
            everything: self.granted(&seen.everything),
            reaches,
            lacks: missing(&seen.lacks),
        }
    }

    fn reached(&self, reach: &Reach) -> Reached {
        Reached {
            place: self.place(&reach.place, &reach.name),
            posts: reach.posts,
            files: reach.files,
            grants: self.granted(&reach.grants),
        }
    }

    fn place(&self, place: &Where, name: &str) -> Place {
        let (sort, id, name) = match place {
            Where::Channel(id) => (self.sort(id), &**id, self.labels.channel(id).to_owned()),
            Where::Run(id) => ("run", &**id, name.to_owned()),
            Where::Playbook(id) => ("playbook", &**id, name.to_owned()),
            Where::Board(id) => ("board", &**id, name.to_owned()),
            Where::Team(id) => {
                let team = self.directory.team(id).map_or(&**id, |team| &*team.name);
                ("team", &**id, team.to_owned())
            }
            Where::Person(id) => ("person", &**id, self.labels.user(id).to_owned()),
            Where::Everybody => ("everybody", "", "everybody who may log in".to_owned()),
            Where::Administrators => ("administrators", "", "those who run the server".to_owned()),
            Where::Lost(record) => {
                ("unknown", &*record.id, format!("where {record} stood, which the archive does not hold"))
            }
        };
        Place { sort, id: id.to_owned(), name }
    }

    fn sort(&self, channel: &str) -> &'static str {
        match self.directory.channel(channel).map(|channel| channel.place) {
            Some(Sort::Open) => "open channel",
            Some(Sort::Private) => "private channel",
            Some(Sort::Direct) => "direct channel",
            Some(Sort::Group) => "group channel",
            None => "channel",
        }
    }

    fn person(&self, id: &str) -> Person {
        let user = self.directory.user(id);
        Person {
            id: id.to_owned(),
            username: user.map(|user| user.username.to_string()).unwrap_or_default(),
            name: self.labels.person(id),
            is_bot: user.is_some_and(|user| user.is_bot),
            is_guest: user.is_some_and(User::is_guest),
            is_known: user.is_some(),
        }
    }

    fn granted(&self, grants: &[Grant]) -> Vec<Granted> {
        let one = |grant: &Grant| {
            let (until, end) = match grant.until {
                Until::At(at) => (moment(at), "known"),
                Until::Sealed => (None, "sealed"),
                Until::Unknown => (None, "unknown"),
            };
            Granted {
                user: self.person(&grant.user_id),
                way: grant.way.word(),
                certainty: grant.certainty.word(),
                from: grant.from.and_then(time::format),
                until,
                end,
                records: records(&grant.records),
                remark: grant.remark.clone(),
            }
        };
        grants.iter().map(one).collect()
    }

    fn dealt(&self, trace: &Trace) -> Dealt {
        Dealt {
            at: moment(trace.at),
            user: self.person(&trace.user_id),
            what: trace.what.clone(),
            record: record(&trace.record),
        }
    }
}

/// In which order a person's places are told.
fn rank(sort: &str) -> usize {
    let order = ["open channel", "private channel", "group channel", "direct channel", "channel", "run", "board"];
    order.iter().position(|known| *known == sort).unwrap_or(order.len())
}

fn said(statements: &[Statement]) -> Vec<Said> {
    let one = |statement: &Statement| Said {
        at: moment(statement.at),
        what: statement.what.clone(),
        records: records(&statement.records),
    };
    statements.iter().map(one).collect()
}

fn missing(lacks: &[Lack]) -> Vec<Missing> {
    lacks.iter().map(|lack| Missing { kind: lack.kind, rows: lack.rows, what: lack.what.clone() }).collect()
}

fn records(records: &[RecordId]) -> Vec<Record> {
    records.iter().map(record).collect()
}

fn record(record: &RecordId) -> Record {
    Record { kind: record.kind.to_string(), id: record.id.to_string() }
}

fn moment(at: Millis) -> Option<String> {
    Some(at).filter(|at| *at != 0).and_then(time::format)
}
