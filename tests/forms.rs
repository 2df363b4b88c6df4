//! Productions before the programs that read such forms, and against expectations written by hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::bag::Spec;
use crate::pipelines::python;
use crate::search::harbour;
use crate::tools::feed;

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

#[test]
fn markdown_shows_what_was_typed() {
    let desk = Desk::new(harbour());
    let said = desk.produce("markdown", &["--channel", "harbour/pumps"]);
    let text = desk.read("markdown/2025-11.md");
    let documents = files(&desk.path("markdown")).into_iter().filter(|(name, _)| name.ends_with(".md"));
    assert_eq!(documents.count(), 1);
    assert!(text.starts_with("# What was said in 2025-11\n\n- Archive "), "{text}");
    assert!(text.contains("\n## 2025-11-21\n\n### harbour/pumps\n"), "{text}");
    let first = "\n**anna** 2025-11-21T09:20:00.000Z `p1`\n\n> pump 3 says \"no\"\\\n> second line\n\n- file pump.txt, 7 bytes, not collected\n- \\:eyes\\: bob\n";
    assert!(text.contains(first), "{text}");
    assert!(text.contains("> > die Störung bleibt, C\\:\\\\temp\n"), "{text}");
    assert!(text.contains("> \\=cmd\\|pump \\\\u\\{202e\\}gpj.exe\n"), "{text}");
    assert!(said.to_string().contains("control-character"), "{said}");
}

const LOAD_FILE: &str = r#"
import json, pathlib, sys
top = pathlib.Path(sys.argv[1])
raw = (top / "load.dat").read_bytes()
assert raw.startswith(b"\xef\xbb\xbf")
lines = raw.decode("utf-8-sig").split("\r\n")
assert lines.pop() == ""
rows = []
for line in lines:
    assert line.startswith("\u00fe") and line.endswith("\u00fe") and "\n" not in line, line
    rows.append([cell.replace("\u00ae", "\n") for cell in line[1:-1].split("\u00fe\u0014\u00fe")])
    assert not any("\u00fe" in cell or "\u0014" in cell for cell in rows[-1])
    assert len(rows[-1]) == len(rows[0])
documents = [dict(zip(rows[0], row)) for row in rows[1:]]
for document in documents:
    for link in ("TEXTLINK", "NATIVELINK"):
        if document[link]:
            document[link + "_BYTES"] = (top / document[link].replace("\\", "/")).read_bytes().decode()
print(json.dumps(documents))
"#;

/// The harbour with the bytes of a file, and names that break forms.
fn hostile() -> Spec {
    let mut spec = harbour();
    let bytes = b"pump!\r\n".to_vec();
    let content = format!("data/files/{}/{}", &crate::bag::sha(&bytes)[..2], crate::bag::sha(&bytes));
    let file = |id: &str, post: &str, name: &str, rest: &str| {
        let data = format!(r#"{{"user_id":"u1","post_id":"{post}","name":"{name}","size":7{rest}}}"#);
        crate::bag::line("file", id, 5, &data)
    };
    let held =
        format!(r#","content_sha256":"{}","content_bytes":7,"content_member":"{content}""#, crate::bag::sha(&bytes));
    for (kind, lines) in &mut spec.segments {
        match kind.as_str() {
            "channel" => {
                lines[0] = lines[0]
                    .replace("\"pumps\"", r#""p\u0014u\u00femps \u00ae""#.replace("\\u0014", "\\u0014").as_str())
                    .replace("\\u00fe", "þ")
                    .replace("\\u00ae", "®");
            }
            "file" => {
                *lines = vec![
                    file("f1", "p1", r"..\\..\\CON", &held),
                    file("f2", "p1", "a\\r\\nBcc: x.txt", &held),
                    file("f3", "p2", "=x ä\\u0007.TXT", r#","content_missing":"not-found""#),
                ];
            }
            "user" => {
                lines[0] = lines[0].replace(
                    r#""username":"anna""#,
                    r#""username":"anna\r\nBcc: evil@example.org","first_name":"Jürgen \"J\"""#,
                )
            }
            _ => {}
        }
    }
    spec.files = vec![bytes];
    spec
}

#[test]
fn load_files_are_read_as_reviewers_read_them() {
    let desk = Desk::new(hostile());
    let said = desk.produce("concordance", &[]);
    let documents = python(LOAD_FILE, &[desk.path("concordance").to_str().unwrap()], b"");
    let documents = documents.as_array().unwrap();
    let column = |name: &str| documents.iter().map(|row| row[name].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(column("DOCID"), ["CS00000001", "CS00000002", "CS00000003", "CS00000004", "CS00000005"]);
    assert_eq!(column("PARENTID"), ["", "CS00000001", "CS00000001", "CS00000001", ""]);
    assert_eq!(column("RECORDTYPE"), ["Chat", "Attachment", "Attachment", "Attachment", "Chat"]);
    assert_eq!(documents[0]["ATTACHIDS"], "CS00000002;CS00000003;CS00000004");
    assert_eq!(documents[0]["CONVERSATION"], "harbour/p uthmps (R)");
    assert_eq!((&documents[0]["DATESENT"], &documents[0]["TIMESENT"]), (&json!("11/21/2025"), &json!("09:20:00.000")));
    assert_eq!((&documents[0]["MSGCOUNT"], &documents[0]["EDITCOUNT"]), (&json!("4"), &json!("1")));
    assert_eq!(documents[1]["FILENAME"], r"..\..\CON");
    assert_eq!(documents[1]["NATIVELINK"], r"NATIVES\0001\CS00000002.bin");
    assert_eq!(documents[1]["NATIVELINK_BYTES"], "pump!\r\n");
    assert_eq!(documents[3]["NATIVELINK"], "");
    assert!(documents[0]["TEXTLINK_BYTES"].as_str().unwrap().contains("pump 3 says \"no\"\nsecond line\n"));
    for what in ["separator", "file-missing", "control-character"] {
        assert!(said.to_string().contains(what), "{said}");
    }
}

/// The rules of the published schema, in short.
const RSMF: &str = r#"
import email, email.policy, io, json, pathlib, sys, zipfile, jsonschema
text, name, moment = {"type": "string"}, {"type": "string", "minLength": 1}, {"type": "string", "format": "date-time"}
def all_of(required, **members):
    return {"type": "array", "items": {"type": "object", "required": required, "properties": members, "additionalProperties": False}}
custom = all_of(["name", "value"], name=name, value=name)
names = {"type": "array", "items": name}
schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "additionalProperties": False,
  "required": ["version", "participants", "conversations", "events"], "properties": {
    "version": {"const": "2.0.0"}, "eventcollectionid": text,
    "participants": all_of(["id"], id=name, display=text, email={"type": "string", "format": "idn-email"}, custom=custom),
    "conversations": all_of(["id", "platform", "participants"], id=name, display=text, platform=name, participants=names,
      type={"enum": ["direct", "channel"]}),
    "events": all_of(["type"], id=name, type={"enum": ["message", "disclaimer", "join", "leave", "unknown"]}, parent=name,
      body=text, participant=name, conversation=name, timestamp=moment, deleted={"type": "boolean"},
      importance={"enum": ["normal", "high"]}, custom=custom,
      reactions=all_of(["value"], value=name, count={"type": "integer"}, participants=names),
      attachments=all_of(["id"], id=name, display=text, size={"type": "integer"}),
      edits=all_of(["participant"], participant=name, timestamp=moment, previous=text, new=text))}}
found = []
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.rsmf")):
    raw = path.read_bytes()
    assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 998
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not any(part.defects for part in mail.walk())
    [attached] = list(mail.iter_attachments())
    assert attached.get_filename() == "rsmf.zip"
    with zipfile.ZipFile(io.BytesIO(attached.get_payload(decode=True))) as zipped:
        assert zipped.testzip() is None
        manifest = json.loads(zipped.read("rsmf_manifest.json"))
        files = {entry: zipped.read(entry).decode() for entry in zipped.namelist() if entry != "rsmf_manifest.json"}
    jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker()).validate(manifest)
    found.append({"headers": {name: str(value) for name, value in mail.items()}, "manifest": manifest, "files": files,
      "text": mail.get_body(("plain",)).get_content()})
print(json.dumps(found))
"#;

#[test]
fn rsmf_keeps_the_schema_and_our_own_rules() {
    let desk = Desk::new(hostile());
    desk.produce("rsmf", &["--check"]);
    let found = python(RSMF, &[desk.path("rsmf").to_str().unwrap()], b"");
    let files = found.as_array().unwrap();
    assert_eq!(files.len(), 2);
    let (manifest, headers) = (&files[0]["manifest"], &files[0]["headers"]);
    let events = manifest["events"].as_array().unwrap();
    let ids: Vec<_> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["p1", "p2", "p4", "p5"]);
    assert_eq!((&events[1]["parent"], &events[2]["parent"]), (&json!("p1"), &json!("p1")));
    let edit = json!([{"participant": "u1", "previous": "pump is lost", "new": "pump runs again", "timestamp": "2025-11-21T09:29:00.000Z"}]);
    assert_eq!(events[2]["edits"], edit);
    assert_eq!(events[0]["reactions"], json!([{"value": "eyes", "count": 1, "participants": ["u2"]}]));
    assert_eq!(files[0]["files"]["f2_a__Bcc_ x.txt"], "pump!\r\n");
    assert!(files[0]["files"]["f3.missing.txt"].as_str().unwrap().contains("not-found"));
    assert_eq!((&headers["X-RSMF-EventCount"], &headers["X-RSMF-AttachmentCount"]), (&json!("4"), &json!("3")));
    assert_eq!(headers["X-RSMF-BeginDate"], "2025-11-21T09:20:00.000Z");
    assert!(headers["Bcc"].is_null(), "{headers}");
    assert_eq!(files[1]["manifest"]["conversations"][0]["type"], "direct");
}

#[test]
fn a_check_is_only_promised_where_there_are_rules() {
    let desk = Desk::new(harbour());
    let output = desk.run(&["produce", "a.zip", "--format", "eml", "--output", "x", "--check"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!desk.path("x").exists());
}

#[test]
fn mails_hold_whatever_names_are() {
    let desk = Desk::new(hostile());
    desk.produce("eml", &[]);
    let mails = python(MAILS, &[desk.path("eml").to_str().unwrap()], b"");
    let mail = &mails[0];
    assert!(mail["headers"]["Bcc"].is_null());
    let names: Vec<_> =
        mail["attached"].as_array().unwrap().iter().map(|file| file[0].as_str().unwrap_or("-")).collect();
    assert_eq!(names, [r"..\..\CON", "a  Bcc: x.txt", "-"]);
    assert_eq!(mail["attached"][0][2], "70756d70210d0a");
}

#[test]
fn every_file_stands_in_a_manifest_that_ordinary_tools_check() {
    let desk = Desk::new(hostile());
    desk.produce("eml", &[]);
    let mut sha256sum = Command::new("sha256sum");
    sha256sum.args(["-c", "manifest-sha256.txt", "--strict"]).current_dir(desk.path("eml"));
    let checked = String::from_utf8(feed("sha256sum", sha256sum, b"").expect_success()).unwrap();
    let listed: Vec<_> = checked.lines().map(|line| line.strip_suffix(": OK").unwrap().to_owned()).collect();
    let mut there: Vec<_> = files(&desk.path("eml")).into_iter().map(|(name, _)| name).collect();
    there.retain(|name| name != "manifest-sha256.txt");
    assert_eq!(listed, there);
    for paper in [
        "summary.txt",
        "summary.json",
        "summary.html",
        "exceptions.csv",
        "custody-form.html",
        "certificate-draft.html",
        "verify.txt",
    ] {
        assert!(there.contains(&format!("papers/{paper}")), "{there:?}");
    }
}

#[test]
fn the_manifest_is_signed_on_request() {
    let desk = Desk::new(harbour());
    assert!(desk.run(&["keygen", "k"]).status.success());
    desk.produce("jsonl", &["--key", "k"]);
    let key = desk.read("k.pub");
    std::fs::write(desk.path("signers"), format!("anna namespaces=\"production@chatseal.v1\" {key}")).unwrap();
    let mut verify = Command::new("ssh-keygen");
    verify.current_dir(desk.path("jsonl"));
    verify.args([
        "-Y",
        "verify",
        "-f",
        "../signers",
        "-I",
        "anna",
        "-n",
        "production@chatseal.v1",
        "-s",
        "manifest-sha256.txt.sig",
    ]);
    let manifest = std::fs::read(desk.path("jsonl/manifest-sha256.txt")).unwrap();
    let said = String::from_utf8(feed("ssh-keygen", verify, &manifest).expect_success()).unwrap();
    assert!(said.starts_with("Good \"production@chatseal.v1\" signature"), "{said}");
    assert!(desk.read("jsonl/papers/verify.txt").contains("-I SIGNER -n production@chatseal.v1"));
    assert!(!desk.run(&["produce", "a.zip", "--format", "jsonl", "--output", "x", "--key", "none"]).status.success());
    assert!(!desk.path("x").exists());
}

#[test]
fn the_papers_say_what_was_produced_and_what_is_missing() {
    let desk = Desk::new(hostile());
    desk.produce("eml", &["--channel", "c1"]);
    let summary: Value = serde_json::from_str(&desk.read("eml/papers/summary.json")).unwrap();
    assert_eq!((&summary["form"], &summary["standing"]), (&json!("eml"), &json!("intact, signer not checked")));
    assert_eq!(summary["scope"], json!(["channels c1"]));
    assert_eq!((&summary["posts"], &summary["archive"]["exceptions"]), (&json!(4), &json!(1)));
    assert_eq!(summary["produced_at"], "2026-11-22T10:00:00.000Z");
    let posts = summary["equation"].as_array().unwrap().iter().find(|row| row["kind"] == "post").unwrap();
    assert_eq!((&posts["source"], &posts["records"], &posts["out_of_scope"]), (&json!(8), &json!(6), &json!(2)));
    assert_eq!(posts["is_complete"], true);
    let people: Vec<_> = summary["participants"].as_array().unwrap().iter().map(|row| &row["posts"]).collect();
    assert_eq!(people, [&json!(2), &json!(1), &json!(1)]);
    let text = desk.read("eml/papers/summary.txt");
    assert!(text.contains("  Nobody checked who signed the archive; its bytes are intact.\n"), "{text}");
    assert!(text.contains("  post                    8 = 6 + 2 + 0 + 0\n"), "{text}");

    let tables = python(TABLES, &[desk.path("eml/papers").to_str().unwrap()], b"");
    let rows = tables["exceptions"].as_array().unwrap();
    let classes: Vec<_> = rows
        .iter()
        .map(|row| format!("{} {}", row["where"].as_str().unwrap(), row["class"].as_str().unwrap()))
        .collect();
    let expected = [
        "archive file-missing",
        "archive note-unknown-line",
        "production file-name",
        "production file-name",
        "production file-missing",
        "production control-character",
    ];
    assert_eq!(classes, expected);
    for page in ["summary", "custody-form", "certificate-draft"] {
        let page = desk.read(&format!("eml/papers/{page}.html"));
        for word in ["<script", "src=", "href=", "http://", "https://", "url("] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(
            page.contains("sha256:") && page.contains("default-src &#39;none&#39;")
                || page.contains("default-src 'none'")
        );
    }
    let draft = desk.read("eml/papers/certificate-draft.html");
    assert!(draft.contains("902(14)") && draft.contains("not signed") && draft.contains("intact, signer not checked"));
}

#[test]
fn what_was_not_verified_says_so_everywhere() {
    let desk = Desk::new(harbour());
    desk.produce("markdown", &["--unverified"]);
    for (name, word) in [
        ("2025-11.md", "Standing\\: not verified"),
        ("papers/summary.txt", "The archive was not verified before this production was made."),
        ("papers/custody-form.html", "not verified"),
        ("papers/certificate-draft.html", "This section cannot be certified until that is done."),
    ] {
        let text = desk.read(&format!("markdown/{name}"));
        assert!(text.contains(word), "{name}: {text}");
    }
}
