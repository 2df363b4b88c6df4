//! A whole database as one text that is two things: a script for `psql`, and a plain dump.

use std::io::{self, Write};

use crate::dice::Dice;
use crate::place::Place;
use crate::schema::Schema;
use crate::speech::Speech;
use crate::tables::{FILLED, Row};

/// What stands before everything; the version is of no server.
const HEADER: &str = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.0 (generated)\n\
    -- Dumped by pg_dump version 15.0 (generated)\n\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
    SET search_path = public, pg_catalog;\nSET maintenance_work_mem = '256MB';\n\n";

const FOOTER: &str = "\n--\n-- PostgreSQL database dump complete\n--\n\n";

/// Writes a database of this size; returns rows by table.
pub(crate) fn write(posts: u64, seed: u64, out: &mut dyn Write) -> io::Result<Vec<(String, u64)>> {
    let (place, schema) = (Place::new(posts, seed), Schema::new());
    let speech = Speech::new(&mut Dice::new(seed).apart(9));
    out.write_all(HEADER.as_bytes())?;
    out.write_all(schema.before.as_bytes())?;
    let mut tables = schema.tables;
    tables.sort();
    let mut counts = Vec::new();
    for (table, columns) in tables {
        writeln!(out, "COPY public.{table} ({}) FROM stdin;", columns.join(", "))?;
        let mut row = Row { out, line: Vec::new(), rows: 0 };
        if let Some((_, fill)) = FILLED.iter().find(|(name, _)| *name == table) {
            fill(&place, &speech, &mut row)?;
            counts.push((table, row.rows));
        }
        out.write_all(b"\\.\n\n\n")?;
    }
    out.write_all(schema.behind.as_bytes())?;
    out.write_all(FOOTER.as_bytes())?;
    Ok(counts)
}
