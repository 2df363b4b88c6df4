//! Why a dump cannot be used; nothing is sealed then.

use std::io;
use std::path::PathBuf;

use crate::progress::Interrupted;
use crate::source::original::OriginalError;

/// Why a dump cannot be used. `object` is the base name of its file, `line` a line of its text, from 1.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The file itself cannot be used.
    #[error(transparent)]
    Original(#[from] OriginalError),
    /// Not the text of `pg_dump`.
    #[error("`{}` is not a plain pg_dump file: found {}", path.display(), found.words())]
    NotADump {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: Found,
    },
    /// Reading or unpacking broke off.
    #[error("cannot read `{object}` to its end; it may be cut short or damaged")]
    Text {
        /// Base name of the dump.
        object: String,
        /// What the system or the packing said.
        source: io::Error,
    },
    /// The text ends before the dump does.
    #[error("`{object}` is cut short: expected {expected}, found the end of the file at line {line}")]
    CutShort {
        /// Base name of the dump.
        object: String,
        /// Where the text ends.
        line: u64,
        /// What had to come.
        expected: String,
    },
    /// Line ends were translated, and with them perhaps more.
    #[error("line {line} of `{object}` ends in CR LF: expected line feeds only, as pg_dump writes them")]
    LineEnds {
        /// Base name of the dump.
        object: String,
        /// The line.
        line: u64,
    },
    /// Texts are not UTF-8, or it is not said what they are.
    #[error("`{object}` holds text in the encoding `{found}`: expected `UTF8`")]
    Encoding {
        /// Base name of the dump.
        object: String,
        /// What the dump says.
        found: String,
    },
    /// Rows are INSERT statements.
    #[error("line {line} of `{object}` is an INSERT statement: expected rows as COPY text")]
    Inserts {
        /// Base name of the dump.
        object: String,
        /// Where the first one begins.
        line: u64,
    },
    /// A statement that matters is not as `pg_dump` writes it, or too long.
    #[error("cannot read the statement at line {line} of `{object}`: expected {expected}")]
    Statement {
        /// Base name of the dump.
        object: String,
        /// Where it begins.
        line: u64,
        /// What was expected.
        expected: &'static str,
    },
    /// One file holds what cannot be told apart: several dumps, databases or Mattermosts, a table twice.
    #[error("`{object}` holds {found}: expected one database with one Mattermost")]
    Several {
        /// Base name of the dump.
        object: String,
        /// What it holds.
        found: String,
    },
    /// A dump of something else.
    #[error(
        "`{object}` is no dump of a Mattermost database: expected the tables posts, channels and users, found {found}"
    )]
    NotMattermost {
        /// Base name of the dump.
        object: String,
        /// What it holds.
        found: String,
    },
    /// The work was told to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What a file is that is no plain dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Empty,
    /// `pg_dump --format=custom`.
    Custom,
    /// `pg_dump --format=tar`, or another tar.
    Tar,
    /// Packed by xz, bzip2 or lz4.
    OtherPacking,
    /// `mysqldump`, `mariadb-dump`.
    Mysql,
    /// `pg_dumpall`.
    Cluster,
    /// UTF-16, or a byte order mark.
    Utf16,
    /// None of these.
    Other,
}

impl Found {
    fn words(self) -> &'static str {
        match self {
            Self::Empty => "an empty file",
            Self::Custom => "a dump in pg_dump's custom format",
            Self::Tar => "a tar",
            Self::OtherPacking => "a packing other than gzip and Zstandard",
            Self::Mysql => "a dump of MySQL or MariaDB",
            Self::Cluster => "a dump of a whole server by pg_dumpall",
            Self::Utf16 => "UTF-16 or a byte order mark, as PowerShell's `>` writes",
            Self::Other => "no line `-- PostgreSQL database dump` at its beginning",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Custom | Self::Tar => "`pg_restore -f dump.sql FILE` makes plain text of it, without a server",
            Self::OtherPacking => "unpack it first; plain text, .gz and .zst are read",
            Self::Mysql => "restore it into a server and export from there with mysql://",
            Self::Cluster => "dump the one database with `pg_dump`",
            Self::Utf16 => "write dumps with `pg_dump -f FILE`, not with `>`",
            Self::Empty | Self::Other => "`pg_dump -f dump.sql DATABASE` makes a plain dump",
        }
    }
}

impl DumpError {
    /// What can be done about it, as one line for people.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotADump { found, .. } => Some(found.hint()),
            Self::Text { .. } | Self::CutShort { .. } => {
                Some("compare its size with the original's, and whether pg_dump ended without an error")
            }
            Self::LineEnds { .. } => Some("copy it again as it was written, without translation (git: `-text`)"),
            Self::Encoding { .. } => Some("dump it with `pg_dump --encoding=UTF8`"),
            Self::Inserts { .. } => Some("dump it without `--inserts`, `--column-inserts` and `--rows-per-insert`"),
            Self::Several { .. } => Some("dump one database and one schema: `pg_dump --schema=public -f dump.sql`"),
            Self::Original(OriginalError::Changed { .. }) => Some("wait until pg_dump has ended, then run again"),
            Self::Original(OriginalError::NotRegular { .. }) => {
                Some("a dump in directory format becomes plain text by `pg_restore -f dump.sql FOLDER`")
            }
            Self::Original(_) | Self::Statement { .. } | Self::NotMattermost { .. } | Self::Interrupted(_) => None,
        }
    }
}
