//! What an entry names: the teams, channels and users by which a scope selects it.
//!
//! Names are looked for wherever they may stand, so that an entry about somebody is found by the one who did it and by
//! the one it was done to.

use super::walk::Member;
use crate::record::id::is_row;
use crate::source::catalogue::To;

/// Ids that an entry names; an id may stand more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions<'a> {
    /// Teams.
    pub teams: Vec<&'a str>,
    /// Channels.
    pub channels: Vec<&'a str>,
    /// Users, whether they acted or were acted upon.
    pub users: Vec<&'a str>,
}

impl<'a> Mentions<'a> {
    /// Looks at a member of the entry.
    pub fn look(&mut self, member: &Member<'a>) {
        let Some(text) = member.plain() else { return };
        if member.key == "api_path" {
            for (to, id) in in_path(text) {
                self.add(to, id);
            }
            return;
        }
        let named = match member.key.as_ref() {
            "id" => object(&member.parent),
            "creator_id" | "owner_id" => Some(To::User),
            key if key.ends_with("user_id") => Some(To::User),
            key if key.ends_with("channel_id") => Some(To::Channel),
            key if key.ends_with("team_id") => Some(To::Team),
            _ => None,
        };
        if let Some(to) = named.filter(|_| is_row(text)) {
            self.add(to, text);
        }
    }

    fn add(&mut self, to: To, id: &'a str) {
        match to {
            To::Team => self.teams.push(id),
            To::Channel => self.channels.push(id),
            To::User => self.users.push(id),
            _ => {}
        }
    }
}

/// What an object under this key, or a part of a path, is. (`channeld` is how 5.x spells it where one was deleted.)
fn object(name: &str) -> Option<To> {
    match name {
        "post" | "posts" => Some(To::Post),
        "channel" | "channels" | "channeld" => Some(To::Channel),
        "user" | "users" => Some(To::User),
        "team" | "teams" => Some(To::Team),
        _ => None,
    }
}

/// The ids in a path of the API, in order: `/api/v4/channels/ID/members/ID` names a channel.
pub fn in_path(path: &str) -> impl Iterator<Item = (To, &str)> {
    path.split('/')
        .zip(path.split('/').skip(1))
        .filter_map(|(name, id)| Some((object(name)?, id)))
        .filter(|(_, id)| is_row(id))
}
