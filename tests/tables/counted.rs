//! Completeness: for every kind, what the database itself counts is what the archive accounts for.

use super::{FIXTURES, Source};

#[test]
fn every_kind_has_as_many_records_as_its_table_has_rows() {
    for fixture in FIXTURES {
        let source = Source::new(fixture);
        let archive = source.live("live.zip", &["--no-files"]);
        let kinds = archive.summary()["kinds"].as_object().unwrap().clone();
        let described = serde_json::from_str::<serde_json::Value>(archive.text("data/source.json")).unwrap();
        let mut checked = 0;
        for (kind, about) in described["kinds"].as_object().unwrap() {
            let table = about["table"].as_str().unwrap();
            let restriction = match kind.as_str() {
                "saved_post" => "WHERE category = 'flagged_post'",
                // Which rows of these tables are evidence is the catalogue's decision; that they add up is checked below.
                "server" | "legal_hold" => continue,
                _ => "",
            };
            let rows: u64 = source.ask(&format!("SELECT count(*) FROM {table} {restriction}")).parse().unwrap();
            let counts = kinds.get(kind).cloned().unwrap_or_default();
            assert_eq!(counts["source"].as_u64().unwrap_or(0), rows, "{fixture}: {kind}");
            assert_eq!(archive.records(kind).len() as u64, rows, "{fixture}: {kind}");
            checked += u64::from(rows > 0);
        }
        assert!(checked > 15, "{fixture}: only {checked} tables with rows");
    }
}

#[test]
fn verify_knows_every_kind_that_we_write() {
    let source = Source::new("mattermost-11");
    source.live("live.zip", &["--no-files"]);
    let said = source.desk.chatseal(&["verify", "live.zip"]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("intact") && !said.contains("does not know"), "{said}");
}

#[test]
fn posts_keep_their_states() {
    let source = Source::new("mattermost-5.37");
    let archive = source.live("live.zip", &["--no-files"]);
    let posts = archive.records("post");
    let number =
        |query: &str| source.ask(&format!("SELECT count(*) FROM posts WHERE {query}")).parse::<usize>().unwrap();
    let count = |test: &dyn Fn(&serde_json::Value) -> bool| posts.iter().filter(|post| test(&post["data"])).count();
    let text = |post: &serde_json::Value, field: &str| post[field].as_str().unwrap_or_default().to_owned();
    let time = |post: &serde_json::Value, field: &str| post[field].as_i64().unwrap_or(0);
    let history = count(&|post| !text(post, "original_id").is_empty());
    assert_eq!(history, number("originalid <> ''"));
    assert!(history > 0, "the fixture holds earlier versions");
    assert_eq!(
        count(&|post| text(post, "original_id").is_empty() && time(post, "delete_at") > 0),
        number("originalid = '' AND deleteat > 0")
    );
    assert_eq!(
        count(&|post| post["props"].get("deleteBy").is_some()),
        number("props LIKE '%\"deleteBy\"%'"),
        "who deleted stands in the props"
    );
    assert_eq!(count(&|post| !text(post, "root_id").is_empty()), number("rootid <> ''"));
    assert_eq!(count(&|post| post["is_pinned"] == true), number("ispinned"));
}

#[test]
fn versions_of_a_post_can_be_told_apart_and_put_in_order() {
    let source = Source::new("mattermost-5.37");
    let archive = source.live("live.zip", &["--no-files"]);
    let posts = archive.records("post");
    let field = |post: &serde_json::Value, name: &str| post["data"][name].as_str().unwrap_or_default().to_owned();
    let mut changed = 0;
    let mut unchanged = 0;
    for live in posts.iter().filter(|post| field(post, "original_id").is_empty()) {
        let mut versions: Vec<_> =
            posts.iter().filter(|post| post["id"] != live["id"] && live["id"] == post["data"]["original_id"]).collect();
        versions.sort_by_key(|post| (post["data"]["edit_at"].as_i64(), post["data"]["update_at"].as_i64()));
        versions.push(live);
        for pair in versions.windows(2) {
            if field(pair[0], "message") == field(pair[1], "message") { unchanged += 1 } else { changed += 1 }
        }
    }
    let same: usize = source
        .ask(
            "WITH versions AS (SELECT coalesce(nullif(originalid, ''), id) post, message, editat, updateat, originalid = '' live FROM posts),
             pairs AS (SELECT message, lead(message) OVER (PARTITION BY post ORDER BY live, editat, updateat) next FROM versions)
             SELECT count(*) FROM pairs WHERE next IS NOT NULL AND message = next",
        )
        .parse()
        .unwrap();
    assert_eq!(unchanged, same);
    assert!(changed > 0 && unchanged > 0, "a history row is not always an edit: {changed} and {unchanged}");
}
