//! One thread's share of the rows: each becomes a record line, is out of scope, or is quarantined.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use super::feed::Given;
use super::incident::because;
use super::scope::{Ids, Scope, is_named_kind};
use super::survey::Route;
use super::{Store, Tables, TablesError};
use crate::record::exception::{Class, Exception};
use crate::record::id::hex;
use crate::source::Work;
use crate::source::catalogue::{CHANNEL, FILE, POST, Rank, TEAM, To, USER, table};
use crate::source::contents::{Contents, Unfinished};
use crate::source::dump::LongRow;
use crate::source::reconcile::seen::Seen;
use crate::source::rows::Batch;
use crate::source::rows::encode::{Encoded, Encoder, Row};
use crate::source::rows::fault::RowFault;
use crate::source::rows::plan::Plan;
use crate::source::sort::{ARENA_BYTES, Mark, Sorter, of_records};
use crate::source::tally::Tally;

/// Ids that records in scope name, of the kinds that are in a narrow scope only then.
pub type Named = HashMap<To, Ids>;

/// What one thread found.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) records: Sorter,
    pub(super) contents: Sorter,
    pub(super) exceptions: Sorter,
    pub(super) tally: Tally,
    pub(super) named: Named,
    pub(super) seen: Option<Seen>,
}

/// Rows on their way to the threads that encode; gone once one of these has ended.
pub(super) type Tasks = Mutex<Option<Receiver<(Arc<Route>, Given)>>>;

/// Takes the receiver away when a thread ends, however it ends: a reader that waits for room in the channel would wait
/// for ever if all threads had failed.
struct Leaving<'t>(&'t Tasks);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Encodes batches of rows.
pub(super) struct Collector<'w> {
    contents: &'w Contents,
    scope: &'w Scope,
    /// Whether rows have numbers that mean something: their place in a dump.
    is_numbered: bool,
    work: Work<'w>,
    pub(super) part: Part,
}

impl<'w> Collector<'w> {
    pub(super) fn new(tables: &'w Tables, scope: &'w Scope, work: Work<'w>) -> Self {
        let small = || Sorter::new(ARENA_BYTES / 8);
        let part = Part {
            records: of_records(ARENA_BYTES),
            contents: small(),
            exceptions: small(),
            tally: Tally::default(),
            named: Named::new(),
            seen: tables.log.as_ref().map(|_| Seen::default()),
        };
        let is_numbered = matches!(tables.store, Store::Dump(_));
        Self { contents: &tables.contents, scope, is_numbered, work, part }
    }

    pub(super) fn drain(mut self, tasks: &Tasks) -> Result<Part, TablesError> {
        let _leaving = Leaving(tasks);
        loop {
            let next =
                tasks.lock().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|tasks| tasks.recv().ok());
            let Some((route, given)) = next else { break };
            for plan in &route.plans {
                match &given {
                    Given::Rows(batch) => self.rows(plan, &route.table, batch).map_err(TablesError::Temporary)?,
                    Given::TooLong(row) => self.too_long(plan.rank(), &route.table, row),
                }
            }
        }
        Ok(self.part)
    }

    fn rows(&mut self, plan: &Plan, name: &str, batch: &Batch) -> io::Result<()> {
        let mut encoder = Encoder::new(plan);
        for (number, row) in (batch.first..).zip(rows(&batch.text)) {
            if let Err(fault) = self.row(plan, &mut encoder, row) {
                self.part.tally.quarantined[usize::from(plan.rank())] += 1;
                let exception = quarantine(fault, &mut encoder, name, self.is_numbered.then_some(number), row);
                self.part.exceptions.push(0, 0, 0, |out| exception.push_line(out));
            }
            self.settle()?;
        }
        Ok(())
    }

    fn too_long(&mut self, rank: Rank, table: &str, row: &LongRow) {
        self.part.tally.quarantined[usize::from(rank)] += 1;
        let exception = Exception {
            class: Class::RecordTooLong,
            object: format!("{table}:{}", row.row),
            expected: "a row of at most 67,108,864 bytes",
            found: format!("{} bytes, sha256:{}", row.length, hex(&row.sha256)),
            records: 1,
        };
        self.part.exceptions.push(0, 0, 0, |out| exception.push_line(out));
    }

    fn row(&mut self, plan: &Plan, encoder: &mut Encoder<'_>, row: &[u8]) -> Result<(), RowFault> {
        let rank = plan.rank();
        let mut row = encoder.row(row)?;
        // Whoever counts the rows has not counted it either.
        if !row.matches_only()? {
            return Ok(());
        }
        if let Some(seen) = &mut self.part.seen {
            see(seen, rank, &row)?;
        }
        if let Some(path) = row.content_path()? {
            self.contents.mark_named(&path);
        }
        let (is_in_scope, because) = judge(self.scope, rank, &row);
        if !is_in_scope {
            self.part.tally.out_of_scope[usize::from(rank)] += 1;
            return Ok(());
        }
        if let Some(seen) = &mut self.part.seen {
            hear_of(seen, rank, &row)?;
        }
        let before = self.part.records.mark();
        let written = self.part.records.try_push(rank, 0, |out| {
            let start = out.len();
            let written = row.encode(out)?;
            // What lacks its content yet is completed behind it.
            because::complete(out, start, if written.open { &[] } else { &because })?;
            Ok::<_, RowFault>((written.at, written))
        })?;
        let kept = self.name(rank, &row).and_then(|()| self.keep(rank, &mut row, written, &because, before));
        kept.inspect_err(|_| self.part.records.rollback(before))
    }

    /// Takes note of a record that was pushed behind `before`, and puts it aside if it lacks its content.
    fn keep(
        &mut self,
        rank: Rank,
        row: &mut Row<'_>,
        written: Encoded,
        because: &[u8],
        before: Mark,
    ) -> Result<(), RowFault> {
        let Part { records, contents, exceptions, tally, .. } = &mut self.part;
        if written.open {
            let path = row.content_path()?.unwrap_or_default();
            let line = records.last().map(|item| item.line).unwrap_or_default();
            let unfinished = Unfinished { line, rest: because, path: &path };
            contents.push(rank, written.at, 0, |out| unfinished.push(out));
            records.rollback(before);
        }
        tally.records[usize::from(rank)] += 1;
        if rank == FILE && !written.open {
            let exception = pathless(row.id()?);
            exceptions.push(0, 0, 0, |out| exception.push_line(out));
        }
        if written.far {
            let exception = far(rank, row.id()?);
            exceptions.push(0, 0, 0, |out| exception.push_line(out));
        }
        Ok(())
    }

    /// Remembers which teams, channels and users a record in a narrow scope names.
    fn name(&mut self, rank: Rank, row: &Row<'_>) -> Result<(), RowFault> {
        if !self.scope.is_narrow() || is_named_kind(rank) {
            return Ok(());
        }
        for reach in table(rank).path {
            if !matches!(reach.to, To::Team | To::Channel | To::User) {
                continue;
            }
            if let Some(id) = row.named(reach.field)?.filter(|id| !id.is_empty()) {
                let ids = self.part.named.entry(reach.to).or_default();
                if !ids.contains(id.as_bytes()) {
                    ids.insert(Box::from(id.as_bytes()));
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self) -> io::Result<()> {
        let dir = self.work.temporary;
        self.part.records.settle(dir)?;
        self.part.contents.settle(dir)?;
        self.part.exceptions.settle(dir)?;
        self.part.seen.as_mut().map_or(Ok(()), |seen| seen.settle(dir))
    }
}

/// Takes note that there is such a row: to be told of every row, whatever the scope, or its edges would look like purges.
fn see(seen: &mut Seen, rank: Rank, row: &Row<'_>) -> Result<(), RowFault> {
    let itself = match rank {
        TEAM => To::Team,
        CHANNEL => To::Channel,
        USER => To::User,
        POST => To::Post,
        _ => return Ok(()),
    };
    if let Some(id) = row.named("id")? {
        seen.exists(itself, &id);
    }
    Ok(())
}

/// Takes note of what a row in scope names.
fn hear_of(seen: &mut Seen, rank: Rank, row: &Row<'_>) -> Result<(), RowFault> {
    let threads = ["root_id", "original_id"].map(|field| (To::Post, field));
    let threads = threads.into_iter().filter(|_| rank == POST);
    for (to, field) in table(rank).path.iter().map(|reach| (reach.to, reach.field)).chain(threads) {
        if !matches!(to, To::Team | To::Channel | To::User | To::Post) {
            continue;
        }
        let Some(target) = row.named(field)? else { continue };
        if may_name(rank, field, to, row)? {
            seen.names(rank, field, to, &target);
        }
    }
    Ok(())
}

/// Whether a field can name a thing of this sort. Where it can name things of several sorts the row says of which:
/// otherwise a flagged post would be missed among the users.
fn may_name(rank: Rank, field: &str, to: To, row: &Row<'_>) -> Result<bool, RowFault> {
    if table(rank).path.iter().filter(|reach| reach.field == field).count() < 2 {
        return Ok(true);
    }
    let word = match to {
        To::Post => "post",
        To::User => "user",
        _ => return Ok(false),
    };
    Ok(row.named("target_type")?.as_deref() == Some(word))
}

/// Whether a row is in scope, and the member of its line that says why.
fn judge(scope: &Scope, rank: Rank, row: &Row<'_>) -> (bool, Vec<u8>) {
    if scope.incident.is_none() || is_named_kind(rank) {
        return (is_in_scope(scope, rank, row), Vec::new());
    }
    let because = scope.because(rank, &|field| bytes(row, field));
    (!because.is_empty(), because.into_member())
}

fn bytes<'r>(row: &'r Row<'_>, field: &str) -> Option<Cow<'r, [u8]>> {
    row.named(field).ok().flatten().map(|text| match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

/// Whether a row is in scope; a field that cannot be read counts as absent, and encoding will say so.
pub(super) fn is_in_scope(scope: &Scope, rank: Rank, row: &Row<'_>) -> bool {
    scope.is_everything() || scope.admits(rank, &|field| bytes(row, field))
}

/// The rows of a batch, without their line feeds.
pub(super) fn rows(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let row = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(row)
    })
}

/// The exception for a row that yields no record. Its bytes may hold secrets: only their length and digest are told.
///
/// Where the row has an id, the exception is the same live and dumped: it tells nothing of how the row lies there.
pub(super) fn quarantine(
    fault: RowFault,
    encoder: &mut Encoder<'_>,
    table: &str,
    number: Option<u64>,
    row: &[u8],
) -> Exception {
    let (class, expected) = (fault.class(), fault.expected());
    if matches!(fault, RowFault::TooLong { .. })
        && let Some(object) = encoder.object(row)
    {
        return Exception { class, object, expected, found: fault.found(), records: 1 };
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, row);
    let object = number.map_or_else(|| table.to_owned(), |number| format!("{table}:{number}"));
    let found = format!("{}; {} bytes, sha256:{}", fault.found(), row.len(), hex(digest.as_ref()));
    Exception { class, object, expected, found, records: 1 }
}

/// The exception for a file whose row does not say where it lies.
fn pathless(id: &str) -> Exception {
    Exception {
        class: Class::FileMissing,
        object: format!("{}/{id}", table(FILE).kind),
        expected: "the bytes of the file",
        found: "a row without a path".to_owned(),
        records: 1,
    }
}

/// The exception for a record that holds a number out of range.
pub(super) fn far(rank: Rank, id: &str) -> Exception {
    Exception {
        class: Class::TimeOutOfRange,
        object: format!("{}/{id}", table(rank).kind),
        expected: "whole numbers within 2^53 - 1",
        found: "another, kept as text".to_owned(),
        records: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Progress;
    use crate::source::catalogue::PROPERTY_VALUE;
    use crate::source::reconcile::judge::judge;
    use crate::source::rows::ColumnFound;

    #[test]
    fn a_target_is_missed_only_among_things_of_its_own_sort() {
        let columns =
            ["id", "targetid", "targettype"].map(|name| ColumnFound { name: name.into(), declared: String::new() });
        let plan = Plan::new(PROPERTY_VALUE, &columns).unwrap();
        let (post, user) = ("p".repeat(26), "u".repeat(26));
        let progress = Progress::silent();
        for (target, sort, orphans) in
            [(&post, "post", 0), (&user, "user", 0), (&user, "post", 1), (&post, "user", 1), (&post, "run", 0)]
        {
            let mut seen = Seen::default();
            seen.exists(To::Post, &post);
            seen.exists(To::User, &user);
            let mut encoder = Encoder::new(&plan);
            let row = format!("v\t{target}\t{sort}");
            hear_of(&mut seen, PROPERTY_VALUE, &encoder.row(row.as_bytes()).unwrap()).unwrap();
            let work = Work { threads: 1, temporary: std::path::Path::new("."), progress: &progress };
            let judged = judge(vec![seen], Vec::new(), |_| true, &work).unwrap();
            assert_eq!(judged.orphans, orphans, "{sort} {target}");
        }
    }
}
