//! Files: one job each, opened by why they exist, none forgotten.

use super::{Source, files_below, root, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Lines before the unit tests; a longer file has two jobs.
const LONGEST: usize = 420;

#[test]
fn every_file_opens_with_why_it_exists() {
    for source in sources("src").into_iter().chain(sources("tests")) {
        let opens = source.text.starts_with("//! ");
        assert!(opens, "{}: no `//!` on the first line", source.path);
    }
}

#[test]
fn files_have_one_job() {
    for source in sources("src").into_iter().chain(sources("tests")) {
        let lines = source.text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        assert!(lines <= LONGEST, "{}: {lines} lines before its tests, more than {LONGEST}", source.path);
        let name = source.path.rsplit('/').find(|part| *part != "mod.rs").unwrap_or_default().trim_end_matches(".rs");
        let catch_all = ["util", "utils", "helper", "helpers", "common", "manager", "misc"].contains(&name);
        assert!(!catch_all, "{}: name the file after its job", source.path);
    }
    let main = fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() < 50, "src/main.rs only maps a result to an exit code");
}

#[test]
fn nothing_is_left_undone_or_switched_off() {
    // Written in two halves, so that this file does not find itself.
    let words =
        [("todo", "!"), ("unimplemented", "!"), ("#[ign", "ore"), ("FIX", "ME"), ("XX", "X"), ("not built", " yet")];
    for source in sources("src").into_iter().chain(sources("tests")) {
        for (first, second) in words {
            let word = format!("{first}{second}");
            // As a word of its own: `\uXX…` is none of ours.
            let letter = |next: Option<char>| next.is_some_and(char::is_alphanumeric);
            let found = source.text.match_indices(&word).any(|(at, _)| {
                let (before, after) = (&source.text[..at], &source.text[at + word.len()..]);
                !letter(before.chars().next_back()) && !letter(after.chars().next())
            });
            assert!(!found, "{}: `{word}`", source.path);
        }
    }
}

#[test]
fn no_test_file_is_forgotten() {
    let files = sources("tests");
    // `bag/mod.rs` and `bag.rs` are the same module.
    let modules = files.iter().map(|source| (source.path.trim_end_matches(".rs").trim_end_matches("/mod"), source));
    let modules: BTreeMap<&str, &Source> = modules.collect();
    for (module, source) in modules.iter().filter(|(module, _)| **module != "tests/all") {
        let (folder, name) = module.rsplit_once('/').unwrap();
        let parent = if folder == "tests" { "tests/all" } else { folder };
        let says = |word: &str, parent: &&Source| parent.text.contains(&format!("\n{word} {name};\n"));
        let declared = modules.get(parent).is_some_and(|parent| says("mod", parent) || says("pub(crate) mod", parent));
        assert!(declared, "{}: {parent} does not say `mod {name};`", source.path);
    }
}

#[test]
fn no_fixture_is_forgotten() {
    let texts: String = sources("src").into_iter().chain(sources("tests")).map(|source| source.text).collect();
    let folders: BTreeSet<String> = files_below("fixtures")
        .iter()
        .filter_map(|(path, _)| {
            path.strip_prefix("fixtures/")?.split('/').next().map(|name| format!("fixtures/{name}"))
        })
        .collect();
    assert!(!folders.is_empty());
    for folder in folders {
        assert!(texts.contains(&folder), "{folder} is named in no test");
    }
}
