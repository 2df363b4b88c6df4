//! Playbooks: incidents as they were run. The tables call a run an incident, and its owner a commander.

use super::{BLANK, Table, Windowing, columns, reaches, words};

/// A playbook has no versions: a run keeps copies of its own, and this is the template as it is now.
pub(super) static PLAYBOOK: Table = Table {
    kind: "playbook",
    table: "ir_playbook",
    evidence: "templates that runs are started from, as they are now",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    path: reaches!("team:team_id channel:channel_id user:default_owner_id"),
    columns: columns!(
        "title description team_id public:bool create_public_playbook_run=createpublicincident:bool create_at:ms update_at:ms delete_at:ms num_stages:int num_steps:int checklists=checklistsjson:json broadcast_channel_id reminder_message_template reminder_timer_default_seconds:int status_update_enabled:bool invited_user_ids=concatenatedinviteduserids invited_group_ids=concatenatedinvitedgroupids invite_users_enabled:bool default_owner_id=defaultcommanderid default_owner_enabled=defaultcommanderenabled:bool announcement_channel_id announcement_channel_enabled:bool broadcast_channel_ids=concatenatedbroadcastchannelids broadcast_enabled:bool webhook_on_creation_urls=concatenatedwebhookoncreationurls:hosts webhook_on_creation_enabled:bool webhook_on_status_update_urls=concatenatedwebhookonstatusupdateurls:hosts webhook_on_status_update_enabled:bool message_on_join message_on_join_enabled:bool retrospective_reminder_interval_seconds:int retrospective_template retrospective_enabled:bool export_channel_on_finished_enabled:bool signal_any_keywords=concatenatedsignalanykeywords signal_any_keywords_enabled:bool categorize_channel_enabled:bool category_name run_summary_template run_summary_template_enabled:bool channel_name_template channel_id channel_mode create_channel_member_on_new_participant:bool remove_channel_member_on_removed_participant:bool run_number_prefix next_run_number:int admin_only_edit:bool owner_group_only_actions:bool new_channel_only:bool auto_archive_channel:bool"
    ),
    ..BLANK
};

pub(super) static PLAYBOOK_MEMBER: Table = Table {
    kind: "playbook_member",
    table: "ir_playbookmember",
    evidence: "who may use and change a playbook",
    key: words!("playbook_id user_id"),
    path: reaches!("playbook:playbook_id user:user_id"),
    columns: columns!("playbook_id user_id=memberid roles"),
    ..BLANK
};

pub(super) static PLAYBOOK_FOLLOWER: Table = Table {
    kind: "playbook_follower",
    table: "ir_playbookautofollow",
    evidence: "who is told of every run of a playbook",
    key: words!("playbook_id user_id"),
    path: reaches!("playbook:playbook_id user:user_id"),
    columns: columns!("playbook_id user_id"),
    ..BLANK
};

pub(super) static PLAYBOOK_METRIC: Table = Table {
    kind: "playbook_metric",
    table: "ir_metricconfig",
    evidence: "what is measured in the runs of a playbook, and the target",
    events: words!("delete_at"),
    path: reaches!("playbook:playbook_id run:run_id"),
    columns: columns!("playbook_id run_id title description type target:int ordering:int delete_at:ms"),
    ..BLANK
};

pub(super) static PLAYBOOK_CONDITION: Table = Table {
    kind: "playbook_condition",
    table: "ir_condition",
    evidence: "rules that show or hide tasks",
    origin: Some("create_at"),
    events: words!("update_at delete_at"),
    path: reaches!("playbook:playbook_id run:run_id"),
    columns: columns!(
        "condition_expr:json playbook_id run_id version:int property_field_ids:json property_options_ids:json create_at:ms update_at:ms delete_at:ms"
    ),
    ..BLANK
};

pub(super) static PLAYBOOK_RUN: Table = Table {
    kind: "playbook_run",
    table: "ir_incident",
    evidence: "incidents: who owned them, from when to when, with tasks, status and retrospective",
    window: Windowing::Interval,
    origin: Some("create_at"),
    events: words!("end_at"),
    path: reaches!(
        "team:team_id channel:channel_id user:owner_user_id user:reporter_user_id post:post_id playbook:playbook_id"
    ),
    columns: columns!(
        "name summary=description is_active:bool owner_user_id=commanderuserid team_id channel_id create_at:ms update_at:ms end_at:ms delete_at:ms active_stage:int active_stage_title post_id playbook_id checklists=checklistsjson:json reminder_post_id broadcast_channel_id previous_reminder:ns reminder_message_template current_status reporter_user_id invited_user_ids=concatenatedinviteduserids invited_group_ids=concatenatedinvitedgroupids default_owner_id=defaultcommanderid announcement_channel_id webhook_on_creation_urls=concatenatedwebhookoncreationurls:hosts webhook_on_status_update_urls=concatenatedwebhookonstatusupdateurls:hosts broadcast_channel_ids=concatenatedbroadcastchannelids retrospective retrospective_published_at:ms retrospective_reminder_interval_seconds:int retrospective_was_canceled:bool retrospective_enabled:bool message_on_join last_status_update_at:ms export_channel_on_finished_enabled:bool categorize_channel_enabled:bool category_name channel_id_to_root_id reminder_timer_default_seconds:int status_update_enabled:bool status_update_broadcast_channels_enabled:bool status_update_broadcast_webhooks_enabled:bool summary_modified_at:ms create_channel_member_on_new_participant:bool remove_channel_member_on_removed_participant:bool type=runtype run_number:int sequential_id channel_created_by_run:bool auto_archived_channel:bool auto_archive_channel:bool"
    ),
    ..BLANK
};

pub(super) static RUN_EVENT: Table = Table {
    kind: "run_event",
    table: "ir_timelineevent",
    evidence: "the timeline of a run: every change of owner, task and status; entries taken off it included",
    window: Windowing::Own,
    origin: Some("event_at"),
    events: words!("create_at delete_at"),
    path: reaches!("run:playbook_run_id user:subject_user_id user:creator_user_id post:post_id"),
    columns: columns!(
        "playbook_run_id=incidentid create_at:ms delete_at:ms event_at:ms event_type summary details post_id subject_user_id creator_user_id"
    ),
    ..BLANK
};

pub(super) static RUN_METRIC: Table = Table {
    kind: "run_metric",
    table: "ir_metric",
    evidence: "what was measured in a run",
    key: words!("playbook_run_id metric_config_id"),
    path: reaches!("run:playbook_run_id"),
    columns: columns!("playbook_run_id=incidentid metric_config_id value:int published:bool"),
    ..BLANK
};

pub(super) static RUN_PARTICIPANT: Table = Table {
    kind: "run_participant",
    table: "ir_run_participants",
    evidence: "who takes part in a run or follows it now; who did before, its timeline tells",
    key: words!("playbook_run_id user_id"),
    path: reaches!("run:playbook_run_id user:user_id"),
    columns: columns!("playbook_run_id=incidentid user_id is_follower:bool is_participant:bool"),
    ..BLANK
};

pub(super) static RUN_STATUS_POST: Table = Table {
    kind: "run_status_post",
    table: "ir_statusposts",
    evidence: "which posts are status updates of a run, also where the post is gone",
    key: words!("playbook_run_id post_id"),
    path: reaches!("run:playbook_run_id post:post_id"),
    columns: columns!("playbook_run_id=incidentid post_id"),
    ..BLANK
};

pub(super) static CHANNEL_ACTION: Table = Table {
    kind: "channel_action",
    table: "ir_channelaction",
    evidence: "what happens by itself when somebody joins a channel or a word is said",
    events: words!("delete_at"),
    path: reaches!("channel:channel_id"),
    columns: columns!("channel_id enabled:bool delete_at:ms action_type trigger_type payload:json"),
    ..BLANK
};
