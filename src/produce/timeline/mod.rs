//! The timeline of an archive: everything that happened, oldest first, each line leading back to a sealed record.
//!
//! ```text
//!  records ──▶ incident::Story ──▶ lines ──▶ sorted by time, kind and id ──▶ text, JSON lines, CSV, a page
//! ```
//!
//! Invariants: the order is that of time, kind and id of the record, whatever the number of threads. Memory is bounded: lines
//! are sorted in a temporary file. A line of text is one line, whatever somebody wrote, and no cell is one that a
//! spreadsheet would execute.

mod csv;
mod page;
mod text;

pub use page::page;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::Zone;
use super::folder::FolderError;
use super::incident::{Event, Record, Runs, Sort, Story};
use super::labels::Labels;
use super::spool::Spool;
use super::{ProduceError, Work, timesketch};
use crate::record::time::Millis;

/// Bytes of lines that are held before they are written to a temporary file.
const ARENA: usize = 48 << 20;

/// A form of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people: one line for each event, with its time in a zone.
    Text(Zone),
    /// One JSON object for each event, as Timesketch reads it.
    Jsonl,
    /// One row for each event, RFC 4180.
    Csv,
}

/// What a timeline holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Events by sort.
    pub counts: BTreeMap<Sort, u64>,
    /// The first and the last event; nothing if there are none.
    pub span: Option<(Millis, Millis)>,
    /// Events whose time no calendar shows; Timesketch cannot be told of them.
    pub without_time: u64,
    /// Events before or after the window of an incident's archive that only describe what others name.
    pub left_out: u64,
}

impl Told {
    /// All events.
    pub fn events(&self) -> u64 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// Lines of one part: time, key, line.
#[derive(Default)]
struct Part {
    lines: Vec<(Millis, Vec<u8>, Vec<u8>)>,
    counts: BTreeMap<Sort, u64>,
    without_time: u64,
}

/// Hands the lines of the timeline to `write`, in order. `temporary` is where what memory does not hold is sorted.
pub fn lines(
    form: Form,
    work: &Work<'_>,
    runs: &Runs,
    temporary: &Path,
    mut write: impl FnMut(&[u8]) -> Result<(), ProduceError>,
) -> Result<Told, ProduceError> {
    let labels = Labels::of(work.directory);
    let story = Story::read(*work, &labels, runs)?.within_window();
    let mut spool = Spool::new(temporary, ARENA);
    let mut told = Told::default();
    let failed = |source| temporary_failed(temporary, source);
    story.for_each_part(
        |part: &mut Part, record, event| {
            let mut line = Vec::new();
            if !render(form, &mut line, record, event, &labels, runs) {
                part.without_time += 1;
                return;
            }
            *part.counts.entry(event.sort).or_default() += 1;
            part.lines.push((event.at, key(event), line));
        },
        |part| {
            for (at, key, line) in part.lines {
                spool.push(at, &key, &[&line]).map_err(failed)?;
            }
            for (sort, count) in part.counts {
                *told.counts.entry(sort).or_default() += count;
            }
            told.without_time += part.without_time;
            Ok(())
        },
    )?;
    told.left_out = story.left_out();
    work.progress.phase("sorting");
    let mut head = Vec::new();
    match form {
        Form::Text(_) => {}
        Form::Jsonl => head.extend(timesketch::collection(work).concat().into_bytes()),
        Form::Csv => csv::header(&mut head),
    }
    write(&head)?;
    let mut sorted = spool.sorted().map_err(failed)?;
    while let Some(row) = sorted.next().map_err(failed)? {
        let (first, _) = told.span.unwrap_or((row.number, row.number));
        told.span = Some((first, row.number));
        write(row.payload)?;
    }
    Ok(told)
}

/// Appends the line of an event; false, and nothing, if it cannot be said in this form.
fn render(
    form: Form,
    out: &mut Vec<u8>,
    record: &Record<'_>,
    event: &Event<'_>,
    labels: &Labels<'_>,
    runs: &Runs,
) -> bool {
    match form {
        Form::Text(zone) => text::push(out, event, runs, zone),
        Form::Csv => csv::push(out, record, event, labels, runs),
        Form::Jsonl => return timesketch::push(out, record, event, labels, runs),
    }
    true
}

/// What events of one time are ordered by: kind and id of the record, then what its time means.
fn key(event: &Event<'_>) -> Vec<u8> {
    [event.kind.as_bytes(), event.id.as_bytes(), event.data_type.as_bytes()].join(&0)
}

fn temporary_failed(temporary: &Path, source: io::Error) -> ProduceError {
    FolderError::Write { path: temporary.to_owned(), source }.into()
}
