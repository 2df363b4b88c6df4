//! The archives that a run follows, and how far back it looks because of them.

use super::news::News;
use crate::chain::{Index, IndexError};
use crate::merkle::Hash;
use crate::record::time::Window;

/// How much of a source is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Look {
    /// All of it, because nothing was sealed yet.
    First,
    /// What changed.
    Changed,
    /// All of it, and why.
    Whole(Why),
}

/// Why all of a source is looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Why {
    /// Somebody wanted it.
    Asked,
    /// The source's clock stands before the end of the last window.
    ClockWentBack,
    /// Other policies or holds are in force, so that what was withheld may have to be sealed.
    OtherPolicy,
    /// Other teams, channels, users or files are asked for.
    OtherScope,
    /// Another version of this program reads, and may see more.
    OtherProgram,
    /// The source has other columns, so that the same rows make other records.
    OtherColumns,
    /// The archive of the last run was lost before it was published, as the ledger states.
    LastLost,
    /// The last archive cannot be looked at, or was made of a dump.
    LastUnknown,
    /// A dump has no index to ask.
    Dump,
}

impl Why {
    /// A word for `data/source.json`.
    pub(in crate::cli) fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::ClockWentBack => "clock-went-back",
            Self::OtherPolicy => "other-policy",
            Self::OtherScope => "other-scope",
            Self::OtherProgram => "other-program",
            Self::OtherColumns => "other-columns",
            Self::LastLost => "last-lost",
            Self::LastUnknown => "last-unknown",
            Self::Dump => "dump",
        }
    }

    /// A sentence for people.
    pub(in crate::cli) fn sentence(self) -> &'static str {
        match self {
            Self::Asked => "everything is looked at, as asked",
            Self::ClockWentBack => "the source's clock went back behind the last run, so everything is looked at",
            Self::OtherPolicy => {
                "other policies or holds are in force than in the last run, so everything is looked at"
            }
            Self::OtherScope => "another scope is asked for than in the last run, so everything is looked at",
            Self::OtherProgram => "another version of chatseal made the last archive, so everything is looked at",
            Self::OtherColumns => "the source has other columns than in the last run, so everything is looked at",
            Self::LastLost => "the archive of an earlier run was lost, so everything is looked at",
            Self::LastUnknown => "the last archive does not tell what it was made of, so everything is looked at",
            Self::Dump => "a dump is looked at as a whole",
        }
    }

    /// Whether the same rows may make other records than before, so that a difference is nobody's doing.
    pub(super) fn changes_records(self) -> bool {
        matches!(self, Self::OtherScope | Self::OtherProgram | Self::OtherColumns | Self::LastUnknown | Self::Dump)
    }
}

/// A share of all records that is looked at again, another one each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Share {
    /// Which, from 0.
    pub(in crate::cli) part: u64,
    /// Of how many.
    pub(in crate::cli) of: u64,
}

/// The archives that a run follows.
pub(in crate::cli) struct Series {
    /// What they say of each record.
    pub(in crate::cli) index: Index,
    /// SHA-256 of their seals, oldest first.
    pub(in crate::cli) seals: Vec<Hash>,
    /// The window that the new seal names: everything that changed in it is in this archive or in an earlier one.
    pub(in crate::cli) window: Window,
    /// How much is read.
    pub(in crate::cli) look: Look,
    /// What is looked at again in any case.
    pub(in crate::cli) share: Option<Share>,
    /// What is to be read; `None` if nothing was sealed yet.
    pub(in crate::cli) news: Option<News>,
}

impl From<IndexError> for crate::cli::failure::Failure {
    fn from(error: IndexError) -> Self {
        use crate::cli::exit::Exit;
        match error {
            IndexError::Archive { .. } => Self::of(Exit::Unavailable, error)
                .hint("a run needs the archives before it, or the index of them; bring it back to its folder"),
            IndexError::Unsound { .. } => {
                Self::of(Exit::FailedCheck, error).hint("`chatseal verify` says more; a run does not build on it")
            }
            error => Self::of(Exit::Unavailable, error),
        }
    }
}
