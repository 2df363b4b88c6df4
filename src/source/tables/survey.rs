//! What a source has, against what the catalogue knows: which tables become records, which are unknown, which are
//! missing, and how many rows each has.
//!
//! Invariant: a table or column is read, known and left out on purpose, or reported as unknown: nothing falls between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::record::exception::{Class, Exception};
use crate::source::catalogue::{Rank, TABLES, of_table, passed_over, table};
use crate::source::rows::TableFound;
use crate::source::rows::plan::{self, Plan};
use crate::source::tally::{Counts, NONE};

/// How the rows of one table become records.
#[derive(Debug)]
pub struct Route {
    /// The table.
    pub table: String,
    /// One plan for each kind that its rows may be.
    pub plans: Vec<Plan>,
}

/// What is known of the tables of a source.
#[derive(Debug, Default)]
pub struct Survey {
    /// Rows of each kind, counted by the database or the scanner.
    pub rows: BTreeMap<Rank, u64>,
    /// Rows of each kind that a live database was not asked for, because they are out of scope; counted by itself.
    pub passed_by: BTreeMap<Rank, u64>,
    /// Tables of the catalogue that the source has.
    present: BTreeSet<&'static str>,
    /// For each table, fields for which it has no column.
    columns_absent: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// For each table, columns that the catalogue does not know.
    columns_unknown: BTreeMap<String, Vec<String>>,
    /// Tables that the catalogue does not know.
    tables_unknown: BTreeSet<String>,
    /// Tables that are evidence but cannot be read, and why.
    unreadable: BTreeMap<String, String>,
    /// Columns that are evidence but may not be read, as `table.column`.
    columns_unreadable: BTreeSet<String>,
}

impl Survey {
    /// Takes note of a table and says how its rows become records; `None` if they do not. `readable` are the columns
    /// that the rows will hold, in their order.
    pub fn route(&mut self, whole: &TableFound, readable: &TableFound) -> Option<Arc<Route>> {
        let mut plans = Vec::new();
        let mut unknown: BTreeSet<&str> = whole.columns.iter().map(|column| column.name.as_str()).collect();
        let mut is_known = false;
        for rank in of_table(&whole.name) {
            is_known = true;
            self.present.insert(table(rank).table);
            let strange: BTreeSet<&str> =
                plan::unknown(rank, whole).iter().map(|column| column.name.as_str()).collect();
            unknown.retain(|column| strange.contains(column));
            let denied = plan::wanted(rank, whole).into_iter().filter(|column| !readable.columns.contains(column));
            self.columns_unreadable.extend(denied.map(|column| format!("{}.{}", whole.name, column.name)));
            match Plan::new(rank, &readable.columns) {
                Ok(plan) => {
                    let absent = self.columns_absent.entry(table(rank).table).or_default();
                    absent.extend(plan.absent());
                    plans.push(plan);
                }
                Err(error) => self.unreadable(&whole.name, error.to_string()),
            }
        }
        if !is_known {
            if passed_over(&whole.name).is_none() {
                self.tables_unknown.insert(whole.name.clone());
            }
        } else if !unknown.is_empty() {
            self.columns_unknown.insert(whole.name.clone(), unknown.into_iter().map(str::to_owned).collect());
        }
        (!plans.is_empty()).then(|| Arc::new(Route { table: whole.name.clone(), plans }))
    }

    /// Takes note of a table whose rows a dump leaves out.
    pub fn not_dumped(&mut self, table: &TableFound) {
        if of_table(&table.name).next().is_some() {
            self.unreadable(&table.name, "declared, but its rows were not dumped".to_owned());
        }
    }

    /// Takes note of a table that is evidence but cannot be read.
    pub fn unreadable(&mut self, table: &str, reason: String) {
        self.unreadable.insert(table.to_owned(), reason);
    }

    /// The left side of the completeness equation.
    pub fn source(&self) -> Counts {
        let mut counts = NONE;
        for (rank, rows) in &self.rows {
            counts[usize::from(*rank)] = *rows;
        }
        counts
    }

    /// Tables of the catalogue that the source does not have.
    pub fn tables_absent(&self) -> BTreeSet<&'static str> {
        let named = TABLES.iter().filter(|table| table.is_stored()).map(|table| table.table);
        named.filter(|name| !self.present.contains(name)).collect()
    }

    /// For each table, fields for which it has no column.
    pub fn columns_absent(&self) -> BTreeMap<&'static str, &BTreeSet<&'static str>> {
        self.columns_absent
            .iter()
            .filter(|(_, fields)| !fields.is_empty())
            .map(|(table, fields)| (*table, fields))
            .collect()
    }

    /// For each table, columns that the catalogue does not know.
    pub fn columns_unknown(&self) -> &BTreeMap<String, Vec<String>> {
        &self.columns_unknown
    }

    /// Tables that the catalogue does not know.
    pub fn tables_unknown(&self) -> &BTreeSet<String> {
        &self.tables_unknown
    }

    /// The exceptions that the tables themselves give cause for.
    pub fn exceptions(&self) -> Vec<Exception> {
        let mut all = Vec::new();
        let mut push = |class, object: &str, expected, found: String| {
            all.push(Exception { class, object: object.to_owned(), expected, found, records: 0 });
        };
        for (name, reason) in &self.unreadable {
            push(Class::TableUnreadable, name, "a table that may be read", reason.clone());
        }
        for name in &self.columns_unreadable {
            push(Class::TableUnreadable, name, "a column that may be read", "no permission to read it".to_owned());
        }
        for name in &self.tables_unknown {
            push(Class::NoteTableUnknown, name, "a table known to this version", "another; not read".to_owned());
        }
        for (name, columns) in &self.columns_unknown {
            for column in columns {
                let object = format!("{name}.{column}");
                push(
                    Class::NoteColumnUnknown,
                    &object,
                    "a column known to this version",
                    "another; not read".to_owned(),
                );
            }
        }
        all
    }
}
