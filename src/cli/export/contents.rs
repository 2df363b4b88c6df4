//! The files that records name: copied into the archive in order of first use, each once, and stated in the lines of
//! those records, or stated as missing.
//!
//! A file belongs to an archive if a record in it says so: what an earlier archive holds with its record, and what is
//! withheld, leaves no bytes here.

use std::collections::HashSet;
use std::io;

use super::judging::Judging;
use super::sealing::{SealingError, id_of};
use crate::archive::names::Member;
use crate::archive::stage::Stage;
use crate::cli::run::held::Held;
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::exception::{Class, Exception};
use crate::record::id::hex;
use crate::record::line::push_string;
use crate::select::Selection;
use crate::source::Work;
use crate::source::catalogue::table;
use crate::source::contents::{ContentReader, Gap, Unfinished};
use crate::source::file_store;
use crate::source::sort::{ARENA_BYTES, Sorter};

/// How the field of a file's size begins; bulk exports have none.
const STATED_SIZE: &[u8] = b",\"size\":";

/// Copies the files that records name, in order of first use, and completes those records' lines.
pub(super) fn write_contents(
    stage: &mut Stage,
    selection: &mut Selection<'_>,
    judging: Option<&Judging>,
    mut held: Option<&mut Held<'_>>,
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
        let Unfinished { line, rest, path } = Unfinished::of(item.line);
        // What will be withheld leaves no bytes behind; its line goes on, to be counted with the others.
        let outcome = if judging.is_some_and(|judging| judging.judge.withholds(item.kind, item.at, line)) {
            Content::NotWanted
        } else {
            // The bytes of a record that an earlier archive holds lie there.
            let mut is_new = |content: &Content| match &mut held {
                None => Ok(true),
                Some(held) => {
                    let mut complete = line.to_vec();
                    push_stated(&mut complete, &content.stated(), rest);
                    held.holds(item.kind, item.at, &complete).map(|holds| !holds)
                }
            };
            copy(stage, &mut contents, path, &mut seen, &mut is_new, work.progress)?
        };
        let stated = outcome.stated();
        completed.push(item.kind, item.at, 0, |out| {
            out.extend_from_slice(line);
            push_stated(out, &stated, rest);
        });
        // An earlier archive that holds the record states its gap as well.
        let is_stated = |held: &mut Held<'_>| {
            let mut complete = line.to_vec();
            push_stated(&mut complete, &stated, rest);
            held.holds(item.kind, item.at, &complete)
        };
        let is_stated =
            held.as_deref_mut().map(is_stated).transpose().map_err(SealingError::Temporary)?.unwrap_or(false);
        if let Some(gap) = gap(outcome, line).filter(|_| !is_stated) {
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
    is_new: &mut dyn FnMut(&Content) -> io::Result<bool>,
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
        if is_new(&Content::Here { digest, bytes: copied })?
            && seen.insert(digest)
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

impl Content {
    fn stated(&self) -> Stated {
        match self {
            Self::Here { digest, bytes } => Stated::Here { digest: *digest, bytes: *bytes },
            Self::Gap(gap) => Stated::Missing(gap.class.code()),
            Self::NotWanted => NOT_COLLECTED,
        }
    }
}

/// What the line of a file says of its bytes.
pub(in crate::cli) enum Stated {
    Here { digest: Hash, bytes: u64 },
    Missing(&'static str),
}

/// What is said of bytes that nobody wanted.
pub(in crate::cli) const NOT_COLLECTED: Stated = Stated::Missing("not-collected");

/// Ends the line of a file: what it says of the bytes, and `rest`, which follows its data.
pub(in crate::cli) fn push_stated(out: &mut Vec<u8>, stated: &Stated, rest: &[u8]) {
    match stated {
        Stated::Here { digest, bytes } => {
            let text = format!(
                ",\"content_sha256\":\"{}\",\"content_bytes\":{bytes},\"content_member\":\"{}\"",
                hex(digest),
                Member::Content(*digest)
            );
            out.extend_from_slice(text.as_bytes());
        }
        Stated::Missing(code) => {
            out.extend_from_slice(b",\"content_missing\":");
            push_string(out, code);
        }
    }
    out.push(b'}');
    out.extend_from_slice(rest);
    out.push(b'}');
}
