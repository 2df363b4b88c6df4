//! Reading: what is there comes out, from one snapshot, without harm.

use super::{SMALL, all, opened, rows, small, target};
use crate::servers::{OWNER, Postgres, postgres};
use chatseal::source::postgres::{Patience, PostgresError, Server};
use chatseal::source::rows::BATCH_BYTES;
use chatseal::source::rows::query::{Condition, Query};

#[test]
fn tables_and_columns_are_found_with_their_types() {
    let (_, server) = small("tables");
    let names: Vec<&str> = server.tables().iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["channels", "posts", "tokens", "users"]);
    let posts = &server.tables()[1];
    let columns: Vec<String> = posts.columns.iter().map(|found| format!("{} {}", found.name, found.declared)).collect();
    assert_eq!(
        columns,
        [
            "id character varying(26)",
            "createat bigint",
            "message character varying(65535)",
            "props jsonb",
            "fileids character varying(300)",
            "ispinned boolean",
            "odd_thing timestamp with time zone"
        ]
    );
    assert!(server.denied().is_empty() && server.may_read("users", "password") && !server.may_read("users", "x"));
}

#[test]
fn rows_come_as_copy_text_in_order() {
    let (_, mut server) = small("rows");
    let columns = ["id", "message", "props", "ispinned", "odd_thing"];
    let mut query = Query { order: Some("createat"), ..all("posts", &columns) };
    assert_eq!(server.count(&query).unwrap(), 3);
    let text = rows(&mut server, &query);
    assert_eq!(
        text,
        "p1\ttab\\there\\nline\\\\\u{7} \u{1F600}\t\\N\tt\t\\N\np2\t\t{}\t\\N\t\\N\np3\tplain\t{}\tf\t2024-02-29 10:00:00+00\n"
    );
    query.all_of =
        vec![vec![Condition::Within("createat", Some(20), Some(30)), Condition::In("id", vec!["p1".into()])]];
    query.columns = vec!["id"];
    assert_eq!((server.count(&query).unwrap(), rows(&mut server, &query).as_str()), (2, "p1\np2\n"));
    query.only = Some(("message", &["tab*", "x%"]));
    assert_eq!((server.count(&query).unwrap(), rows(&mut server, &query).as_str()), (1, "p1\n"));
    query.all_of = vec![vec![Condition::In("id", vec!["'; DROP TABLE posts; --".into(), "\\".into()])]];
    assert_eq!((server.count(&query).unwrap(), rows(&mut server, &query).as_str()), (0, ""));
    assert_eq!(rows(&mut server, &all("channels", &["id"])), "");
}

#[test]
fn rows_are_counted_where_their_times_are_floored() {
    let (database, server) = small("spans");
    drop(server);
    let far = 1_i64 << 53;
    let times = [0, 1, 99, 100, 199, -1, -99, -100, -101, far - 1, 1 - far, far, -far, i64::MIN, i64::MAX];
    let mut expected = std::collections::BTreeMap::from([(0, 1)]);
    let mut values = "('none', NULL)".to_owned();
    for time in times {
        let span = if time > -far && time < far { time.div_euclid(100) } else { 0 };
        *expected.entry(span).or_insert(0) += 1;
        values += &format!(", ('{time}', '{time}'::bigint)");
    }
    postgres().sql(&database, &format!("DELETE FROM posts; INSERT INTO posts (id, createat) VALUES {values}"));
    // With an index they are counted out of it, and only those of years that are no outliers.
    for index in ["", "CREATE INDEX at ON posts (createat)", "DELETE FROM posts WHERE createat >= 0"] {
        postgres().sql(&database, index);
        if index.starts_with("DELETE") {
            expected.retain(|span, _| *span < 0);
            // None, and the two that are no times.
            expected.insert(0, 3);
        }
        let mut server = opened(postgres(), &database, OWNER).unwrap();
        let mut found = std::collections::BTreeMap::new();
        server
            .spans(&all("posts", &[]), "createat", 100, &mut |span, rows| *found.entry(span).or_insert(0) += rows)
            .unwrap();
        assert_eq!(found, expected, "{index}");
    }
}

#[test]
fn settings_of_database_and_role_do_not_change_the_text() {
    let database = postgres().database("settings", SMALL);
    postgres().sql(
        &database,
        &format!(
            "ALTER TABLE posts ADD bytes bytea, ADD number double precision, ADD span interval;
            UPDATE posts SET bytes = '\\x00ff', number = 0.1::float8 + 0.2::float8, span = '1 mon 2 days' WHERE id = 'p1';
            ALTER DATABASE {database} SET timezone = 'Asia/Tokyo';
            ALTER DATABASE {database} SET datestyle = 'German';
            ALTER DATABASE {database} SET bytea_output = 'escape';
            ALTER DATABASE {database} SET intervalstyle = 'iso_8601';
            ALTER DATABASE {database} SET extra_float_digits = -10;
            ALTER DATABASE {database} SET standard_conforming_strings = off;
            ALTER DATABASE {database} SET client_encoding = 'LATIN1';
            ALTER DATABASE {database} SET search_path = pg_catalog"
        ),
    );
    let mut server = opened(postgres(), &database, OWNER).unwrap();
    let query = Query {
        all_of: vec![vec![Condition::In("id", vec!["p1".into(), "\\' OR true --".into()])]],
        ..all("posts", &["bytes", "number", "span"])
    };
    assert_eq!(rows(&mut server, &query), "\\\\x00ff\t0.30000000000000004\t1 mon 2 days\n");
    let odd = rows(&mut server, &Query { only: Some(("id", &["p3"])), ..all("posts", &["odd_thing"]) });
    assert_eq!(odd, "2024-02-29 10:00:00+00\n");
}

#[test]
fn chunks_are_whole_rows_of_bounded_size() {
    let (database, server) = small("chunks");
    drop(server);
    postgres().sql(
        &database,
        "INSERT INTO posts (id, createat, message)
            SELECT 'x' || n, 1000 + n, repeat(chr(9), 60000) FROM generate_series(1, 60) n",
    );
    let mut server = opened(postgres(), &database, OWNER).unwrap();
    let (mut chunks, mut lines) = (Vec::new(), 0);
    let query = Query { order: Some("createat"), ..all("posts", &["id", "message"]) };
    let count = server.read(&query, &mut |chunk| {
        assert!(chunk.ends_with(b"\n") && chunk.len() <= BATCH_BYTES);
        chunks.push(chunk.len());
        lines += String::from_utf8(chunk).unwrap().lines().count();
        true
    });
    assert_eq!((count.unwrap(), lines), (63, 63));
    assert!(chunks.len() >= 7, "{chunks:?}");
    // The session goes on.
    assert_eq!(server.count(&query).unwrap(), 63);
}

#[test]
fn one_snapshot_is_shared_and_later_rows_are_seen_by_none() {
    let (database, mut first) = small("snapshot");
    let mut second = first.beside(None).unwrap();
    postgres()
        .sql(&database, "INSERT INTO posts (id, createat) VALUES ('late', 99); DELETE FROM posts WHERE id = 'p1'");
    let mut third = first.beside(None).unwrap();
    for server in [&mut first, &mut second, &mut third] {
        let text = rows(server, &Query { order: Some("createat"), ..all("posts", &["id"]) });
        assert_eq!(text, "p1\np2\np3\n");
        assert_eq!(server.count(&all("posts", &["id"])).unwrap(), 3);
    }
    // What began on the snapshot keeps it; nothing new can join.
    let shared = first.identity().snapshot.clone().unwrap();
    drop(first);
    assert_eq!(rows(&mut second, &Query { order: Some("createat"), ..all("posts", &["id"]) }), "p1\np2\np3\n");
    let error = second.beside(None).unwrap_err();
    assert!(error.to_string().contains("snapshot"), "{shared}: {error}");
}

#[test]
fn only_the_weakest_locks_are_held() {
    let (database, mut server) = small("locks");
    postgres().sql(&database, "INSERT INTO posts (id, createat) SELECT 'x' || n, n FROM generate_series(1, 200000) n");
    drop(server.beside(None));
    server = opened(postgres(), &database, OWNER).unwrap();
    let mut seen = String::new();
    let read = server.read(&Query { order: Some("createat"), ..all("posts", &["id"]) }, &mut |_| {
        if seen.is_empty() {
            seen = postgres().sql(
                &database,
                "SELECT DISTINCT l.mode || ' ' || coalesce(c.relname, '') FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                LEFT JOIN pg_class c ON c.oid = l.relation
                WHERE a.application_name = 'chatseal' AND a.datname = current_database()
                    AND l.locktype NOT IN ('virtualxid') ORDER BY 1",
            );
        }
        true
    });
    assert_eq!(read.unwrap(), 200_003);
    assert!(seen.contains("AccessShareLock posts"), "{seen}");
    assert!(seen.lines().all(|line| line.starts_with("AccessShareLock ")), "{seen}");
}

#[test]
fn a_reader_that_has_enough_ends_the_work_on_the_server() {
    let (database, server) = small("enough");
    drop(server);
    postgres().sql(&database, "INSERT INTO posts (id, createat) SELECT 'x' || n, n FROM generate_series(1, 900000) n");
    let mut server = opened(postgres(), &database, OWNER).unwrap();
    let mut chunks = 0;
    let ended = server.read(&all("posts", &["id", "createat"]), &mut |_| {
        chunks += 1;
        false
    });
    assert!(matches!(ended, Err(PostgresError::Stopped)), "{ended:?}");
    assert_eq!(chunks, 1);
    let count =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chatseal' AND datname = current_database()";
    let gone = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        postgres().sql(&database, count) == "0"
    });
    assert!(gone, "the server still works for nobody");
    assert!(matches!(server.count(&all("posts", &[])), Err(PostgresError::Lost { .. })));
}

#[test]
fn the_server_says_who_it_is() {
    let (database, server) = small("identity");
    let said = server.identity();
    let ask = |sql| postgres().sql(&database, sql);
    assert_eq!(said.database, database);
    assert_eq!(said.server_version, ask("SHOW server_version"));
    assert_eq!(
        said.system_identifier.as_deref(),
        Some(ask("SELECT system_identifier FROM pg_control_system()").as_str())
    );
    assert_eq!((said.encoding.as_str(), said.collation.as_str(), said.schema.as_str()), ("UTF8", "C", "public"));
    assert_eq!((said.in_recovery, said.superuser, said.could_write(), said.writable_tables), (false, true, true, 4));
    assert!(said.lsn.as_ref().unwrap().contains('/') && said.tls.is_none() && said.transactions.is_some());
    let now: i64 = ask("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint").parse().unwrap();
    assert!((0..60_000).contains(&(now - said.database_time)), "{now} {}", said.database_time);
    let json = serde_json::to_value(said).unwrap();
    assert_eq!(json["role"], OWNER);
}

#[test]
fn partitions_count_as_their_table_and_another_schema_is_found() {
    let database = postgres().database(
        "schemas",
        &format!(
            "CREATE SCHEMA \"Chat\"; SET search_path = \"Chat\"; {SMALL}
            CREATE TABLE parted (id int) PARTITION BY RANGE (id);
            CREATE TABLE part_one PARTITION OF parted FOR VALUES FROM (0) TO (10);
            INSERT INTO parted VALUES (5)"
        ),
    );
    let mut server = opened(postgres(), &database, OWNER).unwrap();
    assert_eq!(server.identity().schema, "Chat");
    assert!(server.tables().iter().all(|table| table.name != "part_one"));
    assert_eq!(rows(&mut server, &all("parted", &["id"])), "5\n");
    postgres().sql(&database, &format!("CREATE SCHEMA other; SET search_path = other; {SMALL}"));
    let error = opened(postgres(), &database, OWNER).unwrap_err();
    assert!(matches!(&error, PostgresError::Ambiguous { schemas } if schemas == "`Chat`, `other`"), "{error}");
    let url = format!("{}&options=-c%20search_path%3Dother", postgres().url(&database, OWNER));
    let chosen = Server::open(&target(&url), Patience::default(), None).unwrap();
    assert_eq!(chosen.identity().schema, "other");
}

#[test]
fn a_replica_is_read_like_its_primary() {
    let primary = Postgres::start(
        "wal_level = replica\nmax_wal_senders = 4\n",
        "local all all trust\nlocal replication all trust\n",
    );
    let database = primary.database("mm", SMALL);
    let replica =
        primary.replica("hot_standby = on\nmax_standby_streaming_delay = 200ms\nmax_standby_archive_delay = 200ms\n");
    let mut first = opened(&replica, &database, OWNER).unwrap();
    let of_primary = opened(&primary, &database, OWNER).unwrap();
    let said = first.identity().clone();
    assert!(said.in_recovery && said.lsn.is_some());
    primary.sql(&database, "CREATE TABLE later ()");
    let told = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let identity = opened(&replica, &database, OWNER).unwrap().identity().clone();
        identity.replayed.map(|at| (at, identity.database_time))
    });
    let (replayed, now) = told.expect("it replays what the primary commits");
    assert!(replayed > said.database_time - 60_000 && replayed <= now, "{replayed} {now}");
    assert_eq!(of_primary.identity().replayed, None);
    assert_eq!(said.system_identifier, of_primary.identity().system_identifier);
    drop(of_primary);
    let mut second = first.beside(None).unwrap();
    let query = Query { order: Some("createat"), ..all("posts", &["id"]) };
    assert_eq!((rows(&mut first, &query), rows(&mut second, &query)), ("p1\np2\np3\n".into(), "p1\np2\np3\n".into()));
    // Row versions that the snapshot needs are removed on the primary; the replica has to follow.
    primary.sql(&database, "DELETE FROM posts");
    primary.sql(&database, "VACUUM posts");
    let ended = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        first.count(&query).err()
    });
    let error = ended.expect("the replica cancelled nothing");
    assert!(matches!(error, PostgresError::Replica { .. } | PostgresError::Lost { .. }), "{error:?}");
}
