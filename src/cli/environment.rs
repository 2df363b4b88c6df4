//! The environment, read in one place and handed on as an argument.

/// The value of an environment variable; `None` if it is not set, empty, or no UTF-8.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where temporary files go that have no output to lie beside.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn temporary() -> std::path::PathBuf {
    std::env::temp_dir()
}
