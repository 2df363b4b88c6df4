//! The timeline of an incident's archive: what only describes accounts and places is left out and counted, each event says why
//! it is in scope, and people are shown times in the zone that they ask for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{OUTAGE, tell};
use crate::sealed::{Archive, Desk};
use crate::transcript::chromium::drive;

/// Record, time and description of each event.
fn told(desk: &Desk, args: &[&str]) -> Vec<Value> {
    events(&tell(desk, "outage-run.zip", &[&["--format", "jsonl"], args].concat()))
}

/// The events in lines, marks of the collection left out.
fn events(text: &str) -> Vec<Value> {
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["mm_kind"] != "archive").collect()
}

fn reasons(archive: &Archive, event: &Value) -> Vec<String> {
    let kind = event["mm_kind"].as_str().unwrap();
    let records = archive.records(kind);
    let record = records.iter().find(|record| record["id"] == event["mm_record_id"]).unwrap();
    record["because"].as_array().unwrap().iter().map(|reason| reason.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_only_describes_is_left_out_beyond_the_window_and_counted() {
    let (desk, archive) = OUTAGE.package();
    let window =
        archive.text("seal.txt").lines().find_map(|line| line.strip_prefix("window event ")).unwrap().to_owned();
    let (from, until) = window.split_once(' ').unwrap();
    // Timesketch is handed everything.
    let produce = ["produce", "outage-run.zip", "--signers", "signers", "--format", "timesketch", "--output", "all"];
    assert!(desk.chatseal(&produce).output().unwrap().status.success());
    let all = std::fs::read_to_string(desk.path("all/timeline.jsonl")).unwrap();
    let (few, all) = (told(&desk, &[]), events(&all));
    let key = |event: &Value| {
        format!("{} {} {} {}", event["mm_kind"], event["mm_record_id"], event["data_type"], event["timestamp"])
    };
    let kept: BTreeSet<String> = few.iter().map(key).collect();
    let gone: Vec<&Value> = all.iter().filter(|event| !kept.contains(&key(event))).collect();
    assert!(!gone.is_empty() && few.len() + gone.len() == all.len(), "{} {}", few.len(), all.len());
    let describing = ["user", "channel", "team", "bot", "profile_picture"];
    let outside = |event: &Value| {
        let at = event["datetime"].as_str().unwrap();
        at[..23] < from[..23] || at[..23] >= until[..23]
    };
    let only_describes = |event: &Value| {
        describing.contains(&event["mm_kind"].as_str().unwrap())
            || reasons(&archive, event).iter().all(|why| why.starts_with("named:") || why == "standing")
    };
    assert!(gone.iter().all(|event| outside(event) && only_describes(event)), "{gone:#?}");
    assert!(few.iter().filter(|event| outside(event)).all(|event| !only_describes(event)));
    let wide = told(&desk, &["--since", "1970-01-02"]);
    assert!(wide.iter().any(|event| event["mm_kind"] == "user" && outside(event)), "who asks for a window gets it");
    let answer = tell(&desk, "outage-run.zip", &["--json", "--format", "csv", "--output", "few.csv"]);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["left_out"], gone.len(), "{answer}");
    // All of a server, sealed, tells all of it.
    let (desk, _) = OUTAGE.sealed();
    let whole = tell(&desk, "outage.zip", &["--json", "--format", "csv", "--output", "whole.csv"]);
    assert_eq!(serde_json::from_str::<Value>(&whole).unwrap()["left_out"], 0);
}

#[test]
fn times_are_those_of_the_zone_for_people_and_utc_for_programs() {
    let (desk, _) = OUTAGE.package();
    let zone = ["--zone", "Asia/Tokyo"];
    let (utc, tokyo) = (tell(&desk, "outage-run.zip", &[]), tell(&desk, "outage-run.zip", &zone));
    assert_eq!(utc.lines().count(), tokyo.lines().count());
    for (utc, tokyo) in utc.lines().zip(tokyo.lines()) {
        let at = chrono::DateTime::parse_from_rfc3339(&utc[..24]).unwrap();
        let local = at.with_timezone(&chrono::FixedOffset::east_opt(9 * 3600).unwrap());
        assert_eq!(tokyo[..30], local.format("%Y-%m-%d %H:%M:%S%.3f +09:00").to_string());
        assert_eq!(tokyo[30..], utc[24..]);
    }
    assert_eq!(told(&desk, &zone), told(&desk, &[]));
    let ended = desk.chatseal(&["timeline", "outage-run.zip", "--zone", "Asia/Atlantis"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
}

#[test]
fn the_page_says_why_an_event_is_in_scope_and_when_it_was_there_and_in_utc() {
    let (desk, archive) = OUTAGE.package();
    tell(&desk, "outage-run.zip", &["--format", "html", "--output", "page", "--zone", "Asia/Tokyo"]);
    let event =
        told(&desk, &[]).into_iter().find(|event| event["mm_kind"] == "run_status_post" || event["mm_kind"] == "post");
    let event = event.unwrap();
    let record = format!("{}/{}", event["mm_kind"].as_str().unwrap(), event["mm_record_id"].as_str().unwrap());
    let asked = json!({"check": "timeline-detail", "record": record});
    let Some(report) = drive(&desk.path("page"), &asked) else { return };
    let seen: Vec<&str> = report["seen"][0].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(seen[0], record);
    let why = reasons(&archive, &event);
    assert_eq!(seen[1].lines().count(), why.len(), "{}", seen[1]);
    for (line, reason) in seen[1].lines().zip(&why) {
        assert!(line.starts_with(&format!("{reason}, ")), "{line}");
    }
    let utc = event["datetime"].as_str().unwrap();
    let at = chrono::DateTime::parse_from_rfc3339(utc).unwrap();
    let local = at.with_timezone(&chrono::FixedOffset::east_opt(9 * 3600).unwrap());
    assert_eq!(seen[2], format!("{} Asia/Tokyo ({}Z)", local.format("%Y-%m-%d %H:%M:%S%.3f"), &utc[..23]));
    assert!(seen[3].contains(" Asia/Tokyo ("), "{}", seen[3]);
    let page = std::fs::read_to_string(desk.path("page/index.html")).unwrap();
    assert!(page.contains(" +09:00") && page.contains("times are those of Asia/Tokyo"));
    assert!(page.contains("only describe what others name, and are left out"));
}
