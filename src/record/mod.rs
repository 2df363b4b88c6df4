//! The vocabulary: what a record is, how it is named, dated, ordered and written down.
//!
//! A *record* is one line of text: one row of evidence, encoded once and never again. Everything that is hashed,
//! signed, compared or proven later is the line as stored, byte for byte; nobody re-serialises JSON to check it.
//!
//! ```text
//! {"kind":"post","id":"s:9f…","at":1700000000123,"synthetic":true,"data":{…}}
//! ```
//!
//! Invariant: a line is a function of its source only (chatseal-archive(5), "Record lines"): no host, clock, path or
//! locale of ours can reach it, so the same source gives the same bytes everywhere.
//!
//! This module refuses to know where rows come from, what a policy says, or what a zip is. It opens nothing.

pub mod exception;
pub mod fields;
pub mod hold_set;
pub mod id;
pub mod json;
pub mod kind;
pub mod line;
pub mod retention;
pub mod time;
pub(crate) mod vocabulary;
