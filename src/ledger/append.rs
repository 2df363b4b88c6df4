//! Appending: under the lock, in the order that survives a power cut, to a ledger that holds together.
//!
//! Everything is signed before anything is written, so that a key that refuses leaves no trace. The rename of
//! `checkpoint` is the commit.
//!
//! A whole ledger is read and checked once, when the lock is taken: time and memory grow with its leaves. Each append
//! under that lock reads back and checks what it wrote and nothing else, so its cost does not grow: whoever could change
//! earlier leaves meanwhile ignores the lock, and is found by the next one who takes it.

mod publish;
mod require;

pub use publish::{Recovered, file_digest};

use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::durable::{self, Watch};
use super::head::Head;
use super::lock::{self, Lock};
use super::pending::Pending;
use super::read::{self, Reading};
use super::said::Said;
use super::statement::{Statement, StatementError};
use super::{key_digest, sha256};
use crate::archive::seal::{Origin, Seal, SealError};
use crate::archive::stage::StageError;
use crate::keys::{Note, STATEMENT_NAMESPACE, Signer, SignerError};
use crate::merkle::{self, Hash};
use crate::record::time::Millis;

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The system refused.
    #[error("cannot use `{}`", path.display())]
    Io {
        /// A file of the ledger.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The checkpoint was renamed into its place, but whether that is on disk is not known.
    #[error("`{}` was committed, but the disk did not confirm it", path.display())]
    Unsettled {
        /// The checkpoint.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No ledger there.
    #[error("`{}` is not a ledger", .0.display())]
    Absent(PathBuf),
    /// Something stands where a new ledger should begin.
    #[error("`{}` exists and is not empty", .0.display())]
    Exists(PathBuf),
    /// Another process appends.
    #[error("`{}` is held by {holder}", path.display())]
    Locked {
        /// The ledger.
        path: PathBuf,
        /// What the holder wrote.
        holder: String,
    },
    /// The ledger does not hold together, so nothing is added to it.
    #[error("`{}` does not hold together: {place}: {meaning} ({findings} in all)", path.display())]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// Where the first defect is.
        place: String,
        /// What it means.
        meaning: &'static str,
        /// How many there are.
        findings: usize,
    },
    /// Another key signs this ledger.
    #[error("the ledger is signed by {expected}, not by {found}")]
    OtherKey {
        /// Fingerprint of the key in force.
        expected: String,
        /// Fingerprint of the one given.
        found: String,
    },
    /// The seal does not continue this ledger.
    #[error("the seal does not continue the ledger: its {0} is another")]
    NotNext(&'static str),
    /// The archive's path cannot be written down.
    #[error("`{}` cannot be written down: expected UTF-8 without control characters", .0.display())]
    Target(PathBuf),
    /// An archive of this name stands in the list already.
    #[error("the ledger lists an archive `{0}.zip` already")]
    Named(String),
    /// A statement has no text.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The bytes are not a seal.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The key did not sign.
    #[error("cannot sign for the ledger")]
    Signer(#[from] SignerError),
    /// An archive that was left behind could not be given its name.
    #[error(transparent)]
    Stage(#[from] StageError),
}

/// What was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Its number.
    pub number: u64,
    /// The new head.
    pub head: Head,
}

/// A ledger under its lock.
#[derive(Debug)]
pub struct Ledger {
    reading: Reading,
    _lock: Lock,
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> LedgerError {
    let path = path.to_owned();
    move |source| LedgerError::Io { path, source }
}

impl Ledger {
    /// Begins a ledger in `folder`, which does not exist, is empty, or holds a beginning that was cut short. Its first
    /// statement says which key signs.
    pub fn create(
        folder: &Path,
        origin: &Origin,
        signer: &Signer,
        now: Millis,
        holder: &str,
        watch: &mut Watch<'_>,
    ) -> Result<Committed, LedgerError> {
        let known = ["origin", "lock", "statements", "checkpoints", "pending", "origin.partial", "checkpoint.partial"];
        let ours = |name: &String| known.contains(&name.as_str());
        let begun = read::names(folder).map_err(failed(folder))?;
        let kept = read::names(&folder.join("checkpoints")).map_err(failed(folder))?;
        if !begun.iter().all(ours) || !kept.is_empty() {
            return Err(LedgerError::Exists(folder.to_owned()));
        }
        for folder in [folder.to_owned(), folder.join("statements"), folder.join("checkpoints"), folder.join("pending")]
        {
            durable::folder(&folder, watch).map_err(failed(&folder))?;
        }
        let lock = locked(folder, holder)?;
        if folder.join("checkpoint").exists() {
            return Err(LedgerError::Exists(folder.to_owned()));
        }
        let name = folder.join("origin");
        durable::write(&name, format!("{}\n", origin.as_str()).as_bytes(), watch).map_err(failed(&name))?;
        let reading = Reading::of(folder).map_err(failed(folder))?;
        let mut ledger = Self { reading, _lock: lock };
        let said = Said::Key { key: signer.public_key(), compromised_since: None };
        let statement = Statement { origin: origin.clone(), number: 0, time: now, signer: digest(signer), said };
        let text = statement.text()?;
        let signature = signer.sign_ssh(text.as_bytes(), STATEMENT_NAMESPACE)?;
        ledger.commit(origin, &text, Some(&signature), signer, watch)
    }

    /// Takes the lock, discards what was not committed, and makes sure that the ledger holds together.
    pub fn open(folder: &Path, holder: &str, watch: &mut Watch<'_>) -> Result<Self, LedgerError> {
        if !folder.join("checkpoint").is_file() && !folder.join("statements").is_dir() {
            return Err(LedgerError::Absent(folder.to_owned()));
        }
        let lock = locked(folder, holder)?;
        let mut ledger = Self { reading: Reading::of(folder).map_err(failed(folder))?, _lock: lock };
        ledger.reading.require_whole()?;
        if ledger.discard(watch)? {
            ledger.refresh()?;
        }
        Ok(ledger)
    }

    fn refresh(&mut self) -> Result<(), LedgerError> {
        let folder = self.reading.folder.clone();
        self.reading = Reading::of(&folder).map_err(failed(&folder))?;
        self.reading.require_whole()
    }

    /// Removes the statement beyond the newest checkpoint and half-written files, and keeps the newest checkpoint.
    /// Whether anything was changed.
    fn discard(&mut self, watch: &mut Watch<'_>) -> Result<bool, LedgerError> {
        let mut changed = false;
        let (folder, size) = (self.reading.folder.clone(), self.reading.size());
        for place in ["", "statements", "checkpoints", "pending"] {
            let place = folder.join(place);
            for name in read::names(&place).map_err(failed(&place))? {
                let beyond = place.ends_with("statements") && read::number_of(&name) == Some(size);
                if beyond || name.ends_with(".partial") {
                    let path = place.join(name);
                    durable::remove(&path, watch).map_err(failed(&path))?;
                    changed = true;
                }
            }
        }
        Ok(self.keep_newest(watch)? || changed)
    }

    /// Keeps the newest checkpoint among all of them, with every cosignature that either has. Whether that was news.
    fn keep_newest(&self, watch: &mut Watch<'_>) -> Result<bool, LedgerError> {
        let folder = &self.reading.folder;
        let mut changed = false;
        let Some(newest) = &self.reading.note else { return Ok(changed) };
        let kept = folder.join("checkpoints").join(read::name(self.reading.size()));
        let found = read::bytes(&kept, 1 << 20).map_err(failed(&kept))?;
        let joined = found.as_deref().and_then(|bytes| Note::parse(bytes).ok()).and_then(|kept| newest.joined(&kept));
        let text = joined.as_ref().unwrap_or(newest).encode();
        for path in [kept, folder.join("checkpoint")] {
            if read::bytes(&path, 1 << 20).map_err(failed(&path))?.as_deref() != Some(text.as_bytes()) {
                durable::write(&path, text.as_bytes(), watch).map_err(failed(&path))?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// What is in the ledger.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The name that seals carry; a ledger that is open has one.
    pub fn origin(&self) -> Result<Origin, LedgerError> {
        self.reading.origin().cloned().ok_or_else(|| LedgerError::Absent(self.reading.folder.clone()))
    }

    /// Number of the next leaf.
    pub fn next(&self) -> u64 {
        self.reading.size()
    }

    /// What the next seal names as its previous.
    pub fn previous(&self) -> Option<Hash> {
        self.reading.last_seal()
    }

    /// Appends a statement. A `key` statement is signed by the old key; `next` is then the new one, and signs the
    /// checkpoint.
    pub fn state(
        &mut self,
        said: Said,
        signer: &Signer,
        next: &Signer,
        now: Millis,
        watch: &mut Watch<'_>,
    ) -> Result<Committed, LedgerError> {
        self.reading.require_whole()?;
        self.reading.require_key(signer)?;
        let origin = self.origin()?;
        let expected = match &said {
            Said::Key { key, .. } => key.fingerprint(),
            _ => signer.public_key().fingerprint(),
        };
        if next.public_key().fingerprint() != expected {
            return Err(LedgerError::OtherKey { expected, found: next.public_key().fingerprint() });
        }
        let statement =
            Statement { origin: origin.clone(), number: self.next(), time: now, signer: digest(signer), said };
        let text = statement.text()?;
        let signature = signer.sign_ssh(text.as_bytes(), STATEMENT_NAMESPACE)?;
        self.commit(&origin, &text, Some(&signature), next, watch)
    }

    /// Appends a seal, after writing down where its archive lies. From here on the archive must not be thrown away.
    pub fn seal(
        &mut self,
        text: &str,
        pending: &Pending,
        signer: &Signer,
        watch: &mut Watch<'_>,
    ) -> Result<Committed, LedgerError> {
        self.reading.require_whole()?;
        self.reading.require_key(signer)?;
        let origin = self.origin()?;
        let seal = Seal::parse(text.as_bytes())?;
        let same = [
            ("origin", seal.origin == origin),
            ("number", seal.number == Some(self.next()) && pending.number == self.next()),
            ("previous archive", seal.previous == self.previous()),
            ("signer", seal.signer == digest(signer)),
            ("digest", pending.seal == sha256(text.as_bytes())),
        ];
        if let Some((what, _)) = same.iter().find(|(_, same)| !same) {
            return Err(LedgerError::NotNext(what));
        }
        let bag = pending.bag().ok_or_else(|| LedgerError::Target(pending.target.clone()))?;
        self.reading.require_free(bag.as_str())?;
        let path = self.pending_path(pending.number);
        durable::write(&path, pending.text().as_bytes(), watch).map_err(failed(&path))?;
        let committed = self.commit(&origin, text, None, signer, watch);
        if !matches!(committed, Ok(_) | Err(LedgerError::Unsettled { .. })) {
            // Not committed, so not pending; what cannot be removed now is dropped by the next one.
            let _ = durable::remove(&path, &mut durable::unwatched);
        }
        committed
    }

    fn commit(
        &mut self,
        origin: &Origin,
        text: &str,
        signature: Option<&str>,
        signer: &Signer,
        watch: &mut Watch<'_>,
    ) -> Result<Committed, LedgerError> {
        let folder = self.reading.folder.clone();
        let number = self.next();
        let mut range = self.reading.range.clone();
        range.push(merkle::leaf_hash(&[text.as_bytes()], || ()));
        let root = range.root().unwrap_or_else(merkle::empty_root);
        let checkpoint = Checkpoint { origin: origin.clone(), size: range.end(), root };
        let note = signer.sign_note(&checkpoint.text(), &[origin.as_str()])?;

        let leaf = read::leaf_path(&folder, number);
        durable::write(&leaf, text.as_bytes(), watch).map_err(failed(&leaf))?;
        if let Some(signature) = signature {
            let mut beside = leaf.into_os_string();
            beside.push(".sig");
            let beside = PathBuf::from(beside);
            durable::write(&beside, signature.as_bytes(), watch).map_err(failed(&beside))?;
        }
        let newest = folder.join("checkpoint");
        let written = durable::write(&newest, note.as_bytes(), watch);
        if let Err(source) = written {
            let found = read::bytes(&newest, 1 << 20).ok().flatten();
            let path = newest;
            return Err(if found.as_deref() == Some(note.as_bytes()) {
                LedgerError::Unsettled { path, source }
            } else {
                LedgerError::Io { path, source }
            });
        }
        let kept = folder.join("checkpoints").join(read::name(checkpoint.size));
        let written = durable::write(&kept, note.as_bytes(), watch);
        written.map_err(|source| LedgerError::Unsettled { path: kept, source })?;
        self.reading.take_in(number).map_err(|source| LedgerError::Unsettled { path: folder, source })?;
        Ok(Committed { number, head: checkpoint.head() })
    }
}

/// Takes the lock that keeps whole runs into one ledger apart. It is another one than that of [`Ledger::open`], so that
/// a hold can be added while a run reads its source.
pub fn lock_runs(folder: &Path, holder: &str) -> Result<Lock, LedgerError> {
    if !folder.join("checkpoint").is_file() {
        return Err(LedgerError::Absent(folder.to_owned()));
    }
    taken(folder, "run.lock", holder)
}

fn locked(folder: &Path, holder: &str) -> Result<Lock, LedgerError> {
    taken(folder, "lock", holder)
}

fn taken(folder: &Path, name: &str, holder: &str) -> Result<Lock, LedgerError> {
    let path = folder.join(name);
    let taken = lock::take(&path, holder).map_err(failed(&path))?;
    taken.map_err(|holder| {
        let holder = if holder.is_empty() { "a process that has just taken it".to_owned() } else { holder };
        LedgerError::Locked { path: folder.to_owned(), holder }
    })
}

fn digest(signer: &Signer) -> Hash {
    key_digest(&signer.public_key())
}
