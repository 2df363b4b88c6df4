//! Why a record was decided on as it was: every rule and every hold, with what spoke for and against it.

use super::decision::{Decision, Until};
use super::hold::Hold;
use super::rule::Rule;
use crate::record::time::{Millis, Window};

/// A decision with its reasons. Sentences are made of it at the command line.
#[derive(Clone, Debug)]
pub struct Explanation<'e> {
    /// What was decided, the same as without asking why.
    pub decision: Decision<'e>,
    /// Rules that cover the record, in the order of their files.
    pub covering: Vec<Covering<'e>>,
    /// Rules that do not, in that order.
    pub passed_over: Vec<PassedOver<'e>>,
    /// Active holds that cover it, in order of their ids.
    pub holding: Vec<Holding<'e>>,
    /// Holds that do not, in that order.
    pub not_holding: Vec<NotHolding<'e>>,
}

/// A rule that covers the record.
#[derive(Clone, Debug)]
pub struct Covering<'e> {
    /// The rule.
    pub rule: &'e Rule,
    /// Whose clock was read.
    pub clock_of: ClockOf,
    /// What the clock said; `None` if it has not started.
    pub clock: Option<Millis>,
    /// Where its periods begin, which is later than the clock if they are counted from the end of a year.
    pub from: Option<Millis>,
    /// Whether its periods are those for files.
    pub for_files: bool,
    /// End of its minimum, and whether that decides.
    pub minimum: Option<Bound<'e>>,
    /// End of its maximum, and whether that decides.
    pub maximum: Option<Bound<'e>>,
    /// Whether the record is a pinned post, or belongs to one, and so exempt from the maximum.
    pub exempt_as_pinned: bool,
}

/// Whose clock a rule was read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockOf {
    /// The record's own, or that of the post that it belongs to.
    Itself,
    /// That of the newest post of its thread.
    NewestOfThread,
    /// That of the first post of its thread.
    FirstOfThread,
    /// That of its channel, user or playbook run.
    Place,
}

/// The end of one period, beside those of other rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound<'e> {
    /// When it ends.
    pub until: Until,
    /// The rule whose period prevails over it; `None` if it prevails itself.
    pub prevailed_over_by: Option<&'e str>,
}

/// A rule that does not cover the record.
#[derive(Clone, Debug)]
pub struct PassedOver<'e> {
    /// The rule.
    pub rule: &'e Rule,
    /// The first condition that is not met.
    pub failed: Condition<'e>,
}

/// A condition of a rule's scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'e> {
    /// `kinds`.
    Kinds,
    /// `teams`.
    Teams,
    /// `channels`.
    Channels,
    /// `channel_types`.
    ChannelTypes,
    /// `runs`.
    Runs,
    /// `users`.
    Users,
    /// `roles`.
    Roles,
    /// `groups`.
    Groups,
    /// `post_types`.
    PostTypes,
    /// `props`.
    Props,
    /// `tags`.
    Tags,
    /// It is excepted.
    Excepted,
    /// The server's way: a rule that names its place more exactly, or comes first, decides alone.
    DecidedBy(&'e str),
    /// The server's way: its retention never deletes rows of this kind, or not this row.
    NotByServer,
}

/// An active hold that covers the record.
#[derive(Clone, Debug)]
pub struct Holding<'e> {
    /// The hold.
    pub hold: &'e Hold,
    /// All that it covers it by.
    pub reasons: Vec<Reason<'e>>,
    /// Which of its keywords stand in the record's own text. A record may be covered by words of its post, or of another
    /// version.
    pub keywords: Vec<&'e str>,
}

/// What a hold covers a record by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason<'e> {
    /// It covers everything.
    Everything,
    /// The record is in one of its channels, of this name, or id where it has none.
    Channel(&'e str),
    /// The record is in one of its teams.
    Team(&'e str),
    /// A custodian of this username wrote it, did it, or is described by it.
    By(&'e str),
    /// A custodian could see it.
    Seen {
        /// The custodian.
        user: &'e str,
        /// The channel.
        channel: &'e str,
        /// While a member of it.
        member: Window,
        /// Whether that is only known from current membership, because history has nothing.
        from_current: bool,
    },
}

/// A hold that does not cover the record.
#[derive(Clone, Debug)]
pub struct NotHolding<'e> {
    /// The hold.
    pub hold: &'e Hold,
    /// Why not.
    pub because: NotHeld,
}

/// Why a hold does not cover a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotHeld {
    /// It is not issued yet.
    NotIssued,
    /// It was released.
    Released,
    /// The record happened outside its window.
    OutsideWindow,
    /// The record has none of its keywords, or no words at all.
    NoKeyword,
    /// The record is in none of its places, of none of its custodians, and none of them could see it.
    Elsewhere,
}
