//! What was found wrong, where, collected and bounded.

use super::code::Code;
use std::collections::BTreeMap;

/// How often a code is listed for one file; beyond it is counted.
pub const SHOWN: u64 = 20;

/// Longest quotation of the file in a finding, in characters.
const LONGEST: usize = 100;

/// A place in a file, counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Character in the line.
    pub column: usize,
}

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which way of being wrong.
    pub code: Code,
    /// Where it stands; of several places the last, which is the one to be corrected.
    pub place: Place,
    /// What was expected and what was found.
    pub detail: String,
    /// What to do, where that can be said better than by the code alone.
    pub advice: Option<String>,
}

impl Finding {
    /// What to do about it.
    pub fn next_step(&self) -> &str {
        self.advice.as_deref().unwrap_or(self.code.next_step())
    }
}

/// The findings of one file: each code is listed up to [`SHOWN`] times and counted beyond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    listed: Vec<Finding>,
    counts: BTreeMap<Code, u64>,
}

impl Findings {
    /// Adds a finding.
    pub(super) fn push(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.code).or_default();
        *count = count.saturating_add(1);
        if *count <= SHOWN {
            let at = self.listed.partition_point(|other| other.place <= finding.place);
            self.listed.insert(at, finding);
        }
    }

    /// Adds what was found elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        for (code, count) in &other.counts {
            let listed = other.listed.iter().filter(|finding| finding.code == *code).count() as u64;
            let own = self.counts.entry(*code).or_default();
            *own = own.saturating_add(count.saturating_sub(listed));
        }
        // Those that are listed elsewhere come last, so that they are counted once, listed or not.
        other.listed.into_iter().for_each(|finding| self.push(finding));
    }

    /// Those that are listed, in the order of the file.
    pub fn listed(&self) -> &[Finding] {
        &self.listed
    }

    /// How many there are of each code.
    pub fn counts(&self) -> &BTreeMap<Code, u64> {
        &self.counts
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

/// A text of the file as a finding quotes it: in backticks, shortened.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}…`", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_is_counted_and_a_few_are_listed_in_order() {
        let mut findings = Findings::default();
        for line in (1..=50).rev() {
            let place = Place { line, column: 1 };
            findings.push(Finding { code: Code::KeyUnknown, place, detail: String::new(), advice: None });
        }
        assert_eq!((findings.total(), findings.listed().len()), (50, 20));
        assert!(findings.listed().windows(2).all(|pair| pair[0].place < pair[1].place));
    }

    #[test]
    fn none_is_lost_where_lists_meet() {
        let many = |count: usize| {
            let mut findings = Findings::default();
            for line in 1..=count {
                let place = Place { line, column: 1 };
                findings.push(Finding { code: Code::RuleClash, place, detail: String::new(), advice: None });
            }
            findings
        };
        for (left, right) in [(0, 0), (3, 4), (19, 5), (20, 20), (25, 3), (3, 25), (100, 100)] {
            let mut joined = many(left);
            joined.append(many(right));
            assert_eq!(joined.total(), (left + right) as u64, "{left} {right}");
            assert!(joined.listed().len() <= 20 && (left + right == 0) == joined.is_empty(), "{left} {right}");
        }
    }

    #[test]
    fn quotations_are_short() {
        assert_eq!(quote("ä"), "`ä`");
        assert_eq!(quote(&"ä".repeat(101)).chars().count(), 103);
    }
}
