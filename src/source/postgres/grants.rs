//! The SQL of a role that can read what the catalogue lists and nothing else.
//!
//! Columns are granted one by one, so that secrets, which the catalogue does not list, cannot be read even by mistake.
//! Tables and columns that a server lacks are passed over, so that one script serves every release of Mattermost.
//! Nothing more is needed: PostgreSQL lets every role see which tables and columns exist.

use super::query::{literal, name};
use crate::source::catalogue::{Column, TABLES};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The script, for `psql`, run by the owner of the tables or a superuser while connected to Mattermost's database.
/// It may be run again: what it granted before and no longer lists is taken back. It sets no password.
///
/// `role` and `schema` must be [`is_plain`].
pub fn grants(role: &str, schema: &str) -> String {
    let mut script = format!(
        "-- A role that reads what chatseal seals, and nothing else: no other table, no column with a secret.
-- Run it with psql in Mattermost's database, as the owner of its tables or a superuser; running it again is safe.
-- It sets no password: use psql's \\password, a client certificate or peer authentication.
BEGIN;
DO $chatseal$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {role_text}) THEN
        CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
    END IF;
    EXECUTE pg_catalog.format('GRANT CONNECT ON DATABASE %I TO %I', pg_catalog.current_database(), {role_text});
END
$chatseal$;
ALTER ROLE {role} SET default_transaction_read_only = on;
GRANT USAGE ON SCHEMA {schema} TO {role};
REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role};
-- Each table and its columns, spelled without underscores; what this server does not have is passed over.
DO $chatseal$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT c.relname AS table_name, pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') AS columns
        FROM (VALUES
",
        role = name(role),
        role_text = literal(role),
        schema = name(schema),
    );
    let tables = tables();
    for (at, (table, columns)) in tables.iter().enumerate() {
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let comma = if at + 1 == tables.len() { "" } else { "," };
        let _ = writeln!(script, "            ({}, {}){comma}", literal(table), literal(&columns.join(" ")));
    }
    let _ = write!(
        script,
        "        ) AS wanted (table_name, columns)
        JOIN pg_catalog.pg_class c ON c.relname = wanted.table_name AND c.relkind IN ('r', 'p')
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = {schema_text}
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND pg_catalog.replace(pg_catalog.lower(a.attname), '_', '')
                = ANY (pg_catalog.string_to_array(wanted.columns, ' '))
        GROUP BY c.relname
    LOOP
        EXECUTE pg_catalog.format(
            'GRANT SELECT (%s) ON %I.%I TO %I', found.columns, {schema_text}, found.table_name, {role_text}
        );
    END LOOP;
END
$chatseal$;
COMMIT;
",
        role_text = literal(role),
        schema_text = literal(schema),
    );
    script
}

/// Whether a name can stand in the script: letters, digits and `_-.@`, at most 63 bytes.
pub fn is_plain(name: &str) -> bool {
    let plain = |letter: char| letter.is_alphanumeric() || "_-.@".contains(letter);
    !name.is_empty() && name.len() <= 63 && name.chars().all(plain)
}

/// Each table with its columns, without underscores; kinds that share a table share its line.
fn tables() -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut tables: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for kind in TABLES.iter().filter(|kind| kind.is_stored()) {
        let columns = tables.entry(kind.table).or_default();
        let listed = kind.columns.iter().flat_map(names);
        // A key that `data` does not repeat stands in no list of columns.
        let keys = kind.key.iter().copied().filter(|key| kind.column(key).is_none());
        let chosen = kind.only.iter().map(|(column, _)| *column);
        columns.extend(listed.chain(keys).chain(chosen).map(|column| column.replace('_', "").to_lowercase()));
    }
    tables
}

/// The names that a column has, and had in earlier releases.
fn names(column: &'static Column) -> impl Iterator<Item = &'static str> {
    let names = if column.column.is_empty() { column.field } else { column.column };
    names.split('|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_stands_once_with_its_key_and_no_secret() {
        let script = grants("audit", "public");
        let line = |table: &str| {
            let found: Vec<_> = script.lines().filter(|line| line.contains(&format!("('{table}', "))).collect();
            assert_eq!(found.len(), 1, "{table}");
            format!(" {} ", found[0].replace('\'', " "))
        };
        for table in TABLES.iter().filter(|table| table.is_stored()) {
            let line = line(table.table);
            for name in table.columns.iter().flat_map(names).map(|name| name.replace('_', "")) {
                assert!(line.contains(&format!(" {name} ")), "{}.{name}", table.table);
            }
            for secret in table.never {
                assert!(!line.contains(&format!(" {secret} ")), "{}.{secret}", table.table);
            }
        }
        assert!(line("posts").contains(" id ") && line("systems").contains(" name "));
        assert!(!script.contains("'('") && !script.contains("(, "));
    }

    #[test]
    fn names_that_could_end_a_quote_are_not_plain() {
        for good in ["chatseal", "audit-2.reader", "prüfer", "svc@corp"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in ["", "a b", "a'b", "a$chatseal$", "a\"b", "a\\b", "a;b", "a\n", &"x".repeat(64)] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
