//! The live database behind the tables: PostgreSQL or MySQL, asked in the same words.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::{Value, json};

use super::TablesError;
use super::census::Census;
use super::collect::rows;
use crate::record::time::{self, Millis};
use crate::source::mysql;
use crate::source::postgres::{self, PostgresError};
use crate::source::rows::TableFound;
use crate::source::rows::query::Query;

/// A live database, in one snapshot.
#[derive(Debug)]
pub enum Database {
    /// PostgreSQL.
    Postgres(postgres::Server),
    /// MySQL or MariaDB.
    Mysql(mysql::Server),
}

impl Database {
    /// Every table that is to be seen, with its columns, readable or not.
    pub fn tables(&self) -> &[TableFound] {
        match self {
            Self::Postgres(server) => server.tables(),
            Self::Mysql(server) => server.tables(),
        }
    }

    /// Whether a column may be read.
    pub fn may_read(&self, table: &str, column: &str) -> bool {
        match self {
            Self::Postgres(server) => server.may_read(table, column),
            Self::Mysql(server) => server.may_read(table, column),
        }
    }

    /// The tables with the columns that may be read.
    pub fn readable(&self) -> Vec<TableFound> {
        match self {
            Self::Postgres(server) => server.readable(),
            Self::Mysql(server) => {
                let table = |found: &TableFound| {
                    let columns = found.columns.iter().filter(|column| server.may_read(&found.name, &column.name));
                    TableFound { name: found.name.clone(), columns: columns.cloned().collect() }
                };
                server.tables().iter().map(table).collect()
            }
        }
    }

    /// How many rows the database finds.
    pub fn count(&mut self, query: &Query) -> Result<u64, TablesError> {
        match self {
            Self::Postgres(server) => Ok(server.count(query)?),
            Self::Mysql(server) => Ok(server.count(query)?),
        }
    }

    /// Adds up how many rows lie in each span of so many milliseconds of this column, floored; rows without a time, and
    /// with one that no record has, lie where 0 does.
    pub fn spans(&mut self, query: &Query, at: &str, span: Millis, census: &mut Census) -> Result<(), TablesError> {
        let mut add = |bucket: i64, rows: u64| *census.entry(bucket).or_default() += rows;
        match self {
            Self::Postgres(server) => Ok(server.spans(query, at, span, &mut add)?),
            Self::Mysql(server) => {
                let query = Query { columns: vec![at], ..query.clone() };
                let read = server.read(&query, &mut |text| {
                    for row in rows(&text) {
                        let at = std::str::from_utf8(row).ok().and_then(|text| text.parse().ok());
                        let at = at.filter(|at| time::is_exact(*at)).unwrap_or(0);
                        add(at.div_euclid(span.max(1)), 1);
                    }
                    true
                });
                read.map(drop).map_err(TablesError::from)
            }
        }
    }

    /// Whether the database counts the rows of a query by itself when it is read.
    pub fn counts_on_reading(&self, query: &Query) -> bool {
        matches!(self, Self::Postgres(_)) && query.is_joined()
    }

    /// Reads rows as COPY text in chunks of whole rows, until `hand_on` returns false; returns how many came.
    pub fn read(&mut self, query: &Query, hand_on: &mut dyn FnMut(Vec<u8>) -> bool) -> Result<u64, TablesError> {
        match self {
            Self::Postgres(server) if query.is_joined() => Ok(server.read_counted(query, hand_on)?),
            Self::Postgres(server) => Ok(server.read(query, hand_on)?),
            Self::Mysql(server) => Ok(server.read(query, hand_on)?),
        }
    }

    /// Another connection to the same snapshot; `None` where the server shares none. Raising `halt` ends what it does.
    pub fn beside(&self, halt: Option<Arc<AtomicBool>>) -> Result<Option<Self>, TablesError> {
        match self {
            Self::Postgres(server) => match server.beside(halt) {
                Ok(beside) => Ok(Some(Self::Postgres(beside))),
                Err(PostgresError::NoSnapshot) => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Mysql(_) => Ok(None),
        }
    }

    /// What the server says of itself, for `data/source.json`.
    pub fn identity(&self) -> Value {
        match self {
            Self::Postgres(server) => json!(server.identity()),
            Self::Mysql(server) => json!(server.identity()),
        }
    }

    /// Until when the server knows what happened.
    pub fn known_until(&self) -> Millis {
        match self {
            Self::Postgres(server) => {
                let identity = server.identity();
                identity.replayed.map_or(identity.database_time, |at| at.min(identity.database_time))
            }
            Self::Mysql(_) => self.time(),
        }
    }

    /// The server's clock when it was asked.
    pub fn time(&self) -> Millis {
        match self {
            Self::Postgres(server) => server.identity().database_time,
            Self::Mysql(server) => server.identity().database_time,
        }
    }

    /// Whether the role could write.
    pub fn could_write(&self) -> bool {
        match self {
            Self::Postgres(server) => server.identity().could_write(),
            Self::Mysql(server) => server.identity().could_write(),
        }
    }

    /// Whether a table that does not show may be there all the same.
    pub fn may_hide_tables(&self) -> bool {
        match self {
            // It lists also what the role may not read.
            Self::Postgres(_) => false,
            Self::Mysql(server) => !server.identity().sees_all_tables,
        }
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Postgres(server) => &server.identity().database,
            Self::Mysql(server) => &server.identity().database,
        }
    }

    /// What kind of source it is, in a few words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "mattermost database on postgresql",
            Self::Mysql(server) if server.identity().product == "MariaDB" => "mattermost database on mariadb",
            Self::Mysql(_) => "mattermost database on mysql",
        }
    }
}
