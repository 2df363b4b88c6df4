//! What a series of archives says of each record: which version was sealed last, and where.
//!
//! Incremental runs must not seal a version twice, and a comparison must know what a source once held. Both need the
//! newest version of millions of records out of any number of archives, so [`index`] keeps that in archive order on disk:
//! a source, which is read in the same order, is held against it in one pass.
//!
//! ```text
//! archives in the order of their chain ──▶ collect ──▶ volumes, merged as they grow ──▶ groups ──▶ run
//!                                                      evidence ◀── lines ◀── compare ◀──┴──── a source's records
//! ```
//!
//! Two lines are the same [`version`] of a record if their bytes are equal up to the end of `data`: what follows says why
//! a record was selected and what was decided about it, and is no part of the record.
//!
//! Invariant: the index is a cache. It holds digests, ids and times, and nothing of what a record says. What is damaged,
//! or of another chain, is thrown away and read from the archives again; it is never believed over them. Memory depends on
//! the number of threads, not of records; the ids of one archive's vanished and withheld records are sorted beyond memory.
//!
//! It trusts that the archives it is given were verified, opens no source, and knows of kinds only their names and order.

mod collect;
pub mod compare;
pub mod difference;
pub mod groups;
pub mod index;
pub mod known;
pub mod lines;
pub mod version;
mod volume;

pub use collect::VANISHED_KIND;
pub use groups::Groups;
pub use index::{Account, Clocks, Counts, Index, IndexError, Link};
pub use known::{Group, Known, Passed, State};
pub use version::Version;
