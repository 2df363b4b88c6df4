//! What a reading of a source could have, by its own account: the document that an export would seal as `source.json`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::archives::Absent;
use crate::cli::reading::Reading;
use crate::record::time::Millis;
use crate::source::bulk::container::ContentPlace;
use crate::source::catalogue::{TABLES, Windowing, rank, table};
use crate::source::scope::Asked;

/// What the source could have.
pub(super) struct Coverage {
    /// For each kind, fields that it does not have.
    pub(super) absent: Absent,
    /// Kinds whose rows were read; `None` where every kind that is not there is empty.
    kinds: Option<BTreeSet<String>>,
    /// Tables that it does not have at all.
    tables_absent: BTreeSet<String>,
}

impl Coverage {
    /// From the bytes of a `source.json`.
    pub(super) fn of(source: &[u8]) -> Self {
        let source: Value = serde_json::from_slice(source).unwrap_or_default();
        let tables_absent = source.get("tables_absent").and_then(Value::as_array);
        let kinds = source.get("kinds").and_then(Value::as_object);
        let kinds = kinds.filter(|_| tables_absent.is_some()).map(|kinds| kinds.keys().cloned().collect());
        let tables_absent = tables_absent.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        Self { absent: absent(&source), kinds, tables_absent }
    }

    /// Whether a record would have been read if the source had it.
    pub(super) fn is_read(&self, kind: &str, at: Millis, asked: &Asked, reading: &Reading) -> bool {
        let Some(table) = rank(kind).map(table) else { return false };
        let is_narrow = !(asked.teams.is_empty() && asked.channels.is_empty() && asked.users.is_empty());
        let in_window = match table.window {
            _ if asked.window.is_open() => true,
            Windowing::Directory => true,
            Windowing::Own | Windowing::Interval => asked.window.contains(at),
            Windowing::WithPost => false,
        };
        let is_there = match kind {
            "audit_log" => !reading.audit_log.is_empty(),
            _ if !table.is_stored() => reading.contents() != ContentPlace::Nowhere && reading.files.is_some(),
            // A table that is gone takes its rows along; one that may not be read does not say.
            _ => {
                self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind)) || self.tables_absent.contains(table.table)
            }
        };
        in_window && !is_narrow && is_there
    }
}

/// For each kind, fields for which the source of a `source.json` had no column.
pub(super) fn absent(source: &Value) -> Absent {
    let tables = source.get("columns_absent").and_then(Value::as_object);
    let fields = |fields: &Value| -> BTreeSet<String> {
        fields.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let kinds = tables.into_iter().flatten().flat_map(|(name, absent)| {
        let of_table = TABLES.iter().filter(move |table| table.table == name);
        of_table.map(move |table| (table.kind.to_owned(), fields(absent)))
    });
    kinds.collect()
}
