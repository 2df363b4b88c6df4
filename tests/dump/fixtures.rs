//! The dump in `fixtures/postgres` against what the script that made it counted, apart from the reader.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::read;
use crate::servers::postgres;
use crate::tools;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/postgres").join(name)).unwrap()
}

#[test]
fn a_dump_of_a_running_server_is_read_whole() {
    let bytes = fixture("mattermost-5.37.sql");
    let facts: Value = serde_json::from_slice(&fixture("mattermost-5.37.json")).unwrap();
    let read = read(&bytes).unwrap();
    let expected = facts["tables"].as_object().unwrap();
    let found: Vec<_> = read.account.tables.iter().map(|table| (table.name.as_str(), table.rows)).collect();
    let expected: Vec<_> = expected.iter().map(|(name, rows)| (name.as_str(), rows.as_u64().unwrap())).collect();
    assert_eq!(found, expected);
    assert!(found.len() > 50 && read.account.not_dumped.is_empty() && read.account.elsewhere.is_empty());
    assert_eq!(
        (read.account.server.as_str(), read.account.schema.as_str()),
        ("15.18 (Debian 15.18-0+deb12u1)", "public")
    );
    assert_eq!(read.account.text, bytes.len() as u64);

    // Every row stands in the file as it was handed over, and has a field for each column.
    let text = String::from_utf8(bytes).unwrap();
    for (table, rows) in read.tables.iter().zip(&read.rows) {
        let rows = std::str::from_utf8(rows).unwrap();
        assert!(text.contains(&format!(" FROM stdin;\n{rows}\\.\n")), "{}", table.name);
        for row in rows.lines() {
            assert_eq!(row.split('\t').count(), table.columns.len(), "{}", table.name);
        }
        assert!(table.columns.iter().all(|column| !column.declared.is_empty()), "{}", table.name);
    }
    let column = |table: &str, column: &str| {
        let table = read.tables.iter().find(|found| found.name == table).unwrap();
        table.columns.iter().find(|found| found.name == column).unwrap().declared.clone()
    };
    assert_eq!(column("posts", "id"), "character varying(26)");
    assert_eq!(column("compliances", "desc"), "character varying(512)");
    assert_eq!(column("channels", "deleteat"), "bigint");
}

/// Every table of 11.6 goes through a real server and its `pg_dump`, and comes back as the server itself copies it out.
#[test]
fn what_a_server_dumps_is_what_it_copies_out() {
    if tools::skipped("postgres") {
        return;
    }
    let server = postgres();
    let database = server.database("eleven", &String::from_utf8(fixture("mattermost-11.sql")).unwrap());
    let text = server.dump(&database, &["--no-owner"]);
    let found = read(text.as_bytes()).unwrap();
    assert!(found.account.not_dumped.is_empty() && found.account.elsewhere.is_empty());

    let types = "SELECT relname, string_agg(format_type(atttypid, atttypmod), ',' ORDER BY attnum) FROM pg_class \
                 JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 WHERE relkind = 'r' AND relnamespace = \
                 'public'::regnamespace GROUP BY 1 ORDER BY 1";
    let declared = found.tables.iter().map(|table| {
        let types: Vec<_> = table.columns.iter().map(|column| column.declared.as_str()).collect();
        format!("{}|{}", table.name, types.join(","))
    });
    assert_eq!(declared.collect::<Vec<_>>(), server.sql(&database, types).lines().collect::<Vec<_>>());

    let (mut script, mut expected) = (String::new(), Vec::new());
    for (at, table) in found.tables.iter().enumerate() {
        script += &format!("COPY {} TO STDOUT;\n\\echo end of {}\n", table.name, table.name);
        expected.extend_from_slice(&found.rows[at]);
        expected.extend_from_slice(format!("end of {}\n", table.name).as_bytes());
        assert!(found.account.tables[at].rows >= 2, "{}", table.name);
    }
    let copied = tools::feed("psql", server.psql(&database), script.as_bytes()).expect_success();
    assert_eq!(String::from_utf8(copied).unwrap(), String::from_utf8(expected).unwrap());

    // A restored copy is dumped the same.
    let restored = server.database("restored", "");
    tools::feed("psql", server.psql(&restored), text.as_bytes()).expect_success();
    let again = read(server.dump(&restored, &["--no-owner"]).as_bytes()).unwrap();
    assert!(again.rows == found.rows && again.tables == found.tables && again.account.tables == found.account.tables);
}
