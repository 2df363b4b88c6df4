//! What a `postgres://` URL says: the parts that every URL has, and libpq's parameters.
//!
//! A parameter that we would have to ignore is refused.

use super::PostgresError;
use super::error::quoted;
use crate::source::url::{Url, UrlError};

/// The parts of a URL.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) role: Option<String>,
    pub(super) database: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) root: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    pub(super) application: Option<String>,
    pub(super) options: Option<String>,
    pub(super) connect_timeout: Option<String>,
}

/// Takes a URL apart.
pub(super) fn parse(url: &str) -> Result<Parts, PostgresError> {
    let url = Url::parse(url, &["postgres://", "postgresql://"]).map_err(|error| match error {
        UrlError::Password => PostgresError::PasswordInUrl,
        UrlError::Problem(problem) => PostgresError::Url { problem: problem.to_owned() },
    })?;
    let Url { host, port, role, database, parameters } = url;
    let mut parts = Parts { host, port, role, database, ..Parts::default() };
    for (name, value) in parameters {
        match name {
            "host" => parts.host = value,
            "port" => parts.port = value,
            "user" => parts.role = value,
            "dbname" => parts.database = value,
            "sslmode" => parts.mode = value,
            "sslrootcert" => parts.root = value,
            "sslcert" => parts.certificate = value,
            "sslkey" => parts.key = value,
            "application_name" => parts.application = value,
            "options" => parts.options = value,
            "connect_timeout" => parts.connect_timeout = value,
            // How Mattermost's own driver sends values; its data source names carry it, and it means nothing here.
            "binary_parameters" => {}
            _ => {
                let problem = format!("the parameter `{}` is not one that we follow", quoted(name));
                return Err(PostgresError::Url { problem });
            }
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Parts {
        parse(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn every_part_is_found_and_decoded() {
        let parts =
            parsed("postgresql://au%64it@db.example:5433/matter%20most?sslmode=verify-full&sslrootcert=/ca%2Epem");
        assert_eq!(parts.role.as_deref(), Some("audit"));
        assert_eq!(parts.host.as_deref(), Some("db.example"));
        assert_eq!(parts.port.as_deref(), Some("5433"));
        assert_eq!(parts.database.as_deref(), Some("matter most"));
        assert_eq!((parts.mode.as_deref(), parts.root.as_deref()), (Some("verify-full"), Some("/ca.pem")));
        let parts = parsed("postgres://[2001:db8::1]:5432/mm");
        assert_eq!((parts.host.as_deref(), parts.port.as_deref()), (Some("2001:db8::1"), Some("5432")));
        assert_eq!(parsed("postgres://%2Frun%2Fpg/mm").host.as_deref(), Some("/run/pg"));
        assert_eq!(parsed("postgres:///mm?host=/run/pg&user=a").host.as_deref(), Some("/run/pg"));
        let empty = parsed("postgres://");
        assert!(empty.host.is_none() && empty.database.is_none() && empty.role.is_none());
        parsed("postgres://mm@localhost/mm?sslmode=disable&connect_timeout=10&binary_parameters=yes");
    }

    #[test]
    fn a_password_is_refused_wherever_it_stands_and_not_repeated() {
        for url in [
            "postgres://a:hunter2@h/d",
            "postgres://a:hun@ter2@h/d",
            "postgres://:hunter2@/d",
            "postgres://a@h/d?password=hunter2",
            "postgres://a@h/d?sslmode=require&password=hunter2",
            "postgres://h?sslpassword=hunter2",
        ] {
            let error = parse(url).err().unwrap();
            assert!(matches!(error, PostgresError::PasswordInUrl), "{url}");
            assert!(!format!("{error:?} {error}").contains("ter2"));
        }
        assert_eq!(parsed("postgres://a:@h/d").role.as_deref(), Some("a"));
    }

    #[test]
    fn what_would_have_to_be_guessed_is_refused() {
        for url in [
            "mysql://h/d",
            "postgres:/h/d",
            "postgres://a,b/d",
            "postgres://[::1/d",
            "postgres://[::1]x/d",
            "postgres://h/%zz",
            "postgres://h/%f",
            "postgres://h/%ff",
            "postgres://h/%00",
            "postgres://h/d?target_session_attrs=standby",
            "postgres://h/d?sslmodus=verify-full",
        ] {
            assert!(matches!(parse(url), Err(PostgresError::Url { .. })), "{url}");
        }
    }
}
