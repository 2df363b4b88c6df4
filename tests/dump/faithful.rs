//! What a writer wrote comes back exactly, whatever the tables, the rows and the sizes of buffers.

use chatseal::progress::Progress;
use chatseal::source::dump::scan::{MAX_ROW, scan};
use chatseal::source::dump::{DumpError, Limits};
use proptest::prelude::*;
use ring::digest::{SHA256, digest};

use super::writer::{Table, dump, mattermost};
use super::{Read, read};

fn scanned(text: &[u8], limits: Limits) -> Result<Read, DumpError> {
    let mut read = Read::default();
    let account = scan(text, "dump.sql", limits, &Progress::silent(), &mut |piece| {
        read.take(piece);
        Ok(())
    })?;
    Ok(Read { account, ..read })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z][a-z0-9_]{0,8}", Just("desc".to_owned()), "[ -~é\"\n;$']{1,6}"]
}

fn field() -> impl Strategy<Value = Option<String>> {
    let odd = prop_oneof![
        Just("\\."),
        Just("\\.\n"),
        Just("\n\\.\n"),
        Just(""),
        Just("\\N"),
        Just("COPY x FROM stdin;"),
        Just("\t\r\u{8}\u{b}\u{c}\u{1}\u{7f}")
    ];
    prop_oneof![
        Just(None),
        odd.prop_map(|text| Some(text.to_owned())),
        any::<String>().prop_map(|text| Some(text.replace('\0', "")))
    ]
}

fn kind() -> impl Strategy<Value = String> {
    let kinds = [
        "bigint",
        "character varying(26)",
        "jsonb",
        "timestamp with time zone",
        "numeric(10,2)",
        "character varying(26)[]",
    ];
    proptest::sample::select(kinds.to_vec()).prop_map(str::to_owned)
}

fn table() -> impl Strategy<Value = Table> {
    (1_usize..5).prop_flat_map(|width| {
        let columns = proptest::collection::btree_map(name(), kind(), width);
        let rows = proptest::collection::vec(proptest::collection::vec(field(), width), 0..6);
        (name(), columns, rows).prop_map(|(name, columns, rows)| Table {
            schema: "public".into(),
            name,
            columns: columns.into_iter().collect(),
            rows,
        })
    })
}

/// Tables of different names, Mattermost's among them.
fn tables() -> impl Strategy<Value = Vec<Table>> {
    proptest::collection::vec(table(), 0..5).prop_map(|more| {
        let mut tables = mattermost();
        for table in more {
            if tables.iter().all(|other| other.name != table.name) {
                tables.push(table);
            }
        }
        tables
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_comes_back(tables in tables(), piece in 1_usize..200, batch in 1_usize..300) {
        let text = dump(&tables);
        let read = scanned(text.as_bytes(), Limits { piece, batch, row: MAX_ROW }).unwrap();
        prop_assert_eq!(read.tables.len(), tables.len());
        for (at, table) in tables.iter().enumerate() {
            let found = &read.tables[at];
            prop_assert_eq!(&found.name, &table.name);
            let columns: Vec<_> =
                found.columns.iter().map(|column| (column.name.clone(), column.declared.clone())).collect();
            prop_assert_eq!(&columns, &table.columns);
            prop_assert_eq!(std::str::from_utf8(&read.rows[at]).unwrap(), table.copy_text());
            prop_assert_eq!(read.account.tables[at].rows, table.rows.len() as u64);
        }
        prop_assert_eq!(read.account.text, text.len() as u64);
        prop_assert!(read.account.not_dumped.is_empty() && read.long.is_empty());
    }

    #[test]
    fn no_text_makes_us_panic(mut text in any::<Vec<u8>>(), at in any::<proptest::sample::Index>(), piece in 1_usize..40) {
        // In the midst of a true dump, so that it is met in every state.
        let whole = dump(&mattermost()).into_bytes();
        let at = at.index(whole.len());
        let tail = whole[at..].to_vec();
        let mut all = whole[..at].to_vec();
        all.append(&mut text);
        all.extend(tail);
        let _ = scanned(&all, Limits { piece, batch: 50, row: 60 });
    }
}

#[test]
fn rows_that_are_too_long_are_told_by_length_and_digest() {
    let mut posts = Table::small("posts", 0);
    let long = |length: usize| vec![Some("i".to_owned()), Some("x".repeat(length - 2))];
    posts.rows = [5, 101, 100, 400, 3, 102, 99].map(long).to_vec();
    let lines: Vec<String> = posts.copy_text().lines().map(str::to_owned).collect();
    let tables = [Table::small("channels", 1), posts, Table::small("users", 1)];
    let text = dump(&tables);
    for piece in [1, 7, 64, 1000] {
        for batch in [1, 30, 100, 5000] {
            let read = scanned(text.as_bytes(), Limits { piece, batch, row: 100 }).unwrap();
            let kept: Vec<_> = lines.iter().filter(|line| line.len() <= 100).map(|line| format!("{line}\n")).collect();
            assert_eq!(String::from_utf8(read.rows[1].clone()).unwrap(), kept.concat());
            let found: Vec<_> = read.long.iter().map(|long| (long.table, long.row, long.length)).collect();
            assert_eq!(found, [(1, 2, 101), (1, 4, 400), (1, 6, 102)]);
            for long in &read.long {
                let line = &lines[usize::try_from(long.row).unwrap() - 1];
                assert_eq!(long.sha256, digest(&SHA256, line.as_bytes()).as_ref());
            }
            assert_eq!(read.account.tables[1].rows, 7);
        }
    }
}

#[test]
fn rows_of_many_batches_and_a_giant_among_them_come_back() {
    let mut posts = Table::small("posts", 60_000);
    posts.rows[30_000][1] = Some("y".repeat(9 << 20));
    let expected = posts.copy_text().into_bytes();
    let tables = [Table::small("channels", 1), posts, Table::small("users", 1)];
    let read = read(dump(&tables).as_bytes()).unwrap();
    assert!(read.rows[1] == expected);
    assert_eq!(read.account.tables[1].rows, 60_000);
}
