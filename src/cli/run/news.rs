//! What a run reads of its source.
//!
//! ```text
//! keys of rows that changed ─┐
//! index: what is sealed ─────┴▶ how many rows there should be, day by day ─┐
//! the database's own counts ───────────────────────────────────────────────┴▶ days that are read again
//! ```
//!
//! A day whose rows are more or fewer than they should be is read as a whole: some of its records vanished, or rows came
//! whose clocks lie further back than the overlap. Both at once, in equal number, are found when the day's share is due.
//!
//! Invariant: everything is counted and read in one snapshot. Memory does not grow with the number of records.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

use super::held::has_file;
use super::series::{Look, Share};
use crate::chain::{Index, IndexError, Known, State};
use crate::cli::export::sealing::SealingError;
use crate::record::time::{Millis, Window};
use crate::select::SourceError;
use crate::source::Work;
use crate::source::catalogue::{self, Rank, TABLES, table};
use crate::source::scope::Changes;
use crate::source::sort::{ARENA_BYTES, Merge, Sorter};
use crate::source::tables::census::Census;
use crate::source::tables::{Database, Tables, TablesError};

/// Rows are counted by days, in milliseconds.
const DAY: Millis = 86_400_000;

/// Days that are asked for one by one; of more, everything between the first and the last.
const MOST_SPANS: usize = 60;

/// Files of a kind that were missing and are looked for again; each is a condition of its own.
const MOST_AWAITED: usize = 200;

/// Origin times of files that were missing, by kind.
type Awaited = BTreeMap<Rank, VecDeque<Window>>;

/// What a run reads, and what it may conclude from it.
pub(in crate::cli) struct News {
    /// What is read.
    pub(in crate::cli) changes: Changes,
    /// Whether all of it is read.
    pub(super) is_whole: bool,
    /// Whether a record that the source does not show is gone.
    pub(super) tells_vanished: bool,
    /// Whether a record that differs although its clock stands still was altered.
    pub(super) tells_altered: bool,
}

/// How many rows there should be, added up day by day.
#[derive(Default)]
struct Expected {
    census: BTreeMap<Rank, Census>,
    /// Rows of the day that was added to last: records come in the order of their days.
    last: Option<(Rank, i64, u64)>,
}

impl News {
    /// What is read as far as the database was not asked: `None` of a run that seals everything because nothing is sealed.
    pub(super) fn before_asking(
        tables: &Tables,
        look: Look,
        is_narrow: bool,
        window: Window,
        now: Millis,
    ) -> Option<Self> {
        let mut changes = Changes { window, now, why: "changed", posts: tables.posts(), ..Changes::default() };
        let (is_whole, tells_vanished, tells_altered) = match look {
            Look::First => return None,
            Look::Whole(why) => {
                (changes.window, changes.why) = (Window::default(), why.word());
                (true, !is_narrow, !why.changes_records())
            }
            Look::Changed => (is_narrow, !is_narrow, true),
        };
        Some(Self { changes, is_whole, tells_vanished, tells_altered })
    }

    /// Finds out what is read although it did not change: kinds that do not tell, days that do not add up, the share that
    /// is due, files that were missing. The database counts while `open` looks for the index, which is handed back.
    pub(super) fn look_again(
        &mut self,
        tables: &Tables,
        share: Option<Share>,
        work: &Work<'_>,
        open: impl FnOnce() -> Result<Index, IndexError>,
    ) -> Result<Index, SealingError> {
        let (clocked, changes, halt) = (tables.clocked(), &self.changes, Arc::new(AtomicBool::new(false)));
        let mut beside = tables.beside(halt.clone()).map_err(source_error)?;
        let counting = Counting { tables, clocked: &clocked, next: AtomicUsize::new(0), halt: &halt };
        let ((index, expected), news, census) = std::thread::scope(|threads| {
            let (hand_on, keys) = sync_channel(1);
            let counting = &counting;
            let helping = beside.as_mut().map(|beside| threads.spawn(|| counting.count(Some(beside))));
            let asking = threads.spawn(move || {
                let (keys, news) = keys_of(counting.tables, counting.clocked, changes, work)?;
                // Nobody takes them where there is no index.
                let _ = hand_on.send(keys);
                Ok::<_, SealingError>((news, counting.count(None)?))
            });
            let index = open().map_err(SealingError::from);
            let found = index.and_then(|index| {
                // Why there are no keys is told below.
                let keys = keys.recv().unwrap_or_else(|_| Sorter::new(0));
                let expected = expected(&index, &clocked, keys)?;
                Ok((index, expected))
            });
            // Nobody waits for counts that are of no use any more.
            halt.store(found.is_err(), Ordering::Relaxed);
            let asked = asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let helped = helping.map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            let found = found?;
            let (news, mut census) = asked?;
            census.extend(helped.transpose()?.into_iter().flatten());
            Ok::<_, SealingError>((found, news, census))
        })?;
        self.changes.changed = news;
        let (expected, mut awaited) = expected;
        for (rank, table) in (0..).zip(TABLES) {
            if table.clock.is_some() && !clocked.contains(&rank) {
                self.changes.again.insert(rank, vec![Window::default()]);
            }
        }
        let none = Census::new();
        for (rank, found) in census {
            let expected = expected.get(&rank).unwrap_or(&none);
            let mut spans = differing(expected, &found);
            spans.extend(share.and_then(|share| share.of(expected)));
            let mut spans = joined(spans);
            spans.extend(awaited.remove(&rank).into_iter().flatten());
            if !spans.is_empty() {
                self.changes.again.insert(rank, spans);
            }
            self.changes.rows.insert(rank, found.values().sum());
        }
        Ok(index)
    }
}

impl Expected {
    fn add(&mut self, rank: Rank, at: Millis, rows: u64) {
        let day = at.div_euclid(DAY);
        match &mut self.last {
            Some((last, same, total)) if (*last, *same) == (rank, day) => *total += rows,
            _ => {
                self.settle();
                self.last = Some((rank, day, rows));
            }
        }
    }

    fn settle(&mut self) {
        if let Some((rank, day, rows)) = self.last.take() {
            *self.census.entry(rank).or_default().entry(day).or_default() += rows;
        }
    }
}

/// How many rows of each kind and day there should be: those that are sealed or withheld, and those that are new.
/// With the moments of files whose bytes were not there, because they may have come: of very many the newest.
fn expected(index: &Index, clocked: &[Rank], keys: Sorter) -> Result<(BTreeMap<Rank, Census>, Awaited), SealingError> {
    let mut awaited = Awaited::new();
    let mut expected = Expected::default();
    let mut keys = Merge::new(vec![keys]).map_err(SealingError::Temporary)?;
    let mut groups = index.groups()?;
    let (mut kind, mut rank) = (String::new(), None);
    while let Some(group) = groups.peek() {
        if group.kind != kind {
            group.kind.clone_into(&mut kind);
            rank = catalogue::rank(&kind).filter(|rank| clocked.contains(rank));
        }
        let Some(rank) = rank else {
            groups.skim(None, &mut |_| {})?;
            continue;
        };
        let here = (rank, group.at, group.id.as_bytes());
        let mut again = 0;
        while let Some(key) = keys.peek().filter(|key| (key.kind, key.at, key.line) <= here) {
            if (key.kind, key.at, key.line) == here {
                again += 1;
            } else {
                expected.add(key.kind, key.at, 1);
            }
            keys.advance().map_err(SealingError::Temporary)?;
        }
        let is_gone = group.known.iter().all(|known| known.state == State::Vanished);
        expected.add(rank, group.at, if is_gone { again } else { group.known.len() as u64 });
        if !has_file(rank) {
            let key = keys.peek().filter(|key| key.kind == rank);
            // What is no text is the id of no record.
            let key = key.map(|key| (key.at, std::str::from_utf8(key.line).unwrap_or_default()));
            groups
                .skim(key, &mut |passed| expected.add(rank, passed.at, u64::from(passed.state != State::Vanished)))?;
            continue;
        }
        if let Some(Known { state: State::Sealed { clock: 0, .. }, .. }) = group.known.first() {
            let moments = awaited.entry(rank).or_default();
            if moments.len() == MOST_AWAITED {
                moments.pop_front();
            }
            moments.push_back(Window { from: Some(group.at), until: group.at.checked_add(1) });
        }
        groups.advance()?;
    }
    while let Some(key) = keys.peek() {
        expected.add(key.kind, key.at, 1);
        keys.advance().map_err(SealingError::Temporary)?;
    }
    expected.settle();
    Ok((expected.census, awaited))
}

fn source_error(error: TablesError) -> SealingError {
    SealingError::Source(SourceError::Tables(error))
}

/// The rows of some kinds being counted, by two connections.
struct Counting<'c> {
    tables: &'c Tables,
    clocked: &'c [Rank],
    /// The kind that is counted next.
    next: AtomicUsize,
    halt: &'c AtomicBool,
}

impl Counting<'_> {
    /// How many rows there are by day, of one kind after the other, until none is left that the other one has not taken.
    fn count(&self, mut beside: Option<&mut Database>) -> Result<BTreeMap<Rank, Census>, SealingError> {
        let mut counted = BTreeMap::new();
        while !self.halt.load(Ordering::Relaxed)
            && let Some(rank) = self.clocked.get(self.next.fetch_add(1, Ordering::Relaxed))
        {
            let census = self.tables.census(*rank, DAY, beside.as_deref_mut());
            counted.insert(*rank, census.map_err(source_error)?);
        }
        Ok(counted)
    }
}

/// Keys of rows that changed, sorted, and how many there are of each kind.
fn keys_of(
    tables: &Tables,
    clocked: &[Rank],
    changes: &Changes,
    work: &Work<'_>,
) -> Result<(Sorter, BTreeMap<Rank, u64>), SealingError> {
    let (mut keys, mut rows) = (Sorter::new(ARENA_BYTES / 4), BTreeMap::new());
    let mut settled: io::Result<()> = Ok(());
    for rank in clocked {
        let given = tables.keys(*rank, changes, work.progress, &mut |at, id| {
            keys.push(*rank, at, 0, |out| out.extend_from_slice(id.as_bytes()));
            if settled.is_ok() {
                settled = keys.settle(work.temporary);
            }
        });
        rows.insert(*rank, given.map_err(source_error)?);
    }
    settled.map_err(SealingError::Temporary)?;
    Ok((keys, rows))
}

/// A day as a span of time.
fn day(day: i64) -> Window {
    Window { from: day.checked_mul(DAY), until: day.checked_add(1).and_then(|next| next.checked_mul(DAY)) }
}

/// Days of which there are more or fewer rows than there should be.
fn differing(expected: &Census, found: &Census) -> Vec<Window> {
    let count = |census: &Census, day: &i64| census.get(day).copied().unwrap_or(0);
    let mut days: Vec<i64> = expected.keys().chain(found.keys()).copied().collect();
    days.sort_unstable();
    days.dedup();
    days.retain(|day| count(expected, day) != count(found, day));
    days.into_iter().map(day).collect()
}

/// Spans that do not touch, in order; of too many one that covers them all.
fn joined(mut spans: Vec<Window>) -> Vec<Window> {
    // An open beginning comes first.
    spans.sort_by_key(|span| span.from);
    let mut joined: Vec<Window> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.until.is_none_or(|end| span.from.is_none_or(|from| from <= end)) => {
                last.until = last.until.zip(span.until).map(|(left, right)| left.max(right));
            }
            _ => joined.push(span),
        }
    }
    if joined.len() > MOST_SPANS
        && let (Some(first), Some(last)) = (joined.first(), joined.last())
    {
        return vec![Window { from: first.from, until: last.until }];
    }
    joined
}

impl Share {
    /// The span of the origin time in which this share of the records lies, cut at days; `None` if it is empty.
    fn of(self, census: &Census) -> Option<Window> {
        let total: u128 = census.values().map(|rows| u128::from(*rows)).sum();
        let (part, of) = (u128::from(self.part), u128::from(self.of));
        let (mut before, mut span) = (0_u128, None::<(i64, i64)>);
        for (day, rows) in census {
            if (before * of).checked_div(total)? == part {
                span = Some((span.map_or(*day, |(first, _)| first), *day));
            }
            before += u128::from(*rows);
        }
        let (first, last) = span?;
        let from = if part == 0 { None } else { day(first).from };
        let until = if part + 1 == of { None } else { day(last).until };
        Some(Window { from, until })
    }
}

/// Whether a kind's rows are all read in any run.
pub(super) fn has_no_clock(rank: Rank) -> bool {
    table(rank).clock.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn census(days: &[(i64, u64)]) -> Census {
        days.iter().copied().collect()
    }

    fn span(from: i64, until: i64) -> Window {
        Window { from: Some(from * DAY), until: Some(until * DAY) }
    }

    #[test]
    fn days_that_differ_are_read_again_and_neighbours_together() {
        let expected = census(&[(-1, 2), (0, 5), (1, 5), (2, 5), (9, 1)]);
        let found = census(&[(-1, 2), (0, 4), (1, 6), (2, 5), (10, 1)]);
        assert_eq!(joined(differing(&expected, &found)), [span(0, 2), span(9, 11)]);
        assert!(differing(&expected, &expected).is_empty());
        let many: Vec<Window> = (0..200).map(|n| span(2 * n, 2 * n + 1)).collect();
        assert_eq!(joined(many), [span(0, 399)]);
        let open = Window { from: Some(5 * DAY), until: None };
        assert_eq!(joined(vec![open, span(7, 8), span(1, 2)]), [span(1, 2), open]);
        let all = Window { from: None, until: Some(DAY) };
        assert_eq!(joined(vec![span(0, 3), all]), [Window { from: None, until: Some(3 * DAY) }]);
    }

    #[test]
    fn shares_cover_all_of_time_and_every_day_once() {
        for days in [census(&[]), census(&[(0, 9)]), census(&[(-3, 10), (0, 1), (5, 100), (6, 1), (7, 1), (90, 40)])] {
            for of in [1, 2, 7, 30] {
                let spans: Vec<Window> = (0..of).filter_map(|part| Share { part, of }.of(&days)).collect();
                for day in days.keys() {
                    let at = day * DAY + 5;
                    assert_eq!(spans.iter().filter(|span| span.contains(at)).count(), 1, "{day} of {of}: {spans:?}");
                }
                assert!(days.is_empty() || spans.iter().any(|span| span.from.is_none()));
            }
        }
        assert_eq!(Share { part: 0, of: 1 }.of(&census(&[(4, 1)])), Some(Window::default()));
    }
}
