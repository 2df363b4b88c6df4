//! The database of a real server, told a second time in another language; and the story's bytes, as they were looked at.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::run;
use super::story::story;
use crate::sealed::{Desk, Ended};
use crate::tools;

#[test]
fn the_rows_of_a_real_server_are_those_that_another_program_tells() {
    let desk = Desk::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/postgres/mattermost-5.37.sql");
    fs::copy(source, desk.path("dump.sql")).unwrap();
    let archive = desk.seal("dump.sql", "server.zip", &["--no-files"]);
    for (path, bytes) in archive.members.iter().filter(|(path, _)| path.starts_with("data/records/")) {
        desk.write(path, bytes);
    }
    // 280 of its posts were written by people and programs, so the last batch of seven is full and none follows.
    for (size, batches) in [("100", 3), ("7", 40), ("100000", 1)] {
        let output = format!("out-{size}");
        let args = ["produce", "server.zip", "--format", "csv", "--output", &output, "--batch-size", size, "--quiet"];
        Ended::of(desk.chatseal(&args).output().unwrap()).require(0, "");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vendor/again.py");
        let (records, production) = (desk.path("data/records"), desk.path(&output));
        let args = [script, records.to_str().unwrap(), production.to_str().unwrap(), size];
        let said = tools::run("python3", &args, b"").expect_success();
        let said: Value = serde_json::from_slice(&said).unwrap();
        assert_eq!(said["batches"], batches, "{said}");
        // What the story is for must occur here as well, or little was compared.
        for kind in ["Deleted", "EditedNewMsg", "EditedOriginalMsg", "UpdatedNoMsgChange", "attachment", "message"] {
            assert!(said["kinds"][kind].as_u64().is_some_and(|count| count > 0), "{kind}: {said}");
        }
    }
}

/// The texts in the zips of a production, one behind the other.
fn texts(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "zip")).collect();
    paths.sort();
    let mut out = String::new();
    for path in paths {
        let mut zip = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
        for at in 0..zip.len() {
            let mut member = zip.by_index(at).unwrap();
            let (mut text, name) = (String::new(), member.name().unwrap().to_string());
            member.read_to_string(&mut text).unwrap();
            // Seen, and kept by whatever handles the ends of lines on the way.
            let text = text.replace('\r', "\u{240d}");
            out += &format!("===== {} {name}\n{text}\n", path.file_name().unwrap().display());
        }
    }
    out
}

#[test]
fn every_byte_of_the_story_is_as_it_was_looked_at() {
    let desk = Desk::new();
    let mut stale = BTreeMap::new();
    for format in ["csv", "actiance", "global-relay"] {
        run(&desk, story(), format, format, &[]).require(0, "");
        let found = texts(&desk.path(format));
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/vendor/golden/{format}.txt"));
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if found != expected {
            stale.insert(format, found.clone());
            if std::env::var_os("CHATSEAL_REWRITE").is_some() {
                fs::create_dir_all(golden.parent().unwrap()).unwrap();
                fs::write(golden, found).unwrap();
            }
        }
    }
    assert!(stale.is_empty(), "look at them and run with CHATSEAL_REWRITE=1: {stale:#?}");
}
