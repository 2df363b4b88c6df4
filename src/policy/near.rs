//! Names that are spelled alike, for whoever mistyped one.
//!
//! Suggesting is all it does: nothing is ever taken for something else because it is near.

/// Longer names than this are compared by nobody: the work grows with the square of the length.
const LONGEST: usize = 100;

/// At most three of `known` that are spelled like `name`, nearest first, equals in the order given.
pub fn near<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let name: Vec<char> = name.to_lowercase().chars().take(LONGEST + 1).collect();
    if name.is_empty() || name.len() > LONGEST {
        return Vec::new();
    }
    // A third of the letters may be wrong; in short names one.
    let far = (name.len() / 3).clamp(1, 4);
    let mut found: Vec<(usize, &str)> = Vec::new();
    for other in known {
        // A byte more or less is at least... a quarter of a character: what is much longer cannot be near.
        if other.len() > 4 * (name.len() + far) {
            continue;
        }
        let letters: Vec<char> = other.to_lowercase().chars().collect();
        if letters.len().abs_diff(name.len()) > far {
            continue;
        }
        let distance = distance(&name, &letters);
        if distance <= far && distance < name.len().max(letters.len()) {
            let at = found.partition_point(|(known, _)| *known <= distance);
            found.insert(at, (distance, other));
            found.truncate(3);
        }
    }
    found.into_iter().map(|(_, other)| other).collect()
}

/// How many letters must be added, dropped, replaced or swapped with their neighbour.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut fewest = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                fewest = fewest.min(before[j - 1] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_comes_first() {
        let keys = ["keep_for", "keep_pinned", "clock", "scope", "then"];
        for (typed, meant) in [
            ("keep_fro", vec!["keep_for"]),
            ("Keep_For", vec!["keep_for"]),
            ("keepfor", vec!["keep_for"]),
            ("clok", vec!["clock"]),
            ("thne", vec!["then"]),
            ("scopes", vec!["scope"]),
            ("disposal", vec![]),
            ("", vec![]),
            ("x", vec![]),
        ] {
            assert_eq!(near(typed, keys), meant, "{typed}");
        }
        assert_eq!(near("user2", ["user1", "user3", "users", "user12"]), ["user1", "user3", "users"]);
        assert_eq!(near(&"a".repeat(101), ["a"]), Vec::<&str>::new());
    }

    #[test]
    fn distances() {
        let between = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        for (a, b, expected) in [("", "", 0), ("a", "", 1), ("abc", "acb", 1), ("kitten", "sitting", 3), ("ä", "a", 1)]
        {
            assert_eq!((between(a, b), between(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
