//! Values that hold credentials among other things: the rest is evidence, the credential becomes a fixed word.
//!
//! Most secrets are columns of their own and not in the catalogue. A few stand inside of texts, URLs and JSON. What
//! cannot be taken apart is replaced as a whole: here doubt speaks for silence.

use crate::record::json::{Cursor, Fault, Shape};

/// What stands in place of a credential.
pub const REDACTED: &str = "redacted";

/// Members of JSON objects whose values are credentials, in lower case and without `_` and `-`: of sessions, holds and
/// what integrations keep.
const SECRET_MEMBERS: [&str; 7] =
    ["accesskey", "apikey", "authorization", "cookie", "credentials", "csrf", "privatekey"];

/// Endings of members whose values are credentials.
const SECRET_ENDINGS: [&str; 5] = ["secret", "token", "tokens", "password", "passwd"];

/// A text in which every value after `token=` is replaced.
pub fn tokens(text: &str) -> String {
    const MARK: &str = "token=";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find_ignoring_case(rest, MARK) {
        let (before, behind) = rest.split_at(at + MARK.len());
        out.push_str(before);
        let value = behind.find([' ', '\t', '\n', '\r', '&', ',', ';', '"', '\'']).unwrap_or(behind.len());
        if value > 0 {
            out.push_str(REDACTED);
        }
        rest = behind.get(value..).unwrap_or_default();
    }
    out + rest
}

fn find_ignoring_case(text: &str, mark: &str) -> Option<usize> {
    text.as_bytes().windows(mark.len()).position(|window| window.eq_ignore_ascii_case(mark.as_bytes()))
}

/// A text in which URLs end behind their host: paths, queries and passwords of hooks are what opens them.
pub fn hosts(text: &str) -> String {
    if is_escaped(text) {
        return REDACTED.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, behind) = rest.split_at(at + 3);
        out.push_str(before);
        let end = behind.find([' ', '\t', '\n', '\r', ',', '"', '\'', '<', '>']).unwrap_or(behind.len());
        let (url, tail) = behind.split_at(end);
        let (authority, path) = url.split_at(url.find(['/', '?', '#', '\\']).unwrap_or(url.len()));
        out.push_str(authority.rsplit('@').next().unwrap_or_default());
        if !path.is_empty() {
            out.push('/');
        }
        if path.len() > 1 {
            out.push_str(REDACTED);
        }
        rest = tail;
    }
    out + rest
}

/// Whether a list of URLs as JSON spells characters by escapes, apart from those that the server uses for `&`, `<` and
/// `>`: then it cannot be told by looking at the text where a URL begins and ends.
fn is_escaped(text: &str) -> bool {
    let is_known = |rest: &str| ["u0026", "u003c", "u003e"].iter().any(|known| rest.starts_with(known));
    text.trim_start().starts_with(['[', '"', '{']) && text.split('\\').skip(1).any(|rest| !is_known(rest))
}

/// A JSON object in which members that hold credentials have a fixed word for a value; `None` if it is not strict JSON.
pub fn members(text: &str) -> Option<String> {
    let mut spans = Vec::new();
    let mut cursor = Cursor::new(text);
    let value = cursor.value().ok().filter(|value| value.shape == Shape::Object && value.strict)?;
    if value.text.len() != text.len() {
        return None;
    }
    collect(&mut Cursor::new(text), &mut spans).ok()?;
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end) in spans {
        out.push_str(text.get(from..start)?);
        out.extend(["\"", REDACTED, "\""]);
        from = end;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

fn is_secret(key: &str) -> bool {
    let key: String = key.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect();
    SECRET_MEMBERS.contains(&key.as_str()) || SECRET_ENDINGS.iter().any(|ending| key.ends_with(ending))
}

/// Where the values of secret members lie, at any depth: strict JSON is at most 64 deep.
fn collect(cursor: &mut Cursor<'_>, spans: &mut Vec<(usize, usize)>) -> Result<(), Fault> {
    let mut first = true;
    match cursor.peek() {
        Some(b'{') => {
            cursor.open_object()?;
            while let Some(key) = cursor.member(&mut first)? {
                if !is_secret(&key.decode().0) {
                    collect(cursor, spans)?;
                    continue;
                }
                let value = cursor.value()?;
                spans.push((cursor.offset() - value.text.len(), cursor.offset()));
            }
        }
        Some(b'[') => {
            cursor.open_array()?;
            while cursor.element(&mut first)? {
                collect(cursor, spans)?;
            }
        }
        _ => {
            cursor.value()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_cut_out_of_texts() {
        for (text, expected) in [
            ("attempt - login_id=kai", "attempt - login_id=kai"),
            ("reset token=abc123 ok", "reset token=redacted ok"),
            ("token=abc", "token=redacted"),
            ("token=", "token="),
            ("Token=a&invite_token=b,x;é", "Token=redacted&invite_token=redacted,x;é"),
            ("é token=é token= token=x", "é token=redacted token= token=redacted"),
        ] {
            assert_eq!(tokens(text), expected);
        }
    }

    #[test]
    fn urls_end_behind_their_host() {
        for (text, expected) in [
            ("https://hooks.example.org/T0/B0/secret", "https://hooks.example.org/redacted"),
            (r#"["http://kai:pw@[::1]:8065/x?y","https://b"]"#, r#"["http://[::1]:8065/redacted","https://b"]"#),
            ("https://a.example?key=1,https://b.example/ c", "https://a.example/redacted,https://b.example/ c"),
            ("no url: //x", "no url: //x"),
            ("https://a@b@c\\d", "https://c/redacted"),
            (r#"["https://a?x=1\u0026y=2"]"#, r#"["https://a/redacted"]"#),
            (r#"["https:\/\/a\/secret"]"#, "redacted"),
            (r#"["https\u003a//a/secret"]"#, "redacted"),
            (r#"["https://a/x\"secret"]"#, "redacted"),
        ] {
            assert_eq!(hosts(text), expected);
        }
    }

    #[test]
    fn secret_members_are_cut_out_of_objects() {
        let text = r#"{"csrf": "x", "os": "Linux", "in": {"Secret":{"a":1}, "b":[1, {"token":2}]}}"#;
        let expected =
            r#"{"csrf": "redacted", "os": "Linux", "in": {"Secret":"redacted", "b":[1, {"token":"redacted"}]}}"#;
        assert_eq!(members(text).as_deref(), Some(expected));
        assert_eq!(members(r#"{"\u0063srf":1}"#).as_deref(), Some(r#"{"\u0063srf":"redacted"}"#));
        for secret in ["client-secret", "accessToken", "botPassword", "API_KEY", "Authorization"] {
            let found = members(&format!(r#"{{"{secret}":"x","user_access_token_id":"y"}}"#)).unwrap();
            assert_eq!(found, format!(r#"{{"{secret}":"redacted","user_access_token_id":"y"}}"#));
        }
        assert_eq!(members("{}").as_deref(), Some("{}"));
        for text in ["", "[]", "{\"a\":1,\"a\":2}", "{", " {}", "{}x", "\"csrf\""] {
            assert_eq!(members(text), None, "{text}");
        }
    }
}
