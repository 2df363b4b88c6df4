//! Connection URLs, `postgres://[ROLE@][HOST][:PORT][/DATABASE][?NAME=VALUE&…]`, taken apart.
//!
//! Parts are percent-decoded; a part that is absent stays absent, so that the environment can fill it. A password
//! is refused wherever it stands, without being repeated. So is every parameter that we would have to ignore.

use super::PostgresError;

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

fn wrong(problem: impl Into<String>) -> PostgresError {
    PostgresError::Url { problem: problem.into() }
}

/// Takes a URL apart.
pub(super) fn parse(url: &str) -> Result<Parts, PostgresError> {
    let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or_else(|| wrong("it does not begin with `postgres://`"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    // A password may hold a bare `@`; the last one ends it.
    let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (role, password) = user.split_once(':').unwrap_or((user, ""));
    if !password.is_empty() {
        return Err(PostgresError::PasswordInUrl);
    }
    let mut parts = Parts { role: part(role)?, database: part(database)?, ..Parts::default() };
    (parts.host, parts.port) = host_and_port(place)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = part(value)?;
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
            "password" | "sslpassword" => return Err(PostgresError::PasswordInUrl),
            _ => {
                return Err(wrong(format!("the parameter `{}` is not one that we follow", super::error::quoted(name))));
            }
        }
    }
    Ok(parts)
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
fn host_and_port(place: &str) -> Result<(Option<String>, Option<String>), PostgresError> {
    if place.contains(',') {
        return Err(wrong("it names several hosts; name the one to read"));
    }
    if let Some(inner) = place.strip_prefix('[') {
        let (host, tail) = inner.split_once(']').ok_or_else(|| wrong("`[` is not closed"))?;
        let port = match tail.strip_prefix(':') {
            Some(port) => part(port)?,
            None if tail.is_empty() => None,
            None => return Err(wrong("something follows `]`")),
        };
        return Ok((part(host)?, port));
    }
    let (host, port) = place.split_once(':').unwrap_or((place, ""));
    Ok((part(host)?, part(port)?))
}

/// A part without its percent signs; `None` if it is empty.
fn part(text: &str) -> Result<Option<String>, PostgresError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit =
            || rest.next().and_then(|byte| char::from(byte).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match (digit(), digit()) {
            (Some(high), Some(low)) => bytes.push(high << 4 | low),
            _ => return Err(wrong("`%` is not followed by two hexadecimal digits")),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
    if text.contains('\0') {
        return Err(wrong("it holds a zero byte"));
    }
    Ok((!text.is_empty()).then_some(text))
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
