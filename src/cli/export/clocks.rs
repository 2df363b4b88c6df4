//! What the clocks said when an archive was sealed. A time is a claim, worth as much as the clock behind it: where two
//! clocks disagree by more than [`LIMIT`], the archive says so.
//!
//! Nothing is judged where the time was given (`--as-of`): then no clock was asked.

use std::path::Path;

use super::sealing::Job;
use crate::archive::segments::SegmentRow;
use crate::ledger::newest_seal;
use crate::record::exception::{Class, Exception};
use crate::record::time::{self, Millis};

/// How far clocks may be apart without a word: more than networks and slow servers explain.
pub(in crate::cli) const LIMIT: Millis = 5 * 60_000;

/// Every time that can be held against the host's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Clocks {
    /// The host's clock when the work began; `None` if the time was given.
    pub(in crate::cli) host: Option<Millis>,
    /// How far the database's clock was ahead of it then.
    pub(in crate::cli) database_ahead: Option<Millis>,
    /// Origin time of the newest record.
    pub(in crate::cli) newest: Option<Millis>,
    /// When the newest seal of the ledger was made.
    pub(in crate::cli) sealed_before: Option<Millis>,
}

impl Clocks {
    /// What is known of the clocks of a job whose records were written.
    pub(super) fn of(job: &Job<'_>, rows: &[SegmentRow]) -> Self {
        let sealed_before = |folder: &Path| newest_seal(folder).ok().flatten().map(|seal| seal.time);
        Self {
            host: job.is_clocked.then_some(job.time),
            database_ahead: job.source.clock_ahead(),
            // 0 is no time but the absence of one.
            newest: rows.iter().map(|row| row.last_at).filter(|at| *at != 0).max(),
            sealed_before: job.ledger.as_deref().and_then(sealed_before),
        }
    }

    /// Where they disagree.
    pub(super) fn disagreements(&self) -> Vec<Exception> {
        let Some(host) = self.host else { return Vec::new() };
        let later = |at: Option<Millis>| at.map(|at| at.saturating_sub(host)).filter(|ahead| *ahead > LIMIT);
        let apart = self.database_ahead.filter(|ahead| ahead.unsigned_abs() > LIMIT.unsigned_abs());
        let disagreements = [
            ("clock/database", apart, "the database's clock as this host's"),
            ("clock/newest-record", later(self.newest), "no record from the future"),
            ("clock/seal-before", later(self.sealed_before), "a time after that of the seal before"),
        ];
        let stated = |(object, ahead, expected): (&str, Option<Millis>, &'static str)| {
            let ahead = ahead?;
            let word = if ahead < 0 { "behind" } else { "ahead of" };
            let found = format!("{} s {word} this host", ahead.unsigned_abs() / 1000);
            Some(Exception { class: Class::NoteClocksDisagree, object: object.to_owned(), expected, found, records: 0 })
        };
        disagreements.into_iter().filter_map(stated).collect()
    }

    /// The same for people.
    pub(super) fn sentences(&self) -> Vec<String> {
        let host = self.host.and_then(time::format).unwrap_or_default();
        let sentence = |found: Exception| {
            let what = match found.object.as_str() {
                "clock/database" => "the database's clock is",
                "clock/newest-record" => "the newest record is",
                _ => "the seal before is",
            };
            format!("{what} {}, whose clock said {host}: one of them is wrong", found.found)
        };
        self.disagreements().into_iter().map(sentence).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = 1_795_262_400_000;

    fn found(clocks: Clocks) -> Vec<(String, String)> {
        let host = clocks.host.or(Some(NOON));
        let found = Clocks { host, ..clocks }.disagreements();
        found.into_iter().map(|exception| (exception.object, exception.found)).collect()
    }

    #[test]
    fn clocks_that_are_apart_are_told_and_small_differences_are_not() {
        let clocks = Clocks::default();
        for near in [-LIMIT, -1, 0, LIMIT] {
            let near = Clocks {
                database_ahead: Some(near),
                newest: Some(NOON + near),
                sealed_before: Some(NOON + near),
                ..clocks
            };
            assert_eq!(found(near), []);
        }
        let database = |ahead| found(Clocks { database_ahead: Some(ahead), ..clocks });
        let told = |object: &str, text: &str| vec![(object.to_owned(), text.to_owned())];
        assert_eq!(database(LIMIT + 1), told("clock/database", "300 s ahead of this host"));
        assert_eq!(database(-7_200_000), told("clock/database", "7200 s behind this host"));
        let newest = |at| found(Clocks { newest: Some(at), ..clocks });
        assert_eq!(newest(NOON + 301_000), told("clock/newest-record", "301 s ahead of this host"));
        assert_eq!(newest(0), [], "an old source is no clock that is wrong");
        let before = |at| found(Clocks { sealed_before: Some(at), ..clocks });
        assert_eq!(before(NOON + 86_400_000), told("clock/seal-before", "86400 s ahead of this host"));
        assert_eq!(newest(Millis::MAX).len() + database(Millis::MIN).len() + before(Millis::MIN).len(), 2);
    }

    #[test]
    fn where_the_time_was_given_no_clock_is_judged() {
        let given = Clocks { host: None, newest: Some(Millis::MAX), ..Clocks::default() };
        assert!(given.disagreements().is_empty() && given.sentences().is_empty());
    }
}
