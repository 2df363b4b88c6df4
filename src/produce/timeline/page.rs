//! The timeline as a page that people look at: figures and milestones as text, everything that happened drawn below.
//!
//! ```text
//!  index.html             figures, milestones, who did what: to be read without scripts as well
//!  assets/                how it looks and moves
//!  data/head.js           people, channels, runs, sorts, each once
//!  data/1.js …            events in order, 4,000 in each
//!  manifest-sha256.txt    SHA-256 of every file, for `sha256sum -c`
//! ```
//!
//! Invariants: what anybody wrote reaches the page as data, and is drawn or set as text; the page forbids by its own policy
//! whatever is not a script or style of the folder, so nothing is fetched and nothing of a message runs. The same archive, scope
//! and time give the same bytes. Memory is bounded by the directory, the runs and the milestones.

mod frame;
mod runs;

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;

use super::{ARENA, Told, key};
use crate::produce::Zone;
use crate::produce::conversation::is_harmful;
use crate::produce::incident::seen::Seen;
use crate::produce::incident::{Event, Figures, Record, RecordId, Run, Runs, Sort, Story, because};
use crate::produce::labels::Labels;
use crate::produce::spool::Spool;
use crate::produce::{Folder, ProduceError, Work};
use crate::record::id::hex;
use crate::record::line::push_string;
use crate::record::time::Millis;

/// Events in one script.
const CHUNK: u64 = 4000;

/// Characters of a message that the page holds; the record holds the rest.
const LONGEST: usize = 1500;

/// Files that every page has, as they are.
const ASSETS: [(&str, &str); 2] = [
    ("assets/timeline.css", include_str!("assets/timeline.css")),
    ("assets/timeline.js", include_str!("assets/timeline.js")),
];

/// An event on its way to the page.
struct Row {
    at: Millis,
    key: Vec<u8>,
    sort: Sort,
    actor: (Box<str>, Box<str>),
    channel: Box<str>,
    run: Box<str>,
    is_milestone: bool,
    kind: Box<str>,
    id: Box<str>,
    description: &'static str,
    message: String,
    /// Characters of the message that were left out.
    cut: usize,
    index: Option<u64>,
    /// Why it is in an incident's scope, a reason on each line.
    because: String,
}

/// Something that marks how a run went.
struct Milestone {
    at: Millis,
    key: Vec<u8>,
    run: Box<str>,
    record: RecordId,
    message: String,
}

#[derive(Default)]
struct Part {
    rows: Vec<Row>,
    seen: Seen,
}

/// Words that occur in many events, each once, by their place.
#[derive(Default)]
struct Words {
    all: Vec<String>,
    places: HashMap<String, usize>,
}

impl Words {
    /// With the empty word in the first place.
    fn new() -> Self {
        let mut this = Self::default();
        this.place("");
        this
    }

    fn place(&mut self, word: &str) -> usize {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        self.places.insert(word.to_owned(), self.all.len());
        self.all.push(word.to_owned());
        self.all.len() - 1
    }
}

/// Everything that rows refer to.
struct Dictionary {
    actors: Words,
    channels: Words,
    kinds: Words,
    descriptions: Words,
    reasons: Words,
    /// Places of runs, from 1; 0 is none.
    runs: HashMap<Box<str>, usize>,
}

/// Makes the page in `folder`, with times in a zone.
pub fn page(work: &Work<'_>, runs: &Runs, zone: Zone, folder: &Folder) -> Result<Told, ProduceError> {
    let labels = Labels::of(work.directory);
    let story = Story::read(*work, &labels, runs)?.within_window();
    let shown: Vec<&Run> =
        runs.all().iter().filter(|run| work.scope.admits_channel(&run.channel_id, work.directory)).collect();
    let mut dictionary = Dictionary {
        actors: Words::new(),
        channels: Words::new(),
        kinds: Words::new(),
        descriptions: Words::new(),
        reasons: Words::new(),
        runs: shown.iter().enumerate().map(|(at, run)| (run.id.clone(), at + 1)).collect(),
    };
    let (mut told, mut seen, mut milestones) = (Told::default(), Seen::default(), Vec::new());
    let mut spool = Spool::new(folder.temporary(), ARENA);
    story.for_each_part(
        |part: &mut Part, record, event| {
            part.seen.see(event, runs, work.directory);
            part.rows.push(row(record, event));
        },
        |part| {
            seen.merge(part.seen);
            for row in part.rows {
                *told.counts.entry(row.sort).or_default() += 1;
                let line = dictionary.line(&row, &labels);
                spool.push(row.at, &row.key, &[&line]).map_err(|error| folder.temporary_failed(error))?;
                if row.is_milestone {
                    let record = RecordId { kind: row.kind, id: row.id };
                    milestones.push(Milestone { at: row.at, key: row.key, run: row.run, record, message: row.message });
                }
            }
            Ok(())
        },
    )?;
    work.progress.phase("writing");
    for (path, text) in ASSETS {
        folder.write(path, text.as_bytes())?;
    }
    told.left_out = story.left_out();
    let chunks = write_rows(spool, folder, &mut told)?;
    folder.write("data/head.js", &dictionary.head(&shown, zone, told.span))?;
    milestones.sort_by(|left, right| (left.at, &left.key).cmp(&(right.at, &right.key)));
    let figures = Figures::of(runs, seen, work.sealed.as_of());
    let sections = runs::Sections { work, labels: &labels, figures: &figures, milestones: &milestones, zone };
    let page = frame::page(work, &told, zone, chunks, &sections.write(&shown, runs));
    folder.write("index.html", page.as_bytes())?;
    let lines = folder.written().into_iter().map(|file| format!("{}  {}\n", hex(&file.sha256), file.path));
    folder.write("manifest-sha256.txt", lines.collect::<String>().as_bytes())?;
    Ok(told)
}

/// Writes the scripts that hold the events, in order, and returns how many there are.
fn write_rows(spool: Spool, folder: &Folder, told: &mut Told) -> Result<u64, ProduceError> {
    let failed = |error| folder.temporary_failed(error);
    let mut sorted = spool.sorted().map_err(failed)?;
    let (mut count, mut chunks, mut open) = (0_u64, 0_u64, None);
    while let Some(row) = sorted.next().map_err(failed)? {
        let (first, _) = told.span.unwrap_or((row.number, row.number));
        told.span = Some((first, row.number));
        let is_first = count % CHUNK == 0;
        if is_first {
            chunks += 1;
            if let Some(done) = open.take() {
                end(done)?;
            }
        }
        let to = match &mut open {
            Some(to) => to,
            none => none.insert(folder.create(&format!("data/{chunks}.js"))?),
        };
        let before: &[u8] = if is_first { b"window.timeline.parts.push([\n" } else { b",\n" };
        to.write_all(before).and_then(|()| to.write_all(row.payload)).map_err(|error| to.failed(error))?;
        count += 1;
    }
    open.map(end).transpose()?;
    Ok(chunks)
}

fn end(mut to: crate::produce::folder::Output<'_>) -> Result<(), ProduceError> {
    to.write_all(b"\n]);\n").map_err(|error| to.failed(error))?;
    to.finish()?;
    Ok(())
}

fn row(record: &Record<'_>, event: &Event<'_>) -> Row {
    let (message, cut) = shortened(&event.message);
    Row {
        at: event.at,
        key: key(event),
        sort: event.sort,
        actor: (Box::from(&*event.actor), Box::from(&*event.shown_as)),
        channel: event.channel.into(),
        run: event.run.into(),
        is_milestone: event.is_milestone,
        kind: event.kind.into(),
        id: event.id.into(),
        description: event.description,
        message,
        cut,
        index: record.index,
        because: record.reasons().map(because::meaning).collect::<Vec<_>>().join("\n"),
    }
}

/// The beginning of a text, with what would mislead a reader spelled out, and how many characters were left out.
fn shortened(text: &str) -> (String, usize) {
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
    let (kept, rest) = text.split_at(end);
    (spelled(kept), rest.chars().count())
}

/// A text, with what would mislead a reader spelled out.
fn spelled(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' => out.push(letter),
            '\r' => {}
            _ if is_harmful(letter) => out.extend(letter.escape_unicode()),
            _ => out.push(letter),
        }
    }
    out
}

/// What people call who acted: `@anna`, or `PagerDuty (as @anna)`; empty if nobody is named.
fn actor_name(id: &str, shown_as: &str, labels: &Labels<'_>) -> String {
    match (id, shown_as) {
        ("", "") => String::new(),
        (id, "") => spelled(&format!("@{}", labels.user(id))),
        ("", name) => spelled(name),
        (id, name) => spelled(&format!("{name} (as @{})", labels.user(id))),
    }
}

impl Dictionary {
    /// A row as the script has it.
    fn line(&mut self, row: &Row, labels: &Labels<'_>) -> Vec<u8> {
        let sort = Sort::ALL.iter().position(|sort| *sort == row.sort).unwrap_or_default();
        let actor = self.actors.place(&actor_name(&row.actor.0, &row.actor.1, labels));
        let channel = if row.channel.is_empty() { String::new() } else { spelled(labels.channel(&row.channel)) };
        let channel = self.channels.place(&channel);
        let run = self.runs.get(&row.run).copied().unwrap_or_default();
        let kind = self.kinds.place(&row.kind);
        let milestone = u8::from(row.is_milestone);
        let mut out = format!("[{},{sort},{actor},{channel},{run},{milestone},{kind},", row.at).into_bytes();
        push_string(&mut out, &row.id);
        out.extend_from_slice(format!(",{},", self.descriptions.place(row.description)).as_bytes());
        push_string(&mut out, &row.message);
        let index = row.index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1);
        out.extend_from_slice(format!(",{},{index},{}]", row.cut, self.reasons.place(&row.because)).as_bytes());
        out
    }

    /// The script that all others need.
    fn head(&self, runs: &[&Run], zone: Zone, span: Option<(Millis, Millis)>) -> Vec<u8> {
        let mut out = b"\"use strict\";\nwindow.timeline = {\n\"parts\": [],\n\"sorts\": ".to_vec();
        push_list(&mut out, Sort::ALL.iter(), |out, sort| {
            push_list(out, [sort.word(), sort.meaning(), group(*sort)], push_string);
        });
        out.extend_from_slice(b",\n\"actors\": ");
        push_list(&mut out, &self.actors.all, |out, name| push_list(out, [name], |out, name| push_string(out, name)));
        for (name, words) in [
            ("channels", &self.channels),
            ("kinds", &self.kinds),
            ("descriptions", &self.descriptions),
            ("reasons", &self.reasons),
        ] {
            out.extend_from_slice(format!(",\n\"{name}\": ").as_bytes());
            push_list(&mut out, &words.all, |out, word| push_string(out, word));
        }
        out.extend_from_slice(b",\n\"runs\": ");
        let none = ("", String::new(), 0, 0);
        let all = std::iter::once(none)
            .chain(runs.iter().map(|run| (&*run.id, spelled(&run.name), run.create_at, run.end_at)));
        push_list(&mut out, all, |out, (id, name, from, until)| {
            out.push(b'[');
            push_string(out, id);
            out.push(b',');
            push_string(out, &name);
            out.extend_from_slice(format!(",{from},{until}]").as_bytes());
        });
        out.extend_from_slice(b",\n\"zone\": ");
        push_string(&mut out, zone.name());
        let (from, until) = span.unwrap_or_default();
        out.extend_from_slice(b",\n\"offsets\": ");
        push_list(&mut out, zone.offsets(from, until), |out, (at, offset)| {
            out.extend_from_slice(format!("[{at},{offset}]").as_bytes());
        });
        out.extend_from_slice(b"\n};\n");
        out
    }
}

fn push_list<T>(out: &mut Vec<u8>, all: impl IntoIterator<Item = T>, each: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (at, one) in all.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        each(out, one);
    }
    out.push(b']');
}

/// Which sorts share a colour.
fn group(sort: Sort) -> &'static str {
    match sort {
        Sort::Run | Sort::Task | Sort::Status | Sort::Owner => "response",
        Sort::Post | Sort::File | Sort::Reaction | Sort::Acknowledgement => "talk",
        Sort::Edit | Sort::Delete => "change",
        Sort::Feed | Sort::Notice => "feed",
        Sort::Join | Sort::Leave => "people",
        Sort::Call => "call",
        Sort::Hold | Sort::Purge => "evidence",
        Sort::Login
        | Sort::Role
        | Sort::Config
        | Sort::Terms
        | Sort::Account
        | Sort::Place
        | Sort::Integration
        | Sort::Board
        | Sort::Job
        | Sort::Audit => "access",
    }
}

/// Milestones of each run, in order.
fn by_run(milestones: &[Milestone]) -> BTreeMap<&str, Vec<&Milestone>> {
    let mut all: BTreeMap<&str, Vec<&Milestone>> = BTreeMap::new();
    for milestone in milestones {
        all.entry(&milestone.run).or_default().push(milestone);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misleads_is_spelled_and_what_is_long_is_cut() {
        assert_eq!(shortened("a\r\nb\u{202e}c"), ("a\nb\\u{202e}c".to_owned(), 0));
        let (kept, cut) = shortened(&"é".repeat(LONGEST + 7));
        assert_eq!((kept.chars().count(), cut), (LONGEST, 7));
    }

    #[test]
    fn lists_are_json() {
        let mut out = Vec::new();
        push_list(&mut out, ["a\"</script>", ""], push_string);
        assert_eq!(serde_json::from_slice::<Vec<String>>(&out).unwrap(), ["a\"</script>", ""]);
    }
}
