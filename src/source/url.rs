//! Connection URLs of databases, `SCHEME://[ROLE@][HOST][:PORT][/DATABASE][?NAME=VALUE&…]`, taken apart.
//!
//! Parts are percent-decoded; a part that is absent stays absent, so that files and the environment can fill it. A
//! password is refused wherever it stands, without being repeated: arguments can be read by every user of a machine.

/// The parts of a URL.
#[derive(Default)]
pub(in crate::source) struct Url<'a> {
    pub(in crate::source) host: Option<String>,
    pub(in crate::source) port: Option<String>,
    pub(in crate::source) role: Option<String>,
    pub(in crate::source) database: Option<String>,
    /// Names as they stand, values decoded; `None` for an empty one.
    pub(in crate::source) parameters: Vec<(&'a str, Option<String>)>,
}

/// Why a URL is not followed.
pub(in crate::source) enum UrlError {
    /// It is none, or one that we would have to guess about.
    Problem(&'static str),
    /// It holds a password.
    Password,
}

impl<'a> Url<'a> {
    /// Takes a URL apart that begins with one of these.
    pub(in crate::source) fn parse(url: &'a str, schemes: &[&str]) -> Result<Self, UrlError> {
        let rest = schemes.iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or(UrlError::Problem("it begins with no scheme that we know, such as `postgres://`"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        // A password may hold a bare `@`; the last one ends it.
        let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (role, password) = user.split_once(':').unwrap_or((user, ""));
        if !password.is_empty() {
            return Err(UrlError::Password);
        }
        let (host, port) = host_and_port(place)?;
        let mut parts = Self { host, port, role: part(role)?, database: part(database)?, ..Self::default() };
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name.ends_with("password") {
                return Err(UrlError::Password);
            }
            parts.parameters.push((name, part(value)?));
        }
        Ok(parts)
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
fn host_and_port(place: &str) -> Result<(Option<String>, Option<String>), UrlError> {
    if place.contains(',') {
        return Err(UrlError::Problem("it names several hosts; name the one to read"));
    }
    if let Some(inner) = place.strip_prefix('[') {
        let (host, tail) = inner.split_once(']').ok_or(UrlError::Problem("`[` is not closed"))?;
        let port = match tail.strip_prefix(':') {
            Some(port) => part(port)?,
            None if tail.is_empty() => None,
            None => return Err(UrlError::Problem("something follows `]`")),
        };
        return Ok((part(host)?, port));
    }
    let (host, port) = place.split_once(':').unwrap_or((place, ""));
    Ok((part(host)?, part(port)?))
}

/// A part without its percent signs; `None` if it is empty.
fn part(text: &str) -> Result<Option<String>, UrlError> {
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
            _ => return Err(UrlError::Problem("`%` is not followed by two hexadecimal digits")),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| UrlError::Problem("it is not UTF-8"))?;
    if text.contains('\0') {
        return Err(UrlError::Problem("it holds a zero byte"));
    }
    Ok((!text.is_empty()).then_some(text))
}
