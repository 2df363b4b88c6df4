//! A live database that cannot be used.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::source::mysql::MysqlError;
use crate::source::postgres::PostgresError;

/// What can be done when a server cannot be read.
pub(in crate::cli::export) fn of_postgres(error: PostgresError) -> Failure {
    use PostgresError as E;
    let usage = matches!(error, E::Url { .. } | E::PasswordInUrl | E::Setting { .. });
    if matches!(error, E::Stopped) {
        return Failure::of(Exit::Interrupted, error);
    }
    let hint = match &error {
        E::Url { .. } => "for example postgres://chatseal@db.example.org/mattermost",
        E::PasswordInUrl => "put it into a file named by PGPASSFILE (HOST:PORT:DATABASE:USER:PASSWORD, mode 0600)",
        E::Unreachable { .. } | E::SlowToConnect { .. } => "check host and port, and whether this host may connect",
        E::Authentication { .. } => "the password comes from PGPASSFILE, `~/.pgpass` or PGPASSWORD",
        E::NoDatabase { .. } => "`psql -l` on the database host lists the databases",
        E::Tls { .. } => "PGSSLROOTCERT names the certificate of the authority that signed the server's",
        E::Empty { .. } | E::NotMattermost { .. } => {
            "`SqlSettings.DataSource` in Mattermost's config.json names the database"
        }
        E::Ambiguous { .. } => "put the schema to read onto the role's search_path",
        E::Denied { .. } => "`chatseal grants` prints the SQL of a role that may read what is read",
        E::TooSlow { .. } => "raise the limit of the role, or read from a replica",
        E::Locked { .. } => "somebody is changing the schema, an upgrade perhaps; run again when it is done",
        E::Replica { .. } => "raise max_standby_streaming_delay on the replica, or read from the primary",
        E::Lost { .. } | E::Silent { .. } | E::Cancelled { .. } | E::Idle { .. } => {
            "nothing was sealed; the server's log says why; run again"
        }
        _ => return Failure::of(if usage { Exit::Usage } else { Exit::Unavailable }, error),
    }
    .to_owned();
    Failure::of(if usage { Exit::Usage } else { Exit::Unavailable }, error).hint(hint)
}

/// The same of MySQL and MariaDB.
pub(in crate::cli::export) fn of_mysql(error: MysqlError) -> Failure {
    use MysqlError as E;
    let exit = match &error {
        E::Stopped => return Failure::of(Exit::Interrupted, error),
        E::Url { .. } | E::PasswordInUrl | E::Setting { .. } => Exit::Usage,
        _ => Exit::Unavailable,
    };
    let hint = match &error {
        E::Url { .. } => "for example mysql://chatseal@db.example.org/mattermost",
        E::PasswordInUrl => "put it into `~/.my.cnf` (below `[client]`, as `password=…`, mode 0600), or into MYSQL_PWD",
        E::Unreachable { .. } | E::SlowToConnect { .. } => "check host and port, and whether this host may connect",
        E::Authentication { .. } => {
            "the password comes from `~/.my.cnf`, the file named by `defaults-file`, or MYSQL_PWD"
        }
        E::NeedsTls { .. } => {
            "use TLS (`?ssl-mode=REQUIRED`, better with `ssl-ca=FILE`), or the server's socket (`?socket=PATH`) if the server has TLS there"
        }
        E::NoDatabase { .. } => "`SHOW DATABASES` lists those that the account may use",
        E::Tls { .. } => "`?ssl-ca=FILE` names the certificate of the authority that signed the server's",
        E::Empty { .. } | E::NotMattermost { .. } => {
            "`SqlSettings.DataSource` in Mattermost's config.json names the database; the account needs SELECT on it"
        }
        E::TooOld { .. } => "restore a dump of the database on a newer server and read that",
        E::Ambiguous { .. } => "rename the one that Mattermost does not use",
        E::Denied { .. } => "grant the account SELECT on the database",
        E::TooSlow { .. } => "raise the limit of the account, or read from a replica",
        E::Locked { .. } | E::Changed { .. } => {
            "somebody is changing the schema, an upgrade perhaps; run again when it is done"
        }
        E::Lost { .. } | E::Silent { .. } | E::Cancelled { .. } => {
            "nothing was sealed; the server's log says why; run again"
        }
        _ => return Failure::of(exit, error),
    };
    Failure::of(exit, error).hint(hint)
}
