//! Batches: the posts of the job, cut where the vendor cuts them.
//!
//! A batch takes a fixed number of posts in the order of the cursor. It ends at the change of its last post, and there
//! the next one begins; the last batch ends with the job.

use std::io;
use std::ops::Range;

use super::job::Job;
use crate::record::time::Millis;
use crate::sort::{Merge, Sorter};

/// Which batch, and its window; both ends are included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// From 1.
    pub(super) number: u32,
    /// First millisecond.
    pub(super) start: Millis,
    /// Last millisecond.
    pub(super) end: Millis,
}

impl Span {
    /// Its file, as the vendor names it.
    pub(super) fn file_name(&self) -> String {
        format!("batch{:03}-{}-{}.zip", self.number, self.start, self.end)
    }
}

/// The posts of a batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) span: Span,
    bytes: Vec<u8>,
    lines: Vec<Range<usize>>,
}

impl Batch {
    /// The lines of its posts, in the order of the cursor.
    pub(super) fn lines(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.lines.iter().map(|range| &self.bytes[range.clone()])
    }

    /// Bytes of its lines.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }
}

/// All batches of a job, one after the other.
pub(super) struct Batches {
    merge: Merge,
    size: usize,
    next: Span,
    job_end: Millis,
    /// Bytes of the batch before: the next one has about as many.
    before: usize,
}

impl Batches {
    /// Of the posts in these sorters, `size` in each.
    pub(super) fn new(sorters: Vec<Sorter>, size: usize, job: &Job) -> io::Result<Self> {
        let next = Span { number: 1, start: job.start, end: job.end };
        Ok(Self { merge: Merge::new(sorters)?, size: size.max(1), next, job_end: job.end, before: 0 })
    }

    /// The next batch.
    pub(super) fn next(&mut self) -> io::Result<Option<Batch>> {
        let mut bytes = Vec::with_capacity(self.before + self.before / 16);
        let (mut lines, mut end) = (Vec::new(), self.next.start);
        while lines.len() < self.size
            && let Some(item) = self.merge.peek()
        {
            let start = bytes.len();
            bytes.extend_from_slice(item.line);
            lines.push(start..bytes.len());
            end = item.at;
            self.merge.advance()?;
        }
        if lines.is_empty() {
            return Ok(None);
        }
        self.before = bytes.len();
        let is_last = self.merge.peek().is_none();
        let span = Span { end: if is_last { self.job_end } else { end }, ..self.next };
        self.next = Span { number: span.number.saturating_add(1), start: span.end, end: self.job_end };
        Ok(Some(Batch { span, bytes, lines }))
    }
}
