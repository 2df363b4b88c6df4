//! `parquet`: one typed table for each kind, for `DuckDB`, pandas, Spark, Trino.
//!
//! Columns are `record_index`, `record_id` and `record_at`, then every field that occurs in records of the kind, and
//! `retention` where something was decided, with the ids of all holds. A field is boolean or integer if all its values are; an integer whose name
//! ends in `_at` or `_time` is a time in milliseconds, UTC; everything else is text, embedded JSON as it was sealed. A
//! field that is missing is NULL; nothing is changed.
//!
//! The format is written here and not by the crate `parquet`: of that we would need a hundredth, it brings ten more
//! packages, and it makes pages on one thread. Readers of other people judge the files in tests.

mod table;
mod thrift;

use std::io;

use super::records::{self, Shape};
use super::wanted::Wanted;
use super::{Folder, Made, ProduceError, Work};
use crate::archive::hold_sets::HoldSets;
use crate::archive::walk::{SegmentText, Walk, WalkError};
use crate::record::fields::{Head, characters, integer, is_true};
use table::{Column, Page, Sort, Table, Values};

/// Packed bytes of a row group, about.
const GROUP: usize = 32 << 20;

/// Columns that do not come from `data`, before those that do.
const OURS: [(&str, Sort); 3] =
    [("record_index", Sort::Integer), ("record_id", Sort::Text), ("record_at", Sort::Moment)];

/// Writes `KIND.parquet` for each kind that has records in the scope.
pub fn make(work: &Work<'_>, folder: &Folder) -> Result<Made, ProduceError> {
    let wanted = Wanted::find(*work)?;
    let is_judged = work.sealed.seal.policy.is_some() || work.sealed.seal.holds.is_some();
    let sets = HoldSets::read(work.sealed.archive)?;
    let sets = is_judged.then_some(&sets);
    records::each_kind(work, |kind, walk| one(work, kind, &walk, &wanted, sets, folder))
}

fn one(
    work: &Work<'_>,
    kind: &str,
    walk: &Walk<'_>,
    wanted: &Wanted<'_>,
    sets: Option<&HoldSets<'_>>,
    folder: &Folder,
) -> Result<u64, ProduceError> {
    let fields = records::fields(kind, walk)?;
    let mut columns: Vec<Column> =
        OURS.iter().map(|(name, sort)| Column { name: (*name).to_owned(), sort: *sort }).collect();
    columns.extend(fields.iter().map(|(name, shape)| Column { name: name.clone(), sort: sort(name, *shape) }));
    columns.extend(sets.map(|_| Column { name: "retention".to_owned(), sort: Sort::Text }));
    let path = format!("{kind}.parquet");
    let (mut table, mut group, mut held, mut count) = (None, Vec::new(), 0, 0_u64);
    walk.for_each_segment(
        |segment| pages(segment, &columns, wanted, sets),
        |part| {
            let (rows, pages) = part?;
            let pages = pages.map_err(|error| folder.temporary_failed(error))?;
            if rows == 0 {
                return Ok(());
            }
            count += rows;
            let table = match &mut table {
                Some(table) => table,
                none => {
                    let to = folder.create(&path)?;
                    none.insert(Table::begin(to, columns.clone()).map_err(|error| folder.temporary_failed(error))?)
                }
            };
            group.resize_with(columns.len(), Vec::new);
            for (column, page) in group.iter_mut().zip(pages) {
                held += page.len();
                column.push(page);
            }
            if held >= GROUP {
                held = 0;
                table.group(std::mem::take(&mut group)).map_err(|error| folder.temporary_failed(error))?;
            }
            Ok::<_, ProduceError>(())
        },
    )?;
    if let Some(mut table) = table {
        let failed = |error| folder.temporary_failed(error);
        if !group.is_empty() {
            table.group(group).map_err(failed)?;
        }
        let about = [
            ("chatseal.seal", work.sealed.digest()),
            ("chatseal.standing", work.sealed.standing.words()),
            ("chatseal.kind", kind.to_owned()),
        ];
        table.finish(concat!("chatseal ", env!("CARGO_PKG_VERSION")), &about).map_err(failed)?.finish()?;
    }
    Ok(count)
}

fn sort(name: &str, shape: Shape) -> Sort {
    match shape {
        Shape::Boolean => Sort::Boolean,
        Shape::Integer if name.ends_with("_at") || name.ends_with("_time") => Sort::Moment,
        Shape::Integer => Sort::Integer,
        Shape::Null | Shape::Text => Sort::Text,
    }
}

/// The rows of a segment, a page for each column.
fn pages(
    segment: SegmentText<'_>,
    columns: &[Column],
    wanted: &Wanted<'_>,
    sets: Option<&HoldSets<'_>>,
) -> Result<(u64, io::Result<Vec<Page>>), WalkError> {
    let kind = segment.kind();
    let mut all: Vec<Values> = columns.iter().map(|_| Values::default()).collect();
    let of_data = columns.get(OURS.len()..columns.len() - usize::from(sets.is_some())).unwrap_or_default();
    let names: Vec<&str> = of_data.iter().map(|column| column.name.as_str()).collect();
    let (mut rows, mut found) = (0_u64, Vec::new());
    for (index, line) in segment.lines().filter(|(_, line)| wanted.admits(kind, line)) {
        rows += 1;
        let head = Head::of(line, kind);
        head.scan(&names, &mut found);
        let mut values = all.iter_mut();
        let mut next = |value: &dyn Fn(&mut Values)| values.next().map(value);
        next(&|values| values.integer(i64::try_from(index).unwrap_or(i64::MAX)));
        next(&|values| values.text(head.id));
        next(&|values| values.integer(head.at()));
        for (column, value) in of_data.iter().zip(&found) {
            next(&|values| push(values, column.sort, *value));
        }
        if let Some(sets) = sets {
            let retention = sets.resolved(records::retention(line))?;
            next(&|values| values.text(&retention));
        }
    }
    Ok((rows, all.into_iter().map(Values::page).collect()))
}

fn push(values: &mut Values, sort: Sort, value: Option<&[u8]>) {
    let Some(text) = value else { return values.null() };
    match sort {
        Sort::Boolean => values.boolean(is_true(value)),
        Sort::Integer | Sort::Moment => match integer(value) {
            Some(number) => values.integer(number),
            None => values.null(),
        },
        Sort::Text => values.text(&characters(text)),
    }
}
