//! `eml`: one mail for each conversation and day, for mail archives and clients.
//!
//! From is who wrote first, To are all who were there, the text is the conversation, and attachments travel along. Mails
//! of one conversation name a common root in `References`, so that clients show them as one thread. The same archive,
//! scope and time give the same bytes.

use std::io::Write as _;

use super::conversation::{Belongings, Slice, Text, for_each_slice};
use super::files::{Attachment, copy_content};
use super::mail::{self, Base64};
use super::name::Names;
use super::replaced::{Replaced, Replacement};
use super::{Files, Folder, Made, ProduceError, Work};
use crate::record::id::hex;
use crate::record::time::Millis;

/// Domain of addresses that nobody has (RFC 2606).
const NOWHERE: &str = "chatseal.invalid";

/// A mail but for its attachments.
struct Mail {
    path: String,
    head: Vec<u8>,
    boundary: String,
    files: Vec<Attachment>,
    text: Text,
    posts: u64,
}

/// Writes the mails, a folder for each day.
pub fn make(work: &Work<'_>, files: &Files, folder: &Folder, replaced: &mut Replaced) -> Result<Made, ProduceError> {
    let belongings = Belongings::read(work, files)?;
    let (mut mails, mut posts, mut attached, mut missing) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut names, mut day) = (Names::default(), String::new());
    for_each_slice(
        work,
        &belongings,
        |slice| mail(slice, work, &belongings),
        |mail| {
            if day != mail.path {
                (names, day) = (Names::default(), mail.path.clone());
            }
            let name = names.take(&format!("{:05}.eml", mails % 100_000 + 1));
            let path = format!("{day}/{name}");
            let mut to = folder.create(&path)?;
            to.write_all(&mail.head).map_err(|error| to.failed(error))?;
            for file in &mail.files {
                if file.name.contains(char::is_control) {
                    let why = "control characters in its name became spaces";
                    note(replaced, folder, "file", &file.id, "file-name", why)?;
                }
                if part(work, file, &mail.boundary, &mut to)? {
                    attached += 1;
                } else {
                    missing += 1;
                    note(replaced, folder, "file", &file.id, "file-missing", "its bytes are not in the archive")?;
                }
            }
            to.write_all(format!("--{}--\r\n", mail.boundary).as_bytes()).map_err(|error| to.failed(error))?;
            to.finish()?;
            for id in &mail.text.spelled {
                note(replaced, folder, "post", id, "control-character", "spelled out in the text, as \\u{1b}")?;
            }
            mails += 1;
            posts += mail.posts;
            Ok(())
        },
    )?;
    let counts = vec![("mails", mails), ("posts", posts), ("attachments", attached), ("attachments missing", missing)];
    Ok(Made { counts, remarks: remarks(work, &belongings, attached + missing), posts: None })
}

/// What a reader of conversations has to know that show so many files.
pub(super) fn remarks(work: &Work<'_>, belongings: &Belongings<'_>, files: u64) -> Vec<String> {
    let unknown = belongings.memberships.without_history();
    let remark = format!(
        "{unknown} memberships have no history in the archive; these people are named as present in every part of their \
         channel"
    );
    let files = belongings.files.remark(work.scope.is_everything().then_some(files));
    (unknown > 0).then_some(remark).into_iter().chain(files).collect()
}

/// Lists something that could not be said as the record says it.
pub(super) fn note(
    replaced: &mut Replaced,
    folder: &Folder,
    kind: &'static str,
    id: &str,
    what: &'static str,
    why: &str,
) -> Result<(), ProduceError> {
    let replacement = Replacement { kind, id: id.to_owned(), what, why: why.to_owned() };
    Ok(replaced.push(&replacement).map_err(|error| folder.temporary_failed(error))?)
}

fn mail(slice: &Slice<'_>, work: &Work<'_>, belongings: &Belongings<'_>) -> Mail {
    let labels = &belongings.labels;
    let text = Text::of(slice, belongings);
    let channel = labels.channel(slice.channel_id);
    let place = digest(&format!("{}\n{}", work.sealed.digest(), slice.channel_id));
    let own = digest(&format!("{place}\n{}\n{}", slice.day, slice.part));
    let boundary = format!("chatseal-{own}");
    let people: Vec<(String, String)> =
        slice.participants(belongings, work).iter().map(|id| person(id, work, belongings)).collect();
    let first = person(slice.authors().first().copied().unwrap_or_default(), work, belongings);
    let part = if slice.part > 1 { format!(" ({})", slice.part) } else { String::new() };
    let mut head = Vec::new();
    let pair = |(display, address): &'_ (String, String)| (display.clone(), address.clone());
    let people: Vec<(String, String)> = people.iter().map(pair).collect();
    mail::addresses(&mut head, "From", std::iter::once((first.0.as_str(), first.1.as_str())));
    mail::addresses(&mut head, "To", people.iter().map(|(display, address)| (display.as_str(), address.as_str())));
    mail::header(&mut head, "Subject", &format!("{channel}, {}{part}", slice.date()));
    mail::header(&mut head, "Date", &date(slice.begin()));
    mail::header(&mut head, "Message-ID", &format!("<{own}@{NOWHERE}>"));
    mail::header(&mut head, "References", &format!("<{place}@{NOWHERE}>"));
    for (name, value) in [
        ("X-Chatseal-Archive", work.sealed.digest()),
        ("X-Chatseal-Standing", work.sealed.standing.words()),
        ("X-Chatseal-Channel-ID", slice.channel_id.to_owned()),
        ("X-Chatseal-Posts", slice.posts.len().to_string()),
    ] {
        mail::header(&mut head, name, &value);
    }
    head.extend_from_slice(b"MIME-Version: 1.0\r\n");
    mail::header(&mut head, "Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\""));
    head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
    mail::text_part(&mut head, &text.text);
    let files = slice.posts.iter().flat_map(|told| told.files).cloned().collect();
    Mail { path: slice.date(), head, boundary, files, text, posts: slice.posts.len() as u64 }
}

/// Writes an attachment; false if its bytes are not in the archive.
fn part(
    work: &Work<'_>,
    file: &Attachment,
    boundary: &str,
    to: &mut super::folder::Output<'_>,
) -> Result<bool, ProduceError> {
    let mut head = format!("--{boundary}\r\n").into_bytes();
    let Some(digest) = &file.content else {
        let text = format!("{} was not collected: {}. It had {} bytes.\n", file.name, file.missing, file.size);
        mail::text_part(&mut head, &text);
        to.write_all(&head).map_err(|error| to.failed(error))?;
        return Ok(false);
    };
    mail::attachment(&mut head, &file.mime_type, &file.name);
    mail::header(&mut head, "X-Chatseal-SHA256", &hex(digest));
    head.extend_from_slice(b"\r\n");
    to.write_all(&head).map_err(|error| to.failed(error))?;
    let path = to.path().to_owned();
    let mut encoder = Base64::new(&mut *to);
    copy_content(work.sealed.archive, digest, work.progress, &mut encoder, |source| {
        super::folder::FolderError::Write { path: path.clone().into(), source }.into()
    })?;
    encoder.finish().map_err(|source| super::folder::FolderError::Write { path: path.into(), source })?;
    Ok(true)
}

/// What somebody is called, and an address: his own, or one that nobody has.
pub(super) fn person(id: &str, work: &Work<'_>, belongings: &Belongings<'_>) -> (String, String) {
    let user = work.directory.user(id);
    let address = user.map(|user| user.email.to_string()).filter(|address| mail::is_address(address));
    let local = if mail::is_address(&format!("{id}@{NOWHERE}")) { id } else { "unknown" };
    (belongings.labels.person(id), address.unwrap_or_else(|| format!("{local}@{NOWHERE}")))
}

/// First half of the SHA-256 of a text, in hex.
pub(super) fn digest(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    hex(digest.as_ref().get(..16).unwrap_or_default())
}

/// A time as RFC 5322 wants it, in UTC.
pub(super) fn date(at: Millis) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
    time.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
