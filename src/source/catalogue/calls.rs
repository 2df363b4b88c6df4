//! Calls: who spoke with whom, when, and what was recorded. The plugin keeps no sound in the database.

use super::{BLANK, Table, Windowing, columns, reaches, words};

pub(super) static CALL: Table = Table {
    kind: "call",
    table: "calls",
    evidence: "calls in a channel, from when to when, and who took part",
    window: Windowing::Interval,
    origin: Some("start_at"),
    events: words!("end_at"),
    path: reaches!("channel:channel_id user:owner_id post:post_id post:thread_id"),
    columns: columns!(
        "channel_id start_at:ms end_at:ms create_at:ms delete_at:ms title post_id thread_id owner_id participants:json stats:json props:guarded"
    ),
    ..BLANK
};

pub(super) static CALL_SESSION: Table = Table {
    kind: "call_session",
    table: "calls_sessions",
    evidence: "who is in a call at this moment",
    window: Windowing::Own,
    origin: Some("join_at"),
    path: reaches!("user:user_id"),
    columns: columns!("call_id user_id join_at:ms unmuted:bool raised_hand:int"),
    ..BLANK
};

pub(super) static CALL_JOB: Table = Table {
    kind: "call_job",
    table: "calls_jobs",
    evidence: "recordings, transcripts and captions of calls: who asked for them, and when",
    window: Windowing::Own,
    origin: Some("init_at"),
    events: words!("start_at end_at"),
    path: reaches!("user:creator_id"),
    columns: columns!("call_id type creator_id init_at:ms start_at:ms end_at:ms props:guarded"),
    ..BLANK
};

pub(super) static CALL_CHANNEL: Table = Table {
    kind: "call_channel",
    table: "calls_channels",
    evidence: "channels in which calls are allowed or forbidden",
    key: words!("channel_id"),
    path: reaches!("channel:channel_id"),
    columns: columns!("channel_id enabled:bool props:guarded"),
    ..BLANK
};
