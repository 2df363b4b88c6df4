//! Bulk
pub mod blocks;
pub mod container;
pub mod count;
pub mod directory;
pub mod emit;
pub mod members;
pub mod names;
pub mod post;
pub mod thread;
use std::path::PathBuf;
/// Why a bulk export cannot be used; nothing is sealed then.
#[derive(Debug, thiserror::Error)]
pub enum BulkError {
    /// The file cannot be opened.
    #[error("cannot open `{}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Reading broke off.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
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
    /// The source was written to while it was read.
    #[error("`{}` changed while it was being read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}
