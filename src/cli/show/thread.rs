//! The thread of a post: what was said before and after it, and what became of it.

use super::super::printer::{Mark, Printer, count, harmless, size};
use crate::archive::reader::Archive;
use crate::archive::walk::{SegmentText, Walk};
use crate::produce::files::{Attachment, attachment};
use crate::produce::labels::Labels;
use crate::produce::{Directory, Post, ProduceError, State};
use crate::progress::Progress;
use crate::record::fields::{Head, characters, plain};
use crate::record::id::hex;
use crate::record::time::{self, Millis};
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

/// A thread, oldest post first.
#[derive(Serialize)]
pub(super) struct Thread {
    root: String,
    channel: String,
    posts: Vec<Said>,
}

/// A post in it.
#[derive(Serialize)]
struct Said {
    id: String,
    /// Whether it is the one that was asked for, or an earlier version of it was.
    is_asked: bool,
    at: Option<String>,
    user: String,
    message: String,
    edited_at: Option<String>,
    deleted_at: Option<String>,
    deleted_by: Option<String>,
    /// Oldest first.
    earlier: Vec<Version>,
    files: Vec<File>,
    /// Emoji, and who reacted with it.
    reactions: BTreeMap<String, Vec<String>>,
    #[serde(skip)]
    order: (Millis, String),
}

#[derive(Serialize)]
struct Version {
    id: String,
    until: Option<String>,
    message: String,
    #[serde(skip)]
    order: (Millis, Millis),
}

#[derive(Serialize)]
struct File {
    id: String,
    name: String,
    bytes: u64,
    sha256: Option<String>,
}

/// Lines that belong to a thread.
#[derive(Default)]
struct Lines {
    posts: Vec<Vec<u8>>,
    files: Vec<(Box<str>, Attachment)>,
    /// Post, emoji, user.
    reactions: Vec<[Box<str>; 3]>,
}

impl Thread {
    /// The thread of the first post among the records; `None` if there is no post among them.
    pub(super) fn of<'r>(
        records: impl Iterator<Item = (&'r str, &'r [u8])>,
        archive: &Archive,
        progress: &Progress,
    ) -> Result<Option<Self>, ProduceError> {
        let Some((_, line)) = records.into_iter().find(|(kind, _)| *kind == "post") else { return Ok(None) };
        let asked = Post::read(line);
        let own = if asked.original_id.is_empty() { asked.id } else { asked.original_id };
        let root = if asked.root_id.is_empty() { own } else { asked.root_id };
        let mut lines = Lines::default();
        for pass in [&["post"][..], &["file", "reaction"]] {
            let ids: HashSet<String> = lines.posts.iter().map(|line| Post::read(line).id.to_owned()).collect();
            Walk::new(archive, progress)?.kinds(|kind| pass.contains(&kind)).for_each_segment(
                |segment| found(segment, root, &ids),
                |part| {
                    lines.posts.extend(part.posts);
                    lines.files.extend(part.files);
                    lines.reactions.extend(part.reactions);
                    Ok::<_, ProduceError>(())
                },
            )?;
        }
        let directory = Directory::read(archive, progress)?;
        Ok(Some(Self::assemble(&lines, root, own, &asked, &directory)))
    }

    fn assemble(lines: &Lines, root: &str, own: &str, asked: &Post<'_>, directory: &Directory) -> Self {
        let labels = Labels::of(directory);
        let mut posts: Vec<Said> = Vec::new();
        let mut earlier: Vec<(String, Version)> = Vec::new();
        for post in lines.posts.iter().map(|line| Post::read(line)) {
            if let State::Earlier(of) = post.state() {
                let order = (post.edit_at, post.delete_at);
                let (id, message) = (post.id.to_owned(), post.message().into_owned());
                earlier.push((of.to_owned(), Version { id, until: moment(post.delete_at), message, order }));
            } else {
                posts.push(said(&post, own, &labels));
            }
        }
        // Of a post that is gone an earlier version may be left.
        for (of, version) in earlier {
            if let Some(post) = posts.iter_mut().find(|post| post.id == of) {
                post.earlier.push(version);
            }
        }
        for post in &mut posts {
            post.earlier.sort_by_key(|version| version.order);
            let of = |id: &str| *id == *post.id;
            post.files = lines.files.iter().filter(|(id, _)| of(id)).map(|(_, file)| shown(file)).collect();
            for [_, emoji, user] in lines.reactions.iter().filter(|[id, ..]| of(id)) {
                post.reactions.entry(emoji.to_string()).or_default().push(labels.user(user).to_owned());
            }
        }
        posts.sort_by(|a, b| a.order.cmp(&b.order));
        Self { root: root.to_owned(), channel: labels.channel(asked.channel_id).to_owned(), posts }
    }

    /// The thread for people.
    pub(super) fn text(&self, printer: &Printer) -> String {
        let posts = count(self.posts.len() as u64);
        let mut out = format!("\nthread in {}, posts: {posts}\n", harmless(&self.channel));
        for post in &self.posts {
            let at = post.at.as_deref().unwrap_or("no time");
            let mark = if post.is_asked { printer.mark(Mark::Strong, ">") } else { " ".to_owned() };
            let indent = if post.id == self.root { "" } else { "  " };
            let _ = writeln!(out, "{mark} {indent}{at}  @{}  {}", harmless(&post.user), harmless(&post.id));
            let mut line = |text: &str| {
                let _ = writeln!(out, "  {indent}  {}", harmless(text));
            };
            post.message.lines().for_each(&mut line);
            if let Some(at) = &post.edited_at {
                line(&format!("[edited {at}]"));
            }
            for version in &post.earlier {
                let until = version.until.as_deref().unwrap_or("an unknown time");
                line(&format!("[until {until}] {}", version.message));
            }
            if let Some(at) = &post.deleted_at {
                let by = post.deleted_by.as_ref().map(|by| format!(" by @{by}")).unwrap_or_default();
                line(&format!("[deleted {at}{by}]"));
            }
            for file in &post.files {
                let digest = file.sha256.as_deref().unwrap_or("not collected");
                line(&format!("[file {}, {}, {digest}]", file.name, size(file.bytes)));
            }
            for (emoji, users) in &post.reactions {
                line(&format!("[:{emoji}: {}]", users.join(", ")));
            }
        }
        out
    }
}

/// What a segment holds of a thread: its posts, or what belongs to them.
fn found(segment: SegmentText<'_>, root: &str, ids: &HashSet<String>) -> Lines {
    let mut lines = Lines::default();
    let kind = segment.kind();
    for (_, line) in segment.lines() {
        match kind {
            "post" => {
                let post = Post::read(line);
                if [post.id, post.root_id, post.original_id].contains(&root) {
                    lines.posts.push(line.to_vec());
                }
            }
            "file" => lines.files.extend(attachment(line).filter(|(post, _)| ids.contains(&**post))),
            _ => {
                let [user, post, emoji, delete] =
                    Head::of(line, kind).pick(["user_id", "post_id", "emoji_name", "delete_at"]);
                let is_there = delete.is_none_or(|delete| delete == b"0");
                if is_there && ids.contains(plain(post)) {
                    let emoji = emoji.map(characters).unwrap_or_default();
                    lines.reactions.push([plain(post).into(), emoji.into(), plain(user).into()]);
                }
            }
        }
    }
    lines
}

fn said(post: &Post<'_>, own: &str, labels: &Labels<'_>) -> Said {
    let deleted_by = match post.state() {
        State::DeletedBy(by) => Some(labels.user(&by).to_owned()),
        _ => None,
    };
    Said {
        id: post.id.to_owned(),
        is_asked: post.id == own,
        at: moment(post.create_at),
        user: labels.user(post.user_id).to_owned(),
        message: post.message().into_owned(),
        edited_at: moment(post.edit_at),
        deleted_at: moment(post.delete_at),
        deleted_by,
        earlier: Vec::new(),
        files: Vec::new(),
        reactions: BTreeMap::new(),
        order: (post.create_at, post.id.to_owned()),
    }
}

fn shown(file: &Attachment) -> File {
    let sha256 = file.content.map(|digest| hex(&digest));
    File { id: file.id.to_string(), name: file.name.to_string(), bytes: file.size, sha256 }
}

fn moment(at: Millis) -> Option<String> {
    Some(at).filter(|at| *at != 0).and_then(time::format)
}
