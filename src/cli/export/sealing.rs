//! The pipeline of an export: source → select → archive, straight through.
//!
//! Everything comes in as arguments; what goes out is the sealed archive and an account of it. A failure at any point
//! drops the stage, which removes what was written.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::clocks::Clocks;
use super::contents::write_contents;
use super::judging::{Judging, Outcome, Records, Sorted};
use super::ledger::Chain;
use crate::archive::records::{self, Incoming, RecordsError};
use crate::archive::salt::ArchiveSalt;
use crate::archive::seal::{Clock, Origin};
use crate::archive::stage::{Stage, StageError};
use crate::archive::summary::{Counts, Kinds};
use crate::archive::writer::{self, Contents, Judged, NextLine, Sealed, Statement, WriterError};
use crate::chain::IndexError;
use crate::cli::policy::Loaded;
use crate::cli::run::held::Held;
use crate::cli::run::series::Series;
use crate::keys::Signer;
use crate::ledger::head::Head;
use crate::ledger::{LedgerError, Recovered};
use crate::merkle::Hash;
use crate::policy::unknown::Unknown;
use crate::progress::{Interrupted, Progress};
use crate::record::exception::{Class, Exception};
use crate::record::id::hex;
use crate::record::time::{self, Millis};
use crate::select::judged::Account;
use crate::select::sieve::Sieved;
use crate::select::{self, Lines, Selection, Source, SourceError};
use crate::source::Work;
use crate::source::catalogue::table;
use crate::source::original::{Hashed, OriginalError};
use crate::source::scope::Asked;
use crate::source::sort::{ARENA_BYTES, Item, Sorter};
use crate::source::tally;

/// Program and version, as archives name it.
pub(in crate::cli) const AGENT: &str = concat!("chatseal ", env!("CARGO_PKG_VERSION"));

/// Everything that an export needs to know.
pub(in crate::cli) struct Job<'a> {
    /// The opened source.
    pub(in crate::cli) source: Source,
    /// What is wanted of it.
    pub(in crate::cli) asked: Asked,
    /// Who signs.
    pub(in crate::cli) signer: Signer,
    /// Where the archive goes.
    pub(in crate::cli) output: PathBuf,
    /// Who keeps the series of archives.
    pub(in crate::cli) origin: Origin,
    /// SHA-256 of the previous archive's `seal.txt`; a ledger knows its own.
    pub(in crate::cli) previous: Option<Hash>,
    /// The ledger that it goes into.
    pub(in crate::cli) ledger: Option<PathBuf>,
    /// The archives that it follows, for a run that leaves out what they hold.
    pub(in crate::cli) series: Option<Series>,
    /// Policies and holds; `None` if none were given.
    pub(in crate::cli) in_force: Option<Loaded>,
    /// The archive's salt.
    pub(in crate::cli) salt: ArchiveSalt,
    /// When it is sealed.
    pub(in crate::cli) time: Millis,
    /// Whether the clock said so, and nobody else.
    pub(in crate::cli) is_clocked: bool,
    /// Threads that work.
    pub(in crate::cli) threads: usize,
    /// Told about bytes, asked whether to stop.
    pub(in crate::cli) progress: &'a Progress,
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum SealingError {
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file that the source consists of.
    #[error(transparent)]
    Original(#[from] OriginalError),
    /// Temporary files.
    #[error("cannot read temporary files back")]
    Temporary(#[source] io::Error),
    /// The archive's file.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The record lines.
    #[error(transparent)]
    Records(#[from] RecordsError),
    /// The rest of the archive.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Rules or holds name what the source does not have.
    #[error("{} names in rules and holds match nothing", .0.len())]
    Unknown(Vec<Unknown>),
    /// What earlier archives hold cannot be told.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What came of an export.
pub(in crate::cli) struct Exported {
    /// The archive.
    pub(in crate::cli) sealed: Sealed,
    /// Names in rules and holds that match nothing and need not.
    pub(in crate::cli) unknown: Vec<Unknown>,
    /// The new head of the ledger.
    pub(in crate::cli) head: Option<Head>,
    /// What earlier runs had left unfinished.
    pub(in crate::cli) recovered: Vec<Recovered>,
    /// What the clocks said.
    pub(in crate::cli) clocks: Clocks,
    /// When the certificate of the key that signed ceases to be valid, if it has one that does.
    pub(in crate::cli) key_expires: Option<Millis>,
}

/// Reads, selects, judges, writes and seals.
pub(in crate::cli) fn seal(job: &Job<'_>) -> Result<Exported, SealingError> {
    let mut stage = Stage::create(&job.output)?;
    let temporary = temporary(&job.output);
    let work = Work { threads: job.threads, temporary: &temporary, progress: job.progress };
    let judging = job.in_force.as_ref().map(|in_force| Judging::new(in_force, &job.source, job.time, &work));
    let judging = judging.transpose()?.transpose().map_err(SealingError::Unknown)?;

    let changes = job.series.as_ref().and_then(|series| Some(series.news.as_ref()?.changes.clone()));
    let asked = Asked { changes, ..job.asked.clone() };

    job.progress.phase("reading");
    job.progress.expect(job.source.size());
    let originals = job.source.originals();
    let failed = AtomicBool::new(false);
    let stop = || failed.load(Ordering::Relaxed) || job.progress.interrupted();
    let (digests, selected) = std::thread::scope(|threads| {
        let digests =
            threads.spawn(|| originals.iter().map(|original| original.hashed(&stop)).collect::<Result<Vec<_>, _>>());
        let selected = job.source.select(&asked, &work);
        failed.store(selected.is_err(), Ordering::Relaxed);
        (digests.join(), selected)
    });
    let mut selection = selected?;
    let mut files = digests.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let sources = files.len();
    files.extend(selection.logs());

    let mut exceptions = Sorter::new(ARENA_BYTES / 8);
    let held =
        job.series.as_ref().and_then(|series| Some(Held::new(series, series.news.as_ref()?, &selection, &temporary)));
    let mut held = held.transpose()?;
    let completed =
        write_contents(&mut stage, &mut selection, judging.as_ref(), held.as_mut(), &mut exceptions, &work)?;

    job.progress.phase("sealing");
    let (written, outcome) = {
        let lines = selection.records(completed).map_err(SealingError::Temporary)?;
        let lines = match &mut held {
            None => lines,
            Some(held) => Lines::Sieved(Box::new(Sieved::new(lines, Box::new(|question| held.answer(question))))),
        };
        let mut records = Records::new(lines, judging.as_ref(), &work);
        let mut twice = |record: Incoming<'_>| push_duplicate(&mut exceptions, record);
        let mut next = |give: &mut dyn FnMut(Incoming<'_>)| {
            records.next(&work, &mut |Item { kind, at, line, .. }| {
                give(Incoming { kind: table(kind).kind, at, line });
            })
        };
        let written = records::write(&mut stage, &job.salt, job.threads, job.progress, &mut next, &mut twice)?;
        (written, records.end())
    };
    originals.iter().try_for_each(|original| original.check_unchanged())?;
    account(held, &mut selection, &mut exceptions);

    let clocks = Clocks::of(job, &written.rows);
    for exception in clocks.disagreements() {
        exceptions.push(0, 0, 0, |out| exception.push_line(out));
    }
    let source = job.source.describe(&files, &selection, &asked, clocks.newest);
    let custody = custody(job, files.split_at(sources));
    let kinds = kinds(&selection, outcome.as_ref());
    let statement = Statement {
        origin: job.origin.clone(),
        number: None,
        previous: job.previous,
        clock: if job.series.is_some() { Clock::Change } else { Clock::Event },
        window: job.series.as_ref().map_or_else(|| selection.window(&job.asked), |series| series.window),
        time: job.time,
        agent: AGENT,
        source: &source,
        custody: &custody,
        purged_posts: selection.purged_posts(),
        is_judged: judging.is_some(),
    };
    writer::write_preface(&mut stage, &statement)?;
    for exception in judging.iter().zip(&outcome).flat_map(|(judging, outcome)| outcome.exceptions(judging)) {
        exceptions.push(0, 0, 0, |out| exception.push_line(out));
    }
    let gaps = {
        let mut stream = selection.exceptions(exceptions).map_err(SealingError::Temporary)?;
        writer::write_exceptions(&mut stage, &mut |give| {
            let Some(item) = stream.advance()? else { return Ok(false) };
            give(item.line);
            Ok(true)
        })?
    };
    let (mut withheld, mut hold_sets, unknown) =
        (Sorted::default(), None, judging.map_or_else(Vec::new, |judging| judging.unknown));
    let judged = match (&job.in_force, outcome) {
        (Some(Loaded { policies, holds, .. }), Some(outcome)) => {
            let decided = outcome.decided();
            withheld = Sorted::new(outcome.withheld).map_err(SealingError::Temporary)?;
            hold_sets = Sorted::once(outcome.hold_sets).map_err(SealingError::Temporary)?;
            Some(Judged { policies, holds, decided })
        }
        _ => None,
    };
    let mut withheld = |give: &mut dyn FnMut(&[u8])| withheld.next(give);
    let mut hold_sets = hold_sets.as_mut().map(|sets| |give: &mut dyn FnMut(&[u8])| sets.next(give));
    let hold_sets = hold_sets.as_mut().map(|next| next as &mut NextLine<'_>);
    let contents = Contents { written: &written, kinds, gaps, judged, hold_sets, withheld: &mut withheld };
    let (sealed, new_head, recovered) = publish(job, stage, contents, statement)?;
    let key_expires = job.signer.expires();
    Ok(Exported { sealed, unknown, head: new_head, recovered, clocks, key_expires })
}

/// Seals, and gives the archive its name: of a ledger, with its place there and after the commit.
fn publish(
    job: &Job<'_>,
    stage: Stage,
    contents: Contents<'_>,
    mut statement: Statement<'_>,
) -> Result<(Sealed, Option<Head>, Vec<Recovered>), SealingError> {
    let Some(folder) = &job.ledger else {
        let staged = writer::seal(stage, contents, &job.salt, &job.signer, statement)?;
        return Ok((staged.publish()?, None, Vec::new()));
    };
    let mut chain = Chain::open(folder, &job.signer, job.time, job.progress)?;
    let (number, previous) = chain.place();
    (statement.number, statement.previous) = (Some(number), previous);
    let staged = writer::seal(stage, contents, &job.salt, &job.signer, statement)?;
    let sealed = chain.commit(staged, &job.output, &job.signer)?;
    Ok((sealed, chain.head(), std::mem::take(&mut chain.recovered)))
}

/// Counts what earlier archives hold as out of scope, and states what comparing with them showed.
fn account(held: Option<Held<'_>>, selection: &mut Selection<'_>, exceptions: &mut Sorter) {
    let Some(held) = held else { return };
    selection.account(&held.known, &held.added);
    for exception in held.exceptions() {
        exceptions.push(0, 0, 0, |out| exception.push_line(out));
    }
}

/// Temporary files lie beside the output: there is room for it, and it is as private.
fn temporary(output: &Path) -> PathBuf {
    output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// The id in a record line: `{"kind":"…","id":"…"` has it between the seventh quotation mark and the eighth.
pub(in crate::cli) fn id_of(line: &[u8]) -> Cow<'_, str> {
    line.split(|b| *b == b'"').nth(7).map(String::from_utf8_lossy).unwrap_or_default()
}

fn push_duplicate(exceptions: &mut Sorter, record: Incoming<'_>) {
    let exception = Exception {
        class: Class::DuplicateRow,
        object: format!("{}/{}", record.kind, id_of(record.line)),
        expected: "each row once",
        found: "a line equal to the one before; both are kept".to_owned(),
        records: 1,
    };
    exceptions.push(0, 0, 0, |out| exception.push_line(out));
}

fn kinds(selection: &Selection<'_>, outcome: Option<&Outcome>) -> Kinds {
    let counts = |row: select::Row| {
        let select::Row { rank, source, records, out_of_scope, quarantined } = row;
        let account = outcome.map(|outcome| &outcome.account);
        let of =
            |counts: fn(&Account) -> &tally::Counts| account.map_or(0, |account| counts(account)[usize::from(rank)]);
        let (withheld, too_long) = (of(|account| &account.withheld), of(|account| &account.too_long));
        let records = records.saturating_sub(withheld + too_long);
        let counts = match source {
            Some(source) => {
                Counts::Read { source, records, out_of_scope, withheld, quarantined: quarantined + too_long }
            }
            None => Counts::Finding { records },
        };
        (table(rank).kind.to_owned(), counts)
    };
    Kinds(selection.equation().into_iter().map(counts).collect())
}

/// Lines of custody, one for each file of the source, or one for a live source, and one for each file of the audit log: who
/// acquired what, how, with which build. No host, no path, no command line.
fn custody(job: &Job<'_>, (files, logs): (&[Hashed], &[Hashed])) -> Vec<u8> {
    let line = |method: &str, source: &str, sha256: Option<&[u8; 32]>| {
        let mut document = serde_json::json!({
            "event": "acquired",
            "time": time::format(job.time),
            "by": job.signer.public_key().fingerprint(),
            "tool": AGENT,
            "method": method,
            "source": source,
        });
        if let (Some(sha256), Some(members)) = (sha256, document.as_object_mut()) {
            members.insert("source_sha256".to_owned(), hex(sha256).into());
        }
        document.to_string() + "\n"
    };
    let own = job.source.method();
    let mut lines: String = files.iter().map(|file| line(own, &file.name, Some(&file.sha256))).collect();
    if lines.is_empty() {
        lines = line(own, &job.source.name(), None);
    }
    let log = |file: &Hashed| {
        line("read a file of the server's audit log; it was opened read-only", &file.name, Some(&file.sha256))
    };
    lines.extend(logs.iter().map(log));
    lines.into_bytes()
}
