//! The integration tests: what the pieces do together, and what other programs make of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod keys;
mod tools;
