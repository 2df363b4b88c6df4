//! chatseal (tour to come)
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, clippy::format_collect))]
pub mod cli;
pub mod progress;
pub mod record;
