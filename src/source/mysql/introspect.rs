//! Which tables and columns the server shows us: by looking, not by its version.
//!
//! A server shows an account only what it has some right to. So a table that is not here may be hidden as well as
//! absent, unless the account may read the whole database; which of the two it is, is part of the identity.

use super::MysqlError;
use super::form::Form;
use super::session::{Session, field, is_mariadb};
use crate::source::catalogue::of_table;
use crate::source::rows::{ColumnFound, TableFound};
use std::collections::{BTreeMap, BTreeSet};

/// What was found.
pub(super) struct Found {
    /// Tables by name.
    pub(super) tables: Vec<TableFound>,
    /// For each table, how its columns are read; `None` for one that may not be.
    pub(super) forms: Vec<Vec<Option<Form>>>,
    /// Tables with a column that the account may write to.
    pub(super) writable: u64,
    /// Tables of the catalogue whose storage engine knows no snapshots.
    pub(super) outside: Vec<String>,
}

const OBJECT: &str = "the list of tables";

/// Tables without which a database is not Mattermost's.
const NEEDED: [&str; 3] = ["posts", "channels", "users"];

/// Restricts a list to the current database, whose name may differ from another's in nothing but case.
const HERE: &str = "TABLE_SCHEMA = DATABASE()
    AND (@@lower_case_table_names <> 0 OR CAST(TABLE_SCHEMA AS BINARY) = CAST(DATABASE() AS BINARY))";

/// Looks for Mattermost's tables.
pub(super) fn look(session: &mut Session) -> Result<Found, MysqlError> {
    let rows = session.run(
        &format!(
            "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES
            WHERE {HERE} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
        ),
        OBJECT,
    )?;
    let mut engines = BTreeMap::new();
    for row in &rows {
        engines.insert(field(row, 0, OBJECT)?.unwrap_or_default(), field(row, 1, OBJECT)?);
    }
    check(session, &engines.keys())?;
    let json = json_columns(session)?;
    let rows = session.run(
        &format!(
            "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, CHARACTER_SET_NAME, PRIVILEGES
            FROM information_schema.COLUMNS WHERE {HERE} ORDER BY TABLE_NAME, ORDINAL_POSITION"
        ),
        OBJECT,
    )?;
    let mut columns: BTreeMap<String, (Vec<ColumnFound>, Vec<Option<Form>>)> = BTreeMap::new();
    let mut writable = BTreeSet::new();
    for row in &rows {
        let text = |column| Ok::<_, MysqlError>(field(row, column, OBJECT)?.unwrap_or_default());
        let (table, name, data_type) = (text(0)?, text(1)?, text(3)?.to_ascii_lowercase());
        let rights = text(5)?;
        let has = |right| rights.split(',').any(|held| held.eq_ignore_ascii_case(right));
        let form = Form::of(&data_type, field(row, 4, OBJECT)?.as_deref());
        let declared = if json.contains(&(table.clone(), name.clone())) { "json".to_owned() } else { text(2)? };
        if has("insert") || has("update") {
            writable.insert(table.clone());
        }
        let (found, forms) = columns.entry(table).or_default();
        found.push(ColumnFound { name, declared });
        forms.push(has("select").then_some(form));
    }
    let is_outside = |(name, engine): &(&String, &Option<String>)| {
        of_table(name).next().is_some() && engine.as_deref() != Some("InnoDB")
    };
    let outside = engines.iter().filter(is_outside).map(|(name, _)| name.clone()).collect();
    let (mut tables, mut forms) = (Vec::new(), Vec::new());
    for name in engines.into_keys() {
        let (columns, read) = columns.remove(&name).unwrap_or_default();
        tables.push(TableFound { name, columns });
        forms.push(read);
    }
    Ok(Found { tables, forms, writable: writable.len() as u64, outside })
}

/// Whether the tables are those of one Mattermost.
fn check<'n>(
    session: &mut Session,
    names: &(impl ExactSizeIterator<Item = &'n String> + Clone),
) -> Result<(), MysqlError> {
    let mut known = BTreeMap::new();
    for name in names.clone().filter(|name| of_table(name).next().is_some()) {
        if let Some(first) = known.insert(name.to_ascii_lowercase(), name) {
            return Err(MysqlError::Ambiguous { first: first.clone(), second: name.clone() });
        }
    }
    let missing: Vec<String> =
        NEEDED.iter().filter(|name| !known.contains_key(**name)).map(|name| format!("`{name}`")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let tables = names.len();
    let database = session.text("SELECT DATABASE()", OBJECT)?.unwrap_or_default();
    Err(match tables {
        0 => MysqlError::Empty { database },
        _ => MysqlError::NotMattermost { database, tables, missing: missing.join(", ") },
    })
}

/// Columns of MariaDB that were declared as JSON, which to it is a text with a condition.
fn json_columns(session: &mut Session) -> Result<BTreeSet<(String, String)>, MysqlError> {
    let mut found = BTreeSet::new();
    if !is_mariadb(&session.version) {
        return Ok(found);
    }
    let rows = session.run(
        "SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
        WHERE CONSTRAINT_SCHEMA = DATABASE() AND CHECK_CLAUSE LIKE 'json_valid(`%`)'",
        OBJECT,
    )?;
    for row in &rows {
        let clause = field(row, 1, OBJECT)?.unwrap_or_default();
        let column = clause.strip_prefix("json_valid(`").and_then(|rest| rest.strip_suffix("`)"));
        if let (Some(table), Some(column)) = (field(row, 0, OBJECT)?, column) {
            found.insert((table, column.to_owned()));
        }
    }
    Ok(found)
}
