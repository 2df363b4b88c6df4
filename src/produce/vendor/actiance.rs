//! The vendor's Actiance XML (Smarsh Vantage): `actiance_export.xml`, each file under the path that the server kept it
//! at, `warning.txt` if some are missing.
//!
//! One `Conversation` for each channel: who was there, what was said and which files were sent in the order of time, who
//! left. All times are milliseconds, whatever the names of the elements say.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Making;
use super::conversation::{Conversation, Person, Said, Told, Update};
use super::csv::{missing, one_line, renamed};
use super::package::{Package, Places};
use crate::merkle::Hash;
use crate::produce::ProduceError;
use crate::produce::replaced::Replacement;
use crate::record::time::Millis;

/// Sorts behind every post of the same time.
const LAST: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzz";

/// What is said of a file whose bytes are not there.
const WARNING: &str = "Warning:File backend read: File missing for post; cannot copy file to archive";

/// One element between those who came and those who left: places of the entry and of the file.
#[derive(Clone, Copy)]
enum About {
    Message(usize),
    Deletion(usize, usize),
    Started(usize, usize),
    Ended(usize, usize),
}

/// Names in the zip by path and content, for the elements that name them.
type Names<'a> = HashMap<(&'a str, Option<Hash>), String>;

/// Writes a batch.
pub(super) fn write(
    making: &Making<'_>,
    told: &Told<'_>,
    package: &mut Package<'_>,
    replaced: &mut Vec<Replacement>,
) -> Result<(), ProduceError> {
    let (mut places, mut names, mut files) = (Places::default(), Names::new(), Vec::new());
    for conversation in &told.conversations {
        for entry in &conversation.entries {
            for file in told.said[entry.said].files {
                let place = places.place(&file.path, file);
                if place.is_new {
                    if place.is_changed {
                        replaced.push(renamed(file, &place.name));
                    }
                    files.push((file, place.name.clone()));
                }
                names.entry((&file.path, file.content)).or_insert(place.name);
            }
        }
    }
    let mut writer =
        Writer { out: String::with_capacity(told.said.len() * 480), told, names: &names, lossy: Vec::new() };
    writer.document();
    let Writer { out, lossy, .. } = writer;
    package.member("actiance_export.xml", out.as_bytes())?;
    replaced.extend(lossy.into_iter().map(|id| Replacement {
        kind: "post",
        id,
        what: "character",
        why: "XML cannot hold a control character or noncharacter; U+FFFD stands in its place".to_owned(),
    }));
    let mut warnings = Vec::new();
    for (file, name) in files {
        if let Some(digest) = &file.content {
            package.content(&name, making.work.sealed.archive, digest, file.size, making.work.progress)?;
        } else {
            warnings.push(format!("{WARNING} - {}", one_line(&file.path)));
            replaced.push(missing(file));
        }
    }
    if warnings.is_empty() { Ok(()) } else { package.member("warning.txt", warnings.join("\n").as_bytes()) }
}

struct Writer<'w, 'a> {
    out: String,
    told: &'w Told<'a>,
    names: &'w Names<'a>,
    /// Posts of which a character could not be written.
    lossy: Vec<String>,
}

impl Writer<'_, '_> {
    fn document(&mut self) {
        self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        self.out.push_str("<FileDump xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
        let told = self.told;
        for conversation in &told.conversations {
            self.conversation(conversation);
        }
        self.out.push_str("\n</FileDump>");
    }

    fn conversation(&mut self, conversation: &Conversation<'_>) {
        let (name, display) = conversation.channel.map_or(("", ""), |channel| (&*channel.name, &*channel.display_name));
        self.out.push_str("\n  <Conversation Perspective=\"");
        escape(&mut self.out, display);
        self.out.push_str("\">");
        self.field(4, "RoomID", &format!("{} - {name} - {}", conversation.place(), conversation.id));
        self.field(4, "StartTimeUTC", &conversation.start.to_string());
        for join in &conversation.joins {
            self.participant("ParticipantEntered", &join.person, join.at);
        }
        for about in self.in_order(conversation) {
            self.element(conversation, about);
        }
        for leave in &conversation.leaves {
            self.participant("ParticipantLeft", &leave.person, leave.at);
        }
        self.field(4, "EndTimeUTC", &conversation.end.to_string());
        self.out.push_str("\n  </Conversation>");
    }

    /// Messages by the time of their change, or of writing, and id; files behind the posts of the same time.
    fn in_order(&self, conversation: &Conversation<'_>) -> Vec<About> {
        let mut all: Vec<(Millis, &str, About)> = Vec::with_capacity(conversation.entries.len());
        let entries = || conversation.entries.iter().enumerate();
        for (at, entry) in entries() {
            let post = &self.told.said[entry.said].post;
            let time = if entry.update == Update::None { post.create_at } else { entry.update_at };
            all.push((time, post.id, About::Message(at)));
        }
        for (at, entry) in entries() {
            let one = &self.told.said[entry.said];
            let time = |file: usize| one.files.get(file).map_or(0, |file| file.delete_at);
            all.extend(entry.deletions.iter().map(|file| (time(*file), one.post.id, About::Deletion(at, *file))));
        }
        for about in [About::Started, About::Ended] {
            for (at, entry) in entries() {
                let time = self.told.said[entry.said].post.create_at;
                all.extend(entry.uploads.iter().map(|file| (time, LAST, about(at, *file))));
            }
        }
        all.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        all.into_iter().map(|(_, _, about)| about).collect()
    }

    fn element(&mut self, conversation: &Conversation<'_>, about: About) {
        let told = self.told;
        let (About::Message(at) | About::Deletion(at, _) | About::Started(at, _) | About::Ended(at, _)) = about;
        let entry = &conversation.entries[at];
        let one = &told.said[entry.said];
        match about {
            About::Message(_) => {
                let message = one.post.message();
                let said = match entry.update {
                    Update::Deleted => Cow::Owned(format!("delete {message}")),
                    _ => message,
                };
                let edited = if entry.update == Update::EditedOriginal { one.post.original_id } else { "" };
                self.message(one, entry.update, entry.update_at, edited, &said);
            }
            About::Deletion(_, file) => {
                let Some(file) = one.files.get(file) else { return };
                self.message(one, Update::FileDeleted, file.delete_at, "", &format!("delete {}", file.path));
            }
            About::Started(_, file) => self.transfer("FileTransferStarted", one, file),
            About::Ended(_, file) => self.transfer("FileTransferEnded", one, file),
        }
    }

    fn participant(&mut self, element: &str, person: &Person<'_>, at: Millis) {
        self.open(element);
        self.field(6, "LoginName", person.email);
        self.field(6, "UserType", person.kind());
        self.field(6, "DateTimeUTC", &at.to_string());
        self.field(6, "CorporateEmailID", person.email);
        self.close(element);
    }

    fn message(&mut self, one: &Said<'_>, update: Update, update_at: Millis, edited: &str, said: &str) {
        self.open("Message");
        self.field(6, "MessageId", one.post.id);
        self.field(6, "LoginName", one.author.email);
        self.field(6, "UserType", one.author.kind());
        self.field(6, "DateTimeUTC", &one.post.create_at.to_string());
        if update != Update::None {
            self.field(6, "UpdatedType", update.word());
        }
        if update_at != 0 {
            self.field(6, "UpdatedDateTimeUTC", &update_at.to_string());
        }
        if !edited.is_empty() {
            self.field(6, "EditedNewMsgId", edited);
        }
        if self.field(6, "Content", said) {
            self.lossy.push(one.post.id.to_owned());
        }
        if !one.previews.is_empty() {
            self.field(6, "PreviewsPost", &one.previews);
        }
        self.close("Message");
    }

    fn transfer(&mut self, element: &str, one: &Said<'_>, file: usize) {
        let Some(file) = one.files.get(file) else { return };
        let names = self.names;
        let name = names.get(&(&*file.path, file.content)).map_or(&*file.path, |name| name.as_str());
        self.open(element);
        self.field(6, "LoginName", one.author.email);
        self.field(6, "DateTimeUTC", &one.post.create_at.to_string());
        self.field(6, "UserFileName", &file.name);
        self.field(6, "FileName", name);
        if element == "FileTransferEnded" {
            self.field(6, "Status", "Completed");
        }
        self.close(element);
    }

    fn open(&mut self, element: &str) {
        for part in ["\n    <", element, ">"] {
            self.out.push_str(part);
        }
    }

    fn close(&mut self, element: &str) {
        for part in ["\n    </", element, ">"] {
            self.out.push_str(part);
        }
    }

    /// An element that holds a text. Whether a character of it could not be written.
    fn field(&mut self, indent: usize, element: &str, text: &str) -> bool {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        for part in ["<", element, ">"] {
            self.out.push_str(part);
        }
        let lossy = escape(&mut self.out, text);
        for part in ["</", element, ">"] {
            self.out.push_str(part);
        }
        lossy
    }
}

/// Text as Go's encoding/xml writes it; what XML 1.0 cannot hold becomes U+FFFD, and the answer is whether any did.
fn escape(out: &mut String, text: &str) -> bool {
    let mut lossy = false;
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let written = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&#34;",
            '\'' => "&#39;",
            '\t' => "&#x9;",
            '\n' => "&#xA;",
            '\r' => "&#xD;",
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                lossy = true;
                "\u{fffd}"
            }
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(written);
        plain = at + c.len_utf8();
    }
    out.push_str(&text[plain..]);
    lossy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_as_go_escapes_it() {
        for (text, expected, lossy) in [
            ("plain ä 日本 😀", "plain ä 日本 😀", false),
            ("<a href='x'>&\"</a>", "&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;", false),
            ("a\tb\nc\rd", "a&#x9;b&#xA;c&#xD;d", false),
            ("a\0b\u{1b}c\u{fffe}d\u{7f}", "a\u{fffd}b\u{fffd}c\u{fffd}d\u{7f}", true),
            ("]]>", "]]&gt;", false),
        ] {
            let mut out = String::new();
            assert_eq!((escape(&mut out, text), out.as_str()), (lossy, expected));
        }
    }
}
