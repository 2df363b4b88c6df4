//! Going through an archive kind by kind, for the forms that have a file for each.

use super::{Made, ProduceError, Work};
use crate::archive::walk::Walk;

/// Calls `each` with every kind of the archive, in its order, and a walk through its records; it returns how many the
/// form holds.
pub(super) fn each_kind<'a>(
    work: &Work<'a>,
    mut each: impl FnMut(&str, Walk<'a>) -> Result<u64, ProduceError>,
) -> Result<Made, ProduceError> {
    let (archive, progress) = (work.sealed.archive, work.progress);
    let whole = Walk::new(archive, progress)?;
    work.progress.expect(whole.bytes());
    let mut kinds: Vec<Box<str>> = whole.rows().iter().map(|row| row.kind.clone()).collect();
    kinds.dedup();
    let (mut records, mut files) = (0_u64, 0_u64);
    for kind in kinds {
        let count = each(&kind, Walk::new(archive, progress)?.kinds(|other| *other == *kind))?;
        records = records.saturating_add(count);
        files += u64::from(count > 0);
    }
    Ok(Made { counts: vec![("kinds", files), ("records", records)], remarks: Vec::new() })
}
