//! Whom a command trusts: the flags that name signers and keys that are refused, read from their files.
//!
//! Invariant: a list of revoked keys that is not understood is an error, never an empty list.

use super::exit::Exit;
use super::failure::Failure;
use crate::keys::{AllowedSigners, Revocation};
use crate::record::time::{self, Millis};
use crate::verify::TrustPolicy;
use clap::ValueHint;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may sign.
#[derive(Debug, clap::Args)]
pub(super) struct Trust {
    /// Keys that may sign, as ssh-keygen reads them (`allowed_signers`)
    #[arg(long, value_name = "ALLOWED_SIGNERS", value_hint = ValueHint::FilePath, help_heading = "Trust")]
    signers: Option<PathBuf>,
    /// Accept this signer only, out of those in the file
    #[arg(long, value_name = "NAME", requires = "signers", help_heading = "Trust")]
    signer: Option<String>,
    /// Keys that are refused at any time: public keys line by line, or a key revocation list
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "signers", help_heading = "Trust")]
    revoked: Option<PathBuf>,
}

/// When a signer must have been valid; beside [`Trust`] in commands that verify and do nothing else.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct ValidAt {
    /// Time at which the signer must have been valid, instead of the one that the seal claims
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "TIME", value_parser = time::parse, requires = "signers", help_heading = "Trust", allow_hyphen_values = true)]
    pub(super) at: Option<Millis>,
}

/// Whom to trust, read from the files that the flags name.
pub(super) struct Loaded<'a> {
    signers: Option<AllowedSigners>,
    signer: Option<&'a str>,
    revoked: Option<Revocation>,
}

impl Trust {
    /// Reads the files.
    pub(super) fn loaded(&self) -> Result<Loaded<'_>, Failure> {
        let signers = self.signers.as_deref().map(read).transpose()?.map(|bytes| AllowedSigners::parse(&bytes));
        let revoked = self.revoked.as_deref().map(revocation).transpose()?;
        Ok(Loaded { signers, signer: self.signer.as_deref(), revoked })
    }
}

impl Loaded<'_> {
    /// Whether the signer is to be checked at all.
    pub(super) fn is_asked(&self) -> bool {
        self.signers.is_some()
    }

    /// As a check takes it: the signer must have been valid when the seal says that it was made.
    pub(super) fn policy(&self) -> TrustPolicy<'_> {
        TrustPolicy {
            signers: self.signers.as_ref(),
            signer: self.signer,
            revoked: self.revoked.as_ref(),
            at: None,
            vouched: None,
        }
    }

    /// As a check takes it: the signer must have been valid at `valid_at`, if one is given.
    pub(super) fn policy_at(&self, valid_at: ValidAt) -> TrustPolicy<'_> {
        TrustPolicy { at: valid_at.at, ..self.policy() }
    }
}

/// Reads a file that a flag names.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let context = || format!("cannot read `{}`", path.display());
    fs::read(path).map_err(|error| Failure::of(Exit::Unavailable, error).context(context()))
}

fn revocation(path: &Path) -> Result<Revocation, Failure> {
    let context = || format!("cannot use the revocation list `{}`", path.display());
    Revocation::parse(&read(path)?).map_err(|error| {
        let failure = Failure::of(Exit::Unavailable, error).context(context());
        failure.hint("a list that is not understood could revoke the signer, so nothing is accepted")
    })
}
