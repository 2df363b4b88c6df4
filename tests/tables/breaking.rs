//! When the database, the connection or we ourselves break off: nothing is sealed, and the reason is told.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::Source;
use crate::postgres::Holder;
use crate::sealed::Ended;

/// A database that takes a while to be read.
fn large() -> Source {
    let source = Source::new("mattermost-11");
    source.ask(
        "INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, editat)
         SELECT substr(md5(n::text), 1, 26), 1780000000000 + n, 0, 0, 'u', 'c', '', '', repeat(md5(n::text), 8), '', '{}', 0
         FROM generate_series(1, 400000) n",
    );
    source
}

/// Waits until the server is handing rows to us.
fn wait_for_copy(source: &Source) {
    let start = Instant::now();
    let query = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND query LIKE 'COPY%posts%' AND state = 'active'",
        source.database
    );
    while source.server.sql("postgres", &query) == "0" {
        assert!(start.elapsed() < Duration::from_secs(60), "the export never began to read posts");
    }
}

#[test]
fn a_connection_that_is_cut_seals_nothing() {
    let source = large();
    let mut command = source.desk.export_command(&source.url(), "cut.zip", &["--no-files"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_copy(&source);
    source.server.sql(
        "postgres",
        &format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND query LIKE 'COPY%'",
            source.database
        ),
    );
    let ended = Ended::of(running.wait_with_output().unwrap());
    ended.require(6, "nothing was sealed");
    assert!(!source.desk.names().iter().any(|name| name.starts_with("cut")), "{:?}", source.desk.names());
}

/// The count on the second connection would wait for its lock, or for a scan of hours, and the error with it.
#[test]
fn an_error_does_not_wait_for_a_count() {
    let source = Source::new("mattermost-11");
    let _holder = Holder::on(&source.database, "reactions");
    let mut command = source.desk.export_command(&source.url(), "cut.zip", &["--no-files"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waiting = |verb: &str| {
        format!(
            "SELECT {verb} FROM pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock' AND query LIKE '%reactions%'",
            source.database
        )
    };
    let start = Instant::now();
    while source.server.sql("postgres", &waiting("count(*)")) != "2" {
        assert!(start.elapsed() < Duration::from_secs(60), "rows are read and counted on two connections");
    }
    let start = Instant::now();
    source.server.sql("postgres", &(waiting("pg_terminate_backend(pid)") + " AND query LIKE 'COPY%'"));
    let ended = Ended::of(running.wait_with_output().unwrap());
    ended.require(6, "nothing was sealed");
    assert!(ended.stderr.contains("`reactions`"), "{}", ended.stderr);
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!(source.server.sql("postgres", &waiting("count(*)")), "0");
}

#[test]
fn killed_in_the_middle_it_leaves_nothing_that_verifies_and_the_server_lets_go() {
    let source = large();
    let mut command = source.desk.export_command(&source.url(), "killed.zip", &["--no-files"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_copy(&source);
    running.kill().unwrap();
    assert_eq!(running.wait().unwrap().signal(), Some(9));
    assert!(!source.desk.path("killed.zip").exists());
    let start = Instant::now();
    let query = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'", source.database);
    while source.server.sql("postgres", &query) != "0" {
        assert!(start.elapsed() < Duration::from_secs(60), "the server still works for a client that is gone");
    }
    let again = source.live("killed.zip", &["--no-files"]);
    assert!(again.count("post", "records") >= 400_000);
}

#[test]
fn nothing_but_reading_is_asked_of_the_server() {
    let source = large();
    let mut command = source.desk.export_command(&source.url(), "locks.zip", &["--no-files"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    wait_for_copy(&source);
    let modes = source.server.sql(
        "postgres",
        &format!(
            "SELECT DISTINCT mode FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE application_name = 'chatseal' AND locktype = 'relation' AND datname = '{}'",
            source.database
        ),
    );
    assert_eq!(modes, "AccessShareLock");
    let code = running.wait().unwrap().code();
    assert!(matches!(code, Some(0 | 3)), "{code:?}");
}
