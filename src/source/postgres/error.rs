//! Why a PostgreSQL server could not be read, told apart so that a person gets the right hint.
//!
//! The server's own words are passed on where they help: its primary message only, never its detail, which may quote a
//! row. A password is in none of them.

use sqlx::Error as Cause;
use std::io::ErrorKind;

/// Why a PostgreSQL server could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The text is not a connection URL that we follow.
    #[error("the database URL cannot be followed: {problem}")]
    Url {
        /// What is wrong with it.
        problem: String,
    },
    /// The URL holds a password; arguments can be read by every user of the machine.
    #[error("the database URL holds a password, which every user of this machine can read")]
    PasswordInUrl,
    /// An environment variable asks for something that we cannot do, so that following the rest would be guessing.
    #[error("cannot follow `{name}`: {problem}")]
    Setting {
        /// Its name.
        name: String,
        /// What it would need.
        problem: String,
    },
    /// A certificate or key file cannot be read.
    #[error("cannot read `{path}` for TLS")]
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
    /// The server does not accept role, password or certificate.
    #[error("{server} refuses the role `{role}`: {said}")]
    Authentication {
        /// The server.
        server: String,
        /// The role.
        role: String,
        /// The server's words.
        said: String,
        /// Why a password file that exists was not used.
        passed_over: Option<String>,
    },
    /// The server has no such database.
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
    /// The transaction is not read-only although we asked for it.
    #[error("{server} did not make the transaction read-only; `transaction_read_only` is `{found}`, expected `on`")]
    NotReadOnly {
        /// The server.
        server: String,
        /// What the server says instead.
        found: String,
    },
    /// The server is older than any that a supported Mattermost runs on.
    #[error("the server is PostgreSQL {found}; 10 or newer is expected")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// The database has no table at all.
    #[error("the database `{database}` is empty")]
    Empty {
        /// Its name.
        database: String,
    },
    /// The database has tables, but not those of Mattermost.
    #[error(
        "the database `{database}` is not Mattermost's: no schema holds `posts`, `channels` and `users`; found {tables} other tables"
    )]
    NotMattermost {
        /// Its name.
        database: String,
        /// How many tables it has.
        tables: u64,
    },
    /// Several schemas look like Mattermost and none comes first.
    #[error("the schemas {schemas} each hold Mattermost's tables, and none is on the search path")]
    Ambiguous {
        /// Their names, in backticks.
        schemas: String,
    },
    /// The role may not read something.
    #[error("no permission to read {object}: {said}")]
    Denied {
        /// The schema, or the table that was read, in backticks.
        object: String,
        /// The server's words; they name the table.
        said: String,
    },
    /// A statement ran longer than `statement_timeout`.
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
    /// Somebody cancelled the statement.
    #[error("somebody cancelled the reading of {object} on the server: {said}")]
    Cancelled {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
    },
    /// A replica removed row versions that our snapshot needs.
    #[error("the replica ended the reading of {object} to go on with recovery: {said}")]
    Replica {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
    },
    /// The server ended our session because it had been idle.
    #[error("the server ended the session, idle for too long, before {object} was read: {said}")]
    Idle {
        /// What was to be read.
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
    /// The server could not export its snapshot, so that no second connection can read the same rows.
    #[error("the server shares no snapshot, so there is no second connection to the same rows")]
    NoSnapshot,
    /// A value cannot be written into a query.
    #[error("`{object}` cannot be looked for: it holds a zero byte")]
    Value {
        /// The column or table.
        object: String,
    },
    /// Anything else that the server refused.
    #[error("the server cannot read {object}: {said} (SQLSTATE {code})")]
    Server {
        /// What was read.
        object: String,
        /// The server's words.
        said: String,
        /// Its five characters.
        code: String,
    },
    /// What came is not PostgreSQL's protocol, or not what we asked for.
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

/// The server's state code and words, if it was the server that spoke.
fn said(cause: &Cause) -> Option<(String, String)> {
    let Cause::Database(error) = cause else { return None };
    Some((error.code().unwrap_or_default().into_owned(), quoted(error.message())))
}

/// What it means that a connection was not established.
pub(super) fn on_connecting(cause: Cause, target: &super::Target) -> PostgresError {
    let server = target.described().to_owned();
    if let Some((code, said)) = said(&cause) {
        return match code.as_str() {
            code if code.starts_with("28") => PostgresError::Authentication {
                server,
                role: target.role().to_owned(),
                said,
                passed_over: target.passed_over().map(str::to_owned),
            },
            "3D000" | "42501" => PostgresError::NoDatabase { server, said },
            _ => PostgresError::Server { object: server, said, code },
        };
    }
    match cause {
        // The TLS library speaks through I/O errors of this kind.
        Cause::Io(source) if source.kind() == ErrorKind::InvalidData => {
            PostgresError::Tls { server, problem: quoted(&source.to_string()) }
        }
        Cause::Io(source) => PostgresError::Unreachable { server, source },
        Cause::Tls(problem) | Cause::Configuration(problem) => {
            PostgresError::Tls { server, problem: quoted(&problem.to_string()) }
        }
        // An authentication method that the driver does not speak, and answers that are none of PostgreSQL's.
        other => PostgresError::Protocol { object: server, problem: quoted(&other.to_string()) },
    }
}

/// What it means that reading `object` failed after `rows` rows.
pub(super) fn on_reading(cause: Cause, object: &str, rows: u64) -> PostgresError {
    let object = object.to_owned();
    if let Some((code, said)) = said(&cause) {
        return match code.as_str() {
            "42501" => PostgresError::Denied { object, said },
            "55P03" => PostgresError::Locked { object, said },
            "25P03" => PostgresError::Idle { object, said },
            // One code for two things; only the words tell them apart, and they are translated.
            "57014" if said.contains("user request") => PostgresError::Cancelled { object, said },
            "57014" | "25P04" => PostgresError::TooSlow { object, said },
            // Serialization failure: in a read-only transaction only recovery brings it about.
            "40001" => PostgresError::Replica { object, said },
            code if code.starts_with("08") || code.starts_with("57P") => {
                PostgresError::Lost { object, rows, source: said.into() }
            }
            _ => PostgresError::Server { object, said, code },
        };
    }
    match cause {
        Cause::Io(source) => PostgresError::Lost { object, rows, source: Box::new(source) },
        Cause::Tls(source) => PostgresError::Lost { object, rows, source },
        other => PostgresError::Protocol { object, problem: quoted(&other.to_string()) },
    }
}
