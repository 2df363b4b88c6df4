//! Random stories, with rules and holds about them: few names and few times, so that everything meets.

use super::dice::Dice;
use super::story::{Channel, Record, Row, Run, Story, User, When};
use chatseal::policy::hold::{Act, Hold, HoldOrigin};
use chatseal::policy::rule::{
    ChannelType, Clock, Cutoff, FilePeriods, Pattern, Period, Policy, Precedence, Rule, Scope, Then, ThreadRule,
};
use chatseal::policy::set::Set;
use chatseal::policy::subject::OF_POSTS;
use chatseal::record::time::{Millis, Window, parse};

pub(crate) const DAY: Millis = 86_400_000;

/// The moment of the decisions: after a leap day, so that months and years before it differ.
pub(crate) fn now() -> Millis {
    parse("2024-03-31T12:00:00Z").unwrap()
}

/// A time at, just before or just after the boundary of some period; seldom none.
pub(crate) fn time(dice: &mut Dice) -> Millis {
    let text = dice.of(&[
        "2024-03-31T12:00:00Z",
        "2024-03-30T12:00:00Z",
        "2024-03-01T12:00:00Z",
        "2024-02-29T12:00:00Z",
        "2024-01-31T12:00:00Z",
        "2023-12-31T23:59:59.999Z",
        "2024-01-01T00:00:00Z",
        "2023-03-31T12:00:00Z",
        "2023-04-01T12:00:00Z",
        "2022-12-31T12:00:00Z",
    ]);
    if dice.one_in(30) { 0 } else { parse(text).unwrap() + dice.of(&[-1, 0, 0, 1]) }
}

fn perhaps(dice: &mut Dice) -> Option<Millis> {
    dice.one_in(2).then(|| time(dice)).filter(|at| *at != 0)
}

/// Ids of all the spellings that there are.
fn id(sort: &str, n: usize) -> String {
    match n % 3 {
        0 => format!("{:z<26}", format!("{sort}{n}")),
        1 => format!("s:{:0>32x}", (sort.len() * 100 + n) * usize::from(sort.as_bytes()[0])),
        _ => format!("{sort}-{n}"),
    }
}

const WORDS: [&str; 5] = ["merger", "Über uns", "nothing", "the MERGER  of\nall", "lunch"];

pub(crate) fn story(dice: &mut Dice, posts: usize) -> Story {
    let mut story = Story { teams: vec![(id("t", 0), "ops".into()), (id("t", 1), "dev".into())], ..Story::default() };
    let kinds = [ChannelType::Open, ChannelType::Private, ChannelType::Open, ChannelType::Direct, ChannelType::Group];
    for (n, kind) in kinds.into_iter().enumerate() {
        let is_in_team = matches!(kind, ChannelType::Open | ChannelType::Private);
        let team = if is_in_team { story.teams[n % 2].0.clone() } else { String::new() };
        let name = ["town", "desk", "town", "u0__u1", "abc"][n].to_owned();
        story.channels.push(Channel { id: id("c", n), team, name, kind, archived_at: perhaps(dice) });
    }
    for n in 0..4 {
        let roles = dice.of(&["system_user", "system_user system_admin", ""]).to_string();
        story.users.push(User { id: id("u", n), name: format!("user{n}"), roles, left_at: perhaps(dice) });
    }
    let user = |dice: &mut Dice| if dice.one_in(15) { "gone".to_owned() } else { id("u", dice.below(4)) };
    let channel = |dice: &mut Dice| if dice.one_in(15) { "gone".to_owned() } else { id("c", dice.below(5)) };
    for n in 0..2 {
        let members = (0..dice.below(3)).map(|_| user(dice)).collect();
        story.groups.push((id("g", n), format!("group{n}"), members));
    }
    for _ in 0..dice.below(12) {
        story.memberships.push((channel(dice), user(dice), time(dice), perhaps(dice)));
    }
    for _ in 0..dice.below(6) {
        story.members.push((channel(dice), user(dice)));
    }
    for n in 0..dice.below(3) {
        let finished_at = perhaps(dice);
        story.runs.push(Run { id: id("r", n), name: format!("run{n}"), channel: channel(dice), finished_at });
    }
    for n in 0..posts {
        let before: Vec<String> = story.posts.iter().map(|row| row.id.clone()).collect();
        // Some roots and originals are gone.
        let other = |dice: &mut Dice, odds| match dice.one_in(odds) {
            true if dice.one_in(8) => "gone-post".to_owned(),
            true if !before.is_empty() => dice.of(&before).clone(),
            _ => String::new(),
        };
        let root = other(dice, 2);
        let original = other(dice, 5);
        // What names a version names nothing: versions have no replies and no versions.
        let is_version = |id: &String| story.posts.iter().any(|row| row.id == *id && !row.original.is_empty());
        let root = if is_version(&root) { String::new() } else { root };
        let original = if is_version(&original) { String::new() } else { original };
        let edit_at = perhaps(dice).unwrap_or(0);
        let delete_at = if dice.one_in(4) { time(dice) } else { 0 };
        story.posts.push(Row {
            id: id("p", n),
            create_at: time(dice),
            edit_at,
            delete_at,
            channel: channel(dice),
            user: user(dice),
            root,
            original,
            post_type: dice.of(&["", "", "system_join_channel", "custom_run"]).to_string(),
            is_pinned: *dice.of(&[None, Some(false), Some(true)]),
            props: dice.of(&["{}", r#"{"from_bot":"true"}"#, r#"{"from_webhook":true,"a":"\u006derger"}"#]).to_string(),
            hashtags: dice.of(&["", "#one", "#One #two"]).to_string(),
            message: dice.of(&WORDS).to_string(),
        });
    }
    let kinds = ["audit", "user", "channel_membership", "playbook_run", "team", "draft"];
    for _ in 0..posts {
        let is_item = dice.one_in(2);
        let kind = if is_item { *dice.of(&OF_POSTS) } else { *dice.of(&kinds) };
        let post = match (is_item, story.posts.is_empty() || dice.one_in(10)) {
            (false, _) => String::new(),
            (true, true) => "gone-post".to_owned(),
            // Nothing belongs to an earlier version.
            (true, false) => {
                let row = dice.of(&story.posts);
                if row.original.is_empty() { row.id.clone() } else { "gone-post".to_owned() }
            }
        };
        let times = match dice.below(4) {
            0 => When::Always,
            1 => When::Span(time(dice), perhaps(dice)),
            _ => When::At((0..dice.below(3)).map(|_| time(dice)).collect()),
        };
        let run =
            if dice.one_in(4) && !story.runs.is_empty() { dice.of(&story.runs).id.clone() } else { String::new() };
        let place = dice.one_in(2);
        story.records.push(Record {
            kind: kind.to_owned(),
            id: format!("record{}", story.records.len()),
            at: time(dice),
            times,
            team: if dice.one_in(3) { id("t", dice.below(2)) } else { String::new() },
            channel: if place { channel(dice) } else { String::new() },
            users: (0..dice.below(3)).map(|_| user(dice)).collect(),
            run,
            post,
            server_time: perhaps(dice),
        });
    }
    story
}

fn some(dice: &mut Dice, odds: usize, of: &[&str]) -> Vec<Pattern> {
    if !dice.one_in(odds) {
        return Vec::new();
    }
    (0..=dice.below(2)).map(|_| Pattern(dice.of(of).to_string())).collect()
}

fn scope(dice: &mut Dice) -> Scope {
    let (t0, c1, c3, u1) = (id("t", 0), id("c", 1), id("c", 3), id("u", 1));
    Scope {
        teams: some(dice, 6, &["ops", "d*", &t0, "nowhere"]),
        channels: some(dice, 6, &["ops/town", "*/desk", &c1, &c3, "gone"]),
        channel_types: match dice.below(8) {
            0 => vec![ChannelType::Open],
            1 => vec![ChannelType::Direct, ChannelType::Group],
            _ => Vec::new(),
        },
        users: some(dice, 8, &["user0", "user*", &u1, "gone"]),
        roles: some(dice, 10, &["system_admin", "*_user"]),
        groups: some(dice, 10, &["group0", "group*"]),
        kinds: some(dice, 5, &["post", "*", "audit", "u*", "channel_membership", "playbook_run"]),
        post_types: some(dice, 10, &["", "system_*", "custom_run"]),
        props: some(dice, 10, &["from_bot", "from_*"]),
        tags: some(dice, 10, &["one", "T*"]),
        runs: some(dice, 10, &["run0", "run*"]),
    }
}

pub(crate) fn period(dice: &mut Dice) -> Period {
    match dice.below(8) {
        0 => Period::Forever,
        1..4 => Period::Months(*dice.of(&[0, 1, 2, 3, 12, 15])),
        _ => Period::Millis(DAY * dice.of(&[0, 1, 30, 31, 60, 91, 365, 366])),
    }
}

pub(crate) fn rule(dice: &mut Dice, n: usize) -> Rule {
    let perhaps = |dice: &mut Dice| dice.one_in(2).then(|| period(dice));
    Rule {
        id: format!("policy/rule{n}"),
        title: String::new(),
        scope: scope(dice),
        except: dice.one_in(4).then(|| scope(dice)),
        clock: *dice.of(&[
            Clock::Created,
            Clock::Created,
            Clock::LastEdit,
            Clock::ThreadLastReply,
            Clock::ChannelArchived,
            Clock::UserLeft,
            Clock::RunFinished,
        ]),
        cutoff: *dice.of(&[
            Cutoff::Clock,
            Cutoff::Clock,
            Cutoff::YearEnd { month: 1, day: 1 },
            Cutoff::YearEnd { month: 3, day: 28 },
        ]),
        keep_for: perhaps(dice),
        dispose_after: perhaps(dice),
        then: *dice.of(&[Then::Dispose, Then::Dispose, Then::Review, Then::Transfer]),
        thread: *dice.of(&[ThreadRule::Newest, ThreadRule::Newest, ThreadRule::Oldest, ThreadRule::PerPost]),
        keeps_pinned: dice.one_in(3),
        files: dice.one_in(4).then(|| FilePeriods { keep_for: perhaps(dice), dispose_after: perhaps(dice) }),
    }
}

pub(crate) fn hold(dice: &mut Dice, n: usize) -> Hold {
    let act = |at| Act { by: "counsel".into(), at, why: "matter".into(), approved_by: Vec::new() };
    let names = |patterns: Vec<Pattern>| patterns.into_iter().map(|Pattern(name)| name).collect();
    let (c0, u2) = (id("c", 0), id("u", 2));
    let keywords = names(some(dice, 3, &["MERGER", "über", "of all", "absent"]));
    Hold {
        id: format!("hold{}", n * 7 % 5),
        matter: String::new(),
        origin: *dice.of(&[HoldOrigin::File, HoldOrigin::File, HoldOrigin::Plugin]),
        everything: dice.one_in(12),
        users: names(some(dice, 2, &["user0", "USER1@example.org", &u2, "gone"])),
        groups: names(some(dice, 5, &["group0", "group1"])),
        channels: some(dice, 4, &["ops/*", &c0, "gone", "*desk"]),
        teams: some(dice, 6, &["ops", "de*"]),
        keywords,
        includes_open_channels: !dice.one_in(3),
        window: Window { from: perhaps(dice), until: perhaps(dice) },
        issued: act(if dice.one_in(8) { now() + 1 } else { now() - 1 }),
        released: dice.one_in(6).then(|| act(now() + dice.of(&[-1, 0, 1]))),
    }
}

pub(crate) fn set(dice: &mut Dice, rules: usize, holds: usize) -> Set {
    let policy = |id: &str, rules| Policy {
        id: id.into(),
        title: String::new(),
        about: String::new(),
        citation: String::new(),
        review: None,
        precedence: Precedence::LongestMinimum,
        rules,
    };
    let mut rules: Vec<Rule> = (0..rules).map(|n| rule(dice, n)).collect();
    let second = rules.split_off(rules.len() / 2);
    Set {
        policies: vec![policy("one", rules), policy("two", second)],
        holds: (0..holds).map(|n| hold(dice, n)).collect(),
    }
}
