//! Which table the rows of a partition belong to.
//!
//! `pg_dump` declares a partition like a table and writes its rows under its own name; a server asked for the parent
//! gives the rows of all partitions as the parent's. So does a dump read here. Partitions may have partitions.

use std::collections::{BTreeMap, BTreeSet};

/// How many partitions may lie in one another.
const MAX_DEPTH: usize = 64;

/// A table by schema and name.
pub(super) type Key = (String, String);

/// The partitions that a dump declares.
#[derive(Debug, Default)]
pub(super) struct Partitions {
    /// The parent of each partition.
    parents: BTreeMap<Key, Key>,
    /// Tables that have no rows of their own.
    partitioned: BTreeSet<Key>,
    /// Rows met of each table that has partitions.
    rows: BTreeMap<Key, u64>,
}

impl Partitions {
    /// Takes note that a table's rows lie in its partitions.
    pub(super) fn divide(&mut self, table: Key) {
        self.partitioned.insert(table);
    }

    /// Takes note that a table is a partition of another.
    pub(super) fn attach(&mut self, partition: Key, parent: Key) {
        self.partitioned.insert(parent.clone());
        self.parents.insert(partition, parent);
    }

    /// Whether a table's rows lie in its partitions.
    pub(super) fn is_divided(&self, table: &Key) -> bool {
        self.partitioned.contains(table)
    }

    /// The table that the rows of `table` belong to: itself, unless it is a partition.
    pub(super) fn root(&self, table: &Key) -> Key {
        let mut found = table;
        // A dump that lies could go in circles.
        for _ in 0..MAX_DEPTH {
            match self.parents.get(found) {
                Some(parent) => found = parent,
                None => break,
            }
        }
        found.clone()
    }

    /// Tables with partitions, or partitions of partitions, that hold rows or could.
    pub(super) fn roots(&self) -> BTreeSet<Key> {
        self.parents.keys().filter(|key| !self.is_divided(key)).map(|key| self.root(key)).collect()
    }

    /// Rows of a table met before these `more`, which are counted.
    pub(super) fn count(&mut self, root: &Key, more: u64) {
        if self.is_divided(root) {
            *self.rows.entry(root.clone()).or_default() += more;
        }
    }

    /// Rows of a table with partitions that were met so far.
    pub(super) fn met(&self, root: &Key) -> u64 {
        self.rows.get(root).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        ("public".to_owned(), name.to_owned())
    }

    #[test]
    fn a_partition_of_a_partition_belongs_to_the_first() {
        let mut partitions = Partitions::default();
        partitions.divide(key("drafts"));
        partitions.attach(key("posts_2026"), key("posts"));
        partitions.attach(key("posts_2026_11"), key("posts_2026"));
        assert_eq!(partitions.root(&key("posts_2026_11")), key("posts"));
        assert_eq!(partitions.root(&key("users")), key("users"));
        assert!(partitions.is_divided(&key("posts_2026")) && !partitions.is_divided(&key("posts_2026_11")));
        assert_eq!(partitions.roots(), BTreeSet::from([key("posts")]));
    }

    #[test]
    fn a_circle_has_an_end() {
        let mut partitions = Partitions::default();
        partitions.attach(key("a"), key("b"));
        partitions.attach(key("b"), key("a"));
        partitions.root(&key("a"));
        assert!(partitions.roots().is_empty());
    }
}
