//! The server's own policies for teams and channels, as they stand in its tables.

use std::collections::BTreeMap;

use super::facts::tell;
use super::{Source, SourceError};
use crate::policy::server::Custom;
use crate::source::Work;
use crate::source::catalogue::{RETENTION_POLICY, RETENTION_POLICY_CHANNEL, RETENTION_POLICY_TEAM};

/// The policies of `retentionpolicies` with their teams and channels, in order of their ids; none of a source that does
/// not have them, such as a bulk export.
pub fn custom_policies(source: &Source, work: &Work<'_>) -> Result<Vec<Custom>, SourceError> {
    let asked = vec![
        (RETENTION_POLICY, vec!["id", "display_name", "post_duration"]),
        (RETENTION_POLICY_TEAM, vec!["policy_id", "team_id"]),
        (RETENTION_POLICY_CHANNEL, vec!["policy_id", "channel_id"]),
    ];
    let mut policies = BTreeMap::<String, Custom>::new();
    let mut known = std::collections::HashSet::new();
    source.require(&asked)?;
    tell(source, &asked, work, &mut |rank, values| {
        let text = |at: usize| values.get(at).copied().flatten().unwrap_or_default().to_owned();
        let policy = policies.entry(text(0)).or_insert_with(|| Custom { id: text(0), ..Custom::default() });
        match rank {
            RETENTION_POLICY => {
                known.insert(text(0));
                policy.name = text(1);
                policy.days = text(2).parse().ok();
            }
            RETENTION_POLICY_TEAM => policy.teams.push(text(1)),
            _ => policy.channels.push(text(1)),
        }
    })?;
    // A link whose policy is gone deletes nothing.
    policies.retain(|id, _| known.contains(id));
    for policy in policies.values_mut() {
        policy.teams.sort_unstable();
        policy.channels.sort_unstable();
    }
    Ok(policies.into_values().collect())
}
