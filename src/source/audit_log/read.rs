//! One pass over all files: a thread reads, the others decode, and each keeps what it found to itself until the end.

use std::collections::HashMap;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use ring::digest::{SHA256, digest};

use super::entry::{self, Schema};
use super::file::{Digests, LogFile};
use super::mentions::Mentions;
use super::{AuditLog, AuditLogError, equal, said, twice};
use crate::record::exception::{Class, Exception};
use crate::record::id::hex;
use crate::record::json::Fault;
use crate::record::line::MAX_BYTES;
use crate::record::time::{self, Millis, Window};
use crate::source::Work;
use crate::source::bulk::blocks::{Block, Blocks, GIANT, lines};
use crate::source::catalogue::{AUDIT_LOG, table};
use crate::source::packed::Packing;
use crate::source::reconcile::fact::Facts;
use crate::source::sort::{ARENA_BYTES, Sorter, of_records};

/// What is wanted of an audit log.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Entries of this time; those without a time are not windowed.
    pub window: Window,
    /// Whether an entry that names these is in scope, and if so the members that follow its data; `None` for all.
    pub admits: Option<&'a Admits<'a>>,
}

/// Answers whether an entry is in scope, with the members of its line that follow its data.
pub type Admits<'a> = dyn Fn(&Mentions<'_>) -> Option<Vec<u8>> + Sync + 'a;

/// Everything that reading found.
#[derive(Debug)]
pub struct Heard {
    /// Records of the kind `audit_log`.
    pub records: Vec<Sorter>,
    /// Exceptions.
    pub exceptions: Vec<Sorter>,
    /// What the log tells about posts.
    pub facts: Vec<Facts>,
    /// How many lines went where.
    pub tally: Tally,
    /// The files, in order of their names.
    pub files: Vec<FileRead>,
}

/// Where lines went: `source` is the sum of the others, and counted apart from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that are not blank.
    pub source: u64,
    /// Records written.
    pub records: u64,
    /// Entries outside the scope.
    pub out_of_scope: u64,
    /// Lines that could not be kept.
    pub quarantined: u64,
}

/// A file that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRead {
    /// Its base name, with the beginning of its digest if several share that.
    pub name: String,
    /// Its length, when it was opened.
    pub bytes: u64,
    /// SHA-256 of these bytes, as they lie on the disk.
    pub sha256: [u8; 32],
    /// What it is packed by.
    pub packing: Packing,
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines of the flat schema, the nested one, and other objects.
    pub schemas: [u64; 3],
    /// Lines without a time that is understood.
    pub undated: u64,
    /// Lines in which the server says that it dropped records.
    pub notices: u64,
    /// The earliest and the latest time of a line.
    pub span: Option<(Millis, Millis)>,
}

impl AuditLog {
    /// Reads all lines that are wanted.
    pub fn read(&self, wanted: &Wanted<'_>, work: &Work<'_>) -> Result<Heard, AuditLogError> {
        let (send, receive) = sync_channel::<(usize, Block)>(work.threads.max(1));
        let receive = Mutex::new(receive);
        let (parts, digests) = std::thread::scope(|threads| {
            let workers: Vec<_> = (0..work.threads.max(1))
                .map(|_| {
                    let part = Part::new(self, wanted);
                    let receive = &receive;
                    threads.spawn(move || part.drain(receive, work))
                })
                .collect();
            let mut own = Part::new(self, wanted);
            let fed = self.feed(&mut own, send, work);
            let mut parts = vec![own];
            let mut failure = None;
            for worker in workers {
                match worker.join() {
                    Ok(Ok(part)) => parts.push(part),
                    Ok(Err(error)) => failure = failure.or(Some(error)),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            match (failure, fed) {
                (Some(error), _) | (None, Err(error)) => Err(error),
                (None, Ok(digests)) => Ok((parts, digests)),
            }
        })?;
        self.check_copies(&digests)?;
        self.gather(parts, &digests, work).map_err(AuditLogError::Temporary)
    }

    /// Refuses a file that holds what another one holds, compressed or not. Nothing is no copy of nothing.
    fn check_copies(&self, digests: &[Digests]) -> Result<(), AuditLogError> {
        let nothing = digest(&SHA256, b"");
        let mut seen = HashMap::new();
        for (file, Digests { content, .. }) in self.files.iter().zip(digests) {
            if content != nothing.as_ref()
                && let Some(same) = seen.insert(content, file)
            {
                return Err(twice(&same.path, &file.path));
            }
        }
        Ok(())
    }

    /// Hands out blocks of lines; returns the digests of each file.
    fn feed(
        &self,
        own: &mut Part<'_>,
        send: SyncSender<(usize, Block)>,
        work: &Work<'_>,
    ) -> Result<Vec<Digests>, AuditLogError> {
        let mut digests = Vec::with_capacity(self.files.len());
        for (at, file) in self.files.iter().enumerate() {
            let mut stream = file.stream(work.progress);
            let mut blocks = Blocks::new(&mut stream);
            while let Some(block) = blocks.read().map_err(|source| file.failed(source))? {
                work.progress.check()?;
                // Done here, so that there is one giant line in memory and no more.
                if matches!(&block, Block::Lines { bytes, .. } if bytes.len() > GIANT) {
                    own.block(at, block, work).map_err(AuditLogError::Temporary)?;
                    continue;
                }
                // A worker that has gone took its reason with it; it is reported when the workers are joined.
                if send.send((at, block)).is_err() {
                    break;
                }
            }
            digests.push(stream.digests());
        }
        // The workers end when nobody can send any more.
        drop(send);
        Ok(digests)
    }

    fn gather(&self, parts: Vec<Part<'_>>, digests: &[Digests], work: &Work<'_>) -> io::Result<Heard> {
        let mut heard = Heard {
            records: Vec::new(),
            exceptions: Vec::new(),
            facts: Vec::new(),
            tally: Tally::default(),
            files: self.files.iter().zip(digests).map(|(file, digests)| FileRead::new(file, digests.file)).collect(),
        };
        let mut heads = Vec::new();
        for part in parts {
            heard.tally.source += part.tally.source;
            heard.tally.records += part.tally.records;
            heard.tally.out_of_scope += part.tally.out_of_scope;
            heard.tally.quarantined += part.tally.quarantined;
            for (total, more) in heard.files.iter_mut().zip(&part.files) {
                total.add(more);
            }
            heard.records.push(part.records);
            heard.exceptions.push(part.exceptions);
            heard.facts.push(part.facts);
            heads.push(part.heads);
        }
        let mut more = Sorter::new(ARENA_BYTES / 8);
        heard.records = equal::number(heard.records, heads, AUDIT_LOG, &mut more, work)?;
        heard.exceptions.push(more);
        Ok(heard)
    }
}

impl FileRead {
    fn new(file: &LogFile, sha256: [u8; 32]) -> Self {
        Self { name: file.label.clone(), bytes: file.length, sha256, packing: file.packing, ..Self::default() }
    }

    fn add(&mut self, more: &Self) {
        self.lines += more.lines;
        self.undated += more.undated;
        self.notices += more.notices;
        for (total, more) in self.schemas.iter_mut().zip(more.schemas) {
            *total += more;
        }
        for at in more.span.iter().flat_map(|(first, last)| [*first, *last]) {
            self.date(at);
        }
    }

    fn date(&mut self, at: Millis) {
        let (first, last) = self.span.unwrap_or((at, at));
        self.span = Some((first.min(at), last.max(at)));
    }
}

/// What one thread found.
struct Part<'a> {
    log: &'a AuditLog,
    wanted: &'a Wanted<'a>,
    records: Sorter,
    exceptions: Sorter,
    heads: Sorter,
    facts: Facts,
    tally: Tally,
    files: Vec<FileRead>,
}

impl<'a> Part<'a> {
    fn new(log: &'a AuditLog, wanted: &'a Wanted<'a>) -> Self {
        Self {
            log,
            wanted,
            records: of_records(ARENA_BYTES / 2),
            exceptions: Sorter::new(ARENA_BYTES / 8),
            heads: Sorter::new(ARENA_BYTES / 8),
            facts: Facts::new(ARENA_BYTES / 8),
            tally: Tally::default(),
            files: vec![FileRead::default(); log.files.len()],
        }
    }

    fn drain(mut self, blocks: &Mutex<Receiver<(usize, Block)>>, work: &Work<'_>) -> Result<Self, AuditLogError> {
        loop {
            let next = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((file, block)) = next else { return Ok(self) };
            self.block(file, block, work).map_err(AuditLogError::Temporary)?;
        }
    }

    fn block(&mut self, file: usize, block: Block, work: &Work<'_>) -> io::Result<()> {
        match block {
            Block::Lines { first, bytes, .. } => {
                for (number, line) in (first..).zip(lines(&bytes)) {
                    let whole = line.ends_with(b"\n");
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    if !line.trim_ascii().is_empty() {
                        self.line(file, number, line, whole);
                    }
                    self.settle(work)?;
                }
            }
            Block::TooLong { line, length, sha256, .. } => {
                self.count(file);
                self.tally.quarantined += 1;
                let found = format!("{length} bytes, sha256:{}", hex(&sha256));
                self.except(file, line, Class::LineTooLong, "a line of at most 67,108,864 bytes", found);
            }
        }
        Ok(())
    }

    fn settle(&mut self, work: &Work<'_>) -> io::Result<()> {
        for sorter in [&mut self.records, &mut self.exceptions, &mut self.heads] {
            sorter.settle(work.temporary)?;
        }
        self.facts.settle(work.temporary)
    }

    fn count(&mut self, file: usize) {
        self.tally.source += 1;
        if let Some(read) = self.files.get_mut(file) {
            read.lines += 1;
        }
    }

    fn line(&mut self, file: usize, number: u64, line: &[u8], whole: bool) {
        self.count(file);
        if let Err(fault) = self.decode(file, number, line) {
            self.tally.quarantined += 1;
            let (class, expected) = if whole {
                (Class::LineUndecodable, "a JSON object of an audit log")
            } else {
                (Class::LineTruncated, "a whole line")
            };
            self.except(file, number, class, expected, format!("{}; {fault}", bytes_of(line)));
        }
    }

    fn decode(&mut self, file: usize, number: u64, line: &[u8]) -> Result<(), Fault> {
        let text =
            std::str::from_utf8(line).map_err(|error| Fault { offset: error.valid_up_to(), expected: "UTF-8" })?;
        let parsed = entry::parse(text)?;
        let written = entry::write(&parsed, text, table(AUDIT_LOG).kind)?;
        let at = parsed.entry.at;
        self.describe(file, parsed.entry.schema, at, parsed.notice);
        let in_time = at == 0 || self.wanted.window.contains(at);
        let rest = match self.wanted.admits.filter(|_| in_time) {
            Some(admits) => admits(&parsed.mentions),
            None => in_time.then(Vec::new),
        };
        let in_scope = rest.is_some();
        said::tell(&parsed.entry, text, written.sha256, in_scope, &mut self.facts);
        if parsed.notice && in_time {
            let when = time::format(at).filter(|_| at != 0).unwrap_or_else(|| "an unknown time".to_owned());
            let found = format!("dropped, says the server at {when}");
            self.except(file, number, Class::AuditLogGap, "every record of the audit log", found);
        }
        if !in_scope {
            self.tally.out_of_scope += 1;
        } else if written.line.len() + rest.as_ref().map_or(0, Vec::len) > MAX_BYTES {
            self.tally.quarantined += 1;
            let expected = "a record line of at most 16,777,216 bytes";
            self.except(file, number, Class::RecordTooLong, expected, bytes_of(line));
        } else {
            self.tally.records += 1;
            self.records.push(AUDIT_LOG, at, 0, |out| {
                let (rest, line) = (rest.unwrap_or_default(), written.line.as_slice());
                out.extend_from_slice(line.strip_suffix(b"}").unwrap_or(line));
                out.extend_from_slice(&rest);
                out.push(b'}');
            });
            self.heads.push(0, written.mark, 0, |_| {});
        }
        Ok(())
    }

    fn describe(&mut self, file: usize, schema: Schema, at: Millis, notice: bool) {
        let Some(read) = self.files.get_mut(file) else { return };
        let [flat, nested, other] = &mut read.schemas;
        *match schema {
            Schema::Flat => flat,
            Schema::Nested => nested,
            Schema::Other => other,
        } += 1;
        read.notices += u64::from(notice);
        if at == 0 {
            read.undated += 1;
        } else {
            read.date(at);
        }
    }

    fn except(&mut self, file: usize, line: u64, class: Class, expected: &'static str, found: String) {
        let name = self.log.files.get(file).map_or("", |file| file.label.as_str());
        let exception = Exception { class, object: format!("{name}:{line}"), expected, found, records: 1 };
        self.exceptions.push(0, 0, 0, |out| exception.push_line(out));
    }
}

fn bytes_of(line: &[u8]) -> String {
    format!("{} bytes, sha256:{}", line.len(), hex(digest(&SHA256, line).as_ref()))
}
