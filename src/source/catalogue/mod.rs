//! The catalogue: every kind of record, what it is evidence of, its columns, and how a row reaches its place.
//!
//! One description serves all sources. A column that is not listed here is not exported (an allow-list: secrets such
//! as password hashes and tokens are simply not in it), and fields are written in the order given, so that the same
//! evidence from different sources reads the same. What a column of a new Mattermost release needs is one word.
//!
//! The type of a column is decided here, not by the server: a boolean is a boolean whether PostgreSQL says `t` or MySQL
//! says `1`, and a text that holds JSON is embedded as JSON whether its column is `jsonb` or `varchar`.
//!
//! This module holds data only; it decides nothing and reads nothing.

mod column;
mod directory;
mod log;
mod messaging;
mod system;

pub use column::{Column, Shape};
use column::{columns, reaches, words};

/// One kind of record.
#[derive(Debug)]
pub struct Table {
    /// Kind of its records (chatseal-archive(5), "Kinds").
    pub kind: &'static str,
    /// Mattermost's table, as PostgreSQL spells it; in parentheses where the rows do not come from a table.
    pub table: &'static str,
    /// What it is evidence of.
    pub evidence: &'static str,
    /// How a window treats the kind.
    pub window: Windowing,
    /// Fields that make up the id, in order. A single one named `id` is not repeated in `data`.
    pub key: &'static [&'static str],
    /// Whether the key is a credential, so that only a digest of it is told.
    pub credential: bool,
    /// Field that dates a record; `None` where the table has no origin time that never changes (`at` is 0).
    pub origin: Option<&'static str>,
    /// Other fields holding the time of an event; a window selects by them as well.
    pub events: &'static [&'static str],
    /// Field whose time grows with every change of a row, for incremental runs.
    pub clock: Option<&'static str>,
    /// Fields by which a row reaches its team, channel, users, post and run.
    pub path: &'static [Reach],
    /// Rows of the table that are of this kind: a column and the values, or beginnings of values (`legal_hold_*`), that
    /// it may have. `None` for all rows.
    pub only: Option<(&'static str, &'static [&'static str])>,
    /// Columns in the order of the fields of `data`; a key `id` is understood and not listed.
    pub columns: &'static [Column],
    /// Fields that only a bulk export has; they follow the columns.
    pub bulk_only: &'static [&'static str],
    /// Columns that are known and left out on purpose: secrets, and what can be derived.
    pub never: &'static [&'static str],
}

/// What a table is unless it says otherwise.
const BLANK: Table = Table {
    kind: "",
    table: "",
    evidence: "",
    window: Windowing::Directory,
    key: &["id"],
    credential: false,
    origin: None,
    events: &[],
    clock: None,
    path: &[],
    only: None,
    columns: &[],
    bulk_only: &[],
    never: &[],
};

/// How `--since` and `--until` treat a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windowing {
    /// Selected by its own times.
    Own,
    /// Selected together with the post that it belongs to.
    WithPost,
    /// Selected when the interval from the origin time to the first of the event times overlaps the window; without a
    /// later time it lasts until now.
    Interval,
    /// Not windowed: describes the world that the windowed records speak of.
    Directory,
}

/// A field that names something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What it names.
    pub to: To,
    /// The field.
    pub field: &'static str,
}

/// What a field can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// A team.
    Team,
    /// A channel.
    Channel,
    /// A user.
    User,
    /// A post.
    Post,
    /// A playbook run.
    Run,
    /// A playbook.
    Playbook,
    /// A board.
    Board,
}

/// Position of a kind in [`TABLES`], which stands in archive order.
pub type Rank = u8;

macro_rules! tables {
    ($($name:ident $place:ident;)*) => {
        /// All kinds, in archive order.
        pub static TABLES: [&Table; [$(stringify!($name)),*].len()] = [$(&$place::$name),*];
        tables!(@ranks 0; $($name)*);
    };
    (@ranks $rank:expr; $name:ident $($rest:ident)*) => {
        #[doc = "Rank of the kind of the same name."]
        pub const $name: Rank = $rank;
        tables!(@ranks $rank + 1; $($rest)*);
    };
    (@ranks $rank:expr;) => {};
}

tables! {
    SERVER system;
    AUDIT_LOG log;
    BOT directory;
    CHANNEL directory;
    CHANNEL_MEMBER directory;
    EMOJI messaging;
    FILE messaging;
    POST messaging;
    PROFILE_PICTURE directory;
    REACTION messaging;
    ROLE directory;
    SAVED_POST messaging;
    SCHEME directory;
    TEAM directory;
    TEAM_MEMBER directory;
    THREAD_MEMBERSHIP messaging;
    USER directory;
    FINDING_ORPHAN log;
    FINDING_PURGED log;
}

/// The table of a rank.
pub fn table(rank: Rank) -> &'static Table {
    TABLES[usize::from(rank)]
}

/// Rank of a kind, if the catalogue has it.
pub fn rank(kind: &str) -> Option<Rank> {
    TABLES.iter().position(|table| table.kind == kind).and_then(|at| Rank::try_from(at).ok())
}

impl Table {
    /// The column of a field.
    pub fn column(&self, field: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.field == field)
    }

    /// Fields by which a row names a `to`.
    pub fn reach(&self, to: To) -> impl Iterator<Item = &'static str> {
        self.path.iter().filter(move |reach| reach.to == to).map(|reach| reach.field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::kind;

    #[test]
    fn stands_in_archive_order_and_ranks_agree() {
        assert!(TABLES.windows(2).all(|pair| kind::compare(pair[0].kind, pair[1].kind).is_lt()));
        assert!(TABLES.iter().all(|table| kind::is_valid(table.kind)));
        assert_eq!(table(POST).kind, "post");
        assert_eq!(rank("user"), Some(USER));
        assert_eq!(rank("nonsense"), None);
    }

    #[test]
    fn every_field_that_is_spoken_of_exists_and_each_stands_once() {
        for table in TABLES {
            let kind = table.kind;
            let mut fields: Vec<_> = table.columns.iter().map(|column| column.field).collect();
            fields.push("id");
            let spoken = table.key.iter().chain(table.events).chain(&table.origin).chain(&table.clock);
            assert!(table.only.is_none_or(|(_, values)| !values.is_empty()), "{kind}");
            for field in spoken.copied().chain(table.path.iter().map(|reach| reach.field)) {
                assert!(fields.contains(&field), "{kind}.{field}");
            }
            fields.extend(table.bulk_only);
            fields.sort_unstable();
            assert!(fields.windows(2).all(|pair| pair[0] != pair[1]), "{kind}");
            assert!(fields.len() < 64, "{kind}");
            assert!(table.never.iter().all(|column| table.columns.iter().all(|known| !known.is(column))), "{kind}");
        }
    }

    #[test]
    fn no_secret_is_listed() {
        for table in TABLES {
            for secret in ["password", "mfa_secret", "token", "client_secret", "invite_id", "refresh_token"] {
                assert!(table.column(secret).is_none(), "{}.{secret}", table.kind);
            }
        }
    }
}
