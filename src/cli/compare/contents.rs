//! The digests of files that records name, so that their lines are those that an export would seal.

use ring::digest::{Context, SHA256};

use super::Trouble;
use crate::chain::compare::CompareError;
use crate::cli::export::contents::{NOT_COLLECTED, Stated, push_stated};
use crate::merkle::Hash;
use crate::record::exception::Class;
use crate::select::Selection;
use crate::source::Work;
use crate::source::contents::{ContentReader, Unfinished};
use crate::source::sort::{ARENA_BYTES, Sorter};

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
            push_stated(out, &content, b"");
        });
        completed.settle(work.temporary)?;
    }
    Ok(completed)
}

fn read(contents: &mut ContentReader, path: &str) -> Result<Stated, Trouble> {
    if !contents.is_wanted() {
        return Ok(NOT_COLLECTED);
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
        Ok((!lied).then_some(Stated::Here { digest: sha256, bytes }))
    })?;
    Ok(match read {
        Ok(content) => content,
        Err(_) if lied => Stated::Missing(Class::FileSizeMismatch.code()),
        Err(gap) => Stated::Missing(gap.class.code()),
    })
}
