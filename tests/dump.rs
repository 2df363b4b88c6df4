//! Dumps, true and lying: what comes back is what was written, or a clear error.

mod conditions;
mod faithful;
mod fixtures;
mod packing;
mod writer;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chatseal::progress::{Interrupted, Progress};
use chatseal::source::dump::{Account, Dump, DumpError, LongRow, Piece};
use chatseal::source::rows::TableFound;

/// A dump, read.
#[derive(Debug, Default)]
struct Read {
    tables: Vec<TableFound>,
    /// Text of the rows of each table.
    rows: Vec<Vec<u8>>,
    long: Vec<LongRow>,
    account: Account,
}

impl Read {
    /// Takes a piece in, and holds it against those before it.
    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Table(table) => {
                self.tables.push(table);
                self.rows.push(Vec::new());
            }
            Piece::Rows(batch) => {
                // Rows of partitions are numbered on.
                let is_same = |table: usize| self.tables[table].name == self.tables[batch.table].name;
                let lines = |at: usize| self.rows[at].split(|byte| *byte == b'\n').count() as u64 - 1;
                let before: u64 = (0..self.tables.len()).filter(|at| is_same(*at)).map(lines).sum();
                let long = self.long.iter().filter(|long| is_same(long.table)).count() as u64;
                assert_eq!(batch.first, before + long + 1);
                assert!(batch.text.ends_with(b"\n"));
                self.rows[batch.table].extend_from_slice(&batch.text);
            }
            Piece::TooLong(long) => self.long.push(long),
        }
    }
}

/// Reads a dump from a file with these bytes.
fn read(bytes: &[u8]) -> Result<Read, DumpError> {
    let mut file = tempfile::Builder::new().prefix("dump").suffix(".sql").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let dump = Dump::open(file.path())?;
    let progress = Progress::silent();
    let mut read = Read::default();
    let account = dump.read(&progress, &mut |piece| {
        read.take(piece);
        Ok(())
    })?;
    dump.original.check_unchanged().unwrap();
    assert_eq!(progress.snapshot().done, dump.original.size);
    Ok(Read { account, ..read })
}

#[test]
fn whoever_reads_can_be_stopped() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(writer::dump(&writer::mattermost()).as_bytes()).unwrap();
    let dump = Dump::open(file.path()).unwrap();
    let stopped = Progress::new(Arc::new(AtomicBool::new(true)));
    let error = dump.read(&stopped, &mut |_| panic!("nothing is read")).unwrap_err();
    assert!(matches!(error, DumpError::Interrupted(_)));
    let error = dump.read(&Progress::silent(), &mut |_| Err(Interrupted)).unwrap_err();
    assert!(matches!(error, DumpError::Interrupted(_)));
}
