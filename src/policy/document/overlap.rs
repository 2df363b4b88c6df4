//! What can be said of two scopes without any data: that one includes the other, or that nothing can be in one.
//!
//! Invariant: it says only what is certain. Where it is silent, the data decide.

use super::Kinds;
use super::spelling::is_server_id;
use crate::policy::rule::{ChannelType, Pattern, Scope};

/// Whether every text that `narrow` meets is met by `wide` too. A text without `*` stands for itself.
pub(super) fn includes_text(wide: &str, narrow: &str) -> bool {
    let (wide, narrow) = (wide.as_bytes(), narrow.as_bytes());
    let (mut w, mut n) = (0, 0);
    // Where to go on if the last `*` has to take one byte more.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = narrow.get(n) {
        match wide.get(w) {
            Some(b'*') => {
                retry = Some((w, n));
                w += 1;
            }
            Some(same) if same == byte && *byte != b'*' => (w, n) = (w + 1, n + 1),
            _ => match retry {
                Some((star, taken)) => {
                    retry = Some((star, taken + 1));
                    (w, n) = (star + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    wide[w.min(wide.len())..].iter().all(|byte| *byte == b'*')
}

fn meets_all(wide: &[Pattern], narrow: &[Pattern]) -> bool {
    narrow.iter().all(|narrow| wide.iter().any(|wide| includes_text(&wide.0, &narrow.0)))
}

/// What belongs to posts is decided on as they are.
const POST: &str = "post";

/// The kinds that the scope of a rule is about.
fn kinds_of<'k>(scope: &Scope, kinds: Kinds<'k>) -> Vec<&'k str> {
    if scope.kinds.is_empty() {
        return vec![POST];
    }
    let meets = |kind: &&str| scope.kinds.iter().any(|pattern| includes_text(&pattern.0, kind));
    kinds.decided().filter(meets).collect()
}

/// Whether every record of `narrow` is one of `wide`, both scopes of rules.
pub(super) fn includes(wide: &Scope, narrow: &Scope, kinds: Kinds<'_>) -> bool {
    let (all, some) = (kinds_of(wide, kinds), kinds_of(narrow, kinds));
    meets(wide, narrow) && some.iter().all(|kind| all.contains(kind))
}

/// Whether whatever meets the conditions of `narrow` other than its kinds meets those of `wide`.
fn meets(wide: &Scope, narrow: &Scope) -> bool {
    let conditions = [
        (&wide.teams, &narrow.teams),
        (&wide.channels, &narrow.channels),
        (&wide.users, &narrow.users),
        (&wide.roles, &narrow.roles),
        (&wide.groups, &narrow.groups),
        (&wide.post_types, &narrow.post_types),
        (&wide.props, &narrow.props),
        (&wide.tags, &narrow.tags),
        (&wide.runs, &narrow.runs),
    ];
    let patterns =
        conditions.iter().all(|(wide, narrow)| wide.is_empty() || !narrow.is_empty() && meets_all(wide, narrow));
    let types = wide.channel_types.is_empty()
        || !narrow.channel_types.is_empty() && narrow.channel_types.iter().all(|one| wide.channel_types.contains(one));
    patterns && types
}

/// Why no record can ever be in `scope` and not in `except`; `None` if one may be.
pub(super) fn never(scope: &Scope, except: Option<&Scope>, kinds: Kinds<'_>) -> Option<&'static str> {
    let direct = |kind: &ChannelType| matches!(kind, ChannelType::Direct | ChannelType::Group);
    let named = |pattern: &Pattern| pattern.0.split_once('/').map(|(team, _)| team.to_owned());
    if !scope.channel_types.is_empty() && scope.channel_types.iter().all(direct) {
        if !scope.teams.is_empty() {
            return Some("direct and group channels belong to no team");
        }
        if !scope.channels.is_empty() && scope.channels.iter().all(|pattern| named(pattern).is_some()) {
            return Some("direct and group channels belong to no team, so `TEAM/NAME` names none of them");
        }
    }
    let teams: Option<Vec<String>> = scope.channels.iter().map(named).collect();
    if let Some(teams) = teams.filter(|teams| !teams.is_empty() && !scope.teams.is_empty()) {
        let plain = |text: &str| !text.contains('*') && !is_server_id(text);
        let all_plain = teams.iter().all(|team| plain(team)) && scope.teams.iter().all(|team| plain(&team.0));
        if all_plain && teams.iter().all(|team| scope.teams.iter().all(|other| other.0 != *team)) {
            return Some("its channels are of other teams than its teams");
        }
    }
    let of_posts = !(scope.post_types.is_empty() && scope.props.is_empty() && scope.tags.is_empty());
    if of_posts && !kinds_of(scope, kinds).contains(&POST) {
        return Some("`post_types`, `props` and `tags` are of posts, and its kinds do not belong to posts");
    }
    // An exception that states no kinds is about all of them.
    let takes_all = |except: &Scope| {
        if except.kinds.is_empty() { meets(except, scope) } else { includes(except, scope, kinds) }
    };
    if except.is_some_and(takes_all) {
        return Some("`except` takes out everything that `scope` covers");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: Kinds<'static> = Kinds(&["audit", "post", "reaction"]);

    fn patterns(list: &str) -> Vec<Pattern> {
        list.split_whitespace().map(|text| Pattern(text.to_owned())).collect()
    }

    #[test]
    fn patterns_include_patterns() {
        for (wide, narrow, expected) in [
            ("*", "", true),
            ("*", "a*b", true),
            ("**", "*", true),
            ("a*", "abc", true),
            ("a*c", "abcabc", true),
            ("a*", "*", false),
            ("a*c", "a*c", true),
            ("a*c", "ab*c", true),
            ("ab*c", "a*c", false),
            ("*b*", "a*b*c", true),
            ("abc", "ab", false),
            ("ab", "abc", false),
            ("", "", true),
            ("a", "a", true),
            ("a", "*", false),
            ("*a", "a*", false),
        ] {
            assert_eq!(includes_text(wide, narrow), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn scopes_include_scopes() {
        let all = Scope::default();
        let team = Scope { teams: patterns("a b"), ..Scope::default() };
        let part = Scope { teams: patterns("a"), users: patterns("kai"), ..Scope::default() };
        let other = Scope { teams: patterns("c"), ..Scope::default() };
        let audit = Scope { kinds: patterns("audit"), ..Scope::default() };
        let every = Scope { kinds: patterns("*"), ..Scope::default() };
        let direct = Scope { channel_types: vec![ChannelType::Direct], ..Scope::default() };
        for (wide, narrow, expected) in [
            (&all, &team, true),
            (&team, &all, false),
            (&team, &part, true),
            (&team, &other, false),
            (&all, &audit, false),
            (&every, &audit, true),
            (&every, &part, true),
            (&all, &every, false),
            (&all, &direct, true),
            (&direct, &all, false),
        ] {
            assert_eq!(includes(wide, narrow, KINDS), expected, "{wide:?} {narrow:?}");
        }
    }

    #[test]
    fn what_can_never_be() {
        let direct = vec![ChannelType::Direct, ChannelType::Group];
        let id = "5okzsypc3t8y7y1o1mpaftn1jr";
        for (scope, except, expected) in [
            (Scope::default(), None, false),
            (Scope { teams: patterns("a"), channel_types: direct.clone(), ..Scope::default() }, None, true),
            (Scope { channels: patterns("a/b"), channel_types: direct.clone(), ..Scope::default() }, None, true),
            (Scope { channels: patterns(id), channel_types: direct, ..Scope::default() }, None, false),
            (Scope { teams: patterns("a"), channels: patterns("b/x c/y"), ..Scope::default() }, None, true),
            (Scope { teams: patterns("a"), channels: patterns("b/x a/y"), ..Scope::default() }, None, false),
            (Scope { teams: patterns("a"), channels: patterns("*/x"), ..Scope::default() }, None, false),
            (Scope { teams: patterns(id), channels: patterns("b/x"), ..Scope::default() }, None, false),
            (Scope { kinds: patterns("audit"), tags: patterns("x"), ..Scope::default() }, None, true),
            (Scope { kinds: patterns("*"), tags: patterns("x"), ..Scope::default() }, None, false),
            (Scope { users: patterns("a"), ..Scope::default() }, Some(Scope::default()), true),
            (Scope { kinds: patterns("audit"), ..Scope::default() }, Some(Scope::default()), true),
            (
                Scope { kinds: patterns("*"), ..Scope::default() },
                Some(Scope { kinds: patterns("post"), ..Scope::default() }),
                false,
            ),
            (Scope::default(), Some(Scope { users: patterns("a"), ..Scope::default() }), false),
        ] {
            assert_eq!(never(&scope, except.as_ref(), KINDS).is_some(), expected, "{scope:?} {except:?}");
        }
    }
}
