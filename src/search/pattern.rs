//! What is looked for: a text or a regular expression, and which lines may hold it.

use std::ops::Range;

use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder, bytes};

use crate::record::line::push_string;

/// Escapes that embedded JSON may use for any character, and for a slash; record lines write neither elsewhere.
const FREE: [&str; 2] = ["\\u", "\\/"];

/// Why a pattern cannot be looked for.
#[derive(Debug, thiserror::Error)]
pub enum PatternError {
    /// Nothing to look for.
    #[error("the pattern is empty; leave it out to find every record that the other flags admit")]
    Empty,
    /// Not a regular expression.
    #[error("the pattern is not a regular expression of this program")]
    Syntax(#[source] Box<regex::Error>),
}

/// What is looked for.
#[derive(Debug)]
pub enum Pattern {
    /// These characters.
    Literal {
        /// Finds them in decoded text.
        text: Box<Finder<'static>>,
        /// Finds them as record lines spell them.
        spelled: Box<Finder<'static>>,
    },
    /// These characters in upper or lower case.
    Folded {
        /// Finds them in decoded text.
        text: Regex,
        /// Finds them as record lines spell them.
        spelled: bytes::Regex,
    },
    /// What a regular expression describes, within one field.
    Regex(Regex),
}

impl Pattern {
    /// These characters, in any case if `fold`.
    pub fn literal(text: &str, fold: bool) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        let mut quoted = Vec::new();
        push_string(&mut quoted, text);
        let spelled = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        if !fold {
            let finder = |bytes: &[u8]| Box::new(Finder::new(bytes).into_owned());
            return Ok(Self::Literal { text: finder(text.as_bytes()), spelled: finder(spelled) });
        }
        let spelled = regex::escape(&String::from_utf8_lossy(spelled));
        let spelled = bytes::RegexBuilder::new(&spelled).case_insensitive(true).build();
        Ok(Self::Folded { text: compiled(&regex::escape(text), true)?, spelled: spelled.map_err(syntax)? })
    }

    /// What a regular expression describes, in any case if `fold`.
    pub fn regex(text: &str, fold: bool) -> Result<Self, PatternError> {
        if text.is_empty() { Err(PatternError::Empty) } else { Ok(Self::Regex(compiled(text, fold)?)) }
    }

    /// The first match in decoded text, and how many there are; `None` if there is none.
    pub(super) fn matches(&self, text: &str) -> Option<(Range<usize>, u64)> {
        match self {
            Self::Literal { text: finder, .. } => {
                let first = finder.find(text.as_bytes())?;
                let count = finder.find_iter(text.as_bytes()).count() as u64;
                Some((first..first + finder.needle().len(), count))
            }
            Self::Folded { text: regex, .. } | Self::Regex(regex) => {
                let mut all = regex.find_iter(text);
                let first = all.next()?.range();
                Some((first, all.count() as u64 + 1))
            }
        }
    }

    /// Calls `each` with the bounds of every line, without line feed, that may hold the pattern.
    pub(super) fn candidates(&self, lines: &[u8], mut each: impl FnMut(usize, usize)) {
        let free = FREE.map(Finder::new);
        let find = |needle: usize, from: usize| match needle.checked_sub(1).and_then(|needle| free.get(needle)) {
            None => self.spelled(lines, from),
            Some(finder) => lines.get(from..).and_then(|rest| finder.find(rest)).map(|at| from + at),
        };
        let mut next = [0, 1, 2].map(|needle| find(needle, 0));
        let mut from = 0;
        while let Some(found) = next.into_iter().flatten().min() {
            let start = memchr::memrchr(b'\n', &lines[from..found]).map_or(from, |at| from + at + 1);
            let end = memchr::memchr(b'\n', &lines[found..]).map_or(lines.len(), |length| found + length);
            each(start, end);
            from = end + 1;
            for (needle, place) in next.iter_mut().enumerate() {
                if place.is_some_and(|at| at < from) {
                    *place = find(needle, from);
                }
            }
        }
    }

    /// Where the pattern stands as lines spell it, from `from` on.
    fn spelled(&self, lines: &[u8], from: usize) -> Option<usize> {
        let rest = lines.get(from..)?;
        match self {
            Self::Literal { spelled, .. } => spelled.find(rest).map(|at| from + at),
            Self::Folded { spelled, .. } => spelled.find(rest).map(|found| from + found.start()),
            // Every line may hold it.
            Self::Regex(_) => (!rest.is_empty()).then_some(from),
        }
    }
}

fn compiled(pattern: &str, fold: bool) -> Result<Regex, PatternError> {
    RegexBuilder::new(pattern).case_insensitive(fold).build().map_err(syntax)
}

fn syntax(error: regex::Error) -> PatternError {
    PatternError::Syntax(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(pattern: &Pattern, lines: &str) -> Vec<String> {
        let mut found = Vec::new();
        pattern.candidates(lines.as_bytes(), |start, end| found.push(lines[start..end].to_owned()));
        found
    }

    #[test]
    fn lines_that_may_hold_it_come_once_each() {
        let lines = "pump\nno\npump pump\n\\u0070ump\nx\na\\/b\nPUMP\nend pump";
        let literal = Pattern::literal("pump", false).unwrap();
        assert_eq!(candidates(&literal, lines), ["pump", "pump pump", "\\u0070ump", "a\\/b", "end pump"]);
        let folded = Pattern::literal("pump", true).unwrap();
        assert_eq!(candidates(&folded, lines), ["pump", "pump pump", "\\u0070ump", "a\\/b", "PUMP", "end pump"]);
        assert_eq!(candidates(&Pattern::regex("^p", false).unwrap(), "a\nb\n"), ["a", "b"]);
        for empty in ["", "\n"] {
            assert!(candidates(&literal, empty).is_empty());
        }
    }

    #[test]
    fn a_pattern_is_looked_for_as_lines_spell_it() {
        for (text, line) in [("say \"no\"", r#"say \"no\""#), ("a\nb", r"a\nb"), ("C:\\x", r"C:\\x"), ("é", "é")] {
            for fold in [false, true] {
                assert_eq!(candidates(&Pattern::literal(text, fold).unwrap(), line).len(), 1, "{text}");
            }
        }
    }

    #[test]
    fn matches_are_counted() {
        let found = |pattern: Result<Pattern, PatternError>, text: &str| pattern.unwrap().matches(text);
        assert_eq!(found(Pattern::literal("aa", false), "xaaaa"), Some((1..3, 2)));
        assert_eq!(found(Pattern::literal("STÖR", true), "störung Stör"), Some((0..5, 2)));
        assert_eq!(found(Pattern::regex(r"\bp\w+", false), "a pump, a pipe"), Some((2..6, 2)));
        assert_eq!(found(Pattern::regex("z", false), "pump"), None);
        assert!(matches!(Pattern::regex("(", false), Err(PatternError::Syntax(_))));
        assert!(matches!(Pattern::literal("", true), Err(PatternError::Empty)));
    }
}
