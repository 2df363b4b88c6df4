//! Earlier archives that an export builds on: the one to chain to, and the one whose salt is used again.
//!
//! Neither is trusted for its signer, but both must be intact: a chain to a damaged archive would prove nothing.

use std::path::Path;

use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body, Opening};
use crate::archive::salt::ArchiveSalt;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::time::{self, Millis};
use crate::verify::{Ending, TrustPolicy, verify};

/// SHA-256 of the `seal.txt` of an archive whose integrity was checked, and which was not sealed after `time`: what is
/// chained to a later archive would not verify.
pub(super) fn seal_digest(archive: &Path, time: Millis, progress: &Progress) -> Result<Hash, Failure> {
    let shown = archive.display();
    let report = verify(archive, &TrustPolicy::default(), progress)
        .map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot chain to `{shown}`")))?;
    if let Some(later) = report.seal.as_ref().map(|seal| seal.time).filter(|sealed| *sealed > time) {
        let later = time::format(later).unwrap_or_default();
        let message =
            format!("`{shown}` says that it was sealed at {later}, later than the archive to be chained to it");
        return Err(Failure::new(Exit::Refused, message).hint("compare the clocks of the machines that seal"));
    }
    match report.seal_sha256.filter(|_| report.ending() != Ending::FailedCheck) {
        Some(digest) => Ok(digest),
        None => Err(Failure::new(Exit::Refused, format!("`{shown}` is not intact, so nothing can be chained to it"))
            .hint(format!("chatseal verify {shown}"))),
    }
}

/// The salt of an archive.
pub(super) fn salt(archive: &Path) -> Result<ArchiveSalt, Failure> {
    let shown = archive.display();
    let read = || -> std::io::Result<Option<ArchiveSalt>> {
        let opened: Option<Archive> = Opening::read(archive)?.archive;
        let Some(opened) = opened else { return Ok(None) };
        let Some(entry) = opened.find(&Member::Salt) else { return Ok(None) };
        let mut body = Body::default();
        let whole = opened.load(entry, &mut body)?.is_ok();
        Ok(ArchiveSalt::parse(body.bytes()).ok().filter(|_| whole))
    };
    let found =
        read().map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot read `{shown}`")))?;
    found
        .ok_or_else(|| Failure::new(Exit::Unavailable, format!("`{shown}` is no archive with a salt that can be read")))
}
