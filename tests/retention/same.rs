//! The promise of the format holds with a policy as without: live, dumped and restored give the same lines and root, and
//! so does every number of threads.

use std::collections::BTreeMap;
use std::fs;

use crate::bulk;
use crate::mysql::OWNER;
use crate::sealed::{Archive, Desk};
use crate::servers::mariadb;
use crate::tables::{FIXTURES, Source};

use super::{POLICY, SECOND, holds, seal};

const FLAGS: [&str; 7] = ["--no-files", "--policy", "policy.toml", "--policy", "second.toml", "--holds", "holds.toml"];

/// Writes policies and holds, which name somebody and something that the database has.
fn place(desk: &Desk, user: &str, channel: &str, word: &str) {
    desk.write("policy.toml", POLICY);
    desk.write("second.toml", SECOND);
    desk.write("holds.toml", holds(user, channel, word));
}

fn same(left: &Archive, right: &Archive, what: &str) {
    crate::tables::same(left, right, what);
    for member in ["data/withheld.jsonl", "data/policy/001-policy.toml", "data/policy/002-policy.toml"] {
        assert_eq!(left.text(member), right.text(member), "{what}: {member}");
    }
    let sets = |archive: &Archive| archive.members.get("data/policy/hold-sets.jsonl").cloned();
    assert_eq!(sets(left), sets(right), "{what}");
    assert_eq!(left.summary()["retention"], right.summary()["retention"], "{what}");
}

/// Rows that are withheld, or would be if no hold kept them.
fn due(archive: &Archive) -> u64 {
    let done = &archive.summary()["retention"]["dispositions"];
    ["held", "dispose"].iter().filter_map(|what| done[what].as_u64()).sum()
}

#[test]
fn live_dumped_and_restored_are_decided_alike() {
    let mut decided = BTreeMap::new();
    for fixture in FIXTURES {
        let source = Source::new(fixture);
        source.dump("dump.sql");
        let restored = source.server.database("restored", &source.server.dump(&source.database, &[]));
        source.server.sql(&restored, "CREATE INDEX odd ON posts (message); CLUSTER posts USING odd; DROP INDEX odd");
        let user = source.ask(
            "SELECT username FROM users JOIN posts ON userid = users.id GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        );
        let channel = source.ask(
            "SELECT t.name || '/' || c.name FROM channels c JOIN teams t ON t.id = c.teamid JOIN posts p ON p.channelid = c.id
             GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        );
        place(&source.desk, &user, &channel, "the");
        for (at, scope) in [&[][..], &["--since", "2026-01-01T12:00:00Z"], &["--user", &user]].into_iter().enumerate() {
            let args = [&FLAGS, scope].concat();
            let live = seal(&source.desk, &source.url(), &format!("live-{at}.zip"), &args);
            let dumped = seal(&source.desk, "dump.sql", &format!("dump-{at}.zip"), &args);
            let again = seal(&source.desk, &source.server.url(&restored, "owner"), &format!("again-{at}.zip"), &args);
            same(&live, &dumped, &format!("{fixture} {scope:?} dump"));
            same(&live, &again, &format!("{fixture} {scope:?} restored"));
            if scope.is_empty() {
                for what in ["keep", "held", "dispose"] {
                    let records = live.summary()["retention"]["dispositions"][what].as_u64().unwrap();
                    *decided.entry(what).or_insert(0) += records;
                }
            }
        }
    }
    assert!(decided.values().all(|records| *records > 0), "{decided:?}");
}

#[test]
fn a_scope_changes_nothing_about_what_stays_in_it() {
    let source = Source::new("mattermost-11");
    place(&source.desk, "alice", "harbour/bridge", "tide");
    let whole = seal(&source.desk, &source.url(), "whole.zip", &FLAGS);
    let narrow =
        seal(&source.desk, &source.url(), "narrow.zip", &[&FLAGS[..], &["--channel", "harbour/vault"]].concat());
    let all = whole.lines();
    assert!(narrow.lines().len() > 5);
    for line in narrow.lines() {
        assert!(all.contains(&line), "{line}");
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let source = Source::new("mattermost-5.37");
    let user = source
        .ask("SELECT username FROM users JOIN posts ON userid = users.id GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1");
    let channel = source.ask("SELECT id FROM channels ORDER BY 1 LIMIT 1");
    place(&source.desk, &user, &channel, "lock");
    source.dump("dump.sql");
    let archives = ["1", "2", "5"].map(|threads| {
        let bytes = seal(&source.desk, "dump.sql", "same.zip", &[&FLAGS[..], &["--threads", threads]].concat()).bytes;
        fs::remove_file(source.desk.path("same.zip")).unwrap();
        bytes
    });
    assert!(archives[0] == archives[1] && archives[1] == archives[2]);
}

#[test]
fn a_mariadb_is_decided_by_the_same_rules() {
    let desk = Desk::new();
    let sql = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mysql/mattermost-9.sql")).unwrap();
    let database = mariadb().database("retention", &sql);
    let user = mariadb().sql(
        &database,
        "SELECT Username FROM Users JOIN Posts ON UserId = Users.Id GROUP BY 1 ORDER BY COUNT(*) DESC, 1 LIMIT 1",
    );
    place(&desk, &user, "*", "the");
    let url = mariadb().url(&database, OWNER);
    let plain = seal(&desk, &url, "plain.zip", &["--no-files"]);
    let judged = seal(&desk, &url, "judged.zip", &FLAGS);
    let again = seal(&desk, &url, "again.zip", &FLAGS);
    super::applied::nothing_is_lost(&plain, &judged);
    assert!(due(&judged) > 0);
    same(&judged, &again, "mariadb");
}

#[test]
fn a_bulk_export_is_decided_by_the_same_rules() {
    for (condition, user) in [("every-line-type-of-11.6", "karim"), ("excerpt-of-5.37", "")] {
        let desk = Desk::new();
        let source = bulk::place(condition, &desk);
        let plain = seal(&desk, source, "plain.zip", &[]);
        let users = plain.records("user");
        let known = users.iter().filter_map(|user| user["data"]["username"].as_str());
        let user = known.clone().find(|name| *name == user).or(known.clone().next()).unwrap();
        place(&desk, user, "*", "the");
        let flags = &FLAGS[1..];
        let judged = seal(&desk, source, "judged.zip", flags);
        super::applied::nothing_is_lost(&plain, &judged);
        assert!(due(&judged) > 0, "{condition}");
        // Such an export has no history of memberships, and the archive says what holds go by instead.
        let noted = r#"{"class":"note-custody-from-members","object":"hold person","#;
        assert!(judged.text("data/exceptions.jsonl").contains(noted), "{condition}");
        same(&judged, &seal(&desk, source, "again.zip", flags), condition);
    }
}
