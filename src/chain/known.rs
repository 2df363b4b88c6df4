//! What is known of a record.

use super::version::Version;
use crate::record::time::Millis;

/// What the newest archive that speaks of a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is sealed there.
    Sealed {
        /// Its version.
        version: Version,
        /// The value of its change clock; 0 where the kind has none, where it was never set, and of a file whose bytes
        /// were not there: they may come without moving it.
        clock: Millis,
        /// Whether the source had marked it as deleted (`delete_at`).
        deleted: bool,
    },
    /// It was sealed earlier, and had vanished from the source.
    Vanished,
    /// A policy kept it out of that archive.
    Withheld,
}

/// One line, or one statement about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Position of the archive in its series, from 0.
    pub archive: u32,
    /// Index of the record in that archive; of a statement the index of whoever makes it, or 0.
    pub record: u64,
    /// What it says.
    pub state: State,
}

/// All that the newest archive which speaks of a record says of it. A source that repeats a row has several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Kind of the record.
    pub kind: &'a str,
    /// Its origin time.
    pub at: Millis,
    /// Its id.
    pub id: &'a str,
    /// At least one, in the order of the archive.
    pub known: &'a [Known],
}

/// A line, or a statement, that was passed on the way to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Its origin time.
    pub at: Millis,
    /// What it says.
    pub state: State,
    /// Whether it is of the record that was passed before it.
    pub is_repeated: bool,
}

impl Group<'_> {
    /// The versions that are sealed, in order of the archive.
    pub fn versions(&self) -> impl Iterator<Item = Version> {
        self.known.iter().filter_map(|known| match known.state {
            State::Sealed { version, .. } => Some(version),
            State::Vanished | State::Withheld => None,
        })
    }

    /// Whether the record is sealed, and was not stated to have vanished since.
    pub fn is_sealed(&self) -> bool {
        self.versions().next().is_some()
    }

    /// Whether exactly these versions are sealed, each as often as it is named, in any order.
    pub fn is(&self, versions: &[Version]) -> bool {
        if let ([one], [known]) = (versions, self.known) {
            return matches!(known.state, State::Sealed { version, .. } if version == *one);
        }
        let (mut sealed, mut asked): (Vec<_>, _) = (self.versions().collect(), versions.to_vec());
        sealed.sort_unstable();
        asked.sort_unstable();
        sealed == asked
    }
}
