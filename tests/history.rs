//! Support: histories of a small server, made up at random, as lines of a bulk export.
//!
//! Few names and few moments, so that equal keys, equal posts and edges of windows are the rule and not the exception.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

pub(crate) const USERS: [&str; 3] = ["ingrid", "karim", "olga"];

/// Team and name; the last stands for a direct channel of the first two users.
pub(crate) const CHANNELS: [(&str, &str); 4] =
    [("harbour", "bridge"), ("harbour", "mess"), ("docks", "bridge"), ("", "ingrid+karim")];

/// The moment that all others are near.
pub(crate) const START: i64 = 1_795_250_000_000;

/// A root or a reply.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) user: usize,
    pub(crate) message: u8,
    pub(crate) at: i64,
    pub(crate) edited: Option<i64>,
    /// User and time of reactions.
    pub(crate) reactions: Vec<(usize, i64)>,
    pub(crate) files: u8,
    pub(crate) saved: Vec<usize>,
}

/// A root with its replies.
#[derive(Clone, Debug)]
pub(crate) struct Thread {
    pub(crate) channel: usize,
    pub(crate) root: Post,
    pub(crate) replies: Vec<Post>,
}

fn moment() -> impl Strategy<Value = i64> {
    (0..5_i64).prop_map(|after| START + after)
}

fn post() -> impl Strategy<Value = Post> {
    let reactions = vec((0..USERS.len(), moment()), 0..3);
    let saved = vec(0..USERS.len(), 0..2);
    (0..USERS.len(), 0..3_u8, moment(), prop::option::of(moment()), reactions, 0..2_u8, saved).prop_map(
        |(user, message, at, edited, reactions, files, saved)| Post {
            user,
            message,
            at,
            edited,
            reactions,
            files,
            saved,
        },
    )
}

/// Any history.
pub(crate) fn history() -> impl Strategy<Value = Vec<Thread>> {
    let thread = (0..CHANNELS.len(), post(), vec(post(), 0..3));
    vec(thread.prop_map(|(channel, root, replies)| Thread { channel, root, replies }), 0..12)
}

impl Post {
    fn fields(&self) -> Value {
        let reaction =
            |(user, at): &(usize, i64)| json!({"user": USERS[*user], "emoji_name": "anchor", "create_at": at});
        json!({
            "user": USERS[self.user], "message": format!("message {}", self.message), "create_at": self.at,
            "edit_at": self.edited.unwrap_or(0),
            "reactions": self.reactions.iter().map(reaction).collect::<Vec<_>>(),
            "attachments": (0..self.files).map(|at| json!({"path": format!("20261121/{at}")})).collect::<Vec<_>>(),
            "flagged_by": self.saved.iter().map(|user| USERS[*user]).collect::<Vec<_>>(),
        })
    }
}

impl Thread {
    /// Its line.
    pub(crate) fn line(&self) -> String {
        let mut fields = self.root.fields();
        fields["replies"] = self.replies.iter().map(Post::fields).collect();
        let (team, channel) = CHANNELS[self.channel];
        if team.is_empty() {
            fields["channel_members"] = json!(["ingrid", "karim"]);
            return json!({"type": "direct_post", "direct_post": fields}).to_string();
        }
        fields["team"] = team.into();
        fields["channel"] = channel.into();
        json!({"type": "post", "post": fields}).to_string()
    }
}

/// The lines that describe teams, channels and users; the version line first.
pub(crate) fn directory() -> Vec<String> {
    let mut lines = vec![json!({"type": "version", "version": 1}).to_string()];
    for team in ["harbour", "docks"] {
        lines.push(json!({"type": "team", "team": {"name": team, "type": "O"}}).to_string());
    }
    for (team, name) in CHANNELS {
        lines.push(if team.is_empty() {
            json!({"type": "direct_channel", "direct_channel": {"members": ["ingrid", "karim"]}}).to_string()
        } else {
            let archived = if name == "mess" { START } else { 0 };
            let channel = json!({"team": team, "name": name, "type": "O", "deleted_at": archived});
            json!({"type": "channel", "channel": channel}).to_string()
        });
    }
    for user in USERS {
        let teams = json!([{"name": "harbour", "roles": "team_user", "channels": [{"name": "bridge", "roles": "channel_user"}]}]);
        let email = format!("{user}@Harbour.example");
        lines.push(json!({"type": "user", "user": {"username": user, "email": email, "teams": teams}}).to_string());
    }
    lines
}

/// A whole export.
pub(crate) fn export(threads: &[Thread]) -> String {
    let lines = directory().into_iter().chain(threads.iter().map(Thread::line));
    lines.map(|line| line + "\n").collect()
}
