//! Who was there and where: teams, channels, users, their roles and memberships.

use super::{BLANK, Table, Windowing, columns, reaches, words};

pub(super) static TEAM: Table = Table {
    kind: "team",
    table: "teams",
    evidence: "the teams of the server",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms display_name name description email type company_name scheme_id allow_open_invite:bool last_team_icon_update:ms group_constrained:bool cloud_limits_archived:bool"
    ),
    bulk_only: words!("extra recovered_id"),
    never: words!("inviteid alloweddomains"),
    ..BLANK
};

pub(super) static CHANNEL: Table = Table {
    kind: "channel",
    table: "channels",
    evidence: "where things were said: open, private, direct and group channels, archived ones included",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    counters: words!("last_post_at total_msg_count extra_update_at total_msg_count_root last_root_post_at"),
    path: reaches!("team:team_id user:creator_id"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms team_id type display_name name header purpose last_post_at:ms total_msg_count:int extra_update_at:ms creator_id scheme_id group_constrained:bool shared:bool total_msg_count_root:int last_root_post_at:ms banner_info:json default_category_name autotranslation:bool"
    ),
    bulk_only: words!("members favorited_by shown_by extra recovered_id"),
    ..BLANK
};

pub(super) static USER: Table = Table {
    kind: "user",
    table: "users",
    evidence: "who the accounts are, without passwords and second factors",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    counters: words!("failed_attempts last_login"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms username auth_data auth_service email email_verified:bool nickname first_name last_name roles allow_marketing:bool props:json notify_props:json last_password_update:ms last_picture_update:ms failed_attempts:int locale mfa_active:bool position timezone:json remote_id last_login:ms"
    ),
    bulk_only: words!("preferences extra recovered_id"),
    never: words!("password mfasecret mfausedtimestamps"),
    ..BLANK
};

pub(super) static BOT: Table = Table {
    kind: "bot",
    table: "bots",
    evidence: "accounts operated by programs, and who owns them",
    key: words!("user_id"),
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("user:user_id user:owner_id"),
    columns: columns!("user_id description owner_id create_at:ms update_at:ms delete_at:ms last_icon_update:ms"),
    bulk_only: words!("username display_name owner extra"),
    ..BLANK
};

pub(super) static ROLE: Table = Table {
    kind: "role",
    table: "roles",
    evidence: "what a role may do",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    columns: columns!(
        "name display_name description create_at:ms update_at:ms delete_at:ms permissions scheme_managed:bool built_in:bool scheme_id"
    ),
    bulk_only: words!("extra"),
    ..BLANK
};

pub(super) static SCHEME: Table = Table {
    kind: "scheme",
    table: "schemes",
    evidence: "which roles apply in a team or channel",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    columns: columns!(
        "name display_name description create_at:ms update_at:ms delete_at:ms scope default_team_admin_role default_team_user_role default_channel_admin_role default_channel_user_role default_team_guest_role default_channel_guest_role default_playbook_admin_role default_playbook_member_role default_run_admin_role default_run_member_role"
    ),
    bulk_only: words!("extra"),
    ..BLANK
};

pub(super) static TEAM_MEMBER: Table = Table {
    kind: "team_member",
    table: "teammembers",
    evidence: "who is in a team, with which roles",
    key: words!("team_id user_id"),
    origin: Some("create_at"),
    events: words!("delete_at"),
    path: reaches!("team:team_id user:user_id"),
    columns: columns!(
        "team_id user_id roles delete_at:ms scheme_user:bool scheme_admin:bool scheme_guest:bool create_at:ms"
    ),
    bulk_only: words!("theme extra"),
    ..BLANK
};

pub(super) static CHANNEL_MEMBER: Table = Table {
    kind: "channel_member",
    table: "channelmembers",
    evidence: "who is in a channel now, with which roles and read position",
    key: words!("channel_id user_id"),
    clock: Some("last_update_at"),
    path: reaches!("channel:channel_id user:user_id"),
    columns: columns!(
        "channel_id user_id roles last_viewed_at:ms msg_count:int mention_count:int notify_props:json last_update_at:ms scheme_user:bool scheme_admin:bool scheme_guest:bool mention_count_root:int msg_count_root:int urgent_mention_count:int autotranslation:bool autotranslation_disabled:bool"
    ),
    bulk_only: words!("favorite extra"),
    ..BLANK
};

pub(super) static CHANNEL_MEMBERSHIP: Table = Table {
    kind: "channel_membership",
    table: "channelmemberhistory",
    evidence: "who could read a channel, from when until when: the only history of membership",
    window: Windowing::Interval,
    key: words!("channel_id user_id join_time"),
    origin: Some("join_time"),
    events: words!("leave_time"),
    path: reaches!("channel:channel_id user:user_id"),
    columns: columns!("channel_id user_id join_time:ms leave_time:ms"),
    ..BLANK
};

pub(super) static GROUP: Table = Table {
    kind: "group",
    table: "usergroups",
    evidence: "groups of people, made by hand or taken over from a directory service",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    columns: columns!(
        "name display_name description source remote_id create_at:ms update_at:ms delete_at:ms allow_reference:bool"
    ),
    ..BLANK
};

pub(super) static GROUP_MEMBER: Table = Table {
    kind: "group_member",
    table: "groupmembers",
    evidence: "who is, or was last, in a group",
    key: words!("group_id user_id"),
    origin: Some("create_at"),
    events: words!("delete_at"),
    path: reaches!("user:user_id"),
    columns: columns!("group_id user_id create_at:ms delete_at:ms"),
    ..BLANK
};

pub(super) static GROUP_TEAM: Table = Table {
    kind: "group_team",
    table: "groupteams",
    evidence: "groups whose members join a team by themselves",
    key: words!("group_id team_id"),
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("team:team_id"),
    columns: columns!("group_id team_id auto_add:bool scheme_admin:bool create_at:ms delete_at:ms update_at:ms"),
    ..BLANK
};

pub(super) static GROUP_CHANNEL: Table = Table {
    kind: "group_channel",
    table: "groupchannels",
    evidence: "groups whose members join a channel by themselves",
    key: words!("group_id channel_id"),
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("channel:channel_id"),
    columns: columns!("group_id channel_id auto_add:bool scheme_admin:bool create_at:ms delete_at:ms update_at:ms"),
    ..BLANK
};

pub(super) static USER_STATUS: Table = Table {
    kind: "user_status",
    table: "status",
    evidence: "when a person was last active",
    key: words!("user_id"),
    path: reaches!("user:user_id"),
    columns: columns!("user_id status manual:bool last_activity_at:ms dnd_end_time:s prev_status"),
    ..BLANK
};

pub(super) static PROFILE_PICTURE: Table = Table {
    kind: "profile_picture",
    table: "(file store)",
    evidence: "what a person's account looked like",
    key: words!("user_id"),
    path: reaches!("user:user_id"),
    columns: columns!("user_id"),
    bulk_only: words!("path content_sha256 content_bytes content_member content_missing"),
    ..BLANK
};
