//! The vendor's Global Relay mail (also for Proofpoint): one message for each channel of a batch, split where it would
//! grow beyond what the service takes.
//!
//! The size that counts is the vendor's: bytes of texts and files before they are encoded. Files of one post that are too
//! large by themselves are named, not sent.

mod duration;
mod headers;
mod mail;
mod page;

use super::Making;
use super::conversation::{Conversation, Entry, Told, Update};
use super::csv::missing;
use super::events::Join;
use super::package::Package;
use crate::produce::files::Attachment;
use crate::produce::replaced::Replacement;
use crate::produce::{ProduceError, name};
use crate::record::time::Millis;

/// Most bytes of texts and files in one mail: 250 MiB.
pub(super) const LIMIT: u64 = 250 << 20;

/// Longest name of a mail in the zip, in bytes.
const MAX_NAME: usize = 255;

/// What a line of a mail tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// A post, or what became of it.
    Post,
    /// A file was uploaded: its place among those of the post, and whether it was too large to be sent.
    Upload { file: usize, removed: bool },
    /// A file was deleted.
    Deletion(usize),
}

/// A line and the message that it belongs to.
#[derive(Clone, Copy, Debug)]
struct Said1 {
    /// Place of the entry in the conversation.
    entry: usize,
    line: Line,
}

/// One mail.
#[derive(Debug, Default)]
struct Slice<'a> {
    lines: Vec<Said1>,
    /// Files that are sent.
    files: Vec<&'a Attachment>,
    bytes: u64,
}

/// Writes the mails of a batch.
pub(super) fn write(
    making: &Making<'_>,
    told: &Told<'_>,
    limit: u64,
    package: &mut Package<'_>,
    replaced: &mut Vec<Replacement>,
) -> Result<(), ProduceError> {
    for conversation in &told.conversations {
        for (number, slice) in slices(told, conversation, limit, replaced).iter().enumerate() {
            let channel_name = conversation.channel.map_or("", |channel| &channel.name);
            let wanted = format!("{channel_name} - ({}) - {number}.eml", conversation.id);
            let member = name::safe_within(&wanted, MAX_NAME);
            let letter = mail::Letter {
                told,
                conversation,
                slice,
                participants: participants(told, conversation, slice),
                job_start: making.job.start,
                number,
            };
            let size = slice.bytes.saturating_mul(2);
            package.stream(&member, size, |to, failed| letter.write(making, to, failed, replaced))?;
        }
    }
    Ok(())
}

/// Cuts a conversation into mails, each post with its files in one.
fn slices<'a>(
    told: &Told<'a>,
    conversation: &Conversation<'a>,
    limit: u64,
    replaced: &mut Vec<Replacement>,
) -> Vec<Slice<'a>> {
    let (mut slices, mut current) = (Vec::new(), Slice::default());
    for (at, entry) in conversation.entries.iter().enumerate() {
        let one = &told.said[entry.said];
        let uploads = || entry.uploads.iter().filter_map(|file| one.files.get(*file).map(|found| (*file, found)));
        let files = uploads().fold(0_u64, |sum, (_, file)| sum.saturating_add(file.size));
        let removed = files > limit;
        let text = one.post.message().len() as u64;
        let bytes = if removed { text } else { text.saturating_add(files) };
        if current.bytes.saturating_add(bytes) > limit {
            slices.push(std::mem::take(&mut current));
        }
        current.bytes = current.bytes.saturating_add(bytes);
        current.lines.push(Said1 { entry: at, line: Line::Post });
        for (file, found) in uploads() {
            current.lines.push(Said1 { entry: at, line: Line::Upload { file, removed } });
            if removed {
                let why = "the files of its post are larger than a mail may be; the mail names it".to_owned();
                let id = found.id.to_string();
                replaced.push(Replacement { kind: "file", id, what: "file-too-large", why });
            } else if found.content.is_some() {
                current.files.push(found);
            } else {
                replaced.push(missing(found));
            }
        }
        current.lines.extend(entry.deletions.iter().map(|file| Said1 { entry: at, line: Line::Deletion(*file) }));
    }
    slices.push(current);
    for slice in &mut slices {
        // What was written comes before what happened to it at the same time.
        slice.lines.sort_by_key(|told1| {
            let entry = &conversation.entries[told1.entry];
            let is_plain = told1.line == Line::Post && entry.update == Update::None;
            (told.said[entry.said].post.create_at, !is_plain)
        });
    }
    slices
}

/// A participant and the messages that the mail holds of him.
#[derive(Clone, Copy, Debug)]
struct Participant<'a> {
    join: Join<'a>,
    messages: u64,
}

/// Who was there, by username.
fn participants<'a>(told: &Told<'a>, conversation: &Conversation<'a>, slice: &Slice<'a>) -> Vec<Participant<'a>> {
    let mut messages = std::collections::HashMap::<&str, u64>::new();
    for told1 in slice.lines.iter().filter(|told1| told1.line == Line::Post) {
        let author = told.said[conversation.entries[told1.entry].said].author.id;
        *messages.entry(author).or_default() += 1;
    }
    let of =
        |join: &Join<'a>| Participant { join: *join, messages: messages.get(join.person.id).copied().unwrap_or(0) };
    let mut all: Vec<_> = conversation.joins.iter().map(of).collect();
    all.sort_by_key(|one| (one.join.person.username, one.join.person.id));
    all
}

/// What a line says, and since when it is so: text, and for updates the word and the time.
struct Shown<'a> {
    text: std::borrow::Cow<'a, str>,
    update: Update,
    update_at: Millis,
    edited: &'a str,
}

/// The text of a line.
fn shown<'a>(told: &Told<'a>, entry: &Entry, line: Line) -> Shown<'a> {
    let one = &told.said[entry.said];
    let edited = if entry.update == Update::EditedOriginal { one.post.original_id } else { "" };
    let mut shown = Shown { text: one.post.message(), update: entry.update, update_at: entry.update_at, edited };
    let file = |at: usize| one.files.get(at).map_or(("", ""), |file| (&*file.name, &*file.id));
    match line {
        Line::Post if entry.update == Update::Deleted => shown.text = format!("delete {}", shown.text).into(),
        Line::Post => {}
        Line::Upload { file: at, removed: false } => shown.text = format!("Uploaded file {}", file(at).0).into(),
        Line::Upload { file: at, removed: true } => {
            let (name, id) = file(at);
            let text = format!("Uploaded file {name:?} (id '{id}') was removed because it was too large to send.");
            shown.text = text.into();
        }
        Line::Deletion(at) => {
            shown.text = format!("Deleted file {}", file(at).0).into();
            shown.update = Update::FileDeleted;
            shown.update_at = one.files.get(at).map_or(0, |file| file.delete_at);
            shown.edited = "";
        }
    }
    shown
}
