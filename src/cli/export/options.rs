//! From arguments to a job: everything that can be refused is refused here, before the source is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

use super::Args;
use super::earlier;
use super::failures;
use super::judging;
use super::sealing::Job;
use super::source;
use crate::archive::salt::ArchiveSalt;
use crate::archive::seal::{NO_ORIGIN, Origin};
use crate::archive::stage::Stage;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::keys::unusable_signer;
use crate::cli::policy::{self, Loaded};
use crate::cli::reading::understood;
use crate::keys::Signer;
use crate::merkle::Hash;
use crate::progress::Progress;
use crate::record::time::{self, Millis};
use crate::select::Source;
use crate::source::bulk::container::ContentPlace;
use crate::source::scope::Asked;

/// How long an ssh-agent may take; a token may want to be touched.
const AGENT_PATIENCE: Duration = Duration::from_secs(60);

/// A validated export.
pub(super) struct Options {
    opened: Source,
    asked: Asked,
    signer: Signer,
    source: PathBuf,
    output: PathBuf,
    origin: Origin,
    previous: Option<Hash>,
    salt: ArchiveSalt,
    in_force: Option<Loaded>,
    time: Millis,
    contents: ContentPlace,
}

impl Options {
    /// Checks the arguments, opens key and source, and checks the earlier archives that are named.
    pub(super) fn new(args: &Args, stop: &Arc<AtomicBool>) -> Result<Self, Failure> {
        let usage = |error: &dyn std::fmt::Display| Failure::new(Exit::Usage, error.to_string());
        let origin = Origin::new(args.origin.as_deref().unwrap_or(NO_ORIGIN)).map_err(|error| usage(&error))?;
        let (asked, time) = (args.reading.asked()?, args.reading.time()?);
        let is_judged = !(args.policy.is_empty() && args.holds.is_empty());
        let in_force = is_judged.then(|| policy::load(&args.policy, &args.holds)).transpose()?;
        Stage::check(&args.output).map_err(failures::of_stage)?;
        refuse_overlap(args)?;
        let signer = open_signer(&args.key, time)?;
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
        let opened = source::open(&args.source, &args.reading, stop)?;
        let (source, output) = (args.source.clone(), args.output.clone());
        Ok(Self { opened, asked, signer, source, output, origin, previous, salt, in_force, time, contents })
    }

    /// What was understood, said before the work starts.
    pub(super) fn understood(&self) -> String {
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
    pub(super) fn job(self, progress: &Progress) -> Job<'_> {
        Job {
            source: self.opened,
            asked: self.asked,
            signer: self.signer,
            output: self.output,
            origin: self.origin,
            previous: self.previous,
            in_force: self.in_force,
            salt: self.salt,
            time: self.time,
            threads: rayon::current_num_threads(),
            progress,
        }
    }
}

/// Opens the key and makes sure that it will sign: a certificate must be valid, an agent must not refuse.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
fn open_signer(key: &Path, time: Millis) -> Result<Signer, Failure> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
    let signer = Signer::open(key, socket.as_deref(), AGENT_PATIENCE).map_err(unusable_signer)?;
    if let Some(certificate) = signer.certificate() {
        certificate.check(time).map_err(|problem| {
            let message = format!("the certificate beside `{}` would not be accepted: {problem}", key.display());
            Failure::new(Exit::Usage, message).hint("move the certificate away, or have the key certified anew")
        })?;
    }
    if signer.is_agent() {
        signer.probe().map_err(unusable_signer)?;
    }
    Ok(signer)
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
    let folders = args.reading.files.iter().cloned().chain((!source::is_url(&args.source)).then_some(beside));
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
