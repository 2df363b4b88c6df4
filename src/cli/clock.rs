//! The only place where the time is asked for.

use crate::record::time::Millis;

/// The current time. Commands read it once and hand it on.
#[allow(clippy::disallowed_methods, reason = "the command line is where the clock is read")]
pub(super) fn now() -> Millis {
    chrono::Utc::now().timestamp_millis()
}
