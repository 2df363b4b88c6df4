//! How far the work has come, and whether it should stop: the one thing that core code and the terminal share.
//!
//! Core code counts and asks; it never prints and knows no terminal, clock or signal. Whoever started the work looks
//! at [`Progress::snapshot`] as often as it likes and raises the flag given to [`Progress::new`] to end it.
//!
//! Invariant: counting costs one relaxed atomic addition, so it may be done per block on every thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The work was told to stop; whoever meets this removes what it left half done and returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Counts of one piece of work, shared by all its threads.
#[derive(Debug)]
pub struct Progress {
    phase: Mutex<&'static str>,
    done: AtomicU64,
    total: AtomicU64,
    stop: Arc<AtomicBool>,
}

/// What [`Progress`] stood at when somebody looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// What is being done, as a participle: `reading`, `sealing`; empty before the first phase.
    pub phase: &'static str,
    /// Bytes done in this phase.
    pub done: u64,
    /// Bytes to be done in this phase; 0 when unknown.
    pub total: u64,
}

impl Progress {
    /// Work that ends early once `stop` is true.
    pub fn new(stop: Arc<AtomicBool>) -> Self {
        Self { phase: Mutex::new(""), done: AtomicU64::new(0), total: AtomicU64::new(0), stop }
    }

    /// Work that nobody watches and nothing interrupts.
    pub fn silent() -> Self {
        Self::new(Arc::new(AtomicBool::new(false)))
    }

    /// Begins the phase `name` (a participle: `reading`) with nothing done and an unknown total.
    pub fn phase(&self, name: &'static str) {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        *phase = name;
        self.done.store(0, Ordering::Relaxed);
        self.total.store(0, Ordering::Relaxed);
    }

    /// Says how many bytes this phase has to do in all.
    pub fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    /// Counts `bytes` more as done.
    pub fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether the work should stop.
    pub fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// `Err` once the work should stop: `progress.check()?` between blocks.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.interrupted() { Err(Interrupted) } else { Ok(()) }
    }

    /// How far the work has come.
    pub fn snapshot(&self) -> Snapshot {
        let phase = *self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        Snapshot { phase, done: self.done.load(Ordering::Relaxed), total: self.total.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_begins_with_nothing_done() {
        let progress = Progress::silent();
        assert_eq!(progress.snapshot(), Snapshot { phase: "", done: 0, total: 0 });
        progress.phase("reading");
        progress.expect(10);
        progress.add(4);
        progress.add(5);
        assert_eq!(progress.snapshot(), Snapshot { phase: "reading", done: 9, total: 10 });
        progress.phase("sealing");
        assert_eq!(progress.snapshot(), Snapshot { phase: "sealing", done: 0, total: 0 });
    }

    #[test]
    fn the_flag_of_the_caller_stops_the_work() {
        let stop = Arc::new(AtomicBool::new(false));
        let progress = Progress::new(Arc::clone(&stop));
        assert_eq!(progress.check(), Ok(()));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(progress.check(), Err(Interrupted));
    }
}
