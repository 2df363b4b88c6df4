//! Which server, database and account, and how to prove who is who: from a URL, an option file and the environment.
//!
//! Everything is settled here, so that nothing is left for the driver to guess. The URL comes first, then the option
//! file that it names (`defaults-file`, otherwise `~/.my.cnf`), then `MYSQL_PWD`, `MYSQL_UNIX_PORT`, `MYSQL_TCP_PORT`
//! and `USER`. As with PostgreSQL, a given CA is always used, and one without `ssl-mode` means `VERIFY_IDENTITY`.

use super::MysqlError;
use super::error::quoted;
use super::option_file::{self, Options};
use crate::source::certificate;
use crate::source::url::{Url, UrlError};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use std::path::Path;
use std::time::Duration;

/// A server, a database and an account.
#[derive(Clone)]
pub struct Target {
    options: MySqlConnectOptions,
    described: String,
    role: String,
    passed_over: Option<String>,
    connect: Option<Duration>,
    /// Whether TLS may be tried on a socket where the password would otherwise need RSA.
    may_retry: bool,
}

/// Beginnings of a URL that name a MySQL or MariaDB database.
pub const SCHEMES: [&str; 2] = ["mysql://", "mariadb://"];

/// Sockets as packages put them.
const SOCKETS: [&str; 4] =
    ["/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"];

/// Where the server listens.
enum Place {
    Socket(String),
    Port(String, u16),
}

/// What a URL says besides the parts that every URL has.
#[derive(Default)]
struct Parameters {
    socket: Option<String>,
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    connect: Option<String>,
    file: Option<String>,
}

impl Target {
    /// Reads a `mysql://` or `mariadb://` URL; what it leaves open comes from an option file and `environment`.
    ///
    /// # Errors
    /// [`MysqlError::Url`], [`MysqlError::PasswordInUrl`], [`MysqlError::Setting`] and [`MysqlError::File`]; nothing is
    /// connected yet.
    pub fn parse(url: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Self, MysqlError> {
        let url = Url::parse(url, &SCHEMES).map_err(|error| match error {
            UrlError::Password => MysqlError::PasswordInUrl,
            UrlError::Problem(problem) => MysqlError::Url { problem: problem.to_owned() },
        })?;
        let given = Parameters::of(url.parameters)?;
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let file = match (given.file, variable("HOME")) {
            (Some(path), _) => option_file::read(&path)?,
            (None, Some(home)) => option_file::read_if_there(&format!("{home}/.my.cnf"))?,
            (None, None) => Options::default(),
        };
        let role = url.role.or(file.user).or_else(|| variable("USER"));
        let role =
            role.ok_or_else(|| setting("user", "no account is named; `mysql://ACCOUNT@HOST/DATABASE` is expected"))?;
        let database = url.database.ok_or_else(|| MysqlError::Url { problem: "it names no database".to_owned() })?;
        let place = match (given.socket, url.host, file.socket, file.host) {
            (Some(socket), ..) => Place::Socket(socket),
            (None, Some(host), ..) => Place::at(host, url.port.or_else(|| variable("MYSQL_TCP_PORT")))?,
            (None, None, Some(socket), _) if url.port.is_none() => Place::Socket(socket),
            (None, None, _, Some(host)) => Place::at(host, url.port.or(file.port))?,
            (None, None, _, None) => match variable("MYSQL_UNIX_PORT").or_else(usual_socket) {
                Some(socket) if url.port.is_none() && file.port.is_none() => Place::Socket(socket),
                _ => Place::at("localhost".to_owned(), url.port.or(file.port))?,
            },
        };
        let described = format!("database `{database}` at {} as `{role}`", place.described());
        let mut options = MySqlConnectOptions::new()
            // Our own settings follow, for the session, and are verified.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .username(&role)
            .database(&database);
        let password = file.password.or_else(|| variable("MYSQL_PWD"));
        if let Some(password) = password {
            options = options.password(&password);
        }
        let asked = Asked {
            mode: given.mode.or(file.mode),
            root: given.root.or(file.root),
            certificate: given.certificate.or(file.certificate),
            key: given.key.or(file.key),
        };
        let may_retry = matches!(place, Place::Socket(_)) && asked.mode.is_none() && asked.root.is_none();
        options = match place {
            // Nobody listens in on a socket.
            Place::Socket(path) if may_retry => options.socket(path).ssl_mode(MySqlSslMode::Disabled),
            Place::Socket(path) => asked.apply(options.socket(path))?,
            Place::Port(host, port) => asked.apply(options.host(&host).port(port))?,
        };
        let connect =
            given.connect.map(|text| text.parse().map_err(|_| setting("connect_timeout", "seconds are expected")));
        Ok(Self {
            options,
            described,
            role,
            passed_over: file.passed_over,
            connect: connect.transpose()?.filter(|seconds| *seconds > 0).map(Duration::from_secs),
            may_retry,
        })
    }

    /// Server, database and account for people, without secrets: ``database `mm` at `db:3306` as `audit` ``.
    pub fn described(&self) -> &str {
        &self.described
    }

    /// The account that we log in as.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// Why the password of an option file was not used.
    pub(super) fn passed_over(&self) -> Option<&str> {
        self.passed_over.as_deref()
    }

    /// How long connecting may take, where the URL says so.
    pub(super) fn connect_patience(&self) -> Option<Duration> {
        self.connect
    }

    pub(super) fn options(&self) -> &MySqlConnectOptions {
        &self.options
    }

    /// The same with TLS, for a socket on which the password would otherwise need RSA; `None` where TLS was decided on.
    pub(super) fn with_tls(&self) -> Option<MySqlConnectOptions> {
        self.may_retry.then(|| self.options.clone().ssl_mode(MySqlSslMode::Required))
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").field(&self.described).finish()
    }
}

impl Parameters {
    fn of(parameters: Vec<(&str, Option<String>)>) -> Result<Self, MysqlError> {
        let mut found = Self::default();
        for (name, value) in parameters {
            match name {
                "socket" => found.socket = value,
                "ssl-mode" | "sslmode" => found.mode = value,
                "ssl-ca" => found.root = value,
                "ssl-cert" => found.certificate = value,
                "ssl-key" => found.key = value,
                "connect_timeout" => found.connect = value,
                "defaults-file" => found.file = value,
                _ => {
                    let problem = format!("the parameter `{}` is not one that we follow", quoted(name));
                    return Err(MysqlError::Url { problem });
                }
            }
        }
        Ok(found)
    }
}

impl Place {
    fn at(host: String, port: Option<String>) -> Result<Self, MysqlError> {
        let Some(port) = port else { return Ok(Self::Port(host, 3306)) };
        let port = port.parse().ok().filter(|port| *port != 0);
        let port = port.ok_or_else(|| setting("port", "a number from 1 to 65535 is expected"))?;
        Ok(Self::Port(host, port))
    }

    fn described(&self) -> String {
        match self {
            Self::Socket(path) => format!("`{path}`"),
            Self::Port(host, port) if host.contains(':') => format!("`[{host}]:{port}`"),
            Self::Port(host, port) => format!("`{host}:{port}`"),
        }
    }
}

fn setting(name: &str, problem: &str) -> MysqlError {
    MysqlError::Setting { name: name.to_owned(), problem: problem.to_owned() }
}

/// The socket of a server on this machine, if there is one.
fn usual_socket() -> Option<String> {
    SOCKETS.into_iter().find(|socket| Path::new(socket).exists()).map(str::to_owned)
}

/// What is asked of TLS.
struct Asked {
    mode: Option<String>,
    root: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
}

impl Asked {
    fn apply(self, mut options: MySqlConnectOptions) -> Result<MySqlConnectOptions, MysqlError> {
        let mode = self.mode.map(|mode| mode.to_ascii_uppercase().replace('-', "_"));
        let mode = match mode.as_deref() {
            Some("DISABLED") => return Ok(options.ssl_mode(MySqlSslMode::Disabled)),
            // With a CA in hand there is no reason not to look.
            None if self.root.is_some() => MySqlSslMode::VerifyIdentity,
            Some("PREFERRED" | "REQUIRED") if self.root.is_some() => MySqlSslMode::VerifyCa,
            None | Some("PREFERRED") => MySqlSslMode::Preferred,
            Some("REQUIRED") => MySqlSslMode::Required,
            Some("VERIFY_CA") => MySqlSslMode::VerifyCa,
            Some("VERIFY_IDENTITY") => MySqlSslMode::VerifyIdentity,
            Some(_) => {
                let expected = "`DISABLED`, `PREFERRED`, `REQUIRED`, `VERIFY_CA` or `VERIFY_IDENTITY` is expected";
                return Err(setting("ssl-mode", expected));
            }
        };
        options = options.ssl_mode(mode);
        if let Some(path) = self.root {
            options = options.ssl_ca_from_pem(pem(&path, "CERTIFICATE")?);
        }
        match (self.certificate, self.key) {
            (None, None) => Ok(options),
            (Some(certificate), Some(key)) => Ok(options
                .ssl_client_cert_from_pem(pem(&certificate, "CERTIFICATE")?)
                .ssl_client_key_from_pem(pem(&key, "PRIVATE KEY")?)),
            (Some(_), None) => Err(setting("ssl-cert", "its key is missing; give `ssl-key` too")),
            (None, Some(_)) => Err(setting("ssl-key", "its certificate is missing; give `ssl-cert` too")),
        }
    }
}

/// The bytes of a PEM file that holds a `what`.
fn pem(path: &str, what: &str) -> Result<Vec<u8>, MysqlError> {
    certificate::pem(path, what).map_err(|source| MysqlError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str, environment: &[(&str, &str)]) -> Result<Target, MysqlError> {
        let found = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        Target::parse(url, &found)
    }

    #[test]
    fn server_database_and_account_are_described_without_a_secret() {
        let secret = [("MYSQL_PWD", "hunter2")];
        for (url, described) in [
            ("mysql://ana@db/mm", "database `mm` at `db:3306` as `ana`"),
            ("mariadb://ana@[::1]:3307/matter%20most", "database `matter most` at `[::1]:3307` as `ana`"),
            ("mysql://ana@/mm?socket=/run/x.sock", "database `mm` at `/run/x.sock` as `ana`"),
            ("mysql://ana@:3307/mm", "database `mm` at `localhost:3307` as `ana`"),
        ] {
            let target = parsed(url, &secret).unwrap();
            assert_eq!(target.described(), described);
            assert!(!format!("{target:?}").contains("hunter2"));
        }
        let from = [("MYSQL_UNIX_PORT", "/run/y.sock"), ("USER", "ben")];
        assert_eq!(parsed("mysql:///mm", &from).unwrap().described(), "database `mm` at `/run/y.sock` as `ben`");
    }

    #[test]
    fn what_would_have_to_be_guessed_is_refused() {
        for url in ["mysql://a@h", "mysql://a@h/", "postgres://a@h/d", "mysql://a@h/d?charset=utf8", "mysql://a,b/d"] {
            assert!(matches!(parsed(url, &[]), Err(MysqlError::Url { .. })), "{url}");
        }
        for url in ["mysql://h/d", "mysql://a@h:0/d", "mysql://a@h/d?ssl-mode=maybe", "mysql://a@h/d?connect_timeout=x"]
        {
            assert!(matches!(parsed(url, &[]), Err(MysqlError::Setting { .. })), "{url}");
        }
        for url in ["mysql://a:hunter2@h/d", "mysql://a@h/d?password=hunter2"] {
            let error = parsed(url, &[]).unwrap_err();
            assert!(matches!(error, MysqlError::PasswordInUrl), "{url}");
            assert!(!format!("{error:?} {error}").contains("hunter2"));
        }
        assert!(matches!(parsed("mysql://a@h/d?ssl-ca=/nowhere.pem", &[]), Err(MysqlError::File { .. })));
        assert!(matches!(parsed("mysql://a@h/d?defaults-file=/nowhere.cnf", &[]), Err(MysqlError::File { .. })));
    }
}
