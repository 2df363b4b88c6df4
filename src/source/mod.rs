//! Sources: everything that records are made from. A source reads and counts; it never decides what is kept for how
//! long, never writes to what it reads, and never follows a path that stands in data.
//!
//! ```text
//!  bulk ──────────────────────────── an export that the server wrote    ┐
//!  postgres, mysql, dump ─ rows ─ tables ─ a database, live or dumped     ├─▶ sorted record lines, exceptions, counts
//!  audit_log ─ reconcile ─────────── what the log says of the tables    ┘
//! ```
//!
//! [`catalogue`] says which kinds and fields there are, [`scope`] which of them are wanted, [`sort`] puts records in
//! archive order in bounded memory, [`contents`] hands out the bytes of files, [`original`] is the file that a source is,
//! [`tally`] counts where rows went.

pub mod audit_log;
pub mod beneath;
pub mod bulk;
pub mod catalogue;
mod certificate;
pub mod contents;
pub mod dump;
pub mod file_store;
pub mod mysql;
pub mod original;
pub mod packed;
pub mod postgres;
pub mod reconcile;
pub mod rows;
pub mod scope;
pub mod sort;
pub mod tables;
pub mod tally;
mod url;

use std::path::Path;

use crate::progress::Progress;

/// What reading is done with.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// Threads that decode.
    pub threads: usize,
    /// Folder for unnamed temporary files.
    pub temporary: &'a Path,
    /// Told about bytes, asked whether to stop.
    pub progress: &'a Progress,
}
