//! A live MySQL or MariaDB: Mattermost's tables (up to release 10) from one snapshot, read without harm to the server.
//!
//! ```text
//! Target ──▶ Server::open ──▶ tables, identity   what is there, and whose it is
//!  (url)      one read-only    count              the server's own number of rows
//!             transaction      read               rows as COPY text, in chunks
//! ```
//!
//! Invariant: everything is read in one transaction, `REPEATABLE READ`, `READ ONLY`, on a consistent snapshot, and the
//! server confirms it; no row is locked. Refuses to go on after an error: a new transaction would see other rows.
//!
//! This is a source of the second class, and `data/source.json` says so ([`Identity::limits`]): the server shares no
//! snapshot with a second connection, so all is read on one; it re-orders JSON; tables of old storage engines have no
//! snapshot at all; an account is not told which tables are hidden from it. What it cannot hand over faithfully is
//! quarantined, never changed in silence.
//!
//! sqlx and tokio are known here and in `source/postgres` only; every call blocks, and returns when the work is told to
//! stop.

mod error;
mod form;
mod identity;
mod introspect;
mod option_file;
mod query;
mod session;
mod target;

pub use crate::source::postgres::Patience;
pub use error::MysqlError;
pub use identity::Identity;
pub use target::{SCHEMES, Target};

use crate::source::rows::TableFound;
use crate::source::rows::query::Query;
use form::Form;
use session::Session;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A connection to a Mattermost database, in a read-only transaction on one snapshot.
pub struct Server {
    session: Session,
    described: String,
    identity: Identity,
    tables: Vec<TableFound>,
    forms: Vec<Vec<Option<Form>>>,
}

impl Server {
    /// Connects, takes a snapshot and looks what is there. Raising `stop` ends every wait.
    ///
    /// # Errors
    /// Any [`MysqlError`] but those of reading a table.
    pub fn open(target: &Target, patience: Patience, stop: Option<Arc<AtomicBool>>) -> Result<Self, MysqlError> {
        let mut session = Session::begin(target, &patience, stop)?;
        let found = introspect::look(&mut session)?;
        let identity = identity::ask(&mut session, &found)?;
        let described = target.described().to_owned();
        Ok(Self { session, described, identity, tables: found.tables, forms: found.forms })
    }

    /// What the server says of itself.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Every table that the account sees by name, with all columns that it sees, readable or not.
    pub fn tables(&self) -> &[TableFound] {
        &self.tables
    }

    /// Whether a column may be read; `false` for one that does not exist.
    pub fn may_read(&self, table: &str, column: &str) -> bool {
        self.form(table, column).is_some()
    }

    fn form(&self, table: &str, column: &str) -> Option<&Form> {
        let (found, forms) = self.tables.iter().zip(&self.forms).find(|(found, _)| found.name == table)?;
        let (_, form) = found.columns.iter().zip(forms).find(|(found, _)| found.name == column)?;
        form.as_ref()
    }

    /// How many rows the server finds; columns and order do not matter.
    ///
    /// # Errors
    /// [`MysqlError`]; the session is over then.
    pub fn count(&mut self, query: &Query) -> Result<u64, MysqlError> {
        let object = format!("`{}`", query.table);
        let count = self.session.text(&query::count(query), &object)?;
        let count = count.and_then(|count| count.parse().ok());
        count.ok_or_else(|| MysqlError::Protocol { object, problem: "its count is no number".to_owned() })
    }

    /// Reads rows as COPY text and hands them on in chunks of whole rows, of at most
    /// [`BATCH_BYTES`](crate::source::rows::BATCH_BYTES) unless one row is longer. Returns how many rows came, which is
    /// all of them: the server said that it was done.
    ///
    /// Once `hand_on` returns false the connection is closed, which ends the work on the server, and
    /// [`MysqlError::Stopped`] is returned.
    ///
    /// # Errors
    /// [`MysqlError`]; the session is over then, and rows handed on so far are not the whole.
    pub fn read(&mut self, query: &Query, hand_on: &mut dyn FnMut(Vec<u8>) -> bool) -> Result<u64, MysqlError> {
        let object = format!("`{}`", query.table);
        // A column that nobody found is asked for as it is, and the server says what is wrong with it.
        let form = |column: &&str| self.form(query.table, column).cloned().unwrap_or(Form::Text);
        let forms: Vec<Form> = query.columns.iter().map(form).collect();
        self.session.select(&query::select(query, &forms), &forms, &object, hand_on)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Server").field(&self.described).finish()
    }
}
