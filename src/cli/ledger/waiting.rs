//! Waiting for a lock: of two at once one waits, as long as it was told to, and then says who has it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::failures::{holder, of_ledger};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::printer::Printer;
use crate::ledger::{Ledger, LedgerError, Lock, lock_runs, unwatched};
use crate::progress::{Interrupted, Progress};

/// Why a lock was not taken.
enum Refused {
    Ledger(LedgerError),
    Interrupted(Interrupted),
}

impl From<LedgerError> for Refused {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<Interrupted> for Refused {
    fn from(stopped: Interrupted) -> Self {
        Self::Interrupted(stopped)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Ledger(error) => of_ledger(error),
            Refused::Interrupted(stopped) => Self::of(Exit::Interrupted, stopped),
        }
    }
}

/// How often a lock is tried: the sealing of another run takes seconds.
const PAUSE: Duration = Duration::from_millis(100);

/// A flag of everything that appends to a ledger.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(in crate::cli) struct Wait {
    /// Wait this long for another run into the same ledger, such as `90s`, `10m` or `2h`
    ///
    /// Without it, not at all. The error names the process that holds the lock, its host, and since when.
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Ledger")]
    wait: Option<Duration>,
}

impl Wait {
    /// How long to wait.
    pub(in crate::cli) fn patience(self) -> Duration {
        self.wait.unwrap_or_default()
    }

    /// Opens a ledger for appending.
    pub(in crate::cli) fn open(self, folder: &Path, printer: &Printer) -> Result<Ledger, Failure> {
        let progress = Progress::new(Arc::clone(printer.stop()));
        open::<Refused>(folder, self.patience(), &progress).map_err(Failure::from)
    }

    /// Keeps other runs into a ledger away for as long as the lock is held.
    pub(in crate::cli) fn run(self, folder: &Path, printer: &Printer) -> Result<Lock, Failure> {
        let progress = Progress::new(Arc::clone(printer.stop()));
        open_run::<Refused>(folder, self.patience(), &progress).map_err(Failure::from)
    }
}

/// Whole seconds, minutes or hours.
pub(in crate::cli) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time to wait; write `90s`, `10m` or `2h`");
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(wrong()),
    };
    let number = Some(digits).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let number: u64 = number.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

/// Opens a ledger for appending, waiting for its lock.
pub(in crate::cli) fn open<E>(folder: &Path, patience: Duration, progress: &Progress) -> Result<Ledger, E>
where
    E: From<LedgerError> + From<Interrupted>,
{
    wait(patience, progress, || Ledger::open(folder, &holder(), &mut unwatched))
}

/// Takes the lock that keeps whole runs into one ledger apart.
fn open_run<E>(folder: &Path, patience: Duration, progress: &Progress) -> Result<Lock, E>
where
    E: From<LedgerError> + From<Interrupted>,
{
    wait(patience, progress, || lock_runs(folder, &holder()))
}

fn wait<T, E>(patience: Duration, progress: &Progress, mut take: impl FnMut() -> Result<T, LedgerError>) -> Result<T, E>
where
    E: From<LedgerError> + From<Interrupted>,
{
    let mut waited = Duration::ZERO;
    loop {
        match take() {
            Err(LedgerError::Locked { .. }) if waited < patience => {
                progress.check()?;
                let pause = PAUSE.min(patience.saturating_sub(waited));
                std::thread::sleep(pause);
                waited += pause;
            }
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    enum Ended {
        Locked(String),
        Stopped,
    }

    impl From<LedgerError> for Ended {
        fn from(error: LedgerError) -> Self {
            Self::Locked(error.to_string())
        }
    }

    impl From<Interrupted> for Ended {
        fn from(_: Interrupted) -> Self {
            Self::Stopped
        }
    }

    fn locked() -> LedgerError {
        LedgerError::Locked { path: "ledger".into(), holder: "process 7 on host since noon".to_owned() }
    }

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        assert_eq!(duration("90s").unwrap(), duration("0m").unwrap() + Duration::from_secs(90));
        assert_eq!(duration("2h").unwrap(), duration("120m").unwrap());
        for wrong in ["", "s", "10", "1d", "-1s", "1.5h", "+1s", " 1s", "1\u{e9}", "99999999999999999999h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_lock_that_becomes_free_is_taken_and_one_that_does_not_names_its_holder() {
        let progress = Progress::silent();
        let mut tries = 0;
        let mut free_at_third = || {
            tries += 1;
            if tries < 3 { Err(locked()) } else { Ok(tries) }
        };
        let taken: Result<i32, Ended> = wait(Duration::from_secs(60), &progress, &mut free_at_third);
        assert_eq!(taken.unwrap(), 3);
        for patience in [Duration::ZERO, Duration::from_millis(150)] {
            let mut tries = 0;
            let refused = wait::<(), Ended>(patience, &progress, || {
                tries += 1;
                Err(locked())
            });
            let Err(Ended::Locked(said)) = refused else { panic!("{refused:?}") };
            assert_eq!(said, "`ledger` is held by process 7 on host since noon");
            assert_eq!(tries, if patience.is_zero() { 1 } else { 3 });
        }
    }

    #[test]
    fn whoever_waits_can_be_stopped() {
        let stopped = Progress::new(std::sync::Arc::new(true.into()));
        let ended = wait::<(), Ended>(Duration::from_secs(3600), &stopped, || Err(locked()));
        assert!(matches!(ended, Err(Ended::Stopped)));
    }
}
