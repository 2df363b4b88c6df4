//! Rows that a live database counts while it is still being found out which of them are wanted: how many there are does not
//! depend on that.
//!
//! Invariant: they are counted in the snapshot that is read, by the database itself, and each by the question that would
//! be asked later. What is not counted here is counted then.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::feed::{query, wanted};
use super::{Database, Store, Tables, TablesError, lock};
use crate::source::catalogue::{Rank, of_table};
use crate::source::rows::plan::Plan;

/// A connection that counted, and goes on counting.
#[derive(Debug)]
pub(super) struct Ahead {
    pub(super) database: Database,
    /// Ends what it does.
    pub(super) halt: Arc<AtomicBool>,
    /// Rows of each table that are of a kind.
    pub(super) rows: BTreeMap<(String, Rank), u64>,
}

impl Tables {
    /// Does `work` while another connection counts; nobody counts for a dump, and where the server shares no snapshot.
    pub(super) fn counting_ahead<T>(
        &self,
        work: impl FnOnce() -> Result<T, TablesError>,
    ) -> Result<(T, Option<Ahead>), TablesError> {
        let halt = Arc::new(AtomicBool::new(false));
        let beside = match &self.store {
            Store::Live(server) => lock(server).beside(Some(halt.clone()))?,
            Store::Dump(_) => None,
        };
        let Some(mut database) = beside else { return Ok((work()?, None)) };
        std::thread::scope(|threads| {
            let counting = threads.spawn(|| {
                let rows = count(&mut database)?;
                Ok::<_, TablesError>((database, rows))
            });
            let done = work();
            // Nobody waits for counts that are of no use any more.
            halt.store(done.is_err(), Ordering::Relaxed);
            let counted = counting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let done = done?;
            let (database, rows) = counted?;
            Ok((done, Some(Ahead { database, halt, rows })))
        })
    }
}

fn count(database: &mut Database) -> Result<BTreeMap<(String, Rank), u64>, TablesError> {
    let mut rows = BTreeMap::new();
    for found in database.readable() {
        let wanted = wanted(&found);
        for rank in of_table(&found.name).filter(|rank| Plan::new(*rank, &wanted.columns).is_ok()) {
            rows.insert((found.name.clone(), rank), database.count(&query(&wanted, Some(rank)))?);
        }
    }
    Ok(rows)
}
