//! Looking at every line once, side by side, where their order does not matter: for counting and comparing.
//!
//! Lines are gathered in chunks and looked at by all threads; what each thread learns is its own until the end. Memory
//! is bounded by the number of threads, besides what is learnt.

use std::io;

use rayon::prelude::*;

use super::Lines;
use crate::record::time::Millis;
use crate::source::catalogue::Rank;
use crate::source::sort::Item;

/// Bytes of lines that one thread looks at before more are gathered.
const CHUNK: usize = 512 << 10;

/// Lines for one thread, and what it has learnt.
#[derive(Debug, Default)]
struct Chunk<T> {
    lines: Vec<u8>,
    /// Kind, time and end of each line.
    entries: Vec<(Rank, Millis, usize)>,
    learnt: T,
}

/// Shows every line to `each`; returns what was learnt, in as many parts as there are threads.
pub(super) fn fold<T: Default + Send>(
    mut lines: Lines<'_>,
    threads: usize,
    each: impl Fn(&mut T, &Item<'_>) + Sync,
) -> io::Result<Vec<T>> {
    let mut chunks: Vec<Chunk<T>> = std::iter::repeat_with(Chunk::default).take(2 * threads.max(1)).collect();
    let mut has_ended = false;
    while !has_ended {
        for chunk in &mut chunks {
            chunk.clear();
            while !has_ended && chunk.lines.len() < CHUNK {
                match lines.advance()? {
                    Some(item) => chunk.push(&item),
                    None => has_ended = true,
                }
            }
        }
        chunks.par_iter_mut().for_each(|chunk| chunk.look(&each));
    }
    Ok(chunks.into_iter().map(|chunk| chunk.learnt).collect())
}

impl<T> Chunk<T> {
    fn clear(&mut self) {
        self.lines.clear();
        // What a giant line needed is given back.
        self.lines.shrink_to(2 * CHUNK);
        self.entries.clear();
    }

    fn push(&mut self, item: &Item<'_>) {
        self.lines.extend_from_slice(item.line);
        self.entries.push((item.kind, item.at, self.lines.len()));
    }

    fn look(&mut self, each: &impl Fn(&mut T, &Item<'_>)) {
        let mut start = 0;
        for (kind, at, end) in &self.entries {
            let line = self.lines.get(start..*end).unwrap_or_default();
            each(&mut self.learnt, &Item { kind: *kind, at: *at, tag: 0, line });
            start = *end;
        }
    }
}
