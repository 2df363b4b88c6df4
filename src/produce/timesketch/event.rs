//! The lines of a timeline for Timesketch.

use super::datetime;
use crate::produce::incident::event::{Event, More};
use crate::produce::incident::events::Record;
use crate::produce::incident::run::Runs;
use crate::produce::labels::Labels;
use crate::record::line::{push_integer, push_string};
use crate::record::time::Millis;

/// What every event says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark<'e> {
    /// When it happened.
    pub(super) at: Millis,
    /// What the time means.
    pub(super) description: &'static str,
    /// Its sort, behind `mattermost:`.
    pub(super) data_type: &'static str,
    /// What an examiner reads.
    pub(super) message: &'e str,
    /// Kind and id of the record.
    pub(super) kind: &'e str,
    pub(super) id: &'e str,
}

/// Appends an event as a line; false, and nothing, if its time cannot be shown.
pub fn push(out: &mut Vec<u8>, record: &Record<'_>, event: &Event<'_>, labels: &Labels<'_>, runs: &Runs) -> bool {
    let Event { at, description, data_type, kind, id, .. } = *event;
    let mark = Mark { at, description, data_type, message: &event.message, kind, id };
    let Some(mut open) = begin(out, &mark) else { return false };
    if let Some(index) = record.index {
        open.integer("mm_record_index", i64::try_from(index).unwrap_or(i64::MAX));
    }
    open.text("mm_record_hash", record.hash());
    open.text("mm_event", event.sort.word());
    if !event.channel.is_empty() {
        open.text("mm_channel_id", event.channel);
        open.text("mm_channel", labels.channel(event.channel));
        open.text("mm_team", labels.team(event.channel));
    }
    let user = if event.user.is_empty() { &*event.actor } else { event.user };
    if !user.is_empty() {
        open.text("mm_user_id", user);
        open.text("mm_user", labels.user(user));
    }
    if !event.actor.is_empty() && *event.actor != *user {
        open.text("mm_actor_id", &event.actor);
        open.text("mm_actor", labels.user(&event.actor));
    }
    if !event.run.is_empty() {
        open.text("mm_run_id", event.run);
        open.text("mm_run", runs.get(event.run).map_or("", |run| &run.name));
    }
    open.flag("mm_milestone", event.is_milestone);
    for (name, more) in &event.more {
        match more {
            More::Text(text) => open.text(name, text),
            More::Integer(number) => open.integer(name, *number),
            More::True => open.flag(name, true),
        }
    }
    open.end();
    true
}

/// An event that can still be added to.
pub(super) struct Open<'o>(&'o mut Vec<u8>);

/// Begins an event; `None` if its time cannot be shown.
pub(super) fn begin<'o>(out: &'o mut Vec<u8>, mark: &Mark<'_>) -> Option<Open<'o>> {
    let (text, micros) = (datetime(mark.at)?, mark.at.checked_mul(1000)?);
    out.extend_from_slice(b"{\"message\":");
    push_string(out, mark.message);
    let mut open = Open(out);
    open.text("datetime", &text);
    open.integer("timestamp", micros);
    open.text("timestamp_desc", mark.description);
    open.0.extend_from_slice(b",\"data_type\":\"mattermost:");
    open.0.extend_from_slice(mark.data_type.as_bytes());
    open.0.push(b'"');
    open.text("source_short", "MM");
    open.text("mm_kind", mark.kind);
    open.text("mm_record_id", mark.id);
    Some(open)
}

impl Open<'_> {
    /// A text; nothing if it is empty.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.key(key);
            push_string(self.0, text);
        }
    }

    fn integer(&mut self, key: &str, number: i64) {
        self.key(key);
        push_integer(self.0, number);
    }

    /// Nothing if it is not so.
    fn flag(&mut self, key: &str, is_set: bool) {
        if is_set {
            self.key(key);
            self.0.extend_from_slice(b"true");
        }
    }

    fn key(&mut self, key: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    pub(super) fn end(self) {
        self.0.extend_from_slice(b"}\n");
    }
}
