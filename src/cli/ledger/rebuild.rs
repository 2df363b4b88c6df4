//! `chatseal ledger rebuild`: a ledger was lost; a new one takes in the seals that its archives still show.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueHint;

use super::failures::{holder, of_ledger};
use super::{EXITS, Folder, said};
use crate::archive::seal::Origin;
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::manual::Manual;
use crate::cli::printer::{Printer, count};
use crate::cli::progress::watch;
use crate::cli::threads::Threads;
use crate::cli::trust::read as read_file;
use crate::cli::verify::Chosen;
use crate::keys::AllowedSigners;
use crate::ledger::{Ledger, Said, unwatched};
use crate::merkle::Hash;
use crate::verify::{Ending, TrustPolicy, verify};

/// Begin a new ledger from the archives of one that was lost
///
/// The statements of a lost ledger cannot be made again, so the new one has another origin: a ledger of the old name
/// would be a second history. Its first statements say that the old one was lost and which seals its archives show; the
/// next archive is chained to the last of them. Every archive is checked first, and must be by an accepted signer.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Archives of the lost ledger, or folders whose `.zip` files they are
    #[arg(value_name = "ARCHIVE|DIR", required = true, value_hint = ValueHint::AnyPath)]
    archives: Vec<PathBuf>,
    /// Name of the log, such as `chat.example.org/audit`
    ///
    /// Seals carry it, and it never changes.
    #[arg(long, value_name = "NAME")]
    origin: String,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    key: PathBuf,
    /// Keys that may sign, as ssh-keygen reads them (`allowed_signers`)
    #[arg(long, value_name = "ALLOWED_SIGNERS", value_hint = ValueHint::FilePath, help_heading = "Trust")]
    signers: PathBuf,
    /// How the ledger was lost
    #[arg(long, value_name = "HOW", default_value = "the ledger was lost")]
    why: String,
    #[command(flatten)]
    threads: Threads,
}

pub(super) const MANUAL: Manual = Manual {
    exits: EXITS,
    files: &[("DIR", "the new ledger; see chatseal-ledger(5)")],
    examples: &[(
        "Begin anew after a disk was lost",
        "chatseal ledger rebuild ledger archives/ --origin chat.example.org/audit-2 --key seal.key \\\n      --signers allowed_signers --why disk-lost",
    )],
    see_also: &["chatseal-ledger(5)", "chatseal-ledger-init(1)", "chatseal-verify(1)"],
};

/// Seals that one statement names: it must stay below the largest one.
const SEALS_IN_ONE: usize = 500;

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let origin = Origin::new(&args.origin).map_err(|error| Failure::of(Exit::Usage, error))?;
    let signer = super::signer(&args.key)?;
    let (lost, seals) = shown(args, printer)?;
    if lost == origin {
        let message = format!("the lost ledger was `{}` too; another history needs another name", lost.as_str());
        return Err(Failure::new(Exit::Usage, message).hint("add a number to the name"));
    }
    let (folder, now) = (&args.folder.ledger, clock::now());
    Ledger::create(folder, &origin, &signer, now, &holder(), &mut unwatched).map_err(of_ledger)?;
    let mut ledger = Ledger::open(folder, &holder(), &mut unwatched).map_err(of_ledger)?;
    let all: Vec<(u64, Hash)> = seals.into_iter().collect();
    let mut committed = None;
    for seals in all.chunks(SEALS_IN_ONE) {
        let said = Said::Lost { origin: lost.clone(), seals: seals.to_vec(), why: args.why.clone() };
        committed = Some(ledger.state(said, &signer, &signer, now, &mut unwatched).map_err(of_ledger)?);
    }
    let nothing = || Failure::new(Exit::Unavailable, "no archive shows a seal of a ledger");
    let words = format!("took in {} seals of the lost ledger {}", count(all.len() as u64), lost.as_str());
    said::answer(printer, "ledger-rebuild", &committed.ok_or_else(nothing)?, &words);
    Ok(Exit::Ok)
}

/// The one ledger that all archives name, and its seals by number.
fn shown(args: &Args, printer: &Printer) -> Result<(Origin, BTreeMap<u64, Hash>), Failure> {
    let signers = AllowedSigners::parse(&read_file(&args.signers)?);
    let policy = TrustPolicy { signers: Some(&signers), ..TrustPolicy::default() };
    let mut seals = BTreeMap::new();
    let mut lost: Option<Origin> = None;
    for path in Chosen::of(&args.archives)?.archives {
        let shown = path.display().to_string();
        let checked = args.threads.run(|| watch(printer, |progress| verify(&path, &policy, progress)))?;
        let report = checked.map_err(|error| Failure::of(Exit::Unavailable, error))?;
        if report.ending() != Ending::Intact {
            return Err(Failure::new(Exit::Refused, format!("`{shown}`: {}", report.verdict()))
                .hint("only archives that are intact, by accepted signers, can be taken in"));
        }
        let seal = report.seal.as_ref().and_then(|seal| Some((seal.origin.clone(), seal.number?)));
        let (Some((origin, number)), Some(digest)) = (seal, report.seal_sha256) else {
            return Err(Failure::new(Exit::Refused, format!("`{shown}` is of no ledger")));
        };
        if let Some(other) = lost.as_ref().filter(|lost| **lost != origin) {
            let message = format!("`{shown}` is of `{}`, others are of `{}`", origin.as_str(), other.as_str());
            return Err(Failure::new(Exit::Refused, message).hint("rebuild from the archives of one ledger"));
        }
        lost = Some(origin);
        if seals.insert(number, digest).is_some_and(|other| other != digest) {
            let message = format!("two archives are number {number}: one of them is of another history");
            return Err(Failure::new(Exit::Refused, message).hint("chatseal verify shows both"));
        }
    }
    lost.map(|lost| (lost, seals)).ok_or_else(|| Failure::new(Exit::Unavailable, "no archive was given"))
}
