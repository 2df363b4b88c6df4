//! Who and where: the teams, channels, users and bots of an archive, by id.
//!
//! Held in memory once for a whole production; everything else streams. An id that nothing describes stands for itself
//! and is counted, because a production says what it did not know.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::ProduceError;
use crate::archive::reader::Archive;
use crate::archive::walk::{SegmentText, Walk, WalkError};
use crate::progress::Progress;
use crate::record::fields::{Head, characters, integer, plain};
use crate::record::json::Cursor;
use crate::record::time::Millis;

/// The kinds that are read.
const KINDS: [&str; 5] = ["bot", "channel", "channel_member", "team", "user"];

/// A team.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// The part of addresses that names it.
    pub name: Box<str>,
    /// What people see.
    pub display_name: Box<str>,
    /// When it was archived; 0 if it is not.
    pub delete_at: Millis,
}

/// What sort of place a channel is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Anybody in the team may join.
    #[default]
    Open,
    /// By invitation.
    Private,
    /// Two people, or one with himself.
    Direct,
    /// Up to eight people.
    Group,
}

impl Place {
    /// From Mattermost's letter; `None` for a letter that it does not use.
    pub fn of(letter: &str) -> Option<Self> {
        Some(match letter {
            "O" => Self::Open,
            "P" => Self::Private,
            "D" => Self::Direct,
            "G" => Self::Group,
            _ => return None,
        })
    }

    /// Mattermost's letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Open => "O",
            Self::Private => "P",
            Self::Direct => "D",
            Self::Group => "G",
        }
    }

    /// Mattermost's word for it in its own productions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "public",
            Self::Private => "private",
            Self::Direct => "direct",
            Self::Group => "group",
        }
    }

    /// Whether it belongs to people, not to a team.
    pub fn is_personal(self) -> bool {
        matches!(self, Self::Direct | Self::Group)
    }
}

/// A channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// The team that it belongs to; empty for direct and group channels.
    pub team_id: Box<str>,
    /// What sort of place it is.
    pub place: Place,
    /// The part of addresses that names it. A bulk export has none for direct and group channels.
    pub name: Box<str>,
    /// What people see; often empty for direct channels.
    pub display_name: Box<str>,
    /// Its header.
    pub header: Box<str>,
    /// Its purpose.
    pub purpose: Box<str>,
    /// When it was made; 0 where the source does not say.
    pub create_at: Millis,
    /// When it was archived; 0 if it is not.
    pub delete_at: Millis,
    /// Ids of the members of a direct or group channel, sorted; empty for others.
    pub members: Vec<Box<str>>,
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// Its name, without `@`.
    pub username: Box<str>,
    /// Its address as of the export; the server keeps no earlier ones.
    pub email: Box<str>,
    /// First name.
    pub first_name: Box<str>,
    /// Last name.
    pub last_name: Box<str>,
    /// Nickname.
    pub nickname: Box<str>,
    /// Position in the organisation.
    pub position: Box<str>,
    /// Roles in the system, separated by spaces.
    pub roles: Box<str>,
    /// When it was made; 0 where the source does not say.
    pub create_at: Millis,
    /// When it was deactivated; 0 if it is not.
    pub delete_at: Millis,
    /// Whether a program uses it.
    pub is_bot: bool,
}

impl User {
    /// Whether it is a guest's, who sees only the channels that he was invited to.
    pub fn is_guest(&self) -> bool {
        self.roles.split(' ').any(|role| role == "system_guest")
    }

    /// First and last name, the nickname if there are none; empty if there is nothing.
    pub fn full_name(&self) -> String {
        let parts = [&self.first_name, &self.last_name].map(|part| part.trim());
        let full = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
        if full.is_empty() { self.nickname.trim().to_owned() } else { full }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Directory {
    teams: HashMap<Box<str>, Team>,
    channels: HashMap<Box<str>, Channel>,
    users: HashMap<Box<str>, User>,
    /// Ids that were asked for and that nothing describes.
    unknown: Mutex<HashSet<Box<str>>>,
}

/// What one segment says.
enum Part {
    Teams(Vec<(Box<str>, Team)>),
    /// With the usernames of members that a bulk export gives.
    Channels(Vec<(Box<str>, Channel, Vec<Box<str>>)>),
    Users(Vec<(Box<str>, User)>),
    Bots(Vec<Box<str>>),
    /// Channel and user.
    Members(Vec<(Box<str>, Box<str>)>),
}

impl Directory {
    /// Reads the directory of an archive.
    pub fn read(archive: &Archive, progress: &Progress) -> Result<Self, ProduceError> {
        progress.phase("reading");
        let walk = Walk::new(archive, progress)?.kinds(|kind| KINDS.contains(&kind));
        let (mut this, mut bots, mut named) = (Self::default(), Vec::new(), Vec::new());
        let mut members: HashMap<Box<str>, BTreeSet<Box<str>>> = HashMap::new();
        walk.for_each_segment(part, |part| {
            match part {
                Part::Teams(teams) => this.teams.extend(teams),
                Part::Users(users) => this.users.extend(users),
                Part::Bots(ids) => bots.extend(ids),
                Part::Channels(channels) => {
                    for (id, channel, usernames) in channels {
                        if channel.place.is_personal() {
                            members.insert(id.clone(), BTreeSet::new());
                            named.push((id.clone(), usernames));
                        }
                        this.channels.insert(id, channel);
                    }
                }
                // Behind the channels, because kinds stand in alphabetical order.
                Part::Members(rows) => {
                    for (channel, user) in rows {
                        if let Some(members) = members.get_mut(&channel) {
                            members.insert(user);
                        }
                    }
                }
            }
            Ok::<_, WalkError>(())
        })?;
        for id in bots {
            if let Some(user) = this.users.get_mut(&id) {
                user.is_bot = true;
            }
        }
        this.name_members(members, named);
        Ok(this)
    }

    /// Completes the members of direct and group channels by what their names and the bulk export say.
    fn name_members(
        &mut self,
        mut members: HashMap<Box<str>, BTreeSet<Box<str>>>,
        named: Vec<(Box<str>, Vec<Box<str>>)>,
    ) {
        let by_name: HashMap<&str, &Box<str>> = self.users.iter().map(|(id, user)| (&*user.username, id)).collect();
        for (id, usernames) in named {
            let Some(members) = members.get_mut(&id) else { continue };
            members.extend(usernames.iter().map(|name| (*by_name.get(&**name).unwrap_or(&name)).clone()));
            let name = self.channels.get(&id).map(|channel| (channel.place, &*channel.name));
            if let Some((Place::Direct, name)) = name
                && let Some((left, right)) = name.split_once("__")
            {
                members.extend([left.into(), right.into()]);
            }
        }
        for (id, members) in members {
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.members = members.into_iter().collect();
            }
        }
    }

    /// The team of this id.
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.get(id)
    }

    /// The channel of this id.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.get(id)
    }

    /// The user of this id.
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    /// The name of a user; the id itself, counted, if nothing describes it.
    pub fn username<'a>(&'a self, id: &'a str) -> &'a str {
        self.user_or_count(id).map_or(id, |user| &user.username)
    }

    /// The user of this id; counted if nothing describes it.
    pub fn user_or_count(&self, id: &str) -> Option<&User> {
        let found = self.users.get(id);
        if found.is_none() && !id.is_empty() {
            let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
            if !unknown.contains(id) {
                unknown.insert(id.into());
            }
        }
        found
    }

    /// How many accounts were asked for that nothing describes, each counted once.
    pub fn unknown(&self) -> u64 {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// All teams, sorted by id.
    pub fn teams(&self) -> Vec<(&str, &Team)> {
        sorted(&self.teams)
    }

    /// All channels, sorted by id.
    pub fn channels(&self) -> Vec<(&str, &Channel)> {
        sorted(&self.channels)
    }

    /// All users, sorted by id.
    pub fn users(&self) -> Vec<(&str, &User)> {
        sorted(&self.users)
    }
}

fn sorted<T>(map: &HashMap<Box<str>, T>) -> Vec<(&str, &T)> {
    let mut all: Vec<_> = map.iter().map(|(id, value)| (&**id, value)).collect();
    all.sort_unstable_by_key(|(id, _)| *id);
    all
}

fn part(segment: SegmentText<'_>) -> Part {
    let kind = segment.kind();
    let heads = segment.lines().map(|(_, line)| Head::of(line, kind));
    match kind {
        "team" => Part::Teams(heads.map(|head| (head.id.into(), team(&head))).collect()),
        "channel" => Part::Channels(heads.map(|head| channel(&head)).collect()),
        "user" => Part::Users(heads.map(|head| (head.id.into(), user(&head))).collect()),
        "bot" => Part::Bots(heads.map(|head| plain(head.pick(["user_id"])[0]).into()).collect()),
        _ => {
            let pair = |head: Head<'_>| head.pick(["channel_id", "user_id"]).map(|id| Box::from(plain(id)));
            Part::Members(heads.map(|head| pair(head).into()).collect())
        }
    }
}

fn text(value: Option<&[u8]>) -> Box<str> {
    value.map(|value| characters(value).into()).unwrap_or_default()
}

fn time(value: Option<&[u8]>) -> Millis {
    integer(value).unwrap_or_default()
}

fn team(head: &Head<'_>) -> Team {
    let [delete_at, display_name, name] = head.pick(["delete_at", "display_name", "name"]);
    Team { name: text(name), display_name: text(display_name), delete_at: time(delete_at) }
}

fn channel(head: &Head<'_>) -> (Box<str>, Channel, Vec<Box<str>>) {
    let fields = ["create_at", "delete_at", "team_id", "type", "display_name", "name", "header", "purpose", "members"];
    let [create_at, delete_at, team_id, place, display_name, name, header, purpose, members] = head.pick(fields);
    let channel = Channel {
        team_id: text(team_id),
        place: Place::of(plain(place)).unwrap_or_default(),
        name: text(name),
        display_name: text(display_name),
        header: text(header),
        purpose: text(purpose),
        create_at: time(create_at),
        delete_at: time(delete_at),
        members: Vec::new(),
    };
    (head.id.into(), channel, members.map(strings).unwrap_or_default())
}

/// The strings of a JSON array.
fn strings(value: &[u8]) -> Vec<Box<str>> {
    let mut cursor = Cursor::new(std::str::from_utf8(value).unwrap_or_default());
    let (mut first, mut found) = (true, Vec::new());
    if cursor.open_array().is_ok() {
        while let Ok(true) = cursor.element(&mut first) {
            let Ok(string) = cursor.string() else { break };
            found.push(string.decode().0.into());
        }
    }
    found
}

fn user(head: &Head<'_>) -> User {
    let fields =
        ["create_at", "delete_at", "username", "email", "nickname", "first_name", "last_name", "roles", "position"];
    let [create_at, delete_at, username, email, nickname, first_name, last_name, roles, position] = head.pick(fields);
    User {
        username: text(username),
        email: text(email),
        first_name: text(first_name),
        last_name: text(last_name),
        nickname: text(nickname),
        position: text(position),
        roles: text(roles),
        create_at: time(create_at),
        delete_at: time(delete_at),
        is_bot: false,
    }
}
