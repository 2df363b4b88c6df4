//! The language of policies: its page, the samples that come with it, and files by somebody who means harm.

mod hostile;
mod loading;
mod page;
mod samples;

use chatseal::policy::document::{Content, Kinds, Parsed, parse};
use chatseal::policy::rule::Policy;
use chatseal::source::catalogue::TABLES;
use std::sync::LazyLock;

/// The kinds of the catalogue.
fn kinds() -> Kinds<'static> {
    static KINDS: LazyLock<Vec<&str>> = LazyLock::new(|| TABLES.iter().map(|table| table.kind).collect());
    Kinds(&KINDS)
}

/// The findings of a file, as a person would read them.
fn told(parsed: &Parsed) -> Vec<String> {
    let told = parsed.findings().listed().iter();
    told.map(|one| format!("{}:{} {}: {}", one.place.line, one.place.column, one.code.code(), one.detail)).collect()
}

/// A policy that must be good.
fn policy(text: &str) -> Policy {
    let parsed = parse(text.as_bytes(), kinds());
    assert_eq!(told(&parsed), Vec::<String>::new());
    match parsed.into_content() {
        Some(Content::Policy(policy)) => policy,
        other => panic!("{other:?}"),
    }
}
