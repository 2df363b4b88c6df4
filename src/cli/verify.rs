//! `chatseal verify`: does an archive still say what was sealed, and who says so?

mod document;
mod folder;
mod text;

use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use super::progress;
use super::threads::Threads;
use crate::keys::{AllowedSigners, Revocation};
use crate::progress::Progress;
use crate::record::time::{self, Millis};
use crate::verify::{Ending, Report, TrustPolicy, VerifyError, check_chain, verify};
use clap::{ValueEnum, ValueHint};
use folder::Chosen;
use std::fs;
use std::path::{Path, PathBuf};

/// Check archives, completely, offline
///
/// Checks every byte, every record, the signatures and the chain between the archives given, in a fixed order, and
/// lists everything that is wrong: the first finding never ends the check. Each layer ends as PASS, FAIL or NOT
/// CHECKED; the last line is the verdict. It needs no network, writes nothing and trusts nothing inside the archive.
///
/// Of a folder, the files whose names end in `.zip` (or `.ZIP`) are checked; whatever else lies in it is listed as passed
/// over: other files, folders, unfinished exports.
///
/// Without `--signers` nobody vouches for the bytes: they may be intact, but the exit is 4.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archives to check, or folders whose `.zip` files are checked together
    #[arg(value_name = "ARCHIVE|DIR", required = true, value_hint = ValueHint::AnyPath)]
    pub(super) archives: Vec<PathBuf>,
    /// Keys that may sign, as ssh-keygen reads them (`allowed_signers`)
    #[arg(long, value_name = "ALLOWED_SIGNERS", value_hint = ValueHint::FilePath, help_heading = "Trust")]
    pub(super) signers: Option<PathBuf>,
    /// Accept this signer only, out of those in the file
    #[arg(long, value_name = "NAME", requires = "signers", help_heading = "Trust")]
    pub(super) signer: Option<String>,
    /// Keys that are refused at any time: public keys line by line, or a key revocation list
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "signers", help_heading = "Trust")]
    pub(super) revoked: Option<PathBuf>,
    /// Time at which the signer must have been valid, instead of the one that the seal claims
    ///
    /// RFC 3339 (`2026-11-21T08:00:00Z`), a date (midnight UTC), `ms:N` or `s:N`.
    #[arg(long, value_name = "TIME", value_parser = time::parse, requires = "signers", help_heading = "Trust", allow_hyphen_values = true)]
    pub(super) at: Option<Millis>,
    /// How to report; `--json` is the same as `--format json`
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    pub(super) format: Option<Format>,
    #[command(flatten)]
    pub(super) threads: Threads,
}

/// The form of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

impl Args {
    /// Whether the report is the JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.format == Some(Format::Json)
    }
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "everything that was asked for was checked, and it is as sealed, by an accepted signer"),
        (Exit::FailedCheck, "an integrity finding, or a signature that does not verify"),
        (Exit::Untrusted, "bytes intact, but no --signers, or the signer is unknown, expired or revoked"),
        (Exit::Incomplete, "archives are intact, but the chain between them has a gap or a fork"),
        (Exit::Unavailable, "an archive or the signers could not be read"),
    ],
    files: &[("ALLOWED_SIGNERS", "one line for each key: names, options, key; see ssh-keygen(1), ALLOWED SIGNERS")],
    examples: &[
        ("Check an archive", "chatseal verify 2026-11.zip --signers allowed_signers"),
        ("Check a year of archives and the chain between them", "chatseal verify archives/ --signers allowed_signers"),
    ],
    see_also: &["chatseal-export(1)", "chatseal-archive(5)", "ssh-keygen(1)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let signers = args.signers.as_deref().map(read).transpose()?.map(|bytes| AllowedSigners::parse(&bytes));
    let revoked = args.revoked.as_deref().map(revocation).transpose()?;
    let policy = TrustPolicy {
        signers: signers.as_ref(),
        signer: args.signer.as_deref(),
        revoked: revoked.as_ref(),
        at: args.at,
    };
    let chosen = Chosen::of(&args.archives)?;
    let mut checked =
        args.threads.run(|| progress::watch(printer, |progress| check(&chosen.archives, &policy, progress)))??;
    let mut reports: Vec<&mut Report> = checked.iter_mut().filter_map(|(_, result)| result.as_mut().ok()).collect();
    check_chain(&mut reports);
    let exit = checked
        .iter()
        .map(|(_, result)| ending(result))
        .min_by_key(|exit| severity(*exit))
        .unwrap_or(Exit::Unavailable);
    printer.answer("verify", exit, &document::Document::new(&checked, &chosen.passed_over), || {
        text::render(printer, &checked, &chosen.passed_over, exit)
    });
    Ok(exit)
}

/// An archive and what came of checking it.
type Checked = (PathBuf, Result<Report, VerifyError>);

fn check(paths: &[PathBuf], policy: &TrustPolicy<'_>, progress: &Progress) -> Result<Vec<Checked>, Failure> {
    let mut checked = Vec::new();
    for path in paths {
        let result = verify(path, policy, progress);
        match result {
            Err(VerifyError::Interrupted(stopped)) => return Err(Failure::of(Exit::Interrupted, stopped)),
            // One archive that cannot be read leaves nothing to report; one of several is a line of the report.
            Err(error) if paths.len() == 1 => return Err(Failure::of(Exit::Unavailable, error)),
            _ => {}
        }
        checked.push((path.clone(), result));
    }
    Ok(checked)
}

/// How the check of one archive ends the program.
fn ending(result: &Result<Report, VerifyError>) -> Exit {
    match result.as_ref().map(Report::ending) {
        Err(_) => Exit::Unavailable,
        Ok(Ending::FailedCheck) => Exit::FailedCheck,
        Ok(Ending::Untrusted) => Exit::Untrusted,
        Ok(Ending::Incomplete) => Exit::Incomplete,
        Ok(Ending::Intact) => Exit::Ok,
    }
}

/// Of several archives the first of these decides: unreadable, not intact, untrusted, incomplete.
fn severity(exit: Exit) -> usize {
    let order = [Exit::Unavailable, Exit::FailedCheck, Exit::Untrusted, Exit::Incomplete];
    order.iter().position(|other| *other == exit).unwrap_or(order.len())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
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
