//! `csv-records`: one table for each kind, for spreadsheets and databases.
//!
//! The columns are our own four (`record_index`, `record_id`, `record_at`, `record_time`), all fields that occur in
//! records of the kind, in the order in which lines hold them, `retention`, and `neutralised`
//! ([`formula`](super::formula)). In `retention` the holds of a record stand by their ids, however many. Numbers and embedded JSON stand as they were sealed. A NULL is an empty cell, empty
//! text a quoted one.

use std::io::Write as _;

use super::formula::{Guarded, header};
use super::replaced::{Replaced, Replacement};
use super::wanted::Wanted;
use super::{Folder, Made, ProduceError, Work, records};
use crate::archive::hold_sets::HoldSets;
use crate::archive::walk::{Walk, WalkError};
use crate::record::fields::{Head, characters};
use crate::record::time;

/// Columns that do not come from `data`, before those that do.
const OURS: [&str; 4] = ["record_index", "record_id", "record_at", "record_time"];

/// The column of what a policy decided, behind those of `data`.
const RETENTION: &str = "retention";

/// Writes `KIND.csv` for each kind that has records in the scope.
pub fn make(work: &Work<'_>, folder: &Folder, replaced: &mut Replaced) -> Result<Made, ProduceError> {
    let wanted = Wanted::find(*work)?;
    let is_judged = work.sealed.seal.policy.is_some() || work.sealed.seal.holds.is_some();
    let sets = HoldSets::read(work.sealed.archive)?;
    records::each_kind(work, |kind, walk| {
        let table = Table::of(kind, &walk, is_judged)?;
        let mut output = None;
        let mut count = 0_u64;
        walk.for_each_segment(
            |segment| {
                let mut part = Part::default();
                for (index, line) in segment.lines().filter(|(_, line)| wanted.admits(kind, line)) {
                    part.row(kind, index, line, &table, &sets)?;
                }
                Ok::<_, WalkError>(part)
            },
            |part| {
                let part = part?;
                if part.count == 0 {
                    return Ok(());
                }
                let to = match &mut output {
                    Some(to) => to,
                    none => {
                        let to = none.insert(folder.create(&format!("{kind}.csv"))?);
                        let mut first = Vec::new();
                        header(&mut first, &table.columns);
                        to.write_all(&first).map_err(|error| to.failed(error))?;
                        to
                    }
                };
                to.write_all(&part.rows).map_err(|error| to.failed(error))?;
                count = count.saturating_add(part.count);
                for id in part.with_nul {
                    let why = "NUL became U+FFFD, because many readers of tables stop at it".to_owned();
                    let replacement = Replacement { kind, id, what: "control-character", why };
                    replaced.push(&replacement).map_err(|error| folder.temporary_failed(error))?;
                }
                Ok::<_, ProduceError>(())
            },
        )?;
        output.map(super::folder::Output::finish).transpose()?;
        Ok(count)
    })
}

/// The columns of a kind.
struct Table {
    columns: Vec<String>,
    /// Whether the last column says what a policy decided.
    is_judged: bool,
}

impl Table {
    /// Our own columns, and the fields that occur in records of a kind, in the order in which lines hold them.
    fn of(kind: &str, walk: &Walk<'_>, is_judged: bool) -> Result<Self, ProduceError> {
        let mut columns: Vec<String> = OURS.iter().map(|&name| name.to_owned()).collect();
        columns.extend(records::fields(kind, walk)?.into_iter().map(|(name, _)| name));
        columns.extend(is_judged.then(|| RETENTION.to_owned()));
        Ok(Self { columns, is_judged })
    }

    /// The columns that come from `data`.
    fn fields(&self) -> &[String] {
        let end = self.columns.len() - usize::from(self.is_judged);
        self.columns.get(OURS.len()..end).unwrap_or_default()
    }
}

/// Rows of one segment.
#[derive(Default)]
struct Part {
    rows: Vec<u8>,
    count: u64,
    /// Ids of records in which a NUL had to be replaced.
    with_nul: Vec<String>,
}

impl Part {
    fn row(
        &mut self,
        kind: &str,
        index: u64,
        line: &[u8],
        table: &Table,
        sets: &HoldSets<'_>,
    ) -> Result<(), WalkError> {
        let head = Head::of(line, kind);
        let at = head.at();
        let mut row = Guarded::new(&mut self.rows, &table.columns);
        row.plain(&index.to_string());
        row.text(head.id);
        row.plain(&at.to_string());
        row.plain(&Some(at).filter(|at| *at != 0).and_then(time::format).unwrap_or_default());
        let mut values = Vec::new();
        head.scan(&table.fields().iter().map(String::as_str).collect::<Vec<_>>(), &mut values);
        let mut has_nul = false;
        for value in values {
            match value.map(|value| (value.first(), characters(value))) {
                None => row.nothing(),
                Some((Some(b'"' | b'{' | b'['), text)) => {
                    has_nul |= text.contains('\0');
                    row.text(&text);
                }
                Some((_, text)) => row.plain(&text),
            }
        }
        if table.is_judged {
            row.text(&sets.resolved(records::retention(line))?);
        }
        row.end();
        self.count += 1;
        if has_nul {
            self.with_nul.push(head.id.to_owned());
        }
        Ok(())
    }
}
