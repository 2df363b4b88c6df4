//! Who and what may act: sessions, tokens, webhooks, commands and applications, without what opens them.

use super::{BLANK, Table, columns, reaches, words};

/// Rows vanish at logout and expiry, so that this is no history of logins; `audit` is.
pub(super) static SESSION: Table = Table {
    kind: "session",
    table: "sessions",
    evidence: "who is logged in, since when, on which device",
    origin: Some("create_at"),
    events: words!("expires_at last_activity_at"),
    path: reaches!("user:user_id"),
    columns: columns!(
        "create_at:ms expires_at:ms last_activity_at:ms user_id roles is_oauth:bool props:guarded expired_notify=expirednotify:bool"
    ),
    // A device id is what push messages are addressed to.
    never: words!("token deviceid voipdeviceid"),
    ..BLANK
};

pub(super) static ACCESS_TOKEN: Table = Table {
    kind: "access_token",
    table: "useraccesstokens",
    evidence: "that a token lets programs act as a person",
    path: reaches!("user:user_id"),
    columns: columns!("user_id description is_active:bool expires_at:ms last_notified_at:ms"),
    never: words!("token"),
    ..BLANK
};

pub(super) static OAUTH_APP: Table = Table {
    kind: "oauth_app",
    table: "oauthapps",
    evidence: "applications that people may let act for them",
    origin: Some("create_at"),
    events: words!("update_at"),
    clock: Some("update_at"),
    path: reaches!("user:creator_id"),
    columns: columns!(
        "creator_id create_at:ms update_at:ms name description icon_url callback_urls:json homepage is_trusted:bool mattermost_app_id is_dynamically_registered:bool"
    ),
    never: words!("clientsecret"),
    ..BLANK
};

pub(super) static OAUTH_CONNECTION: Table = Table {
    kind: "oauth_connection",
    table: "outgoingoauthconnections",
    evidence: "services to which the server itself logs in",
    origin: Some("create_at"),
    events: words!("update_at"),
    clock: Some("update_at"),
    path: reaches!("user:creator_id"),
    columns: columns!(
        "creator_id create_at:ms update_at:ms name client_id oauth_token_url:hosts grant_type audiences:hosts"
    ),
    never: words!("clientsecret credentialsusername credentialspassword"),
    ..BLANK
};

pub(super) static OAUTH_GRANT: Table = Table {
    kind: "oauth_grant",
    table: "oauthaccessdata",
    evidence: "that a person lets an application act",
    key: words!("token"),
    credential: true,
    path: reaches!("user:user_id"),
    columns: columns!("client_id user_id redirect_uri expires_at:ms scope audience"),
    never: words!("refreshtoken"),
    ..BLANK
};

pub(super) static COMMAND: Table = Table {
    kind: "command",
    table: "commands",
    evidence: "slash commands, and the host that what was typed is sent to",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("team:team_id user:creator_id"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms creator_id team_id trigger method username icon_url auto_complete=autocomplete:bool auto_complete_desc=autocompletedesc auto_complete_hint=autocompletehint display_name description url:hosts plugin_id"
    ),
    never: words!("token"),
    ..BLANK
};

pub(super) static COMMAND_WEBHOOK: Table = Table {
    kind: "command_webhook",
    table: "commandwebhooks",
    evidence: "addresses at which a command may still answer, without the addresses",
    credential: true,
    origin: Some("create_at"),
    path: reaches!("channel:channel_id user:user_id post:root_id"),
    columns: columns!("create_at:ms command_id user_id channel_id root_id parent_id use_count:int"),
    ..BLANK
};

/// A post that came through a webhook names the hook's owner as its user.
pub(super) static INCOMING_WEBHOOK: Table = Table {
    kind: "incoming_webhook",
    table: "incomingwebhooks",
    evidence: "who made an address at which programs may post, and where they may; without the address",
    credential: true,
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    path: reaches!("team:team_id channel:channel_id user:user_id"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms user_id channel_id team_id display_name description username icon_url channel_locked:bool last_used:ms"
    ),
    ..BLANK
};

pub(super) static OUTGOING_WEBHOOK: Table = Table {
    kind: "outgoing_webhook",
    table: "outgoingwebhooks",
    evidence: "which words send posts out of the server, and to which hosts",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("team:team_id channel:channel_id user:creator_id"),
    columns: columns!(
        "create_at:ms update_at:ms delete_at:ms creator_id channel_id team_id trigger_words:json trigger_when:int callback_urls:hosts display_name description content_type username icon_url"
    ),
    never: words!("token"),
    ..BLANK
};
