//! What a check came to.

use std::path::PathBuf;

use super::checks::Checks;
use super::code::Class;
use super::finding::Findings;
use super::layer::{Layer, Outcome};
use super::tables::Counted;
use crate::archive::seal::Seal;
use crate::merkle::Hash;

/// The check of one archive.
#[derive(Debug)]
pub struct Report {
    /// The file that was checked.
    pub path: PathBuf,
    /// Name of its bag, if it could be made out.
    pub bag: Option<String>,
    /// Its seal, if it could be read. What it says is proven only if all layers passed.
    pub seal: Option<Seal>,
    /// SHA-256 of `seal.txt`: what a later archive names as its previous one.
    pub seal_sha256: Option<Hash>,
    /// Who the signer may be, if accepted.
    pub principals: Vec<String>,
    /// What was counted.
    pub counted: Counted,
    /// Things to know that are not wrong.
    pub remarks: Vec<String>,
    /// Why nothing but its seal was read, if so.
    pub left_out: Option<String>,
    pub(super) checks: Checks,
}

/// How a check ends; the command line makes an exit code of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Everything that was asked for was checked, and nothing was found.
    Intact,
    /// It was looked for and is there; its content was left out, as asked.
    LeftOut,
    /// An archive is missing between those given, or two histories exist.
    Incomplete,
    /// The bytes are intact, but the signer was not checked or is not accepted.
    Untrusted,
    /// Something is not as it was sealed.
    FailedCheck,
}

impl Report {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            bag: None,
            seal: None,
            seal_sha256: None,
            principals: Vec::new(),
            counted: Counted::default(),
            remarks: Vec::new(),
            left_out: None,
            checks: Checks::default(),
        }
    }

    /// Everything that was found.
    pub fn findings(&self) -> &Findings {
        &self.checks.findings
    }

    /// How each layer ended, in order.
    pub fn layers(&self) -> Vec<(Layer, Outcome)> {
        self.checks.outcomes()
    }

    /// How the check ended. Whatever was not checked, other than the chain, never ends well.
    pub fn ending(&self) -> Ending {
        let has = |class| self.findings().counts().keys().any(|code| code.class() == class);
        if self.left_out.is_some() {
            return if self.findings().total() > 0 { Ending::Incomplete } else { Ending::LeftOut };
        }
        let layers = self.layers();
        let integrity = |layer: Layer| !matches!(layer, Layer::Signature | Layer::Trust | Layer::Chain);
        let broken = layers.iter().any(|(layer, outcome)| integrity(*layer) && *outcome != Outcome::Pass);
        if has(Class::Integrity) || broken {
            return Ending::FailedCheck;
        }
        let vouched = |(layer, outcome): &(Layer, Outcome)| {
            !matches!(layer, Layer::Signature | Layer::Trust) || *outcome == Outcome::Pass
        };
        if has(Class::Trust) || !layers.iter().all(vouched) {
            return Ending::Untrusted;
        }
        if has(Class::Chain) { Ending::Incomplete } else { Ending::Intact }
    }

    /// The verdict in one line.
    pub fn verdict(&self) -> String {
        if let Some(why) = &self.left_out {
            let chain = if self.ending() == Ending::LeftOut { "" } else { ", but the chain is broken" };
            return format!("not checked: {why}{chain}");
        }
        let layers = self.layers();
        let unchecked = |wanted| {
            layers.iter().any(|(layer, outcome)| *layer == wanted && matches!(outcome, Outcome::NotChecked(_)))
        };
        let mut words = match self.ending() {
            Ending::FailedCheck => match self.findings().total() {
                1 => "NOT INTACT: 1 finding".to_owned(),
                n => format!("NOT INTACT: {n} findings"),
            },
            Ending::Untrusted if unchecked(Layer::Trust) && !self.findings().touches(Layer::Signature) => {
                "intact, signer not checked".to_owned()
            }
            Ending::Untrusted => "intact, signer not accepted".to_owned(),
            Ending::Incomplete => "intact, signer accepted, but the chain is broken".to_owned(),
            Ending::Intact | Ending::LeftOut => format!("intact, signed by {}", self.principals.join(", ")),
        };
        if self.ending() != Ending::FailedCheck {
            if unchecked(Layer::Chain) {
                words.push_str(", chain not checked");
            }
            let sealed_in = match self.counted.exceptions {
                0 => ", no exceptions".to_owned(),
                1 => ", 1 exception sealed in it".to_owned(),
                n => format!(", {n} exceptions sealed in it"),
            };
            words += &sealed_in;
        }
        words
    }
}
