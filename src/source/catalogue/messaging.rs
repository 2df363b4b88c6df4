//! What was said: posts, reactions, files and what belongs to them.

use super::{BLANK, Table, Windowing, columns, reaches, words};

pub(super) static POST: Table = Table {
    kind: "post",
    table: "posts",
    evidence: "what was said, by whom, when, in reply to what; earlier versions and deleted ones are rows of their own",
    window: Windowing::Own,
    origin: Some("create_at"),
    events: words!("edit_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("channel:channel_id user:user_id"),
    columns: columns!(
        "create_at:ms update_at:ms edit_at:ms delete_at:ms is_pinned:bool user_id channel_id root_id parent_id original_id message type props:buttons hashtags filenames:json file_ids:json has_reactions:bool remote_id"
    ),
    bulk_only: words!("extra"),
    ..BLANK
};

pub(super) static REACTION: Table = Table {
    kind: "reaction",
    table: "reactions",
    evidence: "who answered a post with which emoji, and who took it back",
    window: Windowing::Own,
    key: words!("post_id user_id emoji_name"),
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("channel:channel_id user:user_id post:post_id"),
    columns: columns!("user_id post_id emoji_name create_at:ms update_at:ms delete_at:ms remote_id channel_id"),
    bulk_only: words!("extra"),
    ..BLANK
};

pub(super) static FILE: Table = Table {
    kind: "file",
    table: "fileinfo",
    evidence: "files attached to posts, with the digest of their bytes",
    window: Windowing::WithPost,
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    counters: words!("delete_at post_id channel_id"),
    path: reaches!("channel:channel_id user:user_id post:post_id"),
    columns: columns!(
        "user_id=creatorid post_id channel_id create_at:ms update_at:ms delete_at:ms path name extension size:int mime_type width:int height:int has_preview_image:bool remote_id archived:bool"
    ),
    bulk_only: words!("extra content_sha256 content_bytes content_member content_missing"),
    never: words!("thumbnailpath previewpath minipreview content"),
    ..BLANK
};

pub(super) static EMOJI: Table = Table {
    kind: "emoji",
    table: "emoji",
    evidence: "custom emoji with their images: what a reaction looked like",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("user:creator_id"),
    columns: columns!("create_at:ms update_at:ms delete_at:ms creator_id name"),
    bulk_only: words!("path extra content_sha256 content_bytes content_member content_missing"),
    ..BLANK
};

/// Other preferences are how a person likes the screen to look, and what it showed last.
pub(super) static SAVED_POST: Table = Table {
    kind: "saved_post",
    table: "preferences",
    evidence: "who kept a post for later",
    window: Windowing::WithPost,
    key: words!("user_id post_id"),
    path: reaches!("user:user_id post:post_id"),
    only: Some(("category", &["flagged_post"])),
    columns: columns!("user_id post_id=name"),
    never: words!("value"),
    ..BLANK
};

pub(super) static THREAD: Table = Table {
    kind: "thread",
    table: "threads",
    evidence: "what the server knows of a thread as a whole: who takes part, how long it is",
    window: Windowing::WithPost,
    key: words!("post_id"),
    events: words!("last_reply_at delete_at"),
    path: reaches!("channel:channel_id team:team_id post:post_id"),
    columns: columns!(
        "post_id reply_count:int last_reply_at:ms participants:json channel_id delete_at=threaddeleteat|deleteat:ms team_id=threadteamid|teamid"
    ),
    ..BLANK
};

pub(super) static THREAD_MEMBERSHIP: Table = Table {
    kind: "thread_membership",
    table: "threadmemberships",
    evidence: "who follows a thread and how far it was read",
    window: Windowing::WithPost,
    key: words!("post_id user_id"),
    clock: Some("last_update_timestamp"),
    path: reaches!("user:user_id post:post_id"),
    columns: columns!(
        "post_id user_id following:bool last_view_timestamp=lastviewed:ms last_update_timestamp=lastupdated:ms unread_mentions:int"
    ),
    bulk_only: words!("extra"),
    ..BLANK
};

pub(super) static POST_PRIORITY: Table = Table {
    kind: "post_priority",
    table: "postspriority",
    evidence: "posts marked important or urgent, and whether an acknowledgement was asked for",
    window: Windowing::WithPost,
    key: words!("post_id"),
    path: reaches!("channel:channel_id post:post_id"),
    columns: columns!("post_id channel_id priority requested_ack=requestedack:bool persistent_notifications:bool"),
    ..BLANK
};

pub(super) static POST_ACKNOWLEDGEMENT: Table = Table {
    kind: "post_acknowledgement",
    table: "postacknowledgements",
    evidence: "who acknowledged a post and when; 0 for one that was taken back",
    window: Windowing::WithPost,
    key: words!("post_id user_id"),
    events: words!("acknowledged_at"),
    path: reaches!("channel:channel_id user:user_id post:post_id"),
    columns: columns!("user_id post_id acknowledged_at:ms channel_id remote_id"),
    ..BLANK
};

pub(super) static PERSISTENT_NOTIFICATION: Table = Table {
    kind: "persistent_notification",
    table: "persistentnotifications",
    evidence: "urgent posts of which people were reminded again and again, and how often",
    window: Windowing::WithPost,
    key: words!("post_id"),
    origin: Some("create_at"),
    events: words!("last_sent_at delete_at"),
    path: reaches!("post:post_id"),
    columns: columns!("post_id create_at:ms last_sent_at:ms delete_at:ms sent_count:int"),
    ..BLANK
};

pub(super) static POST_REMINDER: Table = Table {
    kind: "post_reminder",
    table: "postreminders",
    evidence: "who asked to be reminded of a post, and for when",
    window: Windowing::WithPost,
    key: words!("post_id user_id"),
    path: reaches!("user:user_id post:post_id"),
    columns: columns!("post_id user_id target_time:s"),
    ..BLANK
};

pub(super) static READ_RECEIPT: Table = Table {
    kind: "read_receipt",
    table: "readreceipts",
    evidence: "who revealed a burn-on-read post, and until when",
    window: Windowing::WithPost,
    key: words!("post_id user_id"),
    events: words!("expire_at"),
    path: reaches!("user:user_id post:post_id"),
    columns: columns!("post_id user_id expire_at:ms"),
    ..BLANK
};

pub(super) static TEMPORARY_POST: Table = Table {
    kind: "temporary_post",
    table: "temporaryposts",
    evidence: "what a burn-on-read post says, as long as it is there; the post itself is an empty shell",
    window: Windowing::WithPost,
    key: words!("post_id"),
    events: words!("expire_at"),
    path: reaches!("post:post_id"),
    columns: columns!("post_id type expire_at:ms message file_ids:json"),
    ..BLANK
};

pub(super) static DRAFT: Table = Table {
    kind: "draft",
    table: "drafts",
    evidence: "what a person wrote and has not sent",
    window: Windowing::Own,
    key: words!("user_id channel_id root_id"),
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("channel:channel_id user:user_id post:root_id"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms user_id channel_id root_id message props:buttons file_ids:json priority:json type"
    ),
    ..BLANK
};

pub(super) static SCHEDULED_POST: Table = Table {
    kind: "scheduled_post",
    table: "scheduledposts",
    evidence: "what a person means to say later, or could not be sent",
    window: Windowing::Own,
    origin: Some("create_at"),
    events: words!("update_at scheduled_at processed_at"),
    path: reaches!("channel:channel_id user:user_id post:root_id"),
    columns: columns!(
        "create_at:ms update_at:ms user_id channel_id root_id message props:buttons file_ids:json priority:json scheduled_at:ms processed_at:ms error_code type"
    ),
    ..BLANK
};

pub(super) static BOOKMARK: Table = Table {
    kind: "bookmark",
    table: "channelbookmarks",
    evidence: "links and files pinned to a channel; earlier versions are rows of their own",
    window: Windowing::Own,
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("channel:channel_id user:owner_id"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms channel_id owner_id file_id=fileinfoid display_name sort_order:int link_url image_url emoji type original_id parent_id"
    ),
    ..BLANK
};

pub(super) static UPLOAD_SESSION: Table = Table {
    kind: "upload_session",
    table: "uploadsessions",
    evidence: "files whose upload began and did not end",
    window: Windowing::Own,
    origin: Some("create_at"),
    path: reaches!("channel:channel_id user:user_id"),
    columns: columns!(
        "type create_at:ms user_id channel_id filename path file_size:int file_offset:int remote_id req_file_id"
    ),
    ..BLANK
};

pub(super) static RECAP: Table = Table {
    kind: "recap",
    table: "recaps",
    evidence: "summaries that a machine wrote for a person: what the person was told, which nobody can make again",
    window: Windowing::Own,
    origin: Some("create_at"),
    events: words!("update_at read_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("user:user_id user:bot_id"),
    columns: columns!(
        "user_id title create_at:ms update_at:ms delete_at:ms read_at:ms total_message_count:int status bot_id"
    ),
    ..BLANK
};

pub(super) static RECAP_CHANNEL: Table = Table {
    kind: "recap_channel",
    table: "recapchannels",
    evidence: "the part of such a summary that speaks of one channel, with the posts it was made from",
    window: Windowing::Own,
    origin: Some("create_at"),
    path: reaches!("channel:channel_id"),
    columns: columns!(
        "recap_id channel_id channel_name highlights:json action_items:json source_post_ids:json create_at:ms"
    ),
    ..BLANK
};
