//! What the server and its plugins say, in words: somebody joined, a header was changed, a run was updated.
//!
//! These posts are the only history of names, headers and purposes of channels, so old and new values are shown.

use std::fmt::Write as _;

use super::escape;
use super::inline;
use super::markdown;
use super::post::Setting;
use crate::produce::Post;

/// Types of the server and what they mean, for those whose text does not say enough.
const WORDS: [(&str, &str); 22] = [
    ("system_join_channel", "joined the channel"),
    ("system_guest_join_channel", "joined the channel as a guest"),
    ("system_leave_channel", "left the channel"),
    ("system_join_leave", "joined or left the channel"),
    ("system_join_team", "joined the team"),
    ("system_leave_team", "left the team"),
    ("system_add_to_channel", "was added to the channel"),
    ("system_add_guest_to_chan", "was added to the channel as a guest"),
    ("system_remove_from_channel", "was removed from the channel"),
    ("system_add_remove", "was added or removed"),
    ("system_add_to_team", "was added to the team"),
    ("system_remove_from_team", "was removed from the team"),
    ("system_header_change", "changed the header of the channel"),
    ("system_displayname_change", "changed the name of the channel"),
    ("system_purpose_change", "changed the purpose of the channel"),
    ("system_convert_channel", "made the channel private"),
    ("system_change_chan_privacy", "changed who may join the channel"),
    ("system_channel_deleted", "archived the channel"),
    ("system_channel_restored", "restored the channel"),
    ("system_move_channel", "moved the channel to another team"),
    ("system_gm_to_channel", "turned group messages into a channel"),
    ("system_auto_responder", "answers automatically"),
];

/// Old and new values that such posts carry.
const CHANGES: [(&str, &str, &str); 3] = [
    ("header", "old_header", "new_header"),
    ("name", "old_displayname", "new_displayname"),
    ("purpose", "old_purpose", "new_purpose"),
];

/// What a type that is none of an ordinary post is called.
pub(super) fn label(kind: &str) -> &str {
    match kind {
        "custom_run_update" | "custom_update_status" => "playbook update",
        "custom_retro" => "playbook retrospective",
        "custom_retro_rem" | "custom_retro_rem_first" => "playbook reminder",
        "burn_on_read" => "burn on read",
        "reminder" => "reminder",
        _ if kind.starts_with("custom_calls") => "call",
        _ if kind.starts_with("system_") => "system",
        _ => kind,
    }
}

/// Appends the words of a post by the server.
pub(super) fn write(out: &mut String, post: &Post<'_>, kind: &str, message: &str, setting: &Setting<'_>) {
    if message.trim().is_empty() {
        out.push_str("<p>");
        match ["username", "addedUsername", "removedUsername"].into_iter().find_map(|name| post.prop_text(name)) {
            Some(name) => inline::write(out, &format!("@{name}"), &setting.surroundings()),
            None => setting.name(out, post.user_id),
        }
        out.push(' ');
        match WORDS.iter().find(|(known, _)| *known == kind) {
            Some((_, words)) => out.push_str(words),
            None => escape::text(out, kind),
        }
        out.push_str("</p>\n");
    } else {
        markdown::write(out, message, &setting.surroundings());
    }
    for (what, old, new) in CHANGES {
        let (old, new) = (post.prop_text(old), post.prop_text(new));
        if old.is_none() && new.is_none() {
            continue;
        }
        out.push_str("<dl class=\"change\">");
        for (word, value) in [("old", old), ("new", new)] {
            let _ = write!(out, "<dt>{word} {what}</dt><dd dir=\"auto\">");
            match value {
                Some(value) => escape::text(out, &value),
                None => out.push_str("<em>none</em>"),
            }
            out.push_str("</dd>");
        }
        out.push_str("</dl>\n");
    }
}
