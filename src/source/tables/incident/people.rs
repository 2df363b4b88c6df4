//! Who took part in a run, as its timeline tells it.

use serde_json::Value;

use crate::source::tables::scope::Ids;

/// Events that name people who took part.
pub(super) const EVENTS: [&str; 3] = ["user_joined_left", "participants_changed", "owner_changed"];

/// Names and ids of people in what an event of a timeline tells: JSON of a newer one, `@old to @new` of an older one.
pub(super) fn named_in(details: &str) -> Ids {
    let mut names = Ids::new();
    let mut add = |name: &str| names.insert(Box::from(name.trim_start_matches('@').to_lowercase().as_bytes()));
    let Ok(Value::Object(members)) = serde_json::from_str(details) else {
        let is_end = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
        for (at, _) in details.match_indices('@') {
            let rest = details.get(at + 1..).unwrap_or_default();
            add(rest.split(is_end).next().unwrap_or_default().trim_end_matches('.'));
        }
        return names;
    };
    for (_, value) in members.iter().filter(|(name, _)| name.contains("user")) {
        let listed = value.as_array().map(Vec::as_slice).unwrap_or_default();
        for name in listed.iter().chain([value]).filter_map(Value::as_str) {
            add(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_in_words_of_both_ages() {
        let has = |details: &str, name: &str| named_in(details).contains(name.as_bytes());
        assert!(has("@bruno to @Alice.", "bruno") && has("@bruno to @Alice.", "alice"));
        assert!(has(r#"{"action":"joined","users":["chen.wu"]}"#, "chen.wu"));
        assert!(!has(r#"{"action":"joined","users":["chen.wu"]}"#, "joined") && has(r#"{"user":"@a"}"#, "a"));
        assert!(named_in("").is_empty());
    }
}
