//! The catalogue: every kind of record, what it is evidence of, its fields and their order.
//!
//! One description serves all sources. A field that is not listed here is not exported by name (an allow-list: secrets
//! such as password hashes and tokens are simply not in it), and fields are written in the order given, so that the
//! same evidence from different sources reads the same. Adding a column of a new Mattermost release is one word.
//!
//! This module holds data only; it decides nothing and reads nothing.

/// One kind of record.
#[derive(Debug)]
pub struct Table {
    /// Kind of its records (chatseal-archive(5), "Kinds").
    pub kind: &'static str,
    /// Mattermost's table.
    pub table: &'static str,
    /// What it is evidence of.
    pub evidence: &'static str,
    /// Field that dates a record; `None` where the table has no origin time that never changes (`at` is 0).
    pub origin: Option<&'static str>,
    /// Other fields holding the time of an event; a window selects by them as well.
    pub events: &'static [&'static str],
    /// How a window treats the kind.
    pub scope: Windowing,
    /// Fields of `data` in order. Those after [`BULK_ONLY`] exist only in a bulk export.
    pub fields: &'static [&'static str],
}

/// How `--since` and `--until` treat a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windowing {
    /// Selected by its own times.
    Own,
    /// Selected together with the post that it belongs to.
    WithPost,
    /// Not windowed: describes the world that the windowed records speak of.
    Directory,
}

/// Separates the table's columns from fields that only a bulk export has.
pub const BULK_ONLY: &str = "";

/// Position of a kind in [`TABLES`], which stands in archive order.
pub type Rank = u8;

macro_rules! tables {
    ($($name:ident $kind:literal $table:literal $scope:ident origin $origin:expr, events [$($event:literal)*],
       $evidence:literal, $fields:literal;)*) => {
        /// All kinds, in archive order.
        pub static TABLES: &[Table] = &[$(Table {
            kind: $kind, table: $table, evidence: $evidence, origin: $origin, events: &[$($event),*],
            scope: Windowing::$scope, fields: &split::<{ count($fields) }>($fields),
        }),*];
        tables!(@ranks 0; $($name)*);
    };
    (@ranks $rank:expr; $name:ident $($rest:ident)*) => {
        #[doc = "Rank of the kind of the same name."]
        pub const $name: Rank = $rank;
        tables!(@ranks $rank + 1; $($rest)*);
    };
    (@ranks $rank:expr;) => {};
}

const fn count(words: &str) -> usize {
    let bytes = words.as_bytes();
    let (mut at, mut spaces) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b' ' {
            spaces += 1;
        }
        at += 1;
    }
    spaces + 1
}

/// Splits at single spaces; `|` stands for [`BULK_ONLY`].
const fn split<const N: usize>(words: &'static str) -> [&'static str; N] {
    let mut parts = [BULK_ONLY; N];
    let mut rest = words.as_bytes();
    let mut part = 0;
    while part < N {
        let mut end = 0;
        while end < rest.len() && rest[end] != b' ' {
            end += 1;
        }
        let (word, tail) = rest.split_at(end);
        if !(word.len() == 1 && word[0] == b'|') {
            parts[part] = match std::str::from_utf8(word) {
                Ok(text) => text,
                Err(_) => panic!("the catalogue is ASCII"),
            };
        }
        rest = if tail.is_empty() { tail } else { tail.split_at(1).1 };
        part += 1;
    }
    parts
}

tables! {
    SERVER "server" "systems" Directory origin None, events [],
        "which server and format the data comes from",
        "name value | info";
    BOT "bot" "bots" Directory origin Some("create_at"), events ["update_at" "delete_at"],
        "accounts operated by programs, and who owns them",
        "user_id description owner_id create_at update_at delete_at last_icon_update | username display_name owner extra";
    CHANNEL "channel" "channels" Directory origin Some("create_at"), events ["update_at" "delete_at"],
        "where things were said: open, private, direct and group channels, archived ones included",
        "create_at update_at delete_at team_id type display_name name header purpose last_post_at total_msg_count extra_update_at creator_id scheme_id group_constrained shared | members favorited_by shown_by extra recovered_id";
    CHANNEL_MEMBER "channel_member" "channelmembers" Directory origin None, events [],
        "who is in a channel now, with which roles and read position",
        "channel_id user_id roles last_viewed_at msg_count mention_count notify_props last_update_at scheme_user scheme_admin scheme_guest mention_count_root msg_count_root urgent_mention_count | favorite extra";
    EMOJI "emoji" "emoji" Directory origin Some("create_at"), events ["update_at" "delete_at"],
        "custom emoji with their images: what a reaction looked like",
        "create_at update_at delete_at creator_id name | path extra content_sha256 content_bytes content_member content_missing";
    FILE "file" "fileinfo" WithPost origin Some("create_at"), events ["update_at" "delete_at"],
        "files attached to posts, with the digest of their bytes",
        "user_id post_id channel_id create_at update_at delete_at path name extension size mime_type width height has_preview_image remote_id archived | extra content_sha256 content_bytes content_member content_missing";
    POST "post" "posts" Own origin Some("create_at"), events ["edit_at" "delete_at"],
        "what was said, by whom, when, in reply to what",
        "create_at update_at edit_at delete_at is_pinned user_id channel_id root_id original_id message type props hashtags file_ids has_reactions remote_id | extra";
    PROFILE_PICTURE "profile_picture" "(file store)" Directory origin None, events [],
        "what a person's account looked like",
        "user_id | path content_sha256 content_bytes content_member content_missing";
    REACTION "reaction" "reactions" Own origin Some("create_at"), events ["update_at" "delete_at"],
        "who answered a post with which emoji",
        "user_id post_id emoji_name create_at update_at delete_at remote_id channel_id | extra";
    ROLE "role" "roles" Directory origin Some("create_at"), events ["update_at" "delete_at"],
        "what a role may do",
        "name display_name description create_at update_at delete_at permissions scheme_managed built_in scheme_id | extra";
    SAVED_POST "saved_post" "preferences" WithPost origin None, events [],
        "who kept a post for later",
        "user_id post_id";
    SCHEME "scheme" "schemes" Directory origin Some("create_at"), events ["update_at" "delete_at"],
        "which roles apply in a team or channel",
        "name display_name description create_at update_at delete_at scope default_team_admin_role default_team_user_role default_channel_admin_role default_channel_user_role default_team_guest_role default_channel_guest_role default_playbook_admin_role default_playbook_member_role default_run_admin_role default_run_member_role | extra";
    TEAM "team" "teams" Directory origin Some("create_at"), events ["update_at" "delete_at"],
        "the teams of the server",
        "create_at update_at delete_at display_name name description email type company_name scheme_id allow_open_invite last_team_icon_update group_constrained | extra recovered_id";
    TEAM_MEMBER "team_member" "teammembers" Directory origin Some("create_at"), events ["delete_at"],
        "who is in a team, with which roles",
        "team_id user_id roles delete_at scheme_user scheme_admin scheme_guest create_at | theme extra";
    THREAD_MEMBERSHIP "thread_membership" "threadmemberships" WithPost origin None, events [],
        "who follows a thread and how far it was read",
        "post_id user_id following last_view_timestamp last_update_timestamp unread_mentions | extra";
    USER "user" "users" Directory origin Some("create_at"), events ["update_at" "delete_at"],
        "who the accounts are, without passwords and second factors",
        "create_at update_at delete_at username auth_data auth_service email email_verified nickname first_name last_name roles allow_marketing props notify_props last_password_update last_picture_update failed_attempts locale mfa_active position timezone remote_id last_login | preferences extra recovered_id";
}

/// The table of a rank.
pub fn table(rank: Rank) -> &'static Table {
    &TABLES[usize::from(rank)]
}

/// Rank of a kind, if the catalogue has it.
pub fn rank(kind: &str) -> Option<Rank> {
    TABLES.iter().position(|table| table.kind == kind).and_then(|at| Rank::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::kind;

    #[test]
    fn stands_in_archive_order_and_ranks_agree() {
        assert!(TABLES.windows(2).all(|pair| kind::compare(pair[0].kind, pair[1].kind).is_lt()));
        assert!(TABLES.iter().all(|table| kind::is_valid(table.kind)));
        assert_eq!(table(POST).kind, "post");
        assert_eq!(rank("user"), Some(USER));
        assert_eq!(rank("nonsense"), None);
    }

    #[test]
    fn no_secret_is_listed_and_every_field_once() {
        for table in TABLES {
            let mut fields: Vec<_> = table.fields.to_vec();
            for secret in ["password", "mfa_secret", "token", "client_secret", "invite_id", "refresh_token"] {
                assert!(!fields.contains(&secret), "{}.{secret}", table.kind);
            }
            assert!(table.origin.is_none_or(|origin| fields.contains(&origin)), "{}", table.kind);
            assert!(table.events.iter().all(|event| fields.contains(event)), "{}", table.kind);
            fields.sort_unstable();
            assert!(fields.windows(2).all(|pair| pair[0] != pair[1]), "{}", table.kind);
            assert!(fields.len() < 64, "{}", table.kind);
        }
    }
}
