//! What is counted and compared while events pass by, for the figures of runs.
//!
//! Invariant: parts can be brought together in any order and give the same; memory grows with runs and the people in
//! them, not with events.

use std::collections::BTreeMap;

use super::event::{Event, Sort};
use super::run::{RecordId, Run, Runs};
use crate::produce::Directory;
use crate::record::time::Millis;

/// An event that counts: when, and the record that says so.
pub type Moment = (Millis, RecordId);

/// What somebody did in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deeds {
    /// How often, by sort.
    pub counts: BTreeMap<Sort, u64>,
    /// The first of it.
    pub first: Moment,
    /// The last of it.
    pub last: Moment,
}

/// What was seen of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OfRun {
    /// The first sign that a person took it up, not before the alarm.
    pub(super) taken_up: Option<Moment>,
    /// By account and, for webhooks and bots, the name that it showed.
    pub(super) deeds: BTreeMap<(Box<str>, Box<str>), Deeds>,
}

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Seen {
    pub(super) runs: BTreeMap<Box<str>, OfRun>,
}

/// When a run was called for, and the record that says so: the post that it was started from, or its own start.
pub(super) fn alarm(run: &Run) -> Moment {
    match &run.started_from {
        Some(post) => (post.create_at, RecordId::new("post", &run.post_id)),
        None => (run.create_at, run.record()),
    }
}

impl Seen {
    /// Looks at an event.
    pub fn see(&mut self, event: &Event<'_>, runs: &Runs, directory: &Directory) {
        let moment = || (event.at, RecordId::new(event.kind, event.id));
        let is_person = !event.actor.is_empty()
            && event.shown_as.is_empty()
            && event.sort != Sort::Feed
            && !directory.user(&event.actor).is_some_and(|user| user.is_bot);
        if let Some(run) = runs.get(event.run)
            && !event.actor.is_empty()
            && event.sort != Sort::Purge
        {
            let seen = self.runs.entry(run.id.clone()).or_default();
            let key = (Box::from(&*event.actor), Box::from(&*event.shown_as));
            let deeds = seen.deeds.entry(key).or_insert_with(|| Deeds {
                counts: BTreeMap::new(),
                first: moment(),
                last: moment(),
            });
            *deeds.counts.entry(event.sort).or_default() += 1;
            deeds.widen(&moment(), &moment());
        }
        if !is_person {
            return;
        }
        let by_run = runs.get(event.run).into_iter();
        let all = by_run.chain(runs.in_channel(event.channel)).chain(runs.started_from(event.text("mm_root_id")));
        for run in all.chain(runs.started_from(event.text("mm_post_id"))) {
            let (called, by) = alarm(run);
            let is_alarm = *event.kind == *by.kind && *event.id == *by.id;
            if takes_up(event, run) && event.at >= called && !is_alarm {
                let seen = self.runs.entry(run.id.clone()).or_default();
                earliest(&mut seen.taken_up, moment());
            }
        }
    }

    /// Adds what another part saw.
    pub fn merge(&mut self, other: Self) {
        for (run, seen) in other.runs {
            let own = self.runs.entry(run).or_default();
            if let Some(moment) = seen.taken_up {
                earliest(&mut own.taken_up, moment);
            }
            for (who, deeds) in seen.deeds {
                let Some(known) = own.deeds.get_mut(&who) else {
                    own.deeds.insert(who, deeds);
                    continue;
                };
                known.widen(&deeds.first, &deeds.last);
                for (sort, count) in deeds.counts {
                    *known.counts.entry(sort).or_default() += count;
                }
            }
        }
    }
}

impl Deeds {
    fn widen(&mut self, first: &Moment, last: &Moment) {
        if *first < self.first {
            self.first = first.clone();
        }
        if *last > self.last {
            self.last = last.clone();
        }
    }
}

/// Whether an event is a sign that a person takes the run up. That somebody starts it is one only if something else
/// called for it.
fn takes_up(event: &Event<'_>, run: &Run) -> bool {
    match event.sort {
        Sort::Post | Sort::Reaction | Sort::Acknowledgement | Sort::Task | Sort::Status => event.data_type != "run:due",
        Sort::Run => event.data_type == "run:started" && run.started_from.is_some(),
        _ => false,
    }
}

fn earliest(known: &mut Option<Moment>, moment: Moment) {
    if known.as_ref().is_none_or(|known| moment < *known) {
        *known = Some(moment);
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::What;
    use super::super::run::Said;
    use super::*;
    use std::borrow::Cow;

    fn event(at: Millis, sort: Sort, kind: &'static str, id: &'static str, actor: &'static str) -> Event<'static> {
        let mut event = Event::new(at, &What { sort, description: "", data_type: "" }, kind, id);
        event.actor = Cow::Borrowed(actor);
        event
    }

    #[test]
    fn the_first_sign_is_a_person_after_the_alarm_whatever_the_order() {
        let started_from = Some(Said { create_at: 100, ..Said::default() });
        let run = Run { id: "r".into(), channel_id: "c".into(), post_id: "p0".into(), started_from, ..Run::default() };
        let runs = Runs::new(vec![run], Vec::new());
        let alarm = event(100, Sort::Post, "post", "p0", "anna");
        let mut machine = event(101, Sort::Feed, "post", "p1", "hook");
        machine.channel = "c";
        let mut before = event(99, Sort::Post, "post", "p2", "bob");
        before.channel = "c";
        let mut reply = event(105, Sort::Post, "post", "p3", "bob");
        reply.add("mm_root_id", "p0");
        let mut later = event(104, Sort::Task, "run_event", "e", "eve");
        later.run = "r";
        let mut elsewhere = event(103, Sort::Post, "post", "p4", "bob");
        elsewhere.channel = "d";
        let events = [alarm, machine, before, reply, later, elsewhere];
        for turn in 0..events.len() {
            let mut turned = events.clone();
            turned.rotate_left(turn);
            let (mut left, mut right) = (Seen::default(), Seen::default());
            for (at, event) in turned.iter().enumerate() {
                if at % 2 == 0 { &mut left } else { &mut right }.see(event, &runs, &Directory::default());
            }
            left.merge(right);
            let seen = &left.runs["r"];
            assert_eq!(seen.taken_up, Some((104, RecordId::new("run_event", "e"))));
            assert_eq!(seen.deeds.keys().map(|(user, _)| &**user).collect::<Vec<_>>(), ["eve"]);
        }
    }
}
