//! A source held against what was sealed of it: every kind of tampering with a real PostgreSQL, by its name; dumps, bulk
//! exports, scopes, and what must not be taken for tampering.

use serde_json::Value;

use crate::sealed::{Desk, Ended};
use crate::tables::{Source, sql};

/// The comparison of archives with a source, as JSON.
struct Compared {
    code: i32,
    document: Value,
    stderr: String,
}

fn compare(desk: &Desk, args: &[&str]) -> Compared {
    let fixed = ["compare", "--json", "--as-of", "2026-11-22T08:00:00Z"];
    let ended = Ended::of(desk.chatseal(&[&fixed, args].concat()).output().unwrap());
    let document = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}{}", ended.stdout, ended.stderr));
    Compared { code: ended.code, document, stderr: ended.stderr }
}

impl Compared {
    /// `class kind id: fields` of each finding.
    fn findings(&self) -> Vec<String> {
        let findings = self.document["findings"].as_array().unwrap_or_else(|| panic!("{}", self.document));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let one = |finding: &Value| {
            let fields = finding["fields"].as_array().unwrap().iter();
            let fields: Vec<String> = fields.map(|field| text(&field["name"])).collect();
            let parts = [text(&finding["class"]), text(&finding["kind"]), text(&finding["id"])].join(" ");
            if fields.is_empty() { parts } else { format!("{parts}: {}", fields.join(" ")) }
        };
        findings.iter().map(one).collect()
    }

    fn kind(&self, kind: &str, what: &str) -> u64 {
        let kinds = self.document["kinds"].as_array().unwrap();
        kinds.iter().find(|found| found["kind"] == kind).map_or(0, |found| found[what].as_u64().unwrap())
    }

    fn total(&self, what: &str) -> u64 {
        self.document["kinds"].as_array().unwrap().iter().map(|found| found[what].as_u64().unwrap()).sum()
    }

    fn require(&self, code: i32, findings: &[&str]) {
        assert_eq!(self.findings(), findings, "{}", self.stderr);
        assert_eq!(self.code, code, "{}", self.stderr);
    }
}

#[test]
fn what_nobody_touched_is_unchanged_live_and_dumped() {
    let source = Source::new("mattermost-11");
    let sealed = source.live("a.zip", &["--no-files"]);
    let before = compare(&source.desk, &["a.zip", &source.url(), "--no-files"]);
    before.require(0, &[]);
    let findings = sealed.lines().iter().filter(|line| line.starts_with("{\"kind\":\"finding_")).count();
    assert_eq!(before.total("unchanged"), (sealed.lines().len() - findings) as u64);
    source.dump("b.sql");
    compare(&source.desk, &["a.zip", "b.sql", "--no-files"]).require(0, &[]);
    // A reading with files differs in nothing that both were asked for.
    compare(&source.desk, &["a.zip", "b.sql"]).require(0, &[]);
}

#[test]
fn tampering_by_sql_is_found_by_name() {
    let source = Source::new("mattermost-11");
    source.live("a.zip", &["--no-files"]);
    let line =
        source.desk.archive("a.zip").lines().iter().find(|line| line.contains("\"id\":\"reply2x")).unwrap().to_string();
    let post = |id: &str| format!("{id:x<26}");
    let run = |sql: &str| source.ask(sql);
    // As the server does it: the clock moves.
    run(&format!(
        "UPDATE posts SET message = 'Thanks!', editat = 1767300000000, updateat = 1767300000000 WHERE id = '{}'",
        post("reply2")
    ));
    run("UPDATE channels SET totalmsgcount = totalmsgcount + 1, lastpostat = 1790000000000");
    run(&format!("INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, hashtags, filenames, fileids, hasreactions, editat, ispinned)
         SELECT 'newest', 1795300000000, 1795300000000, 0, userid, channelid, '', '', 'good morning', '', '{{}}', '', '[]', '[]', false, 0, false FROM posts WHERE id = '{}'", post("reply1")));
    let compared = compare(&source.desk, &["a.zip", &source.url(), "--no-files"]);
    assert_eq!(
        (compared.code, compared.total("altered"), compared.total("vanished")),
        (0, 0, 0),
        "{:?}",
        compared.findings()
    );
    assert_eq!((compared.kind("post", "changed"), compared.kind("post", "new")), (1, 1));
    assert!(
        compared.findings().contains(&format!("changed post {}: update_at edit_at message", post("reply2"))),
        "{:?}",
        compared.findings()
    );

    // Past the server: silently.
    run(&format!("UPDATE posts SET message = 'I said nothing' WHERE id = '{}'", post("reply1")));
    run(&format!("UPDATE posts SET props = '{{\"forged\": true}}' WHERE id = '{}'", post("welcome")));
    run(&format!("UPDATE posts SET updateat = 5, message = 'back' WHERE id = '{}'", post("pinnedonly")));
    run(&format!("UPDATE posts SET createat = createat + 1 WHERE id = '{}'", post("root")));
    run(&format!("DELETE FROM posts WHERE id IN ('{}', '{}')", post("gone"), post("urgent")));
    run(&format!("INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, hashtags, filenames, fileids, hasreactions, editat, ispinned)
         SELECT 'backdated', 1767276000001, 1767276000001, 0, userid, channelid, '', '', 'always there', '', '{{}}', '', '[]', '[]', false, 0, false FROM posts WHERE id = '{}'", post("reply1")));
    let compared = compare(&source.desk, &["a.zip", &source.url(), "--no-files"]);
    let serious: Vec<String> =
        compared.findings().into_iter().filter(|finding| !finding.starts_with("changed")).collect();
    assert_eq!(
        serious,
        [
            format!("altered post {}: props", post("welcome")),
            format!("altered post {}: update_at message", post("pinnedonly")),
            format!("altered post {}: create_at", post("root")),
            format!("altered post {}: message", post("reply1")),
            format!("vanished post {}", post("gone")),
            format!("vanished post {}", post("urgent")),
            "inserted post backdated".to_owned(),
        ]
    );
    assert_eq!(compared.code, 1);
    let found = |id: &str| {
        let all = compared.document["findings"].as_array().unwrap();
        all.iter().find(|finding| finding["id"] == post(id).as_str()).unwrap().clone()
    };
    assert_eq!(found("gone")["explanation"], "deleted-when-sealed");
    assert_eq!(found("urgent")["explanation"], Value::Null);
    // The evidence can be looked up and computed again.
    let evidence = &found("reply2")["sealed"];
    assert_eq!(evidence["archive"], "a.zip");
    assert_eq!(evidence["line_sha256"], crate::bag::sha(line.as_bytes()).as_str());
    let archive = source.desk.archive("a.zip");
    assert_eq!(archive.lines()[usize::try_from(evidence["record"].as_u64().unwrap()).unwrap()], line);
    // No message is told unless it is asked for, in any form.
    for format in ["text", "json", "csv"] {
        let args = ["compare", "a.zip", &source.url(), "--no-files", "--format", format];
        let told = Ended::of(source.desk.chatseal(&args).output().unwrap());
        assert_eq!(told.code, 1, "{}", told.stderr);
        assert!(told.stdout.contains(&post("reply1")) && !told.stdout.contains("said"), "{}", told.stdout);
        let told = Ended::of(source.desk.chatseal(&[&args[..], &["--show"]].concat()).output().unwrap());
        assert_eq!(told.stdout.contains("I said nothing"), format != "csv", "{}", told.stdout);
    }
    // A dump tells the same as the database that it was made from.
    source.dump("b.sql");
    assert_eq!(compare(&source.desk, &["a.zip", "b.sql", "--no-files"]).findings(), compared.findings());
}

#[test]
fn the_newest_version_of_a_series_counts_and_a_gap_is_told() {
    let source = Source::new("mattermost-11");
    source.live("a.zip", &["--no-files"]);
    source.ask("UPDATE posts SET message = 'edited', updateat = 1790000000000 WHERE id LIKE 'reply1%'");
    let later = ["--no-files", "--previous", "a.zip", "--as-of", "2026-11-21T09:55:00Z"];
    let fixed = ["export", &source.url(), "--key", "seal.key", "--output", "b.zip"];
    Ended::of(source.desk.chatseal(&[&fixed[..], &later].concat()).output().unwrap()).require(3, "");
    let compared = compare(&source.desk, &["b.zip", "a.zip", &source.url(), "--no-files"]);
    compared.require(0, &[]);
    assert!(!compared.stderr.contains("does not follow"), "{}", compared.stderr);
    // An older archive alone knows the older version.
    let old = compare(&source.desk, &["a.zip", &source.url(), "--no-files"]);
    assert_eq!((old.code, old.kind("post", "changed")), (0, 1));
    // Back to what was sealed first: the newest version decides.
    source.ask("UPDATE posts SET message = 'Here: 潮汐表', updateat = 1767276000000 WHERE id LIKE 'reply1%'");
    let compared = compare(&source.desk, &["a.zip", "b.zip", &source.url(), "--no-files"]);
    compared.require(1, &[&format!("altered post {:x<26}: update_at message", "reply1")]);
    source.live("other.zip", &["--no-files"]);
    let apart = compare(&source.desk, &["a.zip", "other.zip", &source.url(), "--no-files"]);
    assert!(apart.stderr.contains("does not follow"), "{}", apart.stderr);
}

#[test]
fn what_a_reading_or_an_archive_does_not_cover_has_not_vanished() {
    let source = Source::new("mattermost-11");
    source.live("a.zip", &["--no-files"]);
    let all = compare(&source.desk, &["a.zip", &source.url(), "--no-files"]).kind("post", "unchanged");
    let narrow = compare(&source.desk, &["a.zip", &source.url(), "--no-files", "--since", "ms:1767276000000"]);
    narrow.require(0, &[]);
    let (covered, aside) = (narrow.kind("post", "unchanged"), narrow.kind("post", "not_covered_by_source"));
    assert!(covered > 0 && aside > 0 && covered + aside == all, "{covered} {aside} {all}");
    source.ask("DELETE FROM posts WHERE createat = 1767276000000; DELETE FROM posts WHERE createat < 1767276000000");
    let narrow = compare(&source.desk, &["a.zip", &source.url(), "--no-files", "--since", "ms:1767276000000"]);
    let vanished: Vec<_> =
        narrow.findings().into_iter().filter(|finding| finding.starts_with("vanished post")).collect();
    assert_eq!(vanished, [format!("vanished post {:x<26}", "reply1")]);
    let of_user = compare(&source.desk, &["a.zip", &source.url(), "--no-files", "--user", "alice"]);
    assert_eq!(of_user.total("vanished"), 0);
    // What the archive left out is neither new nor inserted.
    let source = Source::new("mattermost-11");
    source.live("week.zip", &["--no-files", "--since", "ms:1767276000000", "--until", "ms:1767276000001"]);
    let compared = compare(&source.desk, &["week.zip", &source.url(), "--no-files"]);
    assert_eq!((compared.code, compared.kind("post", "inserted")), (0, 0), "{:?}", compared.findings());
    assert!(compared.kind("post", "not_covered_by_archives") > 5);
}

#[test]
fn a_dropped_table_has_vanished_and_a_dropped_column_is_no_alteration() {
    let source = Source::new("mattermost-11");
    source.live("a.zip", &["--no-files"]);
    source.ask("ALTER TABLE posts DROP COLUMN hashtags CASCADE");
    let compared = compare(&source.desk, &["a.zip", &source.url(), "--no-files"]);
    assert_eq!((compared.code, compared.kind("post", "altered")), (0, 0), "{:?}", compared.findings());
    source.ask("DROP TABLE reactions CASCADE");
    let compared = compare(&source.desk, &["a.zip", &source.url(), "--no-files"]);
    assert_eq!(compared.code, 1);
    assert!(compared.kind("reaction", "vanished") > 0);
    assert_eq!(compared.total("vanished"), compared.kind("reaction", "vanished"));
}

const BULK: &str = r#"{"type":"version","version":1}
{"type":"team","team":{"name":"harbour","display_name":"Harbour","type":"O"}}
{"type":"channel","channel":{"team":"harbour","name":"bridge","display_name":"Bridge","type":"O"}}
{"type":"user","user":{"username":"ingrid","email":"ingrid@example.org"}}
{"type":"post","post":{"team":"harbour","channel":"bridge","user":"ingrid","message":"first","create_at":1767276000000}}
{"type":"post","post":{"team":"harbour","channel":"bridge","user":"ingrid","message":"second","create_at":1767276100000}}
{"type":"post","post":{"team":"harbour","channel":"bridge","user":"ingrid","message":"third","create_at":1767276200000}}
"#;

#[test]
fn bulk_exports_are_compared_by_their_derived_ids() {
    let desk = Desk::new();
    desk.write("a.jsonl", BULK);
    desk.seal("a.jsonl", "a.zip", &[]);
    compare(&desk, &["a.zip", "a.jsonl"]).require(0, &[]);
    let without: String =
        BULK.lines().filter(|line| !line.contains("second")).map(|line| format!("{line}\n")).collect();
    let tampered = without.replace("\"first\"", "\"forged\"")
        + r#"{"type":"post","post":{"team":"harbour","channel":"bridge","user":"ingrid","message":"x","create_at":1767276050000}}"#
        + "\n"
        + r#"{"type":"post","post":{"team":"harbour","channel":"bridge","user":"ingrid","message":"y","create_at":1799999999999}}"#
        + "\n";
    desk.write("b.jsonl", tampered);
    let compared = compare(&desk, &["a.zip", "b.jsonl"]);
    let classes: Vec<String> =
        compared.findings().iter().map(|finding| finding.split(" s:").next().unwrap().to_owned()).collect();
    assert_eq!(classes, ["altered post", "vanished post", "inserted post"]);
    assert!(compared.findings()[0].ends_with(": message"));
    assert_eq!((compared.code, compared.kind("post", "new"), compared.kind("post", "unchanged")), (1, 1, 1));
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let source = Source::of(&sql("mattermost-11"));
    source.live("a.zip", &["--no-files"]);
    source.desk.write("a.jsonl", BULK);
    let run = |args: &[&str]| Ended::of(source.desk.chatseal(&[&["compare"], args].concat()).output().unwrap());
    run(&["a.zip", "a.jsonl"]).require(2, "no ids in common");
    run(&["gone.zip", "a.jsonl"]).require(6, "gone.zip");
    let mut bytes = std::fs::read(source.desk.path("a.zip")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    source.desk.write("bad.zip", &bytes);
    run(&["bad.zip", &source.url()]).require(8, "not intact");
}
