//! Reading the record segments of an archive in its order, on all cores, in bounded memory.
//!
//! Segments are inflated and worked on side by side; what the work yields is handed on in archive order, by the thread
//! that asked for it, so the result does not depend on how many threads there are. Search, productions and `show` read
//! archives in this way only.
//!
//! Invariant: at most [`AHEAD`] segments for each thread have been worked on and not handed on yet. It refuses members
//! whose bytes are not those that their headers promise, and a table of segments that does not name the segments that
//! there are. It proves nothing else: what the table says of times and indices is true only if `verify` said so.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::defect::Flaw;
use super::names::Member;
use super::reader::{Archive, Body};
use super::segments::{self, SegmentRow, SegmentsError};
use crate::progress::{Interrupted, Progress};
use crate::record::time::Millis;

/// Segments under way for each thread.
pub const AHEAD: usize = 2;

/// Why segments could not be read.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    /// The file could not be read.
    #[error("cannot read `{member}`")]
    Unreadable {
        /// What was being read.
        member: String,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
    /// The bytes of a member are not those that were promised.
    #[error("`{member}`: {}; `chatseal verify` lists everything that is wrong", .flaw.meaning())]
    Damaged {
        /// The member.
        member: String,
        /// What is wrong.
        flaw: Flaw,
    },
    /// The table of segments is not in its one spelling.
    #[error("`data/segments.csv`")]
    Table(#[from] SegmentsError),
    /// The table of segments and the segments differ.
    #[error("`data/segments.csv` has no row for `{member}`; `chatseal verify` lists everything that is wrong")]
    Unlisted {
        /// A segment without a row, or a row without a segment.
        member: String,
    },
    /// The table of sets of holds is not in its one spelling, or lacks a set that a record names.
    #[error("`data/policy/hold-sets.jsonl` {found}; `chatseal verify` lists everything that is wrong")]
    HoldSets {
        /// What is wrong with it.
        found: String,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// The lines of one segment.
#[derive(Clone, Copy, Debug)]
pub struct SegmentText<'s> {
    /// Its row in the table of segments: kind, index of its first record, times.
    pub row: &'s SegmentRow,
    /// Its lines, each with its line feed, as stored.
    pub bytes: &'s [u8],
}

impl<'s> SegmentText<'s> {
    /// The kind of all its records.
    pub fn kind(&self) -> &'s str {
        &self.row.kind
    }

    /// Its records as stored, without line feeds, each with its index in the archive.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &'s [u8])> + use<'s> {
        (self.row.first_index..).zip(Lines { rest: self.bytes })
    }
}

/// Lines without their line feeds.
struct Lines<'s> {
    rest: &'s [u8],
}

impl<'s> Iterator for Lines<'s> {
    type Item = &'s [u8];

    fn next(&mut self) -> Option<&'s [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        Some(line)
    }
}

/// A choice of segments to read.
#[derive(Debug)]
pub struct Walk<'a> {
    archive: &'a Archive,
    progress: &'a Progress,
    rows: Vec<SegmentRow>,
}

impl<'a> Walk<'a> {
    /// All segments of `archive`, by its table of segments.
    pub fn new(archive: &'a Archive, progress: &'a Progress) -> Result<Self, WalkError> {
        let mut body = Body::default();
        load(archive, &Member::Segments, &mut body)?;
        let rows = segments::parse(body.bytes())?;
        let members = archive.entries().iter().map(|entry| &entry.member);
        let mut found = members.filter(|member| matches!(member, Member::Records { .. }));
        let mut listed = rows.iter().map(SegmentRow::member);
        loop {
            match (found.next(), listed.next()) {
                (None, None) => return Ok(Self { archive, progress, rows }),
                (found, listed) if found == listed.as_ref() => {}
                (found, listed) => {
                    let member = found.or(listed.as_ref()).map(Member::to_string).unwrap_or_default();
                    return Err(WalkError::Unlisted { member });
                }
            }
        }
    }

    /// Only segments of these kinds.
    #[must_use]
    pub fn kinds(mut self, wanted: impl Fn(&str) -> bool) -> Self {
        self.rows.retain(|row| wanted(&row.kind));
        self
    }

    /// Only segments that may hold records whose origin time (`at`) lies in `since <= at < until`. Records outside of
    /// it still occur; records that were changed in that time and came into being at another do not.
    #[must_use]
    pub fn between(mut self, since: Option<Millis>, until: Option<Millis>) -> Self {
        self.rows.retain(|row| {
            since.is_none_or(|since| row.last_at >= since) && until.is_none_or(|until| row.first_at < until)
        });
        self
    }

    /// The chosen segments, in archive order.
    pub fn rows(&self) -> &[SegmentRow] {
        &self.rows
    }

    /// Bytes of all chosen segments.
    pub fn bytes(&self) -> u64 {
        self.rows.iter().fold(0, |sum, row| sum.saturating_add(row.bytes))
    }

    /// Does `work` for each segment, on all threads of the pool that this is called in, and hands what it yields to
    /// `next` in archive order. `Err` of `next` ends the walk. Bytes of segments are counted as progress.
    pub fn for_each_segment<T, E>(
        &self,
        work: impl Fn(SegmentText<'_>) -> T + Sync,
        mut next: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E>
    where
        T: Send,
        E: From<WalkError>,
    {
        let most = AHEAD.saturating_mul(rayon::current_num_threads()).max(1);
        let spare = Mutex::new(Vec::new());
        let (work, spare) = (&work, &spare);
        rayon::in_place_scope_fifo(|scope| {
            let mut under_way = VecDeque::with_capacity(most);
            for row in &self.rows {
                if under_way.len() >= most {
                    hand_on(&mut under_way, &mut next)?;
                }
                let (send, receive) = sync_channel(1);
                under_way.push_back(receive);
                // Nobody receives when the walk broke off.
                scope.spawn_fifo(move |_| drop(send.send(self.segment(row, work, spare))));
            }
            while !under_way.is_empty() {
                hand_on(&mut under_way, &mut next)?;
            }
            Ok(())
        })
    }

    fn segment<T>(
        &self,
        row: &SegmentRow,
        work: impl Fn(SegmentText<'_>) -> T,
        spare: &Mutex<Vec<Body>>,
    ) -> Result<T, WalkError> {
        self.progress.check()?;
        let bodies = || spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut body = bodies().pop().unwrap_or_default();
        load(self.archive, &row.member(), &mut body)?;
        let result = work(SegmentText { row, bytes: body.bytes() });
        self.progress.add(row.bytes);
        bodies().push(body);
        Ok(result)
    }
}

/// Hands on the oldest segment under way, working on others until it is ready.
fn hand_on<T, E: From<WalkError>>(
    under_way: &mut VecDeque<Receiver<Result<T, WalkError>>>,
    next: &mut impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let Some(oldest) = under_way.pop_front() else { return Ok(()) };
    let ready = loop {
        match oldest.try_recv() {
            Ok(ready) => break ready,
            Err(TryRecvError::Empty) if rayon::yield_now() == Some(rayon::Yield::Executed) => {}
            // Whoever worked on it panicked, as this thread will when the scope ends.
            Err(TryRecvError::Disconnected) => return Ok(()),
            Err(TryRecvError::Empty) => match oldest.recv() {
                Ok(ready) => break ready,
                Err(_) => return Ok(()),
            },
        }
    };
    next(ready?)
}

fn load(archive: &Archive, member: &Member, body: &mut Body) -> Result<(), WalkError> {
    let damaged = |flaw| WalkError::Damaged { member: member.to_string(), flaw };
    let entry = archive.find(member).ok_or_else(|| damaged(Flaw::MemberMissing))?;
    let loaded = archive.load(entry, body);
    loaded.map_err(|cause| WalkError::Unreadable { member: member.to_string(), cause })?.map_err(damaged)
}
