//! Whether archives follow one another: each seal names the SHA-256 of the one before.
//!
//! The first archive of a set may name a predecessor that was not given: a set can begin anywhere, and the report says
//! where it begins. Any later archive that does so has a gap before it. Archives that name no predecessor begin a chain
//! of their own.

use std::collections::{BTreeMap, HashMap};

use super::code::Code;
use super::layer::Layer;
use super::report::Report;
use crate::archive::seal::Seal;
use crate::merkle::Hash;
use crate::record::id::hex;

/// Checks the chain between the archives of `reports` and notes the outcome in each.
pub(super) fn check(reports: &mut [&mut Report]) {
    if reports.len() < 2 {
        for report in reports {
            report.checks.skipped(Layer::Chain, "no other archive was given");
        }
        return;
    }
    let links: Vec<Option<Link>> = reports.iter().map(|report| Link::of(report)).collect();
    let known: HashMap<Hash, usize> =
        links.iter().enumerate().filter_map(|(i, link)| Some((link.as_ref()?.seal_digest, i))).collect();
    let oldest = oldest_of_each_origin(&links);
    let mut successors: HashMap<Hash, usize> = HashMap::new();
    for (i, report) in reports.iter_mut().enumerate() {
        let Some(link) = &links[i] else {
            report.checks.skipped(Layer::Chain, "the seal cannot be read");
            continue;
        };
        report.checks.ran(Layer::Chain);
        // A copy of an archive is the same link, not another.
        if known.get(&link.seal_digest) != Some(&i) {
            continue;
        }
        let Some(previous) = link.seal.previous else { continue };
        let place = "seal.txt line 6";
        if successors.insert(previous, i).is_some() {
            report.checks.found(Code::ChainFork, place, format!("sha256:{} has another successor too", hex(&previous)));
        }
        match known.get(&previous).and_then(|before| links[*before].as_ref()) {
            Some(before) if link.key() < before.key() => {
                report.checks.found(Code::ChainBackwards, place, "its number or time is lower than its predecessor's");
            }
            Some(_) => {}
            None if oldest.get(link.seal.origin.as_str()) == Some(&i) => {
                report.remarks.push(format!("the chain begins behind sha256:{}, which was not given", hex(&previous)));
            }
            None => report.checks.found(Code::ChainGap, place, format!("sha256:{} was not given", hex(&previous))),
        }
    }
}

/// What the chain needs of one archive.
struct Link {
    seal: Seal,
    seal_digest: Hash,
}

impl Link {
    fn of(report: &Report) -> Option<Self> {
        Some(Self { seal: report.seal.clone()?, seal_digest: report.seal_sha256? })
    }

    /// Number in the ledger, then time.
    fn key(&self) -> (Option<u64>, i64) {
        (self.seal.number, self.seal.time)
    }
}

fn oldest_of_each_origin(links: &[Option<Link>]) -> BTreeMap<String, usize> {
    let mut oldest: BTreeMap<String, usize> = BTreeMap::new();
    for (i, link) in links.iter().enumerate() {
        let Some(link) = link else { continue };
        let first = oldest.entry(link.seal.origin.as_str().to_owned()).or_insert(i);
        if links[*first].as_ref().is_some_and(|first| link.key() < first.key()) {
            *first = i;
        }
    }
    oldest
}
