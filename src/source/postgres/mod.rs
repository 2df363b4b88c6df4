//! A live PostgreSQL: Mattermost's tables from one snapshot, read without harm to the server.
//!
//! ```text
//! Target ──▶ Server::open ──▶ tables, identity   what is there, and whose it is
//!  (url)      one read-only    count              the server's own number of rows
//!             transaction      read               rows as COPY text, in chunks
//!                              beside             another connection, the same snapshot
//! ```
//!
//! Invariant: every statement runs in a `REPEATABLE READ READ ONLY` transaction that the server confirms, so all
//! connections of one [`Server::open`] see the same rows, nothing is written, and no lock is taken beyond
//! `ACCESS SHARE`. Refuses to go on after an error: the transaction is over then, and a new one would see other rows.
//!
//! sqlx and tokio are known here and in `source/mysql` only; every call blocks, and returns when the work is told to
//! stop.

mod error;
mod grants;
mod identity;
mod introspect;
mod password;
mod query;
mod session;
mod target;
mod url;
mod wait;

pub use error::PostgresError;
pub use grants::{grants, is_plain};
pub use identity::Identity;
pub use target::Target;
pub(in crate::source) use wait::{Ended, is_raised, watched};

use crate::source::rows::TableFound;
use crate::source::rows::counted::Counted;
use crate::source::rows::query::Query;
use session::{Session, field};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Spans that are counted one by one: of days 27 years.
const MOST_SPANS: i64 = 10_000;

/// How long we wait for what. A limit of the server, role or database is replaced by ours, within our transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the connection, log-in included; a `connect_timeout` of URL or environment comes first.
    pub connect: Duration,
    /// For a lock that another session holds: somebody is changing the schema.
    pub lock: Duration,
    /// For one statement, such as reading a whole table, our own work on its rows included. Zero for ever.
    pub statement: Duration,
    /// For us, between two statements, until the server takes its snapshot back. Zero for ever.
    pub idle: Duration,
    /// For the next byte of an answer.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            lock: Duration::from_secs(30),
            statement: Duration::from_secs(6 * 3600),
            idle: Duration::from_secs(6 * 3600),
            silence: Duration::from_secs(30 * 60),
        }
    }
}

/// One connection to a Mattermost database, in a read-only transaction on one snapshot.
pub struct Server {
    session: Session,
    target: Target,
    patience: Patience,
    stop: Option<Arc<AtomicBool>>,
    shared: Arc<Shared>,
}

/// What all connections of one snapshot know.
struct Shared {
    identity: Identity,
    tables: Vec<TableFound>,
    readable: Vec<Vec<bool>>,
}

impl Server {
    /// Connects, takes a snapshot and looks what is there. Raising `stop` ends every wait.
    ///
    /// # Errors
    /// Any [`PostgresError`] but those of reading a table.
    pub fn open(target: &Target, patience: Patience, stop: Option<Arc<AtomicBool>>) -> Result<Self, PostgresError> {
        let begin = || Session::begin(target, &patience, stop.iter().cloned().collect(), None);
        let mut session = begin()?;
        let object = "the server's version";
        let number = session.text("SELECT current_setting('server_version_num')", object)?.unwrap_or_default();
        if number.parse::<u32>().unwrap_or(0) < 100_000 {
            let found = session.text("SELECT current_setting('server_version')", object)?.unwrap_or(number);
            return Err(PostgresError::TooOld { found });
        }
        let snapshot = match session.text("SELECT pg_export_snapshot()", "the snapshot") {
            Ok(snapshot) => snapshot,
            Err(PostgresError::Server { .. } | PostgresError::Denied { .. }) => {
                // The refusal ended the transaction.
                session = begin()?;
                None
            }
            Err(error) => return Err(error),
        };
        let found = introspect::look(&mut session)?;
        let identity = identity::ask(&mut session, &found.schema, snapshot)?;
        let shared = Arc::new(Shared { identity, tables: found.tables, readable: found.readable });
        Ok(Self { session, target: target.clone(), patience, stop, shared })
    }

    /// Another connection on the same snapshot. It outlives this one, but cannot begin after it ended. Raising `halt` ends
    /// every wait of this one alone.
    ///
    /// # Errors
    /// [`PostgresError::NoSnapshot`] where the server shares none, and those of connecting.
    pub fn beside(&self, halt: Option<Arc<AtomicBool>>) -> Result<Self, PostgresError> {
        let snapshot = self.shared.identity.snapshot.as_deref().ok_or(PostgresError::NoSnapshot)?;
        let stops = self.stop.iter().cloned().chain(halt).collect();
        let session = Session::begin(&self.target, &self.patience, stops, Some(snapshot))?;
        let (target, shared) = (self.target.clone(), Arc::clone(&self.shared));
        Ok(Self { session, target, patience: self.patience, stop: self.stop.clone(), shared })
    }

    /// What the server says of itself.
    pub fn identity(&self) -> &Identity {
        &self.shared.identity
    }

    /// Every table of Mattermost's schema by name, with all its columns, readable or not; partitions count as their
    /// table.
    pub fn tables(&self) -> &[TableFound] {
        &self.shared.tables
    }

    /// Tables of which no column may be read.
    pub fn denied(&self) -> Vec<String> {
        let tables = self.shared.tables.iter().zip(&self.shared.readable);
        let denied = tables.filter(|(_, readable)| !readable.contains(&true));
        denied.map(|(table, _)| table.name.clone()).collect()
    }

    /// The tables with the columns that may be read.
    pub fn readable(&self) -> Vec<TableFound> {
        let tables = self.shared.tables.iter().zip(&self.shared.readable);
        let table = |(found, readable): (&TableFound, &Vec<bool>)| {
            let columns = found.columns.iter().zip(readable).filter(|(_, readable)| **readable);
            TableFound { name: found.name.clone(), columns: columns.map(|(column, _)| column.clone()).collect() }
        };
        tables.map(table).collect()
    }

    /// Whether a column may be read; `false` for one that does not exist.
    pub fn may_read(&self, table: &str, column: &str) -> bool {
        let mut tables = self.shared.tables.iter().zip(&self.shared.readable);
        tables.any(|(found, readable)| {
            let columns = found.columns.iter().zip(readable);
            found.name == table && columns.into_iter().any(|(found, readable)| *readable && found.name == column)
        })
    }

    /// How many rows the server finds; columns and order do not matter.
    ///
    /// # Errors
    /// [`PostgresError`]; the session is over then.
    pub fn count(&mut self, query: &Query) -> Result<u64, PostgresError> {
        let object = format!("`{}`", query.table);
        let count = self.session.text(&query::count(query, &self.shared.identity.schema)?, &object)?;
        let count = count.and_then(|count| count.parse().ok());
        count.ok_or_else(|| PostgresError::Protocol { object, problem: "its count is no number".to_owned() })
    }

    /// Counts rows by spans of so many milliseconds of the column `at`, floored; see `query::spans`.
    ///
    /// # Errors
    /// [`PostgresError`]; the session is over then.
    pub fn spans(
        &mut self,
        query: &Query,
        at: &str,
        span: i64,
        add: &mut dyn FnMut(i64, u64),
    ) -> Result<(), PostgresError> {
        let object = format!("`{}`", query.table);
        let (schema, mut is_sound) = (self.shared.identity.schema.clone(), true);
        let is_whole = query.only.is_none() && query.all_of.is_empty();
        let ends = if is_whole { self.ends(&query::ends(query, at, &schema)?, span, &object)? } else { None };
        let sql = match ends {
            Some(ends) => query::spans_between(query, at, span, ends, &schema)?,
            None => query::spans(query, at, span, &schema)?,
        };
        self.session.copy(&sql, &object, &mut |text| {
            for row in text.split(|byte| *byte == b'\n').filter(|row| !row.is_empty()) {
                let counted = std::str::from_utf8(row).ok().and_then(|row| row.split_once('\t'));
                match counted.and_then(|(span, rows)| Some((span.parse().ok()?, rows.parse().ok()?))) {
                    Some((_, 0)) => {}
                    Some((span, rows)) => add(span, rows),
                    None => is_sound = false,
                }
            }
            true
        })?;
        let problem = || "a count is no number".to_owned();
        if is_sound { Ok(()) } else { Err(PostgresError::Protocol { object, problem: problem() }) }
    }

    /// The first and the last span that an index tells; of very many the first ones. `None` without such an index or rows.
    fn ends(&mut self, sql: &str, span: i64, object: &str) -> Result<Option<(i64, i64)>, PostgresError> {
        let rows = self.session.run(sql, object)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let end = |column| Ok(field(row, column, object)?.and_then(|at| at.parse::<i64>().ok()));
        let (first, last): (_, Option<i64>) = (end(0)?, end(1)?);
        let spans = first.zip(last).map(|(first, last)| (first.div_euclid(span.max(1)), last.div_euclid(span.max(1))));
        Ok(spans.map(|(first, last)| (first, last.min(first.saturating_add(MOST_SPANS)))))
    }

    /// Reads rows as COPY text and hands them on in chunks of whole rows, of at most
    /// [`BATCH_BYTES`](crate::source::rows::BATCH_BYTES) unless one row is longer. Returns how many rows came, which is
    /// all of them: the server said that it was done.
    ///
    /// Once `hand_on` returns false the connection is closed, which ends the work on the server, and
    /// [`PostgresError::Stopped`] is returned.
    ///
    /// # Errors
    /// [`PostgresError`]; the session is over then, and rows handed on so far are not the whole.
    pub fn read(&mut self, query: &Query, hand_on: &mut dyn FnMut(Vec<u8>) -> bool) -> Result<u64, PostgresError> {
        let object = format!("`{}`", query.table);
        self.session.copy(&query::copy(query, &self.shared.identity.schema)?, &object, hand_on)
    }

    /// The same, for what is dear to be asked twice: the server counts the rows before it sends them. Returned is its count,
    /// and so many came.
    ///
    /// # Errors
    /// As above; [`PostgresError::Protocol`] if another number came.
    pub fn read_counted(
        &mut self,
        query: &Query,
        hand_on: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<u64, PostgresError> {
        let object = format!("`{}`", query.table);
        let (mut counted, mut agrees) = (Counted::default(), true);
        let sql = query::copy_counted(query, &self.shared.identity.schema)?;
        let read = self.session.copy(&sql, &object, &mut |mut text| {
            agrees = counted.take(&mut text);
            agrees && hand_on(text)
        });
        let came = if agrees { read? } else { 0 };
        if !agrees || counted.rows() != Some(came) {
            let problem = "it sent other rows than it counted".to_owned();
            return Err(PostgresError::Protocol { object, problem });
        }
        Ok(came)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server").field(&self.target).finish()
    }
}
