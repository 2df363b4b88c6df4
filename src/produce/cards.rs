//! What message attachments say, as plain text: the cards that webhooks, bots and plugins put into posts
//! (`props.attachments`), whose posts often have no other text.
//!
//! Invariant: nothing that stands in `attachments` is without a trace: a card that says nothing in the members that are
//! known, and attachments of any other shape, stand as their JSON. Links and pictures are named, never fetched. What is
//! written here is not escaped; that is the work of each form.

use std::borrow::Cow;

use serde_json::Value;

use super::Post;

/// The attachments of a post as JSON text; nothing if there are none.
pub fn json<'l>(post: &Post<'l>) -> Option<Cow<'l, str>> {
    post.prop("attachments").filter(|cards| !matches!(&**cards, "[]" | "null"))
}

/// The attachments of a post as text, a line for each thing that they say; nothing if there are none.
pub fn text(post: &Post<'_>) -> Option<String> {
    let json = json(post)?;
    let Ok(Value::Array(cards)) = serde_json::from_str(&json) else { return Some(json.into_owned()) };
    Some(cards.iter().map(one).collect::<Vec<_>>().join("\n"))
}

/// What a post says: its message and, below it, its attachments.
pub fn said<'l>(post: &Post<'l>) -> Cow<'l, str> {
    let message = post.message();
    match text(post) {
        None => message,
        Some(cards) if message.is_empty() => Cow::Owned(cards),
        Some(cards) => Cow::Owned(format!("{message}\n{cards}")),
    }
}

/// A member of a card as text, if it says anything.
pub fn member(card: &Value, name: &str) -> Option<String> {
    match card.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn one(card: &Value) -> String {
    let mut lines = Vec::new();
    lines.extend(member(card, "pretext"));
    lines.extend(member(card, "author_name"));
    let title = member(card, "title");
    let has_title = title.is_some();
    match (title, member(card, "title_link")) {
        (Some(title), Some(link)) => lines.push(format!("{title} ({link})")),
        (title, link) => lines.extend(title.or(link)),
    }
    lines.extend(member(card, "text").or_else(|| member(card, "fallback").filter(|_| !has_title)));
    for field in card.get("fields").and_then(Value::as_array).into_iter().flatten() {
        let other = || field.get("value").filter(|value| value.is_array() || value.is_object()).map(Value::to_string);
        let value = member(field, "value").or_else(other);
        match (member(field, "title"), value) {
            (Some(title), Some(value)) => lines.push(format!("{title}: {value}")),
            (title, value) => lines.extend(title.or(value)),
        }
    }
    for name in ["image_url", "thumb_url"] {
        lines.extend(member(card, name).map(|address| format!("[picture, not fetched: {address}]")));
    }
    for action in card.get("actions").and_then(Value::as_array).into_iter().flatten() {
        lines.extend(member(action, "name").map(|name| format!("[button: {name}]")));
    }
    lines.extend(member(card, "footer"));
    if lines.is_empty() { card.to_string() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(message: &str, attachments: &str) -> String {
        let data = format!(r#"{{"message":"{message}","props":{{"attachments":{attachments}}}}}"#);
        format!(r#"{{"kind":"post","id":"p1","at":5,"data":{data}}}"#)
    }

    #[test]
    fn a_card_says_what_people_saw() {
        let card = r##"[{"pretext":"CI","author_name":"bot","title":"Build 7","title_link":"https://e/7","text":"red\nat 3",
            "fallback":"unseen","fields":[{"title":"by","value":"anna"},{"title":"n","value":7},{"value":[1]},{}],
            "image_url":"https://e/x.png","actions":[{"name":"Retry"}],"footer":"end","color":"#f00"},{"fallback":"seen"}]"##;
        let text = line("look", &card.replace("\n            ", ""));
        let expected = "look\nCI\nbot\nBuild 7 (https://e/7)\nred\nat 3\nby: anna\nn: 7\n[1]\n\
            [picture, not fetched: https://e/x.png]\n[button: Retry]\nend\nseen";
        assert_eq!(said(&Post::read(text.as_bytes())), expected);
    }

    #[test]
    fn no_shape_is_lost_and_none_is_made_up() {
        for (attachments, expected) in [
            ("[]", ""),
            ("null", ""),
            (r#"[{"color":"red"},1,"x"]"#, "{\"color\":\"red\"}\n1\n\"x\""),
            (r#"{"text":"no list"}"#, r#"{"text":"no list"}"#),
            (r#"[{"text":" "}]"#, r#"{"text":" "}"#),
        ] {
            let text = line("", attachments);
            assert_eq!(said(&Post::read(text.as_bytes())), expected, "{attachments}");
        }
    }
}
