//! Pattern lists as OpenSSH matches them (PATTERNS in `ssh_config(5)`): `*`, `?`, commas, `!` for "but not".

/// The longest single pattern that OpenSSH compares; a list with a longer one matches nothing.
const MAX_PATTERN: usize = 1022;

/// Whether `text` matches one pattern of the comma-separated `list` and no negated one.
pub(super) fn matches_list(text: &str, list: &str) -> bool {
    let mut positive = false;
    for pattern in list.split(',') {
        let (negated, pattern) = pattern.strip_prefix('!').map_or((false, pattern), |pattern| (true, pattern));
        if pattern.len() > MAX_PATTERN {
            return false;
        }
        if matches(text.as_bytes(), pattern.as_bytes()) {
            if negated {
                return false;
            }
            positive = true;
        }
    }
    positive
}

/// Whether a list has no pattern that could ever admit anyone.
pub(super) fn admits_none(list: &str) -> bool {
    list.split(',').all(|pattern| pattern.is_empty() || pattern.starts_with('!'))
}

/// Whether `text` is matched by one pattern; time is bounded by the product of the lengths.
fn matches(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    // After the last `*`: where it stood, and how much of the text it has been given so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&byte) = text.get(at) {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(&wanted) if wanted == b'?' || wanted == byte => {
                at += 1;
                in_pattern += 1;
            }
            _ => {
                let Some((position, given)) = star else { return false };
                star = Some((position, given + 1));
                at = given + 1;
                in_pattern = position + 1;
            }
        }
    }
    pattern.iter().skip(in_pattern).all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (text, pattern) in [
            ("a@b", "*"),
            ("", "*"),
            ("", ""),
            ("abc", "a?c"),
            ("abcbc", "a*bc"),
            ("aaa", "a*a"),
            ("a*", "a*"),
            ("ab", "**b*"),
        ] {
            assert!(matches_list(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("abc", "ab"), ("abc", "a?"), ("a", ""), ("abd", "a*c"), ("A", "a"), ("", "?")] {
            assert!(!matches_list(text, pattern), "{text} {pattern}");
        }
    }

    #[test]
    fn a_negated_match_beats_every_other() {
        assert!(matches_list("seal", "file,seal"));
        assert!(!matches_list("seal", "*,!seal"));
        assert!(!matches_list("seal", "!seal,*"));
        assert!(!matches_list("seal", "!file"));
        assert!(!matches_list("seal", &format!("{},seal", "x".repeat(2000))));
        assert!(admits_none("!file") && admits_none("") && !admits_none("!file,seal"));
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!matches_list(&"a".repeat(2000), &format!("{}b", "a*".repeat(400))));
    }
}
