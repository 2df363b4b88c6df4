//! `chatseal timeline`: one ordered list of what happened, each line leading back to a sealed record.

mod page;
mod scoped;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::incidents::{BREACH, ESCALATION, INCIDENTS, Incident, OUTAGE};
use crate::sealed::{AS_OF, Archive, Desk, Ended};
use crate::tools;

/// Tells a timeline, which must go well; stdout is the answer.
fn tell(desk: &Desk, archive: &str, args: &[&str]) -> String {
    let fixed = ["--quiet", "timeline", archive, "--signers", "signers", "--as-of", AS_OF];
    let ended = Ended::of(desk.chatseal(&[&fixed, args].concat()).output().unwrap());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    ended.stdout
}

/// The events of an incident, marks of the collection left out.
fn events(incident: Incident, args: &[&str]) -> (Archive, Vec<Value>) {
    let (desk, archive) = incident.sealed();
    let text = tell(&desk, &format!("{}.zip", incident.story), &[&["--format", "jsonl"], args].concat());
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    (archive, events.filter(|event| event["mm_kind"] != "archive").collect())
}

fn text<'v>(event: &'v Value, key: &str) -> &'v str {
    event[key].as_str().unwrap_or_default()
}

#[test]
fn every_line_leads_back_to_a_sealed_record() {
    for incident in INCIDENTS {
        let (archive, events) = events(incident, &[]);
        let mut lines = BTreeMap::new();
        for (name, bytes) in archive.members.iter().filter(|(name, _)| name.starts_with("data/records/")) {
            for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let record: Value = serde_json::from_slice(line).unwrap_or_else(|_| panic!("{name}"));
                let key = (record["kind"].as_str().unwrap().to_owned(), record["id"].as_str().unwrap().to_owned());
                lines.insert(key, crate::bag::sha(line));
            }
        }
        assert!(events.len() > 100, "{}: {}", incident.story, events.len());
        let mut told = BTreeSet::new();
        for event in &events {
            let key = (text(event, "mm_kind").to_owned(), text(event, "mm_record_id").to_owned());
            assert_eq!(lines.get(&key).map(String::as_str), Some(text(event, "mm_record_hash")), "{event}");
            told.insert(key);
        }
        // Whatever has a time of its own is told: no post, entry or request is passed over.
        for (kind, id) in lines.keys() {
            if ["post", "run_event", "audit", "audit_log", "channel_membership", "reaction", "file", "finding_purged"]
                .contains(&kind.as_str())
            {
                assert!(told.contains(&(kind.clone(), id.clone())), "{}: {kind}/{id}", incident.story);
            }
        }
        let order = |event: &Value| {
            let at = event["timestamp"].as_i64().unwrap();
            (at, text(event, "mm_kind").to_owned(), text(event, "mm_record_id").to_owned())
        };
        assert!(events.is_sorted_by_key(order), "{}", incident.story);
    }
}

#[test]
fn the_course_of_an_outage_is_marked() {
    let (_, events) = events(OUTAGE, &[]);
    let marked: Vec<_> = events.iter().filter(|event| event["mm_milestone"] == true).collect();
    let words: Vec<_> = marked.iter().map(|event| text(event, "timestamp_desc")).collect();
    assert_eq!(words[0], "Playbook run started");
    for expected in
        ["Playbook status posted", "Playbook owner changed", "Playbook run finished", "Post put on the timeline"]
    {
        assert!(words.contains(&expected), "{expected}: {words:?}");
    }
    // Each is told once: by the timeline where it says so, else by the row of the run.
    for once in ["Playbook run started", "Playbook run finished"] {
        assert_eq!(words.iter().filter(|word| **word == once).count(), 1, "{once}");
    }
    let of = |sort: &str| events.iter().filter(|event| event["mm_event"] == sort).collect::<Vec<_>>();
    let feeds: BTreeSet<_> = of("feed").into_iter().map(|event| text(event, "mm_shown_as")).collect();
    assert!(feeds.len() > 2, "alerts are told under the names that they had: {feeds:?}");
    for sort in [
        "post",
        "edit",
        "delete",
        "file",
        "reaction",
        "acknowledgement",
        "join",
        "leave",
        "task",
        "owner",
        "call",
        "login",
        "config",
        "terms",
        "purge",
    ] {
        assert!(!of(sort).is_empty(), "{sort}");
    }
    let runs: BTreeSet<_> = marked.iter().map(|event| text(event, "mm_run")).collect();
    assert_eq!(runs, BTreeSet::from([OUTAGE.run]));
}

#[test]
fn what_was_taken_off_the_timeline_is_told_twice() {
    let (archive, events) = events(BREACH, &[]);
    let entries = archive.records("run_event");
    let removed: Vec<_> = entries.iter().filter(|entry| entry["data"]["delete_at"] != 0).collect();
    assert_eq!(removed.len(), 1);
    let told: Vec<_> = events.iter().filter(|event| event["mm_record_id"] == removed[0]["id"]).collect();
    let words: Vec<_> = told.iter().map(|event| text(event, "timestamp_desc")).collect();
    assert_eq!(words.len(), 2);
    assert!(words.contains(&"Timeline entry removed"), "{words:?}");
    assert!(told.iter().all(|event| event["mm_milestone"].is_null()));
    assert!(events.iter().any(|event| event["mm_event"] == "role"), "rights were given and taken");
}

#[test]
fn runs_that_contradict_themselves_are_told_as_they_stand() {
    let (archive, events) = events(ESCALATION, &[]);
    let runs = archive.records("playbook_run");
    assert_eq!(runs.len(), 3);
    for run in &runs {
        let own: Vec<_> = events.iter().filter(|event| event["mm_run_id"] == run["id"]).collect();
        let started = own.iter().filter(|event| text(event, "timestamp_desc") == "Playbook run started");
        assert_eq!(started.count(), 1, "{}", run["data"]["name"]);
    }
    // Nothing says to which of the runs in one channel a post belongs.
    let shared = runs[0]["data"]["channel_id"].clone();
    let posts = events.iter().filter(|event| event["mm_event"] == "post" && event["mm_channel_id"] == shared);
    assert!(posts.clone().count() > 5 && posts.clone().all(|event| event["mm_run_id"].is_null()));
}

#[test]
fn a_scope_keeps_what_happened_in_it() {
    let (_, whole) = events(OUTAGE, &[]);
    let window = ["--since", "2026-03-03T02:20:00Z", "--until", "2026-03-03T02:40:00Z"];
    let (_, within) = events(OUTAGE, &window);
    let time = |event: &Value| event["timestamp"].as_i64().unwrap();
    let inside = |event: &&Value| (1_772_504_400_000_000..1_772_505_600_000_000).contains(&time(event));
    assert!(!within.is_empty() && within.iter().all(|event| inside(&event)));
    let expected = whole.iter().filter(inside).filter(|event| text(event, "mm_kind") == "post").count();
    assert_eq!(within.iter().filter(|event| text(event, "mm_kind") == "post").count(), expected);
    let (desk, _) = OUTAGE.sealed();
    let ended =
        Ended::of(desk.chatseal(&["timeline", "outage.zip", "--channel", "plattform/nowhere"]).output().unwrap());
    ended.require(2, "plattform/nowhere");
}

#[test]
fn all_forms_tell_the_same_and_threads_do_not_matter() {
    let (desk, _) = OUTAGE.sealed();
    let (_, events) = events(OUTAGE, &[]);
    let plain = tell(&desk, "outage.zip", &["--threads", "1"]);
    assert_eq!(plain, tell(&desk, "outage.zip", &["--threads", "3"]));
    assert_eq!(plain.lines().count(), events.len());
    for (line, event) in plain.lines().zip(&events) {
        let record = format!(" [{}/{}]", text(event, "mm_kind"), text(event, "mm_record_id"));
        assert!(line.ends_with(&record), "{line}: {record}");
        assert!(line.contains(text(event, "mm_event")) && (line[25..26] == *"*") == event["mm_milestone"].is_boolean());
    }
    tell(&desk, "outage.zip", &["--format", "csv", "--output", "outage.csv"]);
    let read = "import csv, json, sys\nprint(json.dumps(list(csv.DictReader(open(sys.argv[1], newline='', encoding='utf-8')))))";
    let path = desk.path("outage.csv");
    let rows = tools::run("python3", &["-c", read, path.to_str().unwrap()], b"").expect_success();
    let rows: Vec<Value> = serde_json::from_slice(&rows).unwrap();
    assert_eq!(rows.len(), events.len());
    for (row, event) in rows.iter().zip(&events) {
        assert_eq!((&row["record_id"], &row["record_hash"]), (&event["mm_record_id"], &event["mm_record_hash"]));
        let message = row["message"].as_str().unwrap();
        let bare = if text(row, "neutralised").contains("message") { &message[1..] } else { message };
        assert_eq!(bare, text(event, "message"));
        assert!(!matches!(message.chars().next(), Some('=' | '+' | '-' | '@')), "{message}");
    }
}

#[test]
fn a_file_is_never_replaced_and_a_broken_archive_tells_nothing() {
    let (desk, archive) = OUTAGE.sealed();
    desk.write("there", "evidence");
    let run = |args: &[&str]| Ended::of(desk.chatseal(args).output().unwrap());
    run(&["timeline", "outage.zip", "--output", "there"]).require(8, "`there` exists");
    assert_eq!(std::fs::read(desk.path("there")).unwrap(), b"evidence");
    let mut bytes = archive.bytes.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    desk.write("broken.zip", bytes);
    run(&["timeline", "broken.zip", "--output", "told"]).require(1, "broken.zip");
    run(&["--json", "timeline", "outage.zip"]).require(2, "");
    assert!(!desk.path("told").exists());
    let answer = run(&["--json", "timeline", "outage.zip", "--output", "told"]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
    let lines = std::fs::read_to_string(desk.path("told")).unwrap().lines().count();
    assert_eq!(answer["events"], lines);
    assert!(desk.names().iter().all(|name| !name.contains("partial")));
}
