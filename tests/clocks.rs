//! What archives say of the clocks behind their times, and what a run says when they disagree.

use serde_json::Value;

use crate::history;
use crate::ledger::{kept, run};
use crate::sealed::Desk;
use crate::servers::MariaDb;

/// A moment that no clock of today has reached: 2096-10-02.
const LATER: i64 = 4_000_000_000_000;

/// Notes about clocks in an archive: object and what was found.
fn notes(desk: &Desk, archive: &str) -> Vec<(String, String)> {
    let archive = desk.archive(archive);
    let lines = archive.text("data/exceptions.jsonl").lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let notes = lines.filter(|line| line["class"] == "note-clocks-disagree");
    notes
        .map(|line| (line["object"].as_str().unwrap().to_owned(), line["found"].as_str().unwrap().to_owned()))
        .collect()
}

/// A fact of `data/source.json`.
fn source(desk: &Desk, archive: &str, fact: &str) -> Value {
    let document: Value = serde_json::from_str(desk.archive(archive).text("data/source.json")).unwrap();
    document[fact].clone()
}

/// An export whose newest post is of this time.
fn export(desk: &Desk, newest: i64) {
    let post = format!(
        "{{\"type\":\"post\",\"post\":{{\"team\":\"harbour\",\"channel\":\"bridge\",\"user\":\"olga\",\"message\":\"x\",\"create_at\":{newest}}}}}\n"
    );
    desk.write("export.jsonl", history::export(&[]) + &post);
}

#[test]
fn a_source_from_the_future_is_told_and_the_newest_record_is_written_down() {
    let desk = Desk::new();
    export(&desk, LATER);
    let seal = |output: &str, args: &[&str]| {
        let fixed = ["export", "export.jsonl", "--key", "seal.key", "--output", output, "--no-files"];
        run(&desk, &[&fixed, args].concat())
    };
    let ended = seal("now.zip", &[]);
    ended.require(0, "warning: the newest record is ");
    let noted = notes(&desk, "now.zip");
    assert_eq!((noted.len(), noted[0].0.as_str()), (1, "clock/newest-record"));
    assert!(noted[0].1.ends_with(" s ahead of this host"), "{noted:?}");
    assert_eq!(source(&desk, "now.zip", "newest_record"), "2096-10-02T07:06:40.000Z");
    // Where the time was given, no clock was asked, and none is judged.
    let given = seal("given.zip", &["--as-of", "2026-11-21"]);
    assert_eq!((given.code, given.stderr.contains("warning"), notes(&desk, "given.zip").len()), (0, false, 0));
    export(&desk, 1_500_000_000_000);
    assert!(!seal("old.zip", &[]).stderr.contains("warning"), "an old source is no wrong clock");
}

#[test]
fn a_host_that_is_behind_the_seal_before_says_so() {
    let desk = kept(&[]);
    let seal = |output: &str, args: &[&str]| {
        let fixed = ["export", "export.jsonl", "--key", "seal.key", "--output", output, "--ledger", "ledger"];
        run(&desk, &[&fixed, args].concat())
    };
    seal("archives/a.zip", &["--as-of", "2096-10-02"]).require(0, "");
    seal("archives/b.zip", &[]).require(0, "warning: the seal before is ");
    assert_eq!(notes(&desk, "archives/b.zip")[0].0, "clock/seal-before");
    let ended = run(&desk, &["verify", "archives", "--signers", "signers", "--ledger", "ledger"]);
    ended.require(0, "");
    assert!(ended.stdout.contains("a clock stepped back"), "{}", ended.stdout);
}

#[test]
fn a_database_whose_clock_is_wrong_is_told() {
    let desk = Desk::new();
    // Whoever is not its superuser meets a server two hours behind.
    let behind = ["--sysdate-is-now", "--init-connect=SET timestamp=UNIX_TIMESTAMP()-7200"];
    let server = MariaDb::start(&behind, |_| {});
    let database = server.database(
        "clock",
        "CREATE TABLE Users (Id varchar(26) PRIMARY KEY, CreateAt bigint(20), Username varchar(64));
         CREATE TABLE Channels (Id varchar(26) PRIMARY KEY, CreateAt bigint(20), Name varchar(64));
         CREATE TABLE Posts (Id varchar(26) PRIMARY KEY, CreateAt bigint(20), Message text);",
    );
    server.sql(&database, &format!("CREATE USER reader@localhost; GRANT SELECT ON {database}.* TO reader@localhost"));
    for (role, expected) in [("reader", 1), ("root", 0)] {
        let (url, output) = (server.url(&database, role), format!("{role}.zip"));
        let ended = run(&desk, &["export", &url, "--key", "seal.key", "--output", &output, "--no-files"]);
        assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
        let noted = notes(&desk, &output);
        assert_eq!(noted.len(), expected, "{noted:?} {}", ended.stderr);
        let ahead = source(&desk, &output, "database_clock_ahead_ms").as_i64().unwrap();
        assert_eq!((ahead + 7_200_000).abs() < 60_000, expected == 1, "{ahead}");
        assert_eq!(ended.stderr.contains("the database's clock is "), expected == 1, "{}", ended.stderr);
        assert!(
            noted.iter().all(|(object, found)| object == "clock/database" && found.contains(" s behind this host"))
        );
    }
}
