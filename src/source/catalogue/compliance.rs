//! What the server itself keeps for examiners, and what it destroys: audits, reports, jobs, retention, holds, terms.

use super::{BLANK, Table, Windowing, columns, reaches, words};

/// Actions and remarks may hold tokens of password resets.
pub(super) static AUDIT: Table = Table {
    kind: "audit",
    table: "audits",
    evidence: "logins, acceptance of terms and administration, as requests came in",
    window: Windowing::Own,
    origin: Some("create_at"),
    clock: Some("create_at"),
    path: reaches!("user:user_id"),
    columns: columns!("create_at:ms user_id action:tokens extra_info:tokens ip_address session_id"),
    ..BLANK
};

pub(super) static COMPLIANCE_REPORT: Table = Table {
    kind: "compliance_report",
    table: "compliances",
    evidence: "reports that were drawn with the server's own means, by whom, over what",
    window: Windowing::Own,
    origin: Some("create_at"),
    path: reaches!("user:user_id"),
    columns: columns!("create_at:ms user_id status count:int desc type start_at:ms end_at:ms keywords emails"),
    ..BLANK
};

pub(super) static JOB: Table = Table {
    kind: "job",
    table: "jobs",
    evidence: "when the server deleted by retention, exported, imported or synchronised, and how it ended",
    window: Windowing::Own,
    origin: Some("create_at"),
    events: words!("start_at last_activity_at"),
    columns: columns!(
        "type priority:int create_at:ms start_at:ms last_activity_at:ms status progress:int data:guarded"
    ),
    ..BLANK
};

pub(super) static RETENTION_POLICY: Table = Table {
    kind: "retention_policy",
    table: "retentionpolicies",
    evidence: "how long the server keeps posts, where a rule of its own says so",
    columns: columns!("display_name post_duration:int"),
    ..BLANK
};

pub(super) static RETENTION_POLICY_TEAM: Table = Table {
    kind: "retention_policy_team",
    table: "retentionpoliciesteams",
    evidence: "teams that such a rule is for",
    key: words!("team_id"),
    path: reaches!("team:team_id"),
    columns: columns!("policy_id team_id"),
    ..BLANK
};

pub(super) static RETENTION_POLICY_CHANNEL: Table = Table {
    kind: "retention_policy_channel",
    table: "retentionpolicieschannels",
    evidence: "channels that such a rule is for",
    key: words!("channel_id"),
    path: reaches!("channel:channel_id"),
    columns: columns!("policy_id channel_id"),
    ..BLANK
};

pub(super) static DELETION_QUEUE: Table = Table {
    kind: "deletion_queue",
    table: "retentionidsfordeletion",
    evidence: "ids of rows already deleted whose remains are still to go: a deletion under way, or broken off",
    columns: columns!("table_name ids:array"),
    ..BLANK
};

/// The plugin signs with a secret that stands in the hold itself.
pub(super) static LEGAL_HOLD: Table = Table {
    kind: "legal_hold",
    table: "pluginkeyvaluestore",
    evidence: "holds of the legal-hold plugin: whose posts, from when, until when",
    key: words!("plugin_id key"),
    only: Some(("pkey", &["kvstore_legal_hold_*"])),
    columns: columns!("plugin_id key=pkey value=pvalue:guarded expire_at:ms"),
    ..BLANK
};

pub(super) static TERMS_OF_SERVICE: Table = Table {
    kind: "terms_of_service",
    table: "termsofservice",
    evidence: "every text of the terms that people were asked to accept",
    origin: Some("create_at"),
    path: reaches!("user:user_id"),
    columns: columns!("create_at:ms user_id text"),
    ..BLANK
};

pub(super) static TERMS_ACCEPTANCE: Table = Table {
    kind: "terms_acceptance",
    table: "usertermsofservice",
    evidence: "which terms a person accepted last, and when",
    key: words!("user_id"),
    origin: Some("create_at"),
    path: reaches!("user:user_id"),
    columns: columns!("user_id terms_of_service_id create_at:ms"),
    ..BLANK
};

pub(super) static ACCESS_POLICY: Table = Table {
    kind: "access_policy",
    table: "accesscontrolpolicies",
    evidence: "rules on attributes that decide who may enter a channel",
    origin: Some("create_at"),
    columns: columns!("name type active:bool create_at:ms revision:int version data:json props:json"),
    ..BLANK
};

pub(super) static ACCESS_POLICY_REVISION: Table = Table {
    kind: "access_policy_revision",
    table: "accesscontrolpolicyhistory",
    evidence: "how such a rule read before",
    key: words!("id revision"),
    origin: Some("create_at"),
    columns: columns!("id name type create_at:ms revision:int version data:json props:json"),
    ..BLANK
};
