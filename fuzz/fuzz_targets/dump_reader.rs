//! Dumps: whatever the bytes and the buffers, rows are counted as they are handed over, and read alike.
#![no_main]

use chatseal::progress::Progress;
use chatseal::source::dump::{Dump, Limits, Piece, scan};
use libfuzzer_sys::fuzz_target;

/// What is handed over of a text, and the account of it.
fn read(text: &[u8], limits: Limits) -> Option<(Vec<(String, Vec<u8>, u64)>, String)> {
    let mut tables: Vec<(String, Vec<u8>, u64)> = Vec::new();
    let account = scan::scan(text, "dump.sql", limits, &Progress::silent(), &mut |piece| {
        match piece {
            Piece::Table(table) => tables.push((format!("{table:?}"), Vec::new(), 0)),
            Piece::Rows(batch) => {
                let (_, rows, count) = &mut tables[batch.table];
                assert_eq!(batch.first, *count + 1);
                *count += batch.text.split(|byte| *byte == b'\n').count() as u64 - 1;
                rows.extend(batch.text);
            }
            Piece::TooLong(long) => {
                let (_, rows, count) = &mut tables[long.table];
                *count += 1;
                assert_eq!(long.row, *count);
                rows.extend(format!("{} {:?}\n", long.length, long.sha256).into_bytes());
            }
        }
        Ok(())
    });
    let account = account.ok()?;
    assert_eq!(account.text, text.len() as u64);
    assert_eq!(account.tables.len(), tables.len());
    for (counted, (_, _, handed)) in account.tables.iter().zip(&tables) {
        assert_eq!(counted.rows, *handed);
    }
    Some((tables, format!("{account:?}")))
}

fuzz_target!(|bytes: &[u8]| {
    let small = read(bytes, Limits { piece: 1 + bytes.len() % 13, batch: 20, row: 40 });
    let large = read(bytes, Limits { piece: 4096, batch: 30, row: 40 });
    assert_eq!(small, large);
    // The same as a file: what it is packed by, and whether it is a dump at all.
    chatseal_fuzz::with_file("dump.sql", &[bytes], |path| {
        let Ok(dump) = Dump::open(path) else { return };
        let mut rows = 0;
        let account = dump.read(&Progress::silent(), &mut |piece| {
            if let Piece::Rows(batch) = piece {
                rows += batch.text.split(|byte| *byte == b'\n').count() as u64 - 1;
            }
            Ok(())
        });
        if let Ok(account) = account {
            assert_eq!(account.tables.iter().map(|table| table.rows).sum::<u64>(), rows);
        }
    });
});
