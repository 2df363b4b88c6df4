//! Whether records say why they are in the scope of an incident: all of them in the archive of one, else none.
//!
//! Whether a reason is a good one, its ids show to whoever follows them.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::checks::Checks;
use super::code::Code;
use super::records::Part;
use crate::archive::names::Member;

/// As much of `data/source.json` as matters here.
#[derive(Deserialize)]
struct Source {
    incident: Option<IgnoredAny>,
}

/// Holds the records against what `data/source.json` says was exported; one that cannot be read is found elsewhere.
pub(super) fn compare(part: &Part, source: Option<&[u8]>, checks: &mut Checks) {
    let Some(Ok(source)) = source.map(serde_json::from_slice::<Source>) else { return };
    if part.unread > 0 {
        return;
    }
    let records: u64 = part.rows.iter().map(|row| row.records).sum();
    let expected = if source.incident.is_some() { records } else { 0 };
    if part.reasoned != expected {
        let of = if source.incident.is_some() { "an incident" } else { "no incident" };
        let detail = format!("{} of {records} records say why they are there, in an archive of {of}", part.reasoned);
        checks.found(Code::BecauseUnexpected, Member::Source.to_string(), detail);
    }
}
