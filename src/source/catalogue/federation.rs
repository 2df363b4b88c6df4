//! Other servers: which channels are shared with whom, and what was handed over.

use super::{BLANK, Table, columns, reaches, words};

pub(super) static REMOTE_CLUSTER: Table = Table {
    kind: "remote_cluster",
    table: "remoteclusters",
    evidence: "servers that this one is connected with, and when they were last heard of",
    key: words!("remote_id name"),
    origin: Some("create_at"),
    events: words!("delete_at"),
    path: reaches!("team:remote_team_id team:default_team_id user:creator_id"),
    columns: columns!(
        "remote_id remote_team_id name display_name site_url create_at:ms last_ping_at:ms topics creator_id plugin_id options:int default_team_id delete_at:ms last_global_user_sync_at:ms"
    ),
    never: words!("token remotetoken"),
    ..BLANK
};

pub(super) static SHARED_CHANNEL: Table = Table {
    kind: "shared_channel",
    table: "sharedchannels",
    evidence: "channels that other servers see",
    key: words!("channel_id"),
    origin: Some("create_at"),
    events: words!("update_at"),
    clock: Some("update_at"),
    path: reaches!("team:team_id channel:channel_id user:creator_id"),
    columns: columns!(
        "channel_id team_id home:bool readonly:bool name=sharename display_name=sharedisplayname purpose=sharepurpose header=shareheader creator_id create_at:ms update_at:ms remote_id"
    ),
    ..BLANK
};

pub(super) static SHARED_CHANNEL_REMOTE: Table = Table {
    kind: "shared_channel_remote",
    table: "sharedchannelremotes",
    evidence: "which server sees a channel, and up to which post it was brought up to date",
    key: words!("id channel_id"),
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    path: reaches!("channel:channel_id user:creator_id"),
    columns: columns!(
        "id channel_id creator_id create_at:ms update_at:ms delete_at:ms is_invite_accepted:bool is_invite_confirmed:bool remote_id last_post_update_at:ms last_post_id last_post_create_at:ms last_post_create_id last_members_sync_at:ms"
    ),
    ..BLANK
};

pub(super) static SHARED_CHANNEL_USER: Table = Table {
    kind: "shared_channel_user",
    table: "sharedchannelusers",
    evidence: "people whose accounts another server was told of",
    origin: Some("create_at"),
    events: words!("last_sync_at"),
    path: reaches!("channel:channel_id user:user_id"),
    columns: columns!("user_id channel_id remote_id create_at:ms last_sync_at:ms last_membership_sync_at:ms"),
    ..BLANK
};

pub(super) static SHARED_CHANNEL_ATTACHMENT: Table = Table {
    kind: "shared_channel_attachment",
    table: "sharedchannelattachments",
    evidence: "files that another server was given",
    origin: Some("create_at"),
    events: words!("last_sync_at"),
    columns: columns!("file_id remote_id create_at:ms last_sync_at:ms"),
    ..BLANK
};
