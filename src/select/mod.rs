//! Scope applied to a source: what was asked for, what that leaves in, and how much it leaves out.
//!
//! Selecting never loses a row silently: for each kind, rows in the source = records + out of scope + withheld by
//! policy + quarantined, where the left side is counted apart from the decoder. [`Selection::equation`] states both
//! sides once everything was streamed; the archive refuses to be sealed if they differ.
//!
//! Invariant: no clock, no output, no key. Refuses a scope that names what the source does not have, because a typing
//! mistake must not look like an empty result.

use crate::source::bulk::pass::Work;
use crate::source::bulk::stream::Gathered;
use crate::source::bulk::{Bulk, BulkError};
use crate::source::catalogue::TABLES;
use crate::source::scope::{Asked, Scope};

/// A source read under a scope.
#[derive(Debug)]
pub struct Selection<'b> {
    /// Records, files and exceptions, ready to be streamed.
    pub gathered: Gathered<'b>,
    /// The scope with names resolved.
    pub scope: Scope,
}

/// Both sides of the completeness equation for one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The kind.
    pub kind: &'static str,
    /// Rows in the source, counted apart from the decoder.
    pub source: u64,
    /// Records written.
    pub records: u64,
    /// Rows outside the scope.
    pub out_of_scope: u64,
    /// Rows that could not become a record.
    pub quarantined: u64,
}

/// Reads what `asked` selects from a bulk export.
pub fn select<'b>(bulk: &'b Bulk, asked: &Asked, work: &Work<'_>) -> Result<Selection<'b>, BulkError> {
    let resolved = bulk.resolve(asked, work)?;
    let gathered = bulk.read(&resolved.scope, work)?;
    for (what, name, id) in resolved.names {
        if !gathered.describes(what, &id) {
            return Err(BulkError::NotFound { what, name });
        }
    }
    Ok(Selection { gathered, scope: resolved.scope })
}

impl Selection<'_> {
    /// Both sides of the equation, for each kind of which there is anything; final when all records were streamed.
    pub fn equation(&self) -> Vec<Row> {
        let tally = &self.gathered.tally;
        let row = |(at, table): (usize, &&'static crate::source::catalogue::Table)| Row {
            kind: table.kind,
            source: self.gathered.source[at],
            records: tally.records[at],
            out_of_scope: tally.out_of_scope[at],
            quarantined: tally.quarantined[at],
        };
        let is_empty = |row: &Row| row.source + row.records + row.out_of_scope + row.quarantined == 0;
        TABLES.iter().enumerate().map(row).filter(|row| !is_empty(row)).collect()
    }
}
