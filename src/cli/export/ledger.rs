//! An export that goes into a ledger: number and previous archive are those of the moment of sealing, and the archive
//! gets its name only after its seal was committed.
//!
//! The lock is held from the choice of the number until the archive is listed: a hold can be added while a source is
//! read, and a second export waits for nothing but the sealing of the first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::sealing::SealingError;

use crate::archive::seal::Origin;
use crate::archive::writer::{Sealed, Staged};
use crate::cli::failure::Failure;
use crate::cli::hold::frozen;
use crate::cli::ledger::failures::of_ledger;
use crate::cli::ledger::{memory, waiting};
use crate::keys::Signer;
use crate::ledger::{Ledger, LedgerError, Pending, Recovered, file_digest, unwatched};
use crate::progress::Progress;
use crate::record::time::Millis;

/// How long a run waits for the sealing of another: hours of reading are not thrown away for seconds.
const PATIENCE: Duration = Duration::from_secs(600);

/// A ledger that the archive will go into, open for the moment of sealing.
pub(in crate::cli) struct Chain {
    ledger: Ledger,
    /// What earlier runs had left unfinished.
    pub(in crate::cli) recovered: Vec<Recovered>,
}

/// The name that a ledger gives its seals; makes sure, before the source is read, that the ledger holds together, that
/// this key signs it, and that it lists no archive of this name.
pub(super) fn check(folder: &Path, signer: &Signer, output: &Path) -> Result<Origin, Failure> {
    let reading = memory::read(folder)?;
    reading.require_whole().map_err(of_ledger)?;
    reading.require_key(signer).map_err(of_ledger)?;
    let name = output.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    reading.require_free(name).map_err(of_ledger)?;
    let origin = reading.origin().cloned();
    origin.ok_or_else(|| of_ledger(LedgerError::Absent(folder.to_owned())))
}

/// The holds of a ledger that are in force as a holds file, which is sealed with the archive; `None` if none is. What a
/// released one names need not be in the source any more.
pub(super) fn holds(folder: &Path, time: Millis) -> Result<Option<(String, Vec<u8>)>, Failure> {
    let reading = memory::read(folder)?;
    reading.require_whole().map_err(of_ledger)?;
    let mut holds = frozen::holds(&reading, time);
    holds.retain(|hold| hold.is_active(time));
    let name = format!("the holds in {}", folder.display());
    Ok((!holds.is_empty()).then(|| (name, frozen::document(&holds).into_bytes())))
}

impl Chain {
    /// Takes the lock, for which it waits, and finishes what earlier runs left behind.
    pub(in crate::cli) fn open(
        folder: &Path,
        signer: &Signer,
        time: Millis,
        progress: &Progress,
    ) -> Result<Self, SealingError> {
        let mut ledger: Ledger = waiting::open::<SealingError>(folder, PATIENCE, progress)?;
        let recovered = ledger.settle(signer, time, &mut unwatched)?;
        Ok(Self { ledger, recovered })
    }

    /// Number and previous seal of the archive.
    pub(super) fn place(&self) -> (u64, Option<crate::merkle::Hash>) {
        (self.ledger.next(), self.ledger.previous())
    }

    /// Commits the seal, gives the archive its name, and lists it.
    pub(super) fn commit(&mut self, mut staged: Staged, output: &Path, signer: &Signer) -> Result<Sealed, LedgerError> {
        staged.stage.complete()?;
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| LedgerError::Io { path, source }
        };
        let archive = file_digest(staged.stage.partial()).map_err(io(staged.stage.partial()))?;
        let target = absolute(output).map_err(io(output))?;
        let pending = Pending { number: self.ledger.next(), seal: staged.seal_digest, archive, target };
        let committed = self.ledger.seal(&staged.text, &pending, signer, &mut unwatched);
        if matches!(committed, Ok(_) | Err(LedgerError::Unsettled { .. })) {
            staged.stage.keep();
        }
        committed?;
        let sealed = staged.publish()?;
        self.ledger.published(&pending, &mut unwatched)?;
        Ok(sealed)
    }

    /// The new head.
    pub(super) fn head(&self) -> Option<crate::ledger::head::Head> {
        self.ledger.reading().head()
    }
}

fn absolute(output: &Path) -> std::io::Result<PathBuf> {
    let folder = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(folder.canonicalize()?.join(output.file_name().unwrap_or_default()))
}
