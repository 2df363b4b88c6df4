//! Stories of a small server, told to a world and asked of an evaluator.

use super::dice::Dice;
use chatseal::policy::rule::ChannelType;
use chatseal::policy::set::Set;
use chatseal::policy::subject::{Post, PostOf, Subject, Times};
use chatseal::policy::world::World;
use chatseal::record::time::Millis;

#[derive(Clone, Debug, Default)]
pub(crate) struct Story {
    /// Id and name.
    pub(crate) teams: Vec<(String, String)>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) users: Vec<User>,
    /// Id, name, members.
    pub(crate) groups: Vec<(String, String, Vec<String>)>,
    pub(crate) memberships: Vec<(String, String, Millis, Option<Millis>)>,
    pub(crate) members: Vec<(String, String)>,
    pub(crate) runs: Vec<Run>,
    /// Rows of `posts`.
    pub(crate) posts: Vec<Row>,
    pub(crate) records: Vec<Record>,
}

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) team: String,
    pub(crate) name: String,
    pub(crate) kind: ChannelType,
    pub(crate) archived_at: Option<Millis>,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) roles: String,
    pub(crate) left_at: Option<Millis>,
}

#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) channel: String,
    pub(crate) finished_at: Option<Millis>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) create_at: Millis,
    pub(crate) edit_at: Millis,
    pub(crate) delete_at: Millis,
    pub(crate) channel: String,
    pub(crate) user: String,
    pub(crate) root: String,
    pub(crate) original: String,
    pub(crate) post_type: String,
    pub(crate) is_pinned: Option<bool>,
    pub(crate) props: String,
    pub(crate) hashtags: String,
    pub(crate) message: String,
}

/// A record that is no post.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) at: Millis,
    pub(crate) times: When,
    pub(crate) team: String,
    pub(crate) channel: String,
    pub(crate) users: Vec<String>,
    pub(crate) run: String,
    /// The post that it belongs to.
    pub(crate) post: String,
    pub(crate) server_time: Option<Millis>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum When {
    #[default]
    Always,
    At(Vec<Millis>),
    Span(Millis, Option<Millis>),
}

impl Row {
    pub(crate) fn post(&self) -> Post<'_> {
        Post {
            id: &self.id,
            create_at: self.create_at,
            edit_at: self.edit_at,
            delete_at: self.delete_at,
            channel: &self.channel,
            user: &self.user,
            root: &self.root,
            original: &self.original,
            post_type: &self.post_type,
            is_pinned: self.is_pinned,
            props: &self.props,
            hashtags: &self.hashtags,
            message: &self.message,
        }
    }

    /// As a record.
    pub(crate) fn with<T>(&self, use_it: impl FnOnce(&Subject<'_>) -> T) -> T {
        let users = [self.user.as_str()];
        use_it(&Subject {
            kind: "post",
            id: &self.id,
            at: self.create_at,
            times: Times::Always,
            team: None,
            channel: Some(&self.channel),
            users: &users,
            run: None,
            post: PostOf::Itself(self.post()),
            server_time: Some(self.create_at).filter(|at| *at != 0),
        })
    }
}

impl Record {
    pub(crate) fn with<T>(&self, use_it: impl FnOnce(&Subject<'_>) -> T) -> T {
        let users: Vec<&str> = self.users.iter().map(String::as_str).collect();
        let stated = |text| Some(text).filter(|text: &&str| !text.is_empty());
        use_it(&Subject {
            kind: &self.kind,
            id: &self.id,
            at: self.at,
            times: match &self.times {
                When::Always => Times::Always,
                When::At(times) => Times::At(times),
                When::Span(from, until) => Times::Span(*from, *until),
            },
            team: stated(&self.team),
            channel: stated(&self.channel),
            users: &users,
            run: stated(&self.run),
            post: if self.post.is_empty() { PostOf::None } else { PostOf::Of(&self.post) },
            server_time: self.server_time,
        })
    }
}

impl Story {
    /// Tells a world everything, in an order that the dice choose.
    pub(crate) fn tell(&self, set: Set, dice: &mut Dice) -> World {
        let mut world = World::new(set);
        let mut steps: Vec<u8> = (0..8).collect();
        dice.shuffle(&mut steps);
        for step in steps {
            match step {
                0 => self.teams.iter().for_each(|(id, name)| world.add_team(id, name)),
                1 => self.channels.iter().for_each(|channel| {
                    let Channel { id, team, name, kind, archived_at } = channel;
                    world.add_channel(id, team, name, *kind, *archived_at);
                }),
                2 => self.users.iter().for_each(|User { id, name, roles, left_at }| {
                    world.add_user(id, name, &format!("{name}@Example.org"), roles, *left_at);
                }),
                3 => self.groups.iter().for_each(|(id, name, _)| world.add_group(id, name, "Group")),
                4 => self.groups.iter().for_each(|(id, _, users)| {
                    for user in users {
                        world.add_group_member(id, user);
                    }
                }),
                5 => self.memberships.iter().for_each(|(channel, user, from, until)| {
                    world.add_membership(channel, user, *from, *until);
                }),
                6 => self.members.iter().for_each(|(channel, user)| world.add_current_member(channel, user)),
                _ => self.runs.iter().for_each(|Run { id, name, channel, finished_at }| {
                    world.add_run(id, name, channel, *finished_at);
                }),
            }
        }
        let mut named: Vec<&str> = self.posts.iter().flat_map(|row| [row.root.as_str(), &row.original]).collect();
        named.extend(self.records.iter().map(|record| record.post.as_str()));
        named.retain(|id| !id.is_empty());
        dice.shuffle(&mut named);
        for id in named {
            world.name_post(id);
        }
        for record in self.records.iter().filter(|record| record.kind == "thread") {
            world.add_server_thread(&record.post, &record.channel, record.server_time);
        }
        let mut rows: Vec<&Row> = self.posts.iter().collect();
        dice.shuffle(&mut rows);
        for row in rows {
            world.see_post(&row.post());
        }
        world
    }
}
