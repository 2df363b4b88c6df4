//! Databases as a source: live, as a dump, restored; what is sealed of them, and what happens when they break.

mod beside;
mod breaking;
mod conformance;
mod counted;
mod crowded;
mod gaps;
mod incident;
mod odd_rows;
mod scope;
mod secrets;
mod strangers;
mod touched;

pub(crate) use conformance::same;

use std::fs;
use std::path::PathBuf;

use crate::sealed::{Archive, Desk};
use crate::servers::{OWNER, Postgres, postgres};

/// Databases that we have as SQL.
pub(crate) const FIXTURES: [&str; 2] = ["mattermost-5.37", "mattermost-11"];

/// A file among the databases.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/postgres").join(name)
}

/// The SQL of a fixture.
pub(crate) fn sql(name: &str) -> String {
    fs::read_to_string(fixture(&format!("{name}.sql"))).unwrap()
}

/// A desk beside a database made from a fixture.
pub(crate) struct Source {
    pub(crate) desk: Desk,
    pub(crate) server: &'static Postgres,
    pub(crate) database: String,
}

impl Source {
    pub(crate) fn new(fixture: &str) -> Self {
        Self::of(&sql(fixture))
    }

    /// A database that this SQL makes.
    pub(crate) fn of(sql: &str) -> Self {
        let server = postgres();
        Self { desk: Desk::new(), server, database: server.database("tables", sql) }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url(&self.database, OWNER)
    }

    /// Seals the live database.
    pub(crate) fn live(&self, output: &str, args: &[&str]) -> Archive {
        self.desk.seal(&self.url(), output, args)
    }

    /// Writes a dump of the database beside the desk's other files.
    pub(crate) fn dump(&self, name: &str) {
        self.desk.write(name, self.server.dump(&self.database, &[]));
    }

    /// What the database answers.
    pub(crate) fn ask(&self, query: &str) -> String {
        self.server.sql(&self.database, query)
    }
}
