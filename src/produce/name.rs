//! Names of files that are made from data: safe on every common file system, readable, deterministic.
//!
//! A channel may be called `CON`, `../../etc`, a thousand characters or nothing; two may differ in case only. A name
//! made here is one component: no separator, no control or bidirectional character, nothing that Windows reserves, at
//! most [`MAX_BYTES`], never empty, never beginning with a dot, and unlike all others of its [`Names`] also where
//! case and Unicode normalisation do not count.

use std::borrow::Cow;
use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization as _;

/// Longest name in bytes. Most file systems hold 255; what is added to tell two apart needs room.
pub const MAX_BYTES: usize = 120;

/// What Windows keeps for devices, whatever extension follows.
const RESERVED: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// A file name that says as much of `text` as is safe, its extension included; borrowed where nothing had to change.
pub fn safe(text: &str) -> Cow<'_, str> {
    safe_within(text, MAX_BYTES)
}

/// [`safe()`], at most `limit` bytes long, which are more than an extension has.
pub fn safe_within(text: &str, limit: usize) -> Cow<'_, str> {
    if is_safe(text, limit) {
        return Cow::Borrowed(text);
    }
    let mut name: String = text.chars().map(|c| if is_harmless(c) { c } else { '_' }).collect();
    if name.len() > limit {
        let (stem, extension) = split(&name);
        let room = limit.saturating_sub(extension.len());
        name = format!("{}{extension}", cut(stem, room));
    }
    name.truncate(name.trim_end_matches(['.', ' ']).len());
    let start = name.trim_start_matches(' ').to_owned();
    name = start;
    if name.is_empty() || name.starts_with('.') || is_reserved(&name) {
        name.insert(0, '_');
        name = cut(&name, limit).to_owned();
    }
    Cow::Owned(name)
}

fn is_safe(text: &str, limit: usize) -> bool {
    !text.is_empty()
        && text.len() <= limit
        && !text.starts_with(['.', ' '])
        && !text.ends_with(['.', ' '])
        && text.chars().all(is_harmless)
        && !is_reserved(text)
}

fn is_harmless(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{61c}' | '\u{fff9}'..='\u{ffff}')
        || (c as u32) & 0xfffe == 0xfffe)
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device).map(|rest| rest.chars().collect::<Vec<_>>());
        number.is_some_and(|number| matches!(number[..], ['0'..='9' | '¹' | '²' | '³']))
    };
    RESERVED.contains(&stem.as_str()) || numbered("com") || numbered("lpt")
}

/// A name before its extension, and the extension with its dot if it is a short one.
fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    }
}

/// The first characters that fit into `room` bytes.
fn cut(text: &str, room: usize) -> &str {
    let end = (0..=room.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    &text[..end]
}

/// Names given out in one folder.
#[derive(Debug, Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// [`safe()`] of `text`, with a number before its extension if the name is taken: `notes.txt`, `notes-2.txt`.
    pub fn take(&mut self, text: &str) -> String {
        let wanted = safe(text);
        if self.0.insert(folded(&wanted)) {
            return wanted.into_owned();
        }
        let (stem, extension) = split(&wanted);
        let mut number = 2_u64;
        loop {
            let tail = format!("-{number}{extension}");
            let name = format!("{}{tail}", cut(stem, MAX_BYTES.saturating_sub(tail.len())));
            if self.0.insert(folded(&name)) {
                return name;
            }
            number = number.saturating_add(1);
        }
    }
}

/// The same for all names that some file system holds for the same.
fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_stay_readable() {
        let long = "ä".repeat(90);
        for (text, expected) in [
            ("report.pdf", "report.pdf"),
            ("", "_"),
            (".", "_"),
            ("..", "_"),
            ("..\\..\\boot.ini", "_.._.._boot.ini"),
            ("/etc/passwd", "_etc_passwd"),
            ("CON", "_CON"),
            ("con.txt", "_con.txt"),
            ("Lpt7.tar.gz", "_Lpt7.tar.gz"),
            ("COM¹", "_COM¹"),
            ("common.txt", "common.txt"),
            ("a\u{202e}gpj.exe", "a_gpj.exe"),
            ("line\nfeed\0.txt", "line_feed_.txt"),
            ("trailing. . ", "trailing"),
            (" leading", "leading"),
            ("日本語.txt", "日本語.txt"),
            (&format!("{long}.jpeg"), &format!("{}.jpeg", &long[..114])),
        ] {
            let name = safe(text);
            assert_eq!(name, expected, "{text:?}");
            assert_eq!(safe(&name), name, "a safe name stays as it is");
        }
    }

    #[test]
    fn names_that_a_file_system_could_confuse_are_told_apart() {
        let mut names = Names::default();
        let taken = ["Notes.txt", "notes.TXT", "notes.txt", "cafe\u{301}", "caf\u{e9}", "", "..", &"x".repeat(200)];
        let given: Vec<String> = taken.iter().map(|name| names.take(name)).collect();
        assert_eq!(given[..7], ["Notes.txt", "notes-2.TXT", "notes-3.txt", "cafe\u{301}", "caf\u{e9}-2", "_", "_-2"]);
        let again = names.take(&"x".repeat(300));
        assert_eq!((again.len(), again.ends_with("x-2")), (MAX_BYTES, true));
    }
}
