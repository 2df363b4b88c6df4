//! Productions before the programs that read such forms, and against expectations written by hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::bag::Spec;
use crate::pipelines::python;
use crate::search::harbour;

/// When everything here is produced.
const AS_OF: &str = "2026-11-22T10:00:00Z";

/// A folder with an archive and what is produced from it.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn new(spec: Spec) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::write(desk.path("a.zip"), spec.zip()).unwrap();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatseal"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null()).output().unwrap()
    }

    /// Produces a form into a folder of its name; returns what it says of itself.
    pub(crate) fn produce(&self, form: &str, args: &[&str]) -> Value {
        let fixed = ["produce", "a.zip", "--format", form, "--output", form, "--as-of", AS_OF, "--json"];
        let output = self.run(&[&fixed, args].concat());
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_str(&said).unwrap()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// All files below a folder with their bytes, sorted.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_same_production_has_the_same_bytes_for_any_number_of_threads() {
    for form in ["jsonl", "csv-records", "timesketch", "eml"] {
        let all = ["1", "3"].map(|threads| {
            let desk = Desk::new(harbour());
            desk.produce(form, &["--threads", threads]);
            files(&desk.path(form))
        });
        assert!(!all[0].is_empty());
        assert_eq!(all[0], all[1], "{form}");
    }
}

#[test]
fn jsonl_is_the_lines_as_sealed() {
    let desk = Desk::new(harbour());
    desk.produce("jsonl", &[]);
    for (kind, lines) in harbour().segments {
        let expected: String = lines.iter().map(|line| format!("{line}\n")).collect();
        assert_eq!(desk.read(&format!("jsonl/{kind}.jsonl")), expected);
    }
}

#[test]
fn a_scope_keeps_what_belongs_to_its_posts() {
    let desk = Desk::new(harbour());
    desk.produce("jsonl", &["--channel", "harbour/pumps", "--user", "anna", "--until", "2025-11-21T09:21:00Z"]);
    let ids = |kind: &str| {
        let text = std::fs::read_to_string(desk.path(&format!("jsonl/{kind}.jsonl"))).unwrap_or_default();
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        text.lines().map(id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((ids("post"), ids("file"), ids("reaction")), ("p1".into(), "f1".into(), "u2/p1/eyes".into()));
    assert_eq!((ids("team"), ids("user"), ids("server")), ("t1".into(), "u1 u2".into(), String::new()));
}

const TABLES: &str = r#"
import csv, json, pathlib, sys
tables = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.csv")):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    assert all(len(row) == len(rows[0]) for row in rows), path
    tables[path.stem] = [dict(zip(rows[0], row)) for row in rows[1:]]
print(json.dumps(tables))
"#;

#[test]
fn csv_records_are_read_by_python_and_execute_nothing() {
    let desk = Desk::new(harbour());
    desk.produce("csv-records", &[]);
    let tables = python(TABLES, &[desk.path("csv-records").to_str().unwrap()], b"");
    let posts = tables["post"].as_array().unwrap();
    assert_eq!(posts.len(), 6);
    assert_eq!(posts[0]["message"], "pump 3 says \"no\"\nsecond line");
    assert_eq!((&posts[0]["record_id"], &posts[0]["record_time"]), (&json!("p1"), &json!("2025-11-21T09:20:00.000Z")));
    assert_eq!(posts[5]["message"], "'=cmd|pump \u{202e}gpj.exe");
    assert_eq!(posts[5]["neutralised"], "message");
    assert_eq!(posts[2]["props"], r#"{"attachments":[{"text":"St\u00f6rung behoben \u003c\/b\u003e","color":7}]}"#);
    let indices: Vec<_> = posts.iter().map(|post| post["record_index"].as_str().unwrap()).collect();
    assert_eq!(indices, ["4", "5", "6", "7", "8", "9"]);
    // NULL and empty text differ in the file, though not to this reader.
    let line = desk.read("csv-records/channel.csv").lines().nth(2).unwrap().to_owned();
    assert!(line.contains(",\"\",D,\"\",u1__u2,"), "{line}");
}

#[test]
fn timelines_keep_the_rules_of_the_importer() {
    let desk = Desk::new(harbour());
    let said = desk.produce("timesketch", &[]);
    let text = desk.read("timesketch/timeline.jsonl");
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(said.to_string().contains(&format!("{}", events.len())), "{said}");
    let mut types = std::collections::BTreeMap::new();
    for event in &events {
        for (key, value) in event.as_object().unwrap() {
            assert!(!["_id", "_type", "_index", "_source", "__ts_timeline_id"].contains(&key.as_str()));
            assert!(!value.is_null() && *value != "", "{key} says nothing");
            let shape = std::mem::discriminant(value);
            assert_eq!(*types.entry(key.clone()).or_insert(shape), shape, "{key} has two types");
        }
        let micros = event["timestamp"].as_i64().unwrap();
        let time = chrono::DateTime::parse_from_rfc3339(event["datetime"].as_str().unwrap()).unwrap();
        assert_eq!(time.timestamp_micros(), micros);
        assert!(event["message"].is_string() && event["timestamp_desc"].is_string());
    }
    let of = |id: &str| -> Vec<String> {
        let own = events.iter().filter(|event| event["mm_post_id"] == id);
        own.map(|event| event["timestamp_desc"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("p1"), ["File uploaded", "Post created", "Reaction added"]);
    assert_eq!(of("p4"), ["Post created", "Post edited", "Post version replaced"]);
    let created =
        events.iter().find(|event| event["mm_post_id"] == "p1" && event["data_type"] == "mattermost:post:created");
    let created = created.unwrap();
    assert_eq!(created["message"], "@anna wrote in harbour/pumps: pump 3 says \"no\"\nsecond line");
    let line = harbour().segments[3].1[0].clone();
    assert_eq!(created["mm_record_hash"], crate::bag::sha(line.as_bytes()));
    assert_eq!((&created["mm_team"], &created["mm_record_index"]), (&json!("harbour"), &json!(4)));
}

const MAILS: &str = r#"
import email, email.policy, json, pathlib, sys
mails = []
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.eml")):
    raw = path.read_bytes()
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998 and raw.isascii()
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    parts = [part for part in mail.walk()]
    assert not any(part.defects for part in parts), [part.defects for part in parts]
    mails.append({
        "path": str(path.relative_to(sys.argv[1])),
        "headers": {name: str(value) for name, value in mail.items()},
        "to": [[to.display_name, to.addr_spec] for to in mail["To"].addresses],
        "text": mail.get_body(("plain",)).get_content(),
        "attached": [[part.get_filename(), part.get_content_type(), part.get_payload(decode=True).hex()]
                     for part in mail.iter_attachments()],
    })
print(json.dumps(mails))
"#;

#[test]
fn mails_are_read_by_python() {
    let desk = Desk::new(harbour());
    desk.produce("eml", &[]);
    let mails = python(MAILS, &[desk.path("eml").to_str().unwrap()], b"");
    let mails = mails.as_array().unwrap();
    assert_eq!(mails.len(), 2);
    let mail = &mails[0];
    assert_eq!(mail["path"], "2025-11-21/00001.eml");
    assert_eq!(mail["headers"]["Subject"], "harbour/pumps, 2025-11-21");
    assert_eq!(mail["headers"]["Date"], "Fri, 21 Nov 2025 09:20:00 +0000");
    assert_eq!(mail["headers"]["From"], "anna <anna@example.org>");
    assert_eq!(
        mail["to"],
        json!([["anna", "anna@example.org"], ["bob", "bob@example.org"], ["u9", "u9@chatseal.invalid"]])
    );
    let text = mail["text"].as_str().unwrap().replace("\r\n", "\n");
    let expected = "2025-11-21T09:20:00.000Z  anna\npump 3 says \"no\"\nsecond line\n  [file pump.txt, 7 bytes, not collected]\n  [:eyes: bob]\n\n";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("  [until 2025-11-21T09:29:00.000Z it said: pump is lost]\n"), "{text}");
    assert!(text.contains("=cmd|pump \\u{202e}gpj.exe"), "{text}");
    assert_eq!(mails[1]["headers"]["Subject"], "@anna, @bob, 2025-11-21");
}
