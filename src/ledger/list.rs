//! `archives.sha256`: what was published, as `sha256sum -c` reads it in the folder of the archives.
//!
//! A convenience for people: it is made from what was written, and whoever verifies holds it against the archives. Names
//! are those of the bags, each once.

use std::collections::HashSet;

use crate::archive::names::BagName;
use crate::merkle::Hash;
use crate::record::id::{hex, unhex};

/// A published archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// SHA-256 of the whole zip.
    pub sha256: Hash,
    /// Name of the bag.
    pub bag: BagName,
}

/// The text of the list.
pub(super) fn text(list: &[Listed]) -> String {
    let mut text = String::new();
    for listed in list {
        text.extend([&hex(&listed.sha256), "  ", listed.bag.as_str(), ".zip\n"]);
    }
    text
}

fn read(line: &str) -> Option<Listed> {
    let (digest, name) = line.strip_suffix(".zip\n")?.split_once("  ")?;
    Some(Listed { sha256: unhex(digest)?, bag: BagName::new(name).ok()? })
}

/// Reads exactly what [`text`] writes; else says which line is wrong.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Listed>, usize> {
    let text = std::str::from_utf8(bytes).map_err(|_| 1_usize)?;
    let mut names = HashSet::new();
    let mut list: Vec<Listed> = Vec::new();
    for (number, line) in (1_usize..).zip(text.split_inclusive('\n')) {
        let listed = read(line).filter(|listed| names.insert(listed.bag.as_str().to_owned())).ok_or(number)?;
        list.push(listed);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_spelling() {
        let listed = |name: &str, byte| Listed { sha256: [byte; 32], bag: BagName::new(name).unwrap() };
        let list = vec![listed("2026-11", 1), listed("2026-12", 2)];
        let written = text(&list);
        assert_eq!(parse(written.as_bytes()), Ok(list));
        assert_eq!(parse(b""), Ok(Vec::new()));
        for (wrong, line) in [
            (written.replace("  ", " "), 1),
            (written.replace("2026-12", "2026-11"), 2),
            (written.replace("2026-12", "../x"), 2),
            (written.trim_end().to_owned(), 2),
            (written.replace('0', "O"), 1),
            (written.clone() + "\n", 3),
        ] {
            assert_eq!(parse(wrong.as_bytes()), Err(line), "{wrong}");
        }
    }
}
