//! The archives that a run follows, and what of its source it therefore has to read.
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

use super::held::has_file;
use crate::chain::{Index, IndexError, Known, State};
use crate::cli::export::sealing::SealingError;
use crate::merkle::Hash;
use crate::record::time::{Millis, Window};
use crate::select::{Source, SourceError};
use crate::source::Work;
use crate::source::catalogue::{self, Rank, TABLES, table};
use crate::source::scope::Changes;
use crate::source::sort::{ARENA_BYTES, Merge, Sorter};
use crate::source::tables::census::Census;
use crate::source::tables::{Tables, TablesError};

/// Rows are counted by days, in milliseconds.
const DAY: Millis = 86_400_000;

/// Days that are asked for one by one; of more, everything between the first and the last.
const MOST_SPANS: usize = 60;

/// Files of a kind that were missing and are looked for again; each is a condition of its own.
const MOST_AWAITED: usize = 200;

/// Origin times of files that were missing, by kind.
type Awaited = BTreeMap<Rank, VecDeque<Window>>;

/// How much of a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Look {
    /// All of it, because nothing was sealed yet.
    First,
    /// What changed.
    Changed,
    /// All of it, and why.
    Whole(Why),
}

/// Why all of a source is looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Why {
    /// Somebody wanted it.
    Asked,
    /// The source's clock stands before the end of the last window.
    ClockWentBack,
    /// Other policies or holds are in force, so that what was withheld may have to be sealed.
    OtherPolicy,
    /// Other teams, channels, users or files are asked for.
    OtherScope,
    /// Another version of this program reads, and may see more.
    OtherProgram,
    /// The source has other columns, so that the same rows make other records.
    OtherColumns,
    /// The archive of the last run was lost before it was published, as the ledger states.
    LastLost,
    /// The last archive cannot be looked at, or was made of a dump.
    LastUnknown,
    /// A dump has no index to ask.
    Dump,
}

impl Why {
    /// A word for `data/source.json`.
    pub(in crate::cli) fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::ClockWentBack => "clock-went-back",
            Self::OtherPolicy => "other-policy",
            Self::OtherScope => "other-scope",
            Self::OtherProgram => "other-program",
            Self::OtherColumns => "other-columns",
            Self::LastLost => "last-lost",
            Self::LastUnknown => "last-unknown",
            Self::Dump => "dump",
        }
    }

    /// A sentence for people.
    pub(in crate::cli) fn sentence(self) -> &'static str {
        match self {
            Self::Asked => "everything is looked at, as asked",
            Self::ClockWentBack => "the source's clock went back behind the last run, so everything is looked at",
            Self::OtherPolicy => {
                "other policies or holds are in force than in the last run, so everything is looked at"
            }
            Self::OtherScope => "another scope is asked for than in the last run, so everything is looked at",
            Self::OtherProgram => "another version of chatseal made the last archive, so everything is looked at",
            Self::OtherColumns => "the source has other columns than in the last run, so everything is looked at",
            Self::LastLost => "the archive of an earlier run was lost, so everything is looked at",
            Self::LastUnknown => "the last archive does not tell what it was made of, so everything is looked at",
            Self::Dump => "a dump is looked at as a whole",
        }
    }

    /// Whether the same rows may make other records than before, so that a difference is nobody's doing.
    fn changes_records(self) -> bool {
        matches!(self, Self::OtherScope | Self::OtherProgram | Self::OtherColumns | Self::LastUnknown | Self::Dump)
    }
}

/// A share of all records that is looked at again, another one each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Share {
    /// Which, from 0.
    pub(in crate::cli) part: u64,
    /// Of how many.
    pub(in crate::cli) of: u64,
}

/// The archives that a run follows.
pub(in crate::cli) struct Series {
    /// What they say of each record.
    pub(in crate::cli) index: Index,
    /// SHA-256 of their seals, oldest first.
    pub(in crate::cli) seals: Vec<Hash>,
    /// The window that the new seal names: everything that changed in it is in this archive or in an earlier one.
    pub(in crate::cli) window: Window,
    /// The source's own time.
    pub(in crate::cli) now: Millis,
    /// How much is read.
    pub(in crate::cli) look: Look,
    /// What is looked at again in any case.
    pub(in crate::cli) share: Option<Share>,
    /// Whether teams, channels or users restrict the scope: then all of it is read, and what is not in it may be elsewhere.
    pub(in crate::cli) is_narrow: bool,
}

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

impl Series {
    /// What is to be read; `None` if nothing was sealed yet.
    pub(in crate::cli) fn news(&self, source: &Source, work: &Work<'_>) -> Result<Option<News>, SealingError> {
        let Source::Tables(tables) = source else { return Ok(None) };
        let mut changes = Changes { window: self.window, now: self.now, why: "changed", ..Changes::default() };
        changes.posts = tables.posts();
        match self.look {
            Look::First => return Ok(None),
            Look::Whole(why) => {
                (changes.window, changes.why) = (Window::default(), why.word());
                let (tells_vanished, tells_altered) = (!self.is_narrow, !why.changes_records());
                return Ok(Some(News { changes, is_whole: true, tells_vanished, tells_altered }));
            }
            Look::Changed if self.is_narrow => {
                return Ok(Some(News { changes, is_whole: true, tells_vanished: false, tells_altered: true }));
            }
            Look::Changed => {}
        }
        work.progress.phase("counting");
        let clocked = tables.clocked();
        for (rank, table) in (0..).zip(TABLES) {
            if table.clock.is_some() && !clocked.contains(&rank) {
                changes.again.insert(rank, vec![Window::default()]);
            }
        }
        let keys = keys(tables, &clocked, &changes, work)?;
        let (expected, mut awaited) = self.expected(&clocked, keys)?;
        for rank in clocked {
            let none = Census::new();
            let expected = expected.get(&rank).unwrap_or(&none);
            let found = tables.census(rank, DAY).map_err(source_error)?;
            let mut spans = differing(expected, &found);
            spans.extend(self.share.and_then(|share| share.of(expected)));
            let mut spans = joined(spans);
            spans.extend(awaited.remove(&rank).into_iter().flatten());
            if !spans.is_empty() {
                changes.again.insert(rank, spans);
            }
        }
        Ok(Some(News { changes, is_whole: false, tells_vanished: true, tells_altered: true }))
    }

    /// How many rows of each kind and day there should be: those that are sealed or withheld, and those that are new.
    /// With the moments of files whose bytes were not there, because they may have come: of very many the newest.
    fn expected(&self, clocked: &[Rank], keys: Sorter) -> Result<(BTreeMap<Rank, Census>, Awaited), SealingError> {
        let mut awaited = Awaited::new();
        let mut expected: BTreeMap<Rank, Census> = BTreeMap::new();
        let mut add = |rank: Rank, at: Millis, rows: u64| {
            *expected.entry(rank).or_default().entry(at.div_euclid(DAY)).or_default() += rows;
        };
        let mut keys = Merge::new(vec![keys]).map_err(SealingError::Temporary)?;
        let mut groups = self.index.groups()?;
        let (mut kind, mut rank) = (String::new(), None);
        while let Some(group) = groups.peek() {
            if group.kind != kind {
                group.kind.clone_into(&mut kind);
                rank = catalogue::rank(&kind).filter(|rank| clocked.contains(rank));
            }
            if let Some(rank) = rank {
                let here = (rank, group.at, group.id.as_bytes());
                let mut again = 0;
                while let Some(key) = keys.peek().filter(|key| (key.kind, key.at, key.line) <= here) {
                    if (key.kind, key.at, key.line) == here {
                        again += 1;
                    } else {
                        add(key.kind, key.at, 1);
                    }
                    keys.advance().map_err(SealingError::Temporary)?;
                }
                if has_file(rank)
                    && let Some(Known { state: State::Sealed { clock: 0, .. }, .. }) = group.known.first()
                {
                    let moments = awaited.entry(rank).or_default();
                    if moments.len() == MOST_AWAITED {
                        moments.pop_front();
                    }
                    moments.push_back(Window { from: Some(group.at), until: group.at.checked_add(1) });
                }
                let is_gone = group.known.iter().all(|known| known.state == State::Vanished);
                add(rank, group.at, if is_gone { again } else { group.known.len() as u64 });
            }
            groups.advance()?;
        }
        while let Some(key) = keys.peek() {
            add(key.kind, key.at, 1);
            keys.advance().map_err(SealingError::Temporary)?;
        }
        Ok((expected, awaited))
    }
}

fn source_error(error: TablesError) -> SealingError {
    SealingError::Source(SourceError::Tables(error))
}

/// Keys of rows that changed, sorted.
fn keys(tables: &Tables, clocked: &[Rank], changes: &Changes, work: &Work<'_>) -> Result<Sorter, SealingError> {
    let mut keys = Sorter::new(ARENA_BYTES / 4);
    let mut settled: io::Result<()> = Ok(());
    for rank in clocked {
        let given = tables.keys(*rank, changes, work.progress, &mut |at, id| {
            keys.push(*rank, at, 0, |out| out.extend_from_slice(id.as_bytes()));
            if settled.is_ok() {
                settled = keys.settle(work.temporary);
            }
        });
        given.map_err(source_error)?;
    }
    settled.map_err(SealingError::Temporary)?;
    Ok(keys)
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

impl From<IndexError> for crate::cli::failure::Failure {
    fn from(error: IndexError) -> Self {
        use crate::cli::exit::Exit;
        match error {
            IndexError::Archive { .. } => Self::of(Exit::Unavailable, error)
                .hint("a run needs the archives before it, or the index of them; bring it back to its folder"),
            IndexError::Unsound { .. } => {
                Self::of(Exit::FailedCheck, error).hint("`chatseal verify` says more; a run does not build on it")
            }
            error => Self::of(Exit::Unavailable, error),
        }
    }
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
