//! The kinds that this version of the format names, so that a report can say which ones it does not know.
//!
//! Unknown kinds are checked like all others: what is hashed and signed does not depend on knowing what it means.

/// Kinds by name.
const NAMES: &[&str] = &[
    "access_policy",
    "access_token",
    "audit",
    "audit_log",
    "block",
    "board",
    "bookmark",
    "bot",
    "call",
    "call_job",
    "call_session",
    "channel",
    "channel_member",
    "channel_membership",
    "command",
    "compliance_report",
    "deletion_queue",
    "draft",
    "emoji",
    "file",
    "group",
    "group_member",
    "incoming_webhook",
    "job",
    "oauth_app",
    "outgoing_webhook",
    "playbook",
    "playbook_run",
    "post",
    "post_acknowledgement",
    "post_priority",
    "profile_picture",
    "reaction",
    "read_receipt",
    "retention_policy",
    "role",
    "run_event",
    "run_participant",
    "run_status_post",
    "saved_post",
    "scheduled_post",
    "scheme",
    "server",
    "session",
    "team",
    "team_member",
    "temporary_post",
    "terms_acceptance",
    "terms_of_service",
    "thread",
    "thread_membership",
    "user",
];

/// Families of kinds, by what their names begin with.
const FAMILIES: &[&str] = &[
    "access_policy_",
    "block_",
    "board_",
    "finding_",
    "property_",
    "retention_policy_",
    "run_metric",
    "shared_channel",
];

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
        assert!(is_known("property_value") && !is_known("zebra"));
    }
}
