//! A post and all that belongs to it, as bytes between the sorted passes and as values when its page is made.

use crate::produce::Post;
use crate::record::fields::{Head, characters, integer, is_true, plain};
use crate::record::time::Millis;

/// What a row says of a post, in the order in which rows of a post are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Where it stands.
    Place = 0,
    /// That the scope leaves it out.
    Excluded = 1,
    /// Its line.
    Post = 2,
    /// The line of an earlier version.
    Earlier = 3,
    Reaction = 4,
    Priority = 5,
    Acknowledgement = 6,
    /// The line of an earlier version that the scope alone would leave out; it never stands for its post.
    Outside = 7,
}

/// What is known of the first post of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Here = 0,
    /// In the archive, and left out by the scope.
    Excluded = 1,
    /// Not in the archive.
    Missing = 2,
}

/// Bytes before each piece: what it is, and its length.
pub(super) const HEADER: usize = 5;

/// Appends a piece.
pub(super) fn push(out: &mut Vec<u8>, piece: u8, payload: &[u8]) {
    out.push(piece);
    // Longer than any line of an archive.
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(payload);
}

/// What stands before the pieces of a bundle.
pub(super) fn head(thread: &[u8], post: &[u8], is_reply: bool, root: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(thread.len() + post.len() + 2 * HEADER + 2);
    out.extend_from_slice(&[u8::from(is_reply), root]);
    push(&mut out, 0, thread);
    push(&mut out, 0, post);
    out
}

/// The pieces that [`push`] wrote.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let length = header.last_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
        let (payload, rest) = rest.split_at_checked(length)?;
        bytes = rest;
        Some((*header.first()?, payload))
    })
}

/// Somebody's reaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reaction<'l> {
    pub(super) user: &'l str,
    pub(super) emoji: String,
    pub(super) at: Millis,
    /// When it was taken back; 0 if it was not.
    pub(super) removed_at: Millis,
}

/// A post and what belongs to it.
#[derive(Debug)]
pub(super) struct Bundle<'l> {
    /// The first post of its thread.
    pub(super) thread: &'l str,
    pub(super) id: &'l str,
    pub(super) is_reply: bool,
    pub(super) root: Root,
    /// Whether the scope leaves the post itself out, so that only earlier versions are shown.
    pub(super) is_excluded: bool,
    /// The post; nothing where only earlier versions are left or wanted.
    pub(super) post: Option<Post<'l>>,
    /// Earlier versions, oldest first.
    pub(super) earlier: Vec<Post<'l>>,
    pub(super) reactions: Vec<Reaction<'l>>,
    /// `important`, `urgent`, and whether an acknowledgement was asked for.
    pub(super) priority: Option<(String, bool)>,
    /// Who acknowledged it, and when.
    pub(super) acknowledged: Vec<(&'l str, Millis)>,
}

impl<'l> Bundle<'l> {
    /// Reads what the third pass holds.
    pub(super) fn read(bytes: &'l [u8]) -> Self {
        let (flags, rest) = bytes.split_at_checked(2).unwrap_or_default();
        let mut all = pieces(rest).peekable();
        let mut name = || all.next().and_then(|(_, bytes)| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let (thread, id) = (name(), name());
        let root = match flags.get(1) {
            Some(1) => Root::Excluded,
            Some(2) => Root::Missing,
            _ => Root::Here,
        };
        let is_reply = flags.first() == Some(&1);
        let (post, earlier, reactions) = (None, Vec::new(), Vec::new());
        let mut this = Self {
            thread,
            id,
            is_reply,
            root,
            is_excluded: false,
            post,
            earlier,
            reactions,
            priority: None,
            acknowledged: Vec::new(),
        };
        let mut outside = Vec::new();
        for (piece, line) in all {
            if piece == Piece::Outside as u8 {
                outside.push(Post::read(line));
            } else {
                this.add(piece, line);
            }
        }
        // Without its post there is nothing that they are earlier versions of, and none of them was asked for.
        if this.post.is_some() {
            this.earlier.append(&mut outside);
        }
        // Deleting a thread stamps the versions of its replies, so only the time of the edit tells their order.
        this.earlier.sort_by_key(|version| (version.edit_at, version.update_at));
        this.reactions.sort_by(|a, b| (a.at, &a.emoji, a.user).cmp(&(b.at, &b.emoji, b.user)));
        this.acknowledged.sort_by_key(|(user, at)| (*at, *user));
        this
    }

    fn add(&mut self, piece: u8, line: &'l [u8]) {
        if piece == Piece::Excluded as u8 {
            self.is_excluded = true;
        } else if piece == Piece::Post as u8 {
            self.post = Some(Post::read(line));
        } else if piece == Piece::Earlier as u8 {
            self.earlier.push(Post::read(line));
        } else if piece == Piece::Reaction as u8 {
            let [user, emoji, at, removed_at] =
                Head::of(line, "reaction").pick(["user_id", "emoji_name", "create_at", "delete_at"]);
            let emoji = emoji.map(|name| characters(name).into_owned()).unwrap_or_default();
            let (at, removed_at) = (integer(at).unwrap_or_default(), integer(removed_at).unwrap_or_default());
            self.reactions.push(Reaction { user: plain(user), emoji, at, removed_at });
        } else if piece == Piece::Priority as u8 {
            let [priority, asked] = Head::of(line, "post_priority").pick(["priority", "requested_ack"]);
            let priority = priority.map(|word| characters(word).into_owned()).unwrap_or_default();
            self.priority = Some((priority, is_true(asked)));
        } else if piece == Piece::Acknowledgement as u8 {
            let [user, at] = Head::of(line, "post_acknowledgement").pick(["user_id", "acknowledged_at"]);
            let at = integer(at).unwrap_or_default();
            if at > 0 {
                self.acknowledged.push((plain(user), at));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_is_read() {
        let mut bytes = head(b"root", b"reply", true, Root::Excluded as u8);
        push(
            &mut bytes,
            Piece::Post as u8,
            br#"{"kind":"post","id":"reply","at":5,"data":{"create_at":5,"message":"m"}}"#,
        );
        for edit_at in [9, 0, 7] {
            let line = format!(
                r#"{{"kind":"post","id":"v{edit_at}","at":5,"data":{{"edit_at":{edit_at},"original_id":"reply"}}}}"#
            );
            push(&mut bytes, Piece::Earlier as u8, line.as_bytes());
        }
        let reaction = br#"{"kind":"reaction","id":"x","at":6,"data":{"user_id":"u","post_id":"reply","emoji_name":"tada","create_at":6,"delete_at":8}}"#;
        push(&mut bytes, Piece::Reaction as u8, reaction);
        let bundle = Bundle::read(&bytes);
        assert_eq!((bundle.thread, bundle.id, bundle.is_reply, bundle.root), ("root", "reply", true, Root::Excluded));
        assert_eq!(bundle.post.unwrap().message(), "m");
        assert_eq!(bundle.earlier.iter().map(|post| post.edit_at).collect::<Vec<_>>(), [0, 7, 9]);
        assert_eq!(bundle.reactions, [Reaction { user: "u", emoji: "tada".into(), at: 6, removed_at: 8 }]);
    }

    #[test]
    fn a_version_outside_of_the_scope_never_stands_for_its_post() {
        let version = |edit_at: i64| {
            format!(r#"{{"kind":"post","id":"v{edit_at}","at":5,"data":{{"edit_at":{edit_at},"original_id":"p"}}}}"#)
        };
        for (has_post, expected) in [(true, vec![7, 9]), (false, vec![7])] {
            let mut bytes = head(b"p", b"p", false, Root::Here as u8);
            if has_post {
                push(&mut bytes, Piece::Post as u8, br#"{"kind":"post","id":"p","at":5,"data":{"create_at":5}}"#);
            }
            let (wanted, outside) = (version(7), version(9));
            push(&mut bytes, Piece::Earlier as u8, wanted.as_bytes());
            push(&mut bytes, Piece::Outside as u8, outside.as_bytes());
            let bundle = Bundle::read(&bytes);
            assert_eq!(bundle.earlier.iter().map(|post| post.edit_at).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic() {
        let mut bytes = head(b"root", b"reply", true, 0);
        push(&mut bytes, Piece::Reaction as u8, b"{}");
        for end in 0..bytes.len() {
            let _ = Bundle::read(&bytes[..end]);
        }
    }
}
