//! The dump in `fixtures/postgres` against what the script that made it counted, apart from the reader.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::read;

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
