//! Keywords of holds, looked for in the text of posts: all at once, in one pass.
//!
//! A keyword is found whatever its case, also inside a longer word, and a phrase also across a line break: "merge" finds
//! "Merger". Languages differ in what a word is, and a hold that is too wide loses nothing.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

/// Keywords, folded, by the pair of bytes that they begin with.
#[derive(Debug)]
pub(super) struct Words {
    /// Whether any keyword begins with this pair: 65,536 bits.
    begins: Vec<u64>,
    by_pair: HashMap<[u8; 2], Vec<Word>>,
    /// Keywords of a single byte.
    single: Vec<(u8, usize)>,
    /// Owners of an empty keyword, which every text has.
    always: Vec<usize>,
    folded: String,
}

#[derive(Debug)]
struct Word {
    text: Box<[u8]>,
    owner: usize,
}

impl Words {
    /// Keywords of owners 0, 1, 2 …
    pub(super) fn new<'a>(owners: impl Iterator<Item = &'a [String]>) -> Self {
        let mut words = Self {
            begins: vec![0; 1024],
            by_pair: HashMap::new(),
            single: Vec::new(),
            always: Vec::new(),
            folded: String::new(),
        };
        for (owner, keywords) in owners.enumerate() {
            for keyword in keywords {
                let mut text = String::new();
                fold(keyword.trim(), &mut text);
                match *text.as_bytes() {
                    [] => words.always.push(owner),
                    [byte] => words.single.push((byte, owner)),
                    [first, second, ..] => {
                        super::sets::insert(&mut words.begins, pair(first, second));
                        let word = Word { text: text.into_bytes().into(), owner };
                        words.by_pair.entry([first, second]).or_default().push(word);
                    }
                }
            }
        }
        words
    }

    /// Calls `found` with each owner, once or more often, that has a keyword which stands in `text`.
    pub(super) fn find(&mut self, text: &str, mut found: impl FnMut(usize)) {
        self.folded.clear();
        fold(text, &mut self.folded);
        let text = self.folded.as_bytes();
        self.always.iter().for_each(|owner| found(*owner));
        for (byte, owner) in &self.single {
            if memchr::memchr(*byte, text).is_some() {
                found(*owner);
            }
        }
        for (at, two) in text.windows(2).enumerate() {
            if let &[first, second] = two
                && super::sets::contains(&self.begins, pair(first, second))
                && let Some(words) = self.by_pair.get(&[first, second])
            {
                let rest = text.get(at..).unwrap_or_default();
                words.iter().filter(|word| rest.starts_with(&word.text)).for_each(|word| found(word.owner));
            }
        }
    }
}

/// Whether `keyword` stands in `text`, as [`Words`] sees it.
fn pair(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// Appends `text` so that what reads alike is alike: in lower case, letters taken apart from their accents (NFKD, so that
/// it does not matter which keyboard wrote them), each run of white space as one space, both forms of sigma and of a
/// double s alike, and without characters that nobody sees.
pub(super) fn fold(text: &str, out: &mut String) {
    let mut after_space = false;
    if text.is_ascii() {
        text.chars().for_each(|letter| push(letter, &mut after_space, out));
    } else {
        text.nfkd().for_each(|letter| push(letter, &mut after_space, out));
    }
}

fn push(letter: char, after_space: &mut bool, out: &mut String) {
    let is_space = letter.is_whitespace();
    match letter {
        'a'..='z' | '0'..='9' => out.push(letter),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => return,
        _ if is_space && *after_space => {}
        _ if is_space => out.push(' '),
        'ς' => out.push('σ'),
        'ß' | 'ẞ' => out.push_str("ss"),
        other => out.extend(other.to_lowercase()),
    }
    *after_space = is_space;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owners(keywords: &[&[&str]], text: &str) -> Vec<usize> {
        let keywords: Vec<Vec<String>> =
            keywords.iter().map(|list| list.iter().map(ToString::to_string).collect()).collect();
        let mut words = Words::new(keywords.iter().map(Vec::as_slice));
        let mut found = Vec::new();
        words.find(text, |owner| found.push(owner));
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn words_are_found_whatever_their_case_and_wherever_they_stand() {
        let keywords: &[&[&str]] = &[&["merger", "Übernahme"], &["project  X"], &[], &["é"], &["§"], &["x"]];
        for (text, expected) in [
            ("The MERGER is off", &[0][..]),
            ("mergers", &[0]),
            ("merge", &[]),
            ("feindliche übernahme", &[0]),
            ("ÜBERNAHMEN", &[0]),
            ("Project\n\tx", &[1, 5]),
            ("projectx", &[5]),
            ("É", &[3]),
            ("§ 4", &[4]),
            ("", &[]),
        ] {
            assert_eq!(owners(keywords, text), expected, "{text}");
        }
        assert_eq!(owners(&[&["ΟΔΟΣ"], &["οδος"]], "στην οδός οδοσ"), [0, 1]);
        assert_eq!(owners(&[&[""]], ""), [0]);
        assert_eq!(owners(&[&["aab"], &["ab"], &["b"]], "aaab"), [0, 1, 2]);
    }
    #[test]
    fn what_reads_alike_is_found_however_it_is_spelled() {
        for (keyword, text) in [
            ("résumé", "re\u{301}sume\u{301}s"),
            ("re\u{301}sume\u{301}", "RÉSUMÉ"),
            ("Straße", "STRASSE"),
            ("strasse", "Straße"),
            ("merger", "mer\u{ad}ger"),
            ("merger", "me\u{200b}rger"),
            ("merger", "ｍｅｒｇｅｒ"),
            ("file", "ﬁle"),
            ("İzmir", "i\u{307}zmir"),
            ("project x", "project\u{a0}x"),
            (" merger ", "merger"),
            ("가", "\u{1100}\u{1161}"),
        ] {
            assert_eq!(owners(&[&[keyword]], text), [0], "{keyword} in {text}");
        }
    }
}
