//! One line of an audit log, taken apart: which schema, which members, and the record that it becomes.
//!
//! ```text
//! nested (7.2 on)  {"timestamp":…,"event_name":…,"status":…,"actor":{…},"event":{…},"meta":{…},"error":{…}}
//! flat (5.x)       {"timestamp":…,"event":"createPost","status":…,"user_id":…, … all else belongs to `meta`}
//! other            any other object: a line of the server's own log, or of a target with keys of its own
//! ```
//!
//! Every member of a line arrives in a field of its record: in its own if it has one, else in `meta` or `extra`. A
//! member that stands twice could be read in two ways, so such a line is undecodable.
//!
//! The id of an entry is derived, since entries have none: the key is the record's `data`, which holds the SHA-256 of the
//! line, so it is a function of the line alone, and n counts equal lines. A line that held a secret keeps its digest to
//! itself, because a digest would allow guessing what was taken out.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};

use super::instant;
use super::mentions::Mentions;
use super::secrets::{Search, Secrets, without};
use super::walk::Walk;
use crate::record::id::{hex, synthetic, synthetic_text};
use crate::record::json::{Cursor, Fault, Shape, Value};
use crate::record::line::push_integer;
use crate::record::time::Millis;
use crate::source::bulk::data::{Data, Remarks};

/// How a line is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Schema {
    /// Mattermost 5.x: `event` is a string, all members side by side.
    Flat,
    /// Mattermost 7.2 and later: `event_name`, and objects for actor, event, meta, error.
    Nested,
    /// No audit entry, but an object.
    Other,
}

impl Schema {
    /// Its word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Flat => "flat",
            Self::Nested => "nested",
            Self::Other => "other",
        }
    }
}

/// Fields that hold text, in the order of the record.
pub(super) const TEXTS: [&str; 11] = [
    "timestamp",
    "event_name",
    "status",
    "user_id",
    "session_id",
    "client",
    "ip_address",
    "x_forwarded_for",
    "api_path",
    "cluster_id",
    "object_type",
];

/// Fields that hold any JSON, in the order of the record; they follow the texts.
const VALUES: [&str; 4] = ["error", "parameters", "prior_state", "resulting_state"];

/// Where the members of an object of an entry go: the field of each, and the field that takes the others.
struct Rule {
    fields: &'static [(&'static str, &'static str)],
    others: &'static str,
    prefix: &'static str,
}

const NESTED: Rule = Rule {
    fields: &[("timestamp", "timestamp"), ("event_name", "event_name"), ("status", "status"), ("error", "error")],
    others: "extra",
    prefix: "",
};
const ACTOR: Rule = Rule {
    fields: &[
        ("user_id", "user_id"),
        ("session_id", "session_id"),
        ("client", "client"),
        ("ip_address", "ip_address"),
        ("x_forwarded_for", "x_forwarded_for"),
    ],
    others: "extra",
    prefix: "actor.",
};
const EVENT: Rule = Rule {
    fields: &[
        ("parameters", "parameters"),
        ("prior_state", "prior_state"),
        ("resulting_state", "resulting_state"),
        ("object_type", "object_type"),
    ],
    others: "extra",
    prefix: "event.",
};
const META: Rule =
    Rule { fields: &[("api_path", "api_path"), ("cluster_id", "cluster_id")], others: "meta", prefix: "" };
const FLAT: Rule = Rule {
    fields: &[
        ("timestamp", "timestamp"),
        ("event", "event_name"),
        ("status", "status"),
        ("user_id", "user_id"),
        ("session_id", "session_id"),
        ("client", "client"),
        ("ip_address", "ip_address"),
        ("x_forwarded_for", "x_forwarded_for"),
        ("api_path", "api_path"),
        ("cluster_id", "cluster_id"),
        ("err", "error"),
    ],
    others: "meta",
    prefix: "",
};
const OTHER: Rule = Rule { fields: &[("timestamp", "timestamp")], others: "extra", prefix: "" };

/// A line, taken apart.
#[derive(Debug)]
pub struct Entry<'a> {
    /// How it is laid out.
    pub schema: Schema,
    /// When it was written; 0 if it does not say so in a way that is understood.
    pub at: Millis,
    /// Members with a field of their own, by field.
    fields: Vec<(&'static str, Value<'a>)>,
    /// Members of the flat schema, and of `meta`, that have none; as an object.
    meta: String,
    /// Members of other places that have none.
    extra: String,
}

/// A whole line as it is understood: what it says, and what must not be told of it.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// The line, as it was written.
    pub entry: Entry<'a>,
    /// Places that hold secrets.
    pub secrets: Secrets,
    /// What it names.
    pub mentions: Mentions<'a>,
    /// Whether the server says in it that it dropped records.
    pub notice: bool,
}

/// Takes a line apart (without its line feed).
pub fn parse(text: &str) -> Result<Parsed<'_>, Fault> {
    let entry = Entry::parse(text)?;
    let mut search = Search::new(&entry.text("event_name").unwrap_or_default());
    let mut walk = Walk::new(text);
    let (mut notice, mut mentions) = (false, Mentions::default());
    while let Some(member) = walk.advance() {
        mentions.look(&member);
        notice |= member.object == 0
            && matches!(member.key.as_ref(), "msg" | "message")
            && member.scalar.is_some_and(|said| said.contains("udit queue full"));
        search.look(&member, &mut walk);
    }
    if walk.is_too_deep() {
        return Err(Fault { offset: text.len(), expected: "at most 1,000 levels" });
    }
    Ok(Parsed { entry, secrets: search.found, mentions, notice })
}

impl<'a> Entry<'a> {
    fn parse(text: &'a str) -> Result<Self, Fault> {
        let members = members(text)?;
        let is_text = |key: &str| members.iter().any(|(name, value)| name == key && value.shape == Shape::String);
        let schema = match () {
            () if is_text("event_name") => Schema::Nested,
            () if is_text("event") => Schema::Flat,
            () => Schema::Other,
        };
        let mut entry = Self { schema, at: 0, fields: Vec::new(), meta: String::new(), extra: String::new() };
        for (key, value) in members {
            let inner = match (schema, key.as_ref(), value.shape) {
                (Schema::Nested, "actor", Shape::Object) => Some(&ACTOR),
                (Schema::Nested, "event", Shape::Object) => Some(&EVENT),
                (Schema::Nested, "meta", Shape::Object) => Some(&META),
                _ => None,
            };
            if matches!(key.as_ref(), "timestamp" | "ts") && entry.at == 0 {
                entry.at = instant::millis(&value).unwrap_or(0);
            }
            match (inner, schema) {
                (Some(rule), _) => {
                    for (key, value) in self::members(value.text)? {
                        entry.place(rule, &key, value);
                    }
                }
                (None, Schema::Nested) => entry.place(&NESTED, &key, value),
                (None, Schema::Flat) => entry.place(&FLAT, &key, value),
                (None, Schema::Other) => entry.place(&OTHER, &key, value),
            }
        }
        Ok(entry)
    }

    fn place(&mut self, rule: &Rule, key: &str, value: Value<'a>) {
        let field = rule.fields.iter().find(|(name, _)| *name == key).map(|(_, field)| *field);
        let fits = |field: &&str| !TEXTS.contains(field) || value.shape == Shape::String;
        if let Some(field) = field.filter(fits) {
            self.fields.push((field, value));
            return;
        }
        let rest = if rule.others == "meta" { &mut self.meta } else { &mut self.extra };
        rest.push(if rest.is_empty() { '{' } else { ',' });
        let mut name = Vec::new();
        crate::record::line::push_string(&mut name, &format!("{}{key}", rule.prefix));
        rest.push_str(&String::from_utf8_lossy(&name));
        rest.push(':');
        rest.push_str(value.text);
    }

    /// The value of a field that has its own place.
    pub fn value(&self, field: &str) -> Option<&Value<'a>> {
        self.fields.iter().find(|(name, _)| *name == field).map(|(_, value)| value)
    }

    /// The text of a field that has its own place.
    pub fn text(&self, field: &str) -> Option<Cow<'a, str>> {
        let value = self.value(field).filter(|value| value.shape == Shape::String)?;
        Cursor::new(value.text).string().ok().map(|text| text.decode().0)
    }

    /// Whether the server says that it did what was asked.
    pub fn succeeded(&self) -> bool {
        self.value("status").is_some_and(|status| status.text == "\"success\"")
    }

    /// Writes the fields of the record; `sha256` is the line's, if it may be told.
    fn fill(&self, data: &mut Data<'_>, sha256: Option<&[u8]>) {
        data.string("schema", self.schema.word());
        for field in TEXTS.into_iter().chain(VALUES) {
            if let Some(value) = self.value(field) {
                data.json(field, value);
            }
        }
        for (field, rest) in [("meta", &self.meta), ("extra", &self.extra)] {
            if !rest.is_empty() {
                let object = format!("{rest}}}");
                match Cursor::new(&object).value() {
                    Ok(value) => data.json(field, &value),
                    Err(_) => data.string(field, &object),
                }
            }
        }
        if let Some(sha256) = sha256 {
            data.string("line_sha256", &hex(sha256));
        }
    }
}

/// The members of an object, each key once.
pub(super) fn members(text: &str) -> Result<Vec<(Cow<'_, str>, Value<'_>)>, Fault> {
    let mut cursor = Cursor::new(text);
    let mut members = Vec::new();
    let mut first = true;
    cursor.open_object()?;
    while let Some(key) = cursor.member(&mut first)? {
        let value = cursor.value()?;
        members.push((key.decode().0, value));
    }
    cursor.end()?;
    let mut keys: Vec<&str> = members.iter().map(|(key, _)| key.as_ref()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Fault { offset: 0, expected: "each member once" });
    }
    Ok(members)
}

/// A finished record line.
#[derive(Debug)]
pub struct Written {
    /// The line.
    pub line: Vec<u8>,
    /// The first digits of its id, to find equal lines.
    pub mark: i64,
    /// SHA-256 of the source line.
    pub sha256: [u8; 32],
}

/// Writes the record of a line; its id is that of the first of equal lines.
pub fn write(parsed: &Parsed<'_>, text: &str, kind: &str) -> Result<Written, Fault> {
    let sha256 = digest(&SHA256, text.as_bytes()).as_ref().first_chunk().copied().unwrap_or_default();
    let mut data = b"{".to_vec();
    let remarks = if parsed.secrets.is_empty() {
        fill(&parsed.entry, &mut data, Some(&sha256))
    } else {
        let told = without(text, &parsed.secrets);
        fill(&Entry::parse(&told)?, &mut data, None)
    };
    data.push(b'}');
    let id = synthetic(kind, &data, 0);
    let digits = synthetic_text(&id).get(2..18).unwrap_or_default();
    let mark = u64::from_str_radix(digits, 16).unwrap_or(0).cast_signed();
    let line = assemble(kind, synthetic_text(&id), parsed.entry.at, &remarks.as_text, &data);
    Ok(Written { line, mark, sha256 })
}

fn fill(entry: &Entry<'_>, data: &mut Vec<u8>, sha256: Option<&[u8]>) -> Remarks {
    let mut fields = Data::new(data);
    entry.fill(&mut fields, sha256);
    fields.finish()
}

fn assemble(kind: &str, id: &str, at: Millis, as_text: &[&str], data: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(data.len() + 128);
    line.extend_from_slice(format!("{{\"kind\":\"{kind}\",\"id\":\"{id}\",\"at\":").as_bytes());
    push_integer(&mut line, at);
    line.extend_from_slice(b",\"synthetic\":true");
    if !as_text.is_empty() {
        line.extend_from_slice(format!(",\"text\":[\"{}\"]", as_text.join("\",\"")).as_bytes());
    }
    line.extend_from_slice(b",\"data\":");
    line.extend_from_slice(data);
    line.push(b'}');
    line
}

/// The same record line as the `number`th of equal lines, counted from 0.
pub fn numbered(line: &[u8], kind: &str, number: u64) -> Vec<u8> {
    const LABEL: &[u8] = b",\"data\":";
    // The id, the time and the names of fields hold no `"data"`, so the first one begins the data.
    let Some(at) = memchr::memmem::find(line, LABEL) else { return line.to_vec() };
    let data = line.get(at + LABEL.len()..line.len().saturating_sub(1)).unwrap_or_default();
    let id = synthetic(kind, data, number);
    let start = kind.len() + "{\"kind\":\"\",\"id\":\"".len();
    let mut out = line.to_vec();
    if let Some(place) = out.get_mut(start..start + id.len()) {
        place.copy_from_slice(&id);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::line::Line;

    fn record(text: &str) -> String {
        let written = write(&parse(text).unwrap(), text, "audit_log").unwrap();
        let line = String::from_utf8(written.line).unwrap();
        Line::parse_text(&line).unwrap();
        line
    }

    /// The `data` of the record of a line, without its digest.
    fn data(text: &str) -> String {
        let line = record(text);
        let data = Line::parse_text(&line).unwrap().data;
        let sha256 = hex(digest(&SHA256, text.as_bytes()).as_ref());
        data.replace(&format!(",\"line_sha256\":\"{sha256}\""), "")
    }

    #[test]
    fn a_flat_entry() {
        let text = r#"{"timestamp":"2026-11-21 08:54:00.862 Z","event":"createPost","status":"fail","user_id":"u","session_id":"s","ip_address":"127.0.0.1","api_path":"/api/v4/posts","code":500,"err":"app.post.save.app_error","post":{"id":"", "pinned":false},"cluster_id":"","client":"curl"}"#;
        let parsed = parse(text).unwrap();
        assert_eq!((parsed.entry.schema, parsed.entry.at), (Schema::Flat, 1_795_251_240_862));
        assert!(!parsed.entry.succeeded() && !parsed.notice);
        assert_eq!(
            data(text),
            r#"{"schema":"flat","timestamp":"2026-11-21 08:54:00.862 Z","event_name":"createPost","status":"fail","user_id":"u","session_id":"s","client":"curl","ip_address":"127.0.0.1","api_path":"/api/v4/posts","cluster_id":"","error":"app.post.save.app_error","meta":{"code":500,"post":{"id":"", "pinned":false}}}"#
        );
    }

    #[test]
    fn a_nested_entry_with_members_of_another_target() {
        let text = r#"{"level":"audit-api","msg":"","timestamp":"2026-11-21 08:54:00.862 +00:00","event_name":"login","status":"success","event":{"parameters":{"login_id":"bob"},"prior_state":{},"resulting_state":{"id":"u"},"object_type":"user","more":1},"actor":{"user_id":"u","session_id":"s","client":"curl","ip_address":"::1","x_forwarded_for":"","roles":["a"]},"meta":{"api_path":"/p","cluster_id":"c","z":{}},"error":{}}"#;
        assert_eq!(
            data(text),
            r#"{"schema":"nested","timestamp":"2026-11-21 08:54:00.862 +00:00","event_name":"login","status":"success","user_id":"u","session_id":"s","client":"curl","ip_address":"::1","x_forwarded_for":"","api_path":"/p","cluster_id":"c","object_type":"user","error":{},"parameters":{"login_id":"bob"},"prior_state":{},"resulting_state":{"id":"u"},"meta":{"z":{}},"extra":{"level":"audit-api","msg":"","event.more":1,"actor.roles":["a"]}}"#
        );
    }

    #[test]
    fn a_line_of_the_servers_own_log() {
        let text = r#"{"level":"error","ts":1795251225.7589,"caller":"audit/audit.go:1","msg":"Audit queue full, dropping record.","queueSize":1000}"#;
        let parsed = parse(text).unwrap();
        assert_eq!((parsed.entry.schema, parsed.entry.at, parsed.notice), (Schema::Other, 1_795_251_225_758, true));
        assert_eq!(data(text), format!(r#"{{"schema":"other","extra":{text}}}"#));
    }

    #[test]
    fn a_post_cannot_speak_for_the_server() {
        let text =
            r#"{"event_name":"createPost","status":"success","event":{"parameters":{"msg":"Audit queue full"}}}"#;
        assert!(!parse(text).unwrap().notice);
    }

    #[test]
    fn members_of_odd_shapes_are_kept_and_ambiguous_lines_refused() {
        assert_eq!(
            data(r#"{"event":"x","user_id":5,"status":null,"a b":"\ud800"}"#),
            r#"{"schema":"flat","event_name":"x","meta":"{\"user_id\":5,\"status\":null,\"a b\":\"\\ud800\"}"}"#
        );
        assert_eq!(
            data(r#"{"event":{"a":1},"event_name":5}"#),
            r#"{"schema":"other","extra":{"event":{"a":1},"event_name":5}}"#
        );
        assert_eq!(data("{}"), r#"{"schema":"other"}"#);
        for broken in [
            "",
            "[]",
            "{",
            "{}x",
            "\u{feff}{}",
            r#"{"event":"a","event":"b"}"#,
            r#"{"event":"a","\u0065vent":"b"}"#,
            r#"{"event_name":"a","actor":{"user_id":"a","user_id":"b"}}"#,
        ] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_secret_takes_the_digest_of_its_line_with_it() {
        let with = |code: &str| format!(r#"{{"event":"login","status":"fail","code":"{code}","user_id":"u"}}"#);
        let (one, two) = (record(&with("111111")), record(&with("222222")));
        assert_eq!(one, two);
        assert!(one.ends_with(
            r#""data":{"schema":"flat","event_name":"login","status":"fail","user_id":"u","meta":{"code":"redacted"}}}"#
        ));
    }

    #[test]
    fn equal_lines_are_told_apart_by_their_number() {
        let line = record(r#"{"event":"x","props":{"data":1,"data":2}}"#);
        assert_eq!(numbered(line.as_bytes(), "audit_log", 0), line.as_bytes());
        let second = String::from_utf8(numbered(line.as_bytes(), "audit_log", 1)).unwrap();
        let (first, second) = (Line::parse_text(&line).unwrap(), Line::parse_text(&second).unwrap());
        assert_eq!(first.data, second.data);
        let expected = synthetic("audit_log", first.data.as_bytes(), 1);
        assert_eq!(second.id, synthetic_text(&expected));
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = |levels| format!(r#"{{"event":"x","a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
        assert!(record(&deep(999)).contains(r#""text":["meta"]"#));
        assert!(parse(&deep(1000)).is_err());
        assert!(parse(&deep(200_000)).is_err());
    }
}
