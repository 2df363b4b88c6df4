//! Failures of a ledger as a person should read them, and who holds its lock.

use std::io::ErrorKind;

use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::keys::unusable_signer;
use crate::ledger::LedgerError;
use crate::record::time;

/// The ledger was not changed, or not to the end.
pub(in crate::cli) fn of_ledger(error: LedgerError) -> Failure {
    match error {
        LedgerError::Locked { .. } => Failure::of(Exit::Locked, error).hint("wait for the other run to end"),
        LedgerError::Absent(_) => Failure::of(Exit::Unavailable, error).hint("chatseal ledger init DIR begins one"),
        LedgerError::Exists(_) => Failure::of(Exit::Refused, error).hint("a ledger begins in a folder of its own"),
        LedgerError::Damaged { ref path, .. } => {
            let hint = format!("chatseal ledger verify {} lists everything", path.display());
            Failure::of(Exit::Incomplete, error).hint(hint).hint("nothing is appended to a ledger that is in doubt")
        }
        LedgerError::OtherKey { .. } => {
            Failure::of(Exit::Refused, error).hint("chatseal ledger rotate lets the old key name a new one")
        }
        LedgerError::Named(_) => Failure::of(Exit::Refused, error).hint("give the new archive another name"),
        LedgerError::Target(_) | LedgerError::Statement(_) => Failure::of(Exit::Usage, error),
        LedgerError::NotNext(_) | LedgerError::Seal(_) => Failure::of(Exit::Internal, error),
        LedgerError::Signer(error) => unusable_signer(error).context("cannot sign for the ledger"),
        LedgerError::Stage(error) => Failure::of(Exit::Unavailable, error)
            .context("cannot finish what an earlier run left behind")
            .hint("what was committed is not lost: the next run tries again"),
        LedgerError::Unsettled { .. } => Failure::of(Exit::Unavailable, error)
            .hint("chatseal ledger status says what was committed; the next run finishes it"),
        LedgerError::Io { ref source, .. } => {
            let hint = match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "free space on that disk; nothing was committed",
                ErrorKind::PermissionDenied => "run as the user whom the ledger belongs to; ls -l says who that is",
                _ => return Failure::of(Exit::Unavailable, error),
            };
            Failure::of(Exit::Unavailable, error).hint(hint)
        }
    }
}

/// Who appends, for whoever finds the lock taken.
pub(in crate::cli) fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let since = time::format(clock::now()).unwrap_or_default();
    format!("process {} on {} since {since}", std::process::id(), host.trim())
}
