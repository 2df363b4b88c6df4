//! Fields that administrators, playbooks and the flagging of content attach to posts, people and runs.

use super::{BLANK, Table, columns, reaches, words};

pub(super) static PROPERTY_GROUP: Table = Table {
    kind: "property_group",
    table: "propertygroups",
    evidence: "what attached fields belong to: flagged content, profile attributes, access rules, playbooks",
    columns: columns!("name version:int schema_version:int"),
    ..BLANK
};

pub(super) static PROPERTY_FIELD: Table = Table {
    kind: "property_field",
    table: "propertyfields",
    evidence: "fields that can be attached, with their options",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("run:target_id playbook:target_id"),
    columns: columns!(
        "group_id name type attrs:json target_id target_type create_at:ms update_at:ms delete_at:ms linked_field_id"
    ),
    ..BLANK
};

/// Who flagged a post, why, and what a reviewer decided are values of the group `content_flagging`.
///
/// `target_type` says what the target is; ids of different things are never the same.
pub(super) static PROPERTY_VALUE: Table = Table {
    kind: "property_value",
    table: "propertyvalues",
    evidence: "values attached to posts, people and runs; flagged content and what was decided about it among them",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("post:target_id user:target_id run:target_id playbook:target_id"),
    columns: columns!(
        "target_id target_type group_id field_id value:json create_at:ms update_at:ms delete_at:ms created_by updated_by"
    ),
    ..BLANK
};

pub(super) static CONTENT_FLAGGING_REVIEWER: Table = Table {
    kind: "content_flagging_reviewer",
    table: "contentflaggingcommonreviewers",
    evidence: "who may see and decide on flagged content everywhere",
    key: words!("user_id"),
    path: reaches!("user:user_id"),
    columns: columns!("user_id"),
    ..BLANK
};

pub(super) static CONTENT_FLAGGING_TEAM_REVIEWER: Table = Table {
    kind: "content_flagging_team_reviewer",
    table: "contentflaggingteamreviewers",
    evidence: "who may see and decide on flagged content of a team",
    key: words!("team_id user_id"),
    path: reaches!("team:team_id user:user_id"),
    columns: columns!("team_id user_id"),
    ..BLANK
};

pub(super) static CONTENT_FLAGGING_TEAM_SETTING: Table = Table {
    kind: "content_flagging_team_setting",
    table: "contentflaggingteamsettings",
    evidence: "whether content of a team can be flagged",
    key: words!("team_id"),
    path: reaches!("team:team_id"),
    columns: columns!("team_id enabled:bool"),
    ..BLANK
};
