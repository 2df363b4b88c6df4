//! Which database was read, when by its own clock, and as whom: facts for `data/source.json`.
//!
//! Each is what the server says. What a role may not ask, or a server does not know, is absent, never guessed.

use super::PostgresError;
use super::session::{Session, field};
use crate::record::time::Millis;
use serde::Serialize;

/// What a server says of itself, within the snapshot that is read.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// Number given to the cluster when it was made (`pg_control_system`); the same on its replicas.
    pub system_identifier: Option<String>,
    /// Version, as the server writes it: `15.8 (Debian 15.8-1)`.
    pub server_version: String,
    /// The database's name.
    pub database: String,
    /// The schema that holds Mattermost's tables.
    pub schema: String,
    /// Encoding of the database; values are handed over in UTF-8 whatever it is.
    pub encoding: String,
    /// Collation and character type of the database; the order of records does not depend on them.
    pub collation: String,
    /// Character classification.
    pub character_type: String,
    /// Whether the server is a replica, or recovering.
    pub in_recovery: bool,
    /// Name of the exported snapshot, shared by all connections; absent if the server shares none.
    pub snapshot: Option<String>,
    /// Transactions that the snapshot sees: `xmin:xmax:in progress`.
    pub transactions: Option<String>,
    /// Position in the write-ahead log when the snapshot was taken; on a replica, of what was replayed.
    pub lsn: Option<String>,
    /// The server's clock when it was asked, epoch milliseconds.
    pub database_time: Millis,
    /// Of a replica the time of the last transaction that it has replayed: it does not know what was committed later.
    pub replayed: Option<Millis>,
    /// Whether the connection is encrypted, and how: `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    pub tls: Option<String>,
    /// The role that read.
    pub role: String,
    /// Whether that role is a superuser.
    pub superuser: bool,
    /// Tables that the role could write to. The transaction is read-only all the same.
    pub writable_tables: u64,
}

impl Identity {
    /// Whether the role could write: worth a warning, since a role that cannot needs no trust in us.
    pub fn could_write(&self) -> bool {
        self.superuser || self.writable_tables > 0
    }
}

const OBJECT: &str = "the server's identity";

/// Asks the server; `schema` holds the tables.
pub(super) fn ask(session: &mut Session, schema: &str, snapshot: Option<String>) -> Result<Identity, PostgresError> {
    let lsn = session.text_if_allowed(
        "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text",
        OBJECT,
    )?;
    let system_identifier =
        session.text_if_allowed("SELECT system_identifier::text FROM pg_control_system()", OBJECT)?;
    let transactions = session.text_if_allowed("SELECT txid_current_snapshot()::text", OBJECT)?;
    let tls = session.text_if_allowed(
        "SELECT version || ' ' || cipher FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()",
        OBJECT,
    )?;
    let replayed = session.text_if_allowed(
        "SELECT CASE WHEN pg_is_in_recovery()
            THEN floor(extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000)::bigint END::text",
        OBJECT,
    )?;
    let asked = format!(
        "SELECT current_setting('server_version'), current_database()::text, pg_encoding_to_char(encoding)::text,
            datcollate::text, datctype::text, pg_is_in_recovery()::text,
            floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::text, current_user::text,
            (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)::text,
            (SELECT count(*) FROM pg_class c WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = {})
                AND relkind IN ('r', 'p') AND (has_table_privilege(c.oid, 'DELETE, TRUNCATE')
                    OR has_any_column_privilege(c.oid, 'INSERT, UPDATE')))::text
        FROM pg_database WHERE datname = current_database()",
        super::query::literal(schema)
    );
    let rows = session.run(&asked, OBJECT)?;
    let odd = || PostgresError::Protocol { object: OBJECT.to_owned(), problem: "a fact is missing".to_owned() };
    let row = rows.first().ok_or_else(odd)?;
    let fact = |column| field(row, column, OBJECT)?.ok_or_else(odd);
    Ok(Identity {
        system_identifier,
        server_version: fact(0)?,
        database: fact(1)?,
        schema: schema.to_owned(),
        encoding: fact(2)?,
        collation: fact(3)?,
        character_type: fact(4)?,
        in_recovery: fact(5)? == "true",
        snapshot,
        transactions,
        lsn,
        database_time: fact(6)?.parse().map_err(|_| odd())?,
        replayed: replayed.and_then(|at| at.parse().ok()),
        tls,
        role: fact(7)?,
        superuser: fact(8)? == "true",
        writable_tables: fact(9)?.parse().map_err(|_| odd())?,
    })
}
