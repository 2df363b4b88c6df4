//! Connecting: socket, port, passwords and the files they lie in, the wrong database.

use super::{SMALL, opened, target};
use crate::servers::{OWNER, postgres};
use chatseal::source::postgres::{Patience, PostgresError, Server, Target};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// A role with a password, and a URL through the port, where the server asks for it.
fn guarded(role: &str) -> (String, String) {
    let database = postgres().database("guarded", SMALL);
    postgres().sql(
        &database,
        &format!("CREATE ROLE {role} LOGIN PASSWORD 'hunter2'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"),
    );
    let url = format!("postgresql://{role}@127.0.0.1:{}/{database}", postgres().port);
    (database, url)
}

fn open(url: &str, environment: &[(&str, &str)]) -> Result<Server, PostgresError> {
    let found = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Server::open(&Target::parse(url, &found)?, Patience::default(), None)
}

#[test]
fn a_password_comes_from_the_environment() {
    let (_, url) = guarded("by_environment");
    let server = open(&url, &[("PGPASSWORD", "hunter2")]).unwrap();
    assert_eq!(server.identity().role, "by_environment");
    assert!(!server.identity().could_write(), "{:?}", server.identity());
    for environment in [&[("PGPASSWORD", "wrong")][..], &[]] {
        let error = open(&url, environment).unwrap_err();
        assert!(matches!(&error, PostgresError::Authentication { role, .. } if role == "by_environment"), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("wrong"));
    }
}

#[test]
fn a_password_comes_from_a_file_that_only_its_owner_reads() {
    let (database, url) = guarded("by_file");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".pgpass");
    fs::write(&file, format!("# who\n127.0.0.1:*:{database}:by_file:hunter2\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let path = file.to_str().unwrap();
    open(&url, &[("PGPASSFILE", path)]).unwrap();
    open(&url, &[("HOME", folder.path().to_str().unwrap())]).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let error = open(&url, &[("PGPASSFILE", path)]).unwrap_err();
    let PostgresError::Authentication { passed_over: Some(why), .. } = &error else { panic!("{error:?}") };
    assert!(why.contains("0640") && why.contains(path) && !why.contains("hunter2"), "{why}");
}

#[test]
fn everything_may_come_from_the_environment() {
    let database = postgres().database("environment", SMALL);
    let (folder, port) = (postgres().folder.to_str().unwrap(), postgres().port.to_string());
    let environment = [("PGHOST", folder), ("PGPORT", &port), ("PGUSER", OWNER), ("PGDATABASE", &database)];
    let server = open("postgres://", &environment).unwrap();
    assert_eq!((server.identity().database.as_str(), server.identity().role.as_str()), (database.as_str(), OWNER));
    let refused = [
        ("PGHOSTADDR", "10.0.0.1"),
        ("PGSERVICE", "mm"),
        ("PGSSLCRL", "/crl.pem"),
        ("PGREQUIREAUTH", "scram-sha-256"),
        ("PGCHANNELBINDING", "require"),
        ("PGSSLMODE", "allow"),
        ("PGPORT", "99999"),
        ("PGSSLCERT", "/only-a-certificate.pem"),
    ];
    for (name, value) in refused {
        let found = |asked: &str| (asked == name).then(|| value.to_owned());
        let error = Target::parse("postgres://h/d", &found).unwrap_err();
        assert!(matches!(error, PostgresError::Setting { .. } | PostgresError::File { .. }), "{name}: {error:?}");
    }
}

#[test]
fn a_target_is_described_without_its_secret() {
    let target =
        Target::parse("postgres://ana@[::1]:5433/mm", &|name| (name == "PGPASSWORD").then(|| "hunter2".into()));
    let target = target.unwrap();
    assert_eq!(target.described(), "database `mm` at `[::1]:5433` as `ana`");
    assert!(!format!("{target:?}").contains("hunter2"));
    let socket = Target::parse("postgres:///mm?host=/run/elsewhere&user=ana", &|_| None).unwrap();
    assert_eq!(socket.described(), "database `mm` at `/run/elsewhere/.s.PGSQL.5432` as `ana`");
}

#[test]
fn nobody_there_and_nobody_answering_are_told_apart() {
    let url = "postgres://a@127.0.0.1:1/mm";
    assert!(matches!(open(url, &[]), Err(PostgresError::Unreachable { .. })));
    assert!(matches!(open("postgres:///mm?host=/nowhere&user=a", &[]), Err(PostgresError::Unreachable { .. })));
    // Accepts and says nothing.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://a@127.0.0.1:{}/mm", deaf.local_addr().unwrap().port());
    let patience = Patience { connect: Duration::from_millis(300), ..Patience::default() };
    let error = Server::open(&target(&url), patience, None).unwrap_err();
    assert!(matches!(error, PostgresError::SlowToConnect { .. }), "{error:?}");
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let error = Server::open(&target(&url), Patience::default(), Some(stop)).unwrap_err();
    assert!(matches!(error, PostgresError::Stopped), "{error:?}");
    // Answers in another language.
    let url = format!("postgres://a@127.0.0.1:{}/mm?sslmode=disable", deaf.local_addr().unwrap().port());
    let talker = std::thread::spawn(move || {
        // The two connections above are still in the queue.
        for stream in deaf.incoming().take(3) {
            let _ = std::io::Write::write_all(&mut stream.unwrap(), b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let error = open(&url, &[]).unwrap_err();
    assert!(matches!(error, PostgresError::Protocol { .. } | PostgresError::Unreachable { .. }), "{error:?}");
    talker.join().unwrap();
}

#[test]
fn what_is_not_mattermost_is_said_to_be_so() {
    let empty = postgres().database("empty", "");
    assert!(matches!(opened(postgres(), &empty, OWNER), Err(PostgresError::Empty { .. })));
    let wrong = postgres().database("wrong", "CREATE TABLE posts (id int); CREATE TABLE invoices (id int)");
    let error = opened(postgres(), &wrong, OWNER).unwrap_err();
    assert!(matches!(error, PostgresError::NotMattermost { tables: 2, .. }), "{error:?}");
    let error = opened(postgres(), "does_not_exist", OWNER).unwrap_err();
    assert!(matches!(&error, PostgresError::NoDatabase { said, .. } if said.contains("does_not_exist")), "{error:?}");
    let error = opened(postgres(), "postgres", "nobody_here").unwrap_err();
    assert!(matches!(error, PostgresError::Authentication { .. }), "{error:?}");
}
