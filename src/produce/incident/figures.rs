//! Figures of a response: how long until somebody took it up, until the first status update, until it was over; tasks on
//! time; who did what.
//!
//! Invariant: each figure states its formula in words and the records that it was computed from. Where one of them is
//! missing there is no value, but the reason. Times are those of the records; nothing is corrected.

use std::collections::BTreeMap;

use super::event::Sort;
use super::events::Story;
use super::run::{RecordId, Run, Runs};
use super::seen::{Deeds, Moment, OfRun, Seen, alarm};
use super::{Task, TaskState};
use crate::produce::labels::Labels;
use crate::produce::{AsOf, ProduceError, Work};
use crate::record::time::Millis;

/// What a figure says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A time, in milliseconds.
    Span(Millis),
    /// So many of so many.
    Share(u64, u64),
    /// So many.
    Count(u64),
    /// It cannot be said, because …
    Unknown(String),
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What names it, in kebab-case: `time-to-acknowledge`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it says.
    pub value: Value,
    /// How it was computed.
    pub formula: &'static str,
    /// The records that it was computed from.
    pub records: Vec<RecordId>,
    /// What has to be known beside it; mostly empty.
    pub note: String,
}

/// Somebody, or something, that did something in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub user_id: Box<str>,
    /// The name that a webhook or bot showed; empty for people.
    pub shown_as: Box<str>,
    /// What was done.
    pub deeds: Deeds,
}

/// The figures of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfOne {
    /// Id of the run.
    pub run: Box<str>,
    /// Its figures.
    pub figures: Vec<Figure>,
    /// Who did what, busiest first. Where runs share a channel only what names the run.
    pub people: Vec<Person>,
}

/// The figures of all runs, in the order of [`Runs::all`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// For each run.
    pub runs: Vec<OfOne>,
}

const ACKNOWLEDGE: &str = "the first sign that a person took it up, less the alarm. Alarm: the post that the run was started \
     from, or the start of the run where there is none. Sign: a post, reaction, acknowledgement, task or status update by a \
     person in the run, its channel or at the alarm; or the start of the run, if a post was the alarm";
const STATUS: &str = "the first status update of the run, less its start";
const RESOLVE: &str = "the end of the run, less its start; of a run that was taken up again, the last end";
const UPDATES: &str = "posts that are status updates of the run, by its list; those that are gone count";
const WAIT: &str = "the longest time between two status updates; the start of the run, and its end, count as one";
const DONE: &str = "tasks that are ticked off, of all tasks that were not skipped or hidden";
const ON_TIME: &str = "tasks with a due date that were ticked off by then, of all that were due before the end of the run, \
     or, where it has none, before the time as of which the archive knows its source; skipped and hidden ones do not count";
const HANDOVERS: &str = "entries of the timeline that say that the owner changed";

impl Figures {
    /// Reads the events in the scope of `work` and computes the figures of `runs`.
    pub fn read(work: Work<'_>, runs: &Runs) -> Result<Self, ProduceError> {
        let labels = Labels::of(work.directory);
        let story = Story::read(work, &labels, runs)?;
        let mut seen = Seen::default();
        story.for_each_part(
            |part: &mut Seen, _, event| part.see(event, runs, work.directory),
            |part| {
                seen.merge(part);
                Ok(())
            },
        )?;
        Ok(Self::of(runs, seen, work.sealed.as_of()))
    }

    /// Computes the figures of what was seen; the archive knows its source as of `as_of`.
    pub fn of(runs: &Runs, mut seen: Seen, as_of: AsOf) -> Self {
        let one = |run: &Run| {
            let seen = seen.runs.remove(&run.id).unwrap_or_default();
            let mut figures = figures(run, &seen, as_of);
            if runs.shares_channel(run)
                && let Some(first) = figures.first_mut().filter(|figure| matches!(figure.value, Value::Span(_)))
            {
                "several runs share the channel; the sign may belong to another of them".clone_into(&mut first.note);
            }
            OfOne { run: run.id.clone(), figures, people: people(seen) }
        };
        Self { runs: runs.all().iter().map(one).collect() }
    }

    /// The figures of a run.
    pub fn get(&self, run: &str) -> Option<&OfOne> {
        self.runs.iter().find(|one| *one.run == *run)
    }
}

fn people(seen: OfRun) -> Vec<Person> {
    let mut all: Vec<Person> =
        seen.deeds.into_iter().map(|((user_id, shown_as), deeds)| Person { user_id, shown_as, deeds }).collect();
    let busy = |person: &Person| person.deeds.counts.values().sum::<u64>();
    // Sorted by account before, so that equals stay in that order.
    all.sort_by_key(|person| std::cmp::Reverse(busy(person)));
    all
}

fn figures(run: &Run, seen: &OfRun, as_of: AsOf) -> Vec<Figure> {
    let started = (run.create_at, run.record());
    let updates = updates(run);
    let end = (run.end_at > 0).then(|| end(run));
    let mut all = vec![
        acknowledge(run, seen),
        span("time-to-first-status", "Time to first status update", STATUS, &started, updates.first(), || {
            if run.status_posts.is_empty() {
                "there is no status update".to_owned()
            } else {
                "the posts of its status updates are not in the archive".to_owned()
            }
        }),
        span("time-to-resolve", "Time to resolve", RESOLVE, &started, end.as_ref(), || {
            "the run is not finished".into()
        }),
        Figure {
            name: "status-updates",
            title: "Status updates",
            value: Value::Count(run.status_posts.len() as u64),
            formula: UPDATES,
            records: run.status_posts.iter().map(|update| RecordId::new("run_status_post", &update.id)).collect(),
            note: gone(run),
        },
        longest_wait(&started, &updates, end.as_ref()),
        done(run),
        on_time(run, as_of),
    ];
    let handovers: Vec<RecordId> =
        run.entries(&["owner_changed"]).map(|entry| RecordId::new("run_event", &entry.id)).collect();
    all.push(Figure {
        name: "handovers",
        title: "Handovers",
        value: Value::Count(handovers.len() as u64),
        formula: HANDOVERS,
        records: handovers,
        note: String::new(),
    });
    let restored = run.entries(&["run_restored"]).count();
    if restored > 0
        && let Some(figure) = all.iter_mut().find(|figure| figure.name == "time-to-resolve")
    {
        let times = if restored == 1 { "once" } else { "several times" };
        figure.note = format!("the run was taken up again {times}");
        figure
            .records
            .extend(run.entries(&["run_restored", "run_finished"]).map(|entry| RecordId::new("run_event", &entry.id)));
        figure.records.sort();
        figure.records.dedup();
    }
    all
}

/// When the run ended last, by its entry where there is one.
fn end(run: &Run) -> Moment {
    let entry = run.entries(&["run_finished"]).filter(|entry| entry.event_at == run.end_at).last();
    (run.end_at, entry.map_or_else(|| run.record(), |entry| RecordId::new("run_event", &entry.id)))
}

/// A figure from one moment to another.
fn span(
    name: &'static str,
    title: &'static str,
    formula: &'static str,
    from: &Moment,
    until: Option<&Moment>,
    missing: impl FnOnce() -> String,
) -> Figure {
    let mut figure =
        Figure { name, title, value: Value::Count(0), formula, records: vec![from.1.clone()], note: String::new() };
    figure.value = match until {
        None => Value::Unknown(missing()),
        _ if from.0 <= 0 => Value::Unknown("the run does not say when it was started".to_owned()),
        Some((at, record)) => {
            if *record != from.1 {
                figure.records.push(record.clone());
            }
            match at.checked_sub(from.0) {
                Some(span) if span >= 0 => Value::Span(span),
                _ => Value::Unknown("the clocks of its records contradict each other: it would be negative".to_owned()),
            }
        }
    };
    figure
}

fn acknowledge(run: &Run, seen: &OfRun) -> Figure {
    let alarm = alarm(run);
    let missing = || "no sign of a person is in the archive".to_owned();
    let mut figure =
        span("time-to-acknowledge", "Time to acknowledge", ACKNOWLEDGE, &alarm, seen.taken_up.as_ref(), missing);
    if !run.post_id.is_empty() && run.started_from.is_none() {
        figure.value = Value::Unknown("the post that the run was started from is not in the archive".to_owned());
    }
    figure
}

/// Status updates whose time is known, oldest first.
fn updates(run: &Run) -> Vec<Moment> {
    let mut found = BTreeMap::new();
    for update in &run.status_posts {
        if let Some(post) = &update.post {
            found.insert(&*update.post_id, (post.create_at, RecordId::new("post", &update.post_id)));
        }
    }
    // An entry knows when, also where the post is gone.
    for entry in run.entries(&["status_updated"]) {
        found.entry(&*entry.post_id).or_insert_with(|| (entry.event_at, RecordId::new("run_event", &entry.id)));
    }
    // A time of 0 is none that is known.
    let mut all: Vec<Moment> = found.into_values().filter(|(at, _)| *at > 0).collect();
    all.sort();
    all
}

fn gone(run: &Run) -> String {
    match run.status_posts.iter().filter(|update| update.post.is_none()).count() {
        0 => String::new(),
        1 => "the post of one of them is not in the archive".to_owned(),
        count => format!("the posts of {count} of them are not in the archive"),
    }
}

fn longest_wait(started: &Moment, updates: &[Moment], end: Option<&Moment>) -> Figure {
    let mut figure = Figure {
        name: "longest-wait",
        title: "Longest wait for a status update",
        value: Value::Unknown("there is no status update whose time is known".to_owned()),
        formula: WAIT,
        records: Vec::new(),
        note: String::new(),
    };
    if updates.is_empty() {
        return figure;
    }
    let all: Vec<&Moment> = std::iter::once(started).chain(updates).chain(end).filter(|(at, _)| *at > 0).collect();
    let waits = all.windows(2).filter_map(|pair| match pair {
        [left, right] => Some((right.0.checked_sub(left.0)?, left, right)),
        _ => None,
    });
    // Of equal waits the first.
    let longest = waits.filter(|wait| wait.0 >= 0).reduce(|known, wait| if wait.0 > known.0 { wait } else { known });
    if let Some((wait, left, right)) = longest {
        figure.value = Value::Span(wait);
        figure.records = vec![left.1.clone(), right.1.clone()];
    }
    figure
}

/// Tasks that count.
fn tasks(run: &Run) -> impl Iterator<Item = &Task> {
    run.tasks().map(|(_, task)| task).filter(|task| task.state != TaskState::Skipped && !task.is_hidden)
}

fn done(run: &Run) -> Figure {
    let all = tasks(run).count() as u64;
    let done = tasks(run).filter(|task| task.state == TaskState::Closed).count() as u64;
    let unreadable = run.gaps.iter().any(|gap| gap.what.contains("checklist"));
    let value = match (all, unreadable) {
        (0, true) => Value::Unknown("its checklists cannot be read".to_owned()),
        (0, false) => Value::Unknown("it has no tasks".to_owned()),
        _ => Value::Share(done, all),
    };
    Figure {
        name: "tasks-done",
        title: "Tasks done",
        value,
        formula: DONE,
        records: vec![run.record()],
        note: if unreadable { "parts of its checklists cannot be read".to_owned() } else { String::new() },
    }
}

fn on_time(run: &Run, as_of: AsOf) -> Figure {
    let until = if run.end_at > 0 { run.end_at } else { as_of.at };
    let due = tasks(run).filter(|task| task.due_date > 0 && task.due_date <= until);
    // Of a task that was ticked off at an unknown time nobody can say whether it was late.
    let (unknown, due): (Vec<&Task>, Vec<&Task>) =
        due.partition(|task| task.state == TaskState::Closed && task.state_modified <= 0);
    let is_late = |task: &&&Task| task.state != TaskState::Closed || task.state_modified > task.due_date;
    let late: Vec<&str> = due.iter().filter(is_late).map(|task| &*task.title).collect();
    let value = if due.is_empty() {
        Value::Unknown("no task was due by then of which it is known when it was done".to_owned())
    } else {
        Value::Share((due.len() - late.len()) as u64, due.len() as u64)
    };
    // When each was ticked off, the timeline says as well.
    let entries = run
        .entries(&["task_state_modified"])
        .filter(|entry| due.iter().any(|task| task.state_modified > 0 && task.state_modified == entry.event_at));
    let mut records = vec![run.record()];
    records.extend(entries.map(|entry| RecordId::new("run_event", &entry.id)));
    let lists = [("late", late), ("not known when", unknown.iter().map(|task| &*task.title).collect())];
    let lists = lists.iter().filter(|(_, titles)| !titles.is_empty());
    let lists = lists.map(|(word, titles)| format!("{word}: {}", titles.join("; ")));
    let counts_by_clock = run.end_at <= 0 && tasks(run).any(|task| task.due_date > 0);
    let clock = counts_by_clock.then(|| format!("the run goes on; counted to the time {}", as_of.words()));
    let note = lists.chain(clock).collect::<Vec<_>>().join("; ");
    Figure { name: "tasks-on-time", title: "Tasks on time", value, formula: ON_TIME, records, note }
}

/// A span as people say it: `4 min 32 s`, `1 h 36 min`, `2 d 3 h`.
pub fn in_words(span: Millis) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")];
    let sign = if span < 0 { "−" } else { "" };
    let span = span.checked_abs().unwrap_or(i64::MAX);
    for (at, (unit, word)) in UNITS.iter().enumerate() {
        if span >= *unit {
            let rest = UNITS.get(at + 1).map(|(next, word)| (span % unit / next, word)).filter(|(rest, _)| *rest > 0);
            let more = rest.map(|(rest, word)| format!(" {rest} {word}")).unwrap_or_default();
            return format!("{sign}{} {word}{more}", span / unit);
        }
    }
    format!("{sign}{span} ms")
}

impl Value {
    /// For people: `4 min 32 s`, `5 of 7`, `3`, or why it cannot be said.
    pub fn in_words(&self) -> String {
        match self {
            Self::Span(span) => in_words(*span),
            Self::Share(part, whole) => format!("{part} of {whole}"),
            Self::Count(count) => count.to_string(),
            Self::Unknown(why) => format!("cannot be said: {why}"),
        }
    }
}

/// How often each sort occurs, in words: `12 posts, 3 task changes`, most first.
pub fn deeds_in_words(counts: &BTreeMap<Sort, u64>) -> String {
    let mut all: Vec<_> = counts.iter().collect();
    all.sort_by_key(|(sort, count)| (std::cmp::Reverse(**count), **sort));
    all.into_iter().map(|(sort, count)| sort.counted(*count)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::run::{Entry, Said, StatusPost};
    use super::*;
    use crate::produce::Clock;
    use crate::produce::incident::Checklist;

    const MINUTE: Millis = 60_000;

    fn task(title: &str, state: TaskState, modified: Millis, due_date: Millis) -> Task {
        Task { title: title.into(), state, state_modified: modified, due_date, ..Task::default() }
    }

    fn update(post: &str, at: Option<Millis>) -> StatusPost {
        let post_of = |at| Said { create_at: at, ..Said::default() };
        StatusPost { id: format!("r/{post}").into(), post_id: post.into(), post: at.map(post_of) }
    }

    fn entry(id: &str, kind: &str, at: Millis, post: &str) -> Entry {
        Entry { id: id.into(), kind: kind.into(), event_at: at, post_id: post.into(), ..Entry::default() }
    }

    fn run() -> Run {
        Run { id: "r".into(), create_at: 100 * MINUTE, end_at: 190 * MINUTE, ..Run::default() }
    }

    fn figure(run: &Run, seen: &OfRun, name: &str) -> Figure {
        let as_of = AsOf { at: 1000 * MINUTE, clock: Clock::Unsaid };
        figures(run, seen, as_of).into_iter().find(|figure| figure.name == name).unwrap()
    }

    fn records(figure: &Figure) -> Vec<String> {
        figure.records.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn times_are_differences_of_named_records() {
        let mut run = run();
        run.post_id = "p0".into();
        run.started_from = Some(Said { create_at: 95 * MINUTE, ..Said::default() });
        run.status_posts =
            vec![update("p1", Some(117 * MINUTE)), update("p2", Some(150 * MINUTE)), update("gone", None)];
        run.timeline = vec![
            entry("e1", "status_updated", 160 * MINUTE, "gone"),
            entry("e2", "run_finished", 190 * MINUTE, ""),
            entry("e3", "owner_changed", 120 * MINUTE, ""),
        ];
        let seen = OfRun { taken_up: Some((99 * MINUTE, RecordId::new("post", "p9"))), ..OfRun::default() };
        let said = |name: &str| {
            let figure = figure(&run, &seen, name);
            (figure.value.in_words(), records(&figure).join(" "))
        };
        assert_eq!(said("time-to-acknowledge"), ("4 min".into(), "post/p0 post/p9".into()));
        assert_eq!(said("time-to-first-status"), ("17 min".into(), "playbook_run/r post/p1".into()));
        assert_eq!(said("time-to-resolve"), ("1 h 30 min".into(), "playbook_run/r run_event/e2".into()));
        assert_eq!(said("longest-wait"), ("33 min".into(), "post/p1 post/p2".into()));
        assert_eq!(said("handovers"), ("1".into(), "run_event/e3".into()));
        assert_eq!(figure(&run, &seen, "status-updates").note, "the post of one of them is not in the archive");
    }

    #[test]
    fn what_cannot_be_said_says_why() {
        let nothing = OfRun::default();
        let why = |run: &Run, name: &str| match figure(run, &nothing, name).value {
            Value::Unknown(why) => why,
            other => panic!("{other:?}"),
        };
        let mut open = run();
        open.end_at = 0;
        assert_eq!(why(&open, "time-to-resolve"), "the run is not finished");
        assert_eq!(why(&open, "time-to-acknowledge"), "no sign of a person is in the archive");
        assert_eq!(why(&open, "time-to-first-status"), "there is no status update");
        assert_eq!(why(&open, "tasks-done"), "it has no tasks");
        open.post_id = "gone".into();
        assert!(why(&open, "time-to-acknowledge").contains("started from is not in the archive"));
        open.end_at = MINUTE;
        assert!(why(&open, "time-to-resolve").contains("would be negative"));
        open.status_posts = vec![update("gone", None)];
        assert!(why(&open, "time-to-first-status").contains("are not in the archive"));
    }

    #[test]
    fn tasks_count_by_their_state_and_date() {
        let mut run = run();
        let hidden = Task { is_hidden: true, ..task("hidden", TaskState::Open, 0, 0) };
        run.checklists = vec![Checklist {
            tasks: vec![
                task("in time", TaskState::Closed, 110 * MINUTE, 120 * MINUTE),
                task("late", TaskState::Closed, 130 * MINUTE, 120 * MINUTE),
                task("open", TaskState::InProgress, 130 * MINUTE, 140 * MINUTE),
                task("not due yet", TaskState::Open, 0, 500 * MINUTE),
                task("skipped", TaskState::Skipped, 0, 120 * MINUTE),
                task("no date", TaskState::Closed, 1, 0),
                hidden,
            ],
            ..Checklist::default()
        }];
        run.timeline = vec![entry("e1", "task_state_modified", 110 * MINUTE, "")];
        let on_time = figure(&run, &OfRun::default(), "tasks-on-time");
        assert_eq!((on_time.value.clone(), on_time.note.as_str()), (Value::Share(1, 3), "late: late; open"));
        assert_eq!(records(&on_time), ["playbook_run/r", "run_event/e1"]);
        assert_eq!(figure(&run, &OfRun::default(), "tasks-done").value, Value::Share(3, 5));
        run.end_at = 0;
        let open = figure(&run, &OfRun::default(), "tasks-on-time");
        assert_eq!(open.value, Value::Share(1, 4));
        assert!(open.note.ends_with("because the source does not say when it was made"), "{}", open.note);
    }

    #[test]
    fn spans_are_said_as_people_say_them() {
        for (span, words) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (61_000, "1 min 1 s"),
            (5_760_000, "1 h 36 min"),
            (90_061_000, "1 d 1 h"),
            (-61_000, "−1 min 1 s"),
        ] {
            assert_eq!(in_words(span), words);
        }
        in_words(i64::MIN);
    }
}
