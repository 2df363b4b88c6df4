//! What lies beside a database: its audit log and its file store.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{Source, fixture};

/// The small database of a running server with the audit log of the same days.
fn with_log() -> Source {
    let source = Source::new("mattermost-5.37");
    source.desk.write("audit.log", fs::read(fixture("mattermost-5.37.log")).unwrap());
    source
}

#[test]
fn custody_names_the_database_and_the_log() {
    let source = with_log();
    source.dump("dump.sql");
    let log = crate::bag::sha(&fs::read(source.desk.path("audit.log")).unwrap());
    for (from, output, method) in [
        (source.url(), "live.zip", "read a database"),
        ("dump.sql".to_owned(), "dump.zip", "read a dump of a database"),
    ] {
        let archive = source.desk.seal(&from, output, &["--no-files", "--audit-log", "audit.log"]);
        let lines: Vec<Value> =
            archive.text("data/custody.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[0]["method"].as_str().unwrap().starts_with(method), "{lines:#?}");
        assert_eq!(lines[1]["source"], "audit.log");
        assert_eq!(lines[1]["source_sha256"], log.as_str());
        assert!(lines[1]["method"].as_str().unwrap().starts_with("read a file of the server's audit log"));
    }
}

#[test]
fn posts_that_the_log_saw_and_the_database_lost_are_named_each_once() {
    let source = with_log();
    source.dump("dump.sql");
    let there: BTreeSet<String> = source.ask("SELECT id FROM posts").lines().map(str::to_owned).collect();
    let log = fs::read_to_string(source.desk.path("audit.log")).unwrap();
    let created = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|entry| entry["event"] == "createPost" && entry["status"] == "success");
    let created: BTreeSet<String> = created.map(|entry| entry["post"]["id"].as_str().unwrap().to_owned()).collect();
    let lost: BTreeSet<String> = created.difference(&there).cloned().collect();
    assert!(lost.len() > 3 && created.len() > lost.len(), "the fixture holds purged posts and others");
    for (from, output) in [(source.url(), "live.zip"), ("dump.sql".to_owned(), "dump.zip")] {
        let archive = source.desk.seal(&from, output, &["--no-files", "--audit-log", "audit.log"]);
        let found: BTreeSet<String> =
            archive.records("finding_purged").iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, lost);
        assert_eq!(archive.summary()["purged_posts"], lost.len());
        assert_eq!(archive.count("audit_log", "records"), log.lines().count() as u64);
        let exceptions = archive.text("data/exceptions.jsonl").matches("\"class\":\"purged-post\"").count();
        assert_eq!(exceptions, lost.len());
    }
}

#[test]
fn rows_that_name_what_is_gone_are_told_with_their_number() {
    let source = with_log();
    let archive = source.live("live.zip", &["--no-files", "--audit-log", "audit.log"]);
    let told = |kind: &str, field: &str| -> u64 {
        let orphans = archive.records("finding_orphan");
        let of = orphans.iter().filter(|one| one["data"]["of"] == kind && one["data"]["field"] == field);
        of.map(|one| one["data"]["rows"].as_u64().unwrap()).sum()
    };
    for (kind, field, query) in [
        ("reaction", "post_id", "SELECT count(*) FROM reactions WHERE postid NOT IN (SELECT id FROM posts)"),
        (
            "file",
            "post_id",
            "SELECT count(*) FROM fileinfo WHERE postid <> '' AND postid NOT IN (SELECT id FROM posts)",
        ),
        (
            "channel_membership",
            "channel_id",
            "SELECT count(*) FROM channelmemberhistory WHERE channelid NOT IN (SELECT id FROM channels)",
        ),
        (
            "channel_membership",
            "user_id",
            "SELECT count(*) FROM channelmemberhistory WHERE userid NOT IN (SELECT id FROM users)",
        ),
    ] {
        assert_eq!(told(kind, field).to_string(), source.ask(query), "{kind}.{field}");
    }
    assert!(told("reaction", "post_id") > 0, "the fixture holds reactions to posts that are gone");
}

#[test]
fn a_log_goes_with_a_database_only_and_is_no_output() {
    let source = with_log();
    source.desk.write("export.jsonl", "{\"type\":\"version\",\"version\":1}\n");
    let ended = source.desk.export("export.jsonl", "a.zip", &["--audit-log", "audit.log"]);
    ended.require(2, "goes with a database");
}

#[test]
fn files_are_sealed_and_what_lacks_the_other_half_is_told() {
    let source = Source::new("mattermost-5.37");
    // A store with the files of all rows but one, one of another length, one that no row names, and a picture.
    let rows = source.ask("SELECT path, size FROM fileinfo ORDER BY id");
    let rows: Vec<(&str, usize)> = rows
        .lines()
        .map(|row| row.rsplit_once('|').unwrap())
        .map(|(path, size)| (path, size.parse().unwrap()))
        .collect();
    assert!(rows.len() > 10);
    for (at, (path, size)) in rows.iter().enumerate() {
        match at {
            0 => {}
            1 => source.desk.write(&format!("store/{path}"), vec![b'x'; size + 1]),
            _ => source.desk.write(&format!("store/{path}"), vec![b'x'; *size]),
        }
    }
    let user = source.ask("SELECT id FROM users ORDER BY id LIMIT 1");
    source.desk.write(&format!("store/users/{user}/profile.png"), "a face");
    source.desk.write("store/20260101/teams/noteam/channels/c/users/u/f/lost.txt", "nobody names me");
    let archive = source.live("files.zip", &["--files", "store"]);
    let exceptions = archive.text("data/exceptions.jsonl");
    let of = |class: &str| exceptions.lines().filter(|line| line.contains(&format!("\"class\":\"{class}\""))).count();
    assert_eq!((of("file-size-mismatch"), of("file-unreferenced")), (1, 1), "{exceptions}");
    assert!(exceptions.contains(&format!("none: {}", rows[0].0)) || of("file-missing") >= 1, "{exceptions}");
    let files = archive.records("file");
    let here = files.iter().filter(|file| file["data"].get("content_sha256").is_some()).count();
    assert_eq!(here, rows.len() - 1);
    let pictures = archive.records("profile_picture");
    assert_eq!((pictures.len(), pictures[0]["id"].as_str()), (1, Some(user.as_str())));
    assert_eq!(archive.members[pictures[0]["data"]["content_member"].as_str().unwrap()], b"a face");
}

#[test]
fn nobody_is_left_guessing_whether_files_were_collected() {
    let source = Source::new("mattermost-5.37");
    let ended = source.desk.export(&source.url(), "a.zip", &[]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stdout.contains("exception files-not-collected: 1"), "{}", ended.stdout);
    let ended = source.desk.export(&source.url(), "b.zip", &["--no-files"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
}
