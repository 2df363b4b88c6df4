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
struct Spoken {
    /// Place of the entry in the conversation.
    entry: usize,
    line: Line,
}

/// One mail.
#[derive(Debug, Default)]
struct Slice<'a> {
    lines: Vec<Spoken>,
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
        current.lines.push(Spoken { entry: at, line: Line::Post });
        for (file, found) in uploads() {
            current.lines.push(Spoken { entry: at, line: Line::Upload { file, removed } });
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
        current.lines.extend(entry.deletions.iter().map(|file| Spoken { entry: at, line: Line::Deletion(*file) }));
    }
    slices.push(current);
    for slice in &mut slices {
        // What was written comes before what happened to it at the same time.
        slice.lines.sort_by_key(|spoken| {
            let entry = &conversation.entries[spoken.entry];
            let is_plain = spoken.line == Line::Post && entry.update == Update::None;
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
    for spoken in slice.lines.iter().filter(|spoken| spoken.line == Line::Post) {
        let author = told.said[conversation.entries[spoken.entry].said].author.id;
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

#[cfg(test)]
mod tests {
    use super::super::conversation::{Person, Said};
    use super::*;
    use crate::produce::post::Post;

    fn attachment(id: &str, size: u64) -> Attachment {
        Attachment {
            id: id.into(),
            user_id: "u".into(),
            create_at: 0,
            update_at: 0,
            delete_at: 0,
            path: id.into(),
            name: id.into(),
            mime_type: "".into(),
            size,
            pixels: (0, 0),
            content: Some([1; 32]),
            missing: "".into(),
        }
    }

    /// Lines and files of a slice.
    type Cut = (usize, Vec<Box<str>>);

    /// The slices of posts with texts and files of these sizes, at most 100 bytes each: for each slice its lines and files.
    fn cut(posts: &[(usize, &[u64])]) -> (Vec<Cut>, Vec<Replacement>) {
        let files: Vec<Vec<Attachment>> = (0..)
            .zip(posts)
            .map(|(at, (_, sizes))| {
                (0..).zip(*sizes).map(|(no, size)| attachment(&format!("f{at}{no}"), *size)).collect()
            })
            .collect();
        let line = |at: usize, length: usize| {
            let text = "x".repeat(length);
            format!(r#"{{"kind":"post","id":"p{at}","at":{at},"data":{{"create_at":{at},"message":"{text}"}}}}"#)
        };
        let lines: Vec<String> = posts.iter().enumerate().map(|(at, (length, _))| line(at, *length)).collect();
        let said = lines.iter().zip(&files).map(|(line, files)| Said {
            post: Post::read(line.as_bytes()),
            author: Person::default(),
            previews: "".into(),
            files,
        });
        let entry = |(said, files): (usize, &Vec<Attachment>)| Entry {
            said,
            update: Update::None,
            update_at: 0,
            uploads: (0..files.len()).collect(),
            deletions: Vec::new(),
        };
        let conversation = Conversation {
            id: "c",
            channel: None,
            team: None,
            start: 0,
            end: 9,
            entries: files.iter().enumerate().map(entry).collect(),
            joins: Vec::new(),
            leaves: Vec::new(),
        };
        let told = Told { said: said.collect(), conversations: Vec::new() };
        let mut replaced = Vec::new();
        let slices = slices(&told, &conversation, 100, &mut replaced);
        let of = |slice: &Slice<'_>| (slice.lines.len(), slice.files.iter().map(|file| file.id.clone()).collect());
        (slices.iter().map(of).collect(), replaced)
    }

    #[test]
    fn a_mail_ends_before_it_grows_too_large() {
        let none: &[u64] = &[];
        assert_eq!(cut(&[]).0, [(0, vec![])], "who only came and went has a mail too");
        assert_eq!(cut(&[(60, none), (40, none), (1, none)]).0, [(2, vec![]), (1, vec![])]);
        assert_eq!(
            cut(&[(10, &[50]), (10, &[30]), (5, &[90])]).0,
            [(4, vec!["f00".into(), "f10".into()]), (2, vec!["f20".into()])]
        );
    }

    #[test]
    fn files_too_large_for_any_mail_are_named_and_listed() {
        let (slices, replaced) = cut(&[(10, &[20]), (5, &[60, 41]), (5, &[100])]);
        assert_eq!(slices, [(5, vec!["f00".into()]), (2, vec!["f20".into()])]);
        let listed: Vec<_> = replaced.iter().map(|one| (one.id.as_str(), one.what)).collect();
        assert_eq!(listed, [("f10", "file-too-large"), ("f11", "file-too-large")]);
    }
}
