//! Rows of Mattermost's tables, wherever they come from: a live PostgreSQL, its dump, a MySQL.
//!
//! ```text
//! postgres ─┐ TableFound,   plan      which column feeds which field of which kind
//! dump ─────┼─ Batch ─────▶ copy      a row of COPY text, taken apart
//! mysql ────┘               encode    a row becomes a record line
//! ```
//!
//! Every source hands over the same text: the format of PostgreSQL's `COPY … TO STDOUT`. So one decoder serves them
//! all, and the same rows give the same lines wherever they come from.
//!
//! Invariant: a row becomes one record, or is out of scope, or is quarantined with an exception; the number of rows is
//! counted by whoever holds them, not here. Refuses to guess: a row with too few or too many fields is no row.

pub mod buttons;
pub(in crate::source) mod chunks;
pub mod copy;
pub(in crate::source) mod counted;
pub mod encode;
pub mod fault;
pub mod instant;
pub mod plan;
pub mod query;
pub mod redact;
pub mod value;

/// A table as a source has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFound {
    /// Its name, as the source spells it.
    pub name: String,
    /// Its columns, in the order of the source.
    pub columns: Vec<ColumnFound>,
}

/// A column as a source has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFound {
    /// Its name, as the source spells it.
    pub name: String,
    /// Its type in the source's words, such as `character varying(26)`; empty where the source does not say.
    pub declared: String,
}

/// Whole rows of one table as COPY text: fields parted by tabs, each row ended by a line feed, `\N` for NULL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Position of the table in the list that the reader was given or made.
    pub table: usize,
    /// Number of the first row within its table, from 1.
    pub first: u64,
    /// The rows.
    pub text: Vec<u8>,
}

/// Bytes of rows that a reader collects before it hands them on.
pub const BATCH_BYTES: usize = 1 << 20;
