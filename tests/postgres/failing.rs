//! Failing in the middle: each way has its own error, and none looks like an end.

use super::{SMALL, all, opened, small, target};
use crate::servers::{OWNER, postgres};
use chatseal::source::postgres::{Patience, PostgresError, Server};
use chatseal::source::rows::query::Query;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A database whose posts take a while.
fn crowded(name: &str) -> String {
    let database = postgres().database(name, SMALL);
    postgres().sql(&database, "INSERT INTO posts (id, createat) SELECT 'x' || n, n FROM generate_series(1, 900000) n");
    database
}

fn patient(database: &str, patience: Patience) -> Server {
    Server::open(&target(&postgres().url(database, OWNER)), patience, None).unwrap()
}

/// Somebody who changes a table, for as long as this lives.
pub(crate) struct Holder {
    psql: Child,
    input: Option<ChildStdin>,
}

impl Holder {
    fn of(database: &str) -> Self {
        Self::on(database, "posts")
    }

    pub(crate) fn on(database: &str, table: &str) -> Self {
        let mut psql = postgres().psql(database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = psql.stdin.take().unwrap();
        writeln!(input, "BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'held';").unwrap();
        let mut said = String::new();
        BufReader::new(psql.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self { psql, input: Some(input) }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.input.take());
        self.psql.wait().unwrap();
    }
}

fn everything() -> Query<'static> {
    Query { order: Some("createat"), ..all("posts", &["id", "createat", "message"]) }
}

#[test]
fn a_session_that_is_terminated_is_lost_and_not_at_its_end() {
    let database = crowded("terminated");
    let mut server = patient(&database, Patience::default());
    let mut handed_on = 0;
    let ended = server.read(&everything(), &mut |chunk| {
        if handed_on == 0 {
            let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND application_name = 'chatseal'
                    AND datname = current_database()";
            assert_eq!(postgres().sql(&database, kill), "1");
        }
        handed_on += String::from_utf8(chunk).unwrap().lines().count() as u64;
        true
    });
    let error = ended.unwrap_err();
    assert!(
        matches!(&error, PostgresError::Lost { object, rows, .. } if object == "`posts`" && *rows >= handed_on),
        "{error:?}"
    );
    assert!(handed_on > 0 && handed_on < 900_003);
    assert!(matches!(server.count(&everything()), Err(PostgresError::Lost { .. })));
}

#[test]
fn a_statement_that_takes_too_long_is_told_from_one_that_is_cancelled() {
    let database = crowded("slow");
    let patience = Patience { statement: Duration::from_millis(300), ..Patience::default() };
    let ended = patient(&database, patience).read(&everything(), &mut |_| {
        std::thread::sleep(Duration::from_millis(100));
        true
    });
    assert!(matches!(ended, Err(PostgresError::TooSlow { .. })), "{ended:?}");
    let mut asked = false;
    let ended = patient(&database, Patience::default()).read(&everything(), &mut |_| {
        if !std::mem::replace(&mut asked, true) {
            let cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND application_name = 'chatseal'
                    AND datname = current_database()";
            postgres().sql(&database, cancel);
        }
        true
    });
    assert!(matches!(ended, Err(PostgresError::Cancelled { .. })), "{ended:?}");
}

#[test]
fn a_limit_of_the_database_is_replaced_by_ours() {
    let database = crowded("limited");
    postgres().sql(&database, &format!("ALTER DATABASE {database} SET statement_timeout = '400ms'"));
    let read = patient(&database, Patience::default()).read(&everything(), &mut |_| {
        std::thread::sleep(Duration::from_millis(60));
        true
    });
    assert_eq!(read.unwrap(), 900_003);
}

#[test]
fn a_lock_is_not_waited_for_too_long() {
    let (database, _) = small("locked");
    let mut server = patient(&database, Patience { lock: Duration::from_millis(200), ..Patience::default() });
    let holder = Holder::of(&database);
    let error = server.count(&everything()).unwrap_err();
    assert!(matches!(error, PostgresError::Locked { .. }), "{error:?}");
    let mut server = patient(&database, Patience { lock: Duration::from_millis(200), ..Patience::default() });
    let error = server.read(&everything(), &mut |_| true).unwrap_err();
    assert!(matches!(error, PostgresError::Locked { .. }), "{error:?}");
    drop(holder);
}

#[test]
fn our_own_limits_hold_for_idleness_and_silence() {
    let (database, _) = small("idle");
    let mut server = patient(&database, Patience { idle: Duration::from_millis(100), ..Patience::default() });
    std::thread::sleep(Duration::from_millis(600));
    let error = server.count(&everything()).unwrap_err();
    assert!(matches!(error, PostgresError::Idle { .. } | PostgresError::Lost { .. }), "{error:?}");
    let mut server = patient(&database, Patience { silence: Duration::from_millis(400), ..Patience::default() });
    let query = all("posts", &["id"]);
    let holder = Holder::of(&database);
    let error = server.read(&query, &mut |_| true).unwrap_err();
    assert!(matches!(error, PostgresError::Silent { .. }), "{error:?}");
    drop(holder);
}

#[test]
fn raising_the_flag_ends_every_wait() {
    let database = crowded("stopping");
    let stop = Arc::new(AtomicBool::new(false));
    let url = postgres().url(&database, OWNER);
    let mut server = Server::open(&target(&url), Patience::default(), Some(Arc::clone(&stop))).unwrap();
    let holder = Holder::of(&database);
    let raiser = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
    });
    let error = server.count(&everything()).unwrap_err();
    assert!(matches!(error, PostgresError::Stopped), "{error:?}");
    raiser.join().unwrap();
    drop(holder);
}

#[test]
fn a_policy_that_hides_rows_is_an_error_not_an_omission() {
    let (database, _) = small("policy");
    postgres().sql(
        &database,
        "CREATE ROLE half_blind LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO half_blind;
        ALTER TABLE posts ENABLE ROW LEVEL SECURITY; CREATE POLICY half ON posts USING (createat < 20)",
    );
    let mut server = opened(postgres(), &database, "half_blind").unwrap();
    let error = server.count(&all("posts", &["id"])).unwrap_err();
    assert!(error.to_string().contains("row-level security"), "{error}");
}

#[test]
fn a_connection_that_is_halted_waits_no_more_and_the_server_lets_go() {
    let (database, first) = small("halted");
    let halt = Arc::new(AtomicBool::new(false));
    let mut second = first.beside(Some(halt.clone())).unwrap();
    let _holder = Holder::of(&database);
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock' AND query LIKE '%count%'"
    );
    let begun = Instant::now();
    let until = |waits: &str| {
        while postgres().sql("postgres", &waiting) != waits {
            assert!(begun.elapsed() < Duration::from_secs(20), "expected {waits} that wait");
        }
    };
    std::thread::scope(|threads| {
        let counted = threads.spawn(|| second.count(&all("posts", &["id"])));
        until("1");
        halt.store(true, Ordering::Relaxed);
        let counted = counted.join().unwrap();
        assert!(matches!(counted, Err(PostgresError::Stopped)), "{counted:?}");
    });
    // By itself the server would wait on, up to the limit for locks.
    until("0");
}
