//! Who could see a run or a playbook: who owned it, who took part, members of the playbook, and the team of an open one.
//!
//! The list of participants has no times; the run's timeline does, by username. Where the two meet, somebody is certain.

use std::collections::HashMap;

use super::channel::{found as of_channel, team};
use super::facts::{Facts, Interest};
use super::{Certainty, Found, Grant, Until, Way};
use crate::archive::walk::Walk;
use crate::produce::incident::{Capacity, Entry, Participant, RecordId, Run, Runs, details};
use crate::produce::{Directory, ProduceError, Work};
use crate::record::fields::{Head, characters, is_true, plain};
use crate::record::time::Millis;

/// Entries of a timeline that say who came and went.
const MOVES: [&str; 2] = ["participants_changed", "user_joined_left"];

/// A playbook, as far as it lets people in.
#[derive(Debug, Default)]
struct Book {
    title: Box<str>,
    team: Box<str>,
    is_public: bool,
    /// Users and their rows.
    members: Vec<(Box<str>, RecordId)>,
}

/// The runs and playbooks of an archive.
#[derive(Debug, Default)]
pub(super) struct Plays {
    runs: Runs,
    books: HashMap<Box<str>, Book>,
}

impl Plays {
    /// Reads them.
    pub(super) fn read(work: &Work<'_>) -> Result<Self, ProduceError> {
        let runs = Runs::read(work.sealed.archive, work.directory, work.progress)?;
        let mut books: HashMap<Box<str>, Book> = HashMap::new();
        let walk = Walk::new(work.sealed.archive, work.progress)?;
        walk.kinds(|kind| matches!(kind, "playbook" | "playbook_member")).for_each_segment(
            |segment| {
                let kind = segment.kind();
                let row = |line| {
                    let head = Head::of(line, kind);
                    let wanted = ["title", "team_id", "public", "playbook_id", "user_id"];
                    let [title, team, public, book, user] = head.pick(wanted);
                    let book = if kind == "playbook" { head.id } else { plain(book) };
                    let texts = [book, plain(team), plain(user)].map(Box::<str>::from);
                    let title: Box<str> = title.map(characters).unwrap_or_default().into();
                    (title, texts, is_true(public), RecordId::new(kind, head.id))
                };
                segment.lines().map(|(_, line)| row(line)).collect::<Vec<_>>()
            },
            |rows| {
                for (title, [book, team, user], is_public, record) in rows {
                    let book = books.entry(book).or_default();
                    if &*record.kind == "playbook" {
                        (book.title, book.team, book.is_public) = (title, team, is_public);
                    } else {
                        book.members.push((user, record));
                    }
                }
                Ok::<_, ProduceError>(())
            },
        )?;
        Ok(Self { runs, books })
    }

    /// All runs.
    pub(super) fn runs(&self) -> &[Run] {
        self.runs.all()
    }

    /// The rows that decide who sees a run.
    pub(super) fn interest_of_run(&self, id: &str) -> Interest {
        let run = self.runs.get(id);
        let team = run.map(|run| run.team_id.clone()).unwrap_or_default();
        let channel = run.filter(|run| run.playbook_id.is_empty()).map(|run| run.channel_id.clone());
        Interest { channel: Some(channel.unwrap_or_default()), team: Some(team), user: None }
    }

    /// The rows that decide who sees a playbook.
    pub(super) fn interest_of_playbook(&self, id: &str) -> Interest {
        let team = self.books.get(id).map(|book| book.team.clone()).unwrap_or_default();
        Interest { channel: Some("".into()), team: Some(team), user: None }
    }

    /// Who could see a run, at any time.
    pub(super) fn of_run(&self, facts: &Facts, directory: &Directory, id: &str) -> Found {
        let mut found = Found::default();
        let Some(run) = self.runs.get(id) else {
            found.doubt(0, "the archive does not hold the run itself, so that nobody knows who took part", Vec::new());
            return found;
        };
        (found.name, found.born) = (run.name.clone(), run.create_at);
        found.grants.extend(owners(run, directory));
        for participant in &run.participants {
            let username = directory.user(&participant.user_id).map(|user| &*user.username);
            found.grants.extend(part(run, participant, username));
        }
        found.rule("a run is seen by its owner and its participants", vec![run.record()]);
        if run.playbook_id.is_empty() {
            found.rule("the run has no playbook: members of its channel see it as well", vec![run.record()]);
            let members = of_channel(facts, directory, &run.channel_id).grants.into_iter();
            found.grants.extend(members.filter(|grant| grant.way == Way::Member));
        } else {
            let book = self.of_playbook(facts, &run.playbook_id);
            found.grants.extend(book.grants);
            found.rules.extend(book.rules);
            found.doubts.extend(book.doubts);
        }
        found
    }

    /// Who could see a playbook, at any time.
    pub(super) fn of_playbook(&self, facts: &Facts, id: &str) -> Found {
        let mut found = Found::default();
        let record = RecordId::new("playbook", id);
        let Some(book) = self.books.get(id) else {
            found.doubt(
                0,
                "the archive does not hold the playbook, so that nobody knows who else may see its runs",
                vec![record],
            );
            return found;
        };
        found.name = book.title.clone();
        for (user, row) in &book.members {
            found.grants.push(Grant {
                user_id: user.clone(),
                way: Way::Playbook,
                certainty: Certainty::Current,
                from: None,
                until: Until::Sealed,
                records: vec![row.clone()],
                remark: String::new(),
            });
        }
        if book.is_public {
            found.rule(
                "the playbook is open to everybody in the team, and so are its runs, as it stands",
                vec![record.clone()],
            );
            found.grants.extend(team(facts, &book.team, &record));
        } else {
            found.rule("the playbook is open to its members only, as it stands", vec![record]);
        }
        found
    }
}

/// Who owned a run, from the changes in its timeline.
fn owners(run: &Run, directory: &Directory) -> Vec<Grant> {
    let ids: HashMap<&str, &str> = directory.users().into_iter().map(|(id, user)| (&*user.username, id)).collect();
    // `@old to @new`.
    let change = |entry: &Entry| match &details::names(&entry.summary)[..] {
        [old, new] => Some((Box::<str>::from(*ids.get(&**old)?), Box::<str>::from(*ids.get(&**new)?))),
        _ => None,
    };
    let entries = run.entries(&["owner_changed"]);
    let changes: Vec<_> = entries
        .filter_map(|entry| Some((entry.event_at, change(entry)?, RecordId::new("run_event", &entry.id))))
        .collect();
    let first = changes.first().map_or_else(|| run.owner_id.clone(), |(_, (old, _), _)| old.clone());
    let mut begin = (Some(run.create_at).filter(|at| *at > 0), first, vec![run.record()]);
    let mut grants = Vec::new();
    let grant = |(from, user_id, records): (Option<Millis>, Box<str>, Vec<RecordId>), until| Grant {
        user_id,
        way: Way::Owner,
        certainty: Certainty::Certain,
        from,
        until,
        records,
        remark: String::new(),
    };
    for (at, (_, new), record) in changes {
        let mut ended = std::mem::replace(&mut begin, (Some(at), new, vec![record.clone()]));
        ended.2.push(record);
        grants.push(grant(ended, Until::At(at)));
    }
    let is_owner_now = begin.1 == run.owner_id;
    let mut last = grant(begin, if is_owner_now { Until::Sealed } else { Until::Unknown });
    last.records.push(run.record());
    last.records.dedup();
    grants.push(last);
    if !is_owner_now && !run.owner_id.is_empty() {
        let mut now = grant((None, run.owner_id.clone(), vec![run.record()]), Until::Sealed);
        now.certainty = Certainty::Current;
        now.add_remark("owns it, although the timeline says that another does");
        grants.push(now);
    }
    grants.retain(|grant| !grant.user_id.is_empty());
    grants
}

/// When somebody took part, from the timeline and the list of participants.
fn part(run: &Run, participant: &Participant, username: Option<&str>) -> Vec<Grant> {
    let is_listed = participant.capacities.contains(&Capacity::Participant);
    let grant = |certainty, from, until, records, remark: &str| Grant {
        user_id: participant.user_id.clone(),
        way: Way::Participant,
        certainty,
        from,
        until,
        records,
        remark: remark.to_owned(),
    };
    let (mut grants, mut open) = (Vec::new(), None::<(Millis, RecordId)>);
    for entry in run.entries(&MOVES) {
        let said = details::Details::parse(&entry.details);
        // Entries of older releases name nobody but their subject.
        let names_him = if said.users.is_empty() && !said.is_broken {
            entry.subject_id == participant.user_id
        } else {
            said.users.iter().any(|name| Some(&**name) == username)
        };
        let record = RecordId::new("run_event", &entry.id);
        match &*said.action {
            "joined" if names_him && open.is_none() => open = Some((entry.event_at, record)),
            "left" if names_him => {
                let (from, mut records) =
                    open.take().map_or_else(|| (None, Vec::new()), |(from, record)| (Some(from), vec![record]));
                records.push(record);
                grants.push(grant(Certainty::Certain, from, Until::At(entry.event_at), records, ""));
            }
            _ => {}
        }
    }
    let row = || participant.records.iter().filter(|record| &*record.kind == "run_participant").cloned();
    match open {
        Some((from, record)) if is_listed => {
            let records = std::iter::once(record).chain(row()).collect();
            grants.push(grant(Certainty::Certain, Some(from), Until::Sealed, records, ""));
        }
        Some((from, record)) => {
            let remark = "no participant when sealed, and the timeline does not say since when";
            grants.push(grant(Certainty::Certain, Some(from), Until::Unknown, vec![record], remark));
        }
        None if is_listed => {
            let remark = "a participant when sealed, of whom the timeline does not say since when";
            grants.push(grant(Certainty::Current, None, Until::Sealed, row().collect(), remark));
        }
        None => {}
    }
    grants
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(entries: &[(&str, Millis, &str)]) -> Run {
        let entry = |(kind, at, details): &(&str, Millis, &str)| Entry {
            id: format!("e{at}").into(),
            event_at: *at,
            kind: (*kind).into(),
            details: (*details).into(),
            subject_id: "u1".into(),
            ..Entry::default()
        };
        Run { id: "r".into(), timeline: entries.iter().map(entry).collect(), ..Run::default() }
    }

    fn told(entries: &[(&str, Millis, &str)], is_listed: bool) -> Vec<(&'static str, Option<Millis>, Until)> {
        let capacities = is_listed.then_some(Capacity::Participant).into_iter().collect();
        let participant = Participant { user_id: "u1".into(), capacities, records: Vec::new() };
        let grants = part(&run(entries), &participant, Some("ana"));
        grants.into_iter().map(|grant| (grant.certainty.word(), grant.from, grant.until)).collect()
    }

    #[test]
    fn the_timeline_dates_who_took_part() {
        let joined = ("participants_changed", 5, r#"{"action":"joined","users":["ana","bob"]}"#);
        let left = ("participants_changed", 9, r#"{"action":"left","users":["ana"]}"#);
        assert_eq!(told(&[joined], true), [("certain", Some(5), Until::Sealed)]);
        assert_eq!(told(&[joined, left], false), [("certain", Some(5), Until::At(9))]);
        assert_eq!(told(&[joined], false), [("certain", Some(5), Until::Unknown)]);
        assert_eq!(told(&[left], false), [("certain", None, Until::At(9))]);
        assert_eq!(told(&[], true), [("current", None, Until::Sealed)]);
        let other = ("participants_changed", 5, r#"{"action":"joined","users":["bob"]}"#);
        assert_eq!(told(&[other], false), []);
        let old = ("user_joined_left", 6, r#"{"action":"joined","title":"@ana joined"}"#);
        assert_eq!(told(&[old], true), [("certain", Some(6), Until::Sealed)], "its subject");
        assert_eq!(told(&[("user_joined_left", 6, "{broken")], false), []);
    }
}
