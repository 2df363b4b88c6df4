//! What is known of the archive before anything is made of it: it is verified, unless that was declined.

use super::{Args, Exit, Failure, Progress, Standing};
use crate::cli::verify::{read, revocation};
use crate::keys::AllowedSigners;
use crate::merkle::Hash;
use crate::produce::{Integrity, Signed};
use crate::verify::{Ending, TrustPolicy, VerifyError, verify};

/// What was established.
pub(super) struct Established {
    pub(super) standing: Standing,
    /// SHA-256 of the seal that was verified.
    pub(super) seal: Option<Hash>,
}

/// Verifies the archive. `Err` if it is not intact, or its signer was to be checked and is not accepted.
pub(super) fn establish(args: &Args, progress: &Progress) -> Result<Established, Failure> {
    if args.unverified {
        let standing = Standing { integrity: Integrity::Unverified, signed: Signed::NotChecked };
        return Ok(Established { standing, seal: None });
    }
    let signers = args.signers.as_deref().map(read).transpose()?.map(|bytes| AllowedSigners::parse(&bytes));
    let revoked = args.revoked.as_deref().map(revocation).transpose()?;
    let policy = TrustPolicy {
        signers: signers.as_ref(),
        signer: args.signer.as_deref(),
        revoked: revoked.as_ref(),
        ..TrustPolicy::default()
    };
    let report = verify(&args.archive, &policy, progress).map_err(|error| match error {
        VerifyError::Interrupted(_) => Failure::of(Exit::Interrupted, error),
        VerifyError::Unreadable { .. } => Failure::of(Exit::Unavailable, error),
    })?;
    let refused = |exit| {
        let message = format!("`{}` is not produced: {}", args.archive.display(), report.verdict());
        let failure = Failure::new(exit, message);
        failure.hint("`chatseal verify` lists everything that was found")
    };
    let signed = match report.ending() {
        // Left out is what a sample passes over; here nothing may be.
        Ending::FailedCheck | Ending::LeftOut => return Err(refused(Exit::FailedCheck)),
        Ending::Untrusted if signers.is_some() => return Err(refused(Exit::Untrusted)),
        Ending::Untrusted => Signed::NotChecked,
        Ending::Incomplete | Ending::Intact => Signed::By(report.principals.clone()),
    };
    Ok(Established { standing: Standing { integrity: Integrity::Verified, signed }, seal: report.seal_sha256 })
}
