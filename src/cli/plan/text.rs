//! The plan for people: what would be exported, what is due, what holds save; the sentence that matters last.

use std::fmt::Write as _;

use crate::cli::exit::Exit;
use crate::cli::printer::{Mark, Printer, count, harmless};
use crate::select::plan::{Fates, Plan};
use crate::source::catalogue::table;

/// Lines shown of a table that may be long; JSON and CSV have all.
const SHOWN: usize = 20;

/// The whole plan.
pub(super) fn render(printer: &Printer, plan: &Plan, is_judged: bool, exit: Exit) -> String {
    let mut out = completeness(plan);
    if is_judged {
        let named = |name: &Option<String>, none: &str| name.clone().unwrap_or_else(|| none.to_owned());
        section(&mut out, "rule", plan.rules.iter().map(|(name, fates)| (named(name, "(no rule)"), *fates)), false);
        // The first table has all kinds; here are those of which something is due.
        let due = plan.kinds.iter().filter(|(_, fates)| fates.total() > fates.keep);
        let kinds = due.map(|(kind, fates)| (table(*kind).kind.to_owned(), *fates));
        section(&mut out, "kind", kinds, false);
        section(&mut out, "team", plan.teams.iter().map(|(name, fates)| (named(name, "(no team)"), *fates)), true);
        let channels = plan.channels.iter().map(|(name, fates)| (named(name, "(no channel)"), *fates));
        section(&mut out, "channel", channels, true);
        section(&mut out, "month", plan.months.iter().map(|(name, fates)| (named(name, "(no time)"), *fates)), false);
        holds(&mut out, plan);
    }
    out + &verdict(printer, plan, is_judged, exit)
}

fn completeness(plan: &Plan) -> String {
    let mut out =
        format!("{:<28} {:>12} {:>12} {:>13} {:>12}\n", "kind", "in source", "in scope", "out of scope", "quarantined");
    for row in &plan.equation {
        let Some(source) = row.source else { continue };
        let [source, records, out_of_scope, quarantined] =
            [source, row.records, row.out_of_scope, row.quarantined].map(count);
        let _ = writeln!(
            out,
            "{:<28} {source:>12} {records:>12} {out_of_scope:>13} {quarantined:>12}",
            table(row.rank).kind
        );
    }
    out
}

/// One table; of a long one the lines with most records that are due, then with most records.
fn section(out: &mut String, what: &str, lines: impl Iterator<Item = (String, Fates)>, is_long: bool) {
    let mut lines: Vec<(String, Fates)> = lines.collect();
    let all = lines.len();
    if is_long && all > SHOWN {
        lines.sort_by_key(|(name, fates)| (std::cmp::Reverse((fates.total() - fates.keep, fates.keep)), name.clone()));
        lines.truncate(SHOWN);
    }
    let _ = writeln!(
        out,
        "\n{:<28} {:>12} {:>12} {:>12} {:>12} {:>12}",
        format!("by {what}"),
        "kept",
        "held",
        "for review",
        "for transfer",
        "for disposal"
    );
    for (name, Fates { keep, held, review, transfer, dispose }) in &lines {
        let numbers = [keep, held, review, transfer, dispose].map(|number| count(*number));
        let [keep, held, review, transfer, dispose] = numbers;
        let name = harmless(name);
        let _ = writeln!(out, "{name:<28} {keep:>12} {held:>12} {review:>12} {transfer:>12} {dispose:>12}");
    }
    if lines.len() < all {
        let _ = writeln!(out, "and {} more; `--format csv` has them all", count((all - lines.len()) as u64));
    }
}

fn holds(out: &mut String, plan: &Plan) {
    if plan.holds.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{:<28} {:>12} {:>12} {:>12}", "by hold", "covers", "saves", "saves alone");
    for (hold, saved) in &plan.holds {
        let [covers, saves, alone] = [saved.covers, saved.saves, saved.alone].map(count);
        let _ = writeln!(out, "{:<28} {covers:>12} {saves:>12} {alone:>12}", harmless(hold));
    }
    out.push_str("saves: would be due for disposal if no hold covered them; alone: no other hold covers them\n");
}

fn verdict(printer: &Printer, plan: &Plan, is_judged: bool, exit: Exit) -> String {
    let quarantined: u64 = plan.equation.iter().map(|row| row.quarantined).sum();
    let mut words = format!("{} records would be exported", count(plan.total.exported()));
    if is_judged {
        let _ = write!(words, ", {} withheld as due for disposal", count(plan.total.dispose));
    }
    if plan.total.held > 0 {
        let _ = write!(words, ", {} are due and held", count(plan.total.held));
    }
    if quarantined > 0 {
        let _ = write!(words, "; {} rows could not be read", count(quarantined));
    }
    let mark = if exit == Exit::Ok { Mark::Strong } else { Mark::Look };
    format!("\n{}; nothing was written\n", printer.mark(mark, &words))
}
