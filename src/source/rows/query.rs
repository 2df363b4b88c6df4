//! What is asked of one table of a live database: pure data, spelled as SQL by each database for itself.

use crate::record::time::{Millis, Window};

/// What is asked of one table: which rows, which columns, in which order.
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    /// The table, as the server spells it.
    pub table: &'a str,
    /// The columns, in the order in which the rows are to hold them.
    pub columns: Vec<&'a str>,
    /// Rows of which this column has one of these values; a `*` at the end of a value stands for any ending.
    pub only: Option<(&'a str, &'a [&'a str])>,
    /// Conditions that must all hold; each holds if one of its alternatives does.
    pub all_of: Vec<Vec<Condition<'a>>>,
    /// Column by which the rows come in ascending order; equal ones in any order, NULL last.
    pub order: Option<&'a str>,
}

impl Query<'_> {
    /// Whether a server has to look at another table to tell which rows are meant, so that asking twice is dear.
    pub fn is_joined(&self) -> bool {
        self.all_of.iter().flatten().any(|condition| matches!(condition, Condition::Held(..)))
    }
}

/// A table whose rows have a key and a clock, all as the server spells them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The table.
    pub table: String,
    /// Its key.
    pub key: String,
    /// When a row changed, in epoch milliseconds.
    pub clock: String,
}

/// Some rows of a table, by their key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<'a> {
    /// The table.
    pub table: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Conditions that must all hold; each holds if one of its alternatives does.
    pub all_of: Vec<Vec<Condition<'a>>>,
}

/// A condition on one column. NULL fulfils only its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// The column has one of these values.
    In(&'a str, Vec<String>),
    /// The column, in epoch milliseconds, is at or after the first and before the second; an absent one does not
    /// restrict.
    Within(&'a str, Option<Millis>, Option<Millis>),
    /// The column is NULL.
    Absent(&'a str),
    /// The column is a text, and not the empty one.
    Filled(&'a str),
    /// The column has a value that one of these columns of tables has as well; the empty one need not count. A server may
    /// take more values for equal than have the same bytes. Alone in its place it is a join for any server; beside
    /// alternatives it may be slow.
    Among(&'a str, Vec<(&'a str, &'a str)>),
    /// The column has a value that the key of some rows has.
    Held(&'a str, Rows<'a>),
    /// The column has a value that the key of a table has in a row whose clock lies in the window.
    Touched(&'a str, &'a Keyed, Window),
}
