//! The catalogue: every kind of record, what it is evidence of, its columns, and how a row reaches its place.
//!
//! One description serves all sources. A column that is not listed here is not exported (an allow-list: secrets such
//! as password hashes and tokens are simply not in it), and fields are written in the order given, so that the same
//! evidence from different sources reads the same. What a column of a new Mattermost release needs is one word.
//!
//! The type of a column is decided here, not by the server: a boolean is a boolean whether PostgreSQL says `t` or MySQL
//! says `1`, and a text that holds JSON is embedded as JSON whether its column is `jsonb` or `varchar`.
//!
//! This module holds data only; it decides nothing and reads nothing.

mod boards;
mod calls;
mod column;
mod compliance;
mod directory;
mod federation;
mod integrations;
mod log;
mod messaging;
mod passed_over;
mod playbooks;
mod properties;
mod system;

use std::collections::BTreeMap;

pub use passed_over::NOT_EVIDENCE;

pub use column::{Column, Shape};
use column::{columns, reaches, words};

/// One kind of record.
#[derive(Debug)]
pub struct Table {
    /// Kind of its records (chatseal-archive(5), "Kinds").
    pub kind: &'static str,
    /// Mattermost's table, as PostgreSQL spells it; in parentheses where the rows do not come from a table.
    pub table: &'static str,
    /// What it is evidence of.
    pub evidence: &'static str,
    /// How a window treats the kind.
    pub window: Windowing,
    /// Fields that make up the id, in order. A single one named `id` is not repeated in `data`.
    pub key: &'static [&'static str],
    /// Whether the key is a credential, so that only a digest of it is told and `data` does not hold it.
    pub credential: bool,
    /// Field that dates a record; `None` where the table has no origin time that never changes (`at` is 0).
    pub origin: Option<&'static str>,
    /// Other fields holding the time of an event; a window selects by them as well.
    pub events: &'static [&'static str],
    /// Field whose time grows with *every* change of a row, for incremental runs; the origin time where rows never change.
    /// `None` where some fields change without it (a channel counts its messages, a user's last login moves): such a table
    /// is small, and read whole.
    pub clock: Option<&'static str>,
    /// Fields that the server itself changes as it runs, without moving the clock. Of a kind that has one all the same,
    /// because its table is too large to be read whole, a time among them says when, and an id of a post was written when
    /// that post changed; others change together with those.
    pub counters: &'static [&'static str],
    /// Fields by which a row reaches its team, channel, users, post and run.
    pub path: &'static [Reach],
    /// Rows of the table that are of this kind: a column and the values, or beginnings of values (`legal_hold_*`), that
    /// it may have. `None` for all rows.
    pub only: Option<(&'static str, &'static [&'static str])>,
    /// Columns in the order of the fields of `data`; a key `id` is understood and not listed.
    pub columns: &'static [Column],
    /// Fields that do not come from a column, but from a bulk export or the file store; they follow the columns.
    pub bulk_only: &'static [&'static str],
    /// Columns that are known and left out on purpose: secrets, and what can be derived.
    pub never: &'static [&'static str],
}

/// What a table is unless it says otherwise.
const BLANK: Table = Table {
    kind: "",
    table: "",
    evidence: "",
    window: Windowing::Directory,
    key: &["id"],
    credential: false,
    origin: None,
    events: &[],
    clock: None,
    counters: &[],
    path: &[],
    only: None,
    columns: &[],
    bulk_only: &[],
    never: &[],
};

/// How `--since` and `--until` treat a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windowing {
    /// Selected by its own times.
    Own,
    /// Selected together with the post that it belongs to.
    WithPost,
    /// Selected when the interval from the origin time to the first of the event times overlaps the window; without a
    /// later time it lasts until now.
    Interval,
    /// Not windowed: describes the world that the windowed records speak of.
    Directory,
}

/// A field that names something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// What it names.
    pub to: To,
    /// The field.
    pub field: &'static str,
}

/// What a field can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum To {
    /// A team.
    Team,
    /// A channel.
    Channel,
    /// A user.
    User,
    /// A post.
    Post,
    /// A playbook run.
    Run,
    /// A playbook.
    Playbook,
    /// A board.
    Board,
}

/// Position of a kind in [`TABLES`], which stands in archive order.
pub type Rank = u8;

macro_rules! tables {
    ($($name:ident $place:ident;)*) => {
        /// All kinds, in archive order.
        pub static TABLES: [&Table; [$(stringify!($name)),*].len()] = [$(&$place::$name),*];
        tables!(@ranks 0; $($name)*);
    };
    (@ranks $rank:expr; $name:ident $($rest:ident)*) => {
        #[doc = "Rank of the kind of the same name."]
        pub const $name: Rank = $rank;
        tables!(@ranks $rank + 1; $($rest)*);
    };
    (@ranks $rank:expr;) => {};
}

tables! {
    SERVER system;
    ACCESS_POLICY compliance;
    ACCESS_POLICY_REVISION compliance;
    ACCESS_TOKEN integrations;
    AUDIT compliance;
    AUDIT_LOG log;
    BLOCK boards;
    BLOCK_HISTORY boards;
    BOARD boards;
    BOARD_FILE boards;
    BOARD_HISTORY boards;
    BOARD_MEMBER boards;
    BOARD_MEMBER_HISTORY boards;
    BOARD_SHARING boards;
    BOOKMARK messaging;
    BOT directory;
    CALL calls;
    CALL_CHANNEL calls;
    CALL_JOB calls;
    CALL_SESSION calls;
    CHANNEL directory;
    CHANNEL_ACTION playbooks;
    CHANNEL_MEMBER directory;
    CHANNEL_MEMBERSHIP directory;
    COMMAND integrations;
    COMMAND_WEBHOOK integrations;
    COMPLIANCE_REPORT compliance;
    CONFIGURATION system;
    CONFIGURATION_FILE system;
    CONTENT_FLAGGING_REVIEWER properties;
    CONTENT_FLAGGING_TEAM_REVIEWER properties;
    CONTENT_FLAGGING_TEAM_SETTING properties;
    DELETION_QUEUE compliance;
    DRAFT messaging;
    EMOJI messaging;
    FILE messaging;
    GROUP directory;
    GROUP_CHANNEL directory;
    GROUP_MEMBER directory;
    GROUP_TEAM directory;
    INCOMING_WEBHOOK integrations;
    JOB compliance;
    LEGAL_HOLD compliance;
    LICENSE system;
    OAUTH_APP integrations;
    OAUTH_CONNECTION integrations;
    OAUTH_GRANT integrations;
    OUTGOING_WEBHOOK integrations;
    PERSISTENT_NOTIFICATION messaging;
    PLAYBOOK playbooks;
    PLAYBOOK_CONDITION playbooks;
    PLAYBOOK_FOLLOWER playbooks;
    PLAYBOOK_MEMBER playbooks;
    PLAYBOOK_METRIC playbooks;
    PLAYBOOK_RUN playbooks;
    POST messaging;
    POST_ACKNOWLEDGEMENT messaging;
    POST_PRIORITY messaging;
    POST_REMINDER messaging;
    PROFILE_PICTURE directory;
    PROPERTY_FIELD properties;
    PROPERTY_GROUP properties;
    PROPERTY_VALUE properties;
    REACTION messaging;
    READ_RECEIPT messaging;
    RECAP messaging;
    RECAP_CHANNEL messaging;
    REMOTE_CLUSTER federation;
    RETENTION_POLICY compliance;
    RETENTION_POLICY_CHANNEL compliance;
    RETENTION_POLICY_TEAM compliance;
    ROLE directory;
    RUN_EVENT playbooks;
    RUN_METRIC playbooks;
    RUN_PARTICIPANT playbooks;
    RUN_STATUS_POST playbooks;
    SAVED_POST messaging;
    SCHEDULED_POST messaging;
    SCHEMA_MIGRATION system;
    SCHEME directory;
    SERVER_MIGRATION system;
    SESSION integrations;
    SHARED_CHANNEL federation;
    SHARED_CHANNEL_ATTACHMENT federation;
    SHARED_CHANNEL_REMOTE federation;
    SHARED_CHANNEL_USER federation;
    TEAM directory;
    TEAM_MEMBER directory;
    TEMPORARY_POST messaging;
    TERMS_ACCEPTANCE compliance;
    TERMS_OF_SERVICE compliance;
    THREAD messaging;
    THREAD_MEMBERSHIP messaging;
    UPLOAD_SESSION messaging;
    USER directory;
    USER_STATUS directory;
    FINDING_ALTERED log;
    FINDING_ORPHAN log;
    FINDING_PURGED log;
    FINDING_VANISHED log;
}

/// The table of a rank.
pub fn table(rank: Rank) -> &'static Table {
    TABLES[usize::from(rank)]
}

/// Rank of a kind, if the catalogue has it.
pub fn rank(kind: &str) -> Option<Rank> {
    TABLES.iter().position(|table| table.kind == kind).and_then(|at| Rank::try_from(at).ok())
}

/// Ranks of the kinds that a source's table, in any case, holds rows of.
pub fn of_table(name: &str) -> impl Iterator<Item = Rank> {
    (0..).zip(TABLES).filter(move |(_, table)| table.table.eq_ignore_ascii_case(name)).map(|(rank, _)| rank)
}

/// Fields of some kinds in which credentials are replaced by the word `redacted`, as `kind.field`, and which.
pub fn redacted_fields(ranks: impl Iterator<Item = Rank>) -> BTreeMap<String, &'static str> {
    ranks
        .map(table)
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
        .filter_map(|(table, column)| Some((format!("{}.{}", table.kind, column.field), column.shape.redacts()?)))
        .collect()
}

/// Why a source's table, in any case, is known and not read.
pub fn passed_over(name: &str) -> Option<&'static str> {
    NOT_EVIDENCE.iter().find(|(table, _)| table.eq_ignore_ascii_case(name)).map(|(_, reason)| *reason)
}

impl Table {
    /// Whether its rows come from a table of the database, and not from files or a reconciliation.
    pub fn is_stored(&self) -> bool {
        !self.table.starts_with('(')
    }

    /// Whether the server keeps a row that somebody deletes, and marks it: that such a row is gone is remarkable.
    pub fn keeps_deleted(&self) -> bool {
        // The column of drafts dates from a time when they were kept.
        (self.column("delete_at").is_some() && self.kind != "draft")
            || matches!(self.kind, "audit" | "channel_membership" | "terms_acceptance")
    }

    /// The column of a field.
    pub fn column(&self, field: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.field == field)
    }

    /// Fields by which a row names a `to`.
    pub fn reach(&self, to: To) -> impl Iterator<Item = &'static str> {
        self.path.iter().filter(move |reach| reach.to == to).map(|reach| reach.field)
    }
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
    fn every_field_that_is_spoken_of_exists_and_each_stands_once() {
        for table in TABLES {
            let kind = table.kind;
            let mut fields: Vec<_> = table.columns.iter().map(|column| column.field).collect();
            if table.key == ["id"] {
                assert!(!fields.contains(&"id"), "{kind}: the id is not repeated");
                fields.push("id");
            }
            assert!(table.only.is_none_or(|(_, values)| !values.is_empty()), "{kind}");
            let key = table.key.iter().filter(|_| !table.credential);
            let spoken = key.chain(table.events).chain(&table.origin).chain(&table.clock).chain(table.counters);
            for field in spoken.copied().chain(table.path.iter().map(|reach| reach.field)) {
                assert!(fields.contains(&field), "{kind}.{field}");
            }
            let tells = |field: &&str| {
                table.reach(To::Post).any(|known| known == *field)
                    || table.column(field).is_some_and(|column| column.shape == Shape::Millis)
            };
            assert!(table.clock.is_none() || table.counters.is_empty() || table.counters.iter().any(tells), "{kind}");
            fields.extend(table.bulk_only);
            fields.sort_unstable();
            assert!(fields.windows(2).all(|pair| pair[0] != pair[1]), "{kind}");
            assert!(fields.len() < 64, "{kind}");
            let name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(fields.iter().all(|field| field.bytes().all(name)), "{kind}");
            assert!(table.never.iter().all(|column| table.columns.iter().all(|known| !known.is(column))), "{kind}");
            assert!(!table.evidence.is_empty() && !table.table.is_empty(), "{kind}");
        }
    }

    #[test]
    fn times_have_the_shape_of_times() {
        // A log writes its times out.
        for table in TABLES.iter().filter(|table| table.is_stored()) {
            for field in table.events.iter().chain(&table.origin).chain(&table.clock) {
                let shape = table.column(field).map(|column| column.shape);
                let is_time = matches!(shape, Some(Shape::Millis | Shape::Seconds | Shape::Nanos | Shape::Timestamp));
                assert!(is_time, "{}.{field}", table.kind);
            }
            assert!(table.window != Windowing::Interval || table.origin.is_some(), "{}", table.kind);
        }
    }

    #[test]
    fn no_secret_is_listed() {
        for (table, secrets) in [
            ("users", "password mfasecret mfausedtimestamps"),
            ("teams", "inviteid"),
            ("sessions", "token deviceid voipdeviceid"),
            ("useraccesstokens", "token"),
            ("oauthapps", "clientsecret"),
            ("oauthaccessdata", "token refreshtoken"),
            ("outgoingoauthconnections", "clientsecret credentialspassword"),
            ("commands", "token"),
            ("outgoingwebhooks", "token"),
            ("incomingwebhooks", "id"),
            ("commandwebhooks", "id"),
            ("remoteclusters", "token remotetoken"),
            ("configurations", "value"),
            ("configurationfiles", "data"),
            ("focalboard_sharing", "token"),
            ("licenses", "bytes"),
        ] {
            let mut kinds = of_table(table).peekable();
            assert!(kinds.peek().is_some(), "{table}");
            for kind in kinds.map(super::table) {
                for secret in secrets.split(' ') {
                    assert!(kind.columns.iter().all(|column| !column.is(secret)), "{table}.{secret}");
                    assert!(kind.credential || kind.never.contains(&secret), "{table}.{secret} would be unknown");
                }
            }
        }
        for word in ["password", "secret", "token", "invite_id", "csrf"] {
            let mut columns = TABLES.iter().flat_map(|table| table.columns);
            assert!(!columns.any(|column| column.field.ends_with(word)), "{word}");
        }
        for (kind, field, shape) in [
            (AUDIT, "extra_info", Shape::Tokens),
            (SESSION, "props", Shape::Guarded),
            (POST, "props", Shape::Buttons),
            (DRAFT, "props", Shape::Buttons),
            (SCHEDULED_POST, "props", Shape::Buttons),
            (LEGAL_HOLD, "value", Shape::Guarded),
            (COMMAND, "url", Shape::Hosts),
            (OUTGOING_WEBHOOK, "callback_urls", Shape::Hosts),
            (PLAYBOOK_RUN, "webhook_on_creation_urls", Shape::Hosts),
        ] {
            assert_eq!(table(kind).column(field).map(|column| column.shape), Some(shape), "{field}");
        }
    }

    /// Tables of Mattermost 5.37 and 11.6, of playbooks, calls and boards.
    const KNOWN: &str = "posts threads threadmemberships reactions fileinfo postspriority postacknowledgements \
        persistentnotifications postreminders drafts scheduledposts channelbookmarks temporaryposts readreceipts emoji \
        uploadsessions teams channels users teammembers channelmembers channelmemberhistory bots usergroups groupmembers \
        groupteams groupchannels status preferences sessions useraccesstokens oauthapps oauthaccessdata roles schemes \
        accesscontrolpolicies accesscontrolpolicyhistory commands commandwebhooks incomingwebhooks outgoingwebhooks \
        audits compliances jobs retentionpolicies retentionpoliciesteams retentionpolicieschannels \
        retentionidsfordeletion termsofservice usertermsofservice propertygroups propertyfields propertyvalues \
        contentflaggingcommonreviewers contentflaggingteamreviewers contentflaggingteamsettings sharedchannels \
        sharedchannelremotes sharedchannelusers sharedchannelattachments remoteclusters systems pluginkeyvaluestore \
        licenses translations recaps recapchannels db_migrations db_lock publicchannels poststats posts_by_team_day \
        bot_posts_by_team_day file_stats attributeview clusterdiscovery linkmetadata oauthauthdata \
        productnoticeviewstate schema_migrations sidebarcategories sidebarchannels tokens desktoptokens \
        configurations configurationfiles ir_incident ir_playbook ir_playbookmember ir_playbookautofollow \
        ir_run_participants ir_statusposts ir_timelineevent ir_metricconfig ir_metric ir_channelaction ir_condition \
        ir_category ir_category_item ir_userinfo ir_viewedchannel ir_system calls calls_sessions calls_jobs \
        calls_channels focalboard_boards focalboard_boards_history focalboard_board_members \
        focalboard_board_members_history focalboard_blocks focalboard_blocks_history";

    #[test]
    fn every_known_table_is_read_or_passed_over_with_a_reason() {
        for name in KNOWN.split_ascii_whitespace() {
            let reads = of_table(name).count();
            assert_eq!(reads + usize::from(passed_over(name).is_some()), 1, "{name}");
        }
        assert!(NOT_EVIDENCE.windows(2).all(|pair| pair[0].0 < pair[1].0), "in order, each once");
        assert!(of_table("Posts").eq([POST]) && of_table("(file store)").all(|rank| !table(rank).is_stored()));
    }
}
