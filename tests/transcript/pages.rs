//! Pages as text: what a record becomes, and that every link leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// All files of a transcript by path from its top.
pub(super) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(below: &Path, top: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, top, found);
            } else {
                let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

/// The pages among them.
pub(super) fn pages(folder: &Path) -> BTreeMap<String, String> {
    let html = |name: &String| Path::new(name).extension().is_some_and(|end| end == "html");
    let pages = files(folder).into_iter().filter(|(name, _)| html(name));
    pages.map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

/// Everything between two marks, each time.
pub(crate) fn between<'t>(text: &'t str, from: &str, to: &str) -> Vec<&'t str> {
    text.split(from).skip(1).map(|rest| rest.split(to).next().unwrap_or_default()).collect()
}

/// Requires that every link and every source of every page leads to a file, and to an element of it where it says so.
pub(super) fn require_links(folder: &Path) {
    let all: BTreeSet<String> = files(folder).into_keys().collect();
    let pages = pages(folder);
    let mut checked = 0;
    for (page, text) in &pages {
        for link in between(text, " href=\"", "\"").into_iter().chain(between(text, " src=\"", "\"")) {
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { page.clone() } else { resolved(page, path) };
            assert!(all.contains(&target), "{page}: `{link}` leads nowhere");
            // What follows `=` is asked of a script.
            if !fragment.is_empty() && !fragment.contains('=') {
                let id = fragment.replace("%3A", ":");
                let there = pages.get(&target).is_some_and(|text| text.contains(&format!(" id=\"{id}\"")));
                assert!(there, "{page}: `{link}` leads to nothing in {target}");
            }
            checked += 1;
        }
    }
    assert!(checked > 100, "links are not read as they are written: {checked}");
}

fn resolved(page: &str, path: &str) -> String {
    let mut parts: PathBuf = Path::new(page).parent().unwrap().to_owned();
    for part in path.split('/') {
        match part {
            ".." => assert!(parts.pop(), "{page}: `{path}` leaves the folder"),
            part => parts.push(part),
        }
    }
    parts.to_str().unwrap().to_owned()
}
