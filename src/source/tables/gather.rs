//! Rows become records, side by side: the reading thread hands out batches, the others encode them and sort.
//!
//! Every thread keeps what it found to itself until the end, so nothing depends on which thread met which batch.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::facts::Facts;
use super::feed::{Feeding, Given};
use super::in_order::InOrder;
use super::scope::{Ids, Scope, is_named_kind};
use super::survey::{Route, Survey};
use super::{Store, Tables, TablesError};
use crate::progress::Interrupted;
use crate::record::exception::{Class, Exception};
use crate::record::id::hex;
use crate::source::audit_log::mentions::Mentions;
use crate::source::audit_log::{FileRead, Wanted};
use crate::source::catalogue::{
    AUDIT_LOG, CHANNEL, FINDING_ORPHAN, FINDING_PURGED, POST, PROFILE_PICTURE, Rank, TEAM, To, USER, table,
};
use crate::source::contents::{ContentReader, Contents};
use crate::source::dump::{Account, LongRow};
use crate::source::original::Hashed;
use crate::source::reconcile::seen::Seen;
use crate::source::rows::Batch;
use crate::source::rows::encode::{Encoded, Encoder, Row};
use crate::source::rows::fault::RowFault;
use crate::source::rows::plan::Plan;
use crate::source::scope::Asked;
use crate::source::sort::{ARENA_BYTES, Sorter};
use crate::source::tally::{Counts, NONE, Tally};
use crate::source::{Work, file_store, reconcile};

/// Ids that records in scope name, of the kinds that are in a narrow scope only then.
pub type Named = HashMap<To, Ids>;

/// Everything that reading found.
#[derive(Debug)]
pub struct Gathered<'t> {
    pub(super) tables: &'t Tables,
    pub(super) scope: Scope,
    pub(super) survey: Survey,
    /// Names and places.
    pub(super) facts: Facts,
    /// Rows of each kind, counted by the database or the scanner: the left side of the completeness equation.
    pub source: Counts,
    /// The right side; final only when all records were streamed.
    pub tally: Tally,
    pub(super) named: Named,
    pub(super) records: Vec<Sorter>,
    pub(super) contents: Vec<Sorter>,
    pub(super) exceptions: Vec<Sorter>,
    /// Posts that come sorted from the database.
    pub(super) in_order: Option<InOrder>,
    pub(super) purged: Option<u64>,
    /// The files of the audit log.
    pub(super) logs: Vec<FileRead>,
    /// What a dump says of itself.
    pub(super) account: Option<Account>,
    pub(super) temporary: PathBuf,
}

/// What one thread found.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) records: Sorter,
    pub(super) contents: Sorter,
    pub(super) exceptions: Sorter,
    pub(super) tally: Tally,
    /// Rows of a table that are of another kind, or none.
    pub(super) other: Counts,
    pub(super) named: Named,
    pub(super) seen: Option<Seen>,
}

/// Encodes batches of rows.
pub(super) struct Collector<'w> {
    contents: &'w Contents,
    scope: &'w Scope,
    /// Whether rows have numbers that mean something: their place in a dump.
    is_numbered: bool,
    work: Work<'w>,
    scratch: Vec<u8>,
    pub(super) part: Part,
}

/// Reads everything in scope.
fn run<'t>(tables: &'t Tables, scope: Scope, facts: Facts, work: &Work<'_>) -> Result<Gathered<'t>, TablesError> {
    let mut survey = Survey::default();
    let in_order = tables.in_order(&scope, work)?;
    let (send, receive) = sync_channel::<(Arc<Route>, Given)>(work.threads.max(1));
    let receive = Mutex::new(receive);
    let (fed, parts) = std::thread::scope(|threads| {
        let workers: Vec<_> = (0..work.threads.max(1))
            .map(|_| {
                let collector = Collector::new(tables, &scope, *work);
                let receive = &receive;
                threads.spawn(move || collector.drain(receive))
            })
            .collect();
        let feeding = Feeding { survey: &mut survey, skip_ordered: in_order.is_some(), progress: work.progress };
        // A worker that has gone took its reason with it; it is reported when the workers are joined.
        let fed = tables.feed(feeding, &mut |route, given| send.send((route.clone(), given)).map_err(|_| Interrupted));
        drop(send);
        let parts: Vec<Result<Part, TablesError>> = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        (fed, parts)
    });
    // The worker's own reason comes first: without it the reader would only say that nobody listens.
    let parts: Vec<Part> = parts.into_iter().collect::<Result<_, _>>()?;
    let account = fed?;
    let mut gathered = Gathered { account, ..Gathered::new(tables, scope, facts, survey, in_order, work) };
    gathered.absorb(parts, work)?;
    Ok(gathered)
}

impl Tables {
    /// Reads what `asked` selects.
    pub fn select(&self, asked: &Asked, work: &Work<'_>) -> Result<Gathered<'_>, TablesError> {
        let (scope, facts) = self.resolve(asked, work)?;
        run(self, scope, facts, work)
    }
}

impl<'t> Gathered<'t> {
    fn new(
        tables: &'t Tables,
        scope: Scope,
        facts: Facts,
        survey: Survey,
        in_order: Option<InOrder>,
        work: &Work<'_>,
    ) -> Self {
        Self {
            tables,
            scope,
            source: survey.source(),
            survey,
            facts,
            account: None,
            logs: Vec::new(),
            tally: Tally::default(),
            named: Named::new(),
            records: Vec::new(),
            contents: Vec::new(),
            exceptions: Vec::new(),
            in_order,
            purged: None,
            temporary: work.temporary.to_owned(),
        }
    }

    /// Brings together what the threads found, and what only the whole can tell.
    fn absorb(&mut self, parts: Vec<Part>, work: &Work<'_>) -> Result<(), TablesError> {
        let mut seen = Vec::new();
        for part in parts {
            self.tally.add(&part.tally);
            for (source, other) in self.source.iter_mut().zip(part.other) {
                *source = source.saturating_sub(other);
            }
            self.records.push(part.records);
            self.contents.push(part.contents);
            self.exceptions.push(part.exceptions);
            seen.extend(part.seen);
            for (to, ids) in part.named {
                self.named.entry(to).or_default().extend(ids);
            }
        }
        self.add_profile_pictures(work)?;
        self.hear(seen, work)?;
        self.close_names();
        Ok(())
    }

    /// Profile pictures have no table: they are the files that lie where the server keeps them.
    fn add_profile_pictures(&mut self, work: &Work<'_>) -> Result<(), TablesError> {
        let mut contents = Sorter::new(ARENA_BYTES / 8);
        for (user, path) in file_store::profile_pictures(&self.tables.contents) {
            self.tables.contents.mark_named(&path);
            let rank = usize::from(PROFILE_PICTURE);
            self.source[rank] += 1;
            self.tally.records[rank] += 1;
            contents.push(PROFILE_PICTURE, 0, 0, |out| {
                let line = format!(
                    "{{\"kind\":\"profile_picture\",\"id\":\"{user}\",\"at\":0,\"data\":{{\"user_id\":\"{user}\",\"path\":\"{path}\"\n{path}"
                );
                out.extend_from_slice(line.as_bytes());
            });
            contents.settle(work.temporary).map_err(TablesError::Temporary)?;
        }
        self.contents.push(contents);
        Ok(())
    }

    /// Adds the audit log's records and what it says of the tables.
    fn hear(&mut self, seen: Vec<Seen>, work: &Work<'_>) -> Result<(), TablesError> {
        let Some(log) = &self.tables.log else { return Ok(()) };
        let scope = &self.scope;
        let admits = |mentions: &Mentions<'_>| scope.mentions(&mentions.teams, &mentions.channels, &mentions.users);
        let wanted = Wanted { window: scope.window, admits: scope.is_narrow().then_some(&admits) };
        let heard = log.read(&wanted, work)?;
        let rank = usize::from(AUDIT_LOG);
        self.source[rank] += heard.tally.source;
        self.tally.records[rank] += heard.tally.records;
        self.tally.out_of_scope[rank] += heard.tally.out_of_scope;
        self.tally.quarantined[rank] += heard.tally.quarantined;
        self.records.extend(heard.records);
        self.exceptions.extend(heard.exceptions);
        self.logs = heard.files;
        let judged = reconcile::judge::judge(seen, heard.facts, |to| self.is_whole(to), work)?;
        self.tally.records[usize::from(FINDING_PURGED)] += judged.purged;
        self.tally.records[usize::from(FINDING_ORPHAN)] += judged.orphans;
        self.purged = Some(judged.purged);
        self.records.push(judged.records);
        self.exceptions.push(judged.exceptions);
        Ok(())
    }

    /// Whether every row that could hold such a thing was read: nothing is concluded from what was not.
    fn is_whole(&self, to: To) -> bool {
        let rank = match to {
            To::Team => TEAM,
            To::Channel => CHANNEL,
            To::User => USER,
            To::Post => POST,
            _ => return false,
        };
        self.survey.rows.contains_key(&rank) && self.tally.quarantined[usize::from(rank)] == 0
    }

    /// A channel in scope brings its team along.
    fn close_names(&mut self) {
        if !self.scope.is_narrow() {
            return;
        }
        let channels = self.named.get(&To::Channel).into_iter().flatten();
        let teams: Vec<Box<[u8]>> = channels.filter_map(|id| self.facts.team_of(id)).map(Box::from).collect();
        self.named.entry(To::Team).or_default().extend(teams);
    }

    /// Reads the bytes of files that records name.
    pub fn content_reader(&self) -> ContentReader {
        self.tables.contents.reader()
    }

    /// The files of the audit log, as far as they were read.
    pub fn logs(&self) -> Vec<Hashed> {
        let hashed = |file: &FileRead| Hashed { name: file.name.clone(), bytes: file.bytes, sha256: file.sha256 };
        self.logs.iter().map(hashed).collect()
    }

    /// Posts found to be purged; `None` without an audit log to tell.
    pub fn purged_posts(&self) -> Option<u64> {
        self.purged
    }
}

impl<'w> Collector<'w> {
    pub(super) fn new(tables: &'w Tables, scope: &'w Scope, work: Work<'w>) -> Self {
        let small = || Sorter::new(ARENA_BYTES / 8);
        let part = Part {
            records: Sorter::new(ARENA_BYTES),
            contents: small(),
            exceptions: small(),
            tally: Tally::default(),
            other: NONE,
            named: Named::new(),
            seen: tables.log.as_ref().map(|_| Seen::default()),
        };
        let is_numbered = matches!(tables.store, Store::Dump(_));
        Self { contents: &tables.contents, scope, is_numbered, work, scratch: Vec::new(), part }
    }

    fn drain(mut self, given: &Mutex<Receiver<(Arc<Route>, Given)>>) -> Result<Part, TablesError> {
        loop {
            let next = given.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((route, given)) = next else { break };
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
                let exception = quarantine(fault, name, self.is_numbered.then_some(number), row);
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
        if !row.matches_only() {
            self.part.other[usize::from(rank)] += 1;
            return Ok(());
        }
        if let Some(seen) = &mut self.part.seen {
            see(seen, rank, &row)?;
        }
        if let Some(path) = row.content_path()? {
            self.contents.mark_named(&path);
        }
        if !is_in_scope(self.scope, rank, &row) {
            self.part.tally.out_of_scope[usize::from(rank)] += 1;
            return Ok(());
        }
        self.scratch.clear();
        let written = row.encode(&mut self.scratch)?;
        self.name(rank, &row)?;
        self.keep(rank, &mut row, written)
    }

    fn keep(&mut self, rank: Rank, row: &mut Row<'_>, written: Encoded) -> Result<(), RowFault> {
        let Part { records, contents, exceptions, tally, .. } = &mut self.part;
        tally.records[usize::from(rank)] += 1;
        let line = &self.scratch;
        if written.open {
            let path = row.content_path()?.unwrap_or_default();
            contents.push(rank, written.at, 0, |out| {
                out.extend_from_slice(line);
                out.push(b'\n');
                out.extend_from_slice(path.as_bytes());
            });
        } else {
            records.push(rank, written.at, 0, |out| out.extend_from_slice(line));
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

/// Takes note of what a row is and what it names, for the reconciliation.
fn see(seen: &mut Seen, rank: Rank, row: &Row<'_>) -> Result<(), RowFault> {
    let itself = match rank {
        TEAM => Some(To::Team),
        CHANNEL => Some(To::Channel),
        USER => Some(To::User),
        POST => Some(To::Post),
        _ => None,
    };
    if let (Some(to), Some(id)) = (itself, row.named("id")?) {
        seen.exists(to, &id);
    }
    let threads = ["root_id", "original_id"].map(|field| (To::Post, field));
    let threads = threads.into_iter().filter(|_| rank == POST);
    for (to, field) in table(rank).path.iter().map(|reach| (reach.to, reach.field)).chain(threads) {
        if !matches!(to, To::Team | To::Channel | To::User | To::Post) {
            continue;
        }
        if let Some(target) = row.named(field)? {
            seen.names(rank, field, to, &target);
        }
    }
    Ok(())
}

/// Whether a row is in scope; a field that cannot be read counts as absent, and encoding will say so.
pub(super) fn is_in_scope(scope: &Scope, rank: Rank, row: &Row<'_>) -> bool {
    scope.is_everything()
        || scope.admits(rank, &|field| {
            row.named(field).ok().flatten().map(|text| match text {
                std::borrow::Cow::Borrowed(text) => std::borrow::Cow::Borrowed(text.as_bytes()),
                std::borrow::Cow::Owned(text) => std::borrow::Cow::Owned(text.into_bytes()),
            })
        })
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
pub(super) fn quarantine(fault: RowFault, table: &str, number: Option<u64>, row: &[u8]) -> Exception {
    let digest = ring::digest::digest(&ring::digest::SHA256, row);
    Exception {
        class: fault.class(),
        object: number.map_or_else(|| table.to_owned(), |number| format!("{table}:{number}")),
        expected: fault.expected(),
        found: format!("{}; {} bytes, sha256:{}", fault.found(), row.len(), hex(digest.as_ref())),
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
