//! A MariaDB as a source of archives: counted, exact, without secrets, and nothing at all when it breaks off.

use super::OWNER;
use crate::sealed::{Archive, Desk, Ended};
use crate::servers::mariadb;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A Mattermost 9.11.
fn fixture() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/mysql/mattermost-9.sql");
    fs::read_to_string(path).unwrap()
}

/// A desk and a fresh database of the fixture.
fn source(name: &str) -> (Desk, String) {
    (Desk::new(), mariadb().database(name, &fixture()))
}

fn seal(desk: &Desk, database: &str) -> Archive {
    desk.seal(&mariadb().url(database, OWNER), "sealed.zip", &["--no-files"])
}

fn described(archive: &Archive) -> Value {
    serde_json::from_str(archive.text("data/source.json")).unwrap()
}

#[test]
fn every_kind_has_as_many_records_as_its_table_has_rows() {
    let (desk, database) = source("counted");
    let archive = seal(&desk, &database);
    let tables = mariadb().sql(&database, "SHOW TABLES");
    let mut names: BTreeMap<String, &str> = tables.lines().map(|name| (name.to_lowercase(), name)).collect();
    let source = described(&archive);
    assert_eq!(source["source"], "mattermost database on mariadb");
    let mut checked = 0;
    for (kind, about) in source["kinds"].as_object().unwrap() {
        let Some(name) = names.get(about["table"].as_str().unwrap()) else { continue };
        let restriction = match kind.as_str() {
            "saved_post" => "WHERE Category = 'flagged_post'",
            // Which rows of these tables are evidence is the catalogue's decision.
            "server" | "server_migration" | "legal_hold" => continue,
            _ => "",
        };
        let rows: u64 =
            mariadb().sql(&database, &format!("SELECT COUNT(*) FROM `{name}` {restriction}")).parse().unwrap();
        assert_eq!(archive.count(kind, "source"), rows, "{kind}");
        assert_eq!(archive.records(kind).len() as u64, rows, "{kind}");
        checked += u64::from(rows > 0);
    }
    assert!(checked > 50, "only {checked} tables with rows");
    // Nothing falls between: each table is a kind, known and left out, or reported.
    for about in source["kinds"].as_object().unwrap().values() {
        names.remove(about["table"].as_str().unwrap());
    }
    for left_out in source["tables_left_out"].as_object().unwrap().keys() {
        names.remove(left_out);
    }
    assert_eq!(names, BTreeMap::new());
    assert_eq!(source["tables_unknown"], serde_json::json!([]));
    assert!(source["server"]["limits"][0].as_str().unwrap().contains("JSON"));
}

#[test]
fn each_field_of_a_post_is_what_the_server_holds() {
    let (desk, database) = source("exact");
    let archive = seal(&desk, &database);
    let (texts, numbers) = (
        [
            "UserId user_id",
            "ChannelId channel_id",
            "RootId root_id",
            "OriginalId original_id",
            "Message message",
            "Type type",
            "Hashtags hashtags",
            "RemoteId remote_id",
        ],
        ["CreateAt create_at", "UpdateAt update_at", "DeleteAt delete_at", "EditAt edit_at"],
    );
    let (texts, numbers) =
        (texts.map(|pair| pair.split_once(' ').unwrap()), numbers.map(|pair| pair.split_once(' ').unwrap()));
    let columns = texts.iter().map(|(column, _)| format!("IFNULL(HEX({column}), '-')"));
    let columns = columns.chain(numbers.iter().map(|(column, _)| format!("IFNULL({column}, '-')")));
    let asked = format!("SELECT HEX(Id), IsPinned, {} FROM Posts", columns.collect::<Vec<_>>().join(", "));
    let unhex = |text: &str| {
        let bytes = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap());
        String::from_utf8(bytes.collect()).unwrap()
    };
    let posts = archive.records("post");
    let ids: BTreeMap<String, &Value> =
        posts.iter().map(|post| (post["id"].as_str().unwrap().to_owned(), post)).collect();
    let answer = mariadb().sql(&database, &asked);
    assert_eq!(answer.lines().count(), posts.len());
    for line in answer.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let id = unhex(fields[0]);
        let post = &ids[&chatseal_id(&id)]["data"];
        assert_eq!(
            post["is_pinned"].as_bool().map(|on| u8::from(on).to_string()),
            Some(fields[1].to_owned()).filter(|f| f != "NULL")
        );
        for ((_, name), found) in texts.iter().zip(&fields[2..]) {
            let expected = if *found == "-" { None } else { Some(unhex(found)) };
            assert_eq!(post[*name].as_str().map(str::to_owned), expected, "{id}: {name}");
        }
        for ((_, name), found) in numbers.iter().zip(&fields[2 + texts.len()..]) {
            // Beyond what JSON readers hold exactly, a number is a text.
            let kept =
                post[*name].as_i64().map(|number| number.to_string()).or(post[*name].as_str().map(str::to_owned));
            assert_eq!(kept.unwrap_or("-".to_owned()), *found, "{id}: {name}");
        }
    }
}

/// An id as a record has it: bytes that are none of an id's are spelled.
fn chatseal_id(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@+-".contains(&byte);
    id.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[test]
fn no_secret_of_the_database_is_in_an_archive() {
    let (desk, database) = source("secrets");
    let known = fixture().matches("SECRET-").count();
    assert!(known >= 30, "the fixture holds only {known} secrets");
    let archive = seal(&desk, &database);
    for (name, bytes) in &archive.members {
        let found = memchr::memmem::find(bytes, b"SECRET-");
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn a_scope_selects_the_same_by_id_whatever_the_case() {
    let (desk, database) = source("scope");
    mariadb().sql(&database, "UPDATE Posts SET ChannelId = UPPER(ChannelId) WHERE Id = 'rootxxxxxxxxxxxxxxxxxxxxxx'");
    let archive = desk.seal(
        &mariadb().url(&database, OWNER),
        "scope.zip",
        &["--no-files", "--channel", "bridgexxxxxxxxxxxxxxxxxxxx"],
    );
    let expected =
        mariadb().sql(&database, "SELECT COUNT(*) FROM Posts WHERE BINARY ChannelId = 'bridgexxxxxxxxxxxxxxxxxxxx'");
    // The root of a thread comes with its replies.
    assert_eq!(archive.count("post", "records"), expected.parse::<u64>().unwrap() + 1);
    assert!(archive.count("post", "out_of_scope") > 0);
}

#[test]
fn rows_that_are_no_text_are_quarantined_and_counted() {
    let (desk, database) = source("quarantine");
    mariadb().sql(
        &database,
        "ALTER TABLE Audits MODIFY ExtraInfo text CHARACTER SET greek; UPDATE Audits SET ExtraInfo = _greek X'FF' LIMIT 1",
    );
    let archive = seal(&desk, &database);
    assert_eq!(archive.count("audit", "quarantined"), 1);
    assert_eq!(archive.count("audit", "source"), archive.count("audit", "records") + 1);
    assert!(archive.text("data/exceptions.jsonl").contains("row-undecodable"));
}

#[test]
fn a_connection_that_is_killed_seals_nothing() {
    let (desk, database) = source("cut");
    mariadb().sql(
        &database,
        "INSERT INTO Posts (Id, CreateAt, Message) SELECT CONCAT('x', seq), 1780000000000, REPEAT('y', 400) FROM seq_1_to_300000",
    );
    let mut command = desk.export_command(&mariadb().url(&database, OWNER), "cut.zip", &["--no-files"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let find = format!(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{database}' AND INFO LIKE 'SELECT 0, %FROM `Posts`%'"
    );
    let start = Instant::now();
    let id = loop {
        let found = mariadb().sql("", &find);
        if !found.is_empty() {
            break found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "the export never began to read posts");
    };
    mariadb().sql("", &format!("KILL CONNECTION {id}"));
    let ended = Ended::of(running.wait_with_output().unwrap());
    ended.require(6, "nothing was sealed");
    assert!(!desk.names().iter().any(|name| name.starts_with("cut")), "{:?}", desk.names());
}

#[test]
fn mistakes_end_with_a_code_and_a_hint() {
    let (desk, database) = source("mistakes");
    let export = |url: &str| desk.export(url, "none.zip", &["--no-files"]);
    let ended = export("mysql://ana:hunter2@127.0.0.1/mm");
    ended.require(2, ".my.cnf");
    assert!(!format!("{ended:?}").contains("hunter2"));
    export(&mariadb().url(&mariadb().database("nothing", ""), OWNER)).require(6, "is empty");
    export("mysql://ana@127.0.0.1:1/mm").require(6, "check host and port");
    mariadb().sql(
        &database,
        "CREATE USER half@'%'; GRANT SELECT ON Channels TO half@'%'; GRANT SELECT ON Users TO half@'%'",
    );
    export(&mariadb().url(&database, "half")).require(6, "`posts`");
    // A table of which the account may write and not read is named; the others are told from source.json.
    mariadb().sql(&database, "GRANT SELECT ON Posts TO half@'%'; GRANT INSERT ON Reactions TO half@'%'");
    let archive = desk.seal(&mariadb().url(&database, "half"), "half.zip", &["--no-files"]);
    assert!(archive.text("data/exceptions.jsonl").contains(r#""table-unreadable","object":"Reactions""#));
    let source = described(&archive);
    assert_eq!(source["server"]["sees_all_tables"], false);
    assert!(source["tables_absent"].as_array().unwrap().contains(&"audits".into()));
    for note in ["note-role-can-write", "note-tables-hidden"] {
        assert!(archive.text("data/exceptions.jsonl").contains(note), "{note}");
    }
}
