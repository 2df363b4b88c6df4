//! The state of one archive's check: what was found, and which layers ran to their end.

use std::collections::BTreeMap;

use super::code::Code;
use super::finding::Findings;
use super::layer::{Layer, Outcome};

/// Collects findings and the layers that ran.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) findings: Findings,
    /// Layers of which all items ran, or the reason why not.
    ran: BTreeMap<Layer, Result<(), String>>,
}

impl Checks {
    /// Adds a finding.
    pub(super) fn found(&mut self, code: Code, place: impl Into<String>, detail: impl Into<String>) {
        self.findings.push(code, place, detail);
    }

    /// Says that all items of `layer` ran, unless something was said to be missing already.
    pub(super) fn ran(&mut self, layer: Layer) {
        self.ran.entry(layer).or_insert(Ok(()));
    }

    /// Says that an item of `layer` could not run.
    pub(super) fn skipped(&mut self, layer: Layer, reason: impl Into<String>) {
        let outcome = self.ran.entry(layer).or_insert(Ok(()));
        if outcome.is_ok() {
            *outcome = Err(reason.into());
        }
    }

    /// How each layer ended. A layer that nobody mentioned was not checked.
    pub(super) fn outcomes(&self) -> Vec<(Layer, Outcome)> {
        let outcome = |layer| match self.ran.get(&layer) {
            _ if self.findings.touches(layer) => Outcome::Fail,
            Some(Ok(())) => Outcome::Pass,
            Some(Err(reason)) => Outcome::NotChecked(reason.clone()),
            None => Outcome::NotChecked("an earlier layer failed".to_owned()),
        };
        Layer::ALL.iter().map(|layer| (*layer, outcome(*layer))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ran_without_findings_passes() {
        let mut checks = Checks::default();
        checks.ran(Layer::Root);
        checks.ran(Layer::Files);
        checks.skipped(Layer::Files, "a segment is missing");
        checks.ran(Layer::Seal);
        checks.found(Code::SealMalformed, "", "");
        let outcome = |layer| checks.outcomes().into_iter().find(|(l, _)| *l == layer).map(|(_, o)| o).unwrap();
        assert_eq!(outcome(Layer::Root), Outcome::Pass);
        assert_eq!(outcome(Layer::Seal), Outcome::Fail);
        assert_eq!(outcome(Layer::Files), Outcome::NotChecked("a segment is missing".into()));
        assert!(matches!(outcome(Layer::Chain), Outcome::NotChecked(_)));
    }
}
