//! Searching and showing: what is said is found however it is spelled, and nothing else.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::bag::{Spec, line, zip};

const MINUTE: i64 = 60_000;
pub(crate) const T: i64 = 1_763_716_800_000;

/// Two teams' worth of directory, and posts whose texts are odd in one way each.
pub(crate) fn harbour() -> Spec {
    let segment = |kind: &str, lines: &[(&str, i64, String)]| {
        (kind.to_owned(), lines.iter().map(|(id, at, data)| line(kind, id, *at, data)).collect::<Vec<_>>())
    };
    let post = |id: &'static str, minute: i64, rest: &str| {
        let at = T + minute * MINUTE;
        let data = format!(r#"{{"create_at":{at},"update_at":{at},"edit_at":0,"delete_at":0,{rest}}}"#);
        (id, at, data)
    };
    let said = |channel: &str, user: &str, root: &str, message: &str| {
        format!(
            r#""user_id":"{user}","channel_id":"{channel}","root_id":"{root}","original_id":"","message":"{message}""#
        )
    };
    Spec {
        segments: vec![
            segment("server", &[("version", 0, r#"{"value":"11.6.0 pump"}"#.into())]),
            segment(
                "channel",
                &[
                    (
                        "c1",
                        1,
                        r#"{"create_at":1,"team_id":"t1","type":"O","display_name":"Pumps","name":"pumps"}"#.into(),
                    ),
                    ("c2", 2, r#"{"create_at":2,"team_id":"","type":"D","display_name":"","name":"u1__u2"}"#.into()),
                ],
            ),
            segment(
                "file",
                &[(
                    "f1",
                    T,
                    format!(r#"{{"user_id":"u1","post_id":"p1","create_at":{T},"name":"pump.txt","size":7}}"#),
                )],
            ),
            segment(
                "post",
                &[
                    post("p1", 0, &said("c1", "u1", "", r#"pump 3 says \"no\"\nsecond line"#)),
                    post("p2", 1, &said("c1", "u2", "p1", "die Störung bleibt, C:\\\\temp")),
                    post(
                        "p3",
                        2,
                        &(said("c2", "u1", "", "see the card")
                            + r#","props":{"attachments":[{"text":"St\u00f6rung behoben \u003c\/b\u003e","color":7}]}"#),
                    ),
                    (
                        "p4",
                        T + 3 * MINUTE,
                        format!(
                            r#"{{"create_at":{0},"update_at":{1},"edit_at":{1},"delete_at":0,{2}}}"#,
                            T + 3 * MINUTE,
                            T + 9 * MINUTE,
                            said("c1", "u1", "p1", "pump runs again")
                        ),
                    ),
                    (
                        "p4v",
                        T + 3 * MINUTE,
                        format!(
                            r#"{{"create_at":{0},"update_at":{1},"edit_at":0,"delete_at":{1},{2}}}"#,
                            T + 3 * MINUTE,
                            T + 9 * MINUTE,
                            said("c1", "u1", "p1", "pump is lost")
                                .replace(r#""original_id":"""#, r#""original_id":"p4""#)
                        ),
                    ),
                    post("p5", 4, &said("c1", "u9", "", "=cmd|pump \u{202e}gpj.exe")),
                ],
            ),
            segment(
                "reaction",
                &[(
                    "u2/p1/eyes",
                    T,
                    format!(r#"{{"user_id":"u2","post_id":"p1","emoji_name":"eyes","create_at":{T},"delete_at":0}}"#),
                )],
            ),
            segment("team", &[("t1", 1, r#"{"create_at":1,"display_name":"Harbour","name":"harbour"}"#.into())]),
            segment(
                "user",
                &[
                    ("u1", 1, r#"{"create_at":1,"username":"anna","email":"anna@example.org"}"#.into()),
                    ("u2", 1, r#"{"create_at":1,"username":"bob","email":"bob@example.org"}"#.into()),
                ],
            ),
        ],
        files: Vec::new(),
        ..Spec::small()
    }
}

struct Place(tempfile::TempDir);

impl Place {
    fn new(spec: Spec) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::write(place.0.path().join("a.zip"), spec.zip()).unwrap();
        place
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatseal"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs a search and returns the ids that it found, with the fields.
    fn found(&self, args: &[&str]) -> Vec<String> {
        let output = self.run(&[&["search", "a.zip", "--format", "jsonl"], args].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(i32::from(text.is_empty())), "{args:?} {said}");
        let hit = |line: &str| {
            let hit: Value = serde_json::from_str(line).unwrap();
            let fields = hit["matches"].as_array().unwrap().iter().map(|found| found["field"].as_str().unwrap());
            let fields = fields.collect::<Vec<_>>().join(" ");
            format!("{} {fields}", hit["id"].as_str().unwrap()).trim_end().to_owned()
        };
        text.lines().map(hit).collect()
    }
}

#[test]
fn text_is_found_however_the_record_spells_it() {
    let place = Place::new(harbour());
    for (pattern, expected) in [
        (r#"says "no""#, &["p1 message"][..]),
        ("no\"\nsecond", &["p1 message"]),
        ("Störung", &["p2 message", "p3 props.attachments.0.text"]),
        (r"C:\temp", &["p2 message"]),
        ("behoben </b>", &["p3 props.attachments.0.text"]),
        ("1763716980000", &["p4 create_at", "p4v create_at"]),
        ("pump", &["version value", "c1 name", "f1 name", "p1 message", "p4 message", "p4v message", "p5 message"]),
        // Neither escapes nor names of fields are text.
        (r"\n", &[]),
        ("u00f6", &[]),
        ("create_at", &[]),
        ("post", &[]),
    ] {
        assert_eq!(place.found(&["--pattern", pattern]), expected, "{pattern}");
    }
    assert_eq!(place.found(&["STÖRUNG", "--ignore-case"]).len(), 2);
    assert_eq!(place.found(&["^pump .* again$", "--regex"]), ["p4 message"]);
    assert_eq!(place.found(&["^PUMP (is|runs)", "--regex", "--ignore-case"]), ["p4 message", "p4v message"]);
}

#[test]
fn flags_narrow_what_is_searched() {
    let place = Place::new(harbour());
    for (args, expected) in [
        (&["--kind", "post", "pump"][..], &["p1 message", "p4 message", "p4v message", "p5 message"][..]),
        (&["--kind", "post", "--user", "bob"], &["p2"]),
        (&["--user", "anna@example.org", "pump"], &["f1 name", "p1 message", "p4 message", "p4v message"]),
        (&["--channel", "harbour/pumps", "pump", "--kind", "channel"], &["c1 name"]),
        (&["--channel", "c2", "--kind", "post"], &["p3"]),
        (&["--kind", "post", "--since", "2025-11-21T09:20:00Z", "--until", "2025-11-21T09:22:00Z"], &["p1", "p2"]),
        (&["--kind", "post", "--limit", "2"], &["p1", "p2"]),
        (&["--user", "nobody"], &[]),
        (&["--kind", "zebra"], &[]),
    ] {
        assert_eq!(place.found(args), expected, "{args:?}");
    }
}

#[test]
fn people_and_programs_are_told_who_and_where() {
    let place = Place::new(harbour());
    let text = String::from_utf8(place.run(&["search", "a.zip", "lost"]).stdout).unwrap();
    assert_eq!(text, "2025-11-21T09:23:00.000Z  post p4v  harbour/pumps  @anna\n  message: pump is lost\n");
    let text = String::from_utf8(place.run(&["search", "a.zip", "behoben"]).stdout).unwrap();
    assert!(text.contains("post p3  @anna, @bob  @anna\n"), "{text}");
    let text = String::from_utf8(place.run(&["search", "a.zip", "gpj"]).stdout).unwrap();
    assert!(text.contains(r"\u{202e}gpj.exe") && text.contains("@u9"), "{text}");

    let document: Value = serde_json::from_slice(&place.run(&["search", "a.zip", "lost", "--json"]).stdout).unwrap();
    assert_eq!(document["records"][0]["channel"], serde_json::json!({"id": "c1", "team": "harbour", "name": "pumps"}));
    assert_eq!((&document["verified"], &document["found"]), (&Value::Bool(false), &1.into()));
    assert_eq!(document["records"][0]["matches"][0]["before"], "pump is ");

    let table = String::from_utf8(place.run(&["search", "a.zip", "gpj", "--format", "csv"]).stdout).unwrap();
    let row = table.lines().nth(1).unwrap();
    assert!(row.contains(",post,p5,") && row.contains("'=cmd|pump ") && row.ends_with(",before"), "{table}");
}

#[test]
fn arguments_are_understood_or_refused() {
    let place = Place::new(harbour());
    std::fs::copy(place.0.path().join("a.zip"), place.0.path().join("b.zip")).unwrap();
    let code = |args: &[&str]| place.run(args).status.code().unwrap();
    assert_eq!(code(&["search", "a.zip", "b.zip", "lost"]), 0);
    // A last argument that is a file is one to be searched.
    assert_eq!(
        String::from_utf8(place.run(&["search", "a.zip", "b.zip", "--kind", "team"]).stdout).unwrap().lines().count(),
        4
    );
    assert_eq!(code(&["search", "a.zip", "c.zip"]), 6);
    assert_eq!(code(&["search", "a.zip", "(", "--regex"]), 2);
    assert_eq!(code(&["search", "a.zip", ""]), 2);
    assert_eq!(code(&["search", "a.zip", "x", "--since", "2026-01-02", "--until", "2026-01-01"]), 2);
    assert_eq!(code(&["search", "missing", "x"]), 6);
}

#[test]
fn a_damaged_archive_is_not_searched_in_silence() {
    let place = Place::new(harbour());
    let mut raw = harbour().bag().tagged().sealed().raw();
    let posts = raw.iter_mut().find(|member| member.path.ends_with(b"000004-post.jsonl")).unwrap();
    posts.stored[40] ^= 1;
    std::fs::write(place.0.path().join("a.zip"), zip(&raw)).unwrap();
    let output = place.run(&["search", "a.zip", "zebra"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("error: cannot search `a.zip`") && said.contains("000004-post.jsonl"), "{said}");
}

#[test]
fn what_the_first_scan_passes_over_cannot_match() {
    let place = Place::new(harbour());
    // A regular expression is tried on every line, so it is the slow way to find the same.
    for pattern in ["pump", "Störung", "no", "7", "\"", "\\", "/b", "<", "é", "e"] {
        let literal = place.found(&["--pattern", pattern]);
        let escaped = pattern.replace('\\', r"\\");
        assert_eq!(literal, place.found(&["--regex", "--pattern", &escaped]), "{pattern}");
        assert!(place.found(&["--ignore-case", "--pattern", pattern]).len() >= literal.len(), "{pattern}");
    }
}

fn shown(path: &Path, id: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatseal"));
    let output = command.args(["show", "a.zip", id, "--json"]).current_dir(path).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_post_is_shown_with_its_thread() {
    let place = Place::new(harbour());
    for id in ["p1", "p4", "p4v"] {
        let document = shown(place.0.path(), id);
        let thread = &document["thread"];
        let posts = thread["posts"].as_array().unwrap();
        assert_eq!(posts.iter().map(|post| post["id"].as_str().unwrap()).collect::<Vec<_>>(), ["p1", "p2", "p4"]);
        let asked: Vec<_> = posts.iter().map(|post| post["is_asked"].as_bool().unwrap()).collect();
        assert_eq!(asked, [id == "p1", false, id != "p1"]);
        assert_eq!(posts[0]["files"][0]["name"], "pump.txt");
        assert_eq!(posts[0]["reactions"], serde_json::json!({"eyes": ["bob"]}));
        assert_eq!(posts[2]["earlier"][0]["message"], "pump is lost");
        assert_eq!(thread["channel"], "harbour/pumps");
        assert_eq!(shown(place.0.path(), &format!("post/{id}")), document, "as exceptions and reports name it");
    }
    assert!(shown(place.0.path(), "t1")["thread"].is_null());
    assert_eq!(place.run(&["show", "a.zip", "file/p1"]).status.code(), Some(1));
    let text = String::from_utf8(place.run(&["show", "a.zip", "p4v"]).stdout).unwrap();
    assert!(text.contains(">   2025-11-21T09:23:00.000Z  @anna  p4\n      pump runs again\n"), "{text}");
    assert!(text.contains("[until 2025-11-21T09:29:00.000Z] pump is lost\n"), "{text}");
}
