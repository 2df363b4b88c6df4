//! The vendor's CSV: `posts.csv`, the attachments under `files/`, `warning.txt` if some are missing; `metadata.json` is
//! added when the batches before are known.
//!
//! The dialect is that of Go's encoding/csv, and there is no guard against formulas: intake compares bytes. Our own
//! record CSV has one.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::Making;
use super::conversation::{Conversation, Entry, MISSING, Person, Said, Told, Update};
use super::members::Person as Account;
use super::package::{Package, Place, Places, base};
use crate::produce::ProduceError;
use crate::produce::directory::Place as Sort;
use crate::produce::files::Attachment;
use crate::produce::replaced::Replacement;
use crate::record::line::push_integer;
use crate::record::time::Millis;

/// The first row.
const HEADER: &str = "Post Creation Time,Post Update Time,Post Update Type,Team Id,Team Name,Team Display Name,\
    Channel Id,Channel Name,Channel Display Name,Channel Type,User Id,User Email,Username,Post Id,Edited By Post Id,\
    Replied to Post Id,Post Message,Post Type,User Type,Previews Post Id\n";

/// What is said of a file whose bytes are not there.
const WARNING: &str = "Warning:File backend read: File missing for post; cannot copy file to archive";

/// What a row is about: places in the conversations and what they hold.
#[derive(Clone, Copy)]
enum About {
    Join(usize),
    Leave(usize),
    Message(usize),
    Upload(usize, usize),
    Deletion(usize, usize),
}

/// A row, before it is written.
struct Row<'a> {
    at: Millis,
    post: &'a str,
    conversation: usize,
    about: About,
}

/// Where the files of each post lie, by place of the post and of the file.
type Placed = HashMap<(usize, usize), Place>;

/// What stands behind the channel in the row of somebody who was there before the batch.
pub(super) type Standing = Box<[u8]>;

/// Each row of a membership comes again in every batch; so what it says of the person is put together once.
pub(super) fn standing(people: &[Account<'_>]) -> Vec<Standing> {
    let mut words = String::new();
    let one = |(id, user): &Account<'_>| {
        let person = Person { id, username: &user.username, email: &user.email, is_bot: user.is_bot };
        let mut out = Vec::new();
        push_came(&mut out, &mut words, &person, BEFORE);
        out.into_boxed_slice()
    };
    people.iter().map(one).collect()
}

/// How somebody came to be there: the word for it, and what is said.
type Came = [&'static str; 2];
const BEFORE: Came = ["previously-joined", "was already in the channel"];
const ENTERED: Came = ["enter", "joined the channel"];
const LEFT: Came = ["leave", "left the channel"];

/// The columns of a join or leave behind those of the channel.
fn push_came(out: &mut Vec<u8>, words: &mut String, person: &Person<'_>, [kind, what]: Came) {
    push_person(out, person);
    out.extend_from_slice(b",,,");
    words.clear();
    for part in ["User ", person.username, " (", person.email, ") ", what] {
        words.push_str(part);
    }
    push(out, words);
    push_end(out, kind, person, "");
}

/// Writes everything but `metadata.json`.
pub(super) fn write(
    making: &Making<'_>,
    told: &Told<'_>,
    package: &mut Package<'_>,
    replaced: &mut Vec<Replacement>,
) -> Result<(), ProduceError> {
    let placed = place(told);
    package.member("posts.csv", &posts(making, told, &placed))?;
    let mut warnings = String::new();
    for (at, one) in told.said.iter().enumerate() {
        for (file_at, file) in one.files.iter().enumerate() {
            let Some(place) = placed.get(&(at, file_at)) else { continue };
            if place.is_changed {
                replaced.push(renamed(file, &place.name));
            }
            let Some(digest) = &file.content else {
                let _ = writeln!(warnings, "{WARNING} - Post: {} - {}", one.post.id, one_line(&file.path));
                replaced.push(missing(file));
                continue;
            };
            if place.is_new {
                package.content(&place.name, making.work.sealed.archive, digest, file.size, making.work.progress)?;
            }
        }
    }
    if warnings.is_empty() { Ok(()) } else { package.member("warning.txt", warnings.as_bytes()) }
}

/// A file whose name in the zip is another one.
pub(super) fn renamed(file: &Attachment, name: &str) -> Replacement {
    let why = format!("its name could harm or is taken; it lies in the zip as `{name}`");
    Replacement { kind: "file", id: file.id.to_string(), what: "file-name", why }
}

/// A file whose bytes the archive does not hold.
pub(super) fn missing(file: &Attachment) -> Replacement {
    let why = match &*file.missing {
        "" => "its bytes are not in the archive".to_owned(),
        code => format!("its bytes are not in the archive: {code}"),
    };
    Replacement { kind: "file", id: file.id.to_string(), what: MISSING, why }
}

/// A path in a text of lines.
pub(super) fn one_line(path: &str) -> String {
    path.chars().map(|c| if c.is_control() { '_' } else { c }).collect()
}

fn place(told: &Told<'_>) -> Placed {
    let (mut places, mut found) = (Places::default(), Placed::new());
    for (at, one) in told.said.iter().enumerate() {
        for (file_at, file) in one.files.iter().enumerate() {
            let wanted = format!("files/{}/{}-{}", one.post.id, file.id, base(&file.path));
            found.insert((at, file_at), places.place(&wanted, file));
        }
    }
    found
}

/// `posts.csv`.
fn posts(making: &Making<'_>, told: &Told<'_>, placed: &Placed) -> Vec<u8> {
    let rows = rows(told);
    let texts: Vec<Columns> = told.conversations.iter().map(Columns::of).collect();
    let mut out = Vec::with_capacity(HEADER.len() + rows.len() * 320);
    out.extend_from_slice(HEADER.as_bytes());
    let mut words = String::new();
    for row in &rows {
        let conversation = &told.conversations[row.conversation];
        let (columns, standing) = (&texts[row.conversation], making.standing);
        let mut writer = Writer { out: &mut out, told, placed, columns, standing, words: &mut words };
        match row.about {
            About::Join(at) => writer.join(conversation, at),
            About::Leave(at) => writer.leave(conversation, at),
            About::Message(at) => writer.message(&conversation.entries[at]),
            About::Upload(at, file) => writer.file(&conversation.entries[at], file, false),
            About::Deletion(at, file) => writer.file(&conversation.entries[at], file, true),
        }
    }
    out
}

/// All rows in their order: by time and post; of those alike, by channel, and in it joins, leaves, messages, uploads and
/// deleted files.
fn rows<'a>(told: &Told<'a>) -> Vec<Row<'a>> {
    let mut rows = Vec::with_capacity(told.said.len() + told.said.len() / 4);
    for (place, conversation) in told.conversations.iter().enumerate() {
        let mut push = |at, post, about| rows.push(Row { at, post, conversation: place, about });
        for (at, join) in conversation.joins.iter().enumerate() {
            push(join.at, "", About::Join(at));
        }
        for (at, leave) in conversation.leaves.iter().enumerate().filter(|(_, leave)| !leave.closed_out) {
            push(leave.at, "", About::Leave(at));
        }
        let of = |entry: &Entry| {
            let post = &told.said[entry.said].post;
            (post.create_at, post.id)
        };
        for (at, entry) in conversation.entries.iter().enumerate() {
            let (time, post) = of(entry);
            push(time, post, About::Message(at));
        }
        for (at, entry) in conversation.entries.iter().enumerate() {
            let (time, post) = of(entry);
            entry.uploads.iter().for_each(|file| push(time, post, About::Upload(at, *file)));
        }
        for (at, entry) in conversation.entries.iter().enumerate() {
            let (time, post) = of(entry);
            entry.deletions.iter().for_each(|file| push(time, post, About::Deletion(at, *file)));
        }
    }
    rows.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.post.cmp(b.post)));
    rows
}

/// The columns from team to channel, which are alike for all rows of a channel but for two names.
struct Columns {
    /// Of messages and files.
    said: Vec<u8>,
    /// Of joins and leaves.
    came: Vec<u8>,
}

impl Columns {
    fn of(conversation: &Conversation<'_>) -> Self {
        let channel = conversation.channel;
        let (team_name, team_display) = conversation.team.map_or(("", ""), |team| (&*team.name, &*team.display_name));
        let (id, name, display) =
            channel.map_or(("", "", ""), |known| (&*known.team_id, &*known.name, &*known.display_name));
        let shown = match channel.map(|known| known.place) {
            Some(Sort::Direct) => "Direct Message",
            Some(Sort::Group) => "Group Message",
            _ => display,
        };
        let team_known = conversation.team.is_some();
        let text = |team_id: &str, display: &str| {
            let mut out = Vec::new();
            for field in [team_id, team_name, team_display, conversation.id, name, display, conversation.place()] {
                push(&mut out, field);
                out.push(b',');
            }
            out
        };
        // A message takes its team from the table of teams, a join from the channel.
        Self { said: text(if team_known { id } else { "" }, shown), came: text(id, display) }
    }
}

struct Writer<'w, 'a> {
    out: &'w mut Vec<u8>,
    told: &'w Told<'a>,
    placed: &'w Placed,
    columns: &'w Columns,
    standing: &'w [Standing],
    /// Room for a text that is put together.
    words: &'w mut String,
}

impl Writer<'_, '_> {
    fn join(&mut self, conversation: &Conversation<'_>, at: usize) {
        let join = &conversation.joins[at];
        if join.at > conversation.start {
            return self.came(join.at, &join.person, ENTERED);
        }
        match join.who.and_then(|who| self.standing.get(who as usize)) {
            Some(standing) => {
                self.begin_came(join.at);
                self.out.extend_from_slice(standing);
            }
            None => self.came(join.at, &join.person, BEFORE),
        }
    }

    fn leave(&mut self, conversation: &Conversation<'_>, at: usize) {
        let leave = &conversation.leaves[at];
        self.came(leave.at, &leave.person, LEFT);
    }

    fn came(&mut self, at: Millis, person: &Person<'_>, came: Came) {
        self.begin_came(at);
        push_came(self.out, self.words, person, came);
    }

    fn begin_came(&mut self, at: Millis) {
        number(self.out, at);
        self.out.extend_from_slice(b"0,,");
        self.out.extend_from_slice(&self.columns.came);
    }

    fn message(&mut self, entry: &Entry) {
        let one = &self.told.said[entry.said];
        self.begin(one, one.post.update_at, entry.update);
        self.post(one, if entry.update == Update::EditedOriginal { one.post.original_id } else { "" });
        let message = one.post.message();
        if entry.update == Update::Deleted {
            self.words.clear();
            self.words.push_str("delete ");
            self.words.push_str(&message);
            push(self.out, self.words);
        } else {
            push(self.out, &message);
        }
        push_end(self.out, "message", &one.author, &one.previews);
    }

    fn file(&mut self, entry: &Entry, at: usize, is_deleted: bool) {
        let one = &self.told.said[entry.said];
        let Some((file, place)) = one.files.get(at).zip(self.placed.get(&(entry.said, at))) else { return };
        let (update_at, update, kind) = if is_deleted {
            (file.delete_at, Update::FileDeleted, "deleted attachment")
        } else {
            (one.post.update_at, Update::None, "attachment")
        };
        self.begin(one, update_at, update);
        self.post(one, "");
        push(self.out, format!("{} ({})", file.name, place.name).trim());
        push_end(self.out, kind, &one.author, &one.previews);
    }

    /// Times, team and channel.
    fn begin(&mut self, one: &Said<'_>, update_at: Millis, update: Update) {
        number(self.out, one.post.create_at);
        number(self.out, update_at);
        self.out.extend_from_slice(update.word().as_bytes());
        self.out.push(b',');
        self.out.extend_from_slice(&self.columns.said);
        push_person(self.out, &one.author);
    }

    fn post(&mut self, one: &Said<'_>, edited_by: &str) {
        for field in [one.post.id, edited_by, one.post.root_id] {
            push(self.out, field);
            self.out.push(b',');
        }
    }
}

fn push_person(out: &mut Vec<u8>, person: &Person<'_>) {
    for field in [person.id, person.email, person.username] {
        push(out, field);
        out.push(b',');
    }
}

fn push_end(out: &mut Vec<u8>, kind: &str, person: &Person<'_>, previews: &str) {
    for field in [kind, person.kind()] {
        out.push(b',');
        out.extend_from_slice(field.as_bytes());
    }
    out.push(b',');
    push(out, previews);
    out.push(b'\n');
}

/// A number and its comma.
fn number(out: &mut Vec<u8>, number: Millis) {
    push_integer(out, number);
    out.push(b',');
}

/// A field as Go's encoding/csv writes it: quoted if it begins with white space, holds a comma, a quotation mark or the
/// end of a line, or is `\.`.
fn push(out: &mut Vec<u8>, field: &str) {
    let bytes = field.as_bytes();
    let special = || memchr::memchr2(b',', b'"', bytes).is_some() || memchr::memchr2(b'\n', b'\r', bytes).is_some();
    if !(field.starts_with(char::is_whitespace) || special() || field == "\\.") {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=at]);
        out.push(b'"');
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_as_go_quotes_them() {
        for (field, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("in side", "in side"),
            (" before", "\" before\""),
            ("\u{a0}before", "\"\u{a0}before\""),
            ("after ", "after "),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("cr\r", "\"cr\r\""),
            ("\\.", "\"\\.\""),
            ("\\..", "\\.."),
            ("=1+1", "=1+1"),
            ("#x;y", "#x;y"),
        ] {
            let mut out = Vec::new();
            push(&mut out, field);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{field:?}");
        }
    }
}
