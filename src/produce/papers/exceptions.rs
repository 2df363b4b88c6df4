//! `exceptions.csv`: what could not be collected, and what this form says in another way than the record.

use std::io::Write as _;

use crate::produce::formula::{Guarded, header};
use crate::produce::replaced::Replaced;
use crate::produce::{Folder, ProduceError, Work};

const COLUMNS: [&str; 7] = ["where", "class", "object", "expected", "found", "records", "effect"];

/// Rows are written out when this many bytes are gathered.
const BLOCK: usize = 256 << 10;

/// Writes it.
pub(super) fn write(work: &Work<'_>, replaced: &mut Replaced, folder: &Folder) -> Result<(), ProduceError> {
    let mut to = folder.create("papers/exceptions.csv")?;
    let mut rows = Vec::new();
    header(&mut rows, &COLUMNS);
    work.sealed.for_each_exception(|exception| {
        let effect = if exception.is_note() {
            "a note: nothing is missing by it"
        } else {
            "the archive lacks this, or has it in another way than the source"
        };
        let mut row = Guarded::new(&mut rows, &COLUMNS);
        row.plain("archive");
        for cell in [&exception.class, &exception.object, &exception.expected, &exception.found] {
            row.text(cell);
        }
        row.plain(&exception.records.to_string());
        row.plain(effect);
        row.end();
    })?;
    to.write_all(&rows).map_err(|error| to.failed(error))?;
    rows.clear();
    let listed = replaced.for_each(|[kind, id, what, why]| {
        let mut row = Guarded::new(&mut rows, &COLUMNS);
        row.plain("production");
        row.text(&what);
        row.text(&format!("{kind} {id}"));
        row.plain("as the record says it");
        row.text(&why);
        row.plain("1");
        row.plain("the record in the archive is as it was sealed");
        row.end();
        if rows.len() > BLOCK {
            to.write_all(&rows)?;
            rows.clear();
        }
        Ok(())
    });
    listed.map_err(|error| folder.temporary_failed(error))?;
    to.write_all(&rows).map_err(|error| to.failed(error))?;
    to.finish()?;
    Ok(())
}
