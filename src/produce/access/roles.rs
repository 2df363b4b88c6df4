//! Roles and schemes: what members, guests, teams and administrators may read, as it stands; and the changes of
//! somebody's roles that the audits tell of.
//!
//! The server keeps no history of roles. What a change says, it says with its time; before the first and after the last
//! one only the account's roles of now are known.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Certainty, Grant, Until, Way};
use crate::produce::Directory;
use crate::produce::incident::RecordId;
use crate::record::time::Millis;

/// Reads what is said in a channel; older servers know the second only.
const CONTENT: [&str; 2] = ["read_channel_content", "read_channel"];

/// Reads an open channel of the team without being a member of it, or becomes one unasked.
const OPEN: [&str; 2] = ["read_public_channel", "join_public_channels"];

/// Runs the server.
const MANAGE: &str = "manage_system";

/// The role that runs the server wherever no role is described.
const ADMINISTRATOR: &str = "system_admin";

/// What somebody is in a team or channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Rank {
    Guest,
    /// Anybody else; whoever administers it has the same role and one more.
    User,
}

/// Names of the roles that a scheme gives, by rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Scheme {
    pub(super) channel: BTreeMap<Rank, Box<str>>,
    pub(super) team: BTreeMap<Rank, Box<str>>,
}

/// What a role may do.
#[derive(Clone, Debug, Default)]
pub(super) struct Role {
    pub(super) id: Box<str>,
    pub(super) permissions: HashSet<Box<str>>,
}

/// Whether a role lets somebody read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It does.
    Yes(RecordId),
    /// It does not.
    No(RecordId),
    /// The archive does not describe it.
    Unknown,
}

/// A change of somebody's roles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    pub(super) at: Millis,
    /// Roles from then on.
    pub(super) roles: Box<str>,
    /// Roles until then, where the log says them.
    pub(super) before: Option<Box<str>>,
    pub(super) record: RecordId,
}

/// All roles and schemes of an archive, and the changes of roles.
#[derive(Debug, Default)]
pub(super) struct Roles {
    /// By name.
    pub(super) by_name: HashMap<Box<str>, Role>,
    pub(super) schemes: HashMap<Box<str>, Scheme>,
    /// Scheme of a channel or a team, by its id.
    pub(super) scheme_of: HashMap<Box<str>, Box<str>>,
    pub(super) changes: HashMap<Box<str>, Vec<Change>>,
}

impl Roles {
    /// Whether members of this rank read what is said in a channel; `others` are roles given beside those of the scheme.
    pub(super) fn reads(&self, channel: &str, team: &str, rank: Rank, others: &str) -> Reading {
        let named = |of: &str| self.scheme(of).and_then(|scheme| scheme.channel.get(&rank)).map(|name| &**name);
        let own = named(channel).or_else(|| named(team)).unwrap_or(match rank {
            Rank::Guest => "channel_guest",
            Rank::User => "channel_user",
        });
        // Servers that know the finer permission grant by it; others grant by the coarse one.
        let knows_content = self.by_name.values().any(|role| role.permissions.contains(CONTENT[0]));
        let wanted = if knows_content { &CONTENT[..1] } else { &CONTENT[1..] };
        self.allows(std::iter::once(own).chain(others.split_whitespace()), wanted)
    }

    /// Whether people of a team read its open channels unasked.
    pub(super) fn reads_open(&self, team: &str, rank: Rank) -> Reading {
        let named = self.scheme(team).and_then(|scheme| scheme.team.get(&rank)).map(|name| &**name);
        let own = named.unwrap_or(match rank {
            Rank::Guest => "team_guest",
            Rank::User => "team_user",
        });
        self.allows(std::iter::once(own), &OPEN)
    }

    fn scheme(&self, of: &str) -> Option<&Scheme> {
        self.schemes.get(self.scheme_of.get(of)?)
    }

    fn allows<'r>(&self, names: impl Iterator<Item = &'r str>, wanted: &[&str]) -> Reading {
        let mut refused = None;
        for name in names {
            let Some(role) = self.by_name.get(name) else { continue };
            let record = RecordId::new("role", &role.id);
            if wanted.iter().any(|permission| role.permissions.contains(*permission)) {
                return Reading::Yes(record);
            }
            refused.get_or_insert(record);
        }
        refused.map_or(Reading::Unknown, Reading::No)
    }

    /// The record of the role that runs the server, among these; itself none where the archive describes no role.
    fn running(&self, roles: &str) -> Option<Vec<RecordId>> {
        let mut names = roles.split_whitespace();
        if self.by_name.is_empty() {
            return names.any(|name| name == ADMINISTRATOR).then(Vec::new);
        }
        let managing = |name| self.by_name.get(name).filter(|role| role.permissions.contains(MANAGE));
        names.find_map(managing).map(|role| vec![RecordId::new("role", &role.id)])
    }

    /// Who ran the server, and so could read everything in it.
    pub(super) fn administrators(&self, directory: &Directory) -> Vec<Grant> {
        let mut grants = Vec::new();
        for (id, user) in directory.users() {
            let changes = self.changes.get(id).map(Vec::as_slice).unwrap_or_default();
            if changes.is_empty() {
                if let Some(mut records) = self.running(&user.roles) {
                    records.push(RecordId::new("user", id));
                    grants.push(grant(id, Certainty::Current, None, Until::Sealed, records));
                }
                continue;
            }
            self.changed(id, &user.roles, changes, &mut grants);
        }
        // Accounts that are gone may have run the server as well.
        let gone = self.changes.iter().filter(|(id, _)| directory.user(id).is_none());
        gone.for_each(|(id, changes)| {
            self.changed(id, changes.last().map_or("", |last| &last.roles), changes, &mut grants);
        });
        grants
    }

    /// What the changes of somebody's roles say, by time, and the roles of now.
    fn changed(&self, id: &str, now: &str, changes: &[Change], grants: &mut Vec<Grant>) {
        if let Some(first) = changes.first()
            && let Some(mut records) = first.before.as_deref().and_then(|before| self.running(before))
        {
            records.push(first.record.clone());
            grants.push(grant(id, Certainty::Certain, None, Until::At(first.at), records));
        }
        for (place, change) in changes.iter().enumerate() {
            let Some(mut records) = self.running(&change.roles) else { continue };
            records.push(change.record.clone());
            let next = changes.get(place.saturating_add(1));
            records.extend(next.map(|next| next.record.clone()));
            let until = match next {
                Some(next) => Until::At(next.at),
                None if self.running(now).is_some() => Until::Sealed,
                None => Until::Unknown,
            };
            grants.push(grant(id, Certainty::Certain, Some(change.at), until, records));
        }
        let last = changes.last().is_some_and(|last| self.running(&last.roles).is_some());
        if let Some(mut records) = self.running(now).filter(|_| !last) {
            records.push(RecordId::new("user", id));
            let mut now = grant(id, Certainty::Current, None, Until::Sealed, records);
            now.add_remark("the last change of roles in the archive had taken it away");
            grants.push(now);
        }
    }
}

fn grant(id: &str, certainty: Certainty, from: Option<Millis>, until: Until, records: Vec<RecordId>) -> Grant {
    Grant { user_id: id.into(), way: Way::Administrator, certainty, from, until, records, remark: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles() -> Roles {
        let role = |name: &str, permissions: &str| {
            let permissions = permissions.split(' ').map(Into::into).collect();
            (name.into(), Role { id: format!("id of {name}").into(), permissions })
        };
        let roles = [
            role("system_admin", "manage_system create_post"),
            role("channel_user", "read_channel create_post"),
            role("channel_guest", "create_post"),
            role("quiet_user", "create_post"),
            role("team_user", "read_public_channel"),
        ];
        let scheme = Scheme { channel: BTreeMap::from([(Rank::User, "quiet_user".into())]), ..Scheme::default() };
        Roles {
            by_name: HashMap::from(roles),
            schemes: HashMap::from([("s".into(), scheme)]),
            scheme_of: HashMap::from([("quiet".into(), "s".into()), ("lost".into(), "gone".into())]),
            changes: HashMap::new(),
        }
    }

    #[test]
    fn the_scheme_of_a_channel_or_its_team_decides_what_members_read() {
        let roles = roles();
        let role = |name: &str| RecordId::new("role", &format!("id of {name}"));
        assert_eq!(roles.reads("c", "t", Rank::User, ""), Reading::Yes(role("channel_user")));
        assert_eq!(roles.reads("c", "t", Rank::Guest, ""), Reading::No(role("channel_guest")));
        assert_eq!(roles.reads("quiet", "t", Rank::User, ""), Reading::No(role("quiet_user")));
        assert_eq!(roles.reads("c", "quiet", Rank::User, ""), Reading::No(role("quiet_user")));
        assert_eq!(roles.reads("quiet", "t", Rank::User, "channel_user"), Reading::Yes(role("channel_user")));
        assert_eq!(
            roles.reads("lost", "t", Rank::User, ""),
            Reading::Yes(role("channel_user")),
            "a scheme that is gone"
        );
        assert_eq!(roles.reads_open("t", Rank::User), Reading::Yes(role("team_user")));
        assert_eq!(roles.reads_open("t", Rank::Guest), Reading::Unknown);
    }

    #[test]
    fn the_finer_permission_counts_where_a_server_knows_it() {
        let mut roles = roles();
        let finer = ["read_channel_content".into()].into();
        roles.by_name.insert("channel_admin".into(), Role { id: "a".into(), permissions: finer });
        assert!(matches!(roles.reads("c", "t", Rank::User, ""), Reading::No(_)));
        assert!(matches!(roles.reads("c", "t", Rank::User, "channel_admin"), Reading::Yes(_)));
    }

    fn change(at: Millis, roles: &str, before: Option<&str>) -> Change {
        let record = RecordId::new("audit", &format!("a{at}"));
        Change { at, roles: roles.into(), before: before.map(Into::into), record }
    }

    #[test]
    fn changes_of_roles_date_who_ran_the_server() {
        let roles = roles();
        let told = |now: &str, changes: &[Change]| {
            let mut grants = Vec::new();
            roles.changed("u", now, changes, &mut grants);
            grants.into_iter().map(|grant| (grant.certainty.word(), grant.from, grant.until)).collect::<Vec<_>>()
        };
        let (user, admin) = ("system_user", "system_user system_admin");
        let up_and_down = [change(5, admin, Some(user)), change(9, user, Some(admin))];
        assert_eq!(told(user, &up_and_down), [("certain", Some(5), Until::At(9))]);
        assert_eq!(told(admin, &[change(5, admin, None)]), [("certain", Some(5), Until::Sealed)]);
        assert_eq!(told(user, &[change(5, admin, None)]), [("certain", Some(5), Until::Unknown)], "taken away unseen");
        assert_eq!(told(user, &[change(9, user, Some(admin))]), [("certain", None, Until::At(9))]);
        assert_eq!(told(admin, &[change(9, user, None)]), [("current", None, Until::Sealed)], "given back unseen");
        assert_eq!(told(user, &[]), []);
    }

    #[test]
    fn without_roles_only_the_built_in_name_counts() {
        let bare = Roles::default();
        assert_eq!(bare.running("system_user system_admin"), Some(Vec::new()));
        assert_eq!(bare.running("system_user"), None);
        assert_eq!(bare.reads("c", "t", Rank::User, ""), Reading::Unknown);
    }
}
