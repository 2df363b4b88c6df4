//! The tables of 11.6, taken from the fixture: declared first, keyed and indexed last, as `pg_dump` does it.

use std::fmt::Write;

/// Every table with true columns, types, keys and indexes; then rows that are none of ours.
const FIXTURE: &str = include_str!("../../fixtures/postgres/mattermost-11.sql");

/// A schema as text to stand before and behind the rows.
#[derive(Debug)]
pub(crate) struct Schema {
    /// CREATE TYPE and CREATE TABLE.
    pub(crate) before: String,
    /// Keys and indexes.
    pub(crate) behind: String,
    /// Tables and their columns, as COPY spells them.
    pub(crate) tables: Vec<(String, Vec<String>)>,
}

impl Schema {
    pub(crate) fn new() -> Self {
        let mut schema = Self { before: String::new(), behind: String::new(), tables: Vec::new() };
        let statements = FIXTURE.split_once("BEGIN;\n").map_or("", |(_, rest)| rest);
        let statements = statements.split_once("CREATE MATERIALIZED VIEW").map_or("", |(statements, _)| statements);
        for line in statements.lines() {
            let table = schema.tables.last_mut();
            if let Some(name) = line.strip_prefix("CREATE TABLE ").and_then(|rest| rest.strip_suffix(" (")) {
                schema.tables.push((name.to_owned(), Vec::new()));
            } else if let (Some(key), Some((name, _))) = (line.strip_prefix("    PRIMARY KEY "), &table) {
                let _ = writeln!(schema.behind, "ALTER TABLE ONLY {name} ADD PRIMARY KEY {key};");
                // The comma that led to the key goes with it.
                schema.before.truncate(schema.before.trim_end_matches(",\n").len());
                schema.before.push('\n');
                continue;
            } else if let (Some(column), Some((_, columns))) = (line.strip_prefix("    "), table) {
                columns.push(column.split(' ').next().unwrap_or_default().to_owned());
            } else if line.contains(" INDEX ") {
                schema.behind += line;
                schema.behind.push('\n');
                continue;
            }
            schema.before += line;
            schema.before.push('\n');
        }
        schema
    }
}
