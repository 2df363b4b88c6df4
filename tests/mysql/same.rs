//! The same rows in PostgreSQL and in MariaDB give the same lines: two servers, two drivers, two protocols, one decoder.
//!
//! The format does not promise this: a server may re-order JSON. MariaDB does not, because it keeps JSON as text, and so
//! this is the strongest test of how MySQL's values become COPY text.

use super::OWNER;
use crate::sealed::{Archive, Desk};
use crate::servers::{self, Postgres, mariadb, postgres};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// A column of PostgreSQL: its name and type.
struct Column {
    name: String,
    declared: String,
}

impl Column {
    /// The type that keeps the same values in MariaDB.
    fn kept(&self) -> String {
        let length = self.declared.strip_prefix("character varying(").and_then(|rest| rest.strip_suffix(')'));
        match (self.declared.as_str(), length.and_then(|length| length.parse::<u32>().ok())) {
            (_, Some(length @ 0..=64)) => format!("varchar({length})"),
            ("boolean", _) => "tinyint(1)".to_owned(),
            ("bigint" | "integer" | "smallint", _) => self.declared.clone(),
            ("bytea", _) => "longblob".to_owned(),
            ("timestamp with time zone", _) => "datetime(6)".to_owned(),
            ("json" | "jsonb" | "character varying(26)[]", _) => "json".to_owned(),
            _ => "longtext".to_owned(),
        }
    }

    /// The value as PostgreSQL is asked for it: in hexadecimal digits of its text or bytes, `-` for NULL.
    fn asked(&self) -> String {
        let name = format!("\"{}\"", self.name);
        let hex = match self.declared.as_str() {
            "bytea" => format!("encode({name}, 'hex')"),
            "character varying(26)[]" => format!("encode(convert_to(array_to_json({name})::text, 'UTF8'), 'hex')"),
            "boolean" => format!("encode(convert_to({name}::int::text, 'UTF8'), 'hex')"),
            "timestamp with time zone" => {
                format!("encode(convert_to(to_char({name}, 'YYYY-MM-DD HH24:MI:SS.US'), 'UTF8'), 'hex')")
            }
            _ => format!("encode(convert_to({name}::text, 'UTF8'), 'hex')"),
        };
        format!("coalesce({hex}, '-')")
    }

    /// The value as MariaDB is given it.
    fn given(&self, hex: &str) -> String {
        match hex {
            "-" => "NULL".to_owned(),
            hex if self.declared == "bytea" => format!("X'{hex}'"),
            hex => format!("CONVERT(X'{hex}' USING utf8mb4)"),
        }
    }
}

/// Upper case at the beginning, as MySQL has Mattermost's names.
fn spelled(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// The SQL that makes the same tables and rows in MariaDB.
fn poured(server: &Postgres, database: &str) -> String {
    let listed = server.sql(
        database,
        "SELECT relname, attname, format_type(atttypid, atttypmod) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
        ORDER BY relname, attnum",
    );
    let mut tables: Vec<(&str, Vec<Column>)> = Vec::new();
    for line in listed.lines() {
        let fields: Vec<&str> = line.split('|').collect();
        if tables.last().is_none_or(|(name, _)| *name != fields[0]) {
            tables.push((fields[0], Vec::new()));
        }
        let column = Column { name: fields[1].to_owned(), declared: fields[2].to_owned() };
        tables.last_mut().unwrap().1.push(column);
    }
    // What MariaDB takes for JSON is not what PostgreSQL takes for it; here it is to keep what it is given.
    let mut sql = "SET SESSION check_constraint_checks = OFF, time_zone = '+00:00';\n".to_owned();
    for (table, columns) in tables {
        let declared: Vec<String> =
            columns.iter().map(|column| format!("`{}` {}", spelled(&column.name), column.kept())).collect();
        writeln!(sql, "CREATE TABLE `{}` ({});", spelled(table), declared.join(", ")).unwrap();
        let asked: Vec<String> = columns.iter().map(Column::asked).collect();
        for row in server.sql(database, &format!("SELECT {} FROM {table}", asked.join(", "))).lines() {
            let given: Vec<String> =
                columns.iter().zip(row.split('|')).map(|(column, hex)| column.given(hex)).collect();
            writeln!(sql, "INSERT INTO `{}` VALUES ({});", spelled(table), given.join(", ")).unwrap();
        }
    }
    sql
}

fn assert_same(ours: &Archive, theirs: &Archive) {
    for (ours, theirs) in ours.lines().iter().zip(theirs.lines()) {
        assert_eq!(*ours, theirs);
    }
    assert_eq!(ours.lines().len(), theirs.lines().len());
    assert_eq!(ours.root(), theirs.root());
    assert_eq!(ours.summary()["kinds"], theirs.summary()["kinds"]);
}

#[test]
fn the_same_rows_give_the_same_lines_and_root() {
    for fixture in ["mattermost-11", "mattermost-5.37"] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/postgres").join(format!("{fixture}.sql"));
        let original = postgres().database("poured", &fs::read_to_string(path).unwrap());
        let copy = mariadb().database("poured", &poured(postgres(), &original));
        let desk = Desk::new();
        let (from, to) = (postgres().url(&original, servers::OWNER), mariadb().url(&copy, OWNER));
        for (at, scope) in [&[][..], &["--since", "2026-01-02", "--until", "2026-01-03"]].into_iter().enumerate() {
            let args = [&["--no-files"], scope].concat();
            let theirs = desk.seal(&from, &format!("postgres-{fixture}-{at}.zip"), &args);
            let ours = desk.seal(&to, &format!("mariadb-{fixture}-{at}.zip"), &args);
            assert!(theirs.lines().len() > 100 || at > 0, "{fixture}: too few lines to prove anything");
            assert_same(&ours, &theirs);
        }
    }
}
