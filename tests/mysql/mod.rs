//! A live MariaDB: what is read, what is refused, and what the server feels of it.

mod connecting;
mod failing;
mod incident;
mod reading;
mod same;
mod sealing;
mod tls;

use crate::servers::{MariaDb, mariadb};
use chatseal::source::mysql::{MysqlError, Patience, Server, Target};
use chatseal::source::rows::query::Query;

/// Superuser of the server.
pub(crate) const OWNER: &str = "root";

/// A small Mattermost: one post with everything that COPY escapes, a table of secrets.
const SMALL: &str = r"
SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES';
CREATE TABLE Channels (Id varchar(26) PRIMARY KEY, CreateAt bigint(20), Name varchar(64));
CREATE TABLE Users (Id varchar(26) PRIMARY KEY, CreateAt bigint(20), Username varchar(64), Password varchar(128));
CREATE TABLE Posts (Id varchar(26) PRIMARY KEY, CreateAt bigint(20), Message text, Props json, FileIds text,
    IsPinned tinyint(1), KEY idx_posts_create_at (CreateAt));
CREATE TABLE Sessions (Id varchar(26), Token varchar(26));
CREATE VIEW PostsView AS SELECT * FROM Posts;
INSERT INTO Users VALUES ('u1', 1, 'ana', 'hunter2'), ('u2', 2, 'ben', NULL);
INSERT INTO Posts VALUES
    ('p3', 30, 'plain', '{}', '[]', 0),
    ('p1', 10, CONCAT('tab', CHAR(9), 'here', CHAR(10), 'line\', CHAR(7), CHAR(0), ' 😀'), NULL, NULL, 1),
    ('p2', 20, '', '{}', '[]', NULL);
";

/// The target of a URL, with nothing from the environment.
fn target(url: &str) -> Target {
    Target::parse(url, &|_| None).unwrap()
}

fn opened(server: &MariaDb, database: &str, role: &str) -> Result<Server, MysqlError> {
    Server::open(&target(&server.url(database, role)), Patience::default(), None)
}

/// A fresh small database on the shared server, opened by its superuser.
fn small(name: &str) -> (String, Server) {
    let database = mariadb().database(name, SMALL);
    let server = opened(mariadb(), &database, OWNER).unwrap();
    (database, server)
}

/// All rows of a query as bytes.
fn bytes(server: &mut Server, query: &Query) -> Vec<u8> {
    let mut text = Vec::new();
    let count = server.read(query, &mut |chunk| {
        text.extend(chunk);
        true
    });
    assert_eq!(count.unwrap(), memchr::memchr_iter(b'\n', &text).count() as u64);
    text
}

/// All rows of a query as text.
fn rows(server: &mut Server, query: &Query) -> String {
    String::from_utf8(bytes(server, query)).unwrap()
}

/// All of a table's columns given.
fn all<'a>(table: &'a str, columns: &[&'a str]) -> Query<'a> {
    Query { table, columns: columns.to_vec(), ..Query::default() }
}
