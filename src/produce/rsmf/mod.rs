//! `rsmf`: Relativity's short message format 2.0, one file for each conversation and day.
//!
//! A file is a mail with a readable text and exactly one attachment, `rsmf.zip`, which holds `rsmf_manifest.json` and the
//! attachments. Platforms tell duplicates by the bytes, so the same archive, scope and time give the same file.
//!
//! What the format cannot say goes into `custom`: who deleted a post, the first post of a thread that lies in another
//! file, the digest of the record. An attachment that was not collected becomes a text that says so. [`check`] holds a
//! finished file against the schema's rules and against more than the schema says.

pub mod check;
mod manifest;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::conversation::{Belongings, Slice, Text, for_each_slice};
use super::eml::{date, digest, note, person, remarks};
use super::files::{Attachment, copy_content};
use super::folder::{FolderError, Output};
use super::labels::IN_LISTS;
use super::mail::{self, base64_lines};
use super::name::Names;
use super::replaced::Replaced;
use super::{Files, Folder, Made, ProduceError, Settings, Work};
use manifest::{Manifest, Priorities};

/// The version of the format.
pub const VERSION: &str = "2.0.0";

/// Name of the attachment of the mail, and of the manifest in it.
const ZIP: &str = "rsmf.zip";
const MANIFEST: &str = "rsmf_manifest.json";

/// Most bytes of a file: what platforms take, and what a check reads into memory.
pub const LARGEST: u64 = 2 << 30;

/// Why a larger one is listed.
fn too_large(bytes: u64, largest: u64) -> String {
    format!(
        "the file has {bytes} bytes, more than the {largest} that review platforms take, and was not held against the rules"
    )
}

/// A file but for its attachments.
struct Rendered {
    day: String,
    head: Vec<u8>,
    boundary: String,
    manifest: Manifest,
    text: Text,
    posts: u64,
    /// Ids of people whose names separate lists.
    renamed: Vec<String>,
}

/// Writes the files, a folder for each day.
pub fn make(
    settings: &Settings,
    work: &Work<'_>,
    files: &Files,
    folder: &Folder,
    replaced: &mut Replaced,
) -> Result<Made, ProduceError> {
    let Settings { is_checked, largest_rsmf: largest, .. } = *settings;
    let belongings = Belongings::read(work, files)?;
    let priorities = Priorities::read(work)?;
    let (mut count, mut posts, mut events, mut attached, mut checked) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let (mut names, mut day, mut renamed) = (Names::default(), String::new(), HashSet::new());
    for_each_slice(
        work,
        &belongings,
        |slice| render(slice, work, &belongings, &priorities),
        |rendered| {
            if day != rendered.day {
                (names, day) = (Names::default(), rendered.day.clone());
            }
            let name = names.take(&format!("{:05}.rsmf", count % 100_000 + 1));
            let path = format!("{day}/{name}");
            let zipped = zip(&rendered.manifest, work, folder)?;
            let mut to = folder.create(&path)?;
            write(&rendered, zipped, &mut to).map_err(|error| to.failed(error))?;
            let bytes = to.finish()?.bytes;
            if bytes > largest {
                note(replaced, folder, "rsmf", &path, "too-large", &too_large(bytes, largest))?;
            } else if is_checked {
                held_against_the_rules(folder, &path)?;
                checked += 1;
            }
            for id in &rendered.text.spelled {
                note(
                    replaced,
                    folder,
                    "post",
                    id,
                    "control-character",
                    "spelled out in the text of the mail, as \\u{1b}",
                )?;
            }
            for file in rendered.manifest.files.iter().filter(|file| file.attachment.content.is_none()) {
                let id = &file.attachment.id;
                note(replaced, folder, "file", id, "file-missing", "a text stands in its place")?;
            }
            for id in &rendered.renamed {
                if renamed.insert(id.clone()) {
                    note(replaced, folder, "user", id, "separator", IN_LISTS)?;
                }
            }
            for id in &rendered.manifest.without_time {
                let why = "its time is outside the years 0000 to 9999 and was left out";
                note(replaced, folder, "post", id, "time-out-of-range", why)?;
            }
            count += 1;
            posts += rendered.posts;
            events += rendered.manifest.events;
            attached += rendered.manifest.files.len() as u64;
            Ok(())
        },
    )?;
    let mut counts = vec![("files", count), ("posts", posts), ("events", events), ("attachments", attached)];
    counts.extend(is_checked.then_some(("files checked", checked)));
    Ok(Made { counts, remarks: remarks(work, &belongings, attached), posts: None })
}

fn render(slice: &Slice<'_>, work: &Work<'_>, belongings: &Belongings<'_>, priorities: &Priorities) -> Rendered {
    let text = Text::of(slice, belongings);
    let collection = digest(&format!("{}\n{}", work.sealed.digest(), slice.channel_id));
    let own = digest(&format!("{collection}\n{}\n{}", slice.day, slice.part));
    let manifest = Manifest::of(slice, work, belongings, priorities, &collection);
    let boundary = format!("chatseal-{own}");
    let people: Vec<(String, String)> = manifest.participants.iter().map(|id| person(id, work, belongings)).collect();
    let first = person(slice.authors().first().copied().unwrap_or_default(), work, belongings);
    let part = if slice.part > 1 { format!(" ({})", slice.part) } else { String::new() };
    let mut head = Vec::new();
    mail::addresses(&mut head, "From", std::iter::once((first.0.as_str(), first.1.as_str())));
    mail::addresses(&mut head, "To", people.iter().map(|(display, address)| (display.as_str(), address.as_str())));
    mail::header(
        &mut head,
        "Subject",
        &format!("{}, {}{part}", belongings.labels.channel(slice.channel_id), slice.date()),
    );
    mail::header(&mut head, "Date", &date(slice.begin()));
    let (mut names, mut renamed) = (Vec::new(), Vec::new());
    for id in &manifest.participants {
        let (name, is_replaced) = belongings.labels.listed(id);
        names.push(name);
        renamed.extend(is_replaced.then(|| id.clone()));
    }
    for (name, value) in [
        ("Version", VERSION.to_owned()),
        ("Generator", concat!("chatseal ", env!("CARGO_PKG_VERSION")).to_owned()),
        ("BeginDate", manifest.begin.clone()),
        ("EndDate", manifest.end.clone()),
        ("EventCount", manifest.events.to_string()),
        ("Application", "Mattermost".to_owned()),
        ("Participants", names.join("; ")),
        ("AttachmentCount", manifest.files.len().to_string()),
        ("EventCollectionID", collection),
        ("ArchiveHash", work.sealed.digest()),
        ("Standing", work.sealed.standing.words()),
    ] {
        if !value.is_empty() {
            mail::header(&mut head, &format!("X-RSMF-{name}"), &value);
        }
    }
    head.extend_from_slice(b"MIME-Version: 1.0\r\n");
    mail::header(&mut head, "Content-Type", &format!("multipart/mixed; boundary=\"{boundary}\""));
    head.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
    mail::text_part(&mut head, &text.text);
    Rendered { day: slice.date(), head, boundary, manifest, text, posts: slice.posts.len() as u64, renamed }
}

/// The zip, in an unnamed file; offsets and sizes stand before the bytes, for readers that do not look behind.
fn zip(manifest: &Manifest, work: &Work<'_>, folder: &Folder) -> Result<File, ProduceError> {
    let failed = |source: io::Error| ProduceError::from(folder.temporary_failed(source));
    let file = tempfile::tempfile_in(folder.temporary()).map_err(failed)?;
    let mut zip = ZipWriter::new(file);
    let options = |method, size: u64| {
        let options = SimpleFileOptions::default().compression_method(method);
        options.last_modified_time(DateTime::default()).unix_permissions(0o644).large_file(size > 1 << 31)
    };
    let begun = zip.start_file(MANIFEST, options(CompressionMethod::Deflated, manifest.json.len() as u64));
    begun.map_err(|error| failed(error.into()))?;
    zip.write_all(&manifest.json).map_err(failed)?;
    for file in &manifest.files {
        let Attachment { content, size, .. } = &file.attachment;
        let begun = zip.start_file(&file.name, options(CompressionMethod::Stored, *size));
        begun.map_err(|error| failed(error.into()))?;
        match content {
            Some(digest) => drop(copy_content(work.sealed.archive, digest, work.progress, &mut zip, failed)?),
            None => zip.write_all(missing(&file.attachment).as_bytes()).map_err(failed)?,
        }
    }
    let mut file = zip.finish().map_err(|error| failed(error.into()))?;
    file.rewind().map_err(failed)?;
    Ok(file)
}

/// What stands in the place of an attachment that was not collected.
fn missing(file: &Attachment) -> String {
    let why = if file.missing.is_empty() { "not collected" } else { &file.missing };
    format!(
        "The bytes of this file are not in the archive: {why}.\nIts id is {}, its recorded size {} bytes.\n",
        file.id, file.size
    )
}

fn write(rendered: &Rendered, mut zipped: File, to: &mut Output<'_>) -> io::Result<()> {
    let boundary = &rendered.boundary;
    to.write_all(&rendered.head)?;
    let mut head = format!("--{boundary}\r\n").into_bytes();
    mail::attachment(&mut head, "application/octet-stream", ZIP);
    head.extend_from_slice(b"\r\n");
    to.write_all(&head)?;
    base64_lines(&mut zipped, to)?;
    to.write_all(format!("--{boundary}--\r\n").as_bytes())
}

/// Reads a file back and holds it against the rules.
fn held_against_the_rules(folder: &Folder, path: &str) -> Result<(), ProduceError> {
    let failed = |source| FolderError::Write { path: path.into(), source };
    let mut bytes = Vec::new();
    folder.open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(failed)?;
    match check::check(&bytes).first() {
        None => Ok(()),
        Some(finding) => Err(ProduceError::Form(format!("`{path}` breaks a rule of the format: {finding}"))),
    }
}
