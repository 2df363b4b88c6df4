//! What tables yield, in archive order: first records that lack their content, then all records, then exceptions.
//!
//! Only now is everything known that a single row cannot tell: which teams, channels and users records in a narrow scope
//! name.

use std::io;
use std::path::PathBuf;

use super::collect::Named;
use super::gather::Gathered;
use super::in_order::{Met, Posts};
use super::incident::{Incident, because};
use super::scope::is_named_kind;
use crate::record::exception::{Class, Exception};
use crate::source::catalogue::{CHANNEL, FILE, FINDING_ORPHAN, FINDING_PURGED, POST, TEAM, To};
use crate::source::file_store;
use crate::source::sort::{ARENA_BYTES, Item, Merge, Sorter};
use crate::source::tally::Tally;

/// Records in order.
#[derive(Debug)]
pub struct Stream<'g> {
    merge: Merge,
    posts: Option<Posts>,
    gate: Option<&'g Named>,
    /// Says why those that pass the gate are in scope.
    incident: Option<&'g Incident>,
    /// The line with that.
    told: Vec<u8>,
    tally: &'g mut Tally,
    exceptions: &'g mut Vec<Sorter>,
    temporary: PathBuf,
    shown: Shown,
}

/// Where the line that was handed out last came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    Merged,
    Post,
}

impl Gathered<'_> {
    /// Records that lack their content, as [`Unfinished`](crate::source::contents::Unfinished), in archive order.
    pub fn contents(&mut self) -> io::Result<Stream<'_>> {
        let sorters = std::mem::take(&mut self.contents);
        let mut stream = self.stream(sorters, None)?;
        // These lines are open: they are told why once they are complete.
        stream.incident = None;
        Ok(stream)
    }

    /// All records in archive order, those of `completed` among them.
    pub fn records(&mut self, completed: Sorter) -> io::Result<Stream<'_>> {
        let mut sorters = std::mem::take(&mut self.records);
        sorters.push(completed);
        let posts = self.in_order.take().map(super::in_order::InOrder::start);
        self.stream(sorters, posts)
    }

    /// Exceptions met so far and those that only the whole can show, in order.
    pub fn exceptions(&mut self, mut more: Sorter) -> io::Result<Stream<'_>> {
        for exception in self.survey.exceptions().into_iter().chain(self.closing_exceptions()) {
            more.push(0, 0, 0, |out| exception.push_line(out));
        }
        let mut sorters = std::mem::take(&mut self.exceptions);
        sorters.push(more);
        self.stream(sorters, None)
    }

    fn stream(&mut self, sorters: Vec<Sorter>, mut posts: Option<Posts>) -> io::Result<Stream<'_>> {
        if let Some(posts) = &mut posts {
            posts.prepare()?;
        }
        Ok(Stream {
            merge: Merge::new(sorters)?,
            posts,
            gate: self.scope.is_narrow().then_some(&self.named),
            incident: self.scope.incident.as_deref(),
            told: Vec::new(),
            tally: &mut self.tally,
            exceptions: &mut self.exceptions,
            temporary: self.temporary.clone(),
            shown: Shown::Nothing,
        })
    }

    fn closing_exceptions(&self) -> Vec<Exception> {
        let mut all = Vec::new();
        let files = self.tally.records[usize::from(FILE)];
        if !self.tables.is_told && files > 0 {
            all.push(Exception {
                class: Class::FilesNotCollected,
                object: "fileinfo".to_owned(),
                expected: "`--files` with the server's file store, or `--no-files`",
                found: "neither".to_owned(),
                records: files,
            });
        }
        if let super::Store::Live(database) = &self.tables.store {
            let database = super::lock(database);
            let mut note = |class, expected, found: &str| {
                let (object, found) = ("role".to_owned(), found.to_owned());
                all.push(Exception { class, object, expected, found, records: 0 });
            };
            if database.could_write() {
                let found = "one that may write; nothing was written";
                note(Class::NoteRoleCanWrite, "a role that may only read", found);
            }
            if database.may_hide_tables() {
                let found = "one that is shown only what it was granted; absent tables may be hidden from it";
                note(Class::NoteTablesHidden, "a role that may read the whole database", found);
            }
        }
        all.extend(self.scope.incident.iter().flat_map(|incident| incident.gaps().iter().cloned()));
        if self.tables.contents.is_wanted() && self.scope.shows_all_files() {
            all.extend(file_store::survey(&self.tables.contents).exceptions());
        }
        all
    }
}

impl Stream<'_> {
    /// The next record, if there is one.
    pub fn advance(&mut self) -> io::Result<Option<Item<'_>>> {
        match self.shown {
            Shown::Nothing => {}
            Shown::Merged => self.merge.advance()?,
            Shown::Post => {
                if let Some(posts) = &mut self.posts {
                    posts.advance()?;
                }
            }
        }
        self.take_note()?;
        self.skip_unnamed()?;
        let merged = self.merge.peek();
        let post = self.posts.as_ref().and_then(Posts::peek);
        // Posts that come in order are dated after all that were sorted, which have no proper time.
        let is_post_next = post.is_some() && merged.is_none_or(|item| item.kind > POST);
        self.shown = if is_post_next { Shown::Post } else { Shown::Merged };
        let item = if is_post_next { post } else { merged };
        let Some((incident, item)) = self.incident.zip(item) else { return Ok(item) };
        let because = match item.kind {
            FINDING_PURGED | FINDING_ORPHAN => incident.established(item.kind, item.line),
            kind if is_named_kind(kind) => incident.described(kind, id_of(item.line)),
            _ => return Ok(Some(item)),
        };
        let because = because.into_member();
        self.told.clear();
        self.told.extend_from_slice(item.line);
        // These lines are short: a reason or two does not make them too long.
        because::complete(&mut self.told, 0, &because).map_err(io::Error::other)?;
        Ok(Some(Item { line: &self.told, ..item }))
    }

    /// Counts where the rows went that were met on the way.
    fn take_note(&mut self) -> io::Result<()> {
        let Some(posts) = &mut self.posts else { return Ok(()) };
        let Met { records, quarantined, exceptions } = std::mem::take(&mut posts.met);
        self.tally.records[usize::from(POST)] += records;
        self.tally.quarantined[usize::from(POST)] += quarantined;
        if exceptions.is_empty() {
            return Ok(());
        }
        if self.exceptions.is_empty() {
            self.exceptions.push(Sorter::new(ARENA_BYTES / 8));
        }
        let Some(sorter) = self.exceptions.last_mut() else { return Ok(()) };
        for exception in exceptions {
            sorter.push(0, 0, 0, |out| exception.push_line(out));
        }
        sorter.settle(&self.temporary)
    }

    /// Leaves out teams, channels and users that no record in a narrow scope names.
    fn skip_unnamed(&mut self) -> io::Result<()> {
        let Some(named) = self.gate else { return Ok(()) };
        while let Some(item) = self.merge.peek().filter(|item| is_named_kind(item.kind)) {
            let to = match item.kind {
                TEAM => To::Team,
                CHANNEL => To::Channel,
                _ => To::User,
            };
            if named.get(&to).is_some_and(|ids| ids.contains(id_of(item.line))) {
                break;
            }
            self.tally.leave_out(item.kind);
            self.merge.advance()?;
        }
        Ok(())
    }
}

/// The id in a record line: `{"kind":"…","id":"…"` has it between the seventh quotation mark and the eighth.
fn id_of(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b'"').nth(7).unwrap_or_default()
}
