//! From arguments to a job: everything that can be refused is refused here, before the source is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ring::rand::{SecureRandom, SystemRandom};

use super::Args;
use super::earlier;
use super::failures;
use super::judging;
use super::ledger;
use super::sealing::Job;
use super::source::{self, Access};
use crate::archive::salt::ArchiveSalt;
use crate::archive::seal::{NO_ORIGIN, Origin};
use crate::archive::stage::Stage;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::keys::open_signer;
use crate::cli::policy::{self, Loaded};
use crate::cli::reading::understood;
use crate::cli::run::series::Series;
use crate::keys::Signer;
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::time::{self, Millis};
use crate::select::Source;
use crate::source::bulk::container::ContentPlace;
use crate::source::scope::Asked;

/// A validated export.
pub(in crate::cli) struct Options {
    pub(in crate::cli) opened: Source,
    asked: Asked,
    pub(in crate::cli) signer: Signer,
    source: PathBuf,
    output: PathBuf,
    origin: Origin,
    previous: Option<Hash>,
    ledger: Option<PathBuf>,
    salt: ArchiveSalt,
    pub(in crate::cli) in_force: Option<Loaded>,
    /// The archives that it follows; a run sets it.
    pub(in crate::cli) series: Option<Series>,
    time: Millis,
    is_clocked: bool,
    contents: ContentPlace,
}

impl Options {
    /// Checks the arguments, opens key and source, and checks the earlier archives that are named.
    pub(in crate::cli) fn new(args: &Args, access: &Access<'_>, stop: &Arc<AtomicBool>) -> Result<Self, Failure> {
        let usage = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error.to_string());
        let named = args.origin.as_deref().map(Origin::new).transpose().map_err(|error| usage(&error))?;
        let (asked, time) = (args.reading.asked()?, args.reading.time()?);
        let stated = args.ledger.as_deref().map(|folder| ledger::holds(folder, time)).transpose()?.flatten();
        let is_judged = !(args.policy.is_empty() && args.holds.is_empty() && stated.is_none());
        let in_force = is_judged.then(|| policy::load_with(&args.policy, &args.holds, stated)).transpose()?;
        Stage::check(&args.output).map_err(failures::of_stage)?;
        refuse_overlap(args)?;
        let signer = open_signer(&args.key, time)?;
        let origin = match &args.ledger {
            Some(folder) => {
                let origin = ledger::check(folder, &signer, &args.output)?;
                if let Some(other) = named.filter(|named| *named != origin) {
                    let message = format!("`--origin {}`, but the ledger is `{}`", other.as_str(), origin.as_str());
                    return Err(Failure::new(Exit::Usage, message).hint("leave `--origin` out; the ledger knows it"));
                }
                origin
            }
            None => named.map_or_else(|| Origin::new(NO_ORIGIN), Ok).map_err(|error| usage(&error))?,
        };
        let salt = match &args.salt_from {
            Some(archive) => earlier::salt(archive)?,
            None => fresh_salt()?,
        };
        let previous = match &args.previous {
            Some(archive) => {
                Some(args.reading.threads.run(|| earlier::seal_digest(archive, time, &Progress::silent()))??)
            }
            None => None,
        };
        let contents = args.reading.contents();
        let opened = source::open_with(&args.source, &args.reading, access, stop)?;
        let (source, output) = (args.source.clone(), args.output.clone());
        let ledger = args.ledger.clone();
        let series = None;
        Ok(Self {
            opened,
            asked,
            signer,
            source,
            output,
            origin,
            previous,
            ledger,
            salt,
            in_force,
            series,
            time,
            is_clocked: args.reading.as_of.is_none(),
            contents,
        })
    }

    /// As of when it is decided and sealed.
    pub(in crate::cli) fn time(&self) -> Millis {
        self.time
    }

    /// What was understood, said before the work starts.
    pub(in crate::cli) fn understood(&self) -> String {
        let end = |at: Option<Millis>| at.and_then(time::format);
        let files = match &self.contents {
            ContentPlace::Usual => source::usual_files(&self.opened).to_owned(),
            ContentPlace::Folder(folder) => format!("from `{}`", folder.display()),
            ContentPlace::Nowhere => "not collected".to_owned(),
        };
        format!(
            "source     {}\n{}\n  files     {files}{}\n  sealed as {} at {}\n  key       {}\n  archive   `{}`",
            source::described(&self.opened, &self.source),
            understood(&self.asked),
            self.in_force.as_ref().map_or_else(String::new, |loaded| judging::understood(&loaded.set, self.time)),
            self.origin.as_str(),
            end(Some(self.time)).unwrap_or_default(),
            self.signer.public_key().fingerprint(),
            self.output.display(),
        )
    }

    /// The job, for this many threads.
    pub(in crate::cli) fn job(self, progress: &Progress) -> Job<'_> {
        Job {
            source: self.opened,
            asked: self.asked,
            signer: self.signer,
            output: self.output,
            origin: self.origin,
            previous: self.previous,
            ledger: self.ledger,
            in_force: self.in_force,
            series: self.series,
            salt: self.salt,
            time: self.time,
            is_clocked: self.is_clocked,
            threads: rayon::current_num_threads(),
            progress,
        }
    }
}

fn fresh_salt() -> Result<ArchiveSalt, Failure> {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Failure::new(Exit::Unavailable, "the system gives no random bytes for the salt"))?;
    Ok(ArchiveSalt::new(bytes))
}

/// Output must not lie on, in or above what is read: an export once overwrote its own attachments.
fn refuse_overlap(args: &Args) -> Result<(), Failure> {
    let refused = |object: &Path| {
        let message =
            format!("the output `{}` would lie inside, at or above `{}`", args.output.display(), object.display());
        Failure::new(Exit::Refused, message).hint("choose an output outside everything that is read")
    };
    let folder = args.output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|error| {
        Failure::of(Exit::Unavailable, error).context(format!("cannot write into `{}`", folder.display()))
    })?;
    let output = folder.join(args.output.file_name().unwrap_or_default());
    let beside = args.source.parent().unwrap_or(Path::new("")).join("data");
    let folders = args.reading.files.iter().chain(&args.ledger).cloned();
    let folders = folders.chain((!source::is_url(&args.source)).then_some(beside));
    for read in folders.filter_map(|path| path.canonicalize().ok()).filter(|path| path.is_dir()) {
        if output.starts_with(&read) {
            return Err(refused(&read));
        }
    }
    let files = [Some(&args.source), Some(&args.key), args.previous.as_ref(), args.salt_from.as_ref()];
    for read in files.into_iter().flatten().chain(&args.reading.audit_log).filter_map(|path| path.canonicalize().ok()) {
        let partial = read.as_os_str().to_string_lossy().strip_suffix(".partial").map(PathBuf::from);
        if read.starts_with(&output) || output.starts_with(&read) || partial.as_ref() == Some(&output) {
            return Err(refused(&read));
        }
    }
    Ok(())
}
