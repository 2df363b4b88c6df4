//! Mattermost's bulk export: a zip or JSON lines, as `mmctl export` (5.37 to 11.x) writes it.
//!
//! ```text
//! zipped ─ container ─ blocks ─┬─ count            how many records of each kind there must be
//!                              └─ line ─ thread     posts, replies, reactions, files
//!                                      └ directory  teams, channels, users, bots, roles, schemes, emoji
//!                                            └─ emit ─ names      derived ids
//!                                                 └─ sort         by kind, time, line
//!   equal ─ lines of equal key, decoded again      stream ─ what comes out, in archive order
//! ```
//!
//! The export lacks ids, edits, deletions and membership history; what it has fills the same kinds and fields as the
//! database would. A line that cannot be decoded, or is of an unknown type, becomes an exception and reading goes on; a
//! damaged zip or a missing version line is an error, and nothing is sealed.
//!
//! Invariant: each source line is decoded as a whole or not at all, and every record that [`count`] saw is a record,
//! out of scope, or quarantined. Nothing here writes to the source, or opens a path that was not listed before.

pub mod blocks;
pub mod container;
pub mod count;
pub mod data;
pub mod describe;
pub mod directory;
pub mod emit;
pub mod equal;
pub mod line;
pub mod members;
pub mod names;
pub mod pass;
pub mod post;
pub mod stream;
pub mod thread;
pub mod zipped;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use container::{Container, ContentPlace};
use names::{Directory, Real, RealId, key_of};
use stream::Gathered;

use crate::progress::Interrupted;
use crate::record::id::{Synthetic, is_mattermost, synthetic};
use crate::source::original::OriginalError;
use crate::source::scope::{Asked, Scope};
use crate::source::{Work, tally};

/// Why a bulk export cannot be used; nothing is sealed then.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// The file itself cannot be used.
    #[error(transparent)]
    Original(#[from] OriginalError),
    /// Its beginning, or the folder of its attachments, cannot be read.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Reading the lines broke off, or their checksum does not match.
    #[error("cannot read `{object}` to its end; the export may be cut short or damaged")]
    Lines {
        /// Base name of what holds the lines.
        object: String,
        /// What the system or the zip said.
        source: std::io::Error,
    },
    /// A temporary file could not be written or read.
    #[error("cannot keep temporary files")]
    Temporary(#[source] std::io::Error),
    /// Not a bulk export.
    #[error("`{}` is not a Mattermost bulk export: expected a zip with `import.jsonl`, or JSON lines; found {found}", path.display())]
    NotAnExport {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
    },
    /// The zip is damaged, or could be read in more than one way.
    #[error("the zip `{}` cannot be trusted: {reason}", path.display())]
    Zip {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The first line is no version line.
    #[error("`{object}` does not begin with a version line, so it is no bulk export, or its beginning is lost")]
    NoVersion {
        /// Base name of what holds the lines.
        object: String,
    },
    /// The version line names another version.
    #[error("`{object}` is a bulk export of version {found}; this program reads version 1")]
    UnknownVersion {
        /// Base name of what holds the lines.
        object: String,
        /// The version found.
        found: String,
    },
    /// A team, channel or user that was asked for is not in the export.
    #[error("the export has no {what} `{name}`")]
    NotFound {
        /// `team`, `channel` or `user`.
        what: &'static str,
        /// As it was asked for.
        name: String,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A scope whose names became ids.
#[derive(Debug)]
pub struct Resolved {
    /// The scope.
    pub scope: Scope,
    /// What was asked for: `team`, `channel` or `user`, the name, its id.
    pub names: Vec<(&'static str, String, Synthetic)>,
}

impl Resolved {
    fn add(&mut self, what: &'static str, name: &str, id: Synthetic) {
        let set = match what {
            "team" => &mut self.scope.teams,
            "channel" => &mut self.scope.channels,
            _ => &mut self.scope.users,
        };
        set.insert(id);
        self.names.push((what, name.to_owned(), id));
    }
}

/// A bulk export.
#[derive(Debug)]
pub struct Bulk {
    /// The file and what it holds.
    pub container: Container,
}

impl Bulk {
    /// Opens an export; `place` says where attachments are.
    pub fn open(path: &Path, place: &ContentPlace) -> Result<Self, BulkError> {
        Container::open(path, place).map(|container| Self { container })
    }

    /// Turns names into ids. Names need no look at the export; e-mail addresses and real ids take a pass of their own.
    pub fn resolve(&self, asked: &Asked, work: &Work<'_>) -> Result<Resolved, BulkError> {
        let looks_real = |name: &String| is_mattermost(name) || name.contains('@');
        let facts = if asked.channels.iter().chain(&asked.users).any(looks_real) {
            let mut directory = Directory::default();
            for part in pass::run(&self.container, &Scope::default(), false, work)?.0 {
                directory.absorb(part.names);
            }
            Some(directory)
        } else {
            None
        };
        let real = |what: &str, name: &str| facts.as_ref().and_then(|facts| facts.by_real_id(what, name));
        let not_found = |what, name: &str| BulkError::NotFound { what, name: name.to_owned() };
        let mut resolved = Resolved { scope: Scope { window: asked.window, ..Scope::default() }, names: Vec::new() };
        for name in &asked.teams {
            resolved.add("team", name, synthetic("team", &key_of(&[("name", name)]), 0));
        }
        for name in &asked.channels {
            let id = match name.split_once('/') {
                Some((team, channel)) => synthetic("channel", &key_of(&[("team", team), ("name", channel)]), 0),
                None => derived(name).or_else(|| real("channel", name)).ok_or_else(|| not_found("channel", name))?,
            };
            resolved.add("channel", name, id);
        }
        for name in &asked.users {
            let by_name = synthetic("user", &key_of(&[("username", name)]), 0);
            let email = || facts.as_ref().and_then(|facts| facts.emails.get(&name.to_lowercase()).copied().flatten());
            let is_name =
                facts.as_ref().is_none_or(|facts| facts.known.get(&by_name).is_some_and(|known| known.described));
            let id = derived(name).or(is_name.then_some(by_name)).or_else(email).or_else(|| real("user", name));
            resolved.add("user", name, id.ok_or_else(|| not_found("user", name))?);
        }
        Ok(resolved)
    }

    /// Reads everything in `scope`.
    pub fn read(&self, scope: &Scope, work: &Work<'_>) -> Result<Gathered<'_>, BulkError> {
        let (parts, index) = pass::run(&self.container, scope, true, work)?;
        let mut gathered = Gathered::new(&self.container, scope.clone());
        let mut heads = Vec::new();
        for part in parts {
            gathered.directory.absorb(part.names);
            tally::add(&mut gathered.source, &part.source);
            gathered.tally.add(&part.out.tally);
            for (kind, count) in part.lines {
                *gathered.lines.entry(kind).or_default() += count;
            }
            gathered.records.push(part.out.records);
            gathered.contents.push(part.out.contents);
            gathered.exceptions.push(part.out.exceptions);
            heads.push(part.out.heads);
        }
        gathered.directory.count_teams(scope.is_narrow());
        let mut again = equal::renumber(&self.container, &index, heads, scope, work)?;
        if let Some(out) = again.out.take() {
            gathered.records.push(out.records);
            gathered.contents.push(out.contents);
            gathered.exceptions.push(out.exceptions);
        }
        gathered.renumbered = again.numbers.into_keys().collect::<HashSet<u64>>();
        Ok(gathered)
    }
}

/// A derived id as a person copies it from an archive.
fn derived(text: &str) -> Option<Synthetic> {
    let id: Synthetic = text.as_bytes().try_into().ok()?;
    let digits = text.strip_prefix("s:")?;
    digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)).then_some(id)
}

impl Directory {
    fn by_real_id(&self, what: &str, text: &str) -> Option<Synthetic> {
        let wanted: RealId = text.as_bytes().try_into().ok()?;
        self.known.values().find(|known| known.real == Real::Id(wanted) && known.is(what)).map(|known| known.id)
    }
}

/// Lines of each type.
pub type LineCounts = BTreeMap<String, u64>;
