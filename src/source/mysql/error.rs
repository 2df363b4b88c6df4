//! Why a MySQL or MariaDB server could not be read, told apart so that a person gets the right hint.
//!
//! The server's own words are passed on where they help. They may quote names, never a row: nothing of ours compares or
//! converts what a row holds. A password is in none of them.

use sqlx::Error as Cause;
use sqlx::mysql::MySqlDatabaseError;
use std::io::ErrorKind;

/// Why a MySQL or MariaDB server could not be read.
#[derive(Debug, thiserror::Error)]
pub enum MysqlError {
    /// The text is not a connection URL that we follow.
    #[error("the database URL cannot be followed: {problem}")]
    Url {
        /// What is wrong with it.
        problem: String,
    },
    /// The URL holds a password; arguments can be read by every user of the machine.
    #[error("the database URL holds a password, which every user of this machine can read")]
    PasswordInUrl,
    /// URL, option file or environment ask for something that we cannot do, so that following the rest would be
    /// guessing.
    #[error("cannot follow `{name}`: {problem}")]
    Setting {
        /// Its name.
        name: String,
        /// What it would need.
        problem: String,
    },
    /// A certificate, key or option file cannot be read.
    #[error("cannot read `{path}`")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Nothing answers there.
    #[error("cannot reach {server}")]
    Unreachable {
        /// The server, as [`super::Target::described`] says it.
        server: String,
        /// Why.
        source: std::io::Error,
    },
    /// Something is there but did not let us in within the time given.
    #[error("{server} did not let us in within {seconds} s")]
    SlowToConnect {
        /// The server.
        server: String,
        /// Seconds waited.
        seconds: u64,
    },
    /// The server does not accept account, password or certificate.
    #[error("{server} refuses the account `{role}`: {said}")]
    Authentication {
        /// The server.
        server: String,
        /// The account.
        role: String,
        /// The server's words.
        said: String,
        /// Why the password of an option file was not used.
        passed_over: Option<String>,
    },
    /// The server wants the password encrypted by RSA, because the connection is not encrypted as a whole.
    #[error("{server} wants the password of `{role}` encrypted by RSA, which is not done here")]
    NeedsTls {
        /// The server.
        server: String,
        /// The account.
        role: String,
    },
    /// The server has no such database, or the account may not use it.
    #[error("{server}: {said}")]
    NoDatabase {
        /// The server.
        server: String,
        /// The server's words.
        said: String,
    },
    /// The channel could not be made private as asked.
    #[error("no TLS with {server}: {problem}")]
    Tls {
        /// The server.
        server: String,
        /// What failed.
        problem: String,
    },
    /// The session is not as we asked for it: not read-only, or not on one snapshot.
    #[error("{server} did not follow: `{name}` is `{found}`, expected `{expected}`")]
    NotAsAsked {
        /// The server.
        server: String,
        /// Variable of the session.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What the server says instead.
        found: String,
    },
    /// The server is older than any that a supported Mattermost runs on.
    #[error("the server is {found}; MySQL 5.7, MariaDB 10.3 or newer is expected")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The account sees no table at all.
    #[error("the database `{database}` is empty, or this account may not see any of its tables")]
    Empty {
        /// Its name.
        database: String,
    },
    /// Tables that make a Mattermost database are not there, or not to be seen.
    #[error(
        "the database `{database}` is not Mattermost's, or this account may not see all of it: it shows {tables} tables, but not {missing}"
    )]
    NotMattermost {
        /// Its name.
        database: String,
        /// How many tables it shows.
        tables: usize,
        /// Which of Mattermost's it does not show, in backticks.
        missing: String,
    },
    /// Two tables differ in nothing but case, so that nobody can say which one Mattermost uses.
    #[error("the tables `{first}` and `{second}` are spelled alike; expected one")]
    Ambiguous {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// The account may not read something.
    #[error("no permission to read {object}: {said}")]
    Denied {
        /// What was read, in backticks.
        object: String,
        /// The server's words; they name the table.
        said: String,
    },
    /// A statement ran longer than the server lets one run.
    #[error("the server ended the reading of {object} because it took too long: {said}")]
    TooSlow {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
    },
    /// Another session holds a lock on the table.
    #[error("{object} stayed locked by another session: {said}")]
    Locked {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
    },
    /// Somebody changed the table after our snapshot was taken.
    #[error("{object} was changed by another session after the snapshot was taken: {said}")]
    Changed {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
    },
    /// Somebody cancelled the statement.
    #[error("somebody cancelled the reading of {object} on the server: {said}")]
    Cancelled {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
    },
    /// The connection broke.
    #[error("the connection was lost while reading {object}, after {rows} rows")]
    Lost {
        /// What was read.
        object: String,
        /// Whole rows that had arrived.
        rows: u64,
        /// How it broke.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The connection stands but nothing came for too long.
    #[error("nothing came from the server for {seconds} s while reading {object}")]
    Silent {
        /// What was read.
        object: String,
        /// Seconds waited.
        seconds: u64,
    },
    /// We were told to stop.
    #[error("interrupted")]
    Stopped,
    /// Anything else that the server refused.
    #[error("the server cannot read {object}: {said} (error {number})")]
    Server {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
        /// Its number.
        number: u16,
    },
    /// What came is not MySQL's protocol, or not what we asked for.
    #[error("unexpected answer from the server while reading {object}: {problem}")]
    Protocol {
        /// What was read.
        object: String,
        /// What is odd about it.
        problem: String,
    },
    /// The machine has no resources left for a connection.
    #[error("cannot prepare a connection")]
    Prepare {
        /// Why.
        source: std::io::Error,
    },
}

/// Characters of a server's message that are passed on.
const LONGEST: usize = 300;

/// Words of a server, on one line and without control characters.
pub(super) fn quoted(text: &str) -> String {
    let clean: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_owned()
}

/// The server's error number and words, if it was the server that spoke.
fn said(cause: &Cause) -> Option<(u16, String)> {
    let Cause::Database(error) = cause else { return None };
    let error = error.try_downcast_ref::<MySqlDatabaseError>()?;
    Some((error.number(), quoted(error.message())))
}

/// Whether the server asked for RSA, which the driver has only as an option that we leave out.
pub(super) fn needs_rsa(cause: &Cause) -> bool {
    matches!(cause, Cause::Configuration(problem) if problem.to_string().contains("RSA"))
}

/// What it means that a connection was not established.
pub(super) fn on_connecting(cause: Cause, target: &super::Target) -> MysqlError {
    let (server, role) = (target.described().to_owned(), target.role().to_owned());
    if let Some((number, said)) = said(&cause) {
        return match number {
            // Access denied: by password, without one, by plug-in; a host that may not connect.
            1045 | 1130 | 1698 => {
                MysqlError::Authentication { server, role, said, passed_over: target.passed_over().map(str::to_owned) }
            }
            1044 | 1049 => MysqlError::NoDatabase { server, said },
            // "Connections using insecure transport are prohibited".
            3159 => MysqlError::Tls { server, problem: said },
            _ => MysqlError::Server { object: server, said, number },
        };
    }
    if needs_rsa(&cause) {
        return MysqlError::NeedsTls { server, role };
    }
    match cause {
        // The TLS library speaks through I/O errors of this kind.
        Cause::Io(source) if source.kind() == ErrorKind::InvalidData => {
            MysqlError::Tls { server, problem: quoted(&source.to_string()) }
        }
        Cause::Io(source) => MysqlError::Unreachable { server, source },
        Cause::Tls(problem) | Cause::Configuration(problem) => {
            MysqlError::Tls { server, problem: quoted(&problem.to_string()) }
        }
        // An authentication plug-in that the driver does not speak, and answers that are none of MySQL's.
        other => MysqlError::Protocol { object: server, problem: quoted(&other.to_string()) },
    }
}

/// What it means that reading `object` failed after `rows` rows.
pub(super) fn on_reading(cause: Cause, object: &str, rows: u64) -> MysqlError {
    let object = object.to_owned();
    if let Some((number, said)) = said(&cause) {
        return match number {
            // Of a table, a column, a statement that needs a right of its own.
            1142 | 1143 | 1227 => MysqlError::Denied { object, said },
            1205 => MysqlError::Locked { object, said },
            1412 => MysqlError::Changed { object, said },
            1317 => MysqlError::Cancelled { object, said },
            // MariaDB's `max_statement_time`, MySQL's `max_execution_time`.
            1969 | 3024 => MysqlError::TooSlow { object, said },
            // Shutdown, kill, and what the server makes of a broken line or of idleness.
            1053 | 1077..=1080 | 1152..=1161 | 1184 | 1927 | 4031 => {
                MysqlError::Lost { object, rows, source: said.into() }
            }
            _ => MysqlError::Server { object, said, number },
        };
    }
    match cause {
        Cause::Io(source) => MysqlError::Lost { object, rows, source: Box::new(source) },
        Cause::Tls(source) => MysqlError::Lost { object, rows, source },
        other => MysqlError::Protocol { object, problem: quoted(&other.to_string()) },
    }
}
