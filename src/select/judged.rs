//! Records with what was decided about them: the same stream in the same order, without what a policy withholds.
//!
//! Lines are taken in batches, judged side by side, and handed out one by one, and with them the lines of the sets of
//! holds that they name. Memory is bounded by the number of threads.
//! Invariant: every line that comes in is handed out as a record, as withheld, or as too long; none is lost.

use std::collections::{BTreeMap, HashMap};
use std::io;

use rayon::prelude::*;

use super::Lines;
use super::covering::{Covered, Covering, Sum};
use super::judge::{Judge, Verdict, push_retention};
use crate::policy::decision::{Decision, Disposition};
use crate::record::fields::Head;
use crate::record::line::MAX_BYTES;
use crate::record::time::Millis;
use crate::source::catalogue::{Rank, table};
use crate::source::sort::Item;
use crate::source::tally::{Counts, NONE};

/// Bytes of lines that are judged by one thread at a time.
const CHUNK: usize = 256 << 10;

/// Chunks for each thread, so that none waits for the slowest.
const CHUNKS: usize = 4;

/// What became of a line.
#[derive(Clone, Copy, Debug)]
pub enum Judged<'a> {
    /// It is a record.
    Record(Item<'a>),
    /// A rule withholds it.
    Withheld {
        /// Rank of its kind.
        kind: Rank,
        /// Its id.
        id: &'a str,
        /// Its origin time.
        at: Millis,
        /// The rule.
        rule: &'a str,
        /// Since when it was due.
        since: Millis,
    },
    /// With its decision it would be longer than a line may be; this is the line without.
    TooLong(Item<'a>),
    /// The line of a set of holds that a record names. It may come again, and not together with the record.
    Set(&'a [u8]),
}

/// What was decided, counted.
#[derive(Clone, Debug)]
pub struct Account {
    /// Records withheld, by rank.
    pub withheld: Counts,
    /// Records that grew too long, by rank.
    pub too_long: Counts,
    /// Records that stay, and records withheld, by rule.
    pub rules: BTreeMap<String, (u64, u64)>,
    /// Records that stay and no rule covers.
    pub no_rule: u64,
    /// Records by hold.
    pub holds: BTreeMap<String, u64>,
    /// Records by what is to be done with them.
    pub dispositions: BTreeMap<Disposition, u64>,
    /// Records of which one rule requires to keep what another does not allow to keep so long: minimum, maximum.
    pub clashes: BTreeMap<(String, String), u64>,
}

/// Records in order, judged.
#[derive(Debug)]
pub struct JudgedLines<'j> {
    lines: Lines<'j>,
    judge: &'j Judge,
    chunks: Vec<Chunk<'j>>,
    /// Chunks that hold something.
    filled: usize,
    /// The chunk and the line in it that come next.
    next: (usize, usize),
    has_ended: bool,
    covering: Covering<'j>,
    covered: Sum<'j>,
    /// Lines of sets that were not handed out.
    sets: Vec<Vec<u8>>,
    /// The line of the set that was handed out last.
    shown: Vec<u8>,
    account: Account,
}

/// Lines that one thread judges.
#[derive(Debug, Default)]
struct Chunk<'e> {
    lines: Vec<u8>,
    entries: Vec<Entry<'e>>,
    judged: Vec<u8>,
    covered: Covered<'e>,
    tally: Tally<'e>,
}

/// A line of a chunk, first among `lines`, then among `judged`.
#[derive(Clone, Copy, Debug)]
struct Entry<'e> {
    kind: Rank,
    at: Millis,
    start: usize,
    end: usize,
    fate: Fate<'e>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate<'e> {
    Stays,
    Withheld { rule: &'e str, since: Millis },
    TooLong,
}

/// What one thread counted.
#[derive(Debug, Default)]
struct Tally<'e> {
    rules: HashMap<&'e str, (u64, u64)>,
    no_rule: u64,
    dispositions: BTreeMap<Disposition, u64>,
    clashes: HashMap<(&'e str, &'e str), u64>,
}

impl Account {
    fn new(judge: &Judge) -> Self {
        Self {
            withheld: NONE,
            too_long: NONE,
            rules: judge.rules().iter().map(|rule| (rule.clone(), (0, 0))).collect(),
            no_rule: 0,
            holds: judge.holds().iter().map(|hold| (hold.clone(), 0)).collect(),
            dispositions: BTreeMap::new(),
            clashes: BTreeMap::new(),
        }
    }

    fn add(&mut self, tally: &mut Tally<'_>) {
        for (rule, (stay, withheld)) in tally.rules.drain() {
            let counts = self.rules.entry(rule.to_owned()).or_default();
            *counts = (counts.0 + stay, counts.1 + withheld);
        }
        for (disposition, records) in std::mem::take(&mut tally.dispositions) {
            *self.dispositions.entry(disposition).or_default() += records;
        }
        for ((minimum, maximum), records) in tally.clashes.drain() {
            *self.clashes.entry((minimum.to_owned(), maximum.to_owned())).or_default() += records;
        }
        self.no_rule += std::mem::take(&mut tally.no_rule);
    }
}

impl<'e> Tally<'e> {
    fn count(&mut self, decision: Option<&Decision<'e>>, is_withheld: bool) {
        match decision.and_then(|decision| decision.rule) {
            Some(rule) => {
                let counts = self.rules.entry(rule).or_default();
                *(if is_withheld { &mut counts.1 } else { &mut counts.0 }) += 1;
            }
            None => self.no_rule += 1,
        }
        let disposition = decision.map_or(Disposition::Keep, |decision| decision.disposition);
        *self.dispositions.entry(disposition).or_default() += 1;
        let Some(decision) = decision else { return };
        if let Some(clash) = &decision.clash {
            *self.clashes.entry((clash.minimum, clash.maximum)).or_default() += 1;
        }
    }
}

impl<'e> Chunk<'e> {
    fn clear(&mut self) {
        for bytes in [&mut self.lines, &mut self.judged] {
            bytes.clear();
            // What a giant line needed is given back.
            bytes.shrink_to(2 * CHUNK);
        }
        self.entries.clear();
    }

    fn push(&mut self, item: &Item<'_>) {
        let start = self.lines.len();
        self.lines.extend_from_slice(item.line);
        let end = self.lines.len();
        self.entries.push(Entry { kind: item.kind, at: item.at, start, end, fate: Fate::Stays });
    }

    fn judge(&mut self, judge: &'e Judge, covering: &Covering<'e>) {
        let Self { lines, entries, judged, covered, tally } = self;
        let (mut found, mut holds) = (Vec::new(), Vec::new());
        for entry in entries {
            let line = lines.get(entry.start..entry.end).unwrap_or_default();
            let verdict = judge.decide(entry.kind, entry.at, line, &mut found);
            entry.start = judged.len();
            match verdict {
                Some(Verdict::Withheld(decision, since)) => {
                    judged.extend_from_slice(line);
                    // A record without a rule is never due.
                    let rule = decision.rule.unwrap_or_default();
                    entry.fate = Fate::Withheld { rule, since };
                    tally.count(Some(&decision), true);
                }
                stays => {
                    let decision = if let Some(Verdict::Stays(decision)) = &stays { Some(decision) } else { None };
                    let stated = decision.and_then(|decision| covering.state(&decision.holds, &mut holds));
                    judged.extend_from_slice(line.strip_suffix(b"}").unwrap_or(line));
                    push_retention(judged, decision, if stated.is_some() { &holds } else { &[] });
                    if judged.len() - entry.start > MAX_BYTES {
                        judged.truncate(entry.start);
                        judged.extend_from_slice(line);
                        entry.fate = Fate::TooLong;
                    } else {
                        tally.count(decision, false);
                    }
                    if let (Some(decision), Some(stated)) = (decision, stated) {
                        covered.add(&decision.holds, stated, entry.fate == Fate::Stays);
                    }
                }
            }
            entry.end = judged.len();
        }
    }
}

impl<'j> JudgedLines<'j> {
    /// Judges what `lines` hands out, on as many threads.
    pub fn new(lines: Lines<'j>, judge: &'j Judge, threads: usize) -> Self {
        let chunks = std::iter::repeat_with(Chunk::default).take(CHUNKS * threads.max(1)).collect();
        Self {
            lines,
            judge,
            chunks,
            filled: 0,
            next: (0, 0),
            has_ended: false,
            covering: Covering::new(),
            covered: Sum::default(),
            sets: Vec::new(),
            shown: Vec::new(),
            account: Account::new(judge),
        }
    }

    /// The next line, if there is one.
    pub fn advance(&mut self) -> io::Result<Option<Judged<'_>>> {
        if let Some(line) = self.sets.pop() {
            self.shown = line;
            return Ok(Some(Judged::Set(&self.shown)));
        }
        while self.chunks[..self.filled].get(self.next.0).is_none_or(|chunk| self.next.1 >= chunk.entries.len()) {
            if self.next.0 + 1 < self.filled {
                self.next = (self.next.0 + 1, 0);
            } else if self.has_ended {
                return Ok(None);
            } else {
                self.refill()?;
            }
        }
        let (chunk, at) = self.next;
        self.next.1 += 1;
        let chunk = &self.chunks[chunk];
        let Entry { kind, at, start, end, fate } = chunk.entries[at];
        let line = chunk.judged.get(start..end).unwrap_or_default();
        let item = Item { kind, at, tag: 0, line };
        Ok(Some(match fate {
            Fate::Stays => Judged::Record(item),
            Fate::Withheld { rule, since } => {
                self.account.withheld[usize::from(kind)] += 1;
                Judged::Withheld { kind, id: Head::of(line, table(kind).kind).id, at, rule, since }
            }
            Fate::TooLong => {
                self.account.too_long[usize::from(kind)] += 1;
                Judged::TooLong(item)
            }
        }))
    }

    /// What was decided; whole when all lines were handed out.
    pub fn into_account(mut self) -> Account {
        for (hold, records) in self.covered.by_hold(&self.covering) {
            *self.account.holds.entry(hold.to_owned()).or_default() += records;
        }
        self.account
    }

    fn refill(&mut self) -> io::Result<()> {
        (self.filled, self.next) = (0, (0, 0));
        while self.filled < self.chunks.len() && !self.has_ended {
            let chunk = &mut self.chunks[self.filled];
            chunk.clear();
            while chunk.lines.len() < CHUNK {
                let Some(item) = self.lines.advance()? else {
                    self.has_ended = true;
                    break;
                };
                chunk.push(&item);
            }
            self.filled += 1;
        }
        let (judge, covering) = (self.judge, &self.covering);
        self.chunks[..self.filled].par_iter_mut().for_each(|chunk| chunk.judge(judge, covering));
        for chunk in &mut self.chunks[..self.filled] {
            self.account.add(&mut chunk.tally);
            self.covered.add(&mut chunk.covered, &mut self.sets);
        }
        Ok(())
    }
}
