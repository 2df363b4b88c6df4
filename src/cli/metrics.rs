//! Numbers for a monitoring system, in the text format that the textfile collector of `node_exporter` reads.
//!
//! One file holds one task, and every sample bears its name as the label `task`, so that two tasks of one host do not
//! collide. The file is written anew whenever the task ends, however it ended; a failed run keeps the time of the last
//! good one, because "nothing has worked since Tuesday" is what an alert needs to know. It appears whole or not at all:
//! another name, fsync, rename.
//!
//! Everything is a gauge in base units. What a run does not know it leaves out, rather than saying 0.
//!
//! It refuses to tell anything but counts, times and names of our own: no team, no user, no path.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File, Permissions};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::exit::Exit;
use super::failure::Failure;
use crate::ledger::{Event, Reading, write_durably};
use crate::record::time::Millis;

/// Bytes of an earlier file that are read for its last success.
const MAX_EARLIER: u64 = 1 << 20;

macro_rules! families {
    ($($constant:ident = $name:literal: $help:literal,)+) => {
        $(const $constant: &str = $name;)+

        /// Every metric that is written, with what it says.
        pub const FAMILIES: &[(&str, &str)] = &[$(($name, $help),)+];
    };
}

families! {
    BUILD_INFO = "chatseal_build_info": "Which build ran; always 1.",
    LAST_RUN = "chatseal_last_run_timestamp_seconds": "When the task last ended, however it ended.",
    LAST_SUCCESS = "chatseal_last_success_timestamp_seconds": "When the task last ended with what it is for: exit 0, or 3 with exceptions sealed.",
    RUN_DURATION = "chatseal_run_duration_seconds": "How long the last run took.",
    RUN_EXIT_CODE = "chatseal_run_exit_code": "How the last run ended; see EXIT STATUS in chatseal(1).",
    RECORDS = "chatseal_records": "Records sealed by the last run, by kind.",
    EXCEPTIONS = "chatseal_exceptions": "Exceptions and notes sealed by the last run, by class.",
    ARCHIVE_BYTES = "chatseal_archive_bytes": "Size of the archive that the last run sealed.",
    SOURCE_LAG = "chatseal_source_lag_seconds": "How much older than the run the newest record of the source was.",
    CHAIN_LENGTH = "chatseal_chain_length": "Seals in the ledger.",
    CHAIN_HEAD_TIMESTAMP = "chatseal_chain_head_timestamp_seconds": "When the newest seal in the ledger was made, as it claims.",
    CHAIN_HEAD_AGE = "chatseal_chain_head_age_seconds": "How old the newest seal was when the task ended.",
    VERIFY_OK = "chatseal_verify_ok": "1 if the last verification ended well, else 0.",
    VERIFY_LAST = "chatseal_verify_last_timestamp_seconds": "When archives were last verified.",
    HOLDS_ACTIVE = "chatseal_holds_active": "Legal holds in force.",
    RETENTION_DUE = "chatseal_retention_due_records": "Records that a policy withheld or let go in the last run, by rule.",
    RETENTION_BLOCKED = "chatseal_retention_blocked_by_hold_records": "Records that were due in the last run and kept by a hold.",
    KEY_EXPIRY = "chatseal_key_expiry_timestamp_seconds": "When the signing key ceases to be valid.",
}

/// What one task came to.
#[derive(Clone, Debug)]
pub struct Metrics<'a> {
    /// Name of the task; two on one host have two names and two files.
    pub task: &'a str,
    /// When it ended.
    pub ended: Millis,
    /// Milliseconds that it took.
    pub duration: Millis,
    /// How it ended.
    pub exit: Exit,
    /// What was sealed, if anything.
    pub sealed: Option<Sealed>,
    /// The ledger, if there is one that could be read.
    pub chain: Option<Chain>,
    /// Whether a verification ended well, if there was one.
    pub verified: Option<bool>,
    /// Legal holds in force, if known.
    pub holds_active: Option<u64>,
    /// What a policy came to, if there was one.
    pub retention: Option<Retention>,
    /// When the signing key ceases to be valid, if it does.
    pub key_expires: Option<Millis>,
}

/// What a run sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Records by kind.
    pub records: BTreeMap<String, u64>,
    /// Exceptions and notes by class.
    pub exceptions: BTreeMap<String, u64>,
    /// Size of the zip.
    pub archive_bytes: u64,
    /// Origin time of the newest record in the source, if there is one.
    pub newest: Option<Millis>,
}

/// How long the chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Seals in the ledger.
    pub length: u64,
    /// When the newest was made, as it claims.
    pub newest: Option<Millis>,
}

impl Chain {
    /// That of a ledger that was read.
    pub fn of(reading: &Reading) -> Self {
        let seals = reading.seals();
        Self { length: seals.len() as u64, newest: seals.last().map(|(_, _, seal)| seal.time) }
    }
}

/// What a policy came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Records that were due, by rule.
    pub due: BTreeMap<String, u64>,
    /// Records that were due and kept by a hold.
    pub blocked_by_hold: u64,
}

impl<'a> Metrics<'a> {
    /// A task of which only its end is known.
    pub fn new(task: &'a str, ended: Millis, duration: Millis, exit: Exit) -> Self {
        Self {
            task,
            ended,
            duration,
            exit,
            sealed: None,
            chain: None,
            verified: None,
            holds_active: None,
            retention: None,
            key_expires: None,
        }
    }

    /// Whether the task did what it is for.
    fn succeeded(&self) -> bool {
        matches!(self.exit, Exit::Ok | Exit::Exceptions)
    }

    /// The text of the file; `earlier` is when the task last ended well before this.
    pub fn text(&self, earlier: Option<Millis>) -> String {
        let mut out = Text { task: self.task, text: String::new() };
        out.labelled(BUILD_INFO, "version", [(env!("CARGO_PKG_VERSION"), "1".to_owned())]);
        out.one(LAST_RUN, Some(seconds(self.ended)));
        let success = if self.succeeded() { Some(self.ended) } else { earlier };
        out.one(LAST_SUCCESS, success.map(seconds));
        out.one(RUN_DURATION, Some(seconds(self.duration)));
        out.one(RUN_EXIT_CODE, Some(self.exit.code().to_string()));
        if let Some(sealed) = &self.sealed {
            out.counts(RECORDS, "kind", &sealed.records);
            out.counts(EXCEPTIONS, "class", &sealed.exceptions);
            out.one(ARCHIVE_BYTES, Some(sealed.archive_bytes.to_string()));
            out.one(SOURCE_LAG, sealed.newest.map(|newest| seconds(self.ended.saturating_sub(newest))));
        }
        if let Some(chain) = &self.chain {
            out.one(CHAIN_LENGTH, Some(chain.length.to_string()));
            out.one(CHAIN_HEAD_TIMESTAMP, chain.newest.map(seconds));
            out.one(CHAIN_HEAD_AGE, chain.newest.map(|newest| seconds(self.ended.saturating_sub(newest))));
        }
        out.one(VERIFY_OK, self.verified.map(|well| u8::from(well).to_string()));
        out.one(VERIFY_LAST, self.verified.map(|_| seconds(self.ended)));
        out.one(HOLDS_ACTIVE, self.holds_active.map(|holds| holds.to_string()));
        if let Some(retention) = &self.retention {
            out.counts(RETENTION_DUE, "policy", &retention.due);
            out.one(RETENTION_BLOCKED, Some(retention.blocked_by_hold.to_string()));
        }
        out.one(KEY_EXPIRY, self.key_expires.map(seconds));
        out.text
    }
}

/// Whether `node_exporter` would read a file of this name; else why not.
pub fn check_name(path: &Path) -> Result<(), &'static str> {
    let named = path.file_stem().is_some() && path.extension().is_some_and(|extension| extension == "prom");
    if named { Ok(()) } else { Err("the textfile collector reads files whose names end in `.prom` only") }
}

/// Writes the file, readable for everybody: the collector runs as somebody else.
pub fn write(path: &Path, metrics: &Metrics<'_>) -> Result<(), Failure> {
    let attempted = || format!("cannot write metrics to `{}`", path.display());
    check_name(path).map_err(|why| Failure::new(Exit::Usage, why).context(attempted()))?;
    let earlier = last_success(path, metrics.task);
    let mut readable = |event: Event<'_>| match event {
        Event::Written(partial) => fs::set_permissions(partial, Permissions::from_mode(0o644)),
        _ => Ok(()),
    };
    write_durably(path, metrics.text(earlier).as_bytes(), &mut readable)
        .map_err(|error| Failure::of(Exit::Unavailable, error).context(attempted()))
}

/// When the task last ended well, as the file says that its last run wrote. One that cannot be read says nothing.
fn last_success(path: &Path, task: &str) -> Option<Millis> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_EARLIER).read_to_string(&mut text).ok()?;
    let sample = format!("{LAST_SUCCESS}{{task=\"{}\"}} ", escaped(task));
    text.lines().find_map(|line| millis(line.strip_prefix(&sample)?))
}

/// Samples being written, each family with its head.
struct Text<'a> {
    task: &'a str,
    text: String,
}

impl Text<'_> {
    fn head(&mut self, family: &str) {
        let help = FAMILIES.iter().find(|(name, _)| *name == family).map_or("", |(_, help)| help);
        let _ = writeln!(self.text, "# HELP {family} {help}\n# TYPE {family} gauge");
    }

    fn one(&mut self, family: &str, value: Option<String>) {
        let Some(value) = value else { return };
        self.head(family);
        let _ = writeln!(self.text, "{family}{{task=\"{}\"}} {value}", escaped(self.task));
    }

    fn labelled<'b>(&mut self, family: &str, label: &str, samples: impl IntoIterator<Item = (&'b str, String)>) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_some() {
            self.head(family);
        }
        for (name, value) in samples {
            let (task, name) = (escaped(self.task), escaped(name));
            let _ = writeln!(self.text, "{family}{{task=\"{task}\",{label}=\"{name}\"}} {value}");
        }
    }

    fn counts(&mut self, family: &str, label: &str, counts: &BTreeMap<String, u64>) {
        self.labelled(family, label, counts.iter().map(|(name, count)| (name.as_str(), count.to_string())));
    }
}

/// The value of a label, as the format wants it between its quotation marks.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Milliseconds as seconds: `1795251300.000`.
fn seconds(millis: Millis) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}

/// Reads what [`seconds`] writes.
fn millis(text: &str) -> Option<Millis> {
    let (whole, part) = text.split_once('.')?;
    let whole: Millis = whole.parse().ok()?;
    let part: Millis = part.parse().ok()?;
    let millis = whole.checked_mul(1000)?.checked_add(if whole < 0 { -part } else { part })?;
    (seconds(millis) == text).then_some(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TUESDAY: Millis = 1_795_251_300_123;

    fn samples(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.starts_with('#')).collect()
    }

    #[test]
    fn a_failed_run_keeps_the_last_success_and_tells_only_what_it_knows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chatseal-nightly.prom");
        let mut good = Metrics::new("nightly", TUESDAY, 1500, Exit::Exceptions);
        good.sealed = Some(Sealed { archive_bytes: 7, newest: Some(TUESDAY - 2000), ..Sealed::default() });
        write(&path, &good).unwrap();
        let said = fs::read_to_string(&path).unwrap();
        assert!(said.ends_with('\n') && said.contains("chatseal_source_lag_seconds{task=\"nightly\"} 2.000\n"));
        for exit in [Exit::Unavailable, Exit::Locked] {
            write(&path, &Metrics::new("nightly", TUESDAY + 86_400_000, 20, exit)).unwrap();
            let said = fs::read_to_string(&path).unwrap();
            let expected = [
                format!("chatseal_build_info{{task=\"nightly\",version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
                "chatseal_last_run_timestamp_seconds{task=\"nightly\"} 1795337700.123".to_owned(),
                "chatseal_last_success_timestamp_seconds{task=\"nightly\"} 1795251300.123".to_owned(),
                "chatseal_run_duration_seconds{task=\"nightly\"} 0.020".to_owned(),
                format!("chatseal_run_exit_code{{task=\"nightly\"}} {}", exit.code()),
            ];
            assert_eq!(samples(&said), expected);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing half-written is left");
    }

    #[test]
    fn what_stands_in_an_earlier_file_is_believed_only_in_our_own_spelling() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.prom");
        let line = |value: &str| format!("{LAST_SUCCESS}{{task=\"t\"}} {value}\n");
        for (text, expected) in [
            (line("12.345"), Some(12_345)),
            (line("-0.005"), None),
            (line("NaN"), None),
            (line("1e9"), None),
            (line("99999999999999999999.000"), None),
            (line("12.345").replace("\"t\"", "\"other\""), None),
            (String::new(), None),
        ] {
            fs::write(&path, &text).unwrap();
            assert_eq!(last_success(&path, "t"), expected, "{text}");
        }
        fs::write(&path, b"\xff\xfe").unwrap();
        assert_eq!(last_success(&path, "t"), None);
    }

    #[test]
    fn only_a_name_that_the_collector_reads_is_written() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["metrics", "x.prom.txt", ".prom", "x.PROM"] {
            let failure = write(&folder.path().join(name), &Metrics::new("t", 0, 0, Exit::Ok)).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage, "{name}");
        }
        let nowhere = folder.path().join("missing/x.prom");
        assert_eq!(write(&nowhere, &Metrics::new("t", 0, 0, Exit::Ok)).unwrap_err().exit(), Exit::Unavailable);
    }
}
