//! What the clock of a rule says for a record, and the ends of its periods.

use super::case::Case;
use super::decision::Until;
use super::explanation::ClockOf;
use super::period::Start;
use super::rule::{Clock, Period, Rule, ThreadRule};
use super::world::Moment;
use crate::record::time::Millis;

/// The periods of a rule, for one record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) clock: Option<Millis>,
    pub(super) clock_of: ClockOf,
    pub(super) from: Option<Millis>,
    pub(super) for_files: bool,
    pub(super) minimum: Option<Until>,
    pub(super) maximum: Option<Until>,
    pub(super) exempt_as_pinned: bool,
}

impl Case<'_> {
    /// What the clock of a rule says; `None` if it has not started. No record was made at 0: that is a time unknown.
    fn clock(&self, rule: &Rule) -> (Option<Millis>, ClockOf) {
        let edited = rule.clock == Clock::LastEdit;
        let pick = |moment: Moment| Some(if edited { moment.edited } else { moment.created }).filter(|at| *at != 0);
        match rule.clock {
            Clock::Created | Clock::LastEdit => {
                let Some(own) = self.moment() else { return (known(self.subject.at), ClockOf::Itself) };
                let Some(thread) = self.thread else { return (pick(own), ClockOf::Itself) };
                match rule.thread {
                    ThreadRule::PerPost => (pick(own), ClockOf::Itself),
                    ThreadRule::Newest => {
                        let newest = self.newest(own).and_then(pick);
                        (newest, ClockOf::NewestOfThread)
                    }
                    ThreadRule::Oldest => (self.world.posts.first(thread).and_then(pick), ClockOf::FirstOfThread),
                }
            }
            Clock::ThreadLastReply => {
                let newest = self.moment().and_then(|own| self.newest(own)).and_then(pick);
                (newest, ClockOf::NewestOfThread)
            }
            Clock::ChannelArchived => {
                let channel = self.channel.and_then(|at| self.world.channels.get(at));
                (channel.and_then(|channel| channel.archived_at), ClockOf::Place)
            }
            Clock::UserLeft => (self.left_at(), ClockOf::Place),
            Clock::RunFinished => (self.run_finished_at(), ClockOf::Place),
        }
    }

    /// Where the periods of a rule begin; `None` if its clock has not started. `last` spares taking the same time apart
    /// again.
    pub(super) fn from(&self, rule: &Rule, last: &mut Option<Start>) -> Option<Start> {
        self.clock(rule).0.map(|clock| rule.cutoff.begin(Start::again(clock, last)))
    }

    /// The newest of the thread of a post, itself included.
    fn newest(&self, own: Moment) -> Option<Moment> {
        let Some(thread) = self.thread else { return Some(own) };
        let newest = self.world.posts.newest(thread)?;
        Some(Moment { created: newest.created.max(own.created), edited: newest.edited.max(own.edited) })
    }

    /// When the last of the users of the record left; `None` while one of them is there, or nobody knows.
    fn left_at(&self) -> Option<Millis> {
        let left = |at| self.world.users.get(at).and_then(|user| user.left_at);
        if self.moment().is_some() {
            return self.author.and_then(left);
        }
        let mut last = None;
        for id in self.subject.users {
            last = last.max(Some(self.world.users.find(id).and_then(left)?));
        }
        last
    }

    /// When the run of the record, or the last of those of its channel, finished; `None` while one goes on.
    fn run_finished_at(&self) -> Option<Millis> {
        let finished = |at| self.world.runs.get(at).and_then(|run| run.finished_at);
        if let Some(run) = self.run {
            return finished(run);
        }
        let channel = self.world.channels.get(self.channel?)?;
        let mut last = None;
        for run in &channel.runs {
            last = last.max(Some(finished(*run)?));
        }
        last
    }

    /// The ends of the periods of a rule that covers the record. `last` spares taking the same time apart again.
    pub(super) fn ends(&self, rule: &Rule, last: &mut Option<Start>) -> Ends {
        let files = rule.files.filter(|_| self.subject.kind == "file");
        let (clock, clock_of) = match files {
            Some(_) => (known(self.subject.at), ClockOf::Itself),
            None => self.clock(rule),
        };
        let (keep_for, dispose_after) = match files {
            Some(files) => (files.keep_for, files.dispose_after),
            None => (rule.keep_for, rule.dispose_after),
        };
        let from = clock.map(|clock| rule.cutoff.begin(Start::again(clock, last)));
        let end = |period: Period| from.map_or(Until::Forever, |from| from.end(period));
        let minimum = keep_for.map(end);
        let exempt_as_pinned = rule.keeps_pinned && dispose_after.is_some() && self.pin() == (Some(true), 0);
        let maximum = dispose_after.map(|period| if exempt_as_pinned { Until::Forever } else { end(period) });
        Ends {
            clock,
            clock_of,
            from: from.map(Start::millis),
            for_files: files.is_some(),
            minimum,
            maximum,
            exempt_as_pinned,
        }
    }
}

fn known(at: Millis) -> Option<Millis> {
    (at != 0).then_some(at)
}
