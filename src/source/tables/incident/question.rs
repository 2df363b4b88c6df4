//! Questions about a few rows of a few tables, answered alike by a database and by its dump.
//!
//! A database is asked with predicates that its indexes serve, and for the columns named only; a dump is read once for all
//! questions together, and the same predicates are applied to its rows. Invariant: who asks gets the same rows either way,
//! some perhaps more than once.

use std::borrow::Cow;

use super::kept::Kept;
use crate::progress::Progress;
use crate::record::time::Window;
use crate::source::catalogue::{Rank, of_table, table};
use crate::source::rows::encode::{Encoder, Row};
use crate::source::rows::plan::Plan;
use crate::source::rows::query::{Condition, Query};
use crate::source::rows::{Batch, TableFound};
use crate::source::tables::collect::rows;
use crate::source::tables::facts::{AllOf, list};
use crate::source::tables::feed::{column, narrowed, query, read, wanted};
use crate::source::tables::scope::{Ids, millis};
use crate::source::tables::tell::Told;
use crate::source::tables::{Database, Store, Tables, TablesError, lock};

/// Ids that a database is asked for at once.
pub(super) const AT_ONCE: usize = 10_000;

/// A condition on one field of a row. Absent fields fulfil none but their own.
#[derive(Clone, Copy, Debug)]
pub(super) enum Test<'q> {
    /// It is one of these.
    In(&'static str, &'q Ids),
    /// It is a time in this window, and one at all.
    Within(&'static str, Window),
    /// It is a time outside of this window, or none.
    Outside(&'static str, Window),
    /// It is a text, and not the empty one.
    Filled(&'static str),
    /// It is no text, or the empty one. A table without the column has no other rows.
    Empty(&'static str),
}

/// Which rows of a kind are wanted, and which of their fields.
#[derive(Clone, Debug)]
pub(super) struct Question<'q> {
    pub(super) rank: Rank,
    pub(super) fields: &'q [&'static str],
    /// All of these hold; each holds if one of its alternatives does.
    pub(super) all_of: Vec<Vec<Test<'q>>>,
    /// Whether the rows are wanted whole for the records, too.
    pub(super) keeps: bool,
}

impl<'q> Question<'q> {
    /// Rows that name one of these ids in this field.
    pub(super) fn naming(rank: Rank, field: &'static str, ids: &'q Ids, fields: &'q [&'static str]) -> Self {
        Self { rank, fields, all_of: vec![vec![Test::In(field, ids)]], keeps: false }
    }

    /// Whether no row can be an answer, so that nobody need be asked.
    fn is_idle(&self) -> bool {
        let is_empty = |test: &Test<'_>| matches!(test, Test::In(_, ids) if ids.is_empty());
        self.all_of.iter().any(|any| any.iter().all(is_empty))
    }

    fn holds(&self, row: &Row<'_>) -> bool {
        let described = table(self.rank);
        let text = |field: &str| row.named(field).ok().flatten();
        let at = |field: &str| {
            let shape = described.column(field).map(|column| column.shape);
            shape.and_then(|shape| millis(text(field)?.as_bytes(), shape))
        };
        self.all_of.iter().all(|any| {
            any.iter().any(|test| match test {
                Test::In(field, ids) => text(field).is_some_and(|id| ids.contains(id.as_bytes())),
                Test::Filled(field) => text(field).is_some_and(|text| !text.is_empty()),
                Test::Empty(field) => text(field).is_none_or(|text| text.is_empty()),
                Test::Within(field, window) => at(field).is_some_and(|at| at != 0 && window.contains(at)),
                Test::Outside(field, window) => at(field).is_none_or(|at| !window.contains(at)),
            })
        })
    }

    /// The fields that are told and those that are tested.
    fn needed(&self) -> Vec<&'static str> {
        let tested = self.all_of.iter().flatten().map(|test| match test {
            Test::In(field, _)
            | Test::Within(field, _)
            | Test::Outside(field, _)
            | Test::Filled(field)
            | Test::Empty(field) => *field,
        });
        self.fields.iter().copied().chain(tested).collect()
    }

    /// What a server is asked, piece by piece; nothing if it lacks the columns that would tell.
    fn pieces<'f>(&self, found: &'f TableFound) -> Vec<AllOf<'f>> {
        let mut pieces: Vec<AllOf<'f>> = vec![AllOf::new()];
        for any in &self.all_of {
            if let [Test::In(field, ids)] = any.as_slice()
                && let Some(name) = column(found, self.rank, field)
            {
                // As many at once as a server takes well.
                let lists: Vec<Vec<Condition<'f>>> =
                    list(ids).chunks(AT_ONCE).map(|some| vec![Condition::In(name, some.to_vec())]).collect();
                let with = |list: &Vec<Condition<'f>>| {
                    let with = |piece: &AllOf<'f>| piece.iter().cloned().chain([list.clone()]).collect();
                    pieces.iter().map(with).collect::<Vec<AllOf<'f>>>()
                };
                pieces = lists.iter().flat_map(with).collect();
                continue;
            }
            // Without the column each row fulfils it.
            let is_free =
                |test: &Test<'_>| matches!(test, Test::Empty(field) if column(found, self.rank, field).is_none());
            if any.iter().any(is_free) {
                continue;
            }
            let any: Vec<Condition<'f>> = any.iter().flat_map(|test| self.conditions(test, found)).collect();
            for piece in &mut pieces {
                piece.push(any.clone());
            }
        }
        pieces
    }

    fn conditions<'f>(&self, test: &Test<'_>, found: &'f TableFound) -> Vec<Condition<'f>> {
        let name = |field| column(found, self.rank, field);
        let conditions = match test {
            Test::In(field, ids) => name(field).map(|name| vec![Condition::In(name, list(ids))]),
            Test::Within(field, window) => {
                name(field).map(|name| vec![Condition::Within(name, window.from, window.until)])
            }
            Test::Outside(field, window) => name(field).map(|name| {
                let before = window.from.map(|from| Condition::Within(name, None, Some(from)));
                let behind = window.until.map(|until| Condition::Within(name, Some(until), None));
                [Some(Condition::Absent(name)), before, behind].into_iter().flatten().collect()
            }),
            Test::Filled(field) => name(field).map(|name| vec![Condition::Filled(name)]),
            Test::Empty(field) => {
                name(field).map(|name| vec![Condition::Absent(name), Condition::In(name, vec![String::new()])])
            }
        };
        conditions.unwrap_or_default()
    }
}

impl Tables {
    /// Hands over the answers, each with the number of its question.
    pub(super) fn ask(
        &self,
        questions: &[Question<'_>],
        progress: &Progress,
        give: &mut dyn FnMut(usize, &Told<'_>),
    ) -> Result<(), TablesError> {
        self.ask_and_keep(questions, &mut Kept::default(), progress, give)
    }

    /// Also keeps the rows of the questions that say so, of a server.
    pub(super) fn ask_and_keep(
        &self,
        questions: &[Question<'_>],
        kept: &mut Kept,
        progress: &Progress,
        give: &mut dyn FnMut(usize, &Told<'_>),
    ) -> Result<(), TablesError> {
        let asked: Vec<(usize, &Question<'_>)> =
            questions.iter().enumerate().filter(|(_, question)| !question.is_idle()).collect();
        if asked.is_empty() {
            return Ok(());
        }
        match &self.store {
            Store::Live(server) => {
                let mut server = lock(server);
                let readable = server.readable();
                for (number, question) in asked {
                    for found in readable.iter().filter(|found| of_table(&found.name).any(|rank| rank == question.rank))
                    {
                        ask_server(&mut server, question, found, kept, progress, &mut |told| give(number, told))?;
                    }
                }
                Ok(())
            }
            Store::Dump(_) => {
                let ranks: Vec<Rank> = asked.iter().map(|(_, question)| question.rank).collect();
                let mut answer = |plan: &Plan, batch: &Batch| {
                    let of_kind: Vec<_> = asked.iter().filter(|(_, question)| question.rank == plan.rank()).collect();
                    each(plan, batch, &mut |row| {
                        for (number, _) in of_kind.iter().filter(|(_, question)| question.holds(row)) {
                            give(*number, &|field| row.named(field).ok().flatten());
                        }
                    });
                };
                self.visit(&ranks, &[], None, progress, &mut answer).map(drop)
            }
        }
    }
}

fn ask_server(
    server: &mut Database,
    question: &Question<'_>,
    found: &TableFound,
    kept: &mut Kept,
    progress: &Progress,
    give: &mut dyn FnMut(&Told<'_>),
) -> Result<(), TablesError> {
    // What MySQL takes for equal may answer two questions, and would be kept twice.
    let keeps = question.keeps && kept.has_room() && matches!(server, Database::Postgres(_));
    let asked = if keeps { wanted(found) } else { narrowed(question.rank, found, &question.needed()) };
    let Ok(plan) = Plan::new(question.rank, &asked.columns) else { return Ok(()) };
    for all_of in question.pieces(found) {
        let query = Query { all_of, ..query(&asked, Some(question.rank)) };
        read(server, &query, 0, progress, &mut |batch| {
            // What a server takes for equal, or for a time, is looked at again.
            each(&plan, &batch, &mut |row| {
                if question.holds(row) {
                    give(&|field| row.named(field).ok().flatten());
                }
            });
            if keeps {
                kept.push(&found.name, batch.text);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The rows of a batch that are of the plan's kind. What cannot be decoded tells nothing; it is quarantined when records
/// are read.
fn each(plan: &Plan, batch: &Batch, see: &mut dyn FnMut(&Row<'_>)) {
    let mut encoder = Encoder::new(plan);
    for row in rows(&batch.text) {
        let Ok(row) = encoder.row(row) else { continue };
        if row.matches_only().unwrap_or(false) {
            see(&row);
        }
    }
}

/// A text that a row tells, unless it is empty.
pub(super) fn filled(told: &Told<'_>, field: &str) -> Option<Box<[u8]>> {
    told(field).filter(|text| !text.is_empty()).map(Cow::into_owned).map(|text| Box::from(text.into_bytes()))
}

/// A number that a row tells; 0 if it tells none.
pub(super) fn number(told: &Told<'_>, field: &str) -> i64 {
    told(field).and_then(|text| text.parse().ok()).unwrap_or(0)
}
