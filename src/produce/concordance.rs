//! `concordance`: a load file for review platforms, one row for each document, with texts and natives beside it.
//!
//! A document is a conversation on a day, or an attachment; an attachment names its conversation as its parent. Fields
//! are wrapped in þ (U+00FE) and separated by DC4 (U+0014), lines end with CR LF, and the file begins with the byte order
//! mark of UTF-8, because readers guess the encoding without it. The form knows no escapes: a line break within a field is
//! written as ® (U+00AE), and DC4, þ and ® in the data are replaced and listed; so is `;` in a name within a list.

use std::collections::HashSet;
use std::io::Write as _;

use super::conversation::{Belongings, Slice, Text, for_each_slice};
use super::eml::{digest, note, remarks};
use super::files::{Attachment, copy_content};
use super::folder::FolderError;
use super::labels::IN_LISTS;
use super::name;
use super::replaced::Replaced;
use super::{Files, Folder, Made, ProduceError, Work};
use crate::record::id::hex;
use crate::record::time::{self, Millis};

/// Field separator, text qualifier and line break within a field.
const SEPARATOR: char = '\u{14}';
const QUALIFIER: char = '\u{fe}';
const NEW_LINE: char = '\u{ae}';

/// Documents in one folder.
const IN_FOLDER: u64 = 1000;

const COLUMNS: [&str; 36] = [
    "DOCID",
    "BEGDOC",
    "ENDDOC",
    "BEGATTACH",
    "ENDATTACH",
    "PARENTID",
    "ATTACHIDS",
    "CUSTODIAN",
    "ALLCUSTODIANS",
    "RECORDTYPE",
    "CONVERSATION",
    "CONVTYPE",
    "TEAM",
    "PARTICIPANTS",
    "FROM",
    "SUBJECT",
    "DATESENT",
    "TIMESENT",
    "DATELAST",
    "TIMELAST",
    "TIMEZONE",
    "MSGCOUNT",
    "EDITCOUNT",
    "DELETEDCOUNT",
    "FILENAME",
    "FILEEXT",
    "FILESIZE",
    "MIMETYPE",
    "SHA256",
    "NATIVELINK",
    "TEXTLINK",
    "RECORDID",
    "CONVERSATIONID",
    "COLLECTIONID",
    "ARCHIVEHASH",
    "STANDING",
];

/// A conversation, ready to be numbered.
struct Document {
    row: Row,
    text: Text,
    files: Vec<(Attachment, Millis)>,
    posts: u64,
    channel: String,
    /// Ids of people whose names separate lists.
    renamed: Vec<String>,
}

/// Values of a row, by column.
#[derive(Clone, Default)]
struct Row(Vec<(&'static str, String)>);

impl Row {
    fn set(&mut self, column: &'static str, value: impl Into<String>) {
        self.0.push((column, value.into()));
    }

    /// The row as a line; true if characters had to be replaced.
    fn line(&self) -> (String, bool) {
        let mut line = String::new();
        let mut is_replaced = false;
        for (number, column) in COLUMNS.iter().enumerate() {
            if number > 0 {
                line.push(SEPARATOR);
            }
            let value = self.0.iter().rev().find(|(name, _)| name == column).map_or("", |(_, value)| value);
            is_replaced |= push_field(&mut line, value);
        }
        line.push_str("\r\n");
        (line, is_replaced)
    }
}

/// Appends a field; true if characters had to be replaced.
fn push_field(line: &mut String, value: &str) -> bool {
    let mut is_replaced = false;
    line.push(QUALIFIER);
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                let _ = characters.next_if_eq(&'\n');
                line.push(NEW_LINE);
            }
            '\n' => line.push(NEW_LINE),
            SEPARATOR => {
                is_replaced = true;
                line.push(' ');
            }
            QUALIFIER => {
                is_replaced = true;
                line.push_str("th");
            }
            NEW_LINE => {
                is_replaced = true;
                line.push_str("(R)");
            }
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}' => {
                is_replaced = true;
                line.push('\u{fffd}');
            }
            _ => line.push(character),
        }
    }
    line.push(QUALIFIER);
    is_replaced
}

/// Writes `load.dat`, `TEXT` and `NATIVES`.
pub fn make(work: &Work<'_>, files: &Files, folder: &Folder, replaced: &mut Replaced) -> Result<Made, ProduceError> {
    let belongings = Belongings::read(work, files)?;
    let mut load =
        Load { work, folder, replaced, dat: folder.create("load.dat")?, next: 1, missing: 0, renamed: HashSet::new() };
    let mut header = String::from('\u{feff}');
    for (number, column) in COLUMNS.iter().enumerate() {
        if number > 0 {
            header.push(SEPARATOR);
        }
        push_field(&mut header, column);
    }
    header.push_str("\r\n");
    load.dat.write_all(header.as_bytes()).map_err(|error| load.dat.failed(error))?;
    let (mut conversations, mut posts, mut attached) = (0_u64, 0_u64, 0_u64);
    for_each_slice(
        work,
        &belongings,
        |slice| document(slice, work, &belongings),
        |document| {
            conversations += 1;
            posts += document.posts;
            attached += document.files.len() as u64;
            load.add(document)
        },
    )?;
    let missing = load.missing;
    load.dat.finish()?;
    let counts = vec![
        ("conversations", conversations),
        ("posts", posts),
        ("attachments", attached),
        ("attachments missing", missing),
    ];
    Ok(Made { counts, remarks: remarks(work, &belongings, attached), posts: None })
}

/// The load file while it is being written.
struct Load<'l> {
    work: &'l Work<'l>,
    folder: &'l Folder,
    replaced: &'l mut Replaced,
    dat: super::folder::Output<'l>,
    next: u64,
    missing: u64,
    /// People of whom it was said that their names are written in another way.
    renamed: HashSet<String>,
}

impl Load<'_> {
    /// Numbers a conversation and its attachments and writes them.
    fn add(&mut self, document: Document) -> Result<(), ProduceError> {
        let Document { mut row, text, files, channel, renamed, .. } = document;
        for id in renamed {
            if self.renamed.insert(id.clone()) {
                note(self.replaced, self.folder, "user", &id, "separator", IN_LISTS)?;
            }
        }
        let parent = self.number();
        let own: Vec<String> = files.iter().map(|_| self.number()).collect();
        let last = own.last().unwrap_or(&parent).clone();
        let text_path = format!("{}/{parent}.txt", place("TEXT", &parent));
        self.folder.write(&text_path, text.text.as_bytes())?;
        for id in &text.spelled {
            note(self.replaced, self.folder, "post", id, "control-character", "spelled out in the text, as \\u{1b}")?;
        }
        for column in ["DOCID", "BEGDOC", "ENDDOC", "BEGATTACH"] {
            row.set(column, parent.as_str());
        }
        row.set("ENDATTACH", last.as_str());
        row.set("ATTACHIDS", own.join(";"));
        row.set("TEXTLINK", text_path.replace('/', "\\"));
        self.write(&row, "channel", &channel)?;
        for ((file, at), id) in files.into_iter().zip(own) {
            self.attachment(&row, &file, at, &id, &parent, &last)?;
        }
        Ok(())
    }

    fn attachment(
        &mut self,
        parent_row: &Row,
        file: &Attachment,
        at: Millis,
        id: &str,
        parent: &str,
        last: &str,
    ) -> Result<(), ProduceError> {
        let kept = ["CUSTODIAN", "ALLCUSTODIANS", "CONVERSATION", "CONVTYPE", "TEAM", "TIMEZONE", "CONVERSATIONID"];
        let kept = kept.into_iter().chain(["COLLECTIONID", "ARCHIVEHASH", "STANDING"]).collect::<Vec<_>>();
        let mut row = Row(parent_row.0.iter().filter(|(column, _)| kept.contains(column)).cloned().collect());
        for column in ["DOCID", "BEGDOC", "ENDDOC"] {
            row.set(column, id);
        }
        row.set("BEGATTACH", parent);
        row.set("ENDATTACH", last);
        row.set("PARENTID", parent);
        row.set("RECORDTYPE", "Attachment");
        row.set("FROM", &*self.work.directory.username(&file.user_id).to_owned());
        let (date, clock) = date_and_time(at);
        row.set("DATESENT", date);
        row.set("TIMESENT", clock);
        row.set("FILENAME", &*file.name);
        let extension = file.name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
        row.set("FILEEXT", extension.as_str());
        row.set("FILESIZE", file.size.to_string());
        row.set("MIMETYPE", &*file.mime_type);
        row.set("RECORDID", &*file.id);
        if let Some(content) = &file.content {
            let is_short = !extension.is_empty() && extension.len() <= 8;
            let is_plain = is_short && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let tail = if is_plain { format!(".{extension}") } else { ".bin".to_owned() };
            let path = name_of(&place("NATIVES", id), id, &tail);
            let mut to = self.folder.create(&path)?;
            let full = path.clone();
            let failed = |source| FolderError::Write { path: full.clone().into(), source }.into();
            copy_content(self.work.sealed.archive, content, self.work.progress, &mut to, failed)?;
            to.finish()?;
            row.set("SHA256", hex(content));
            row.set("NATIVELINK", path.replace('/', "\\"));
        } else {
            self.missing += 1;
            note(self.replaced, self.folder, "file", &file.id, "file-missing", "its bytes are not in the archive")?;
        }
        self.write(&row, "file", &file.id)
    }

    fn write(&mut self, row: &Row, kind: &'static str, id: &str) -> Result<(), ProduceError> {
        let (line, is_replaced) = row.line();
        if is_replaced {
            let why = "characters that separate fields, and control characters, were replaced in the load file";
            note(self.replaced, self.folder, kind, id, "separator", why)?;
        }
        Ok(self.dat.write_all(line.as_bytes()).map_err(|error| self.dat.failed(error))?)
    }

    /// The next number of a document.
    fn number(&mut self) -> String {
        let number = self.next;
        self.next += 1;
        format!("CS{number:08}")
    }
}

/// The folder that a document lies in.
fn place(top: &str, id: &str) -> String {
    let number: u64 = id.trim_start_matches("CS").parse().unwrap_or_default();
    format!("{top}/{:04}", number.saturating_sub(1) / IN_FOLDER + 1)
}

fn name_of(place: &str, id: &str, tail: &str) -> String {
    format!("{place}/{}", name::safe(&format!("{id}{tail}")))
}

fn document(slice: &Slice<'_>, work: &Work<'_>, belongings: &Belongings<'_>) -> Document {
    let labels = &belongings.labels;
    let people = slice.participants(belongings, work);
    let (mut names, mut renamed) = (Vec::new(), Vec::new());
    for id in people {
        let (name, is_replaced) = labels.listed(&id);
        names.push(name);
        renamed.extend(is_replaced.then_some(id));
    }
    let names = names.join(";");
    let first = slice.authors().first().copied().unwrap_or_default();
    let channel = labels.channel(slice.channel_id);
    let part = if slice.part > 1 { format!(" ({})", slice.part) } else { String::new() };
    let mut row = Row::default();
    row.set("CUSTODIAN", labels.person(first));
    row.set("ALLCUSTODIANS", names.as_str());
    row.set("RECORDTYPE", "Chat");
    row.set("CONVERSATION", channel);
    row.set("CONVTYPE", work.directory.channel(slice.channel_id).map_or("unknown", |channel| channel.place.word()));
    row.set("TEAM", labels.team(slice.channel_id));
    row.set("PARTICIPANTS", names);
    row.set("FROM", labels.person(first));
    row.set("SUBJECT", format!("{channel}, {}{part}", slice.date()));
    for (at, columns) in [(slice.begin(), ["DATESENT", "TIMESENT"]), (slice.end(), ["DATELAST", "TIMELAST"])] {
        let (date, clock) = date_and_time(at);
        row.set(columns[0], date);
        row.set(columns[1], clock);
    }
    row.set("TIMEZONE", "UTC");
    let count = |which: fn(&super::conversation::Told<'_>) -> bool| {
        slice.posts.iter().filter(|told| which(told)).count().to_string()
    };
    row.set("MSGCOUNT", slice.posts.len().to_string());
    row.set("EDITCOUNT", count(|told| told.post.edit_at > 0));
    row.set("DELETEDCOUNT", count(|told| told.post.delete_at > 0 && !told.is_gone()));
    row.set("CONVERSATIONID", slice.channel_id);
    row.set("COLLECTIONID", digest(&format!("{}\n{}", work.sealed.digest(), slice.channel_id)));
    row.set("ARCHIVEHASH", work.sealed.digest());
    row.set("STANDING", work.sealed.standing.words());
    let of = |told: &super::conversation::Told<'_>| {
        let at = told.post.create_at;
        told.files
            .iter()
            .map(move |file| (file.clone(), if file.create_at > 0 { file.create_at } else { at }))
            .collect::<Vec<_>>()
    };
    let files = slice.posts.iter().flat_map(of).collect();
    let text = Text::of(slice, belongings);
    Document { row, text, files, posts: slice.posts.len() as u64, channel: slice.channel_id.to_owned(), renamed }
}

/// Day and time of day, as load files have them.
fn date_and_time(at: Millis) -> (String, String) {
    let text = time::format(at).unwrap_or_default();
    let (date, clock) = text.split_once('T').unwrap_or_default();
    let mut parts = date.splitn(3, '-');
    let [year, month, day] = [parts.next(), parts.next(), parts.next()].map(Option::unwrap_or_default);
    let american = if day.is_empty() { String::new() } else { format!("{month}/{day}/{year}") };
    (american, clock.trim_end_matches('Z').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cannot_be_broken() {
        let mut line = String::new();
        assert!(!push_field(&mut line, "a\r\nb\nc\rd;e\\f"));
        assert_eq!(line, "\u{fe}a\u{ae}b\u{ae}c\u{ae}d;e\\f\u{fe}");
        line.clear();
        assert!(push_field(&mut line, "x\u{14}y\u{fe}z\u{ae}\u{0}"));
        assert_eq!(line, "\u{fe}x ythz(R)\u{fffd}\u{fe}");
    }

    #[test]
    fn days_are_written_as_load_files_have_them() {
        let expected = ("11/21/2026".to_owned(), "08:41:02.123".to_owned());
        assert_eq!(date_and_time(1_795_250_462_123), expected);
        assert_eq!(date_and_time(i64::MAX), (String::new(), String::new()));
    }
}
