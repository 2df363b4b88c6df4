//! What an export does with a policy and holds: it withholds what is due, keeps what is held, and accounts for all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use chatseal::record::line::Line;
use chatseal::record::retention::Until;
use serde_json::Value;

use super::{LATER, POLICY, SECOND, bare, export_on, holds, seal, withheld};
use crate::sealed::{Archive, Desk};
use crate::tables::Source;

/// Kind and id of each record, as often as it is there.
fn ids(lines: &[&str]) -> BTreeMap<(String, String), u64> {
    let mut ids = BTreeMap::new();
    for line in lines {
        // Numbers in embedded JSON may be beyond what other readers hold.
        let record = Line::parse(line.as_bytes()).unwrap();
        *ids.entry((record.kind.to_owned(), record.id.to_owned())).or_default() += 1;
    }
    ids
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What stays is byte for byte what is sealed without a policy, and what does not is listed.
pub(super) fn nothing_is_lost(plain: &Archive, judged: &Archive) {
    let lines = judged.lines();
    let stays: Vec<String> = lines.iter().map(|line| bare(line)).collect();
    let before = plain.lines();
    let known: BTreeSet<&str> = before.iter().copied().collect();
    for line in &stays {
        assert!(known.contains(line.as_str()), "{line}");
    }
    let mut all = ids(&lines);
    for row in withheld(judged) {
        *all.entry((text(&row["kind"]), text(&row["id"]))).or_default() += 1;
    }
    assert_eq!(all, ids(&before));
    let (plain, judged) = (plain.summary(), judged.summary());
    for (kind, counts) in judged["kinds"].as_object().unwrap() {
        assert_eq!(counts["source"], plain["kinds"][kind]["source"], "{kind}");
    }
}

/// The real database, dumped, with its records without a policy.
fn real(name: &str) -> (Source, Archive) {
    let source = Source::new(name);
    source.dump("dump.sql");
    source.desk.write("policy.toml", POLICY);
    source.desk.write("second.toml", SECOND);
    let plain = seal(&source.desk, "dump.sql", "plain.zip", &["--no-files"]);
    (source, plain)
}

#[test]
fn records_and_withheld_rows_are_the_source() {
    for fixture in crate::tables::FIXTURES {
        let (source, plain) = real(fixture);
        let judged = seal(&source.desk, "dump.sql", "judged.zip", &["--no-files", "--policy", "policy.toml"]);
        nothing_is_lost(&plain, &judged);
        assert!(!withheld(&judged).is_empty(), "{fixture}");
        // Items go with their posts, and replies with their threads.
        let gone: BTreeSet<String> =
            withheld(&judged).iter().filter(|row| row["kind"] == "post").map(|row| text(&row["id"])).collect();
        let kinds = ["reaction", "file", "thread", "thread_membership", "saved_post", "post_acknowledgement", "post"];
        for line in judged.lines() {
            let record = Line::parse(line.as_bytes()).unwrap();
            let named = |field: &str| {
                let rest = record.data.split(&format!("\"{field}\":\"")).nth(1);
                gone.contains(rest.and_then(|rest| rest.split('"').next()).unwrap_or_default())
            };
            let decided = record.retention.unwrap();
            // Pinned posts are exempt, each for itself.
            let is_exempt = decided.dispose_after == Some(Until::Forever) || !decided.holds.is_empty();
            let is_own_time = is_exempt || decided.rule != Some("harbour/talk");
            if kinds.contains(&record.kind) && !is_own_time {
                assert!(!named("post_id") && !named("root_id"), "{fixture}: outlives its post: {line}");
            }
        }
    }
}

#[test]
fn a_hold_never_loses_anything() {
    let (source, plain) = real("mattermost-5.37");
    let flags = ["--no-files", "--policy", "policy.toml"];
    let free = seal(&source.desk, "dump.sql", "free.zip", &flags);
    let gone = |archive: &Archive| -> BTreeSet<(String, String)> {
        withheld(archive).iter().map(|row| (text(&row["kind"]), text(&row["id"]))).collect()
    };
    let without = gone(&free);
    let users: Vec<String> = plain.records("user").iter().map(|user| text(&user["data"]["username"])).collect();
    let channels: Vec<String> = plain.records("channel").iter().map(|channel| text(&channel["id"])).collect();
    let mut saved = 0;
    for (at, user) in users.iter().step_by(users.len() / 6 + 1).enumerate() {
        let channel = &channels[at * 7 % channels.len()];
        source.desk.write("holds.toml", holds(user, channel, "a"));
        let name = format!("held-{at}.zip");
        let held = seal(&source.desk, "dump.sql", &name, &[&flags[..], &["--holds", "holds.toml"]].concat());
        nothing_is_lost(&plain, &held);
        let with = gone(&held);
        assert!(with.is_subset(&without), "{user}: a hold made something disposable");
        saved += without.len() - with.len();
        // Everything that the custodian wrote stays, wherever it was.
        let id =
            plain.records("user").iter().find(|record| record["data"]["username"] == **user).unwrap()["id"].clone();
        for record in plain.records("post").iter().filter(|record| record["data"]["user_id"] == id) {
            assert!(!with.contains(&("post".to_owned(), text(&record["id"]))), "{user} wrote {}", record["id"]);
        }
        // Without a policy holds are marked, and nothing can be withheld.
        let marked =
            seal(&source.desk, "dump.sql", &format!("marked-{at}.zip"), &["--no-files", "--holds", "holds.toml"]);
        assert_eq!(marked.lines().len(), plain.lines().len());
        assert!(!marked.members.contains_key("data/withheld.jsonl"));
        let of = |archive: &Archive| archive.summary()["retention"]["holds"].clone();
        assert!(of(&marked)["person"].as_u64().unwrap() > 0);
        assert!(of(&held)["person"] == of(&marked)["person"] && of(&held)["word"] == of(&marked)["word"], "{user}");
    }
    assert!(saved > 0, "no hold saved anything, so nothing was proven");
}

#[test]
fn what_was_given_is_sealed_byte_for_byte_in_its_order() {
    let (source, _) = real("mattermost-11");
    let holds = holds("bruno", "harbour/*", "tide").replace('\n', "\r\n");
    source.desk.write("holds.toml", &holds);
    let flags = ["--no-files", "--policy", "second.toml", "--policy", "policy.toml", "--holds", "holds.toml"];
    let archive = seal(&source.desk, "dump.sql", "sealed.zip", &flags);
    assert_eq!(archive.text("data/policy/001-policy.toml"), SECOND);
    assert_eq!(archive.text("data/policy/002-policy.toml"), POLICY);
    assert_eq!(archive.text("data/policy/001-holds.toml"), holds);
    assert!(archive.text("data/README.txt").contains("sha256sum data/policy/*-holds.toml"));
    // The hold of the plugin is honoured with the others; one that was released is not in force.
    let counts = archive.summary()["retention"]["holds"].clone();
    let ids: Vec<&String> = counts.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["person", "plugin:hold1xxxxxxxxxxxxxxxxxxxxx", "word"]);
    assert!(counts["plugin:hold1xxxxxxxxxxxxxxxxxxxxx"].as_u64().unwrap() > 0, "{counts}");
    let without = seal(&source.desk, "dump.sql", "without.zip", &["--no-files"]);
    assert!(!without.text("data/README.txt").contains("sha256sum data/policy/"));
    assert!(!without.members.contains_key("data/withheld.jsonl"));
    assert!(without.summary().get("retention").is_none());
    assert!(without.lines().iter().all(|line| !line.contains(",\"retention\":")));
}

/// A policy that keeps everything asks for next to no facts, and says what it says with all of them.
#[test]
fn what_is_decided_alike_is_decided_as_with_every_fact() {
    let (source, plain) = real("mattermost-5.37");
    let all = format!("{}/policies/baseline-keep-all.toml", env!("CARGO_MANIFEST_DIR"));
    let policy = ["--no-files", "--policy", &all];
    // A hold that is over decides nothing, but with it there are holds to be thought of.
    let over = "schema = \"chatseal-holds/v1\"\ntitle = \"Over\"\n[[hold]]\nid = \"over\"\nmatter = \"Settled\"\n\
                everything = true\n[hold.issued]\nby = \"Counsel\"\nat = 2025-01-01\nwhy = \"Letter\"\n\
                [hold.released]\nby = \"Counsel\"\nat = 2025-06-01\nwhy = \"Settlement\"\n";
    source.desk.write("over.toml", over);
    for (at, from) in [&source.url(), "dump.sql"].into_iter().enumerate() {
        let alike = seal(&source.desk, from, &format!("alike-{at}.zip"), &policy);
        let full =
            seal(&source.desk, from, &format!("full-{at}.zip"), &[&policy[..], &["--holds", "over.toml"]].concat());
        assert_eq!((alike.lines(), alike.root()), (full.lines(), full.root()), "{from}");
        assert_eq!(alike.lines().len(), plain.lines().len());
        let said = r#","retention":{"rule":"baseline-keep-all/all","keep_until":"forever"}}"#;
        assert!(alike.lines().iter().all(|line| line.ends_with(said)));
    }
}

#[test]
fn a_later_day_withholds_more_and_the_same_day_the_same() {
    let (source, plain) = real("mattermost-11");
    let mut before = 0;
    for day in ["2026-02-01T00:00:00Z", "2026-07-21T00:00:00Z", LATER] {
        let seal_on = |output: &str| {
            let flags = ["--no-files", "--policy", "policy.toml"];
            let ended = export_on(day, &source.desk, "dump.sql", output, &flags);
            assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
            let archive = source.desk.archive(output);
            fs::remove_file(source.desk.path(output)).unwrap();
            archive
        };
        let (one, two) = (seal_on("day.zip"), seal_on("day.zip"));
        assert!(one.bytes == two.bytes, "{day}");
        nothing_is_lost(&plain, &one);
        assert!(withheld(&one).len() >= before, "{day}");
        before = withheld(&one).len();
    }
    assert!(before > 0);
}

#[test]
fn bytes_of_withheld_files_stay_out() {
    let desk = Desk::new();
    let source = crate::bulk::place("every-line-type-of-11.6", &desk);
    let plain = seal(&desk, source, "plain.zip", &[]);
    desk.write("policy.toml", POLICY.replace("keep_pinned = true", "keep_pinned = false"));
    let judged = seal(&desk, source, "judged.zip", &["--policy", "policy.toml"]);
    let files = |archive: &Archive| archive.members.keys().filter(|path| path.starts_with("data/files/")).count();
    let gone = withheld(&judged).iter().filter(|row| row["kind"] == "file").count();
    assert!(files(&plain) > 0 && gone > 0 && files(&judged) < files(&plain), "{gone} of {}", files(&plain));
    nothing_is_lost(&plain, &judged);
}

#[test]
fn names_that_nothing_bears_end_the_run_before_anything_is_sealed() {
    let (source, _) = real("mattermost-11");
    let desk = &source.desk;
    desk.write("holds.toml", holds("alcie", "harbour/brigde", "tide"));
    let flags = ["--no-files", "--policy", "policy.toml", "--holds", "holds.toml"];
    let ended = desk.export("dump.sql", "out.zip", &flags);
    ended.require(2, "hold `person` names the user `alcie`, which the source does not have; near it: `alice`");
    ended.require(2, "hold `word` names the channel `harbour/brigde`");
    assert!(!desk.path("out.zip").exists() && !desk.path("out.zip.partial").exists());

    desk.write("policy.toml", POLICY.replace("scope.props = [\"from_webhook\"]", "scope.teams = [\"harbor\"]"));
    let ended = desk.export("dump.sql", "out.zip", &["--no-files", "--policy", "policy.toml"]);
    ended.require(2, "rule `harbour/hooks` names the team `harbor`");

    // A pattern may match nothing: that is told, and noted in the archive.
    desk.write("policy.toml", POLICY.replace("scope.props = [\"from_webhook\"]", "scope.teams = [\"harbor*\"]"));
    let ended = desk.export("dump.sql", "out.zip", &["--no-files", "--policy", "policy.toml"]);
    assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
    let archive = desk.archive("out.zip");
    let noted = r#"{"class":"note-rule-unused","object":"rule harbour/hooks","expected":"records that it covers","found":"none in scope","records":0}"#;
    assert!(archive.text("data/exceptions.jsonl").contains(noted));
    assert_eq!(archive.summary()["retention"]["rules"]["harbour/hooks"]["records"], 0);
}

#[test]
fn files_that_are_wrong_end_the_run_before_the_source_is_opened() {
    let desk = Desk::new();
    desk.write("policy.toml", POLICY.replace("then = \"review\"", "then = \"shred\""));
    desk.write("holds.toml", holds("alice", "*", "tide"));
    // There is no such source: whoever looked for it first would say so.
    let ended = desk.export("nowhere.sql", "out.zip", &["--policy", "policy.toml"]);
    ended.require(2, "cannot apply `policy.toml`: 1 finding");
    desk.write("policy.toml", POLICY);
    desk.export("nowhere.sql", "out.zip", &["--policy", "holds.toml"]).require(2, "give it with `--holds`");
    desk.export("nowhere.sql", "out.zip", &["--holds", "policy.toml"]).require(2, "give it with `--policy`");
    desk.export("nowhere.sql", "out.zip", &["--holds", "gone.toml"]).require(6, "cannot read `gone.toml`");
}

#[test]
fn rules_that_contradict_each_other_in_data_are_exceptions() {
    let (source, plain) = real("mattermost-11");
    // What administrators say is to be kept for seven years, and others may stay no longer than 60 days.
    let flags = ["--no-files", "--policy", "policy.toml", "--policy", "second.toml"];
    let ended = export_on(LATER, &source.desk, "dump.sql", "out.zip", &flags);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stdout.contains("exception retention-clash: 1"), "{}", ended.stdout);
    let archive = source.desk.archive("out.zip");
    nothing_is_lost(&plain, &archive);
    let exceptions = archive.text("data/exceptions.jsonl");
    let line = exceptions.lines().find(|line| line.contains("retention-clash")).unwrap();
    let clash: Value = serde_json::from_str(line).unwrap();
    assert_eq!(clash["object"], "admins/admins and harbour/talk");
    assert!(clash["records"].as_u64().unwrap() > 0);
    for said in ["decided: ", "rule admins/admins: ", "rule harbour/talk: ", " withheld"] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    for said in ["policy    harbour (4 rules), admins (1 rule)", "decided   as of 2027-06-01T00:00:00.000Z"] {
        assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
    }
}
