//! What Mattermost finds inside plain text: mentions, channel links, hashtags, emoji, addresses.
//!
//! Invariant: only what was recognised becomes an element, and every byte of the text is shown. Addresses of the world
//! outside are shown, never linked: whoever reads evidence must not tell its author so by one wrong click.

use std::fmt::Write as _;

use super::escape;
use super::naming::Naming;
use super::{emoji, face};

/// What names in a text may lead to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    /// People and channels by name.
    pub(super) naming: &'a Naming,
    /// Team of the channel in which the text stands; `~channel` names a channel of it.
    pub(super) team: &'a str,
    /// How the page reaches the top of the transcript; nothing for a page that is no part of one, which then leads
    /// nowhere.
    pub(super) top: Option<&'a str>,
}

/// How pages in the folder of a channel reach the top of the transcript.
pub(super) const TOP: &str = "../../";

/// Appends `text` with what is recognised in it.
pub(super) fn write(out: &mut String, text: &str, around: &Surroundings<'_>) {
    let bytes = text.as_bytes();
    let (mut written, mut at) = (0, 0);
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| is_trigger(*byte))) {
        let start = at + offset;
        let begins = start == 0 || !is_word(bytes[start - 1]);
        let mut element = String::new();
        let taken = if begins { recognise(&mut element, &text[start..], around) } else { None };
        match taken {
            Some(length) => {
                escape::text(out, &text[written..start]);
                out.push_str(&element);
                at = start + length;
                written = at;
            }
            None => at = start + 1,
        }
    }
    escape::text(out, &text[written..]);
}

/// Appends an address outside of the transcript, as text.
pub(super) fn address(out: &mut String, address: &str) {
    out.push_str("<span class=\"address\" dir=\"ltr\">");
    escape::text(out, address);
    out.push_str("</span>");
}

/// The post that an address on this or another server leads to: `…/team/pl/ID`.
pub(super) fn permalink(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("/pl/")?;
    let end = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
    (end == 26 && rest.len() == end).then_some(rest)
}

/// Appends the beginning of a link to a post of this transcript.
pub(super) fn open_permalink(out: &mut String, post: &str, top: &str) {
    let _ = write!(out, "<a href=\"{top}search.html#post=");
    escape::fragment(out, post);
    out.push_str("\">");
}

fn is_trigger(byte: u8) -> bool {
    matches!(byte, b'@' | b'~' | b'#' | b':' | b'h')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Writes what stands at the start of `text` and returns its length in bytes.
fn recognise(out: &mut String, text: &str, around: &Surroundings<'_>) -> Option<usize> {
    match text.as_bytes().first()? {
        b'@' => mention(out, text, around),
        b'~' => channel(out, text, around),
        b'#' => hashtag(out, text, around.top?),
        b':' => shortcode(out, text, around),
        _ => plain_address(out, text, around),
    }
}

fn mention(out: &mut String, text: &str, around: &Surroundings<'_>) -> Option<usize> {
    let name = text.get(1..)?;
    let mut end = name.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || b"._-:".contains(&byte)));
    // A full stop may end the sentence or belong to the name.
    while let Some(candidate) = name.get(..end.unwrap_or(name.len())).filter(|name| !name.is_empty()) {
        let lower = candidate.to_ascii_lowercase();
        if matches!(lower.as_str(), "all" | "channel" | "here") {
            let _ = write!(out, "<span class=\"mention\">@{candidate}</span>");
            return Some(candidate.len() + 1);
        }
        if let Some(person) = around.naming.by_username(&lower) {
            face::mention(out, person, candidate);
            return Some(candidate.len() + 1);
        }
        let shorter = candidate.trim_end_matches(['.', '_', '-', ':']);
        if shorter.len() == candidate.len() {
            return None;
        }
        end = Some(shorter.len());
    }
    None
}

fn channel(out: &mut String, text: &str, around: &Surroundings<'_>) -> Option<usize> {
    let name = text.get(1..)?;
    let end = name.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || b"_-".contains(&byte)));
    let name = name.get(..end.unwrap_or(name.len())).filter(|name| !name.is_empty())?;
    let found = around.naming.channel_named(around.team, &name.to_ascii_lowercase())?;
    match around.top {
        Some(top) => {
            let _ = write!(out, "<a class=\"mention\" href=\"{top}{}\">~<bdi>", found.first_page());
        }
        None => out.push_str("<span class=\"mention\">~<bdi>"),
    }
    escape::name(out, &found.title);
    out.push_str(if around.top.is_some() { "</bdi></a>" } else { "</bdi></span>" });
    Some(name.len() + 1)
}

fn hashtag(out: &mut String, text: &str, top: &str) -> Option<usize> {
    let tag = text.get(1..)?;
    if !tag.chars().next()?.is_alphabetic() {
        return None;
    }
    let end = tag.find(|letter: char| !(letter.is_alphanumeric() || "_-.".contains(letter))).unwrap_or(tag.len());
    let tag = tag.get(..end)?.trim_end_matches(['.', '-', '_']);
    if tag.chars().count() < 2 {
        return None;
    }
    let _ = write!(out, "<a class=\"hashtag\" href=\"{top}search.html#q=");
    escape::fragment(out, &format!("\"{tag}\""));
    out.push_str("\">#");
    escape::text(out, tag);
    out.push_str("</a>");
    Some(tag.len() + 1)
}

fn shortcode(out: &mut String, text: &str, around: &Surroundings<'_>) -> Option<usize> {
    let inner = text.get(1..)?;
    let end = inner.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || b"_+-".contains(&byte)))?;
    if end == 0 || inner.as_bytes().get(end) != Some(&b':') {
        return None;
    }
    let name = inner.get(..end)?;
    emoji_element(out, name, around.naming).then_some(end + 2)
}

/// Appends the emoji of a name, as a character or a custom picture; `false` if there is none.
pub(super) fn emoji_element(out: &mut String, name: &str, naming: &Naming) -> bool {
    if let Some(character) = emoji::character(name) {
        out.push_str("<span class=\"emoji\" role=\"img\" aria-label=\"");
        escape::attribute(out, name);
        out.push_str("\" title=\":");
        escape::attribute(out, name);
        let _ = write!(out, ":\">{character}</span>");
        return true;
    }
    let Some(picture) = naming.custom_emoji(name) else { return false };
    let _ = write!(out, "<img class=\"emoji\" src=\"{TOP}{picture}\" alt=\":");
    escape::attribute(out, name);
    out.push_str(":\" title=\":");
    escape::attribute(out, name);
    out.push_str(":\">");
    true
}

fn plain_address(out: &mut String, text: &str, around: &Surroundings<'_>) -> Option<usize> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return None;
    }
    let end = text.find(|letter: char| letter.is_whitespace() || "<>\"`".contains(letter)).unwrap_or(text.len());
    let found = text.get(..end)?.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')', ']', '*', '_']);
    if found.len() <= "https://".len() {
        return None;
    }
    if let (Some(post), Some(top)) = (permalink(found), around.top) {
        open_permalink(out, post, top);
        escape::text(out, found);
        out.push_str("</a>");
    } else {
        address(out, found);
    }
    Some(found.len())
}

#[cfg(test)]
mod tests {
    use super::super::naming::sample;
    use super::*;

    fn written(text: &str) -> String {
        let naming = sample();
        let mut out = String::new();
        write(&mut out, text, &Surroundings { naming: &naming, team: "teamid", top: Some(TOP) });
        out
    }

    #[test]
    fn people_are_named_with_their_ids() {
        let html = written("ask @alice. or @Alice, not bob@alice or @nobody");
        assert_eq!(html.matches("class=\"mention\"").count(), 2, "{html}");
        assert!(html.contains("bob@alice or @nobody"), "{html}");
        assert!(written("@all").contains("mention"));
        assert_eq!(written("@here_not_you"), "@here_not_you");
    }

    #[test]
    fn channels_of_the_team_are_linked() {
        let html = written("see ~town-square!");
        assert!(html.contains("href=\"../../channels/0001-town-square/1.html\""), "{html}");
        assert_eq!(written("~nowhere ~ a~town-square"), "~nowhere ~ a~town-square");
    }

    #[test]
    fn hashtags_search() {
        assert!(written("a #outage-2 b").contains("search.html#q=%22outage-2%22\">#outage-2</a>"));
        for plain in ["#1", "a#tag", "#", "#x"] {
            assert_eq!(written(plain), plain);
        }
    }

    #[test]
    fn shortcodes_become_emoji() {
        assert!(written("done :tada:!").contains(">🎉</span>!"));
        assert_eq!(written(":nope: 10:20:30 ::"), ":nope: 10:20:30 ::");
        assert!(written(":party_parrot:").contains("<img class=\"emoji\" src=\"../../files/"));
    }

    #[test]
    fn addresses_are_shown_and_not_linked() {
        let html = written("see https://example.org/a?b=\u{202E}c&d, ok");
        assert!(
            !html.contains("<a ") && html.contains("b=<span class=\"hidden\">U+202E</span>c&amp;d</span>, ok"),
            "{html}"
        );
        let post = "https://chat.example.org/team/pl/abcdefghijklmnopqrstuvwxyz";
        assert!(written(post).contains("search.html#post=abcdefghijklmnopqrstuvwxyz\">"));
    }
}
