//! Who could see a run or a playbook: who owned it, who took part, members of the playbook, and the team of an open one.
//!
//! The list of participants has no times; the run's timeline does, by username. Where the two meet, somebody is certain.

use std::collections::HashMap;

use super::channel::{found as of_channel, team};
use super::facts::{Facts, Interest};
use super::{Certainty, Found, Grant, Until, Way};
use crate::archive::walk::Walk;
use crate::produce::incident::{Capacity, Participant, RecordId, Run, Runs, details};
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
        let runs = Runs::read(work.sealed, work.directory, work.progress)?;
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
        let ids = directory.users().into_iter().map(|(id, user)| (&*user.username, id)).collect();
        owners(run, &ids, &mut found);
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

/// A handover as the timeline tells it: its accounts are those that bear the names today, if any does.
#[derive(Debug)]
struct Handover {
    at: Millis,
    old: Option<Box<str>>,
    new: Option<Box<str>>,
    record: RecordId,
}

/// The handovers of a run, and what its timeline does not say of them; `ids` are the accounts by username.
fn handovers(run: &Run, ids: &HashMap<&str, &str>, found: &mut Found) -> Vec<Handover> {
    let mut handovers = Vec::new();
    for entry in run.entries(&["owner_changed"]) {
        let record = RecordId::new("run_event", &entry.id);
        // `@old to @new`.
        let names = details::names(&entry.summary);
        let account = |at: usize| names.get(at).filter(|_| names.len() == 2).and_then(|name| ids.get(&**name).copied());
        let (old, new) = (account(0), account(1));
        if names.len() != 2 {
            let what = "the run changed hands, and its timeline does not say from whom to whom";
            found.doubt(entry.event_at, what, vec![record.clone()]);
        }
        for name in names.iter().filter(|name| names.len() == 2 && !ids.contains_key(&***name)) {
            let what = format!(
                "a handover of the run names `{name}`, whom the archive knows as no account: whoever that is could see it"
            );
            found.doubt(entry.event_at, &what, vec![record.clone()]);
        }
        let [old, new] = [old, new].map(|id| id.map(Box::from));
        handovers.push(Handover { at: entry.event_at, old, new, record });
    }
    handovers
}

/// Who owned a run, from the handovers in its timeline: whoever gave it away had it until then, whoever got it since then.
/// Between two handovers that is one account, or the timeline contradicts itself.
fn owners(run: &Run, ids: &HashMap<&str, &str>, found: &mut Found) {
    let handovers = handovers(run, ids, found);
    let mut grants = Vec::new();
    let mut add = |user: &str, certainty, from, until, records: Vec<RecordId>, remark: &str| {
        let (user_id, remark) = (user.into(), remark.to_owned());
        grants.push(Grant { user_id, way: Way::Owner, certainty, from, until, records, remark });
    };
    let born = Some(run.create_at).filter(|at| *at > 0);
    let (certain, current) = (Certainty::Certain, Certainty::Current);
    let mut begun: Option<&Handover> = None;
    for ended in &handovers {
        let (got, gave, until) = (begun.and_then(|begun| begun.new.as_ref()), ended.old.as_ref(), Until::At(ended.at));
        match (begun, got, gave) {
            (None, _, Some(gave)) => add(gave, certain, born, until, vec![run.record(), ended.record.clone()], ""),
            (Some(begun), Some(got), Some(gave)) if got == gave => {
                add(got, certain, Some(begun.at), until, vec![begun.record.clone(), ended.record.clone()], "");
            }
            (begun, got, gave) => {
                if let Some((begun, got)) = begun.zip(got) {
                    let remark = "the next handover is not by this account, so that nobody knows until when";
                    add(got, certain, Some(begun.at), Until::Unknown, vec![begun.record.clone()], remark);
                }
                if let Some(gave) = gave {
                    let remark = "the handover before is not to this account, so that nobody knows since when";
                    add(gave, certain, None, until, vec![ended.record.clone()], remark);
                }
            }
        }
        begun = Some(ended);
    }
    let owner = Some(&run.owner_id).filter(|id| !id.is_empty());
    match (begun, owner) {
        (None, Some(owner)) => add(owner, certain, born, Until::Sealed, vec![run.record()], ""),
        (Some(last), Some(owner)) if last.new.as_ref() == Some(owner) => {
            add(owner, certain, Some(last.at), Until::Sealed, vec![last.record.clone(), run.record()], "");
        }
        (last, owner) => {
            if let Some((last, got)) = last.and_then(|last| Some((last, last.new.as_ref()?))) {
                add(got, certain, Some(last.at), Until::Unknown, vec![last.record.clone(), run.record()], "");
            }
            let remark = match last.map(|last| last.new.is_some()) {
                Some(true) => "owns it, although the timeline says that another does",
                _ => "owns it, although the timeline does not say since when",
            };
            if let Some(owner) = owner {
                add(owner, current, None, Until::Sealed, vec![run.record()], remark);
            }
        }
    }
    found.grants.extend(grants);
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
    use crate::produce::incident::Entry;

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
    fn only_a_handover_between_accounts_that_are_known_makes_an_owner_certain() {
        let ids = HashMap::from([("ana", "u1"), ("bob", "u2"), ("eve", "u3")]);
        let told = |owner: &str, changes: &[&str]| {
            let entry = |(at, summary): (Millis, &&str)| Entry {
                id: format!("e{at}").into(),
                event_at: at,
                kind: "owner_changed".into(),
                summary: (*summary).into(),
                ..Entry::default()
            };
            let timeline = (5..).zip(changes).map(entry).collect();
            let run = Run { id: "r".into(), owner_id: owner.into(), create_at: 1, timeline, ..Run::default() };
            let mut found = Found::default();
            owners(&run, &ids, &mut found);
            let one = |grant: Grant| {
                let from = grant.from.map_or("-".to_owned(), |at| at.to_string());
                format!("{} {} {from} {:?}", grant.user_id, grant.certainty.word(), grant.until)
            };
            (found.grants.into_iter().map(one).collect::<Vec<_>>(), found.doubts.len())
        };
        let own = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(told("u1", &[]), (own(&["u1 certain 1 Sealed"]), 0));
        assert_eq!(told("", &[]), (vec![], 0));
        let handed = own(&["u1 certain 1 At(5)", "u2 certain 5 At(6)", "u3 certain 6 Sealed"]);
        assert_eq!(told("u3", &["@ana to @bob", "@bob to @eve"]), (handed, 0));
        // An account that is gone, or goes by another name now, had it for a while.
        let ghost = own(&["u1 certain 1 At(5)", "u3 certain 6 Sealed"]);
        assert_eq!(told("u3", &["@ana to @ghost", "@ghost to @eve"]), (ghost, 2));
        let renamed = own(&["u2 certain 5 Unknown", "u3 certain 6 Sealed"]);
        assert_eq!(told("u3", &["@old.ana to @bob", "@robert to @eve"]), (renamed, 2));
        let last = own(&["u1 certain 1 At(5)", "u3 current - Sealed"]);
        assert_eq!(told("u3", &["@ana to @ghost"]), (last, 1));
        let skipped = own(&["u1 certain 1 At(5)", "u2 certain 5 Unknown", "u1 certain - At(6)", "u3 certain 6 Sealed"]);
        assert_eq!(told("u3", &["@ana to @bob", "@ana to @eve"]), (skipped, 0));
        let unseen = own(&["u1 certain 1 At(5)", "u2 certain 5 Unknown", "u3 current - Sealed"]);
        assert_eq!(told("u3", &["@ana to @bob"]), (unseen, 0));
        assert_eq!(told("u3", &["somebody"]), (own(&["u3 current - Sealed"]), 1), "it does not say from whom to whom");
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
