//! The digests of files that records name, so that their lines are those that an export would seal.

use ring::digest::{Context, SHA256};

use super::Trouble;
use crate::archive::names::Member;
use crate::chain::compare::CompareError;
use crate::merkle::Hash;
use crate::record::exception::Class;
use crate::record::id::hex;
use crate::record::line::push_string;
use crate::select::Selection;
use crate::source::Work;
use crate::source::contents::{ContentReader, Unfinished};
use crate::source::sort::{ARENA_BYTES, Sorter};

/// What became of a file's bytes.
enum Content {
    Here { sha256: Hash, bytes: u64 },
    Missing(&'static str),
}

/// Completes the lines of files, reading each file that is to be had.
pub(super) fn complete(selection: &mut Selection<'_>, work: &Work<'_>) -> Result<Sorter, Trouble> {
    let mut completed = Sorter::new(ARENA_BYTES / 4);
    let mut contents = selection.content_reader();
    let mut stream = selection.contents()?;
    while let Some(item) = stream.advance()? {
        work.progress.check().map_err(CompareError::from)?;
        // What follows the data is no part of what a record says.
        let Unfinished { line, path, .. } = Unfinished::of(item.line);
        let content = read(&mut contents, path)?;
        completed.push(item.kind, item.at, 0, |out| {
            out.extend_from_slice(line);
            push(out, &content);
        });
        completed.settle(work.temporary)?;
    }
    Ok(completed)
}

fn read(contents: &mut ContentReader, path: &str) -> Result<Content, Trouble> {
    if !contents.is_wanted() {
        return Ok(Content::Missing("not-collected"));
    }
    let mut lied = false;
    let read = contents.read(path, |input, declared| {
        let (mut digest, mut buffer, mut bytes) = (Context::new(&SHA256), vec![0; 256 * 1024], 0_u64);
        loop {
            let Ok(read) = input.read(&mut buffer) else { return Ok(None) };
            if read == 0 {
                break;
            }
            digest.update(buffer.get(..read).unwrap_or_default());
            bytes += read as u64;
        }
        lied = bytes != declared;
        let mut sha256 = Hash::default();
        sha256.copy_from_slice(digest.finish().as_ref());
        Ok((!lied).then_some(Content::Here { sha256, bytes }))
    })?;
    Ok(match read {
        Ok(content) => content,
        Err(_) if lied => Content::Missing(Class::FileSizeMismatch.code()),
        Err(gap) => Content::Missing(gap.class.code()),
    })
}

/// Closes a line, as an export does.
fn push(out: &mut Vec<u8>, content: &Content) {
    match content {
        Content::Here { sha256, bytes } => {
            let member = Member::Content(*sha256);
            let text = format!(
                ",\"content_sha256\":\"{}\",\"content_bytes\":{bytes},\"content_member\":\"{member}\"",
                hex(sha256)
            );
            out.extend_from_slice(text.as_bytes());
        }
        Content::Missing(code) => {
            out.extend_from_slice(b",\"content_missing\":");
            push_string(out, code);
        }
    }
    out.extend_from_slice(b"}}");
}
