//! What an entry tells about posts, for the reconciliation with the tables.
//!
//! Only what stands at its exact place counts: the properties of a post are its author's, and may hold anything.

use std::borrow::Cow;

use super::entry::{Entry, Schema, members};
use super::mentions::in_path;
use crate::record::id::is_row;
use crate::record::json::{Cursor, Shape, Value};
use crate::source::catalogue::To;
use crate::source::reconcile::fact::{Created, Deleted, Facts};

/// Adds what an entry, written as `text`, tells about posts. Creations count within the scope only; deletions always,
/// because what explains that a post is gone may lie outside.
pub fn tell(entry: &Entry<'_>, text: &str, sha256: [u8; 32], in_scope: bool, facts: &mut Facts) {
    let Some(event) = entry.text("event_name").filter(|_| entry.succeeded()) else { return };
    let user = entry.text("user_id").unwrap_or_default();
    if event == "createPost" {
        let Some(post) = created(entry, text).filter(|_| in_scope) else { return };
        let field = |name| string(&post, name).unwrap_or_default();
        let id = |name| field(name).into_owned();
        let author = Some(id("user_id")).filter(|author| is_row(author));
        facts.created(&Created {
            id: &id("id"),
            at: entry.at,
            user: author.as_deref().unwrap_or(&user),
            channel: &id("channel_id"),
            root: &id("root_id"),
            kind: &field("type"),
            sha256,
        });
    } else if let Some(to) = deletes(&event)
        && let Some(id) = target(entry, text, to)
    {
        let permanent = parameter(entry, text, "permanent").unwrap_or_default();
        let permanent = if matches!(permanent.as_ref(), "true" | "false") { permanent.as_ref() } else { "" };
        facts.deleted(&Deleted { to, id: &id, at: entry.at, event: &event, user: &user, permanent, sha256 });
    }
}

type Members<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

fn find<'m, 'a>(members: &'m Members<'a>, name: &str) -> Option<&'m Value<'a>> {
    members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn string<'a>(members: &Members<'a>, name: &str) -> Option<Cow<'a, str>> {
    let value = find(members, name).filter(|value| value.shape == Shape::String)?;
    Cursor::new(value.text).string().ok().map(|text| text.decode().0)
}

fn object<'a>(value: Option<&Value<'a>>) -> Option<Members<'a>> {
    members(value.filter(|value| value.shape == Shape::Object)?.text).ok()
}

/// The post that an entry says was created: as it resulted, else as it was asked for.
fn created<'a>(entry: &Entry<'a>, text: &'a str) -> Option<Members<'a>> {
    let has_id = |post: &Members<'_>| string(post, "id").is_some_and(|id| is_row(&id));
    match entry.schema {
        Schema::Nested => {
            let asked = || object(find(&object(entry.value("parameters"))?, "post"));
            object(entry.value("resulting_state")).filter(has_id).or_else(|| asked().filter(has_id))
        }
        _ => object(find(&members(text).ok()?, "post")).filter(has_id),
    }
}

/// What an event deletes. Tools on the server's own host say `local…`.
fn deletes(event: &str) -> Option<To> {
    match event.strip_prefix("local").unwrap_or(event) {
        "deletePost" | "DeletePost" | "permanentlyRemoveFlaggedPost" => Some(To::Post),
        "deleteChannel" | "DeleteChannel" => Some(To::Channel),
        "deleteUser" | "DeleteUser" => Some(To::User),
        "deleteTeam" | "DeleteTeam" => Some(To::Team),
        _ => None,
    }
}

/// The id of what was deleted: from the path of the request, else from its parameters.
fn target(entry: &Entry<'_>, text: &str, to: To) -> Option<String> {
    let path = entry.text("api_path").unwrap_or_default();
    if let Some((_, id)) = in_path(&path).filter(|(named, _)| *named == to).last() {
        return Some(id.to_owned());
    }
    let name = match to {
        To::Post => "post_id",
        To::Channel => "channel_id",
        To::Team => "team_id",
        _ => "user_id",
    };
    // At the top of a flat entry `user_id` is who asked.
    if entry.schema != Schema::Nested && to == To::User {
        return None;
    }
    parameter(entry, text, name).map(|id| id.trim_matches('"').to_owned()).filter(|id| is_row(id))
}

fn parameter<'a>(entry: &Entry<'a>, text: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let members = match entry.schema {
        Schema::Nested => object(entry.value("parameters"))?,
        _ => members(text).ok()?,
    };
    find(&members, name).map(|value| Cow::Borrowed(value.text))
}
