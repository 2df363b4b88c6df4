//! Which database was read, when by its own clock, and as whom: facts for `data/source.json`.
//!
//! Each is what the server says. What an account may not ask, or a server does not know, is absent, never guessed.

use super::MysqlError;
use super::introspect::Found;
use super::session::{Session, field, is_mariadb};
use crate::record::time::Millis;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a server says of itself.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// `MySQL` or `MariaDB`.
    pub product: &'static str,
    /// Version, as the server writes it: `10.11.6-MariaDB-0+deb12u1`.
    pub server_version: String,
    /// Number given to the server when it was made; MariaDB has one from 10.10 on.
    pub server_uuid: Option<String>,
    /// Number that an administrator gave it for replication.
    pub server_id: Option<String>,
    /// The database's name.
    pub database: String,
    /// Character set of the database.
    pub character_set: Option<String>,
    /// Collation of the database; the order of records does not depend on it.
    pub collation: Option<String>,
    /// Whether the server lets nobody write, as replicas usually do.
    pub read_only: Option<bool>,
    /// Whether the server follows another; absent where the account may not ask.
    pub replica: Option<bool>,
    /// Transactions that the server had seen when it was asked.
    pub gtid: Option<String>,
    /// The server's clock when it was asked, epoch milliseconds.
    pub database_time: Millis,
    /// Whether the connection is encrypted, and how: `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    pub tls: Option<String>,
    /// The account that read, with the host that it is for: `audit@%`.
    pub role: String,
    /// Rights of the account that let it write.
    pub write_privileges: Vec<String>,
    /// Tables that the account could write to. The transaction is read-only all the same.
    pub writable_tables: u64,
    /// Whether the account may read the whole database. Where it may not, a table that is absent may be hidden from it.
    pub sees_all_tables: bool,
    /// Tables whose storage engine knows no snapshots: their rows are as they were when they were read.
    pub tables_outside_snapshot: Vec<String>,
    /// What this source cannot promise, in words.
    pub limits: &'static [&'static str],
}

/// What a MySQL or MariaDB cannot promise and PostgreSQL can.
const LIMITS: &[&str] = &[
    "MySQL re-orders the members of a JSON column and normalises its numbers when they are stored; what is sealed is what it holds",
    "a text that was stored in the wrong character set is sealed as the server holds it",
    "all tables are read on one connection, because the server shares no snapshot with a second one",
];

impl Identity {
    /// Whether the account could write: worth a warning, since one that cannot needs no trust in us.
    pub fn could_write(&self) -> bool {
        self.writable_tables > 0 || !self.write_privileges.is_empty()
    }
}

const OBJECT: &str = "the server's identity";

/// Asks the server.
pub(super) fn ask(session: &mut Session, found: &Found) -> Result<Identity, MysqlError> {
    let server_version = session.version.clone();
    let variables = pairs(
        session,
        "SHOW SESSION VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid', 'server_id', 'read_only',
            'character_set_database', 'collation_database', 'gtid_executed', 'gtid_current_pos')",
    )?;
    let variable = |names: &[&str]| names.iter().find_map(|name| variables.get(*name)).filter(|text| !text.is_empty());
    let tls = pairs(session, "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_version', 'Ssl_cipher')")?;
    let tls = tls.get("Ssl_version").filter(|text| !text.is_empty()).map(|version| {
        let cipher = tls.get("Ssl_cipher").map(String::as_str).unwrap_or_default();
        format!("{version} {cipher}")
    });
    let replica = ["SHOW REPLICA STATUS", "SHOW SLAVE STATUS"].into_iter().find_map(|asked| {
        session.run_if_allowed(asked, OBJECT).map(|answer| answer.ok().map(|rows| !rows.is_empty())).transpose()
    });
    let sees_all_tables = !matches!(
        // Of a table that does not exist, an account hears so only if it may read the whole database.
        session.run_if_allowed("SELECT 0 FROM chatseal_asks_what_it_may_see LIMIT 0", OBJECT)?,
        Err(MysqlError::Denied { .. })
    );
    let rows = session
        .run("SELECT DATABASE(), CAST(FLOOR(UNIX_TIMESTAMP(SYSDATE(3)) * 1000) AS SIGNED), CURRENT_USER()", OBJECT)?;
    let odd = || MysqlError::Protocol { object: OBJECT.to_owned(), problem: "a fact is missing".to_owned() };
    let row = rows.first().ok_or_else(odd)?;
    let fact = |column| field(row, column, OBJECT)?.ok_or_else(odd);
    Ok(Identity {
        product: if is_mariadb(&server_version) { "MariaDB" } else { "MySQL" },
        server_version,
        server_uuid: variable(&["server_uuid", "server_uid"]).cloned(),
        server_id: variable(&["server_id"]).cloned(),
        database: fact(0)?,
        character_set: variable(&["character_set_database"]).cloned(),
        collation: variable(&["collation_database"]).cloned(),
        read_only: variable(&["read_only"]).map(|value| value != "OFF"),
        replica: replica.transpose()?,
        gtid: variable(&["gtid_executed", "gtid_current_pos"]).cloned(),
        database_time: fact(1)?.parse().map_err(|_| odd())?,
        tls,
        role: fact(2)?,
        write_privileges: write_privileges(session)?,
        writable_tables: found.writable,
        sees_all_tables,
        tables_outside_snapshot: found.outside.clone(),
        limits: LIMITS,
    })
}

/// Names and values.
fn pairs(session: &mut Session, asked: &str) -> Result<BTreeMap<String, String>, MysqlError> {
    let rows = session.run(asked, OBJECT)?;
    let pair = |row| Ok((field(row, 0, OBJECT)?.unwrap_or_default(), field(row, 1, OBJECT)?.unwrap_or_default()));
    rows.iter().map(pair).collect()
}

/// Rights that were given to the account itself, in this database or everywhere, and that let it write.
fn write_privileges(session: &mut Session) -> Result<Vec<String>, MysqlError> {
    let listed = |table: &str, here: &str| {
        format!(
            "SELECT PRIVILEGE_TYPE FROM information_schema.{table} WHERE {here}
                GRANTEE = CONCAT('''', LEFT(CURRENT_USER(), LENGTH(CURRENT_USER())
                    - LENGTH(SUBSTRING_INDEX(CURRENT_USER(), '@', -1)) - 1),
                    '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')
                AND PRIVILEGE_TYPE IN ('INSERT', 'UPDATE', 'DELETE', 'DELETE HISTORY', 'CREATE', 'DROP', 'ALTER',
                    'INDEX', 'TRIGGER', 'FILE', 'SUPER')"
        )
    };
    let asked = format!(
        "SELECT DISTINCT PRIVILEGE_TYPE FROM ({} UNION {} UNION {}) held ORDER BY PRIVILEGE_TYPE",
        listed("USER_PRIVILEGES", ""),
        listed("SCHEMA_PRIVILEGES", "DATABASE() LIKE TABLE_SCHEMA AND"),
        listed("TABLE_PRIVILEGES", "TABLE_SCHEMA = DATABASE() AND"),
    );
    let rows = session.run(&asked, OBJECT)?;
    rows.iter().map(|row| Ok(field(row, 0, OBJECT)?.unwrap_or_default())).collect()
}
