//! What the mail says, as HTML and as plain text.
//!
//! The names of the classes are the contract with intake; the words are escaped as Go's html/template escapes them. The
//! plain text says the same, line by line; the vendor's is made from its HTML by a library whose breaks mean nothing.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat};

use super::mail::Letter;
use super::{duration, shown};
use crate::produce::post::Post;
use crate::produce::vendor::conversation::{Person, Update};
use crate::record::time::Millis;

/// How the page looks: what people need to read it, and nothing that intake could depend on.
const STYLE: &str = "body{font-family:Arial,sans-serif;font-size:14px}.summary-list ul,.message-list ul{list-style:none;\
    padding:0}.bold,.sent_time,.username,.email{font-weight:bold}.participants{border-collapse:collapse}\
    .participants td,.participants th{border:1px solid black;padding:5px;vertical-align:top}.message-list li{padding:0 0 1em}";

/// The columns of the table of participants: class and heading.
const COLUMNS: [(&str, &str); 8] = [
    ("userid", "UserId"),
    ("username", "Username"),
    ("usertype", "UserType"),
    ("email", "Email"),
    ("joined", "Joined"),
    ("left", "Left"),
    ("duration", "Duration"),
    ("messages", "Messages"),
];

/// A moment to the second, as RFC 3339.
fn moment(at: Millis) -> String {
    let time = DateTime::from_timestamp(at.div_euclid(1000), 0);
    time.map_or_else(|| at.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// The labels of the summary with their values.
fn summary(letter: &Letter<'_, '_>) -> [(&'static str, String); 9] {
    let conversation = letter.conversation;
    let channel = conversation.channel;
    let team = conversation.team;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    [
        ("TeamId", text(channel.map(|known| &*known.team_id))),
        ("TeamName", text(team.map(|known| &*known.name))),
        ("TeamDisplayName", text(team.map(|known| &*known.display_name))),
        ("ChannelId", conversation.id.to_owned()),
        ("ChannelName", text(channel.map(|known| &*known.name))),
        ("ChannelDisplayName", text(channel.map(|known| &*known.display_name))),
        ("Started", moment(conversation.start)),
        ("Ended", moment(conversation.end)),
        ("Duration", duration::words(conversation.end.saturating_sub(conversation.start))),
    ]
}

/// The cells of a participant, in the order of [`COLUMNS`].
fn cells(participant: &super::Participant<'_>) -> [String; 8] {
    let join = &participant.join;
    let Person { id, username, email, .. } = join.person;
    [
        id.to_owned(),
        format!("@{username}"),
        join.person.kind().to_owned(),
        email.to_owned(),
        moment(join.at),
        moment(join.until),
        duration::words(join.until.saturating_sub(join.at)),
        participant.messages.to_string(),
    ]
}

/// Under which name a post shows: an integration may have given it one.
fn shown_name(post: &Post<'_>, username: &str) -> String {
    let given = post.prop_text("override_username").filter(|name| **name != *username);
    let given = given.or_else(|| post.prop_text("webhook_display_name"));
    given.map_or_else(|| username.to_owned(), std::borrow::Cow::into_owned)
}

/// The HTML.
pub(super) fn html(letter: &Letter<'_, '_>) -> String {
    let mut out = String::with_capacity(4096 + letter.slice.lines.len() * 640);
    let _ = write!(
        out,
        "\r\n<html><body>\n<style type=\"text/css\">{STYLE}</style>\n<h1>Mattermost Compliance Export</h1>\n\
         <h2>Conversation Summary</h2>\n<div class=\"summary-list\">\n<ul>\n"
    );
    for (label, value) in summary(letter) {
        let _ = write!(out, "<li><span class=\"bold\">{label}:</span>");
        escape(&mut out, &value);
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n</div>\n<table class=\"participants\">\n<tr>\n");
    for (class, heading) in COLUMNS {
        let _ = writeln!(out, "<th class=\"{class}\">{heading}</th>");
    }
    out.push_str("</tr>\n");
    for participant in &letter.participants {
        out.push_str("<tr>\n");
        for ((class, _), cell) in COLUMNS.iter().zip(cells(participant)) {
            span(&mut out, "td", class, &cell);
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n<h2>Messages</h2>\n<div class=\"message-list\">\n<ul>\n");
    for line in lines(letter) {
        out.push_str("<li class=\"message\">\n");
        for (class, value) in line {
            span(&mut out, "span", class, &value);
        }
        out.push_str("</li>\n");
    }
    let _ = write!(out, "</ul>\n</div>\n<p>Exported on {}</p>\n</body></html>", moment(letter.job_start));
    out
}

/// The lines of the mail: classes with their values.
fn lines<'l>(letter: &'l Letter<'_, '_>) -> impl Iterator<Item = Vec<(&'static str, String)>> + 'l {
    letter.slice.lines.iter().map(|spoken| {
        let entry = &letter.conversation.entries[spoken.entry];
        let one = &letter.told.said[entry.said];
        let shown = shown(letter.told, entry, spoken.line);
        let author = &one.author;
        let name = if spoken.line == super::Line::Post {
            shown_name(&one.post, author.username)
        } else {
            author.username.into()
        };
        let name = if name.is_empty() { name } else { format!("@{name}") };
        let mut line = vec![
            ("post_id", one.post.id.to_owned()),
            ("sent_time", moment(one.post.create_at)),
            ("username", format!("@{}", author.username)),
            ("userid", author.id.to_owned()),
            ("postusername", name),
            ("usertype", author.kind().to_owned()),
            ("email", format!("({})", author.email)),
            ("message", shown.text.into_owned()),
        ];
        if !one.previews.is_empty() {
            line.push(("previews_post", one.previews.clone().into_owned()));
        }
        if shown.update != Update::None {
            line.push(("update_type", shown.update.word().to_owned()));
            line.push(("update_time", moment(shown.update_at)));
            line.push(("edited_new_msg_id", shown.edited.to_owned()));
        }
        line
    })
}

/// The same as plain text.
pub(super) fn text(letter: &Letter<'_, '_>) -> String {
    let mut out = String::from("Mattermost Compliance Export\n\nConversation Summary\n\n");
    for (label, value) in summary(letter) {
        let _ = writeln!(out, "* {label}: {}", plain(&value));
    }
    out.push_str("\nParticipants\n\n");
    for participant in &letter.participants {
        let cells = cells(participant).map(|cell| plain(&cell));
        let _ = writeln!(out, "* {}", cells.join(" | "));
    }
    out.push_str("\nMessages\n\n");
    for line in lines(letter) {
        let words: Vec<String> =
            line.iter().filter(|(_, value)| !value.is_empty()).map(|(_, value)| plain(value)).collect();
        let _ = writeln!(out, "* {}", words.join(" "));
    }
    let _ = writeln!(out, "\nExported on {}", moment(letter.job_start));
    out
}

/// A text without characters that a plain text cannot show.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect()
}

fn span(out: &mut String, element: &str, class: &str, text: &str) {
    let _ = write!(out, "<{element} class=\"{class}\">");
    escape(out, text);
    let _ = writeln!(out, "</{element}>");
}

/// Text as Go's html/template writes it.
fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '+' => out.push_str("&#43;"),
            '\0' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_escaped_as_go_escapes_them() {
        let mut out = String::new();
        escape(&mut out, "<script>alert('1+1')&\"\0</script>ä");
        assert_eq!(out, "&lt;script&gt;alert(&#39;1&#43;1&#39;)&amp;&#34;\u{fffd}&lt;/script&gt;ä");
    }

    #[test]
    fn moments_are_whole_seconds() {
        assert_eq!(moment(1_795_251_300_999), "2026-11-21T08:55:00Z");
        assert_eq!(moment(-1), "1969-12-31T23:59:59Z");
        assert_eq!(moment(Millis::MAX), Millis::MAX.to_string());
    }
}
