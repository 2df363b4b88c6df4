//! Does an archive still say what was sealed, and who says so?
//!
//! Every layer is asked in a fixed order ([`Layer::ALL`]) and all of it always; the first finding never ends the check.
//! Reading happens in one pass over the bytes, on all cores, whatever the layer a finding belongs to.
//!
//! Invariant: nothing ends well ([`Ending::Intact`]) unless every layer but the chain ran to its end without a finding.
//! What was not checked is said, never assumed. Memory is bounded by the number of threads and members, not by the size
//! of the archive. A bug in what made the archive cannot hide: nothing here is shared with `source`, `policy` or
//! `select`.
//!
//! It refuses to write, to use a network, to read a clock, and to trust anything that stands in the archive about its
//! own signer.

mod bag;
mod chain;
mod checks;
pub mod code;
pub mod finding;
mod hold_sets;
mod incident;
mod kinds;
pub mod layer;
mod ledger;
mod members;
mod records;
pub mod report;
mod retention;
pub mod sample;
mod seal;
mod tables;
mod trust;

use std::io;
use std::path::{Path, PathBuf};

use crate::archive::names::Member;
use crate::archive::reader::{Archive, Opening};
use crate::archive::segments;
use crate::progress::{Interrupted, Progress};
use checks::Checks;
use code::Code;
use layer::Layer;
pub use ledger::{Asked, LedgerReport, check_ledger, expect_seal, vouched};
use members::Texts;
use records::Walk;
pub use report::{Ending, Report};
pub use tables::Counted;
pub use trust::{TrustPolicy, Vouched};

/// Unknown kinds that a report names.
const KINDS_NAMED: usize = 10;

/// Why an archive could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// Checks the archive at `path`. The chain is left to [`check_chain`].
pub fn verify(path: &Path, policy: &TrustPolicy<'_>, progress: &Progress) -> Result<Report, VerifyError> {
    progress.phase("verifying");
    let mut report = Report::new(path.to_owned());
    read(path, policy, progress, &mut report).map_err(|source| {
        let stopped = progress.check();
        stopped.map_or_else(VerifyError::from, |()| VerifyError::Unreadable { path: path.to_owned(), source })
    })?;
    Ok(report)
}

/// Reads the seal of the archive at `path` and nothing else: enough to know which one it is and where in a chain it
/// stands. `why` is said of everything that is left unchecked. What cannot even be read so far is for [`verify`].
pub fn look(path: &Path, why: &str) -> Result<Option<Report>, VerifyError> {
    let mut report = Report::new(path.to_owned());
    let unreadable = |source| VerifyError::Unreadable { path: path.to_owned(), source };
    let Opening { archive, defects } = Opening::read(path).map_err(unreadable)?;
    let Some(archive) = archive.filter(|_| defects.shown().is_empty()) else { return Ok(None) };
    let texts = Texts::of(&archive, &Member::Seal, &mut report.checks.findings).map_err(unreadable)?;
    let (seal, _) = seal::read(&texts, &mut report.checks);
    if seal.is_none() || report.checks.findings.total() > 0 {
        return Ok(None);
    }
    report.checks.ran(Layer::Container);
    for layer in Layer::ALL.iter().filter(|layer| !matches!(layer, Layer::Container | Layer::Seal | Layer::Chain)) {
        report.checks.skipped(*layer, why);
    }
    report.bag = Some(archive.bag().to_string());
    report.seal_sha256 = texts.digest(&Member::Seal);
    report.seal = seal;
    report.left_out = Some(why.to_owned());
    Ok(Some(report))
}

/// Checks whether the archives of `reports` follow one another.
pub fn check_chain(reports: &mut [&mut Report]) {
    chain::check(reports);
}

fn read(path: &Path, policy: &TrustPolicy<'_>, progress: &Progress, report: &mut Report) -> io::Result<()> {
    let Opening { archive, defects } = Opening::read(path)?;
    let checks = &mut report.checks;
    checks.ran(Layer::Container);
    checks.findings.extend(&defects);
    let Some(archive) = archive else { return Ok(()) };
    report.bag = Some(archive.bag().to_string());
    progress.expect(archive.entries().iter().map(|entry| entry.size).sum());

    let texts = Texts::read(&archive, &mut checks.findings)?;
    let (seal, unsupported) = seal::read(&texts, checks);
    if unsupported {
        return Ok(());
    }
    report.seal_sha256 = texts.digest(&Member::Seal);
    if let Some(seal) = &seal {
        match seal::signatures(&texts, seal, checks) {
            Some(signature) => report.principals = seal::trust(&signature, seal, policy, checks),
            None => checks.skipped(Layer::Trust, "there is no valid signature to judge"),
        }
    } else {
        checks.skipped(Layer::Signature, "there is no seal to check it with");
        checks.skipped(Layer::Trust, "there is no seal");
    }
    payload(&archive, &texts, seal.as_ref(), progress, checks, &mut report.counted)?;
    remark(report, policy, seal.is_some());
    report.seal = seal;
    Ok(())
}

/// Everything behind the signature.
fn payload(
    archive: &Archive,
    texts: &Texts,
    seal: Option<&crate::archive::seal::Seal>,
    progress: &Progress,
    checks: &mut Checks,
    counted: &mut Counted,
) -> io::Result<()> {
    let listed = bag::manifest(archive, checks)?;
    let (info, salt) = bag::tag_files(archive, texts, seal, listed.digest, checks);
    bag::payload(archive, info.as_ref(), checks);

    let rows = table(texts, checks);
    let sealed = seal.map(|seal| seal.time);
    let walk = Walk { archive, salt: salt.as_ref(), expected: &listed.expected, progress, sealed };
    let mut part = walk.run(rows.as_deref().unwrap_or_default())?;
    checks.findings.append(std::mem::take(&mut part.findings));
    if part.unread == 0 {
        checks.ran(Layer::Records);
    } else {
        checks.skipped(Layer::Records, "a segment cannot be read");
    }
    let (file_bytes, found) = members::files(archive, progress)?;
    checks.findings.append(found);
    counted.file_bytes = file_bytes;
    counted.files = archive.entries().iter().filter(|entry| matches!(entry.member, Member::Content(_))).count() as u64;
    tables::count_kinds(&part.rows, counted);
    tables::lists(archive, &listed.expected, sealed, &mut part.stated, counted, checks)?;
    hold_sets::read(archive, &listed.expected, part.unread == 0, &mut part.stated, checks)?;
    digests(archive, texts, &listed, checks);

    tables::root(&part, seal, checks);
    tables::segments(&part, rows.as_deref(), checks);
    tables::inputs(archive, texts, seal, checks);
    incident::compare(&part, texts.get(&Member::Source), checks);
    tables::files(archive, &part, checks);
    tables::counts(seal, &part, counted, checks);
    tables::completeness(archive, texts, &part, counted, checks);
    Ok(())
}

/// The table of segments as the archive has it.
fn table(texts: &Texts, checks: &mut Checks) -> Option<Vec<segments::SegmentRow>> {
    match segments::parse(texts.get(&Member::Segments)?) {
        Ok(rows) => Some(rows),
        Err(error) => {
            checks.found(Code::SegmentsMalformed, Member::Segments.to_string(), error.to_string());
            None
        }
    }
}

/// Holds the digests of the texts against the manifest. Segments, files and lists were held while they were read.
fn digests(archive: &Archive, texts: &Texts, listed: &bag::Listed, checks: &mut Checks) {
    if listed.digest.is_none() {
        return checks.skipped(Layer::Digests, "the manifest cannot be read");
    }
    checks.ran(Layer::Digests);
    for (position, entry) in archive.entries().iter().enumerate() {
        if let Some(found) = texts.digest(&entry.member).filter(|_| entry.member.is_payload()) {
            listed.expected.require(position, &found, &entry.member.to_string(), &mut checks.findings);
        }
    }
}

/// Notes what is worth knowing and not wrong.
fn remark(report: &mut Report, policy: &TrustPolicy<'_>, sealed: bool) {
    let unknown = report.counted.kinds.iter().map(|(kind, _)| kind.as_str()).filter(|kind| !kinds::is_known(kind));
    let unknown: Vec<&str> = unknown.take(KINDS_NAMED).collect();
    if !unknown.is_empty() {
        report.remarks.push(format!("kinds that this version does not know: {}", unknown.join(", ")));
    }
    if let Some(signers) = policy.signers {
        for note in signers.problems() {
            report.remarks.push(format!("line {} of the signers file is not used: {}", note.line, note.text));
        }
        for note in signers.remarks() {
            report.remarks.push(format!("line {} of the signers file: {}", note.line, note.text));
        }
        if policy.at.is_none() && sealed {
            report.remarks.push("the signer was judged at the seal's time, as claimed by the signer".to_owned());
        }
    }
}
