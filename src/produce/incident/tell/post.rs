//! What happened to posts: written, edited, replaced, deleted; by people, programs and the server.

use std::borrow::Cow;

use super::Teller;
use crate::produce::incident::event::{Event, More, Sort, What};
use crate::produce::{Post, State, cards};

const CREATED: What = What { sort: Sort::Post, description: "Post created", data_type: "post:created" };
const EDITED: What = What { sort: Sort::Edit, description: "Post edited", data_type: "post:edited" };
const REPLACED: What = What { sort: Sort::Edit, description: "Post version replaced", data_type: "post:replaced" };
const DELETED: What = What { sort: Sort::Delete, description: "Post deleted", data_type: "post:deleted" };

/// Hands on the events of a post.
pub(super) fn tell<'e>(teller: &Teller<'e>, post: &Post<'e>, each: &mut impl FnMut(Event<'e>)) {
    let labels = teller.labels;
    let text = cards::said(post);
    let author = labels.user(post.user_id);
    let place = labels.channel(post.channel_id);
    let event = |at, what: &What, of: &'e str, message: String| {
        let mut event = Event::new(at, what, crate::produce::post::KIND, post.id);
        event.message = message;
        event.actor = Cow::Borrowed(post.user_id);
        add(&mut event, teller, post, of);
        event
    };
    if let State::Earlier(of) = post.state() {
        return each(event(post.delete_at, &REPLACED, of, format!("@{author} replaced this text in {place}: {text}")));
    }
    let (sort, verb) = written(teller, post);
    let created = What { sort, ..CREATED };
    let who = match post.prop_text("override_username") {
        Some(name) if sort == Sort::Feed => format!("{name}, as @{author},"),
        _ => format!("@{author}"),
    };
    let mut written = event(post.create_at, &created, post.id, format!("{who} {verb} in {place}: {text}"));
    // The entry on the run's timeline is the milestone, where there is one.
    written.is_milestone = teller.is_status(post.id) && !teller.is_announced(post.id);
    if post.edit_at > 0 {
        written.add("mm_edited_later", More::True);
    }
    each(written);
    if post.edit_at > 0 {
        let message = format!("@{author} edited, and it now says in {place}: {text}");
        each(event(post.edit_at, &EDITED, post.id, message));
    }
    let by = match post.state() {
        State::DeletedBy(by) => by,
        State::Deleted => Cow::Borrowed(""),
        _ => return,
    };
    let who = if by.is_empty() { "somebody or a job".to_owned() } else { format!("@{}", labels.user(&by)) };
    let mut deleted =
        event(post.delete_at, &DELETED, post.id, format!("{who} deleted what @{author} wrote in {place}: {text}"));
    deleted.add("mm_deleted_by", by.clone());
    deleted.actor = by;
    deleted.user = post.user_id;
    deleted.shown_as = Cow::Borrowed("");
    each(deleted);
}

/// Who or what wrote it, as a sort and a verb.
fn written(teller: &Teller<'_>, post: &Post<'_>) -> (Sort, &'static str) {
    let kind = post.kind();
    if post.is_system() {
        return (Sort::Notice, "was named by the server");
    }
    if teller.is_status(post.id) || kind == "custom_run_update" {
        return (Sort::Status, "wrote");
    }
    if kind.starts_with("custom_calls") {
        return (Sort::Call, "wrote");
    }
    if is_by_program(teller, post) { (Sort::Feed, "wrote") } else { (Sort::Post, "wrote") }
}

fn is_by_program(teller: &Teller<'_>, post: &Post<'_>) -> bool {
    ["from_webhook", "from_bot", "from_plugin", "from_oauth_app"].into_iter().any(|name| post.prop_is_true(name))
        || teller.is_bot(post.user_id)
}

fn add<'e>(event: &mut Event<'e>, teller: &Teller<'e>, post: &Post<'e>, of: &'e str) {
    event.user = post.user_id;
    event.channel = post.channel_id;
    event.run = teller.run_of_post(of, post.channel_id);
    event.shown_as = post.prop_text("override_username").unwrap_or_default();
    event.add("mm_post_id", of);
    event.add("mm_root_id", post.root_id);
    event.add("mm_post_type", post.kind());
    event.add("mm_shown_as", event.shown_as.clone());
    event.add("mm_message_attachments", cards::json(post).unwrap_or_default());
}
