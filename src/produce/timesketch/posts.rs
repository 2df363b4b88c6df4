//! What happened to posts.

use super::event::{Event, Events};
use crate::produce::labels::Labels;
use crate::produce::{Post, State, cards};

/// Adds the events of a post.
pub(super) fn add(events: &mut Events, line: &[u8], labels: &Labels<'_>) {
    let post = Post::read(line);
    let said = Said {
        author: labels.user(post.user_id),
        channel: labels.channel(post.channel_id),
        team: labels.team(post.channel_id),
        post: &post,
    };
    let (author, channel, text) = (said.author, said.channel, cards::said(&post));
    let say = |what: &str| format!("@{author} {what} in {channel}: {text}");
    match post.state() {
        State::Earlier(of) => {
            let message = say("replaced this text");
            said.event(events, of, (post.delete_at, "Post version replaced", "post:replaced", &message), "");
        }
        state => {
            let message = say(if post.is_system() { "was named by the server" } else { "wrote" });
            said.event(events, post.id, (post.create_at, "Post created", "post:created", &message), "");
            if post.edit_at > 0 {
                let message = say("edited, and it now says");
                said.event(events, post.id, (post.edit_at, "Post edited", "post:edited", &message), "");
            }
            let by = match &state {
                State::DeletedBy(by) => by,
                State::Deleted => "",
                _ => return,
            };
            let who = if by.is_empty() { "somebody or a job".to_owned() } else { format!("@{}", labels.user(by)) };
            let message = format!("{who} deleted what @{author} wrote in {channel}: {text}");
            said.event(events, post.id, (post.delete_at, "Post deleted", "post:deleted", &message), by);
        }
    }
}

/// A post, and what people call its author and place.
struct Said<'p> {
    post: &'p Post<'p>,
    author: &'p str,
    channel: &'p str,
    team: &'p str,
}

impl Said<'_> {
    fn event(
        &self,
        events: &mut Events,
        of: &str,
        (at, description, data_type, message): (i64, &'static str, &'static str, &str),
        deleted_by: &str,
    ) {
        let post = self.post;
        let Some(mut event) = events.event(&Event { at, description, data_type, message, id: post.id }) else { return };
        event.text("mm_post_id", of);
        event.text("mm_root_id", post.root_id);
        event.text("mm_post_type", &post.kind());
        event.text("mm_channel_id", post.channel_id);
        event.text("mm_channel", self.channel);
        event.text("mm_team", self.team);
        event.text("mm_user_id", post.user_id);
        event.text("mm_user", self.author);
        event.text("mm_shown_as", &post.prop_text("override_username").unwrap_or_default());
        event.text("mm_message_attachments", &cards::json(post).unwrap_or_default());
        event.text("mm_deleted_by", deleted_by);
        event.flag("mm_edited_later", data_type == "post:created" && post.edit_at > 0);
        event.end();
    }
}
