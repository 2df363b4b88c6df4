//! Failing in the middle: each way has its own error, and none looks like an end.

use super::{OWNER, SMALL, all, small, target};
use crate::servers::mariadb;
use chatseal::source::mysql::{MysqlError, Patience, Server};
use chatseal::source::rows::query::Query;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A database whose posts take a while.
fn crowded(name: &str) -> String {
    let database = mariadb().database(name, SMALL);
    let insert =
        "INSERT INTO Posts (Id, CreateAt, Message) SELECT CONCAT('x', seq), seq, REPEAT('y', 90) FROM seq_1_to_300000";
    mariadb().sql(&database, insert);
    database
}

fn patient(database: &str, patience: Patience) -> Server {
    Server::open(&target(&mariadb().url(database, OWNER)), patience, None).unwrap()
}

fn everything() -> Query<'static> {
    all("Posts", &["Id", "CreateAt", "Message"])
}

/// Ends what a session of ours in the database is doing, or the session.
fn kill(database: &str, what: &str) {
    let find = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()";
    let id = mariadb().sql(database, find);
    mariadb().sql(database, &format!("KILL {what} {id}"));
}

/// Somebody who keeps the table of posts to himself, for as long as this lives.
struct Holder {
    client: Child,
    input: Option<ChildStdin>,
}

impl Holder {
    fn of(database: &str) -> Self {
        let mut client = mariadb().client(database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut input = client.stdin.take().unwrap();
        input.write_all(b"LOCK TABLES Posts WRITE; SELECT 'held';\n").unwrap();
        let mut said = String::new();
        BufReader::new(client.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self { client, input: Some(input) }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.input.take());
        self.client.wait().unwrap();
    }
}

#[test]
fn a_session_that_is_killed_is_lost_and_not_at_its_end() {
    let database = crowded("killed");
    let mut server = patient(&database, Patience::default());
    let mut handed_on = 0;
    let ended = server.read(&everything(), &mut |chunk| {
        if handed_on == 0 {
            kill(&database, "CONNECTION");
        }
        handed_on += memchr::memchr_iter(b'\n', &chunk).count() as u64;
        true
    });
    let error = ended.unwrap_err();
    assert!(
        matches!(&error, MysqlError::Lost { object, rows, .. } if object == "`Posts`" && *rows >= handed_on),
        "{error:?}"
    );
    assert!(handed_on > 0 && handed_on < 300_003);
    assert!(matches!(server.count(&everything()), Err(MysqlError::Lost { .. })));
}

#[test]
fn a_statement_that_takes_too_long_is_told_from_one_that_is_cancelled() {
    let database = crowded("slow");
    let patience = Patience { statement: Duration::from_millis(300), ..Patience::default() };
    let ended = patient(&database, patience).read(&everything(), &mut |_| {
        std::thread::sleep(Duration::from_millis(100));
        true
    });
    assert!(matches!(ended, Err(MysqlError::TooSlow { .. })), "{ended:?}");
    let mut asked = false;
    let ended = patient(&database, Patience::default()).read(&everything(), &mut |_| {
        if !std::mem::replace(&mut asked, true) {
            kill(&database, "QUERY");
        }
        true
    });
    assert!(matches!(ended, Err(MysqlError::Cancelled { .. })), "{ended:?}");
}

#[test]
fn a_lock_is_not_waited_for_too_long_and_a_change_is_no_row() {
    let (database, _) = small("locked");
    let mut server = patient(&database, Patience { lock: Duration::from_millis(200), ..Patience::default() });
    let holder = Holder::of(&database);
    let error = server.count(&everything()).unwrap_err();
    assert!(matches!(error, MysqlError::Locked { .. }), "{error:?}");
    drop(holder);
    let mut server = patient(&database, Patience::default());
    mariadb().sql(&database, "ALTER TABLE Posts ADD Shiny int, ALGORITHM=COPY");
    let error = server.read(&everything(), &mut |_| true).unwrap_err();
    assert!(matches!(error, MysqlError::Changed { .. }), "{error:?}");
}

#[test]
fn our_own_limits_hold_for_idleness_and_silence() {
    let (database, _) = small("idle");
    let mut server = patient(&database, Patience { idle: Duration::from_millis(100), ..Patience::default() });
    std::thread::sleep(Duration::from_millis(2500));
    let error = server.count(&everything()).unwrap_err();
    assert!(matches!(error, MysqlError::Lost { .. }), "{error:?}");
    let mut server = patient(&database, Patience { silence: Duration::from_millis(400), ..Patience::default() });
    let holder = Holder::of(&database);
    let error = server.read(&everything(), &mut |_| true).unwrap_err();
    assert!(matches!(error, MysqlError::Silent { .. }), "{error:?}");
    drop(holder);
}

#[test]
fn raising_the_flag_or_refusing_rows_ends_the_reading() {
    let database = crowded("stopping");
    let stop = Arc::new(AtomicBool::new(false));
    let url = mariadb().url(&database, OWNER);
    let mut server = Server::open(&target(&url), Patience::default(), Some(Arc::clone(&stop))).unwrap();
    let holder = Holder::of(&database);
    let raiser = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
    });
    let error = server.count(&everything()).unwrap_err();
    assert!(matches!(error, MysqlError::Stopped), "{error:?}");
    raiser.join().unwrap();
    drop(holder);
    let error = patient(&database, Patience::default()).read(&everything(), &mut |_| false).unwrap_err();
    assert!(matches!(error, MysqlError::Stopped), "{error:?}");
}
