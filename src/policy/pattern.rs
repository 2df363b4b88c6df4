//! Matching of names with `*`.

use super::rule::Pattern;

impl Pattern {
    /// Whether the pattern matches all of `name`, letter for letter; `*` stands for any number of characters.
    pub fn matches(&self, name: &str) -> bool {
        matches(self.0.as_bytes(), name.as_bytes())
    }

    /// Whether the pattern matches only what is spelled as it is.
    pub fn is_plain(&self) -> bool {
        !self.0.contains('*')
    }
}

/// Goes back to the last `*` only, so that the work is at most the product of both lengths.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(byte) if *byte == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, n) = (at + 1, taken + 1);
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_number_of_characters() {
        let all = "a";
        for (pattern, matching, others) in [
            ("", &[""][..], &["a"][..]),
            ("a", &["a"], &["", "b", "aa", "A"]),
            ("*", &["", "a", "ä*"], &[]),
            ("a*", &["a", "ab"], &["", "ba"]),
            ("*a", &["a", "ba", "aa"], &["ab"]),
            ("a*b*c", &["abc", "a-b-b-c", "abbcc"], &["ab", "acb", "abcd"]),
            ("**", &["", "x"], &[]),
            ("ops/*", &["ops/town", "ops/"], &["ops", "dev/ops/x"]),
        ] {
            let pattern = Pattern(pattern.into());
            assert!(matching.iter().all(|name| pattern.matches(name)), "{pattern:?}");
            assert!(!others.iter().any(|name| pattern.matches(name)), "{pattern:?}");
        }
        let slow = Pattern(format!("{}b", "*a".repeat(50)));
        assert!(!slow.matches(&all.repeat(5000)));
    }
}
