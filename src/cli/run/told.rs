//! How a run ended, told to a monitoring system.

use std::path::Path;

use super::config::Config;
use crate::archive::summary::Decided;
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::export::sealing::Exported;
use crate::cli::failure::Failure;
use crate::cli::metrics::{self, Chain, Metrics, Retention, Sealed};
use crate::ledger::Reading;
use crate::record::time::Millis;

/// Writes what is known of a run that began at `begun`: of one that failed, that it did.
pub(super) fn tell(
    config: &Config,
    path: &Path,
    begun: Millis,
    exit: Exit,
    exported: Option<&Exported>,
) -> Result<(), Failure> {
    let ended = clock::now();
    let chain = Reading::of(&config.ledger).ok().filter(|reading| !reading.leaves.is_empty());
    let summary = exported.map(|exported| &exported.sealed.summary);
    let sealed = exported.map(|exported| Sealed {
        records: exported
            .sealed
            .summary
            .kinds
            .0
            .iter()
            .map(|(kind, counts)| (kind.clone(), counts.records()))
            .collect(),
        exceptions: exported.sealed.gaps.classes.clone(),
        archive_bytes: exported.sealed.published.bytes,
        newest: exported.clocks.newest,
    });
    let decided = summary.and_then(|summary| summary.retention.as_ref());
    let metrics = Metrics {
        sealed,
        chain: chain.as_ref().map(Chain::of),
        key_expires: exported.and_then(|exported| exported.key_expires),
        holds_active: decided.map(|decided| decided.holds.len() as u64),
        retention: decided.map(retention),
        ..Metrics::new(&config.name, ended, ended.saturating_sub(begun), exit)
    };
    metrics::write(path, &metrics)
}

fn retention(decided: &Decided) -> Retention {
    let due = decided.rules.iter().filter(|(_, counts)| counts.withheld > 0);
    Retention {
        due: due.map(|(rule, counts)| (rule.clone(), counts.withheld)).collect(),
        blocked_by_hold: decided.dispositions.held,
    }
}
