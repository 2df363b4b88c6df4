//! What SOURCE is: a database by its URL, or a file told by its first bytes, never by its name.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::failures;
use crate::cli::clock;
use crate::cli::environment;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::printer::{harmless, size};
use crate::cli::reading::Reading;
use crate::select::Source;
use crate::source::audit_log::AuditLog;
use crate::source::bulk::Bulk;
use crate::source::bulk::container::ContentPlace;
use crate::source::contents::Contents;
use crate::source::dump::{Dump, DumpError, Found};
use crate::source::mysql;
use crate::source::postgres::{self, Patience};
use crate::source::tables::{self, Database, Store, Tables};

/// Beginnings of a URL that name a PostgreSQL database.
const POSTGRES: [&str; 2] = ["postgres://", "postgresql://"];

/// Whether SOURCE is a database and no file.
pub(super) fn is_url(source: &Path) -> bool {
    let mut schemes = POSTGRES.iter().chain(&mysql::SCHEMES);
    source.to_str().is_some_and(|text| schemes.any(|scheme| text.starts_with(scheme)))
}

/// How a database is reached.
pub(in crate::cli) struct Access<'a> {
    /// What its URL leaves open.
    pub(in crate::cli) environment: &'a dyn Fn(&str) -> Option<String>,
    /// How long is waited for what.
    pub(in crate::cli) patience: Patience,
}

impl Default for Access<'_> {
    fn default() -> Self {
        Self { environment: &environment::value, patience: Patience::default() }
    }
}

/// Connects to the database of a URL.
fn connect(url: &str, access: &Access<'_>, stop: &Arc<AtomicBool>) -> Result<Database, Failure> {
    let (patience, stop) = (access.patience, Some(Arc::clone(stop)));
    if mysql::SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        let target = mysql::Target::parse(url, access.environment).map_err(failures::of_mysql)?;
        return mysql::Server::open(&target, patience, stop).map(Database::Mysql).map_err(failures::of_mysql);
    }
    let target = postgres::Target::parse(url, access.environment).map_err(failures::of_postgres)?;
    postgres::Server::open(&target, patience, stop).map(Database::Postgres).map_err(failures::of_postgres)
}

/// Opens SOURCE with its files and audit logs.
pub(in crate::cli) fn open(source: &Path, reading: &Reading, stop: &Arc<AtomicBool>) -> Result<Source, Failure> {
    open_with(source, reading, &Access::default(), stop)
}

/// The same, of a database that is reached in a way of its own.
pub(in crate::cli) fn open_with(
    source: &Path,
    reading: &Reading,
    access: &Access<'_>,
    stop: &Arc<AtomicBool>,
) -> Result<Source, Failure> {
    let place = &reading.contents();
    let bulk = || {
        let bulk = Bulk::open(source, place).map_err(|error| failures::of_source(source, error.into()))?;
        Ok(Source::Bulk(Box::new(bulk)))
    };
    let store = if is_url(source) {
        let database = connect(source.to_str().unwrap_or_default(), access, stop)?;
        Store::Live(Box::new(Mutex::new(database)))
    } else if is_dump(source)? {
        match Dump::open(source) {
            Ok(dump) => Store::Dump(Box::new(dump)),
            // Neither the one nor the other: what most people will have meant is told.
            Err(DumpError::NotADump { found: Found::Other, .. }) => return bulk(),
            Err(error) => return Err(failures::of_dump(error)),
        }
    } else if reading.audit_log.is_empty() {
        return bulk();
    } else {
        let message = "`--audit-log` goes with a database or its dump: a bulk export has no ids to compare with";
        return Err(Failure::new(Exit::Usage, message));
    };
    let contents = match place {
        // Taken for empty it would make every file one that is missing, and a slip of the pen would be sealed.
        ContentPlace::Folder(folder) if !folder.exists() => {
            let message = format!("there is no folder `{}`", folder.display());
            return Err(Failure::new(Exit::Unavailable, message)
                .hint("`--files` names `FileSettings.Directory` of the server, or a copy of it"));
        }
        ContentPlace::Folder(folder) => Contents::folder(folder).map_err(|error| {
            Failure::of(Exit::Unavailable, error).context(format!("cannot list the files in `{}`", folder.display()))
        })?,
        ContentPlace::Usual | ContentPlace::Nowhere => Contents::none(),
    };
    let log = match reading.audit_log.as_slice() {
        [] => None,
        files => Some(AuditLog::open(files).map_err(failures::of_audit_log)?),
    };
    let now = reading.as_of.is_none().then(clock::now);
    Ok(Source::Tables(Box::new(Tables { store, contents, is_told: *place != ContentPlace::Usual, log, now })))
}

/// Whether a file begins like no bulk export; what else it may be, the reader of dumps says.
fn is_dump(path: &Path) -> Result<bool, Failure> {
    let mut start = Vec::with_capacity(64);
    let read = File::open(path).and_then(|file| file.take(64).read_to_end(&mut start));
    read.map_err(|error| {
        Failure::of(Exit::Unavailable, error)
            .context(format!("cannot open `{}`", path.display()))
            .hint("SOURCE is a bulk export, a pg_dump file, or the URL of a database")
    })?;
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start();
    let is_json = [&b"{"[..], b"\xff\xfe{", b"\xfe\xff\0{"].into_iter().any(|begin| text.starts_with(begin));
    Ok(!(start.is_empty() || start.starts_with(b"PK") || is_json))
}

/// The source for people, before the work starts.
pub(in crate::cli) fn described(source: &Source, given: &Path) -> String {
    let given = given.to_string_lossy();
    let given = harmless(&given);
    match source {
        Source::Bulk(bulk) => {
            let kind = if bulk.container.is_zip() { "zip" } else { "JSON lines" };
            format!("`{given}`: bulk export, {kind}, {}", size(bulk.container.original.size))
        }
        Source::Tables(tables) => {
            let store = match &tables.store {
                Store::Dump(dump) => format!("`{given}`: pg_dump, {}", size(dump.original.size)),
                Store::Live(server) => database(&tables::lock(server)),
            };
            let log = tables.log.as_ref().map_or_else(String::new, |log| {
                let names: Vec<_> = log.names().map(harmless).collect();
                format!("\n  audit log {}", names.join(", "))
            });
            store + &log
        }
    }
}

fn database(database: &Database) -> String {
    let (name, role, server, replica) = match database {
        Database::Postgres(server) => {
            let identity = server.identity();
            let version = format!("PostgreSQL {}", identity.server_version);
            (&identity.database, &identity.role, version, identity.in_recovery)
        }
        Database::Mysql(server) => {
            let identity = server.identity();
            let version = format!("{} {}", identity.product, identity.server_version);
            (&identity.database, &identity.role, version, identity.replica == Some(true))
        }
    };
    let replica = if replica { ", a replica" } else { "" };
    let warning = match database {
        _ if !database.could_write() => "",
        Database::Postgres(_) => "; this role could write, `chatseal grants` makes one that cannot",
        Database::Mysql(_) => "; this account could write, one that has SELECT and nothing else cannot",
    };
    let (name, role, server) = (harmless(name), harmless(role), harmless(&server));
    format!("database `{name}` as `{role}`, {server}{replica}: one read-only snapshot{warning}")
}

/// Where attachments are looked for if nothing was said.
pub(super) fn usual_files(source: &Source) -> &'static str {
    match source {
        Source::Bulk(_) => "as the export has them",
        Source::Tables(_) => "not collected: neither `--files` nor `--no-files` was given",
    }
}
