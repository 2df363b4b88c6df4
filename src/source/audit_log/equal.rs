//! Lines that stand more than once.
//!
//! Entries without a time are often equal, and a log may have been copied into another; both are kept, and told apart by
//! n in their derived ids. Whether there are equal lines at all shows a sorted list of the beginnings of ids; only if so
//! are all records gone through again. A line that tells its time and still stands twice is an exception.

use std::io;

use super::entry::numbered;
use crate::record::exception::{Class, Exception};
use crate::source::Work;
use crate::source::catalogue::{Rank, table};
use crate::source::sort::{ARENA_BYTES, Merge, Sorter};

/// Numbers equal lines; `heads` holds one entry for each record, `at` being the beginning of its id.
pub(super) fn number(
    records: Vec<Sorter>,
    heads: Vec<Sorter>,
    rank: Rank,
    exceptions: &mut Sorter,
    work: &Work<'_>,
) -> io::Result<Vec<Sorter>> {
    if !has_equal(heads)? {
        return Ok(records);
    }
    let kind = table(rank).kind;
    let mut out = Sorter::new(ARENA_BYTES);
    let mut merge = Merge::new(records)?;
    let (mut last, mut at, mut times) = (Vec::new(), 0, 0_u64);
    while let Some(item) = merge.peek() {
        let is_again = times > 0 && item.at == at && item.line == last.as_slice();
        if !is_again {
            state(&last, at, times, exceptions);
            times = 0;
            at = item.at;
            last.clear();
            last.extend_from_slice(item.line);
        }
        let line = numbered(item.line, kind, times);
        out.push(rank, item.at, item.tag, |bytes| bytes.extend_from_slice(&line));
        times += 1;
        out.settle(work.temporary)?;
        exceptions.settle(work.temporary)?;
        merge.advance()?;
    }
    state(&last, at, times, exceptions);
    Ok(vec![out])
}

fn has_equal(heads: Vec<Sorter>) -> io::Result<bool> {
    let mut merge = Merge::new(heads)?;
    let mut last = None;
    while let Some(item) = merge.peek() {
        if last == Some(item.at) {
            return Ok(true);
        }
        last = Some(item.at);
        merge.advance()?;
    }
    Ok(false)
}

fn state(line: &[u8], at: i64, times: u64, exceptions: &mut Sorter) {
    if times < 2 || at == 0 {
        return;
    }
    let id = line.split(|byte| *byte == b'"').nth(7).map(String::from_utf8_lossy).unwrap_or_default();
    let exception = Exception {
        class: Class::DuplicateRow,
        object: format!("audit_log/{id}"),
        expected: "each line of the audit log once",
        found: format!("the same line {times} times; all are kept"),
        records: times,
    };
    exceptions.push(0, 0, 0, |out| exception.push_line(out));
}
