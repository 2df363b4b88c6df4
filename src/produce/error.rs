//! Why a production could not be made.

use super::folder::FolderError;
use super::scope::ScopeError;
use crate::archive::walk::WalkError;
use crate::progress::Interrupted;

/// Why a production could not be made. Nothing stands under its name then.
#[derive(Debug, thiserror::Error)]
pub enum ProduceError {
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] WalkError),
    /// A member of the archive does not say what the format promises.
    #[error("`{member}` cannot be read: {expected}; `chatseal verify` lists everything that is wrong")]
    Member {
        /// Its path in the bag.
        member: String,
        /// What the format wants.
        expected: String,
    },
    /// The scope names what the archive does not hold, or too much.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The folder cannot be written.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The form cannot be made of this archive.
    #[error("{0}")]
    Form(String),
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
