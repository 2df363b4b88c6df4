//! A small server that the tables speak of.

use super::story::{Channel, Record, Row, Run, Story, User, When};
use chatseal::policy::hold::{Act, Hold, HoldOrigin};
use chatseal::policy::rule::{ChannelType, Clock, Cutoff, Policy, Precedence, Rule, Scope, Then, ThreadRule};
use chatseal::policy::set::Set;
use chatseal::record::time::{Millis, Window, parse};

pub(crate) fn at(text: &str) -> Millis {
    parse(text).unwrap()
}

pub(crate) fn post(id: &str, channel: &str, user: &str) -> Row {
    Row {
        id: id.into(),
        create_at: at("2024-01-01T10:00:00Z"),
        channel: channel.into(),
        user: user.into(),
        is_pinned: Some(false),
        props: "{}".into(),
        ..Row::default()
    }
}

/// Something that belongs to a post, made at this time.
pub(crate) fn item(kind: &str, post: &str, made: &str) -> Record {
    let at = at(made);
    Record { kind: kind.into(), at, times: When::At(vec![at]), post: post.into(), ..Record::default() }
}

/// Team `ops` with the channels `bridge` (open), `engine` (private, archived), `quay` (open, of one run that is over) and
/// `mole` (open, of two runs, one of which goes on); a direct channel of Ada and Bob. Eve left.
pub(crate) fn harbour() -> Story {
    let mut story = Story { teams: vec![("ops-id".into(), "ops".into())], ..Story::default() };
    for (id, kind, archived_at) in [
        ("bridge", ChannelType::Open, None),
        ("engine", ChannelType::Private, Some(at("2024-01-31T23:59:59.999Z"))),
        ("quay", ChannelType::Open, None),
        ("mole", ChannelType::Open, None),
        ("direct", ChannelType::Direct, None),
    ] {
        let team = if kind == ChannelType::Direct { String::new() } else { "ops-id".into() };
        story.channels.push(Channel { id: id.into(), team, name: id.into(), kind, archived_at });
    }
    for (id, left_at) in [("ada", None), ("bob", None), ("eve", Some(at("2024-03-01")))] {
        story.users.push(User { id: id.into(), name: id.into(), roles: "system_user".into(), left_at });
    }
    for (id, channel, finished_at) in
        [("one", "quay", Some(at("2024-02-02"))), ("two", "mole", Some(at("2024-02-02"))), ("three", "mole", None)]
    {
        story.runs.push(Run { id: id.into(), name: id.into(), channel: channel.into(), finished_at });
    }
    let day = at("2024-01-29T10:00:00Z");
    story.posts = vec![
        Row { create_at: day, edit_at: at("2024-02-05T08:00:00Z"), ..post("alone", "bridge", "ada") },
        Row { create_at: at("2024-01-30T09:00:00Z"), edit_at: at("2024-02-20"), ..post("root", "bridge", "ada") },
        Row { create_at: at("2024-02-10T00:00:00.001Z"), root: "root".into(), ..post("reply", "bridge", "bob") },
        Row { create_at: at("2024-02-03"), root: "root".into(), delete_at: 9, ..post("gone", "bridge", "bob") },
        post("in-archived", "engine", "ada"),
        post("by-leaver", "bridge", "eve"),
        post("by-nobody-known", "bridge", "purged"),
        post("in-run", "quay", "ada"),
        post("in-two-runs", "mole", "ada"),
        post("in-direct", "direct", "bob"),
    ];
    story.posts[0].create_at = at("2024-01-29T10:00:00Z");
    story
}

/// A rule for all messages, changed.
pub(crate) fn rule(id: &str, change: impl Fn(&mut Rule)) -> Rule {
    let mut rule = Rule {
        id: id.into(),
        title: String::new(),
        scope: Scope::default(),
        except: None,
        clock: Clock::Created,
        cutoff: Cutoff::Clock,
        keep_for: None,
        dispose_after: None,
        then: Then::Dispose,
        thread: ThreadRule::Newest,
        keeps_pinned: false,
        files: None,
    };
    change(&mut rule);
    rule
}

/// A hold of nothing yet, changed.
pub(crate) fn hold(id: &str, change: impl Fn(&mut Hold)) -> Hold {
    let mut hold = Hold {
        id: id.into(),
        matter: "Collision at the quay".into(),
        origin: HoldOrigin::File,
        everything: false,
        users: Vec::new(),
        groups: Vec::new(),
        channels: Vec::new(),
        teams: Vec::new(),
        keywords: Vec::new(),
        includes_open_channels: true,
        window: Window::default(),
        issued: Act { by: "counsel".into(), at: at("2024-03-01"), why: "claim".into(), approved_by: Vec::new() },
        released: None,
    };
    change(&mut hold);
    hold
}

pub(crate) fn set(rules: Vec<Rule>, holds: Vec<Hold>) -> Set {
    let policy = Policy {
        id: "policy".into(),
        title: String::new(),
        about: String::new(),
        citation: String::new(),
        review: None,
        precedence: Precedence::LongestMinimum,
        rules,
    };
    Set { policies: vec![policy], holds }
}
