//! What happened besides posts.

use std::borrow::Cow;

use super::event::{Event, Events};
use crate::produce::labels::Labels;
use crate::produce::scope::owner;
use crate::record::fields::{Head, characters, integer, plain};

/// One sort of event: when, what the time means, its sort, and what happened in words.
type Sort = (&'static str, &'static str, &'static str, &'static str);

/// For each kind the events that its records are. In the words `@` stands for the user, `#` for the channel and `$` for
/// the fields of [`said`].
const EVENTS: [(&str, &[Sort]); 12] = [
    ("audit", &[("create_at", "Audit event", "audit", "@: $")]),
    ("audit_log", &[("at", "Audit event", "audit_log", "@: $")]),
    (
        "channel",
        &[
            ("create_at", "Channel created", "channel:created", "the channel # was created"),
            ("delete_at", "Channel archived", "channel:archived", "the channel # was archived"),
        ],
    ),
    (
        "channel_membership",
        &[
            ("join_time", "Channel joined", "channel:joined", "@ joined #"),
            ("leave_time", "Channel left", "channel:left", "@ left #"),
        ],
    ),
    (
        "file",
        &[
            ("create_at", "File uploaded", "file:uploaded", "@ uploaded $"),
            ("delete_at", "File deleted", "file:deleted", "the file $ of @ was deleted"),
        ],
    ),
    (
        "finding_purged",
        &[("create_at", "Post created, purged since", "post:purged", "@ wrote in # what is no longer there")],
    ),
    ("playbook_run", &[("create_at", "Playbook run started", "run:started", "@ started the run $")]),
    (
        "reaction",
        &[
            ("create_at", "Reaction added", "reaction:added", "@ reacted with $"),
            ("delete_at", "Reaction removed", "reaction:removed", "@ took back $"),
        ],
    ),
    ("run_event", &[("at", "Playbook event", "run:event", "@: $")]),
    ("session", &[("create_at", "Login", "session:begun", "@ logged in")]),
    ("team", &[("create_at", "Team created", "team:created", "the team $ was created")]),
    (
        "user",
        &[
            ("create_at", "Account created", "user:created", "the account of @ was created"),
            ("delete_at", "Account deactivated", "user:deactivated", "the account of @ was deactivated"),
        ],
    ),
];

/// Whether records of a kind are events.
pub(super) fn is_event(kind: &str) -> bool {
    EVENTS.iter().any(|(known, _)| *known == kind)
}

/// What each kind says in words: the first of these that there are.
fn said<'l>(kind: &str, head: &Head<'l>) -> String {
    let fields: &[&str] = match kind {
        "audit" => &["action", "extra_info"],
        "audit_log" => &["event_name", "status", "api_path"],
        "reaction" => &["emoji_name"],
        "run_event" => &["event_type", "summary", "details"],
        _ => &["name"],
    };
    let mut found: Vec<Option<&'l [u8]>> = Vec::new();
    head.scan(fields, &mut found);
    let texts = found.into_iter().flatten().map(characters).filter(|text| !text.is_empty());
    let text = texts.collect::<Vec<Cow<'_, str>>>().join(" ");
    if text.is_empty() { "nothing that is described".to_owned() } else { text }
}

/// Adds the events of a record that is no post.
pub(super) fn add(events: &mut Events, kind: &str, line: &[u8], labels: &Labels<'_>) {
    let Some((_, sorts)) = EVENTS.iter().find(|(known, _)| *known == kind) else { return };
    let head = Head::of(line, kind);
    let names = ["channel_id", "post_id", "playbook_run_id", "content_sha256", "ip_address", "size"];
    let [channel, post, run, sha256, address, size] = head.pick(names);
    let own = |wanted: &str, id| if kind == wanted { head.id } else { id };
    let (user, channel, run) =
        (own("user", owner(&head)), own("channel", plain(channel)), own("playbook_run", plain(run)));
    for (field, description, data_type, words) in *sorts {
        let at = if *field == "at" { head.at() } else { integer(head.pick([field])[0]).unwrap_or_default() };
        if at == 0 {
            continue;
        }
        let message = in_words(words, user, channel, kind, &head, labels);
        let description = task_or_status(kind, &head).unwrap_or(description);
        let Some(mut event) = events.event(&Event { at, description, data_type, message: &message, id: head.id })
        else {
            continue;
        };
        event.text("mm_post_id", plain(post));
        event.text("mm_channel_id", channel);
        if !channel.is_empty() {
            event.text("mm_channel", labels.channel(channel));
            event.text("mm_team", labels.team(channel));
        }
        event.text("mm_user_id", user);
        if !user.is_empty() {
            event.text("mm_user", labels.user(user));
        }
        event.text("mm_run_id", run);
        event.text("mm_file_sha256", plain(sha256));
        event.text("mm_ip_address", &address.map(characters).unwrap_or_default());
        if kind == "file"
            && let Some(size) = integer(size)
        {
            event.integer("mm_file_size", size);
        }
        event.end();
    }
}

/// What the timeline of a playbook run distinguishes.
fn task_or_status(kind: &str, head: &Head<'_>) -> Option<&'static str> {
    if kind != "run_event" {
        return None;
    }
    match plain(head.pick(["event_type"])[0]) {
        "task_state_modified" => Some("Playbook task changed"),
        "status_updated" => Some("Playbook status posted"),
        _ => None,
    }
}

fn in_words(words: &str, user: &str, channel: &str, kind: &str, head: &Head<'_>, labels: &Labels<'_>) -> String {
    let mut message = String::new();
    for character in words.chars() {
        match character {
            '@' if user.is_empty() => message.push_str("somebody"),
            '@' => {
                message.push('@');
                message.push_str(labels.user(user));
            }
            '#' if channel.is_empty() => message.push_str("a channel"),
            '#' => message.push_str(labels.channel(channel)),
            '$' => message.push_str(&said(kind, head)),
            other => message.push(other),
        }
    }
    message
}
