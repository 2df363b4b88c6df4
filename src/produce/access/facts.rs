//! What an archive says of memberships, teams, roles and ways in, read once for a question and no further than it asks.
//!
//! Memory grows with the rows that the question is about: those of one channel, or of one person.

use std::collections::{BTreeMap, HashMap, HashSet};

use memchr::memmem;

use super::roles::{Change, Rank, Role, Roles, Scheme};
use super::trace::{self, Trace};
use super::{Grant, Statement};
use crate::archive::summary::Counts;
use crate::archive::walk::Walk;
use crate::produce::incident::RecordId;
use crate::produce::{Directory, Post, ProduceError, Sealed, Work, memberships, post};
use crate::record::fields::{Head, characters, integer, is_true, plain};
use crate::record::time::Millis;

/// The kinds that are read beside memberships.
const KINDS: [&str; 11] = [
    "audit",
    "audit_log",
    "channel",
    "outgoing_webhook",
    "post",
    "remote_cluster",
    "role",
    "scheme",
    "shared_channel_remote",
    "team",
    "team_member",
];

/// System posts by which a channel became another sort of place.
const CONVERSIONS: [&str; 3] = ["system_change_chan_privacy", "system_convert_channel", "system_gm_to_channel"];

/// Which rows a question is about; `None` is all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest {
    pub(super) channel: Option<Box<str>>,
    pub(super) team: Option<Box<str>>,
    pub(super) user: Option<Box<str>>,
}

impl Interest {
    /// The rows about a channel, and about the team that it is in.
    pub(super) fn channel(id: &str, directory: &Directory) -> Self {
        let team = directory.channel(id).map(|channel| channel.team_id.clone()).unwrap_or_default();
        Self { channel: Some(id.into()), team: Some(team), user: None }
    }

    /// The rows about a person.
    pub(super) fn person(id: &str) -> Self {
        Self { user: Some(id.into()), ..Self::default() }
    }

    fn wants(asked: Option<&str>, id: &str) -> bool {
        asked.is_none_or(|asked| asked == id)
    }

    fn wants_channel(&self, id: &str) -> bool {
        Self::wants(self.channel.as_deref(), id)
    }

    fn wants_user(&self, id: &str) -> bool {
        Self::wants(self.user.as_deref(), id)
    }
}

/// A membership in a channel, from the history.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) from: Millis,
    /// The largest number for somebody who never left.
    pub(super) until: Millis,
    pub(super) record: RecordId,
}

/// A member of now.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) rank: Rank,
    /// Roles beside those of the scheme.
    pub(super) roles: Box<str>,
    pub(super) record: RecordId,
}

/// What the memberships of one person in one channel say.
#[derive(Clone, Debug, Default)]
pub(super) struct Membership {
    pub(super) stays: Vec<Stay>,
    pub(super) now: Option<Member>,
}

/// Somebody is, or was last, in a team.
#[derive(Clone, Debug)]
pub(super) struct TeamMember {
    pub(super) user: Box<str>,
    /// 0 where an old server did not say.
    pub(super) from: Millis,
    /// 0 for somebody who is in it.
    pub(super) until: Millis,
    pub(super) rank: Rank,
    pub(super) record: RecordId,
}

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct Facts {
    roles: Roles,
    /// By channel and user.
    pub(super) memberships: BTreeMap<Box<str>, BTreeMap<Box<str>, Membership>>,
    /// By team.
    pub(super) team_members: HashMap<Box<str>, Vec<TeamMember>>,
    /// Ways in for others, by channel.
    pub(super) doubts: HashMap<Box<str>, Vec<Statement>>,
    /// Who fetched the posts of the channel.
    pub(super) fetches: Vec<Trace>,
    /// Of which channels the archive holds all members of now that the source has.
    pub(super) all_members: AllOf,
}

/// Of which channels an archive holds every row of a kind that its source has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum AllOf {
    /// Of none for certain.
    #[default]
    None,
    /// Of these, which its scope took whole.
    These(HashSet<Box<str>>),
    /// Of each.
    Each,
}

impl AllOf {
    /// What the counts and the scope of an archive say of a kind whose rows its scope takes channel by channel, whatever
    /// the window.
    fn of(sealed: &Sealed<'_>, kind: &str) -> Self {
        let counts = sealed.summary.kinds.0.iter().find(|(name, _)| name == kind).map(|(_, counts)| *counts);
        let lists = |of: &str, names: &[&str]| -> HashSet<Box<str>> {
            let lists = names.iter().filter_map(|name| sealed.source[of][*name].as_array()).flatten();
            lists.filter_map(|id| id.as_str().map(Box::from)).collect()
        };
        match counts {
            Some(Counts::Read { source, records, .. }) if source == records && records > 0 => Self::Each,
            Some(Counts::Read { records, withheld: 0, quarantined: 0, .. }) if records > 0 => {
                // Rows of a person, or those that changed, are some of a channel's.
                let is_by_channel = sealed.source["changes"].is_null() && lists("scope", &["user_ids"]).is_empty();
                let of_incident = ["channel_ids", "linked_channel_ids", "direct_channel_ids"];
                let mut channels = lists("incident", &of_incident);
                channels.extend(lists("scope", &["channel_ids"]));
                if is_by_channel { Self::These(channels) } else { Self::None }
            }
            _ => Self::None,
        }
    }

    /// Whether it holds every row of this channel.
    pub(super) fn holds(&self, channel: &str) -> bool {
        match self {
            Self::None => false,
            Self::These(channels) => channels.contains(channel),
            Self::Each => true,
        }
    }
}

/// What one line says.
enum Fact {
    Role(Box<str>, Role),
    Scheme(Box<str>, Scheme),
    /// A channel or team, and its scheme.
    SchemeOf(Box<str>, Box<str>),
    TeamMember(Box<str>, TeamMember),
    Change(Box<str>, Change),
    Doubt(Box<str>, Statement),
    /// A server, what people call it, and where it is.
    Remote(Box<str>, String),
    /// A channel that a server sees.
    Shared(Box<str>, Box<str>, Millis, RecordId),
    Fetch(Trace),
}

impl Facts {
    /// Reads them.
    pub(super) fn read(work: &Work<'_>, interest: &Interest) -> Result<Self, ProduceError> {
        let mut this = Self { all_members: AllOf::of(work.sealed, memberships::MEMBER), ..Self::default() };
        this.read_memberships(work, interest)?;
        let (mut remotes, mut shared) = (HashMap::new(), Vec::new());
        let walk = Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| KINDS.contains(&kind));
        walk.for_each_segment(
            |segment| {
                let lines = segment.lines();
                lines.filter_map(|(_, line)| fact(segment.kind(), line, interest)).collect::<Vec<_>>()
            },
            |facts| {
                for fact in facts {
                    match fact {
                        Fact::Role(name, role) => drop(this.roles.by_name.insert(name, role)),
                        Fact::Scheme(id, scheme) => drop(this.roles.schemes.insert(id, scheme)),
                        Fact::SchemeOf(id, scheme) => drop(this.roles.scheme_of.insert(id, scheme)),
                        Fact::TeamMember(team, member) => this.team_members.entry(team).or_default().push(member),
                        Fact::Change(user, change) => this.roles.changes.entry(user).or_default().push(change),
                        Fact::Doubt(channel, doubt) => this.doubts.entry(channel).or_default().push(doubt),
                        Fact::Remote(id, name) => drop(remotes.insert(id, name)),
                        Fact::Shared(channel, remote, at, record) => shared.push((channel, remote, at, record)),
                        Fact::Fetch(trace) => this.fetches.push(trace),
                    }
                }
                Ok::<_, ProduceError>(())
            },
        )?;
        for (channel, remote, at, record) in shared {
            let name = remotes.get(&remote).map_or(&*remote, String::as_str);
            let what = format!("the server {name} sees this channel; who reads there is not known here");
            this.doubts.entry(channel).or_default().push(Statement { at, what, records: vec![record] });
        }
        this.roles.changes.values_mut().for_each(merge);
        Ok(this)
    }

    fn read_memberships(&mut self, work: &Work<'_>, interest: &Interest) -> Result<(), ProduceError> {
        memberships::read(
            work.sealed.archive,
            work.progress,
            |row| {
                let is_wanted = interest.wants_channel(row.channel) && interest.wants_user(row.user);
                is_wanted.then(|| (Box::<str>::from(row.channel), Box::<str>::from(row.user), stay_or_member(&row)))
            },
            |(channel, user, found)| {
                let of = self.memberships.entry(channel).or_default().entry(user).or_default();
                match found {
                    Ok(stay) => of.stays.push(stay),
                    Err(member) => of.now = Some(member),
                }
            },
        )?;
        for of in self.memberships.values_mut().flat_map(BTreeMap::values_mut) {
            of.stays.sort_by_key(|stay| (stay.from, stay.until));
        }
        Ok(())
    }

    /// What roles let people do.
    pub(super) fn roles(&self) -> &Roles {
        &self.roles
    }

    /// Who ran the server.
    pub(super) fn administrators(&self, directory: &Directory) -> Vec<Grant> {
        self.roles.administrators(directory)
    }
}

fn stay_or_member(row: &memberships::Membership<'_>) -> Result<Stay, Member> {
    if let Some((from, until)) = row.span {
        return Ok(Stay { from, until, record: RecordId::new(memberships::HISTORY, row.head.id) });
    }
    let [roles, guest] = row.head.pick(["roles", "scheme_guest"]);
    let roles = roles.map(characters).unwrap_or_default().into();
    Err(Member { rank: rank(guest), roles, record: RecordId::new(memberships::MEMBER, row.head.id) })
}

fn rank(is_guest: Option<&[u8]>) -> Rank {
    if is_true(is_guest) { Rank::Guest } else { Rank::User }
}

fn fact(kind: &str, line: &[u8], interest: &Interest) -> Option<Fact> {
    let head = Head::of(line, kind);
    let record = || RecordId::new(kind, head.id);
    match kind {
        "role" => {
            let [name, permissions] = head.pick(["name", "permissions"]);
            let permissions = characters(permissions?);
            let permissions = permissions.split_whitespace().map(Box::from).collect();
            Some(Fact::Role(plain(name).into(), Role { id: head.id.into(), permissions }))
        }
        "scheme" => Some(Fact::Scheme(head.id.into(), scheme(&head))),
        "channel" | "team" => {
            let [scheme] = head.pick(["scheme_id"]);
            let scheme = Some(plain(scheme)).filter(|id| !id.is_empty())?;
            Some(Fact::SchemeOf(head.id.into(), scheme.into()))
        }
        "team_member" => {
            let [team, user, until, guest, from] =
                head.pick(["team_id", "user_id", "delete_at", "scheme_guest", "create_at"]);
            let (team, user) = (plain(team), plain(user));
            let is_wanted = Interest::wants(interest.team.as_deref(), team) && interest.wants_user(user);
            let time = |at| integer(at).unwrap_or_default();
            let (user, from, until) = (user.into(), time(from), time(until));
            let member = || TeamMember { user, from, until, rank: rank(guest), record: record() };
            is_wanted.then(|| Fact::TeamMember(team.into(), member()))
        }
        "audit" => audit(&head, record()),
        "audit_log" => logged(&head, interest, record()),
        "post" => conversion(line, interest),
        "remote_cluster" => {
            let [id, name, display, site] = head.pick(["remote_id", "name", "display_name", "site_url"]);
            let said = |value: Option<&[u8]>| value.map(|value| characters(value).into_owned()).unwrap_or_default();
            let shown = [said(display), said(name)].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
            Some(Fact::Remote(plain(id).into(), format!("`{shown}` ({})", said(site))))
        }
        "shared_channel_remote" => {
            let [channel, remote] = head.pick(["channel_id", "remote_id"]);
            let channel = Some(plain(channel)).filter(|id| interest.wants_channel(id))?;
            Some(Fact::Shared(channel.into(), plain(remote).into(), head.at(), record()))
        }
        "outgoing_webhook" => {
            let [channel] = head.pick(["channel_id"]);
            let channel = Some(plain(channel)).filter(|id| !id.is_empty() && interest.wants_channel(id))?;
            let what = "an outgoing webhook hands on what is said here after its words, to whoever runs its address";
            Some(Fact::Doubt(
                channel.into(),
                Statement { at: head.at(), what: what.to_owned(), records: vec![record()] },
            ))
        }
        _ => None,
    }
}

fn scheme(head: &Head<'_>) -> Scheme {
    let [team_user, channel_user, team_guest, channel_guest] = head.pick([
        "default_team_user_role",
        "default_channel_user_role",
        "default_team_guest_role",
        "default_channel_guest_role",
    ]);
    let named = |user, guest| -> BTreeMap<Rank, Box<str>> {
        let both = [(Rank::User, plain(user)), (Rank::Guest, plain(guest))];
        both.into_iter().filter(|(_, name)| !name.is_empty()).map(|(rank, name)| (rank, name.into())).collect()
    };
    Scheme { channel: named(channel_user, channel_guest), team: named(team_user, team_guest) }
}

/// A change of roles in the table of audits: `/api/v4/users/ID/roles`, `user=ID roles=ROLES`.
fn audit(head: &Head<'_>, record: RecordId) -> Option<Fact> {
    let [action, extra] = head.pick(["action", "extra_info"]);
    let action = characters(action?);
    let user = action.strip_suffix("/roles")?.rsplit_once("/users/")?.1.to_owned();
    let extra = characters(extra?);
    let said = extra.split_once("user=")?.1.split_once(" roles=").filter(|(named, _)| *named == user)?.1;
    let roles = said.split_once(" session_user=").map_or(said, |(roles, _)| roles).trim();
    Some(Fact::Change(user.into(), Change { at: head.at(), roles: roles.into(), before: None, record }))
}

/// A change of roles, or that somebody fetched the posts of a channel, in the audit log.
fn logged(head: &Head<'_>, interest: &Interest, record: RecordId) -> Option<Fact> {
    let [event, status, parameters, prior, result] =
        head.pick(["event_name", "status", "parameters", "prior_state", "resulting_state"]);
    if plain(status) != "success" {
        return None;
    }
    let members = |value: Option<&[u8]>| serde_json::from_str::<serde_json::Value>(&characters(value?)).ok();
    let event = plain(event);
    if event == "updateUserRoles" {
        let text = |value: &serde_json::Value, name: &str| value[name].as_str().map(Box::<str>::from);
        let user = members(parameters).and_then(|parameters| text(&parameters, "user_id"))?;
        let roles = members(result).and_then(|state| text(&state, "roles"))?;
        let before = members(prior).and_then(|state| text(&state, "roles"));
        return Some(Fact::Change(user, Change { at: head.at(), roles, before, record }));
    }
    let channel = interest.channel.as_deref().filter(|_| event.starts_with("getPosts"))?;
    let asked = members(parameters)?;
    (asked["channel_id"].as_str() == Some(channel))
        .then(|| Fact::Fetch(trace::logged(head, record, "fetched posts of the channel")))
}

/// That a channel became another sort of place.
fn conversion(line: &[u8], interest: &Interest) -> Option<Fact> {
    memmem::find(line, b"\"type\":\"system_")?;
    let post = Post::read(line);
    let is_one = CONVERSIONS.contains(&&*post.kind()) && interest.wants_channel(post.channel_id);
    let what = "the channel became another sort of place (open, private or group); who could read it before is known \
                only from the history of members";
    let records = vec![RecordId::new(post::KIND, post.id)];
    is_one.then(|| Fact::Doubt(post.channel_id.into(), Statement { at: post.create_at, what: what.into(), records }))
}

/// Changes by time; the table of audits and the audit log tell of the same change, which then is one.
fn merge(changes: &mut Vec<Change>) {
    const APART: Millis = 2_000;
    changes.sort();
    changes.dedup_by(|next, first| {
        let is_same = next.roles == first.roles && next.at.saturating_sub(first.at) <= APART;
        if is_same && first.before.is_none() {
            first.before = next.before.take();
        }
        is_same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change_of(kind: &str, data: &str) -> Option<(Box<str>, Change)> {
        let line = format!(r#"{{"kind":"{kind}","id":"a1","at":7,"data":{{{data}}}}}"#);
        match fact(kind, line.as_bytes(), &Interest::default())? {
            Fact::Change(user, change) => Some((user, change)),
            _ => None,
        }
    }

    #[test]
    fn changes_of_roles_are_read_from_both_logs() {
        let (user, change) = change_of(
            "audit",
            r#""create_at":7,"user_id":"root","action":"/api/v4/users/u1/roles","extra_info":"user=u1 roles=system_user system_admin session_user=root""#,
        )
        .unwrap();
        assert_eq!((&*user, &*change.roles, change.before), ("u1", "system_user system_admin", None));
        let log = |status: &str| {
            format!(
                r#""event_name":"updateUserRoles","status":"{status}","parameters":{{"user_id":"u1"}},"prior_state":{{"roles":"system_user"}},"resulting_state":{{"roles":"system_admin"}}"#
            )
        };
        let (user, change) = change_of("audit_log", &log("success")).unwrap();
        assert_eq!((&*user, &*change.roles, change.before.as_deref()), ("u1", "system_admin", Some("system_user")));
        assert!(change_of("audit_log", &log("fail")).is_none(), "it was not done");
        for extra in ["user=u2 roles=system_admin", "roles=system_admin", "user=u1", ""] {
            let data = format!(r#""action":"/api/v4/users/u1/roles","extra_info":"{extra}""#);
            assert!(change_of("audit", &data).is_none(), "{extra}");
        }
    }

    #[test]
    fn one_change_told_twice_is_one() {
        let change = |at, roles: &str, before: Option<&str>, id: &str| Change {
            at,
            roles: roles.into(),
            before: before.map(Into::into),
            record: RecordId::new("audit", id),
        };
        let mut changes =
            vec![change(9_000, "b", None, "3"), change(5_400, "a", Some("b"), "2"), change(5_000, "a", None, "1")];
        merge(&mut changes);
        let told: Vec<_> = changes.iter().map(|change| (change.at, change.before.as_deref())).collect();
        assert_eq!(told, [(5_000, Some("b")), (9_000, None)]);
    }
}
