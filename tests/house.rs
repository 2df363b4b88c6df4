//! The house rules: what a reviewer would otherwise have to remember.
//!
//! They read the source as text. That is crude, and enough: a rule that a newcomer breaks is named here with its reason.

mod dependencies;
mod files;
mod layers;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

/// The top of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with its path from the top, in order.
fn files_below(folder: &str) -> Vec<(String, PathBuf)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    let named = |path: PathBuf| (path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"), path);
    found.into_iter().map(named).collect()
}

/// A Rust file.
struct Source {
    /// Path from the top: `src/record/line.rs`.
    path: String,
    text: String,
}

impl Source {
    /// The text before the unit tests; nothing of a file that holds only tests.
    fn product(&self) -> &str {
        if self.path.ends_with("/tests.rs") {
            return "";
        }
        self.text.find("\n#[cfg(test)]\nmod tests").map_or(&self.text, |tests| &self.text[..tests])
    }

    /// The product's lines without comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.product().lines().enumerate();
        lines.map(|(index, line)| (index + 1, line.find("//").map_or(line, |comment| &line[..comment])))
    }

    /// The modules that it stands in, outermost first: `["record", "line"]`; none for `lib.rs` and `main.rs`.
    fn module(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
        let mut parts: Vec<&str> = path.split('/').collect();
        if matches!(parts.last(), Some(&"mod" | &"lib" | &"main")) {
            parts.pop();
        }
        parts
    }
}

/// All Rust files below `folder`.
fn sources(folder: &str) -> Vec<Source> {
    let rust = files_below(folder).into_iter().filter(|(_, full)| full.extension().is_some_and(|end| end == "rs"));
    rust.map(|(path, full)| Source { path, text: fs::read_to_string(full).unwrap() }).collect()
}
