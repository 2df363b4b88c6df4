//! Facts about the whole of a database, told before its records: a few columns of a few tables, whatever the scope.
//!
//! Who asks decides what the facts mean. A live database is asked for the columns named and nothing else; a dump is read
//! once more.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::collect::rows;
use super::feed::narrowed;
use super::{Store, Tables, TablesError, lock};
use crate::progress::Progress;
use crate::source::catalogue::{LEGAL_HOLD, Rank, of_table};
use crate::source::rows::encode::Encoder;
use crate::source::rows::plan::Plan;

/// The text of a field of a row; `None` for NULL, and where the source lacks the column. `id` is the row's key.
pub type Told<'r> = dyn Fn(&str) -> Option<Cow<'r, str>> + 'r;

impl Tables {
    /// Hands over the rows of these kinds, each with the fields named.
    pub fn tell(
        &self,
        asked: &[(Rank, &[&'static str])],
        progress: &Progress,
        give: &mut dyn FnMut(Rank, &Told<'_>),
    ) -> Result<(), TablesError> {
        let mut hand_over = |plan: &Plan, batch: &crate::source::rows::Batch| {
            let mut encoder = Encoder::new(plan);
            for row in rows(&batch.text) {
                // What cannot be decoded tells nothing; it is quarantined when records are read.
                let Ok(row) = encoder.row(row) else { continue };
                if !row.matches_only().unwrap_or(false) {
                    continue;
                }
                let field = |name: &str| match (plan.rank(), name) {
                    // One that cannot be decoded is there all the same.
                    (LEGAL_HOLD, "value") => match (row.value(name), row.named(name)) {
                        (None, Ok(None)) => None,
                        (value, _) => Some(Cow::Owned(value.unwrap_or_default())),
                    },
                    _ => row.named(name).ok().flatten(),
                };
                give(plan.rank(), &field);
            }
        };
        match &self.store {
            Store::Live(_) => {
                asked.iter().try_for_each(|(rank, fields)| self.visit(&[*rank], fields, None, progress, &mut hand_over))
            }
            Store::Dump(_) => {
                let ranks: Vec<Rank> = asked.iter().map(|(rank, _)| *rank).collect();
                self.visit(&ranks, &[], None, progress, &mut hand_over)
            }
        }
    }

    /// Refuses if one of these fields is there and may not be read: what it would tell must not be taken for nothing. All
    /// that a dump holds may be read.
    pub fn require(&self, asked: &[(Rank, Vec<&'static str>)]) -> Result<(), TablesError> {
        let Store::Live(server) = &self.store else { return Ok(()) };
        let server = lock(server);
        let mut denied = BTreeSet::new();
        for found in server.tables() {
            let is_open = |name: &str| server.may_read(&found.name, name);
            let is_closed = !found.columns.iter().any(|column| is_open(&column.name));
            for rank in of_table(&found.name) {
                let fields = asked.iter().filter(|(of, _)| *of == rank);
                for column in fields.flat_map(|(_, fields)| narrowed(rank, found, fields).columns) {
                    if is_closed {
                        denied.insert(format!("`{}`", found.name));
                    } else if !is_open(&column.name) {
                        denied.insert(format!("`{}.{}`", found.name, column.name));
                    }
                }
            }
        }
        if denied.is_empty() { Ok(()) } else { Err(TablesError::Denied(denied.into_iter().collect())) }
    }

    /// Whether one more question costs another reading of everything.
    pub fn is_read_as_a_whole(&self) -> bool {
        matches!(self.store, Store::Dump(_))
    }
}
