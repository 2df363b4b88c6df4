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
        "create_at:ms update_at:ms edit_at:ms delete_at:ms is_pinned:bool user_id channel_id root_id parent_id original_id message type props:json hashtags filenames:json file_ids:json has_reactions:bool remote_id"
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

pub(super) static SAVED_POST: Table = Table {
    kind: "saved_post",
    table: "preferences",
    evidence: "who kept a post for later",
    window: Windowing::WithPost,
    key: words!("user_id post_id"),
    path: reaches!("user:user_id post:post_id"),
    only: Some(("category", &["flagged_post"])),
    columns: columns!("user_id post_id=name"),
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
