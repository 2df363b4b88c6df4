//! Who and where, in the order and with the names that a transcript shows.
//!
//! Names are those of the time of the export: the server keeps no earlier ones. So each stands with its id, and an id
//! that nothing describes is shown as the id.

use std::collections::HashMap;

use crate::produce::directory::{Channel as Described, Directory, Place, User};
use crate::produce::name::Names;
use crate::produce::scope::Scope;
use crate::record::time::Millis;

/// A person or program that writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: String,
    /// Without `@`; empty if nothing describes the id.
    pub(super) username: String,
    /// Full name, or nickname, or username, or the id.
    pub(super) display: String,
    pub(super) email: String,
    pub(super) position: String,
    pub(super) is_bot: bool,
    pub(super) is_guest: bool,
    /// When the account was deactivated; 0 if it was not.
    pub(super) deactivated_at: Millis,
}

impl Person {
    fn of(id: &str, user: &User) -> Self {
        let full = user.full_name();
        let names = [full.as_str(), &user.username, id];
        let display = names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
        Self {
            id: id.to_owned(),
            username: user.username.to_string(),
            display: display.to_owned(),
            email: user.email.to_string(),
            position: user.position.to_string(),
            is_bot: user.is_bot,
            is_guest: user.is_guest(),
            deactivated_at: user.delete_at,
        }
    }

    /// Somebody whom nothing describes.
    pub(super) fn unknown(id: &str) -> Self {
        let display = if id.is_empty() { "(nobody)" } else { id };
        Self { id: id.to_owned(), display: display.to_owned(), ..Self::default() }
    }
}

/// Which part of the index lists a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Team,
    Direct,
    Group,
    /// Nothing describes it; posts name it.
    Unknown,
}

/// A channel of the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) section: Section,
    /// What people see, or the names of the members.
    pub(super) title: String,
    /// The part of addresses that names it.
    pub(super) name: String,
    pub(super) team_id: String,
    /// Display name of the team; empty outside of teams.
    pub(super) team: String,
    pub(super) place: Option<Place>,
    pub(super) header: String,
    pub(super) purpose: String,
    /// When it was archived; 0 if it was not.
    pub(super) archived_at: Millis,
    /// Folder of its pages, below `channels/`.
    pub(super) folder: String,
}

impl Channel {
    /// Its first page, from the top of the transcript.
    pub(super) fn first_page(&self) -> String {
        self.page(1)
    }

    /// A page, from the top of the transcript.
    pub(super) fn page(&self, number: usize) -> String {
        format!("channels/{}/{number}.html", self.folder)
    }

    /// The page about it: facts, pages by date, members.
    pub(super) fn about(&self) -> String {
        format!("channels/{}/about.html", self.folder)
    }

    /// `public channel`, `direct messages`, …
    pub(super) fn sort_of_place(&self) -> &'static str {
        match self.place {
            Some(Place::Open) => "public channel",
            Some(Place::Private) => "private channel",
            Some(Place::Direct) => "direct messages",
            Some(Place::Group) => "group messages",
            None => "a channel that the archive does not describe",
        }
    }
}

/// All people and channels.
#[derive(Debug, Default)]
pub(super) struct Naming {
    people: Vec<Person>,
    by_id: HashMap<String, usize>,
    by_username: HashMap<String, usize>,
    channels: Vec<Channel>,
    channel_ranks: HashMap<String, usize>,
    channel_names: HashMap<String, HashMap<String, usize>>,
    emoji: HashMap<String, String>,
    folders: Names,
}

impl Naming {
    /// Names and order from the directory: channels of teams by team and title, then direct and group messages.
    pub(super) fn new(directory: &Directory, scope: &Scope) -> Self {
        let mut this = Self::default();
        let mut people: Vec<Person> = directory.users().into_iter().map(|(id, user)| Person::of(id, user)).collect();
        people.sort_by(|a, b| (&a.username, &a.id).cmp(&(&b.username, &b.id)));
        for person in people {
            this.by_id.insert(person.id.clone(), this.people.len());
            this.by_username.entry(person.username.to_lowercase()).or_insert(this.people.len());
            this.people.push(person);
        }
        let mut channels: Vec<Channel> = directory
            .channels()
            .into_iter()
            .filter(|(id, _)| scope.admits_channel(id, directory))
            .map(|(id, channel)| this.channel_of(id, channel, directory))
            .collect();
        channels.sort_by_cached_key(|channel| {
            let title = channel.title.to_lowercase();
            (channel.section, channel.team.to_lowercase(), channel.team_id.clone(), title, channel.id.clone())
        });
        for channel in channels {
            this.add_channel(channel);
        }
        this
    }

    fn channel_of(&self, id: &str, channel: &Described, directory: &Directory) -> Channel {
        let team = directory.team(&channel.team_id);
        let team =
            team.map_or(
                &channel.team_id,
                |team| if team.display_name.is_empty() { &team.name } else { &team.display_name },
            );
        let section = match channel.place {
            Place::Direct => Section::Direct,
            Place::Group => Section::Group,
            Place::Open | Place::Private => Section::Team,
        };
        let title = if channel.place.is_personal() && !channel.members.is_empty() {
            let names =
                channel.members.iter().map(|id| self.person(id).map_or(&**id, |person| person.display.as_str()));
            let mut names: Vec<&str> = names.collect();
            names.sort_unstable();
            names.join(", ")
        } else {
            let names = [&channel.display_name, &channel.name];
            names.into_iter().find(|name| !name.trim().is_empty()).map_or(id, |name| &**name).to_owned()
        };
        Channel {
            id: id.to_owned(),
            section,
            title,
            name: channel.name.to_string(),
            team_id: channel.team_id.to_string(),
            team: if section == Section::Team { team.to_string() } else { String::new() },
            place: Some(channel.place),
            header: channel.header.to_string(),
            purpose: channel.purpose.to_string(),
            archived_at: channel.delete_at,
            folder: String::new(),
        }
    }

    fn add_channel(&mut self, mut channel: Channel) -> usize {
        let rank = self.channels.len();
        let word = if channel.section == Section::Team { channel.name.as_str() } else { "" };
        let word = match (channel.section, word) {
            (Section::Direct, _) => "direct",
            (Section::Group, _) => "group",
            (Section::Unknown, _) | (Section::Team, "") => "channel",
            (Section::Team, name) => name,
        };
        channel.folder = self.folders.take(&format!("{:04}-{word}", rank.saturating_add(1)));
        self.channel_ranks.insert(channel.id.clone(), rank);
        if channel.section == Section::Team {
            let of_team = self.channel_names.entry(channel.team_id.clone()).or_default();
            of_team.entry(channel.name.to_lowercase()).or_insert(rank);
        }
        self.channels.push(channel);
        rank
    }

    /// Adds a channel that nothing describes, behind all others, and returns its rank.
    pub(super) fn add_unknown(&mut self, id: &str) -> usize {
        let title = if id.is_empty() { "(no channel)" } else { id };
        self.add_channel(Channel {
            id: id.to_owned(),
            section: Section::Unknown,
            title: title.to_owned(),
            name: String::new(),
            team_id: String::new(),
            team: String::new(),
            place: None,
            header: String::new(),
            purpose: String::new(),
            archived_at: 0,
            folder: String::new(),
        })
    }

    /// Adds somebody whom nothing describes, behind all others, and returns the number.
    pub(super) fn add_stranger(&mut self, id: &str) -> usize {
        let number = self.people.len();
        self.by_id.insert(id.to_owned(), number);
        self.people.push(Person::unknown(id));
        number
    }

    /// Adds a custom emoji and the path of its picture, from the top of the transcript.
    pub(super) fn add_emoji(&mut self, name: &str, picture: String) {
        self.emoji.insert(name.to_owned(), picture);
    }

    /// The picture of a custom emoji, from the top of the transcript.
    pub(super) fn custom_emoji(&self, name: &str) -> Option<&str> {
        self.emoji.get(name).map(String::as_str)
    }

    /// Somebody by id.
    pub(super) fn person(&self, id: &str) -> Option<&Person> {
        self.people.get(*self.by_id.get(id)?)
    }

    /// The number of a person in [`Self::people`].
    pub(super) fn number(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Somebody by username in lower case, without `@`.
    pub(super) fn by_username(&self, username: &str) -> Option<&Person> {
        self.people.get(*self.by_username.get(username)?)
    }

    /// Everybody, by username.
    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    /// All channels, by rank.
    pub(super) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Where a channel stands in [`Self::channels`].
    pub(super) fn rank(&self, id: &str) -> Option<usize> {
        self.channel_ranks.get(id).copied()
    }

    /// The channel of a team by its name in lower case.
    pub(super) fn channel_named(&self, team: &str, name: &str) -> Option<&Channel> {
        self.channels.get(*self.channel_names.get(team)?.get(name)?)
    }
}

/// A small world for tests.
#[cfg(test)]
pub(super) fn sample() -> Naming {
    let mut naming = Naming::default();
    for (id, username, display) in [("aliceid", "alice", "Alice <A>"), ("bobid", "bob", "Bob")] {
        let person = Person { id: id.into(), username: username.into(), display: display.into(), ..Person::default() };
        naming.by_id.insert(id.into(), naming.people.len());
        naming.by_username.insert(username.into(), naming.people.len());
        naming.people.push(person);
    }
    naming.add_channel(Channel {
        id: "channelid".into(),
        section: Section::Team,
        title: "Town Square".into(),
        name: "town-square".into(),
        team_id: "teamid".into(),
        team: "Team".into(),
        place: Some(Place::Open),
        header: String::new(),
        purpose: String::new(),
        archived_at: 0,
        folder: String::new(),
    });
    naming.add_emoji("party_parrot", "files/aa/parrot.gif".into());
    naming
}
