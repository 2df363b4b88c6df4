//! How ids, names and patterns are spelled. Whether there is anything of that name, only a source can say.

use super::Kinds;
use super::overlap::includes_text;
use crate::policy::near::near;
use crate::policy::subject::OF_POSTS;
use crate::record::kind;

/// What is wrong with a text, and what to do about it.
pub(super) type Wrong = (String, String);

/// `[a-z0-9][a-z0-9._-]{0,63}`.
pub(super) fn is_id(id: &str) -> bool {
    let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    (1..=64).contains(&id.len()) && id.bytes().all(good) && !id.starts_with(['.', '_', '-'])
}

/// `[A-Za-z0-9][A-Za-z0-9._:-]{0,99}`.
pub(super) fn is_hold_id(id: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    (1..=100).contains(&id.len()) && id.bytes().all(good) && id.as_bytes()[0].is_ascii_alphanumeric()
}

/// A team: a name or an id.
pub(super) fn team(text: &str) -> Result<(), Wrong> {
    if let Some((team, _)) = text.split_once('/') {
        let advice = format!("write `{team}`, or name the channel in `channels`");
        return Err(("names a channel, not a team".into(), advice));
    }
    name(text)
}

/// A channel: `TEAM/NAME` or an id, or `*`.
pub(super) fn channel(text: &str) -> Result<(), Wrong> {
    if let Some(bare) = text.strip_prefix('~') {
        return Err(("begins with `~`".into(), format!("write `TEAM/{bare}`")));
    }
    match text.split_once('/') {
        Some((team, channel)) if team.is_empty() || channel.is_empty() || channel.contains('/') => Err((
            "is not `TEAM/NAME`".into(),
            "write the team's and the channel's name with one `/` between them".into(),
        )),
        Some((team, channel)) => name(team).and_then(|()| name(channel)),
        None if is_server_id(text) || text == "*" => Ok(()),
        None => {
            Err(("does not say of which team".into(), format!("write `TEAM/{text}`, `*/{text}`, or the channel's id")))
        }
    }
}

/// Whether a text may be an id of the server, or one that was derived for a bulk export.
pub(super) fn is_server_id(text: &str) -> bool {
    let letters = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.len() == 26 && letters(text)
        || text.strip_prefix("s:").is_some_and(|digits| digits.len() == 32 && letters(digits))
}

/// A user in a rule: a username or an id, with `*`.
pub(super) fn user(text: &str) -> Result<(), Wrong> {
    at_sign(text)?;
    if text.contains('@') {
        return Err(("is an e-mail address".into(), "write the username or the id".into()));
    }
    name(text)
}

/// A custodian: a username, an e-mail address or an id.
pub(super) fn custodian(text: &str) -> Result<(), Wrong> {
    at_sign(text)?;
    whole(text)?;
    if text.contains('@') { anything(text) } else { name(text) }
}

fn at_sign(text: &str) -> Result<(), Wrong> {
    match text.strip_prefix('@') {
        Some(bare) => Err(("begins with `@`".into(), format!("write `{bare}`"))),
        None => Ok(()),
    }
}

/// A group of a hold: a name or an id.
pub(super) fn whole_group(text: &str) -> Result<(), Wrong> {
    whole(text).and_then(|()| anything(text))
}

fn whole(text: &str) -> Result<(), Wrong> {
    if text.contains('*') {
        let advice = "name each; a hold must say whom it is about";
        return Err(("has a `*`, which custodians cannot have".into(), advice.into()));
    }
    Ok(())
}

/// A name that the server spells in small letters.
pub(super) fn name(text: &str) -> Result<(), Wrong> {
    anything(text)?;
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        let advice = format!("write `{}`: the server spells names in small letters", text.to_ascii_lowercase());
        return Err(("has capital letters".into(), advice));
    }
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '*');
    match text.chars().find(|c| !good(*c)) {
        Some(odd) => Err((
            format!("has the character `{}`", odd.escape_default()),
            "write the name that stands in addresses of the server, not the one that is displayed".into(),
        )),
        None => Ok(()),
    }
}

/// A text that says something.
pub(super) fn anything(text: &str) -> Result<(), Wrong> {
    if text.trim().is_empty() {
        return Err(("is empty".into(), "take it out".into()));
    }
    if text.trim() != text {
        return Err(("begins or ends with white space".into(), "take that out".into()));
    }
    match text.chars().find(|c| c.is_control()) {
        Some(odd) => Err((format!("has the control character `{}`", odd.escape_default()), "take it out".into())),
        None => Ok(()),
    }
}

/// A hashtag.
pub(super) fn tag(text: &str) -> Result<(), Wrong> {
    if let Some(bare) = text.strip_prefix('#') {
        return Err(("begins with `#`".into(), format!("write `{bare}`")));
    }
    anything(text)?;
    if text.contains(char::is_whitespace) {
        return Err(("has white space, which hashtags cannot have".into(), "write one hashtag in each value".into()));
    }
    Ok(())
}

/// A type of posts; the empty text is an ordinary message.
pub(super) fn post_type(text: &str) -> Result<(), Wrong> {
    if text.is_empty() { Ok(()) } else { name(text) }
}

/// A property of posts.
pub(super) fn prop(text: &str) -> Result<(), Wrong> {
    anything(text)
}

/// A kind of records, or a pattern that meets one.
pub(super) fn kind(text: &str, kinds: Kinds<'_>) -> Result<(), Wrong> {
    if kinds.decided().any(|known| includes_text(text, known)) {
        return Ok(());
    }
    if OF_POSTS.iter().any(|known| includes_text(text, known)) {
        return Err(("belongs to posts, and goes with them".into(), "write `post`".into()));
    }
    if !text.contains('*') && !kind::is_valid(text) {
        return Err(("is not spelled like a kind".into(), "write it in small letters, digits and `_`".into()));
    }
    let advice = match near(text, kinds.decided()).first() {
        Some(meant) => format!("write `{meant}`"),
        None => "see chatseal-archive(5), KINDS".to_owned(),
    };
    Err(("is no kind of record".into(), advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(found: Result<(), Wrong>) -> String {
        found.map_or_else(|(_, advice)| advice, |()| String::new())
    }

    #[test]
    fn ids() {
        for good in ["a", "0", "gdpr-minimal", "a.b_c", &"a".repeat(64)] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "A", "-a", ".a", "a b", "ä", &"a".repeat(65)] {
            assert!(!is_id(bad), "{bad}");
        }
        for good in ["M-2026:7", "9", &"a".repeat(100)] {
            assert!(is_hold_id(good), "{good}");
        }
        for bad in ["", ":a", "a/b", &"a".repeat(101)] {
            assert!(!is_hold_id(bad), "{bad}");
        }
    }

    #[test]
    fn names_of_places_and_people() {
        let id = "5okzsypc3t8y7y1o1mpaftn1jr";
        for good in ["*", "harbour/crane-*", "*/town-square", id, "s:00000000000000000000000000000000"] {
            assert_eq!(channel(good), Ok(()), "{good}");
        }
        for (bad, meant) in [
            ("town-square", "write `TEAM/town-square`, `*/town-square`, or the channel's id"),
            ("~town-square", "write `TEAM/town-square`"),
            ("Harbour/x", "write `harbour`: the server spells names in small letters"),
        ] {
            assert_eq!(advice(channel(bad)), meant);
        }
        for bad in ["/x", "x/", "a/b/c", "a/b c", ""] {
            assert!(channel(bad).is_err(), "{bad}");
        }
        assert_eq!(
            (user("kai.*"), team("harb*"), custodian("kai@example.org"), tag("incident-*")),
            (Ok(()), Ok(()), Ok(()), Ok(()))
        );
        assert_eq!(advice(user("@kai")), "write `kai`");
        assert_eq!(advice(user("kai@example.org")), "write the username or the id");
        assert_eq!(advice(team("a/b")), "write `a`, or name the channel in `channels`");
        assert_eq!(advice(tag("#x")), "write `x`");
        assert!(
            custodian("ka*").is_err()
                && whole_group("g*").is_err()
                && tag("a b").is_err()
                && anything("a\u{7}").is_err()
        );
        assert_eq!(whole_group("Port Police"), Ok(()));
    }

    #[test]
    fn kinds_are_known_or_near() {
        let kinds = Kinds(&["post", "reaction", "audit", "audit_log"]);
        assert_eq!(advice(kind("reaction", kinds)), "write `post`");
        assert_eq!(advice(kind("post_*", kinds)), "write `post`");
        assert_eq!((kind("audit*", kinds), kind("*", kinds), kind("post", kinds)), (Ok(()), Ok(()), Ok(())));
        assert_eq!(advice(kind("posts", kinds)), "write `post`");
        assert!(kind("Post", kinds).is_err() && kind("x*", kinds).is_err() && kind("", kinds).is_err());
    }
}
