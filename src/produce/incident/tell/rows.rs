//! What happened besides posts, requests and runs: one table that says, for each kind, which of its times are events.

use std::borrow::Cow;

use super::Teller;
use crate::produce::incident::event::{Event, More, Sort, What};
use crate::record::fields::{Head, characters, integer, plain};

/// What is said where a record describes nothing.
pub(super) const NOTHING: &str = "nothing that is described";

/// One event of a kind: its time, its sort, what the time means, the same for programs, and what happened in words: `@`
/// stands for the user, `#` for the channel and `$` for the fields of [`said`].
///
/// `at` is the record's origin time. A change at the time of the making or of the end is no event of its own.
type Row = (&'static str, Sort, &'static str, &'static str, &'static str);

const KINDS: [(&str, &[Row]); 34] = [
    ("access_policy", &[("at", Sort::Role, "Access rule made", "access:rule", "the access rule $ was made")]),
    (
        "access_policy_revision",
        &[("at", Sort::Role, "Access rule changed", "access:rule-changed", "the access rule $ was changed")],
    ),
    ("block_history", &[("at", Sort::Board, "Board changed", "board:block", "@ changed on a board: $")]),
    ("board_history", &[("at", Sort::Board, "Board changed", "board:changed", "@ changed the board $")]),
    ("board_member_history", &[("at", Sort::Board, "Board membership changed", "board:member", "@ at a board: $")]),
    (
        "bookmark",
        &[
            ("create_at", Sort::Place, "Bookmark added", "bookmark:added", "@ pinned $ to #"),
            ("delete_at", Sort::Place, "Bookmark removed", "bookmark:removed", "the bookmark $ of # was removed"),
        ],
    ),
    ("bot", &[("create_at", Sort::Integration, "Bot made", "bot:created", "the bot @ was made")]),
    (
        "call",
        &[
            ("start_at", Sort::Call, "Call started", "call:started", "@ started a call in #: $"),
            ("end_at", Sort::Call, "Call ended", "call:ended", "the call in # ended: $"),
        ],
    ),
    (
        "call_job",
        &[
            (
                "start_at",
                Sort::Call,
                "Recording of a call asked for",
                "call:job-begun",
                "@ asked for the $ of a call in #",
            ),
            ("end_at", Sort::Call, "Recording of a call ended", "call:job-ended", "the $ of a call in # ended"),
        ],
    ),
    ("call_session", &[("join_at", Sort::Call, "Call joined", "call:joined", "@ joined the call in #")]),
    (
        "channel",
        &[
            ("create_at", Sort::Place, "Channel created", "channel:created", "the channel # was created"),
            ("delete_at", Sort::Place, "Channel archived", "channel:archived", "the channel # was archived"),
        ],
    ),
    (
        "channel_membership",
        &[
            ("join_time", Sort::Join, "Channel joined", "channel:joined", "@ joined #"),
            ("leave_time", Sort::Leave, "Channel left", "channel:left", "@ left #"),
        ],
    ),
    (
        "command",
        &[
            ("create_at", Sort::Integration, "Command made", "command:created", "@ made the command $"),
            ("delete_at", Sort::Integration, "Command deleted", "command:deleted", "the command $ of @ was deleted"),
        ],
    ),
    (
        "configuration",
        &[("at", Sort::Config, "Configuration changed", "config:changed", "the configuration was changed")],
    ),
    (
        "compliance_report",
        &[("at", Sort::Audit, "Compliance report drawn", "compliance:report", "@ drew a compliance report: $")],
    ),
    (
        "file",
        &[
            ("create_at", Sort::File, "File uploaded", "file:uploaded", "@ uploaded $"),
            ("delete_at", Sort::Delete, "File deleted", "file:deleted", "the file $ of @ was deleted"),
        ],
    ),
    (
        "finding_altered",
        &[("at", Sort::Purge, "Record made, altered since", "finding:altered", "a record was altered since: $")],
    ),
    (
        "finding_purged",
        &[(
            "create_at",
            Sort::Purge,
            "Post created, purged since",
            "post:purged",
            "@ wrote in # what is no longer there",
        )],
    ),
    (
        "finding_vanished",
        &[("at", Sort::Purge, "Record made, gone since", "finding:vanished", "a record is no longer there: $")],
    ),
    (
        "group_member",
        &[
            ("create_at", Sort::Role, "Group joined", "group:joined", "@ came into a group"),
            ("delete_at", Sort::Role, "Group left", "group:left", "@ left a group"),
        ],
    ),
    (
        "incoming_webhook",
        &[
            ("create_at", Sort::Integration, "Webhook made", "webhook:created", "@ made the webhook $ into #"),
            ("delete_at", Sort::Integration, "Webhook deleted", "webhook:deleted", "the webhook $ into # was deleted"),
        ],
    ),
    ("job", &[("start_at", Sort::Job, "Job begun", "job:begun", "the server began the job $")]),
    ("license", &[("at", Sort::Config, "Licence installed", "config:license", "a licence was installed")]),
    ("oauth_app", &[("create_at", Sort::Integration, "Application made", "app:created", "@ made the application $")]),
    (
        "outgoing_webhook",
        &[
            ("create_at", Sort::Integration, "Outgoing webhook made", "webhook:out", "@ made the outgoing webhook $"),
            (
                "delete_at",
                Sort::Integration,
                "Outgoing webhook deleted",
                "webhook:out-deleted",
                "the outgoing webhook $ was deleted",
            ),
        ],
    ),
    (
        "post_acknowledgement",
        &[(
            "acknowledged_at",
            Sort::Acknowledgement,
            "Post acknowledged",
            "post:acknowledged",
            "@ acknowledged a post in #",
        )],
    ),
    (
        "reaction",
        &[
            ("create_at", Sort::Reaction, "Reaction added", "reaction:added", "@ reacted with $"),
            ("delete_at", Sort::Reaction, "Reaction removed", "reaction:removed", "@ took back $"),
        ],
    ),
    ("role", &[("update_at", Sort::Role, "Role changed", "role:changed", "the role $ was changed")]),
    ("scheme", &[("update_at", Sort::Role, "Scheme changed", "scheme:changed", "the scheme $ was changed")]),
    ("session", &[("create_at", Sort::Login, "Login", "session:begun", "@ logged in")]),
    (
        "team",
        &[
            ("create_at", Sort::Place, "Team created", "team:created", "the team $ was created"),
            ("delete_at", Sort::Place, "Team archived", "team:archived", "the team $ was archived"),
        ],
    ),
    (
        "team_member",
        &[
            ("create_at", Sort::Join, "Team joined", "team:joined", "@ joined the team $"),
            ("delete_at", Sort::Leave, "Team left", "team:left", "@ left the team $"),
        ],
    ),
    ("terms_acceptance", &[("create_at", Sort::Terms, "Terms accepted", "terms:accepted", "@ accepted the terms $")]),
    (
        "user",
        &[
            ("create_at", Sort::Account, "Account created", "user:created", "the account of @ was created"),
            ("delete_at", Sort::Account, "Account deactivated", "user:deactivated", "the account of @ was deactivated"),
            (
                "last_password_update",
                Sort::Account,
                "Password changed",
                "user:password",
                "the password of @ was changed",
            ),
        ],
    ),
];

/// The events of a kind.
pub(super) fn sorts(kind: &str) -> Option<&'static [Row]> {
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, rows)| *rows)
}

/// What each kind says in words: the first of these that there are.
fn said(kind: &str, head: &Head<'_>) -> String {
    let fields: &[&str] = match kind {
        "block_history" => &["type", "title"],
        "board_history" | "call" => &["title"],
        "board_member_history" => &["action"],
        "bookmark" => &["display_name", "link_url"],
        "call_job" => &["type"],
        "command" => &["trigger"],
        "compliance_report" => &["type", "desc"],
        "finding_altered" | "finding_vanished" => &["record_kind", "record_id"],
        "incoming_webhook" | "outgoing_webhook" => &["display_name"],
        "job" => &["type", "status"],
        "reaction" => &["emoji_name"],
        "terms_acceptance" => &["terms_of_service_id"],
        _ => &["name"],
    };
    let mut found: Vec<Option<&[u8]>> = Vec::new();
    head.scan(fields, &mut found);
    let texts = found.into_iter().flatten().map(characters).filter(|text| !text.is_empty());
    let text = texts.collect::<Vec<Cow<'_, str>>>().join(" ");
    if text.is_empty() { NOTHING.to_owned() } else { text }
}

/// Whom a record speaks of.
fn user<'e>(kind: &str, head: &Head<'e>, named: [Option<&'e [u8]>; 5]) -> &'e str {
    let found = named.map(plain).into_iter().find(|id| !id.is_empty());
    if kind == "user" { head.id } else { found.unwrap_or_default() }
}

/// What is asked of every record, in one pass over its line.
const ASKED: [&str; 12] = [
    "user_id",
    "modified_by",
    "owner_id",
    "creator_id",
    "created_by",
    "channel_id",
    "post_id",
    "content_sha256",
    "size",
    "call_id",
    "create_at",
    "delete_at",
];

/// Hands on the events of a record.
pub(super) fn tell<'e>(teller: &Teller<'e>, kind: &'e str, line: &'e [u8], each: &mut impl FnMut(Event<'e>)) {
    let Some(rows) = sorts(kind) else { return };
    let head = Head::of(line, kind);
    let [by, modified_by, owner, creator, created_by, channel, post, sha256, size, call, made, ended] =
        head.pick(ASKED);
    let user = user(kind, &head, [by, modified_by, owner, creator, created_by]);
    let channel = if kind == "channel" { head.id } else { plain(channel) };
    let [made, ended] = [made, ended].map(|time| integer(time).unwrap_or_default());
    for (field, sort, description, data_type, words) in rows {
        let at = match *field {
            "at" => head.at(),
            "create_at" => made,
            "delete_at" => ended,
            field => integer(head.pick([field])[0]).unwrap_or_default(),
        };
        let is_later = !matches!(*field, "update_at" | "last_password_update") || ![made, ended].contains(&at);
        if at == 0 || !is_later {
            continue;
        }
        let mut event = Event::new(at, &What { sort: *sort, description, data_type }, kind, head.id);
        // What was done to somebody, or to something of theirs, does not say by whom.
        if words.starts_with('@') {
            event.actor = Cow::Borrowed(user);
        } else {
            event.user = user;
        }
        event.channel = channel;
        let shown = if channel.is_empty() { teller.channel_of_call(plain(call)) } else { channel };
        event.message = in_words(words, user, shown, kind, &head, teller);
        event.run = teller.run_of_post(plain(post), shown);
        event.add("mm_post_id", plain(post));
        event.add("mm_file_sha256", plain(sha256));
        if kind == "file"
            && let Some(size) = integer(size)
        {
            event.add("mm_file_size", More::Integer(size));
        }
        each(event);
    }
}

fn in_words(words: &str, user: &str, channel: &str, kind: &str, head: &Head<'_>, teller: &Teller<'_>) -> String {
    let mut message = String::new();
    for character in words.chars() {
        match character {
            '@' => message.push_str(&teller.who(user)),
            '#' if channel.is_empty() => message.push_str("a channel"),
            '#' => message.push_str(teller.labels.channel(channel)),
            '$' if kind == "team_member" => {
                let team = plain(head.pick(["team_id"])[0]);
                message.push_str(teller.directory.team(team).map_or(team, |team| &team.name));
            }
            '$' => message.push_str(&said(kind, head)),
            other => message.push(other),
        }
    }
    message
}
