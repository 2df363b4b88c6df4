//! The plan as CSV (RFC 4180): every group on a line, for a spreadsheet.

use crate::select::plan::{Fates, Plan, Saved};
use crate::source::catalogue::table;

/// Names of the columns. The last three are filled for holds only, the five before for all others.
const COLUMNS: [&str; 10] =
    ["group", "name", "kept", "held", "for_review", "for_transfer", "for_disposal", "covers", "saves", "saves_alone"];

/// The whole plan.
pub(super) fn render(plan: &Plan) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(COLUMNS)?;
    let mut fates = |group: &str, name: &str, fates: &Fates| {
        let Fates { keep, held, review, transfer, dispose } = *fates;
        let numbers = [keep, held, review, transfer, dispose].map(|number| number.to_string());
        let row = [group.to_owned(), guarded(name)].into_iter().chain(numbers);
        out.write_record(row.chain([const { String::new() }; 3]))
    };
    for (kind, counts) in &plan.kinds {
        fates("kind", table(*kind).kind, counts)?;
    }
    let groups = [("rule", &plan.rules), ("team", &plan.teams), ("channel", &plan.channels), ("month", &plan.months)];
    for (group, lines) in groups {
        for (name, counts) in lines {
            fates(group, name.as_deref().unwrap_or_default(), counts)?;
        }
    }
    fates("total", "", &plan.total)?;
    for (hold, Saved { covers, saves, alone }) in &plan.holds {
        let row = ["hold".to_owned(), guarded(hold)].into_iter().chain([const { String::new() }; 5]);
        out.write_record(row.chain([covers, saves, alone].map(ToString::to_string)))?;
    }
    out.into_inner().map_err(|error| error.into_error().into())
}

/// A name that a spreadsheet would take for a formula begins with an apostrophe; names come from the source.
fn guarded(name: &str) -> String {
    let is_formula = name.trim_start().starts_with(['=', '+', '-', '@']) || name.starts_with(['\t', '\r']);
    if is_formula { format!("'{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_formulas() {
        for (name, expected) in
            [("ops/bridge", "ops/bridge"), ("=1+1", "'=1+1"), (" @x", "' @x"), ("\tx", "'\tx"), ("", "")]
        {
            assert_eq!(guarded(name), expected);
        }
    }

    #[test]
    fn every_group_has_its_line() {
        let one = Fates { keep: 1, dispose: 2, ..Fates::default() };
        let mut plan = Plan { total: one, ..Plan::default() };
        plan.rules.insert(Some("p/r".to_owned()), one);
        plan.rules.insert(None, Fates::default());
        plan.holds.insert("2026-17".to_owned(), Saved { covers: 3, saves: 2, alone: 1 });
        let expected = "group,name,kept,held,for_review,for_transfer,for_disposal,covers,saves,saves_alone\n\
                        rule,,0,0,0,0,0,,,\n\
                        rule,p/r,1,0,0,0,2,,,\n\
                        total,,1,0,0,0,2,,,\n\
                        hold,2026-17,,,,,,3,2,1\n";
        assert_eq!(String::from_utf8(render(&plan).unwrap()).unwrap(), expected);
    }
}
