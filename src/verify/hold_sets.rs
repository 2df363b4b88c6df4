//! The table of sets of holds, held against the record lines that name them.
//!
//! A set is counted for each record that names it, and its holds when its line is read: what is kept of a set is its name
//! and a number, however many holds it has.

use std::io;

use super::checks::Checks;
use super::code::Code;
use super::members::{Expected, each_line};
use super::retention::Stated;
use crate::archive::names::Member;
use crate::archive::reader::Archive;
use crate::record::hold_set::{HoldSet, MAX_BYTES};

/// Reads the table and counts the holds of each set for the records that name it. `is_whole` says whether all records
/// were read, so that a set which none names is known to be one.
pub(super) fn read(
    archive: &Archive,
    expected: &Expected,
    is_whole: bool,
    stated: &mut Stated,
    checks: &mut Checks,
) -> io::Result<()> {
    let member = Member::HoldSets;
    if let Some(position) = archive.position(&member) {
        let entry = &archive.entries()[position];
        let mut last = None;
        let digest = each_line(archive, entry, MAX_BYTES, &mut checks.findings, |number, line, findings| {
            let place = || format!("{member} line {number}");
            let Some(set) = HoldSet::parse(line) else {
                return findings.push(Code::HoldSetMalformed, place(), "not in its one spelling");
            };
            if !set.is_named_rightly() {
                findings.push(Code::HoldSetDiffers, place(), format!("`{}`", set.name));
            }
            if last >= Some(set.name) {
                findings.push(Code::HoldSetOrder, place(), format!("`{}`", set.name));
            }
            let is_repeated = last.replace(set.name) == Some(set.name);
            if !is_repeated && !stated.resolve(&set) && is_whole {
                findings.push(Code::HoldSetUnused, place(), format!("`{}`", set.name));
            }
        })?;
        expected.require(position, &digest, &member.to_string(), &mut checks.findings);
        if entry.size == 0 {
            checks.found(Code::HoldSetUnused, member.to_string(), "it is there, and empty");
        }
    }
    for (name, records) in stated.unresolved() {
        checks.found(Code::HoldSetMissing, member.to_string(), format!("`{name}`, named by {records} records"));
    }
    Ok(())
}
