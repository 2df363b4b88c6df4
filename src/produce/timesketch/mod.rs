//! `timesketch`: what happened, one event in a line, for Timesketch and plaso.
//!
//! Rules of the importer that are kept: `message`, `datetime` with an offset and `timestamp_desc` are in every event,
//! `timestamp` is given in microseconds, a key has one type in the whole file, what is empty is left out, and no key is
//! one that the importer removes. Keys of our own begin with `mm_`.
//!
//! What is an event, and what it says, is told in [`incident`](super::incident); here it becomes a line. Events of the
//! collection itself stand first, so that no timeline is too short for the importer. A time that no calendar can show
//! makes no event and is listed. Kinds of records that tell of no moment, such as who is a member now, make none either:
//! the summary names them.

mod event;

use std::io::Write as _;

pub use event::push;

use super::incident::tell::is_event;
use super::incident::{Event, Record, Runs, Story};
use super::labels::Labels;
use super::records::LeftOut;
use super::replaced::{Replaced, Replacement};
use super::{Folder, Made, ProduceError, Work};
use crate::archive::walk::Walk;
use crate::record::time;
use event::Mark;

/// The file; its name must end like this.
const FILE: &str = "timeline.jsonl";

/// Lines of one part.
#[derive(Default)]
struct Part {
    lines: Vec<u8>,
    count: u64,
    /// Kind and id of records of which a time could not be shown.
    without_time: Vec<(String, String)>,
}

impl Part {
    fn push(&mut self, record: &Record<'_>, event: &Event<'_>, labels: &Labels<'_>, runs: &Runs) {
        if push(&mut self.lines, record, event, labels, runs) {
            self.count += 1;
        } else {
            self.without_time.push((event.kind.to_owned(), event.id.to_owned()));
        }
    }
}

/// Writes `timeline.jsonl`.
pub fn make(work: &Work<'_>, folder: &Folder, replaced: &mut Replaced) -> Result<Made, ProduceError> {
    let runs = Runs::read(work.sealed, work.directory, work.progress)?;
    let labels = Labels::of(work.directory);
    let story = Story::read(*work, &labels, &runs)?;
    let mut to = folder.create(FILE)?;
    let marks = collection(work);
    to.write_all(marks.concat().as_bytes()).map_err(|error| to.failed(error))?;
    let mut count = marks.len() as u64;
    let posts = story.for_each_part(
        |part: &mut Part, record, event| part.push(record, event, &labels, &runs),
        |part| {
            to.write_all(&part.lines).map_err(|error| to.failed(error))?;
            count = count.saturating_add(part.count);
            for (kind, id) in part.without_time {
                let why = "a time outside the years 0000 to 9999 makes no event".to_owned();
                let replacement = Replacement { kind, id, what: "time-out-of-range", why };
                replaced.push(&replacement).map_err(|error| folder.temporary_failed(error))?;
            }
            Ok(())
        },
    )?;
    to.finish()?;
    Ok(Made { counts: vec![("events", count)], remarks: untold(work)?.into_iter().collect(), posts: Some(posts) })
}

/// For people: which kinds of the archive make no events at all, if there are any.
fn untold(work: &Work<'_>) -> Result<Option<String>, ProduceError> {
    let mut kinds = LeftOut::default();
    let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| !is_event(kind));
    walk.rows().iter().for_each(|row| kinds.add(&row.kind, row.records));
    Ok(kinds.remark("not told, because they hold no time at which something happened"))
}

/// What happened to the evidence itself, as lines.
pub fn collection(work: &Work<'_>) -> Vec<String> {
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
    let line = |(at, description, data_type, what)| {
        let standing = work.sealed.standing.words();
        let message = format!("{what}: {origin}, {} records, {standing}", seal.records);
        let mark = Mark { at, description, data_type, message: &message, kind: "archive", id: &origin };
        let mut out = Vec::new();
        let mut open = event::begin(&mut out, &mark)?;
        open.text("mm_archive_hash", &work.sealed.digest());
        open.end();
        String::from_utf8(out).ok()
    };
    marks.into_iter().filter_map(line).collect()
}

/// A time as the importer wants it: an offset, and microseconds.
fn datetime(at: time::Millis) -> Option<String> {
    let mut text = time::format(at)?;
    text.pop();
    text.push_str("000+00:00");
    Some(text)
}
