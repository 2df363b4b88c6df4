//! One test for each way in which a dump is odd, lies, or is none.

use std::fs;

use chatseal::source::dump::{Dump, TableCount};

use super::writer::{FOOTER, HEADER, Table, data, declaration, dump, mattermost};
use super::{Read, read};

fn whole(tables: &[Table]) -> String {
    dump(tables)
}

/// A dump with this text between its header and its rows.
fn with(between: &str) -> String {
    whole(&mattermost()).replacen("CREATE FUNCTION", &format!("{between}CREATE FUNCTION"), 1)
}

#[track_caller]
fn good(text: &str) -> Read {
    read(text.as_bytes()).unwrap()
}

/// What is said about a dump that cannot be used, and the hint.
#[track_caller]
fn refused(bytes: impl AsRef<[u8]>) -> String {
    let error = read(bytes.as_ref()).unwrap_err();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}; {}", error.hint().unwrap_or_default())
}

#[test]
fn the_account_says_where_it_is_from() {
    let account = good(&whole(&mattermost())).account;
    assert_eq!(account.server, "15.18 (Debian 15.18-0+deb12u1)");
    assert_eq!(account.dumped_by, "17.2");
    assert_eq!((account.encoding.as_str(), account.schema.as_str(), account.started), ("UTF8", "public", None));
    assert_eq!(account.text, whole(&mattermost()).len() as u64);
    let started = with("").replacen("SET", "-- Started on 2026-11-21 13:59:01 UTC\n\nSET", 1);
    assert_eq!(good(&started).account.started.as_deref(), Some("2026-11-21 13:59:01 UTC"));
}

#[test]
fn a_table_without_rows_is_told_from_one_that_was_not_dumped() {
    let mut tables = mattermost();
    tables.push(Table::small("empty", 0));
    let text =
        whole(&tables).replacen("CREATE FUNCTION", &(declaration(&Table::small("left_out", 1)) + "CREATE FUNCTION"), 1);
    let account = good(&text).account;
    assert_eq!(account.tables.last(), Some(&TableCount { name: "empty".into(), rows: 0 }));
    let not_dumped: Vec<_> = account.not_dumped.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(not_dumped, ["left_out"]);
    assert_eq!(account.not_dumped[0].columns[0].declared, "character varying(26)");
}

/// Channels, users, and posts in partitions that these statements make, with these rows.
fn divided(partitions: &str, rows: &str) -> String {
    let others: Vec<Table> = mattermost().into_iter().filter(|table| table.name != "posts").collect();
    let (declared, copied): (String, String) = others.iter().map(|table| (declaration(table), data(table))).unzip();
    let posts = "CREATE TABLE public.posts (id character varying(26), message text)\nPARTITION BY RANGE (id);\n";
    format!("{HEADER}{declared}{posts}{partitions}{copied}{rows}{FOOTER}")
}

const OLD: &str = "CREATE TABLE archive.posts_old (message text, id character varying(26));\n\
                   ALTER TABLE ONLY public.posts ATTACH PARTITION archive.posts_old FOR VALUES FROM ('') TO ('m');\n";
const NEW: &str = "CREATE TABLE public.posts_new PARTITION OF public.posts FOR VALUES FROM ('m') TO (MAXVALUE);\n";

#[test]
fn rows_of_partitions_are_rows_of_their_table() {
    let rows = "COPY archive.posts_old (message, id) FROM stdin;\nold\ta\n\\.\n\n\
                COPY public.posts_new (id, message) FROM stdin;\nx\tnew\ny\tnewer\n\\.\n\n";
    let read = good(&divided(&format!("{OLD}{NEW}"), rows));
    let tables: Vec<String> = read
        .tables
        .iter()
        .map(|table| format!("{} {}:{}", table.name, table.columns[0].name, table.columns[0].declared))
        .collect();
    let expected =
        ["channels", "users"].map(|name| format!("{name} id:character varying(26)")).into_iter().collect::<Vec<_>>();
    assert_eq!(tables[..2], expected);
    assert_eq!(tables[2..], ["posts message:text", "posts id:character varying(26)"]);
    assert_eq!(read.rows[2..], [b"old\ta\n".to_vec(), b"x\tnew\ny\tnewer\n".to_vec()]);
    let counts =
        [("archive.posts_old", 1), ("posts_new", 2)].map(|(name, rows)| TableCount { name: name.into(), rows });
    assert_eq!(read.account.tables[2..], counts);
    assert!(read.account.not_dumped.is_empty() && read.account.elsewhere.is_empty());
}

#[test]
fn a_partition_that_was_not_dumped_is_a_gap_of_its_table() {
    let rows = "COPY public.posts_new (id, message) FROM stdin;\nx\tnew\n\\.\n\n";
    let account = good(&divided(&format!("{OLD}{NEW}"), rows)).account;
    assert_eq!(account.not_dumped.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["posts"]);
    // Without partitions there is nothing to be dumped.
    let read = good(&divided("", ""));
    assert!(read.account.not_dumped.is_empty());
    assert_eq!(read.account.tables.last(), Some(&TableCount { name: "posts".into(), rows: 0 }));
    assert_eq!(read.tables.last().unwrap().name, "posts");
}

#[test]
fn rows_of_partitions_may_stand_under_the_name_of_their_table() {
    let copy = |row: &str| format!("COPY public.posts (id, message) FROM stdin;\n{row}\n\\.\n\n");
    let text = divided(&format!("{OLD}{NEW}"), &(copy("a\told") + &copy("x\tnew")));
    let read = good(&text);
    assert_eq!(read.rows[2..], [b"a\told\n".to_vec(), b"x\tnew\n".to_vec()]);
    assert!(read.account.not_dumped.is_empty());
    // A table without partitions has its rows in one place.
    let twice = whole(&mattermost()).replacen(FOOTER, &(copy("a\tb") + FOOTER), 1);
    assert!(refused(&twice).contains("the table `public.posts` twice"));
}

#[test]
fn a_partition_that_is_attached_behind_its_rows_is_refused() {
    let rows = "COPY public.late (id, message) FROM stdin;\nx\tnew\n\\.\n\n\
                ALTER TABLE ONLY public.posts ATTACH PARTITION public.late DEFAULT;\n";
    let text = divided(NEW, rows);
    assert!(refused(&text).contains("partitions attached before their rows"), "{}", refused(&text));
}

#[test]
fn a_dump_of_the_schema_only_has_no_tables_with_rows() {
    let text = mattermost().iter().fold(HEADER.to_owned(), |text, table| text + &declaration(table)) + FOOTER;
    let read = good(&text);
    assert_eq!((read.tables.len(), read.account.not_dumped.len(), read.account.schema.as_str()), (0, 3, "public"));
}

#[test]
fn a_dump_of_rows_only_has_columns_without_types() {
    let text = mattermost().iter().fold(HEADER.to_owned(), |text, table| text + &data(table)) + FOOTER;
    let read = good(&text);
    assert_eq!(read.tables.len(), 3);
    assert!(read.tables.iter().all(|table| table.columns.iter().all(|column| column.declared.is_empty())));
    let mut two = mattermost();
    two[0].schema = "other".into();
    let text = two.iter().fold(HEADER.to_owned(), |text, table| text + &data(table)) + FOOTER;
    assert!(refused(text).contains("holds a Mattermost in more than one schema"));
}

#[test]
fn types_of_the_same_schema_are_named_without_it() {
    let mut tables = mattermost();
    tables[0].columns[1].1 = "public.channel_type".into();
    tables[1].columns[1].1 = "other.channel_type".into();
    let read = good(&whole(&tables));
    assert_eq!(read.tables[0].columns[1].declared, "channel_type");
    assert_eq!(read.tables[1].columns[1].declared, "other.channel_type");
}

#[test]
fn tables_of_other_schemas_are_counted_and_passed_by() {
    let mut tables = mattermost();
    let mut other = Table::small("posts", 4);
    other.schema = "Old Data".into();
    tables.insert(0, other);
    let read = good(&whole(&tables));
    let names: Vec<_> = read.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["channels", "posts", "users"]);
    assert_eq!(read.rows[1], Table::small("posts", 5).copy_text().into_bytes());
    assert_eq!(read.account.elsewhere, [TableCount { name: "Old Data.posts".into(), rows: 4 }]);
}

#[test]
fn two_mattermosts_in_one_dump_are_refused() {
    let mut tables = mattermost();
    for mut table in mattermost() {
        table.schema = "second".into();
        tables.push(table);
    }
    let said = refused(whole(&tables));
    assert!(said.contains("holds a Mattermost in the schema `public` and one in `second`"), "{said}");
    assert!(said.contains("--schema=public"), "{said}");
}

#[test]
fn another_database_is_refused() {
    let said = refused(whole(&[Table::small("orders", 2), Table::small("customers", 0)]));
    assert!(said.contains("expected the tables posts, channels and users, found 2 other tables"), "{said}");
    let said = refused(HEADER.to_owned() + FOOTER);
    assert!(said.contains("found no tables at all"), "{said}");
    let rows = HEADER.to_owned() + &data(&Table::small("orders", 2)) + FOOTER;
    assert!(refused(rows).contains("found 1 other tables"));
}

#[test]
fn a_table_that_comes_twice_is_refused() {
    let mut tables = mattermost();
    tables.push(Table::small("posts", 1));
    assert!(refused(whole(&tables)).contains("holds the table `public.posts` twice"));
}

#[test]
fn a_dump_cut_short_anywhere_is_refused() {
    let text = whole(&mattermost());
    let last = text.find("\n-- PostgreSQL database dump complete\n").unwrap();
    let first = text.find("CREATE TABLE").unwrap();
    for length in (first..last).step_by(7) {
        let said = refused(&text[..length]);
        assert!(said.contains("is cut short: expected "), "{length}: {said}");
        assert!(said.contains("compare its size"), "{said}");
    }
    let rows = text.find("posts3").unwrap();
    assert!(
        refused(&text[..rows])
            .contains("expected the end `\\.` of the rows of `posts`, found the end of the file at line ")
    );
    let between = text.find("COPY public.users").unwrap();
    assert!(refused(&text[..between]).contains("expected the line `-- PostgreSQL database dump complete`"));
    assert_eq!(good(&text[..=last + "\n-- PostgreSQL database dump complete".len()]).tables.len(), 3);
}

#[test]
fn rows_without_their_end_are_refused() {
    let text = whole(&mattermost());
    let at = text.rfind("\\.\n").unwrap();
    let said = refused(text[..at].to_owned() + &text[at + 3..]);
    assert!(said.contains("expected the end `\\.` of the rows of `users`"), "{said}");
}

#[test]
fn the_last_line_counts_only_as_a_comment() {
    let text = whole(&mattermost())
        .replace("-- PostgreSQL database dump complete\n", "SELECT '\n-- PostgreSQL database dump complete\n';\n");
    assert!(refused(text).contains("cut short"));
}

#[test]
fn text_that_looks_like_a_header_fools_nobody() {
    let fakes = "COMMENT ON TABLE public.posts IS 'x;\nCOPY public.users (id) FROM stdin;\nfooled\n\\.\n';\n\
                 -- COPY public.users (id) FROM stdin;\n/* COPY public.users (id) FROM stdin;\n*/\n\
                 SELECT E'\\';COPY public.users (id) FROM stdin;\n', \"COPY x FROM stdin;\n\";\n\
                 CREATE FUNCTION public.g() RETURNS void BEGIN ATOMIC\n INSERT INTO public.posts VALUES (1);\nEND;\n\
                 CREATE RULE r AS ON INSERT TO public.posts DO (DELETE FROM a; INSERT INTO b VALUES (1));\n";
    let read = good(&with(fakes));
    assert_eq!(read.account.tables.iter().map(|table| table.rows).collect::<Vec<_>>(), [2, 5, 3]);
}

#[test]
fn other_statements_and_lines_of_psql_are_passed_by() {
    let text = with(
        "\\connect mattermost\nCREATE EXTENSION x;\nCREATE MATERIALIZED VIEW public.v AS\n SELECT 1\n  WITH NO DATA;\nREFRESH MATERIALIZED VIEW public.v;\n",
    );
    let text = text.replacen("\\connect mattermost\n", "", 1).replacen(
        "SET statement",
        "\\connect mattermost\nSET statement",
        1,
    );
    assert_eq!(good(&text).tables.len(), 3);
}

#[test]
fn names_without_schema_are_those_of_the_search_path() {
    let text = whole(&mattermost())
        .replace("SELECT pg_catalog.set_config('search_path', '', false);", "SET search_path = public, pg_catalog;");
    let text = text.replace("COPY public.", "COPY ").replace("CREATE TABLE public.", "CREATE TABLE ");
    let read = good(&text);
    assert_eq!((read.account.schema.as_str(), read.tables.len()), ("public", 3));
    assert_eq!(read.tables[1].columns[0].declared, "character varying(26)");
}

#[test]
fn several_dumps_or_databases_in_one_file_are_refused() {
    let text = whole(&mattermost());
    assert!(refused(text.clone() + &text).contains("holds a second dump behind the first"));
    assert!(refused(with("\\connect other\n")).contains("holds several databases"));
    assert!(refused(text + "DROP TABLE x;\n").contains("statements behind the end"));
}

#[test]
fn insert_statements_are_refused() {
    let said = refused(with("INSERT INTO public.posts VALUES ('a');\n"));
    assert!(
        said.contains("is an INSERT statement: expected rows as COPY text") && said.contains("--rows-per-insert"),
        "{said}"
    );
}

#[test]
fn other_encodings_are_refused() {
    let said = refused(whole(&mattermost()).replace("'UTF8'", "'LATIN1'"));
    assert!(
        said.contains("in the encoding `LATIN1`: expected `UTF8`; dump it with `pg_dump --encoding=UTF8`"),
        "{said}"
    );
    assert!(refused(whole(&mattermost()).replace("SET client_encoding = 'UTF8';\n", "")).contains("`(not said)`"));
}

#[test]
fn translated_line_ends_are_refused() {
    let text = whole(&mattermost());
    assert!(refused(text.replace('\n', "\r\n")).contains("line 1 of `dump"));
    let one = text.replacen("FROM stdin;\nchannels", "FROM stdin;\r\nchannels", 1);
    let said = refused(one);
    assert!(said.contains("ends in CR LF") && !said.contains("line 1 of") && said.contains("-text"), "{said}");
}

#[test]
fn headers_that_pg_dump_does_not_write_are_refused() {
    let text = whole(&mattermost());
    let csv = text.replacen("(id, message) FROM stdin;\nposts", "(id, message) FROM stdin CSV;\nposts", 1);
    assert!(refused(csv).contains("expected `COPY table (columns) FROM stdin;`, as pg_dump writes it"));
    let same_line = text.replacen("FROM stdin;\nposts", "FROM stdin; posts", 1);
    assert!(refused(same_line).contains("expected a line feed behind `FROM stdin;`"));
    let long = with(&format!("CREATE TABLE public.t (a text DEFAULT '{}');\n", "x".repeat(1 << 20)));
    assert!(refused(long).contains("expected at most 1 MiB"));
    let many: String =
        (0..40).map(|n| format!("CREATE TABLE public.t{n} (a text DEFAULT '{}');\n", "x".repeat(1 << 19))).collect();
    assert!(refused(with(&many)).contains("at most 16 MiB"));
}

#[test]
fn rows_with_the_wrong_number_of_fields_are_left_to_the_decoder() {
    let text = whole(&mattermost()).replacen("posts1\t", "posts1\t\t\t\t", 1).replacen("posts2\t", "", 1);
    assert_eq!(good(&text).account.tables[1].rows, 5);
}

#[test]
fn files_of_other_kinds_are_refused_with_a_hint() {
    let tar = [&[b'x'; 257][..], b"ustar\0", &[0; 600]].concat();
    for (bytes, found, hint) in [
        (&b""[..], "an empty file", "makes a plain dump"),
        (b"PGDMP\x01\x0e\0\x04", "a dump in pg_dump's custom format", "pg_restore -f"),
        (&tar, "a tar", "pg_restore -f"),
        (b"\xfd7zXZ\0\0", "a packing other than gzip", "unpack it first"),
        (b"BZh91AY", "a packing other than gzip", "unpack it first"),
        (b"\x04\x22\x4d\x18\x40", "a packing other than gzip", "unpack it first"),
        (b"\xff\xfe-\0-\0", "UTF-16 or a byte order mark", "pg_dump -f"),
        (b"\xef\xbb\xbf--\n-- PostgreSQL database dump\n", "UTF-16 or a byte order mark", "pg_dump -f"),
        (b"-- MySQL dump 10.13\n", "a dump of MySQL or MariaDB", "mysql://"),
        (b"/*M!999999 */\n-- MariaDB dump 10.19\n", "a dump of MySQL or MariaDB", "mysql://"),
        (b"--\n-- PostgreSQL database cluster dump\n--\n", "a dump of a whole server by pg_dumpall", "`pg_dump`"),
        (b"SELECT 1;\n", "no line `-- PostgreSQL database dump`", "makes a plain dump"),
        (b"{\"type\":\"version\"}\n", "no line `-- PostgreSQL database dump`", "makes a plain dump"),
    ] {
        let said = refused(bytes);
        assert!(said.contains(&format!("is not a plain pg_dump file: found {found}")) && said.contains(hint), "{said}");
    }
    let folder = tempfile::tempdir().unwrap();
    let error = Dump::open(folder.path()).unwrap_err();
    assert!(
        error.to_string().contains("is no regular file") && error.hint().unwrap().contains("pg_restore"),
        "{error}"
    );
    assert!(Dump::open(&folder.path().join("none.sql")).unwrap_err().to_string().contains("cannot open"));
}

#[test]
fn a_dump_that_changes_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sql");
    fs::write(&path, whole(&mattermost())).unwrap();
    let dump = Dump::open(&path).unwrap();
    assert_eq!((dump.original.name.as_str(), dump.original.size), ("a.sql", whole(&mattermost()).len() as u64));
    fs::write(&path, "--").unwrap();
    assert!(dump.original.check_unchanged().is_err());
}
