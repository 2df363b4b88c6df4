//! `jsonl`: the record lines as they were sealed, one file for each kind.
//!
//! Nothing is changed, not a byte, so each line can still be proven against the seal; scripts and databases read it as it
//! is. A field that is missing is NULL, times are milliseconds since 1970 in UTC. Where lines name sets of holds, the
//! lines of these sets stand in `hold-sets.jsonl`, as they were sealed too.

use std::collections::BTreeSet;
use std::io::Write as _;

use super::wanted::Wanted;
use super::{Folder, Made, ProduceError, Work, records};
use crate::archive::hold_sets::HoldSets;
use crate::record::hold_set::{self, SetName};

/// Which holds a set names; no kind has this name.
const HOLD_SETS: &str = "hold-sets.jsonl";

/// Writes `KIND.jsonl` for each kind that has records in the scope.
pub fn make(work: &Work<'_>, folder: &Folder) -> Result<Made, ProduceError> {
    let wanted = Wanted::find(*work)?;
    let is_judged = work.sealed.seal.policy.is_some() || work.sealed.seal.holds.is_some();
    let mut sets = BTreeSet::new();
    let mut made = records::each_kind(work, |kind, walk| {
        let mut output = None;
        let mut count = 0_u64;
        walk.for_each_segment(
            |segment| {
                let (mut lines, mut sets, mut count) = (Vec::new(), BTreeSet::new(), 0_u64);
                for (_, line) in segment.lines().filter(|(_, line)| wanted.admits(kind, line)) {
                    lines.extend_from_slice(line);
                    lines.push(b'\n');
                    count += 1;
                    if is_judged {
                        sets.extend(hold_set::named(records::retention(line)).map(|(_, name)| name));
                    }
                }
                (lines, sets, count)
            },
            |(lines, mut named, found)| {
                sets.append(&mut named);
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
    })?;
    if !sets.is_empty() {
        write_sets(work, folder, &sets)?;
        made.remarks.push(format!("which holds a `set:` names: {HOLD_SETS}"));
    }
    Ok(made)
}

fn write_sets(work: &Work<'_>, folder: &Folder, sets: &BTreeSet<SetName>) -> Result<(), ProduceError> {
    let known = HoldSets::read(work.sealed.archive)?;
    let mut to = folder.create(HOLD_SETS)?;
    for name in sets {
        to.write_all(&known.line(*name)?).map_err(|error| to.failed(error))?;
    }
    to.finish()?;
    Ok(())
}
