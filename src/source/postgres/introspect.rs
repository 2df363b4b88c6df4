//! Which tables and columns the server has: by looking, not by its version.
//!
//! Mattermost's schema is the one that holds `posts`, `channels` and `users`. Everything in it is listed, also what the
//! catalogue does not know and what the role may not read, so that a gap can be named. Foreign tables are not: their
//! rows are in no snapshot of this server.

use super::PostgresError;
use super::query::literal;
use super::session::{Session, field};
use crate::source::rows::{ColumnFound, TableFound};

/// What was found.
pub(super) struct Found {
    pub(super) schema: String,
    /// Tables by name.
    pub(super) tables: Vec<TableFound>,
    /// For each table, which of its columns may be read.
    pub(super) readable: Vec<Vec<bool>>,
}

const OBJECT: &str = "the list of tables";

/// Looks for Mattermost's tables.
pub(super) fn look(session: &mut Session) -> Result<Found, PostgresError> {
    let schema = schema(session)?;
    // Whatever a schema on the path calls itself, our functions and types are the server's own.
    session.run("SET LOCAL search_path = pg_catalog", OBJECT)?;
    let rows = session.run(
        &format!(
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
                has_column_privilege(c.oid, a.attnum, 'SELECT')::text
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname = {} AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            ORDER BY c.relname COLLATE \"C\", a.attnum",
            literal(&schema)
        ),
        OBJECT,
    )?;
    let (mut tables, mut readable): (Vec<TableFound>, Vec<Vec<bool>>) = (Vec::new(), Vec::new());
    for row in &rows {
        let name = field(row, 0, OBJECT)?.unwrap_or_default();
        if tables.last().is_none_or(|table| table.name != name) {
            tables.push(TableFound { name, columns: Vec::new() });
            readable.push(Vec::new());
        }
        if let (Some(table), Some(readable), Some(name)) =
            (tables.last_mut(), readable.last_mut(), field(row, 1, OBJECT)?)
        {
            table.columns.push(ColumnFound { name, declared: field(row, 2, OBJECT)?.unwrap_or_default() });
            readable.push(field(row, 3, OBJECT)?.as_deref() == Some("true"));
        }
    }
    Ok(Found { schema, tables, readable })
}

/// The schema that holds Mattermost's tables: the first on the search path, else the only one.
fn schema(session: &mut Session) -> Result<String, PostgresError> {
    let rows = session.run(
        "SELECT n.nspname::text, has_schema_privilege(n.oid, 'USAGE')::text,
            array_position(current_schemas(false), n.nspname)::text
        FROM pg_namespace n
        WHERE (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
            AND c.relname IN ('posts', 'channels', 'users')) = 3
        ORDER BY array_position(current_schemas(false), n.nspname), n.nspname COLLATE \"C\"",
        OBJECT,
    )?;
    let Some(first) = rows.first() else { return Err(not_mattermost(session)?) };
    let name = field(first, 0, OBJECT)?.unwrap_or_default();
    let on_path = field(first, 2, OBJECT)?.is_some();
    if rows.len() > 1 && !on_path {
        let names: Result<Vec<_>, _> = rows.iter().map(|row| field(row, 0, OBJECT)).collect();
        let names: Vec<String> = names?.into_iter().flatten().map(|name| format!("`{name}`")).collect();
        return Err(PostgresError::Ambiguous { schemas: names.join(", ") });
    }
    if field(first, 1, OBJECT)?.as_deref() != Some("true") {
        let said = "the role has no USAGE on it".to_owned();
        return Err(PostgresError::Denied { object: format!("the schema `{name}`"), said });
    }
    Ok(name)
}

fn not_mattermost(session: &mut Session) -> Result<PostgresError, PostgresError> {
    let database = session.text("SELECT current_database()::text", OBJECT)?.unwrap_or_default();
    let tables = session.text(
        "SELECT count(*)::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'",
        OBJECT,
    )?;
    let tables = tables.and_then(|count| count.parse().ok()).unwrap_or(0);
    Ok(if tables == 0 { PostgresError::Empty { database } } else { PostgresError::NotMattermost { database, tables } })
}
