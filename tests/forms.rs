//! Productions before the programs that read such forms, and against expectations written by hand.

/// Files that are too large.
mod large;
/// Load files for review platforms, and hostile names.
pub(crate) mod review;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::bag::{Spec, line};
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
    for form in ["jsonl", "csv-records", "timesketch", "eml", "markdown", "concordance", "rsmf"] {
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

pub(crate) const TABLES: &str = r#"
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
    let marks: Vec<_> = events[..2].iter().map(|event| event["message"].as_str().unwrap()).collect();
    assert!(marks[0].starts_with("the window of the archive begins: "), "{marks:?}");
    assert!(marks[1].starts_with("the archive has no end of its own; this mark stands at its seal: "), "{marks:?}");
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
    let told: std::collections::BTreeSet<_> = events.iter().filter_map(|event| event["mm_kind"].as_str()).collect();
    let untold = harbour().segments.into_iter().filter(|(kind, _)| !told.contains(kind.as_str()));
    let untold: Vec<_> = untold.map(|(kind, lines)| format!("{kind} {}", lines.len())).collect();
    assert!(!untold.is_empty());
    let why = "not told, because they hold no time at which something happened, records: ";
    let summary = desk.read("timesketch/papers/summary.txt");
    assert!(summary.contains(&format!("  {why}{}\n", untold.join(", "))), "{untold:?} {summary}");
}

pub(crate) const MAILS: &str = r#"
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
    let said = desk.produce("eml", &[]);
    assert!(said.to_string().contains(r#""unknown":1,"#), "one account, however often it is named: {said}");
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
    let text = mails[1]["text"].as_str().unwrap();
    assert!(text.contains("[message attachments: Störung behoben </b>]"), "{text}");
}

#[test]
fn markdown_shows_what_was_typed() {
    let desk = Desk::new(harbour());
    let said = desk.produce("markdown", &["--channel", "harbour/pumps"]);
    let text = desk.read("markdown/2025-11.md");
    let documents = files(&desk.path("markdown"))
        .into_iter()
        .filter(|(name, _)| !name.starts_with("papers/") && name != "manifest-sha256.txt");
    assert_eq!(documents.count(), 1);
    assert!(text.starts_with("# What was said in 2025-11\n\n- Archive "), "{text}");
    assert!(text.contains("\n## 2025-11-21\n\n### harbour/pumps\n"), "{text}");
    let first = "\n**anna** 2025-11-21T09:20:00.000Z `p1`\n\n> pump 3 says \"no\"\\\n> second line\n\n- file pump.txt, 7 bytes, not collected\n- \\:eyes\\: bob\n";
    assert!(text.contains(first), "{text}");
    assert!(text.contains("> > die Störung bleibt, C\\:\\\\temp\n"), "{text}");
    assert!(text.contains("> \\=cmd\\|pump \\\\u\\{202e\\}gpj.exe\n"), "{text}");
    assert!(said.to_string().contains("control-character"), "{said}");
}

#[test]
fn what_stands_in_message_attachments_is_said() {
    let desk = Desk::new(harbour());
    for form in ["markdown", "timesketch", "concordance"] {
        desk.produce(form, &[]);
    }
    let text = desk.read("markdown/2025-11.md");
    assert!(text.contains("- message attachments\\: Störung behoben \\</b\\>\n"), "{text}");
    let text = desk.read("timesketch/timeline.jsonl");
    assert!(text.contains(r"see the card\nStörung behoben </b>"), "{text}");
    let text = desk.read("concordance/TEXT/0001/CS00000003.txt");
    assert!(text.contains("see the card\n  [message attachments: Störung behoben </b>]\n"), "{text}");
}

#[test]
fn a_check_is_only_promised_where_there_are_rules() {
    let desk = Desk::new(harbour());
    let output = desk.run(&["produce", "a.zip", "--format", "eml", "--output", "x", "--check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!desk.path("x").exists());
}

/// Reads tables with both of the readers that people use most.
const PARQUET: &str = r#"
import duckdb, json, pathlib, pyarrow.parquet, sys
tables = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.parquet")):
    file = pyarrow.parquet.ParquetFile(path)
    table = file.read()
    rows = [{name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()} for row in table.to_pylist()]
    about = {key.decode(): value.decode() for key, value in file.metadata.metadata.items() if key.startswith(b"chatseal")}
    ask = lambda query: duckdb.connect().execute(query).fetchall()
    [counted] = ask(f"select count(*), min(record_at), max(record_at) from '{path}'")
    types = dict(ask(f"select column_name, column_type from (describe select * from '{path}')"))
    ids = [row[0] for row in ask(f"select record_id from '{path}' order by record_index")]
    tables[path.stem] = {"rows": rows, "types": types, "count": counted[0], "ids": ids, "about": about,
        "groups": file.metadata.num_row_groups, "arrow": {field.name: str(field.type) for field in table.schema}}
print(json.dumps(tables))
"#;

#[test]
fn parquet_is_read_by_pyarrow_and_duckdb() {
    let desk = Desk::new(harbour());
    desk.produce("parquet", &[]);
    let tables = python(PARQUET, &[desk.path("parquet").to_str().unwrap()], b"");
    for (kind, lines) in harbour().segments {
        let expected: Vec<Value> =
            lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone()).collect();
        assert_eq!(tables[&kind]["ids"], json!(expected), "{kind}");
        assert_eq!(tables[&kind]["about"]["chatseal.kind"], kind);
    }
    let posts = &tables["post"];
    assert_eq!((&posts["count"], &posts["groups"]), (&json!(6), &json!(1)));
    let types = &posts["types"];
    assert_eq!((&types["create_at"], &types["message"]), (&json!("TIMESTAMP WITH TIME ZONE"), &json!("VARCHAR")));
    assert_eq!((&tables["file"]["types"]["size"], &types["record_index"]), (&json!("BIGINT"), &json!("BIGINT")));
    assert_eq!(posts["arrow"]["record_at"], "timestamp[ms, tz=UTC]");
    let rows = posts["rows"].as_array().unwrap();
    assert_eq!(rows[0]["message"], "pump 3 says \"no\"\nsecond line");
    assert_eq!((&rows[0]["create_at"], &rows[0]["props"]), (&json!("2025-11-21T09:20:00+00:00"), &Value::Null));
    assert_eq!(rows[2]["props"], r#"{"attachments":[{"text":"St\u00f6rung behoben \u003c\/b\u003e","color":7}]}"#);
    assert_eq!(rows[5]["message"], "=cmd|pump \u{202e}gpj.exe");
}

#[test]
fn parquet_holds_many_segments_and_all_sorts_of_values() {
    let mut spec = harbour();
    let row = |i: i64| {
        let rest = match i % 4 {
            0 => r#""flag":true,"number":-5,"mixed":1,"leave_time":7"#.to_owned(),
            1 => r#""flag":null,"number":9007199254740991,"mixed":"x""#.to_owned(),
            2 => format!(r#""flag":false,"mixed":{{"a":[{i}]}},"text":"{}""#, "ä".repeat(500)),
            _ => String::new(),
        };
        crate::bag::line("zebra", &format!("z{i:06}"), i, &format!("{{{rest}}}"))
    };
    for part in 0..3 {
        spec.segments.push(("zebra".to_owned(), (part * 3000..(part + 1) * 3000).map(row).collect()));
    }
    let desk = Desk::new(spec);
    desk.produce("parquet", &["--unverified"]);
    let tables = python(PARQUET, &[desk.path("parquet").to_str().unwrap()], b"");
    let zebra = &tables["zebra"];
    assert_eq!(zebra["count"], 9000);
    let types = &zebra["types"];
    assert_eq!(
        (&types["flag"], &types["number"], &types["mixed"]),
        (&json!("BOOLEAN"), &json!("BIGINT"), &json!("VARCHAR"))
    );
    let rows = zebra["rows"].as_array().unwrap();
    for (i, row) in rows.iter().enumerate() {
        let expected = match i % 4 {
            0 => json!([true, -5, "1", "1970-01-01T00:00:00.007000+00:00", null]),
            1 => json!([null, 9_007_199_254_740_991_i64, "x", null, null]),
            2 => json!([false, null, format!("{{\"a\":[{i}]}}"), null, "ä".repeat(500)]),
            _ => json!([null, null, null, null, null]),
        };
        let found = ["flag", "number", "mixed", "leave_time", "text"].map(|name| &row[name]);
        assert_eq!(json!(found), expected, "row {i}");
    }
}

#[test]
fn a_window_keeps_what_has_no_time_and_who_left_in_it() {
    let mut spec = harbour();
    let members = [
        line("channel_member", "c1/u1", 0, r#"{"channel_id":"c1","user_id":"u1"}"#),
        line("channel_member", "c1/u2", 0, r#"{"channel_id":"c1","user_id":"u2"}"#),
    ];
    let stay = |user: &str, join: i64, leave: i64| {
        let data = format!(r#"{{"channel_id":"c1","user_id":"{user}","join_time":{join},"leave_time":{leave}}}"#);
        line("channel_membership", &format!("c1/{user}/{join}"), join, &data)
    };
    let stays = [stay("u1", 3, 150), stay("u2", 4, 50)];
    let place = spec.segments.iter().position(|(kind, _)| kind == "channel").unwrap();
    spec.segments.insert(place + 1, ("channel_member".to_owned(), members.into()));
    spec.segments.insert(place + 2, ("channel_membership".to_owned(), stays.into()));
    let desk = Desk::new(spec);
    desk.produce("jsonl", &["--since", "ms:100", "--until", "ms:200"]);
    let mut ids = String::new();
    for (name, bytes) in files(&desk.path("jsonl")) {
        if name.contains("channel_member") {
            ids += &String::from_utf8(bytes).unwrap();
        }
    }
    for (id, is_there) in [("c1/u1\"", true), ("c1/u2\"", true), ("c1/u1/3", true), ("c1/u2/4", false)] {
        assert_eq!(ids.contains(id), is_there, "{id}: {ids}");
    }
}
