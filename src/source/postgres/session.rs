//! One connection in one read-only transaction: the only file that runs statements and waits for a server.
//!
//! Invariant: nothing is sent that could write, and everything is sent inside a transaction that the server itself
//! calls read-only, so that a fault here harms nothing; settings are local to it, so that a pooler hands none of them
//! on. Every wait ends: at a limit of ours, or when the work is told to stop.

use super::error::{on_connecting, on_reading};
use super::wait::{Ended, is_raised, watched};
use super::{Patience, PostgresError, Target};
use crate::source::rows::chunks::{self, Chunks};
use futures_core::Stream;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How long a good-bye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long to rest until more rows have come together.
const REST: Duration = Duration::from_micros(200);

/// One connection in one transaction.
pub(super) struct Session {
    runtime: Runtime,
    /// `None` once it broke: after an error the transaction is over, and with it the snapshot.
    connection: Option<PgConnection>,
    silence: Duration,
    /// Raising any of these ends every wait.
    stops: Vec<Arc<AtomicBool>>,
    /// For a second connection, that ends what this one asked for.
    target: Box<Target>,
    /// The server's number of this connection.
    backend: Option<u32>,
}

impl Session {
    /// Connects and begins the transaction, on the snapshot of another session if one is named.
    pub(super) fn begin(
        target: &Target,
        patience: &Patience,
        stops: Vec<Arc<AtomicBool>>,
        snapshot: Option<&str>,
    ) -> Result<Self, PostgresError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| PostgresError::Prepare { source })?;
        let limit = target.connect_patience().unwrap_or(patience.connect);
        // A setting that a pooler may refuse at this point; it is made below.
        let options = target.options().clone().extra_float_digits(None::<i8>);
        let connecting =
            async { timeout(limit, watched(options.connect(), Duration::MAX, || is_raised(&stops), || false)).await };
        let connected = match runtime.block_on(connecting) {
            Ok(Ok(connected)) => connected.map_err(|cause| on_connecting(cause, target)),
            Ok(Err(_)) => Err(PostgresError::Stopped),
            Err(_) => {
                Err(PostgresError::SlowToConnect { server: target.described().to_owned(), seconds: limit.as_secs() })
            }
        };
        let connection = match connected {
            Ok(connection) => connection,
            Err(error) => {
                // A name that is still being looked up is not waited for.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let mut session = Self {
            runtime,
            connection: Some(connection),
            silence: patience.silence,
            stops,
            target: Box::new(target.clone()),
            backend: None,
        };
        let object = target.described();
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", object)?;
        if let Some(snapshot) = snapshot {
            session.run(&format!("SET TRANSACTION SNAPSHOT {}", super::query::literal(snapshot)), object)?;
        }
        session.settle(patience, object)?;
        let backend = session.text("SELECT pg_catalog.pg_backend_pid()::pg_catalog.text", object)?;
        session.backend = backend.and_then(|number| number.parse().ok());
        let found = session.text("SHOW transaction_read_only", object)?.unwrap_or_default();
        if found != "on" {
            return Err(PostgresError::NotReadOnly { server: object.to_owned(), found });
        }
        Ok(session)
    }

    /// Makes the settings on which the text of values, the order of rows and the limits depend.
    fn settle(&mut self, patience: &Patience, object: &str) -> Result<(), PostgresError> {
        let settings = [
            ("client_encoding", "'UTF8'".to_owned()),
            ("TimeZone", "'UTC'".to_owned()),
            ("DateStyle", "'ISO, MDY'".to_owned()),
            ("IntervalStyle", "'postgres'".to_owned()),
            ("bytea_output", "'hex'".to_owned()),
            ("extra_float_digits", "3".to_owned()),
            ("standard_conforming_strings", "on".to_owned()),
            // A table scan begins at its beginning, so that equal tables come in equal order.
            ("synchronize_seqscans", "off".to_owned()),
            // A policy that hides rows is an error instead: what is hidden would be missing without a trace.
            ("row_security", "off".to_owned()),
            // One process of the server for each of our connections: its users need the others, and a table of this size is
            // read in less time than it takes to set several to work on it.
            ("max_parallel_workers_per_gather", "0".to_owned()),
            ("lock_timeout", patience.lock.as_millis().to_string()),
            ("statement_timeout", patience.statement.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", patience.idle.as_millis().to_string()),
        ];
        let statements: Vec<String> =
            settings.iter().map(|(name, value)| format!("SET LOCAL {name} = {value}")).collect();
        self.run(&statements.join(";"), object)?;
        // PostgreSQL 17 has one more limit.
        let newer = "SELECT pg_catalog.set_config(name, '0', true) FROM pg_catalog.pg_settings
            WHERE name = 'transaction_timeout'";
        self.run(newer, object).map(drop)
    }

    /// Runs statements of ours; `object` is what an error is about.
    pub(super) fn run(&mut self, sql: &str, object: &str) -> Result<Vec<PgRow>, PostgresError> {
        let outcome = self.try_run(sql, object)?;
        outcome.map_err(|cause| {
            self.connection = None;
            on_reading(cause, object, 0)
        })
    }

    /// Runs statements of ours; the inner error leaves the connection standing.
    fn try_run(&mut self, sql: &str, object: &str) -> Result<sqlx::Result<Vec<PgRow>>, PostgresError> {
        let mut connection = self.connection.take().ok_or_else(|| gone(object))?;
        let work = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection);
        let outcome = self.runtime.block_on(watched(work, self.silence, || is_raised(&self.stops), || false));
        // If the wait ended first, an answer is still on its way and the connection of no use.
        let outcome = outcome.map_err(|ended| self.ended(&ended, object))?;
        self.connection = Some(connection);
        Ok(outcome)
    }

    /// The first column of the first row; `None` for NULL and for no row.
    pub(super) fn text(&mut self, sql: &str, object: &str) -> Result<Option<String>, PostgresError> {
        let rows = self.run(sql, object)?;
        rows.first().map_or(Ok(None), |row| field(row, 0, object))
    }

    /// The same of a statement that a server may refuse or not know: then `None`, and the transaction goes on.
    pub(super) fn text_if_allowed(&mut self, sql: &str, object: &str) -> Result<Option<String>, PostgresError> {
        self.run("SAVEPOINT chatseal", object)?;
        let rows = match self.try_run(sql, object)? {
            Err(sqlx::Error::Database(_)) => Vec::new(),
            other => other.map_err(|cause| on_reading(cause, object, 0))?,
        };
        self.run("ROLLBACK TO SAVEPOINT chatseal; RELEASE SAVEPOINT chatseal", object)?;
        rows.first().map_or(Ok(None), |row| field(row, 0, object))
    }

    /// Streams the rows of a `COPY … TO STDOUT` in chunks of whole rows; see [`super::Server::read`].
    pub(super) fn copy(
        &mut self,
        sql: &str,
        object: &str,
        hand_on: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<u64, PostgresError> {
        let mut connection = self.connection.take().ok_or_else(|| gone(object))?;
        let rows = self.stream(&mut connection, sql, object, hand_on)?;
        self.connection = Some(connection);
        Ok(rows)
    }

    fn stream(
        &self,
        connection: &mut PgConnection,
        sql: &str,
        object: &str,
        hand_on: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<u64, PostgresError> {
        let (silence, is_stopped) = (self.silence, || is_raised(&self.stops));
        let begun = self.runtime.block_on(watched(connection.copy_out_raw(sql), silence, is_stopped, || false));
        let begun = begun.map_err(|ended| self.ended(&ended, object))?;
        let mut stream = begun.map_err(|cause| on_reading(cause, object, 0))?;
        let (mut chunks, mut rows) = (Chunks::default(), 0);
        loop {
            let moved = Cell::new(false);
            let filled = watched(filled(&mut stream, &mut chunks, &moved), silence, is_stopped, || moved.take());
            let filled = self.runtime.block_on(filled).map_err(|ended| self.ended(&ended, object))?;
            let filled = filled.map_err(|cause| on_reading(cause, object, rows + chunks.rows()))?;
            let is_last = filled.is_none();
            let chunk = filled.unwrap_or_else(|| chunks.rest());
            if is_last && chunk.last().is_some_and(|byte| *byte != b'\n') {
                let problem = "the last row has no end".to_owned();
                return Err(PostgresError::Protocol { object: object.to_owned(), problem });
            }
            rows += chunks::rows(&chunk);
            if !chunk.is_empty() && !hand_on(chunk) {
                return Err(PostgresError::Stopped);
            }
            if is_last {
                return Ok(rows);
            }
        }
    }

    fn ended(&self, ended: &Ended, object: &str) -> PostgresError {
        self.cancel();
        match ended {
            Ended::Stopped => PostgresError::Stopped,
            Ended::Silent => PostgresError::Silent { object: object.to_owned(), seconds: self.silence.as_secs() },
        }
    }
}

impl Session {
    /// Asks the server to end what this connection still waits for: closing it would not, until the server has something
    /// to say. Nothing depends on whether it does.
    fn cancel(&self) {
        let Some(backend) = self.backend else { return };
        let sql = format!("SELECT pg_catalog.pg_cancel_backend({backend})");
        let options = self.target.options().clone().extra_float_digits(None::<i8>);
        let cancelling = async {
            let mut connection = options.connect().await?;
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
            connection.close().await
        };
        let _ = self.runtime.block_on(async { timeout(GOODBYE, cancelling).await });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Leaving without a word makes the server log an error.
            let _ = self.runtime.block_on(async { timeout(GOODBYE, connection.close()).await });
        }
    }
}

/// A field as text; `None` for NULL. Every statement of ours casts to text.
pub(super) fn field(row: &PgRow, column: usize, object: &str) -> Result<Option<String>, PostgresError> {
    row.try_get(column).map_err(|cause| on_reading(cause, object, 0))
}

/// The session ended with an earlier error.
fn gone(object: &str) -> PostgresError {
    let source = "the transaction ended with an earlier error".into();
    PostgresError::Lost { object: object.to_owned(), rows: 0, source }
}

/// Fills chunks until one is full; `None` at the end. One wait for each chunk, not for each row: a row costs a copy
/// and nothing else.
///
/// When all is read that came, the thread rests before it waits to be woken: a server sends eight kilobytes at a time,
/// and to wake and be woken for each of them costs both sides more than the bytes.
async fn filled<B: AsRef<[u8]>>(
    stream: &mut (impl Stream<Item = sqlx::Result<B>> + Unpin),
    chunks: &mut Chunks,
    moved: &Cell<bool>,
) -> sqlx::Result<Option<Vec<u8>>> {
    poll_fn(|context| {
        loop {
            let Poll::Ready(next) = Pin::new(&mut *stream).poll_next(context) else {
                std::thread::sleep(REST);
                return Poll::Pending;
            };
            let Some(message) = next.transpose()? else { return Poll::Ready(Ok(None)) };
            moved.set(true);
            if let Some(chunk) = chunks.push(message.as_ref()) {
                return Poll::Ready(Ok(Some(chunk)));
            }
        }
    })
    .await
}
