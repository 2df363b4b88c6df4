//! Boards: cards and what is on them. The history tables hold every change, so each is a record of its own.

use super::{BLANK, Table, Windowing, columns, reaches, words};

pub(super) static BOARD: Table = Table {
    kind: "board",
    table: "focalboard_boards",
    evidence: "boards as they are now",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("team:team_id channel:channel_id user:created_by user:modified_by"),
    columns: columns!(
        "insert_at:tz team_id channel_id created_by modified_by type minimum_role title description icon show_description:bool is_template:bool template_version:int properties:json card_properties:json create_at:ms update_at:ms delete_at:ms"
    ),
    ..BLANK
};

pub(super) static BOARD_HISTORY: Table = Table {
    kind: "board_history",
    table: "focalboard_boards_history",
    evidence: "boards as each change left them",
    window: Windowing::Own,
    key: words!("id insert_at"),
    origin: Some("insert_at"),
    clock: Some("insert_at"),
    path: reaches!("board:id team:team_id channel:channel_id user:created_by user:modified_by"),
    columns: columns!(
        "id insert_at:tz team_id channel_id created_by modified_by type minimum_role title description icon show_description:bool is_template:bool template_version:int properties:json card_properties:json create_at:ms update_at:ms delete_at:ms"
    ),
    ..BLANK
};

pub(super) static BOARD_MEMBER: Table = Table {
    kind: "board_member",
    table: "focalboard_board_members",
    evidence: "who may see and change a board",
    key: words!("board_id user_id"),
    path: reaches!("board:board_id user:user_id"),
    columns: columns!(
        "board_id user_id roles scheme_admin:bool scheme_editor:bool scheme_commenter:bool scheme_viewer:bool"
    ),
    ..BLANK
};

pub(super) static BOARD_MEMBER_HISTORY: Table = Table {
    kind: "board_member_history",
    table: "focalboard_board_members_history",
    evidence: "who was let in and out of a board, and when",
    window: Windowing::Own,
    key: words!("board_id user_id insert_at"),
    origin: Some("insert_at"),
    clock: Some("insert_at"),
    path: reaches!("board:board_id user:user_id"),
    columns: columns!("board_id user_id action insert_at:tz"),
    ..BLANK
};

pub(super) static BOARD_SHARING: Table = Table {
    kind: "board_sharing",
    table: "focalboard_sharing",
    evidence: "boards that anybody with a link may read, without the link",
    events: words!("update_at"),
    clock: Some("update_at"),
    path: reaches!("board:id user:modified_by"),
    columns: columns!("enabled:bool modified_by update_at:ms workspace_id"),
    never: words!("token"),
    ..BLANK
};

pub(super) static BOARD_FILE: Table = Table {
    kind: "board_file",
    table: "focalboard_file_info",
    evidence: "names and sizes of files on boards; their bytes are not collected",
    origin: Some("create_at"),
    events: words!("delete_at"),
    columns: columns!("create_at:ms delete_at:ms name extension size:int archived:bool path"),
    ..BLANK
};

pub(super) static BLOCK: Table = Table {
    kind: "block",
    table: "focalboard_blocks",
    evidence: "cards, texts, comments and pictures on boards as they are now",
    window: Windowing::Own,
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    clock: Some("update_at"),
    path: reaches!("board:board_id channel:channel_id user:created_by user:modified_by"),
    columns: columns!(
        "insert_at:tz parent_id root_id schema:int type title fields:json create_at:ms update_at:ms delete_at:ms created_by modified_by channel_id board_id workspace_id"
    ),
    ..BLANK
};

pub(super) static BLOCK_HISTORY: Table = Table {
    kind: "block_history",
    table: "focalboard_blocks_history",
    evidence: "cards, texts, comments and pictures as each change left them",
    window: Windowing::Own,
    key: words!("id insert_at"),
    origin: Some("insert_at"),
    clock: Some("insert_at"),
    path: reaches!("board:board_id channel:channel_id user:created_by user:modified_by"),
    columns: columns!(
        "id insert_at:tz parent_id root_id schema:int type title fields:json create_at:ms update_at:ms delete_at:ms created_by modified_by channel_id board_id workspace_id"
    ),
    ..BLANK
};
