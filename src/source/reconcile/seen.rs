//! What the rows show: which ids there are, and which ids they name.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::fact::{Role, push};
use crate::source::catalogue::{Rank, To};
use crate::source::sort::{ARENA_BYTES, Sorter};

/// Names that are counted in memory before they are sorted; many rows name few channels and users.
const COUNTED: usize = 1 << 15;

/// An id, filled up with NUL: a key without an allocation.
type Id = [u8; 27];

/// What one thread of reading has seen.
#[derive(Debug)]
pub struct Seen {
    pub(super) sorter: Sorter,
    counted: HashMap<(Rank, &'static str, Id), (To, u64)>,
}

impl Default for Seen {
    fn default() -> Self {
        Self { sorter: Sorter::new(ARENA_BYTES / 4), counted: HashMap::new() }
    }
}

impl Seen {
    /// There is a row of this id. To be told of every row of its table, whatever the scope, edit-history rows of posts
    /// included.
    pub fn exists(&mut self, to: To, id: &str) {
        if is_id(id) {
            push(&mut self.sorter, to, id, Role::Exists, 1, |_| {});
        }
    }

    /// A row of kind `rank` names something by `field`. What is not spelled like an id (empty, `bookmark`, `system`, the
    /// name of a plugin) names no row.
    pub fn names(&mut self, rank: Rank, field: &'static str, to: To, target: &str) {
        if !is_id(target) {
            return;
        }
        // Posts are named by few rows each, so counting them in memory would not pay.
        if to == To::Post {
            named(&mut self.sorter, rank, field, to, target, 1);
            return;
        }
        let mut id: Id = [0; 27];
        id[..target.len()].copy_from_slice(target.as_bytes());
        self.counted.entry((rank, field, id)).or_insert((to, 0)).1 += 1;
        if self.counted.len() >= COUNTED {
            self.spread();
        }
    }

    fn spread(&mut self) {
        for ((rank, field, id), (to, count)) in self.counted.drain() {
            let target = std::str::from_utf8(&id).unwrap_or_default().trim_end_matches('\0');
            named(&mut self.sorter, rank, field, to, target, count);
        }
    }

    /// Writes a run to a file in `dir` once memory is full; to be called between batches of rows.
    pub fn settle(&mut self, dir: &Path) -> io::Result<()> {
        self.sorter.settle(dir)
    }

    pub(super) fn into_sorter(mut self) -> Sorter {
        self.spread();
        self.sorter
    }
}

fn named(sorter: &mut Sorter, rank: Rank, field: &'static str, to: To, target: &str, count: u64) {
    push(sorter, to, target, Role::Named, count, |out| {
        out.push(rank);
        out.extend_from_slice(field.as_bytes());
    });
}

/// Whether a text is spelled like the id of a row: 26 letters and digits, 27 in Boards.
fn is_id(text: &str) -> bool {
    matches!(text.len(), 26 | 27) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
