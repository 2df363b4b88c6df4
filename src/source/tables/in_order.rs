//! Posts as a live database hands them over: in the order of their time, so that the largest table need not be sorted
//! again. Batches are encoded side by side and taken up in their order; records of the same millisecond are put in byte
//! order here, because no collation of a server is trusted.
//!
//! Invariant: memory is bounded also when millions of posts share one millisecond: such a group goes through a sorter
//! that keeps its runs on disk. Refuses nothing: an order that the server did not keep is found by the archive's writer.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::collect::{far, quarantine, rows};
use super::feed::{dated, query, wanted};
use super::scope::Scope;
use super::{Database, Store, Tables, TablesError, lock};
use crate::record::exception::Exception;
use crate::record::time::Millis;
use crate::source::Work;
use crate::source::catalogue::{POST, of_table};
use crate::source::rows::TableFound;
use crate::source::rows::encode::Encoder;
use crate::source::rows::fault::RowFault;
use crate::source::rows::plan::Plan;
use crate::source::sort::{Item, Merge, Sorter};

/// Bytes of a group of equal times that are held in memory.
const GROUP_BYTES: usize = 8 << 20;

/// Posts that are yet to be read.
#[derive(Debug)]
pub struct InOrder {
    database: Database,
    found: TableFound,
    threads: usize,
    temporary: PathBuf,
}

/// Encoded records of one batch, in order.
#[derive(Debug, Default)]
struct Chunk {
    lines: Vec<u8>,
    /// Time of each record, and where its line ends.
    entries: Vec<(Millis, usize)>,
    met: Met,
}

/// Where the rows of a batch went.
#[derive(Debug, Default)]
pub(super) struct Met {
    pub(super) records: u64,
    pub(super) quarantined: u64,
    pub(super) exceptions: Vec<Exception>,
}

/// Posts being read.
#[derive(Debug)]
pub(super) struct Posts {
    under_way: Receiver<Receiver<Chunk>>,
    reader: Option<JoinHandle<Result<u64, TablesError>>>,
    workers: Vec<JoinHandle<()>>,
    temporary: PathBuf,
    chunk: Chunk,
    /// Record of `chunk` that comes next.
    next: usize,
    /// The chunk behind `chunk`, once somebody looked.
    ahead: Option<Chunk>,
    /// Whether the last time of `chunk` is known not to go on in the next.
    is_closed: bool,
    /// Records of one time that came in more than one chunk.
    group: Option<Merge>,
    /// Where rows went since somebody asked.
    pub(super) met: Met,
}

impl Tables {
    /// The way on which posts come sorted: for a live database of which all is wanted, and nothing is to be compared.
    pub(super) fn in_order(&self, scope: &Scope, work: &Work<'_>) -> Result<Option<InOrder>, TablesError> {
        let Store::Live(server) = &self.store else { return Ok(None) };
        let server = lock(server);
        let readable = server.readable();
        let mut posts = readable.iter().filter(|found| of_table(&found.name).any(|rank| rank == POST)).map(wanted);
        // `posts` and `"Posts"` would be two.
        let (Some(found), None) = (posts.next(), posts.next()) else { return Ok(None) };
        let (_, at) = dated(&found);
        if !scope.is_everything() || self.log.is_some() || at.is_empty() || Plan::new(POST, &found.columns).is_err() {
            return Ok(None);
        }
        let Some(database) = server.beside(None)? else { return Ok(None) };
        Ok(Some(InOrder { database, found, threads: work.threads.max(1), temporary: work.temporary.to_owned() }))
    }
}

type Task = (Vec<u8>, SyncSender<Chunk>);

impl InOrder {
    /// Begins to read.
    pub(super) fn start(self) -> Posts {
        let (tasks, receive) = sync_channel::<Task>(self.threads);
        let (announce, under_way) = sync_channel(self.threads + 1);
        let receive = Arc::new(Mutex::new(receive));
        let found = Arc::new(self.found);
        let workers = (0..self.threads)
            .map(|_| {
                let (receive, found) = (receive.clone(), found.clone());
                std::thread::spawn(move || encode_all(&found, &receive))
            })
            .collect();
        let mut database = self.database;
        let reader = std::thread::spawn(move || {
            let (dated, at) = dated(&found);
            let mut query = query(&found, None);
            query.all_of = vec![dated];
            query.order = Some(at);
            database.read(&query, &mut |text| {
                let (send, chunk) = sync_channel(1);
                tasks.send((text, send)).is_ok() && announce.send(chunk).is_ok()
            })
        });
        Posts {
            under_way,
            reader: Some(reader),
            workers,
            temporary: self.temporary,
            chunk: Chunk::default(),
            next: 0,
            ahead: None,
            is_closed: false,
            group: None,
            met: Met::default(),
        }
    }
}

/// Encodes batches until none comes any more.
fn encode_all(found: &TableFound, tasks: &Mutex<Receiver<Task>>) {
    let Ok(plan) = Plan::new(POST, &found.columns) else { return };
    let mut encoder = Encoder::new(&plan);
    loop {
        let task = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((text, send)) = task else { break };
        // Nobody receives when the work broke off.
        let _ = send.send(Chunk::encode(&mut encoder, &found.name, &text));
    }
}

impl Chunk {
    fn encode(encoder: &mut Encoder<'_>, table: &str, text: &[u8]) -> Self {
        let mut chunk = Self { lines: Vec::with_capacity(text.len() * 2), ..Self::default() };
        for row in rows(text) {
            if let Err(fault) = chunk.push(encoder, row) {
                chunk.met.quarantined += 1;
                chunk.met.exceptions.push(quarantine(fault, encoder, table, None, row));
            }
        }
        chunk.sort();
        chunk
    }

    fn push(&mut self, encoder: &mut Encoder<'_>, row: &[u8]) -> Result<(), RowFault> {
        let mut row = encoder.row(row)?;
        let written = row.encode(&mut self.lines)?;
        self.entries.push((written.at, self.lines.len()));
        self.met.records += 1;
        if written.far {
            self.met.exceptions.push(far(POST, row.id()?));
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn at(&self, index: usize) -> Millis {
        self.entries.get(index).map_or(0, |entry| entry.0)
    }

    fn item(&self, index: usize) -> Option<Item<'_>> {
        let (at, end) = *self.entries.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.entries.get(before)).map_or(0, |entry| entry.1);
        Some(Item { kind: POST, at, tag: 0, line: self.lines.get(start..end)? })
    }

    /// Puts records of one time in the order of their lines.
    fn sort(&mut self) {
        let mut start = 0;
        while start < self.len() {
            let end = start + self.entries[start..].iter().take_while(|entry| entry.0 == self.at(start)).count();
            if end - start > 1 {
                self.sort_group(start..end);
            }
            start = end;
        }
    }

    fn sort_group(&mut self, group: Range<usize>) {
        let mut lines: Vec<&[u8]> = group.clone().filter_map(|index| Some(self.item(index)?.line)).collect();
        if lines.is_sorted() {
            return;
        }
        lines.sort_unstable();
        let lengths: Vec<usize> = lines.iter().map(|line| line.len()).collect();
        let sorted = lines.concat();
        let mut end = self.entries[group.end - 1].1 - sorted.len();
        self.lines[end..end + sorted.len()].copy_from_slice(&sorted);
        for (entry, length) in self.entries[group].iter_mut().zip(lengths) {
            end += length;
            entry.1 = end;
        }
    }
}

impl Posts {
    /// The record that comes next; nothing before [`Self::prepare`] and after the last one.
    pub(super) fn peek(&self) -> Option<Item<'_>> {
        self.group.as_ref().map_or_else(|| self.chunk.item(self.next), Merge::peek)
    }

    /// Moves past the record that [`Self::peek`] shows.
    pub(super) fn advance(&mut self) -> io::Result<()> {
        if let Some(group) = &mut self.group {
            group.advance()?;
            if group.peek().is_some() {
                return Ok(());
            }
            self.group = None;
        } else {
            self.next += 1;
        }
        self.prepare()
    }

    /// Sees to it that what stands at `next` is the next record: the last time of a chunk may go on in the next chunk,
    /// and then all records of that time are put in order together.
    pub(super) fn prepare(&mut self) -> io::Result<()> {
        if self.next == self.chunk.len() && !self.turn()? {
            return Ok(());
        }
        let at = self.chunk.at(self.next);
        if self.is_closed || at != self.chunk.at(self.chunk.len() - 1) {
            return Ok(());
        }
        self.ahead = self.fetch()?;
        self.is_closed = self.ahead.as_ref().is_none_or(|ahead| ahead.at(0) != at);
        if self.is_closed {
            return Ok(());
        }
        let mut group = Sorter::new(GROUP_BYTES);
        loop {
            while let Some(item) = self.chunk.item(self.next).filter(|item| item.at == at) {
                group.push(POST, at, 0, |out| out.extend_from_slice(item.line));
                group.settle(&self.temporary)?;
                self.next += 1;
            }
            if self.next < self.chunk.len() || !self.turn()? {
                break;
            }
        }
        self.group = Some(Merge::new(vec![group])?);
        Ok(())
    }

    /// Goes on to the next chunk; false if there is none.
    fn turn(&mut self) -> io::Result<bool> {
        let chunk = self.fetch()?;
        let found = chunk.is_some();
        (self.chunk, self.next, self.is_closed) = (chunk.unwrap_or_default(), 0, false);
        Ok(found)
    }

    /// The next chunk that holds a record.
    fn fetch(&mut self) -> io::Result<Option<Chunk>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while let Ok(chunk) = self.under_way.recv() {
            // A worker that panicked hands over nothing, and is found below.
            let Ok(mut chunk) = chunk.recv() else { break };
            let met = std::mem::take(&mut chunk.met);
            self.met.records += met.records;
            self.met.quarantined += met.quarantined;
            self.met.exceptions.extend(met.exceptions);
            if chunk.len() > 0 {
                return Ok(Some(chunk));
            }
        }
        // A reader that waits for room must not be waited for: nothing more is taken from it.
        self.under_way = sync_channel(0).1;
        for worker in self.workers.drain(..) {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
        match self.reader.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(_))) => Ok(None),
            Some(Ok(Err(error))) => Err(io::Error::other(error)),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_one_time_come_in_the_order_of_their_lines() {
        let rows = [(1, "z"), (2, "b"), (2, "a"), (2, "aa"), (3, "long"), (4, "y"), (4, "x")];
        let mut chunk = Chunk::default();
        for (at, line) in rows {
            chunk.lines.extend_from_slice(line.as_bytes());
            chunk.entries.push((at, chunk.lines.len()));
        }
        chunk.sort();
        let sorted: Vec<_> =
            (0..chunk.len()).filter_map(|index| chunk.item(index)).map(|item| (item.at, item.line)).collect();
        let expected = [(1, "z"), (2, "a"), (2, "aa"), (2, "b"), (3, "long"), (4, "x"), (4, "y")];
        assert_eq!(sorted, expected.map(|(at, line)| (at, line.as_bytes())));
    }
}
