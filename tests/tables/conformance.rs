//! The promise of the format: one database, read live, from its dump, or from a restored copy, gives the same lines, the
//! same order and the same root, whatever the flags and the number of threads.

use super::{FIXTURES, Source};
use crate::sealed::Archive;
use crate::servers::postgres;

/// Scopes under which the promise must hold.
const SCOPES: [&[&str]; 5] = [
    &[],
    &["--since", "2026-08-01", "--until", "2026-11-01"],
    &["--team", "TEAM"],
    &["--user", "USER"],
    &["--team", "TEAM", "--since", "2026-06-01", "--threads", "1"],
];

pub(crate) fn same(left: &Archive, right: &Archive, what: &str) {
    let (ours, theirs) = (left.lines(), right.lines());
    for (at, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(ours, theirs, "{what}: record {at}");
    }
    assert_eq!(ours.len(), theirs.len(), "{what}");
    assert_eq!(left.root(), right.root(), "{what}");
    assert_eq!(left.summary()["kinds"], right.summary()["kinds"], "{what}");
}

#[test]
fn live_dumped_and_restored_give_the_same_lines_and_root() {
    for fixture in FIXTURES {
        let source = Source::new(fixture);
        source.dump("dump.sql");
        // Another physical order, another collation, other statistics: nothing of this may show.
        let restored = source.server.database("restored", &source.server.dump(&source.database, &[]));
        postgres().sql(&restored, "CREATE INDEX odd ON posts (message); CLUSTER posts USING odd; CLUSTER users USING users_pkey; DROP INDEX odd");
        let team = source.ask("SELECT name FROM teams ORDER BY name LIMIT 1");
        let user = source.ask(
            "SELECT username FROM users JOIN posts ON userid = users.id GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        );
        for (at, scope) in SCOPES.iter().enumerate() {
            let args: Vec<&str> = scope
                .iter()
                .map(|word| match *word {
                    "TEAM" => team.as_str(),
                    "USER" => user.as_str(),
                    word => word,
                })
                .chain(["--no-files"])
                .collect();
            let live = source.live(&format!("live-{at}.zip"), &args);
            let dumped = source.desk.seal("dump.sql", &format!("dump-{at}.zip"), &args);
            let again = source.desk.seal(&source.server.url(&restored, "owner"), &format!("again-{at}.zip"), &args);
            assert!(live.lines().len() > 5, "{fixture} {scope:?}: an empty archive would prove nothing");
            same(&live, &dumped, &format!("{fixture} {scope:?} dump"));
            same(&live, &again, &format!("{fixture} {scope:?} restored"));
        }
    }
}

#[test]
fn a_dump_reads_the_same_packed_or_not() {
    let source = Source::new("mattermost-11");
    source.dump("dump.sql");
    let plain = source.desk.seal("dump.sql", "plain.zip", &["--no-files"]);
    for (tool, name) in [("gzip", "dump.sql.gz"), ("zstd", "dump.sql.zst")] {
        let packed =
            crate::tools::run(tool, &["-c", source.desk.path("dump.sql").to_str().unwrap()], b"").expect_success();
        source.desk.write(name, packed);
        let archive = source.desk.seal(name, &format!("{tool}.zip"), &["--no-files"]);
        same(&plain, &archive, tool);
    }
}

#[test]
fn five_thousand_posts_of_one_millisecond_come_in_byte_order() {
    let source = Source::new("mattermost-11");
    source.ask(
        "INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, editat)
         SELECT substr(md5(n::text), 1, 26), 1780000000000 + n / 5000, 0, 0, 'u', 'c', '', '', repeat('long ', 100) || n, '', '{}', 0
         FROM generate_series(1, 12000) n",
    );
    source.dump("dump.sql");
    let live = source.live("live.zip", &["--no-files"]);
    let dumped = source.desk.seal("dump.sql", "dump.zip", &["--no-files"]);
    same(&live, &dumped, "crowded");
    assert!(live.count("post", "records") > 12_000);
}

/// Posts and preferences in partitions: one with its columns in another order, one of partitions itself, one for the rest.
#[test]
fn partitions_are_their_table_live_and_dumped() {
    let source = Source::new("mattermost-11");
    let whole = source.live("whole.zip", &["--no-files"]);
    let (middle, end) = source
        .ask("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY createat) || ' ' || max(createat) FROM posts")
        .split_once(' ')
        .map(|(middle, end)| (middle.to_owned(), end.to_owned()))
        .unwrap();
    let columns = |table: &str, order: &str| {
        format!(
            "(SELECT '(' || string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY {order}) || ')'
              FROM pg_attribute WHERE attrelid = '{table}_plain'::regclass AND attnum > 0 AND NOT attisdropped)"
        )
    };
    let divide = |table: &str, by: &str| {
        let columns = columns(table, "attnum");
        format!(
            "ALTER TABLE {table} RENAME TO {table}_plain;
             DO $$ BEGIN EXECUTE 'CREATE TABLE {table} ' || {columns} || ' PARTITION BY {by}'; END $$;"
        )
    };
    let fill =
        |table: &str| format!("INSERT INTO {table} SELECT * FROM {table}_plain; DROP TABLE {table}_plain CASCADE;");
    let shuffled = columns("posts", "attname");
    let sql = format!(
        "{posts}
         DO $$ BEGIN EXECUTE 'CREATE TABLE posts_early ' || {shuffled}; END $$;
         ALTER TABLE posts ATTACH PARTITION posts_early FOR VALUES FROM (MINVALUE) TO ({middle});
         CREATE TABLE posts_late PARTITION OF posts FOR VALUES FROM ({middle}) TO ({end}) PARTITION BY HASH (id);
         CREATE TABLE posts_late_0 PARTITION OF posts_late FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE posts_late_1 PARTITION OF posts_late FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TABLE posts_rest PARTITION OF posts DEFAULT;
         {fill_posts}
         {preferences}
         CREATE TABLE flagged PARTITION OF preferences FOR VALUES IN ('flagged_post');
         CREATE TABLE others PARTITION OF preferences DEFAULT;
         {fill_preferences}",
        posts = divide("posts", "RANGE (createat)"),
        fill_posts = fill("posts"),
        preferences = divide("preferences", "LIST (category)"),
        fill_preferences = fill("preferences"),
    );
    source.server.sql(&source.database, &sql);
    source.dump("dump.sql");
    let live = source.live("live.zip", &["--no-files"]);
    let dumped = source.desk.seal("dump.sql", "dump.zip", &["--no-files"]);
    same(&whole, &live, "whole and divided");
    same(&live, &dumped, "live and dump");
    let text = source.server.dump(&source.database, &["--load-via-partition-root"]);
    source.desk.write("root.sql", text);
    same(&live, &source.desk.seal("root.sql", "root.zip", &["--no-files"]), "rows under the name of their table");
    assert!(live.count("post", "records") > 5 && live.count("saved_post", "records") > 0);
}

#[test]
fn a_record_beyond_16_mib_is_the_same_exception_live_and_dumped() {
    let source = Source::new("mattermost-11");
    let insert = |id: &str, at: i64| {
        format!(
            "INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, editat)
             VALUES ('{id}', {at}, 0, 0, 'u', 'c', '', '', repeat('lo\"ng ', 3000000), '', '{{}}', 0);"
        )
    };
    // One among the posts that come in order, one among the others.
    let posts = insert(&"l".repeat(26), 1_780_000_000_000) + &insert(&"m".repeat(26), 0);
    source.server.sql(&source.database, &format!("ALTER TABLE posts ALTER COLUMN message TYPE text; {posts}"));
    source.dump("dump.sql");
    let live = source.live("live.zip", &["--no-files"]);
    let dumped = source.desk.seal("dump.sql", "dump.zip", &["--no-files"]);
    same(&live, &dumped, "long");
    assert_eq!(live.count("post", "quarantined"), 2);
    let long = |archive: &Archive| -> Vec<String> {
        let all = archive.text("data/exceptions.jsonl");
        all.lines().filter(|line| line.contains("record-too-long")).map(str::to_owned).collect()
    };
    assert_eq!(long(&live), long(&dumped));
    assert!(long(&live).len() == 2 && long(&live)[0].contains(r#""object":"post/llll"#), "{:?}", long(&live));
}
