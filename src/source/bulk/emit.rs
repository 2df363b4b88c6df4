//! Writes decoded parts as record lines: derives ids, applies quarantine, counts.
//!
//! An id counts the records of equal key in byte order of their data. Within a source line [`Emitter::number`] sees to
//! that; between source lines, equal keys are found afterwards (`heads`) and such lines are decoded again with their
//! number. A line that breaks off in the middle is taken back as a whole ([`Emitter::abandon`]).

use std::io;
use std::path::{Path, PathBuf};

use super::data::{Data, Moment, Remarks};
use super::names::Names;
use crate::record::exception::{Class, Exception};
use crate::record::id::{Synthetic, hex, synthetic, synthetic_text};
use crate::record::line::{MAX_BYTES, push_integer};
use crate::source::catalogue::{Rank, table};
use crate::source::contents::{Contents, Unfinished};
use crate::source::sort::{ARENA_BYTES, Mark, Sorter, of_records};
use crate::source::tally::{Counts, Tally};

/// Set in the tag of records that were decoded again because their key was not unique.
pub const DECODED_AGAIN: u64 = 1 << 63;

/// What all lines of a thread of work become.
#[derive(Debug)]
pub struct Outcome {
    /// Finished record lines; the tag is the number of the source line.
    pub records: Sorter,
    /// Record lines that still lack their content, as [`Unfinished`].
    pub contents: Sorter,
    /// Exception lines.
    pub exceptions: Sorter,
    /// Derived ids of the heads of source lines, to find keys that are not unique.
    pub heads: Sorter,
    /// How many of each kind went where.
    pub tally: Tally,
}

/// One of the numbers that a tally holds for each kind.
type Side = fn(&mut Tally) -> &mut Counts;

/// Writes the records of source lines.
#[derive(Debug)]
pub struct Emitter<'c> {
    contents: &'c Contents,
    /// What is written.
    pub out: Outcome,
    /// Teams, channels and users met.
    pub names: Names,
    /// The head of the current source line, and in [`Mode::Rank`] its data.
    pub head: (Synthetic, Option<Vec<u8>>),
    head_number: u64,
    source: String,
    temporary: PathBuf,
    tag: u64,
    mode: Mode,
    marks: [Mark; 4],
    /// What the current source line adds to the tally once it turns out to be whole.
    counted: Vec<(Side, Rank)>,
    failure: Option<io::Error>,
    key: Vec<u8>,
}

/// How a source line is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Written, and taken back as a whole if the line turns out to be broken.
    Normal,
    /// A giant line, to see whether it is whole: nothing is kept.
    Rehearse,
    /// A giant line known to be whole: runs may be written in the middle of it.
    Giant,
    /// A line whose key is not unique: only its head's data is wanted, to be ranked.
    Rank,
}

/// A record to be written.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Kind.
    pub rank: Rank,
    /// Id: derived, or real where the source reveals it.
    pub id: &'a str,
    /// Origin time.
    pub at: Moment<'a>,
    /// Whether it is in scope.
    pub selected: bool,
    /// The source's path of the bytes that belong to it.
    pub path: Option<&'a str>,
}

impl<'c> Emitter<'c> {
    /// An emitter for the source of this base name; runs go to unnamed files in `temporary`.
    pub fn new(source: &str, contents: &'c Contents, temporary: &Path) -> Self {
        let small = || Sorter::new(ARENA_BYTES / 8);
        let out = Outcome {
            records: of_records(ARENA_BYTES),
            contents: small(),
            exceptions: small(),
            heads: small(),
            tally: Tally::default(),
        };
        Self {
            contents,
            marks: [out.records.mark(); 4],
            out,
            names: Names::default(),
            head: ([0; 34], None),
            head_number: 0,
            source: source.to_owned(),
            temporary: temporary.to_owned(),
            tag: 0,
            mode: Mode::Normal,
            counted: Vec::new(),
            failure: None,
            key: Vec::with_capacity(256),
        }
    }

    /// Begins source line `line`. With `again`, it is the `again`th line of its key and was decoded before.
    pub fn begin(&mut self, line: u64, again: Option<u64>, mode: Mode) {
        self.head_number = again.unwrap_or(0);
        self.tag = if again.is_some() { line | DECODED_AGAIN } else { line };
        self.mode = mode;
        let out = &self.out;
        self.marks = [out.records.mark(), out.contents.mark(), out.exceptions.mark(), out.heads.mark()];
    }

    /// Takes back everything that the current source line has emitted.
    pub fn abandon(&mut self) {
        let [records, contents, exceptions, heads] = self.marks;
        self.out.records.rollback(records);
        self.out.contents.rollback(contents);
        self.out.exceptions.rollback(exceptions);
        self.out.heads.rollback(heads);
        self.counted.clear();
        self.names.drop_line();
    }

    /// Writes runs where sorters are over their limits; called between source lines.
    pub fn settle(&mut self) -> io::Result<()> {
        self.names.keep_line();
        for (side, rank) in self.counted.drain(..) {
            side(&mut self.out.tally)[usize::from(rank)] += 1;
        }
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        for sorter in [&mut self.out.records, &mut self.out.contents, &mut self.out.exceptions, &mut self.out.heads] {
            sorter.settle(&self.temporary)?;
        }
        Ok(())
    }

    /// The id of the record that a source line is about, and a note of it for finding equal keys.
    pub fn head(&mut self, rank: Rank, key: impl FnOnce(&mut Vec<u8>)) -> Synthetic {
        self.key.clear();
        key(&mut self.key);
        let kind = table(rank).kind;
        let id = synthetic(kind, &self.key, self.head_number);
        if self.tag & DECODED_AGAIN == 0 && matches!(self.mode, Mode::Normal | Mode::Giant) {
            // 64 bits of the digest are enough to find candidates; their whole ids are compared when they are ranked.
            let bits = id[2..].first_chunk().map_or(0, |digits| i64::from_be_bytes(*digits));
            let more = id[10..].first_chunk().map_or(0, |digits| i64::from_be_bytes(*digits));
            self.out.heads.push(0, bits.rotate_left(4) ^ more, self.tag, |_| {});
        }
        self.head = (id, None);
        id
    }

    /// The ids of `count` records of one kind; those of equal key are numbered in byte order of their data.
    pub fn number(
        &mut self,
        rank: Rank,
        count: usize,
        key: impl Fn(usize, &mut Vec<u8>),
        data: impl Fn(usize, &mut Data<'_>),
    ) -> Vec<Synthetic> {
        let kind = table(rank).kind;
        let mut id = |at: usize, number: u64| {
            self.key.clear();
            key(at, &mut self.key);
            synthetic(kind, &self.key, number)
        };
        let mut ids: Vec<Synthetic> = (0..count).map(|at| id(at, 0)).collect();
        if count < 2 {
            return ids;
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_unstable_by_key(|at| ids[*at]);
        let groups = order.chunk_by(|a, b| ids[*a] == ids[*b]).filter(|group| group.len() > 1);
        for group in groups.map(<[usize]>::to_vec).collect::<Vec<_>>() {
            let mut equal: Vec<(Vec<u8>, usize)> = group.iter().map(|at| (bytes_of(*at, &data), *at)).collect();
            equal.sort_unstable();
            for (number, (_, at)) in (0..).zip(equal) {
                ids[at] = id(at, number);
            }
        }
        ids
    }

    /// Writes one record, or counts it where it belongs.
    pub fn emit(&mut self, draft: &Draft<'_>, fill: impl FnOnce(&mut Data<'_>)) {
        if self.mode == Mode::Rank {
            if draft.id == synthetic_text(&self.head.0) {
                let mut bytes = Vec::new();
                fill(&mut Data::new(&mut bytes));
                self.head.1 = Some(bytes);
            }
            return;
        }
        if let Some(path) = draft.path {
            self.contents.mark_named(path);
        }
        if !draft.selected {
            self.counted.push((|tally| &mut tally.out_of_scope, draft.rank));
            return;
        }
        let sorter = if draft.path.is_some() { &mut self.out.contents } else { &mut self.out.records };
        let mark = sorter.mark();
        let (mut length, mut report) = (0, (0, false));
        sorter.push(draft.rank, draft.at.at(), self.tag, |out| {
            let start = out.len();
            report = push_line(out, draft, fill);
            length = out.len() - start;
            if let Some(path) = draft.path {
                Unfinished { path, ..Unfinished::default() }.push_behind(out);
            } else {
                out.extend_from_slice(b"}}");
            }
        });
        let object = || format!("{}/{}", table(draft.rank).kind, draft.id);
        // A record with content grows by its digest and member path.
        if length + 512 > MAX_BYTES {
            let digest = sorter.last_digest(length);
            sorter.rollback(mark);
            self.counted.push((|tally| &mut tally.quarantined, draft.rank));
            let found = format!("{length} bytes, sha256:{}", hex(&digest));
            self.except(Class::RecordTooLong, object(), "a record line of at most 16,777,216 bytes", found, 1);
            return;
        }
        self.counted.push((|tally| &mut tally.records, draft.rank));
        let (lossy, far) = report;
        if lossy > 0 {
            let found = format!("{lossy} texts with U+FFFD in place of a lone surrogate");
            self.except(Class::LossyText, object(), "whole characters", found, 1);
        }
        if far || matches!(draft.at, Moment::Far(_)) {
            self.except(Class::TimeOutOfRange, object(), "integers within 2^53 - 1", "an integer beyond".into(), 1);
        }
        match self.mode {
            Mode::Normal | Mode::Rank => {}
            Mode::Rehearse => self.abandon_records(),
            Mode::Giant => self.failure = self.settle().err(),
        }
    }

    /// Keeps a rehearsal from filling memory; counters are taken back at its end.
    fn abandon_records(&mut self) {
        let [records, contents, exceptions, _] = self.marks;
        self.out.records.rollback(records);
        self.out.contents.rollback(contents);
        self.out.exceptions.rollback(exceptions);
    }

    /// Adds an exception.
    pub fn except(&mut self, class: Class, object: String, expected: &'static str, found: String, records: u64) {
        let exception = Exception { class, object, expected, found, records };
        self.out.exceptions.push(0, 0, self.tag, |out| exception.push_line(out));
    }

    /// Adds an exception about the current source line.
    pub fn except_line(&mut self, class: Class, expected: &'static str, found: String, records: u64) {
        let object = format!("{}:{}", self.source, self.tag & !DECODED_AGAIN);
        self.except(class, object, expected, found, records);
    }

    /// Notes a member of a source object that the catalogue does not know.
    pub fn unknown_field(&mut self, name: String) {
        self.names.unknown_field(name);
    }
}

fn bytes_of(at: usize, data: impl Fn(usize, &mut Data<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    data(at, &mut Data::new(&mut bytes));
    bytes
}

/// Appends a line, left open after its last field; returns how many texts were lossy and whether a time was too far.
fn push_line(out: &mut Vec<u8>, draft: &Draft<'_>, fill: impl FnOnce(&mut Data<'_>)) -> (u64, bool) {
    out.extend_from_slice(b"{\"kind\":\"");
    out.extend_from_slice(table(draft.rank).kind.as_bytes());
    out.extend_from_slice(b"\",\"id\":\"");
    out.extend_from_slice(draft.id.as_bytes());
    out.extend_from_slice(b"\",\"at\":");
    push_integer(out, draft.at.at());
    if draft.id.starts_with("s:") {
        out.extend_from_slice(b",\"synthetic\":true");
    }
    let before_data = out.len();
    out.extend_from_slice(b",\"data\":{");
    let mut data = Data::new(out);
    fill(&mut data);
    let Remarks { as_text, lossy, far } = data.finish();
    if !as_text.is_empty() {
        // Rare: only now is it known that `text` has to stand before `data`.
        let text = format!(",\"text\":[\"{}\"]", as_text.join("\",\""));
        out.splice(before_data..before_data, text.into_bytes());
    }
    (lossy, far)
}

/// The id that a record goes by: the real one if there is one.
pub fn or_derived<'a>(real: Option<&'a str>, derived: &'a Synthetic) -> &'a str {
    real.unwrap_or_else(|| synthetic_text(derived))
}
