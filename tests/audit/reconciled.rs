//! Findings over a small log and a handful of rows: which posts were purged, which rows point nowhere.

use chatseal::source::catalogue::{FILE, POST, REACTION, To};
use chatseal::source::reconcile::judge::{Judged, judge};
use chatseal::source::reconcile::seen::Seen;

use super::*;

/// The rows of a small database: one post of those that the log saw, an edit of a post that is gone, and what points
/// nowhere. Told to two collectors, as two threads would.
fn rows() -> Vec<Seen> {
    let (mut one, mut two) = (Seen::default(), Seen::default());
    for user in ["u", "w"] {
        one.exists(To::User, &user.repeat(26));
    }
    one.exists(To::Channel, &"c".repeat(26));
    two.exists(To::Post, &id("a2"));
    two.exists(To::Post, &id("e1"));
    two.names(POST, "original_id", To::Post, &id("a1"));
    two.names(POST, "user_id", To::User, &"u".repeat(26));
    two.names(POST, "channel_id", To::Channel, &"c".repeat(26));
    for seen in [&mut one, &mut two] {
        seen.names(REACTION, "post_id", To::Post, &id("a4"));
        seen.names(REACTION, "user_id", To::User, &"v".repeat(26));
    }
    one.names(REACTION, "post_id", To::Post, &id("a2"));
    one.names(FILE, "post_id", To::Post, &id("zz"));
    for nothing in ["", "bookmark", "system", "com.mattermost.plugin", "a/b\0c"] {
        one.names(FILE, "user_id", To::User, nothing);
    }
    vec![one, two]
}

fn judged(paths: &[PathBuf], whole: impl Fn(To) -> bool) -> Judged {
    let facts = if paths.is_empty() { Vec::new() } else { read(paths, &Wanted::default(), 2).unwrap().facts };
    work(1, |work| judge(rows(), facts, whole, work)).unwrap()
}

fn both(judged: Judged) -> (Vec<Value>, Vec<Value>) {
    let lines = drain(vec![judged.records]);
    for line in &lines {
        Line::parse(line.as_bytes()).unwrap();
    }
    let json = |line: &String| serde_json::from_str(line).unwrap();
    (lines.iter().map(json).collect(), drain(vec![judged.exceptions]).iter().map(json).collect())
}

#[test]
fn purged_posts_are_found_with_what_may_explain_them() {
    let found = judged(&[fixture("flat.log"), fixture("nested.log")], |_| true);
    assert_eq!((found.purged, found.orphans), (3, 4));
    let (records, exceptions) = both(found);
    let purged: Vec<_> = records.iter().filter(|record| record["kind"] == "finding_purged").collect();
    let ids: Vec<_> = purged.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, [id("a1"), id("a4"), id("b1")], "not the post that failed, nor one that a post speaks of");
    let why = |at: usize| -> Vec<(String, String)> {
        let list = purged[at]["data"]["deletions"].as_array().unwrap();
        let word = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        list.iter().map(|entry| (word(entry, "event_name"), word(entry, "of"))).collect()
    };
    let pair = |event: &str, of: &str| (event.to_owned(), of.to_owned());
    assert_eq!(why(0), [pair("deletePost", "post")]);
    assert_eq!(why(1), [pair("deleteChannel", "channel"), pair("deleteUser", "user")]);
    assert_eq!(why(2), [pair("deletePost", "post"), pair("deleteUser", "user")], "its root, its author");
    let data = &purged[1]["data"];
    assert_eq!((&data["user_missing"], &data["channel_missing"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!((&data["user_id"], &data["channel_id"]), (&"v".repeat(26).into(), &"d".repeat(26).into()));
    assert_eq!(purged[1]["at"], time::parse_exact("2026-11-21T08:50:04.000Z").unwrap());
    let log = std::fs::read_to_string(fixture("flat.log")).unwrap();
    let line = log.lines().find(|line| line.contains(&id("a4"))).unwrap();
    let sha256 = ring::digest::digest(&ring::digest::SHA256, line.as_bytes());
    assert_eq!(data["basis"], serde_json::json!([hex(sha256.as_ref())]));
    let stated = classes(&exceptions);
    assert_eq!(stated.iter().filter(|text| text.starts_with("purged-post")).count(), 3);
    let text = exceptions.iter().find(|e| e["object"] == format!("post/{}", id("a1")) && e["class"] == "purged-post");
    assert_eq!(
        text.unwrap()["found"],
        format!(
            "none; created 2026-11-21T08:50:01.000Z by user {} in channel {}; deletePost of post {} by user {} at 2026-11-21T08:51:02.000Z",
            "u".repeat(26),
            "c".repeat(26),
            id("a1"),
            "w".repeat(26)
        )
    );
}

#[test]
fn orphans_are_counted_by_field_and_target() {
    let (records, exceptions) = both(judged(&[fixture("flat.log")], |_| true));
    let orphans: Vec<_> = records
        .iter()
        .filter(|record| record["kind"] == "finding_orphan")
        .map(|record| {
            (
                record["id"].as_str().unwrap().to_owned(),
                record["data"]["rows"].as_u64().unwrap(),
                record["data"]["purged"].as_bool().unwrap(),
            )
        })
        .collect();
    let expected = [
        (format!("file/post_id/{}", id("zz")), 1, false),
        (format!("post/original_id/{}", id("a1")), 1, true),
        (format!("reaction/post_id/{}", id("a4")), 2, true),
        (format!("reaction/user_id/{}", "v".repeat(26)), 2, false),
    ];
    assert_eq!(orphans, expected);
    let rows: u64 =
        exceptions.iter().filter(|e| e["class"] == "orphan-row").map(|e| e["records"].as_u64().unwrap()).sum();
    assert_eq!(rows, 6);
}

#[test]
fn nothing_is_concluded_from_a_table_that_was_not_read() {
    let found = judged(&[fixture("flat.log")], |to| to == To::User);
    assert_eq!((found.purged, found.orphans), (0, 1));
    let found = judged(&[], |to| to != To::User);
    assert_eq!((found.purged, found.orphans), (0, 3));
}

#[test]
fn memory_and_threads_do_not_change_the_findings() {
    let many = |threads: usize| {
        let mut all: Vec<Seen> = (0..threads).map(|_| Seen::default()).collect();
        let dir = TempDir::new().unwrap();
        for n in 0..120_000_usize {
            let seen = &mut all[n % threads];
            let post = format!("p{n:025}");
            if n % 10 != 0 {
                seen.exists(To::Post, &post);
            }
            seen.names(REACTION, "post_id", To::Post, &post);
            seen.names(POST, "user_id", To::User, &format!("u{:025}", n % 50_000));
            seen.settle(dir.path()).unwrap();
        }
        work(1, |work| judge(all, Vec::new(), |_| true, work)).unwrap()
    };
    let (one, three) = (many(1), many(3));
    assert_eq!((one.purged, one.orphans), (0, 12_000 + 50_000));
    assert_eq!(both(one), both(three));
}

#[test]
fn what_came_before_a_post_does_not_explain_and_does_not_crowd_out() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("audit.log");
    let channel = "d".repeat(26);
    let deleted = |second: usize| {
        format!(
            "{{\"timestamp\":\"2026-11-21 08:00:{second:02}.000 Z\",\"event\":\"deleteChannel\",\"status\":\"success\",\"api_path\":\"/api/v4/channels/{channel}\"}}\n"
        )
    };
    let mut log: String = (0..30).map(deleted).collect();
    log += &format!(
        "{{\"timestamp\":\"2026-11-21 08:00:30.000 Z\",\"event\":\"createPost\",\"status\":\"success\",\"post\":{{\"id\":\"{}\",\"channel_id\":\"{channel}\"}}}}\n",
        id("p1")
    );
    log += &(40..59).map(deleted).collect::<String>();
    std::fs::write(&path, log).unwrap();
    let (records, _) = both(judged(&[path], |_| true));
    let purged = records.iter().find(|record| record["kind"] == "finding_purged").unwrap();
    let at = purged["at"].as_i64().unwrap();
    let deletions = purged["data"]["deletions"].as_array().unwrap();
    assert_eq!(deletions.len(), 16, "as many as a finding lists");
    assert!(deletions.iter().all(|deletion| deletion["at"].as_i64().unwrap() > at));
}
