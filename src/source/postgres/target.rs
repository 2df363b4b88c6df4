//! Which server, database and role, and how to prove who is who: from a URL and libpq's environment.
//!
//! Everything that libpq would take from elsewhere is settled here, so that nothing is left for the driver to guess:
//! host, port, role, database, password, TLS. A variable that asks for what we cannot do is refused, not ignored.
//! Where libpq falls back to something weaker we do not: a given CA is always used, and one without `sslmode` means
//! `verify-full`. Certificates that merely lie in `~/.postgresql` are not looked for.

use super::PostgresError;
use super::password::{Found, Sought, look_up};
use super::url;
use crate::source::certificate;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::path::Path;
use std::time::Duration;

/// A server, a database and a role.
#[derive(Clone)]
pub struct Target {
    options: PgConnectOptions,
    described: String,
    role: String,
    passed_over: Option<String>,
    connect: Option<Duration>,
}

/// Folders in which PostgreSQL's packages put its socket.
const SOCKET_FOLDERS: [&str; 3] = ["/run/postgresql", "/var/run/postgresql", "/tmp"];

/// Variables of libpq that change whom we talk to or whom we trust, which the driver cannot follow, and the values that
/// ask for nothing.
const NOT_FOLLOWED: [(&str, &[&str]); 8] = [
    ("PGHOSTADDR", &[]),
    ("PGSERVICE", &[]),
    ("PGSSLCRL", &[]),
    ("PGSSLCRLDIR", &[]),
    ("PGREQUIREAUTH", &[]),
    ("PGCHANNELBINDING", &["prefer", "disable"]),
    ("PGGSSENCMODE", &["prefer", "disable"]),
    ("PGTARGETSESSIONATTRS", &["any"]),
];

impl Target {
    /// Reads a `postgres://` or `postgresql://` URL; what it leaves open comes from `environment`, as libpq has it.
    ///
    /// # Errors
    /// [`PostgresError::Url`], [`PostgresError::PasswordInUrl`], [`PostgresError::Setting`] and
    /// [`PostgresError::File`]; nothing is connected yet.
    pub fn parse(url: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, PostgresError> {
        let parts = url::parse(url)?;
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        for (name, harmless) in NOT_FOLLOWED {
            if variable(name).is_some_and(|value| !harmless.contains(&value.as_str())) {
                return Err(setting(name, "the driver has no such thing; unset it and name the server in the URL"));
            }
        }
        // What libpq knows beyond URL and environment is the operating system's user.
        let options = PgConnectOptions::new_without_pgpass();
        let role = parts.role.or_else(|| variable("PGUSER")).unwrap_or_else(|| options.get_username().to_owned());
        let database = parts.database.or_else(|| variable("PGDATABASE")).unwrap_or_else(|| role.clone());
        let port = match parts.port.or_else(|| variable("PGPORT")) {
            None => 5432,
            Some(text) => {
                let port = text.parse().ok().filter(|port| *port != 0);
                port.ok_or_else(|| setting("port", "a number from 1 to 65535 is expected"))?
            }
        };
        let host = parts.host.or_else(|| variable("PGHOST")).unwrap_or_else(|| usual_host(port));
        if host.contains(',') {
            return Err(setting("PGHOST", "it names several hosts; name the one to read"));
        }
        let is_socket = host.starts_with('/');
        let mut hosts = vec![host.as_str()];
        if SOCKET_FOLDERS.contains(&host.as_str()) {
            hosts.push("localhost");
        }
        let (mut password, mut passed_over) = (variable("PGPASSWORD"), None);
        let file = variable("PGPASSFILE").or_else(|| Some(format!("{}/.pgpass", variable("HOME")?)));
        if let (None, Some(file)) = (&password, file) {
            match look_up(&file, &Sought { hosts: &hosts, port, database: &database, role: &role }) {
                Found::Password(found) => password = Some(found),
                Found::PassedOver(why) => passed_over = Some(why),
                Found::Nothing => {}
            }
        }
        let application = parts.application.or_else(|| variable("PGAPPNAME")).unwrap_or_else(|| "chatseal".to_owned());
        let mut options =
            options.host(&host).port(port).username(&role).database(&database).application_name(&application);
        if let Some(given) = parts.options {
            options = options.options(session_settings(&given)?);
        }
        if let Some(password) = password {
            options = options.password(&password);
        }
        let connect = parts.connect_timeout.or_else(|| variable("PGCONNECT_TIMEOUT"));
        let connect = connect.map(|text| text.parse().map_err(|_| setting("connect_timeout", "seconds are expected")));
        let asked = Asked {
            mode: parts.mode.or_else(|| variable("PGSSLMODE")),
            root: parts.root.or_else(|| variable("PGSSLROOTCERT")),
            certificate: parts.certificate.or_else(|| variable("PGSSLCERT")),
            key: parts.key.or_else(|| variable("PGSSLKEY")),
        };
        Ok(Self {
            options: if is_socket { options.ssl_mode(PgSslMode::Disable) } else { asked.apply(options)? },
            described: format!("database `{database}` at {} as `{role}`", place(&host, port)),
            role,
            passed_over,
            connect: connect.transpose()?.filter(|seconds| *seconds > 0).map(Duration::from_secs),
        })
    }

    /// Server, database and role for people, without secrets: ``database `mm` at `db:5432` as `audit` ``.
    pub fn described(&self) -> &str {
        &self.described
    }

    /// The role that we log in as.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Why a password file that exists was not used.
    pub(super) fn passed_over(&self) -> Option<&str> {
        self.passed_over.as_deref()
    }

    /// How long connecting may take, where URL or environment say so.
    pub(super) fn connect_patience(&self) -> Option<Duration> {
        self.connect
    }

    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").field(&self.described).finish()
    }
}

fn setting(name: &str, problem: &str) -> PostgresError {
    PostgresError::Setting { name: name.to_owned(), problem: problem.to_owned() }
}

/// The folder of a running server's socket, or `localhost`.
fn usual_host(port: u16) -> String {
    let socket = format!(".s.PGSQL.{port}");
    let folder = SOCKET_FOLDERS.into_iter().find(|folder| Path::new(folder).join(&socket).exists());
    folder.unwrap_or("localhost").to_owned()
}

fn place(host: &str, port: u16) -> String {
    if host.starts_with('/') {
        return format!("`{host}/.s.PGSQL.{port}`");
    }
    if host.contains(':') { format!("`[{host}]:{port}`") } else { format!("`{host}:{port}`") }
}

/// Session settings in libpq's spelling: `-c name=value`, `--name=value`.
fn session_settings(given: &str) -> Result<Vec<(&str, &str)>, PostgresError> {
    let mut words = given.split_whitespace();
    let mut pairs = Vec::new();
    while let Some(word) = words.next() {
        let setting = if word == "-c" { words.next() } else { word.strip_prefix("--").or(word.strip_prefix("-c")) };
        let pair = setting.and_then(|setting| setting.split_once('='));
        pairs.push(pair.ok_or_else(|| self::setting("options", "`-c NAME=VALUE` is expected"))?);
    }
    Ok(pairs)
}

/// What is asked of TLS.
struct Asked {
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Asked {
    fn apply(self, mut options: PgConnectOptions) -> Result<PgConnectOptions, PostgresError> {
        let mode = match self.mode.as_deref() {
            Some("disable") => return Ok(options.ssl_mode(PgSslMode::Disable)),
            // With a CA in hand there is no reason not to look.
            None if self.root.is_some() => PgSslMode::VerifyFull,
            Some("prefer" | "require") if self.root.is_some() => PgSslMode::VerifyCa,
            None | Some("prefer") => PgSslMode::Prefer,
            Some("require") => PgSslMode::Require,
            Some("verify-ca") => PgSslMode::VerifyCa,
            Some("verify-full") => PgSslMode::VerifyFull,
            Some(_) => {
                let expected = "`disable`, `prefer`, `require`, `verify-ca` or `verify-full` is expected";
                return Err(setting("sslmode", expected));
            }
        };
        options = options.ssl_mode(mode);
        // `system` is libpq's word for the CAs of the operating system, which count anyway.
        if let Some(path) = self.root.filter(|root| root != "system") {
            options = options.ssl_root_cert_from_pem(pem(&path, "CERTIFICATE")?);
        }
        match (self.certificate, self.key) {
            (None, None) => Ok(options),
            (Some(certificate), Some(key)) => Ok(options
                .ssl_client_cert_from_pem(pem(&certificate, "CERTIFICATE")?)
                .ssl_client_key_from_pem(pem(&key, "PRIVATE KEY")?)),
            (Some(_), None) => Err(setting("sslcert", "its key is missing; give `sslkey` too")),
            (None, Some(_)) => Err(setting("sslkey", "its certificate is missing; give `sslcert` too")),
        }
    }
}

/// The bytes of a PEM file that holds a `what`.
fn pem(path: &str, what: &str) -> Result<Vec<u8>, PostgresError> {
    certificate::pem(path, what).map_err(|source| PostgresError::File { path: path.to_owned(), source })
}
