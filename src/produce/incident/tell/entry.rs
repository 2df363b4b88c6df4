//! What runs tell: their timelines entry by entry, and of their rows what no entry tells.

use std::borrow::Cow;

use super::Teller;
use crate::produce::incident::details::Details;
use crate::produce::incident::event::{Event, Sort, What};
use crate::produce::incident::run::{Entry, Run, Runs};
use crate::produce::incident::{Task, TaskState};
use crate::record::fields::{Head, plain};
use crate::record::time::Millis;

const KIND: &str = "run_event";

/// What each type of entry is, and whether it marks how the run went.
const TYPES: [(&str, Sort, &str, &str, bool); 22] = [
    ("incident_created", Sort::Run, "Playbook run started", "run:started", true),
    ("run_finished", Sort::Run, "Playbook run finished", "run:finished", true),
    ("run_restored", Sort::Run, "Playbook run taken up again", "run:restored", true),
    ("status_updated", Sort::Status, "Playbook status posted", "run:status", true),
    ("status_update_requested", Sort::Status, "Playbook status asked for", "run:status-asked", false),
    ("status_update_snoozed", Sort::Status, "Playbook status put off", "run:status-snoozed", false),
    ("status_updates_enabled", Sort::Status, "Playbook status updates switched on", "run:status-on", false),
    ("status_updates_disabled", Sort::Status, "Playbook status updates switched off", "run:status-off", false),
    ("owner_changed", Sort::Owner, "Playbook owner changed", "run:owner", true),
    ("task_state_modified", Sort::Task, "Playbook task changed", "run:task", false),
    ("assignee_changed", Sort::Task, "Playbook task assigned", "run:assignee", false),
    ("ran_slash_command", Sort::Task, "Playbook command run", "run:command", false),
    ("event_from_post", Sort::Run, "Post put on the timeline", "run:post", true),
    ("user_joined_left", Sort::Join, "Playbook run joined or left", "run:participants", false),
    ("participants_changed", Sort::Join, "Playbook run joined or left", "run:participants", false),
    ("published_retrospective", Sort::Run, "Playbook retrospective published", "run:retrospective", true),
    ("canceled_retrospective", Sort::Run, "Playbook retrospective declined", "run:retrospective-declined", true),
    ("retrospective_enabled", Sort::Run, "Playbook retrospective switched on", "run:retrospective-on", false),
    ("retrospective_disabled", Sort::Run, "Playbook retrospective switched off", "run:retrospective-off", false),
    ("channel_archived", Sort::Place, "Playbook channel archived", "run:channel-archived", false),
    ("channel_unarchived", Sort::Place, "Playbook channel taken up again", "run:channel-unarchived", false),
    ("property_changed", Sort::Run, "Playbook attribute changed", "run:attribute", false),
];

const OTHER: What = What { sort: Sort::Run, description: "Playbook event", data_type: "run:event" };
const REMOVED: What = What { sort: Sort::Run, description: "Timeline entry removed", data_type: "run:entry-removed" };

/// Hands on the events of an entry: what it tells of, and that it was taken off the timeline.
pub(super) fn tell<'e>(teller: &Teller<'e>, line: &'e [u8], each: &mut impl FnMut(Event<'e>)) {
    let head = Head::of(line, KIND);
    let (of, entry) = Runs::entry(&head);
    let run = teller.runs.get(&of);
    let (id, run_id) = (head.id, plain(head.pick(["playbook_run_id"])[0]));
    let details = Details::parse(&entry.details);
    let found = TYPES.iter().find(|(word, ..)| *word == &*entry.kind);
    let mut what =
        found.map_or(OTHER, |(_, sort, description, data_type, _)| What { sort: *sort, description, data_type });
    if what.sort == Sort::Join && matches!(&*details.action, "left" | "removed") {
        what.sort = Sort::Leave;
    }
    let event = |at: Millis, what: &What, message: String| {
        let mut event = Event::new(at, what, KIND, id);
        event.message = message;
        event.actor = Cow::Owned(entry.actor().to_owned());
        event.run = run_id;
        event.channel = run.map_or("", |run| &run.channel_id);
        event.add("mm_post_id", entry.post_id.to_string());
        event.add("mm_entry_type", entry.kind.to_string());
        event.add("mm_task", details.task.to_string());
        event
    };
    let said = words(teller, run, &entry, &details);
    let mut told = event(entry.event_at, &what, said.clone());
    told.is_milestone = found.is_some_and(|(.., is_milestone)| *is_milestone) && entry.delete_at == 0;
    each(told);
    if entry.delete_at > 0 {
        let mut removed = event(entry.delete_at, &REMOVED, format!("an entry was taken off the timeline: {said}"));
        // The row does not say who did it.
        removed.actor = Cow::Borrowed("");
        each(removed);
    }
}

fn words(teller: &Teller<'_>, run: Option<&Run>, entry: &Entry, details: &Details) -> String {
    let who = teller.who(entry.actor());
    let name = run.map_or("a run that is not in the archive", |run| &run.name);
    let people = || {
        let names = details.users.iter().map(|name| format!("@{name}")).collect::<Vec<_>>().join(", ");
        if names.is_empty() { teller.who(entry.actor()) } else { names }
    };
    match &*entry.kind {
        "incident_created" => format!("{who} started the run {name}"),
        "run_finished" => format!("{who} finished the run {name}"),
        "run_restored" => format!("{who} took up the run {name} again"),
        "status_updated" => {
            let text = run.and_then(|run| run.status_posts.iter().find(|update| update.post_id == entry.post_id));
            let text = text.and_then(|update| update.post.as_ref()).map(|post| &*post.text);
            let text = text.unwrap_or("(the post is not in the archive)");
            format!("{who} posted a status update: {text}")
        }
        "status_update_requested" => format!("{who} asked for a status update"),
        "owner_changed" if entry.summary.is_empty() => format!("{who} changed the owner of the run {name}"),
        "owner_changed" => format!("the run {name} changed hands: {}", entry.summary),
        "task_state_modified" if !details.task.is_empty() => {
            let verb = match &*details.action {
                "check" => "ticked off",
                "uncheck" => "unticked",
                "skip" => "skipped",
                "restore" => "restored",
                "in_progress" => "began",
                _ => "changed",
            };
            format!("{who} {verb} the task {}", details.task)
        }
        "user_joined_left" | "participants_changed" => match &*details.action {
            "joined" => format!("{} joined the run {name}", people()),
            "left" | "removed" => format!("{} left the run {name}", people()),
            _ => format!("{} joined or left the run {name}", people()),
        },
        "event_from_post" => format!("{who} put a post on the timeline: {}", entry.summary),
        "published_retrospective" => format!("{who} published the retrospective of {name}"),
        "canceled_retrospective" => format!("{who} declined to write a retrospective of {name}"),
        "property_changed" if !details.property.is_empty() => {
            format!("{who} set {} to {}", details.property, details.value)
        }
        // The server's sentences begin with a verb.
        _ if !entry.summary.is_empty() => format!("{who} {}", entry.summary),
        kind => format!("{who}: {kind} {}", entry.details),
    }
}

/// Hands on what the row of a run tells and its timeline does not.
pub(super) fn tell_run<'e>(teller: &Teller<'e>, line: &'e [u8], each: &mut impl FnMut(Event<'e>)) {
    let head = Head::of(line, "playbook_run");
    let Some(run) = teller.runs.get(head.id) else { return };
    let mut one = |at: Millis, types: &[&str], what: What, actor: &'e str, message: String, is_milestone: bool| {
        if at == 0 || teller.is_told(&run.id, types, at) {
            return;
        }
        let mut event = Event::new(at, &what, "playbook_run", head.id);
        event.message = message;
        event.actor = Cow::Borrowed(actor);
        event.run = &run.id;
        event.channel = &run.channel_id;
        event.is_milestone = is_milestone;
        each(event);
    };
    let of = |sort, description, data_type| What { sort, description, data_type };
    let reporter = if run.reporter_id.is_empty() { &run.owner_id } else { &run.reporter_id };
    let started = of(Sort::Run, "Playbook run started", "run:started");
    let words = format!("{} started the run {}", teller.who(reporter), run.name);
    one(run.create_at, &["incident_created"], started, reporter, words, true);
    let ended = of(Sort::Run, "Playbook run finished", "run:finished");
    one(run.end_at, &["run_finished"], ended, "", format!("the run {} was finished", run.name), true);
    let published = of(Sort::Run, "Playbook retrospective published", "run:retrospective");
    let words = format!("the retrospective of {} was published", run.name);
    let types = ["published_retrospective", "canceled_retrospective"];
    one(run.retrospective_published_at, &types, published, "", words, true);
    let summary = of(Sort::Run, "Playbook summary changed", "run:summary");
    one(run.summary_modified_at, &[], summary, "", format!("the summary of {} was changed", run.name), false);
    for (_, task) in run.tasks() {
        let changed = of(Sort::Task, "Playbook task changed", "run:task");
        let words = format!("the task {} is {}", task.title, task.state.word());
        if task.state != TaskState::Open {
            one(task.state_modified, &["task_state_modified"], changed, "", words, false);
        }
        let (due, words) = due(task);
        one(task.due_date, &[], due, "", words, false);
    }
}

/// That a task was to be done by then.
fn due(task: &Task) -> (What, String) {
    let what = What { sort: Sort::Task, description: "Playbook task due", data_type: "run:due" };
    (what, format!("the task {} was due", task.title))
}
