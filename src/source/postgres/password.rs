//! Password files as libpq reads them: `host:port:database:role:password` a line, `*` for any, `\` before `:` and `\`.
//!
//! A file that others can read is not used, as with libpq; why it was passed over is kept for the person who then
//! wonders about a refused login. No line is ever quoted.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;

/// What a password is looked up by.
pub(super) struct Sought<'a> {
    /// Host names that stand for the server; a socket folder, and `localhost` for the usual ones.
    pub(super) hosts: &'a [&'a str],
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) role: &'a str,
}

/// What became of the look-up.
pub(super) enum Found {
    Password(String),
    /// No file, or none of its lines fits.
    Nothing,
    /// There is a file and it was not used; says which and why.
    PassedOver(String),
}

/// Bytes of a password file that are read.
const LARGEST: u64 = 1 << 20;

/// Looks a password up in the file at `path`.
pub(super) fn look_up(path: &str, sought: &Sought) -> Found {
    let passed_over = |why: &str| Found::PassedOver(format!("`{path}` {why}"));
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
        Err(error) => return passed_over(&format!("cannot be read: {error}")),
        Ok(found) => found,
    };
    if !found.is_file() {
        return passed_over("is not a plain file");
    }
    let mode = found.permissions().mode();
    if mode & 0o077 != 0 {
        return passed_over(&format!("has mode {:04o}; 0600 or less is expected", mode & 0o7777));
    }
    let mut bytes = Vec::new();
    if let Err(error) = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes)) {
        return passed_over(&format!("cannot be read: {error}"));
    }
    let text = String::from_utf8_lossy(&bytes);
    text.lines().find_map(|line| fitting(line, sought)).map_or(Found::Nothing, Found::Password)
}

/// The password of a line that fits.
fn fitting(line: &str, sought: &Sought) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    let mut next = || {
        let (field, tail) = field(rest)?;
        rest = tail;
        Some(field)
    };
    let (host, port, database, role) = (next()?, next()?, next()?, next()?);
    let is = |field: &str, value: &str| field == "*" || field == value;
    let fits = sought.hosts.iter().any(|name| is(&host, name))
        && is(&port, &sought.port.to_string())
        && is(&database, sought.database)
        && is(&role, sought.role);
    // The password ends at an unescaped colon too, should one follow.
    let password = field(rest).map_or_else(|| unescaped(rest), |(password, _)| password);
    (fits && !password.is_empty()).then_some(password)
}

/// A field and what follows its colon.
fn field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '\\' if !escaped => escaped = true,
            ':' if !escaped => {
                let (field, tail) = text.split_at(at);
                return Some((unescaped(field), tail.get(1..)?));
            }
            _ => escaped = false,
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' { letters.next().unwrap_or(letter) } else { letter });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn looked_up(text: &str, mode: u32) -> Found {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.as_file().set_permissions(fs::Permissions::from_mode(mode)).unwrap();
        let sought = Sought { hosts: &["/run/postgresql", "localhost"], port: 5432, database: "mm", role: "audit" };
        look_up(file.path().to_str().unwrap(), &sought)
    }

    fn password(text: &str) -> Option<String> {
        match looked_up(text, 0o600) {
            Found::Password(password) => Some(password),
            Found::Nothing | Found::PassedOver(_) => None,
        }
    }

    #[test]
    fn the_first_fitting_line_counts() {
        let text = "# c:c:c:c:c\nother:5432:mm:audit:no\n*:*:x:audit:no\nlocalhost:5432:*:audit:yes \n*:*:*:*:late\n";
        assert_eq!(password(text).as_deref(), Some("yes "));
        assert_eq!(password("/run/postgresql:5432:mm:audit:a\\:b\\\\c").as_deref(), Some("a:b\\c"));
        assert_eq!(password("*:*:*:*:one:two\r\n").as_deref(), Some("one"));
        assert_eq!(password("*:*:*:*:crlf\r\n").as_deref(), Some("crlf"));
        for none in ["", "localhost:5432:mm:audit", "localhost:5433:mm:audit:x", "*:*:*:audit\\:x:y", "*:*:*:*:"] {
            assert_eq!(password(none), None, "{none}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_passed_over() {
        for mode in [0o640, 0o604, 0o660] {
            let Found::PassedOver(why) = looked_up("*:*:*:*:secret", mode) else { panic!("{mode:o} was used") };
            assert!(why.contains("0600") && !why.contains("secret"), "{why}");
        }
        let sought = Sought { hosts: &["h"], port: 1, database: "d", role: "r" };
        assert!(matches!(look_up("/", &sought), Found::PassedOver(_)));
        assert!(matches!(look_up("/nowhere/at/all", &sought), Found::Nothing));
    }
}
