//! Reconciliation: what the audit log and the tables say about each other.
//!
//! ```text
//! rows ─────▶ Seen   which ids there are, which ids rows name ─┐
//! audit log ▶ Facts  which posts were created, what was deleted ┴─▶ judge ─▶ finding_purged, finding_orphan
//! ```
//!
//! A purge leaves no trace in the table that it empties; it leaves traces beside it: a log entry of a post that no row
//! has, a reaction to a post, a membership of a channel, an edit of something that is gone.
//!
//! Invariant: memory is bounded by the number of threads. Everything is a line about an id, sorted beyond memory; one
//! pass over the sorted lines shows which ids are named and not there, and a second, over what the purged posts ask for,
//! what may explain them. Refuses to conclude from a table that was not read: what it holds is taken to exist.

pub mod fact;
pub mod finding;
pub mod judge;
pub mod seen;
