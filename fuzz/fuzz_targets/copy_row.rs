//! One row of COPY text, as any kind of record: whatever becomes a line is one that verify accepts, dated and named as
//! the row was, and its texts mean to `serde_json` what they mean in the row.
#![no_main]

use chatseal::record::line::Line;
use chatseal::source::catalogue::{Shape, TABLES};
use chatseal::source::rows::ColumnFound;
use chatseal::source::rows::encode::Encoder;
use chatseal::source::rows::plan::Plan;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (number, is_json, row) = input;
    let rank = number % u8::try_from(TABLES.len()).expect("fewer kinds than 256");
    let table = TABLES[usize::from(rank)];
    let plan = Plan::new(rank, &columns(rank, is_json)).expect("all columns of the catalogue");
    let mut encoder = Encoder::new(&plan);
    let mut out = b"before".to_vec();
    let Ok(mut row) = encoder.row(row) else { return };
    row.matches_only();
    let path = row.content_path().is_ok_and(|path| path.is_some());
    let Ok(encoded) = row.encode(&mut out) else { return assert_eq!(out, b"before") };
    assert_eq!(encoded.open, path);
    if encoded.open {
        out.extend_from_slice(b",\"content_missing\":\"not-collected\"}}");
    }
    let line = match Line::parse(&out[6..]) {
        Ok(line) => line,
        Err(error) => panic!("verify refuses the line: {error}\n{}", String::from_utf8_lossy(&out)),
    };
    assert_eq!((line.kind, line.at, line.synthetic), (table.kind, encoded.at, false));
    assert_eq!(line.id, row.id().expect("the id of a line"));
    let Ok(data) = serde_json::from_str::<Value>(line.data) else { return };
    for column in table.columns.iter().filter(|column| column.shape == Shape::Text) {
        let text = row.named(column.field).expect("a field of a line");
        assert_eq!(data.get(column.field).and_then(Value::as_str), text.as_deref(), "{}", column.field);
    }
});

/// All columns that the catalogue lists for a kind, and what its key and filter need.
fn columns(rank: u8, is_json: bool) -> Vec<ColumnFound> {
    let table = TABLES[usize::from(rank)];
    let listed = table.columns.iter().map(|column| match column.column.split('|').next() {
        Some("") | None => column.field,
        Some(name) => name,
    });
    let mut names: Vec<&str> = listed.collect();
    let needed = table.key.iter().filter(|field| table.column(field).is_none()).copied();
    for name in needed.chain(table.only.map(|(column, _)| column)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let declared = if is_json { "jsonb" } else { "text" };
    names.iter().map(|name| ColumnFound { name: (*name).to_owned(), declared: declared.to_owned() }).collect()
}
