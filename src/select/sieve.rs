//! Records on their way to an archive that follows others: what an earlier one holds already is held back, and what
//! comparing with the earlier ones establishes is added.
//!
//! Who knows the earlier archives is asked for each record; this module only sees to it that nothing is lost on the way.
//! Lines of one record (a source may repeat a row) are asked about together. Invariant: every line that comes in is
//! handed out or answered to be held, in the order in which it came; findings stand where their kind belongs.

use std::io;

use super::Lines;
use crate::record::kind::FINDING_PREFIX;
use crate::record::time::Millis;
use crate::source::catalogue::{EMOJI, FILE, PROFILE_PICTURE, Rank, table};
use crate::source::sort::{Item, Merge, Sorter};

/// What is asked of whoever knows the earlier archives.
#[derive(Debug)]
pub enum Question<'q> {
    /// Whether these lines of one record are new. Asked in archive order; of findings as well.
    IsNew {
        /// Rank of its kind.
        rank: Rank,
        /// Its origin time.
        at: Millis,
        /// Its lines, mostly one.
        lines: &'q [&'q [u8]],
    },
    /// All records but findings were asked for: what was established? Asked once.
    Established,
}

/// What is answered.
#[derive(Debug)]
pub enum Answer {
    /// It goes into the archive.
    New,
    /// An earlier archive holds it.
    Held,
    /// Lines of findings.
    Findings(Sorter),
}

/// Answers questions.
pub type Ask<'s> = dyn FnMut(&Question<'_>) -> io::Result<Answer> + Send + 's;

/// Lines that passed, and findings.
pub struct Sieved<'s> {
    lines: Lines<'s>,
    ask: Box<Ask<'s>>,
    /// Lines of one record, one behind the other, with where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    rank: Rank,
    at: Millis,
    /// The line that is handed out next.
    next: usize,
    /// The first line of the record that follows.
    ahead: Option<(Rank, Millis, Vec<u8>)>,
    findings: Option<Merge>,
    /// Whether the finding that `findings` stands on was handed out.
    is_shown: bool,
}

impl std::fmt::Debug for Sieved<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sieved").field("rank", &self.rank).finish_non_exhaustive()
    }
}

impl<'s> Sieved<'s> {
    /// The lines of `lines` that pass.
    pub fn new(lines: Lines<'s>, ask: Box<Ask<'s>>) -> Self {
        Self {
            lines,
            ask,
            bytes: Vec::new(),
            ends: Vec::new(),
            rank: 0,
            at: 0,
            next: 0,
            ahead: None,
            findings: None,
            is_shown: false,
        }
    }

    /// The next line, if there is one.
    pub fn advance(&mut self) -> io::Result<Option<Item<'_>>> {
        while self.next == self.ends.len() {
            if !self.take()? {
                self.ends.clear();
                self.next = 0;
                break;
            }
            if is_finding(self.rank) {
                self.establish()?;
            }
            if !self.is_new()? {
                self.next = self.ends.len();
            }
        }
        let has_line = self.next < self.ends.len();
        if !has_line {
            self.establish()?;
        }
        if self.finding_is_next(has_line)? {
            return Ok(self.findings.as_ref().and_then(Merge::peek));
        }
        if !has_line {
            return Ok(None);
        }
        let start = self.next.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(self.next).copied().unwrap_or(start);
        self.next += 1;
        let line = self.bytes.get(start..end).unwrap_or_default();
        Ok(Some(Item { kind: self.rank, at: self.at, tag: 0, line }))
    }

    /// Takes up all lines of the record that comes next; false at the end.
    fn take(&mut self) -> io::Result<bool> {
        self.bytes.clear();
        self.ends.clear();
        self.next = 0;
        if let Some((rank, at, line)) = self.ahead.take() {
            (self.rank, self.at) = (rank, at);
            self.bytes.extend_from_slice(&line);
            self.ends.push(self.bytes.len());
        }
        while let Some(item) = self.lines.advance()? {
            if self.ends.is_empty() {
                (self.rank, self.at) = (item.kind, item.at);
            } else {
                let first = self.bytes.get(..self.ends.first().copied().unwrap_or(0)).unwrap_or_default();
                let is_other = (item.kind, item.at) != (self.rank, self.at) || id_of(item.line) != id_of(first);
                // Whether bytes of a file belong to the archive is asked of each line alone.
                if is_other || matches!(item.kind, FILE | EMOJI | PROFILE_PICTURE) {
                    self.ahead = Some((item.kind, item.at, item.line.to_vec()));
                    break;
                }
            }
            self.bytes.extend_from_slice(item.line);
            self.ends.push(self.bytes.len());
        }
        Ok(!self.ends.is_empty())
    }

    fn is_new(&mut self) -> io::Result<bool> {
        let mut start = 0;
        let mut lines: Vec<&[u8]> = Vec::with_capacity(self.ends.len());
        for end in &self.ends {
            lines.push(self.bytes.get(start..*end).unwrap_or_default());
            start = *end;
        }
        let answer = (self.ask)(&Question::IsNew { rank: self.rank, at: self.at, lines: &lines })?;
        Ok(!matches!(answer, Answer::Held))
    }

    fn establish(&mut self) -> io::Result<()> {
        if self.findings.is_none() {
            let established = (self.ask)(&Question::Established)?;
            let sorters = if let Answer::Findings(sorter) = established { vec![sorter] } else { Vec::new() };
            self.findings = Some(Merge::new(sorters)?);
        }
        Ok(())
    }

    /// Whether the finding that comes next stands before the line that does.
    fn finding_is_next(&mut self, has_line: bool) -> io::Result<bool> {
        let Some(findings) = &mut self.findings else { return Ok(false) };
        if std::mem::take(&mut self.is_shown) {
            findings.advance()?;
        }
        let Some(item) = findings.peek() else { return Ok(false) };
        self.is_shown = !has_line || item.kind < self.rank;
        Ok(self.is_shown)
    }
}

fn is_finding(rank: Rank) -> bool {
    table(rank).kind.starts_with(FINDING_PREFIX)
}

/// The id in a record line: `{"kind":"…","id":"…"` has it between the seventh quotation mark and the eighth.
fn id_of(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b'"').nth(7).unwrap_or_default()
}
