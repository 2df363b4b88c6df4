//! What the server's audit log says, and what comparing it with the tables establishes.

use super::{BLANK, Table, Windowing, columns, reaches, words};

pub(super) static AUDIT_LOG: Table = Table {
    kind: "audit_log",
    table: "(audit log)",
    evidence: "what the server wrote down about requests: who asked for what, from where, and whether it was done",
    window: Windowing::Own,
    origin: Some("timestamp"),
    path: reaches!("user:user_id"),
    columns: columns!(
        "schema timestamp event_name status user_id session_id client ip_address x_forwarded_for api_path cluster_id object_type error:json parameters:json prior_state:json resulting_state:json meta:json extra:json line_sha256"
    ),
    ..BLANK
};

pub(super) static FINDING_ORPHAN: Table = Table {
    kind: "finding_orphan",
    table: "(reconciliation)",
    evidence: "what rows name although the same database no longer holds it",
    key: words!("of field target_id"),
    columns: columns!("of field target target_id rows:int purged:bool"),
    ..BLANK
};

pub(super) static FINDING_PURGED: Table = Table {
    kind: "finding_purged",
    table: "(reconciliation)",
    evidence: "posts that were created according to the audit log and are no longer in the database",
    origin: Some("create_at"),
    path: reaches!("channel:channel_id user:user_id"),
    columns: columns!(
        "create_at:ms user_id channel_id root_id type user_missing:bool channel_missing:bool deletions:json basis:json"
    ),
    ..BLANK
};

pub(super) static FINDING_ALTERED: Table = Table {
    kind: "finding_altered",
    table: "(earlier archives)",
    evidence: "records that changed since they were sealed, although their change clock did not move",
    key: words!("record_kind record_id"),
    origin: Some("record_at"),
    columns: columns!("record_kind record_id record_at:ms clock:ms seal_sha256 record:int"),
    ..BLANK
};

pub(super) static FINDING_VANISHED: Table = Table {
    kind: "finding_vanished",
    table: "(earlier archives)",
    evidence: "records that an earlier archive holds and the source no longer has",
    key: words!("record_kind record_id"),
    origin: Some("record_at"),
    columns: columns!(
        "record_kind record_id record_at:ms was_deleted:bool kept_when_deleted:bool seal_sha256 record:int"
    ),
    ..BLANK
};
