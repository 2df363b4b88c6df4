//! What is not as it should be with an incident: stated as exceptions, never passed over.
//!
//! Invariant: the words come from fixed vocabularies; what varies are ids, times and numbers. Nothing is concluded: that a
//! post is gone is said, and not why.

use std::collections::BTreeMap;

use serde_json::Value;

use super::because::Reason;
use super::question::{filled, number};
use super::trace::Trace;
use crate::record::exception::{Class, Exception};
use crate::record::time::{self, Millis};
use crate::source::tables::scope::Ids;
use crate::source::tables::tell::Told;

/// Events that may well come after the end of a run.
const AFTERWARDS: [&str; 7] = [
    "published_retrospective",
    "canceled_retrospective",
    "retrospective_enabled",
    "retrospective_disabled",
    "run_restored",
    "channel_archived",
    "channel_unarchived",
];

/// What was noticed on the way.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Channels that a run names and the server no longer has.
    pub(super) channels: Ids,
    /// People who took part and whose accounts are gone.
    pub(super) people: Ids,
    /// Status posts, posts that runs were started from, and posts on their timelines, that are gone.
    pub(super) status: Ids,
    /// Posts that are linked to; in the end those that are gone.
    pub(super) links: Ids,
    /// Direct and group channels that the run or a post names and that were not asked for.
    pub(super) left_out: Ids,
    /// Direct and group channels that the run was broadcast to and in which people are who took no part.
    pub(super) strangers: Ids,
    /// Playbooks that are there.
    pub(super) playbooks: Ids,
    /// What the timeline says, by run.
    timelines: BTreeMap<Box<[u8]>, Timeline>,
    /// What is wrong with the checklists, by run.
    checklists: BTreeMap<Box<[u8]>, &'static str>,
}

/// What the timeline of a run says.
#[derive(Debug, Default)]
struct Timeline {
    removed: u64,
    restored: u64,
    first: Option<Millis>,
    last: Option<Millis>,
}

impl Gaps {
    /// Takes note of an event of a timeline.
    pub(super) fn hear(&mut self, told: &Told<'_>, kind: &str) {
        let Some(run) = filled(told, "playbook_run_id") else { return };
        let timeline = self.timelines.entry(run).or_default();
        timeline.removed += u64::from(number(told, "delete_at") != 0);
        timeline.restored += u64::from(kind == "run_restored");
        if AFTERWARDS.contains(&kind) {
            return;
        }
        let at = number(told, "event_at");
        timeline.first = Some(timeline.first.map_or(at, |first| first.min(at)));
        timeline.last = Some(timeline.last.map_or(at, |last| last.max(at)));
    }

    /// Looks at the checklists of a run, as far as they are needed to tell tasks and their states.
    pub(super) fn read_checklists(&mut self, told: &Told<'_>) {
        let Some(run) = filled(told, "id") else { return };
        let text = told("checklists").unwrap_or_default();
        if let Some(wrong) = wrong_with(&text) {
            self.checklists.insert(run, wrong);
        }
    }
}

/// What is wrong with the JSON of checklists: `[{"items":[{"title","state",…}]}]`, or with a tick, `"checked"`, where the first
/// releases had no state.
fn wrong_with(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        return Some("nothing");
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return Some("no JSON") };
    let lists = match &value {
        Value::Null => return None,
        Value::Array(lists) => lists,
        _ => return Some("JSON that is no list"),
    };
    for list in lists {
        let items = match (list, list.get("items")) {
            (Value::Object(_), Some(Value::Array(items))) => items,
            (Value::Object(_), None | Some(Value::Null)) => continue,
            _ => return Some("a checklist that has no list of tasks"),
        };
        for item in items {
            let text = |name: &str| item.get(name).and_then(Value::as_str);
            if text("title").is_none() {
                return Some("a task without a title");
            }
            match text("state") {
                Some("" | "in_progress" | "closed" | "skipped") => {}
                Some(_) => return Some("a task in a state that is not known"),
                None if item.get("checked").is_some_and(Value::is_boolean) => {}
                None => return Some("a task without a state"),
            }
        }
    }
    None
}

impl Trace<'_> {
    /// Everything that is not as it should be.
    pub(super) fn exceptions(&self) -> Vec<Exception> {
        let mut all = Vec::new();
        let mut say = |class, object: String, expected, found: String| {
            all.push(Exception { class, object, expected, found, records: 0 });
        };
        let text = |id: &[u8]| String::from_utf8_lossy(id).into_owned();
        let at = |at: Millis| time::format(at).unwrap_or_else(|| format!("ms:{at}"));
        let there = "something that the incident names, still there";
        for (what, ids) in [
            ("channel", &self.gaps.channels),
            ("user", &self.gaps.people),
            ("post", &self.gaps.status),
            ("post", &self.gaps.links),
        ] {
            for id in ids {
                let found = match what {
                    "channel" => "no such channel: deleted for good",
                    "user" => "no such account: somebody who took part",
                    _ if self.gaps.links.contains(id) => "no such post: linked to by a post of the run's channel",
                    _ => "no such post: a status update, what the run was started from, or on its timeline",
                };
                say(Class::IncidentGone, format!("{what}/{}", text(id)), there, found.to_owned());
            }
        }
        for (id, _) in self.posts.gone() {
            let found = "no such post: somebody answered it or attached a file in the window".to_owned();
            say(Class::IncidentGone, format!("post/{}", text(id)), there, found);
        }
        for playbook in self.incident.playbooks.difference(&self.gaps.playbooks) {
            let found = "no such playbook".to_owned();
            say(Class::IncidentGone, format!("playbook/{}", text(playbook)), there, found);
        }
        for (run, wrong) in &self.gaps.checklists {
            let object = format!("playbook_run/{}", text(run));
            say(Class::IncidentUnreadable, object, "checklists with tasks and their states", (*wrong).to_owned());
        }
        for channel in &self.gaps.left_out {
            let found = "left out: a direct or group channel that the run or a post of its channel names".to_owned();
            say(
                Class::NoteIncidentLink,
                format!("channel/{}", text(channel)),
                "channels that the incident names",
                found,
            );
        }
        for channel in &self.gaps.strangers {
            let found =
                "in scope: a direct or group channel that the run was broadcast to, with people who took no part";
            let object = format!("channel/{}", text(channel));
            say(Class::NoteIncidentLink, object, "direct and group channels among participants", found.to_owned());
        }
        for (id, reason) in &self.incident.channels {
            if let Some(channel) =
                self.channels.get(id).filter(|channel| channel.deleted != 0 && *reason == Reason::Channel)
            {
                let found = format!("archived at {}", at(channel.deleted));
                say(Class::NoteIncidentChannel, format!("channel/{}", text(id)), "a channel in use", found);
            }
        }
        for run in self.incident.runs.values() {
            let object = || format!("playbook_run/{}", text(&run.id));
            let shares = |other: &&super::run::Run| {
                run.channel.is_some() && other.channel == run.channel && !self.incident.runs.contains_key(&other.id)
            };
            for other in self.all.iter().filter(shares) {
                let found = format!("also that of playbook_run/{}", text(&other.id));
                say(Class::NoteIncidentShared, object(), "a channel of its own", found);
            }
            if run.channel.is_none() {
                say(Class::IncidentGone, object(), "a channel", "none".to_owned());
            }
            if run.deleted != 0 {
                let found = format!("deleted at {}", at(run.deleted));
                say(Class::NoteIncidentLife, object(), "a run that is not deleted", found);
            }
            if run.ended == 0 {
                say(Class::NoteIncidentLife, object(), "a run that is finished", "not finished".to_owned());
            } else if run.ended < run.begun {
                let found = format!("begun at {}, finished at {}", at(run.begun), at(run.ended));
                say(Class::NoteIncidentLife, object(), "a run that ends after it begins", found);
            }
            let Some(timeline) = self.gaps.timelines.get(&run.id) else { continue };
            if timeline.restored > 0 {
                let found = format!("restarted {} times", timeline.restored);
                say(Class::NoteIncidentLife, object(), "a run that goes on once", found);
            }
            if timeline.removed > 0 {
                let found = format!("{} entries taken off it; they are records all the same", timeline.removed);
                say(Class::NoteIncidentRemoved, object(), "a timeline with all its entries", found);
            }
            let before = timeline.first.filter(|first| *first < run.begun);
            let behind = timeline.last.filter(|last| run.ended != 0 && *last > run.ended.max(run.begun));
            for (when, word) in
                before.map(|at| (at, "before it begins")).into_iter().chain(behind.map(|at| (at, "after it ended")))
            {
                let found = format!("an entry of {}, {word}", at(when));
                say(Class::NoteIncidentLife, object(), "a timeline within the run's life", found);
            }
        }
        all.sort_by(|a, b| (a.class, &a.object, &a.found).cmp(&(b.class, &b.object, &b.found)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checklists_are_read_as_they_come() {
        for (text, wrong) in [
            ("[]", None),
            ("null", None),
            (
                r#"[{"title":"x"},{"items":null},{"items":[{"title":"t","state":""},{"title":"u","state":"skipped"}]}]"#,
                None,
            ),
            ("", Some("nothing")),
            ("{", Some("no JSON")),
            ("{}", Some("JSON that is no list")),
            ("[1]", Some("a checklist that has no list of tasks")),
            (r#"[{"items":{}}]"#, Some("a checklist that has no list of tasks")),
            (r#"[{"items":[1]}]"#, Some("a task without a title")),
            (r#"[{"items":[{"title":"t","checked":true}]}]"#, None),
            (r#"[{"items":[{"title":"t","checked":"yes"}]}]"#, Some("a task without a state")),
            (r#"[{"items":[{"title":"t","state":"Closed"}]}]"#, Some("a task in a state that is not known")),
        ] {
            assert_eq!(wrong_with(text), wrong, "{text}");
        }
        assert_eq!(wrong_with(&"[".repeat(100_000)), Some("no JSON"), "no stack is exhausted");
    }
}
