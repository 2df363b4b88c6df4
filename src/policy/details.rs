//! Conditions on a post itself: its type, its properties, its hashtags.

use memchr::memmem::Finder;

use super::explanation::Condition;
use super::rule::{Pattern, Scope};
use super::set::Set;
use super::sets::{SetId, Sets, contains, insert};
use super::subject::Post;
use crate::record::json::Cursor;

/// Scopes that state conditions on posts. Scopes are numbered: the scope of each rule by the rule's position, and what
/// it excepts by as much again, rounded up to whole words of 64 bits.
#[derive(Debug)]
pub(super) struct Details {
    scopes: Vec<(usize, Scope)>,
    stated: Vec<u64>,
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
        let mut details = Self { scopes: Vec::new(), stated: vec![0; 2 * words], names: Vec::new() };
        for (at, rule) in set.rules().enumerate() {
            let both = [(at, Some(&rule.scope)), (64 * words + at, rule.except.as_ref())];
            for (number, scope) in both.into_iter().filter_map(|(number, scope)| Some((number, scope?))) {
                if !scope.post_types.is_empty() || !scope.props.is_empty() || !scope.tags.is_empty() {
                    insert(&mut details.stated, number);
                    details.scopes.push((number, scope.clone()));
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

    /// Scopes that state such conditions.
    pub(super) fn stated(&self) -> &[u64] {
        &self.stated
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
    pub(super) fn may_have_properties(&self, props: &str) -> bool {
        let props = props.as_bytes();
        self.names.iter().any(|name| name.find(props).is_some())
            || !self.names.is_empty() && memchr::memchr(b'\\', props).is_some()
    }

    /// Whether the post meets the conditions of a scope that states any. `may`: whether it [may have properties].
    ///
    /// [may have properties]: Self::may_have_properties
    pub(super) fn meets(&self, number: usize, post: &Post<'_>, may: bool) -> bool {
        let at = self.scopes.partition_point(|(other, _)| *other < number);
        self.scopes.get(at).is_some_and(|(other, scope)| {
            *other == number && (may || scope.props.is_empty()) && failing(scope, post).is_none()
        })
    }

    /// The same for a set that [`Self::of`] made, and for a record that is of no post.
    pub(super) fn is_met(&self, number: usize, met: &[u64]) -> bool {
        !contains(&self.stated, number) || contains(met, number)
    }
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
        let details = Details { scopes: vec![(3, scope)], stated: vec![8, 0], names: vec![Finder::new("from_")] };
        for (props, may, meets) in [
            (r#"{"from_bot":"true"}"#, true, true),
            (r#"{"from\u005fbot":"true"}"#, true, true),
            (r#"{"x":"from_bot"}"#, true, false),
            (r#"{"x":"y"}"#, false, false),
            ("", false, false),
        ] {
            let post = Post { props, ..Post::default() };
            assert_eq!(details.may_have_properties(props), may, "{props}");
            assert_eq!(details.meets(3, &post, may), meets, "{props}");
            assert!(!details.meets(4, &post, may));
        }
    }

    #[test]
    fn tags_are_told_whatever_their_case() {
        assert!(has_tag(&pattern("inc-*"), "#other #INC-42"));
        assert!(has_tag(&pattern("Straße"), "#STRASSE #straße"));
        assert!(!has_tag(&pattern("inc"), "#inc-42"));
        assert!(!has_tag(&pattern("*"), ""));
    }
}
