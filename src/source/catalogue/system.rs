//! The server itself: which one it is, how its tables came about, how it was configured. No keys of its own.

use super::{BLANK, Table, columns, words};

pub(super) static SERVER: Table = Table {
    kind: "server",
    table: "systems",
    evidence: "which server and format the data comes from",
    key: words!("name"),
    only: Some((
        "name",
        &["InstallationDate", "FirstServerRunTimestamp", "Version", "DiagnosticId", "LastSecurityTime"],
    )),
    columns: columns!("name value"),
    bulk_only: words!("info"),
    ..BLANK
};

pub(super) static SERVER_MIGRATION: Table = Table {
    kind: "server_migration",
    table: "db_migrations",
    evidence: "which changes the tables went through, and so which release they are of",
    key: words!("version"),
    columns: columns!("version:int name"),
    ..BLANK
};

pub(super) static SCHEMA_MIGRATION: Table = Table {
    kind: "schema_migration",
    table: "schema_migrations",
    evidence: "the same for releases before 6.0: the last change, and whether it was cut short",
    key: words!("version"),
    columns: columns!("version:int dirty:bool"),
    ..BLANK
};

pub(super) static CONFIGURATION: Table = Table {
    kind: "configuration",
    table: "configurations",
    evidence: "when the configuration was changed; not what it says, which is full of passwords",
    origin: Some("create_at"),
    columns: columns!("create_at:ms active:bool sha"),
    never: words!("value"),
    ..BLANK
};

pub(super) static CONFIGURATION_FILE: Table = Table {
    kind: "configuration_file",
    table: "configurationfiles",
    evidence: "which certificates and the like belong to the configuration, and when they were changed; not their bytes",
    key: words!("name"),
    origin: Some("create_at"),
    events: words!("update_at"),
    clock: Some("update_at"),
    columns: columns!("name create_at:ms update_at:ms"),
    never: words!("data"),
    ..BLANK
};

pub(super) static LICENSE: Table = Table {
    kind: "license",
    table: "licenses",
    evidence: "since when which licence was there, and so which of the server's own means of compliance",
    origin: Some("create_at"),
    columns: columns!("create_at:ms"),
    never: words!("bytes"),
    ..BLANK
};
