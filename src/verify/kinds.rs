//! The kinds that this version of the format names, so that a report can say which ones it does not know.
//!
//! Unknown kinds are checked like all others: what is hashed and signed does not depend on knowing what it means.

/// Kinds by name.
const NAMES: &[&str] = &[
    "access_policy",
    "access_policy_revision",
    "access_token",
    "audit",
    "audit_log",
    "block",
    "block_history",
    "board",
    "board_file",
    "board_history",
    "board_member",
    "board_member_history",
    "board_sharing",
    "bookmark",
    "bot",
    "call",
    "call_channel",
    "call_job",
    "call_session",
    "channel",
    "channel_action",
    "channel_member",
    "channel_membership",
    "command",
    "command_webhook",
    "compliance_report",
    "configuration",
    "configuration_file",
    "content_flagging_reviewer",
    "content_flagging_team_reviewer",
    "content_flagging_team_setting",
    "deletion_queue",
    "draft",
    "emoji",
    "file",
    "group",
    "group_channel",
    "group_member",
    "group_team",
    "incoming_webhook",
    "job",
    "legal_hold",
    "license",
    "oauth_app",
    "oauth_connection",
    "oauth_grant",
    "outgoing_webhook",
    "persistent_notification",
    "playbook",
    "playbook_condition",
    "playbook_follower",
    "playbook_member",
    "playbook_metric",
    "playbook_run",
    "post",
    "post_acknowledgement",
    "post_priority",
    "post_reminder",
    "profile_picture",
    "property_field",
    "property_group",
    "property_value",
    "reaction",
    "read_receipt",
    "recap",
    "recap_channel",
    "remote_cluster",
    "retention_policy",
    "retention_policy_channel",
    "retention_policy_team",
    "role",
    "run_event",
    "run_metric",
    "run_participant",
    "run_status_post",
    "saved_post",
    "scheduled_post",
    "schema_migration",
    "scheme",
    "server",
    "server_migration",
    "session",
    "shared_channel",
    "shared_channel_attachment",
    "shared_channel_remote",
    "shared_channel_user",
    "team",
    "team_member",
    "temporary_post",
    "terms_acceptance",
    "terms_of_service",
    "thread",
    "thread_membership",
    "upload_session",
    "user",
    "user_status",
];

/// Families of kinds, by what their names begin with.
const FAMILIES: &[&str] = &["finding_"];

/// Whether the format names `kind`.
pub(super) fn is_known(kind: &str) -> bool {
    NAMES.binary_search(&kind).is_ok() || FAMILIES.iter().any(|family| kind.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_valid() {
        assert!(NAMES.is_sorted());
        assert!(NAMES.iter().all(|name| crate::record::kind::is_valid(name) && is_known(name)));
        assert!(is_known("finding_purged") && !is_known("zebra"));
    }
}
