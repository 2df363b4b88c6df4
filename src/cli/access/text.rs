//! The answer for people: what is certain first, then what is known only as it stood, then what nobody can know.

use super::document::{Dealt, Document, Granted, Missing, OfPlace, OfUser, Person, Record, Said};
use crate::cli::printer::{Mark, Printer, count, harmless};
use std::fmt::Write as _;

/// Lines of one section; the rest is counted, and stands in the other forms.
const SHOWN: usize = 40;

/// Who has no name here: nothing in a server says who they are.
const BEYOND: &str =
    "whoever reads the database, its backups, the file store, exports, mail or push messages: no record names them";

/// A time that no record says.
const UNKNOWN: &str = "an unknown time";

pub(super) fn text(printer: &Printer, document: &Document) -> String {
    let mut out = String::new();
    let as_of = format!("{}, {}", document.as_of.as_deref().unwrap_or(UNKNOWN), document.as_of_clock);
    for of in document.places.iter().flatten() {
        of_place(&mut out, printer, of, document.at.as_deref(), &as_of);
    }
    if let Some(of) = &document.user {
        of_user(&mut out, printer, of, document.at.as_deref(), &as_of);
    }
    let _ = writeln!(out, "from seal {} ({})", document.seal, harmless(&document.standing));
    out
}

fn of_place(out: &mut String, printer: &Printer, of: &OfPlace, at: Option<&str>, as_of: &str) {
    let kinds: Vec<&str> = of.records.iter().map(|record| &*record.kind).collect();
    let id = of.records.first().map(|record| harmless(&record.id)).unwrap_or_default();
    let heading = format!("{} `{id}`", kinds.join(", "));
    let _ = writeln!(out, "{}", printer.mark(Mark::Strong, &heading));
    let _ = writeln!(out, "  stands in   {} ({})", harmless(&of.place.name), of.place.sort);
    let from = of.from.as_deref().unwrap_or(UNKNOWN);
    let until = of.until.as_deref().unwrap_or(as_of);
    let _ = writeln!(out, "  was there   {from} to {until}");
    if let Some(at) = at {
        let _ = writeln!(out, "  asked for   {at}");
    }
    of.facts.iter().for_each(|fact| statement(out, fact));
    let (certain, current): (Vec<&Granted>, Vec<&Granted>) =
        of.grants.iter().partition(|grant| grant.certainty == "certain");
    people(out, printer, "certain, because records say so with their times", &certain);
    // Whoever is certain all that time needs no second line.
    let is_new = |current: &&Granted| !certain.iter().any(|certain| covers(certain, current));
    let more: Vec<&Granted> = current.into_iter().filter(is_new).collect();
    people(out, printer, "only as it stood when sealed", &more);
    if of.elsewhen > 0 {
        let _ = writeln!(out, "\n{} memberships do not touch its life", count(of.elsewhen));
    }
    section(out, printer, "by these rules of the server", &of.rules);
    let _ = writeln!(out, "\n{}", printer.mark(Mark::Look, "not known"));
    of.doubts.iter().for_each(|doubt| statement(out, doubt));
    let _ = writeln!(out, "  {BEYOND}");
    traces(out, printer, &of.traces);
    lacks(out, printer, &of.lacks);
    out.push('\n');
}

/// Whether one grant says all that another of the same person does.
fn covers(one: &Granted, other: &Granted) -> bool {
    let begins = matches!((&one.from, &other.from), (Some(one), Some(other)) if one <= other);
    let ends = one.end == "sealed" || matches!((&one.until, &other.until), (Some(one), Some(other)) if one >= other);
    one.user.id == other.user.id && begins && ends
}

fn of_user(out: &mut String, printer: &Printer, of: &OfUser, at: Option<&str>, as_of: &str) {
    let _ = writeln!(out, "{}", printer.mark(Mark::Strong, &person(&of.user)));
    let _ = match at {
        Some(at) => writeln!(out, "  could see at {at}"),
        None => writeln!(out, "  could see until {as_of}"),
    };
    of.facts.iter().for_each(|fact| statement(out, fact));
    if !of.everything.is_empty() {
        let _ = writeln!(out, "\n{}", printer.mark(Mark::Strong, "everything, as one who runs the server"));
        of.everything.iter().for_each(|grant| line(out, grant, ""));
    }
    for (certainty, heading) in
        [("certain", "certain, because records say so with their times"), ("current", "only as it stood when sealed")]
    {
        let of_it =
            of.reaches.iter().filter(|reach| reach.grants.first().is_some_and(|grant| grant.certainty == certainty));
        let of_it: Vec<_> = of_it.collect();
        if !of_it.is_empty() {
            let _ = writeln!(out, "\n{}", printer.mark(Mark::Strong, heading));
        }
        for reach in of_it {
            let has_posts = reach.place.sort.ends_with("channel");
            let counts = format!("; posts {}, files {}", count(reach.posts), count(reach.files));
            let counts = if has_posts { counts.as_str() } else { "" };
            let _ = writeln!(out, "  {} ({}){counts}", harmless(&reach.place.name), reach.place.sort);
            reach.grants.iter().for_each(|grant| line(out, grant, "    "));
        }
    }
    if of.everything.is_empty() && of.reaches.is_empty() {
        let _ = writeln!(out, "\nnothing that the archive knows of");
    }
    let _ = writeln!(
        out,
        "\n{}\n  what he was shown or sent by others: no record says it",
        printer.mark(Mark::Look, "not known")
    );
    lacks(out, printer, &of.lacks);
    out.push('\n');
}

fn people(out: &mut String, printer: &Printer, heading: &str, grants: &[&Granted]) {
    if grants.is_empty() {
        let _ = writeln!(out, "\n{}\n  nobody", printer.mark(Mark::Strong, heading));
        return;
    }
    let _ = writeln!(out, "\n{}", printer.mark(Mark::Strong, heading));
    for grant in grants.iter().take(SHOWN) {
        let _ = writeln!(out, "  {}", person(&grant.user));
        line(out, grant, "    ");
    }
    if let Some(more) = grants.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {} more, whom `--format csv` lists", count(more as u64));
    }
}

/// By what, from when until when, and what says so.
fn line(out: &mut String, grant: &Granted, indent: &str) {
    let from = grant.from.as_deref().unwrap_or(UNKNOWN);
    let until = match (grant.end, grant.until.as_deref()) {
        (_, Some(until)) => until,
        ("sealed", None) => "the sealing",
        _ => UNKNOWN,
    };
    let indent = if indent.is_empty() { "  " } else { indent };
    let _ = write!(out, "{indent}{:<15}{from} to {until}", grant.way);
    if !grant.remark.is_empty() {
        let _ = write!(out, "; {}", harmless(&grant.remark));
    }
    let _ = writeln!(out, "\n{indent}{:<15}{}", "", cited(&grant.records));
}

fn section(out: &mut String, printer: &Printer, heading: &str, statements: &[Said]) {
    if !statements.is_empty() {
        let _ = writeln!(out, "\n{}", printer.mark(Mark::Strong, heading));
        for said in statements {
            statement(out, said);
        }
    }
}

fn statement(out: &mut String, said: &Said) {
    let at = said.at.as_deref().map(|at| format!("{at}: ")).unwrap_or_default();
    let _ = writeln!(out, "  {at}{}  {}", harmless(&said.what), cited(&said.records));
}

fn traces(out: &mut String, printer: &Printer, traces: &[Dealt]) {
    if traces.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", printer.mark(Mark::Strong, "what shows that somebody dealt with it"));
    for Dealt { at, user, what, record } in traces.iter().take(SHOWN) {
        let at = at.as_deref().unwrap_or("(no time)");
        let _ = writeln!(out, "  {at}  {} {}  {}", person(user), harmless(what), cited(std::slice::from_ref(record)));
    }
    if let Some(more) = traces.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(out, "  and {} more, which `--format json` lists", count(more as u64));
    }
}

fn lacks(out: &mut String, printer: &Printer, lacks: &[Missing]) {
    if lacks.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", printer.mark(Mark::Look, "what the archive may lack"));
    for lack in lacks {
        let _ = writeln!(out, "  {}", lack.what);
    }
}

fn person(person: &Person) -> String {
    let marks = [(person.is_bot, "bot"), (person.is_guest, "guest"), (!person.is_known, "not described here")];
    let marks: Vec<&str> = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect();
    let marks = if marks.is_empty() { String::new() } else { format!(", {}", marks.join(", ")) };
    format!("{}{marks}", harmless(&person.name))
}

fn cited(records: &[Record]) -> String {
    let records: Vec<String> =
        records.iter().map(|record| format!("{}/{}", record.kind, harmless(&record.id))).collect();
    if records.is_empty() { String::new() } else { format!("[{}]", records.join(" ")) }
}
