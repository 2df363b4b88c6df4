//! Who could see a record, and what a person could see, from the records of one archive.
//!
//! ```text
//!  record id ──▶ subject ──▶ facts ──────────▶ grants    who, by what way, from when until when, which records say so
//!                (where it   (memberships,     doubts    what lets others in whom nobody here can name
//!                 stands,     roles, schemes,  traces    what shows that somebody dealt with it
//!                 its life)   changes)         lacks     which records the archive's scope may have left out
//! ```
//!
//! Why: after an incident the first question is who could read it. The server keeps one true history, that of memberships
//! in channels; roles, schemes and teams are known only as they stand. A list that mixes the two is worth nothing, so each
//! grant says which it is ([`Certainty`]), and names the records that it rests on.
//!
//! Invariants: the same archive gives the same answer for any number of threads. A gap never becomes an end or a
//! beginning: a time that nobody knows is none. That somebody could see something does not say that he did; only a trace
//! does.
//!
//! It refuses to decide by a role that the archive does not hold, and to speak for whoever reads databases, backups, file
//! stores, mail and push messages: no record says who they are.

mod boards;
mod channel;
mod facts;
mod lacks;
mod person;
mod plays;
mod roles;
mod subject;
mod trace;

pub use lacks::Lack;
pub use person::{Reach, Seen, of_user};
pub use subject::{Life, Subject, Where};
pub use trace::Trace;

use self::boards::Boards;
use self::facts::{Facts, Interest};
use self::plays::Plays;
use super::incident::RecordId;
use super::{ProduceError, Work};
use crate::record::id::Name;
use crate::record::time::Millis;

/// How sure it is that somebody could see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Records say so with times: a history, an entry of a log, or a name that never changes.
    Certain,
    /// It was so when the archive was sealed. Since when, and whether it was so all the time, nobody wrote down.
    Current,
}

impl Certainty {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Current => "current",
        }
    }
}

/// By what somebody could see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// It is his own: a session, a draft, a saved post.
    Own,
    /// A member of the channel.
    Member,
    /// Owns or reported the run.
    Owner,
    /// Takes part in the run.
    Participant,
    /// A member of the playbook.
    Playbook,
    /// A member of the board.
    Board,
    /// In the team, where the channel, the board or the playbook is open to all of it.
    Team,
    /// Runs the server.
    Administrator,
}

impl Way {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Member => "member",
            Self::Owner => "owner",
            Self::Participant => "participant",
            Self::Playbook => "playbook",
            Self::Board => "board",
            Self::Team => "team",
            Self::Administrator => "administrator",
        }
    }
}

/// Until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    /// Until before this time.
    At(Millis),
    /// It was still so when the archive was sealed.
    Sealed,
    /// It was not so any more when the archive was sealed, and nobody wrote down since when.
    Unknown,
}

/// Somebody could see it, from when until when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// Who.
    pub user_id: Box<str>,
    /// By what.
    pub way: Way,
    /// How sure that is.
    pub certainty: Certainty,
    /// Since when; `None` if nobody wrote it down.
    pub from: Option<Millis>,
    /// Until when.
    pub until: Until,
    /// What says so.
    pub records: Vec<RecordId>,
    /// What else is to be known of it; mostly nothing.
    pub remark: String,
}

impl Grant {
    /// The part of it that lies in a record's life; `None` if there is none.
    fn within(mut self, life: Life) -> Option<Self> {
        self.from = self.from.map(|from| from.max(life.from.unwrap_or(from)));
        self.until = match (self.until, life.until) {
            (Until::At(until), Some(gone)) => Until::At(until.min(gone)),
            (Until::Sealed, Some(gone)) => Until::At(gone),
            (until, _) => until,
        };
        let begins = self.from.or(life.from);
        let is_empty = matches!((begins, self.until), (Some(from), Until::At(until)) if until <= from);
        (!is_empty).then_some(self)
    }

    /// The part of it before the account was switched off.
    fn while_active(self, deactivated_at: Millis) -> Option<Self> {
        let off = Some(deactivated_at).filter(|at| *at > 0);
        let was_open = off.is_some() && self.until == Until::Sealed;
        let mut grant = self.within(Life { from: None, until: off })?;
        if was_open {
            grant.add_remark("the account was deactivated then");
        }
        Some(grant)
    }

    /// Whether it may have been so at a time.
    pub fn holds_at(&self, at: Millis) -> bool {
        self.from.is_none_or(|from| from <= at) && !matches!(self.until, Until::At(until) if until <= at)
    }

    fn add_remark(&mut self, remark: &str) {
        if !self.remark.is_empty() {
            self.remark.push_str("; ");
        }
        self.remark.push_str(remark);
    }
}

/// Something that holds for more than one person, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// Since when; 0 if it has no time.
    pub at: Millis,
    /// In a sentence.
    pub what: String,
    /// What says so.
    pub records: Vec<RecordId>,
}

/// Who could see what stands at one place.
#[derive(Clone, Debug)]
pub struct Access {
    /// What was asked for, and where it stands.
    pub subject: Subject,
    /// What people call that place; empty for what the directory names, such as channels.
    pub name: Box<str>,
    /// Who could see it: by way, certainty, time and id.
    pub grants: Vec<Grant>,
    /// How many were members only before it came into being, or after it was gone.
    pub elsewhen: u64,
    /// By which rules of the server they could, as those stand.
    pub rules: Vec<Statement>,
    /// Ways in for people whom no record names, by time.
    pub doubts: Vec<Statement>,
    /// What shows that somebody dealt with it, by time.
    pub traces: Vec<Trace>,
    /// Which records may be missing that would say more.
    pub lacks: Vec<Lack>,
}

/// Who could see the records of this name, at `at` or in all their life. Empty if no record has it.
///
/// Kinds have ids of their own, so an id may name several records; those that stand at one place are answered together.
pub fn to_record(work: &Work<'_>, name: Name<'_>, at: Option<Millis>) -> Result<Vec<Access>, ProduceError> {
    let subjects = subject::find(work, name)?;
    subjects.into_iter().map(|subject| answer(work, subject, at)).collect()
}

fn answer(work: &Work<'_>, subject: Subject, at: Option<Millis>) -> Result<Access, ProduceError> {
    let mut found = look(work, &subject.place)?;
    let administrators = std::mem::take(&mut found.administrators);
    let mut traces = subject.traces.clone();
    traces.extend(found.fetches.iter().filter(|fetch| subject.life.contains(fetch.at)).cloned());
    traces.sort();
    let everyone = found.grants.len();
    let active = |grant: Grant| {
        let off = work.directory.user(&grant.user_id).map_or(0, |user| user.delete_at);
        grant.while_active(off)
    };
    let mut grants: Vec<Grant> = found.grants.into_iter().filter_map(|grant| grant.within(subject.life)).collect();
    let elsewhen = everyone.saturating_sub(grants.len()) as u64;
    // What is deleted stays in the tables, and whoever runs the server may read those; what is purged does not.
    let since = if subject.is_purged() { subject.life } else { Life { until: None, ..subject.life } };
    grants.extend(administrators.into_iter().filter_map(|grant| grant.within(since)));
    grants = grants.into_iter().filter_map(active).filter(|grant| at.is_none_or(|at| grant.holds_at(at))).collect();
    let key = |grant: &Grant| (grant.way, grant.certainty, grant.from, grant.user_id.clone(), grant.until);
    grants.sort_by_cached_key(key);
    found.doubts.extend(subject.doubts.iter().cloned());
    found.doubts.retain(|doubt| subject.life.until.is_none_or(|gone| doubt.at < gone));
    found.doubts.sort();
    let lacks = lacks::of(work.sealed, &subject.place);
    Ok(Access { subject, name: found.name, grants, elsewhen, rules: found.rules, doubts: found.doubts, traces, lacks })
}

/// Whoever could see what stands at a place, at any time.
fn look(work: &Work<'_>, place: &Where) -> Result<Found, ProduceError> {
    let directory = work.directory;
    let nothing = || Some(Box::from(""));
    let none = Interest { channel: nothing(), team: nothing(), user: None };
    let (facts, mut found) = match place {
        Where::Channel(id) => {
            let facts = Facts::read(work, &Interest::channel(id, directory))?;
            let found = channel::found(&facts, directory, id);
            (facts, found)
        }
        Where::Run(id) => {
            let plays = Plays::read(work)?;
            let facts = Facts::read(work, &plays.interest_of_run(id))?;
            let found = plays.of_run(&facts, directory, id);
            (facts, found)
        }
        Where::Playbook(id) => {
            let plays = Plays::read(work)?;
            let facts = Facts::read(work, &plays.interest_of_playbook(id))?;
            let found = plays.of_playbook(&facts, id);
            (facts, found)
        }
        Where::Board(id) => {
            let boards = Boards::read(work)?;
            let facts = Facts::read(work, &boards.interest(id))?;
            let found = boards.of_board(&facts, directory, id);
            (facts, found)
        }
        Where::Team(id) => {
            let facts = Facts::read(work, &Interest { team: Some(id.clone()), ..none })?;
            let found = channel::of_team(&facts, id);
            (facts, found)
        }
        Where::Person(id) => {
            let mut found = Found { grants: own(id), ..Found::default() };
            found.rule("its owner alone sees it", Vec::new());
            (Facts::read(work, &none)?, found)
        }
        Where::Everybody => {
            let mut found = Found::default();
            found.rule("whoever may log in sees it; guests see the people of their channels only", Vec::new());
            (Facts::read(work, &none)?, found)
        }
        Where::Administrators | Where::Lost(_) => (Facts::read(work, &none)?, Found::default()),
    };
    found.begin();
    found.administrators = facts.administrators(directory);
    found.fetches = facts.fetches;
    Ok(found)
}

/// Whoever could see what stands at a place, at any time, and who else might.
#[derive(Debug, Default)]
struct Found {
    /// What people call it; empty for what the directory names.
    name: Box<str>,
    /// When the place was made; 0 if nobody knows.
    born: Millis,
    administrators: Vec<Grant>,
    fetches: Vec<Trace>,
    grants: Vec<Grant>,
    rules: Vec<Statement>,
    doubts: Vec<Statement>,
}

impl Found {
    /// Nobody saw a place before it was made: whoever was in its team before could see it from then on.
    fn begin(&mut self) {
        let life = Life { from: Some(self.born).filter(|at| *at > 0), until: None };
        self.grants = std::mem::take(&mut self.grants).into_iter().filter_map(|grant| grant.within(life)).collect();
    }
}

fn own(user: &str) -> Vec<Grant> {
    vec![Grant {
        user_id: user.into(),
        way: Way::Own,
        certainty: Certainty::Certain,
        from: None,
        until: Until::Sealed,
        records: Vec::new(),
        remark: String::new(),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(from: Option<Millis>, until: Until) -> Grant {
        let mut grant = own("u").remove(0);
        (grant.from, grant.until) = (from, until);
        grant
    }

    #[test]
    fn a_grant_is_cut_to_the_life_of_a_record_and_a_gap_stays_one() {
        let life = Life { from: Some(10), until: Some(20) };
        let cut = |from, until| grant(from, until).within(life).map(|grant| (grant.from, grant.until));
        assert_eq!(cut(Some(5), Until::Sealed), Some((Some(10), Until::At(20))));
        assert_eq!(cut(Some(12), Until::At(15)), Some((Some(12), Until::At(15))));
        assert_eq!(cut(None, Until::Sealed), Some((None, Until::At(20))));
        assert_eq!(cut(Some(12), Until::Unknown), Some((Some(12), Until::Unknown)));
        assert_eq!(cut(Some(0), Until::At(10)), None, "he left before");
        assert_eq!(cut(None, Until::At(10)), None, "whenever he came, he left before");
        assert_eq!(cut(Some(20), Until::Sealed), None, "he came when it was gone");
    }

    #[test]
    fn nobody_reads_with_an_account_that_is_switched_off() {
        let off = grant(Some(5), Until::Sealed).while_active(9).unwrap();
        assert_eq!((off.until, off.remark.as_str()), (Until::At(9), "the account was deactivated then"));
        let left = grant(Some(5), Until::At(7)).while_active(9).unwrap();
        assert_eq!((left.until, left.remark.as_str()), (Until::At(7), ""));
        assert_eq!(grant(Some(5), Until::Sealed).while_active(0).unwrap().until, Until::Sealed);
    }

    #[test]
    fn a_time_is_held_against_what_is_known() {
        assert!(grant(None, Until::Unknown).holds_at(5));
        assert!(grant(Some(5), Until::At(6)).holds_at(5) && !grant(Some(5), Until::At(6)).holds_at(6));
        assert!(!grant(Some(6), Until::Sealed).holds_at(5));
    }
}
