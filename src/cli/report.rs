//! `chatseal report`: what happened in a playbook run, as a document that people read, print and sign.

mod account;
mod choice;

use std::path::PathBuf;

use clap::ValueHint;

use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::keys;
use super::manual::Manual;
use super::printer::{Printer, harmless};
use super::produce::{PROGRAM, begun, finished, of_folder, of_produce};
use super::progress;
use super::standing::Checking;
use super::threads::Threads;
use super::zoning::Zoning;
use crate::keys::Signer;
use crate::produce::incident::{Run, Runs};
use crate::produce::papers::Production;
use crate::produce::report::Style;
use crate::produce::{Directory, Folder, Scope, Work, report};
use crate::record::time::{self, Millis};
use account::Account;

/// Write the report of an incident from its archive
///
/// One playbook run, told from sealed records only: summary, participants and when they were present, milestones, status
/// updates and what people marked, tasks and their outcome, retrospective, measures, the list of evidence with digests,
/// what is missing, and custody. Each line names the records that say it; what cannot be said is said to be missing.
/// It is written as Markdown and as one page of HTML that prints well, with the papers of every production.
///
/// The archive is verified first; one that is not intact is refused. Without `--signers` nobody vouches for the archive:
/// the report is made, and says so.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archive to report from
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    archive: PathBuf,
    /// Folder to write, which must not exist or be empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: PathBuf,
    /// The run to report on; may be left out where the archive is of one run
    #[arg(long, value_name = "RUN-ID|NAME")]
    run: Option<String>,
    #[command(flatten)]
    checking: Checking,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    ///
    /// It signs the manifest of the production. The signature is of the namespace `production@chatseal.v1`, and stands beside the manifest.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Papers")]
    key: Option<PathBuf>,
    /// Time to date the production, instead of the clock's, so that it can be repeated
    #[arg(long, value_name = "MOMENT", value_parser = time::parse, help_heading = "Form", allow_hyphen_values = true)]
    as_of: Option<Millis>,
    #[command(flatten)]
    zoning: Zoning,
    #[command(flatten)]
    threads: Threads,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "written; what is missing of the run is counted, and told in the report"),
        (Exit::FailedCheck, "the archive is not intact; nothing was written"),
        (Exit::Usage, "a flag is invalid, or no run is found, or none that is clearly meant; nothing was written"),
        (Exit::Untrusted, "--signers was given and the signer is not accepted; nothing was written"),
        (Exit::Unavailable, "the archive or the signers could not be read, or the folder not be written"),
        (Exit::Refused, "the folder exists and is not empty; nothing was touched"),
    ],
    files: &[("DIR", "the report; while it is being made, DIR.partial-… lies beside it")],
    examples: &[
        (
            "Write the report of an archive that was exported of one incident",
            "chatseal report incident.zip --signers allowed_signers --output incident-report",
        ),
        (
            "Write the report of one of several runs, and sign it",
            "chatseal report 2026-11.zip --run OUT-00042 --signers allowed_signers --key seal.key \
             --output checkout-report",
        ),
    ],
    see_also: &["chatseal-export(1)", "chatseal-produce(1)", "chatseal-show(1)", "chatseal-productions(5)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let signer = args.key.as_deref().map(|key| keys::open_signer(key, clock::now())).transpose()?;
    let time = args.as_of.unwrap_or_else(clock::now);
    Folder::check(&args.output).map_err(of_folder)?;
    let name = harmless(&args.archive.display().to_string()).into_owned();
    printer.note(format!("reporting  on `{name}`"));
    let account = args.threads.run(|| {
        progress::watch(printer, |progress| {
            let checked = args.checking.open(&args.archive, progress)?;
            let sealed = checked.told(printer)?;
            let directory = Directory::read(&checked.archive, progress).map_err(of_produce)?;
            let runs = Runs::read(&sealed, &directory, progress).map_err(of_produce)?;
            let run = choice::of(&runs, &sealed.source, args.run.as_deref(), &directory)?;
            printer.note(format!("  run       {} ({})", harmless(&run.name), harmless(&run.id)));
            let scope = Scope::default();
            let work = Work { sealed: &sealed, directory: &directory, scope: &scope, time, progress };
            write(args, &work, &runs, run, signer.as_ref())
        })
    })??;
    printer.answer("report", Exit::Ok, &account, || account.text());
    Ok(Exit::Ok)
}

fn write(args: &Args, work: &Work<'_>, runs: &Runs, run: &Run, signer: Option<&Signer>) -> Result<Account, Failure> {
    let (folder, mut replaced) = begun(&args.output)?;
    let made =
        report::make(work, runs, run, &Style { program: PROGRAM, zone: args.zoning.zone }, &folder, &mut replaced)
            .map_err(of_produce)?;
    let command = ["report", &format!("--run {}", run.id)];
    let production =
        Production { work, form: report::WORD, meaning: report::MEANING, command, made: &made, program: PROGRAM };
    let written = finished(&production, &mut replaced, folder, signer)?;
    Ok(Account::new(&args.output, work, run, &made, &written))
}
