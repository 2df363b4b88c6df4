//! Who is in which team and channel.

use super::draft;
use super::object::{Is, Object, Spec};
use crate::record::id::{Synthetic, synthetic_text};
use crate::record::line::push_string;
use crate::source::bulk::data::Data;
use crate::source::bulk::emit::{Draft, Emitter};
use crate::source::bulk::members::Extra;
use crate::source::bulk::names::{Ref, key_name, key_of};
use crate::source::catalogue::{CHANNEL_MEMBER, TEAM_MEMBER};
use crate::source::scope::Scope;

/// Fields of a team membership.
pub(super) const TEAM_MEMBER_SPEC: Spec = &[("roles", "roles", Is::Text), ("theme", "theme", Is::Text)];

/// Fields of a channel membership.
pub(super) const CHANNEL_MEMBER_SPEC: Spec = &[
    ("roles", "roles", Is::Text),
    ("last_viewed_at", "last_viewed_at", Is::Integer),
    ("msg_count", "msg_count", Is::Integer),
    ("mention_count", "mention_count", Is::Integer),
    ("notify_props", "notify_props", Is::Json),
    ("scheme_user", "scheme_user", Is::Bool),
    ("scheme_admin", "scheme_admin", Is::Bool),
    ("scheme_guest", "scheme_guest", Is::Bool),
    ("mention_count_root", "mention_count_root", Is::Integer),
    ("msg_count_root", "msg_count_root", Is::Integer),
    ("urgend_mention_count", "urgent_mention_count", Is::Integer),
    ("favorite", "favorite", Is::Bool),
];

/// A team membership: its object, the team's name, its channels and their names.
pub(super) type TeamMembership<'o, 'a> = (&'o Object<'a>, String, Vec<Object<'a>>, Vec<String>);

/// Writes the team memberships of a user.
pub(super) fn write_team_memberships(
    rows: &[TeamMembership<'_, '_>],
    user: Ref,
    id: &Synthetic,
    scope: &Scope,
    out: &mut Emitter<'_>,
) {
    let user_id = out.names.id(user);
    let teams: Vec<Ref> = rows.iter().map(|(_, team, ..)| out.names.team(team)).collect();
    let team_ids: Vec<Synthetic> = teams.iter().map(|team| out.names.id(*team)).collect();
    let extras: Vec<Extra<'_>> =
        rows.iter().map(|(object, ..)| object.extra("user.teams", TEAM_MEMBER_SPEC, &["name", "channels"])).collect();
    let fill = |at: usize, data: &mut Data<'_>| {
        data.id("team_id", &team_ids[at]);
        data.id("user_id", &user_id);
        rows[at].0.write(TEAM_MEMBER_SPEC, data);
        extras[at].write(data);
    };
    let key =
        |at: usize, key: &mut Vec<u8>| key.extend(key_of(&[("user_id", synthetic_text(id)), ("team", &rows[at].1)]));
    let ids = out.number(TEAM_MEMBER, rows.len(), key, fill);
    for (at, derived) in ids.iter().enumerate() {
        let selected = scope.has_place(Some(&team_ids[at]), None) && scope.has_user(&user_id);
        if selected {
            out.names.refer(user);
            out.names.refer(teams[at]);
        }
        let draft = Draft { selected, ..draft(TEAM_MEMBER, derived) };
        out.emit(&draft, |data| fill(at, data));
        extras[at].report("user.teams", out);
    }
}

/// A channel membership.
pub(super) struct Membership<'o, 'a> {
    /// What the source says about it.
    pub object: &'o Object<'a>,
    /// The member.
    pub user: Ref,
    /// The channel.
    pub channel: Ref,
    /// The channel's id.
    pub channel_id: Synthetic,
    /// The channel's team.
    pub team: Option<Ref>,
    /// Ids of channel and user as the key has them: the id of the line's own record counts lines of equal key.
    pub key: (Synthetic, Synthetic),
}

/// Writes channel memberships; `of` names the source object, `handled` its members that are no fields.
pub(super) fn write_memberships(
    rows: &[Membership<'_, '_>],
    of: &str,
    handled: &[&str],
    scope: &Scope,
    out: &mut Emitter<'_>,
) {
    let users: Vec<Synthetic> = rows.iter().map(|row| out.names.id(row.user)).collect();
    let extras: Vec<Extra<'_>> = rows.iter().map(|row| row.object.extra(of, CHANNEL_MEMBER_SPEC, handled)).collect();
    let fill = |at: usize, data: &mut Data<'_>| {
        data.id("channel_id", &rows[at].channel_id);
        data.id("user_id", &users[at]);
        rows[at].object.write(CHANNEL_MEMBER_SPEC, data);
        extras[at].write(data);
    };
    let key = |at: usize, key: &mut Vec<u8>| {
        key_name(key, "channel_id");
        push_string(key, synthetic_text(&rows[at].key.0));
        key_name(key, "user_id");
        push_string(key, synthetic_text(&rows[at].key.1));
        key.push(b'}');
    };
    let ids = out.number(CHANNEL_MEMBER, rows.len(), key, fill);
    for (at, (row, derived)) in rows.iter().zip(&ids).enumerate() {
        let team_id = row.team.map(|team| out.names.id(team));
        let selected = scope.has_place(team_id.as_ref(), Some(&row.channel_id)) && scope.has_user(&users[at]);
        if selected {
            for named in [Some(row.user), Some(row.channel), row.team].into_iter().flatten() {
                out.names.refer(named);
            }
        }
        let draft = Draft { selected, ..draft(CHANNEL_MEMBER, derived) };
        out.emit(&draft, |data| fill(at, data));
        extras[at].report(of, out);
    }
}
