//! How the run went: its milestones, and what was said officially, in order.

use std::collections::{BTreeMap, HashMap};

use super::document::{Line, Section};
use super::gather::Shown;
use super::telling::{Telling, of_entry, of_post};
use crate::produce::incident::details::names;
use crate::produce::incident::{Entry, RecordId, StatusPost};
use crate::produce::mail::one_line;
use crate::record::time::Millis;

/// Entries that tell of tasks and participants; they have sections of their own.
const ELSEWHERE: [&str; 5] =
    ["task_state_modified", "assignee_changed", "ran_slash_command", "user_joined_left", "participants_changed"];

/// A line of the course.
struct Step {
    at: Millis,
    what: Line,
    who: Line,
}

/// The section of milestones.
pub(super) fn milestones(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("milestones", "Milestones");
    let run = telling.run;
    let mut steps: Vec<Step> = run
        .timeline
        .iter()
        .filter(|entry| !ELSEWHERE.contains(&&*entry.kind))
        .map(|entry| Step { at: entry.event_at, what: told(telling, entry), who: telling.actor(entry) })
        .collect();
    // What the row says and no entry does.
    let is_told = |kind: &str, at| run.timeline.iter().any(|entry| *entry.kind == *kind && entry.event_at == at);
    let mut add = |at: Millis, kind: &str, what: &'static str, who: Line| {
        if at > 0 && !is_told(kind, at) {
            steps.push(Step { at, what: Line::of(what).cited([run.record()]), who });
        }
    };
    let unknown = || Line::of("not recorded");
    let reporter = if run.reporter_id.is_empty() { unknown() } else { telling.person(&run.reporter_id) };
    add(run.create_at, "incident_created", "the run was started", reporter);
    add(run.end_at, "run_finished", "the run was finished", unknown());
    add(run.delete_at, "run_deleted", "the run was deleted", unknown());
    if run.retrospective_was_canceled {
        add(run.retrospective_published_at, "canceled_retrospective", "the retrospective was declined", unknown());
    } else {
        add(run.retrospective_published_at, "published_retrospective", "the retrospective was published", unknown());
    }
    if run.summary_modified_at != run.create_at {
        add(run.summary_modified_at, "", "the summary was last changed", unknown());
    }
    if let Some(post) = &run.started_from {
        let what = Line::of("the post was written that the run was started from");
        let what = what.cited([run.record(), of_post(&run.post_id)]);
        steps.push(Step { at: post.create_at, what, who: telling.person(&post.user_id) });
    }
    steps.sort_by_key(|step| step.at);
    if steps.is_empty() {
        section.missing(Line::of("The archive tells of no milestone of this run.").cited([run.record()]));
        return section;
    }
    let rows = steps.into_iter().map(|step| vec![Line::at_or(step.at, "no time"), step.what, step.who]);
    section.table(&["when", "what", "who"], rows.collect());
    section
}

/// What an entry of the timeline tells, with what it rests on.
fn told(telling: &Telling<'_>, entry: &Entry) -> Line {
    let line = match &*entry.kind {
        "incident_created" => Line::of("the run was started"),
        "run_finished" => Line::of("the run was finished"),
        "run_restored" => Line::of("the run was taken up again"),
        "status_updated" => Line::of("a status update was made"),
        "status_update_requested" => Line::of("a status update was asked for"),
        "status_update_snoozed" => Line::of("the next status update was put off"),
        "status_updates_enabled" => Line::of("status updates were switched on"),
        "status_updates_disabled" => Line::of("status updates were switched off"),
        "owner_changed" => match names(&entry.summary).as_slice() {
            [old, new] => {
                let line = Line::of("the run was handed over from ").then(telling.named(old));
                line.words(" to ").then(telling.named(new))
            }
            _ => Line::of("the run was handed over: ").said(one_line(&entry.summary)),
        },
        "event_from_post" => Line::of("a post was put on the timeline: ").said(one_line(&entry.summary)),
        "published_retrospective" => Line::of("the retrospective was published"),
        "canceled_retrospective" => Line::of("the retrospective was declined"),
        "retrospective_enabled" => Line::of("retrospectives were switched on"),
        "retrospective_disabled" => Line::of("retrospectives were switched off"),
        "channel_archived" => Line::of("the channel was archived"),
        "channel_unarchived" => Line::of("the channel was taken up again"),
        "property_changed" => Line::of("an attribute was changed: ").said(one_line(&entry.details)),
        other => {
            let line = Line::of("an entry of the sort ").code(one_line(other).into_owned());
            let rest = [&entry.summary, &entry.details].into_iter().filter(|text| !text.is_empty());
            rest.fold(line, |line, text| line.words(": ").said(one_line(text)))
        }
    };
    let line = if entry.delete_at > 0 {
        line.words(" (this entry was taken off the timeline ")
            .at(entry.delete_at)
            .words("; nobody is named who did it)")
    } else {
        line
    };
    let post = Some(&entry.post_id).filter(|id| !id.is_empty()).map(|id| of_post(id));
    line.cited([of_entry(entry)].into_iter().chain(post))
}

/// Something that was said officially.
#[derive(Default)]
struct Statement<'a> {
    at: Millis,
    why: Vec<Line>,
    post: Option<&'a Shown>,
    status: Option<&'a StatusPost>,
    records: Vec<RecordId>,
}

/// The section of decisions and status updates.
pub(super) fn statements(telling: &Telling<'_>) -> Section {
    let mut section = Section::new("decisions", "Decisions and status updates");
    section.text(Line::of(
        "Mattermost has no mark for a decision. What stands here is what people marked themselves: status updates of the \
         run, posts that were put on its timeline, and posts of its channel that were pinned or whose readers were asked to \
         acknowledge them. Texts stand as they are in the archive.",
    ));
    let statements = collected(telling);
    if statements.is_empty() {
        section
            .missing(Line::of("There was no status update, and nobody marked a post.").cited([telling.run.record()]));
    }
    for (id, statement) in statements {
        section.heading(heading(telling, &id, &statement));
        let team = team(telling, &statement);
        match (&statement.post, statement.status.and_then(|status| status.post.as_ref())) {
            (Some(post), _) => section.quote(&post.text, &team),
            (None, Some(said)) => section.quote(&said.text, &team),
            (None, None) => section.missing(
                Line::of("What it said is not in the archive: the post ").code(id.to_string()).words(" is missing."),
            ),
        }
        for note in notes(telling, &id, &statement) {
            section.text(note);
        }
    }
    section
}

/// Posts that are statements, by id, ordered by time; those without a time come last.
fn collected<'a>(telling: &Telling<'a>) -> Vec<(Box<str>, Statement<'a>)> {
    let (run, gathered) = (telling.run, telling.gathered);
    let mut all: BTreeMap<Box<str>, Statement<'a>> = BTreeMap::new();
    for status in &run.status_posts {
        let entries: Vec<&Entry> =
            run.entries(&["status_updated"]).filter(|entry| entry.post_id == status.post_id).collect();
        let statement = all.entry(status.post_id.clone()).or_default();
        let by = entries.first().map(|entry| Line::of("status update by ").then(telling.actor(entry)));
        statement.why.push(by.unwrap_or_else(|| Line::of("status update; its timeline has no entry for it")));
        statement.at = status.post.as_ref().map_or(0, |post| post.create_at);
        if statement.at == 0 {
            statement.at = entries.first().map_or(0, |entry| entry.event_at);
        }
        statement.status = Some(status);
        statement.records.push(RecordId::new("run_status_post", &status.id));
        statement.records.extend(entries.into_iter().map(of_entry));
    }
    for entry in run.entries(&["event_from_post"]) {
        let statement = all.entry(entry.post_id.clone()).or_default();
        let line = Line::of("put on the timeline by ").then(telling.actor(entry));
        let line = if entry.delete_at > 0 { line.words(", and taken off it ").at(entry.delete_at) } else { line };
        statement.why.push(line);
        statement.records.push(of_entry(entry));
        if statement.at == 0 {
            statement.at = entry.event_at;
        }
    }
    for (id, post) in &gathered.posts {
        if *post.channel_id == *run.channel_id && post.is_pinned {
            all.entry(id.clone()).or_default().why.push(Line::of("pinned"));
        }
        if let Some(record) = gathered.asked.get(id) {
            let statement = all.entry(id.clone()).or_default();
            statement.why.push(Line::of("readers were asked to acknowledge it"));
            statement.records.push(record.clone());
        }
    }
    for (id, statement) in &mut all {
        statement.post = gathered.posts.get(id);
        if let Some(post) = statement.post {
            statement.at = post.create_at;
        }
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by(|left, right| (left.1.at == 0, left.1.at, &left.0).cmp(&(right.1.at == 0, right.1.at, &right.0)));
    all
}

fn heading(telling: &Telling<'_>, id: &str, statement: &Statement<'_>) -> Line {
    let line = Line::at_or(statement.at, "At a time that is not recorded").words(" · ");
    let line = line.then(Line::joined(statement.why.iter().cloned(), "; "));
    let is_status = statement.status.is_some();
    let line = match statement.post {
        // A status update is written by a program, for whoever made it.
        Some(post) if !is_status => line.words(" · written by ").then(telling.person(&post.user_id)),
        _ => line,
    };
    line.cited(statement.records.iter().cloned().chain([of_post(id)]))
}

fn team(telling: &Telling<'_>, statement: &Statement<'_>) -> Box<str> {
    let channel = statement.post.map(|post| &post.channel_id);
    let channel = channel.and_then(|id| telling.work.directory.channel(id));
    channel.map_or_else(|| telling.run.team_id.clone(), |channel| channel.team_id.clone())
}

/// What became of a statement, and who acknowledged it.
fn notes(telling: &Telling<'_>, id: &str, statement: &Statement<'_>) -> Vec<Line> {
    let mut notes = Vec::new();
    let said = statement.status.and_then(|status| status.post.as_ref());
    let (edit_at, delete_at) = match (statement.post, said) {
        (Some(post), _) => (post.edit_at, post.delete_at),
        (None, Some(said)) => (said.edit_at, said.delete_at),
        (None, None) => (0, 0),
    };
    let channel = statement.post.map(|post| &*post.channel_id).or(said.map(|said| &*said.channel_id));
    if let Some(channel) = channel.filter(|channel| **channel != *telling.run.channel_id) {
        notes.push(Line::of("It was written in ").then(telling.channel(channel)).words("."));
    }
    if edit_at > 0 {
        notes.push(
            Line::of("Its text was changed; this is the last one, of ").at(edit_at).words(".").cited([of_post(id)]),
        );
    }
    if delete_at > 0 {
        let line = Line::of("It was deleted ").at(delete_at);
        let by = statement.post.map(|post| &*post.deleted_by).filter(|by| !by.is_empty());
        let line = match by {
            Some(by) => line.words(" by ").then(telling.person(by)),
            None => line.words("; nobody is named who did it"),
        };
        notes.push(line.words(".").cited([of_post(id)]));
    }
    let acknowledged = telling.gathered.acknowledged.get(id).map(Vec::as_slice).unwrap_or_default();
    let lines = acknowledged.iter().map(|one| {
        let line = telling.person(&one.user_id);
        let line = if one.at > 0 { line.words(" ").at(one.at) } else { line.words(", who took it back") };
        line.cited([one.record.clone()])
    });
    if !acknowledged.is_empty() {
        notes.push(Line::of("Acknowledged by ").then(Line::joined(lines, ", ")).words("."));
    } else if telling.gathered.asked.contains_key(id) {
        notes.push(Line::of("Nobody acknowledged it.").cited([of_post(id)]));
    }
    notes
}

/// Titles that several tasks have, with how many do.
pub(super) fn repeated<'t>(titles: impl Iterator<Item = &'t str>) -> HashMap<&'t str, usize> {
    let mut counts = HashMap::new();
    for title in titles {
        *counts.entry(title).or_insert(0) += 1;
    }
    counts.retain(|_, count| *count > 1);
    counts
}
