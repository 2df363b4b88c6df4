//! The pipeline of an export: source → select → archive, straight through.
//!
//! Everything comes in as arguments; what goes out is the sealed archive and an account of it. A failure at any point
//! drops the stage, which removes what was written.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::judging::{Judging, Outcome, Records, Sorted};
use super::ledger::Chain;
use crate::archive::names::Member;
use crate::archive::records::{self, Incoming, RecordsError};
use crate::archive::salt::ArchiveSalt;
use crate::archive::seal::Origin;
use crate::archive::stage::{Stage, StageError};
use crate::archive::summary::{Counts, Kinds};
use crate::archive::writer::{self, Contents, Judged, Sealed, Statement, WriterError};
use crate::cli::policy::Loaded;
use crate::keys::Signer;
use crate::ledger::head::Head;
use crate::ledger::{LedgerError, Recovered};
use crate::merkle::Hash;
use crate::policy::unknown::Unknown;
use crate::progress::{Interrupted, Progress};
use crate::record::exception::{Class, Exception};
use crate::record::id::hex;
use crate::record::line::push_string;
use crate::record::time::{self, Millis};
use crate::select::judged::Account;
use crate::select::{self, Selection, Source, SourceError};
use crate::source::Work;
use crate::source::catalogue::table;
use crate::source::contents::{ContentReader, Gap};
use crate::source::file_store;
use crate::source::original::{Hashed, OriginalError};
use crate::source::scope::Asked;
use crate::source::sort::{ARENA_BYTES, Item, Sorter};
use crate::source::tally;

/// Program and version, as archives name it.
pub(super) const AGENT: &str = concat!("chatseal ", env!("CARGO_PKG_VERSION"));

/// How the field of a file's size begins; bulk exports have none.
const STATED_SIZE: &[u8] = b",\"size\":";

/// Everything that an export needs to know.
pub(super) struct Job<'a> {
    /// The opened source.
    pub(super) source: Source,
    /// What is wanted of it.
    pub(super) asked: Asked,
    /// Who signs.
    pub(super) signer: Signer,
    /// Where the archive goes.
    pub(super) output: PathBuf,
    /// Who keeps the series of archives.
    pub(super) origin: Origin,
    /// SHA-256 of the previous archive's `seal.txt`; a ledger knows its own.
    pub(super) previous: Option<Hash>,
    /// The ledger that it goes into.
    pub(super) ledger: Option<PathBuf>,
    /// Policies and holds; `None` if none were given.
    pub(super) in_force: Option<Loaded>,
    /// The archive's salt.
    pub(super) salt: ArchiveSalt,
    /// When it is sealed.
    pub(super) time: Millis,
    /// Threads that work.
    pub(super) threads: usize,
    /// Told about bytes, asked whether to stop.
    pub(super) progress: &'a Progress,
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SealingError {
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
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What came of an export.
pub(super) struct Exported {
    /// The archive.
    pub(super) sealed: Sealed,
    /// Names in rules and holds that match nothing and need not.
    pub(super) unknown: Vec<Unknown>,
    /// The new head of the ledger.
    pub(super) head: Option<Head>,
    /// What earlier runs had left unfinished.
    pub(super) recovered: Vec<Recovered>,
}

/// Reads, selects, judges, writes and seals.
pub(super) fn seal(job: &Job<'_>) -> Result<Exported, SealingError> {
    let mut stage = Stage::create(&job.output)?;
    let temporary = temporary(&job.output);
    let work = Work { threads: job.threads, temporary: &temporary, progress: job.progress };
    let judging = job.in_force.as_ref().map(|in_force| Judging::new(in_force, &job.source, job.time, &work));
    let judging = judging.transpose()?.transpose().map_err(SealingError::Unknown)?;

    job.progress.phase("reading");
    job.progress.expect(job.source.size());
    let originals = job.source.originals();
    let failed = AtomicBool::new(false);
    let stop = || failed.load(Ordering::Relaxed) || job.progress.interrupted();
    let (digests, selected) = std::thread::scope(|threads| {
        let digests =
            threads.spawn(|| originals.iter().map(|original| original.hashed(&stop)).collect::<Result<Vec<_>, _>>());
        let selected = job.source.select(&job.asked, &work);
        failed.store(selected.is_err(), Ordering::Relaxed);
        (digests.join(), selected)
    });
    let mut selection = selected?;
    let mut files = digests.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    files.extend(selection.logs());

    let mut exceptions = Sorter::new(ARENA_BYTES / 8);
    let completed = write_contents(&mut stage, &mut selection, judging.as_ref(), &mut exceptions, &work)?;

    job.progress.phase("sealing");
    let (written, outcome) = {
        let lines = selection.records(completed).map_err(SealingError::Temporary)?;
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

    let source = job.source.describe(&files, &selection, &job.asked);
    let custody = custody(job, &files);
    let kinds = kinds(&selection, outcome.as_ref());
    let mut statement = Statement {
        origin: job.origin.clone(),
        number: None,
        previous: job.previous,
        window: job.asked.window,
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
    let (mut withheld, unknown) = (Sorted::default(), judging.map_or_else(Vec::new, |judging| judging.unknown));
    let judged = match (&job.in_force, outcome) {
        (Some(Loaded { policies, holds, .. }), Some(outcome)) => {
            let decided = outcome.decided();
            withheld = Sorted::new(outcome.withheld).map_err(SealingError::Temporary)?;
            Some(Judged { policies, holds, decided })
        }
        _ => None,
    };
    let mut withheld = |give: &mut dyn FnMut(&[u8])| withheld.next(give);
    let contents = Contents { written: &written, kinds, gaps, judged, withheld: &mut withheld };
    let Some(folder) = &job.ledger else {
        let staged = writer::seal(stage, contents, &job.salt, &job.signer, statement)?;
        return Ok(Exported { sealed: staged.publish()?, unknown, head: None, recovered: Vec::new() });
    };
    let mut chain = Chain::open(folder, &job.signer, job.time, job.progress)?;
    let (number, previous) = chain.place();
    (statement.number, statement.previous) = (Some(number), previous);
    let staged = writer::seal(stage, contents, &job.salt, &job.signer, statement)?;
    let sealed = chain.commit(staged, &job.output, &job.signer)?;
    Ok(Exported { sealed, unknown, head: chain.head(), recovered: std::mem::take(&mut chain.recovered) })
}

/// Temporary files lie beside the output: there is room for it, and it is as private.
fn temporary(output: &Path) -> PathBuf {
    output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Copies the files that records name, in order of first use, and completes those records' lines.
fn write_contents(
    stage: &mut Stage,
    selection: &mut Selection<'_>,
    judging: Option<&Judging>,
    exceptions: &mut Sorter,
    work: &Work<'_>,
) -> Result<Sorter, SealingError> {
    let mut completed = Sorter::new(ARENA_BYTES / 4);
    work.progress.phase("copying");
    let mut contents = selection.content_reader();
    let mut seen = HashSet::<Hash>::new();
    let mut stream = selection.contents().map_err(SealingError::Temporary)?;
    while let Some(item) = stream.advance().map_err(SealingError::Temporary)? {
        work.progress.check()?;
        let (line, path) = split(item.line);
        // What will be withheld leaves no bytes behind; its line goes on, to be counted with the others.
        let outcome = if judging.is_some_and(|judging| judging.judge.withholds(item.kind, item.at, line)) {
            Content::NotWanted
        } else {
            copy(stage, &mut contents, path, &mut seen, work.progress)?
        };
        completed.push(item.kind, item.at, 0, |out| {
            out.extend_from_slice(line);
            push_content(out, &outcome);
        });
        if let Some(gap) = gap(outcome, line) {
            let object = format!("{}/{}", table(item.kind).kind, id_of(line));
            let found = format!("{}: {path}", gap.found);
            let exception =
                Exception { class: gap.class, object, expected: "the bytes of the file", found, records: 1 };
            exceptions.push(0, 0, 0, |out| exception.push_line(out));
        }
        completed
            .settle(work.temporary)
            .and_then(|()| exceptions.settle(work.temporary))
            .map_err(SealingError::Temporary)?;
    }
    Ok(completed)
}

/// A line and the path of its content: the first line feed divides them, because a record line holds none.
fn split(line: &[u8]) -> (&[u8], &str) {
    let at = memchr::memchr(b'\n', line).unwrap_or(line.len());
    (&line[..at], line.get(at + 1..).and_then(|path| std::str::from_utf8(path).ok()).unwrap_or_default())
}

/// The id in a record line: `{"kind":"…","id":"…"` has it between the seventh quotation mark and the eighth.
pub(super) fn id_of(line: &[u8]) -> Cow<'_, str> {
    line.split(|b| *b == b'"').nth(7).map(String::from_utf8_lossy).unwrap_or_default()
}

/// What became of a file's bytes.
enum Content {
    Here { digest: Hash, bytes: u64 },
    Gap(Gap),
    NotWanted,
}

fn copy(
    stage: &mut Stage,
    contents: &mut ContentReader,
    path: &str,
    seen: &mut HashSet<Hash>,
    progress: &Progress,
) -> Result<Content, SealingError> {
    if !contents.is_wanted() {
        return Ok(Content::NotWanted);
    }
    let member_len = Member::Content([0; 32]).to_string().len();
    let mut failure = None;
    let mut lied = None;
    let read = contents.read(path, |input, declared| {
        let mut draft = stage.begin(member_len, declared);
        let copied = match draft.copy(input, declared, &|bytes| progress.add(bytes)) {
            Ok(Some(bytes)) if bytes == declared => bytes,
            Ok(Some(bytes)) => {
                lied = Some((declared, bytes));
                return Ok(None);
            }
            Ok(None) => return Ok(None),
            Err(error) => {
                failure = Some(error);
                return Ok(None);
            }
        };
        let digest = draft.digest();
        if seen.insert(digest)
            && let Err(error) = draft.finish(|digest| Member::Content(*digest))
        {
            failure = Some(error);
        }
        Ok(Some((digest, copied)))
    });
    if let Some(error) = failure {
        return Err(error.into());
    }
    Ok(match read.map_err(SealingError::Temporary)? {
        Ok((digest, bytes)) => Content::Here { digest, bytes },
        Err(_) if lied.is_some() => {
            let (declared, found) = lied.unwrap_or_default();
            let more = if found > declared { "or more" } else { "only" };
            let found = format!("{declared} bytes stated, {found} {more}");
            Content::Gap(Gap { class: Class::FileSizeMismatch, found })
        }
        Err(gap) => Content::Gap(gap),
    })
}

/// What is to be stated about a file: that its bytes are not there, or that they are not as many as its row states.
fn gap(content: Content, line: &[u8]) -> Option<Gap> {
    match content {
        Content::Here { bytes, .. } => stated_size(line).and_then(|size| file_store::size_mismatch(size, bytes)),
        Content::Gap(gap) => Some(gap),
        Content::NotWanted => None,
    }
}

/// The field `size` of a file's line. No string can hold these bytes: its quotation marks would be escaped.
fn stated_size(line: &[u8]) -> Option<i64> {
    let start = memchr::memmem::find(line, STATED_SIZE)? + STATED_SIZE.len();
    let digits = line.get(start..)?;
    let end = digits.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b'-')).unwrap_or(digits.len());
    std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

fn push_content(out: &mut Vec<u8>, content: &Content) {
    match content {
        Content::Here { digest, bytes } => {
            let text = format!(
                ",\"content_sha256\":\"{}\",\"content_bytes\":{bytes},\"content_member\":\"{}\"",
                hex(digest),
                Member::Content(*digest)
            );
            out.extend_from_slice(text.as_bytes());
        }
        Content::Gap(gap) => {
            out.extend_from_slice(b",\"content_missing\":");
            push_string(out, gap.class.code());
        }
        Content::NotWanted => out.extend_from_slice(b",\"content_missing\":\"not-collected\""),
    }
    out.extend_from_slice(b"}}");
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

/// Lines of custody, one for each file, or one for a live source: who acquired what, how, with which build. No host, no
/// path, no command line.
fn custody(job: &Job<'_>, files: &[Hashed]) -> Vec<u8> {
    let line = |source: &str, sha256: Option<&[u8; 32]>| {
        let mut document = serde_json::json!({
            "event": "acquired",
            "time": time::format(job.time),
            "by": job.signer.public_key().fingerprint(),
            "tool": AGENT,
            "method": job.source.method(),
            "source": source,
        });
        if let (Some(sha256), Some(members)) = (sha256, document.as_object_mut()) {
            members.insert("source_sha256".to_owned(), hex(sha256).into());
        }
        document.to_string() + "\n"
    };
    let lines: String = files.iter().map(|file| line(&file.name, Some(&file.sha256))).collect();
    if lines.is_empty() { line(&job.source.name(), None) } else { lines }.into_bytes()
}
