//! SIGINT and SIGTERM: the first asks the work to clean up and end, the second ends it at once.

use super::exit::Exit;
use super::failure::Failure;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Begins to listen; the flag is raised by the first signal.
pub(super) fn listen() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it, the second finds it up and ends.
        flag::register_conditional_shutdown(signal, Exit::Interrupted.code().into(), Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)))
            .map_err(|error| Failure::of(Exit::Unavailable, error).context("cannot listen for signals"))?;
    }
    Ok(stop)
}
