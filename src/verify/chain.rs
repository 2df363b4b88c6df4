//! Whether archives follow one another: each seal names the SHA-256 of the one before.
//!
//! The first archive of a set may name a predecessor that was not given: a set can begin anywhere, and the report says
//! where it begins. Any later archive that does so has a gap before it. An archive that names no predecessor and is
//! named by none stands alone: about it nothing was checked. Two archives with one number are two histories.

use std::collections::HashMap;

use super::code::Code;
use super::layer::Layer;
use super::report::Report;
use crate::archive::seal::Seal;
use crate::merkle::Hash;
use crate::record::id::hex;

/// Checks the chain between the archives of `reports` and notes the outcome in each.
pub(super) fn check(reports: &mut [&mut Report]) {
    let set = Set::new(reports);
    for (i, report) in reports.iter_mut().enumerate() {
        match set.links.get(i) {
            Some(Some(link)) => set.check(i, link, report),
            _ => report.checks.skipped(Layer::Chain, "the seal cannot be read"),
        }
    }
}

/// All archives given, by what links them.
struct Set {
    links: Vec<Option<Link>>,
    /// The archive with this seal; of copies the first.
    by_seal: HashMap<Hash, usize>,
    /// The first archive that names this one as its previous.
    successors: HashMap<Hash, usize>,
    /// The first archive with this origin and number.
    numbered: HashMap<(String, u64), usize>,
    /// The oldest archive of each origin.
    oldest: HashMap<String, usize>,
}

impl Set {
    fn new(reports: &[&mut Report]) -> Self {
        let links: Vec<Option<Link>> = reports.iter().map(|report| Link::of(report)).collect();
        let (mut by_seal, mut successors) = (HashMap::new(), HashMap::new());
        let (mut numbered, mut oldest) = (HashMap::new(), HashMap::<String, usize>::new());
        for (i, link) in links.iter().enumerate().filter_map(|(i, link)| Some((i, link.as_ref()?))) {
            // A copy of an archive is the same link, not another.
            if *by_seal.entry(link.seal_digest).or_insert(i) != i {
                continue;
            }
            let origin = link.seal.origin.as_str().to_owned();
            if let Some(previous) = link.seal.previous {
                successors.entry(previous).or_insert(i);
            }
            if let Some(number) = link.seal.number {
                numbered.entry((origin.clone(), number)).or_insert(i);
            }
            let first = oldest.entry(origin).or_insert(i);
            if links[*first].as_ref().is_some_and(|first| link.key() < first.key()) {
                *first = i;
            }
        }
        Self { links, by_seal, successors, numbered, oldest }
    }

    fn check(&self, i: usize, link: &Link, report: &mut Report) {
        let seal = &link.seal;
        if self.by_seal.get(&link.seal_digest) != Some(&i) {
            return report.checks.skipped(Layer::Chain, "it is a copy of another archive that was given");
        }
        let twin = seal.number.and_then(|number| self.numbered.get(&(seal.origin.as_str().to_owned(), number)));
        if twin.is_some_and(|twin| *twin != i) {
            let detail = format!("another archive is `{}` too", seal.archive_origin());
            report.checks.found(Code::ChainFork, "seal.txt line 1", detail);
        }
        match seal.previous {
            Some(previous) => self.check_previous(i, link, &previous, report),
            None if self.successors.contains_key(&link.seal_digest) => report.checks.ran(Layer::Chain),
            None => report.checks.skipped(Layer::Chain, self.alone()),
        }
    }

    /// Why an archive without neighbours is not checked.
    fn alone(&self) -> &'static str {
        match self.links.len() {
            1 => "no other archive was given",
            _ => "no other archive was given that it follows or that follows it",
        }
    }

    fn check_previous(&self, i: usize, link: &Link, previous: &Hash, report: &mut Report) {
        let place = "seal.txt line 6";
        let named = format!("sha256:{}", hex(previous));
        if self.successors.get(previous) != Some(&i) {
            report.checks.found(Code::ChainFork, place, format!("another archive follows {named} too"));
        }
        match self.by_seal.get(previous).and_then(|before| self.links[*before].as_ref()) {
            Some(before) => {
                report.checks.ran(Layer::Chain);
                if link.key() < before.key() {
                    let detail = "its number or time is lower than that of the archive before it";
                    report.checks.found(Code::ChainBackwards, place, detail);
                }
            }
            None if self.oldest.get(link.seal.origin.as_str()) != Some(&i) => {
                report.checks.found(Code::ChainGap, place, format!("{named} was not given"));
            }
            None if self.successors.contains_key(&link.seal_digest) => {
                report.checks.ran(Layer::Chain);
                report.remarks.push(format!("the chain begins behind {named}, which was not given"));
            }
            None => report.checks.skipped(Layer::Chain, self.alone()),
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
