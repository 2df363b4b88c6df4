//! The comparison for people: a table of kinds, the evidence, and the sentence that matters last.

use std::fmt::Write as _;

use super::archives::Series;
use super::evidence;
use crate::chain::compare::{Class, Comparison, Finding, Tally};
use crate::cli::exit::Exit;
use crate::cli::printer::{Mark, Printer, count, harmless};
use crate::record::time;

/// Findings shown of each class; JSON and CSV have all.
const SHOWN: usize = 20;

/// The whole answer.
pub(super) fn render(printer: &Printer, comparison: &Comparison, series: &Series, exit: Exit) -> String {
    let mut out = kinds(comparison);
    for (class, title) in [
        (Class::Altered, "altered: differs from what was sealed, and its clock did not move"),
        (Class::Vanished, "vanished: sealed, and not in the source"),
        (Class::Inserted, "inserted: never sealed, though older than what was"),
        (Class::Undated, "changed, and does not say when"),
        (Class::Changed, "changed, and says so"),
    ] {
        section(&mut out, comparison, series, class, title);
    }
    out + &verdict(printer, comparison, exit)
}

fn kinds(comparison: &Comparison) -> String {
    let mut out = format!(
        "{:<24} {:>11} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12}\n",
        "kind", "unchanged", "changed", "altered", "vanished", "inserted", "new", "not covered"
    );
    for (kind, tally) in &comparison.kinds {
        let numbers = [
            tally.unchanged,
            tally.changed + tally.undated,
            tally.altered,
            tally.vanished,
            tally.inserted,
            tally.new,
            tally.sealed_only + tally.uncovered,
        ];
        let [unchanged, changed, altered, vanished, inserted, new, not_covered] = numbers.map(count);
        let _ = writeln!(
            out,
            "{:<24} {unchanged:>11} {changed:>9} {altered:>9} {vanished:>9} {inserted:>9} {new:>9} {not_covered:>12}",
            harmless(kind)
        );
    }
    let total = |number: fn(&Tally) -> u64| comparison.kinds.values().map(number).sum::<u64>();
    for (number, words) in [
        (total(|tally| tally.stated), "are gone, as a later archive already states"),
        (total(|tally| tally.withheld), "were kept out of the archives by a policy"),
    ] {
        if number > 0 {
            let _ = writeln!(out, "{} records {words}", count(number));
        }
    }
    out
}

fn section(out: &mut String, comparison: &Comparison, series: &Series, class: Class, title: &str) {
    let all: Vec<&Finding> = comparison.findings.iter().filter(|finding| finding.class == class).collect();
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for finding in all.iter().take(SHOWN) {
        let at = if finding.at == 0 { None } else { time::format(finding.at) };
        let at = at.map_or_else(String::new, |at| format!(" of {at}"));
        let _ = write!(out, "  {} {}{at}", harmless(&finding.kind), harmless(&finding.id));
        if let Some(place) = finding.place {
            let name = series.name(place.archive);
            let _ = write!(out, ", sealed in `{}` as record {}", harmless(&name), count(place.record));
        }
        if !finding.fields.is_empty() {
            let names: Vec<&str> = finding.fields.iter().map(|field| field.name.as_str()).collect();
            let _ = write!(out, ": {}", harmless(&names.join(", ")));
        }
        if let Some(reason) = finding.reason {
            let _ = write!(out, ": {}", evidence::because(reason));
        }
        out.push('\n');
        for field in &finding.fields {
            let value = |value: &Option<String>| {
                value.as_deref().map_or_else(|| "absent".to_owned(), |value| harmless(value).into_owned())
            };
            if field.sealed.is_some() || field.now.is_some() {
                let _ =
                    writeln!(out, "    {}: {} -> {}", harmless(&field.name), value(&field.sealed), value(&field.now));
            }
        }
    }
    if all.len() > SHOWN {
        let _ = writeln!(out, "  and {} more; `--format csv` has them all", count((all.len() - SHOWN) as u64));
    }
}

fn verdict(printer: &Printer, comparison: &Comparison, exit: Exit) -> String {
    let total = |number: fn(&Tally) -> u64| comparison.kinds.values().map(number).sum::<u64>();
    let words = if comparison.is_sound() {
        let words = "nothing was altered, vanished or inserted";
        if exit == Exit::Ok { words.to_owned() } else { format!("{words}, as far as the source could be read") }
    } else {
        let [altered, vanished, inserted] =
            [total(|tally| tally.altered), total(|tally| tally.vanished), total(|tally| tally.inserted)].map(count);
        format!("{altered} altered, {vanished} vanished, {inserted} inserted")
    };
    let mark = match exit {
        Exit::Ok => Mark::Good,
        Exit::FailedCheck => Mark::Bad,
        _ => Mark::Look,
    };
    let aside = total(|tally| tally.sealed_only + tally.uncovered);
    let aside = if aside == 0 { String::new() } else { format!("; {} records not covered", count(aside)) };
    format!("\n{}{aside}\n", printer.mark(mark, &words))
}
