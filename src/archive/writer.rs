//! From staged members to a sealed archive: the remaining payload, the manifests, the seal, its signatures.
//!
//! Order is everything here, because each part covers the one before: payload → manifest → tag manifest → `seal.txt` →
//! signatures → the zip's own end. What covers nothing is written last, and the name is taken only then.

use std::collections::BTreeMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::digest::{SHA256, digest};

use super::manifest::{BAGIT, BagInfo, bagging_date, line, tag_manifest};
use super::names::{MAX_POLICY, Member};
use super::records::Written;
use super::salt::ArchiveSalt;
use super::seal::{Clock, Origin, Seal, SealError};
use super::segments;
use super::stage::{Published, Stage, StageError};
use super::summary::{self, Decided, FORMAT, Kinds, Summary, SummaryError};
use crate::keys::{PublicKey, SEAL_NAMESPACE, Signer, SignerError};
use crate::merkle::Hash;
use crate::record::hold_set;
use crate::record::time::{Millis, Window};

/// How to check an archive by hand; the same text in every archive without policies and holds.
pub const README: &str = include_str!("README.txt");

/// What [`README`] says besides in archives with policies or holds, in front of this line.
const README_JUDGED: (&str, &str) = (
    "\nWhat this proves",
    "  7. the policies and holds are those that the seal names (two equal digests for each, none where there are none)
       sha256sum data/policy/*-policy.toml | sha256sum | cut -c -64 ; sed -n 's/^policy sha256://p' seal.txt
       sha256sum data/policy/*-holds.toml | sha256sum | cut -c -64 ; sed -n 's/^holds sha256://p' seal.txt
  8. where a record says \"holds\":\"set:...\", the holds stand in data/policy/hold-sets.jsonl, under a name that is their digest
       sed 's/.*\"holds\"://; s/}$//' data/policy/hold-sets.jsonl | while read -r set; do printf %s \"$set\" | sha256sum | cut -c -32; done > ../sets
       cut -c 13-44 data/policy/hold-sets.jsonl | diff - ../sets
",
);

/// Why an archive could not be sealed.
#[derive(Debug, thiserror::Error)]
pub enum WriterError {
    /// The archive could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The key could not sign.
    #[error("cannot sign the seal")]
    Signer(#[from] SignerError),
    /// The seal has no text.
    #[error("cannot write the seal")]
    Seal(#[from] SealError),
    /// The summary could not be written.
    #[error("cannot write the summary")]
    Summary(#[from] SummaryError),
    /// Exceptions or withheld rows could not be read back.
    #[error("cannot read the sorted exceptions or withheld rows")]
    Lists(#[source] io::Error),
    /// More policies or holds files than their names can number.
    #[error("{0} policies or holds files, more than 999")]
    TooManyDocuments(usize),
    /// Records name more sets of holds than the format allows.
    #[error(
        "records are covered by {0} different sets of holds, more than 16,777,216; export a part of them at a time"
    )]
    TooManySets(usize),
    /// A set has more holds than the format allows.
    #[error("the ids of the holds of a record have {0} bytes, more than 16,777,215; give holds shorter ids")]
    SetTooLong(usize),
    /// Rows of a kind went missing between reading and writing: a bug, and nothing is sealed.
    #[error("{kind}: the source has {source_rows} rows, but {accounted} are accounted for")]
    Incomplete {
        /// The kind.
        kind: String,
        /// Rows in the source.
        source_rows: u64,
        /// Records + out of scope + withheld + quarantined.
        accounted: u64,
    },
}

/// What the seal says that the records do not show.
#[derive(Debug)]
pub struct Statement<'a> {
    /// Who keeps the series.
    pub origin: Origin,
    /// Number of the seal in the ledger; `None` without one.
    pub number: Option<u64>,
    /// SHA-256 of the previous archive's `seal.txt`.
    pub previous: Option<Hash>,
    /// Which clock of the rows the window was laid on.
    pub clock: Clock,
    /// Which rows were asked for.
    pub window: Window,
    /// When it is sealed.
    pub time: Millis,
    /// Program and version.
    pub agent: &'a str,
    /// `data/source.json`.
    pub source: &'a [u8],
    /// `data/custody.jsonl`.
    pub custody: &'a [u8],
    /// Posts found to be purged; `None` where that cannot be known.
    pub purged_posts: Option<u64>,
    /// Whether policies or holds were in force.
    pub is_judged: bool,
}

/// Hands the next line of a list to its argument; false at the end.
pub type NextLine<'n> = dyn FnMut(&mut dyn FnMut(&[u8])) -> io::Result<bool> + 'n;

/// Policies and holds that were in force, and what they came to.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The exact bytes of each policy file, in order of use.
    pub policies: &'a [Vec<u8>],
    /// The exact bytes of each holds file, in order of use.
    pub holds: &'a [Vec<u8>],
    /// What was decided, counted.
    pub decided: Decided,
}

/// What was written so far, and what it came to.
pub struct Contents<'a> {
    /// The record lines.
    pub written: &'a Written,
    /// Counts of each kind.
    pub kinds: Kinds,
    /// Exceptions.
    pub gaps: Gaps,
    /// Decisions; `None` without policies and holds.
    pub judged: Option<Judged<'a>>,
    /// Lines of `data/policy/hold-sets.jsonl`, sorted, each once; `None` if there are none.
    pub hold_sets: Option<&'a mut NextLine<'a>>,
    /// Lines of `data/withheld.jsonl`, sorted; asked for with a policy only.
    pub withheld: &'a mut NextLine<'a>,
}

/// Exceptions as they were written.
#[derive(Debug, Default, Clone)]
pub struct Gaps {
    /// Lines by class.
    pub classes: BTreeMap<String, u64>,
    /// Lines that are notes.
    pub notes: u64,
    /// Lines that are none.
    pub exceptions: u64,
}

/// A finished archive and what it holds.
#[derive(Debug)]
pub struct Sealed {
    /// Where it stands.
    pub published: Published,
    /// What it holds.
    pub summary: Summary,
    /// Exceptions by class.
    pub gaps: Gaps,
    /// What was signed.
    pub seal: Seal,
    /// SHA-256 of `seal.txt`.
    pub seal_digest: Hash,
}

/// A sealed archive that has no name yet.
#[derive(Debug)]
pub struct Staged {
    /// Its file.
    pub stage: Stage,
    /// What it holds.
    pub summary: Summary,
    /// Exceptions by class.
    pub gaps: Gaps,
    /// What was signed.
    pub seal: Seal,
    /// The bytes of `seal.txt`.
    pub text: String,
    /// SHA-256 of those.
    pub seal_digest: Hash,
}

impl Staged {
    /// Gives the archive its name.
    pub fn publish(self) -> Result<Sealed, StageError> {
        let Self { stage, summary, gaps, seal, seal_digest, .. } = self;
        Ok(Sealed { published: stage.publish()?, summary, gaps, seal, seal_digest })
    }
}

/// Writes the fixed text that tells how to check an archive, and where it came from: the first members after records.
pub fn write_preface(stage: &mut Stage, statement: &Statement<'_>) -> Result<(), StageError> {
    let (before, more) = README_JUDGED;
    let readme =
        if statement.is_judged { README.replacen(before, &format!("{more}{before}"), 1) } else { README.into() };
    stage.add(Member::Readme, readme.as_bytes())?;
    stage.add(Member::Custody, statement.custody).map(drop)
}

/// Writes exception lines, which `next` hands over in order (it returns false at the end).
pub fn write_exceptions(stage: &mut Stage, next: &mut NextLine<'_>) -> Result<Gaps, WriterError> {
    let mut gaps = Gaps::default();
    write_list(stage, Member::Exceptions, next, &mut |line| {
        let class = line.strip_prefix(b"{\"class\":\"").and_then(|rest| rest.split(|b| *b == b'"').next());
        let class = String::from_utf8_lossy(class.unwrap_or_default()).into_owned();
        if class.starts_with("note-") {
            gaps.notes += 1;
        } else {
            gaps.exceptions += 1;
        }
        *gaps.classes.entry(class).or_default() += 1;
    })?;
    Ok(gaps)
}

/// Writes a list line by line, showing each to `note`.
fn write_list(
    stage: &mut Stage,
    member: Member,
    next: &mut NextLine<'_>,
    note: &mut dyn FnMut(&[u8]),
) -> Result<(), WriterError> {
    let mut draft = stage.begin(member.to_string().len(), 0);
    let mut failure = None;
    loop {
        let more = next(&mut |line| {
            note(line);
            failure = draft.write(line).and_then(|()| draft.write(b"\n")).err();
        });
        if let Some(error) = failure.take() {
            return Err(error.into());
        }
        if !more.map_err(WriterError::Lists)? {
            break;
        }
    }
    draft.finish(|_| member)?;
    Ok(())
}

/// Digests of the lists that the seal names: of policies, and of holds.
#[derive(Default)]
struct InForce {
    policy: Option<Hash>,
    holds: Option<Hash>,
}

/// What the seal names of these policies and of these holds, each in the order of use; `None` where there are none.
pub fn in_force(policies: &[Vec<u8>], holds: &[Vec<u8>]) -> (Option<Hash>, Option<Hash>) {
    let digest = |documents: &[Vec<u8>], member: fn(u16) -> Member| {
        let numbered = (1..=MAX_POLICY).zip(documents);
        let list: String = numbered.map(|(number, bytes)| line(&sha256(bytes), &member(number))).collect();
        (!list.is_empty()).then(|| sha256(list.as_bytes()))
    };
    (digest(policies, Member::Policy), digest(holds, Member::Holds))
}

/// Writes the exact bytes of policies and holds, in the order of their paths.
fn write_documents(stage: &mut Stage, judged: &Judged<'_>) -> Result<InForce, WriterError> {
    for at in 0..judged.policies.len().max(judged.holds.len()) {
        let number = u16::try_from(at + 1).ok().filter(|number| *number <= MAX_POLICY);
        let number = number.ok_or(WriterError::TooManyDocuments(at + 1))?;
        let both = [(Member::Holds(number), judged.holds.get(at)), (Member::Policy(number), judged.policies.get(at))];
        for (member, bytes) in both {
            if let Some(bytes) = bytes {
                stage.add(member, bytes)?;
            }
        }
    }
    let (policy, holds) = in_force(judged.policies, judged.holds);
    Ok(InForce { policy, holds })
}

/// Writes the sets of holds that records name.
fn write_hold_sets(stage: &mut Stage, next: &mut NextLine<'_>) -> Result<(), WriterError> {
    let (mut sets, mut longest) = (0, 0);
    write_list(stage, Member::HoldSets, next, &mut |line| {
        sets += 1;
        longest = longest.max(line.len());
    })?;
    match () {
        () if sets > hold_set::MOST => Err(WriterError::TooManySets(sets)),
        () if longest >= hold_set::MAX_BYTES => Err(WriterError::SetTooLong(longest)),
        () => Ok(()),
    }
}

fn sha256(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Writes the rest and signs; what is left is to publish.
pub fn seal(
    mut stage: Stage,
    contents: Contents<'_>,
    salt: &ArchiveSalt,
    signer: &Signer,
    statement: Statement<'_>,
) -> Result<Staged, WriterError> {
    let Contents { written, kinds, gaps, judged, hold_sets, withheld } = contents;
    check_equation(&kinds)?;
    let has_policy = judged.as_ref().is_some_and(|judged| !judged.policies.is_empty());
    let in_force =
        judged.as_ref().map_or_else(|| Ok(InForce::default()), |judged| write_documents(&mut stage, judged))?;
    if let Some(hold_sets) = hold_sets {
        write_hold_sets(&mut stage, hold_sets)?;
    }
    let files = || stage.members().filter(|(entry, _)| matches!(entry.member, Member::Content(_)));
    let summary = Summary {
        format: FORMAT.to_owned(),
        records: written.records,
        files: files().count() as u64,
        file_bytes: files().map(|(entry, _)| entry.size).sum(),
        exceptions: gaps.exceptions,
        notes: gaps.notes,
        kinds,
        purged_posts: statement.purged_posts,
        retention: judged.map(|judged| judged.decided),
    };
    let summary_text = summary::text(stage.bag(), &summary, &gaps.classes);
    stage.add(Member::Summary, summary.json()?.as_bytes())?;
    stage.add(Member::SummaryText, summary_text.as_bytes())?;
    stage.add(Member::Segments, &segments::text(&written.rows))?;
    let source = stage.add(Member::Source, statement.source)?;
    if has_policy {
        write_list(&mut stage, Member::Withheld, withheld, &mut |_| {})?;
    }

    let bag_info = BagInfo {
        agent: statement.agent.to_owned(),
        date: bagging_date(statement.time).ok_or(SealError::Time(statement.time))?,
        name: stage.bag().clone(),
        payload_bytes: stage.members().map(|(entry, _)| entry.size).sum(),
        payload_files: stage.members().count() as u64,
    };
    let manifest: String = stage.members().map(|(entry, digest)| line(digest, &entry.member)).collect();
    let bagit = stage.add(Member::Bagit, BAGIT.as_bytes())?;
    let info = stage.add(Member::BagInfo, bag_info.text().as_bytes())?;
    let salt_digest = stage.add(Member::Salt, salt.text().as_bytes())?;
    let manifest = stage.add(Member::Manifest, manifest.as_bytes())?;
    let tag_manifest =
        stage.add(Member::TagManifest, tag_manifest(&[info, bagit, manifest, salt_digest]).as_bytes())?;

    let seal = Seal {
        origin: statement.origin,
        number: statement.number,
        records: written.records,
        root: written.root,
        previous: statement.previous,
        tag_manifest,
        clock: statement.clock,
        window: statement.window,
        source,
        policy: in_force.policy,
        holds: in_force.holds,
        files: summary.files,
        exceptions: summary.exceptions,
        time: statement.time,
        signer: signer_digest(&signer.public_key()),
    };
    let text = seal.text()?;
    let names = seal.note_names();
    let signature = signer.sign_ssh(text.as_bytes(), SEAL_NAMESPACE)?;
    let note = signer.sign_note(&text, &names.iter().map(String::as_str).collect::<Vec<_>>())?;
    let seal_digest = stage.add(Member::Seal, text.as_bytes())?;
    stage.add(Member::SealSignature, signature.as_bytes())?;
    stage.add(Member::SealNote, note.as_bytes())?;
    Ok(Staged { stage, summary, gaps, seal, text, seal_digest })
}

/// SHA-256 of the public key as OpenSSH encodes it, taken from the fingerprint that spells it.
fn signer_digest(key: &PublicKey) -> Hash {
    let fingerprint = key.fingerprint();
    let digest = fingerprint.strip_prefix("SHA256:").and_then(|text| STANDARD_NO_PAD.decode(text).ok());
    digest.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

fn check_equation(kinds: &Kinds) -> Result<(), WriterError> {
    for (kind, counts) in &kinds.0 {
        if let summary::Counts::Read { source, records, out_of_scope, withheld, quarantined } = *counts
            && !counts.is_complete()
        {
            let accounted =
                [records, out_of_scope, withheld, quarantined].iter().fold(0, |sum: u64, n| sum.saturating_add(*n));
            return Err(WriterError::Incomplete { kind: kind.clone(), source_rows: source, accounted });
        }
    }
    Ok(())
}
