//! Facts about a source, told once before any record is judged: who is where since when, what threads there are.
//!
//! Facts may be told in any order, but for one rule: [`World::name_post`] comes before [`World::see_post`], because facts
//! are kept of named posts only.

use super::hold::Hold;
use super::rule::ChannelType;
use super::set::Set;
use super::subject::Post;
use crate::record::time::Millis;

/// What is known about a source, and the rules and holds that it is known for.
#[derive(Debug)]
pub struct World {
    pub(super) set: Set,
}

impl World {
    /// Nothing known yet, about what `set` asks for.
    pub fn new(set: Set) -> Self {
        Self { set }
    }

    /// The rules and holds.
    pub fn set(&self) -> &Set {
        &self.set
    }

    /// Adds a hold that stands in the source itself. Its keywords are not looked for in posts that were seen already, so
    /// a hold with keywords that comes after a post holds without them.
    pub fn add_hold(&mut self, hold: Hold) {
        self.set.holds.push(hold);
    }

    /// A team.
    pub fn add_team(&mut self, _id: &str, _name: &str) {}

    /// A channel; `team` is empty for direct and group messages.
    pub fn add_channel(&mut self, _id: &str, _team: &str, _name: &str, _of: ChannelType, _archived_at: Option<Millis>) {
    }

    /// A user; `roles` are parted by spaces.
    pub fn add_user(&mut self, _id: &str, _username: &str, _email: &str, _roles: &str, _left_at: Option<Millis>) {}

    /// A group.
    pub fn add_group(&mut self, _id: &str, _name: &str, _display_name: &str) {}

    /// Somebody who is in a group now.
    pub fn add_group_member(&mut self, _group: &str, _user: &str) {}

    /// Somebody who was in a channel (`channelmemberhistory`); still is, without `until`.
    pub fn add_membership(&mut self, _channel: &str, _user: &str, _from: Millis, _until: Option<Millis>) {}

    /// Somebody who is in a channel now (`channelmembers`): counts where history has nothing of them in that channel.
    pub fn add_current_member(&mut self, _channel: &str, _user: &str) {}

    /// A playbook run with its channel.
    pub fn add_run(&mut self, _id: &str, _name: &str, _playbook: &str, _channel: &str, _finished_at: Option<Millis>) {}

    /// A row of `threads`; needed only if [`super::set::Needs::server_threads`] says so.
    pub fn add_server_thread(&mut self, _post: &str, _channel: &str, _last_reply_at: Option<Millis>) {}

    /// Another record names this post, as what it belongs to, replies to, or is an earlier version of.
    pub fn name_post(&mut self, _id: &str) {}

    /// A row of `posts`: replies, earlier versions and deleted ones too, in or out of any scope.
    pub fn see_post(&mut self, _post: &Post<'_>) {}
}
