//! What runs read: files and logs beside the database, part of it, all of a large table but by its index.

use std::fs;

use super::{Nights, classes, of_kind, records};

#[test]
fn only_the_bytes_of_new_files_are_taken() {
    let nights = Nights::new("settle = \"0s\"");
    let text = fs::read_to_string(nights.source.desk.path("run.toml")).unwrap();
    nights.source.desk.write("run.toml", text.replace("files = false", "files = \"store\""));
    nights.source.desk.write("store/20260101/one.txt", "one");
    nights.source.desk.write("store/20260101/two.txt", "two");
    let add = |id: &str, file: &str| {
        nights.source.ask(&format!(
            "INSERT INTO fileinfo (id, creatorid, postid, createat, updateat, deleteat, path, name, size, channelid) SELECT '{id}', 'u', 'p', now, now, 0, '20260101/{file}.txt', '{file}.txt', 3, 'c' FROM (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now) AS clock"
        ))
    };
    add("aaaaaaaaaaaaaaaaaaaaaaaaaa", "one");
    let members = |archive: &crate::sealed::Archive| -> Vec<Vec<u8>> {
        let files = archive.members.iter().filter(|(path, _)| path.starts_with("data/files/"));
        files.map(|(_, bytes)| bytes.clone()).collect()
    };
    let first = nights.night();
    assert!(members(&first).contains(&b"one".to_vec()));
    add("bbbbbbbbbbbbbbbbbbbbbbbbbb", "two");
    let second = nights.night();
    assert_eq!(members(&second), [b"two"], "what is new, although the other lies within the overlap");
    assert_eq!(of_kind(&second, "file").len(), 1);
    // Other bytes are another version.
    nights.source.desk.write("store/20260101/two.txt", "2nd");
    assert_eq!(members(&nights.night()), [b"2nd"]);
    assert!(members(&nights.night()).is_empty());
}

#[test]
fn a_file_whose_bytes_come_late_is_sealed_when_they_are_there() {
    let nights = Nights::new("settle = \"0s\"\noverlap = \"0s\"");
    let text = fs::read_to_string(nights.source.desk.path("run.toml")).unwrap();
    nights.source.desk.write("run.toml", text.replace("files = false", "files = \"store\""));
    for (id, file) in [("late", "late"), ("kept", "kept")] {
        nights.source.ask(&format!(
            "INSERT INTO fileinfo (id, creatorid, postid, createat, updateat, deleteat, path, name, size, channelid)
             VALUES ('{id}', 'u', 'p', 1700000000000, 1700000000000, 0, '20260101/{file}.txt', '{file}', 4, 'c')"
        ));
    }
    nights.source.desk.write("store/20260101/kept.txt", "kept");
    let first = nights.night();
    assert!(first.text("data/exceptions.jsonl").contains("\"object\":\"file/late\""));
    let second = nights.night();
    let (files, classes) = (of_kind(&second, "file"), classes(&second));
    assert!(files.is_empty(), "{files:?}");
    let stated = second.text("data/exceptions.jsonl");
    assert!(!stated.contains("file/late"), "stated in the archive that holds the record: {stated}");
    assert_eq!(classes.get("file-unreferenced"), None, "rows that were not read name files as well: {classes:?}");
    nights.source.desk.write("store/20260101/late.txt", "late");
    let third = nights.night();
    let files: Vec<_> = of_kind(&third, "file").into_iter().map(|file| file["id"].clone()).collect();
    assert_eq!(files, ["late"]);
    assert!(third.members.iter().any(|(_, bytes)| bytes == b"late"));
    assert!(of_kind(&third, "finding_altered").is_empty(), "nobody altered it");
    assert!(of_kind(&nights.night(), "file").is_empty());
}

#[test]
fn a_scope_is_read_as_a_whole_and_sealed_once() {
    let nights = Nights::new("settle = \"0s\"");
    nights.configure("settle = \"0s\"", "[scope]\nteams = [\"harbour\"]");
    nights.night();
    assert!(nights.night().lines().is_empty());
    let now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    nights.source.ask(&format!(
        "UPDATE posts SET message = 'later', updateat = {now} WHERE id = (SELECT max(posts.id) FROM posts JOIN channels ON channels.id = channelid WHERE teamid LIKE 'harbour%')"
    ));
    nights.source.ask("DELETE FROM posts WHERE id = (SELECT min(posts.id) FROM posts JOIN channels ON channels.id = channelid WHERE teamid LIKE 'harbour%')");
    let third = nights.night();
    assert_eq!(of_kind(&third, "post").len(), 1, "{:?}", third.lines());
    assert!(of_kind(&third, "finding_vanished").is_empty(), "what left the scope is not gone");
    assert!(classes(&third)["note-not-looked-at"] > 0);
    let whole = nights.source.live("full.zip", &["--no-files", "--team", "harbour"]);
    let together = nights.together();
    for (key, lines) in records(&whole, false) {
        assert_eq!(together.get(&key), Some(&lines), "{key:?}");
    }
    // A wider scope begins with a look at everything.
    nights.configure("settle = \"0s\"", "");
    assert!(nights.night().text("data/source.json").contains("\"why\":\"other-scope\""));
    nights.require_same("wider");
}

#[test]
fn what_changed_is_found_by_the_index_on_the_change_clock() {
    let nights = Nights::new("settle = \"0s\"");
    nights.source.ask(
        "INSERT INTO posts (id, createat, updateat, deleteat, message) SELECT lpad(n::text, 26, '0'), 1600000000000 + n, 1600000000000 + n, 0, repeat('x', 300) FROM generate_series(1, 30000) AS n; ANALYZE posts",
    );
    nights.night();
    let scans = || -> u64 {
        nights.source.ask("SELECT pg_stat_force_next_flush()");
        nights
            .source
            .ask("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'idx_posts_update_at'")
            .parse()
            .unwrap()
    };
    let before = scans();
    nights.source.ask("UPDATE posts SET message = 'new', updateat = (extract(epoch FROM clock_timestamp()) * 1000)::bigint WHERE id IN (SELECT id FROM posts ORDER BY id LIMIT 100); ANALYZE posts");
    let second = nights.night();
    assert_eq!(of_kind(&second, "post").len(), 100);
    assert!(scans() > before, "{before}");
    assert_eq!(second.count("post", "source"), nights.source.ask("SELECT count(*) FROM posts").parse::<u64>().unwrap());
}

#[test]
fn an_audit_log_is_sealed_line_by_line_as_it_grows() {
    let nights = Nights::new("settle = \"0s\"");
    let text = fs::read_to_string(nights.source.desk.path("run.toml")).unwrap();
    nights.source.desk.write("run.toml", text.replace("files = false", "files = false\naudit_logs = [\"audit.log\"]"));
    let log = fs::read_to_string(crate::tables::fixture("mattermost-5.37.log")).unwrap();
    let lines = |count: usize| -> String { log.lines().take(count).map(|line| format!("{line}\n")).collect() };
    nights.source.desk.write("audit.log", lines(10));
    assert_eq!(of_kind(&nights.night(), "audit_log").len(), 10);
    nights.source.desk.write("audit.log", lines(13));
    let second = nights.night();
    assert_eq!((of_kind(&second, "audit_log").len(), second.count("audit_log", "out_of_scope")), (3, 10));
    // Rotated away it is not gone from the source.
    nights.source.desk.write("audit.log", "");
    let third = nights.night();
    assert!(of_kind(&third, "audit_log").is_empty() && of_kind(&third, "finding_vanished").is_empty());
}

#[test]
fn mariadb_is_followed_as_well() {
    let nights = Nights::new("settle = \"0s\"");
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/mysql/mattermost-9.sql");
    let (server, sql) = (crate::servers::mariadb(), fs::read_to_string(fixture).unwrap());
    let database = server.database("runs", &sql);
    let text = fs::read_to_string(nights.source.desk.path("run.toml")).unwrap();
    nights
        .source
        .desk
        .write("run.toml", text.replace(&nights.source.url(), &server.url(&database, crate::mysql::OWNER)));
    let first = nights.night();
    assert!(first.count("post", "records") > 3);
    assert!(nights.night().lines().is_empty());
    server.sql(
        &database,
        "UPDATE Posts SET Message = 'new', UpdateAt = ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) ORDER BY Id LIMIT 1",
    );
    server.sql(&database, "DELETE FROM Posts WHERE OriginalId = '' ORDER BY Id DESC LIMIT 1");
    let third = nights.night();
    assert_eq!(
        (of_kind(&third, "post").len(), of_kind(&third, "finding_vanished").len()),
        (1, 1),
        "{:?}",
        third.lines()
    );
}
