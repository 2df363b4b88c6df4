//! Productions: the archive in the forms that people and review platforms read.
//!
//! ```text
//!  archive ──▶ walk ──▶ a form ──▶ folder ──▶ papers
//!  (strict     (records  (one file or  (safe names,   (what was produced, from which seal,
//!   reader)     in order) folder each)  atomic)        what had to be replaced)
//! ```
//!
//! Why: an archive that only we can read is worth little. Each production is made from the sealed archive, never from
//! the source, so it can be traced to a seal.
//!
//! Invariants: the same archive, scope and time give the same bytes for any number of threads. What could not be said
//! in a form is replaced and listed ([`Replaced`]), never dropped in silence. Nothing is overwritten, and the folder
//! stands under its name only when it is complete ([`Folder`]). Memory grows with threads and with the directory
//! (teams, channels, users, files), not with the number of posts.
//!
//! It refuses to open a source, to decide what is kept, to judge a signature, and to read a clock. Whether the archive is
//! intact and who signed it was established before, and is handed in as a [`Standing`].

pub mod access;
pub mod cards;
pub mod concordance;
pub mod conversation;
pub mod csv_records;
pub mod directory;
pub mod eml;
pub mod error;
pub mod files;
pub mod folder;
pub mod form;
pub mod formula;
pub mod incident;
pub mod jsonl;
pub mod labels;
pub mod mail;
pub mod markdown;
pub mod memberships;
pub mod name;
pub mod papers;
pub mod parquet;
pub mod post;
mod records;
pub mod replaced;
pub mod report;
pub mod rsmf;
pub mod scope;
pub mod sealed;
mod spool;
pub mod tally;
pub mod timeline;
pub mod timesketch;
pub mod transcript;
pub mod vendor;
pub mod wanted;
pub mod zone;

pub use directory::Directory;
pub use error::ProduceError;
pub use files::Files;
pub use folder::Folder;
pub use form::{Form, Made, Settings, make};
pub use post::{Post, State};
pub use replaced::Replaced;
pub use scope::Scope;
pub use sealed::{AsOf, Clock, Integrity, Sealed, Signed, Standing};
pub use tally::Tallies;
pub use zone::Zone;

use crate::progress::Progress;
use crate::record::time::Millis;

/// What every form is given.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// The archive and what is known of it.
    pub sealed: &'a Sealed<'a>,
    /// Its teams, channels, users and bots.
    pub directory: &'a Directory,
    /// Which of its records are wanted.
    pub scope: &'a Scope,
    /// When the production is made.
    pub time: Millis,
    /// How far it is.
    pub progress: &'a Progress,
}
