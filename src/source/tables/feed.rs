//! Batches of rows out of the store: from one snapshot of a live database, or from a dump as it lies.
//!
//! A live database is asked for the columns of the catalogue only, so that secrets do not even cross the wire; a dump
//! holds all columns, and the plans take what is theirs. Rows are counted apart: by the database on a connection of its
//! own in the same snapshot, or by the scanner of the dump.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ahead::Ahead;
use super::facts::{AllOf, conditions, selections};
use super::incident::kept::Kept;
use super::scope::Scope;
use super::survey::{Route, Survey};
use super::{Database, Store, Tables, TablesError, lock};
use crate::progress::{Interrupted, Progress};
use crate::record::time::MAX_EXACT;
use crate::source::catalogue::{POST, Rank, of_table, table};
use crate::source::dump::{Account, Dump, LongRow, Piece};
use crate::source::rows::plan::{self, Plan};
use crate::source::rows::query::{Condition, Query};
use crate::source::rows::{Batch, ColumnFound, TableFound};

/// What a full reading is done with.
pub(super) struct Feeding<'f> {
    /// Takes note of what there is.
    pub(super) survey: &'f mut Survey,
    /// Whether posts that are dated come sorted on another way.
    pub(super) skip_ordered: bool,
    /// What a live database need not hand over more than; `None` for all rows.
    pub(super) limits: Option<&'f Scope>,
    /// What was counted already, and who counts the rest.
    pub(super) ahead: Option<Ahead>,
    /// Posts of an incident that were met while it was traced.
    pub(super) kept: Kept,
    /// Told about bytes, asked whether to stop.
    pub(super) progress: &'f Progress,
}

/// What a reader hands over.
#[derive(Debug)]
pub(super) enum Given {
    /// Some rows.
    Rows(Batch),
    /// A row of a dump that is too long to be decoded.
    TooLong(LongRow),
}

/// Receives rows with the way that they take.
pub(super) type Give<'g> = dyn FnMut(&Arc<Route>, Given) -> Result<(), Interrupted> + 'g;

impl Tables {
    /// Hands over all rows of all tables that are evidence; a dump gives an account of itself.
    pub(super) fn feed(&self, feeding: Feeding<'_>, give: &mut Give<'_>) -> Result<Option<Account>, TablesError> {
        match &self.store {
            Store::Live(server) => feed_live(&mut lock(server), feeding, give).map(|()| None),
            Store::Dump(dump) => feed_dump(dump, feeding, give).map(Some),
        }
    }

    /// Hands over the rows of some kinds, with as few columns as the fields named need. What cannot be read is absent;
    /// returned are tables that a dump declares without their rows.
    pub(super) fn visit(
        &self,
        ranks: &[Rank],
        fields: &[&str],
        limits: Option<&Scope>,
        progress: &Progress,
        give: &mut dyn FnMut(&Plan, &Batch),
    ) -> Result<Vec<TableFound>, TablesError> {
        match &self.store {
            Store::Live(server) => {
                let mut server = lock(server);
                for found in server.readable() {
                    for rank in of_table(&found.name).filter(|rank| ranks.contains(rank)) {
                        let wanted = narrowed(rank, &found, fields);
                        let Ok(plan) = Plan::new(rank, &wanted.columns) else { continue };
                        let mut query = query(&wanted, Some(rank));
                        query.all_of = limits.map_or_else(AllOf::new, |scope| conditions(scope, &found, rank));
                        read(&mut server, &query, 0, progress, &mut |batch| {
                            give(&plan, &batch);
                            Ok(())
                        })?;
                    }
                }
                Ok(Vec::new())
            }
            Store::Dump(dump) => {
                let mut plans: Vec<Vec<Plan>> = Vec::new();
                dump.read(progress, &mut |piece| {
                    match piece {
                        Piece::Table(found) => {
                            let plan = |rank| Plan::new(rank, &found.columns).ok();
                            plans.push(
                                of_table(&found.name).filter(|rank| ranks.contains(rank)).filter_map(plan).collect(),
                            );
                        }
                        // What cannot be decoded names nothing; it is quarantined when records are read.
                        Piece::TooLong(_) => {}
                        Piece::Rows(batch) => {
                            for plan in plans.get(batch.table).into_iter().flatten() {
                                give(plan, &batch);
                            }
                        }
                    }
                    Ok(())
                })
                .map(|account| account.not_dumped)
                .map_err(TablesError::from)
            }
        }
    }
}

fn feed_live(server: &mut Database, feeding: Feeding<'_>, give: &mut Give<'_>) -> Result<(), TablesError> {
    let Feeding { survey, skip_ordered, limits, ahead, mut kept, progress } = feeding;
    let mut ways = Vec::new();
    for (whole, readable) in server.tables().to_vec().iter().zip(server.readable()) {
        let wanted = wanted(&readable);
        if readable.columns.is_empty() && of_table(&whole.name).next().is_some() {
            survey.unreadable(&whole.name, "no permission to read it".to_owned());
        } else if let Some(route) = survey.route(whole, &wanted) {
            ways.push((route, wanted));
        }
    }
    // Whichever of the two fails first ends the other: neither waits for hours for work that is lost.
    let is_lost = AtomicBool::new(false);
    let (beside, halt, known) = if let Some(Ahead { database, halt, rows }) = ahead {
        (Some(database), halt, rows)
    } else {
        let halt = Arc::new(AtomicBool::new(false));
        (server.beside(Some(halt.clone()))?, halt, BTreeMap::new())
    };
    let known = &known;
    std::thread::scope(|threads| {
        let counting = beside.map(|mut beside| {
            let (ways, is_lost) = (&ways, &is_lost);
            threads.spawn(move || {
                let counted = count(&mut beside, ways, limits, known);
                is_lost.store(counted.is_err(), Ordering::Relaxed);
                counted
            })
        });
        let mut counted = RowCounts::new();
        let mut read_all = || {
            for (at, (route, wanted)) in ways.iter().enumerate() {
                // Of an empty table the database has said so already.
                if route.plans.iter().all(|plan| known.get(&(route.table.clone(), plan.rank())) == Some(&0)) {
                    continue;
                }
                let mut queries = limited(route, wanted, limits, &ways);
                if skip_ordered && route.plans.iter().any(|plan| plan.rank() == POST) {
                    queries = vec![Query { all_of: vec![undated(wanted)], ..query(wanted, sole(route)) }];
                }
                let mut hand_on = |batch| {
                    if is_lost.load(Ordering::Relaxed) { Err(Interrupted) } else { give(route, Given::Rows(batch)) }
                };
                if queries.first().is_some_and(|query| !query.all_of.is_empty())
                    && let Some(kept) = kept.take(&route.table)
                {
                    queries.remove(0);
                    kept.into_iter().try_for_each(|text| hand_on(Batch { table: at, first: 0, text }))?;
                }
                for query in &queries {
                    let rows = read(server, query, at, progress, &mut hand_on)?;
                    if let Some(rank) = sole(route).filter(|_| server.counts_on_reading(query)) {
                        *counted.entry(rank).or_default() += rows;
                    }
                }
            }
            Ok(())
        };
        let was_read: Result<(), TablesError> = read_all();
        let is_cause = was_read.is_err() && !is_lost.load(Ordering::Relaxed);
        halt.store(was_read.is_err(), Ordering::Relaxed);
        let beside = counting.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        if is_cause {
            return was_read;
        }
        (survey.rows, survey.passed_by) = match beside {
            Some(counts) => counts?,
            None => count(server, &ways, limits, known)?,
        };
        for (rank, rows) in counted {
            survey.passed_by.entry(rank).and_modify(|passed_by| *passed_by = passed_by.saturating_sub(rows));
        }
        was_read
    })
}

/// The kind of a table that holds one kind: then the database itself leaves out the other rows, which may be secrets.
fn sole(route: &Route) -> Option<Rank> {
    if let [plan] = route.plans.as_slice() { Some(plan.rank()) } else { None }
}

/// What is asked of a table: its rows, and where one kind takes them all only those that a scope may want.
fn limited<'f>(
    route: &Route,
    wanted: &'f TableFound,
    limits: Option<&'f Scope>,
    ways: &'f [(Arc<Route>, TableFound)],
) -> Vec<Query<'f>> {
    let rank = sole(route);
    let posts = ways.iter().find(|(route, _)| sole(route) == Some(POST)).map(|(_, found)| found);
    let selections = match (limits, rank) {
        (Some(scope), Some(rank)) => selections(scope, wanted, rank, posts),
        _ => vec![AllOf::new()],
    };
    selections.into_iter().map(|all_of| Query { all_of, ..query(wanted, rank) }).collect()
}

/// A number of rows for each kind.
type RowCounts = BTreeMap<Rank, u64>;

/// Rows of each kind's table, and those of them that are not asked for: both counted by the database in the snapshot. What
/// it counts when it is read is not counted here.
fn count(
    server: &mut Database,
    ways: &[(Arc<Route>, TableFound)],
    limits: Option<&Scope>,
    known: &BTreeMap<(String, Rank), u64>,
) -> Result<(RowCounts, RowCounts), TablesError> {
    let (mut counts, mut passed_by) = (RowCounts::new(), RowCounts::new());
    for (route, wanted) in ways {
        let limited = limited(route, wanted, limits, ways);
        for plan in &route.plans {
            let changes = limits.and_then(|scope| scope.changes.as_ref());
            let counted = changes.and_then(|changes| changes.rows.get(&plan.rank()).copied());
            let counted = counted.or_else(|| known.get(&(route.table.clone(), plan.rank())).copied());
            let rows = counted.map_or_else(|| server.count(&query(wanted, Some(plan.rank()))), Ok)?;
            let mut asked = 0;
            for query in &limited {
                let told = changes.and_then(|changes| changes.changed(plan.rank()));
                asked += match told {
                    _ if query.all_of.is_empty() || rows == 0 => rows,
                    Some(told) => told,
                    None if server.counts_on_reading(query) => 0,
                    None => server.count(query)?,
                };
            }
            // Tables whose names differ in case only are of one kind.
            *counts.entry(plan.rank()).or_default() += rows;
            *passed_by.entry(plan.rank()).or_default() += rows.saturating_sub(asked);
        }
    }
    Ok((counts, passed_by))
}

fn feed_dump(dump: &Dump, feeding: Feeding<'_>, give: &mut Give<'_>) -> Result<Account, TablesError> {
    let Feeding { survey, progress, .. } = feeding;
    let mut routes: Vec<Option<Arc<Route>>> = Vec::new();
    let account = dump.read(progress, &mut |piece| {
        let (at, given) = match piece {
            Piece::Table(found) => {
                routes.push(survey.route(&found, &found));
                return Ok(());
            }
            Piece::Rows(batch) => (batch.table, Given::Rows(batch)),
            Piece::TooLong(row) => (row.table, Given::TooLong(row)),
        };
        routes.get(at).and_then(Option::as_ref).map_or(Ok(()), |route| give(route, given))
    })?;
    // What has no way is told as unreadable. `posts` and `"Posts"` add up.
    for (at, (table, route)) in account.tables.iter().zip(&routes).enumerate() {
        for plan in route.iter().flat_map(|route| &route.plans) {
            let rows = account.only.get(&(at, plan.rank())).unwrap_or(&table.rows);
            *survey.rows.entry(plan.rank()).or_default() += rows;
        }
    }
    for table in &account.not_dumped {
        survey.not_dumped(table);
    }
    Ok(account)
}

/// Reads one query as batches of the table at this position; returns how many rows came.
pub(super) fn read(
    server: &mut Database,
    query: &Query<'_>,
    table: usize,
    progress: &Progress,
    give: &mut dyn FnMut(Batch) -> Result<(), Interrupted>,
) -> Result<u64, TablesError> {
    let mut stopped = None;
    let rows = server.read(query, &mut |text| {
        progress.add(text.len() as u64);
        let given = progress.check().and_then(|()| give(Batch { table, first: 0, text }));
        stopped = given.err();
        stopped.is_none()
    })?;
    stopped.map_or(Ok(rows), |interrupted| Err(interrupted.into()))
}

/// The columns of a table that any of its kinds wants, in the server's order.
pub(super) fn wanted(found: &TableFound) -> TableFound {
    let names: BTreeSet<&str> =
        of_table(&found.name).flat_map(|rank| plan::wanted(rank, found)).map(|column| column.name.as_str()).collect();
    let columns = found.columns.iter().filter(|column| names.contains(column.name.as_str())).cloned().collect();
    TableFound { name: found.name.clone(), columns }
}

/// The columns that some fields need, besides what makes a row one of its kind.
pub(super) fn narrowed(rank: Rank, found: &TableFound, fields: &[&str]) -> TableFound {
    let described = table(rank);
    let is_needed = |column: &&ColumnFound| {
        // A key that is a credential is no column of the catalogue.
        let is_called = |field: &str| field.eq_ignore_ascii_case(&column.name);
        let feeds = |field: &str| described.column(field).map_or(is_called(field), |known| known.is(&column.name));
        column.name.eq_ignore_ascii_case("id")
            || described.only.is_some_and(|(only, _)| column.name.eq_ignore_ascii_case(only))
            || described.key.iter().chain(fields).any(|field| feeds(field))
    };
    let columns = plan::wanted(rank, found).into_iter().filter(is_needed).cloned().collect();
    TableFound { name: found.name.clone(), columns }
}

/// All rows of a table, or with a rank those of this kind only.
pub(super) fn query(found: &TableFound, rank: Option<Rank>) -> Query<'_> {
    Query {
        table: &found.name,
        columns: found.columns.iter().map(|column| column.name.as_str()).collect(),
        only: rank.and_then(|rank| only(found, rank)),
        all_of: Vec::new(),
        order: None,
    }
}

/// What makes a row one of its kind, with the server's name of the column.
fn only(found: &TableFound, rank: Rank) -> Option<(&str, &'static [&'static str])> {
    let (name, values) = table(rank).only?;
    let column = found.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))?;
    Some((&column.name, values))
}

/// Posts without a time, and with one that is no time of a post: few, and not in the order of their `at`.
fn undated(found: &TableFound) -> Vec<Condition<'_>> {
    let at = origin_column(found, POST);
    vec![Condition::Absent(at), Condition::Within(at, None, Some(1)), Condition::Within(at, Some(MAX_EXACT + 1), None)]
}

/// Posts with a proper time, which the database can hand over in order.
pub(super) fn dated(found: &TableFound) -> (Vec<Condition<'_>>, &str) {
    let at = origin_column(found, POST);
    (vec![Condition::Within(at, Some(1), Some(MAX_EXACT + 1))], at)
}

/// The server's name of the column that feeds the origin time of a kind.
pub(super) fn origin_column(found: &TableFound, rank: Rank) -> &str {
    let origin = table(rank).origin.and_then(|field| table(rank).column(field));
    let column = origin.and_then(|origin| found.columns.iter().find(|column| origin.is(&column.name)));
    column.map(|column| column.name.as_str()).unwrap_or_default()
}

/// The server's name of the column that feeds a field; `id` is the row's key.
pub(super) fn column<'f>(found: &'f TableFound, rank: Rank, field: &str) -> Option<&'f str> {
    let known = table(rank).column(field);
    let is_it = |name: &str| known.map_or(field.eq_ignore_ascii_case(name), |known| known.is(name));
    found.columns.iter().find(|column| is_it(&column.name)).map(|column| column.name.as_str())
}
