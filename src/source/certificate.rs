//! Certificates and keys for TLS with a database, read where a setting names them.

use std::{fs, io};

/// The bytes of a PEM file that holds a `what`, such as `CERTIFICATE` or any `PRIVATE KEY`.
pub(in crate::source) fn pem(path: &str, what: &str) -> io::Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    let holds = String::from_utf8_lossy(&bytes).lines().any(|line| {
        line.strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_suffix("-----"))
            .is_some_and(|kind| kind.ends_with(what))
    });
    if holds { Ok(bytes) } else { Err(io::Error::other(format!("no `{what}` in PEM in it"))) }
}
