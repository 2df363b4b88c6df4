//! One connection in one read-only transaction: the only file that runs statements and waits for a server.
//!
//! Invariant: everything of Mattermost's is read inside one transaction, begun `WITH CONSISTENT SNAPSHOT, READ ONLY` in
//! a session that lets no other kind begin; that the server followed is asked, not assumed. Every wait ends: at a limit
//! of ours, or when the work is told to stop.

use super::error::{needs_rsa, on_connecting, on_reading};
use super::form::Form;
use super::{MysqlError, Target};
use crate::source::postgres::{Ended, Patience, is_raised, watched};
use crate::source::rows::chunks::{self, Chunks};
use futures_core::stream::BoxStream;
use sqlx::mysql::{MySql, MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Decode, Row, ValueRef};
use std::cell::Cell;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// How long a good-bye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The longest limit that every server takes, in seconds: a year.
const FOR_EVER: u64 = 31_536_000;

/// What the server must say of the session, by names that MySQL and MariaDB have for it, and why we insist.
const ASKED: [(&[&str], &str); 5] = [
    (&["transaction_read_only", "tx_read_only"], "ON"),
    (&["transaction_isolation", "tx_isolation"], "REPEATABLE-READ"),
    // Our values are quoted for it.
    (&["sql_mode"], "NO_BACKSLASH_ESCAPES"),
    (&["time_zone"], "+00:00"),
    // Nothing is converted behind our back.
    (&["character_set_results"], ""),
];

/// One connection in one transaction.
pub(super) struct Session {
    runtime: Runtime,
    /// `None` once it broke: after an error the transaction is over, and with it the snapshot.
    connection: Option<MySqlConnection>,
    silence: Duration,
    stop: Option<Arc<AtomicBool>>,
    /// Version as the server writes it: `10.11.19-MariaDB-0+deb12u1`.
    pub(super) version: String,
}

/// Whether a version is MariaDB's.
pub(super) fn is_mariadb(version: &str) -> bool {
    version.to_ascii_lowercase().contains("mariadb")
}

impl Session {
    /// Connects and begins the transaction.
    pub(super) fn begin(
        target: &Target,
        patience: &Patience,
        stop: Option<Arc<AtomicBool>>,
    ) -> Result<Self, MysqlError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|source| MysqlError::Prepare { source })?;
        let limit = target.connect_patience().unwrap_or(patience.connect);
        let connect = |options: &MySqlConnectOptions| {
            let connecting = watched(options.connect(), Duration::MAX, || is_raised(&stop), || false);
            match runtime.block_on(async { timeout(limit, connecting).await }) {
                Ok(Ok(connected)) => Ok(connected),
                Ok(Err(_)) => Err(MysqlError::Stopped),
                Err(_) => {
                    let server = target.described().to_owned();
                    Err(MysqlError::SlowToConnect { server, seconds: limit.as_secs() })
                }
            }
        };
        let connected = match (connect(target.options()), target.with_tls()) {
            (Ok(Err(cause)), Some(options)) if needs_rsa(&cause) => connect(&options),
            (connected, _) => connected,
        };
        let connected = connected.and_then(|connected| connected.map_err(|cause| on_connecting(cause, target)));
        let connection = match connected {
            Ok(connection) => connection,
            Err(error) => {
                // A name that is still being looked up is not waited for.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let version = String::new();
        let mut session = Self { runtime, connection: Some(connection), silence: patience.silence, stop, version };
        let object = target.described();
        session.version = session.text("SELECT VERSION()", object)?.unwrap_or_default();
        if is_too_old(&session.version) {
            return Err(MysqlError::TooOld { found: session.version.clone() });
        }
        session.settle(patience, object)?;
        session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", object)?;
        session.verify(object)?;
        Ok(session)
    }

    /// Makes the settings on which the text of values, the snapshot and the limits depend.
    fn settle(&mut self, patience: &Patience, object: &str) -> Result<(), MysqlError> {
        self.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", object)?;
        let mut settings = vec![
            ("sql_mode", "'NO_BACKSLASH_ESCAPES'".to_owned()),
            ("time_zone", "'+00:00'".to_owned()),
            ("character_set_results", "NULL".to_owned()),
            // For locks on the definition of a table; rows are read without any.
            ("lock_wait_timeout", seconds(patience.lock).to_string()),
            ("wait_timeout", seconds(patience.idle).to_string()),
            // The server would take a slow disk of ours for a dead client.
            ("net_write_timeout", seconds(patience.statement).to_string()),
        ];
        if is_mariadb(&self.version) {
            settings.push(("max_statement_time", patience.statement.as_secs_f64().to_string()));
            settings.push(("idle_transaction_timeout", "0".to_owned()));
            settings.push(("idle_readonly_transaction_timeout", "0".to_owned()));
        } else {
            let limit = u32::try_from(patience.statement.as_millis()).unwrap_or(0);
            settings.push(("max_execution_time", limit.to_string()));
        }
        let settings: Vec<String> = settings.iter().map(|(name, value)| format!("SESSION {name} = {value}")).collect();
        self.run(&format!("SET {}", settings.join(", ")), object).map(drop)
    }

    /// Asks whether the session is what it was told to be.
    fn verify(&mut self, object: &str) -> Result<(), MysqlError> {
        let names: Vec<String> = ASKED.iter().flat_map(|(names, _)| *names).map(|name| format!("'{name}'")).collect();
        let asked = format!("SHOW SESSION VARIABLES WHERE Variable_name IN ({})", names.join(", "));
        let mut found = Vec::new();
        for row in self.run(&asked, object)? {
            found.push((field(&row, 0, object)?.unwrap_or_default(), field(&row, 1, object)?.unwrap_or_default()));
        }
        for (names, expected) in ASKED {
            let values: Vec<&String> =
                found.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value).collect();
            if values.is_empty() || values.iter().any(|value| *value != expected) {
                let found = values.first().map_or_else(|| "nothing".to_owned(), |value| (*value).clone());
                let name = names.first().copied().unwrap_or_default();
                return Err(MysqlError::NotAsAsked { server: object.to_owned(), name, expected, found });
            }
        }
        Ok(())
    }

    /// Runs a statement of ours; `object` is what an error is about.
    pub(super) fn run(&mut self, sql: &str, object: &str) -> Result<Vec<MySqlRow>, MysqlError> {
        let outcome = self.try_run(sql, object)?;
        outcome.map_err(|cause| {
            self.connection = None;
            on_reading(cause, object, 0)
        })
    }

    /// Runs a statement of ours; the inner error leaves the connection, and the transaction, standing.
    fn try_run(&mut self, sql: &str, object: &str) -> Result<sqlx::Result<Vec<MySqlRow>>, MysqlError> {
        let mut connection = self.connection.take().ok_or_else(|| gone(object))?;
        let work = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection);
        let outcome = self.runtime.block_on(watched(work, self.silence, || is_raised(&self.stop), || false));
        // If the wait ended first, an answer is still on its way and the connection of no use.
        let outcome = outcome.map_err(|ended| self.ended(&ended, object))?;
        self.connection = Some(connection);
        Ok(outcome)
    }

    /// The first column of the first row; `None` for NULL and for no row.
    pub(super) fn text(&mut self, sql: &str, object: &str) -> Result<Option<String>, MysqlError> {
        let rows = self.run(sql, object)?;
        rows.first().map_or(Ok(None), |row| field(row, 0, object))
    }

    /// The rows of a statement that a server may refuse or not know, then with its reason; the transaction goes on.
    pub(super) fn run_if_allowed(
        &mut self,
        sql: &str,
        object: &str,
    ) -> Result<Result<Vec<MySqlRow>, MysqlError>, MysqlError> {
        match self.try_run(sql, object)? {
            Ok(rows) => Ok(Ok(rows)),
            Err(cause @ sqlx::Error::Database(_)) => Ok(Err(on_reading(cause, object, 0))),
            Err(cause) => {
                self.connection = None;
                Err(on_reading(cause, object, 0))
            }
        }
    }

    /// Streams the rows of a `SELECT 0, …` as COPY text in chunks of whole rows; see [`super::Server::read`].
    pub(super) fn select(
        &mut self,
        sql: &str,
        forms: &[Form],
        object: &str,
        hand_on: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<u64, MysqlError> {
        let mut connection = self.connection.take().ok_or_else(|| gone(object))?;
        let rows = self.stream(&mut connection, sql, forms, object, hand_on)?;
        self.connection = Some(connection);
        Ok(rows)
    }

    fn stream(
        &self,
        connection: &mut MySqlConnection,
        sql: &str,
        forms: &[Form],
        object: &str,
        hand_on: &mut dyn FnMut(Vec<u8>) -> bool,
    ) -> Result<u64, MysqlError> {
        let mut stream = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(connection);
        let (mut chunks, mut rows) = (Chunks::default(), 0);
        loop {
            let moved = Cell::new(false);
            let filled = filled(&mut stream, forms, &mut chunks, &moved);
            let filled = watched(filled, self.silence, || is_raised(&self.stop), || moved.take());
            let filled = self.runtime.block_on(filled).map_err(|ended| self.ended(&ended, object))?;
            let filled = filled.map_err(|cause| on_reading(cause, object, rows + chunks.rows()))?;
            let is_last = filled.is_none();
            let chunk = filled.unwrap_or_else(|| chunks.rest());
            rows += chunks::rows(&chunk);
            if !chunk.is_empty() && !hand_on(chunk) {
                return Err(MysqlError::Stopped);
            }
            if is_last {
                return Ok(rows);
            }
        }
    }

    fn ended(&self, ended: &Ended, object: &str) -> MysqlError {
        match ended {
            Ended::Stopped => MysqlError::Stopped,
            Ended::Silent => MysqlError::Silent { object: object.to_owned(), seconds: self.silence.as_secs() },
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Leaving without a word makes the server count an aborted client.
            let _ = self.runtime.block_on(async { timeout(GOODBYE, connection.close()).await });
        }
    }
}

/// The bytes of a value; `None` for NULL. Every statement of ours comes in the text protocol.
fn value(row: &MySqlRow, column: usize) -> sqlx::Result<Option<&[u8]>> {
    let value = row.try_get_raw(column)?;
    if value.is_null() {
        return Ok(None);
    }
    <&[u8] as Decode<'_, MySql>>::decode(value).map(Some).map_err(sqlx::Error::Decode)
}

/// A field as text; `None` for NULL.
pub(super) fn field(row: &MySqlRow, column: usize, object: &str) -> Result<Option<String>, MysqlError> {
    let value = value(row, column).map_err(|cause| on_reading(cause, object, 0))?;
    let text = value.map(|bytes| String::from_utf8(bytes.to_vec())).transpose();
    text.map_err(|_| MysqlError::Protocol { object: object.to_owned(), problem: "a name that is not UTF-8".to_owned() })
}

/// The session ended with an earlier error.
fn gone(object: &str) -> MysqlError {
    let source = "the transaction ended with an earlier error".into();
    MysqlError::Lost { object: object.to_owned(), rows: 0, source }
}

/// Whole seconds, at least one; zero stands for ever.
fn seconds(limit: Duration) -> u64 {
    if limit.is_zero() {
        FOR_EVER
    } else {
        (limit.as_millis().div_ceil(1000)).try_into().unwrap_or(FOR_EVER).min(FOR_EVER)
    }
}

/// Whether a server lacks what we rely on.
fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    found < if is_mariadb(version) { (10, 3) } else { (5, 7) }
}

/// Fills chunks until one is full; `None` at the end.
async fn filled(
    stream: &mut BoxStream<'_, sqlx::Result<MySqlRow>>,
    forms: &[Form],
    chunks: &mut Chunks,
    moved: &Cell<bool>,
) -> sqlx::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    poll_fn(|context| {
        loop {
            let Some(row) = ready!(stream.as_mut().poll_next(context)?) else { return Poll::Ready(Ok(None)) };
            moved.set(true);
            text.clear();
            for (at, form) in forms.iter().enumerate() {
                if at > 0 {
                    text.push(b'\t');
                }
                // The first value is a constant.
                form.push(&mut text, value(&row, at + 1)?);
            }
            text.push(b'\n');
            if let Some(chunk) = chunks.push(&text) {
                return Poll::Ready(Ok(Some(chunk)));
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_apart() {
        for version in ["5.7.12", "8.0.36-0ubuntu0.22.04.1", "8.4.0", "10.3.39-MariaDB", "11.4.2-MariaDB-log"] {
            assert!(!is_too_old(version), "{version}");
        }
        for version in ["5.6.51-log", "10.2.44-MariaDB-1:10.2.44", "", "odd"] {
            assert!(is_too_old(version), "{version}");
        }
    }

    #[test]
    fn limits_are_whole_seconds_that_servers_take() {
        assert_eq!(seconds(Duration::ZERO), FOR_EVER);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_millis(1001)), 2);
        assert_eq!(seconds(Duration::MAX), FOR_EVER);
    }
}
