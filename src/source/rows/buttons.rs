//! Interactive buttons and menus of posts: what the server sends to an integration when one is pressed.
//!
//! `props.attachments[].actions[].integration` holds a URL and a `context` that only the integration reads, where
//! developers keep tokens of their own. Both are replaced by the word `redacted`, the URL in its query, fragment and
//! user only: which integration it was is evidence. Texts, names and options of buttons stay as they are.

use std::borrow::Cow;

use super::redact::REDACTED;
use crate::record::json::{Cursor, Fault};
use crate::record::line::push_string;

/// Members from the props of a post down to an integration.
const PATH: [&str; 3] = ["attachments", "actions", "integration"];

/// The props of a post with nothing of an integration's own in them; borrowed where there was nothing.
///
/// They need not be strict JSON. What is no JSON at all and could hold an integration becomes a fixed word as a whole.
pub fn redacted(props: &str) -> Cow<'_, str> {
    // Nearly all props: nothing in them is called so, and no letter of a name is spelled by an escape.
    if !props.contains(PATH[0]) && !props.contains("\\u") {
        return Cow::Borrowed(props);
    }
    let mut spans = Vec::new();
    let mut cursor = Cursor::new(props);
    if find(&mut cursor, &PATH, &mut spans).and_then(|()| cursor.end()).is_err() {
        return Cow::Borrowed(if is_suspect(props) { REDACTED } else { props });
    }
    if spans.is_empty() {
        return Cow::Borrowed(props);
    }
    let mut out = Vec::with_capacity(props.len());
    let mut from = 0;
    for (start, end, text) in spans {
        out.extend_from_slice(props.get(from..start).unwrap_or_default().as_bytes());
        push_string(&mut out, &text);
        from = end;
    }
    out.extend_from_slice(props.get(from..).unwrap_or_default().as_bytes());
    String::from_utf8(out).map_or(Cow::Borrowed(REDACTED), Cow::Owned)
}

/// A value's place and what is to stand there.
type Span = (usize, usize, String);

/// Goes down the path, through lists on its way. Names are compared as the server does when it reads what an
/// integration sends: in any case.
fn find(cursor: &mut Cursor<'_>, path: &[&str], spans: &mut Vec<Span>) -> Result<(), Fault> {
    match (cursor.peek(), path) {
        (Some(b'{'), []) => integration(cursor, spans),
        (Some(b'{'), [name, below @ ..]) => members(cursor, name, below, spans),
        (Some(b'['), [_, ..]) => {
            let mut first = true;
            cursor.open_array()?;
            while cursor.element(&mut first)? {
                match (cursor.peek(), path) {
                    (Some(b'{'), [name, below @ ..]) => members(cursor, name, below, spans)?,
                    _ => drop(cursor.value()?),
                }
            }
            Ok(())
        }
        // An integration that is no object: nobody knows what it is.
        (Some(_), []) => replace(cursor, spans),
        _ => cursor.value().map(drop),
    }
}

fn members(cursor: &mut Cursor<'_>, name: &str, below: &[&str], spans: &mut Vec<Span>) -> Result<(), Fault> {
    let mut first = true;
    cursor.open_object()?;
    while let Some(key) = cursor.member(&mut first)? {
        if key.decode().0.eq_ignore_ascii_case(name) {
            find(cursor, below, spans)?;
        } else {
            cursor.value()?;
        }
    }
    Ok(())
}

fn integration(cursor: &mut Cursor<'_>, spans: &mut Vec<Span>) -> Result<(), Fault> {
    let mut first = true;
    cursor.open_object()?;
    while let Some(key) = cursor.member(&mut first)? {
        let key = key.decode().0;
        if key.eq_ignore_ascii_case("context") {
            replace(cursor, spans)?;
        } else if !key.eq_ignore_ascii_case("url") {
            cursor.value()?;
        } else if cursor.peek() == Some(b'"') {
            let start = cursor.offset();
            let text = cursor.string()?;
            let (url, lossy) = text.decode();
            let shown = if lossy { REDACTED.to_owned() } else { address(&url) };
            if shown != url {
                spans.push((start, cursor.offset(), shown));
            }
        } else {
            replace(cursor, spans)?;
        }
    }
    Ok(())
}

/// Replaces a value, unless it says nothing.
fn replace(cursor: &mut Cursor<'_>, spans: &mut Vec<Span>) -> Result<(), Fault> {
    let value = cursor.value()?;
    if !matches!(value.text, "null" | "{}" | "\"\"") {
        spans.push((cursor.offset() - value.text.len(), cursor.offset(), REDACTED.to_owned()));
    }
    Ok(())
}

/// A URL without its user, query and fragment; `?` or `#` and a word say that there was one.
fn address(url: &str) -> String {
    let (place, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
    let (before, behind) = place.split_at(place.find("//").map_or(0, |at| at + 2));
    let (authority, path) = behind.split_at(behind.find(['/', '\\']).unwrap_or(behind.len()));
    let mut out = before.to_owned();
    match authority.rsplit_once('@') {
        Some((_, host)) => out.extend([REDACTED, "@", host]),
        None => out.push_str(authority),
    }
    out.push_str(path);
    if let Some(mark) = rest.chars().next() {
        out.push(mark);
        if rest.len() > 1 {
            out.push_str(REDACTED);
        }
    }
    out
}

/// Whether a text that is no JSON could hold an integration.
fn is_suspect(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains(PATH[2]) || lower.contains("\\u")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_integrations_own_is_replaced() {
        let props = r#"{"x": 1,"attachments": [{"text":"lock 4?","actions":[{"id":"a","name":"Open","integration":{"url":"https://kai:pw@bot.example/open?key=1#x", "context":{"token":"t","n":[1,{"a":2}]}},"options":[{"text":"context"}]},{"integration":{"context":{},"url":"/plugins/x"}}]}, 5],"context":"kept","integration":{"context":"kept"}}"#;
        let expected = r#"{"x": 1,"attachments": [{"text":"lock 4?","actions":[{"id":"a","name":"Open","integration":{"url":"https://redacted@bot.example/open?redacted", "context":"redacted"},"options":[{"text":"context"}]},{"integration":{"context":{},"url":"/plugins/x"}}]}, 5],"context":"kept","integration":{"context":"kept"}}"#;
        assert_eq!(redacted(props), expected);
        assert_eq!(redacted(expected), expected);
    }

    #[test]
    fn odd_shapes_and_spellings_hide_nothing() {
        for (props, expected) in [
            (
                r#"{"attachments":{"actions":{"integration":{"context":1}}}}"#,
                r#"{"attachments":{"actions":{"integration":{"context":"redacted"}}}}"#,
            ),
            (
                r#"{"\u0061ttachments":[{"Actions":[{"\u0049ntegration":{"CONTEXT":[1]}}]}]}"#,
                r#"{"\u0061ttachments":[{"Actions":[{"\u0049ntegration":{"CONTEXT":"redacted"}}]}]}"#,
            ),
            (
                r#"{"attachments":[],"attachments":[{"actions":[{"integration":{"context":1,"context":2}}]}]}"#,
                r#"{"attachments":[],"attachments":[{"actions":[{"integration":{"context":"redacted","context":"redacted"}}]}]}"#,
            ),
            (
                r#"{"attachments":[{"actions":[{"integration":"s"},{"integration":null},{"integration":[1]}]}]}"#,
                r#"{"attachments":[{"actions":[{"integration":"redacted"},{"integration":null},{"integration":"redacted"}]}]}"#,
            ),
            (
                r#"{"attachments":[{"actions":[{"integration":{"url":["s"]}},{"integration":{"url":"a?\ud800"}}]}]}"#,
                r#"{"attachments":[{"actions":[{"integration":{"url":"redacted"}},{"integration":{"url":"redacted"}}]}]}"#,
            ),
            (
                r#"{"attachments":[{"actions":[{"integration":{"url":"https:\/\/a\u003fkey=1"}}]}]}"#,
                r#"{"attachments":[{"actions":[{"integration":{"url":"https://a?redacted"}}]}]}"#,
            ),
            (r#"{"attachments":[{"actions":[{"integration":{"context":"#, "redacted"),
            (r#"{"attachments":[{"text":"cut"#, r#"{"attachments":[{"text":"cut"#),
            (r#"{"a":"\u003cb"}"#, r#"{"a":"\u003cb"}"#),
            ("null", "null"),
            ("", ""),
        ] {
            assert_eq!(redacted(props), expected, "{props}");
        }
        let deep = format!(r#"{{"attachments":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(redacted(&deep), deep);
    }

    #[test]
    fn urls_keep_their_place() {
        for (url, expected) in [
            ("https://bot.example/a/b", "https://bot.example/a/b"),
            ("http://u@h:1?x", "http://redacted@h:1?redacted"),
            ("//u:p@h/x#", "//redacted@h/x#"),
            ("https://a@b@c\\d?e", "https://redacted@c\\d?redacted"),
            ("/plugins/p/act?token=1", "/plugins/p/act?redacted"),
            ("/plugins/a@b", "/plugins/a@b"),
            ("mailto:a?b", "mailto:a?redacted"),
            ("", ""),
        ] {
            assert_eq!(address(url), expected, "{url}");
        }
    }
}
