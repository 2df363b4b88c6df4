//! The manifest: participants, one conversation, events.

use std::collections::{BTreeSet, HashMap, HashSet};

use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use super::super::conversation::{Belongings, Move, Slice, Told};
use super::super::files::Attachment;
use super::super::mail::is_address;
use super::super::name::{self, Names};
use super::super::{Post, ProduceError, State, Work, cards};
use super::VERSION;
use crate::archive::walk::Walk;
use crate::record::fields::{Head, plain};
use crate::record::id::hex;
use crate::record::time::{self, Millis};

/// Posts that are marked important or urgent.
#[derive(Debug, Default)]
pub(super) struct Priorities(HashMap<Box<str>, Box<str>>);

impl Priorities {
    /// Reads them.
    pub(super) fn read(work: &Work<'_>) -> Result<Self, ProduceError> {
        let mut this = Self::default();
        Walk::new(work.sealed.archive, work.progress)?.kinds(|kind| kind == "post_priority").for_each_segment(
            |segment| {
                let row = |line| {
                    let pair = Head::of(line, "post_priority").pick(["post_id", "priority"]);
                    pair.map(|value| Box::<str>::from(plain(value)))
                };
                segment.lines().map(|(_, line)| row(line)).collect::<Vec<_>>()
            },
            |rows| {
                let marked = rows.into_iter().filter(|[_, priority]| !priority.is_empty());
                this.0.extend(marked.map(|[post, priority]| (post, priority)));
                Ok::<_, ProduceError>(())
            },
        )?;
        Ok(this)
    }
}

/// A file in the zip.
#[derive(Debug)]
pub(super) struct Enclosed {
    pub(super) name: String,
    pub(super) attachment: Attachment,
}

/// A manifest and what belongs to it.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) json: Vec<u8>,
    /// Ids, sorted.
    pub(super) participants: Vec<String>,
    pub(super) events: u64,
    pub(super) begin: String,
    pub(super) end: String,
    pub(super) files: Vec<Enclosed>,
    /// Ids of posts whose time no calendar can show.
    pub(super) without_time: Vec<String>,
}

/// What is gathered on the way.
struct Gathering<'g> {
    slice: &'g Slice<'g>,
    belongings: &'g Belongings<'g>,
    priorities: &'g Priorities,
    /// Time and id of each event, and the event.
    events: Vec<((Millis, String), Value)>,
    participants: BTreeSet<String>,
    names: Names,
    files: Vec<Enclosed>,
    without_time: Vec<String>,
}

impl Manifest {
    pub(super) fn of(
        slice: &Slice<'_>,
        work: &Work<'_>,
        belongings: &Belongings<'_>,
        priorities: &Priorities,
        collection: &str,
    ) -> Self {
        let channel = work.directory.channel(slice.channel_id);
        let is_direct = channel.is_some_and(|channel| channel.place.is_personal());
        let mut at_first: BTreeSet<String> =
            belongings.memberships.at(slice.channel_id, slice.begin(), work.directory).into_iter().collect();
        let moves = if is_direct {
            Vec::new()
        } else {
            belongings.memberships.moves(slice.channel_id, slice.begin(), slice.end())
        };
        // Whoever wrote was there, whatever the history says.
        let joins =
            |user: &str, at: Millis| moves.iter().any(|moved| moved.joined && moved.user_id == user && moved.at <= at);
        for told in &slice.posts {
            if !joins(told.post.user_id, told.post.create_at) {
                at_first.insert(told.post.user_id.to_owned());
            }
        }
        let mut gathering = Gathering {
            slice,
            belongings,
            priorities,
            events: Vec::new(),
            participants: at_first.clone(),
            names: Names::default(),
            files: Vec::new(),
            without_time: Vec::new(),
        };
        gathering.gather(&at_first, &moves);
        let Gathering { mut events, participants, files, without_time, .. } = gathering;
        events.sort_by(|(a, _), (b, _)| a.cmp(b));
        let moment = |found: Option<&((Millis, String), Value)>| {
            found.and_then(|((at, _), _)| time::format(*at)).unwrap_or_default()
        };
        let (begin, end) = (moment(events.first()), moment(events.last()));
        let count = events.len() as u64;
        let conversation = json!({
            "id": slice.channel_id,
            "platform": "mattermost",
            "participants": at_first,
            "display": belongings.labels.channel(slice.channel_id),
            "type": if is_direct { "direct" } else { "channel" },
        });
        let participants: Vec<String> = participants.into_iter().collect();
        let manifest = json!({
            "version": VERSION,
            "participants": participants.iter().map(|id| participant(id, work, belongings)).collect::<Vec<_>>(),
            "conversations": [conversation],
            "events": events.into_iter().map(|(_, event)| event).collect::<Vec<_>>(),
            "eventcollectionid": collection,
        });
        Self { json: manifest.to_string().into_bytes(), participants, events: count, begin, end, files, without_time }
    }
}

fn participant(id: &str, work: &Work<'_>, belongings: &Belongings<'_>) -> Value {
    let mut participant = Map::new();
    participant.insert("id".into(), id.into());
    participant.insert("display".into(), belongings.labels.person(id).into());
    if let Some(user) = work.directory.user(id) {
        if is_address(&user.email) {
            participant.insert("email".into(), (*user.email).into());
        }
        let mut custom = Vec::new();
        push_custom(&mut custom, "username", &user.username);
        push_custom(&mut custom, "bot", if user.is_bot { "yes" } else { "" });
        push_custom(
            &mut custom,
            "deactivated_at",
            &Some(user.delete_at).filter(|at| *at > 0).and_then(time::format).unwrap_or_default(),
        );
        participant.insert("custom".into(), custom.into());
    }
    participant.into()
}

/// Values of `custom` must not be empty.
fn push_custom(custom: &mut Vec<Value>, name: &str, value: &str) {
    if !value.is_empty() {
        custom.push(json!({"name": name, "value": value}));
    }
}

impl Gathering<'_> {
    fn gather(&mut self, at_first: &BTreeSet<String>, moves: &[Move]) {
        let slice = self.slice;
        let begins: HashMap<&str, Millis> = slice.posts.iter().map(|told| (told.id(), told.post.create_at)).collect();
        let mut ids: HashSet<String> = HashSet::new();
        let mut unique = |id: &str| {
            let mut wanted = id.to_owned();
            let mut number = 2;
            while !ids.insert(wanted.clone()) {
                wanted = format!("{id}#{number}");
                number += 1;
            }
            wanted
        };
        for told in &slice.posts {
            let id = unique(told.id());
            let left = was_gone(told.post.user_id, told.post.create_at, at_first, moves);
            let root = told.post.root_id;
            // Events stand by time and id, and a parent has to stand before its replies.
            let parent = begins.get(root).filter(|at| (**at, root) < (told.post.create_at, id.as_str())).map(|_| root);
            self.post(told, &id, parent, left);
        }
        for moved in moves {
            let id = unique(&format!("{}:{}:{}", if moved.joined { "join" } else { "leave" }, moved.user_id, moved.at));
            self.participants.insert(moved.user_id.clone());
            let Some(at) = time::format(moved.at) else { continue };
            let event = json!({
                "type": if moved.joined { "join" } else { "leave" },
                "id": id,
                "participant": moved.user_id,
                "conversation": slice.channel_id,
                "timestamp": at,
            });
            self.events.push(((moved.at, id), event));
        }
    }

    fn post(&mut self, told: &Told<'_>, id: &str, parent: Option<&str>, was_gone: bool) {
        let post = &told.post;
        let mut event = Map::new();
        event.insert("type".into(), if post.is_system() { "disclaimer" } else { "message" }.into());
        event.insert("id".into(), id.into());
        event.extend(parent.map(|parent| ("parent".to_owned(), parent.into())));
        event.insert("body".into(), cards::said(post).into());
        event.insert("participant".into(), post.user_id.into());
        event.insert("conversation".into(), self.slice.channel_id.into());
        match time::format(post.create_at) {
            Some(at) => drop(event.insert("timestamp".into(), at.into())),
            None => self.without_time.push(told.id().to_owned()),
        }
        let is_deleted = matches!(post.state(), State::DeletedBy(_) | State::Deleted);
        event.insert("deleted".into(), is_deleted.into());
        if self.priorities.0.contains_key(told.id()) {
            event.insert("importance".into(), "high".into());
        }
        event.insert("reactions".into(), self.reactions(told.id()).into());
        event.insert("attachments".into(), self.attachments(told).into());
        event.insert("edits".into(), edits(told).into());
        event.insert("custom".into(), custom(told, parent, was_gone).into());
        self.participants.insert(post.user_id.to_owned());
        self.events.push(((post.create_at, id.to_owned()), event.into()));
    }

    fn reactions(&mut self, post: &str) -> Vec<Value> {
        let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
        for reaction in self.belongings.reactions.of(post).filter(|reaction| !reaction.emoji.is_empty()) {
            self.participants.insert(reaction.user_id.to_owned());
            match all.iter_mut().find(|(emoji, _)| *emoji == reaction.emoji) {
                Some((_, users)) => users.push(reaction.user_id),
                None => all.push((reaction.emoji, vec![reaction.user_id])),
            }
        }
        let shown =
            |(emoji, users): (&str, Vec<&str>)| json!({"value": emoji, "count": users.len(), "participants": users});
        all.into_iter().map(shown).collect()
    }

    fn attachments(&mut self, told: &Told<'_>) -> Vec<Value> {
        let mut all = Vec::new();
        for file in told.files {
            let wanted = match file.content {
                Some(_) => format!("{}_{}", file.id, name::safe(&file.name)),
                None => format!("{}.missing.txt", file.id),
            };
            let name = self.names.take(&wanted);
            let mut attachment = json!({"id": name, "size": file.size});
            if !file.name.is_empty() {
                attachment["display"] = (*file.name).into();
            }
            all.push(attachment);
            self.files.push(Enclosed { name, attachment: file.clone() });
        }
        all
    }
}

/// Whether somebody had left, as far as the history says.
fn was_gone(user: &str, at: Millis, at_first: &BTreeSet<String>, moves: &[Move]) -> bool {
    let last = moves.iter().rfind(|moved| moved.user_id == user && moved.at <= at);
    last.map_or(!at_first.contains(user), |moved| !moved.joined)
}

fn edits(told: &Told<'_>) -> Vec<Value> {
    let mut edits = Vec::new();
    let next = told.earlier.iter().skip(1).chain(std::iter::once(&told.post));
    for (old, new) in told.earlier.iter().zip(next) {
        let (previous, now) = (cards::said(old), cards::said(new));
        if previous == now {
            continue;
        }
        let at = if new.edit_at > old.edit_at { new.edit_at } else { old.delete_at };
        let mut edit = json!({"participant": told.post.user_id, "previous": previous, "new": now});
        if let Some(at) = time::format(at.max(told.post.create_at)) {
            edit["timestamp"] = at.into();
        }
        edits.push(edit);
    }
    edits
}

fn custom(told: &Told<'_>, parent: Option<&str>, was_gone: bool) -> Vec<Value> {
    let post: &Post<'_> = &told.post;
    let mut custom = Vec::new();
    if parent.is_none() {
        push_custom(&mut custom, "root_post_id", post.root_id);
    }
    let moment = |at: Millis| Some(at).filter(|at| *at > 0).and_then(time::format).unwrap_or_default();
    push_custom(&mut custom, "edit_at", &moment(post.edit_at));
    push_custom(&mut custom, "delete_at", &moment(post.delete_at));
    if let State::DeletedBy(by) = post.state() {
        push_custom(&mut custom, "deleted_by", &by);
    }
    push_custom(&mut custom, "post_is_gone", if told.is_gone() { "yes" } else { "" });
    push_custom(&mut custom, "author_had_left", if was_gone { "yes" } else { "" });
    push_custom(&mut custom, "post_type", &post.kind());
    push_custom(&mut custom, "override_username", &post.prop_text("override_username").unwrap_or_default());
    // The body holds their words, but not where they begin.
    push_custom(&mut custom, "message_attachments", &cards::json(post).unwrap_or_default());
    push_custom(&mut custom, "record_index", &told.index.to_string());
    push_custom(&mut custom, "record_hash", &hex(digest(&SHA256, post.line()).as_ref()));
    custom
}
