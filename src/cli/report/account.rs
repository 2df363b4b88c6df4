//! One screen of counts when a report is written, and the same as a document.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::cli::printer::{count, harmless, size};
use crate::produce::folder::Written;
use crate::produce::incident::Run;
use crate::produce::papers::not_described;
use crate::produce::{Made, Work, report};

/// What was written.
#[derive(Serialize)]
pub(super) struct Account {
    output: String,
    run: String,
    name: String,
    bag: String,
    seal: String,
    standing: String,
    counts: serde_json::Map<String, serde_json::Value>,
    /// How many accounts are named that the archive does not describe.
    unknown: u64,
    files: usize,
    bytes: u64,
}

impl Account {
    pub(super) fn new(output: &Path, work: &Work<'_>, run: &Run, made: &Made, written: &[Written]) -> Self {
        Self {
            output: output.display().to_string(),
            run: run.id.to_string(),
            name: run.name.to_string(),
            bag: work.sealed.bag().to_owned(),
            seal: work.sealed.digest(),
            standing: work.sealed.standing.words(),
            counts: made.counts.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect(),
            unknown: work.directory.unknown(),
            files: written.len(),
            bytes: written.iter().fold(0, |sum, file| sum.saturating_add(file.bytes)),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.counts {
            let _ = writeln!(out, "{name:<16}{:>14}", count(value.as_u64().unwrap_or_default()));
        }
        if self.unknown > 0 {
            let _ = writeln!(out, "{}", not_described(self.unknown));
        }
        let output = harmless(&self.output).into_owned();
        let _ = writeln!(
            out,
            "reported on `{}` in `{output}/{}` and `{}`: {} files, {}, from seal {} ({})",
            harmless(&self.name),
            report::HTML,
            report::MARKDOWN,
            count(self.files as u64),
            size(self.bytes),
            self.seal,
            harmless(&self.standing)
        );
        out
    }
}
