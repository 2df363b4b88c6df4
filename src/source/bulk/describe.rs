//! `data/source.json` of a bulk export: what was read, and what such an export cannot hold.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::Bulk;
use super::directory::SECRETS;
use super::stream::Gathered;
use crate::record::id::{Synthetic, synthetic_text};
use crate::record::time;
use crate::source::catalogue::{
    BOT, CHANNEL, CHANNEL_MEMBER, EMOJI, FILE, POST, PROFILE_PICTURE, REACTION, ROLE, Rank, SAVED_POST, SCHEME, SERVER,
    TABLES, TEAM, TEAM_MEMBER, THREAD_MEMBERSHIP, USER, Windowing, redacted_fields, table,
};
use crate::source::original::Hashed;
use crate::source::scope::Asked;

/// What no bulk export has; an examiner must not take its absence for evidence.
pub const NOT_IN_A_BULK_EXPORT: [&str; 10] = [
    "ids of posts, users, channels and teams (derived ids stand in; see `recovered_id`)",
    "deleted posts, and replies of deleted roots",
    "earlier versions of edited posts",
    "removed reactions",
    "membership history",
    "logins, sessions and the audit tables",
    "webhooks, commands and other integrations",
    "playbook runs, calls and boards",
    "priorities, acknowledgements, bookmarks, drafts and scheduled posts",
    "deleted teams and their channels; direct channels with a permanently deleted member",
];

/// Kinds that a bulk export can fill, in archive order.
const KINDS: [Rank; 16] = [
    SERVER,
    BOT,
    CHANNEL,
    CHANNEL_MEMBER,
    EMOJI,
    FILE,
    POST,
    PROFILE_PICTURE,
    REACTION,
    ROLE,
    SAVED_POST,
    SCHEME,
    TEAM,
    TEAM_MEMBER,
    THREAD_MEMBERSHIP,
    USER,
];

/// The bytes of `data/source.json`: compact JSON and a line feed.
///
/// The scope stands here as it was asked for and as the ids that it came to: what was left out must be told from what
/// was not there.
pub fn describe(
    files: &[Hashed],
    bulk: &Bulk,
    gathered: &Gathered<'_>,
    asked: &Asked,
    newest: Option<&str>,
) -> Vec<u8> {
    let container = &bulk.container;
    let windowed = |windowing| -> Vec<&str> {
        KINDS
            .iter()
            .map(|rank| table(*rank))
            .filter(|table| table.window == windowing)
            .map(|table| table.kind)
            .collect()
    };
    let tables: serde_json::Map<String, Value> = TABLES
        .iter()
        .zip(gathered.source)
        .filter(|(_, rows)| *rows > 0)
        .map(|(table, rows)| {
            (table.kind.to_owned(), json!({ "table": table.table, "rows": rows, "evidence": table.evidence }))
        })
        .collect();
    let document = json!({
        "source": "mattermost bulk export",
        "container": if container.is_zip() { "zip" } else { "jsonl" },
        "format_version": 1,
        "files": files.iter().map(Hashed::described).collect::<Vec<_>>(),
        "content_files": container.contents.len(),
        "contents_wanted": container.contents.is_wanted(),
        "lines": gathered.lines,
        "newest_record": newest,
        "kinds": tables,
        "scope": {
            "since": asked.window.from.and_then(time::format),
            "until": asked.window.until.and_then(time::format),
            "teams": asked.teams, "team_ids": ids(&gathered.scope().teams),
            "channels": asked.channels, "channel_ids": ids(&gathered.scope().channels),
            "users": asked.users, "user_ids": ids(&gathered.scope().users),
        },
        "windowed": windowed(Windowing::Own),
        "windowed_with_their_post": windowed(Windowing::WithPost),
        "fields_never_read": SECRETS,
        "fields_redacted": redacted_fields(KINDS.iter().copied()),
        "not_in_such_a_source": NOT_IN_A_BULK_EXPORT,
    });
    let mut bytes = document.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn ids(set: &HashSet<Synthetic>) -> Vec<&str> {
    let mut ids: Vec<&str> = set.iter().map(synthetic_text).collect();
    ids.sort_unstable();
    ids
}
