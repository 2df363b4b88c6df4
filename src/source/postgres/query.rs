//! What is asked of one table, as SQL.
//!
//! COPY takes no parameters, so values are written into the text: names in double quotes, values in single quotes,
//! each with its own quote doubled; the session keeps `standard_conforming_strings` on, so that a backslash is a
//! backslash. A zero byte, which PostgreSQL cannot hold, is refused.

use super::PostgresError;
use crate::record::time::MAX_EXACT;
use crate::source::rows::query::{Condition, Query};
use std::fmt::Write as _;

/// `SELECT count(*) …`
pub(super) fn count(query: &Query, schema: &str) -> Result<String, PostgresError> {
    Ok(format!("SELECT count(*)::pg_catalog.text FROM {}", rest(query, schema)?))
}

/// `COPY (SELECT span, count(*) … GROUP BY span) TO STDOUT`: rows by spans of so many milliseconds of the column `at`,
/// floored. Where the column is NULL, or holds what no record has as its time, a row lies where 0 does.
pub(super) fn spans(query: &Query, at: &str, span: i64, schema: &str) -> Result<String, PostgresError> {
    let (spans, rows) = (spanned(&name(at), span.max(1)), rest(query, schema)?);
    let sql = format!(
        "COPY (SELECT span, pg_catalog.count(*) FROM (SELECT {spans} AS span FROM {rows}) AS spans GROUP BY span) TO STDOUT"
    );
    whole(query, sql)
}

/// The span in which the column `at` lies.
fn spanned(at: &str, span: i64) -> String {
    // A server divides towards zero; of almost all rows it has to do nothing else.
    let below = format!("WHEN {at} BETWEEN -{MAX_EXACT} AND -1 THEN ({at} - {}) / {span}", span - 1);
    format!("CASE WHEN {at} BETWEEN 0 AND {MAX_EXACT} THEN {at} / {span} {below} ELSE 0 END")
}

/// Where an index leads with the column `at`: its least and its greatest value that is a time of a record, from 0 on; else
/// NULL twice.
pub(super) fn ends(query: &Query, at: &str, schema: &str) -> Result<String, PostgresError> {
    let rows = rest(query, schema)?;
    let leads = format!(
        "EXISTS (SELECT FROM pg_catalog.pg_index i
            JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam
            JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = {}::pg_catalog.regclass AND a.attname = {} AND m.amname = 'btree'
                AND i.indisvalid AND i.indpred IS NULL)",
        literal(&format!("{}.{}", name(schema), name(query.table))),
        literal(at),
    );
    let end = |end| {
        let at = name(at);
        format!(
            "CASE WHEN {leads} THEN (SELECT pg_catalog.{end}({at}) FROM {rows} WHERE {at} BETWEEN 0 AND {MAX_EXACT}) END"
        )
    };
    whole(query, format!("SELECT {}::pg_catalog.text, {}::pg_catalog.text", end("min"), end("max")))
}

/// What [`spans`] asks, of a table of which all rows are wanted and whose index leads with `at`: span by span out of the
/// index between these two, and the others as they come. A server that takes each row apart needs twice as long.
pub(super) fn spans_between(
    query: &Query,
    at: &str,
    span: i64,
    (first, last): (i64, i64),
    schema: &str,
) -> Result<String, PostgresError> {
    let (rows, column, span) = (rest(query, schema)?, name(at), span.max(1));
    let (begin, end) = (first.saturating_mul(span), last.saturating_add(1).saturating_mul(span));
    let others = format!("{rows} WHERE {column} IS NULL OR {column} < {begin} OR {column} >= {end}");
    let sql = format!(
        "COPY (SELECT span, (SELECT pg_catalog.count(*) FROM {rows}
                WHERE {column} >= span * {span} AND {column} < span * {span} + {span})
            FROM pg_catalog.generate_series({first}::pg_catalog.int8, {last}) AS span
            UNION ALL SELECT span, pg_catalog.count(*) FROM (SELECT {} AS span FROM {others}) AS spans GROUP BY span) TO STDOUT",
        spanned(&column, span)
    );
    whole(query, sql)
}

/// `COPY (SELECT …) TO STDOUT`
pub(super) fn copy(query: &Query, schema: &str) -> Result<String, PostgresError> {
    let columns: Vec<String> = query.columns.iter().map(|column| name(column)).collect();
    copy_of(query, &columns, schema)
}

/// The same with one more field at the end of each row: how many rows there are.
pub(super) fn copy_counted(query: &Query, schema: &str) -> Result<String, PostgresError> {
    let mut columns: Vec<String> = query.columns.iter().map(|column| name(column)).collect();
    columns.push("pg_catalog.count(*) OVER ()".to_owned());
    copy_of(query, &columns, schema)
}

fn copy_of(query: &Query, columns: &[String], schema: &str) -> Result<String, PostgresError> {
    let mut sql = format!("COPY (SELECT {} FROM {}", columns.join(", "), rest(query, schema)?);
    if let Some(order) = query.order {
        let _ = write!(sql, " ORDER BY {}", name(order));
    }
    sql.push_str(") TO STDOUT");
    whole(query, sql)
}

/// The table and the conditions.
fn rest(query: &Query, schema: &str) -> Result<String, PostgresError> {
    let mut sql = format!("{}.{}", name(schema), name(query.table));
    let only = query.only.iter().map(|(column, values)| one_of(values.iter().map(|value| spelled(column, value))));
    let asked = query.all_of.iter().map(|any| one_of(any.iter().map(|it| condition(it, schema))));
    for (at, condition) in only.chain(asked).enumerate() {
        let _ = write!(sql, " {} {condition}", if at == 0 { "WHERE" } else { "AND" });
    }
    whole(query, sql)
}

fn whole(query: &Query, sql: String) -> Result<String, PostgresError> {
    if sql.contains('\0') {
        return Err(PostgresError::Value { object: query.table.replace('\0', " ") });
    }
    Ok(sql)
}

fn condition(condition: &Condition, schema: &str) -> String {
    match condition {
        Condition::In(_, values) if values.is_empty() => "false".to_owned(),
        Condition::In(column, values) => {
            let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
            format!("{} IN ({})", name(column), values.join(", "))
        }
        Condition::Absent(column) => format!("{} IS NULL", name(column)),
        Condition::Filled(column) => format!("{} <> ''", name(column)),
        Condition::Among(_, others) if others.is_empty() => "false".to_owned(),
        Condition::Among(column, others) => {
            // Most posts answer none: a server need not gather what is empty, and an index passes it by.
            let other = |(table, other): &(&str, &str)| {
                let (table, other) = (name(table), name(other));
                format!("SELECT {other} FROM {}.{table} WHERE {other} > ''", name(schema))
            };
            let others: Vec<String> = others.iter().map(other).collect();
            format!("{} IN ({})", name(column), others.join(" UNION ALL "))
        }
        Condition::Held(column, of) => {
            let all: Vec<String> =
                of.all_of.iter().map(|any| one_of(any.iter().map(|it| self::condition(it, schema)))).collect();
            let all = if all.is_empty() { "true".to_owned() } else { all.join(" AND ") };
            let (key, table) = (name(of.key), name(of.table));
            format!("{} IN (SELECT {key} FROM {}.{table} WHERE {all})", name(column), name(schema))
        }
        Condition::Touched(column, of, window) => {
            let rows = self::condition(&Condition::Within(&of.clock, window.from, window.until), schema);
            let of = format!("SELECT {} FROM {}.{} WHERE {rows}", name(&of.key), name(schema), name(&of.table));
            format!("{} IN ({of})", name(column))
        }
        Condition::Within(column, from, until) => {
            let column = name(column);
            let from = from.map(|from| format!("{column} >= {from}"));
            let until = until.map(|until| format!("{column} < {until}"));
            let bounds: Vec<String> = from.into_iter().chain(until).collect();
            if bounds.is_empty() { format!("{column} IS NOT NULL") } else { bounds.join(" AND ") }
        }
    }
}

/// Alternatives in parentheses; none holds if there is none.
fn one_of(alternatives: impl Iterator<Item = String>) -> String {
    let alternatives: Vec<String> = alternatives.collect();
    if alternatives.is_empty() { "false".to_owned() } else { format!("({})", alternatives.join(" OR ")) }
}

/// A value, or a beginning of values. `left` compares characters where `LIKE` would know wildcards and collations.
fn spelled(column: &str, value: &str) -> String {
    match value.strip_suffix('*') {
        None => format!("{} = {}", name(column), literal(value)),
        Some(start) => {
            format!(
                "pg_catalog.left({}::pg_catalog.text, {}) = {}",
                name(column),
                start.chars().count(),
                literal(start)
            )
        }
    }
}

/// A name in double quotes.
pub(super) fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
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
        let [table, key, clock] = ["po\"sts", "id", "updateat"].map(str::to_owned);
        let posts = Keyed { table, key, clock };
        let mut query =
            Query { table: "posts", columns: vec!["id", "desc"], order: Some("createat"), ..Query::default() };
        assert_eq!(
            copy(&query, "public").unwrap(),
            r#"COPY (SELECT "id", "desc" FROM "public"."posts" ORDER BY "createat") TO STDOUT"#
        );
        assert_eq!(
            copy_counted(&query, "public").unwrap(),
            r#"COPY (SELECT "id", "desc", pg_catalog.count(*) OVER () FROM "public"."posts" ORDER BY "createat") TO STDOUT"#
        );
        query.only = Some(("type", &["a", "custom_*"]));
        query.all_of = vec![
            vec![
                Condition::In("channelid", vec!["x".into(), "y".into()]),
                Condition::Within("createat", Some(-5), None),
            ],
            vec![Condition::Within("editat", Some(1), Some(9))],
            vec![Condition::In("id", vec![])],
            vec![Condition::Touched("postid", &posts, Window { from: Some(3), until: None })],
            vec![Condition::Held("postid", Rows { table: "p", key: "id", all_of: vec![vec![Condition::Absent("x")]] })],
            vec![Condition::Filled("rootid"), Condition::Among("id", vec![("a\"b", "postid"), ("c", "d")])],
            vec![],
        ];
        assert_eq!(
            count(&query, "public").unwrap(),
            r#"SELECT count(*)::pg_catalog.text FROM "public"."posts" WHERE ("type" = 'a' OR pg_catalog.left("type"::pg_catalog.text, 7) = 'custom_') AND ("channelid" IN ('x', 'y') OR "createat" >= -5) AND ("editat" >= 1 AND "editat" < 9) AND (false) AND ("postid" IN (SELECT "id" FROM "public"."po""sts" WHERE "updateat" >= 3)) AND ("postid" IN (SELECT "id" FROM "public"."p" WHERE ("x" IS NULL))) AND ("rootid" <> '' OR "id" IN (SELECT "postid" FROM "public"."a""b" WHERE "postid" > '' UNION ALL SELECT "d" FROM "public"."c" WHERE "d" > '')) AND false"#
        );
    }

    #[test]
    fn spans_are_counted_out_of_an_index() {
        let query = Query { table: "p\"", ..Query::default() };
        let ends = ends(&query, "c'at", "s").unwrap();
        assert!(ends.contains(r#"'"s"."p"""'::pg_catalog.regclass AND a.attname = 'c''at'"#), "{ends}");
        assert!(ends.contains(r#"(SELECT pg_catalog.min("c'at") FROM "s"."p""" WHERE "c'at" BETWEEN 0 AND"#), "{ends}");
        let spans = spans_between(&query, "at", 10, (2, 7), "s").unwrap();
        assert!(spans.contains(r#"WHERE "at" IS NULL OR "at" < 20 OR "at" >= 80) AS spans"#), "{spans}");
        assert!(spans.contains("generate_series(2::pg_catalog.int8, 7)"), "{spans}");
    }

    #[test]
    fn quotes_stay_inside() {
        assert_eq!(name(r#"a"; DROP TABLE x --"#), r#""a""; DROP TABLE x --""#);
        assert_eq!(literal(r"'; \' --"), r"'''; \'' --'");
        let query = Query { table: "t", columns: vec!["a\0"], ..Query::default() };
        assert!(matches!(copy(&query, "s"), Err(PostgresError::Value { .. })));
    }
}
