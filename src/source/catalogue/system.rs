//! The server itself.

use super::{BLANK, Table, columns, words};

pub(super) static SERVER: Table = Table {
    kind: "server",
    table: "systems",
    evidence: "which server and format the data comes from",
    key: words!("name"),
    only: Some(("name", &["InstallationDate", "Version", "DiagnosticId", "LastSecurityTime"])),
    columns: columns!("name value"),
    bulk_only: words!("info"),
    ..BLANK
};
