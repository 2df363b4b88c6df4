//! Reads a whole ledger and says everything that is wrong with it.
//!
//! All of it is checked every time: each statement, each signature, the root at each checkpoint. That each earlier
//! checkpoint is a prefix of the newest follows, because every root is recomputed from the same leaves.
//!
//! It changes nothing and takes no lock; what an append that was cut short left behind is named, not judged.

pub(super) mod answers;
mod whole;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::flaw::Flaw;
use super::head::Head;
use super::list::Listed;
use super::pending::Pending;
use super::said::Said;
use super::statement::{self, Statement, StatementError};
use super::succession::Succession;
use super::{key_digest, sha256};
use crate::archive::seal::{self, Origin, Seal};
use crate::keys::{Note, STATEMENT_NAMESPACE, SshSignature};
use crate::merkle::{self, CompactRange, Hash};

/// The largest list of archives, note or signature that is read.
const MAX_FILE: u64 = 64 << 20;

/// How often a ledger that changes under the reader is read again.
const AGAIN: usize = 20;

/// Something wrong with a ledger, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// Which way of being wrong.
    pub flaw: Flaw,
    /// A file of the ledger.
    pub place: String,
    /// What was expected and what was found.
    pub detail: String,
}

/// One leaf, as far as it could be read.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// SHA-256 of its bytes; of a seal, what the next one names as its previous.
    pub digest: Hash,
    /// Its content; `None` if it is malformed.
    pub text: Option<Text>,
}

/// What a leaf is.
#[derive(Clone, Debug)]
pub enum Text {
    /// The seal of an archive.
    Seal(Box<Seal>),
    /// A statement, with its signature if that is one of it.
    Statement(Box<Statement>, Option<Box<SshSignature>>),
}

/// A ledger as it was found.
#[derive(Debug)]
pub struct Reading {
    /// Where.
    pub folder: PathBuf,
    /// The newest checkpoint, if it can be read.
    pub checkpoint: Option<Checkpoint>,
    /// Its whole note.
    pub note: Option<Note>,
    /// Committed leaves from 0; `None` where one is missing.
    pub leaves: Vec<Option<Leaf>>,
    /// Which key was in force where.
    pub keys: Succession,
    /// What was published.
    pub list: Vec<Listed>,
    /// Archives whose publication was not finished.
    pub pending: Vec<Pending>,
    /// Everything that is wrong.
    pub defects: Vec<Defect>,
    /// What is not wrong but should be known.
    pub remarks: Vec<String>,
    /// Every kept checkpoint's note, by size.
    notes: Vec<(u64, Note)>,
    /// Roots of the prefixes, from the empty one on, as far as leaves are there.
    roots: Vec<Hash>,
    pub(super) range: CompactRange,
}

/// The name of a leaf, pending archive or checkpoint.
pub(super) fn name(number: u64) -> String {
    format!("{number:08}")
}

/// The number that a name in `statements` begins with.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.split('.').next()?.parse().ok()
}

/// Where a leaf lies.
pub(super) fn leaf_path(folder: &Path, number: u64) -> PathBuf {
    folder.join("statements").join(format!("{number:08}.txt"))
}

/// Reads at most `limit` bytes; `None` if there is no such file.
pub(super) fn bytes(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        other => other?,
    };
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Names in a folder of a ledger; none if there is no such folder.
pub(super) fn names(folder: &Path) -> io::Result<BTreeSet<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        other => other?,
    };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

impl Reading {
    /// Reads the ledger in `folder`. The error is the operating system's; whatever else is wrong is in `defects`.
    ///
    /// Somebody may append meanwhile; what was read is then read again, so that a ledger in use is not found broken.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let mut reading = Self::once(folder)?;
        for _ in 0..AGAIN {
            let newest = bytes(&folder.join("checkpoint"), MAX_FILE)?;
            let unchanged = newest.as_deref() == reading.note.as_ref().map(Note::encode).as_deref().map(str::as_bytes);
            if reading.defects.is_empty() || unchanged {
                break;
            }
            reading = Self::once(folder)?;
        }
        Ok(reading)
    }

    fn once(folder: &Path) -> io::Result<Self> {
        let mut reading = Self {
            folder: folder.to_owned(),
            checkpoint: None,
            note: None,
            leaves: Vec::new(),
            keys: Succession::default(),
            list: Vec::new(),
            pending: Vec::new(),
            defects: Vec::new(),
            remarks: Vec::new(),
            notes: Vec::new(),
            roots: vec![merkle::empty_root()],
            range: CompactRange::new(0),
        };
        reading.newest()?;
        let present = names(&folder.join("statements"))?;
        reading.statements(&present)?;
        reading.checkpoints()?;
        reading.chain();
        reading.list()?;
        reading.pending = unfinished(folder)?;
        reading.leftovers(&present);
        Ok(reading)
    }

    /// Takes in the leaf that was just appended, read back from the disk. What stands before it was checked when the
    /// lock was taken.
    pub(super) fn take_in(&mut self, number: u64) -> io::Result<()> {
        self.newest()?;
        let leaf = self.statement(number)?;
        if leaf.is_none() {
            self.found(Flaw::StatementMissing, place(number), "it was just written");
        }
        self.leaves.push(leaf);
        if let (Some(checkpoint), Some(note)) = (self.checkpoint.clone(), self.note.clone()) {
            self.check_note("checkpoint", &checkpoint, &note);
            self.notes.push((checkpoint.size, note));
        }
        self.pending = unfinished(&self.folder)?;
        Ok(())
    }

    fn found(&mut self, flaw: Flaw, place: impl Into<String>, detail: impl Into<String>) {
        self.defects.push(Defect { flaw, place: place.into(), detail: detail.into() });
    }

    /// Leaves that the newest checkpoint counts.
    pub fn size(&self) -> u64 {
        self.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size)
    }

    /// The name of the ledger.
    pub fn origin(&self) -> Option<&Origin> {
        self.checkpoint.as_ref().map(|checkpoint| &checkpoint.origin)
    }

    /// The newest head.
    pub fn head(&self) -> Option<Head> {
        self.checkpoint.as_ref().map(Checkpoint::head)
    }

    fn newest(&mut self) -> io::Result<()> {
        let Some(text) = bytes(&self.folder.join("checkpoint"), MAX_FILE)? else {
            self.found(Flaw::CheckpointMissing, "checkpoint", "there is none");
            return Ok(());
        };
        match Note::parse(&text) {
            Ok(note) => {
                self.checkpoint = Checkpoint::parse(note.text());
                self.note = Some(note);
            }
            Err(error) => self.found(Flaw::CheckpointMalformed, "checkpoint", error.to_string()),
        }
        if self.checkpoint.is_none() && self.note.is_some() {
            self.found(Flaw::CheckpointMalformed, "checkpoint", "its text is not origin, size and root");
        }
        let expected = self.origin().map(|origin| format!("{}\n", origin.as_str()));
        let found = bytes(&self.folder.join("origin"), 1 << 10)?;
        if expected.is_some_and(|expected| found.as_deref() != Some(expected.as_bytes())) {
            self.found(Flaw::Origin, "origin", "expected the first line of the checkpoint, and nothing else");
        }
        Ok(())
    }

    fn statements(&mut self, present: &BTreeSet<String>) -> io::Result<()> {
        let size = self.size();
        let beyond = present.iter().filter_map(|name| number_of(name)).max().map_or(0, |n| n + 1);
        for number in 0..size.min(beyond) {
            let leaf = self.statement(number)?;
            if leaf.is_none() {
                self.found(Flaw::StatementMissing, place(number), "the checkpoint counts it");
            }
            self.leaves.push(leaf);
        }
        if beyond < size {
            let detail = format!("{} to {} are not there, but the checkpoint counts them", beyond, size - 1);
            self.found(Flaw::StatementMissing, place(beyond), detail);
        }
        Ok(())
    }

    fn statement(&mut self, number: u64) -> io::Result<Option<Leaf>> {
        let Some(text) = bytes(&leaf_path(&self.folder, number), statement::MAX_BYTES as u64)? else {
            return Ok(None);
        };
        if self.range.end() == number {
            self.range.push(merkle::leaf_hash(&[&text], || ()));
            self.roots.extend(self.range.root());
        }
        let digest = sha256(&text);
        let content = if text.starts_with(b"chatseal-statement/") {
            self.said(number, &text)?
        } else {
            self.sealed(number, &text)
        };
        if number == 0 && !matches!(&content, Some(Text::Statement(first, _)) if matches!(first.said, Said::Key { .. }))
        {
            self.found(Flaw::FirstKey, place(0), "expected a `key` statement");
        }
        Ok(Some(Leaf { digest, text: content }))
    }

    fn sealed(&mut self, number: u64, text: &[u8]) -> Option<Text> {
        let seal = match Seal::parse(text) {
            Ok(seal) => seal,
            Err(error) => {
                let flaw = match error {
                    seal::SealError::Version(_) => Flaw::StatementUnsupported,
                    _ => Flaw::StatementMalformed,
                };
                self.found(flaw, place(number), error.to_string());
                return None;
            }
        };
        self.belongs(number, &seal.origin, seal.number, &seal.signer);
        Some(Text::Seal(Box::new(seal)))
    }

    fn said(&mut self, number: u64, text: &[u8]) -> io::Result<Option<Text>> {
        let statement = match Statement::parse(text) {
            Ok(statement) => statement,
            Err(error) => {
                let flaw = match error {
                    StatementError::Unsupported(_) => Flaw::StatementUnsupported,
                    _ => Flaw::StatementMalformed,
                };
                self.found(flaw, place(number), error.to_string());
                return Ok(None);
            }
        };
        if number == 0 {
            self.keys.note(&statement);
        }
        self.belongs(number, &statement.origin, Some(statement.number), &statement.signer);
        if number > 0 {
            self.keys.note(&statement);
        }
        let beside = format!("{}.sig", place(number));
        let signature = match bytes(&self.folder.join(&beside), MAX_FILE)?.map(|bytes| SshSignature::parse(&bytes)) {
            None => Err("there is none".to_owned()),
            Some(Err(error)) => Err(error.to_string()),
            Some(Ok(signature)) if signature.namespace() != STATEMENT_NAMESPACE => {
                Err(format!("it was not made for `{STATEMENT_NAMESPACE}`"))
            }
            Some(Ok(signature)) if key_digest(&signature.public_key()) != statement.signer => {
                Err("it is by another key than the statement names".to_owned())
            }
            Some(Ok(signature)) if !signature.verify(text) => Err("it does not verify".to_owned()),
            Some(Ok(signature)) => Ok(signature),
        };
        let signature = match signature {
            Ok(signature) => Some(Box::new(signature)),
            Err(detail) => {
                self.found(Flaw::StatementSignature, beside, detail);
                None
            }
        };
        Ok(Some(Text::Statement(Box::new(statement), signature)))
    }

    fn belongs(&mut self, number: u64, origin: &Origin, stated: Option<u64>, signer: &Hash) {
        if self.origin() != Some(origin) || stated != Some(number) {
            let stated = stated.map_or("none".to_owned(), |number| number.to_string());
            let detail = format!("it says that it is number {stated} of `{}`", origin.as_str());
            self.found(Flaw::StatementMisplaced, place(number), detail);
        }
        let in_force = self.keys.at(number).map(|term| term.key.fingerprint());
        let found = super::fingerprint(signer);
        if in_force.as_ref() != Some(&found) {
            let expected = in_force.unwrap_or_else(|| "no key".to_owned());
            self.found(Flaw::StatementSigner, place(number), format!("{expected} was in force, it names {found}"));
        }
    }
}

impl Leaf {
    /// When, as its signer claims.
    pub fn time(&self) -> Option<i64> {
        match self.text.as_ref()? {
            Text::Seal(seal) => Some(seal.time),
            Text::Statement(statement, _) => Some(statement.time),
        }
    }
}

/// What a seal behind this leaf names as its previous, if the leaf changes that.
fn follows(leaf: &Leaf) -> Option<Hash> {
    match leaf.text.as_ref()? {
        Text::Seal(_) => Some(leaf.digest),
        Text::Statement(statement, _) => match &statement.said {
            Said::Lost { seals, .. } => seals.last().map(|(_, digest)| *digest),
            _ => None,
        },
    }
}

/// Archives whose publication was not finished.
fn unfinished(folder: &Path) -> io::Result<Vec<Pending>> {
    let folder = folder.join("pending");
    let mut pending = Vec::new();
    for name in names(&folder)? {
        pending.extend(bytes(&folder.join(&name), 1 << 16)?.as_deref().and_then(Pending::parse));
    }
    Ok(pending)
}

fn place(number: u64) -> String {
    format!("statements/{number:08}.txt")
}
