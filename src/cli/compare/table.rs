//! The findings as CSV (RFC 4180), one on each line.

use super::archives::Series;
use super::evidence;
use crate::chain::compare::Comparison;
use crate::record::id::hex;

/// Names of the columns. Ids, kinds and names of fields hold nothing that a spreadsheet would take for a formula but
/// ids that begin with a sign, which get an apostrophe.
const COLUMNS: [&str; 9] = ["class", "kind", "id", "at", "archive", "record", "line_sha256", "fields", "explanation"];

/// All findings.
pub(super) fn render(comparison: &Comparison, series: &Series) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS)?;
    for finding in &comparison.findings {
        let fields: Vec<&str> = finding.fields.iter().map(|field| field.name.as_str()).collect();
        let (archive, record, sha256) = finding.place.map_or_else(Default::default, |place| {
            (series.name(place.archive), place.record.to_string(), hex(&place.sha256))
        });
        let is_sign = finding.id.starts_with(['=', '+', '-', '@']);
        let id = if is_sign { format!("'{}", finding.id) } else { finding.id.clone() };
        let explanation = finding.reason.map(evidence::reason).unwrap_or_default();
        let (class, at, fields) = (evidence::code(finding.class), finding.at.to_string(), fields.join(" "));
        out.write_record([class, &finding.kind, &id, &at, &archive, &record, &sha256, &fields, explanation])?;
    }
    out.into_inner().map_err(|error| error.into_error().into())
}
