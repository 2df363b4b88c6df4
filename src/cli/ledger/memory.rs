//! What a verifier remembers of a ledger, and brings along: a head on paper, a file of its own, a greatest age.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueHint;

use super::failures;
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::keys::Note;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::head::Expected;
use crate::ledger::{Reading, unwatched, write_durably};
use crate::record::time::Millis;
use crate::verify::{Asked, LedgerReport};

/// Flags of everything that checks a ledger.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Memory {
    /// Head that the ledger had once, in short or in full, as `chatseal ledger head` prints it
    ///
    /// The ledger must still hold everything that it held then. Without `--ledger`: the SHA-256 of the seal of one of
    /// the archives.
    #[arg(long, value_name = "HASH", value_parser = Expected::parse, help_heading = "Chain")]
    pub(in crate::cli) expect_head: Option<Expected>,
    /// File in which this verifier remembers the newest checkpoint that it saw; made at the first check
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "ledger", help_heading = "Chain")]
    pub(in crate::cli) state: Option<PathBuf>,
    /// Find fault if nothing was sealed for longer than this, such as `36h`, `2d` or `1w`
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "ledger", help_heading = "Chain")]
    pub(in crate::cli) max_age: Option<Millis>,
    /// Policy that names witnesses, and how many must have cosigned; see chatseal-ledger(5)
    #[arg(long, value_name = "POLICY", value_hint = ValueHint::FilePath, requires = "ledger", help_heading = "Chain")]
    pub(in crate::cli) witnesses: Option<PathBuf>,
}

/// Whole hours, days or weeks, in milliseconds.
pub(in crate::cli) fn duration(text: &str) -> Result<Millis, String> {
    let wrong = || format!("`{text}` is not a duration; write `36h`, `2d` or `1w`");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let hours: i64 = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 7 * 24,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let number: i64 = number.and_then(|digits| digits.parse().ok()).filter(|n| *n > 0).ok_or_else(wrong)?;
    number.checked_mul(hours * 3_600_000).ok_or_else(wrong)
}

impl Memory {
    /// What is asked of the ledger; `all` if every archive of it should be there.
    pub(in crate::cli) fn asked(&self, all: bool) -> Result<Asked, Failure> {
        let remembered = self.state.as_deref().map(remembered).transpose()?.flatten();
        let max_age = self.max_age.map(|max_age| (max_age, clock::now()));
        let witnesses = self.witnesses.as_deref().map(super::witness::policy).transpose()?;
        Ok(Asked { head: self.expect_head, remembered, max_age, witnesses, all })
    }

    /// Remembers the newest checkpoint of a ledger that was found sound, and says so when it is the first.
    pub(in crate::cli) fn remember(
        &self,
        reading: &Reading,
        report: &mut LedgerReport,
        asked: &Asked,
    ) -> Result<(), Failure> {
        let (Some(path), Some(note)) = (&self.state, &reading.note) else { return Ok(()) };
        if !report.is_sound() {
            report.remarks.push(format!("`{}` was left as it was", path.display()));
            return Ok(());
        }
        if asked.remembered.is_none() {
            report.remarks.push(format!("first seen now, and remembered in `{}`", path.display()));
        }
        let written = write_durably(path, note.encode().as_bytes(), &mut unwatched);
        written.map_err(|error| {
            Failure::of(Exit::Unavailable, error).context(format!("cannot remember the ledger in `{}`", path.display()))
        })
    }
}

/// The checkpoint in a memory file; `None` if there is no file yet.
pub(in crate::cli) fn remembered(path: &Path) -> Result<Option<Checkpoint>, Failure> {
    let context = || format!("cannot use what is remembered in `{}`", path.display());
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| Failure::of(Exit::Unavailable, error).context(context()))?,
    };
    let checkpoint = Note::parse(&bytes).ok().and_then(|note| Checkpoint::parse(note.text()));
    checkpoint.map(Some).ok_or_else(|| {
        Failure::new(Exit::Unavailable, "it is not the note of a checkpoint")
            .context(context())
            .hint("a memory that was damaged remembers nothing; find out how, before it is made anew")
    })
}

/// Reads a ledger for a check.
pub(in crate::cli) fn read(folder: &Path) -> Result<Reading, Failure> {
    let absent = !folder.join("checkpoint").exists() && !folder.join("statements").exists();
    if absent {
        return Err(failures::of_ledger(crate::ledger::LedgerError::Absent(folder.to_owned())));
    }
    Reading::of(folder).map_err(|error| {
        Failure::of(Exit::Unavailable, error).context(format!("cannot read the ledger `{}`", folder.display()))
    })
}
