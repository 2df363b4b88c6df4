//! Retention rules as the evaluator sees them: checked, complete, nothing left to default.
//!
//! [`chatseal-policy(5)`] specifies the file that they come from.
//!
//! [`chatseal-policy(5)`]: ../../../man/chatseal-policy.5

use crate::record::time::Millis;

/// Rules of one policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Identifies the policy among those that are composed: `[a-z0-9][a-z0-9._-]{0,63}`.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it is and what it is not, in words; empty where it does not say.
    pub about: String,
    /// The law or order that it follows, in words; empty where it follows none.
    pub citation: String,
    /// Who reviewed it; `None` where nobody has.
    pub review: Option<Review>,
    /// How its rules are weighed. Policies that are composed must agree.
    pub precedence: Precedence,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// A review of a policy by a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// Who.
    pub by: String,
    /// Midnight UTC of the day.
    pub on: Millis,
}

/// How rules are weighed against one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precedence {
    /// Hold > longest required minimum > shortest allowed maximum.
    #[default]
    LongestMinimum,
    /// As the server does it: rules that name channels > rules that name teams > the rest; among equals the first; only
    /// `dispose_after`, compared strictly; every row by its own creation.
    Mattermost,
}

/// One rule: which records, measured from when, kept for how long, and what then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Identifies the rule in the composition, and in each record's decision: `POLICY/RULE`.
    pub id: String,
    /// What it is for, in words.
    pub title: String,
    /// Records that it covers.
    pub scope: Scope,
    /// Records of its scope that it does not cover after all. Empty by default, which excepts nothing.
    pub except: Option<Scope>,
    /// What periods are measured from.
    pub clock: Clock,
    /// Where periods begin if not at the clock itself.
    pub cutoff: Cutoff,
    /// Required minimum: kept at least so long. `None` requires nothing.
    pub keep_for: Option<Period>,
    /// Allowed maximum: due after so long. `None` allows for ever.
    pub dispose_after: Option<Period>,
    /// What happens to a record that is due.
    pub then: Then,
    /// Which post of a thread sets the time for all of it.
    pub thread: ThreadRule,
    /// Whether pinned posts that were not deleted are exempt from the maximum.
    pub keeps_pinned: bool,
    /// Periods of files, if not those of the posts that they are attached to.
    pub files: Option<FilePeriods>,
}

/// Which records a rule covers: all conditions that are stated must hold; one with several values holds if any does.
/// Records that belong to a post (its reactions, files, acknowledgements …) are covered where their post is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Teams by name or id, with `*`.
    pub teams: Vec<Pattern>,
    /// Channels as `TEAM/NAME` or id, with `*`.
    pub channels: Vec<Pattern>,
    /// Types of channels.
    pub channel_types: Vec<ChannelType>,
    /// Who the record is of, by username or id, with `*`.
    pub users: Vec<Pattern>,
    /// System roles of that user, with `*`.
    pub roles: Vec<Pattern>,
    /// Groups of that user by name or id, with `*`.
    pub groups: Vec<Pattern>,
    /// Kinds of records. Empty: messages, which are posts and the kinds that belong to them, and nothing of the directory;
    /// in what a rule excepts, whatever the rule covers. What belongs to a post counts as a `post`.
    pub kinds: Vec<Pattern>,
    /// Types of posts; the empty text is an ordinary message.
    pub post_types: Vec<Pattern>,
    /// Properties of posts that must be there and true: `from_webhook`, `from_bot` …
    pub props: Vec<Pattern>,
    /// Hashtags of posts, without `#`, with `*`, whatever their case.
    pub tags: Vec<Pattern>,
    /// Playbook runs by name or id, with `*`: records of the run, and of its channel.
    pub runs: Vec<Pattern>,
}

/// A value with `*` for any number of characters; nothing else is special.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(pub String);

/// Types of channels (`channels.type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelType {
    /// `O`.
    Open,
    /// `P`.
    Private,
    /// `D`.
    Direct,
    /// `G`.
    Group,
}

/// What periods are measured from. A clock that has not started never runs out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The record's origin time.
    #[default]
    Created,
    /// The last edit of the post, or its creation.
    LastEdit,
    /// The last post of the thread, deleted ones included.
    ThreadLastReply,
    /// When the channel was archived.
    ChannelArchived,
    /// When the user was deactivated.
    UserLeft,
    /// When the last playbook run of the channel, or the record's own run, finished.
    RunFinished,
}

/// Where periods begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cutoff {
    /// At the clock itself.
    #[default]
    Clock,
    /// At the end of the year that the clock lies in; the year begins on this day (`01-01` for calendar years).
    YearEnd {
        /// Month, 1 to 12.
        month: u8,
        /// Day, 1 to 28.
        day: u8,
    },
}

/// A span of time, calendar-true in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// So many milliseconds: hours, days and weeks.
    Millis(Millis),
    /// So many calendar months: months and years. 31 January and one month is the last day of February.
    Months(u32),
    /// Without end.
    Forever,
}

/// What happens to a record past its maximum that nothing keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// It is withheld from exports, and may be disposed of.
    Dispose,
    /// A person decides; it stays in exports and is counted.
    #[default]
    Review,
    /// It is to be handed to another keeper; it stays in exports and is counted.
    Transfer,
}

/// Which post of a thread sets the time for all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThreadRule {
    /// The thread stays until its last post may go.
    #[default]
    Newest,
    /// The thread goes with its first post.
    Oldest,
    /// Each post by itself.
    PerPost,
}

/// Periods of files apart from messages, from the file's own creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilePeriods {
    /// Required minimum.
    pub keep_for: Option<Period>,
    /// Allowed maximum.
    pub dispose_after: Option<Period>,
}
