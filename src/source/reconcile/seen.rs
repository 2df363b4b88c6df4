//! What the rows show: which ids there are, and which ids they name.

use std::io;
use std::path::Path;

use super::fact::{Role, push};
use crate::source::catalogue::{Rank, To};
use crate::source::sort::{ARENA_BYTES, Sorter};

/// What one thread of reading has seen.
///
/// Many rows name few channels and users, so such names are counted before they are sorted: each has one slot where it
/// may stand, and gives way, with its count so far, to the next name of that slot.
#[derive(Debug)]
pub struct Seen {
    pub(super) sorter: Sorter,
    slots: Vec<Slot>,
}

/// Slots of a thread; a power of two.
const SLOTS: usize = 1 << 14;

/// A name that is being counted.
#[derive(Clone, Copy, Debug)]
struct Slot {
    rank: Rank,
    field: &'static str,
    to: To,
    /// The id, filled up with NUL.
    id: [u8; 27],
    count: u64,
}

const EMPTY: Slot = Slot { rank: 0, field: "", to: To::Post, id: [0; 27], count: 0 };

impl Default for Seen {
    fn default() -> Self {
        Self { sorter: Sorter::new(ARENA_BYTES / 4), slots: Vec::new() }
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
        if self.slots.is_empty() {
            self.slots = vec![EMPTY; SLOTS];
        }
        let mut id = [0; 27];
        if let Some(start) = id.get_mut(..target.len()) {
            start.copy_from_slice(target.as_bytes());
        }
        let Some(slot) = self.slots.get_mut(place(rank, field, &id)) else { return };
        if slot.count > 0 && (slot.rank, slot.to, slot.id) == (rank, to, id) && slot.field == field {
            slot.count += 1;
            return;
        }
        let before = std::mem::replace(slot, Slot { rank, field, to, id, count: 1 });
        before.leave(&mut self.sorter);
    }

    /// Writes a run to a file in `dir` once memory is full; to be called between batches of rows.
    pub fn settle(&mut self, dir: &Path) -> io::Result<()> {
        self.sorter.settle(dir)
    }

    pub(super) fn into_sorter(mut self) -> Sorter {
        for slot in self.slots {
            slot.leave(&mut self.sorter);
        }
        self.sorter
    }
}

impl Slot {
    fn leave(self, sorter: &mut Sorter) {
        if self.count > 0 {
            let id = std::str::from_utf8(&self.id).unwrap_or_default().trim_end_matches('\0');
            named(sorter, self.rank, self.field, self.to, id, self.count);
        }
    }
}

/// Where a name may stand. Names that were made to share a place only take longer.
fn place(rank: Rank, field: &str, id: &[u8; 27]) -> usize {
    let word =
        |at: usize| id.get(at..at + 8).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let what = u64::from(rank) << 8 | field.len() as u64;
    let mixed = (word(0) ^ word(13).rotate_left(29) ^ what).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(mixed >> 40).unwrap_or(0) % SLOTS
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
