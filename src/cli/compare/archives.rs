//! The archives that a source is held against: each checked first, and put into the order of their chain.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::archive::names::Member;
use crate::archive::reader::{Archive, Body, Opening};
use crate::archive::seal::Seal;
use crate::chain::compare::Reach;
use crate::chain::{IndexError, Link};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::printer::{count, harmless};
use crate::cli::verify::folder::Chosen;
use crate::progress::Progress;
use crate::record::time;
use crate::select::Source;
use crate::verify::{Ending, TrustPolicy, verify};

/// Archives in the order of their chain.
pub(super) struct Series {
    pub(super) links: Vec<Link>,
    pub(super) seals: Vec<Seal>,
    pub(super) reaches: Vec<Reach>,
    /// What is to be said before the work starts.
    pub(super) warnings: Vec<String>,
    /// What each of them was made from.
    sources: BTreeSet<String>,
}

/// One archive that was found intact.
struct Checked {
    link: Link,
    seal: Seal,
    source: Value,
}

/// How an archive of a bulk export calls its source.
const BULK: &str = "mattermost bulk export";

impl Series {
    /// Checks the archives of `given`, files or folders, and orders them.
    pub(super) fn open(given: &[PathBuf], progress: &Progress) -> Result<Self, Failure> {
        let chosen = Chosen::of(given)?;
        let mut warnings: Vec<String> = chosen
            .passed_over
            .iter()
            .map(|passed| format!("`{}` is passed over: {}", passed.path.display(), passed.why))
            .collect();
        progress.phase("checking");
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        for path in &chosen.archives {
            let checked = check(path, progress)?;
            if seen.insert(checked.link.seal) {
                all.push(checked);
            }
        }
        all.sort_by_key(|checked| (checked.seal.time, checked.seal.number));
        for pair in all.windows(2) {
            let [before, behind] = pair else { continue };
            if behind.seal.previous != Some(before.link.seal) {
                warnings.push(format!(
                    "`{}` does not follow `{}`: what was sealed in between, if anything, is not compared",
                    behind.link.archive.display(),
                    before.link.archive.display()
                ));
            }
        }
        let sources = all.iter().map(|checked| name_of(&checked.source).to_owned()).collect();
        let reaches = all.iter().map(reach).collect();
        let (links, seals) = all.into_iter().map(|checked| (checked.link, checked.seal)).unzip();
        Ok(Self { links, seals, reaches, warnings, sources })
    }

    /// Refuses a source whose records have other ids: those of a bulk export are derived.
    pub(super) fn require_ids_of(&self, source: &Source, given: &Path) -> Result<(), Failure> {
        let is_bulk = matches!(source, Source::Bulk(_));
        if self.sources.iter().all(|name| (name == BULK) == is_bulk) {
            return Ok(());
        }
        let (what, wanted) = if is_bulk { ("a bulk export", "a database") } else { ("a database", "a bulk export") };
        let shown = given.to_string_lossy();
        let message = format!("`{}` is {what}, and archives were made from {wanted}", harmless(&shown));
        Err(Failure::new(Exit::Usage, message).hint("their records have no ids in common; compare like with like"))
    }

    /// The archives for people.
    pub(super) fn described(&self) -> String {
        let records: u64 = self.seals.iter().fold(0, |sum, seal| sum.saturating_add(seal.records));
        let end = |seal: Option<&Seal>| seal.and_then(|seal| time::format(seal.time)).unwrap_or_default();
        let plural = if self.links.len() == 1 { "archive" } else { "archives" };
        format!(
            "{} {plural} with {} records, sealed from {} to {}; signatures not checked",
            count(self.links.len() as u64),
            count(records),
            end(self.seals.first()),
            end(self.seals.last())
        )
    }

    /// The file name of an archive.
    pub(super) fn name(&self, archive: u32) -> String {
        let path = self.links.get(archive as usize).map(|link| link.archive.as_path());
        path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

fn check(path: &Path, progress: &Progress) -> Result<Checked, Failure> {
    let shown = path.display();
    let report = verify(path, &TrustPolicy::default(), progress)
        .map_err(|error| Failure::of(Exit::Unavailable, error).context(format!("cannot read `{shown}`")))?;
    let refused = || {
        Failure::new(Exit::Refused, format!("`{shown}` is not intact, so nothing can be held against it"))
            .hint(format!("chatseal verify {shown}"))
    };
    if report.ending() == Ending::FailedCheck {
        return Err(refused());
    }
    let (seal, digest) = report.seal.zip(report.seal_sha256).ok_or_else(refused)?;
    let source = source_of(path).ok_or_else(refused)?;
    Ok(Checked { link: Link { seal: digest, archive: path.to_owned() }, seal, source })
}

/// What an archive says that it was made from.
fn source_of(path: &Path) -> Option<Value> {
    let archive: Archive = Opening::read(path).ok()?.archive?;
    let mut body = Body::default();
    archive.load(archive.find(&Member::Source)?, &mut body).ok()?.ok()?;
    serde_json::from_slice(body.bytes()).ok()
}

fn name_of(source: &Value) -> &str {
    source.get("source").and_then(Value::as_str).unwrap_or_default()
}

fn reach(checked: &Checked) -> Reach {
    let Checked { seal, source, .. } = checked;
    let is_empty = |what: &str| {
        let names = source.pointer(&format!("/scope/{what}")).and_then(Value::as_array);
        names.is_none_or(Vec::is_empty)
    };
    Reach {
        time: seal.time,
        window: seal.window,
        clock: seal.clock,
        is_whole: ["teams", "channels", "users"].into_iter().all(is_empty),
        absent: super::coverage::absent(source),
    }
}

/// The index or an archive could not be used.
pub(super) fn of_index(error: IndexError) -> Failure {
    match error {
        error @ IndexError::Unsound { .. } => {
            Failure::of(Exit::Refused, error).hint("`chatseal verify` lists everything that is wrong with it")
        }
        error => Failure::of(Exit::Unavailable, error),
    }
}

/// Fields by kind.
pub(super) type Absent = BTreeMap<String, BTreeSet<String>>;
