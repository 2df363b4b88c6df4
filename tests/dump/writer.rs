//! A little `pg_dump`, written apart from the reader: what it writes must come back.

use std::fmt::Write;

/// A table to be dumped.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    /// Names and types.
    pub(super) columns: Vec<(String, String)>,
    /// Fields of rows; `None` is NULL.
    pub(super) rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// One with `rows` of an id and a text.
    pub(super) fn small(name: &str, rows: u32) -> Self {
        Self {
            schema: "public".into(),
            name: name.into(),
            columns: vec![("id".into(), "character varying(26)".into()), ("message".into(), "text".into())],
            rows: (0..rows)
                .map(|n| vec![Some(format!("{name}{n}")), (n % 3 != 0).then(|| "a\tb\\\n".into())])
                .collect(),
        }
    }

    fn full_name(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.name))
    }

    /// The rows as the text of COPY.
    pub(super) fn copy_text(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            for (at, field) in row.iter().enumerate() {
                if at > 0 {
                    text.push('\t');
                }
                push_field(&mut text, field.as_deref());
            }
            text.push('\n');
        }
        text
    }
}

fn push_field(text: &mut String, field: Option<&str>) {
    let Some(field) = field else { return text.push_str("\\N") };
    for letter in field.chars() {
        match letter {
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{b}' => text.push_str("\\v"),
            '\\' => text.push_str("\\\\"),
            other => text.push(other),
        }
    }
}

/// A name as SQL spells it.
pub(super) fn quoted(name: &str) -> String {
    let plain = name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
        && !["desc", "select", "default", "check", "constraint", "like", "table"].contains(&name);
    if plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// What stands before the first table.
pub(super) const HEADER: &str = "--
-- PostgreSQL database dump
--

\\restrict mpv0NPxRvzqjkbrMea956gynfct9RvaL0U7p1aBgs8P4hmtKRKcdIey6yqtQ8PB

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 17.2

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

";

/// What stands behind the last.
pub(super) const FOOTER: &str = "--
-- PostgreSQL database dump complete
--

\\unrestrict mpv0NPxRvzqjkbrMea956gynfct9RvaL0U7p1aBgs8P4hmtKRKcdIey6yqtQ8PB

";

/// The declaration of a table.
pub(super) fn declaration(table: &Table) -> String {
    let name = table.full_name();
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|(column, kind)| format!("    {} {kind} DEFAULT 'x,);'::text", quoted(column)))
        .collect();
    format!(
        "--\n-- Name: {}; Type: TABLE; Schema: {}; Owner: mmuser\n--\n\nCREATE TABLE {name} (\n{}\n);\n\n\nALTER TABLE {name} OWNER TO mmuser;\n\n",
        table.name.replace('\n', " "),
        table.schema.replace('\n', " "),
        columns.join(",\n")
    )
}

/// The rows of a table.
pub(super) fn data(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|(column, _)| quoted(column)).collect();
    format!("COPY {} ({}) FROM stdin;\n{}\\.\n\n\n", table.full_name(), columns.join(", "), table.copy_text())
}

/// A whole dump.
pub(super) fn dump(tables: &[Table]) -> String {
    let mut text = HEADER.to_owned();
    for table in tables {
        text += &declaration(table);
    }
    text += "CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$\nCOPY public.posts (id) FROM stdin;\nfooled\n\\.\n$_$;\n\n";
    for table in tables {
        text += &data(table);
    }
    write!(text, "ALTER TABLE ONLY {} ADD CONSTRAINT k PRIMARY KEY (id);\n\n\n{FOOTER}", tables[0].full_name())
        .unwrap();
    text
}

/// posts, channels and users, a few rows each.
pub(super) fn mattermost() -> Vec<Table> {
    vec![Table::small("channels", 2), Table::small("posts", 5), Table::small("users", 3)]
}
