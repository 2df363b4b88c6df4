//! Whether a set of archives is the one that a ledger holds: all of them, each once, none exchanged.
//!
//! The ledger is checked by itself ([`Reading`]), then against what the verifier remembers of it, then against the
//! archives. Without memory a shortened or rewritten ledger cannot be told from a true one, and the report says so.
//!
//! Every missing seal is a finding of its own. An archive of another ledger, or of none, is left to the links between
//! archives.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;

use super::chain;
use super::code::{Class, Code};
use super::finding::Findings;
use super::layer::Layer;
use super::report::{Ending, Report};
use super::trust::{TrustPolicy, Vouched};
use crate::archive::seal::Origin;
use crate::keys::{PublicKey, STATEMENT_NAMESPACE, Trust, Witness};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::head::{Expected, Head};
use crate::ledger::witnesses::Witnesses;
use crate::ledger::{Reading, Said, Text, file_digest};
use crate::merkle::Hash;
use crate::record::id::hex;
use crate::record::time::{self, Millis};

/// What the verifier knows about a ledger beforehand, and wants of it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// A head that somebody wrote down.
    pub head: Option<Expected>,
    /// The newest checkpoint that was seen before.
    pub remembered: Option<Checkpoint>,
    /// Milliseconds that the newest seal may be old, and the time now.
    pub max_age: Option<(Millis, Millis)>,
    /// Who else must have seen it.
    pub witnesses: Option<Witnesses>,
    /// Whether all archives of the ledger should be among those given.
    pub all: bool,
}

/// The check of a ledger.
#[derive(Debug)]
pub struct LedgerReport {
    /// Where it is.
    pub path: PathBuf,
    /// Its name.
    pub origin: Option<Origin>,
    /// Its newest head.
    pub head: Option<Head>,
    /// Seals in it, and how many of their archives were given.
    pub seals: u64,
    /// How many of their archives were given.
    pub given: u64,
    /// Who the first key belongs to, if accepted.
    pub principals: Vec<String>,
    /// Whether anybody was asked for who may sign.
    pub judged: bool,
    /// Things to know that are not wrong.
    pub remarks: Vec<String>,
    /// Everything that was found.
    pub findings: Findings,
}

impl LedgerReport {
    /// How the check ended.
    pub fn ending(&self) -> Ending {
        let has = |class| self.findings.counts().keys().any(|code| code.class() == class);
        match () {
            () if !self.judged || has(Class::Trust) => Ending::Untrusted,
            () if has(Class::Chain) => Ending::Incomplete,
            () => Ending::Intact,
        }
    }

    /// Whether it may be remembered: it holds together and continues what was remembered.
    pub fn is_sound(&self) -> bool {
        self.ending() == Ending::Intact
    }
}

/// The keys that a ledger vouches for, if its first key may sign statements.
pub fn vouched(reading: &Reading, policy: &TrustPolicy<'_>) -> Result<Vouched, (Code, String)> {
    let untrusted = |detail: String| (Code::LedgerUntrusted, detail);
    let first = match reading.leaf(0).and_then(|leaf| leaf.text.as_ref()) {
        Some(Text::Statement(statement, Some(signature))) => Some((statement, signature)),
        _ => None,
    };
    let (Some((statement, signature)), Some(origin)) = (first, reading.origin()) else {
        return Err(untrusted("the first statement cannot be read".to_owned()));
    };
    let fingerprint = signature.public_key().fingerprint();
    if policy.revoked.is_some_and(|list| list.check(signature).is_some()) {
        return Err((Code::SignerRevoked, format!("the first key of the ledger, {fingerprint}")));
    }
    let Some(signers) = policy.signers else { return Err(untrusted("no --signers were given".to_owned())) };
    match signers.judge(signature, STATEMENT_NAMESPACE, policy.at.unwrap_or(statement.time), policy.signer) {
        Trust::Accepted { principals, .. } => {
            Ok(Vouched { origin: origin.clone(), keys: reading.keys.clone(), principals })
        }
        _ => Err(untrusted(format!("{fingerprint} is not accepted for `{STATEMENT_NAMESPACE}`"))),
    }
}

/// Without a ledger: one of the archives must have the expected seal. The finding stands with the last of them.
pub fn expect_seal(reports: &mut [&mut Report], expected: &Hash) {
    if reports.iter().any(|report| report.seal_sha256.as_ref() == Some(expected)) {
        return;
    }
    if let Some(last) = reports.last_mut() {
        let detail = format!("no archive that was given has the seal sha256:{}", hex(expected));
        last.checks.found(Code::HeadUnknown, "seal.txt", detail);
    }
}

/// Checks a ledger by itself, against what is remembered, and against the archives of `reports`.
pub fn check_ledger(
    reading: &Reading,
    reports: &mut [&mut Report],
    policy: &TrustPolicy<'_>,
    asked: &Asked,
) -> io::Result<LedgerReport> {
    let mut report = LedgerReport {
        path: reading.folder.clone(),
        origin: reading.origin().cloned(),
        head: reading.head(),
        seals: 0,
        given: 0,
        principals: Vec::new(),
        judged: policy.signers.is_some(),
        remarks: reading.remarks.clone(),
        findings: Findings::default(),
    };
    match vouched(reading, policy) {
        Ok(vouched) => report.principals = vouched.principals,
        Err((code, detail)) if report.judged => report.findings.push(code, "statements/00000000.txt", detail),
        Err(_) => {}
    }
    for defect in &reading.defects {
        report.findings.push(Code::Ledger(defect.flaw), &defect.place, &defect.detail);
    }
    remember(reading, asked, &mut report);
    if let Some(policy) = &asked.witnesses {
        witnessed(reading, policy, &mut report);
    }
    Set::new(reading).check(reading, reports, asked, &mut report)?;
    report.remarks.extend(covered(reading));
    Ok(report)
}

/// How many archives were found well by checks that the ledger states; `None` if it states none.
fn covered(reading: &Reading) -> Option<String> {
    let mut newest: HashMap<u64, Millis> = HashMap::new();
    let mut stated = false;
    for statement in reading.statements_said() {
        let Said::Verify(check) = &statement.said else { continue };
        stated = true;
        if check.result == "ok" {
            newest.extend(check.numbers.iter().map(|number| (*number, statement.time)));
        }
    }
    let seals = reading.seals();
    let times: Vec<Millis> = seals.iter().filter_map(|(number, _, _)| newest.get(number).copied()).collect();
    let oldest = times.iter().min().copied().and_then(time::format);
    let since = oldest.map(|oldest| format!(", each since {oldest}")).unwrap_or_default();
    let words =
        format!("as the ledger states, {} of {} archives were checked and found well{since}", times.len(), seals.len());
    stated.then_some(words)
}

/// Holds the ledger against what is remembered of it.
fn remember(reading: &Reading, asked: &Asked, report: &mut LedgerReport) {
    let size = reading.size();
    let now = reading.head().map_or("nothing".to_owned(), |head| head.to_string());
    let place = "checkpoint";
    if let Some(expected) = &asked.head
        && reading.find(expected).is_none()
    {
        let (code, detail) = match expected {
            Expected::Short { size: known, .. } if *known > size => {
                (Code::LedgerRollback, format!("{known} leaves were expected, it has {size}"))
            }
            Expected::Short { size: known, .. } => {
                (Code::LedgerFork, format!("its first {known} leaves have another head"))
            }
            Expected::Full(digest) => (Code::HeadUnknown, format!("sha256:{}; its head is {now}", hex(digest))),
        };
        report.findings.push(code, place, detail);
    }
    if let Some(known) = &asked.remembered {
        if Some(&known.origin) != reading.origin()
            || known.size <= size && reading.checkpoint_at(known.size).as_ref() != Some(known)
        {
            let detail = format!("{} was seen before, and it is no part of this; its head is {now}", known.head());
            report.findings.push(Code::LedgerFork, place, detail);
        } else if known.size > size {
            let detail = format!("{} was seen before; its head is {now}", known.head());
            report.findings.push(Code::LedgerRollback, place, detail);
        }
    }
    if asked.head.is_none() && asked.remembered.is_none() {
        report.remarks.push("no earlier head was given, so an old or rewritten ledger would not be noticed".to_owned());
    }
    if let Some((max_age, now)) = asked.max_age {
        // That somebody still checks, or holds, does not show that somebody still seals.
        let sealed = reading.seals().iter().map(|(_, _, seal)| seal.time).max();
        let newest = sealed.or_else(|| reading.texts().filter_map(|(_, leaf)| leaf.time()).max());
        let fresh = newest.is_some_and(|newest| now.saturating_sub(newest) <= max_age);
        if !fresh {
            let newest = newest.and_then(time::format).unwrap_or_else(|| "none".to_owned());
            report.findings.push(Code::LedgerStale, place, format!("the newest seal is of {newest}"));
        }
    }
}

/// Whether enough witnesses saw the ledger, and how far.
fn witnessed(reading: &Reading, policy: &Witnesses, report: &mut LedgerReport) {
    let origin = reading.origin().map(Origin::as_str);
    let known = |(name, key): &(String, PublicKey)| {
        Some(name.as_str()) == origin && reading.keys.terms().iter().any(|term| term.key == *key)
    };
    if !policy.logs().is_empty() && !policy.logs().iter().any(known) {
        let detail = "the witness policy names another log, or another key of it".to_owned();
        report.findings.push(Code::LedgerUntrusted, "checkpoint", detail);
    }
    for (size, note) in reading.notes() {
        let forged = |witness: &&Witness| witness.is_claimed(note) && witness.cosigned(note).is_none();
        for witness in policy.witnesses().filter(forged) {
            report.findings.push(Code::CosignatureInvalid, format!("checkpoints/{size:08}"), witness.name());
        }
    }
    let reached = reading.notes().iter().rev().find(|(_, note)| policy.are_met(note));
    match reached {
        Some((size, _)) if *size == reading.size() => {}
        Some((size, _)) => report.remarks.push(format!(
            "enough witnesses cosigned the first {size} of {} leaves; carry them a request for the rest",
            reading.size()
        )),
        None => report.findings.push(Code::WitnessesMissing, "checkpoint", "no checkpoint reaches the quorum"),
    }
}

/// What the ledger says of archives.
struct Set<'a> {
    /// Seals by digest: number, name.
    seals: HashMap<Hash, (u64, String)>,
    /// Digest by number.
    numbers: HashMap<u64, Hash>,
    /// Seals whose archives were stated never to have been published.
    unpublished: HashSet<u64>,
    /// Seals of ledgers that were lost before this one began.
    adopted: HashMap<Hash, (u64, &'a Origin)>,
}

impl<'a> Set<'a> {
    fn new(reading: &'a Reading) -> Self {
        let seals = reading.seals();
        let mut set = Self {
            numbers: seals.iter().map(|(number, digest, _)| (*number, *digest)).collect(),
            seals: seals.into_iter().map(|(n, digest, seal)| (digest, (n, seal.archive_origin()))).collect(),
            unpublished: HashSet::new(),
            adopted: HashMap::new(),
        };
        for statement in reading.statements_said() {
            match &statement.said {
                Said::Unpublished { number, .. } => drop(set.unpublished.insert(*number)),
                Said::Lost { origin, seals, .. } => {
                    set.adopted.extend(seals.iter().map(|(number, digest)| (*digest, (*number, origin))));
                }
                _ => {}
            }
        }
        set
    }

    fn check(
        &self,
        reading: &Reading,
        reports: &mut [&mut Report],
        asked: &Asked,
        out: &mut LedgerReport,
    ) -> io::Result<()> {
        let listed: HashMap<&str, &Hash> =
            reading.list.iter().map(|listed| (listed.bag.as_str(), &listed.sha256)).collect();
        let mut seen = HashSet::new();
        let mut strangers: Vec<&mut Report> = Vec::new();
        for report in reports.iter_mut() {
            let (Some(seal), Some(digest)) = (report.seal.clone(), report.seal_sha256) else {
                strangers.push(report);
                continue;
            };
            let adopted = self.adopted.contains_key(&digest);
            if Some(&seal.origin) != reading.origin() && !adopted {
                strangers.push(report);
                continue;
            }
            report.checks.ran(Layer::Chain);
            if !seen.insert(digest) {
                report.checks.found(Code::ArchiveRepeated, "seal.txt", seal.archive_origin());
            }
            if !adopted && !self.seals.contains_key(&digest) {
                let taken = seal.number.is_some_and(|number| self.numbers.contains_key(&number));
                let code = if taken { Code::ArchiveReplaced } else { Code::ArchiveUnknown };
                report.checks.found(code, "seal.txt", format!("{}, sha256:{}", seal.archive_origin(), hex(&digest)));
                continue;
            }
            let bag = report.bag.clone().unwrap_or_default();
            match listed.get(bag.as_str()) {
                Some(expected) if report.left_out.is_none() && file_digest(&report.path)? != **expected => {
                    report.checks.found(Code::ListDiffers, "archives.sha256", format!("`{bag}.zip`"));
                }
                None if !adopted => {
                    let pending = reading.pending.iter().any(|pending| pending.seal == digest);
                    if !pending {
                        report.checks.found(Code::ListDiffers, "archives.sha256", format!("`{bag}.zip` is not in it"));
                    }
                }
                _ => {}
            }
        }
        chain::check(&mut strangers);
        self.missing(reading, &seen, asked, out);
        Ok(())
    }

    fn missing(&self, reading: &Reading, seen: &HashSet<Hash>, asked: &Asked, out: &mut LedgerReport) {
        let mut absent = 0_u64;
        let adopted = self
            .adopted
            .iter()
            .map(|(digest, (number, origin))| (*number, *digest, format!("{}/{number:08}", origin.as_str())));
        let mut wanted: Vec<(u64, Hash, String)> = adopted.collect();
        wanted.sort();
        wanted
            .extend(reading.seals().into_iter().map(|(number, digest, seal)| (number, digest, seal.archive_origin())));
        out.seals = wanted.len() as u64;
        for (number, digest, name) in wanted {
            if seen.contains(&digest) {
                out.given += 1;
            } else if self.unpublished.contains(&number) && self.numbers.get(&number) == Some(&digest) {
                out.remarks.push(format!("{name} was never published, as the ledger states"));
            } else if asked.all {
                let detail = format!("{name}, seal sha256:{}", hex(&digest));
                out.findings.push_listed(Code::ArchiveMissing, format!("statements/{number:08}.txt"), detail);
            } else {
                absent += 1;
            }
        }
        if absent > 0 {
            let plural = if absent == 1 { "archive" } else { "archives" };
            out.remarks.push(format!("{absent} other {plural} of the ledger were not asked for; give their folder"));
        }
    }
}
