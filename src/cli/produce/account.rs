//! One screen of counts when a production is made, and the same as a document.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::cli::printer::{count, harmless, size};
use crate::produce::folder::Written;
use crate::produce::papers::not_described;
use crate::produce::{Form, Made, Replaced, Work};

/// What was produced.
#[derive(Serialize)]
pub(super) struct Account {
    output: String,
    format: &'static str,
    bag: String,
    seal: String,
    standing: String,
    scope: Vec<String>,
    counts: serde_json::Map<String, serde_json::Value>,
    /// What had to be replaced or left out, by sort.
    replaced: BTreeMap<&'static str, u64>,
    /// How many accounts are named that the archive does not describe.
    unknown: u64,
    remarks: Vec<String>,
    files: usize,
    bytes: u64,
}

impl Account {
    pub(super) fn new(
        form: Form,
        output: &Path,
        work: &Work<'_>,
        made: &Made,
        replaced: &Replaced,
        written: &[Written],
    ) -> Self {
        Self {
            output: output.display().to_string(),
            format: form.word(),
            bag: work.sealed.bag().to_owned(),
            seal: work.sealed.digest(),
            standing: work.sealed.standing.words(),
            scope: work.scope.words(),
            counts: made.counts.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect(),
            replaced: replaced.counts().clone(),
            unknown: work.directory.unknown(),
            remarks: made.remarks.clone(),
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
        for (what, times) in &self.replaced {
            let _ = writeln!(out, "replaced {what}: {}", count(*times));
        }
        if self.unknown > 0 {
            let _ = writeln!(out, "{}", not_described(self.unknown));
        }
        for remark in &self.remarks {
            let _ = writeln!(out, "note: {}", harmless(remark));
        }
        let _ = writeln!(
            out,
            "produced `{}` as {}: {} files, {}, from seal {} ({})",
            harmless(&self.output),
            self.format,
            count(self.files as u64),
            size(self.bytes),
            self.seal,
            harmless(&self.standing)
        );
        out
    }
}
