//! `plan` and `policy explain|diff|server` on real data: what they foretell is what an export then does.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::sealed::{AS_OF, Desk, Ended};
use crate::tables;

/// When most of the real posts are past half a year.
const LATER: &str = "2027-01-15T00:00:00Z";

/// What lets go after a half year what no minimum keeps: files sooner, pinned posts never.
const POLICY: &str = r#"
schema = "chatseal-policy/v1"
id = "chat"
title = "Chat"
[[rule]]
id = "all"
title = "Everything said"
scope.channel_types = ["open", "private", "direct", "group"]
dispose_after = "180d"
keep_pinned = true
files = { dispose_after = "90d" }
then = "dispose"
[[rule]]
id = "forensics"
title = "One team is kept longer"
scope.teams = ["forensics"]
keep_for = "3y"
"#;

const HOLDS: &str = r#"
schema = "chatseal-holds/v1"
title = "Holds"
[[hold]]
id = "2026-17"
matter = "Smith v. Jones"
teams = ["illum-0"]
[hold.issued]
by = "counsel"
at = 2026-11-01
why = "litigation"
[[hold]]
id = "2026-18"
matter = "Everything of two weeks"
everything = true
from = 2026-05-25
until = 2026-06-08
[hold.issued]
by = "counsel"
at = 2026-11-01
why = "litigation"
"#;

/// A desk with a dump, a policy and holds.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("dump.sql", tables::sql("mattermost-5.37"));
    desk.write("policy.toml", POLICY);
    desk.write("shorter.toml", POLICY.replace("180d", "30d"));
    desk.write("holds.toml", HOLDS);
    desk
}

fn run(desk: &Desk, args: &[&str]) -> Ended {
    Ended::of(desk.chatseal(&[args, &["--quiet", "--as-of", LATER]].concat()).output().unwrap())
}

fn json(desk: &Desk, args: &[&str]) -> Value {
    let ended = run(desk, &[args, &["--json"]].concat());
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", ended.stderr))
}

fn sum(groups: &Value, what: &str) -> u64 {
    groups.as_array().unwrap().iter().map(|group| group[what].as_u64().unwrap()).sum()
}

/// The archive of the same flags, sealed as of the same time.
fn sealed(desk: &Desk, output: &str, args: &[&str]) -> crate::sealed::Archive {
    let fixed = ["export", "dump.sql", "--no-files", "--quiet", "--as-of", LATER, "--key", "seal.key"];
    let ended = Ended::of(desk.chatseal(&[&fixed[..], &["--output", output], args].concat()).output().unwrap());
    assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
    desk.archive(output)
}

#[test]
fn a_plan_foretells_the_export() {
    let desk = desk();
    for (output, args) in [
        ("plain.zip", &[][..]),
        ("policy.zip", &["--policy", "policy.toml"]),
        ("held.zip", &["--policy", "policy.toml", "--holds", "holds.toml"]),
        ("scoped.zip", &["--policy", "policy.toml", "--holds", "holds.toml", "--team", "illum-0"]),
    ] {
        let plan = json(&desk, &[&["plan", "dump.sql", "--no-files"], args].concat());
        let summary = sealed(&desk, output, args).summary();
        let (mut exported, mut withheld) = (0, 0);
        for kind in plan["kinds"].as_array().unwrap() {
            let counts = &summary["kinds"][kind["kind"].as_str().unwrap()];
            for same in ["source", "out_of_scope", "quarantined"] {
                assert_eq!(kind[same], counts[same], "{args:?} {kind}");
            }
            assert_eq!(kind["for_disposal"], counts["withheld"], "{args:?} {kind}");
            let stays: u64 =
                ["kept", "held", "for_review", "for_transfer"].iter().map(|it| kind[it].as_u64().unwrap()).sum();
            assert_eq!(stays, counts["records"], "{args:?} {kind}");
            exported += stays;
            withheld += counts["withheld"].as_u64().unwrap();
        }
        assert_eq!(exported, summary["records"], "{args:?}");
        if let Some(decided) = summary.get("retention") {
            for rule in plan["rules"].as_array().unwrap() {
                let Some(name) = rule["name"].as_str() else { continue };
                assert_eq!(rule["for_disposal"], decided["rules"][name]["withheld"], "{rule}");
            }
            for hold in plan["holds"].as_array().unwrap() {
                assert_eq!(hold["covers"], decided["holds"][hold["hold"].as_str().unwrap()], "{hold}");
            }
            assert_eq!(plan["total"]["held"], decided["dispositions"]["held"]);
            assert!(withheld > 0 || output == "scoped.zip", "{args:?}");
        }
        // Every record is in one rule, channel, team and month.
        for group in ["rules", "teams", "channels", "months", "kinds"] {
            assert_eq!(sum(&plan[group], "for_disposal"), withheld, "{args:?} {group}");
            assert_eq!(sum(&plan[group], "kept"), plan["total"]["kept"].as_u64().unwrap(), "{args:?} {group}");
        }
    }
}

#[test]
fn nothing_is_written_and_what_holds_save_is_told() {
    let desk = desk();
    let before = desk.names();
    let loose = json(&desk, &["plan", "dump.sql", "--policy", "policy.toml"]);
    let held = json(&desk, &["plan", "dump.sql", "--policy", "policy.toml", "--holds", "holds.toml"]);
    assert_eq!(desk.names(), before);
    let saved = loose["total"]["for_disposal"].as_u64().unwrap() - held["total"]["for_disposal"].as_u64().unwrap();
    assert!(saved > 0);
    assert_eq!(held["total"]["held"], saved);
    let of = |hold: usize, what: &str| held["holds"][hold][what].as_u64().unwrap();
    let (both, alone) = (of(0, "saves") + of(1, "saves"), of(0, "saves_alone") + of(1, "saves_alone"));
    // What both save is counted with each of them, what one saves alone once.
    assert_eq!((both - alone) / 2 + alone, saved);
    assert!(of(0, "covers") >= of(0, "saves") && of(0, "saves") >= of(0, "saves_alone"));
}

#[test]
fn the_spreadsheet_has_the_same_numbers() {
    let desk = desk();
    let args = ["plan", "dump.sql", "--policy", "policy.toml", "--holds", "holds.toml"];
    let plan = json(&desk, &args);
    let ended = run(&desk, &[&args[..], &["--format", "csv"]].concat());
    assert_eq!(ended.code, 0);
    let mut reader = csv::Reader::from_reader(ended.stdout.as_bytes());
    let mut totals = BTreeMap::<String, u64>::new();
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        *totals.entry(row["group"].clone()).or_default() += row["for_disposal"].parse::<u64>().unwrap_or(0);
    }
    for group in ["kind", "rule", "team", "channel", "month", "total"] {
        assert_eq!(totals[group], plan["total"]["for_disposal"].as_u64().unwrap(), "{group}");
    }
    assert!(totals.contains_key("hold"));
}

#[test]
fn a_difference_is_what_two_exports_differ_in() {
    let desk = desk();
    let holds = ["--source", "dump.sql", "--holds", "holds.toml"];
    let none = json(&desk, &[&["policy", "diff", "policy.toml", "policy.toml"], &holds[..]].concat());
    assert!(none["changes"].as_array().unwrap().iter().all(|change| change["records"] == 0), "{none}");
    let of = |document: &Value, change: &str| {
        let all = document["changes"].as_array().unwrap();
        all.iter().find(|it| it["change"] == change).unwrap()["records"].as_u64().unwrap()
    };
    let there = json(&desk, &[&["policy", "diff", "policy.toml", "shorter.toml"], &holds[..]].concat());
    let back = json(&desk, &[&["policy", "diff", "shorter.toml", "policy.toml"], &holds[..]].concat());
    let withheld = |output: &str, policy: &str| {
        let archive = sealed(&desk, output, &["--policy", policy, "--holds", "holds.toml"]);
        archive.text("data/withheld.jsonl").lines().count() as u64
    };
    let grown = withheld("shorter.zip", "shorter.toml") - withheld("policy.zip", "policy.toml");
    assert!(grown > 0);
    assert_eq!((of(&there, "let-go"), of(&there, "kept")), (grown, 0));
    assert_eq!((of(&back, "let-go"), of(&back, "kept")), (0, grown));
    assert_eq!(of(&there, "sooner"), of(&back, "later"));
    let examples = &there["changes"][0]["groups"][0]["examples"];
    assert!((1..=3).contains(&examples.as_array().unwrap().len()), "{examples}");
}

#[test]
fn what_is_explained_is_what_was_sealed() {
    let desk = desk();
    let archive = sealed(&desk, "a.zip", &["--policy", "policy.toml", "--holds", "holds.toml"]);
    let explain = |record: &str| {
        let args = ["policy", "explain", "policy.toml", "--holds", "holds.toml", "--source", "dump.sql"];
        json(&desk, &[&args[..], &["--record", record]].concat())["found"][0].clone()
    };
    let withheld: Value = serde_json::from_str(archive.text("data/withheld.jsonl").lines().next().unwrap()).unwrap();
    let told = explain(&format!("{}/{}", withheld["kind"].as_str().unwrap(), withheld["id"].as_str().unwrap()));
    assert_eq!((told["disposition"].as_str(), &told["rule"]), (Some("dispose"), &withheld["rule"]), "{told}");
    let posts = archive.records("post");
    for wanted in ["2026-17", "2026-18"] {
        let held = posts.iter().find(|post| post["retention"]["holds"][0] == wanted).unwrap();
        let told = explain(held["id"].as_str().unwrap());
        assert!(told["holding"][0].as_str().unwrap().starts_with(wanted), "{told}");
        assert_eq!(told["holds"], held["retention"]["holds"]);
        assert_eq!(told["rule"], held["retention"]["rule"]);
    }
    let kept = posts.iter().find(|post| post["retention"]["keep_until"].is_i64()).unwrap();
    let told = explain(kept["id"].as_str().unwrap());
    assert!(told["decision"].as_str().unwrap().starts_with("kept until "), "{told}");
    assert!(told["covering"].to_string().contains("chat/forensics requires it longer and prevails"), "{told}");
}

#[test]
fn a_record_that_is_not_there_is_no_match() {
    let desk = desk();
    let ended = run(&desk, &["policy", "explain", "policy.toml", "--source", "dump.sql", "--record", "nothing"]);
    ended.require(1, "the source has no record `nothing` in scope");
}

#[test]
fn a_bad_policy_is_refused_before_the_source_is_opened() {
    let desk = desk();
    desk.write("bad.toml", POLICY.replace("180d", "180 donkeys"));
    for args in [
        &["plan", "missing.sql", "--policy", "bad.toml"][..],
        &["policy", "diff", "policy.toml", "bad.toml", "--source", "missing.sql"],
        &["policy", "server", "missing.sql", "--policy", "bad.toml"],
        &["policy", "explain", "bad.toml", "--source", "missing.sql", "--record", "x"],
    ] {
        run(&desk, args).require(2, "bad.toml");
    }
}

#[test]
fn the_server_is_held_against_the_policy() {
    let source = tables::Source::new("mattermost-5.37");
    let desk = &source.desk;
    desk.write("keep.toml", "schema = \"chatseal-policy/v1\"\nid = \"keep\"\ntitle = \"Keep\"\n[[rule]]\nid = \"all\"\ntitle = \"All\"\nkeep_for = \"6y\"\n");
    desk.write("off.json", r#"{"DataRetentionSettings":{"EnableMessageDeletion":false}}"#);
    desk.write("on.json", r#"{"DataRetentionSettings":{"EnableMessageDeletion":true,"MessageRetentionDays":30}}"#);
    desk.write("holds.toml", HOLDS);
    let url = source.url();
    let server = |args: &[&str]| {
        let fixed = ["policy", "server", &url, "--quiet", "--json", "--no-files", "--as-of", AS_OF];
        Ended::of(desk.chatseal(&[&fixed, args].concat()).output().unwrap())
    };
    let records = |ended: &Ended, change: usize| {
        let document: Value = serde_json::from_str(&ended.stdout).unwrap();
        document["changes"][change]["records"].as_u64().unwrap()
    };
    let off = server(&["--config", "off.json", "--policy", "keep.toml"]);
    assert_eq!((off.code, records(&off, 0), records(&off, 1)), (0, 0, 0), "{}", off.stdout);
    let on = server(&["--config", "on.json", "--policy", "keep.toml"]);
    assert_eq!(on.code, 1);
    // What the server deletes by age, as its own SQL selects it: rows without a channel stay.
    let asked = source.ask(
        "SELECT (SELECT count(*) FROM posts p JOIN channels c ON c.id = p.channelid)
              + (SELECT count(*) FROM reactions r JOIN posts p ON p.id = r.postid JOIN channels c ON c.id = p.channelid)
              + (SELECT count(*) FROM preferences f JOIN posts p ON p.id = f.name JOIN channels c ON c.id = p.channelid
                  WHERE f.category = 'flagged_post')
              + (SELECT count(*) FROM threads t JOIN channels c ON c.id = t.channelid)
              + (SELECT count(*) FROM threadmemberships m JOIN threads t ON t.postid = m.postid JOIN channels c ON c.id = t.channelid)",
    );
    assert_eq!(records(&on, 0), asked.trim().parse::<u64>().unwrap());
    // A hold makes the server's deletion of what it covers too early, whatever the policy says.
    let held = server(&["--config", "on.json", "--holds", "holds.toml"]);
    assert_eq!(held.code, 1);
    assert!(records(&held, 0) > 0 && records(&held, 0) < records(&on, 0));
    let unknown = server(&["--policy", "keep.toml"]);
    unknown.require(0, "without `--config` the server's global periods are not known");
}

#[test]
fn a_policy_of_the_server_for_one_channel_is_read_from_its_tables() {
    let source = tables::Source::new("mattermost-11");
    let desk = &source.desk;
    let channel = source.ask("SELECT id FROM channels WHERE type IN ('O', 'P') ORDER BY (SELECT count(*) FROM posts WHERE channelid = channels.id) DESC, id LIMIT 1");
    let channel = channel.trim();
    source.ask(
        "DELETE FROM retentionpolicieschannels; DELETE FROM retentionpoliciesteams; DELETE FROM retentionpolicies",
    );
    source.ask("INSERT INTO retentionpolicies (id, displayname, postduration) VALUES ('p1', 'One day', 1)");
    source.ask(&format!("INSERT INTO retentionpolicieschannels (policyid, channelid) VALUES ('p1', '{channel}')"));
    desk.write("keep.toml", "schema = \"chatseal-policy/v1\"\nid = \"keep\"\ntitle = \"Keep\"\n[[rule]]\nid = \"all\"\ntitle = \"All\"\nkeep_for = \"forever\"\n");
    let ended = Ended::of(
        desk.chatseal(&[
            "policy",
            "server",
            &source.url(),
            "--policy",
            "keep.toml",
            "--quiet",
            "--json",
            "--as-of",
            AS_OF,
        ])
        .output()
        .unwrap(),
    );
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    let groups = document["changes"][0]["groups"].as_array().unwrap();
    assert_eq!(groups[0]["before"], "server/p1.channels");
    let posts: u64 =
        source.ask(&format!("SELECT count(*) FROM posts WHERE channelid = '{channel}'")).trim().parse().unwrap();
    assert!(posts > 0 && groups[0]["records"].as_u64().unwrap() >= posts);
}

#[test]
fn a_dump_without_the_rows_that_decisions_rest_on_is_refused() {
    let source = tables::Source::new("mattermost-11");
    let desk = &source.desk;
    desk.write("holds.toml", HOLDS.replace("teams = [\"illum-0\"]", "users = [\"bruno\"]"));
    desk.write("dump.sql", source.server.dump(&source.database, &["--exclude-table-data=channelmemberhistory"]));
    let ended = run(desk, &["plan", "dump.sql", "--holds", "holds.toml"]);
    ended.require(6, "cannot decide without the rows of `channelmemberhistory`, which were not dumped");
}
