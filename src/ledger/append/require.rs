//! What must be so before anything is appended; an export asks the same before it begins to read its source.

use super::LedgerError;
use crate::keys::Signer;
use crate::ledger::read::Reading;

impl Reading {
    /// Refuses a ledger that does not hold together.
    pub fn require_whole(&self) -> Result<(), LedgerError> {
        match self.defects.first() {
            None => Ok(()),
            Some(first) => Err(LedgerError::Damaged {
                path: self.folder.clone(),
                place: first.place.clone(),
                meaning: first.flaw.meaning(),
                findings: self.defects.len(),
            }),
        }
    }

    /// Refuses a key that is not the one in force.
    pub fn require_key(&self, signer: &Signer) -> Result<(), LedgerError> {
        let found = signer.public_key().fingerprint();
        let expected = self.keys.newest().map(|term| term.key.fingerprint()).unwrap_or_default();
        if expected == found { Ok(()) } else { Err(LedgerError::OtherKey { expected, found }) }
    }

    /// Refuses a second archive of one name.
    pub fn require_free(&self, bag: &str) -> Result<(), LedgerError> {
        let listed = self.list.iter().any(|listed| listed.bag.as_str() == bag);
        if listed { Err(LedgerError::Named(bag.to_owned())) } else { Ok(()) }
    }
}
