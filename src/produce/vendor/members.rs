//! Who was in a channel and when: the history of memberships, cut to the job.
//!
//! The server keeps one row for each time somebody joined. Where it has none from before the job, because histories came
//! later than the job begins or the source was a bulk export, the vendor takes the current members as members during
//! all of it; so do we, and say so.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::job::Job;
use crate::archive::walk::{Walk, WalkError};
use crate::produce::directory::User;
use crate::produce::{ProduceError, Work};
use crate::record::fields::{Head, integer, plain};
use crate::record::time::Millis;

/// One row of the history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    /// Who: a place in [`Members::people`].
    pub(super) who: u32,
    /// When this membership began.
    pub(super) join: Millis,
    /// When it ended; `None` while it lasts.
    pub(super) leave: Option<Millis>,
}

/// The stays in a channel that touch the job.
#[derive(Debug, Default)]
pub(super) struct Stays {
    /// By the time of joining, then by address.
    rows: Vec<Stay>,
    /// Places among them, by who it was.
    by_who: Vec<u32>,
    /// Whether somebody has more than one.
    pub(super) returned: bool,
}

impl Stays {
    pub(super) fn new(rows: Vec<Stay>) -> Self {
        let who = |place: &u32| rows.get(*place as usize).map(|stay| stay.who);
        let mut by_who: Vec<u32> = (0_u32..).zip(&rows).map(|(place, _)| place).collect();
        by_who.sort_unstable_by_key(who);
        let returned = by_who.windows(2).any(|pair| matches!(pair, [a, b] if who(a) == who(b)));
        Self { rows, by_who, returned }
    }

    /// By the time of joining, then by address.
    pub(super) fn rows(&self) -> &[Stay] {
        &self.rows
    }

    /// The stay of a user; one of them if he has several.
    pub(super) fn of(&self, user: &str, members: &Members<'_>) -> Option<&Stay> {
        let stay = |place: &u32| self.rows.get(*place as usize);
        // People stand in the order of their ids.
        let found = self
            .by_who
            .binary_search_by(|place| stay(place).map_or(Ordering::Less, |stay| members.person(stay.who).0.cmp(user)));
        found.ok().and_then(|at| stay(self.by_who.get(at)?))
    }
}

/// A user with his id.
pub(super) type Person<'a> = (&'a str, &'a User);

/// Rows as they stand in the archive.
pub(super) struct History {
    rows: HashMap<Box<str>, Vec<Stay>>,
    /// The earliest join.
    pub(super) first: Option<Millis>,
    /// The latest join or leave.
    pub(super) last: Option<Millis>,
}

/// The stays of the job's channels that touch the job.
pub(super) struct Members<'a> {
    /// All users, by id.
    pub(super) people: Vec<Person<'a>>,
    stays: HashMap<Box<str>, Stays>,
    /// What a channel without stays has.
    none: Stays,
    /// Whether they are made up from current members.
    pub(super) are_current: bool,
}

/// A row: channel, user, join, leave.
type Row = (Box<str>, u32, Millis, Option<Millis>);

impl History {
    /// Reads the history of memberships. Users that nothing describes are left out, as the vendor's join does.
    pub(super) fn read(work: &Work<'_>) -> Result<Self, ProduceError> {
        let mut this = Self { rows: HashMap::new(), first: None, last: None };
        let index = index(work);
        read(work, "channel_membership", &index, |(channel, who, join, leave)| {
            this.first = Some(this.first.map_or(join, |first| first.min(join)));
            this.last = this.last.max(Some(join)).max(leave);
            this.rows.entry(channel).or_default().push(Stay { who, join, leave });
        })?;
        Ok(this)
    }

    /// Channels in which somebody joined or left during the job.
    pub(super) fn active(&self, job: &Job) -> impl Iterator<Item = &str> {
        let touches = |stay: &Stay| job.contains(stay.join) || stay.leave.is_some_and(|leave| job.contains(leave));
        self.rows.iter().filter(move |(_, stays)| stays.iter().any(touches)).map(|(id, _)| &**id)
    }
}

impl<'a> Members<'a> {
    /// Cuts the history to the job, or takes current members in its place.
    pub(super) fn new(work: &Work<'a>, job: &Job, history: History) -> Result<Self, ProduceError> {
        let are_current = history.first.is_none_or(|first| first > job.start);
        let mut stays = if are_current { HashMap::new() } else { history.rows };
        let channels: BTreeSet<&str> = job.channels.iter().map(|id| &**id).collect();
        if are_current {
            let index = index(work);
            read(work, "channel_member", &index, |(channel, who, _, _)| {
                if channels.contains(&*channel) {
                    let stay = Stay { who, join: job.start, leave: Some(job.end) };
                    stays.entry(channel).or_default().push(stay);
                }
            })?;
        }
        let people = work.directory.users();
        stays.retain(|channel, stays| {
            stays.retain(|stay| stay.join <= job.end && stay.leave.is_none_or(|leave| leave >= job.start));
            // By time, then by address, as joins are told; people stand in the order of their ids.
            let email = |stay: &Stay| people.get(stay.who as usize).map(|(_, user)| &*user.email);
            stays.sort_by(|a, b| {
                let order = (a.join, email(a), a.who, a.leave);
                order.cmp(&(b.join, email(b), b.who, b.leave))
            });
            channels.contains(&**channel) && !stays.is_empty()
        });
        let stays = stays.into_iter().map(|(channel, stays)| (channel, Stays::new(stays))).collect();
        Ok(Self { people, stays, none: Stays::default(), are_current })
    }

    /// Of these people, by id, who never were in a channel.
    #[cfg(test)]
    pub(super) fn nowhere(people: Vec<Person<'a>>) -> Self {
        Self { people, stays: HashMap::new(), none: Stays::default(), are_current: false }
    }

    /// The stays in a channel.
    pub(super) fn of(&self, channel: &str) -> &Stays {
        self.stays.get(channel).unwrap_or(&self.none)
    }

    /// Who it was.
    pub(super) fn person(&self, who: u32) -> Person<'a> {
        self.people[who as usize]
    }

    /// Whether somebody joined or left a channel from `start` to `end`, both included.
    pub(super) fn is_active(&self, channel: &str, start: Millis, end: Millis) -> bool {
        let inside = |at: Millis| start <= at && at <= end;
        self.of(channel).rows.iter().any(|stay| inside(stay.join) || stay.leave.is_some_and(inside))
    }
}

/// The place of each user among all, sorted by id.
fn index<'a>(work: &Work<'a>) -> HashMap<&'a str, u32> {
    let users = work.directory.users();
    users.iter().zip(0_u32..).map(|((id, _), place)| (*id, place)).collect()
}

fn read(
    work: &Work<'_>,
    kind: &'static str,
    index: &HashMap<&str, u32>,
    mut each: impl FnMut(Row),
) -> Result<(), ProduceError> {
    let row = |line: &[u8]| -> Option<Row> {
        let [channel, user, join, leave] =
            Head::of(line, kind).pick(["channel_id", "user_id", "join_time", "leave_time"]);
        let who = *index.get(plain(user))?;
        Some((plain(channel).into(), who, integer(join).unwrap_or_default(), integer(leave)))
    };
    Walk::new(work.sealed.archive, work.progress)?.kinds(|found| found == kind).for_each_segment(
        |segment| segment.lines().filter_map(|(_, line)| row(line)).collect::<Vec<_>>(),
        |rows| {
            rows.into_iter().for_each(&mut each);
            Ok::<_, WalkError>(())
        },
    )?;
    Ok(())
}
