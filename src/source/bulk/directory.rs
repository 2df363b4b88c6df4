//! Decodes the lines that describe the world of the posts: teams, channels, users, bots, roles, schemes, emoji.
//!
//! Few and small beside the posts, so one table each says which member becomes which field. A member that no table
//! lists is kept in `extra` and noted; a member listed as secret is dropped, and `source.json` says so.

mod membership;
mod object;

pub use object::SECRETS;

use membership::{CHANNEL_MEMBER_SPEC, Membership, TEAM_MEMBER_SPEC, write_memberships, write_team_memberships};
use object::{Is, Object, Spec};

use super::data::{Data, Moment};
use super::emit::{Draft, Emitter};
use super::members::write_object;
use super::names::{Ref, key_of, members_key, push_names};
use super::post::name;
use crate::record::id::{Synthetic, synthetic_text};
use crate::record::json::{Cursor, Fault, Value};
use crate::source::catalogue::{BOT, CHANNEL, EMOJI, PROFILE_PICTURE, ROLE, Rank, SCHEME, SERVER, TEAM, USER};
use crate::source::scope::Scope;

const TEAM_SPEC: Spec = &[
    ("display_name", "display_name", Is::Text),
    ("name", "name", Is::Text),
    ("description", "description", Is::Text),
    ("type", "type", Is::Text),
    ("allow_open_invite", "allow_open_invite", Is::Bool),
];
const CHANNEL_SPEC: Spec = &[
    ("deleted_at", "delete_at", Is::Integer),
    ("type", "type", Is::Text),
    ("display_name", "display_name", Is::Text),
    ("name", "name", Is::Text),
    ("header", "header", Is::Text),
    ("purpose", "purpose", Is::Text),
];
const DIRECT_SPEC: Spec =
    &[("header", "header", Is::Text), ("favorited_by", "favorited_by", Is::Json), ("shown_by", "shown_by", Is::Json)];
const USER_SPEC: Spec = &[
    ("delete_at", "delete_at", Is::Integer),
    ("username", "username", Is::Text),
    ("auth_data", "auth_data", Is::Text),
    ("auth_service", "auth_service", Is::Text),
    ("email", "email", Is::Text),
    ("nickname", "nickname", Is::Text),
    ("first_name", "first_name", Is::Text),
    ("last_name", "last_name", Is::Text),
    ("roles", "roles", Is::Text),
    ("notify_props", "notify_props", Is::Json),
    ("locale", "locale", Is::Text),
    ("position", "position", Is::Text),
];
/// What a user chose to see; kept together in the field `preferences`.
const PREFERENCES: [&str; 20] = [
    "theme",
    "military_time",
    "link_previews",
    "message_display",
    "collapse_consecutive_messages",
    "colorize_usernames",
    "channel_display_mode",
    "tutorial_step",
    "email_interval",
    "name_format",
    "feature_enabled_markdown_preview",
    "formatting",
    "show_unread_section",
    "send_on_ctrl_enter",
    "code_block_ctrl_enter",
    "show_join_leave",
    "show_unread_scroll_position",
    "sync_drafts",
    "limit_visible_dms_gms",
    "custom_status",
];
const BOT_SPEC: Spec = &[
    ("description", "description", Is::Text),
    ("delete_at", "delete_at", Is::Integer),
    ("username", "username", Is::Text),
    ("display_name", "display_name", Is::Text),
    ("owner", "owner", Is::Text),
];
/// The picture of a user or bot, which becomes a record of its own.
const PICTURE_SPEC: Spec = &[("profile_image", "path", Is::Text)];
const ROLE_SPEC: Spec = &[
    ("name", "name", Is::Text),
    ("display_name", "display_name", Is::Text),
    ("description", "description", Is::Text),
    ("permissions", "permissions", Is::Json),
    ("scheme_managed", "scheme_managed", Is::Bool),
];
const SCHEME_SPEC: Spec = &[
    ("name", "name", Is::Text),
    ("display_name", "display_name", Is::Text),
    ("description", "description", Is::Text),
    ("scope", "scope", Is::Text),
];
/// Members of a scheme that hold a role object; the field of the same name gets the role's name.
const SCHEME_ROLES: [&str; 10] = [
    "default_team_admin_role",
    "default_team_user_role",
    "default_channel_admin_role",
    "default_channel_user_role",
    "default_team_guest_role",
    "default_channel_guest_role",
    "default_playbook_admin_role",
    "default_playbook_member_role",
    "default_run_admin_role",
    "default_run_member_role",
];
const EMOJI_SPEC: Spec = &[("name", "name", Is::Text)];

fn draft(rank: Rank, id: &Synthetic) -> Draft<'_> {
    Draft { rank, id: synthetic_text(id), at: Moment::NONE, selected: true, path: None }
}

/// A `version` line: one record of what the server says about its export.
pub fn version(version: &Value<'_>, info: Option<&Value<'_>>, out: &mut Emitter<'_>) {
    let draft = Draft { rank: SERVER, id: "bulk_export", at: Moment::NONE, selected: true, path: None };
    out.emit(&draft, |data| {
        data.string("name", "bulk_export");
        data.string("value", version.text);
        if let Some(info) = info {
            data.json("info", info);
        }
    });
}

/// A `team` line.
pub fn team(cursor: &mut Cursor<'_>, scope: &Scope, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(TEAM_SPEC)?;
    let team = object.required("name", "a team with `name`")?;
    let met = out.names.team(&team);
    describe(met, |id| scope.teams.contains(id), out);
    let extra = object.extra("team", TEAM_SPEC, &["scheme"]);
    let id = out.head(TEAM, |key| key.extend(key_of(&[("name", &team)])));
    out.emit(&draft(TEAM, &id), |data| {
        object.write(TEAM_SPEC_BEFORE_SCHEME, data);
        write_scheme(&object, data);
        object.write(TEAM_SPEC_AFTER_SCHEME, data);
        extra.write(data);
    });
    extra.report("team", out);
    Ok(())
}

const TEAM_SPEC_BEFORE_SCHEME: Spec = TEAM_SPEC.split_at(4).0;
const TEAM_SPEC_AFTER_SCHEME: Spec = TEAM_SPEC.split_at(4).1;

/// A scheme is named; its record has a derived id.
fn write_scheme(object: &Object<'_>, data: &mut Data<'_>) {
    if let Some(scheme) = object.text("scheme") {
        let id = crate::record::id::synthetic("scheme", &key_of(&[("name", &name(Some(scheme)))]), 0);
        data.id("scheme_id", &id);
    }
}

/// Marks something as described by its own line, and as named if the scope names it.
fn describe(met: Ref, in_scope: impl FnOnce(&Synthetic) -> bool, out: &mut Emitter<'_>) {
    out.names.describe(met);
    if in_scope(&out.names.id(met)) {
        out.names.refer(met);
    }
}

/// A `channel` line.
pub fn channel(cursor: &mut Cursor<'_>, scope: &Scope, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(CHANNEL_SPEC)?;
    let team = object.required("team", "a channel with `team` and `name`")?;
    let channel = object.required("name", "a channel with `team` and `name`")?;
    let (team_ref, met) = out.names.channel(&team, &channel);
    let team_id = out.names.id(team_ref);
    describe(met, |id| scope.is_narrow() && scope.users.is_empty() && scope.has_place(Some(&team_id), Some(id)), out);
    out.names.known(met).lines += 1;
    let extra = object.extra("channel", CHANNEL_SPEC, &["team", "scheme"]);
    let id = out.head(CHANNEL, |key| key.extend(key_of(&[("team", &team), ("name", &channel)])));
    out.emit(&draft(CHANNEL, &id), |data| {
        object.write(CHANNEL_SPEC.split_at(1).0, data);
        data.id("team_id", &team_id);
        object.write(CHANNEL_SPEC.split_at(1).1, data);
        write_scheme(&object, data);
        extra.write(data);
    });
    extra.report("channel", out);
    Ok(())
}

/// A `direct_channel` line: a channel and who is in it.
pub fn direct_channel(cursor: &mut Cursor<'_>, scope: &Scope, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(DIRECT_SPEC)?;
    let participants = object.objects("participants")?;
    let names: Vec<String> = if participants.is_empty() {
        let Some(members) = object.get("members") else {
            return Err(Fault { offset: object.offset, expected: "a direct channel with members" });
        };
        let texts = super::members::list(&mut Cursor::new(members.text), Cursor::string);
        let texts = texts.map_err(|fault| Fault { offset: object.offset, ..fault })?;
        texts.into_iter().map(|text| name(Some(text)).into_owned()).collect()
    } else {
        let member = |p: &Object<'_>| {
            p.check(CHANNEL_MEMBER_SPEC).and_then(|()| p.required("username", "a participant with `username`"))
        };
        participants.iter().map(member).collect::<Result<_, _>>()?
    };
    if names.is_empty() {
        return Err(Fault { offset: object.offset, expected: "a direct channel with members" });
    }
    let mut sorted = names.clone();
    let key = members_key(&mut sorted);
    let met = out.names.direct(&key);
    let channel_id = out.names.id(met);
    describe(met, |id| scope.channels.contains(id), out);
    let handled: &[&str] = if participants.is_empty() { &["members", "participants"] } else { &["participants"] };
    let extra = object.extra("direct_channel", DIRECT_SPEC, handled);
    let mut list = Vec::new();
    push_names(&mut list, &sorted);
    let id = out.head(CHANNEL, |out| out.extend_from_slice(&key));
    out.emit(&draft(CHANNEL, &id), |data| {
        data.string("type", if sorted.len() > 2 { "G" } else { "D" });
        object.write(DIRECT_SPEC.split_at(1).0, data);
        data.raw("members", &list);
        object.write(DIRECT_SPEC.split_at(1).1, data);
        extra.write(data);
    });
    extra.report("direct_channel", out);
    let none = Object { members: Vec::new(), offset: 0 };
    let rows: Vec<Membership<'_, '_>> = names
        .iter()
        .enumerate()
        .map(|(at, user)| {
            let user = out.names.user(user);
            let key = (id, out.names.id(user));
            Membership {
                object: participants.get(at).unwrap_or(&none),
                user,
                channel: met,
                channel_id,
                team: None,
                key,
            }
        })
        .collect();
    write_memberships(&rows, "participant", &["username"], scope, out);
    Ok(())
}

/// A `user` line: the account, its picture, and its memberships.
pub fn user(cursor: &mut Cursor<'_>, scope: &Scope, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(USER_SPEC)?;
    object.check(PICTURE_SPEC)?;
    let username = object.required("username", "a user with `username`")?;
    let teams = object.objects("teams")?;
    let mut memberships = Vec::new();
    for team in &teams {
        team.check(TEAM_MEMBER_SPEC)?;
        let name = team.required("name", "a membership with the team's `name`")?;
        let channels = team.objects("channels")?;
        let names: Vec<String> = channels
            .iter()
            .map(|channel| {
                channel.check(CHANNEL_MEMBER_SPEC)?;
                channel.required("name", "a membership with the channel's `name`")
            })
            .collect::<Result<_, _>>()?;
        memberships.push((team, name, channels, names));
    }
    let met = out.names.user(&username);
    let user_id = out.names.id(met);
    describe(met, |id| scope.users.contains(id), out);
    if let Some(email) = object.text("email") {
        out.names.email(&email.decode().0, user_id);
    }
    let mut handled = vec!["profile_image", "teams"];
    handled.extend(PREFERENCES);
    let extra = object.extra("user", USER_SPEC, &handled);
    let preferences: Vec<_> =
        object.members.iter().filter(|(key, _)| PREFERENCES.contains(&key.raw)).copied().collect();
    let id = out.head(USER, |key| key.extend(key_of(&[("username", &username)])));
    out.emit(&draft(USER, &id), |data| {
        object.write(USER_SPEC, data);
        write_object("preferences", &preferences, data);
        extra.write(data);
    });
    extra.report("user", out);
    write_picture(&object, &id, &user_id, out);
    for (_, team_name, _, _) in &memberships {
        out.names.team(team_name);
    }
    write_team_memberships(&memberships, met, &id, scope, out);
    for (_, team_name, channels, names) in &memberships {
        let rows: Vec<Membership<'_, '_>> = channels
            .iter()
            .zip(names)
            .map(|(object, channel)| {
                let (team, channel) = out.names.channel(team_name, channel);
                let channel_id = out.names.id(channel);
                Membership { object, user: met, channel, channel_id, team: Some(team), key: (channel_id, id) }
            })
            .collect();
        write_memberships(&rows, "user.teams.channel", &["name"], scope, out);
    }
    Ok(())
}

fn write_picture(object: &Object<'_>, owner: &Synthetic, user: &Synthetic, out: &mut Emitter<'_>) {
    let Some(text) = object.text("profile_image").filter(|path| !path.raw.is_empty()) else { return };
    let path = text.decode().0;
    let id = crate::record::id::synthetic("profile_picture", &key_of(&[("owner", synthetic_text(owner))]), 0);
    let draft = Draft { path: Some(&path), ..draft(PROFILE_PICTURE, &id) };
    out.emit(&draft, |data| {
        data.id("user_id", user);
        data.text("path", text);
    });
}

/// A `bot` line: the account is a user of the same name.
pub fn bot(cursor: &mut Cursor<'_>, scope: &Scope, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(BOT_SPEC)?;
    object.check(PICTURE_SPEC)?;
    let username = object.required("username", "a bot with `username`")?;
    let met = out.names.user(&username);
    describe(met, |id| scope.users.contains(id), out);
    let user_id = out.names.id(met);
    let extra = object.extra("bot", BOT_SPEC, &["profile_image"]);
    let id = out.head(BOT, |key| key.extend(key_of(&[("username", &username)])));
    out.emit(&draft(BOT, &id), |data| {
        data.id("user_id", &user_id);
        object.write(BOT_SPEC, data);
        extra.write(data);
    });
    extra.report("bot", out);
    write_picture(&object, &id, &user_id, out);
    Ok(())
}

/// A `role` line.
pub fn role(cursor: &mut Cursor<'_>, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(ROLE_SPEC)?;
    let role = object.required("name", "a role with `name`")?;
    let id = out.head(ROLE, |key| key.extend(key_of(&[("name", &role)])));
    write_role(&object, &id, None, out);
    Ok(())
}

fn write_role(object: &Object<'_>, id: &Synthetic, scheme: Option<&Synthetic>, out: &mut Emitter<'_>) {
    let extra = object.extra("role", ROLE_SPEC, &[]);
    out.emit(&draft(ROLE, id), |data| {
        object.write(ROLE_SPEC, data);
        if let Some(scheme) = scheme {
            data.id("scheme_id", scheme);
        }
        extra.write(data);
    });
    extra.report("role", out);
}

/// A `scheme` line and the roles inside it.
pub fn scheme(cursor: &mut Cursor<'_>, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(SCHEME_SPEC)?;
    let scheme = object.required("name", "a scheme with `name`")?;
    let mut roles = Vec::new();
    for member in SCHEME_ROLES {
        let Some(value) = object.get(member) else { continue };
        let role =
            Object::read(&mut Cursor::new(value.text)).map_err(|fault| Fault { offset: object.offset, ..fault })?;
        role.check(ROLE_SPEC)?;
        let role_name = role.required("name", "a role with `name`")?;
        roles.push((member, role_name, role));
    }
    let extra = object.extra("scheme", SCHEME_SPEC, &SCHEME_ROLES);
    let id = out.head(SCHEME, |key| key.extend(key_of(&[("name", &scheme)])));
    out.emit(&draft(SCHEME, &id), |data| {
        object.write(SCHEME_SPEC, data);
        for (member, role_name) in roles.iter().filter_map(|(member, _, role)| Some((member, role.text("name")?))) {
            data.text(member, role_name);
        }
        extra.write(data);
    });
    extra.report("scheme", out);
    let key = |at: usize, key: &mut Vec<u8>| {
        let (member, role_name, _): &(&str, String, Object<'_>) = &roles[at];
        key.extend(key_of(&[("scheme_id", synthetic_text(&id)), ("member", member), ("name", role_name)]));
    };
    let ids = out.number(ROLE, roles.len(), key, |at, data| roles[at].2.write(ROLE_SPEC, data));
    for ((_, _, role), derived) in roles.iter().zip(&ids) {
        write_role(role, derived, Some(&id), out);
    }
    Ok(())
}

/// An `emoji` line with its image.
pub fn emoji(cursor: &mut Cursor<'_>, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let object = Object::read(cursor)?;
    object.check(EMOJI_SPEC)?;
    let emoji = object.required("name", "an emoji with `name`")?;
    let expected = "an emoji with `image`";
    let image = object.text("image").ok_or(Fault { offset: object.offset, expected })?;
    let path = image.decode().0;
    let extra = object.extra("emoji", EMOJI_SPEC, &["image"]);
    let id = out.head(EMOJI, |key| key.extend(key_of(&[("name", &emoji)])));
    out.emit(&Draft { path: Some(&path), ..draft(EMOJI, &id) }, |data| {
        object.write(EMOJI_SPEC, data);
        data.text("path", image);
        extra.write(data);
    });
    extra.report("emoji", out);
    Ok(())
}
