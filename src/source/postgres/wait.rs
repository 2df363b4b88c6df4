//! Waiting for a server: every wait ends, at a limit of ours, or when the work is told to stop.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often a wait looks whether it should end.
const TICK: Duration = Duration::from_millis(200);

/// Why a wait ended before its work.
pub(in crate::source) enum Ended {
    /// The work was told to stop.
    Stopped,
    /// Nothing moved for too long.
    Silent,
}

/// Whether any of these flags is raised.
pub(in crate::source) fn is_raised<'f>(flags: impl IntoIterator<Item = &'f Arc<AtomicBool>>) -> bool {
    flags.into_iter().any(|flag| flag.load(Ordering::Relaxed))
}

/// Waits for `work` until it is to stop, or until `silence` passed in which nothing `moved`.
pub(in crate::source) async fn watched<T>(
    work: impl Future<Output = T>,
    silence: Duration,
    is_stopped: impl Fn() -> bool,
    moved: impl Fn() -> bool,
) -> Result<T, Ended> {
    let mut work = pin!(work);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut silent = Duration::ZERO;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Ok(done));
        }
        while ticks.poll_tick(context).is_ready() {
            if is_stopped() {
                return Poll::Ready(Err(Ended::Stopped));
            }
            silent = if moved() { Duration::ZERO } else { silent.saturating_add(TICK) };
            if silent > silence {
                return Poll::Ready(Err(Ended::Silent));
            }
        }
        Poll::Pending
    })
    .await
}
