//! `chatseal timeline --format html` in a real browser: it moves, it tells the truth, and nothing that anybody wrote runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{events, tell, text};
use crate::incidents::{ESCALATION, Incident, OUTAGE};
use crate::sealed::{Archive, Desk};
use crate::transcript::chromium::{drive, require_silence};
use crate::transcript::pages::between;

fn page(incident: Incident, args: &[&str]) -> (Desk, Archive, PathBuf) {
    let (desk, archive) = incident.sealed();
    let name = format!("{}.zip", incident.story);
    tell(&desk, &name, &[&["--format", "html", "--output", "page"], args].concat());
    let folder = desk.path("page");
    (desk, archive, folder)
}

fn index(folder: &Path) -> String {
    fs::read_to_string(folder.join("index.html")).unwrap()
}

/// Title, value and records of each figure on a page, in order.
fn figures(page: &str) -> Vec<(String, String, Vec<String>)> {
    let cards = between(page, "<details class=\"figure\">", "</details>");
    let one = |card: &&str, from: &str, to: &str| between(card, from, to).first().map(|text| (*text).to_owned());
    let value = |card: &&str| {
        let value = one(card, "<span class=\"value\">", "</span>");
        value.or_else(|| one(card, "<span class=\"value unknown\">", "</span>")).unwrap()
    };
    let records = |card: &&str| between(card, "<code>", "</code>").into_iter().map(str::to_owned).collect();
    cards.iter().map(|card| (one(card, "<h3>", "</h3>").unwrap(), value(card), records(card))).collect()
}

#[test]
fn figures_are_what_the_sealed_records_say() {
    let (_desk, archive, folder) = page(OUTAGE, &[]);
    let run = &archive.records("playbook_run")[0]["data"];
    let posts = archive.records("post");
    let at = |value: &Value| value.as_i64().unwrap();
    let post = |id: &str| posts.iter().find(|post| post["id"] == id).unwrap();
    let minutes = |span: i64| match (span / 3_600_000, span / 60_000 % 60, span / 1000 % 60) {
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    };
    let updates: Vec<i64> = archive
        .records("run_status_post")
        .iter()
        .map(|row| at(&post(row["data"]["post_id"].as_str().unwrap())["data"]["create_at"]))
        .collect();
    let tasks: Vec<Value> = run["checklists"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|list| list["items"].as_array().unwrap().clone())
        .filter(|task| task["state"] != "skipped")
        .collect();
    let due: Vec<_> = tasks.iter().filter(|task| task["due_date"].as_i64().is_some_and(|due| due > 0)).collect();
    let in_time =
        due.iter().filter(|task| task["state"] == "closed" && at(&task["state_modified"]) <= at(&task["due_date"]));
    let closed = tasks.iter().filter(|task| task["state"] == "closed").count();
    let start = at(&run["create_at"]);
    let found = figures(&index(&folder));
    let value = |title: &str| found.iter().find(|figure| figure.0 == title).unwrap().1.clone();
    assert_eq!(value("Time to first status update"), minutes(updates.iter().min().unwrap() - start));
    assert_eq!(value("Time to resolve"), minutes(at(&run["end_at"]) - start));
    assert_eq!(value("Status updates"), updates.len().to_string());
    assert_eq!(value("Tasks done"), format!("{closed} of {}", tasks.len()));
    assert_eq!(value("Tasks on time"), format!("{} of {}", in_time.count(), due.len()));
    // The alarm was a post; the first sign is the earliest thing that a person did about it.
    let alarm = post(run["post_id"].as_str().unwrap());
    let people: BTreeSet<&str> = ["mara", "jonas", "tarek", "greta"].into();
    let (_, all) = events(OUTAGE, &[]);
    let first = all.iter().find(|event| {
        let is_there = event["mm_root_id"] == alarm["id"] || event["mm_channel_id"] == run["channel_id"];
        let is_later = event["timestamp"].as_i64().unwrap() >= at(&alarm["data"]["create_at"]) * 1000;
        is_there
            && is_later
            && event["mm_event"] == "post"
            && people.iter().any(|name| text(event, "mm_user").starts_with(name))
    });
    let sign = first.unwrap()["timestamp"].as_i64().unwrap() / 1000;
    assert_eq!(value("Time to acknowledge"), minutes(sign - at(&alarm["data"]["create_at"])));
    // Every record that a figure names is in the archive, and on the page a click away.
    let known: BTreeSet<String> = ["playbook_run", "post", "run_event", "run_status_post"]
        .into_iter()
        .flat_map(|kind| {
            archive.records(kind).into_iter().map(move |record| format!("{kind}/{}", record["id"].as_str().unwrap()))
        })
        .collect();
    let named: Vec<&String> = found.iter().flat_map(|figure| &figure.2).collect();
    assert!(named.len() > 10 && named.iter().all(|record| known.contains(*record)), "{named:?}");
}

#[test]
fn what_is_wrong_with_runs_stands_on_the_page() {
    let (_desk, _, folder) = page(ESCALATION, &[]);
    let page = index(&folder);
    for words in [
        "runs share the channel",
        "the run is not finished",
        "would be negative",
        "the post of this status update is not in the archive",
        "is no object",
        "may belong to another of them",
        "its details are no JSON",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert!(figures(&page).iter().all(|(title, value, _)| !title.is_empty() && !value.is_empty()));
}

#[test]
fn the_same_archive_gives_the_same_page() {
    let (desk, ..) = page(OUTAGE, &["--threads", "1"]);
    tell(&desk, "outage.zip", &["--format", "html", "--output", "again", "--threads", "4"]);
    let listed = |name: &str| fs::read_to_string(desk.path(name).join("manifest-sha256.txt")).unwrap();
    assert_eq!(listed("page"), listed("again"));
    assert!(listed("page").lines().count() >= 5);
}

#[test]
fn the_page_can_be_used_with_keys_and_by_everybody() {
    let (_desk, archive, folder) = page(OUTAGE, &[]);
    let Some(report) = drive(&folder, &json!({"check": "timeline"})) else { return };
    require_silence(&report);
    let seen = &report["seen"][0];
    let (_, events) = events(OUTAGE, &[]);
    assert_eq!(seen["total"], events.len());
    // From milestone to milestone, as the records have them.
    let marks: Vec<String> = events
        .iter()
        .filter(|event| event["mm_milestone"] == true)
        .map(|event| format!("{}/{}", text(event, "mm_kind"), text(event, "mm_record_id")))
        .collect();
    assert_eq!(seen["milestones"], json!(marks[..3]));
    assert_eq!(seen["next"], "run_event", "an event is followed by the next one");
    // What the detail says is what the record says.
    let note = archive.records("run_event").into_iter().find(|entry| entry["data"]["event_type"] == "event_from_post");
    assert!(seen["from_link"].as_str().unwrap().contains(note.unwrap()["data"]["summary"].as_str().unwrap()));
    // Zooming shows less, a filter fewer, a lane for each person.
    let number = |name: &str| seen[name].as_u64().unwrap();
    assert!(number("zoomed") < number("home") && number("home") < number("everything"), "{seen}");
    assert_eq!(number("everything"), events.len() as u64);
    let said = events.iter().filter(|event| text(event, "message").to_lowercase().contains("slot")).count();
    assert!(number("found") >= said as u64 && number("found") < events.len() as u64 / 3, "{seen}");
    let reactions = events.iter().filter(|event| event["mm_event"] == "reaction").count();
    assert_eq!(number("without"), (events.len() - reactions) as u64);
    assert!(number("rows") < 60, "only rows that can be seen exist: {seen}");
    for name in ["help", "typed", "drawn"] {
        assert_eq!(seen[name], true, "{name}");
    }
    let axe = drive(&folder, &json!({"check": "axe", "pages": ["index.html", "index.html#r=playbook_run/x"]})).unwrap();
    require_silence(&axe);
}

#[test]
fn without_scripts_figures_and_milestones_are_there() {
    let (_desk, _, folder) = page(OUTAGE, &[]);
    let Some(report) = drive(&folder, &json!({"check": "timeline-without-scripts"})) else { return };
    require_silence(&report);
    let seen = &report["seen"][0];
    assert!(seen["figures"].as_u64().unwrap() >= 7 && seen["milestones"].as_u64().unwrap() >= 8, "{seen}");
    assert_eq!((&seen["live"], &seen["told"]), (&json!(false), &json!(true)));
}

/// A bulk export cannot hold runs, so the corpus is put into the record lines of an archive made by hand.
fn hostile() -> crate::bag::Spec {
    let corpus = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/transcript/hostile.txt")).unwrap();
    let texts: Vec<String> =
        corpus.lines().filter(|line| !line.starts_with("# ")).map(|line| line.replace("\\n", "\n")).collect();
    assert!(texts.len() > 120);
    let name = |at: usize| texts[at % texts.len()].clone();
    let line = |kind: &str, id: &str, at: i64, data: Value| {
        format!("{{\"kind\":\"{kind}\",\"id\":\"{id}\",\"at\":{at},\"data\":{data}}}")
    };
    let start = 1_790_000_000_000_i64;
    let items: Vec<Value> = texts
        .iter()
        .map(|text| json!({"title": text, "state": "closed", "state_modified": start + 5, "due_date": start + 1}))
        .collect();
    let run = json!({"name": name(0), "summary": name(1), "owner_user_id": "u1", "team_id": "t", "channel_id": "c", "create_at": start,
        "end_at": start + 9_000_000, "playbook_id": "pb", "checklists": [{"title": name(2), "items": items}], "reporter_user_id": "u1",
        "sequential_id": name(3)});
    let many = |kind: &str, make: &dyn Fn(i64, &str) -> Value| -> Vec<String> {
        let all = (0_i64..).zip(&texts);
        all.map(|(at, text)| line(kind, &format!("{kind}{at:04}"), start + 1000 * at, make(at, text))).collect()
    };
    let entries = many("run_event", &|at, text| {
        json!({"playbook_run_id": "r", "create_at": start, "delete_at": 0, "event_at": start + 1000 * at,
            "event_type": if at % 2 == 0 { "event_from_post" } else { "owner_changed" }, "summary": text, "details": text, "subject_user_id": "u1"})
    });
    let posts = many("post", &|at, text| {
        let props =
            json!({"from_webhook": "true", "override_username": text, "attachments": [{"title": text, "text": text}]});
        json!({"create_at": start + 1000 * at, "update_at": start, "edit_at": 0, "delete_at": 0, "user_id": "u1", "channel_id": "c",
            "message": text, "type": "", "props": props})
    });
    let files = many(
        "file",
        &|at, text| json!({"user_id": "u1", "channel_id": "c", "create_at": start + 1000 * at, "name": text}),
    );
    let mut spec = crate::bag::Spec::empty();
    spec.segments = vec![
        (
            "channel".to_owned(),
            vec![line(
                "channel",
                "c",
                start,
                json!({"create_at": start, "team_id": "t", "type": "O", "display_name": name(4), "name": name(5)}),
            )],
        ),
        ("file".to_owned(), files),
        ("playbook".to_owned(), vec![line("playbook", "pb", start, json!({"title": name(6)}))]),
        ("playbook_run".to_owned(), vec![line("playbook_run", "r", start, run)]),
        ("post".to_owned(), posts),
        ("run_event".to_owned(), entries),
        ("team".to_owned(), vec![line("team", "t", start, json!({"create_at": start, "name": name(7)}))]),
        (
            "user".to_owned(),
            vec![line("user", "u1", start, json!({"create_at": start, "username": name(8), "first_name": name(9)}))],
        ),
    ];
    spec
}

#[test]
fn nothing_that_anybody_writes_runs() {
    let desk = Desk::new();
    desk.write("hostile.zip", hostile().zip());
    let told = crate::sealed::Ended::of(
        desk.chatseal(&["--quiet", "timeline", "hostile.zip", "--unverified", "--format", "html", "--output", "page"])
            .output()
            .unwrap(),
    );
    assert_eq!(told.code, 0, "{}", told.stderr);
    let Some(report) = drive(
        &desk.path("page"),
        &json!({"check": "timeline-hostile", "words": ["script", "onerror", "javascript:", "<"]}),
    ) else {
        return;
    };
    require_silence(&report);
    let seen = &report["seen"][0];
    assert!(seen["walked"].as_u64().unwrap() > 100, "{seen}");
    assert!(
        seen["texts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|text| text.as_str().unwrap().contains("<script>alert(1)</script>"))
    );
}

#[test]
fn a_hundred_thousand_events_can_be_looked_at() {
    let start = 1_790_000_000_000_i64;
    let post = |at: i64| {
        let data = json!({"create_at": start + at * 700, "update_at": start, "edit_at": 0, "delete_at": 0, "user_id": format!("u{}", at % 40),
            "channel_id": format!("c{}", at % 7), "message": format!("message {at} about pump {}", at % 97), "type": "", "props": {}});
        format!("{{\"kind\":\"post\",\"id\":\"p{at:06}\",\"at\":{},\"data\":{data}}}", start + at * 700)
    };
    let desk = Desk::new();
    let mut spec = crate::bag::Spec::empty();
    spec.segments =
        (0..100).map(|part| ("post".to_owned(), (part * 1000..(part + 1) * 1000).map(post).collect())).collect();
    desk.write("many.zip", spec.zip());
    tell_unverified(&desk, "many.zip", "page");
    let Some(report) = drive(&desk.path("page"), &json!({"check": "timeline-speed"})) else { return };
    require_silence(&report);
    let seen = &report["seen"][0];
    assert_eq!(seen["total"], 100_000);
    // Generous for a shared machine: a person waits once, and then sees every step at once.
    for (name, most) in [("load", 15_000.0), ("zoom", 1_000.0), ("find", 4_000.0)] {
        assert!(seen[name].as_f64().unwrap() < most, "{name}: {seen}");
    }
}

fn tell_unverified(desk: &Desk, archive: &str, output: &str) {
    let args = ["--quiet", "timeline", archive, "--unverified", "--format", "html", "--output", output];
    let ended = crate::sealed::Ended::of(desk.chatseal(&args).output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}
