//! What an archive says about itself.

use super::super::printer::{Mark, Printer, count, harmless, size};
use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body};
use crate::archive::seal::Seal;
use crate::archive::summary::{Counts, Decided, Dispositions, Ruled, Summary};
use crate::record::time;
use serde::Serialize;
use std::fmt::Write as _;
use std::io;

/// Exceptions shown; the rest is counted.
const SHOWN: usize = 10;

/// The claims. Nothing here is proven.
#[derive(Serialize)]
pub(super) struct Claims {
    verified: bool,
    bag: String,
    /// The text of `seal.txt`.
    seal: String,
    #[serde(skip)]
    parsed: Option<Seal>,
    summary: Option<Summary>,
    exceptions: Vec<String>,
}

impl Claims {
    pub(super) fn read(archive: &Archive) -> io::Result<Self> {
        let seal = text(archive, &Member::Seal)?;
        let summary = text(archive, &Member::Summary)?;
        Ok(Self {
            verified: false,
            bag: archive.bag().to_string(),
            parsed: Seal::parse(seal.as_bytes()).ok(),
            seal,
            summary: Summary::parse(summary.as_bytes()).ok(),
            exceptions: exceptions(archive)?,
        })
    }

    pub(super) fn text(&self, printer: &Printer, name: &str) -> String {
        let mark = printer.mark(Mark::Look, "unverified: what follows is what the archive says about itself");
        let mut out = format!("{name}, {mark}\n\n");
        match &self.parsed {
            Some(seal) => out.push_str(&sealed(seal)),
            None => out.push_str("seal        not in a form that this version reads\n"),
        }
        if let Some(summary) = &self.summary {
            out.push_str(&counts(summary));
        }
        if !self.exceptions.is_empty() {
            out.push_str("\nexceptions and notes\n");
        }
        for line in self.exceptions.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}", harmless(line));
        }
        if self.exceptions.len() > SHOWN {
            let _ = writeln!(out, "  and {} more", count((self.exceptions.len() - SHOWN) as u64));
        }
        out
    }
}

fn sealed(seal: &Seal) -> String {
    let moment = |at: Option<i64>| at.map_or_else(|| "open".to_owned(), |at| time::format(at).unwrap_or_default());
    let window = format!("{} {} to {}", seal.clock.word(), moment(seal.window.from), moment(seal.window.until));
    let rows = [
        ("origin", seal.archive_origin()),
        ("sealed at", moment(Some(seal.time))),
        ("signer", seal.fingerprint()),
        ("window", window),
        ("policy", if seal.policy.is_some() { "yes" } else { "none" }.to_owned()),
        ("holds", if seal.holds.is_some() { "yes" } else { "none" }.to_owned()),
        ("previous", if seal.previous.is_some() { "yes" } else { "none" }.to_owned()),
    ];
    rows.iter().map(|(name, value)| format!("{name:<10}  {value}\n")).collect::<Vec<_>>().concat()
}

fn counts(summary: &Summary) -> String {
    let mut out = format!("records     {}\n", count(summary.records));
    let _ = writeln!(out, "files       {} ({})", count(summary.files), size(summary.file_bytes));
    let _ = writeln!(out, "exceptions  {}, and {} notes", count(summary.exceptions), count(summary.notes));
    out.push_str("\nkind, rows in the source = records + out of scope + withheld + quarantined\n");
    for (kind, counts) in &summary.kinds.0 {
        match *counts {
            Counts::Read { source, records, out_of_scope, withheld, quarantined } => {
                let parts = [records, out_of_scope, withheld, quarantined].map(count).join(" + ");
                let sign = if counts.is_complete() { "=" } else { "is not" };
                let _ = writeln!(out, "  {kind:<24}{} {sign} {parts}", count(source));
            }
            Counts::Finding { records } => {
                let _ = writeln!(out, "  {kind:<24}{} found", count(records));
            }
        }
    }
    summary.retention.iter().for_each(|decided| push_decided(&mut out, decided));
    out
}

/// What policies and holds decided, in numbers.
fn push_decided(out: &mut String, decided: &Decided) {
    let Dispositions { keep, held, review, transfer, dispose } = decided.dispositions;
    let numbers = [keep, held, review, transfer, dispose].map(count);
    let [keep, held, review, transfer, dispose] = &numbers;
    let _ =
        writeln!(out, "\nkept {keep}, held {held}, for review {review}, for transfer {transfer}, withheld {dispose}");
    out.push_str("rule, records + withheld\n");
    for (rule, Ruled { records, withheld }) in &decided.rules {
        let _ = writeln!(out, "  {:<24}{} + {}", harmless(rule), count(*records), count(*withheld));
    }
    let _ = writeln!(out, "  {:<24}{}", "no rule", count(decided.no_rule));
    if !decided.holds.is_empty() {
        out.push_str("hold, records that it covers\n");
    }
    for (hold, records) in &decided.holds {
        let _ = writeln!(out, "  {:<24}{}", harmless(hold), count(*records));
    }
}

fn text(archive: &Archive, member: &Member) -> io::Result<String> {
    let mut body = Body::default();
    match archive.find(member).map(|entry| archive.load(entry, &mut body)).transpose()? {
        Some(Ok(())) => Ok(String::from_utf8_lossy(body.bytes()).into_owned()),
        Some(Err(flaw)) => Err(io::Error::new(io::ErrorKind::InvalidData, format!("`{member}`: {}", flaw.meaning()))),
        None => Ok(String::new()),
    }
}

fn exceptions(archive: &Archive) -> io::Result<Vec<String>> {
    let Some(entry) = archive.find(&Member::Exceptions) else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut archive.stream(entry), &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}
