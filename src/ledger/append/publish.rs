//! Behind the commit: the archive gets its name and stands in the list, now or by the next run; cosignatures are added.

use std::io;
use std::path::{Path, PathBuf};

use super::{Ledger, LedgerError, failed};
use crate::archive::stage::publish_left_behind;
use crate::keys::{Note, Signer};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::durable::{self, Watch};
use crate::ledger::list::{self, Listed};
use crate::ledger::pending::Pending;
use crate::ledger::read;
use crate::ledger::said::Said;
use crate::ledger::statement::Statement;
use crate::merkle::Hash;
use crate::record::time::Millis;

/// What was set right after an append that had been cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The archive got its name now, or had it and was listed now.
    Published(PathBuf),
    /// The archive is gone; a gap was stated.
    Gap {
        /// Number of the seal.
        number: u64,
        /// Where its archive should stand.
        target: PathBuf,
    },
}

impl Ledger {
    /// Lists an archive that stands under its name now.
    pub fn published(&mut self, pending: &Pending, watch: &mut Watch<'_>) -> Result<(), LedgerError> {
        let bag = pending.bag().ok_or_else(|| LedgerError::Target(pending.target.clone()))?;
        let listed = Listed { sha256: pending.archive, bag };
        if !self.reading.list.contains(&listed) {
            self.reading.list.push(listed);
            let path = self.reading.folder.join("archives.sha256");
            durable::write(&path, list::text(&self.reading.list).as_bytes(), watch).map_err(failed(&path))?;
        }
        let path = self.pending_path(pending.number);
        durable::remove(&path, watch).map_err(failed(&path))
    }

    /// Finishes what runs that were killed left pending, or states the gap.
    pub fn settle(
        &mut self,
        signer: &Signer,
        now: Millis,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Recovered>, LedgerError> {
        self.reading.require_key(signer)?;
        let mut recovered = Vec::new();
        for pending in self.reading.pending.clone() {
            let committed = self.reading.leaf(pending.number).is_some_and(|leaf| leaf.digest == pending.seal);
            // What is listed was published; where it has gone since is not for us to say.
            let listed = self.reading.list.iter().any(|listed| listed.sha256 == pending.archive);
            if !committed || listed {
                let path = self.pending_path(pending.number);
                durable::remove(&path, watch).map_err(failed(&path))?;
                continue;
            }
            let mut partial = pending.target.clone().into_os_string();
            partial.push(".partial");
            if is_file_of(&pending.target, &pending.archive) {
                self.published(&pending, watch)?;
            } else if is_file_of(Path::new(&partial), &pending.archive) {
                publish_left_behind(&pending.target)?;
                self.published(&pending, watch)?;
            } else {
                self.state_gap(&pending, signer, now, watch)?;
                recovered.push(Recovered::Gap { number: pending.number, target: pending.target });
                continue;
            }
            recovered.push(Recovered::Published(pending.target));
        }
        Ok(recovered)
    }

    fn state_gap(
        &mut self,
        pending: &Pending,
        signer: &Signer,
        now: Millis,
        watch: &mut Watch<'_>,
    ) -> Result<(), LedgerError> {
        let stated = |statement: &Statement| matches!(&statement.said, Said::Unpublished { number, .. } if *number == pending.number);
        if !self.reading.statements_said().any(stated) {
            let why = "the run was cut short behind the commit, and its archive is not there".to_owned();
            let said = Said::Unpublished { number: pending.number, seal: pending.seal, why };
            self.state(said, signer, signer, now, watch)?;
        }
        let path = self.pending_path(pending.number);
        durable::remove(&path, watch).map_err(failed(&path))
    }

    pub(super) fn pending_path(&self, number: u64) -> PathBuf {
        self.reading.folder.join("pending").join(read::name(number))
    }

    /// Adds the signature lines of a note to the checkpoint that has the same text; false if there is none.
    pub fn attach(&mut self, cosigned: &Note, watch: &mut Watch<'_>) -> Result<bool, LedgerError> {
        let Some(checkpoint) = Checkpoint::parse(cosigned.text()) else { return Ok(false) };
        let kept = self.reading.folder.join("checkpoints").join(read::name(checkpoint.size));
        let found = read::bytes(&kept, 1 << 20).map_err(failed(&kept))?;
        let joined = found.and_then(|bytes| Note::parse(&bytes).ok()?.joined(cosigned));
        let Some(joined) = joined else { return Ok(false) };
        durable::write(&kept, joined.encode().as_bytes(), watch).map_err(failed(&kept))?;
        self.keep_newest(watch)?;
        self.refresh()?;
        Ok(true)
    }
}

/// Whether a whole file has this digest.
fn is_file_of(path: &Path, expected: &Hash) -> bool {
    file_digest(path).is_ok_and(|found| found == *expected)
}

/// SHA-256 of a whole file.
pub fn file_digest(path: &Path) -> io::Result<Hash> {
    let mut file = std::fs::File::open(path)?;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut block = vec![0; 1 << 20];
    loop {
        match io::Read::read(&mut file, &mut block) {
            Ok(0) => break,
            Ok(count) => context.update(block.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Ok(digest)
}
