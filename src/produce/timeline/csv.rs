//! One row for each event; cells that a spreadsheet would execute are neutralised ([`formula`]).

use crate::produce::formula::{self, Guarded};
use crate::produce::incident::{Event, Record, Runs};
use crate::produce::labels::Labels;
use crate::record::time;

const COLUMNS: [&str; 18] = [
    "time",
    "at",
    "event",
    "milestone",
    "description",
    "message",
    "actor_id",
    "actor",
    "shown_as",
    "channel_id",
    "channel",
    "run_id",
    "run",
    "record_kind",
    "record_id",
    "record_index",
    "record_hash",
    "post_id",
];

/// Appends the header.
pub(super) fn header(out: &mut Vec<u8>) {
    formula::header(out, &COLUMNS);
}

/// Appends the row of an event.
pub(super) fn push(out: &mut Vec<u8>, record: &Record<'_>, event: &Event<'_>, labels: &Labels<'_>, runs: &Runs) {
    let mut row = Guarded::new(out, &COLUMNS);
    row.plain(&time::format(event.at).unwrap_or_default());
    row.plain(&event.at.to_string());
    row.plain(event.sort.word());
    row.plain(if event.is_milestone { "true" } else { "false" });
    row.plain(event.description);
    row.text(&event.message);
    let run = runs.get(event.run).map_or("", |run| &run.name);
    let named = |id: &str, name: &str| if id.is_empty() { String::new() } else { name.to_owned() };
    for text in [
        &*event.actor,
        &named(&event.actor, labels.user(&event.actor)),
        &event.shown_as,
        event.channel,
        &named(event.channel, labels.channel(event.channel)),
        event.run,
        run,
        event.kind,
        event.id,
    ] {
        if text.is_empty() { row.nothing() } else { row.text(text) }
    }
    row.plain(&record.index.map(|index| index.to_string()).unwrap_or_default());
    row.plain(record.hash());
    match event.text("mm_post_id") {
        "" => row.nothing(),
        post => row.text(post),
    }
    row.end();
}
