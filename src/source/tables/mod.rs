//! Mattermost's tables as one source: a live database or its dump, with its file store and audit log.
//!
//! ```text
//! feed ──▶ batches of rows ──▶ gather ── encode ──▶ sort ──▶ stream ──▶ archive order
//!   │                            │                             │
//!   │  facts: names become ids,  └ scope                       └ in_order: posts of a live database come sorted
//!   │         posts in scope
//!   └ survey: what the source has and what the catalogue knows
//! ```
//!
//! Rows are read in two passes: facts first, if the scope needs them (who is called what, which posts are in scope),
//! then records. A dump is read anew for each pass; a live database is asked only for the columns that a pass needs, in
//! one snapshot.
//!
//! Invariant: the number of rows is counted by the database itself or by the scanner of the dump, never by the decoder.
//! The same rows give the same lines in the same order, live or from a dump. Memory grows with the number of threads,
//! with the files of a store (their paths), with the posts that a scope holds or that lie in its channels, and with the
//! teams, channels and users where any of these restrict; otherwise not with the number of rows.

mod ahead;
pub mod census;
pub mod collect;
pub mod database;
pub mod describe;
pub mod facts;
pub mod feed;
pub mod gather;
pub mod in_order;
pub mod incident;
pub mod scope;
pub mod stream;
pub mod survey;
pub mod tell;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::progress::Interrupted;
use crate::record::time::Millis;
use crate::source::audit_log::{AuditLog, AuditLogError};
use crate::source::contents::Contents;
use crate::source::dump::{Dump, DumpError};
use crate::source::mysql::MysqlError;
use crate::source::original::Original;
use crate::source::postgres::PostgresError;
use crate::source::reconcile::judge::JudgeError;
use incident::run::RunError;

pub use database::Database;
pub use gather::Gathered;

/// Where the rows are.
#[derive(Debug)]
pub enum Store {
    /// A live database, in one snapshot.
    Live(Box<Mutex<Database>>),
    /// A plain dump.
    Dump(Box<Dump>),
}

/// A database-like source.
#[derive(Debug)]
pub struct Tables {
    /// Where the rows are.
    pub store: Store,
    /// The file store; empty if nobody said where it is.
    pub contents: Contents,
    /// Whether somebody said where the files are, or that they are not wanted.
    pub is_told: bool,
    /// The server's audit log.
    pub log: Option<AuditLog>,
    /// The host's time when the source was opened, to compare with the database's; `None` if time was given.
    pub now: Option<Millis>,
}

/// Why a database or a dump cannot be used; nothing is sealed then.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The live PostgreSQL.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The live MySQL or MariaDB.
    #[error(transparent)]
    Mysql(#[from] MysqlError),
    /// The dump.
    #[error(transparent)]
    Dump(#[from] DumpError),
    /// The audit log.
    #[error(transparent)]
    AuditLog(#[from] AuditLogError),
    /// The reconciliation of log and tables.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A temporary file could not be written or read.
    #[error("cannot keep temporary files")]
    Temporary(#[source] std::io::Error),
    /// A team, channel or user that was asked for is not in the source.
    #[error("the database has no {what} `{name}`")]
    NotFound {
        /// `team`, `channel` or `user`.
        what: &'static str,
        /// As it was asked for.
        name: String,
    },
    /// It is not known which incident is meant.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Tables and columns that deciding rests on may not be read.
    #[error("cannot decide without {}, which the database role may not read", .0.join(", "))]
    Denied(Vec<String>),
    /// Tables that deciding rests on are declared in the dump, and their rows are not in it.
    #[error("cannot decide without the rows of {}, which were not dumped", .0.join(", "))]
    NotDumped(Vec<String>),
    /// The tables that make a Mattermost database are not there.
    #[error("`{}` holds no Mattermost tables: expected `posts`, `channels` and `users`; found {found}", path.display())]
    NotMattermost {
        /// The dump.
        path: PathBuf,
        /// What it holds instead.
        found: String,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl Tables {
    /// How far the database's clock was ahead of the host's; `None` for a dump, or if the host's was not asked.
    pub fn clock_ahead(&self) -> Option<Millis> {
        match (&self.store, self.now) {
            (Store::Live(database), Some(now)) => Some(lock(database).time().saturating_sub(now)),
            _ => None,
        }
    }

    /// Bytes that reading takes from the source, for progress; 0 where nobody knows.
    pub fn size(&self) -> u64 {
        match &self.store {
            Store::Live(_) => 0,
            Store::Dump(dump) => dump.original.size + self.log.as_ref().map_or(0, AuditLog::bytes),
        }
    }

    /// The files that the source consists of, apart from logs, which may grow while they are read.
    pub fn originals(&self) -> Vec<&Original> {
        let dump = match &self.store {
            Store::Live(_) => None,
            Store::Dump(dump) => Some(&dump.original),
        };
        dump.into_iter().collect()
    }

    /// What the source is, in a few words.
    pub fn kind(&self) -> &'static str {
        match &self.store {
            Store::Live(database) => lock(database).kind(),
            Store::Dump(_) => "mattermost database as pg_dump",
        }
    }

    /// How the source was read, for the custody line.
    pub fn method(&self) -> &'static str {
        match &self.store {
            Store::Live(_) => "read a database in one read-only snapshot",
            Store::Dump(_) => "read a dump of a database; it was opened read-only",
        }
    }

    /// What the source is called in the custody line: no host, no role.
    pub fn name(&self) -> String {
        match &self.store {
            Store::Live(database) => lock(database).name().to_owned(),
            Store::Dump(dump) => dump.original.name.clone(),
        }
    }
}

/// The connection, by one user at a time.
pub(crate) fn lock(database: &Mutex<Database>) -> MutexGuard<'_, Database> {
    database.lock().unwrap_or_else(PoisonError::into_inner)
}
