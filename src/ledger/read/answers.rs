//! What a ledger that was read answers: its heads at every size, its leaves, its seals.

use std::io;
use std::path::Path;

use super::{Leaf, MAX_FILE, Reading, Text, bytes, follows, leaf_path, names};
use crate::archive::seal::Seal;
use crate::keys::Note;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::head::Expected;
use crate::ledger::statement::{MAX_BYTES, Statement};
use crate::merkle::{self, Hash};

/// The newest seal of the ledger in `folder`, committed or not, without checking anything else: a hint for people. What is no seal is
/// passed over.
pub fn newest_seal(folder: &Path) -> io::Result<Option<Seal>> {
    let statements = folder.join("statements");
    for name in names(&statements)?.into_iter().rev() {
        let seal = bytes(&statements.join(name), MAX_BYTES as u64)?.and_then(|bytes| Seal::parse(&bytes).ok());
        if seal.is_some() {
            return Ok(seal);
        }
    }
    Ok(None)
}

impl Reading {
    /// The checkpoint that the first `size` leaves have; `None` beyond what is there.
    pub fn checkpoint_at(&self, size: u64) -> Option<Checkpoint> {
        let root = *usize::try_from(size).ok().and_then(|size| self.roots.get(size))?;
        Some(Checkpoint { origin: self.origin()?.clone(), size, root })
    }

    /// The notes of all checkpoints, by size.
    pub fn notes(&self) -> &[(u64, Note)] {
        &self.notes
    }

    /// The size at which this ledger had the expected head.
    pub fn find(&self, expected: &Expected) -> Option<u64> {
        let mut sizes = (0..self.roots.len() as u64).rev().filter_map(|size| self.checkpoint_at(size));
        sizes.find(|checkpoint| expected.is(&checkpoint.head())).map(|checkpoint| checkpoint.size)
    }

    /// Hashes showing that the first `old` leaves are a prefix of this ledger.
    pub fn consistency(&self, old: u64) -> Option<Vec<Hash>> {
        let mut leaves = Vec::new();
        for number in 0..self.leaves.len() as u64 {
            leaves.push(merkle::leaf_hash(&[&bytes(&leaf_path(&self.folder, number), MAX_FILE).ok()??], || ()));
        }
        if old == 0 { Some(Vec::new()) } else { merkle::consistency_proof(usize::try_from(old).ok()?, &leaves) }
    }

    /// Leaves with their numbers.
    pub fn texts(&self) -> impl Iterator<Item = (u64, &Leaf)> {
        (0..).zip(&self.leaves).filter_map(|(number, leaf)| Some((number, leaf.as_ref()?)))
    }

    /// The seals, with number and digest.
    pub fn seals(&self) -> Vec<(u64, Hash, &Seal)> {
        let seals = self.texts().filter_map(|(number, leaf)| match &leaf.text {
            Some(Text::Seal(seal)) => Some((number, leaf.digest, seal.as_ref())),
            _ => None,
        });
        seals.collect()
    }

    /// The statements, in order.
    pub fn statements_said(&self) -> impl Iterator<Item = &Statement> {
        self.texts().filter_map(|(_, leaf)| match &leaf.text {
            Some(Text::Statement(statement, _)) => Some(&**statement),
            _ => None,
        })
    }

    /// One leaf.
    pub fn leaf(&self, number: u64) -> Option<&Leaf> {
        self.leaves.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// What the next seal names as its previous: the last seal, or the last of a ledger that was lost before.
    pub fn last_seal(&self) -> Option<Hash> {
        self.texts().fold(None, |last, (_, leaf)| follows(leaf).or(last))
    }
}
