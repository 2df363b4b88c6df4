//! What a bulk export yields, in archive order: first files' records, then all records, then exceptions.
//!
//! Only now is everything known that a single line cannot tell: which teams, channels and users records in scope name,
//! which of them no line describes, and which real ids attachment paths reveal.

use std::collections::HashSet;
use std::io;

use super::LineCounts;
use super::container::Container;
use super::emit::DECODED_AGAIN;
use super::names::{Directory, Known, Real};
use crate::record::exception::{Class, Exception};
use crate::record::id::{Synthetic, synthetic_text};
use crate::source::catalogue::{BOT, CHANNEL, PROFILE_PICTURE, Rank, TEAM, USER};
use crate::source::contents::ContentReader;
use crate::source::scope::Scope;
use crate::source::sort::{Item, Merge, Sorter};
use crate::source::tally::{Counts, NONE, Tally};

/// Everything that reading found.
#[derive(Debug)]
pub struct Gathered<'c> {
    container: &'c Container,
    scope: Scope,
    /// Teams, channels and users.
    pub directory: Directory,
    /// Records of each kind, counted by the scanner: the left side of the completeness equation.
    pub source: Counts,
    /// The right side; final only when all records were streamed.
    pub tally: Tally,
    /// Lines by type.
    pub lines: LineCounts,
    /// Records.
    pub records: Vec<Sorter>,
    /// Records that lack their content.
    pub contents: Vec<Sorter>,
    /// Exceptions.
    pub exceptions: Vec<Sorter>,
    /// Source lines whose first decoding is void.
    pub renumbered: HashSet<u64>,
}

/// Records in order.
#[derive(Debug)]
pub struct Stream<'g> {
    merge: Merge,
    gate: Gate<'g>,
    line: Vec<u8>,
    started: bool,
}

/// Decides about single records with what is known of all.
#[derive(Debug)]
struct Gate<'g> {
    scope: &'g Scope,
    directory: &'g Directory,
    tally: &'g mut Tally,
    renumbered: &'g HashSet<u64>,
}

impl<'c> Gathered<'c> {
    /// Nothing read yet.
    pub fn new(container: &'c Container, scope: Scope) -> Self {
        Self {
            container,
            scope,
            directory: Directory::default(),
            source: NONE,
            tally: Tally::default(),
            lines: LineCounts::new(),
            records: Vec::new(),
            contents: Vec::new(),
            exceptions: Vec::new(),
            renumbered: HashSet::new(),
        }
    }

    /// What was selected.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether a line of the export describes this `team`, `channel` or `user`; an id of another kind is none.
    pub fn describes(&self, what: &str, id: &Synthetic) -> bool {
        self.directory.known.get(id).is_some_and(|known| known.described && known.is(what))
    }

    /// Reads the bytes of files that records name.
    pub fn content_reader(&self) -> ContentReader {
        self.container.contents.reader()
    }

    /// Records that lack their content, as [`Unfinished`](crate::source::contents::Unfinished), in archive order.
    pub fn contents(&mut self) -> io::Result<Stream<'_>> {
        let merge = Merge::new(std::mem::take(&mut self.contents))?;
        Ok(self.stream(merge))
    }

    /// All records in archive order, those of `completed` among them.
    pub fn records(&mut self, completed: Sorter) -> io::Result<Stream<'_>> {
        let mut sorters = std::mem::take(&mut self.records);
        sorters.push(completed);
        let merge = Merge::new(sorters)?;
        Ok(self.stream(merge))
    }

    /// Exceptions met so far and those that only the whole can show, in order.
    pub fn exceptions(&mut self, mut more: Sorter) -> io::Result<Stream<'_>> {
        for exception in self.closing_exceptions() {
            more.push(0, 0, 0, |out| exception.push_line(out));
        }
        let mut sorters = std::mem::take(&mut self.exceptions);
        sorters.push(more);
        let merge = Merge::new(sorters)?;
        Ok(self.stream(merge))
    }

    fn stream(&mut self, merge: Merge) -> Stream<'_> {
        let gate = Gate {
            scope: &self.scope,
            directory: &self.directory,
            tally: &mut self.tally,
            renumbered: &self.renumbered,
        };
        Stream { merge, gate, line: Vec::new(), started: false }
    }

    fn closing_exceptions(&self) -> Vec<Exception> {
        let mut all = Vec::new();
        for known in self.directory.known.values() {
            if !known.described && known.references > 0 {
                all.push(Exception {
                    class: Class::ReferenceUnresolved,
                    object: known.label.to_string(),
                    expected: "a line that describes it",
                    found: format!("only its name, as {}", synthetic_text(&known.id)),
                    records: known.references,
                });
            }
            if known.lossy && (known.references > 0 || (known.described && !self.scope.is_narrow())) {
                all.push(Exception {
                    class: Class::LossyText,
                    object: known.label.to_string(),
                    expected: "a name of whole characters",
                    found: format!("a lone surrogate, told apart as {}", synthetic_text(&known.id)),
                    records: known.references,
                });
            }
            if known.real == Real::Ambiguous {
                all.push(Exception {
                    class: Class::NoteIdAmbiguous,
                    object: known.label.to_string(),
                    expected: "one real id in all attachment paths",
                    found: "several".to_owned(),
                    records: 0,
                });
            }
        }
        for (name, count) in &self.directory.unknown_fields {
            all.push(Exception {
                class: Class::NoteFieldUnknown,
                object: name.clone(),
                expected: "a member known to this version",
                found: "an unknown one, kept in `extra`".to_owned(),
                records: *count,
            });
        }
        for (class, name) in &self.container.strangers {
            let found = "a member of the zip, not collected".to_owned();
            all.push(Exception {
                class: *class,
                object: name.clone(),
                expected: "import.jsonl and data/ only",
                found,
                records: 0,
            });
        }
        for path in self.container.contents.unnamed() {
            all.push(Exception {
                class: Class::FileUnreferenced,
                object: path,
                expected: "a record that names it",
                found: "none; not collected".to_owned(),
                records: 0,
            });
        }
        all
    }
}

impl Stream<'_> {
    /// The next record, if there is one.
    pub fn advance(&mut self) -> io::Result<Option<Item<'_>>> {
        if std::mem::replace(&mut self.started, true) {
            self.merge.advance()?;
        }
        while let Some(item) = self.merge.peek() {
            if self.gate.admits(&item) {
                break;
            }
            self.merge.advance()?;
        }
        let Some(item) = self.merge.peek() else { return Ok(None) };
        if let Real::Id(real) = self.gate.real_id(&item) {
            self.line.clear();
            self.line.extend_from_slice(item.line.strip_suffix(b"}}").unwrap_or(item.line));
            self.line.extend_from_slice(b",\"recovered_id\":\"");
            self.line.extend_from_slice(&real);
            self.line.extend_from_slice(b"\"}}");
            return Ok(Some(Item { line: &self.line, ..item }));
        }
        Ok(Some(item))
    }
}

impl Gate<'_> {
    /// Whether a record is part of the result. A directory record counts as out of scope if no record in scope names
    /// what it describes.
    fn admits(&mut self, item: &Item<'_>) -> bool {
        if item.tag != 0 && item.tag & DECODED_AGAIN == 0 && self.renumbered.contains(&item.tag) {
            return false;
        }
        if !self.scope.is_narrow() || !matches!(item.kind, TEAM | CHANNEL | USER | BOT | PROFILE_PICTURE) {
            return true;
        }
        // A second description of the same name has an id of its own, which nothing can name: it stays.
        let named = self.described(item).is_none_or(|known| known.references > 0);
        if !named {
            self.tally.leave_out(item.kind);
        }
        named
    }

    /// What is known of the team, channel or user that a directory record describes.
    fn described(&self, item: &Item<'_>) -> Option<&Known> {
        let label: &[u8] = if matches!(item.kind, BOT | PROFILE_PICTURE) { b"\"user_id\":\"" } else { b"\"id\":\"" };
        let start = memchr::memmem::find(item.line, label)? + label.len();
        let id: &Synthetic = item.line.get(start..)?.first_chunk()?;
        self.directory.known.get(id)
    }

    fn real_id(&self, item: &Item<'_>) -> Real {
        let kind: Rank = item.kind;
        if !matches!(kind, TEAM | CHANNEL | USER) {
            return Real::Unknown;
        }
        self.described(item).map_or(Real::Unknown, |known| known.real)
    }
}
