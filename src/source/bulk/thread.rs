//! Selects and writes one thread: posts first, because whatever hangs on a post names its id.
//!
//! A selected reply brings its root; a selected post brings its files, its followers and who saved it; a reaction is
//! selected by its own user and time.

use super::data::{Data, Moment};
use super::emit::{Draft, Emitter, or_derived};
use super::names::{PathIds, Real, Ref, key_name, key_of, members_key, push_names};
use super::post::{Attachment, Belongings, Follower, Post, Reaction, Thread, name};
use crate::record::id::{Synthetic, synthetic_text};
use crate::record::json::{Cursor, Fault, Text, Value};
use crate::record::line::{push_string, push_text};
use crate::source::catalogue::{FILE, POST, REACTION, Rank, SAVED_POST, THREAD_MEMBERSHIP};
use crate::source::rows::buttons;
use crate::source::scope::Scope;

/// Where a thread stands.
struct Place {
    team: Option<Ref>,
    channel: Ref,
    channel_id: Synthetic,
    /// Compact JSON key without its closing brace: team and channel, or members.
    key: Vec<u8>,
    in_scope: bool,
}

/// A post with all that its record needs.
struct Written<'p, 'a> {
    post: &'p Post<'a>,
    author_ref: Ref,
    author: Synthetic,
    root: Option<Synthetic>,
    selected: bool,
}

/// Decodes the value of a `post` line, or of a `direct_post` line.
pub fn decode(cursor: &mut Cursor<'_>, direct: bool, scope: &Scope, out: &mut Emitter<'_>) -> Result<(), Fault> {
    let mut thread = Thread::read(cursor)?;
    let place = Place::of(&thread, direct, scope, out)
        .ok_or(Fault { offset: cursor.offset(), expected: "a post with `team` and `channel`, or `channel_members`" })?;
    let replies = thread.replies.take().unwrap_or_default();
    let mut replies: Vec<Written<'_, '_>> =
        replies.iter().map(|reply| Written::new(reply, &place, scope, out)).collect();
    let mut root = Written::new(&thread.root, &place, scope, out);
    root.selected |= replies.iter().any(|reply| reply.selected);

    let root_id = out.head(POST, |key| root.key(&place, key));
    root.write(&root_id, &place, out);
    for reply in &mut replies {
        reply.root = Some(root_id);
    }
    let ids = out.number(
        POST,
        replies.len(),
        |at, key| replies[at].key(&place, key),
        |at, data| replies[at].fill(&place, data),
    );
    for (reply, id) in replies.iter().zip(&ids) {
        reply.write(id, &place, out);
    }
    root.write_belongings(&root_id, &place, scope, out);
    for (reply, id) in replies.iter().zip(&ids) {
        reply.write_belongings(id, &place, scope, out);
    }
    Ok(())
}

impl Place {
    fn of(thread: &Thread<'_>, direct: bool, scope: &Scope, out: &mut Emitter<'_>) -> Option<Self> {
        let (team, channel, mut key) = if direct {
            let members = thread.members.as_ref().filter(|members| !members.is_empty())?;
            let mut members: Vec<String> = members.iter().map(|member| member.spelled().into_owned()).collect();
            let key = members_key(&mut members);
            (None, out.names.direct(&key), key)
        } else {
            let (team, channel) = (name(Some(thread.team?)), name(Some(thread.channel?)));
            let (team_ref, channel_ref) = out.names.channel(&team, &channel);
            (Some(team_ref), channel_ref, key_of(&[("team", &team), ("channel", &channel)]))
        };
        key.pop();
        let channel_id = out.names.id(channel);
        let team_id = team.map(|team| out.names.id(team));
        let in_scope = scope.has_place(team_id.as_ref(), Some(&channel_id));
        Some(Self { team, channel, channel_id, key, in_scope })
    }
}

impl<'p, 'a> Written<'p, 'a> {
    fn new(post: &'p Post<'a>, place: &Place, scope: &Scope, out: &mut Emitter<'_>) -> Self {
        let author_ref = out.names.user(&name(post.user));
        let author = out.names.id(author_ref);
        let times = [post.created, post.edited].map(|time| time.map(Moment::at));
        let selected = place.in_scope && scope.has_user(&author) && scope.has_event(&times);
        for attachment in post.attachments() {
            learn_ids(&attachment.path.decode().0, author_ref, place, out);
        }
        Self { post, author_ref, author, root: None, selected }
    }

    /// The key of a post: its place, user, `create_at`, and root id or "".
    fn key(&self, place: &Place, key: &mut Vec<u8>) {
        key.extend_from_slice(&place.key);
        key_name(key, "user");
        push_string(key, &name(self.post.user));
        key_name(key, "create_at");
        self.post.at().push(key);
        key_name(key, "root_id");
        push_string(key, self.root.as_ref().map_or("", synthetic_text));
        key.push(b'}');
    }

    fn fill(&self, place: &Place, data: &mut Data<'_>) {
        let post = self.post;
        data.time("create_at", post.at());
        if let Some(edited) = post.edited {
            data.time("edit_at", edited);
        }
        if let Some(pinned) = post.pinned {
            data.raw("is_pinned", if pinned { b"true" } else { b"false" });
        }
        data.id("user_id", &self.author);
        data.id("channel_id", &place.channel_id);
        match &self.root {
            Some(root) => data.id("root_id", root),
            None => data.string("root_id", ""),
        }
        if let Some(message) = post.message {
            data.text("message", message);
        }
        if let Some(kind) = post.kind {
            data.text("type", kind);
        }
        if let Some(props) = &post.props {
            let text = buttons::redacted(props.text);
            data.json("props", &Value { text: &text, ..*props });
        }
        if let Some(rare) = &post.rare {
            file_ids(post.attachments(), data);
            rare.extra.write(data);
        }
    }

    fn write(&self, id: &Synthetic, place: &Place, out: &mut Emitter<'_>) {
        if self.selected {
            out.names.refer(self.author_ref);
            out.names.refer(place.channel);
            if let Some(team) = place.team {
                out.names.refer(team);
            }
        }
        let draft =
            Draft { rank: POST, id: synthetic_text(id), at: self.post.at(), selected: self.selected, path: None };
        out.emit(&draft, |data| self.fill(place, data));
    }

    /// Writes what hangs on the post.
    fn write_belongings(&self, id: &Synthetic, place: &Place, scope: &Scope, out: &mut Emitter<'_>) {
        let Some(rare) = &self.post.rare else { return };
        rare.extra.report(if self.root.is_some() { "reply" } else { "post" }, out);
        self.write_files(rare, id, place, out);
        write_reactions(rare, id, place, scope, out);
        let saved_by = rare.saved_by.as_deref().unwrap_or_default();
        self.write_people(
            SAVED_POST,
            saved_by,
            |user| *user,
            id,
            out,
            |user, user_id, data| {
                let _: &Text<'_> = user;
                data.id("user_id", user_id);
                data.id("post_id", id);
            },
        );
        let followers = rare.followers.as_deref().unwrap_or_default();
        self.write_people(
            THREAD_MEMBERSHIP,
            followers,
            |follower: &Follower<'_>| follower.user,
            id,
            out,
            |follower, user_id, data| {
                data.id("post_id", id);
                data.id("user_id", user_id);
                if let Some(viewed) = follower.viewed {
                    data.time("last_view_timestamp", viewed);
                }
                if let Some(unread) = follower.unread {
                    data.time("unread_mentions", unread);
                }
                follower.extra.write(data);
            },
        );
        for follower in followers {
            follower.extra.report("thread_follower", out);
        }
    }

    fn write_files(&self, rare: &Belongings<'_>, id: &Synthetic, place: &Place, out: &mut Emitter<'_>) {
        let attachments = rare.attachments.as_deref().unwrap_or_default();
        let paths: Vec<_> = attachments.iter().map(|attachment| attachment.path.decode().0).collect();
        let fill = |at: usize, data: &mut Data<'_>| {
            let path = &paths[at];
            let own_name = PathIds::parse(path).map_or_else(|| path.rsplit('/').next().unwrap_or(path), |ids| ids.name);
            data.id("user_id", &self.author);
            data.id("post_id", id);
            data.id("channel_id", &place.channel_id);
            data.text("path", attachments[at].path);
            data.string("name", own_name);
            attachments[at].extra.write(data);
        };
        let key =
            |at: usize, key: &mut Vec<u8>| key.extend(key_of(&[("post_id", synthetic_text(id)), ("path", &paths[at])]));
        let ids = out.number(FILE, paths.len(), key, fill);
        for (at, (path, derived)) in paths.iter().zip(&ids).enumerate() {
            let real = PathIds::parse(path).map(|ids| ids.file);
            let draft = Draft {
                rank: FILE,
                id: or_derived(real, derived),
                at: Moment::NONE,
                selected: self.selected,
                path: Some(path),
            };
            out.emit(&draft, |data| fill(at, data));
            attachments[at].extra.report("attachment", out);
        }
    }

    /// Writes records that tie people to the post and follow it into scope.
    fn write_people<T>(
        &self,
        rank: Rank,
        items: &[T],
        user: impl Fn(&T) -> Text<'_>,
        id: &Synthetic,
        out: &mut Emitter<'_>,
        fill: impl Fn(&T, &Synthetic, &mut Data<'_>),
    ) {
        let mut users = Vec::with_capacity(items.len());
        for item in items {
            let found = out.names.user(&name(Some(user(item))));
            if self.selected {
                out.names.refer(found);
            }
            users.push(out.names.id(found));
        }
        let key = |at: usize, key: &mut Vec<u8>| {
            key.extend(key_of(&[("post_id", synthetic_text(id)), ("user", &name(Some(user(&items[at]))))]));
        };
        let ids = out.number(rank, items.len(), key, |at, data| fill(&items[at], &users[at], data));
        for (at, derived) in ids.iter().enumerate() {
            let draft =
                Draft { rank, id: synthetic_text(derived), at: Moment::NONE, selected: self.selected, path: None };
            out.emit(&draft, |data| fill(&items[at], &users[at], data));
        }
    }
}

fn write_reactions(rare: &Belongings<'_>, id: &Synthetic, place: &Place, scope: &Scope, out: &mut Emitter<'_>) {
    let reactions = rare.reactions.as_deref().unwrap_or_default();
    let users: Vec<Ref> = reactions.iter().map(|reaction| out.names.user(&name(Some(reaction.user)))).collect();
    let user_ids: Vec<Synthetic> = users.iter().map(|user| out.names.id(*user)).collect();
    let fill = |at: usize, data: &mut Data<'_>| {
        data.id("user_id", &user_ids[at]);
        data.id("post_id", id);
        data.text("emoji_name", reactions[at].emoji);
        data.time("create_at", reactions[at].created);
        data.id("channel_id", &place.channel_id);
        reactions[at].extra.write(data);
    };
    let ids = out.number(REACTION, reactions.len(), |at, key| reaction_key(&reactions[at], id, key), fill);
    for (at, (reaction, derived)) in reactions.iter().zip(&ids).enumerate() {
        let times = [Some(reaction.created.at())];
        let selected = place.in_scope && scope.has_user(&user_ids[at]) && scope.has_event(&times);
        if selected {
            out.names.refer(users[at]);
            out.names.refer(place.channel);
        }
        let draft = Draft { rank: REACTION, id: synthetic_text(derived), at: reaction.created, selected, path: None };
        out.emit(&draft, |data| fill(at, data));
        reaction.extra.report("reaction", out);
    }
}

fn reaction_key(reaction: &Reaction<'_>, post: &Synthetic, key: &mut Vec<u8>) {
    key_name(key, "post_id");
    push_string(key, synthetic_text(post));
    key_name(key, "user");
    push_string(key, &name(Some(reaction.user)));
    key_name(key, "emoji_name");
    push_text(key, reaction.emoji);
    key_name(key, "create_at");
    reaction.created.push(key);
    key.push(b'}');
}

/// The real file ids of a post, where all its paths reveal them.
fn file_ids(attachments: &[Attachment<'_>], data: &mut Data<'_>) {
    let decoded: Vec<_> = attachments.iter().map(|attachment| attachment.path.decode().0).collect();
    let ids: Vec<String> =
        decoded.iter().filter_map(|path| PathIds::parse(path).map(|ids| ids.file.to_owned())).collect();
    if !ids.is_empty() && ids.len() == attachments.len() {
        let mut list = Vec::new();
        push_names(&mut list, &ids);
        data.raw("file_ids", &list);
    }
}

/// Attachment paths hold the real ids of channel, uploader and team.
fn learn_ids(path: &str, author: Ref, place: &Place, out: &mut Emitter<'_>) {
    let Some(ids) = PathIds::parse(path) else { return };
    let mut learn = |about: Ref, id: &str| {
        let known = out.names.known(about);
        known.real = known.real.merge(Real::of(id));
    };
    learn(author, ids.user);
    learn(place.channel, ids.channel);
    if let (Some(team), Some(id)) = (place.team, ids.team) {
        learn(team, id);
    }
}
