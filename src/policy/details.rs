//! Conditions on a post itself: its type, its properties, its hashtags.

use memchr::memmem::Finder;

use super::explanation::Condition;
use super::rule::{Pattern, Scope};
use super::set::Set;
use super::sets::{SetId, Sets, bits, insert};
use super::subject::Post;
use crate::record::json::Cursor;

/// Scopes that state conditions on posts. Scopes are numbered: the scope of each rule by the rule's position, and what
/// it excepts by as much again, rounded up to whole words of 64 bits.
#[derive(Debug)]
pub(super) struct Details {
    scopes: Vec<(usize, Scope)>,
    stated: Vec<u64>,
    /// Those of them that state properties.
    of_properties: Vec<u64>,
    /// What any property that is asked for must have in its name; few, whatever the number of scopes.
    names: Vec<Finder<'static>>,
}

/// Words of 64 bits that hold one bit for each rule.
pub(super) fn words_of_rules(set: &Set) -> usize {
    set.rules().count().div_ceil(64)
}

impl Details {
    pub(super) fn new(set: &Set) -> Self {
        let words = words_of_rules(set);
        let mut details = Self {
            scopes: Vec::new(),
            stated: vec![0; 2 * words],
            of_properties: vec![0; 2 * words],
            names: Vec::new(),
        };
        for (at, rule) in set.rules().enumerate() {
            let both = [(at, Some(&rule.scope)), (64 * words + at, rule.except.as_ref())];
            for (number, scope) in both.into_iter().filter_map(|(number, scope)| Some((number, scope?))) {
                if !scope.post_types.is_empty() || !scope.props.is_empty() || !scope.tags.is_empty() {
                    insert(&mut details.stated, number);
                    details.scopes.push((number, scope.clone()));
                    if !scope.props.is_empty() {
                        insert(&mut details.of_properties, number);
                    }
                    for pattern in &scope.props {
                        let longest = pattern.0.split('*').max_by_key(|part| part.len()).unwrap_or_default();
                        if details.names.iter().all(|name| name.needle() != longest.as_bytes()) {
                            details.names.push(Finder::new(longest).into_owned());
                        }
                    }
                }
            }
        }
        details.scopes.sort_by_key(|(number, _)| *number);
        details
    }

    /// How many numbers of scopes there are.
    pub(super) fn scopes(&self) -> usize {
        64 * self.stated.len()
    }

    /// Those of 64 scopes whose conditions on the post are met, or that state none.
    pub(super) fn meeting(&self, word: usize, scopes: u64, post: &Post<'_>) -> u64 {
        let stated = scopes & word_of(&self.stated, word);
        if stated == 0 {
            return scopes;
        }
        let of_properties = stated & word_of(&self.of_properties, word);
        let may = of_properties != 0 && self.may_have_properties(post.props);
        let asked = [if may { stated } else { stated & !of_properties }];
        let met = bits(&asked).filter(|bit| self.meets(word * 64 + bit, post));
        met.fold(scopes & !stated, |met, bit| met | 1 << bit)
    }

    /// The same for a set that [`Self::of`] made; none for a record that is of no post.
    pub(super) fn met(&self, word: usize, scopes: u64, met: &[u64]) -> u64 {
        scopes & (word_of(met, word) | !word_of(&self.stated, word))
    }

    /// Scopes whose conditions the post meets.
    pub(super) fn of(&self, post: &Post<'_>, sets: &mut Sets) -> SetId {
        if self.scopes.is_empty() {
            return Sets::EMPTY;
        }
        let mut met = sets.empty();
        let may = self.may_have_properties(post.props);
        for (number, scope) in &self.scopes {
            if (may || scope.props.is_empty()) && failing(scope, post).is_none() {
                insert(&mut met, *number);
            }
        }
        sets.keep(&met)
    }

    /// Whether properties may be among those that any scope asks for, or are spelled so that only reading them tells.
    fn may_have_properties(&self, props: &str) -> bool {
        let props = props.as_bytes();
        self.names.iter().any(|name| name.find(props).is_some())
            || !self.names.is_empty() && memchr::memchr(b'\\', props).is_some()
    }

    /// Whether the post meets the conditions of a scope that states any.
    fn meets(&self, number: usize, post: &Post<'_>) -> bool {
        let at = self.scopes.partition_point(|(other, _)| *other < number);
        self.scopes.get(at).is_some_and(|(other, scope)| *other == number && failing(scope, post).is_none())
    }
}

fn word_of(set: &[u64], word: usize) -> u64 {
    set.get(word).copied().unwrap_or(0)
}

/// The first condition on posts that is not met.
pub(super) fn failing<'e>(scope: &Scope, post: &Post<'_>) -> Option<Condition<'e>> {
    if !scope.post_types.is_empty() && !scope.post_types.iter().any(|pattern| pattern.matches(post.post_type)) {
        return Some(Condition::PostTypes);
    }
    if !scope.props.is_empty() && !has_property(&scope.props, post.props) {
        return Some(Condition::Props);
    }
    if !scope.tags.is_empty() && !has_tag(&scope.tags, post.hashtags) {
        return Some(Condition::Tags);
    }
    None
}

/// The first condition on posts that is stated, which a record without a post cannot meet.
pub(super) fn first_stated<'e>(scope: &Scope) -> Option<Condition<'e>> {
    [(&scope.post_types, Condition::PostTypes), (&scope.props, Condition::Props), (&scope.tags, Condition::Tags)]
        .into_iter()
        .find_map(|(list, condition)| (!list.is_empty()).then_some(condition))
}

/// Whether a property of the object is there and true; integrations write `true` or `"true"`. What is no JSON object has
/// no properties.
fn has_property(patterns: &[Pattern], props: &str) -> bool {
    let mut json = Cursor::new(props);
    let (mut found, mut first) = (false, true);
    if json.open_object().is_err() {
        return false;
    }
    while let Ok(Some(key)) = json.member(&mut first) {
        let Ok(value) = json.value() else { return false };
        if matches!(value.text, "true" | "\"true\"") {
            let (key, _) = key.decode();
            found |= patterns.iter().any(|pattern| pattern.matches(&key));
        }
    }
    found
}

fn has_tag(patterns: &[Pattern], hashtags: &str) -> bool {
    let mut tags = hashtags.split_whitespace().map(|tag| tag.trim_start_matches('#').to_lowercase());
    tags.any(|tag| patterns.iter().any(|pattern| Pattern(pattern.0.to_lowercase()).matches(&tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Vec<Pattern> {
        vec![Pattern(text.into())]
    }

    #[test]
    fn properties_are_true_as_a_word_or_as_a_text() {
        for (props, expected) in [
            (r#"{"from_bot":"true"}"#, true),
            (r#"{"from_bot": true, "x": {"y": []}}"#, true),
            (r#"{"x":"from_bot","from_b\u006ft":"true"}"#, true),
            (r#"{"from_bot":"false"}"#, false),
            (r#"{"from_bot":1}"#, false),
            (r#"{"x":{"from_bot":true}}"#, false),
            (r#"["from_bot"]"#, false),
            ("{\"from_bot\":true,", true),
            ("", false),
        ] {
            assert_eq!(has_property(&pattern("from_b*"), props), expected, "{props}");
        }
    }

    #[test]
    fn no_property_is_passed_over_unread() {
        let scope = Scope { props: vec![Pattern("from_*".into()), Pattern("*_bot".into())], ..Scope::default() };
        let details = Details {
            scopes: vec![(3, scope)],
            stated: vec![8, 0],
            of_properties: vec![8, 0],
            names: vec![Finder::new("from_")],
        };
        for (props, may, meets) in [
            (r#"{"from_bot":"true"}"#, true, true),
            (r#"{"from\u005fbot":"true"}"#, true, true),
            (r#"{"x":"from_bot"}"#, true, false),
            (r#"{"x":"y"}"#, false, false),
            ("", false, false),
        ] {
            let post = Post { props, ..Post::default() };
            assert_eq!(details.may_have_properties(props), may, "{props}");
            assert_eq!(details.meeting(0, 0b1010, &post), if meets { 0b1010 } else { 0b0010 }, "{props}");
            assert_eq!(details.meeting(1, 0b1010, &post), 0b1010, "{props}");
        }
        assert_eq!((details.met(0, 0b1010, &[8, 0]), details.met(0, 0b1010, &[])), (0b1010, 0b0010));
    }

    #[test]
    fn tags_are_told_whatever_their_case() {
        assert!(has_tag(&pattern("inc-*"), "#other #INC-42"));
        assert!(has_tag(&pattern("Straße"), "#STRASSE #straße"));
        assert!(!has_tag(&pattern("inc"), "#inc-42"));
        assert!(!has_tag(&pattern("*"), ""));
    }
}
