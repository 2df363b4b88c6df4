//! One thing that happened, told from one record.
//!
//! A record can be several events: a post is written, edited, deleted. An event names its record, so that whoever reads
//! it can look the record up and have it proven.

use std::borrow::Cow;

use crate::record::time::Millis;

/// What sort of thing happened: the word by which people filter, and the lane that it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// A person wrote.
    Post,
    /// A webhook, bot or plugin wrote: alerts, pipelines, deployments.
    Feed,
    /// The server wrote: somebody joined, a header was changed.
    Notice,
    /// A text was replaced.
    Edit,
    /// A post or file was deleted.
    Delete,
    /// A file was uploaded.
    File,
    /// A reaction was added or taken back.
    Reaction,
    /// A post was acknowledged.
    Acknowledgement,
    /// Somebody came into a channel, team or run.
    Join,
    /// Somebody left one.
    Leave,
    /// A run began, ended, was taken up again; a retrospective; an entry that somebody put on the timeline.
    Run,
    /// A task of a run changed.
    Task,
    /// A status update was made, asked for, put off.
    Status,
    /// A run changed hands.
    Owner,
    /// A call began, was joined, ended; recordings.
    Call,
    /// A session began or ended.
    Login,
    /// What somebody may do was changed.
    Role,
    /// The server's configuration, plugins or licence were changed.
    Config,
    /// Terms of service were published, accepted or declined.
    Terms,
    /// A legal hold was issued or released.
    Hold,
    /// Something was found to be gone or altered.
    Purge,
    /// An account was made, deactivated, changed.
    Account,
    /// A team or channel was made, archived, changed.
    Place,
    /// A webhook, command, bot or application was made or changed.
    Integration,
    /// A board or card was changed.
    Board,
    /// The server worked by itself: retention, exports, imports.
    Job,
    /// Any other request that the server wrote down.
    Audit,
}

impl Sort {
    /// Every sort, in the order in which they are listed.
    pub const ALL: [Self; 27] = [
        Self::Run,
        Self::Status,
        Self::Owner,
        Self::Task,
        Self::Post,
        Self::Feed,
        Self::Notice,
        Self::Edit,
        Self::Delete,
        Self::File,
        Self::Reaction,
        Self::Acknowledgement,
        Self::Join,
        Self::Leave,
        Self::Call,
        Self::Login,
        Self::Role,
        Self::Config,
        Self::Terms,
        Self::Account,
        Self::Place,
        Self::Integration,
        Self::Board,
        Self::Job,
        Self::Audit,
        Self::Hold,
        Self::Purge,
    ];

    /// The word for it, in every format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Feed => "feed",
            Self::Notice => "notice",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::File => "file",
            Self::Reaction => "reaction",
            Self::Acknowledgement => "acknowledgement",
            Self::Join => "join",
            Self::Leave => "leave",
            Self::Run => "run",
            Self::Task => "task",
            Self::Status => "status",
            Self::Owner => "owner",
            Self::Call => "call",
            Self::Login => "login",
            Self::Role => "role",
            Self::Config => "config",
            Self::Terms => "terms",
            Self::Hold => "hold",
            Self::Purge => "purge",
            Self::Account => "account",
            Self::Place => "place",
            Self::Integration => "integration",
            Self::Board => "board",
            Self::Job => "job",
            Self::Audit => "audit",
        }
    }

    /// So many of it, in words: `1 post`, `12 task changes`.
    pub fn counted(self, count: u64) -> String {
        let name = match self {
            Self::Feed => "feed post",
            Self::Notice => "notice of the server",
            Self::Delete => "deletion",
            Self::Join => "joining",
            Self::Leave => "leaving",
            Self::Run => "run event",
            Self::Task => "task change",
            Self::Status => "status event",
            Self::Owner => "handover",
            Self::Call => "call event",
            Self::Role => "change of rights",
            Self::Config => "change of settings",
            Self::Terms => "event of terms",
            Self::Purge => "purge finding",
            Self::Account => "account event",
            Self::Place => "channel event",
            Self::Integration => "integration event",
            Self::Board => "board change",
            Self::Audit => "request",
            other => other.word(),
        };
        if count == 1 {
            return format!("1 {name}");
        }
        match name.split_once(" of ") {
            Some((head, rest)) => format!("{count} {head}s of {rest}"),
            None => format!("{count} {name}s"),
        }
    }

    /// What it stands for, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Post => "a person wrote",
            Self::Feed => "a webhook, bot or plugin wrote",
            Self::Notice => "the server wrote: joined, header changed",
            Self::Edit => "a text was replaced",
            Self::Delete => "a post or file was deleted",
            Self::File => "a file was uploaded",
            Self::Reaction => "a reaction was added or taken back",
            Self::Acknowledgement => "a post was acknowledged",
            Self::Join => "somebody came into a channel, team or run",
            Self::Leave => "somebody left a channel, team or run",
            Self::Run => "a run began, ended, was taken up again",
            Self::Task => "a task changed",
            Self::Status => "a status update was made, asked for, put off",
            Self::Owner => "a run changed hands",
            Self::Call => "a call began, was joined, ended",
            Self::Login => "a session began or ended",
            Self::Role => "what somebody may do was changed",
            Self::Config => "configuration, plugins or licence were changed",
            Self::Terms => "terms were published, accepted or declined",
            Self::Hold => "a legal hold was issued or released",
            Self::Purge => "something was found to be gone or altered",
            Self::Account => "an account was made, deactivated, changed",
            Self::Place => "a team or channel was made, archived, changed",
            Self::Integration => "a webhook, command, bot or app was made or changed",
            Self::Board => "a board or card was changed",
            Self::Job => "the server worked by itself: retention, exports",
            Self::Audit => "any other request that the server wrote down",
        }
    }
}

/// Something that an event says beside what all events say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum More<'e> {
    /// A text; empty says nothing.
    Text(Cow<'e, str>),
    /// A number.
    Integer(i64),
    /// That it is so.
    True,
}

impl<'e, T: Into<Cow<'e, str>>> From<T> for More<'e> {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'e> {
    /// When.
    pub at: Millis,
    /// What sort of thing.
    pub sort: Sort,
    /// What the time means, for examiners: `Post created`.
    pub description: &'static str,
    /// The same for programs, behind `mattermost:`: `post:created`.
    pub data_type: &'static str,
    /// Kind of the record.
    pub kind: &'e str,
    /// Id of the record.
    pub id: &'e str,
    /// What happened, in words.
    pub message: String,
    /// Id of who acted; empty if nobody is named.
    pub actor: Cow<'e, str>,
    /// Id of whose record it is, where that is not who acted: the author of what somebody else deleted.
    pub user: &'e str,
    /// Under which name a webhook or bot acted; empty for people.
    pub shown_as: Cow<'e, str>,
    /// Id of the channel; empty if there is none.
    pub channel: &'e str,
    /// Id of the run; empty if there is none, or if it cannot be told which of several.
    pub run: &'e str,
    /// Whether it marks how a run went: began, handed over, status, ended.
    pub is_milestone: bool,
    /// What else it says, by the name that Timesketch shows.
    pub more: Vec<(&'static str, More<'e>)>,
}

impl<'e> Event<'e> {
    /// An event of a record, with nothing said but when and what.
    pub(super) fn new(at: Millis, what: &What, kind: &'e str, id: &'e str) -> Self {
        Self {
            at,
            sort: what.sort,
            description: what.description,
            data_type: what.data_type,
            kind,
            id,
            message: String::new(),
            actor: Cow::Borrowed(""),
            user: "",
            shown_as: Cow::Borrowed(""),
            channel: "",
            run: "",
            is_milestone: false,
            more: Vec::new(),
        }
    }

    /// Adds what else it says; nothing for an empty text.
    pub(super) fn add(&mut self, name: &'static str, more: impl Into<More<'e>>) {
        let more = more.into();
        if more != More::Text(Cow::Borrowed("")) {
            self.more.push((name, more));
        }
    }

    /// What stands under a name, if it is a text.
    pub fn text(&self, name: &str) -> &str {
        match self.more.iter().find(|(own, _)| *own == name) {
            Some((_, More::Text(text))) => text,
            _ => "",
        }
    }
}

/// What sort of thing happened, and what its time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct What {
    pub(super) sort: Sort,
    pub(super) description: &'static str,
    pub(super) data_type: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_sort_is_listed_once_and_has_its_own_word() {
        let words: BTreeSet<_> = Sort::ALL.iter().map(|sort| sort.word()).collect();
        let listed: BTreeSet<_> = Sort::ALL.iter().collect();
        assert_eq!((words.len(), listed.len()), (Sort::ALL.len(), Sort::ALL.len()));
        assert!(Sort::ALL.iter().all(|sort| !sort.meaning().is_empty()));
        let said = [Sort::Role.counted(2), Sort::Post.counted(1), Sort::Reaction.counted(3)];
        assert_eq!(said, ["2 changes of rights", "1 post", "3 reactions"]);
    }
}
