//! What a live database can tell of its rows without handing them over: which of them are new, and how many there are
//! in each span of their origin time. A later run learns from it where records are gone, or came late.
//!
//! Invariant: rows are counted by the database itself, in the snapshot in which they are read.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::collect::rows;
use super::facts::changed;
use super::feed::{narrowed, query, read};
use super::{Database, Store, Tables, TablesError, lock};
use crate::progress::Progress;
use crate::record::id::hex;
use crate::record::time::{self, Millis, Window};
use crate::source::catalogue::{POST, Rank, Shape, TABLES, of_table, table};
use crate::source::rows::TableFound;
use crate::source::rows::encode::Encoder;
use crate::source::rows::plan::Plan;
use crate::source::rows::query::{Keyed, Query};
use crate::source::scope::Changes;

/// Rows in each span of the origin time: those whose `at.div_euclid(span)` is the key.
pub type Census = BTreeMap<i64, u64>;

impl Tables {
    /// The source's own time, and of a replica that of what it last replayed: nothing can be said of what came later.
    /// `None` for a dump.
    pub fn time(&self) -> Option<Millis> {
        match &self.store {
            Store::Live(server) => Some(lock(server).known_until()),
            Store::Dump(_) => None,
        }
    }

    /// Kinds of which the database can tell what is new: their change clock, and their origin time if they have one, are
    /// columns that may be read and hold milliseconds. None of a dump, which is read as a whole anyway.
    pub fn clocked(&self) -> Vec<Rank> {
        let Store::Live(server) = &self.store else { return Vec::new() };
        let readable = lock(server).readable();
        let kinds = (0..).zip(TABLES).filter(|(_, table)| table.clock.is_some() && table.only.is_none());
        // `posts` and `"Posts"` would be two.
        let sole = |rank: Rank| {
            let mut found = readable.iter().filter(|found| of_table(&found.name).any(|of| of == rank));
            found.next().filter(|_| found.next().is_none())
        };
        let is_plain = |found: &TableFound, table: &crate::source::catalogue::Table| {
            let mut times = table.clock.iter().chain(&table.origin);
            times.all(|field| column(found, table, field).is_some()) && of_table(&found.name).count() == 1
        };
        let kinds = kinds.filter(|(rank, table)| sole(*rank).is_some_and(|found| is_plain(found, table)));
        kinds.map(|(rank, _)| rank).collect()
    }

    /// The id that a Mattermost server gave its installation (`systems`, `DiagnosticId`), which goes where its data go;
    /// `None` of a dump, of a server without one, and for a role that may not read it.
    pub fn installation(&self) -> Result<Option<String>, TablesError> {
        let Store::Live(server) = &self.store else { return Ok(None) };
        let mut server = lock(server);
        let readable = server.readable();
        let found = readable.iter().find(|found| found.name.eq_ignore_ascii_case("systems"));
        let column = |wanted: &str| {
            let mut columns = found.iter().flat_map(|found| &found.columns);
            columns.find(|column| column.name.eq_ignore_ascii_case(wanted)).map(|column| column.name.as_str())
        };
        let (Some(found), Some(name), Some(value)) = (found, column("name"), column("value")) else { return Ok(None) };
        let only = Some((name, ["DiagnosticId"].as_slice()));
        let query = Query { table: &found.name, columns: vec![value], only, ..Query::default() };
        let mut id = None;
        server.read(&query, &mut |text| {
            id = rows(&text).next().map(|row| String::from_utf8_lossy(row).into_owned());
            true
        })?;
        Ok(id.filter(|id| !id.is_empty()))
    }

    /// Posts and when they changed, as a database can be asked.
    pub fn posts(&self) -> Option<Keyed> {
        let Store::Live(server) = &self.store else { return None };
        if !self.clocked().contains(&POST) {
            return None;
        }
        let readable = lock(server).readable();
        let found = readable.iter().find(|found| of_table(&found.name).any(|of| of == POST))?;
        let key = found.columns.iter().find(|column| column.name.eq_ignore_ascii_case("id"))?;
        let clock = column(found, table(POST), table(POST).clock?)?.to_owned();
        Some(Keyed { table: found.name.clone(), key: key.name.clone(), clock })
    }

    /// SHA-256 of the columns of the catalogue that the source has and that may be read: with others, the same rows make
    /// other records. `None` for a dump, which tells while it is read.
    pub fn columns_digest(&self) -> Option<String> {
        let Store::Live(server) = &self.store else { return None };
        let readable = lock(server).readable();
        let named = readable.iter().flat_map(|found| {
            let wanted = super::feed::wanted(found).columns;
            wanted.into_iter().map(|column| format!("{}.{}", found.name, column.name).to_lowercase())
        });
        let mut columns: Vec<String> = named.collect();
        columns.sort_unstable();
        Some(hex(ring::digest::digest(&ring::digest::SHA256, columns.join("\n").as_bytes()).as_ref()))
    }

    /// Another connection to the same snapshot, for counting while rows are read; `None` of a dump, and where the server
    /// shares no snapshot. Raising `halt` ends what it does.
    pub fn beside(&self, halt: Arc<AtomicBool>) -> Result<Option<Database>, TablesError> {
        let Store::Live(server) = &self.store else { return Ok(None) };
        lock(server).beside(Some(halt))
    }

    /// How many rows of a kind of [`Self::clocked`] lie in each span of so many milliseconds, asked of [`Self::beside`]
    /// where there is one.
    pub fn census(&self, rank: Rank, span: Millis, beside: Option<&mut Database>) -> Result<Census, TablesError> {
        let Store::Live(server) = &self.store else { return Ok(Census::new()) };
        beside.map_or_else(|| census(&mut lock(server), rank, span), |beside| census(beside, rank, span))
    }

    /// Hands over origin time and id of rows of a kind of [`Self::clocked`] that `changes` takes; returns how many rows the
    /// database found, whether or not they could be taken apart.
    pub fn keys(
        &self,
        rank: Rank,
        changes: &Changes,
        progress: &Progress,
        give: &mut dyn FnMut(Millis, &str),
    ) -> Result<u64, TablesError> {
        let Store::Live(server) = &self.store else { return Ok(0) };
        let (mut server, mut total) = (lock(server), 0);
        let described = table(rank);
        let fields: Vec<&str> = described.origin.into_iter().chain(described.clock).collect();
        for found in server.readable().iter().filter(|found| of_table(&found.name).any(|of| of == rank)) {
            let narrow = narrowed(rank, found, &fields);
            let Ok(plan) = Plan::new(rank, &narrow.columns) else { continue };
            let mut query = query(&narrow, Some(rank));
            query.all_of = changed(changes, found, rank).into_iter().collect();
            let mut encoder = Encoder::new(&plan);
            total += read(&mut server, &query, 0, progress, &mut |batch| {
                for row in rows(&batch.text) {
                    // A row that cannot be taken apart is quarantined when records are read.
                    let Ok(mut row) = encoder.row(row) else { continue };
                    let at = described.origin.map_or(0, |origin| row.time(origin));
                    if let Ok(id) = row.id() {
                        give(if time::is_exact(at) { at } else { 0 }, id);
                    }
                }
                Ok(())
            })?;
        }
        Ok(total)
    }
}

fn census(server: &mut Database, rank: Rank, span: Millis) -> Result<Census, TablesError> {
    let (mut census, readable) = (Census::new(), server.readable());
    for found in readable.iter().filter(|found| of_table(&found.name).any(|of| of == rank)) {
        let query = query(found, Some(rank));
        let table = table(rank);
        match table.origin.and_then(|origin| column(found, table, origin)) {
            Some(origin) => server.spans(&query, origin, span, &mut census)?,
            None => *census.entry(0).or_default() += server.count(&query)?,
        }
    }
    census.retain(|_, rows| *rows > 0);
    Ok(census)
}

/// The server's name of the column of a field that holds milliseconds.
fn column<'f>(found: &'f TableFound, table: &crate::source::catalogue::Table, field: &str) -> Option<&'f str> {
    let known = table.column(field).filter(|known| known.shape == Shape::Millis)?;
    found.columns.iter().find(|column| known.is(&column.name)).map(|column| column.name.as_str())
}

/// Whether some span is all of time.
pub(super) fn is_all(spans: &[Window]) -> bool {
    spans.iter().any(|span| span.is_open())
}
