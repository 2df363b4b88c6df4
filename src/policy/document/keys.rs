//! Every key of the language, and every word that a key knows, with what it means.
//!
//! `man/chatseal-policy.5` prints these tables; a test keeps the two equal.

use crate::policy::rule::{ChannelType, Clock, Precedence, Then, ThreadRule};

/// First words of a policy file.
pub const POLICY_SCHEMA: &str = "chatseal-policy/v1";

/// First words of a holds file.
pub const HOLDS_SCHEMA: &str = "chatseal-holds/v1";

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub needed: bool,
    /// What its value says, and of which type it is.
    pub meaning: &'static str,
}

/// A sort of table: what it is, and its keys.
#[derive(Debug)]
pub struct Sort {
    /// What a table of this sort is, as a finding calls it.
    pub what: &'static str,
    /// Its keys, in the order of the page.
    pub keys: &'static [Key],
}

/// A word that a key knows.
#[derive(Debug)]
pub struct Word<T> {
    /// The word.
    pub word: &'static str,
    /// What it stands for.
    pub value: T,
    /// What that means.
    pub meaning: &'static str,
}

const fn needed(name: &'static str, meaning: &'static str) -> Key {
    Key { name, needed: true, meaning }
}

const fn may(name: &'static str, meaning: &'static str) -> Key {
    Key { name, needed: false, meaning }
}

/// A policy file.
pub const POLICY: Sort = Sort {
    what: "a policy",
    keys: &[
        needed("schema", "the text chatseal-policy/v1"),
        needed("id", "what names the policy among those that are composed: [a-z0-9][a-z0-9._-]{0,63}"),
        needed("title", "what it is called"),
        may("about", "what it is, and what it is not"),
        may("citation", "the law or order that it follows, in words"),
        may("reviewed_by", "who reviewed it; empty while nobody has"),
        may("reviewed_on", "the day of the review, as a date or a text; empty while nobody has"),
        may(
            "precedence",
            "how rules are weighed against each other, see PRECEDENCE; longest-minimum if it is not stated",
        ),
        needed("rule", "one table [[rule]] for each rule"),
    ],
};

/// A rule.
pub const RULE: Sort = Sort {
    what: "a rule",
    keys: &[
        needed(
            "id",
            "what names the rule in its policy, spelled as the id of a policy; decisions name it as POLICY/RULE",
        ),
        may("title", "what it is for"),
        may("scope", "a table of conditions, see SCOPE; without it the rule covers all messages"),
        may("except", "a table of conditions: records of the scope that meet all of them are not covered after all"),
        may("clock", "what periods are measured from, see CLOCKS; created if it is not stated"),
        may("cutoff", "where periods begin, see CLOCKS; at the clock itself if it is not stated"),
        may(
            "year_begins",
            "with cutoff = \"year-end\": month and day on which the year begins, as \"10-01\"; \"01-01\" if it is not stated",
        ),
        may("keep_for", "required minimum: a period for which records are kept at least"),
        may(
            "dispose_after",
            "allowed maximum: a period after which records are due, unless a minimum, a hold or a pin keeps them",
        ),
        may("then", "what happens to a record that is due, see WHAT HAPPENS THEN; review if it is not stated"),
        may("thread", "which post of a thread sets the time for all of it, see THREADS; newest if it is not stated"),
        may(
            "keep_pinned",
            "true: posts that are pinned and not deleted are exempt from the maximum; false if it is not stated",
        ),
        may("files", "a table of periods for attached files, see FILES; without it files go with their posts"),
    ],
};

/// Conditions of a scope.
pub const SCOPE: Sort = Sort {
    what: "a scope",
    keys: &[
        may("teams", "teams by name or id"),
        may(
            "channels",
            "channels as \"TEAM/NAME\" or by id; direct and group channels have no team and are named by id",
        ),
        may("channel_types", "types of channels: open, private, direct, group"),
        may("users", "whose records they are, by username or id"),
        may("roles", "system roles of that user, such as system_guest"),
        may("groups", "groups of that user, by name or id"),
        may(
            "kinds",
            "kinds of records, see chatseal-archive(5); without it messages only, which are the kinds that belong to posts",
        ),
        may("post_types", "types of posts, such as system_*; \"\" is an ordinary message"),
        may("props", "properties of posts that must be there and true, such as from_webhook and from_bot"),
        may("tags", "hashtags of posts, without #, in upper or lower case"),
        may("runs", "playbook runs by name or id: records of the run and of its channel"),
    ],
};

/// Periods of files.
pub const FILES: Sort = Sort {
    what: "a table of file periods",
    keys: &[
        may("keep_for", "required minimum, from the creation of the file"),
        may("dispose_after", "allowed maximum, from the creation of the file"),
    ],
};

/// A holds file.
pub const HOLDS: Sort = Sort {
    what: "a holds file",
    keys: &[
        needed("schema", "the text chatseal-holds/v1"),
        may("title", "what it is called"),
        may("about", "what it is, and what it is not"),
        may("citation", "the law or order that it follows, in words"),
        may("reviewed_by", "who reviewed it; empty while nobody has"),
        may("reviewed_on", "the day of the review, as a date or a text; empty while nobody has"),
        may(
            "approvals",
            "how many people other than the one who acted must approve each issue and each release: 0 to 9; 0 if it is not stated",
        ),
        needed("hold", "one table [[hold]] for each hold"),
    ],
};

/// A hold.
pub const HOLD: Sort = Sort {
    what: "a hold",
    keys: &[
        needed("id", "what names the hold in decisions: [A-Za-z0-9][A-Za-z0-9._:-]{0,99}"),
        needed("matter", "the case or inquiry"),
        may("everything", "true: the hold covers all records, and names nobody and no place"),
        may("users", "custodians by username, e-mail address or id; no *"),
        may("groups", "groups whose members are custodians, by name or id; no *"),
        may("channels", "channels as \"TEAM/NAME\" or by id, with *"),
        may("teams", "teams by name or id, with *"),
        may(
            "keywords",
            "words or phrases: of posts, only those are held that have one of them in any version, with all that belongs to them",
        ),
        may("from", "first moment of events that are held; open if it is not stated"),
        may("until", "first moment that is not held any more; open if it is not stated"),
        needed("issued", "a table: who issued the hold, when and why"),
        may("released", "a table: who released the hold, when and why; a released hold stays in the file"),
    ],
};

/// An act: the issue or release of a hold.
pub const ACT: Sort = Sort {
    what: "an act",
    keys: &[
        needed("by", "who acted"),
        needed("at", "when"),
        needed("why", "why"),
        may("approved_by", "who approved it"),
    ],
};

/// What `precedence` knows.
pub const PRECEDENCES: [Word<Precedence>; 2] = [
    Word {
        word: "longest-minimum",
        value: Precedence::LongestMinimum,
        meaning: "hold > longest required minimum > shortest allowed maximum",
    },
    Word {
        word: "mattermost",
        value: Precedence::Mattermost,
        meaning: "as the server does it: channel > team > the rest, the most specific wins outright",
    },
];

/// What `clock` knows.
pub const CLOCKS: [Word<Clock>; 6] = [
    Word { word: "created", value: Clock::Created, meaning: "when the record came into being, its origin time" },
    Word { word: "last-edit", value: Clock::LastEdit, meaning: "the last edit of the post, or its creation" },
    Word {
        word: "thread-last-reply",
        value: Clock::ThreadLastReply,
        meaning: "the last post of the thread, deleted ones included",
    },
    Word { word: "channel-archived", value: Clock::ChannelArchived, meaning: "when the channel was archived" },
    Word { word: "user-left", value: Clock::UserLeft, meaning: "when the user was deactivated" },
    Word {
        word: "run-finished",
        value: Clock::RunFinished,
        meaning: "when the playbook run finished; of a channel with several runs, the last of them",
    },
];

/// What `cutoff` knows; the value says whether periods begin at the end of the year.
pub const CUTOFFS: [Word<bool>; 2] = [
    Word { word: "clock", value: false, meaning: "periods begin at the clock itself" },
    Word {
        word: "year-end",
        value: true,
        meaning: "periods begin at the end of the year in which the clock lies; year_begins says when that is",
    },
];

/// What `then` knows.
pub const THENS: [Word<Then>; 3] = [
    Word {
        word: "dispose",
        value: Then::Dispose,
        meaning: "it is withheld from archives, listed in data/withheld.jsonl, and may be disposed of",
    },
    Word { word: "review", value: Then::Review, meaning: "a person decides; it stays in archives and is counted" },
    Word {
        word: "transfer",
        value: Then::Transfer,
        meaning: "it is to be handed to another keeper; it stays in archives and is counted",
    },
];

/// What `thread` knows.
pub const THREADS: [Word<ThreadRule>; 3] = [
    Word { word: "newest", value: ThreadRule::Newest, meaning: "the whole thread stays until its last post may go" },
    Word { word: "oldest", value: ThreadRule::Oldest, meaning: "the whole thread goes with its first post" },
    Word { word: "per-post", value: ThreadRule::PerPost, meaning: "each post by itself" },
];

/// What `channel_types` knows.
pub const CHANNEL_TYPES: [Word<ChannelType>; 4] = [
    Word { word: "open", value: ChannelType::Open, meaning: "open to all of the team" },
    Word { word: "private", value: ChannelType::Private, meaning: "for those who were added" },
    Word { word: "direct", value: ChannelType::Direct, meaning: "between two people, or one alone" },
    Word { word: "group", value: ChannelType::Group, meaning: "between a few people" },
];
