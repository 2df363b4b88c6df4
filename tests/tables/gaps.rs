//! What is not there is told: columns that the role may not read, files whose row says no place.

use super::Source;
use crate::servers::OWNER;

#[test]
fn a_column_that_may_not_be_read_is_an_exception() {
    let source = Source::new("mattermost-11");
    let role = format!("partly_{}", source.database);
    source.ask(&format!(
        "CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
         REVOKE SELECT ON posts FROM {role}; GRANT SELECT (id, createat, channelid, userid) ON posts TO {role}"
    ));
    let url = source.url().replace(&format!("user={OWNER}"), &format!("user={role}"));
    let archive = source.desk.seal(&url, "partly.zip", &["--no-files"]);
    let exceptions = archive.text("data/exceptions.jsonl");
    let gap = exceptions.lines().find(|line| line.contains("\"posts.message\"")).expect(exceptions);
    assert!(gap.contains("\"table-unreadable\""), "{gap}");
    assert!(archive.summary()["exceptions"].as_u64().unwrap() > 0);
    assert!(archive.count("post", "records") > 0);
    let whole = source.live("whole.zip", &["--no-files"]);
    assert!(!whole.text("data/exceptions.jsonl").contains("posts."));
}

#[test]
fn nothing_is_decided_without_what_decisions_rest_on() {
    let source = Source::new("mattermost-11");
    let user = source.ask("SELECT username FROM users ORDER BY username LIMIT 1");
    source.desk.write("holds.toml", crate::retention::holds(&user, "*", "the"));
    for (at, (closed, said)) in [
        ("REVOKE SELECT ON channelmemberhistory FROM", "`channelmemberhistory`"),
        ("REVOKE SELECT ON pluginkeyvaluestore FROM", "`pluginkeyvaluestore`"),
        (
            "REVOKE SELECT ON posts FROM {role}; GRANT SELECT (id, createat, channelid, userid) ON posts TO",
            "`posts.message`",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let role = format!("closed{at}_{}", source.database);
        source.ask(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; {} {role}",
            closed.replace("{role}", &role)
        ));
        let url = source.url().replace(&format!("user={OWNER}"), &format!("user={role}"));
        let ended = source.desk.export(&url, "closed.zip", &["--no-files", "--holds", "holds.toml"]);
        ended.require(6, said);
        assert!(!source.desk.path("closed.zip").exists());
        // Without anything to decide the gap is told in the archive.
        source.desk.seal(&url, &format!("plain-{at}.zip"), &["--no-files"]);
    }
}

#[test]
fn a_file_whose_row_says_no_place_is_an_exception() {
    let source = Source::new("mattermost-11");
    let id = source.ask("SELECT id FROM fileinfo ORDER BY id LIMIT 1");
    source.ask(&format!("UPDATE fileinfo SET path = '' WHERE id = '{id}'"));
    let archive = source.live("pathless.zip", &["--no-files"]);
    let exceptions = archive.text("data/exceptions.jsonl");
    let gap = exceptions.lines().find(|line| line.contains(&format!("file/{id}"))).expect(exceptions);
    assert!(gap.contains("\"file-missing\""), "{gap}");
}

#[test]
fn rows_of_other_kinds_in_the_same_table_are_left_to_the_database() {
    let source = Source::new("mattermost-11");
    source.ask("INSERT INTO preferences (userid, category, name, value) SELECT 'u', 'theme', n::text, 'x' FROM generate_series(1, 50) n");
    source.dump("dump.sql");
    let live = source.live("live.zip", &["--no-files"]);
    let dumped = source.desk.seal("dump.sql", "dump.zip", &["--no-files"]);
    let saved = source.ask("SELECT count(*) FROM preferences WHERE category = 'flagged_post'");
    for archive in [&live, &dumped] {
        assert_eq!(archive.count("saved_post", "source").to_string(), saved);
        let server = archive.lines().into_iter().filter(|line| line.starts_with("{\"kind\":\"server\",")).count();
        assert_eq!(archive.count("server", "source"), server as u64);
    }
    assert_eq!(live.summary()["kinds"], dumped.summary()["kinds"]);
}

#[test]
fn a_file_store_that_is_not_there_is_a_mistake_and_no_gap() {
    let source = Source::new("mattermost-11");
    let ended = source.desk.export(&source.url(), "typo.zip", &["--files", "no/such/folder"]);
    ended.require(6, "there is no folder `no/such/folder`");
    assert!(!source.desk.path("typo.zip").exists());
}
