//! What a dump says of itself, and what was counted in it.

use std::collections::BTreeMap;

use crate::source::catalogue::Rank;
use crate::source::rows::TableFound;

/// The account of one dump, read to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Version of the server, as the header says it: `15.18 (Debian 15.18-0+deb12u1)`. Empty if it does not.
    pub server: String,
    /// Version of `pg_dump`, as the header says it. Empty if it does not.
    pub dumped_by: String,
    /// When the dump was begun, as `pg_dump --verbose` says it in its own time zone: `2026-11-21 13:59:01 UTC`.
    pub started: Option<String>,
    /// Encoding of the text; always `UTF8`.
    pub encoding: String,
    /// The schema that holds Mattermost. Tables of others are not handed over.
    pub schema: String,
    /// Its tables with rows or with none, in the order in which they were handed over; of a table with partitions each
    /// partition.
    pub tables: Vec<TableCount>,
    /// Rows of the n-th of them that are of a kind, for kinds that take only some; counted apart from any decoder.
    pub only: BTreeMap<(usize, Rank), u64>,
    /// Its tables that are declared, but whose rows were not dumped: `--schema-only`, `--exclude-table-data`. Nobody
    /// can tell from this dump whether they were empty.
    pub not_dumped: Vec<TableFound>,
    /// Tables of other schemas, as `schema.name`, that were passed by.
    pub elsewhere: Vec<TableCount>,
    /// Bytes of text.
    pub text: u64,
}

/// A table and its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCount {
    /// Its name.
    pub name: String,
    /// Rows, counted as lines apart from any decoder.
    pub rows: u64,
}
