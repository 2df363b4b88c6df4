//! Words that promise what no program can keep.

use super::{files_below, root};
use std::fs;

/// chatseal makes changes evident; it does not prevent them, and whether a rule is met is for people to say.
const CLAIMS: [&str; 6] = ["compliant", "immutable", "worm", "court-proof", "tamper-proof", "military-grade"];

#[test]
fn nothing_is_promised_that_no_program_can_keep() {
    let mut texts: Vec<(String, String)> = Vec::new();
    for (path, full) in files_below("src").into_iter().chain(files_below("man")) {
        // Story and fixtures may say what people say; these files are ours.
        texts.push((path, fs::read_to_string(full).unwrap()));
    }
    for name in ["README.md", "CHANGELOG.md", "Cargo.toml"] {
        texts.push((name.to_owned(), fs::read_to_string(root().join(name)).unwrap()));
    }
    for (path, text) in texts {
        for (index, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            let words = lower.split(|letter: char| !(letter.is_alphanumeric() || letter == '-'));
            for word in words {
                assert!(!CLAIMS.contains(&word), "{path}:{}: `{word}` is a claim that we do not make", index + 1);
            }
        }
    }
}
