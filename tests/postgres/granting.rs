//! `chatseal grants`: the role it makes reads what the catalogue lists and nothing else.

use super::{SMALL, all, opened, rows, small};
use crate::servers::postgres;
use crate::tables::{FIXTURES, sql};
use chatseal::source::catalogue::{self, TABLES};
use chatseal::source::postgres::{PostgresError, grants};

#[test]
fn the_role_reads_the_catalogue_and_no_secret() {
    let database = postgres().database("granted", SMALL);
    let script = grants("granted-reader", "public");
    postgres().sql(&database, &script);
    let mut server = opened(postgres(), &database, "granted-reader").unwrap();
    let said = server.identity();
    assert!(!said.could_write() && !said.superuser && said.role == "granted-reader");
    assert_eq!(server.denied(), ["tokens"]);
    assert!(server.may_read("users", "username") && !server.may_read("users", "password"));
    assert!(server.may_read("posts", "message") && !server.may_read("posts", "odd_thing"));
    assert!(rows(&mut server, &all("users", &["id", "username"])).contains("u1\tana\n"));
    assert_eq!(server.count(&all("users", &[])).unwrap(), 2);
    let error = server.read(&all("users", &["id", "password"]), &mut |_| true).unwrap_err();
    assert!(matches!(&error, PostgresError::Denied { object, .. } if object == "`users`"), "{error:?}");
    let mut server = opened(postgres(), &database, "granted-reader").unwrap();
    let error = server.count(&all("tokens", &[])).unwrap_err();
    assert!(matches!(&error, PostgresError::Denied { object, .. } if object == "`tokens`"), "{error:?}");
}

#[test]
fn running_it_again_takes_back_what_is_not_listed() {
    let database = postgres().database("again", SMALL);
    let script = grants("again", "public");
    postgres().sql(&database, &script);
    postgres().sql(
        &database,
        "GRANT SELECT ON tokens TO again; GRANT SELECT (password), UPDATE (username) ON users TO again",
    );
    assert!(opened(postgres(), &database, "again").unwrap().identity().could_write());
    postgres().sql(&database, &script);
    let server = opened(postgres(), &database, "again").unwrap();
    assert_eq!((server.denied(), server.identity().could_write()), (vec!["tokens".to_owned()], false));
    assert!(!server.may_read("users", "password") && server.may_read("users", "username"));
}

#[test]
fn it_serves_a_server_with_every_table_and_one_in_another_schema() {
    // Every table and column that the catalogue knows, secrets included.
    let mut sql = String::from("CREATE SCHEMA \"mm-data\"; SET search_path = \"mm-data\";");
    let mut made = std::collections::BTreeSet::new();
    for table in TABLES.iter().filter(|table| table.is_stored()) {
        if made.insert(table.table) {
            let mut columns = std::collections::BTreeSet::new();
            for kind in TABLES.iter().filter(|kind| kind.table == table.table) {
                let keys = kind.key.iter().filter(|key| kind.column(key).is_none()).chain(kind.never);
                columns.extend(keys.map(|column| column.replace('_', "")));
                for column in kind.columns {
                    let names = if column.column.is_empty() { column.field } else { column.column };
                    columns.extend(names.split('|').map(|column| column.replace('_', "")));
                }
            }
            let columns: Vec<String> = columns.iter().map(|column| format!("\"{column}\" text")).collect();
            sql.push_str(&format!("CREATE TABLE \"{}\" ({});", table.table, columns.join(", ")));
        }
    }
    let database = postgres().database("whole", &sql);
    postgres().sql(&database, &grants("whole", "mm-data"));
    let server = opened(postgres(), &database, "whole").unwrap();
    assert_eq!((server.denied(), server.tables().len()), (Vec::new(), made.len()));
    for table in TABLES.iter().filter(|table| table.is_stored()) {
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
fn real_servers_old_and_new_grant_every_column_of_the_catalogue_that_they_have() {
    for fixture in FIXTURES {
        let database = postgres().database("real", &sql(fixture));
        let role = format!("real-{}", fixture.replace('.', "-"));
        postgres().sql(&database, &grants(&role, "public"));
        let mut server = opened(postgres(), &database, &role).unwrap();
        assert!(!server.identity().could_write());
        let (mut granted, mut refused) = (0, 0);
        for table in server.tables().to_vec() {
            let kinds: Vec<_> = TABLES.iter().filter(|kind| kind.table == table.name).collect();
            let mut listed = Vec::new();
            for column in table.columns.iter().map(|column| column.name.as_str()) {
                let known = |kind: &catalogue::Table| {
                    kind.columns.iter().any(|known| known.is(column))
                        || kind.key.iter().any(|key| key.replace('_', "") == column.replace('_', ""))
                        || kind.only.is_some_and(|(chosen, _)| chosen == column)
                };
                let is_known = kinds.iter().any(|kind| known(kind));
                assert_eq!(server.may_read(&table.name, column), is_known, "{fixture}: {}.{column}", table.name);
                (granted, refused) = if is_known { (granted + 1, refused) } else { (granted, refused + 1) };
                listed.extend(is_known.then_some(column));
            }
            if !listed.is_empty() {
                let query = all(&table.name, &listed);
                let count = server.count(&query).unwrap();
                assert_eq!(rows(&mut server, &query).lines().count() as u64, count);
            }
        }
        assert!(granted > 150 && refused > 20, "{fixture}: {granted} {refused}");
        for secret in ["password", "mfasecret"] {
            assert!(!server.may_read("users", secret) && server.may_read("users", "username"));
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
    assert_eq!(server.denied(), ["channels", "posts", "tokens", "users"]);
}
