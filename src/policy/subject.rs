//! A record as the evaluator sees it: what it is, whose, where, of which post, and when.

use crate::record::time::Millis;

/// Kinds whose records belong to a post: what happens to it happens to them, and rules speak of all of them as of posts.
///
/// Records of other kinds may name a post without belonging to it: a playbook run outlives the message it began with.
pub const OF_POSTS: [&str; 11] = [
    "file",
    "persistent_notification",
    "post_acknowledgement",
    "post_priority",
    "post_reminder",
    "reaction",
    "read_receipt",
    "saved_post",
    "temporary_post",
    "thread",
    "thread_membership",
];

/// A record to be decided on. Names are ids, as they stand in record lines.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its origin time; 0 where its kind has none.
    pub at: Millis,
    /// When it happened, for the windows of holds. A post is asked itself; what belongs to a post and has no times of its own
    /// happened when its post did.
    pub times: Times<'a>,
    /// Team that it names, if it names no channel.
    pub team: Option<&'a str>,
    /// Channel that it names.
    pub channel: Option<&'a str>,
    /// Users that it names: who wrote it, did it, or is described by it.
    pub users: &'a [&'a str],
    /// Playbook run that it is, or belongs to.
    pub run: Option<&'a str>,
    /// The post that it is or belongs to.
    pub post: PostOf<'a>,
    /// Time by which the server's own retention dates a row of its kind (see [`server_time_field`]); `None` for NULL.
    /// Only asked for in a policy with the server's precedence.
    pub server_time: Option<Millis>,
}

impl Subject<'_> {
    /// Any record, for a set that [decides alike](super::set::Set::decides_alike) about all.
    pub const ANY: Self = Self {
        kind: "post",
        id: "",
        at: 0,
        times: Times::Always,
        team: None,
        channel: None,
        users: &[],
        run: None,
        post: PostOf::None,
        server_time: None,
    };
}

/// When a record happened.
#[derive(Clone, Copy, Debug)]
pub enum Times<'a> {
    /// At no time of its own: it describes the world that others speak of, and windows do not part it from them.
    Always,
    /// At these times. Without any, nobody knows when, and no window parts it from a hold.
    At(&'a [Millis]),
    /// From one time until another, which is not part of it; open until now.
    Span(Millis, Option<Millis>),
}

/// The post that a record is or belongs to.
#[derive(Clone, Copy, Debug)]
pub enum PostOf<'a> {
    /// It is a post, or an earlier version of one.
    Itself(Post<'a>),
    /// It belongs to the post of this id; only records of the kinds in [`OF_POSTS`] do.
    Of(&'a str),
    /// It has nothing to do with a post.
    None,
}

/// A row of `posts`. Texts are empty where a column is NULL or absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Post<'a> {
    /// `id`.
    pub id: &'a str,
    /// `createat`.
    pub create_at: Millis,
    /// `editat`; 0 for a post never edited.
    pub edit_at: Millis,
    /// `deleteat`; 0 for a post that is still there. For an earlier version, when it was replaced.
    pub delete_at: Millis,
    /// `channelid`.
    pub channel: &'a str,
    /// `userid`.
    pub user: &'a str,
    /// `rootid`: the first post of its thread; empty for that post itself.
    pub root: &'a str,
    /// `originalid`: the post of which this is an earlier version; empty for a post itself.
    pub original: &'a str,
    /// `type`; empty for an ordinary message.
    pub post_type: &'a str,
    /// `ispinned`; `None` for NULL.
    pub is_pinned: Option<bool>,
    /// `props`, a JSON object.
    pub props: &'a str,
    /// `hashtags`: words that begin with `#`, parted by spaces.
    pub hashtags: &'a str,
    /// `message`.
    pub message: &'a str,
}

/// Field of a record by which the server's own retention dates its row; `None` for kinds that it never deletes by age.
pub fn server_time_field(kind: &str) -> Option<&'static str> {
    match kind {
        "post" | "file" => Some("create_at"),
        "thread" => Some("last_reply_at"),
        "thread_membership" => Some("last_update_timestamp"),
        "channel_membership" => Some("leave_time"),
        _ => None,
    }
}
