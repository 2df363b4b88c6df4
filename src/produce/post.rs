//! A post as productions see it, read from its line without copying, and what became of it.
//!
//! Earlier versions of a post are rows of their own that name it; deleted posts stay with the time and, since the
//! server writes it into the post, the person. All of that is told apart here and nowhere else ([`Post::state`]).

use std::borrow::Cow;

use crate::record::fields::{Fields, Head, characters, integer, is_true, plain};
use crate::record::json::{Cursor, Shape};
use crate::record::time::Millis;

/// The fields that are read, in the order in which lines hold them.
const WANTED: [&str; 14] = [
    "create_at",
    "update_at",
    "edit_at",
    "delete_at",
    "is_pinned",
    "user_id",
    "channel_id",
    "root_id",
    "original_id",
    "message",
    "type",
    "props",
    "file_ids",
    "has_reactions",
];

/// Kind of the records read here.
pub const KIND: &str = "post";

/// A post. Times that the source does not have are 0.
#[derive(Clone, Copy, Debug)]
pub struct Post<'l> {
    /// Its id.
    pub id: &'l str,
    /// When it was written.
    pub create_at: Millis,
    /// When its row was last touched. A bulk export does not say: then the latest of the other three.
    pub update_at: Millis,
    /// When its text was last changed.
    pub edit_at: Millis,
    /// When it was deleted; of an earlier version, when it was replaced.
    pub delete_at: Millis,
    /// Whether it is pinned to its channel.
    pub is_pinned: bool,
    /// Who wrote it.
    pub user_id: &'l str,
    /// Where.
    pub channel_id: &'l str,
    /// The first post of its thread; empty for one that is no reply.
    pub root_id: &'l str,
    /// The post that this is an earlier version of; empty for one that is none.
    pub original_id: &'l str,
    /// Whether somebody reacted to it.
    pub has_reactions: bool,
    line: &'l [u8],
    message: Option<&'l [u8]>,
    kind: Option<&'l [u8]>,
    props: Option<&'l [u8]>,
    file_ids: Option<&'l [u8]>,
}

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State<'l> {
    /// It stands as it was written.
    Original,
    /// Its text was changed: earlier versions are rows of their own.
    Edited,
    /// Its row was touched later, but not its text: a reply, a reaction, a pin.
    Touched,
    /// It is an earlier version of this post, replaced at `delete_at`.
    Earlier(&'l str),
    /// Somebody deleted it: this user, at `delete_at`.
    DeletedBy(Cow<'l, str>),
    /// It is marked as deleted, without a person: by a retention job, for example.
    Deleted,
}

impl<'l> Post<'l> {
    /// Reads a line of kind `post`, without its line feed.
    pub fn read(line: &'l [u8]) -> Self {
        let head = Head::of(line, KIND);
        let found = head.pick(WANTED);
        let [create, update, edit, delete, pinned, user, channel, root, original, message, kind, props, files, reacted] =
            found;
        let time = |value| integer(value).unwrap_or_default();
        let (create_at, edit_at, delete_at) = (time(create), time(edit), time(delete));
        let update_at = integer(update).unwrap_or_else(|| create_at.max(edit_at).max(delete_at));
        Self {
            id: head.id,
            create_at,
            update_at,
            edit_at,
            delete_at,
            is_pinned: is_true(pinned),
            user_id: plain(user),
            channel_id: plain(channel),
            root_id: plain(root),
            original_id: plain(original),
            has_reactions: is_true(reacted),
            line,
            message,
            kind,
            props,
            file_ids: files,
        }
    }

    /// Its line, as sealed.
    pub fn line(&self) -> &'l [u8] {
        self.line
    }

    /// What it says.
    pub fn message(&self) -> Cow<'l, str> {
        self.message.map_or(Cow::Borrowed(""), characters)
    }

    /// `type`: empty for ordinary posts, `system_…` for what the server says, `custom_…` for plugins.
    pub fn kind(&self) -> Cow<'l, str> {
        self.kind.map_or(Cow::Borrowed(""), characters)
    }

    /// Whether the server wrote it: somebody joined, a header was changed.
    pub fn is_system(&self) -> bool {
        self.kind.is_some_and(|kind| kind.starts_with(b"\"system_"))
    }

    /// `props` as the JSON text of an object, also where the line holds it as text because it is no strict JSON.
    pub fn props(&self) -> Option<Cow<'l, str>> {
        let props = characters(self.props?);
        props.starts_with('{').then_some(props)
    }

    /// A member of `props` as JSON text.
    pub fn prop(&self, name: &str) -> Option<Cow<'l, str>> {
        match self.props.filter(|props| *props != b"{}").map(characters)? {
            Cow::Borrowed(props) => member(props, name).map(Cow::Borrowed),
            Cow::Owned(props) => member(&props, name).map(|value| Cow::Owned(value.to_owned())),
        }
    }

    /// A member of `props` that is a string and not empty.
    pub fn prop_text(&self, name: &str) -> Option<Cow<'l, str>> {
        match self.prop(name).filter(|value| value.starts_with('"') && *value != "\"\"")? {
            Cow::Borrowed(value) => Some(characters(value.as_bytes())),
            Cow::Owned(value) => Some(Cow::Owned(characters(value.as_bytes()).into_owned())),
        }
    }

    /// Whether a member of `props` says yes: `true`, or the string that most integrations write.
    pub fn prop_is_true(&self, name: &str) -> bool {
        matches!(self.prop(name).as_deref(), Some("true" | "\"true\""))
    }

    /// Ids of its attachments; `None` where the source does not list them, as a bulk export.
    pub fn file_ids(&self) -> Option<Vec<Cow<'l, str>>> {
        let text = std::str::from_utf8(self.file_ids?).ok()?;
        let mut cursor = Cursor::new(text);
        let mut ids = Vec::new();
        if cursor.open_array().is_err() {
            return Some(ids);
        }
        let mut first = true;
        while let Ok(true) = cursor.element(&mut first) {
            let Ok(value) = cursor.value() else { break };
            if value.shape == Shape::String {
                ids.push(characters(value.text.as_bytes()));
            }
        }
        Some(ids)
    }

    /// Whether it may have attachments: `false` only if it says that it has none.
    pub fn may_have_files(&self) -> bool {
        !matches!(self.file_ids, Some(b"[]" | b"\"\""))
    }

    /// All fields of its `data`, with their values as JSON.
    pub fn fields(&self) -> Fields<'l> {
        Head::of(self.line, KIND).fields()
    }

    /// What became of it.
    pub fn state(&self) -> State<'l> {
        if self.delete_at > 0 {
            if !self.original_id.is_empty() {
                return State::Earlier(self.original_id);
            }
            if let Some(by) = self.prop("deleteBy") {
                return State::DeletedBy(match by {
                    Cow::Borrowed(by) => characters(by.as_bytes()),
                    Cow::Owned(by) => Cow::Owned(characters(by.as_bytes()).into_owned()),
                });
            }
            return State::Deleted;
        }
        match (self.update_at > self.create_at, self.edit_at > 0) {
            (true, true) => State::Edited,
            (true, false) => State::Touched,
            (false, _) => State::Original,
        }
    }
}

/// The last member of this name in the JSON object `props`, as most readers hold it.
fn member<'p>(props: &'p str, name: &str) -> Option<&'p str> {
    let mut cursor = Cursor::new(props);
    cursor.open_object().ok()?;
    let (mut first, mut found) = (true, None);
    while let Some(key) = cursor.member(&mut first).ok()? {
        let value = cursor.value().ok()?;
        if key.raw == name || (key.escaped && key.decode().0 == name) {
            found = Some(value.text);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(data: &str) -> String {
        format!(r#"{{"kind":"post","id":"p1","at":5,"data":{{{data}}}}}"#)
    }

    #[test]
    fn fields_are_read_without_copying() {
        let text = line(
            r#""create_at":5,"update_at":9,"edit_at":7,"delete_at":0,"is_pinned":true,"user_id":"u","channel_id":"c","root_id":"r","original_id":"","message":"a\"b","type":"me","props":{"x":{"deleteBy":1},"from_bot":"true","override_username":"CI"},"file_ids":["f1","f2"],"has_reactions":true"#,
        );
        let post = Post::read(text.as_bytes());
        assert_eq!((post.id, post.create_at, post.update_at, post.edit_at, post.delete_at), ("p1", 5, 9, 7, 0));
        assert_eq!((post.user_id, post.channel_id, post.root_id, post.original_id), ("u", "c", "r", ""));
        assert_eq!((post.message().as_ref(), post.kind().as_ref(), post.is_system()), ("a\"b", "me", false));
        assert!(post.is_pinned && post.has_reactions && post.may_have_files() && post.prop_is_true("from_bot"));
        assert_eq!(post.file_ids().unwrap(), ["f1", "f2"]);
        assert_eq!(post.prop_text("override_username").as_deref(), Some("CI"));
        assert_eq!(
            (post.prop("deleteBy"), post.prop_text("x"), post.prop("x").as_deref()),
            (None, None, Some("{\"deleteBy\":1}"))
        );
        assert_eq!(post.state(), State::Edited);
    }

    #[test]
    fn what_became_of_it() {
        for (data, expected) in [
            (r#""create_at":5,"update_at":5"#, State::Original),
            (r#""create_at":5,"update_at":6,"edit_at":0"#, State::Touched),
            (r#""create_at":5,"update_at":6,"edit_at":6"#, State::Edited),
            (r#""create_at":5,"edit_at":6"#, State::Edited),
            (r#""create_at":5,"update_at":6,"delete_at":6,"original_id":"p0""#, State::Earlier("p0")),
            (r#""create_at":5,"delete_at":6,"original_id":"p0","props":{"deleteBy":"u"}"#, State::Earlier("p0")),
            (r#""create_at":5,"delete_at":6,"props":{"deleteBy":"u"}"#, State::DeletedBy("u".into())),
            (r#""create_at":5,"delete_at":6,"props":"{\"deleteBy\"""#, State::Deleted),
            (
                r#""create_at":5,"delete_at":6,"props":"{\"a\":1,\"a\":2,\"deleteBy\":\"u\"}""#,
                State::DeletedBy("u".into()),
            ),
            (r#""create_at":5,"delete_at":6,"props":{}"#, State::Deleted),
            (r#""create_at":5,"delete_at":0,"original_id":"p0""#, State::Original),
        ] {
            assert_eq!(Post::read(line(data).as_bytes()).state(), expected, "{data}");
        }
    }

    #[test]
    fn odd_lines_make_odd_posts_and_no_panic() {
        let whole = line(r#""create_at":"x","props":[1],"file_ids":{"a":1},"message":null,"type":7"#);
        for end in 0..=whole.len() {
            let post = Post::read(&whole.as_bytes()[..end]);
            let _ = (post.message(), post.kind(), post.props(), post.file_ids(), post.state(), post.fields().count());
        }
    }
}
