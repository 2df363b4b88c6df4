//! chatseal (tour to come)
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
pub mod archive;
pub mod merkle;
pub mod record;
