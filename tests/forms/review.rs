//! Load files for review platforms, read back by the rules of those platforms; and names that would break them.

use serde_json::json;

use super::{Desk, MAILS};
use crate::bag::Spec;
use crate::pipelines::python;
use crate::search::harbour;

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
pub(crate) fn hostile() -> Spec {
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
            "channel" => lines[0] = lines[0].replace("\"pumps\"", r#""p\u0014uþmps ®""#),
            "file" => {
                *lines = vec![
                    file("f1", "p1", r"..\\..\\CON", &held),
                    file("f2", "p1", "a\\r\\nBcc: x.txt", &held),
                    file("f3", "p2", "=x ä\\u0007.TXT", r#","content_missing":"not-found""#),
                ];
            }
            "user" => {
                lines[1] = lines[1].replace(r#""username":"bob""#, r#""username":"bob","first_name":"Bob; Eve""#);
                lines[0] = lines[0].replace(
                    r#""username":"anna""#,
                    r#""username":"anna\r\nBcc: evil@example.org","first_name":"Jürgen \"J\"""#,
                );
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
    let people: Vec<_> = documents[0]["PARTICIPANTS"].as_str().unwrap().split(';').collect();
    assert_eq!((people.len(), people[1], people[2]), (3, "Bob, Eve (bob)", "u9"));
    assert!(desk.read("concordance/papers/exceptions.csv").contains("a semicolon in the name"));
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
    assert_eq!(headers["X-RSMF-Participants"].as_str().unwrap().matches(';').count(), 2);
    assert!(desk.read("rsmf/papers/exceptions.csv").contains("a semicolon in the name"));
    assert_eq!(files[1]["manifest"]["conversations"][0]["type"], "direct");
    let card = &files[1]["manifest"]["events"][0];
    assert_eq!(card["body"], "see the card\nStörung behoben </b>");
    assert_eq!(card["custom"][0]["name"], "message_attachments");
}

#[test]
fn a_reply_that_stands_before_its_root_names_it_in_another_way() {
    let mut spec = harbour();
    for (kind, lines) in &mut spec.segments {
        if kind == "post" {
            let root = lines[0].clone();
            let reply = root.replace(r#""id":"p1""#, r#""id":"p0""#).replace(r#""root_id":"""#, r#""root_id":"p1""#);
            lines.insert(0, reply);
        }
    }
    let desk = Desk::new(spec);
    desk.produce("rsmf", &["--check"]);
    let found = python(RSMF, &[desk.path("rsmf").to_str().unwrap()], b"");
    let events = &found[0]["manifest"]["events"];
    assert_eq!((&events[0]["id"], &events[1]["id"], &events[0]["parent"]), (&json!("p0"), &json!("p1"), &json!(null)));
    assert_eq!(events[0]["custom"][0], json!({"name": "root_post_id", "value": "p1"}));
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
