//! What is asked of one table, as SQL.
//!
//! Names stand in backticks and values in single quotes, each with its own quote doubled; the session has
//! `NO_BACKSLASH_ESCAPES` on, so that a backslash is a backslash. Texts are compared byte by byte in UTF-8 besides
//! the comparison by the column's collation, which an index serves and which by itself would take `Ana` for `ana`.
//!
//! Every row begins with a constant: the driver takes a row whose first value is longer than 16 MiB for the end.

use super::form::Form;
use crate::source::rows::query::{Condition, Query};
use std::fmt::Write as _;

/// `SELECT COUNT(*) …`
pub(super) fn count(query: &Query) -> String {
    format!("SELECT COUNT(*) FROM {}", rest(query))
}

/// `SELECT 0, … FROM …`; `forms` says for each column how it is read.
pub(super) fn select(query: &Query, forms: &[Form]) -> String {
    let mut sql = "SELECT 0".to_owned();
    for (column, form) in query.columns.iter().zip(forms) {
        let _ = write!(sql, ", {}", form.expression(&name(column)));
    }
    let _ = write!(sql, " FROM {}", rest(query));
    if let Some(order) = query.order.map(name) {
        // NULL would come first.
        let _ = write!(sql, " ORDER BY {order} IS NULL, {order}");
    }
    sql
}

/// The table and the conditions.
fn rest(query: &Query) -> String {
    let mut sql = name(query.table);
    let only = query.only.iter().map(|(column, values)| one_of(values.iter().map(|value| spelled(column, value))));
    let asked = query.all_of.iter().map(|any| one_of(any.iter().map(condition)));
    for (at, condition) in only.chain(asked).enumerate() {
        let _ = write!(sql, " {} {condition}", if at == 0 { "WHERE" } else { "AND" });
    }
    sql
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::In(_, values) if values.is_empty() => "FALSE".to_owned(),
        Condition::In(column, values) => {
            let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
            let (column, values) = (name(column), values.join(", "));
            format!("({column} IN ({values}) AND {} IN ({values}))", exact(&column))
        }
        Condition::Absent(column) => format!("{} IS NULL", name(column)),
        Condition::Filled(column) => format!("{} <> ''", name(column)),
        Condition::Among(_, others) if others.is_empty() => "FALSE".to_owned(),
        // A collation may take more for equal; who asks looks at the bytes.
        Condition::Among(column, others) => {
            let other = |(table, other): &(&str, &str)| format!("SELECT {} FROM {}", name(other), name(table));
            let others: Vec<String> = others.iter().map(other).collect();
            format!("{} IN ({})", name(column), others.join(" UNION ALL "))
        }
        Condition::Held(column, of) => {
            let all: Vec<String> = of.all_of.iter().map(|any| one_of(any.iter().map(self::condition))).collect();
            let all = if all.is_empty() { "TRUE".to_owned() } else { all.join(" AND ") };
            format!("{} IN (SELECT {} FROM {} WHERE {all})", name(column), name(of.key), name(of.table))
        }
        Condition::Touched(column, of, window) => {
            let rows = self::condition(&Condition::Within(&of.clock, window.from, window.until));
            let of = format!("SELECT {} FROM {} WHERE {rows}", name(&of.key), name(&of.table));
            format!("{} IN ({of})", name(column))
        }
        Condition::Within(column, from, until) => {
            let column = name(column);
            let from = from.map(|from| format!("{column} >= {from}"));
            let until = until.map(|until| format!("{column} < {until}"));
            let bounds: Vec<String> = from.into_iter().chain(until).collect();
            if bounds.is_empty() { format!("{column} IS NOT NULL") } else { format!("({})", bounds.join(" AND ")) }
        }
    }
}

/// Alternatives in parentheses; none holds if there is none.
fn one_of(alternatives: impl Iterator<Item = String>) -> String {
    let alternatives: Vec<String> = alternatives.collect();
    if alternatives.is_empty() { "FALSE".to_owned() } else { format!("({})", alternatives.join(" OR ")) }
}

/// A value, or a beginning of values.
fn spelled(column: &str, value: &str) -> String {
    let column = name(column);
    match value.strip_suffix('*') {
        None => format!("({column} = {value} AND {} = {value})", exact(&column), value = literal(value)),
        Some(start) => {
            let beginning = format!("LEFT({column}, {})", start.chars().count());
            format!("{} = {}", exact(&beginning), literal(start))
        }
    }
}

/// A text as its bytes in UTF-8, which are compared without any collation.
fn exact(expression: &str) -> String {
    format!("CAST(CONVERT({expression} USING utf8mb4) AS BINARY)")
}

/// A name in backticks.
pub(super) fn name(text: &str) -> String {
    format!("`{}`", text.replace('`', "``"))
}

/// A value in single quotes.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::time::Window;
    use crate::source::rows::query::{Keyed, Rows};

    #[test]
    fn conditions_become_sql() {
        let [table, key, clock] = ["Posts", "Id", "UpdateAt"].map(str::to_owned);
        let posts = Keyed { table, key, clock };
        let query = Query { table: "Posts", columns: vec!["Id", "Flags"], order: Some("CreateAt"), ..Query::default() };
        assert_eq!(
            select(&query, &[Form::Text, Form::Number]),
            "SELECT 0, `Id`, `Flags` + 0 FROM `Posts` ORDER BY `CreateAt` IS NULL, `CreateAt`"
        );
        let query = Query {
            table: "Posts",
            only: Some(("Type", &["a", "custom_*"])),
            all_of: vec![
                vec![
                    Condition::In("ChannelId", vec!["x".into(), "y".into()]),
                    Condition::Within("CreateAt", Some(-5), None),
                ],
                vec![Condition::Within("EditAt", Some(1), Some(9)), Condition::Absent("EditAt")],
                vec![Condition::In("Id", vec![])],
                vec![Condition::Touched("PostId", &posts, Window { from: Some(3), until: None })],
                vec![Condition::Held(
                    "PostId",
                    Rows { table: "P", key: "Id", all_of: vec![vec![Condition::Absent("X")]] },
                )],
                vec![Condition::Filled("RootId"), Condition::Among("Id", vec![("Reactions", "PostId")])],
                vec![],
            ],
            ..Query::default()
        };
        assert_eq!(
            count(&query),
            "SELECT COUNT(*) FROM `Posts` WHERE ((`Type` = 'a' AND CAST(CONVERT(`Type` USING utf8mb4) AS BINARY) = 'a') \
             OR CAST(CONVERT(LEFT(`Type`, 7) USING utf8mb4) AS BINARY) = 'custom_') \
             AND ((`ChannelId` IN ('x', 'y') AND CAST(CONVERT(`ChannelId` USING utf8mb4) AS BINARY) IN ('x', 'y')) \
             OR (`CreateAt` >= -5)) AND ((`EditAt` >= 1 AND `EditAt` < 9) OR `EditAt` IS NULL) AND (FALSE) \
             AND (`PostId` IN (SELECT `Id` FROM `Posts` WHERE (`UpdateAt` >= 3))) AND (`PostId` IN (SELECT `Id` FROM `P` WHERE (`X` IS NULL))) AND (`RootId` <> '' OR `Id` IN (SELECT `PostId` FROM `Reactions`)) AND FALSE"
        );
    }

    #[test]
    fn quotes_stay_inside() {
        assert_eq!(name("a`; DROP TABLE x --"), "`a``; DROP TABLE x --`");
        assert_eq!(literal(r"'; \' --"), r"'''; \'' --'");
    }
}
