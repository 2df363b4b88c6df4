//! chatseal (tour to come)
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, clippy::format_collect)
)]
pub mod archive;
pub mod cli;
pub mod keys;
pub mod merkle;
pub mod progress;
pub mod record;
pub mod select;
pub mod source;
pub mod verify;
