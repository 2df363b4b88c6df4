//! `jsonl`: the record lines as they were sealed, one file for each kind.
//!
//! Nothing is changed, not a byte, so each line can still be proven against the seal; scripts and databases read it as it
//! is. A field that is missing is NULL, times are milliseconds since 1970 in UTC.

use std::io::Write as _;

use super::wanted::Wanted;
use super::{Folder, Made, ProduceError, Work, records};

/// Writes `KIND.jsonl` for each kind that has records in the scope.
pub fn make(work: &Work<'_>, folder: &Folder) -> Result<Made, ProduceError> {
    let wanted = Wanted::find(*work)?;
    records::each_kind(work, |kind, walk| {
        let mut output = None;
        let mut count = 0_u64;
        walk.for_each_segment(
            |segment| {
                let (mut lines, mut count) = (Vec::new(), 0_u64);
                for (_, line) in segment.lines().filter(|(_, line)| wanted.admits(kind, line)) {
                    lines.extend_from_slice(line);
                    lines.push(b'\n');
                    count += 1;
                }
                (lines, count)
            },
            |(lines, found)| {
                if found > 0 {
                    let to = match &mut output {
                        Some(to) => to,
                        none => none.insert(folder.create(&format!("{kind}.jsonl"))?),
                    };
                    to.write_all(&lines).map_err(|error| to.failed(error))?;
                    count = count.saturating_add(found);
                }
                Ok::<_, ProduceError>(())
            },
        )?;
        output.map(super::folder::Output::finish).transpose()?;
        Ok(count)
    })
}
