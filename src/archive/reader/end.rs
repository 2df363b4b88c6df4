//! Finding the end records, which say where the directory lies.

use std::fs::File;
use std::io;

use super::super::defect::{Defects, Flaw};
use super::super::zip::{CENTRAL, END, END_LEN, END64, END64_LEN, FULL, LOCATOR, LOCATOR_LEN};
use super::{MAX_MEMBERS, read_full};

/// A zip comment has at most this many bytes, so no end record lies further from the end.
const MAX_COMMENT: usize = u16::MAX as usize;

/// The end records, as they lie in the file.
pub(super) struct End {
    /// Bytes before the zip that its offsets do not count.
    pub(super) base: u64,
    /// Where the directory begins, as the zip counts.
    pub(super) start: u64,
    /// Its bytes.
    pub(super) size: u64,
    /// Its headers.
    pub(super) members: u64,
    /// The end records themselves, to be compared with what they should be.
    pub(super) records: Vec<u8>,
}

/// Finds the end records of a file of `length` bytes; `None` if nothing can be read without guessing.
pub(super) fn find(file: &File, length: u64, defects: &mut Defects) -> io::Result<Option<End>> {
    let window = (END64_LEN + LOCATOR_LEN + END_LEN + MAX_COMMENT) as u64;
    let tail_start = length.saturating_sub(window);
    let mut tail = vec![0; usize::try_from(length - tail_start).unwrap_or_default()];
    let read = read_full(file, &mut tail, tail_start)?;
    tail.truncate(read);
    let Some(at) = memchr::memmem::rfind(&tail, &END.to_le_bytes()).filter(|at| at + END_LEN <= tail.len()) else {
        defects.push(Flaw::NotAZip, "end record", "the file does not end as a zip does; it may be cut short");
        return Ok(None);
    };
    let behind = tail.len() - at - END_LEN;
    if behind > 0 {
        defects.push(Flaw::TrailingData, "end record", format!("{behind} bytes behind the end of the zip"));
    }
    let zip64 = at.checked_sub(LOCATOR_LEN + END64_LEN).filter(|start| {
        tail[start + END64_LEN..].starts_with(&LOCATOR.to_le_bytes())
            && tail[*start..].starts_with(&END64.to_le_bytes())
    });
    let first = zip64.unwrap_or(at);
    let records = tail[first..at + END_LEN].to_vec();
    let (members, size, start) = match zip64 {
        Some(_) => (u64_at(&records, 32), u64_at(&records, 40), u64_at(&records, 48)),
        None => (u16_at(&records, 10).into(), u32_at(&records, 12).into(), u32_at(&records, 16).into()),
    };
    let directory_end = tail_start + first as u64;
    let Some(base) = start.checked_add(size).and_then(|end| directory_end.checked_sub(end)) else {
        defects.push(Flaw::DirectoryDamaged, "end record", "the directory would lie beyond the end record");
        return Ok(None);
    };
    if members > MAX_MEMBERS {
        defects.push(Flaw::TooManyMembers, "end record", format!("{members} members, more than {MAX_MEMBERS}"));
        return Ok(None);
    }
    if base > 0 {
        let mut signature = [0; 4];
        let read = read_full(file, &mut signature, base + start)?;
        // Bytes were put before the zip if the directory lies the same distance further on.
        if read != 4 || (members > 0 && signature != CENTRAL.to_le_bytes()) || members == 0 {
            defects.push(
                Flaw::DirectoryDamaged,
                "end record",
                "the directory does not end where the end record begins",
            );
            return Ok(None);
        }
        defects.push(Flaw::LeadingData, "start of the file", format!("{base} bytes before the zip"));
    }
    Ok(Some(End { base, start, size, members, records }))
}

/// A 16-bit field; 0 beyond the end.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

/// A 32-bit field; 0 beyond the end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}

/// A 64-bit field; 0 beyond the end.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

/// A 32-bit field, or the next 64-bit value of the ZIP64 extra when it is full.
pub(super) fn wide(field: u32, extra: &mut &[u8]) -> Option<u64> {
    if field != FULL {
        return Some(field.into());
    }
    let (value, rest) = extra.split_first_chunk()?;
    *extra = rest;
    Some(u64::from_le_bytes(*value))
}
