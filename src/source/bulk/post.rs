//! Reads `post` and `direct_post` lines: a root, its replies, and everything that hangs on them.
//!
//! The hot path: nearly all bytes of an export are posts. A line is parsed once, into views that borrow from it; see
//! `thread` for what becomes of them.

use std::borrow::Cow;

use super::data::Moment;
use super::members::{Extra, Members, list, moment, set};
use crate::record::json::{Cursor, Fault, Text, Value};

/// A root or a reply as the line gives it.
#[derive(Debug, Default)]
pub struct Post<'a> {
    /// Username of the author.
    pub user: Option<Text<'a>>,
    /// `type`: empty for ordinary posts.
    pub kind: Option<Text<'a>>,
    /// What was said.
    pub message: Option<Text<'a>>,
    /// `props`, as it stands.
    pub props: Option<Value<'a>>,
    /// `create_at`.
    pub created: Option<Moment<'a>>,
    /// `edit_at`.
    pub edited: Option<Moment<'a>>,
    /// `is_pinned`.
    pub pinned: Option<bool>,
    /// What few posts have, boxed to keep long threads small.
    pub rare: Option<Box<Belongings<'a>>>,
}

/// What hangs on a post.
#[derive(Debug, Default)]
pub struct Belongings<'a> {
    /// Attachments.
    pub attachments: Option<Vec<Attachment<'a>>>,
    /// Reactions.
    pub reactions: Option<Vec<Reaction<'a>>>,
    /// Usernames of those who saved it.
    pub saved_by: Option<Vec<Text<'a>>>,
    /// Who follows the thread.
    pub followers: Option<Vec<Follower<'a>>>,
    /// Members that the catalogue does not know.
    pub extra: Extra<'a>,
}

/// A whole line: a root post with its place and replies.
#[derive(Debug, Default)]
pub struct Thread<'a> {
    /// The root.
    pub root: Post<'a>,
    /// Team name, unless direct.
    pub team: Option<Text<'a>>,
    /// Channel name, unless direct.
    pub channel: Option<Text<'a>>,
    /// Usernames of a direct channel's members.
    pub members: Option<Vec<Text<'a>>>,
    /// Replies, in the order of the export.
    pub replies: Option<Vec<Post<'a>>>,
}

/// A reaction.
#[derive(Debug)]
pub struct Reaction<'a> {
    /// Username.
    pub user: Text<'a>,
    /// Name of the emoji, without colons.
    pub emoji: Text<'a>,
    /// `create_at`.
    pub created: Moment<'a>,
    /// Members that the catalogue does not know.
    pub extra: Extra<'a>,
}

/// A file attached to a post.
#[derive(Debug)]
pub struct Attachment<'a> {
    /// Its path below `data/`.
    pub path: Text<'a>,
    /// Members that the catalogue does not know.
    pub extra: Extra<'a>,
}

/// Somebody who follows a thread.
#[derive(Debug)]
pub struct Follower<'a> {
    /// Username.
    pub user: Text<'a>,
    /// `last_viewed`.
    pub viewed: Option<Moment<'a>>,
    /// `unread_mentions`.
    pub unread: Option<Moment<'a>>,
    /// Members that the catalogue does not know.
    pub extra: Extra<'a>,
}

/// The characters of a name that may be absent; names that differ only in a lone surrogate stay apart.
pub fn name(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.map_or(Cow::Borrowed(""), |text| text.spelled())
}

impl<'a> Thread<'a> {
    /// Reads the value of a `post` or `direct_post` line.
    pub fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let mut thread = Self::default();
        let mut members = Members::open(cursor)?;
        while let Some(key) = members.next(cursor)? {
            match key.raw {
                "team" => set(&mut thread.team, cursor.string(), cursor)?,
                "channel" => set(&mut thread.channel, cursor.string(), cursor)?,
                "channel_members" => set(&mut thread.members, list(cursor, Cursor::string), cursor)?,
                "replies" => set(&mut thread.replies, list(cursor, Post::read), cursor)?,
                _ => thread.root.member(key, cursor)?,
            }
        }
        thread.root.check(cursor)?;
        if thread.members.is_some() && (thread.team.is_some() || thread.channel.is_some()) {
            return Err(Fault {
                offset: cursor.offset(),
                expected: "either `team` and `channel`, or `channel_members`",
            });
        }
        Ok(thread)
    }
}

impl<'a> Post<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let mut post = Self::default();
        let mut members = Members::open(cursor)?;
        while let Some(key) = members.next(cursor)? {
            post.member(key, cursor)?;
        }
        post.check(cursor)?;
        Ok(post)
    }

    fn member(&mut self, key: Text<'a>, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        match key.raw {
            "user" => set(&mut self.user, cursor.string(), cursor),
            "type" => set(&mut self.kind, cursor.string(), cursor),
            "message" => set(&mut self.message, cursor.string(), cursor),
            "props" => set(&mut self.props, cursor.value(), cursor),
            "create_at" => set(&mut self.created, moment(cursor), cursor),
            "edit_at" => set(&mut self.edited, moment(cursor), cursor),
            "is_pinned" => set(&mut self.pinned, cursor.boolean(), cursor),
            _ => self.rare(key, cursor),
        }
    }

    fn rare(&mut self, key: Text<'a>, cursor: &mut Cursor<'a>) -> Result<(), Fault> {
        let rare = self.rare.get_or_insert_default();
        match key.raw {
            "attachments" => set(&mut rare.attachments, list(cursor, Attachment::read), cursor),
            "reactions" => set(&mut rare.reactions, list(cursor, Reaction::read), cursor),
            "flagged_by" => set(&mut rare.saved_by, list(cursor, Cursor::string), cursor),
            "thread_followers" => set(&mut rare.followers, list(cursor, Follower::read), cursor),
            _ => {
                let value = cursor.value()?;
                rare.extra.push(key, value);
                Ok(())
            }
        }
    }

    fn check(&self, cursor: &Cursor<'_>) -> Result<(), Fault> {
        if self.user.is_some() && self.created.is_some() {
            return Ok(());
        }
        Err(Fault { offset: cursor.offset(), expected: "a post with `user` and `create_at`" })
    }

    /// Attachments.
    pub fn attachments(&self) -> &[Attachment<'a>] {
        self.rare.as_ref().and_then(|rare| rare.attachments.as_deref()).unwrap_or_default()
    }

    /// When it was written.
    pub fn at(&self) -> Moment<'a> {
        self.created.unwrap_or(Moment::NONE)
    }
}

impl<'a> Reaction<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let (mut user, mut emoji, mut created, mut extra) = (None, None, None, Extra::default());
        let mut members = Members::open(cursor)?;
        while let Some(key) = members.next(cursor)? {
            match key.raw {
                "user" => set(&mut user, cursor.string(), cursor)?,
                "emoji_name" => set(&mut emoji, cursor.string(), cursor)?,
                "create_at" => set(&mut created, moment(cursor), cursor)?,
                _ => extra.push(key, cursor.value()?),
            }
        }
        let missing = Fault { offset: cursor.offset(), expected: "a reaction with `user` and `emoji_name`" };
        let (user, emoji) = user.zip(emoji).ok_or(missing)?;
        Ok(Self { user, emoji, created: created.unwrap_or(Moment::NONE), extra })
    }
}

impl<'a> Follower<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let (mut user, mut viewed, mut unread, mut extra) = (None, None, None, Extra::default());
        let mut members = Members::open(cursor)?;
        while let Some(key) = members.next(cursor)? {
            match key.raw {
                "user" => set(&mut user, cursor.string(), cursor)?,
                "last_viewed" => set(&mut viewed, moment(cursor), cursor)?,
                "unread_mentions" => set(&mut unread, moment(cursor), cursor)?,
                _ => extra.push(key, cursor.value()?),
            }
        }
        let user = user.ok_or(Fault { offset: cursor.offset(), expected: "a follower with `user`" })?;
        Ok(Self { user, viewed, unread, extra })
    }
}

impl<'a> Attachment<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Fault> {
        let (mut path, mut extra) = (None, Extra::default());
        let mut members = Members::open(cursor)?;
        while let Some(key) = members.next(cursor)? {
            match key.raw {
                "path" => set(&mut path, cursor.string(), cursor)?,
                _ => extra.push(key, cursor.value()?),
            }
        }
        let path = path.ok_or(Fault { offset: cursor.offset(), expected: "an attachment with a `path`" })?;
        Ok(Self { path, extra })
    }
}
