//! Facts about the whole of a database, told before its records: a few columns of a few tables, whatever the scope.
//!
//! Who asks decides what the facts mean. A live database is asked for the columns named and nothing else, and of posts
//! only for those that another row names or that name another; a dump is read once more as a whole.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::collect::rows;
use super::feed::{column, narrowed, query, read};
use super::{Store, Tables, TablesError, lock};
use crate::progress::Progress;
use crate::source::catalogue::{LEGAL_HOLD, POST, Rank, To, of_table, table};
use crate::source::rows::encode::Encoder;
use crate::source::rows::plan::Plan;
use crate::source::rows::query::{Condition, Query};
use crate::source::rows::{Batch, TableFound};

/// The text of a field of a row; `None` for NULL, and where the source lacks the column. `id` is the row's key.
pub type Told<'r> = dyn Fn(&str) -> Option<Cow<'r, str>> + 'r;

/// What is asked of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'w> {
    /// The kind.
    pub rank: Rank,
    /// Its fields.
    pub fields: &'w [&'static str],
    /// Rows that have one of these fields, or are named by it or by a row of the other kinds that are asked for,
    /// suffice; empty: all rows are wanted. More may come, and some twice.
    pub linked_by: &'w [&'static str],
}

impl Tables {
    /// Hands over the rows of these kinds, each with the fields named.
    pub fn tell(
        &self,
        asked: &[Wanted<'_>],
        progress: &Progress,
        give: &mut dyn FnMut(Rank, &Told<'_>),
    ) -> Result<(), TablesError> {
        match &self.store {
            Store::Live(server) => {
                let mut server = lock(server);
                let readable = server.readable();
                for wanted in asked {
                    let of_kind = |found: &&TableFound| of_table(&found.name).any(|rank| rank == wanted.rank);
                    for found in readable.iter().filter(of_kind) {
                        let narrow = narrowed(wanted.rank, found, wanted.fields);
                        let Ok(plan) = Plan::new(wanted.rank, &narrow.columns) else { continue };
                        for all_of in linked(wanted, found, &readable, asked) {
                            let query = Query { all_of, ..query(&narrow, Some(wanted.rank)) };
                            read(&mut server, &query, 0, progress, &mut |batch| {
                                hand_over(&plan, &batch, give);
                                Ok(())
                            })?;
                        }
                    }
                }
                Ok(())
            }
            Store::Dump(_) => {
                let ranks: Vec<Rank> = asked.iter().map(|wanted| wanted.rank).collect();
                let not_dumped =
                    self.visit(&ranks, &[], None, progress, &mut |plan, batch| hand_over(plan, batch, give))?;
                // Whether they were empty nobody can tell: a hold could stand there, or a membership.
                let is_asked = |found: &&TableFound| of_table(&found.name).any(|rank| ranks.contains(&rank));
                let missing: Vec<String> =
                    not_dumped.iter().filter(is_asked).map(|found| format!("`{}`", found.name)).collect();
                if missing.is_empty() { Ok(()) } else { Err(TablesError::NotDumped(missing)) }
            }
        }
    }

    /// Refuses if one of these fields is there and may not be read: what it would tell must not be taken for nothing. Of a dump
    /// [`Self::tell`] does.
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

/// Which questions together bring the rows that are linked with others: those that name, and those that are named. A link
/// that the server has no column for links nothing.
fn linked<'f>(
    wanted: &Wanted<'_>,
    found: &'f TableFound,
    readable: &'f [TableFound],
    asked: &[Wanted<'_>],
) -> Vec<Vec<Vec<Condition<'f>>>> {
    let id = column(found, wanted.rank, "id").filter(|_| !wanted.linked_by.is_empty());
    let Some(id) = id else { return vec![Vec::new()] };
    let own: Vec<&str> = wanted.linked_by.iter().filter_map(|field| column(found, wanted.rank, field)).collect();
    let mut named: Vec<(&str, &str)> = own.iter().map(|field| (found.name.as_str(), *field)).collect();
    for other in asked.iter().filter(|other| other.rank != wanted.rank && wanted.rank == POST) {
        for naming in readable.iter().filter(|naming| of_table(&naming.name).any(|rank| rank == other.rank)) {
            let columns = table(other.rank).reach(To::Post).filter_map(|field| column(naming, other.rank, field));
            named.extend(columns.map(|column| (naming.name.as_str(), column)));
        }
    }
    let naming = own.into_iter().map(Condition::Filled).collect();
    vec![vec![naming], vec![vec![Condition::Among(id, named)]]]
}

fn hand_over(plan: &Plan, batch: &Batch, give: &mut dyn FnMut(Rank, &Told<'_>)) {
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
}
