//! `chatseal policy check`: every mistake in policy and holds files, at its place.

use super::load::{kinds, read};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::{Mark, Printer, count, harmless};
use crate::policy::document::{Content, Parsed, limits, parse, together};
use crate::policy::rule::{Precedence, Review};
use crate::record::time;
use clap::ValueHint;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Check policy and holds files
///
/// Reads each file by itself and lists everything that is wrong with it, with line and column and what to do about it:
/// the first finding never ends the check. What a file is, its first key says. With `--together` the files are also
/// held against each other, as `chatseal export` would apply them. No source is read, so that names of teams, channels
/// and people are judged by their spelling only.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    /// Policy files and holds files, in any order
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// Judge the files as one composition too: ids, precedence, and rules that clash across files
    #[arg(long)]
    together: bool,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "nothing is wrong with the files"),
        (Exit::FailedCheck, "a file has findings"),
        (Exit::Unavailable, "a file could not be read"),
    ],
    files: &[("FILE", "a policy or a holds file; see chatseal-policy(5)")],
    examples: &[
        ("Check a policy", "chatseal policy check retention.toml"),
        ("Check what an export is to apply", "chatseal policy check --together retention.toml holds.toml"),
    ],
    see_also: &["chatseal-policy(1)", "chatseal-policy(5)", "chatseal-export(1)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    if args.together && args.files.len() > limits::FILES {
        let message = format!("{} files together; at most {} are composed", args.files.len(), limits::FILES);
        return Err(Failure::new(Exit::Usage, message));
    }
    let names: Vec<String> = args.files.iter().map(|path| path.display().to_string()).collect();
    let mut parsed: Vec<(&str, Parsed)> = Vec::new();
    let mut unreadable: BTreeMap<&str, String> = BTreeMap::new();
    for (path, name) in args.files.iter().zip(&names) {
        match read(path) {
            Ok(bytes) => parsed.push((name, parse(&bytes, kinds()))),
            Err(error) => drop(unreadable.insert(name, error.to_string())),
        }
    }
    if args.together {
        together(&mut parsed, kinds());
    }
    let exit = if !unreadable.is_empty() {
        Exit::Unavailable
    } else if parsed.iter().any(|(_, parsed)| !parsed.findings().is_empty()) {
        Exit::FailedCheck
    } else {
        Exit::Ok
    };
    let document = Document {
        together: args.together,
        files: parsed.iter().map(|(name, parsed)| File::of(name, parsed)).collect(),
        unreadable: unreadable.iter().map(|(path, error)| Unreadable { path, error }).collect(),
    };
    printer.answer("policy-check", exit, &document, || document.text(printer, exit));
    Ok(exit)
}

/// The report.
#[derive(Serialize)]
struct Document<'a> {
    together: bool,
    files: Vec<File<'a>>,
    unreadable: Vec<Unreadable<'a>>,
}

#[derive(Serialize)]
struct Unreadable<'a> {
    path: &'a str,
    error: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    /// `policy` or `holds`; nothing where it could not be told.
    sort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    precedence: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<usize>,
    reviewed: Option<Reviewed<'a>>,
    findings: Vec<Found<'a>>,
    finding_counts: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct Reviewed<'a> {
    by: &'a str,
    on: Option<String>,
}

#[derive(Serialize)]
struct Found<'a> {
    code: &'static str,
    line: usize,
    column: usize,
    detail: &'a str,
    meaning: &'static str,
    next_step: &'a str,
}

impl<'a> File<'a> {
    fn of(path: &'a str, parsed: &'a Parsed) -> Self {
        let findings = parsed.findings().listed().iter().map(|finding| Found {
            code: finding.code.code(),
            line: finding.place.line,
            column: finding.place.column,
            detail: &finding.detail,
            meaning: finding.code.meaning(),
            next_step: finding.next_step(),
        });
        let counts = parsed.findings().counts().iter().map(|(code, count)| (code.code(), *count));
        let review = |review: &'a Option<Review>| {
            review.as_ref().map(|review| Reviewed { by: &review.by, on: time::format(review.on) })
        };
        let file = Self {
            path,
            sort: None,
            id: None,
            title: "",
            precedence: None,
            rules: None,
            holds: None,
            reviewed: None,
            findings: findings.collect(),
            finding_counts: counts.collect(),
        };
        match parsed.seen() {
            None => file,
            Some(Content::Policy(policy)) => Self {
                sort: Some("policy"),
                id: Some(&policy.id),
                title: &policy.title,
                precedence: Some(match policy.precedence {
                    Precedence::LongestMinimum => "longest-minimum",
                    Precedence::Mattermost => "mattermost",
                }),
                rules: Some(policy.rules.len()),
                reviewed: review(&policy.review),
                ..file
            },
            Some(Content::Holds(holds)) => Self {
                sort: Some("holds"),
                title: &holds.title,
                holds: Some(holds.holds.len()),
                reviewed: review(&holds.review),
                ..file
            },
        }
    }

    /// What the file is, on one line.
    fn line(&self) -> String {
        let number = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
        let what = match (self.rules, self.holds) {
            (Some(rules), _) => {
                let way = if self.precedence == Some("mattermost") { " as the server weighs them" } else { "" };
                format!("policy `{}`, {}{way}", self.id.unwrap_or_default(), number(rules, "rule"))
            }
            (None, Some(holds)) => number(holds, "hold"),
            (None, None) => return "neither a policy nor a holds file".to_owned(),
        };
        match &self.reviewed {
            Some(review) => format!("{what}, reviewed by {}", review.by),
            None => format!("{what}, reviewed by nobody"),
        }
    }
}

impl Document<'_> {
    /// The report for people: what each file is, what is wrong in the order of its lines, and the verdict last.
    fn text(&self, printer: &Printer, exit: Exit) -> String {
        let mut out = String::new();
        // What a code means is said once.
        let mut meant: BTreeSet<&str> = BTreeSet::new();
        for file in &self.files {
            let _ = writeln!(out, "{}: {}", printer.mark(Mark::Strong, &harmless(file.path)), harmless(&file.line()));
            for found in &file.findings {
                let place = format!("{}:{}:{}", file.path, found.line, found.column);
                let code = printer.mark(Mark::Bad, found.code);
                let _ = writeln!(out, "\n{}: {code}: {}", harmless(&place), harmless(found.detail));
                if meant.insert(found.code) {
                    let _ = writeln!(out, "  {}", found.meaning);
                }
                let _ = writeln!(out, "  next: {}", harmless(found.next_step));
            }
            let listed = |code: &str| file.findings.iter().filter(|found| found.code == code).count() as u64;
            for (code, total) in &file.finding_counts {
                let more = total.saturating_sub(listed(code));
                if more > 0 {
                    let _ = writeln!(out, "\n{}: {code}: and {} more", harmless(file.path), count(more));
                }
            }
            if !file.findings.is_empty() {
                out.push('\n');
            }
        }
        for file in &self.unreadable {
            let _ = writeln!(out, "{}: cannot be read: {}", harmless(file.path), harmless(file.error));
        }
        let mark = if exit == Exit::Ok { Mark::Good } else { Mark::Bad };
        let _ = writeln!(out, "verdict: {} ({})", printer.mark(mark, &self.verdict()), exit.name());
        out
    }

    fn verdict(&self) -> String {
        let total = self
            .files
            .iter()
            .flat_map(|file| file.finding_counts.values())
            .fold(0, |sum: u64, n| sum.saturating_add(*n));
        let wrong = self.files.iter().filter(|file| !file.findings.is_empty()).count();
        let number = |n: u64, one: &str| format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" });
        let judged = if self.together { ", judged together" } else { "" };
        let mut words = match (total, self.files.len()) {
            (_, 0) => "nothing could be read".to_owned(),
            (0, all) => format!("nothing wrong in {}{judged}", number(all as u64, "file")),
            (_, 1) => number(total, "finding"),
            (_, all) => format!("{} in {wrong} of {all} files{judged}", number(total, "finding")),
        };
        if !self.unreadable.is_empty() && !self.files.is_empty() {
            let _ = write!(words, "; {} could not be read", self.unreadable.len());
        }
        words
    }
}
