//! Names in rules and holds that match nothing in the source.

/// A name that matches nothing. Patterns with `*` may match nothing; a name that somebody wrote out should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The rule or hold that has the name.
    pub of: UnknownIn,
    /// What it should be: `team`, `channel`, `user`, `group`, `role` or `run`.
    pub what: &'static str,
    /// The name.
    pub name: String,
    /// Names of that sort in the source that are spelled alike, nearest first; at most three.
    pub near: Vec<String>,
}

/// Where a name stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnknownIn {
    /// In the rule of this id.
    Rule(String),
    /// In the hold of this id.
    Hold(String),
}
