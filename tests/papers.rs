//! The papers of a production, before ordinary tools.

use std::process::Command;

use serde_json::{Value, json};

use crate::forms::review::hostile;
use crate::forms::{Desk, TABLES, files};
use crate::pipelines::python;
use crate::search::harbour;
use crate::tools::feed;

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
