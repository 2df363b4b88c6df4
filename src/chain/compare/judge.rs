//! What differs, and what is on one side alone: looked at closely, with the sealed lines as evidence.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use ring::digest::{SHA256, digest};

use super::{ARENA, Class, CompareError, Comparing, Comparison, Field, Finding, Place, Reason, kind_of};
use crate::archive::seal::Clock;
use crate::chain::difference::{Change, Judgement, between};
use crate::chain::known::{Known, State};
use crate::chain::lines::SealedLines;
use crate::merkle::Hash;
use crate::record::fields::{Head, integer};
use crate::record::line::Line;
use crate::record::time::Millis;
use crate::sort::{Merge, Sorter};

/// How much older than the newest sealed record one may be that was committed late.
const LATE: Millis = 60_000;

/// A record that is sealed and gone.
struct Gone {
    archive: u32,
    record: u64,
    at: Millis,
    /// Kind and id, parted by a line feed.
    name: String,
}

impl Comparing<'_> {
    /// Ends the comparison: looks at what differs, and pairs what is on one side alone.
    pub fn finish(mut self) -> Result<Comparison, CompareError> {
        self.settle()?;
        self.skip_to(None)?;
        let gone = self.pair()?;
        self.judge_differing()?;
        self.judge_gone(gone)?;
        let key = |finding: &Finding| (finding.class, finding.kind.clone(), finding.at, finding.id.clone());
        self.done.findings.sort_by_cached_key(key);
        Ok(self.done)
    }

    /// Pairs records that are missing with new ones of the same kind and id, whose origin time must be another; returns
    /// those that are nowhere.
    fn pair(&mut self) -> Result<Vec<Gone>, CompareError> {
        let take = |sorter: &mut Sorter| Merge::new(vec![std::mem::replace(sorter, Sorter::new(ARENA))]);
        let (mut missing, mut fresh) = (take(&mut self.missing)?, take(&mut self.fresh)?);
        let mut gone = Vec::new();
        loop {
            self.ground.progress.check()?;
            let left = missing.peek().map(|item| item.line.to_vec());
            let right = fresh.peek().map(|item| item.line.to_vec());
            let order = match (&left, &right) {
                (None, None) => return Ok(gone),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(left), Some(right)) => name(left).cmp(name(right)),
            };
            let found = left.as_deref().filter(|_| order.is_le()).and_then(Gone::read);
            let line = right
                .as_deref()
                .filter(|_| order.is_ge())
                .map(|right| (name(right), right.get(name(right).len() + 1..).unwrap_or_default()));
            match (found, line) {
                (Some(Gone { archive, record, .. }), Some((_, line))) => {
                    let known = Known { archive, record, state: State::Vanished };
                    self.push_differing(&known, line)?;
                }
                (Some(found), None) => gone.push(found),
                (None, Some((name, line))) => self.judge_fresh(name, line),
                (None, None) => {}
            }
            if order.is_le() {
                missing.advance()?;
            }
            if order.is_ge() {
                fresh.advance()?;
            }
        }
    }

    /// A record that was never sealed.
    fn judge_fresh(&mut self, name: &[u8], line: &[u8]) {
        let Some((kind, id)) = std::str::from_utf8(name).ok().and_then(|name| name.split_once('\n')) else { return };
        let head = Head::of(line, kind);
        let clock = (self.ground.habit)(kind).clock;
        let (at, clock) = (head.at(), integer(head.pick([clock.unwrap_or_default()])[0]).unwrap_or(0));
        let newest = at.max(clock);
        let is_covered = self.ground.reaches.iter().any(|reach| {
            let time = if reach.clock == Clock::Change { newest } else { at };
            reach.is_whole && (time == 0 || reach.window.contains(time))
        });
        let horizon = self.horizon.get(kind).copied().unwrap_or(Millis::MIN);
        if !is_covered {
            self.tally(kind).uncovered += 1;
        } else if newest == 0 || newest >= horizon.saturating_sub(LATE) {
            self.tally(kind).new += 1;
        } else {
            self.tally(kind).inserted += 1;
            let (kind, id) = (kind.to_owned(), id.to_owned());
            let finding =
                Finding { class: Class::Inserted, kind, id, at, place: None, fields: Vec::new(), reason: None };
            self.done.findings.push(finding);
        }
    }

    /// Lines of the source that are another version than what is sealed.
    fn judge_differing(&mut self) -> Result<(), CompareError> {
        let mut lines = SealedLines::new(self.ground.links);
        let mut differing = Merge::new(vec![std::mem::replace(&mut self.differing, Sorter::new(ARENA))])?;
        while let Some(item) = differing.peek() {
            self.ground.progress.check()?;
            let Some((record, now)) = item.line.split_first_chunk() else { break };
            let (archive, record) = (u32::try_from(item.at).unwrap_or(u32::MAX), u64::from_be_bytes(*record));
            let sealed = lines.line(archive, record)?;
            let kind = kind_of(now);
            let absent = self.absent(archive, &kind);
            let (judgement, changes) = between(&kind, sealed, now, &(self.ground.habit)(&kind), &absent);
            let class = match judgement {
                Judgement::Same => None,
                Judgement::Changed => Some(Class::Changed),
                Judgement::Altered => Some(Class::Altered),
                Judgement::Undated => Some(Class::Undated),
            };
            if let Some(class) = class {
                let head = Head::of(sealed, &kind);
                let fields = changes.iter().map(|change| field(change, self.ground.show)).collect();
                let place = Some(Place { archive, record, sha256: sha256(sealed) });
                let (id, at) = (head.id.to_owned(), head.at());
                let kind = kind.clone();
                self.done.findings.push(Finding { class, kind, id, at, place, fields, reason: None });
            }
            let tally = self.tally(&kind);
            match judgement {
                Judgement::Same => tally.unchanged += 1,
                Judgement::Changed => tally.changed += 1,
                Judgement::Altered => tally.altered += 1,
                Judgement::Undated => tally.undated += 1,
            }
            differing.advance()?;
        }
        Ok(())
    }

    /// Fields of a kind that one of the two sources does not have.
    fn absent(&self, archive: u32, kind: &str) -> BTreeSet<String> {
        let then = self.ground.reaches.get(archive as usize).and_then(|reach| reach.absent.get(kind));
        then.into_iter().chain(self.ground.absent.get(kind)).flatten().cloned().collect()
    }

    /// Records that are sealed and nowhere in the source.
    fn judge_gone(&mut self, mut gone: Vec<Gone>) -> Result<(), CompareError> {
        if gone.is_empty() {
            return Ok(());
        }
        // Sealed again since, under another origin time: then that is the record.
        let mut newest: HashMap<String, u32> = gone.iter().map(|gone| (gone.name.clone(), gone.archive)).collect();
        let (mut groups, mut name) = (self.index.groups()?, String::new());
        while let Some(group) = groups.peek() {
            name.clear();
            let _ = write!(name, "{}\n{}", group.kind, group.id);
            if let Some(newest) = newest.get_mut(&name) {
                *newest = group.known.iter().map(|known| known.archive).fold(*newest, u32::max);
            }
            groups.advance()?;
        }
        gone.sort_by_key(|gone| (gone.archive, gone.record));
        let mut lines = SealedLines::new(self.ground.links);
        for Gone { archive, record, at, name } in gone {
            self.ground.progress.check()?;
            if newest.get(&name).is_some_and(|newest| *newest > archive) {
                continue;
            }
            let Some((kind, id)) = name.split_once('\n') else { continue };
            let sealed = lines.line(archive, record)?;
            let (sha256, reason) = (sha256(sealed), self.reason(kind, archive, sealed));
            self.tally(kind).vanished += 1;
            let place = Some(Place { archive, record, sha256 });
            let (kind, id) = (kind.to_owned(), id.to_owned());
            let fields = Vec::new();
            self.done.findings.push(Finding { class: Class::Vanished, kind, id, at, place, fields, reason });
        }
        Ok(())
    }

    /// What may account for a record that vanished.
    fn reason(&self, kind: &str, archive: u32, sealed: &[u8]) -> Option<Reason> {
        let retention = Line::parse(sealed).ok().and_then(|line| line.retention);
        let due = retention.and_then(|retention| retention.due());
        let sealed_at = self.ground.reaches.get(archive as usize).map_or(Millis::MAX, |reach| reach.time);
        let is_deleted = integer(Head::of(sealed, kind).pick(["delete_at"])[0]).is_some_and(|at| at != 0);
        match () {
            () if is_deleted => Some(Reason::Deleted),
            () if due.is_some_and(|due| due <= self.ground.now) => Some(Reason::Due),
            () if self.retention > sealed_at => Some(Reason::ServerRetention),
            () => None,
        }
    }
}

impl Gone {
    /// Reads what [`Comparing::push_missing`] wrote.
    fn read(line: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(line).ok()?.split('\n');
        let name = [parts.next()?, parts.next()?].join("\n");
        let (at, archive, record) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { archive: archive.parse().ok()?, record: record.parse().ok()?, at: at.parse().ok()?, name })
    }
}

/// Kind and id in front of an entry of a sorter: up to the second line feed.
fn name(line: &[u8]) -> &[u8] {
    let end = memchr::memchr_iter(b'\n', line).nth(1).unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

fn field(change: &Change<'_>, show: bool) -> Field {
    let value = |value: Option<&[u8]>| value.filter(|_| show).map(|value| String::from_utf8_lossy(value).into_owned());
    Field { name: change.field.to_owned(), sealed: value(change.sealed), now: value(change.now) }
}

fn sha256(line: &[u8]) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, line).as_ref());
    hash
}
