//! Message attachments: the cards that webhooks, bots and plugins put into posts (`props.attachments`).
//!
//! Invariant: pictures and links of a card are named, never fetched or linked; at most [`MOST`] of anything is shown, and
//! how many more there are is said; what is no card stands as the JSON that it is.

use std::fmt::Write as _;

use serde_json::Value;

use super::escape;
use super::inline::{self, Surroundings};
use super::markdown;
use crate::produce::cards::member as text;

/// Cards of one post that are shown.
const MOST: usize = 50;

/// Appends the cards in `attachments`, a JSON array; their texts are added to `found`.
pub(super) fn write(out: &mut String, attachments: &str, found: &mut String, around: &Surroundings<'_>) {
    let Ok(Value::Array(cards)) = serde_json::from_str(attachments) else {
        return as_json(out, attachments, found);
    };
    for card in cards.iter().take(MOST) {
        if card.is_object() {
            write_one(out, card, found, around);
        } else {
            as_json(out, &card.to_string(), found);
        }
    }
    more(out, cards.len(), "attachments");
}

/// Attachments of a shape that no server shows.
fn as_json(out: &mut String, json: &str, found: &mut String) {
    out.push_str("<p class=\"notice\">Attachments that are no cards, as they stand in the record:</p>\n<pre>");
    escape::text(out, json);
    out.push_str("</pre>\n");
    found.push('\n');
    found.push_str(json);
}

/// Says how many are not shown.
fn more(out: &mut String, count: usize, what: &str) {
    if let Some(left) = count.checked_sub(MOST).filter(|left| *left > 0) {
        let _ = writeln!(out, "<p class=\"notice\">{left} more {what} are not shown.</p>");
    }
}

fn write_one(out: &mut String, card: &Value, found: &mut String, around: &Surroundings<'_>) {
    let mut get = |name: &str| {
        let text = text(card, name)?;
        found.push('\n');
        found.push_str(&text);
        Some(text)
    };
    if let Some(pretext) = get("pretext") {
        out.push_str("<div class=\"body\" dir=\"auto\">");
        markdown::write(out, &pretext, around);
        out.push_str("</div>\n");
    }
    out.push_str("<div class=\"card\" role=\"group\" aria-label=\"Message attachment\">\n");
    if let Some(author) = get("author_name") {
        out.push_str("<p class=\"author\" dir=\"auto\">");
        escape::text(out, &author);
        out.push_str("</p>\n");
    }
    let (title, link) = (get("title"), get("title_link"));
    if title.is_some() || link.is_some() {
        out.push_str("<p class=\"heading\" dir=\"auto\">");
        escape::text(out, title.as_deref().unwrap_or_default());
        if let Some(link) = link {
            out.push(' ');
            inline::address(out, &link);
        }
        out.push_str("</p>\n");
    }
    let body = get("text").or_else(|| if title.is_none() { get("fallback") } else { None });
    if let Some(body) = body {
        out.push_str("<div class=\"body\" dir=\"auto\">");
        markdown::write(out, &body, around);
        out.push_str("</div>\n");
    }
    let fields = card.get("fields").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !fields.is_empty() {
        out.push_str("<dl>\n");
        for field in fields.iter().take(MOST) {
            let (title, value) = (text(field, "title").unwrap_or_default(), text(field, "value").unwrap_or_default());
            out.push_str("<div><dt dir=\"auto\">");
            escape::text(out, &title);
            out.push_str("</dt><dd dir=\"auto\">");
            markdown::write(out, &value, around);
            out.push_str("</dd></div>\n");
            let _ = write!(found, "\n{title} {value}");
        }
        out.push_str("</dl>\n");
        more(out, fields.len(), "fields");
    }
    for name in ["image_url", "thumb_url"] {
        if let Some(address) = text(card, name) {
            out.push_str("<p class=\"outside\">[picture, not fetched: ");
            inline::address(out, &address);
            out.push_str("]</p>\n");
        }
    }
    let actions = card.get("actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for action in actions.iter().take(MOST) {
        if let Some(name) = text(action, "name") {
            out.push_str("<span class=\"button\"><bdi>");
            escape::name(out, &name);
            out.push_str("</bdi></span> ");
        }
    }
    more(out, actions.len(), "buttons");
    if let Some(footer) = text(card, "footer") {
        out.push_str("<p class=\"small\" dir=\"auto\">");
        escape::text(out, &footer);
        out.push_str("</p>\n");
    }
    out.push_str("</div>\n");
}

#[cfg(test)]
mod tests {
    use super::super::naming::sample;
    use super::*;

    fn card(attachments: &str) -> (String, String) {
        let naming = sample();
        let (mut out, mut found) = (String::new(), String::new());
        write(
            &mut out,
            attachments,
            &mut found,
            &Surroundings { naming: &naming, team: "teamid", top: Some(inline::TOP) },
        );
        (out, found)
    }

    #[test]
    fn a_card_is_shown_and_found() {
        let (html, found) = card(
            r#"[{"title":"Build <1>","title_link":"javascript:alert(1)","text":"**red**","fields":[{"title":"a","value":"b"}],
                "image_url":"http://e/x.png","actions":[{"name":"Retry"}],"color":"url(x)"}]"#,
        );
        assert!(html.contains("Build &lt;1&gt;") && html.contains("<strong>red</strong>") && html.contains("Retry"));
        assert!(!html.contains("<a ") && !html.contains("<img") && !html.contains("url("), "{html}");
        assert!(found.contains("Build <1>") && found.contains("a b"));
    }

    #[test]
    fn odd_shapes_are_no_cards_and_stand_as_they_are() {
        for (odd, expected) in [
            ("{\"a\":\"<b>\"}", "{&quot;a&quot;:&quot;&lt;b&gt;&quot;}"),
            ("[", "["),
            ("\"x\"", "&quot;x&quot;"),
            ("[7]", "7"),
        ] {
            let (html, found) = card(odd);
            assert!(html.contains(&format!("<pre>{expected}</pre>")) && !html.contains("class=\"card\""), "{html}");
            assert!(!found.is_empty(), "{odd}");
        }
        assert_eq!(card("[]").0, "");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        assert!(card(&format!("[{}]", vec!["{}"; 60].join(","))).0.contains("10 more attachments are not shown"));
        let many =
            |name: &str| card(&format!("[{{\"{name}\":[{}]}}]", vec![r#"{"title":"a","name":"b"}"#; 53].join(","))).0;
        assert!(many("fields").contains("3 more fields are not shown"));
        assert!(many("actions").contains("3 more buttons are not shown"));
    }
}
