//! What is known of an archive before anything is made of it: it is verified, unless that was declined.
//!
//! Invariant: what is handed out is the very archive that was verified; one that was replaced meanwhile is refused.

use super::exit::Exit;
use super::failure::Failure;
use super::opening;
use super::printer::{Printer, harmless};
use super::trust::Trust;
use crate::archive::reader::Archive;
use crate::merkle::Hash;
use crate::produce::{Integrity, Sealed, Signed, Standing};
use crate::progress::Progress;
use crate::verify::{Ending, VerifyError, verify};
use std::path::Path;

/// Whom to trust, and whether to verify at all: the flags of commands that make something of an archive.
#[derive(Debug, clap::Args)]
pub(super) struct Checking {
    #[command(flatten)]
    trust: Trust,
    /// Proceed without verifying, and say so in what is made
    #[arg(long, conflicts_with_all = ["signers", "signer", "revoked"], help_heading = "Trust")]
    unverified: bool,
}

/// An archive, and what is known of it.
pub(super) struct Checked {
    pub(super) archive: Archive,
    standing: Standing,
    /// SHA-256 of the seal that was verified.
    verified: Option<Hash>,
}

impl Checked {
    /// [`Self::sealed`], and says from which seal something is made, and what is known of it.
    pub(super) fn told(&self, printer: &Printer) -> Result<Sealed<'_>, Failure> {
        let sealed = self.sealed()?;
        printer.note(format!("  seal      {}", sealed.digest()));
        printer.note(format!("  standing  {}", harmless(&sealed.standing.words())));
        Ok(sealed)
    }

    /// What the seal says, with what is known of it. `Err` if it is not the seal that was verified.
    fn sealed(&self) -> Result<Sealed<'_>, Failure> {
        let sealed = Sealed::read(&self.archive, self.standing.clone()).map_err(opening::unusable)?;
        if self.verified.is_some_and(|seal| seal != sealed.seal_sha256) {
            return Err(Failure::new(Exit::FailedCheck, "the archive was replaced while it was being read"));
        }
        Ok(sealed)
    }
}

impl Checking {
    /// Verifies the archive at `path` and opens it. `Err` if it is not intact, or its signer was to be checked and is
    /// not accepted.
    pub(super) fn open(&self, path: &Path, progress: &Progress) -> Result<Checked, Failure> {
        let (standing, verified) = self.establish(path, progress)?;
        Ok(Checked { archive: opening::safely(path)?, standing, verified })
    }

    /// What is known of the archive, and the SHA-256 of the seal that was verified.
    fn establish(&self, path: &Path, progress: &Progress) -> Result<(Standing, Option<Hash>), Failure> {
        if self.unverified {
            return Ok((Standing { integrity: Integrity::Unverified, signed: Signed::NotChecked }, None));
        }
        let trust = self.trust.loaded()?;
        let report = verify(path, &trust.policy(), progress).map_err(|error| match error {
            VerifyError::Interrupted(_) => Failure::of(Exit::Interrupted, error),
            VerifyError::Unreadable { .. } => Failure::of(Exit::Unavailable, error),
        })?;
        let refused = |exit| {
            let message = format!("`{}` is not used: {}", path.display(), report.verdict());
            let failure = Failure::new(exit, message);
            failure.hint("`chatseal verify` lists everything that was found")
        };
        let signed = match report.ending() {
            // Left out is what a sample passes over; here nothing may be.
            Ending::FailedCheck | Ending::LeftOut => return Err(refused(Exit::FailedCheck)),
            Ending::Untrusted if trust.is_asked() => return Err(refused(Exit::Untrusted)),
            Ending::Untrusted => Signed::NotChecked,
            Ending::Incomplete | Ending::Intact => Signed::By(report.principals.clone()),
        };
        Ok((Standing { integrity: Integrity::Verified, signed }, report.seal_sha256))
    }
}
