//! The words of a text, as the search index holds them and as `search.js` takes a query apart: both must agree.
//!
//! Text is decomposed (NFKD), stripped of marks, and put into lower case, so that `Café` is found by `cafe`. A word is
//! a run of letters and digits, cut at [`LONGEST`] characters. Scripts that put no spaces between words, or attach small
//! words to others (Chinese, Japanese, Thai, Hebrew, Arabic …), give every pair of neighbours and the last character
//! alone: any part of a run is then found by its pairs.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Most characters of a word that count.
pub(super) const LONGEST: usize = 40;

/// Hands on each word of `text`, in order, repetitions included.
pub(super) fn words(text: &str, mut each: impl FnMut(&str)) {
    let mut word = Word::default();
    if text.is_ascii() {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                word.push(char::from(byte.to_ascii_lowercase()));
            } else {
                word.end(&mut each);
            }
        }
    } else {
        for letter in text.nfkd().filter(|letter| !is_ignored(*letter)) {
            if !letter.is_alphanumeric() {
                word.end(&mut each);
                word.end_run(&mut each);
                continue;
            }
            for lower in letter.to_lowercase().filter(|letter| !is_ignored(*letter)) {
                let lower = if lower == 'ς' { 'σ' } else { lower };
                if is_dense(lower) {
                    word.end(&mut each);
                    word.pair(lower, &mut each);
                } else {
                    word.end_run(&mut each);
                    word.push(lower);
                }
            }
        }
        word.end_run(&mut each);
    }
    word.end(&mut each);
}

/// Marks, and characters that only shape what is beside them.
fn is_ignored(letter: char) -> bool {
    matches!(letter, '\u{AD}' | '\u{61C}' | '\u{640}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')
        || is_combining_mark(letter)
}

/// Scripts that are indexed by pairs of characters.
fn is_dense(letter: char) -> bool {
    matches!(
        letter,
        '\u{590}'..='\u{8FF}' | '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}'
    )
}

#[derive(Debug, Default)]
struct Word {
    text: String,
    length: usize,
    last: Option<char>,
}

impl Word {
    fn push(&mut self, letter: char) {
        if self.length < LONGEST {
            self.text.push(letter);
        }
        self.length = self.length.saturating_add(1);
    }

    fn end(&mut self, each: &mut impl FnMut(&str)) {
        if self.length > 0 {
            each(&self.text);
            self.text.clear();
            self.length = 0;
        }
    }

    /// One more character of a dense run.
    fn pair(&mut self, letter: char, each: &mut impl FnMut(&str)) {
        if let Some(last) = self.last.replace(letter) {
            emit(&[last, letter], each);
        }
    }

    fn end_run(&mut self, each: &mut impl FnMut(&str)) {
        if let Some(last) = self.last.take() {
            emit(&[last], each);
        }
    }
}

fn emit(letters: &[char], each: &mut impl FnMut(&str)) {
    let mut buffer = [0; 8];
    let mut length = 0;
    for letter in letters {
        if let Some(rest) = buffer.get_mut(length..) {
            length += letter.encode_utf8(rest).len();
        }
    }
    each(std::str::from_utf8(&buffer[..length]).unwrap_or_default());
}

/// Texts and their words; `search.js` is held against the same list in Chromium.
#[cfg(test)]
const SAMPLES: &str = include_str!("samples.tsv");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_the_words_of_the_samples() {
        let mut checked = 0;
        for line in SAMPLES.lines().filter(|line| !line.is_empty()) {
            let (text, expected) = line.split_once('\t').unwrap();
            let mut found = Vec::new();
            words(text, |word| found.push(word.to_owned()));
            assert_eq!(found.join(" "), expected, "{text}");
            checked += 1;
        }
        assert!(checked > 10);
    }

    #[test]
    fn long_words_are_cut() {
        let mut found = Vec::new();
        words(&format!("{} x", "ä".repeat(100)), |word| found.push(word.chars().count()));
        assert_eq!(found, [LONGEST, 1]);
    }
}
