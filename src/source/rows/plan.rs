//! Which column of the rows feeds which field of the records: the catalogue's table, as far as a source has it.
//!
//! The catalogue decides what is read; a source only says what there is. A column that the catalogue does not list is
//! never asked for, and one that the source lacks is left out and named.

use super::{ColumnFound, TableFound};
use crate::source::catalogue::{Column, EMOJI, FILE, Rank, Shape, Table, table};

/// How the rows of one table become records of one kind.
#[derive(Debug)]
pub struct Plan {
    pub(super) rank: Rank,
    pub(super) width: usize,
    /// Fields of `data`, in catalogue order.
    pub(super) feeds: Vec<Feed>,
    /// Columns that make up the id, in order, and whether they are points in time.
    pub(super) key: Vec<(usize, Shape)>,
    pub(super) origin: Option<(usize, Shape)>,
    pub(super) only: Option<usize>,
    pub(super) absent: Vec<&'static str>,
}

/// A column that feeds a field.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) field: &'static str,
    pub(super) position: usize,
    pub(super) shape: Shape,
    /// Whether the source itself declares the column as JSON, so that also a bare `1` or `"a"` is a JSON value.
    pub(super) is_json: bool,
    /// `,"field":`
    pub(super) prefix: Vec<u8>,
}

/// Why the rows of a table cannot become records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Without the column no record has a name, or nobody knows which rows are meant.
    #[error("the table `{table}` has no column `{column}`, which its rows cannot do without")]
    Missing {
        /// Mattermost's table.
        table: &'static str,
        /// The field that the column would feed.
        column: &'static str,
    },
    /// Two columns for one field.
    #[error("the table `{table}` has two columns for `{column}`; expected one")]
    Twice {
        /// Mattermost's table.
        table: &'static str,
        /// The field that both would feed.
        column: &'static str,
    },
}

impl Plan {
    /// Joins the catalogue's table with the columns of the rows, in the order in which the rows hold them.
    pub fn new(rank: Rank, columns: &[ColumnFound]) -> Result<Self, PlanError> {
        let table = table(rank);
        let find = |wanted: &Column| {
            let mut found = (0..).zip(columns).filter(|(_, column)| wanted.is(&column.name));
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(PlanError::Twice { table: table.table, column: wanted.field }),
                (first, None) => Ok(first.map(|(position, column)| (position, column.declared.as_str()))),
            }
        };
        let need = |wanted: Column| match find(&wanted)? {
            Some((position, _)) => Ok((position, wanted.shape)),
            None => Err(PlanError::Missing { table: table.table, column: wanted.field }),
        };
        let key = table.key.iter().map(|field| need(column_of(table, field))).collect::<Result<_, _>>()?;
        let only = table.only.map(|(column, _)| need(bare(column))).transpose()?.map(|(position, _)| position);
        let (mut feeds, mut absent) = (Vec::new(), Vec::new());
        for column in table.columns {
            let Some((position, declared)) = find(column)? else {
                absent.push(column.field);
                continue;
            };
            let is_json = declared.to_ascii_lowercase().contains("json");
            let prefix = format!(",\"{}\":", column.field).into_bytes();
            let shape = match column.shape {
                Shape::Guarded if declared.eq_ignore_ascii_case("bytea") => Shape::GuardedBytes,
                shape => shape,
            };
            feeds.push(Feed { field: column.field, position, shape, is_json, prefix });
        }
        let origin = table.origin.and_then(|field| feeds.iter().find(|feed| feed.field == field));
        let origin = origin.map(|feed| (feed.position, feed.shape));
        Ok(Self { rank, width: columns.len(), feeds, key, origin, only, absent })
    }

    /// Rank of the kind that the rows become.
    pub fn rank(&self) -> Rank {
        self.rank
    }

    /// How many fields a row has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Fields of the kind for which the rows have no column (`columns_absent` of `data/source.json`).
    pub fn absent(&self) -> &[&'static str] {
        &self.absent
    }

    /// Position in a row of what feeds `field`; also of a single key `id`, which is not a field of `data`.
    pub fn position(&self, field: &str) -> Option<usize> {
        if field == "id" && table(self.rank).key == ["id"] {
            return self.key.first().map(|(position, _)| *position);
        }
        self.feeds.iter().find(|feed| feed.field == field).map(|feed| feed.position)
    }

    /// Position of the column that says whether a row is of this kind; `None` if all rows of the table are.
    pub fn only(&self) -> Option<usize> {
        self.only
    }

    /// Whether bytes of the file store belong to each record.
    pub fn has_content(&self) -> bool {
        matches!(self.rank, FILE | EMOJI)
    }
}

/// The column of a field, listed or, as `id` and credentials, only a key.
fn column_of(table: &Table, field: &'static str) -> Column {
    table.column(field).copied().unwrap_or(bare(field))
}

fn bare(field: &'static str) -> Column {
    Column { field, column: "", shape: Shape::Text }
}

/// Columns of a server's table to ask for, in its order: what the catalogue lists, the key, and what tells the kind.
pub fn wanted(rank: Rank, found: &TableFound) -> Vec<&ColumnFound> {
    let table = table(rank);
    found.columns.iter().filter(|column| is_wanted(table, &column.name)).collect()
}

fn is_wanted(table: &Table, name: &str) -> bool {
    table.columns.iter().any(|column| column.is(name))
        || table.key.iter().any(|field| column_of(table, field).is(name))
        || table.only.is_some_and(|(column, _)| bare(column).is(name))
}

/// Columns of a server's table that the catalogue does not know: neither listed nor left out on purpose.
pub fn unknown(rank: Rank, found: &TableFound) -> Vec<&ColumnFound> {
    let table = table(rank);
    let is_known = |name: &str| is_wanted(table, name) || table.never.iter().any(|column| bare(column).is(name));
    found.columns.iter().filter(|column| !is_known(&column.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::catalogue::{CHANNEL_MEMBER, POST, SAVED_POST, USER};

    fn columns(names: &str) -> Vec<ColumnFound> {
        names.split(' ').map(|name| ColumnFound { name: name.to_owned(), declared: String::new() }).collect()
    }

    fn names(found: Vec<&ColumnFound>) -> Vec<&str> {
        found.into_iter().map(|column| column.name.as_str()).collect()
    }

    #[test]
    fn columns_are_found_in_any_order_and_case() {
        let plan = Plan::new(POST, &columns("Message Id surprise CreateAt ChannelId")).unwrap();
        assert_eq!((plan.width(), plan.position("id"), plan.position("create_at")), (5, Some(1), Some(3)));
        assert_eq!((plan.position("message"), plan.position("user_id"), plan.only()), (Some(0), None, None));
        assert_eq!(plan.origin, Some((3, Shape::Millis)));
        assert_eq!(
            plan.feeds.iter().map(|feed| feed.field).collect::<Vec<_>>(),
            ["create_at", "channel_id", "message"]
        );
        assert!(plan.absent().contains(&"user_id") && !plan.absent().contains(&"message"));
    }

    #[test]
    fn rows_without_a_key_have_no_plan() {
        let missing = Plan::new(CHANNEL_MEMBER, &columns("channelid roles")).unwrap_err();
        assert_eq!(missing, PlanError::Missing { table: "channelmembers", column: "user_id" });
        let twice = Plan::new(CHANNEL_MEMBER, &columns("channelid userid UserId")).unwrap_err();
        assert_eq!(twice, PlanError::Twice { table: "channelmembers", column: "user_id" });
        let unfiltered = Plan::new(SAVED_POST, &columns("userid name value")).unwrap_err();
        assert_eq!(unfiltered, PlanError::Missing { table: "preferences", column: "category" });
    }

    #[test]
    fn only_what_is_listed_is_asked_for() {
        let users = TableFound { name: "Users".into(), columns: columns("Id Password Username MfaSecret Shiny") };
        assert_eq!(names(wanted(USER, &users)), ["Id", "Username"]);
        assert_eq!(names(unknown(USER, &users)), ["Shiny"]);
        let preferences = TableFound { name: "preferences".into(), columns: columns("userid category name value") };
        assert_eq!(names(wanted(SAVED_POST, &preferences)), ["userid", "category", "name"]);
    }
}
