//! What was to be done, and what came of it: by checklist, with who, when, and whether in time.
//!
//! The row of the run says how each task stands now and since when; who changed it stands in the timeline, which names tasks
//! by their title. Where two tasks have the same title, nobody can tell whose an entry is, and that is said.

use std::collections::HashMap;

use super::course::repeated;
use super::document::{Line, Section};
use super::telling::{Telling, counted, of_entry};
use crate::produce::incident::details::Details;
use crate::produce::incident::figures::in_words;
use crate::produce::incident::{Entry, Task, TaskState};
use crate::produce::mail::one_line;

/// The section.
pub(super) fn section(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("tasks", "Task outcome");
    let run = telling.run;
    let changes = changes(telling);
    if run.checklists.is_empty() {
        section.missing(Line::of("The run has no checklists that can be read.").cited([run.record()]));
    } else {
        section.text(totals(telling));
    }
    let repeated = repeated(run.tasks().map(|(_, task)| &*task.title));
    for list in &run.checklists {
        let title = Line::of("Checklist ");
        let title =
            if list.title.is_empty() { title.words("without a title") } else { title.said(one_line(&list.title)) };
        section.heading(title.cited([run.record()]));
        if list.tasks.is_empty() {
            section.text(Line::of("It holds no task that can be read.").cited([run.record()]));
            continue;
        }
        let rows = list.tasks.iter().map(|task| {
            let own = changes.get(&*task.title).map(Vec::as_slice).unwrap_or_default();
            vec![
                title_of(task),
                state(telling, task).then(contradiction(task, own, &repeated)),
                changed_by(telling, task, own, &repeated),
                assigned(telling, task),
                due(telling, task),
            ]
        });
        section.table(&["task", "outcome", "who changed it", "whose", "in time"], rows.collect());
    }
    let known: Vec<&str> = run.tasks().map(|(_, task)| &*task.title).collect();
    let mut strays: Vec<_> = changes.iter().filter(|(title, _)| !known.contains(&&***title)).collect();
    strays.sort_by_key(|(title, _)| (*title).clone());
    for (title, entries) in strays {
        let line =
            Line::of("The timeline tells of a task ").said(one_line(title)).words(", which no checklist holds now.");
        section.missing(line.cited(entries.iter().map(|(entry, _)| of_entry(entry))));
    }
    section
}

/// How many tasks came how far.
fn totals(telling: &Telling<'_>) -> Line {
    let mut counts: Vec<(String, u64)> = Vec::new();
    let (mut all, mut with_date, mut in_time, mut unsaid) = (0_u64, 0_u64, 0_u64, 0_u64);
    for (_, task) in telling.run.tasks() {
        all = all.saturating_add(1);
        let word = task.state.word();
        match counts.iter_mut().find(|(known, _)| known == word) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counts.push((word.to_owned(), 1)),
        }
        if task.due_date > 0 {
            with_date = with_date.saturating_add(1);
            let is_done = task.state == TaskState::Closed;
            let is_in_time = is_done && (1..=task.due_date).contains(&task.state_modified);
            in_time = in_time.saturating_add(u64::from(is_in_time));
            unsaid = unsaid.saturating_add(u64::from(is_done && task.state_modified <= 0));
        }
    }
    let parts = counts.into_iter().map(|(word, count)| Line::of(format!("{count} ")).said(one_line(&word)));
    let line = Line::of(format!("{}: ", counted(all, "task", "tasks"))).then(Line::joined(parts, ", "));
    let dates = match (with_date, unsaid) {
        (0, _) => ". None had a time by which it was to be done.".to_owned(),
        (_, 0) => format!(". {with_date} had a time by which to be done; {in_time} of these were done in time."),
        _ => format!(
            ". {with_date} had a time by which to be done; {in_time} of these were done in time; of {unsaid} it cannot be said, \
             because when they were done is not recorded as a time that can be read."
        ),
    };
    line.words(dates).cited([telling.run.record()])
}

type Changes<'a> = HashMap<Box<str>, Vec<(&'a Entry, Details)>>;

/// Entries that tell of tasks, by the title that they name, oldest first.
fn changes<'a>(telling: &Telling<'a>) -> Changes<'a> {
    let mut all = Changes::new();
    for entry in telling.run.entries(&["task_state_modified", "assignee_changed"]) {
        let details = Details::parse(&entry.details);
        let title = if details.task.is_empty() { title_in(&entry.summary) } else { Some(details.task.clone()) };
        if let Some(title) = title {
            all.entry(title).or_default().push((entry, details));
        }
    }
    all
}

/// The title in a sentence of the server: `checked off checklist item **Rotate keys**`.
fn title_in(summary: &str) -> Option<Box<str>> {
    let (_, rest) = summary.split_once("checklist item **")?;
    // Of who it was given to another pair of stars tells, behind these words.
    let end = rest.find("** from **").or_else(|| rest.rfind("**"))?;
    rest.get(..end).map(Box::from)
}

fn title_of(task: &Task) -> Line {
    let line = if task.title.is_empty() {
        Line::of("a task without a title")
    } else {
        Line::said_by_people(one_line(&task.title))
    };
    if task.is_hidden { line.words(" (hidden by a condition)") } else { line }
}

/// How far it came, and since when.
fn state(telling: &Telling<'_>, task: &Task) -> Line {
    let line = match &task.state {
        TaskState::Other(word) => {
            Line::of("the word ").said(one_line(word)).words(", which says nothing that is known")
        }
        state => Line::of(state.word().to_owned()),
    };
    let line = match (&task.state, task.state_modified) {
        (TaskState::Open, 0) => line,
        (_, 0) => line.words("; when is not recorded as a time that can be read"),
        (_, at) => line.words(" ").at(at),
    };
    line.cited([telling.run.record()])
}

/// Where the last entry about a task says something else than the row.
fn contradiction(task: &Task, own: &[(&Entry, Details)], repeated: &HashMap<&str, usize>) -> Line {
    let last = own.iter().rev().find(|(entry, _)| *entry.kind == *"task_state_modified" && entry.delete_at == 0);
    let Some((entry, details)) = last.filter(|_| !repeated.contains_key(&*task.title)) else { return Line::default() };
    let expected = match &*details.action {
        "check" => TaskState::Closed,
        "uncheck" | "restore" => TaskState::Open,
        "skip" => TaskState::Skipped,
        "in_progress" => TaskState::InProgress,
        _ => return Line::default(),
    };
    if task.state == expected {
        return Line::default();
    }
    Line::of("; the timeline ends with ").words(expected.word().to_owned()).cited([of_entry(entry)])
}

/// Who changed its state, each time.
fn changed_by(telling: &Telling<'_>, task: &Task, own: &[(&Entry, Details)], repeated: &HashMap<&str, usize>) -> Line {
    let states: Vec<_> = own.iter().filter(|(entry, _)| *entry.kind == *"task_state_modified").collect();
    if states.is_empty() {
        return match task.state {
            TaskState::Open => Line::of("nobody"),
            _ => Line::of("not recorded: the timeline has no entry for it"),
        };
    }
    if let Some(count) = repeated.get(&*task.title) {
        let line = Line::of(format!("cannot be told: {count} tasks have this title"));
        return line.cited(states.iter().map(|(entry, _)| of_entry(entry)));
    }
    let lines = states.into_iter().map(|(entry, details)| {
        let verb = match &*details.action {
            "check" => ", done ",
            "uncheck" => ", opened again ",
            "skip" => ", skipped ",
            "restore" => ", restored ",
            "in_progress" => ", begun ",
            _ => ", changed ",
        };
        let line = telling.actor(entry).words(verb).at(entry.event_at);
        let line = if entry.delete_at > 0 { line.words(" (entry taken off the timeline)") } else { line };
        line.cited([of_entry(entry)])
    });
    Line::joined(lines, "; ")
}

fn assigned(telling: &Telling<'_>, task: &Task) -> Line {
    match (&*task.assignee_id, task.assignee_modified) {
        ("", _) => Line::of("nobody's"),
        (user, 0) => telling.person(user),
        (user, at) => telling.person(user).words(" since ").at(at),
    }
}

/// Whether it was done when it was to be done.
fn due(telling: &Telling<'_>, task: &Task) -> Line {
    if task.due_date == 0 {
        return Line::of("no time was set");
    }
    if task.due_date < 0 {
        return Line::of(format!("the time set is no time: {}", task.due_date)).cited([telling.run.record()]);
    }
    let line = match (&task.state, task.state_modified) {
        (TaskState::Skipped, _) => Line::of("skipped; it was due "),
        (TaskState::Closed, ..=0) => {
            Line::of("cannot be said, because when it was done is not recorded as a time that can be read; it was due ")
        }
        (TaskState::Closed, at) if at <= task.due_date => Line::of("in time; it was due "),
        (TaskState::Closed, at) => {
            Line::of(format!("{} late; it was due ", in_words(at.saturating_sub(task.due_date))))
        }
        _ if task.due_date > telling.work.sealed.as_of().at => Line::of("not done yet; it is due "),
        _ => Line::of("not done; it was due "),
    };
    line.at(task.due_date).cited([telling.run.record()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_found_in_sentences() {
        for (summary, expected) in [
            ("checked off checklist item **Rotate keys**", Some("Rotate keys")),
            ("checked off checklist item **a ** b**", Some("a ** b")),
            ("changed assignee of checklist item **T** from **@a** to **@b**", Some("T")),
            ("checklist item **open", None),
            ("something else", None),
            ("", None),
        ] {
            assert_eq!(title_in(summary).as_deref(), expected, "{summary}");
        }
    }
}
