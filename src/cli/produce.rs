//! `chatseal produce`: an archive in a form that people and review platforms read.

mod account;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::keys::{self, unusable_signer};
use super::manual::Manual;
use super::printer::{Printer, harmless};
use super::progress;
use super::scoping::{self, Scoping};
use super::standing::Checking;
use super::threads::Threads;
use super::zoning::Zoning;
use crate::keys::Signer;
use crate::produce::folder::{FolderError, Written};
use crate::produce::papers::{self, Production};
use crate::produce::{Directory, Folder, Form, ProduceError, Replaced, Settings, Work, make, rsmf};
use crate::record::time::{self, Millis};
use account::Account;

/// Produce an archive in a form that people and review platforms read
///
/// The archive is verified first; one that is not intact is refused. Then the records in scope are written as the
/// chosen form, into a folder that stands under its name only when it is complete. What a form cannot say is replaced
/// and counted. The forms are described in chatseal-productions(5).
///
/// Without `--signers` nobody vouches for the archive: the production is made, and says that the signer was not checked.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Archive to produce from
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    archive: PathBuf,
    /// Form of the production
    #[arg(long, value_name = "FORM", value_parser = forms())]
    format: Form,
    /// Folder to write, which must not exist or be empty
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    output: PathBuf,
    #[command(flatten)]
    checking: Checking,
    /// Posts in a batch of `csv`, `actiance` and `global-relay`
    ///
    /// Two batches for each thread are held in memory: 10,000 posts take some 20 MB each.
    #[arg(long, value_name = "N", default_value = "10000", help_heading = "Form")]
    batch_size: NonZeroUsize,
    /// Hold each file of `rsmf` against the rules of the format before the production stands
    ///
    /// The rules of the published schema, and more: no unknown member, every id leads somewhere, mail, zip and manifest
    /// agree.
    #[arg(long = "check", help_heading = "Form")]
    is_checked: bool,
    /// Private key that signs, or the public key of one that the running ssh-agent holds
    ///
    /// It signs the manifest of the production. The signature is of the namespace `production@chatseal.v1`, and stands beside the manifest.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Papers")]
    key: Option<PathBuf>,
    #[command(flatten)]
    zoning: Zoning,
    #[command(flatten)]
    scoping: Scoping,
    /// Time to date the production, instead of the clock's, so that it can be repeated
    #[arg(long, value_name = "MOMENT", value_parser = time::parse, help_heading = "Form", allow_hyphen_values = true)]
    as_of: Option<Millis>,
    #[command(flatten)]
    threads: Threads,
}

/// How productions name the program that made them.
pub(super) const PROGRAM: &str = concat!("chatseal ", env!("CARGO_PKG_VERSION"));

/// The forms, by their words.
fn forms() -> impl TypedValueParser<Value = Form> {
    let values = Form::ALL.map(|form| PossibleValue::new(form.word()).help(form.meaning()));
    PossibleValuesParser::new(values).try_map(|word| Form::of(&word).ok_or("no form of this name"))
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "produced; what had to be replaced is counted"),
        (Exit::FailedCheck, "the archive is not intact; nothing was written"),
        (Exit::Usage, "a flag is invalid, or the scope names what the archive does not describe; nothing was written"),
        (Exit::Untrusted, "--signers was given and the signer is not accepted; nothing was written"),
        (Exit::Unavailable, "the archive or the signers could not be read, or the folder not be written"),
        (Exit::Refused, "the folder exists and is not empty; nothing was touched"),
    ],
    files: &[("DIR", "the production; while it is being made, DIR.partial-… lies beside it")],
    examples: &[
        (
            "Produce a transcript to read and search, with the times of Berlin beside UTC",
            "chatseal produce 2026-11.zip --signers allowed_signers --format html --output 2026-11-html --zone Europe/Berlin",
        ),
        (
            "Produce what Mattermost's own compliance export would have written",
            "chatseal produce 2026-11.zip --signers allowed_signers --format csv --output 2026-11-csv",
        ),
        (
            "Produce one channel, a week long, for Smarsh Vantage",
            "chatseal produce 2026-11.zip --format actiance --output week --channel main/town-square \
             --since 2026-11-02 --until 2026-11-09",
        ),
    ],
    see_also: &["chatseal-verify(1)", "chatseal-export(1)", "chatseal-archive(5)", "chatseal-productions(5)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    if args.is_checked && args.format != Form::Rsmf {
        return Err(Failure::new(
            Exit::Usage,
            "`--check` is for `--format rsmf`; no other form has rules to hold it against",
        ));
    }
    let signer = args.key.as_deref().map(|key| keys::open_signer(key, clock::now())).transpose()?;
    let asked = args.scoping.asked()?;
    let time = args.as_of.unwrap_or_else(clock::now);
    Folder::check(&args.output).map_err(of_folder)?;
    let name = harmless(&args.archive.display().to_string()).into_owned();
    printer.note(format!("producing  `{name}` as {}: {}", args.format.word(), args.format.meaning()));
    let account = args.threads.run(|| {
        progress::watch(printer, |progress| {
            let checked = args.checking.open(&args.archive, progress)?;
            let sealed = checked.told(printer)?;
            let directory = Directory::read(&checked.archive, progress).map_err(of_produce)?;
            let scope = scoping::told(asked, &directory, printer)?;
            let work = Work { sealed: &sealed, directory: &directory, scope: &scope, time, progress };
            produce(args, &work, signer.as_ref())
        })
    })??;
    printer.answer("produce", Exit::Ok, &account, || account.text());
    Ok(Exit::Ok)
}

fn produce(args: &Args, work: &Work<'_>, signer: Option<&Signer>) -> Result<Account, Failure> {
    let (folder, mut replaced) = begun(&args.output)?;
    let settings = Settings {
        batch_size: args.batch_size.get(),
        is_checked: args.is_checked,
        zone: args.zoning.zone,
        largest_rsmf: rsmf::LARGEST,
    };
    let made = make(args.format, &settings, work, &folder, &mut replaced).map_err(of_produce)?;
    let (form, meaning) = (args.format.word(), args.format.meaning());
    let command = ["produce", &format!("--format {form}")];
    let production = Production { work, form, meaning, command, made: &made, program: PROGRAM };
    let written = finished(&production, &mut replaced, folder, signer)?;
    Ok(Account::new(args.format, &args.output, work, &made, &replaced, &written))
}

/// Begins a folder, and the list of what has to be replaced in it.
pub(super) fn begun(output: &Path) -> Result<(Folder, Replaced), Failure> {
    let folder = Folder::begin(output).map_err(of_folder)?;
    let replaced = Replaced::new(folder.temporary());
    let replaced = replaced.map_err(|error| of_folder(folder.temporary_failed(error)))?;
    Ok((folder, replaced))
}

/// Adds the papers, signs their manifest if somebody is to sign it, and gives the folder its name.
pub(super) fn finished(
    production: &Production<'_>,
    replaced: &mut Replaced,
    folder: Folder,
    signer: Option<&Signer>,
) -> Result<Vec<Written>, Failure> {
    let manifest = papers::write(production, replaced, &folder, signer.is_some()).map_err(of_produce)?;
    if let Some(signer) = signer {
        let signature = signer.sign_ssh(manifest.as_bytes(), papers::NAMESPACE).map_err(unusable_signer)?;
        let name = format!("{}.sig", papers::MANIFEST);
        folder.write(&name, signature.as_bytes()).map_err(of_folder)?;
    }
    folder.finish().map_err(of_folder)
}

/// How writing the folder of a production fails the command.
pub(super) fn of_folder(error: FolderError) -> Failure {
    let exit = match error {
        FolderError::Exists(_) => Exit::Refused,
        FolderError::Unnamed(_) => Exit::Usage,
        FolderError::Unsafe(_) => Exit::Internal,
        FolderError::Write { .. } => Exit::Unavailable,
    };
    Failure::of(exit, error)
}

/// How making a production fails the command.
pub(super) fn of_produce(error: ProduceError) -> Failure {
    use crate::archive::walk::WalkError;
    let exit = match error {
        ProduceError::Folder(error) => return of_folder(error),
        ProduceError::Archive(WalkError::Unreadable { .. }) => Exit::Unavailable,
        ProduceError::Archive(WalkError::Interrupted(_)) | ProduceError::Interrupted(_) => Exit::Interrupted,
        ProduceError::Archive(_) | ProduceError::Member { .. } | ProduceError::Form(_) => Exit::FailedCheck,
        ProduceError::Scope(_) => Exit::Usage,
    };
    Failure::of(exit, error)
}
