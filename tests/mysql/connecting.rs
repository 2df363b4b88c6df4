//! Connecting: socket, port, passwords and the files they lie in, what may not be seen, the wrong database.

use super::{OWNER, SMALL, all, opened, target};
use crate::servers::mariadb;
use chatseal::source::mysql::{MysqlError, Patience, Server, Target};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// An account with a password, and a URL through the port.
fn guarded(role: &str) -> String {
    let database = mariadb().database("guarded", SMALL);
    mariadb().sql(
        &database,
        &format!("CREATE USER {role}@'%' IDENTIFIED BY 'hunter2'; GRANT SELECT ON {database}.* TO {role}@'%'"),
    );
    format!("mariadb://{role}@127.0.0.1:{}/{database}", mariadb().port)
}

fn open(url: &str, environment: &[(&str, &str)]) -> Result<Server, MysqlError> {
    let found = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    Server::open(&Target::parse(url, &found)?, Patience::default(), None)
}

#[test]
fn a_password_comes_from_the_environment_or_a_file_that_only_its_owner_reads() {
    let url = guarded("guard");
    let server = open(&url, &[("MYSQL_PWD", "hunter2")]).unwrap();
    assert_eq!(server.identity().role, "guard@%");
    assert!(!server.identity().could_write() && server.identity().sees_all_tables, "{:?}", server.identity());
    for environment in [&[("MYSQL_PWD", "wrong")][..], &[]] {
        let error = open(&url, environment).unwrap_err();
        assert!(matches!(&error, MysqlError::Authentication { role, .. } if role == "guard"), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("wrong"));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(".my.cnf");
    fs::write(&file, "[client]\npassword = hunter2\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let (home, named) = (folder.path().to_str().unwrap(), format!("{url}?defaults-file={}", file.display()));
    open(&url, &[("HOME", home)]).unwrap();
    open(&named, &[]).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let error = open(&named, &[]).unwrap_err();
    let MysqlError::Authentication { passed_over: Some(why), .. } = &error else { panic!("{error:?}") };
    assert!(why.contains("0640") && !why.contains("hunter2"), "{why}");
}

#[test]
fn an_account_that_could_write_is_told_and_so_is_one_that_sees_not_all() {
    let database = mariadb().database("rights", SMALL);
    let identity = opened(mariadb(), &database, OWNER).unwrap().identity().clone();
    assert!(
        identity.could_write() && identity.writable_tables >= 4 && identity.write_privileges.contains(&"DROP".into())
    );
    assert_eq!((identity.product, identity.database.as_str()), ("MariaDB", database.as_str()));
    assert_eq!((identity.read_only, identity.replica, identity.tls.as_deref()), (Some(false), Some(false), None));
    mariadb().sql(
        &database,
        "CREATE USER partly@'%'; GRANT SELECT ON Posts TO partly@'%'; GRANT SELECT ON Channels TO partly@'%';
        GRANT SELECT (Id, Username), INSERT (Password) ON Users TO partly@'%'",
    );
    let mut server = opened(mariadb(), &database, "partly").unwrap();
    let identity = server.identity();
    assert!(!identity.sees_all_tables && identity.could_write() && identity.writable_tables == 1, "{identity:?}");
    assert_eq!(identity.replica, None, "it may not ask");
    assert!(server.may_read("Users", "Username") && !server.may_read("Users", "Password"));
    assert!(!server.may_read("Sessions", "Id"));
    let error = server.read(&all("Users", &["Id", "Password"]), &mut |_| true).unwrap_err();
    assert!(
        matches!(&error, MysqlError::Denied { object, said } if object == "`Users`" && said.contains("Password")),
        "{error:?}"
    );
}

#[test]
fn what_is_not_mattermost_is_said_to_be_so() {
    let empty = mariadb().database("empty", "");
    assert!(matches!(opened(mariadb(), &empty, OWNER), Err(MysqlError::Empty { .. })));
    let wrong = mariadb().database("wrong", "CREATE TABLE Posts (Id int); CREATE TABLE Invoices (Id int)");
    let error = opened(mariadb(), &wrong, OWNER).unwrap_err();
    assert!(
        matches!(&error, MysqlError::NotMattermost { tables: 2, missing, .. } if missing == "`channels`, `users`"),
        "{error:?}"
    );
    let twice = mariadb().database("twice", &format!("{SMALL} CREATE TABLE posts (Id int);"));
    let error = opened(mariadb(), &twice, OWNER).unwrap_err();
    assert!(matches!(&error, MysqlError::Ambiguous { first, second } if first == "Posts" && second == "posts"));
    let error = opened(mariadb(), "does_not_exist", OWNER).unwrap_err();
    assert!(matches!(&error, MysqlError::NoDatabase { said, .. } if said.contains("does_not_exist")), "{error:?}");
    let error = opened(mariadb(), &empty, "nobody_here").unwrap_err();
    assert!(matches!(error, MysqlError::Authentication { .. }), "{error:?}");
    mariadb().sql(&empty, "CREATE USER stranger@'%'");
    let error = opened(mariadb(), &empty, "stranger").unwrap_err();
    assert!(matches!(error, MysqlError::NoDatabase { .. }), "{error:?}");
}

#[test]
fn nobody_there_and_nobody_answering_are_told_apart() {
    assert!(matches!(open("mysql://a@127.0.0.1:1/mm", &[]), Err(MysqlError::Unreachable { .. })));
    assert!(matches!(open("mysql://a@/mm?socket=/nowhere/socket", &[]), Err(MysqlError::Unreachable { .. })));
    // Accepts and says nothing.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://a@127.0.0.1:{}/mm", deaf.local_addr().unwrap().port());
    let patience = Patience { connect: Duration::from_millis(300), ..Patience::default() };
    let error = Server::open(&target(&url), patience, None).unwrap_err();
    assert!(matches!(error, MysqlError::SlowToConnect { .. }), "{error:?}");
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let error = Server::open(&target(&url), Patience::default(), Some(stop)).unwrap_err();
    assert!(matches!(error, MysqlError::Stopped), "{error:?}");
}

/// A packet of MySQL's protocol.
fn packet(number: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&length[..3], &[number], payload].concat()
}

#[test]
fn where_rsa_would_be_needed_tls_or_a_socket_is_advised() {
    // MySQL 8 without TLS: `caching_sha2_password`, and the account is not in its cache.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://ana@127.0.0.1:{}/mm", server.local_addr().unwrap().port());
    let talker = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        // Version 10, no TLS among the capabilities (PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH).
        let mut hello = vec![10];
        hello.extend(b"8.0.36\0\x01\0\0\0abcdefgh\0\x09\x82\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0");
        hello.extend(b"caching_sha2_password\0");
        stream.write_all(&packet(0, &hello)).unwrap();
        let mut answer = [0; 4096];
        assert!(stream.read(&mut answer).unwrap() > 36);
        // "Full authentication, please."
        stream.write_all(&packet(2, &[1, 4])).unwrap();
        assert_eq!(stream.read(&mut answer).unwrap(), 5);
        assert_eq!(answer[4], 2, "the request for the key");
        stream.write_all(&packet(4, b"\x01-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n")).unwrap();
        let _ = stream.read(&mut answer);
    });
    let error = open(&url, &[("MYSQL_PWD", "hunter2")]).unwrap_err();
    talker.join().unwrap();
    assert!(matches!(&error, MysqlError::NeedsTls { role, .. } if role == "ana"), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}
