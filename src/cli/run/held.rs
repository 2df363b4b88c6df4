//! Records held against what earlier archives say of them, in one pass over both: what is sealed already is held back,
//! what is gone or was altered becomes a finding.
//!
//! A record counts as gone only if all rows of its kind, or of its span of time, were read and could be decoded. Whether
//! somebody may have removed it is not judged: a finding says where the record is sealed, and whether it had been marked
//! as deleted by then.
//!
//! Invariant: every record of the index was met, was looked for and not found, or is counted as not looked at.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::news::{News, has_no_clock};
use super::series::Series;
use crate::chain::{Group, Groups, IndexError, Known, Passed, State, Version};
use crate::cli::export::sealing::SealingError;
use crate::merkle::Hash;
use crate::record::exception::{Class, Exception};
use crate::record::fields::Head;
use crate::record::id::{composite, hex};
use crate::record::kind;
use crate::record::line::{push_integer, push_string};
use crate::record::time::{Millis, Window};
use crate::select::Selection;
use crate::select::sieve::{Answer, Question};
use crate::source::catalogue::{self, FINDING_ALTERED, FINDING_VANISHED, Rank, TABLES, table};
use crate::source::sort::{ARENA_BYTES, Sorter};
use crate::source::tally::{Counts, NONE};

/// What earlier archives hold, beside a source that is read.
pub(in crate::cli) struct Held<'s> {
    /// Beside the records.
    groups: Groups,
    /// Whether the source has the record on which `groups` stands.
    is_met: bool,
    /// Beside the files, which come first.
    contents: Groups,
    told: Told<'s>,
    /// Records that are sealed already, by rank.
    pub(in crate::cli) known: Counts,
    /// Findings, by rank.
    pub(in crate::cli) added: Counts,
}

/// What is established on the way.
struct Told<'s> {
    seals: &'s [Hash],
    news: &'s News,
    /// By rank, whether all rows that were asked for could be read.
    readable: Vec<bool>,
    /// The kind that was passed last, and what is known of it.
    kind: String,
    passing: Option<Passing<'s>>,
    findings: Sorter,
    temporary: PathBuf,
    /// By rank: how many, and how many of them had been marked as deleted.
    vanished: BTreeMap<Rank, (u64, u64)>,
    altered: BTreeMap<Rank, u64>,
    not_looked_at: u64,
}

/// What was read of a kind.
#[derive(Clone, Copy)]
struct Passing<'s> {
    rank: Rank,
    /// Whether all of its rows were.
    is_whole: bool,
    /// Spans of the origin time of which all rows were.
    spans: &'s [Window],
    /// Whether those rows could be decoded, so that a record that is not among them is gone.
    tells_vanished: bool,
}

impl<'s> Held<'s> {
    /// Stands before the first record.
    pub(in crate::cli) fn new(
        series: &'s Series,
        news: &'s News,
        selection: &Selection<'_>,
        temporary: &Path,
    ) -> Result<Self, SealingError> {
        let readable = (0..).zip(TABLES).map(|(rank, table)| table.is_stored() && selection.is_whole(rank)).collect();
        let told = Told {
            seals: &series.seals,
            news,
            readable,
            kind: String::new(),
            passing: None,
            findings: Sorter::new(ARENA_BYTES / 8),
            temporary: temporary.to_owned(),
            vanished: BTreeMap::new(),
            altered: BTreeMap::new(),
            not_looked_at: 0,
        };
        let (groups, contents) = (series.index.groups()?, series.index.groups()?);
        Ok(Self { groups, is_met: false, contents, told, known: NONE, added: NONE })
    }

    /// Whether an earlier archive holds this line of a record with a file. Asked in archive order.
    pub(in crate::cli) fn holds(&mut self, rank: Rank, at: Millis, line: &[u8]) -> io::Result<bool> {
        let id = id_of(line);
        let group = self.contents.find(table(rank).kind, at, &id).map_err(failed)?;
        let Some(group) = group else { return Ok(false) };
        let version = Version::of(line).map_err(io::Error::other)?;
        Ok(group.versions().any(|sealed| sealed == version))
    }

    /// Answers for the sieve.
    pub(in crate::cli) fn answer(&mut self, question: &Question<'_>) -> io::Result<Answer> {
        match *question {
            Question::IsNew { rank, at, lines } => {
                let is_new = table(rank).kind.starts_with(kind::FINDING_PREFIX) || self.is_new(rank, at, lines)?;
                if !is_new {
                    self.known[usize::from(rank)] += lines.len() as u64;
                }
                Ok(if is_new { Answer::New } else { Answer::Held })
            }
            Question::Established => {
                while self.groups.peek().is_some() {
                    self.leave(None)?;
                }
                self.added[usize::from(FINDING_VANISHED)] +=
                    self.told.vanished.values().map(|(gone, _)| gone).sum::<u64>();
                self.added[usize::from(FINDING_ALTERED)] += self.told.altered.values().sum::<u64>();
                Ok(Answer::Findings(std::mem::replace(&mut self.told.findings, Sorter::new(0))))
            }
        }
    }

    fn is_new(&mut self, rank: Rank, at: Millis, lines: &[&[u8]]) -> io::Result<bool> {
        let own = table(rank).kind;
        let id = id_of(lines.first().copied().unwrap_or_default());
        while let Some(group) = self.groups.peek() {
            let kinds = if group.kind == own { Ordering::Equal } else { kind::compare(group.kind, own) };
            match kinds.then(group.at.cmp(&at)).then_with(|| group.id.cmp(&id)) {
                Ordering::Less => self.leave(kinds.is_eq().then_some((at, &*id)))?,
                Ordering::Greater => break,
                Ordering::Equal => {
                    self.is_met = true;
                    let versions: Vec<Version> = lines.iter().map(|line| Version::of_undecided(line)).collect();
                    let is_held = if has_file(rank) {
                        versions.iter().all(|version| group.versions().any(|sealed| sealed == *version))
                    } else {
                        group.is(&versions)
                    };
                    if !is_held {
                        self.told.compare(rank, &group, lines)?;
                    }
                    return Ok(!is_held);
                }
            }
        }
        Ok(true)
    }

    /// Goes on to the next record of the index; of a kind of which nothing is concluded to the first that does not come
    /// before `until`.
    fn leave(&mut self, until: Option<(Millis, &str)>) -> io::Result<()> {
        if !std::mem::take(&mut self.is_met)
            && let Some(group) = self.groups.peek()
        {
            self.told.pass(&group)?;
        }
        let Told { kind, passing, not_looked_at, .. } = &mut self.told;
        if self.groups.peek().is_none_or(|group| group.kind != kind)
            || passing.is_some_and(|passing| passing.was_read())
        {
            return self.groups.advance().map_err(failed);
        }
        let is_known = passing.is_some();
        let count = &mut |passed: Passed| {
            *not_looked_at += u64::from(is_known && passed.state != State::Vanished && !passed.is_repeated);
        };
        self.groups.skim(until, count).map_err(failed)
    }

    /// What is to be stated in the archive, kind by kind.
    pub(in crate::cli) fn exceptions(&self) -> Vec<Exception> {
        let Told { vanished, altered, not_looked_at, .. } = &self.told;
        let vanished = vanished.iter().map(|(rank, (records, deleted))| {
            let kind = table(*rank);
            let class = if kind.keeps_deleted() { Class::Vanished } else { Class::NoteRemoved };
            let found =
                format!("{records} gone, {deleted} of them marked as deleted when sealed; see finding_vanished");
            let expected = "the records that earlier archives hold";
            Exception { class, object: kind.kind.to_owned(), expected, found, records: *records }
        });
        let altered = altered.iter().map(|(rank, records)| Exception {
            class: Class::Altered,
            object: table(*rank).kind.to_owned(),
            expected: "the version that is sealed, or a change clock that moved",
            found: format!("{records} that say something else; see finding_altered"),
            records: *records,
        });
        let rest = (*not_looked_at > 0).then(|| Exception {
            class: Class::NoteNotLookedAt,
            object: "earlier archives".to_owned(),
            expected: "each of their records looked at again",
            found: format!("{not_looked_at} counted, and not looked at"),
            records: *not_looked_at,
        });
        vanished.chain(altered).chain(rest).collect()
    }
}

impl Passing<'_> {
    /// Whether something of the kind was read although it did not change.
    fn was_read(&self) -> bool {
        self.is_whole || !self.spans.is_empty()
    }
}

impl<'s> Told<'s> {
    fn passing(&self, rank: Rank) -> Passing<'s> {
        let spans = self.news.changes.again.get(&rank).map_or(&[][..], Vec::as_slice);
        // A row that could not be decoded may be any record of its kind.
        let is_readable = self.readable.get(usize::from(rank)).copied().unwrap_or(false);
        let tells_vanished = self.news.tells_vanished && is_readable;
        Passing { rank, is_whole: self.news.is_whole || has_no_clock(rank), spans, tells_vanished }
    }

    /// A record of the index that the source did not show.
    fn pass(&mut self, group: &Group<'_>) -> io::Result<()> {
        if group.kind != self.kind {
            group.kind.clone_into(&mut self.kind);
            self.passing = catalogue::rank(&self.kind).map(|rank| self.passing(rank));
        }
        let Some(Passing { rank, is_whole, spans, tells_vanished }) = self.passing else { return Ok(()) };
        let was_read = is_whole || spans.iter().any(|span| span.contains(group.at));
        if !group.is_sealed() {
            // It was withheld, and might not be today: who is held goes by memberships as well.
            let is_withheld = group.known.iter().any(|known| known.state == State::Withheld);
            self.not_looked_at += u64::from(is_withheld && !was_read);
            return Ok(());
        }
        if !(tells_vanished && was_read) {
            self.not_looked_at += 1;
            return Ok(());
        }
        let Some(known) = group.known.first() else { return Ok(()) };
        let deleted = matches!(known.state, State::Sealed { deleted: true, .. });
        let counted = self.vanished.entry(rank).or_default();
        *counted = (counted.0 + 1, counted.1 + u64::from(deleted));
        self.find(FINDING_VANISHED, group, known, |out| {
            let kept = table(rank).keeps_deleted();
            out.extend_from_slice(format!(",\"was_deleted\":{deleted},\"kept_when_deleted\":{kept}").as_bytes());
        })
    }

    /// A record that says something else than when it was sealed: altered, if its clock did not move although it should.
    fn compare(&mut self, rank: Rank, group: &Group<'_>, lines: &[&[u8]]) -> io::Result<()> {
        let (Some(field), [line], [known]) = (table(rank).clock, lines, group.known) else { return Ok(()) };
        let State::Sealed { clock: sealed, .. } = known.state else { return Ok(()) };
        let [clock] = Head::of(line, group.kind).pick([field]);
        let clock = clock.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let is_told = self.news.tells_altered && table(rank).counters.is_empty();
        if !is_told || sealed <= 0 || clock != Some(sealed) {
            return Ok(());
        }
        *self.altered.entry(rank).or_default() += 1;
        self.find(FINDING_ALTERED, group, known, |out| {
            out.extend_from_slice(b",\"clock\":");
            push_integer(out, sealed);
        })
    }

    fn find(
        &mut self,
        finding: Rank,
        group: &Group<'_>,
        known: &Known,
        more: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let seal = usize::try_from(known.archive).ok().and_then(|position| self.seals.get(position));
        self.findings.push(finding, group.at, 0, |out| {
            let text = |out: &mut Vec<u8>, name: &str, text: &str| {
                out.extend_from_slice(name.as_bytes());
                push_string(out, text);
            };
            text(out, "{\"kind\":", table(finding).kind);
            text(out, ",\"id\":", &composite([group.kind.as_bytes(), group.id.as_bytes()]));
            out.extend_from_slice(b",\"at\":");
            push_integer(out, group.at);
            text(out, ",\"data\":{\"record_kind\":", group.kind);
            text(out, ",\"record_id\":", group.id);
            out.extend_from_slice(b",\"record_at\":");
            push_integer(out, group.at);
            more(out);
            text(out, ",\"seal_sha256\":", &seal.map(|seal| hex(seal)).unwrap_or_default());
            out.extend_from_slice(format!(",\"record\":{}}}}}", known.record).as_bytes());
        });
        self.findings.settle(&self.temporary)
    }
}

/// Kinds of which each row has bytes of its own, so that each is asked about alone.
pub(super) fn has_file(rank: Rank) -> bool {
    matches!(rank, catalogue::FILE | catalogue::EMOJI | catalogue::PROFILE_PICTURE)
}

fn id_of(line: &[u8]) -> Cow<'_, str> {
    crate::cli::export::sealing::id_of(line)
}

fn failed(error: IndexError) -> io::Error {
    io::Error::other(error)
}
