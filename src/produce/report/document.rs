//! What a report says, before it has a form: the same lines become Markdown and HTML.
//!
//! Invariant: words of ours and text of people are different parts, so that no form can take one for the other; and a
//! line names the records that say it.

use std::borrow::Cow;

use crate::produce::Zone;
use crate::produce::incident::RecordId;
use crate::record::time::Millis;

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Words of ours.
    Words(Cow<'static, str>),
    /// What people or programs wrote: names, titles, sentences. One line.
    Said(String),
    /// An id, digest or path.
    Code(String),
    /// A time.
    Time(Millis),
    /// The records that say what stands before.
    Cited(Vec<RecordId>),
}

impl Part {
    fn records(&self) -> &[RecordId] {
        match self {
            Self::Cited(records) => records,
            _ => &[],
        }
    }
}

/// A line of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) Vec<Part>);

impl Line {
    /// A line of our words.
    pub(super) fn of(words: impl Into<Cow<'static, str>>) -> Self {
        Self::default().words(words)
    }

    /// A line of what people wrote.
    pub(super) fn said_by_people(text: impl Into<String>) -> Self {
        Self::default().said(text)
    }

    /// A time, or `none` where it is 0.
    pub(super) fn at_or(at: Millis, none: &'static str) -> Self {
        if at == 0 { Self::of(none) } else { Self::default().at(at) }
    }

    fn and(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// Adds words of ours.
    pub(super) fn words(self, words: impl Into<Cow<'static, str>>) -> Self {
        self.and(Part::Words(words.into()))
    }

    /// Adds what people wrote.
    pub(super) fn said(self, text: impl Into<String>) -> Self {
        self.and(Part::Said(text.into()))
    }

    /// Adds an id, digest or path.
    pub(super) fn code(self, code: impl Into<String>) -> Self {
        self.and(Part::Code(code.into()))
    }

    /// Adds a time.
    pub(super) fn at(self, at: Millis) -> Self {
        self.and(Part::Time(at))
    }

    /// Adds the records that say it.
    pub(super) fn cited(self, records: impl IntoIterator<Item = RecordId>) -> Self {
        let records: Vec<RecordId> = records.into_iter().collect();
        if records.is_empty() { self } else { self.and(Part::Cited(records)) }
    }

    /// Adds another line.
    pub(super) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Lines behind each other, with words between them.
    pub(super) fn joined(lines: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut all = Self::default();
        for line in lines {
            if !all.0.is_empty() {
                all = all.words(between);
            }
            all = all.then(line);
        }
        all
    }

    /// Whether it says nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What it says, without form and without the records.
    pub(super) fn text(&self, zone: Zone) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Words(words) => words.to_string(),
            Part::Said(text) | Part::Code(text) => text.clone(),
            Part::Time(at) => super::moment(*at, zone),
            Part::Cited(_) => String::new(),
        });
        parts.collect::<Vec<_>>().concat()
    }

    fn records(&self) -> impl Iterator<Item = &RecordId> {
        self.0.iter().flat_map(Part::records)
    }
}

/// Something that stands by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// A heading below the section's.
    Heading(Line),
    /// A sentence or more.
    Text(Line),
    /// What must not be overlooked.
    Look(Line),
    /// What cannot be said, and why.
    Missing(Line),
    /// Names and what they are.
    Facts(Vec<(&'static str, Line)>),
    /// Rows below columns.
    Table(Vec<&'static str>, Vec<Vec<Line>>),
    /// A text of people, in their Markdown.
    Quote {
        /// The text.
        text: String,
        /// The team in which it was written.
        team: Box<str>,
    },
    /// The list of the records that the report rests on stands here.
    Evidence,
}

impl Block {
    fn lines(&self) -> Box<dyn Iterator<Item = &Line> + '_> {
        match self {
            Self::Heading(line) | Self::Text(line) | Self::Look(line) | Self::Missing(line) => {
                Box::new(std::iter::once(line))
            }
            Self::Facts(facts) => Box::new(facts.iter().map(|(_, line)| line)),
            Self::Table(_, rows) => Box::new(rows.iter().flatten()),
            Self::Quote { .. } | Self::Evidence => Box::new(std::iter::empty()),
        }
    }
}

/// A part of the report with a heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// What leads to it, within a document.
    pub(super) anchor: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// What stands in it.
    pub(super) blocks: Vec<Block>,
}

impl Section {
    /// An empty one.
    pub(super) fn new(anchor: &'static str, title: &'static str) -> Self {
        Self { anchor, title, blocks: Vec::new() }
    }

    /// Adds a sentence.
    pub(super) fn text(&mut self, line: Line) {
        self.blocks.push(Block::Text(line));
    }

    /// Adds what must not be overlooked.
    pub(super) fn look(&mut self, line: Line) {
        self.blocks.push(Block::Look(line));
    }

    /// Adds what cannot be said.
    pub(super) fn missing(&mut self, line: Line) {
        self.blocks.push(Block::Missing(line));
    }

    /// Adds a heading.
    pub(super) fn heading(&mut self, line: Line) {
        self.blocks.push(Block::Heading(line));
    }

    /// Adds facts.
    pub(super) fn facts(&mut self, facts: Vec<(&'static str, Line)>) {
        self.blocks.push(Block::Facts(facts));
    }

    /// Adds a table.
    pub(super) fn table(&mut self, columns: &[&'static str], rows: Vec<Vec<Line>>) {
        self.blocks.push(Block::Table(columns.to_vec(), rows));
    }

    /// Adds a text of people.
    pub(super) fn quote(&mut self, text: &str, team: &str) {
        self.blocks.push(Block::Quote { text: text.to_owned(), team: team.into() });
    }
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Document {
    /// What the incident is called, by people.
    pub(super) name: String,
    /// The zone of its times.
    pub(super) zone: Zone,
    /// What must not be overlooked, and what the report is.
    pub(super) opening: Vec<Block>,
    /// Its parts, in order.
    pub(super) sections: Vec<Section>,
    /// What stands at its end; it names no record.
    pub(super) footer: Line,
}

impl Document {
    /// The records that it names, each once, in the order in which they are first named.
    pub(super) fn cited(&self) -> Vec<RecordId> {
        let mut known = std::collections::HashSet::new();
        let blocks = self.opening.iter().chain(self.sections.iter().flat_map(|section| &section.blocks));
        let records = blocks.flat_map(Block::lines).flat_map(Line::records);
        records.filter(|record| known.insert(*record)).cloned().collect()
    }
}
