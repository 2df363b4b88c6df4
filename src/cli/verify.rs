//! `chatseal verify`: does an archive still say what was sealed, and who says so?

mod cases;
mod chain;
mod document;
pub(super) mod folder;
mod github;
mod junit;
mod recording;
mod text;

pub(super) use document::Ledger;
pub(super) use folder::Chosen;
pub(super) use text::ledger as ledger_text;

use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::ledger::memory::Memory;
use super::ledger::waiting::Wait;
use super::manual::Manual;
use super::metrics::{self, Metrics};
use super::printer::Printer;
use super::progress;
use super::threads::Threads;
use super::trust::{Trust, ValidAt};
use crate::progress::Progress;
use crate::record::time::Millis;
use crate::verify::sample::{Sample, parse_share};
use crate::verify::{Ending, Report, TrustPolicy, VerifyError, look, verify};
use clap::{ValueEnum, ValueHint};
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
    #[command(flatten)]
    trust: Trust,
    #[command(flatten)]
    valid_at: ValidAt,
    /// Folder of the ledger
    ///
    /// The archives must be those that it holds seals of; with a folder of archives, all of them must be there.
    /// The ledger is checked too: every statement, signature and checkpoint. Its first key must be one that the signers
    /// file admits for `statement@chatseal.v1`; later keys are those that it names.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Chain")]
    pub(super) ledger: Option<PathBuf>,
    #[command(flatten)]
    pub(super) memory: Memory,
    /// Check a part of the archives, another one each day, such as `1/30`
    ///
    /// After as many days every archive had its turn. Which part it belongs to follows from its seal, the day from
    /// `--at` or the clock, in UTC. Of the others only the seal is read: that they are there and where they stand in
    /// the chain is checked, their content is not, and the report says so.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, help_heading = "Sample")]
    pub(super) sample: Option<u64>,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    ///
    /// The check is then stated in the ledger: what was checked, against which head, and how it ended.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "ledger", help_heading = "Record")]
    pub(super) key: Option<PathBuf>,
    #[command(flatten)]
    pub(super) wait: Wait,
    /// Write metrics for the textfile collector of `node_exporter` to this file, `NAME.prom`; NAME is the task
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(super) metrics: Option<PathBuf>,
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
    /// `JUnit` XML: a test case for each archive and layer
    Junit,
    /// Workflow commands of GitHub Actions: an annotation for each finding
    Github,
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
        (Exit::Incomplete, "intact, but the chain has a gap or a fork, or the ledger is not the one expected"),
        (Exit::Unavailable, "an archive, the signers or the ledger could not be read"),
        (Exit::Locked, "the check could not be stated in the ledger: another process appends"),
        (Exit::Refused, "the check could not be stated in the ledger: another key signs it"),
    ],
    files: &[("ALLOWED_SIGNERS", "one line for each key: names, options, key; see ssh-keygen(1), ALLOWED SIGNERS")],
    examples: &[
        ("Check an archive", "chatseal verify 2026-11.zip --signers allowed_signers"),
        (
            "Check in a pipeline, against the head that the repository pins",
            "chatseal verify archives/ --signers allowed_signers --ledger ledger \\\n      --expect-head 43-B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB-1V --format junit > chatseal.xml",
        ),
        ("Check a year of archives and the chain between them", "chatseal verify archives/ --signers allowed_signers"),
        (
            "Check that no archive of a ledger is missing and that its history is the one seen before",
            "chatseal verify archives/ --signers allowed_signers --ledger ledger --state seen.note",
        ),
        (
            "Check another thirtieth each night, and state in the ledger what was checked",
            "chatseal verify archives/ --signers allowed_signers --ledger ledger --sample 1/30 --key seal.key",
        ),
    ],
    see_also: &[
        "chatseal-export(1)",
        "chatseal-ledger(1)",
        "chatseal-archive(5)",
        "chatseal-ledger(5)",
        "ssh-keygen(1)",
    ],
};

/// Runs the command, and tells a monitoring system how it ended.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    if let Some(Err(why)) = args.metrics.as_deref().map(metrics::check_name) {
        return Err(Failure::new(Exit::Usage, why));
    }
    let (begun, mut known) = (clock::now(), None);
    let ended = answer(args, printer, &mut known);
    let Some(path) = &args.metrics else { return ended };
    let exit = ended.as_ref().map_or_else(Failure::exit, |exit| *exit);
    match (tell(path, begun, exit, known), &ended) {
        (Err(failure), Ok(Exit::Ok)) => return Err(failure),
        (Err(failure), _) => printer.warn(failure.account().message),
        (Ok(()), _) => {}
    }
    ended
}

/// Checks and answers; `known` becomes what the ledger says of itself.
fn answer(args: &Args, printer: &Printer, known: &mut Option<metrics::Chain>) -> Result<Exit, Failure> {
    let servers = args.format.filter(|format| format.is_for_servers());
    if servers.is_some() && printer.is_json() {
        return Err(Failure::new(Exit::Usage, "`--json` and another `--format` exclude each other"));
    }
    let trust = args.trust.loaded()?;
    let policy = trust.policy_at(args.valid_at);
    let now = clock::now();
    let sample = args.sample.map(|parts| Sample::new(parts, args.valid_at.at.unwrap_or(now)));
    let signer = args.key.as_deref().map(super::ledger::signer).transpose()?;
    let chosen = Chosen::of(&args.archives)?;
    let chain = chain::Chain::read(args, &policy)?;
    *known = chain.reading().map(metrics::Chain::of);
    let policy = TrustPolicy { vouched: chain.vouched(), ..policy };
    let mut checked = args
        .threads
        .run(|| progress::watch(printer, |progress| check(&chosen.archives, &policy, sample, progress)))??;
    let mut ledger = chain.check(&mut checked, &policy, args)?;
    let of_ledger = ledger.as_ref().map(|report| exit_of(report.ending()));
    let exits = checked.iter().map(|(_, result)| ending(result)).chain(of_ledger);
    let exit = exits.min_by_key(|exit| severity(*exit)).unwrap_or(Exit::Unavailable);
    if let (Some(signer), Some(reading), Some(report)) = (&signer, chain.reading(), &mut ledger) {
        let said = recording::said(reading, report, &checked, sample, exit);
        recording::state(said, signer, report, exit, args, printer)?;
    }
    if let Some(format) = servers {
        let suites = cases::suites(&checked, &chosen.passed_over, ledger.as_ref(), chain.asked());
        printer.data(match format {
            Format::Github => github::render(&suites, exit, &text::words(&checked, ledger.as_ref())),
            _ => junit::render(&suites),
        });
        return Ok(exit);
    }
    let document = document::Document::new(&checked, &chosen.passed_over, ledger.as_ref());
    printer.answer("verify", exit, &document, || {
        text::render(printer, &checked, &chosen.passed_over, ledger.as_ref(), exit)
    });
    Ok(exit)
}

/// Tells a monitoring system how the check ended.
fn tell(path: &Path, begun: Millis, exit: Exit, chain: Option<metrics::Chain>) -> Result<(), Failure> {
    let task = path.file_stem().unwrap_or_default().to_string_lossy();
    let ended = clock::now();
    let verified = Some(exit == Exit::Ok);
    metrics::write(path, &Metrics { chain, verified, ..Metrics::new(&task, ended, ended.saturating_sub(begun), exit) })
}

/// An archive and what came of checking it.
type Checked = (PathBuf, Result<Report, VerifyError>);

fn check(
    paths: &[PathBuf],
    policy: &TrustPolicy<'_>,
    sample: Option<Sample>,
    progress: &Progress,
) -> Result<Vec<Checked>, Failure> {
    let mut checked = Vec::new();
    for path in paths {
        let result = match sample.map_or(Ok(None), |sample| left_out(path, sample)) {
            Ok(Some(report)) => progress.check().map(|()| report).map_err(VerifyError::from),
            Ok(None) => verify(path, policy, progress),
            Err(error) => Err(error),
        };
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

/// What can be said of an archive whose turn it is not; `None` if it is to be checked.
fn left_out(path: &Path, sample: Sample) -> Result<Option<Report>, VerifyError> {
    let looked = look(path, &format!("left out of the sample {sample}"))?;
    Ok(looked.filter(|report| report.seal_sha256.is_some_and(|seal| !sample.takes(&seal))))
}

/// How the check of one archive ends the program.
fn ending(result: &Result<Report, VerifyError>) -> Exit {
    result.as_ref().map_or(Exit::Unavailable, |report| exit_of(report.ending()))
}

/// How a check ends the program.
pub(super) fn exit_of(ending: Ending) -> Exit {
    match ending {
        Ending::FailedCheck => Exit::FailedCheck,
        Ending::Untrusted => Exit::Untrusted,
        Ending::Incomplete => Exit::Incomplete,
        Ending::Intact | Ending::LeftOut => Exit::Ok,
    }
}

/// Of several archives the first of these decides: unreadable, not intact, untrusted, incomplete.
fn severity(exit: Exit) -> usize {
    let order = [Exit::Unavailable, Exit::FailedCheck, Exit::Untrusted, Exit::Incomplete];
    order.iter().position(|other| *other == exit).unwrap_or(order.len())
}
