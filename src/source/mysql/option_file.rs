//! Option files as MySQL's own clients read them: groups in brackets, `name = value` a line.
//!
//! Only `[client]` and `[chatseal]` count, the later line before the earlier. What changes whom we talk to or whom we
//! trust is followed or refused; what only concerns other programs is passed over. A password in a file that others can
//! read is not used, and why is kept for the person who then wonders about a refused login. No line is ever quoted.

use super::MysqlError;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;

/// What an option file says.
#[derive(Default)]
pub(super) struct Options {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) socket: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) root: Option<String>,
    pub(super) certificate: Option<String>,
    pub(super) key: Option<String>,
    /// Why there is a password that was not used.
    pub(super) passed_over: Option<String>,
}

/// Groups that concern us.
const GROUPS: [&str; 2] = ["client", "chatseal"];

/// Options that change whom we trust and that the driver cannot follow.
const NOT_FOLLOWED: [&str; 3] = ["ssl-capath", "ssl-crl", "ssl-crlpath"];

/// Bytes of a file that are read.
const LARGEST: u64 = 1 << 20;

/// Reads a file that must be there.
pub(super) fn read(path: &str) -> Result<Options, MysqlError> {
    let failed = |source| MysqlError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    if !found.is_file() {
        return Err(failed(io::Error::other("it is not a plain file")));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    let mut options = parse(&String::from_utf8_lossy(&bytes))?;
    let mode = found.permissions().mode();
    if mode & 0o077 != 0 && options.password.take().is_some() {
        let mode = mode & 0o7777;
        options.passed_over = Some(format!("`{path}` has mode {mode:04o}; 0600 or less is expected"));
    }
    Ok(options)
}

/// Reads a file that need not be there.
pub(super) fn read_if_there(path: &str) -> Result<Options, MysqlError> {
    match read(path) {
        Err(MysqlError::File { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(Options::default()),
        other => other,
    }
}

fn parse(text: &str) -> Result<Options, MysqlError> {
    let mut options = Options::default();
    let mut is_ours = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(group) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            is_ours = GROUPS.contains(&group.trim());
            continue;
        }
        if line.starts_with('!') {
            return Err(setting(
                "!include",
                "an option file may not name others here; give the one with `defaults-file`",
            ));
        }
        if is_ours {
            let (name, found) = line.split_once('=').map_or((line, None), |(name, found)| (name, Some(value(found))));
            options.set(&name.trim().replace('_', "-"), found)?;
        }
    }
    Ok(options)
}

impl Options {
    fn set(&mut self, name: &str, value: Option<String>) -> Result<(), MysqlError> {
        let is_on = value.as_deref().is_none_or(|value| !matches!(value, "0" | "off" | "OFF" | "false" | "FALSE"));
        match name {
            "user" => self.user = value,
            "password" => self.password = value,
            "host" => self.host = value,
            "port" => self.port = value,
            "socket" => self.socket = value,
            "ssl-mode" => self.mode = value,
            "ssl-ca" => self.root = value,
            "ssl-cert" => self.certificate = value,
            "ssl-key" => self.key = value,
            // MariaDB's words for modes.
            "ssl-verify-server-cert" if is_on => self.mode = Some("VERIFY_IDENTITY".to_owned()),
            "ssl" if is_on => self.mode = self.mode.take().or(Some("REQUIRED".to_owned())),
            "ssl" | "skip-ssl" => self.mode = Some("DISABLED".to_owned()),
            _ if NOT_FOLLOWED.contains(&name) => {
                return Err(setting(
                    name,
                    "the driver has no such thing; name the authority's certificate by `ssl-ca`",
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

/// A value without the quotes around it, its escapes undone.
fn value(text: &str) -> String {
    let text = text.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    // A comment may follow a value that stands without quotes.
    let bare = quoted.unwrap_or_else(|| text.split(" #").next().unwrap_or_default().trim_end());
    let mut plain = String::with_capacity(bare.len());
    let mut letters = bare.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('b') => plain.push('\u{8}'),
            Some('t') => plain.push('\t'),
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('s') => plain.push(' '),
            Some(other @ ('\\' | '"' | '\'')) => plain.push(other),
            // A backslash before anything else is one.
            other => {
                plain.push('\\');
                plain.extend(other);
            }
        }
    }
    plain
}

fn setting(name: &str, problem: &str) -> MysqlError {
    MysqlError::Setting { name: name.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::io::Write as _;

    #[test]
    fn only_groups_that_concern_us_count_and_the_last_line_wins() {
        let text = "[mysqld]\nport=1\n[client]\nuser = audit # who\npassword=\"hun#ter \\\"2\\\"\"\nport=3307\n;port=9\n[mysql]\nuser=no\n[chatseal]\nport = 3308\nssl_ca=/ca.pem\nssl-verify-server-cert\nprompt=x\n";
        let options = parse(text).unwrap();
        assert_eq!(options.user.as_deref(), Some("audit"));
        assert_eq!(options.password.as_deref(), Some("hun#ter \"2\""));
        assert_eq!(options.port.as_deref(), Some("3308"));
        assert_eq!((options.root.as_deref(), options.mode.as_deref()), (Some("/ca.pem"), Some("VERIFY_IDENTITY")));
        assert_eq!(value(r" a\sb\\c\q "), r"a b\c\q");
        assert_eq!(parse("[client]\nskip-ssl").unwrap().mode.as_deref(), Some("DISABLED"));
    }

    #[test]
    fn what_cannot_be_followed_is_refused() {
        for text in ["!include /x.cnf", "[client]\nssl-capath=/x", "[chatseal]\nssl_crl = /x"] {
            assert!(matches!(parse(text), Err(MysqlError::Setting { .. })), "{text}");
        }
        assert!(parse("[mysqld]\nssl-capath=/x").is_ok());
    }

    #[test]
    fn a_password_that_others_can_read_is_passed_over_and_not_repeated() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"[client]\nuser=audit\npassword=hunter2\n").unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        file.as_file().set_permissions(Permissions::from_mode(0o640)).unwrap();
        let options = read(&path).unwrap();
        assert_eq!((options.user.as_deref(), options.password.as_deref()), (Some("audit"), None));
        let why = options.passed_over.unwrap();
        assert!(why.contains("0640") && !why.contains("hunter2"), "{why}");
        file.as_file().set_permissions(Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&path).unwrap().password.as_deref(), Some("hunter2"));
        assert!(matches!(read("/nowhere/my.cnf"), Err(MysqlError::File { .. })));
        assert!(read_if_there("/nowhere/my.cnf").unwrap().user.is_none());
        assert!(matches!(read("/"), Err(MysqlError::File { .. })));
    }
}
