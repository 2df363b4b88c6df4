//! What was found wrong, collected and bounded.

use std::collections::BTreeMap;

use super::code::Code;
use super::layer::Layer;
use crate::archive::defect::{Defects, SHOWN};

/// Longest place or detail of a finding, in bytes: a name in a hostile record can have 16 MiB.
const MAX_TEXT: usize = 400;

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which way of being wrong.
    pub code: Code,
    /// A member's path with a line number, or a part of the zip.
    pub place: String,
    /// What was expected and what was found.
    pub detail: String,
}

/// All findings of one archive. Each code is listed up to [`SHOWN`] times and counted beyond, so that a report of a
/// ruined archive fits in memory and on paper.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    shown: Vec<Finding>,
    counts: BTreeMap<Code, u64>,
}

impl Findings {
    /// Adds a finding.
    pub fn push(&mut self, code: Code, place: impl Into<String>, detail: impl Into<String>) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= SHOWN {
            self.shown.push(Finding { code, place: short(place.into()), detail: short(detail.into()) });
        }
    }

    /// Adds a finding that is listed however many there are: each is a thing of its own that somebody has to look for.
    pub fn push_listed(&mut self, code: Code, place: impl Into<String>, detail: impl Into<String>) {
        *self.counts.entry(code).or_default() += 1;
        self.shown.push(Finding { code, place: short(place.into()), detail: short(detail.into()) });
    }

    /// Adds what was found behind this.
    pub fn append(&mut self, behind: Self) {
        for finding in behind.shown {
            if self.counts.get(&finding.code).is_none_or(|count| *count < SHOWN) {
                self.shown.push(finding.clone());
            }
            *self.counts.entry(finding.code).or_default() += 1;
        }
        // Beyond the listed ones, those that were only counted.
        for (code, count) in behind.counts {
            let listed = count.min(SHOWN);
            *self.counts.entry(code).or_default() += count - listed;
        }
    }

    /// Adds the defects of the container.
    pub fn extend(&mut self, defects: &Defects) {
        for defect in defects.shown() {
            self.push(Code::Zip(defect.flaw), &defect.place, &defect.detail);
        }
        for (flaw, count) in defects.counts() {
            *self.counts.entry(Code::Zip(*flaw)).or_default() += count.saturating_sub(SHOWN);
        }
    }

    /// Those that are listed, by layer and then as they were found.
    pub fn shown(&self) -> Vec<&Finding> {
        let mut shown: Vec<&Finding> = self.shown.iter().collect();
        shown.sort_by_key(|finding| finding.code.layer());
        shown
    }

    /// How many there are of each code.
    pub fn counts(&self) -> &BTreeMap<Code, u64> {
        &self.counts
    }

    /// How many there are in all.
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Whether something was found in `layer`.
    pub fn touches(&self, layer: Layer) -> bool {
        self.counts.keys().any(|code| code.layer() == layer)
    }
}

/// At most [`MAX_TEXT`] bytes of a text that may quote the archive.
fn short(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_archive_says_cannot_fill_a_report() {
        let mut findings = Findings::default();
        findings.push(Code::RecordMalformed, "é".repeat(1000), "x");
        let place = findings.shown()[0].place.clone();
        assert!(place.len() <= MAX_TEXT + 3 && place.ends_with('…'));
    }

    #[test]
    fn every_finding_is_counted_and_a_few_are_listed() {
        let many = |n: u64| {
            let mut findings = Findings::default();
            (0..n).for_each(|i| findings.push(Code::RecordOrder, format!("line {i}"), ""));
            findings
        };
        for (left, right) in [(0, 0), (3, 4), (19, 5), (20, 20), (25, 3), (3, 25), (100, 100)] {
            let mut joined = many(left);
            joined.append(many(right));
            assert_eq!(joined.total(), left + right);
            assert_eq!(joined.shown().len() as u64, (left + right).min(SHOWN), "{left} {right}");
        }
    }
}
