//! Lines of equal key: two posts by one user in one channel in one millisecond, say.
//!
//! Their ids differ only by a number, counted in byte order of their data (chatseal-archive(5)), and everything that
//! hangs on them names that id. Which keys are not unique is known only after a whole pass, so the few lines concerned
//! are then looked at once more: first to rank them, then to decode all but the first of each key again with its number.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::BulkError;
use super::blocks::Index;
use super::container::Container;
use super::emit::{Emitter, Mode, Outcome};
use super::line;
use crate::source::Work;
use crate::source::scope::Scope;
use crate::source::sort::{ARENA_BYTES, Merge, Sorter};

/// Source lines that must be left out of the first pass's results, and what takes their place.
#[derive(Debug, Default)]
pub struct Renumbered {
    /// Number of each such line among those of its key, from 1, by line number.
    pub numbers: HashMap<u64, u64>,
    /// Their records, decoded again.
    pub out: Option<Outcome>,
}

/// Finds lines of equal key among `heads` and decodes them again.
pub fn renumber(
    container: &Container,
    index: &Index,
    heads: Vec<Sorter>,
    scope: &Scope,
    work: &Work<'_>,
) -> Result<Renumbered, BulkError> {
    let decoded = || {
        let lines = not_unique(heads)?;
        let mut ranking = Sorter::new(ARENA_BYTES / 4);
        let mut emitter = Emitter::new("", &container.contents, work.temporary);
        index.visit(&lines, |number, bytes| {
            emitter.begin(number, None, Mode::Rank);
            let text = std::str::from_utf8(bytes).unwrap_or_default();
            if line::decode(text, &Scope::default(), &mut emitter).is_ok() {
                let (id, data) = &emitter.head;
                ranking.push(0, 0, number, |out| {
                    out.extend_from_slice(id);
                    out.extend_from_slice(data.as_deref().unwrap_or_default());
                    // Two roots may read the same and still carry other replies: the whole line decides between them.
                    out.push(b'\n');
                    out.extend_from_slice(bytes);
                });
            }
            ranking.settle(work.temporary)
        })?;
        decode_again(container, index, rank(ranking)?, scope, work.temporary)
    };
    decoded().map_err(BulkError::Temporary)
}

/// Numbers of the lines whose head seems to share its id with another, ascending.
fn not_unique(heads: Vec<Sorter>) -> io::Result<Vec<u64>> {
    let mut merge = Merge::new(heads)?;
    let mut lines = Vec::new();
    let mut previous: Option<(i64, u64)> = None;
    while let Some(item) = merge.peek() {
        if let Some((digest, line)) = previous
            && digest == item.at
        {
            lines.extend([line, item.tag]);
        }
        previous = Some((item.at, item.tag));
        merge.advance()?;
    }
    lines.sort_unstable();
    lines.dedup();
    Ok(lines)
}

/// Counts the lines of each id in byte order of their data; the first needs no number.
fn rank(ranking: Sorter) -> io::Result<HashMap<u64, u64>> {
    let mut merge = Merge::new(vec![ranking])?;
    let mut numbers = HashMap::new();
    let mut current = ([0_u8; 34], 0_u64);
    while let Some(item) = merge.peek() {
        let id = item.line.first_chunk::<34>().copied().unwrap_or([0; 34]);
        current = if current.0 == id { (id, current.1 + 1) } else { (id, 0) };
        if current.1 > 0 {
            numbers.insert(item.tag, current.1);
        }
        merge.advance()?;
    }
    Ok(numbers)
}

fn decode_again(
    container: &Container,
    index: &Index,
    numbers: HashMap<u64, u64>,
    scope: &Scope,
    temporary: &Path,
) -> io::Result<Renumbered> {
    let mut lines: Vec<u64> = numbers.keys().copied().collect();
    lines.sort_unstable();
    let mut emitter = Emitter::new(&container.lines_name, &container.contents, temporary);
    index.visit(&lines, |line, bytes| {
        emitter.begin(line, numbers.get(&line).copied(), Mode::Giant);
        // It was decoded before, so it cannot fail now.
        let _ = line::decode(std::str::from_utf8(bytes).unwrap_or_default(), scope, &mut emitter);
        emitter.settle()
    })?;
    let out = if numbers.is_empty() { None } else { Some(emitter.out) };
    Ok(Renumbered { numbers, out })
}
