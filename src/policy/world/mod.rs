//! Facts about a source, told once before any record is judged: who is where since when, which posts are spoken of.
//!
//! Facts may be told in any order, but for one rule: [`World::name_post`] comes before [`World::see_post`], because facts
//! are kept of named posts only. A thread whose first post was named too late has no known times, and is kept.
//!
//! Memory grows with the directory (teams, channels, users, memberships) and with the posts that other records name:
//! about a hundred bytes for each, ids packed into twenty-four; a post that nothing names costs nothing.

mod directory;
mod key;
mod posts;

use std::borrow::Cow;
use std::collections::HashMap;

use super::details::Details;
use super::hold::Hold;
use super::rule::ChannelType;
use super::set::{Needs, Set};
use super::sets::{SetId, Sets};
use super::subject::Post;
use super::words::Words;
use crate::record::json::Text;
use crate::record::time::Millis;
pub(super) use directory::{At, Channel, Directory, Group, Run, Team, User};
pub(super) use posts::{Moment, PostAt, PostFacts, Posts, Thread};

/// What is known about a source, and the rules and holds that it is known for.
#[derive(Debug)]
pub struct World {
    pub(super) set: Set,
    needs: Needs,
    pub(super) teams: Directory<Team>,
    pub(super) channels: Directory<Channel>,
    pub(super) users: Directory<User>,
    pub(super) groups: Directory<Group>,
    pub(super) runs: Directory<Run>,
    /// From channel history.
    pub(super) memberships: Vec<Membership>,
    /// Current ones: channel and user.
    pub(super) members: Vec<(At, At)>,
    pub(super) posts: Posts,
    /// Sets of scopes whose conditions on posts are met.
    pub(super) detail_sets: Sets,
    pub(super) details: Details,
    /// Sets of positions in `set.holds`.
    pub(super) word_sets: Sets,
    words: Words,
    /// Channel and last reply of a row of `threads`, by its post.
    pub(super) server_threads: HashMap<PostAt, (At, Option<Millis>)>,
}

/// A stay of a user in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Membership {
    pub(super) channel: At,
    pub(super) user: At,
    pub(super) from: Millis,
    pub(super) until: Option<Millis>,
}

impl World {
    /// Nothing known yet, about what `set` asks for.
    pub fn new(set: Set) -> Self {
        let details = Details::new(&set);
        let words = Words::new(set.holds.iter().map(|hold| hold.keywords.as_slice()));
        Self {
            needs: set.needs(),
            teams: Directory::new(),
            channels: Directory::new(),
            users: Directory::new(),
            groups: Directory::new(),
            runs: Directory::new(),
            memberships: Vec::new(),
            members: Vec::new(),
            posts: Posts::new(),
            detail_sets: Sets::new(details.scopes()),
            details,
            word_sets: Sets::new(set.holds.len()),
            words,
            server_threads: HashMap::new(),
            set,
        }
    }

    /// The rules and holds.
    pub fn set(&self) -> &Set {
        &self.set
    }

    /// Which facts it wants to be told, besides teams, channels and users.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// Adds a hold that stands in the source itself. It must have no keywords, as the plugin's have none: posts may have
    /// been seen already, so it would hold without them.
    pub fn add_hold(&mut self, mut hold: Hold) {
        hold.keywords.clear();
        self.set.holds.push(hold);
        self.needs = Needs { words: self.needs.words, ..self.set.needs() };
    }

    /// A team.
    pub fn add_team(&mut self, id: &str, name: &str) {
        let at = self.teams.of(id);
        self.teams.edit(at, |team| team.name = name.into());
    }

    /// A channel; `team` is empty for direct and group messages.
    pub fn add_channel(&mut self, id: &str, team: &str, name: &str, kind: ChannelType, archived_at: Option<Millis>) {
        let team = (!team.is_empty()).then(|| self.teams.of(team));
        let at = self.channels.of(id);
        self.channels.edit(at, |channel| {
            channel.name = name.into();
            channel.team = team;
            channel.kind = Some(kind);
            channel.archived_at = archived_at;
        });
    }

    /// A user; `roles` are parted by spaces.
    pub fn add_user(&mut self, id: &str, username: &str, email: &str, roles: &str, left_at: Option<Millis>) {
        let at = self.users.of(id);
        self.users.edit(at, |user| {
            user.name = username.into();
            user.email = email.into();
            user.roles = roles.into();
            user.left_at = left_at;
        });
    }

    /// A group.
    pub fn add_group(&mut self, id: &str, name: &str, display_name: &str) {
        let at = self.groups.of(id);
        self.groups.edit(at, |group| {
            group.name = name.into();
            group.display_name = display_name.into();
        });
    }

    /// Somebody who is in a group now.
    pub fn add_group_member(&mut self, group: &str, user: &str) {
        let (group, user) = (self.groups.of(group), self.users.of(user));
        self.groups.edit(group, |group| group.members.push(user));
        self.users.edit(user, |user| user.groups.push(group));
    }

    /// Somebody who was in a channel (`channelmemberhistory`); still is, without `until`.
    pub fn add_membership(&mut self, channel: &str, user: &str, from: Millis, until: Option<Millis>) {
        let (channel, user) = (self.channels.of(channel), self.users.of(user));
        self.memberships.push(Membership { channel, user, from, until });
    }

    /// Somebody who is in a channel now (`channelmembers`): counts where history does not say so too.
    pub fn add_current_member(&mut self, channel: &str, user: &str) {
        let member = (self.channels.of(channel), self.users.of(user));
        self.members.push(member);
    }

    /// A playbook run with its channel.
    pub fn add_run(&mut self, id: &str, name: &str, channel: &str, finished_at: Option<Millis>) {
        let at = self.runs.of(id);
        let channel = (!channel.is_empty()).then(|| self.channels.of(channel));
        self.runs.edit(at, |run| {
            run.name = name.into();
            run.channel = channel;
            run.finished_at = finished_at;
        });
        if let Some(channel) = channel {
            self.channels.edit(channel, |channel| {
                if !channel.runs.contains(&at) {
                    channel.runs.push(at);
                }
            });
        }
    }

    /// A row of `threads`; needed only if [`Needs::server_threads`] says so.
    pub fn add_server_thread(&mut self, post: &str, channel: &str, last_reply_at: Option<Millis>) {
        let post = self.posts.name(post);
        let channel = self.channels.of(channel);
        self.server_threads.insert(post, (channel, last_reply_at));
    }

    /// Another record names this post, as what it belongs to, replies to, or is an earlier version of.
    pub fn name_post(&mut self, id: &str) {
        self.posts.name(id);
    }

    /// A row of `posts`: replies, earlier versions and deleted ones too, in or out of any scope.
    pub fn see_post(&mut self, post: &Post<'_>) {
        self.posts.begin_seeing();
        let whose = if post.original.is_empty() { post.id } else { post.original };
        let words = self.words_of(post);
        let is_version = !post.original.is_empty();
        let at = match self.posts.find(whose) {
            None if words.is_some() || is_version => Some(self.posts.name(whose)),
            found => found,
        };
        if let Some(at) = at {
            self.keep_words(at, words.as_deref());
            if is_version {
                let times = [post.create_at, post.edit_at, post.delete_at];
                self.posts.versions.extend(times.into_iter().filter(|time| *time != 0).map(|time| (at, time)));
            } else {
                let (channel, user) = (self.channels.of(post.channel), self.users.of(post.user));
                let details = self.details.of(post, &mut self.detail_sets);
                self.posts.see(at, post, channel, user, details);
            }
        }
        if !post.root.is_empty() && self.needs.threads {
            let facts = at.filter(|_| !is_version);
            self.posts.see_reply(post.root, Moment::of(post.create_at, post.edit_at), facts);
        }
    }

    /// A team of this id, which nothing may have described.
    pub(super) fn mention_team(&mut self, id: &str) -> At {
        self.teams.of(id)
    }

    /// A user of this id, whom nothing may have described.
    pub(super) fn mention_user(&mut self, id: &str) -> At {
        self.users.of(id)
    }

    /// A channel of this id, which nothing may have described.
    pub(super) fn mention_channel(&mut self, id: &str) -> At {
        self.channels.of(id)
    }

    /// Holds that have a keyword which stands in a post; `None` for no hold.
    fn words_of(&mut self, post: &Post<'_>) -> Option<Vec<u64>> {
        if !self.needs.words {
            return None;
        }
        let mut found = self.word_sets.empty();
        for text in texts(post) {
            self.words.find(&text, |hold| super::sets::insert(&mut found, hold));
        }
        found.iter().any(|word| *word != 0).then_some(found)
    }

    fn keep_words(&mut self, at: PostAt, found: Option<&[u64]>) {
        let Some(found) = found else { return };
        let known: SetId = self.posts.get(at).map_or(Sets::EMPTY, |facts| facts.words);
        let mut all = self.word_sets.get(known).to_vec();
        super::sets::unite(&mut all, found);
        let all = self.word_sets.keep(&all);
        if let Some(facts) = self.posts.get_mut(at) {
            facts.words = all;
        }
    }
}

/// What keywords are looked for in: the message, and the properties, where what webhooks say stands, escaped as JSON.
pub(super) fn texts<'p>(post: &Post<'p>) -> [Cow<'p, str>; 2] {
    let props = Text { raw: post.props, escaped: post.props.contains('\\') };
    [Cow::Borrowed(post.message), props.decode().0]
}
