//! Holds: what they cover, since when, why, and why not.

use super::dice::Dice;
use super::harbour::{at, harbour, hold, item, post, rule, set};
use super::story::{Record, Row, Story, When};
use chatseal::policy::decision::Disposition;
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::explanation::{NotHeld, Reason};
use chatseal::policy::hold::{Hold, HoldOrigin};
use chatseal::policy::rule::{Pattern, Period};
use chatseal::policy::subject::Subject;
use chatseal::policy::unknown::{Unknown, UnknownIn};
use chatseal::record::time::{Millis, Window};

const NOW: &str = "2030-01-01";

fn evaluator(story: &Story, holds: Vec<Hold>, now: Millis) -> (Evaluator, Vec<Unknown>) {
    let dispose = rule("r", |rule| rule.dispose_after = Some(Period::Months(1)));
    Evaluator::new(story.tell(set(vec![dispose], holds), &mut Dice(3)), now)
}

/// How a hold says that it covers a record: its reasons in short, or why not.
fn why(evaluator: &Evaluator, subject: &Subject<'_>) -> String {
    let explanation = evaluator.explain(subject);
    if let Some(not) = explanation.not_holding.first() {
        assert!(explanation.decision.holds.is_empty());
        return match not.because {
            NotHeld::NotIssued => "not issued",
            NotHeld::Released => "released",
            NotHeld::OutsideWindow => "outside",
            NotHeld::NoKeyword => "no keyword",
            NotHeld::Elsewhere => "elsewhere",
        }
        .into();
    }
    let reasons = explanation.holding[0].reasons.iter().map(|reason| match reason {
        Reason::Everything => "everything".to_owned(),
        Reason::Channel(channel) => format!("in {channel}"),
        Reason::Team(team) => format!("in team {team}"),
        Reason::By(user) => format!("by {user}"),
        Reason::Seen { user, from_current: true, .. } => format!("{user} is there now"),
        Reason::Seen { user, .. } => format!("{user} was there"),
    });
    let words = explanation.holding[0].keywords.iter().map(|word| format!("says {word}"));
    reasons.chain(words).collect::<Vec<_>>().join(", ")
}

fn patterns(text: &str) -> Vec<Pattern> {
    vec![Pattern(text.into())]
}

fn stay(channel: &str, user: &str, from: &str, until: Option<&str>) -> (String, String, Millis, Option<Millis>) {
    (channel.into(), user.into(), at(from), until.map(at))
}

/// The harbour, with stays of Bob.
fn watched() -> Story {
    Story {
        memberships: vec![
            stay("bridge", "bob", "2024-01-30T09:00:00Z", Some("2024-02-10T00:00:00.001Z")),
            stay("quay", "bob", "2023-01-01", None),
        ],
        members: vec![("mole".into(), "bob".into()), ("direct".into(), "bob".into())],
        ..harbour()
    }
}

#[test]
fn holds_cover_places_people_and_what_people_could_see() {
    let story = watched();
    for (make, id, expected) in [
        (hold("h", |hold| hold.everything = true), "alone", "everything"),
        (hold("h", |hold| hold.channels = patterns("ops/br*")), "alone", "in bridge"),
        (hold("h", |hold| hold.channels = patterns("bridge")), "in-run", "elsewhere"),
        (hold("h", |hold| hold.teams = patterns("ops")), "in-run", "in team ops"),
        (hold("h", |hold| hold.teams = patterns("ops")), "in-direct", "elsewhere"),
        (hold("h", |hold| hold.users = vec!["ADA@example.org".into()]), "alone", "by ada"),
        (hold("h", |hold| hold.users = vec!["bob".into()]), "root", "bob was there"),
        // Made at the millisecond at which he left; he wrote it all the same.
        (hold("h", |hold| hold.users = vec!["bob".into()]), "reply", "by bob"),
        // Made before he came, and edited while he was there.
        (hold("h", |hold| hold.users = vec!["bob".into()]), "alone", "bob was there"),
        (hold("h", |hold| hold.users = vec!["bob".into()]), "in-two-runs", "bob is there now"),
        (hold("h", |hold| hold.users = vec!["bob".into()]), "in-run", "bob was there"),
        (hold("h", |hold| hold.users = vec!["bob".into()]), "by-leaver", "outside"),
        (hold("h", |hold| hold.users = vec!["bob".into()]), "in-archived", "elsewhere"),
        (hold("h", |hold| hold.users = vec!["purged".into()]), "by-nobody-known", "by purged"),
    ] {
        let (evaluator, _) = evaluator(&story, vec![make.clone()], at(NOW));
        let row = story.posts.iter().find(|row| row.id == id).unwrap();
        row.with(|subject| {
            assert_eq!(why(&evaluator, subject), expected, "{id}");
            let is_held = evaluator.decide(subject).disposition == Disposition::Held;
            assert_eq!(is_held, !["outside", "elsewhere"].contains(&expected), "{id}");
        });
    }
}

#[test]
fn a_member_whom_history_has_leave_came_back_then() {
    let left = at("2024-02-10");
    let mut story = Story { posts: Vec::new(), ..harbour() };
    story.memberships = vec![stay("engine", "bob", "2024-01-30", Some("2024-02-10"))];
    story.members = vec![("engine".into(), "bob".into())];
    for (created, expected) in [
        (at("2024-01-29"), "outside"),
        (left - 1, "bob was there"),
        (left, "bob is there now"),
        (at("2025-01-01"), "bob is there now"),
    ] {
        let row = Row { create_at: created, ..post("p", "engine", "ada") };
        story.posts = vec![row.clone()];
        let (evaluator, _) = evaluator(&story, vec![hold("h", |hold| hold.users = vec!["bob".into()])], at(NOW));
        row.with(|subject| assert_eq!(why(&evaluator, subject), expected, "{created}"));
    }
}

#[test]
fn open_channels_count_as_seen_unless_the_plugin_was_told_otherwise() {
    let story = watched();
    for (includes, id, expected) in [
        (true, "in-run", "bob was there"),
        (false, "in-run", "elsewhere"),
        (false, "in-direct", "by bob, bob is there now"),
    ] {
        let bob = hold("h", |hold| {
            hold.users = vec!["bob".into()];
            hold.includes_open_channels = includes;
        });
        let (evaluator, _) = evaluator(&story, vec![bob], at(NOW));
        let row = story.posts.iter().find(|row| row.id == id).unwrap();
        row.with(|subject| {
            let why = why(&evaluator, subject);
            assert_eq!(if why == "outside" { "elsewhere" } else { &why }, expected, "{id}");
        });
    }
}

#[test]
fn the_plugin_collects_by_days() {
    let day = 86_400_000;
    let (from, until) = (at("2024-02-01"), at("2024-02-02"));
    let mut story = Story { posts: Vec::new(), ..harbour() };
    story.memberships = vec![("engine".into(), "bob".into(), from, Some(until))];
    for (origin, created, expected) in [
        (HoldOrigin::File, from - 1, "outside"),
        (HoldOrigin::File, from, "bob was there"),
        (HoldOrigin::File, until - 1, "bob was there"),
        (HoldOrigin::File, until, "outside"),
        (HoldOrigin::Plugin, from - day - 1, "outside"),
        (HoldOrigin::Plugin, from - day, "bob was there"),
        (HoldOrigin::Plugin, until + day - 1, "bob was there"),
        (HoldOrigin::Plugin, until + day, "outside"),
    ] {
        let row = Row { create_at: created, ..post("p", "engine", "ada") };
        story.posts = vec![row.clone()];
        let bob = hold("h", |hold| {
            hold.users = vec!["bob".into()];
            hold.origin = origin;
        });
        let (evaluator, _) = evaluator(&story, vec![bob], at(NOW));
        row.with(|subject| assert_eq!(why(&evaluator, subject), expected, "{origin:?} {}", created - from));
    }
}

#[test]
fn windows_and_times_of_force_are_half_open() {
    let row = Row { create_at: 1_000, edit_at: 2_000, ..post("p", "bridge", "ada") };
    let story = Story { posts: vec![row.clone()], ..harbour() };
    for (from, until, expected) in [
        (None, Some(1_000), "outside"),
        (None, Some(1_001), "everything"),
        (Some(1_001), Some(2_000), "outside"),
        (Some(1_001), Some(2_001), "everything"),
        (Some(2_000), None, "everything"),
        (Some(2_001), None, "outside"),
        (Some(2_000), Some(2_000), "outside"),
    ] {
        let all = hold("h", |hold| {
            hold.everything = true;
            hold.window = Window { from, until };
        });
        let (evaluator, _) = evaluator(&story, vec![all], at(NOW));
        row.with(|subject| assert_eq!(why(&evaluator, subject), expected, "{from:?} {until:?}"));
    }
    let issued = at("2024-03-01");
    for (now, expected) in
        [(issued - 1, "not issued"), (issued, "everything"), (issued + 9, "everything"), (issued + 10, "released")]
    {
        let mut all = hold("h", |hold| hold.everything = true);
        all.released = Some(all.issued.clone());
        all.released.as_mut().unwrap().at = issued + 10;
        let (evaluator, _) = evaluator(&story, vec![all], now);
        row.with(|subject| assert_eq!(why(&evaluator, subject), expected, "{}", now - issued));
    }
}

#[test]
fn a_keyword_in_any_version_holds_the_post_with_all_that_belongs_to_it() {
    let mut story = harbour();
    let version =
        Row { original: "alone".into(), message: "Call it Project Anchor".into(), ..post("version", "bridge", "ada") };
    story.posts.push(version);
    let bot = Row { props: r#"{"attachments":[{"text":"the\nANCHOR"}]}"#.into(), ..post("bot", "bridge", "ada") };
    story.posts.push(bot);
    let words = hold("h", |hold| {
        hold.everything = true;
        hold.keywords = vec!["project anchor".into(), "the anchor".into()];
    });
    let (evaluator, _) = evaluator(&story, vec![words], at(NOW));
    for (id, expected) in [
        ("alone", "everything"),
        ("version", "everything, says project anchor"),
        ("bot", "everything, says the anchor"),
        ("root", "no keyword"),
    ] {
        let row = story.posts.iter().find(|row| row.id == id).unwrap();
        row.with(|subject| assert_eq!(why(&evaluator, subject), expected, "{id}"));
    }
    for (record, expected) in [
        (item("file", "alone", "2024-05-05"), "everything"),
        (Record { times: When::Always, ..item("saved_post", "version", "2024-05-05") }, "no keyword"),
        (Record { kind: "audit".into(), at: 1, ..Record::default() }, "no keyword"),
    ] {
        record.with(|subject| assert_eq!(why(&evaluator, subject), expected, "{}", record.kind));
    }
}

#[test]
fn custodians_are_covered_by_whatever_they_did() {
    let story = watched();
    let bob = hold("h", |hold| {
        hold.users = vec!["bob".into()];
        hold.window = Window { from: Some(at("2024-02-01")), until: None };
    });
    let (evaluator, _) = evaluator(&story, vec![bob], at(NOW));
    let by = |kind: &str, users: &[&str], times: When| Record {
        kind: kind.into(),
        users: users.iter().map(ToString::to_string).collect(),
        times,
        ..Record::default()
    };
    let january = || When::At(vec![at("2024-01-05")]);
    for (record, expected) in [
        (by("user", &["bob"], When::Always), "by bob"),
        (by("user", &["ada"], When::Always), "elsewhere"),
        (by("session", &["bob"], When::At(vec![at("2024-02-05")])), "by bob"),
        (by("session", &["bob"], january()), "outside"),
        (by("audit", &["ada", "bob"], When::At(vec![at("2024-02-05")])), "by bob"),
        // It lasted into the window.
        (by("playbook_run", &["bob"], When::Span(at("2024-01-05"), Some(at("2024-02-03")))), "by bob"),
        (by("playbook_run", &["bob"], When::Span(at("2024-01-05"), Some(at("2024-02-01")))), "outside"),
        (by("playbook_run", &["bob"], When::Span(at("2024-01-05"), None)), "by bob"),
        // When is not known: no window parts it.
        (by("session", &["bob"], When::At(Vec::new())), "by bob"),
    ] {
        record.with(|subject| assert_eq!(why(&evaluator, subject), expected, "{record:?}"));
    }
}

#[test]
fn names_that_match_nothing_are_told_with_what_was_meant() {
    let story = harbour();
    let of_rule = rule("r", |rule| {
        rule.scope.channels = vec![Pattern("ops/bridg".into()), Pattern("ops/*".into()), Pattern("nothing*".into())];
        rule.scope.teams = patterns("op");
        rule.except = Some(chatseal::policy::rule::Scope { runs: patterns("threee"), ..Default::default() });
    });
    let of_hold = hold("h", |hold| {
        hold.users = vec!["eva".into(), "bob@example.org".into(), "bob".into()];
        hold.groups = vec!["crew".into()];
    });
    let mut released = of_hold.clone();
    released.released = Some(released.issued.clone());
    let world = story.tell(set(vec![of_rule], vec![of_hold, released]), &mut Dice(1));
    let (_, unknown) = Evaluator::new(world, at(NOW));
    let told: Vec<_> =
        unknown.iter().map(|unknown| (unknown.what, unknown.name.as_str(), unknown.near.join(" "))).collect();
    let expected = [
        ("team", "op", "ops"),
        ("channel", "ops/bridg", "ops/bridge"),
        ("run", "threee", "three"),
        ("user", "eva", "eve ada"),
        ("group", "crew", ""),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(what, name, near)| (what, name, near.to_owned())).collect();
    assert_eq!(
        told.iter().map(|(what, name, _)| (*what, *name)).collect::<Vec<_>>(),
        expected.iter().map(|(what, name, _)| (*what, *name)).collect::<Vec<_>>()
    );
    for ((_, name, near), (_, _, meant)) in told.iter().zip(&expected) {
        let first = meant.split(' ').next().unwrap_or_default();
        assert!(near.starts_with(first), "{name}: {near}");
    }
    assert_eq!(unknown[0].of, UnknownIn::Rule("r".into()));
    assert_eq!(unknown[4].of, UnknownIn::Hold("h".into()));
}
