//! Finding the records of one id in a source.

use std::io;

use super::Selection;
use super::fold::fold;
use crate::record::fields::Head;
use crate::record::id::Name;
use crate::record::time::Millis;
use crate::source::Work;
use crate::source::catalogue::{Rank, table};
use crate::source::sort::{Item, Sorter};

/// Records that are handed out at most; one id names one record of a kind, unless the source repeats it.
const MOST: usize = 32;

/// A record that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Rank of its kind.
    pub kind: Rank,
    /// Its origin time.
    pub at: Millis,
    /// Its line, which may lack what is said of the content of a file.
    pub line: Vec<u8>,
}

/// All records of this name, in archive order.
pub fn find(mut selection: Selection<'_>, name: Name<'_>, work: &Work<'_>) -> io::Result<Vec<Found>> {
    let each = |found: &mut Vec<Found>, item: &Item<'_>| {
        // A record that lacks its content is followed by the path of it.
        let line = item.line.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let kind = table(item.kind).kind;
        if found.len() < MOST && name.is(kind, Head::of(line, kind).id) {
            found.push(Found { kind: item.kind, at: item.at, line: line.to_vec() });
        }
    };
    let mut parts = fold(selection.contents()?, work.threads, each)?;
    parts.extend(fold(selection.records(Sorter::new(0))?, work.threads, each)?);
    let mut found: Vec<Found> = parts.into_iter().flatten().collect();
    found.sort_unstable();
    found.truncate(MOST);
    Ok(found)
}
