//! Holding a file against the rules of the format, and against more than its schema says.
//!
//! The published schema lets misspelt members pass and looks at no reference. Here every member must be known, every id
//! must lead somewhere, and mail, zip and manifest must agree. All of it follows from the schema and its descriptions.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::{Cursor, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{MANIFEST, VERSION, ZIP};
use crate::produce::conversation::MOST_POSTS;
use crate::produce::mail::LONGEST;
use crate::record::time;

/// Largest file that a platform takes.
const MOST_BYTES: usize = 2 << 30;

/// Largest manifest that is read here.
const MOST_MANIFEST: u64 = 1 << 30;

/// Members of each object: their names, with `*` where they are mandatory, and the shape of their values.
type Members = &'static [(&'static str, Shape)];

#[derive(Clone, Copy)]
enum Shape {
    /// A text of at least one character.
    Id,
    Text,
    Moment,
    Number,
    Flag,
    /// One of these.
    Word(&'static [&'static str]),
    Ids,
    List(Members),
}

const CUSTOM: Members = &[("name*", Shape::Id), ("value*", Shape::Id)];
const PARTICIPANT: Members = &[
    ("id*", Shape::Id),
    ("display", Shape::Text),
    ("email", Shape::Id),
    ("avatar", Shape::Id),
    ("account_id", Shape::Text),
    ("custom", Shape::List(CUSTOM)),
];
const CONVERSATION: Members = &[
    ("id*", Shape::Id),
    ("platform*", Shape::Id),
    ("participants*", Shape::Ids),
    ("display", Shape::Text),
    ("type", Shape::Word(&["direct", "channel"])),
    ("custodian", Shape::Id),
    ("icon", Shape::Id),
    ("custom", Shape::List(CUSTOM)),
];
const REACTION: Members = &[("value*", Shape::Id), ("count", Shape::Number), ("participants", Shape::Ids)];
const ATTACHMENT: Members = &[("id*", Shape::Id), ("display", Shape::Text), ("size", Shape::Number)];
const EDIT: Members =
    &[("participant*", Shape::Id), ("timestamp", Shape::Moment), ("previous", Shape::Text), ("new", Shape::Text)];
const RECEIPT: Members =
    &[("participant*", Shape::Id), ("timestamp", Shape::Moment), ("action", Shape::Word(&["read", "delivered"]))];
const EVENT: Members = &[
    ("type*", Shape::Word(&["message", "disclaimer", "join", "leave", "unknown"])),
    ("id", Shape::Id),
    ("parent", Shape::Id),
    ("body", Shape::Text),
    ("participant", Shape::Id),
    ("conversation", Shape::Id),
    ("timestamp", Shape::Moment),
    ("deleted", Shape::Flag),
    ("importance", Shape::Word(&["normal", "high"])),
    ("direction", Shape::Word(&["incoming", "outgoing"])),
    ("reactions", Shape::List(REACTION)),
    ("attachments", Shape::List(ATTACHMENT)),
    ("edits", Shape::List(EDIT)),
    ("read_receipts", Shape::List(RECEIPT)),
    ("custom", Shape::List(CUSTOM)),
];
const ROOT: Members = &[
    ("version*", Shape::Word(&[VERSION])),
    ("participants*", Shape::List(PARTICIPANT)),
    ("conversations*", Shape::List(CONVERSATION)),
    ("events*", Shape::List(EVENT)),
    ("eventcollectionid", Shape::Id),
];

/// Everything in which a file breaks the rules, in words; empty if it keeps them.
pub fn check(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let Some(mail) = Mail::read(bytes, &mut found) else { return found };
    let mut zip = match zip::ZipArchive::new(Cursor::new(&mail.zip)) {
        Ok(zip) => zip,
        Err(error) => {
            found.push(format!("`{ZIP}` is not a zip: {error}"));
            return found;
        }
    };
    let names: BTreeSet<String> = zip.file_names().flatten().map(Cow::into_owned).collect();
    let mut manifest = Vec::new();
    let read = zip.by_name(MANIFEST).map(|member| member.take(MOST_MANIFEST).read_to_end(&mut manifest));
    let (Ok(Ok(_)), Ok(manifest)) = (read, serde_json::from_slice::<Value>(&manifest)) else {
        found.push(format!("`{MANIFEST}` is missing or is not JSON"));
        return found;
    };
    shape(&manifest, ROOT, "manifest", &mut found);
    if found.is_empty() {
        references(&manifest, &mail, &names, &mut found);
    }
    found
}

/// The mail around the zip.
struct Mail {
    headers: HashMap<String, String>,
    zip: Vec<u8>,
}

impl Mail {
    fn read(bytes: &[u8], found: &mut Vec<String>) -> Option<Self> {
        if bytes.len() >= MOST_BYTES {
            found.push("the file has 2 GiB or more".to_owned());
        }
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.is_ascii()) else {
            found.push("the mail is not plain ASCII".to_owned());
            return None;
        };
        for (number, line) in (1..).zip(text.split("\r\n")) {
            if line.len() > LONGEST || line.contains(['\r', '\n']) {
                found.push(format!("line {number} of the mail is too long, or does not end with CR LF"));
                return None;
            }
        }
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            found.push("the mail has no headers".to_owned());
            return None;
        };
        let mut headers = HashMap::new();
        for header in head.replace("\r\n ", " ").split("\r\n") {
            if let Some((name, value)) = header.split_once(": ") {
                headers.insert(name.to_owned(), value.to_owned());
            }
        }
        let boundary = headers.get("Content-Type").and_then(|value| value.split('"').nth(1)).map(str::to_owned);
        let Some(boundary) = boundary else {
            found.push("the mail names no boundary".to_owned());
            return None;
        };
        let mark = format!("--{boundary}\r\n");
        let parts: Vec<&str> = body.split(&mark).skip(1).collect();
        let [text_part, zip_part] = parts[..] else {
            found.push(format!("the mail has {} parts, and not a text and one attachment", parts.len()));
            return None;
        };
        let Some(zip_part) = zip_part.strip_suffix(&format!("--{boundary}--\r\n")) else {
            found.push("the mail does not end with its boundary".to_owned());
            return None;
        };
        let decoded = |part: &str| {
            let (head, body) = part.split_once("\r\n\r\n")?;
            let is_short = body.split("\r\n").all(|line| line.len() <= 76);
            let bytes = STANDARD.decode(body.replace("\r\n", "")).ok()?;
            is_short.then_some((head.to_owned(), bytes))
        };
        let (Some((_, text)), Some((head, zip))) = (decoded(text_part), decoded(zip_part)) else {
            found.push("a part of the mail is not base64 in lines of at most 76".to_owned());
            return None;
        };
        if text.is_empty() {
            found.push("the text of the mail is empty".to_owned());
        }
        if !head.contains(&format!("filename=\"{ZIP}\"")) {
            found.push(format!("the attachment is not called `{ZIP}`"));
        }
        Some(Self { headers, zip })
    }
}

/// Whether an object has the members that it must have, no others, and values of their shapes.
fn shape(value: &Value, members: Members, place: &str, found: &mut Vec<String>) {
    let Some(object) = value.as_object() else {
        found.push(format!("{place} is not an object"));
        return;
    };
    let plain = |name: &'static str| name.trim_end_matches('*');
    for (name, _) in members.iter().filter(|(name, _)| name.ends_with('*')) {
        if !object.contains_key(plain(name)) {
            found.push(format!("{place} has no `{}`", plain(name)));
        }
    }
    for (name, value) in object {
        match members.iter().find(|(known, _)| plain(known) == name) {
            None => found.push(format!("{place} has `{name}`, which the format does not know")),
            Some((_, shape)) => of_shape(value, *shape, &format!("{place}.{name}"), found),
        }
    }
}

fn of_shape(value: &Value, expected: Shape, place: &str, found: &mut Vec<String>) {
    let is_id = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let holds = match expected {
        Shape::Id => is_id(value),
        Shape::Text => value.is_string(),
        Shape::Moment => value.as_str().is_some_and(|text| text.ends_with('Z') && time::parse(text).is_ok()),
        Shape::Number => value.is_u64(),
        Shape::Flag => value.is_boolean(),
        Shape::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Shape::Ids => value.as_array().is_some_and(|all| all.iter().all(is_id)),
        Shape::List(members) => {
            let all = value.as_array();
            for (number, item) in all.into_iter().flatten().enumerate() {
                shape(item, members, &format!("{place}[{number}]"), found);
            }
            all.is_some()
        }
    };
    if !holds {
        found.push(format!("{place} is not what the format wants there"));
    }
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether everything that is named is there, in order, and said once.
fn references(manifest: &Value, mail: &Mail, entries: &BTreeSet<String>, found: &mut Vec<String>) {
    let participants = unique(list(manifest, "participants"), "participant", found);
    let conversations = unique(list(manifest, "conversations"), "conversation", found);
    let events = list(manifest, "events");
    let mut present: HashMap<&str, HashSet<&str>> = HashMap::new();
    for conversation in list(manifest, "conversations") {
        let members = list(conversation, "participants").iter().filter_map(Value::as_str).collect();
        present.insert(text(conversation, "id"), members);
    }
    let mut named: BTreeSet<String> = BTreeSet::from([MANIFEST.to_owned()]);
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut before = ("", "");
    let known = |id: &str, place: &str, found: &mut Vec<String>| {
        if !participants.contains(id) {
            found.push(format!("{place} names the participant `{id}`, who is not described"));
        }
    };
    for members in present.values() {
        for id in members {
            known(id, "a conversation", found);
        }
    }
    for event in events {
        let (id, at, author) = (text(event, "id"), text(event, "timestamp"), text(event, "participant"));
        let place = format!("the event `{id}`");
        if !conversations.contains(text(event, "conversation")) {
            found.push(format!("{place} names a conversation that is not described"));
        }
        known(author, &place, found);
        if (at, id) < before && !at.is_empty() && !before.0.is_empty() {
            found.push(format!("{place} stands behind one that it precedes"));
        }
        before = (at, id);
        let parent = text(event, "parent");
        if !parent.is_empty() && seen.get(parent) != Some(&text(event, "conversation")) {
            found.push(format!("{place} replies to `{parent}`, which does not stand before it in its conversation"));
        }
        if seen.insert(id, text(event, "conversation")).is_some() {
            found.push(format!("{place} is there twice"));
        }
        let members = present.entry(text(event, "conversation")).or_default();
        match text(event, "type") {
            "join" => drop(members.insert(author)),
            "leave" => drop(members.remove(author)),
            _ => {
                let excused = list(event, "custom").iter().any(|custom| text(custom, "name") == "author_had_left");
                if !members.contains(author) && !excused {
                    found.push(format!("{place} is by `{author}`, who was not there"));
                }
            }
        }
        for reaction in list(event, "reactions") {
            list(reaction, "participants").iter().filter_map(Value::as_str).for_each(|id| known(id, &place, found));
        }
        for edit in list(event, "edits") {
            known(text(edit, "participant"), &place, found);
            if text(edit, "timestamp") < at && edit.get("timestamp").is_some() {
                found.push(format!("{place} was edited before it was written"));
            }
        }
        let files = list(event, "attachments").iter().map(|file| text(file, "id").to_owned());
        for file in files {
            if !named.insert(file.clone()) {
                found.push(format!("the file `{file}` is named twice"));
            }
        }
    }
    for file in named.symmetric_difference(entries) {
        found.push(format!("`{file}` is in the zip or in the manifest, but not in both"));
    }
    counts(manifest.as_object(), mail, events, named.len() - 1, found);
}

/// Whether the headers of the mail say what the manifest says.
fn counts(manifest: Option<&Map<String, Value>>, mail: &Mail, events: &[Value], files: usize, found: &mut Vec<String>) {
    if events.len() > MOST_POSTS * 2 {
        found.push(format!("{} events in one file", events.len()));
    }
    let times = || events.iter().map(|event| text(event, "timestamp")).filter(|at| !at.is_empty());
    let collection = manifest.and_then(|manifest| manifest.get("eventcollectionid")).and_then(Value::as_str);
    for (name, expected) in [
        ("X-RSMF-Version", Some(VERSION.to_owned())),
        ("X-RSMF-EventCount", Some(events.len().to_string())),
        ("X-RSMF-AttachmentCount", Some(files.to_string())),
        ("X-RSMF-BeginDate", times().min().map(str::to_owned)),
        ("X-RSMF-EndDate", times().max().map(str::to_owned)),
        ("X-RSMF-EventCollectionID", collection.map(str::to_owned)),
    ] {
        if mail.headers.get(name) != expected.as_ref() {
            found.push(format!("`{name}` does not say what the manifest says"));
        }
    }
}

/// The ids of a list; one that is there twice is found.
fn unique<'v>(all: &'v [Value], what: &str, found: &mut Vec<String>) -> HashSet<&'v str> {
    let mut ids = HashSet::new();
    for item in all {
        if !ids.insert(text(item, "id")) {
            found.push(format!("the {what} `{}` is described twice", text(item, "id")));
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Write as _;
    use zip::write::SimpleFileOptions;

    fn sound() -> Value {
        json!({
            "version": "2.0.0",
            "participants": [{"id": "a"}, {"id": "b", "display": "Bob"}],
            "conversations": [{"id": "c", "platform": "mattermost", "type": "channel", "participants": ["a"]}],
            "events": [
                {"type": "message", "id": "1", "participant": "a", "conversation": "c", "timestamp": "2026-01-01T00:00:00.000Z",
                 "attachments": [{"id": "f.txt", "size": 1}]},
                {"type": "join", "id": "2", "participant": "b", "conversation": "c", "timestamp": "2026-01-01T00:00:01.000Z"},
                {"type": "message", "id": "3", "parent": "1", "participant": "b", "conversation": "c",
                 "timestamp": "2026-01-01T00:00:02.000Z", "edits": [{"participant": "b", "previous": "x", "new": "y"}]}
            ],
            "eventcollectionid": "e"
        })
    }

    fn file(manifest: &Value, names: &[&str]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            let bytes = if *name == MANIFEST { manifest.to_string() } else { "x".to_owned() };
            zip.write_all(bytes.as_bytes()).unwrap();
        }
        let zip = zip.finish().unwrap().into_inner();
        let mut out = Vec::new();
        let header = |out: &mut Vec<u8>, name: &str, value: &str| crate::produce::mail::header(out, name, value);
        for (name, value) in
            [("Version", "2.0.0"), ("EventCount", "3"), ("AttachmentCount", "1"), ("EventCollectionID", "e")]
        {
            header(&mut out, &format!("X-RSMF-{name}"), value);
        }
        header(&mut out, "X-RSMF-BeginDate", "2026-01-01T00:00:00.000Z");
        header(&mut out, "X-RSMF-EndDate", "2026-01-01T00:00:02.000Z");
        header(&mut out, "Content-Type", "multipart/mixed; boundary=\"b-1\"");
        out.extend_from_slice(b"\r\n--b-1\r\n");
        crate::produce::mail::text_part(&mut out, "text");
        out.extend_from_slice(b"--b-1\r\n");
        crate::produce::mail::attachment(&mut out, "application/octet-stream", ZIP);
        out.extend_from_slice(b"\r\n");
        crate::produce::mail::base64_lines(&mut zip.as_slice(), &mut out).unwrap();
        out.extend_from_slice(b"--b-1--\r\n");
        out
    }

    #[test]
    fn each_broken_rule_is_found() {
        let whole = [MANIFEST, "f.txt"];
        assert_eq!(check(&file(&sound(), &whole)), Vec::<String>::new());
        let broken = |pointer: &str, value: Value| {
            let mut manifest = sound();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let parent = if parent.is_empty() { Some(&mut manifest) } else { manifest.pointer_mut(parent) };
            match parent.unwrap() {
                Value::Array(all) => all[name.parse::<usize>().unwrap()] = value,
                object => object[name] = value,
            }
            check(&file(&manifest, &whole)).join("; ")
        };
        for (pointer, value, expected) in [
            ("/version", json!("1.0.0"), "manifest.version is not"),
            ("/participants/0/id", json!(7), "participants[0].id is not"),
            ("/participants/1/id", json!("a"), "the participant `a` is described twice"),
            ("/participants/1/id", json!("z"), "names the participant `b`, who is not described"),
            ("/events/0/attachment", json!([]), "has `attachment`, which the format does not know"),
            ("/events/0/type", json!("history"), "events[0].type is not"),
            ("/events/0/timestamp", json!("2026-01-01T00:00:00"), "events[0].timestamp is not"),
            ("/events/0/custom", json!([{"name": "n", "value": ""}]), "custom[0].value is not"),
            ("/events/0/attachments", json!([]), "`f.txt` is in the zip or in the manifest, but not in both"),
            ("/events/1/type", json!("leave"), "is by `b`, who was not there"),
            ("/events/1/conversation", json!("d"), "names a conversation that is not described"),
            ("/events/2/parent", json!("9"), "replies to `9`, which does not stand before it"),
            ("/events/2/id", json!("1"), "the event `1` is there twice"),
            ("/events/2/timestamp", json!("2026-01-01T00:00:00.500Z"), "stands behind one that it precedes"),
            ("/events/2/edits/0/participant", json!("z"), "names the participant `z`"),
            ("/events/2/edits/0/timestamp", json!("2026-01-01T00:00:00.000Z"), "was edited before it was written"),
            ("/eventcollectionid", json!("f"), "`X-RSMF-EventCollectionID` does not say"),
        ] {
            let found = broken(pointer, value);
            assert!(found.contains(expected), "{pointer}: {found}");
        }
        assert!(check(&file(&sound(), &[MANIFEST])).join("").contains("not in both"));
        assert!(check(&file(&sound(), &["f.txt"])).join("").contains("is missing"));
    }

    #[test]
    fn a_broken_mail_is_found_and_does_no_harm() {
        let whole = file(&sound(), &[MANIFEST, "f.txt"]);
        for end in 0..whole.len() {
            assert!(!check(&whole[..end]).is_empty(), "{end}");
        }
        let text = String::from_utf8(whole).unwrap();
        let more = text.replace("--b-1--", "--b-1\r\nContent-Type: image/png\r\n\r\nAAAA\r\n--b-1--");
        assert!(check(more.as_bytes()).join("").contains("3 parts"));
        assert!(check(text.replace("\r\n", "\n").as_bytes()).join("").contains("CR LF"));
        assert!(check(text.replace("EventCount: 3", "EventCount: 4").as_bytes()).join("").contains("EventCount"));
    }
}
