//! `chatseal grants`: the role it makes reads what the catalogue lists and nothing else.

use super::{SMALL, all, opened, rows, small};
use crate::servers::postgres;
use chatseal::source::catalogue::TABLES;
use chatseal::source::postgres::{PostgresError, grants};

#[test]
fn the_role_reads_the_catalogue_and_no_secret() {
    let database = postgres().database("granted", SMALL);
    let script = grants("granted-reader", "public");
    postgres().sql(&database, &script);
    let mut server = opened(postgres(), &database, "granted-reader").unwrap();
    let said = server.identity();
    assert!(!said.could_write() && !said.superuser && said.role == "granted-reader");
    assert_eq!(server.denied(), ["sessions"]);
    assert!(server.may_read("users", "username") && !server.may_read("users", "password"));
    assert!(server.may_read("posts", "message") && !server.may_read("posts", "odd_thing"));
    assert!(rows(&mut server, &all("users", &["id", "username"])).contains("u1\tana\n"));
    assert_eq!(server.count(&all("users", &[])).unwrap(), 2);
    let error = server.read(&all("users", &["id", "password"]), &mut |_| true).unwrap_err();
    assert!(matches!(&error, PostgresError::Denied { object, .. } if object == "`users`"), "{error:?}");
    let mut server = opened(postgres(), &database, "granted-reader").unwrap();
    let error = server.count(&all("sessions", &[])).unwrap_err();
    assert!(matches!(&error, PostgresError::Denied { object, .. } if object == "`sessions`"), "{error:?}");
}

#[test]
fn running_it_again_takes_back_what_is_not_listed() {
    let database = postgres().database("again", SMALL);
    let script = grants("again", "public");
    postgres().sql(&database, &script);
    postgres().sql(
        &database,
        "GRANT SELECT ON sessions TO again; GRANT SELECT (password), UPDATE (username) ON users TO again",
    );
    assert!(opened(postgres(), &database, "again").unwrap().identity().could_write());
    postgres().sql(&database, &script);
    let server = opened(postgres(), &database, "again").unwrap();
    assert_eq!((server.denied(), server.identity().could_write()), (vec!["sessions".to_owned()], false));
    assert!(!server.may_read("users", "password") && server.may_read("users", "username"));
}

#[test]
fn it_serves_a_server_with_every_table_and_one_in_another_schema() {
    // Every table and column that the catalogue knows, secrets included.
    let mut sql = String::from("CREATE SCHEMA \"mm-data\"; SET search_path = \"mm-data\";");
    let mut made = std::collections::BTreeSet::new();
    for table in TABLES.iter().filter(|table| !table.table.starts_with('(')) {
        if made.insert(table.table) {
            let mut columns = std::collections::BTreeSet::new();
            for kind in TABLES.iter().filter(|kind| kind.table == table.table) {
                columns
                    .extend(kind.key.iter().filter(|key| kind.column(key).is_none()).map(|key| key.replace('_', "")));
                let name = |column: &&str| column.replace('_', "");
                let listed = kind
                    .columns
                    .iter()
                    .map(|column| if column.column.is_empty() { column.field } else { column.column });
                columns.extend(listed.map(|column| name(&column)));
                columns.extend(kind.never.iter().map(name));
            }
            let columns: Vec<String> = columns.iter().map(|column| format!("\"{column}\" text")).collect();
            sql.push_str(&format!("CREATE TABLE \"{}\" ({});", table.table, columns.join(", ")));
        }
    }
    let database = postgres().database("whole", &sql);
    postgres().sql(&database, &grants("whole", "mm-data"));
    let server = opened(postgres(), &database, "whole").unwrap();
    assert_eq!((server.denied(), server.tables().len()), (Vec::new(), made.len()));
    for table in TABLES.iter().filter(|table| !table.table.starts_with('(')) {
        let found = server.tables().iter().find(|found| found.name == table.table).unwrap();
        for column in &found.columns {
            let never = table.never.iter().any(|never| never.replace('_', "") == column.name);
            let listed = TABLES
                .iter()
                .any(|kind| kind.table == table.table && kind.columns.iter().any(|known| known.is(&column.name)));
            let readable = server.may_read(&found.name, &column.name);
            assert!(!never || readable == listed, "{}.{}", found.name, column.name);
            assert!(never || readable, "{}.{}", found.name, column.name);
        }
    }
}

#[test]
fn a_role_that_may_not_enter_the_schema_is_told_so() {
    let (database, _) = small("outside");
    postgres().sql(
        &database,
        "CREATE ROLE outside LOGIN; REVOKE USAGE ON SCHEMA public FROM PUBLIC; CREATE ROLE inside LOGIN;
        GRANT USAGE ON SCHEMA public TO inside",
    );
    let error = opened(postgres(), &database, "outside").unwrap_err();
    assert!(matches!(&error, PostgresError::Denied { object, .. } if object == "the schema `public`"), "{error:?}");
    let server = opened(postgres(), &database, "inside").unwrap();
    assert_eq!(server.denied(), ["channels", "posts", "sessions", "users"]);
}
