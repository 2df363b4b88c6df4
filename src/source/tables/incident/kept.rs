//! Rows of posts that tracing an incident met, kept as the server sent them: what becomes records next is the same rows,
//! and a server need not look for them twice.
//!
//! Invariant: rows are kept of all questions that ask for them or of none, so that what is kept is what the first
//! selection of posts asks for (`limits`). Refuses to keep more than there is room for; then they are read again.

use std::collections::BTreeMap;

/// Bytes of rows that are kept at most.
pub(super) const ROOM: usize = 64 << 20;

/// Rows as COPY text, by the name of their table.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    room: usize,
    tables: BTreeMap<String, Vec<Vec<u8>>>,
}

impl Kept {
    /// Nothing yet, and room for so many bytes.
    pub(super) fn new(room: usize) -> Self {
        Self { room, ..Self::default() }
    }

    /// Whether rows are still kept.
    pub(super) fn has_room(&self) -> bool {
        self.room > 0
    }

    /// Keeps rows of a table, or from now on none at all.
    pub(super) fn push(&mut self, table: &str, rows: Vec<u8>) {
        self.room = self.room.saturating_sub(rows.len());
        if !self.has_room() {
            self.tables.clear();
        } else if let Some(kept) = self.tables.get_mut(table) {
            kept.push(rows);
        } else {
            self.tables.insert(table.to_owned(), vec![rows]);
        }
    }

    /// How many batches are kept.
    pub(in crate::source::tables) fn batches(&self) -> usize {
        self.tables.values().map(Vec::len).sum()
    }

    /// All rows of a table that were asked for; `None` if they have to be read.
    pub(in crate::source::tables) fn take(&mut self, table: &str) -> Option<Vec<Vec<u8>>> {
        self.tables.remove(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_whole_or_not_at_all() {
        let mut kept = Kept::new(10);
        kept.push("posts", b"abcd\n".to_vec());
        kept.push("posts", b"efg\n".to_vec());
        assert_eq!(kept.clone().take("posts").unwrap(), [b"abcd\n".to_vec(), b"efg\n".to_vec()]);
        assert_eq!(kept.take("Posts"), None);
        kept.push("posts", b"\n".to_vec());
        assert!(!kept.has_room() && kept.take("posts").is_none(), "no half");
        kept.push("posts", Vec::new());
        assert_eq!(kept.take("posts"), None, "and it stays so");
        assert!(!Kept::default().has_room());
    }
}
