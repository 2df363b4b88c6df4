//! One pass over the lines: a thread cuts the stream into blocks, the others decode them side by side.
//!
//! Every thread keeps what it found to itself until the end, so nothing depends on which thread met which block.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::BulkError;
use super::blocks::{Block, Blocks, GIANT, Index, lines};
use super::container::Container;
use super::count;
use super::emit::{Emitter, Mode, Outcome};
use super::line::{self, LineFault};
use super::names::Names;
use crate::progress::Progress;
use crate::record::exception::Class;
use crate::record::id::hex;
use crate::record::json::Fault;
use crate::source::Work;
use crate::source::scope::Scope;
use crate::source::tally::{self, Counts, NONE};

/// What one thread found.
#[derive(Debug)]
pub struct Part {
    /// Records, exceptions, tallies.
    pub out: Outcome,
    /// Teams, channels and users.
    pub names: Names,
    /// Records of each kind, counted by the scanner.
    pub source: Counts,
    /// Lines by type; undecodable ones under `(undecodable)`.
    pub lines: BTreeMap<String, u64>,
}

/// Decodes all lines and says where they lie. With `keep` false, only what `names` learns is of interest.
pub fn run(container: &Container, scope: &Scope, keep: bool, work: &Work<'_>) -> Result<(Vec<Part>, Index), BulkError> {
    let mut index = container.index(work.temporary)?;
    let parts = container.lines(|stream| {
        let (send, receive) = sync_channel::<(Block, Option<Permit>)>(work.threads.max(1));
        let receive = Mutex::new(receive);
        let (permits, returned) = sync_channel::<Permit>(1);
        let _ = permits.send(Permit);
        std::thread::scope(|threads| {
            let workers: Vec<_> = (0..work.threads.max(1))
                .map(|_| {
                    let worker = Worker::new(container, scope, keep, work);
                    let (receive, permits) = (&receive, permits.clone());
                    threads.spawn(move || worker.drain(receive, &permits))
                })
                .collect();
            let fed = feed(stream, send, &returned, &mut index, container, work.progress);
            let mut parts = Vec::with_capacity(workers.len());
            let mut failure = fed.err();
            for worker in workers {
                match worker.join() {
                    Ok(Ok(part)) => parts.push(part),
                    Ok(Err(error)) => failure = failure.or(Some(error)),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            failure.map_or(Ok(parts), Err)
        })
    })?;
    Ok((parts, index))
}

/// Whoever holds it may have a giant line in memory; there is one.
struct Permit;

fn feed(
    stream: &mut (dyn Read + Send),
    send: SyncSender<(Block, Option<Permit>)>,
    returned: &Receiver<Permit>,
    index: &mut Index,
    container: &Container,
    progress: &Progress,
) -> Result<(), BulkError> {
    let failed = |source| BulkError::Lines { object: container.lines_name.clone(), source };
    let mut blocks = Blocks::new(stream);
    let mut first = true;
    while let Some(block) = blocks.read().map_err(failed)? {
        progress.check()?;
        let mut permit = None;
        if first && matches!(block, Block::TooLong { .. }) {
            return Err(BulkError::NoVersion { object: container.lines_name.clone() });
        }
        if let Block::Lines { first: line, offset, bytes } = &block {
            if std::mem::take(&mut first) {
                check_version(bytes, container)?;
            }
            index.add(*line, *offset, bytes).map_err(BulkError::Temporary)?;
            progress.add(bytes.len() as u64);
            if bytes.len() > GIANT {
                permit = returned.recv().ok();
            }
        }
        // A worker that has gone took its reason with it; it is reported when the workers are joined.
        if send.send((block, permit)).is_err() {
            break;
        }
    }
    // The workers end when nobody can send any more.
    drop(send);
    if first { Err(BulkError::NoVersion { object: container.lines_name.clone() }) } else { Ok(()) }
}

/// The first line says which version of the format this is; without it nothing can be trusted to mean what it says.
fn check_version(bytes: &[u8], container: &Container) -> Result<(), BulkError> {
    let object = container.lines_name.clone();
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let contents = crate::source::contents::Contents::none();
    let mut out = Emitter::new("", &contents, Path::new(""));
    out.begin(1, None, Mode::Rehearse);
    let text = std::str::from_utf8(line).unwrap_or_default();
    match line::decode(text, &Scope::default(), &mut out) {
        Ok("version") => Ok(()),
        Err(LineFault::UnknownVersion(found)) => Err(BulkError::UnknownVersion { object, found }),
        _ => Err(BulkError::NoVersion { object }),
    }
}

struct Worker<'c> {
    emitter: Emitter<'c>,
    scope: &'c Scope,
    keep: bool,
    source: Counts,
    lines: BTreeMap<String, u64>,
}

impl<'c> Worker<'c> {
    fn new(container: &'c Container, scope: &'c Scope, keep: bool, work: &Work<'_>) -> Self {
        let emitter = Emitter::new(&container.lines_name, &container.contents, work.temporary);
        Self { emitter, scope, keep, source: NONE, lines: BTreeMap::new() }
    }

    fn drain(
        mut self,
        blocks: &Mutex<Receiver<(Block, Option<Permit>)>>,
        permits: &SyncSender<Permit>,
    ) -> Result<Part, BulkError> {
        loop {
            let next = blocks.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((block, permit)) = next else { break };
            match block {
                Block::Lines { first, bytes, .. } => self.block(first, &bytes).map_err(BulkError::Temporary)?,
                Block::TooLong { line, length, sha256, counts } => {
                    self.emitter.begin(line, None, Mode::Normal);
                    tally::add(&mut self.source, &counts);
                    tally::add(&mut self.emitter.out.tally.quarantined, &counts);
                    let (found, records) = (format!("{length} bytes, sha256:{}", hex(&sha256)), counts.iter().sum());
                    self.emitter.except_line(Class::LineTooLong, "a line of at most 67,108,864 bytes", found, records);
                    *self.lines.entry("(too long)".to_owned()).or_default() += 1;
                }
            }
            if let Some(permit) = permit {
                let _ = permits.send(permit);
            }
        }
        let Emitter { out, names, .. } = self.emitter;
        Ok(Part { out, names, source: self.source, lines: self.lines })
    }

    fn block(&mut self, first: u64, bytes: &[u8]) -> io::Result<()> {
        for (number, line) in (first..).zip(lines(bytes)) {
            let whole = line.ends_with(b"\n");
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if !line.trim_ascii().is_empty() {
                self.line(number, line, whole);
            }
            self.emitter.settle()?;
        }
        Ok(())
    }

    fn line(&mut self, number: u64, line: &[u8], whole: bool) {
        count::count(line, &mut self.source);
        let kind = match self.decode(number, line) {
            Ok(kind) => kind,
            Err(fault) => {
                self.emitter.abandon();
                self.gap(line, whole, &fault)
            }
        };
        if let Some(seen) = self.lines.get_mut(kind) {
            *seen += 1;
        } else {
            self.lines.insert(kind.to_owned(), 1);
        }
    }

    fn decode<'a>(&mut self, number: u64, line: &'a [u8]) -> Result<&'a str, LineFault> {
        // Before anything can fail: what is taken back then must be this line and not the one before.
        self.emitter.begin(number, None, Mode::Rehearse);
        let text =
            std::str::from_utf8(line).map_err(|error| Fault { offset: error.valid_up_to(), expected: "UTF-8" })?;
        if line.len() > GIANT || !self.keep {
            let kind = line::decode(text, self.scope, &mut self.emitter)?;
            if !self.keep {
                return Ok(kind);
            }
            self.emitter.abandon();
        }
        let mode = if line.len() > GIANT { Mode::Giant } else { Mode::Normal };
        self.emitter.begin(number, None, mode);
        line::decode(text, self.scope, &mut self.emitter)
    }

    /// States that a line yielded nothing; what the scanner saw in it is quarantined.
    fn gap(&mut self, line: &[u8], whole: bool, fault: &LineFault) -> &'static str {
        let mut counts = NONE;
        count::count(line, &mut counts);
        tally::add(&mut self.emitter.out.tally.quarantined, &counts);
        let digest = ring::digest::digest(&ring::digest::SHA256, line);
        let bytes = format!("{} bytes, sha256:{}", line.len(), hex(digest.as_ref()));
        let records = counts.iter().sum();
        let (class, expected, found, kind) = match fault {
            LineFault::UnknownType(kind) => (
                Class::LineTypeUnknown,
                "a line type known to this version",
                format!("`{kind}`, {bytes}"),
                "(unknown type)",
            ),
            LineFault::UnknownVersion(version) => {
                (Class::LineUndecodable, "version 1", format!("version `{version}`, {bytes}"), "(undecodable)")
            }
            LineFault::Broken(fault) => {
                let class = if whole { Class::LineUndecodable } else { Class::LineTruncated };
                (class, "a line of a Mattermost bulk export", format!("{bytes}; {fault}"), "(undecodable)")
            }
        };
        self.emitter.except_line(class, expected, found, records);
        kind
    }
}
