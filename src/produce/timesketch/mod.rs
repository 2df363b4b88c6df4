//! `timesketch`: what happened, one event in a line, for Timesketch and plaso.
//!
//! Rules of the importer that are kept: `message`, `datetime` with an offset and `timestamp_desc` are in every event,
//! `timestamp` is given in microseconds, a key has one type in the whole file, what is empty is left out, and no key is
//! one that the importer removes. Keys of our own begin with `mm_`.
//!
//! One record can be several events: a post is written, edited and deleted. An earlier version of a post is the event
//! `Post version replaced`, with the text that was replaced. Events of the collection itself stand first, so that no
//! timeline is too short for the importer. A time that no calendar can show makes no event and is listed.

mod event;
mod posts;
mod rest;

use std::io::Write as _;

use super::records::LeftOut;
use super::replaced::{Replaced, Replacement};
use super::wanted::Wanted;
use super::{Folder, Made, ProduceError, Work};
use crate::archive::walk::{SegmentText, Walk};
use crate::produce::labels::Labels;
use crate::record::time;
use event::{Event, Events};

/// The file; its name must end like this.
const FILE: &str = "timeline.jsonl";

/// Writes `timeline.jsonl`.
pub fn make(work: &Work<'_>, folder: &Folder, replaced: &mut Replaced) -> Result<Made, ProduceError> {
    let wanted = Wanted::find(*work)?;
    let labels = Labels::of(work.directory);
    let mut to = folder.create(FILE)?;
    let mut first = Events::new("archive");
    collection(work, &mut first);
    to.write_all(first.lines()).map_err(|error| to.failed(error))?;
    let mut count = first.count();
    let mut left_out = LeftOut::default();
    let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| rest::is_event(kind) || kind == "post");
    work.progress.expect(walk.bytes());
    walk.for_each_segment(
        |segment| events(segment, &wanted, &labels),
        |events| {
            to.write_all(events.lines()).map_err(|error| to.failed(error))?;
            count = count.saturating_add(events.count());
            left_out.add(events.kind(), events.left_out);
            for (kind, id) in events.without_time() {
                let why = "a time outside the years 0000 to 9999 makes no event".to_owned();
                let replacement = Replacement { kind, id: id.clone(), what: "time-out-of-range", why };
                replaced.push(&replacement).map_err(|error| folder.temporary_failed(error))?;
            }
            Ok::<_, ProduceError>(())
        },
    )?;
    to.finish()?;
    Ok(Made { counts: vec![("events", count)], remarks: left_out.remarks() })
}

fn events(segment: SegmentText<'_>, wanted: &Wanted<'_>, labels: &Labels<'_>) -> Events {
    let kind = segment.kind();
    let mut events = Events::new(kind);
    for (index, line) in segment.lines() {
        if !wanted.admits(kind, line) {
            events.left_out += 1;
            continue;
        }
        events.begin(index, line);
        if kind == super::post::KIND {
            posts::add(&mut events, line, labels);
        } else {
            rest::add(&mut events, kind, line, labels);
        }
    }
    events
}

/// What happened to the evidence itself.
fn collection(work: &Work<'_>, events: &mut Events) {
    let seal = &work.sealed.seal;
    let origin = seal.archive_origin();
    let begins = match seal.window.from {
        Some(_) => "the window of the archive begins",
        None => "the archive has no beginning of its own; this mark stands at its seal",
    };
    let ends = match seal.window.until {
        Some(_) => "the window of the archive ends",
        None => "the archive has no end of its own; this mark stands at its seal",
    };
    let marks = [
        (seal.window.from.unwrap_or(seal.time), "Collection begins", "window:begin", begins),
        (seal.window.until.unwrap_or(seal.time), "Collection ends", "window:end", ends),
        (seal.time, "Archive sealed", "archive:sealed", "the archive was sealed"),
        (work.time, "Timeline made", "timeline:made", "this timeline was made"),
    ];
    for (at, description, data_type, what) in marks {
        let standing = work.sealed.standing.words();
        let message = format!("{what}: {origin}, {} records, {standing}", seal.records);
        let event = Event { at, description, data_type, message: &message, id: &origin };
        if let Some(mut event) = events.event(&event) {
            event.text("mm_archive_hash", &work.sealed.digest());
            event.end();
        }
    }
}

/// A time as the importer wants it: an offset, and microseconds.
fn datetime(at: time::Millis) -> Option<String> {
    let text = time::format(at)?;
    Some(format!("{}000+00:00", text.strip_suffix('Z')?))
}
