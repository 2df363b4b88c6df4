//! Policy files and hold files: bytes become rules and holds, or findings that say what is wrong and where.
//!
//! ```text
//! bytes ── text ── TOML ── reader, by the tables of keys ──▶ rule, hold ── together ──▶ set
//!             └───────┴───────────────┴─────────────────────────┴────────────┴──────▶ findings
//! ```
//!
//! [`chatseal-policy(5)`] specifies the language.
//!
//! Invariant: a file with a finding is never used, and every finding of a file is told at once. Nothing is guessed: an
//! unknown key, a missing period and a contradiction are findings, never defaults. Files refer to no other files, so
//! there is nothing that could be cyclic.
//!
//! It refuses to look anything up: names are spelled here, and found in a source later.
//!
//! [`chatseal-policy(5)`]: ../../../man/chatseal-policy.5

pub mod code;
mod file;
pub mod finding;
mod hold;
pub mod keys;
pub mod limits;
mod mattermost;
mod overlap;
pub mod period;
mod reader;
mod rule;
mod spelling;
mod text;
mod together;

use super::subject::OF_POSTS;

pub use file::{Content, Holds, Parsed, parse};
pub use together::together;

/// All kinds of records, as the catalogue has them.
#[derive(Clone, Copy, Debug)]
pub struct Kinds<'k>(pub &'k [&'k str]);

impl<'k> Kinds<'k> {
    /// Kinds that are decided on by themselves: what belongs to a post is decided on as a `post`.
    fn decided(self) -> impl Iterator<Item = &'k str> {
        self.0.iter().copied().filter(|kind| !OF_POSTS.contains(kind))
    }
}

#[cfg(test)]
mod tests;
