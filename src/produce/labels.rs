//! What people and places are called in a line of text.

use std::collections::HashMap;

use super::Directory;
use super::directory::Channel;

/// Why a name is listed as replaced by [`Labels::listed`].
pub const IN_LISTS: &str = "a semicolon in the name is a comma in lists of people, which semicolons separate";

/// The channels of an archive as people know them, made once.
#[derive(Debug)]
pub struct Labels<'d> {
    directory: &'d Directory,
    /// What each is called, and the name of its team.
    channels: HashMap<&'d str, (String, &'d str)>,
}

impl<'d> Labels<'d> {
    /// Makes them.
    pub fn of(directory: &'d Directory) -> Self {
        let channels = directory.channels();
        let team = |channel: &'d Channel| directory.team(&channel.team_id).map_or(&*channel.team_id, |team| &team.name);
        let named = channels.into_iter().map(|(id, channel)| (id, (label(directory, id, channel), team(channel))));
        Self { directory, channels: named.collect() }
    }

    /// `team/channel`, or `@anna, @bob` for those in a direct or group channel; the id of one that nothing describes.
    pub fn channel<'a>(&'a self, id: &'a str) -> &'a str {
        self.channels.get(id).map_or(id, |(label, _)| label)
    }

    /// The username, or the id of somebody whom nothing describes.
    pub fn user<'a>(&'a self, id: &'a str) -> &'a str {
        self.directory.username(id)
    }

    /// What is shown of a name: `Anna Berg (anna)`, or the username alone.
    pub fn person(&self, id: &str) -> String {
        let full = self.directory.user(id).map(super::directory::User::full_name).unwrap_or_default();
        if full.is_empty() { self.user(id).to_owned() } else { format!("{full} ({})", self.user(id)) }
    }

    /// The same within a list that `;` separates, where a name with one would be taken for two people: a comma stands
    /// in its place, and then it is true.
    pub fn listed(&self, id: &str) -> (String, bool) {
        let shown = self.person(id);
        let is_replaced = shown.contains(';');
        (shown.replace(';', ","), is_replaced)
    }

    /// The name of the team of a channel; empty for direct and group channels.
    pub fn team(&self, channel: &str) -> &'d str {
        self.channels.get(channel).map(|(_, team)| *team).unwrap_or_default()
    }
}

fn label(directory: &Directory, id: &str, channel: &Channel) -> String {
    if channel.place.is_personal() {
        let members: Vec<String> =
            channel.members.iter().map(|member| format!("@{}", directory.username(member))).collect();
        return if members.is_empty() { id.to_owned() } else { members.join(", ") };
    }
    let team = directory.team(&channel.team_id).map_or(&*channel.team_id, |team| &team.name);
    format!("{team}/{}", channel.name)
}
