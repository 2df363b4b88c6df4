//! A live PostgreSQL: what is read, what is refused, and what the server feels of it.

mod connecting;
mod failing;
mod granting;
mod reading;
mod tls;

pub(crate) use tls::authority;

pub(crate) use failing::Holder;

use crate::servers::{OWNER, Postgres, postgres};
use chatseal::source::postgres::{Patience, PostgresError, Server, Target};
use chatseal::source::rows::query::Query;

/// A small Mattermost: one post with everything that COPY escapes, a table of secrets, a column nobody knows.
const SMALL: &str = r"
CREATE TABLE channels (id varchar(26) PRIMARY KEY, createat bigint, name varchar(64));
CREATE TABLE users (id varchar(26) PRIMARY KEY, createat bigint, username varchar(64), password varchar(128));
CREATE TABLE posts (id varchar(26) PRIMARY KEY, createat bigint, message varchar(65535), props jsonb,
    fileids varchar(300), ispinned boolean, odd_thing timestamptz);
CREATE INDEX idx_posts_create_at ON posts (createat);
CREATE TABLE tokens (token varchar(64), extra varchar(2048));
CREATE VIEW postsview AS SELECT * FROM posts;
INSERT INTO users VALUES ('u1', 1, 'ana', 'hunter2'), ('u2', 2, 'ben', NULL);
INSERT INTO posts VALUES
    ('p3', 30, 'plain', '{}', '[]', false, '2024-02-29 12:00:00+02'),
    ('p1', 10, E'tab\there\nline\\\u0007 \U0001F600', NULL, NULL, true, NULL),
    ('p2', 20, '', '{}', '[]', NULL, NULL);
";

/// The target of a URL, with nothing from the environment.
fn target(url: &str) -> Target {
    Target::parse(url, &|_| None).unwrap()
}

fn opened(server: &Postgres, database: &str, role: &str) -> Result<Server, PostgresError> {
    Server::open(&target(&server.url(database, role)), Patience::default(), None)
}

/// A fresh small database on the shared server, opened by its superuser.
fn small(name: &str) -> (String, Server) {
    let database = postgres().database(name, SMALL);
    let server = opened(postgres(), &database, OWNER).unwrap();
    (database, server)
}

/// All rows of a query as text.
fn rows(server: &mut Server, query: &Query) -> String {
    let mut text = Vec::new();
    let count = server.read(query, &mut |chunk| {
        text.extend(chunk);
        true
    });
    let text = String::from_utf8(text).unwrap();
    assert_eq!(count.unwrap(), text.lines().count() as u64);
    text
}

/// All of a table's columns given.
fn all<'a>(table: &'a str, columns: &[&'a str]) -> Query<'a> {
    Query { table, columns: columns.to_vec(), ..Query::default() }
}
