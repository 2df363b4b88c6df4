//! Sorting record lines: [`crate::sort`], told how lines of each kind begin.

use std::sync::LazyLock;

use super::catalogue::TABLES;
pub use crate::sort::{ARENA_BYTES, Item, Mark, Merge, Sorter};

/// How record lines of each kind begin, up to their id.
static HEADS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    TABLES.iter().map(|table| format!("{{\"kind\":\"{}\",\"id\":\"", table.kind).into_bytes()).collect()
});

/// An empty sorter of record lines that writes a run whenever its arena exceeds `limit` bytes. It sorts as any other,
/// and faster.
pub fn of_records(limit: usize) -> Sorter {
    Sorter::new(limit).beginning_with(&HEADS)
}
