//! Data flows left to right, once: which part of the crate may use which.

use super::{Source, sources};
use std::collections::BTreeSet;

/// Each layer and what it may use of the others; `record::time` allows that module only.
///
/// `verify` shares no code with `source`, `policy` or `select`, so that a bug there cannot hide from it.
const LAYERS: &[(&str, &[&str])] = &[
    ("record", &[]),
    ("merkle", &[]),
    ("progress", &[]),
    ("sort", &[]),
    ("keys", &["record::time"]),
    ("policy", &["record"]),
    ("source", &["record", "progress", "sort"]),
    ("select", &["source", "policy", "record", "progress"]),
    ("archive", &["record", "merkle", "keys", "progress"]),
    ("ledger", &["archive", "record", "merkle", "keys", "progress"]),
    ("chain", &["archive", "record", "merkle", "progress", "sort"]),
    ("verify", &["archive", "ledger", "record", "merkle", "keys", "progress"]),
    ("produce", &["archive", "record", "progress", "sort", "merkle::Hash"]),
    ("search", &["archive", "produce", "record", "progress"]),
    ("cli", &["*"]),
    ("", &["*"]),
];

/// What only `cli` may know: the terminal, the environment, the clock, signals and how errors are shown.
const ONLY_CLI: [&str; 17] = [
    "clap::",
    "clap_complete::",
    "indicatif::",
    "anyhow::",
    "signal_hook::",
    "std::env::",
    "env::var",
    "env::args",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "io::stdout",
    "io::stderr",
    "io::stdin",
    "IsTerminal",
    "std::process",
];

fn layer(source: &Source) -> String {
    source.module().first().copied().unwrap_or_default().to_owned()
}

#[test]
fn every_layer_is_known() {
    for source in sources("src") {
        let layer = layer(&source);
        assert!(LAYERS.iter().any(|(known, _)| *known == layer), "{}: `{layer}` is no layer of the house", source.path);
    }
}

#[test]
fn layers_use_only_what_they_may() {
    for source in sources("src") {
        let layer = layer(&source);
        let Some((_, allowed)) = LAYERS.iter().find(|(known, _)| *known == layer) else { continue };
        for used in uses(&source) {
            let target = used.split("::").next().unwrap_or_default();
            let may = target == layer
                || allowed.iter().any(|path| *path == "*" || used == *path || used.starts_with(&format!("{path}::")));
            assert!(may, "{}: `{layer}` may not use `{used}`; see LAYERS", source.path);
        }
    }
}

#[test]
fn only_the_command_line_knows_terminal_environment_clock_and_signals() {
    for source in sources("src") {
        if layer(&source) == "cli" {
            continue;
        }
        for (number, line) in source.code() {
            for word in ONLY_CLI {
                let main = source.path == "src/main.rs" && word == "std::process";
                assert!(main || !line.contains(word), "{}:{number}: `{word}` belongs to `cli`", source.path);
            }
        }
    }
}

#[test]
fn only_the_two_live_databases_know_their_driver_and_its_runtime() {
    for source in sources("src") {
        if ["src/source/postgres/", "src/source/mysql/"].iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        for (number, line) in source.code() {
            for word in ["sqlx::", "tokio::", "futures_core::", "async fn", ".await"] {
                assert!(!line.contains(word), "{}:{number}: `{word}` stays in the live databases", source.path);
            }
        }
    }
}

#[test]
fn nothing_opens_a_network_connection() {
    for source in sources("src") {
        for (number, line) in source.code() {
            for word in ["std::net", "TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"] {
                assert!(!line.contains(word), "{}:{number}: `{word}` breaks the air gap", source.path);
            }
        }
    }
}

#[test]
fn traits_are_few() {
    let mut traits = Vec::new();
    for source in sources("src") {
        let declared = |line: &str| {
            ["trait ", "pub trait ", "pub(crate) trait ", "pub(super) trait "]
                .iter()
                .any(|start| line.starts_with(start))
        };
        traits.extend(source.code().filter(|(_, line)| declared(line.trim_start())).map(|(_, line)| line.to_owned()));
    }
    assert!(traits.len() <= 3, "a struct does where there is one implementation: {traits:?}");
}

/// The paths from the top of the crate that `source` names, as far as their second part: `record::line`.
fn uses(source: &Source) -> BTreeSet<String> {
    let code: String = source.code().flat_map(|(_, line)| [line, "\n"]).collect();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        if !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == '$') {
            found.extend(heads(&code[at + "crate::".len()..]));
        }
    }
    let depth = source.module().len();
    for (at, _) in code.match_indices("super::") {
        if code[..at].ends_with("super::")
            || code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        {
            continue;
        }
        let mut rest = &code[at..];
        let mut up = 0;
        while let Some(outer) = rest.strip_prefix("super::") {
            (rest, up) = (outer, up + 1);
        }
        if up >= depth {
            found.extend(heads(rest));
        }
    }
    found
}

/// The paths that a use tree begins with, two parts deep: `a::b` for `a::b::C`, each of `{a, b::{c, d}}`.
fn heads(tree: &str) -> Vec<String> {
    let Some(group) = tree.strip_prefix('{') else { return path(tree) };
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            ',' if depth == 0 => {
                found.extend(path(group[start..at].trim()));
                start = at + 1;
            }
            '}' if depth == 0 => {
                found.extend(path(group[start..at].trim()));
                break;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    found
}

fn path(tree: &str) -> Vec<String> {
    let name = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let first = name(tree);
    let Some(rest) = tree[first.len()..].strip_prefix("::") else {
        return if first.is_empty() { Vec::new() } else { vec![first] };
    };
    let inner = if rest.starts_with('{') { heads(rest) } else { vec![name(rest)] };
    inner.iter().map(|second| format!("{first}::{}", second.split("::").next().unwrap_or_default())).collect()
}

#[test]
fn use_trees_are_read_as_rust_reads_them() {
    let uses_of = |path: &str, text: &str| {
        let source = Source { path: path.into(), text: text.into() };
        uses(&source).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(uses_of("src/keys/mod.rs", "use crate::record::time::{self, Millis};"), "record::time");
    assert_eq!(
        uses_of("src/keys/mod.rs", "use crate::{merkle, record::{id, line::Line}};"),
        "merkle record::id record::line"
    );
    assert_eq!(
        uses_of("src/keys/pem.rs", "use super::agent; // crate::verify\nlet x = super::super::source::read();"),
        "source::read"
    );
    assert_eq!(uses_of("src/merkle.rs", "fn f() { super::archive::open() }"), "archive::open");
    assert_eq!(uses_of("src/a.rs", "\n#[cfg(test)]\nmod tests {\n use crate::cli;\n}"), "");
    assert_eq!(uses_of("src/a.rs", "use other_crate::verify; macro!($crate::cli)"), "");
}
