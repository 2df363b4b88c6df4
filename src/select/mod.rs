//! Scope applied to a source: what was asked for, what that leaves in, and how much it leaves out.
//!
//! Selecting never loses a row silently: for each kind, rows in the source = records + out of scope + withheld by
//! policy + quarantined, where the left side is counted apart from the decoder. [`Selection::equation`] states both
//! sides once everything was streamed; the archive refuses to be sealed if they differ.
//!
//! Invariant: no clock, no output, no key. Refuses a scope that names what the source does not have, because a typing
//! mistake must not look like an empty result.

mod covering;
pub mod difference;
mod facts;
mod fields;
pub mod find;
mod fold;
pub mod judge;
pub mod judged;
pub mod plan;
mod plugin;
pub mod server;
pub mod sieve;
mod spool;

use std::io;

use sieve::Sieved;

use crate::record::kind::FINDING_PREFIX;
use crate::record::time::{self, Millis, Window};
use crate::source::Work;
use crate::source::bulk::{self, Bulk, BulkError};
use crate::source::catalogue::{Rank, TABLES};
use crate::source::contents::ContentReader;
use crate::source::original::{Hashed, Original};
use crate::source::scope::Asked;
use crate::source::sort::{Item, Sorter};
use crate::source::tables::{self, Tables, TablesError};
use crate::source::tally::Counts;

/// A source that was opened.
#[derive(Debug)]
pub enum Source {
    /// A bulk export.
    Bulk(Box<Bulk>),
    /// A database, live or as a dump, with its file store and audit log.
    Tables(Box<Tables>),
}

/// Why a source cannot be used; nothing is sealed then.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A bulk export.
    #[error(transparent)]
    Bulk(#[from] BulkError),
    /// A database or a dump.
    #[error(transparent)]
    Tables(#[from] TablesError),
    /// A temporary file could not be written or read.
    #[error("cannot keep temporary files")]
    Temporary(#[source] io::Error),
    /// An incident was asked for.
    #[error("a bulk export holds no playbook runs, so that it has no incidents")]
    NoRuns,
}

/// A source read under a scope: records, files and exceptions, ready to be streamed.
#[derive(Debug)]
pub enum Selection<'s> {
    /// Of a bulk export.
    Bulk(Box<bulk::stream::Gathered<'s>>),
    /// Of tables.
    Tables(Box<tables::Gathered<'s>>),
}

/// Lines in archive order.
#[derive(Debug)]
pub enum Lines<'g> {
    /// Of a bulk export.
    Bulk(bulk::stream::Stream<'g>),
    /// Of tables.
    Tables(Box<tables::stream::Stream<'g>>),
    /// Those of another that a sieve let pass.
    Sieved(Box<Sieved<'g>>),
}

/// Both sides of the completeness equation for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Rank of the kind.
    pub rank: Rank,
    /// Rows in the source, counted apart from the decoder; `None` for what a reconciliation established.
    pub source: Option<u64>,
    /// Records written.
    pub records: u64,
    /// Rows outside the scope.
    pub out_of_scope: u64,
    /// Rows that could not become a record.
    pub quarantined: u64,
}

impl Source {
    /// Bytes that reading takes from the source, for progress; 0 where nobody knows.
    pub fn size(&self) -> u64 {
        match self {
            Self::Bulk(bulk) => bulk.container.lines_size(),
            Self::Tables(tables) => tables.size(),
        }
    }

    /// The files that the source consists of, apart from a file store; none for a live database without a log.
    pub fn originals(&self) -> Vec<&Original> {
        match self {
            Self::Bulk(bulk) => vec![&bulk.container.original],
            Self::Tables(tables) => tables.originals(),
        }
    }

    /// Whether every question to it costs a reading of all of it.
    fn is_read_as_a_whole(&self) -> bool {
        match self {
            Self::Bulk(_) => true,
            Self::Tables(tables) => tables.is_read_as_a_whole(),
        }
    }

    /// Refuses if one of these fields is there and may not be read.
    fn require(&self, asked: &[(Rank, Vec<&'static str>)]) -> Result<(), SourceError> {
        match self {
            Self::Bulk(_) => Ok(()),
            Self::Tables(tables) => Ok(tables.require(asked)?),
        }
    }

    /// Reads what `asked` selects.
    pub fn select(&self, asked: &Asked, work: &Work<'_>) -> Result<Selection<'_>, SourceError> {
        match self {
            Self::Bulk(_) if asked.incident.is_some() => Err(SourceError::NoRuns),
            Self::Bulk(bulk) => {
                let resolved = bulk.resolve(asked, work)?;
                let gathered = bulk.read(&resolved.scope, work)?;
                for (what, name, id) in resolved.names {
                    if !gathered.describes(what, &id) {
                        return Err(BulkError::NotFound { what, name }.into());
                    }
                }
                Ok(Selection::Bulk(Box::new(gathered)))
            }
            Self::Tables(tables) => Ok(Selection::Tables(Box::new(tables.select(asked, work)?))),
        }
    }

    /// How far the source's own clock was ahead of the host's when it was opened, in milliseconds; `None` if it has
    /// none, or if the host's was not asked.
    pub fn clock_ahead(&self) -> Option<Millis> {
        match self {
            Self::Bulk(_) => None,
            Self::Tables(tables) => tables.clock_ahead(),
        }
    }

    /// The bytes of `data/source.json`: what was read, and what is not in such a source. `newest` is the origin time of
    /// the newest record.
    pub fn describe(
        &self,
        files: &[Hashed],
        selection: &Selection<'_>,
        asked: &Asked,
        newest: Option<Millis>,
    ) -> Vec<u8> {
        let newest = newest.and_then(time::format);
        match (self, selection) {
            (Self::Bulk(bulk), Selection::Bulk(gathered)) => {
                bulk::describe::describe(files, bulk, gathered, asked, newest.as_deref())
            }
            (Self::Tables(tables), Selection::Tables(gathered)) => {
                tables::describe::describe(tables, files, gathered, asked, newest.as_deref())
            }
            // A selection is made by its own source; there is nothing to say about another's.
            _ => Vec::new(),
        }
    }

    /// How the source was read, for the custody line: one plain sentence.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Bulk(_) => "read a bulk export; the source was opened read-only",
            Self::Tables(tables) => tables.method(),
        }
    }

    /// What the source is called in the custody line, without secrets.
    pub fn name(&self) -> String {
        match self {
            Self::Bulk(bulk) => bulk.container.original.name.clone(),
            Self::Tables(tables) => tables.name(),
        }
    }
}

impl Selection<'_> {
    /// Reads the bytes of files that records name.
    pub fn content_reader(&self) -> ContentReader {
        match self {
            Self::Bulk(gathered) => gathered.content_reader(),
            Self::Tables(gathered) => gathered.content_reader(),
        }
    }

    /// Records that lack their content, as [`Unfinished`](crate::source::contents::Unfinished), in archive order.
    pub fn contents(&mut self) -> io::Result<Lines<'_>> {
        match self {
            Self::Bulk(gathered) => gathered.contents().map(Lines::Bulk),
            Self::Tables(gathered) => gathered.contents().map(|stream| Lines::Tables(Box::new(stream))),
        }
    }

    /// All records in archive order, those of `completed` among them.
    pub fn records(&mut self, completed: Sorter) -> io::Result<Lines<'_>> {
        match self {
            Self::Bulk(gathered) => gathered.records(completed).map(Lines::Bulk),
            Self::Tables(gathered) => gathered.records(completed).map(|stream| Lines::Tables(Box::new(stream))),
        }
    }

    /// Exceptions met so far and those that only the whole can show, in order.
    pub fn exceptions(&mut self, more: Sorter) -> io::Result<Lines<'_>> {
        match self {
            Self::Bulk(gathered) => gathered.exceptions(more).map(Lines::Bulk),
            Self::Tables(gathered) => gathered.exceptions(more).map(|stream| Lines::Tables(Box::new(stream))),
        }
    }

    /// Counts records that a sieve held back as out of scope, and records that it added.
    pub fn account(&mut self, held_back: &Counts, added: &Counts) {
        let tally = match self {
            Self::Bulk(gathered) => &mut gathered.tally,
            Self::Tables(gathered) => &mut gathered.tally,
        };
        for (rank, (held_back, added)) in held_back.iter().zip(added).enumerate() {
            let records = &mut tally.records[rank];
            *records = records.saturating_sub(*held_back).saturating_add(*added);
            tally.out_of_scope[rank] += held_back;
        }
    }

    /// From when to when what was asked for reaches: of an incident its runs' life, unless that was given.
    pub fn window(&self, asked: &Asked) -> Window {
        match self {
            Self::Bulk(_) => asked.window,
            Self::Tables(gathered) => gathered.window(),
        }
    }

    /// Whether every row of a kind that was asked for could be read and, so far, decoded; of a bulk export nothing is
    /// known.
    pub fn is_whole(&self, rank: Rank) -> bool {
        match self {
            Self::Bulk(_) => false,
            Self::Tables(gathered) => gathered.is_readable(rank),
        }
    }

    /// The files of an audit log, as far as they were read.
    pub fn logs(&self) -> Vec<Hashed> {
        match self {
            Self::Bulk(_) => Vec::new(),
            Self::Tables(gathered) => gathered.logs(),
        }
    }

    /// Posts found to be purged; `None` where that cannot be known.
    pub fn purged_posts(&self) -> Option<u64> {
        match self {
            Self::Bulk(_) => None,
            Self::Tables(gathered) => gathered.purged_posts(),
        }
    }

    /// Both sides of the equation, for each kind of which there is anything; final when all records were streamed.
    pub fn equation(&self) -> Vec<Row> {
        let (source, tally) = match self {
            Self::Bulk(gathered) => (&gathered.source, &gathered.tally),
            Self::Tables(gathered) => (&gathered.source, &gathered.tally),
        };
        let established =
            |rank: Rank| TABLES.get(usize::from(rank)).is_some_and(|table| table.kind.starts_with(FINDING_PREFIX));
        let row = |rank: Rank| {
            let at = usize::from(rank);
            Row {
                rank,
                source: (!established(rank)).then_some(source[at]),
                records: tally.records[at],
                out_of_scope: tally.out_of_scope[at],
                quarantined: tally.quarantined[at],
            }
        };
        let is_empty = |row: &Row| row.source.unwrap_or(0) + row.records + row.out_of_scope + row.quarantined == 0;
        (0..).zip(TABLES).map(|(rank, _)| row(rank)).filter(|row| !is_empty(row)).collect()
    }
}

impl Lines<'_> {
    /// The next line, if there is one.
    pub fn advance(&mut self) -> io::Result<Option<Item<'_>>> {
        match self {
            Self::Bulk(stream) => stream.advance(),
            Self::Tables(stream) => stream.advance(),
            Self::Sieved(stream) => stream.advance(),
        }
    }
}
