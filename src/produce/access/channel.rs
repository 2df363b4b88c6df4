//! Who could read a channel: its members by the history, members of now, the people of a direct or group channel, and
//! of an open channel everybody in its team.

use super::facts::{Facts, Member, Membership, TeamMember};
use super::roles::{Rank, Reading};
use super::{Certainty, Found, Grant, Statement, Until, Way};
use crate::produce::Directory;
use crate::produce::directory::{Channel, Place, User};
use crate::produce::incident::RecordId;
use crate::record::id::hex;
use crate::record::time::Millis;

/// Who could read a channel, at any time.
pub(super) fn found(facts: &Facts, directory: &Directory, id: &str) -> Found {
    let mut found = Found::default();
    let described = directory.channel(id);
    let team = described.map(|channel| &*channel.team_id).unwrap_or_default();
    for (user, membership) in facts.memberships.get(id).into_iter().flatten() {
        let is_guest = directory.user(user).is_some_and(User::is_guest);
        let rank = membership.now.as_ref().map_or(if is_guest { Rank::Guest } else { Rank::User }, |now| now.rank);
        let roles = membership.now.as_ref().map(|now| &*now.roles).unwrap_or_default();
        let reading = facts.roles().reads(id, team, rank, roles);
        found.grants.extend(member(user, membership, &reading, facts.all_members.holds(id)));
    }
    found.doubts = facts.doubts.get(id).cloned().unwrap_or_default();
    if let Reading::Yes(record) = facts.roles().reads(id, team, Rank::User, "") {
        found.rule("members may read by the role that the channel gives them, as it stands", vec![record]);
    }
    let own = RecordId::new("channel", id);
    found.born = described.map_or(0, |channel| channel.create_at);
    let Some(channel) = described else {
        found.doubt(0, "the archive does not describe the channel, so that nobody knows whether it is open", vec![own]);
        return found;
    };
    match channel.place {
        Place::Open => {
            found.rule("the channel is open: whoever is in the team may read it or join it, as it stands", vec![own]);
            open(facts, team, &mut found);
        }
        Place::Private => found.rule("the channel is private: members only, as it stands", vec![own]),
        Place::Direct | Place::Group => personal(channel, &own, &mut found),
    }
    if channel.delete_at > 0 {
        let what = "the channel was archived; members may go on reading it unless the server is told otherwise";
        found.rules.push(Statement {
            at: channel.delete_at,
            what: what.into(),
            records: vec![RecordId::new("channel", id)],
        });
    }
    found
}

/// Who is in a team.
pub(super) fn of_team(facts: &Facts, id: &str) -> Found {
    let members = facts.team_members.get(id).into_iter().flatten();
    Found { grants: members.map(|member| in_team(member, Vec::new())).collect(), ..Found::default() }
}

/// Everybody in a team but its guests, who see what they are invited to, by what `record` lets them.
pub(super) fn team(facts: &Facts, id: &str, record: &RecordId) -> Vec<Grant> {
    let members = facts.team_members.get(id).into_iter().flatten().filter(|member| member.rank == Rank::User);
    members.map(|member| in_team(member, vec![record.clone()])).collect()
}

/// Somebody in a team.
fn in_team(member: &TeamMember, more: Vec<RecordId>) -> Grant {
    let mut records = vec![member.record.clone()];
    records.extend(more);
    Grant {
        user_id: member.user.clone(),
        way: Way::Team,
        certainty: Certainty::Current,
        from: Some(member.from).filter(|from| *from > 0),
        until: if member.until > 0 { Until::At(member.until) } else { Until::Sealed },
        records,
        remark: String::new(),
    }
}

/// What the memberships of one person say.
fn member(user: &str, membership: &Membership, reading: &Reading, has_all: bool) -> Vec<Grant> {
    let grant = |certainty, from, until, records, remark: &str| Grant {
        user_id: user.into(),
        way: Way::Member,
        certainty,
        from,
        until,
        records,
        remark: remark.to_owned(),
    };
    let mut grants = Vec::new();
    for stay in &membership.stays {
        let (until, remark) = match stay.until {
            Millis::MAX if membership.now.is_some() => (Until::Sealed, ""),
            Millis::MAX if has_all => {
                (Until::Unknown, "no member when sealed, and the history does not say since when")
            }
            Millis::MAX => {
                (Until::Sealed, "by the history alone: the archive does not hold who was still a member when sealed")
            }
            until => (Until::At(until), ""),
        };
        grants.push(grant(Certainty::Certain, Some(stay.from), until, vec![stay.record.clone()], remark));
    }
    let is_open = membership.stays.iter().any(|stay| stay.until == Millis::MAX);
    if let Some(Member { record, .. }) = membership.now.as_ref().filter(|_| !is_open) {
        let remark = if membership.stays.is_empty() {
            "a member when sealed, of whom the history does not say since when"
        } else {
            "a member when sealed, although the history says that this ended"
        };
        grants.push(grant(Certainty::Current, None, Until::Sealed, vec![record.clone()], remark));
    }
    if let Reading::No(role) = reading {
        for grant in &mut grants {
            grant.certainty = Certainty::Current;
            grant.records.push(role.clone());
            grant.add_remark("a member whose role does not let him read, as it stands");
        }
    }
    grants
}

/// Everybody in the team of an open channel.
fn open(facts: &Facts, team: &str, found: &mut Found) {
    for member in facts.team_members.get(team).into_iter().flatten() {
        let grant = match facts.roles().reads_open(team, member.rank) {
            Reading::Yes(role) => in_team(member, vec![role]),
            // Guests see what they are invited to; that is what they are for.
            Reading::Unknown if member.rank == Rank::User => {
                let mut grant = in_team(member, Vec::new());
                grant.add_remark("the archive does not describe the role that would let him");
                grant
            }
            Reading::Unknown | Reading::No(_) => continue,
        };
        found.grants.push(grant);
    }
}

/// The people whom a direct or group channel is made of; they stand in its name, which never changes.
fn personal(channel: &Channel, own: &RecordId, found: &mut Found) {
    let is_named = match channel.place {
        Place::Direct => channel.name.split_once("__").is_some(),
        _ => is_name_of(&channel.name, &channel.members),
    };
    let what = if is_named {
        "the people of the channel stand in its name, which never changes"
    } else {
        "the people of the channel are those that it lists, as it stands"
    };
    found.rule(what, vec![own.clone()]);
    for user in &channel.members {
        if found.grants.iter().any(|grant| grant.user_id == *user && grant.certainty == Certainty::Certain) {
            continue;
        }
        found.grants.retain(|grant| grant.user_id != *user);
        found.grants.push(Grant {
            user_id: user.clone(),
            way: Way::Member,
            certainty: if is_named { Certainty::Certain } else { Certainty::Current },
            from: Some(channel.create_at).filter(|at| is_named && *at > 0),
            until: Until::Sealed,
            records: vec![own.clone()],
            remark: String::new(),
        });
    }
}

/// Whether the name of a group channel is that of these people: the SHA-1 of their sorted ids.
fn is_name_of(name: &str, members: &[Box<str>]) -> bool {
    let ids: String = members.iter().map(|id| &**id).collect();
    let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, ids.as_bytes());
    !members.is_empty() && hex(digest.as_ref()) == name
}

impl Found {
    pub(super) fn rule(&mut self, what: &str, records: Vec<RecordId>) {
        self.rules.push(Statement { at: 0, what: what.to_owned(), records });
    }

    pub(super) fn doubt(&mut self, at: Millis, what: &str, records: Vec<RecordId>) {
        self.doubts.push(Statement { at, what: what.to_owned(), records });
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::Stay;
    use super::*;

    fn told(stays: &[(Millis, Millis)], is_now: bool, has_all: bool) -> Vec<(&'static str, Option<Millis>, Until)> {
        let record = |kind: &str| RecordId::new(kind, "c/u");
        let stays =
            stays.iter().map(|(from, until)| Stay { from: *from, until: *until, record: record("h") }).collect();
        let now = is_now.then(|| Member { rank: Rank::User, roles: "".into(), record: record("m") });
        let grants = member("u", &Membership { stays, now }, &Reading::Unknown, has_all);
        grants.into_iter().map(|grant| (grant.certainty.word(), grant.from, grant.until)).collect()
    }

    #[test]
    fn a_history_is_certain_and_its_gaps_are_told() {
        let (max, sealed) = (Millis::MAX, Until::Sealed);
        assert_eq!(told(&[(5, 9)], false, true), [("certain", Some(5), Until::At(9))]);
        assert_eq!(told(&[(5, 9), (12, max)], true, true)[1], ("certain", Some(12), sealed));
        assert_eq!(told(&[(5, max)], false, true), [("certain", Some(5), Until::Unknown)], "he left unseen");
        assert_eq!(told(&[(5, max)], false, false), [("certain", Some(5), sealed)], "the members of now are not held");
        assert_eq!(told(&[], true, true), [("current", None, sealed)], "imported");
        assert_eq!(told(&[(5, 9)], true, true)[1], ("current", None, sealed), "he came back unseen");
    }

    #[test]
    fn a_role_that_does_not_read_makes_nobody_certain() {
        let stays = vec![Stay { from: 5, until: Millis::MAX, record: RecordId::new("h", "1") }];
        let grants = member("u", &Membership { stays, now: None }, &Reading::No(RecordId::new("role", "r")), false);
        assert_eq!((grants[0].certainty, grants[0].records.len()), (Certainty::Current, 2));
    }

    #[test]
    fn the_name_of_a_group_says_who_is_in_it() {
        let members = ["ana".into(), "bob".into()];
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, b"anabob");
        assert!(is_name_of(&hex(digest.as_ref()), &members));
        assert!(!is_name_of(&hex(digest.as_ref()), &members[..1]) && !is_name_of("", &[]));
    }
}
