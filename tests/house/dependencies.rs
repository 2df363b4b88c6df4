//! What may enter the dependency tree: the air gap, licences, reasons and a budget.

use super::{root, sources};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// HTTP, DNS, TLS through C, and second async runtimes: none of them has work to do on a disconnected host.
///
/// Names, or the beginnings of names that end in `*`; they are banned from the tests too. `schannel` and
/// `security-framework` are not among them: rustls reads the certificates of Windows and macOS through them, no more.
const BANNED: [&str; 24] = [
    "async-std",
    "attohttpc",
    "curl*",
    "h2",
    "hickory-*",
    "http",
    "hyper*",
    "isahc",
    "libssh2-sys",
    "mbedtls*",
    "minreq",
    "native-tls",
    "openssl",
    "openssl-src",
    "openssl-sys",
    "opentelemetry*",
    "quinn*",
    "reqwest",
    "rouille",
    "sentry*",
    "smol",
    "surf",
    "ureq",
    "webpki-roots",
];

/// Licences under which the product may be given away as one binary.
const LICENCES: [&str; 8] =
    ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Unicode-3.0", "Unlicense", "Zlib"];

/// Packages that the product is built from, itself included. A new dependency is a decision: raise it with a reason.
const BUDGET: usize = 200;

fn metadata() -> Value {
    let compiler = Command::new("rustc").arg("-vV").output().unwrap();
    let host = String::from_utf8(compiler.stdout).unwrap();
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // Offline and for this host only: what the build has fetched is enough.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn table(lines: &str, name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut inside, mut before) = (false, "");
    for line in lines.lines() {
        if line.starts_with('[') {
            inside = line == format!("[{name}]");
        } else if let Some((dependency, _)) = line.split_once(" = ").filter(|_| inside && !line.starts_with(['#', ' ']))
        {
            found.push((dependency.to_owned(), before.to_owned()));
        }
        before = line;
    }
    found
}

#[test]
fn nothing_that_reaches_a_network_is_locked() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let names: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    assert!(names.contains(&"ring"), "Cargo.lock is not read as it is written");
    for name in names {
        let banned =
            BANNED.iter().find(|ban| ban.strip_suffix('*').map_or(name == **ban, |start| name.starts_with(start)));
        assert_eq!(banned, None, "`{name}` breaks the air gap; find who brings it with `cargo tree -i {name}`");
    }
}

#[test]
fn everything_comes_from_the_registry() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for line in lock.lines().filter(|line| line.starts_with("source = ")) {
        assert_eq!(line, "source = \"registry+https://github.com/rust-lang/crates.io-index\"");
    }
}

#[test]
fn every_dependency_says_why_it_is_there_and_is_used() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let product: String = sources("src").iter().map(|source| source.product().to_owned()).collect();
    let tests: String = sources("src").into_iter().chain(sources("tests")).map(|source| source.text).collect();
    for (name, place) in [("dependencies", &product), ("dev-dependencies", &tests)] {
        let dependencies = table(&manifest, name);
        assert!(!dependencies.is_empty(), "[{name}] is not read as it is written");
        for (dependency, above) in dependencies {
            assert!(above.starts_with("# ") && above.len() > 12, "Cargo.toml: no reason above `{dependency}`");
            let path = format!("{}::", dependency.replace('-', "_"));
            assert!(place.contains(&path), "Cargo.toml: nothing uses `{dependency}`");
        }
    }
}

#[test]
fn licences_allow_one_binary() {
    for package in metadata()["packages"].as_array().unwrap() {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(is_allowed(licence), "`{}` is under `{licence}`", package["name"]);
    }
}

/// An SPDX expression: `OR` needs one side, `AND` both; `/` is an old way to write `OR`.
fn is_allowed(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let whole = expression.trim();
    if let Some(sides) = split(whole, " OR ") {
        return sides.iter().any(|side| is_allowed(side));
    }
    if let Some(sides) = split(whole, " AND ") {
        return sides.iter().all(|side| is_allowed(side));
    }
    match whole.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_allowed(inner),
        None => LICENCES.contains(&whole),
    }
}

/// Splits at `word` outside parentheses; `None` if it is not there.
fn split<'a>(expression: &'a str, word: &str) -> Option<Vec<&'a str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (at, _) in expression.match_indices(word) {
        let before = &expression[..at];
        if before.matches('(').count() == before.matches(')').count() {
            parts.push(&expression[start..at]);
            start = at + word.len();
        }
    }
    if parts.is_empty() {
        return None;
    }
    parts.push(&expression[start..]);
    Some(parts)
}

#[test]
fn licence_expressions_are_understood() {
    assert!(is_allowed("MIT OR Apache-2.0") && is_allowed("GPL-3.0 OR MIT") && is_allowed("Unlicense/MIT"));
    assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0") && is_allowed("Apache-2.0 AND ISC"));
    assert!(!is_allowed("GPL-3.0") && !is_allowed("MIT AND GPL-3.0") && !is_allowed("(MIT OR ISC) AND GPL-3.0"));
    assert!(!is_allowed("none") && !is_allowed(""));
}

#[test]
fn the_product_is_built_from_few_packages() {
    let metadata = metadata();
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node))
        .collect();
    let mut reached = BTreeSet::new();
    let mut open = vec![metadata["resolve"]["root"].as_str().unwrap()];
    while let Some(id) = open.pop() {
        if !reached.insert(id) {
            continue;
        }
        for dependency in nodes[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                open.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    assert!(reached.len() > 20, "the tree is not read as cargo writes it");
    assert!(reached.len() <= BUDGET, "{} packages; the budget is {BUDGET}", reached.len());
}
