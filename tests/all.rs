//! One integration binary: each module is named for what it shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

/// Support: small archives, whole and damaged, written from the specification.
mod bag;
/// Archives that are wrong in one way each.
mod damaged;
/// Verification: layers, endings, trust, chains.
mod verify;
