//! Lines of equal key: two posts by one user in one channel in one millisecond, say.
//!
//! Their ids differ only by a number, counted in byte order of their data (archive-format(5)), and everything that
//! hangs on them names that id. Which keys are not unique is known only after a whole pass, so the few lines concerned
//! are then read once more: first to rank them, then to decode all but the first of each key again with their number.

use std::collections::HashMap;
use std::path::Path;

use super::BulkError;
use super::blocks::{Block, Blocks};
use super::container::Container;
use super::emit::{Emitter, Mode, Outcome};
use super::line;
use super::pass::Work;
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
pub fn renumber(container: &Container, heads: Vec<Sorter>, scope: &Scope, work: &Work<'_>) -> Result<Renumbered, BulkError> {
    let lines = not_unique(heads).map_err(BulkError::Temporary)?;
    if lines.is_empty() {
        return Ok(Renumbered::default());
    }
    let mut ranking = Sorter::new(ARENA_BYTES / 4);
    let mut texts = Sorter::new(ARENA_BYTES / 4);
    let mut emitter = Emitter::new("", &container.contents, work.temporary);
    reread(container, work, |number, bytes| {
        if !lines.contains_key(&number) {
            return Ok(());
        }
        emitter.begin(number, None, Mode::Rank);
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        if line::decode(text, &Scope::default(), &mut emitter).is_ok() {
            let (id, data) = &emitter.head;
            ranking.push(0, 0, number, |out| {
                out.extend_from_slice(id);
                out.extend_from_slice(data.as_deref().unwrap_or_default());
            });
            texts.push(0, i64::try_from(number).unwrap_or(i64::MAX), number, |out| out.extend_from_slice(bytes));
        }
        ranking.settle(work.temporary)?;
        texts.settle(work.temporary)
    })?;
    let numbers = rank(ranking).map_err(BulkError::Temporary)?;
    let out = decode_again(container, texts, &numbers, scope, work.temporary).map_err(BulkError::Temporary)?;
    Ok(Renumbered { numbers, out: Some(out) })
}

/// Numbers of the lines whose head shares its id with another.
fn not_unique(heads: Vec<Sorter>) -> std::io::Result<HashMap<u64, ()>> {
    let mut merge = Merge::new(heads)?;
    let mut lines = HashMap::new();
    let mut previous: Option<(Vec<u8>, u64)> = None;
    while let Some(item) = merge.peek() {
        match &mut previous {
            Some((id, line)) if id == item.line => {
                lines.insert(*line, ());
                lines.insert(item.tag, ());
            }
            Some((id, line)) => {
                id.clear();
                id.extend_from_slice(item.line);
                *line = item.tag;
            }
            None => previous = Some((item.line.to_vec(), item.tag)),
        }
        merge.advance()?;
    }
    Ok(lines)
}

/// Counts the lines of each id in byte order of their data; the first needs no number.
fn rank(ranking: Sorter) -> std::io::Result<HashMap<u64, u64>> {
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
    texts: Sorter,
    numbers: &HashMap<u64, u64>,
    scope: &Scope,
    temporary: &Path,
) -> std::io::Result<Outcome> {
    let mut emitter = Emitter::new(&container.lines_name, &container.contents, temporary);
    let mut merge = Merge::new(vec![texts])?;
    while let Some(item) = merge.peek() {
        if let Some(number) = numbers.get(&item.tag) {
            emitter.begin(item.tag, Some(*number), Mode::Giant);
            let text = std::str::from_utf8(item.line).unwrap_or_default();
            // It was decoded before, so it cannot fail now.
            let _ = line::decode(text, scope, &mut emitter);
            emitter.settle()?;
        }
        merge.advance()?;
    }
    Ok(emitter.out)
}

fn reread(
    container: &Container,
    work: &Work<'_>,
    mut each: impl FnMut(u64, &[u8]) -> std::io::Result<()>,
) -> Result<(), BulkError> {
    container.lines(|stream| {
        let mut blocks = Blocks::new(stream);
        let failed = |source| BulkError::Lines { object: container.lines_name.clone(), source };
        while let Some(block) = blocks.read().map_err(failed)? {
            work.progress.check()?;
            let Block::Lines { first, bytes } = block else { continue };
            for (number, line) in (first..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
                each(number, line.strip_suffix(b"\n").unwrap_or(line)).map_err(BulkError::Temporary)?;
            }
        }
        Ok(())
    })
}
