//! Tables of decisions, each with its reason: every clock to the millisecond, threads, files, pins, precedence.

use super::dice::Dice;
use super::harbour::{at, harbour, item, post, rule, set};
use super::story::{Record, Row, Story};
use chatseal::policy::decision::{Disposition, Until};
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::rule::{Clock, Cutoff, FilePeriods, Pattern, Period, Precedence, Rule, Scope, Then, ThreadRule};
use chatseal::record::time::{Millis, format};

const DAY: Millis = 86_400_000;

fn evaluator(story: &Story, rules: Vec<Rule>, now: Millis) -> Evaluator {
    let (evaluator, unknown) = Evaluator::new(story.tell(set(rules, Vec::new()), &mut Dice(7)), now);
    assert_eq!(unknown, []);
    evaluator
}

fn of_post(story: &Story, rules: Vec<Rule>, now: Millis, id: &str) -> Disposition {
    let row = story.posts.iter().find(|row| row.id == id).unwrap();
    let evaluator = evaluator(story, rules, now);
    row.with(|subject| evaluator.decide(subject).disposition)
}

fn of_record(story: &Story, rules: Vec<Rule>, now: Millis, record: &Record) -> Disposition {
    // The record names its post, so facts are kept of it.
    let story = Story { records: vec![record.clone()], ..story.clone() };
    let evaluator = evaluator(&story, rules, now);
    record.with(|subject| evaluator.decide(subject).disposition)
}

/// A rule that covers everything and disposes of it a month after this clock.
fn month_after(clock: Clock) -> Rule {
    let everything = Scope { kinds: vec![Pattern("*".into())], ..Scope::default() };
    rule("month", |rule| {
        rule.scope = everything.clone();
        rule.clock = clock;
        rule.dispose_after = Some(Period::Months(1));
    })
}

#[test]
fn every_clock_runs_out_to_the_millisecond() {
    let end = |text: &str| at(text);
    for (clock, id, due) in [
        (Clock::Created, "alone", end("2024-02-29T10:00:00Z")),
        (Clock::LastEdit, "alone", end("2024-03-05T08:00:00Z")),
        (Clock::Created, "root", end("2024-03-10T00:00:00.001Z")),
        (Clock::LastEdit, "root", end("2024-03-20T00:00:00Z")),
        (Clock::ThreadLastReply, "root", end("2024-03-10T00:00:00.001Z")),
        (Clock::ThreadLastReply, "reply", end("2024-03-10T00:00:00.001Z")),
        (Clock::ThreadLastReply, "alone", end("2024-02-29T10:00:00Z")),
        (Clock::ChannelArchived, "in-archived", end("2024-02-29T23:59:59.999Z")),
        (Clock::UserLeft, "by-leaver", end("2024-04-01T00:00:00Z")),
        (Clock::RunFinished, "in-run", end("2024-03-02T00:00:00Z")),
    ] {
        let rules = || vec![month_after(clock)];
        let story = harbour();
        assert_eq!(of_post(&story, rules(), due - 1, id), Disposition::Keep, "{clock:?} of {id}, one before");
        assert_eq!(of_post(&story, rules(), due, id), Disposition::Dispose, "{clock:?} of {id}");
    }
}

#[test]
fn a_clock_that_has_not_started_never_runs_out() {
    let never = at("9000-01-01");
    for (clock, id) in [
        (Clock::ChannelArchived, "alone"),
        (Clock::UserLeft, "alone"),
        (Clock::UserLeft, "by-nobody-known"),
        (Clock::RunFinished, "alone"),
        (Clock::RunFinished, "in-two-runs"),
    ] {
        assert_eq!(of_post(&harbour(), vec![month_after(clock)], never, id), Disposition::Keep, "{clock:?} of {id}");
        let mut requires = month_after(clock);
        (requires.keep_for, requires.dispose_after) = (Some(Period::Months(1)), None);
        let story = harbour();
        let evaluator = evaluator(&story, vec![requires], never);
        let row = story.posts.iter().find(|row| row.id == id).unwrap();
        row.with(|subject| assert_eq!(evaluator.decide(subject).keep_until, Some(Until::Forever), "{clock:?}"));
    }
    // A kind without a time of origin is at 0, which is no time.
    let member = Record { kind: "team_member".into(), ..Record::default() };
    assert_eq!(of_record(&harbour(), vec![month_after(Clock::Created)], never, &member), Disposition::Keep);
    let audit = Record { kind: "audit".into(), at: 1, ..Record::default() };
    assert_eq!(of_record(&harbour(), vec![month_after(Clock::Created)], never, &audit), Disposition::Dispose);
}

#[test]
fn periods_follow_the_calendar() {
    for (created, period, due) in [
        ("2024-01-31T12:00:00Z", Period::Months(1), "2024-02-29T12:00:00Z"),
        ("2023-01-31T12:00:00Z", Period::Months(1), "2023-02-28T12:00:00Z"),
        ("2024-02-29T00:00:00Z", Period::Months(12), "2025-02-28T00:00:00Z"),
        ("2024-02-29T00:00:00Z", Period::Millis(365 * DAY), "2025-02-28T00:00:00Z"),
        ("2023-02-28T00:00:00Z", Period::Millis(365 * DAY), "2024-02-28T00:00:00Z"),
        ("2023-02-28T00:00:00Z", Period::Months(12), "2024-02-28T00:00:00Z"),
        ("2023-03-01T00:00:00Z", Period::Millis(365 * DAY), "2024-02-29T00:00:00Z"),
        ("2024-12-31T23:59:59.999Z", Period::Months(2), "2025-02-28T23:59:59.999Z"),
        ("2024-05-05T05:05:05.005Z", Period::Millis(0), "2024-05-05T05:05:05.005Z"),
    ] {
        let story = Story { posts: vec![Row { create_at: at(created), ..post("p", "bridge", "ada") }], ..harbour() };
        let rules = || vec![rule("r", |rule| rule.dispose_after = Some(period))];
        assert_eq!(of_post(&story, rules(), at(due) - 1, "p"), Disposition::Keep, "{created} {period:?}");
        assert_eq!(of_post(&story, rules(), at(due), "p"), Disposition::Dispose, "{created} {period:?}");
    }
}

#[test]
fn a_year_may_have_to_end_first() {
    let story = Story { posts: vec![Row { create_at: at("2023-10-01"), ..post("p", "bridge", "ada") }], ..harbour() };
    let rules = |month| {
        vec![rule("r", |rule| {
            rule.cutoff = Cutoff::YearEnd { month, day: 1 };
            rule.dispose_after = Some(Period::Months(12));
        })]
    };
    for (month, due) in [(1, "2025-01-01"), (10, "2025-10-01"), (11, "2024-11-01")] {
        assert_eq!(of_post(&story, rules(month), at(due) - 1, "p"), Disposition::Keep, "{month}");
        assert_eq!(of_post(&story, rules(month), at(due), "p"), Disposition::Dispose, "{month}");
    }
}

#[test]
fn threads_go_together_or_post_by_post() {
    let rules = |thread| {
        vec![rule("r", |rule| {
            rule.thread = thread;
            rule.dispose_after = Some(Period::Millis(10 * DAY));
        })]
    };
    // Made on 30 January and 10 February.
    for (thread, now, root, reply) in [
        (ThreadRule::Newest, "2024-02-15", Disposition::Keep, Disposition::Keep),
        (ThreadRule::Newest, "2024-02-20T00:00:00.001Z", Disposition::Dispose, Disposition::Dispose),
        (ThreadRule::Oldest, "2024-02-09T09:00:00Z", Disposition::Dispose, Disposition::Dispose),
        (ThreadRule::Oldest, "2024-02-09T08:59:59.999Z", Disposition::Keep, Disposition::Keep),
        (ThreadRule::PerPost, "2024-02-15", Disposition::Dispose, Disposition::Keep),
    ] {
        let story = harbour();
        assert_eq!(of_post(&story, rules(thread), at(now), "root"), root, "{thread:?} at {now}");
        assert_eq!(of_post(&story, rules(thread), at(now), "reply"), reply, "{thread:?} at {now}");
        let reaction = item("reaction", "reply", "2026-01-01");
        assert_eq!(of_record(&story, rules(thread), at(now), &reaction), reply, "what belongs to it goes with it");
    }
    // The first post is purged: the oldest reply, of 3 February, stands for it.
    let mut story = harbour();
    story.posts.retain(|row| row.id != "root");
    let now = at("2024-02-13");
    assert_eq!(of_post(&story, rules(ThreadRule::Oldest), now - 1, "reply"), Disposition::Keep);
    assert_eq!(of_post(&story, rules(ThreadRule::Oldest), now, "reply"), Disposition::Dispose);
}

#[test]
fn versions_and_all_that_belongs_to_a_post_are_decided_as_the_post() {
    let mut story = harbour();
    let version =
        Row { original: "alone".into(), delete_at: at("2024-02-05T08:00:00Z"), ..post("version", "bridge", "ada") };
    story.posts.push(Row { create_at: at("2024-01-29T10:00:00Z"), ..version });
    let rules = || {
        vec![rule("r", |rule| {
            rule.clock = Clock::LastEdit;
            rule.scope.users = vec![Pattern("ada".into())];
            rule.dispose_after = Some(Period::Months(1));
        })]
    };
    let due = at("2024-03-05T08:00:00Z");
    for (now, expected) in [(due - 1, Disposition::Keep), (due, Disposition::Dispose)] {
        assert_eq!(of_post(&story, rules(), now, "alone"), expected);
        assert_eq!(of_post(&story, rules(), now, "version"), expected);
        // By others, at other times.
        for kind in ["reaction", "file", "thread", "saved_post", "post_acknowledgement", "read_receipt"] {
            let item = Record { users: vec!["bob".into()], ..item(kind, "alone", "2026-01-01") };
            assert_eq!(of_record(&story, rules(), now, &item), expected, "{kind}");
        }
    }
    let draft = Record { kind: "draft".into(), at: 1, users: vec!["ada".into()], ..Record::default() };
    assert_eq!(of_record(&story, rules(), due, &draft), Disposition::Keep, "a draft is no message yet");
}

#[test]
fn files_may_part_from_their_post() {
    let files = |keep_for, dispose_after| Some(FilePeriods { keep_for, dispose_after });
    let days = |days| Some(Period::Millis(days * DAY));
    let story = harbour();
    let file = item("file", "alone", "2024-01-10");
    let reaction = item("reaction", "alone", "2024-01-10");
    for (own, now, of_file) in [
        (None, "2024-02-07T10:00:00Z", Disposition::Dispose),
        (None, "2024-02-07T09:59:59Z", Disposition::Keep),
        (files(None, days(5)), "2024-01-15", Disposition::Dispose),
        (files(None, days(5)), "2024-01-14T23:59:59.999Z", Disposition::Keep),
        (files(days(90), days(5)), "2024-02-28", Disposition::Keep),
        (files(None, None), "2099-01-01", Disposition::Keep),
    ] {
        let rules = || {
            vec![rule("r", |rule| {
                rule.dispose_after = days(9);
                rule.files = own;
            })]
        };
        assert_eq!(of_record(&story, rules(), at(now), &file), of_file, "{own:?} at {now}");
        assert_eq!(of_record(&story, rules(), at("2024-02-07T10:00:00Z"), &reaction), Disposition::Dispose);
        assert_eq!(of_record(&story, rules(), at("2024-02-07T09:59:59Z"), &reaction), Disposition::Keep);
    }
}

#[test]
fn pinned_posts_are_exempt_from_the_maximum_of_a_rule_that_says_so() {
    let never = at("2099-01-01");
    for (is_pinned, delete_at, keeps_pinned, expected) in [
        (Some(true), 0, true, Disposition::Keep),
        (Some(true), 5, true, Disposition::Dispose),
        (Some(true), 0, false, Disposition::Dispose),
        (Some(false), 0, true, Disposition::Dispose),
        (None, 0, true, Disposition::Dispose),
    ] {
        let row = Row { delete_at, is_pinned, ..post("p", "bridge", "ada") };
        let story = Story { posts: vec![row], ..harbour() };
        let rules = || {
            vec![rule("r", |rule| {
                rule.keeps_pinned = keeps_pinned;
                rule.dispose_after = Some(Period::Months(1));
                rule.files = Some(FilePeriods { keep_for: None, dispose_after: Some(Period::Months(1)) });
            })]
        };
        assert_eq!(of_post(&story, rules(), never, "p"), expected);
        assert_eq!(of_record(&story, rules(), never, &item("file", "p", "2024-01-01")), expected, "and its files");
    }
}

#[test]
fn the_longest_minimum_goes_before_the_shortest_maximum() {
    let years = |years: u32| Some(Period::Months(12 * years));
    let make = |id: &str, keep_for, dispose_after, then| {
        rule(id, |rule| {
            rule.keep_for = keep_for;
            rule.dispose_after = dispose_after;
            rule.then = then;
        })
    };
    let short = || make("short", None, years(1), Then::Dispose);
    let long = || make("long", years(6), years(6), Then::Review);
    let hand_over = || make("hand-over", None, years(2), Then::Transfer);
    let longer = || make("longer", None, years(3), Then::Dispose);
    let only_keeps = || make("only-keeps", years(2), None, Then::Dispose);
    for (rules, now, rule, disposition, clash) in [
        (vec![short()], "2024-01-01", "short", Disposition::Keep, None),
        (vec![short()], "2025-01-01", "short", Disposition::Dispose, None),
        (vec![short(), longer()], "2025-01-01", "short", Disposition::Dispose, None),
        (vec![longer(), short()], "2024-12-31T23:59:59.999Z", "short", Disposition::Keep, None),
        (vec![short(), only_keeps()], "2025-01-01", "only-keeps", Disposition::Keep, Some(("only-keeps", "short"))),
        (vec![short(), only_keeps()], "2026-01-01", "short", Disposition::Dispose, Some(("only-keeps", "short"))),
        (vec![short(), long()], "2025-01-01", "long", Disposition::Keep, Some(("long", "short"))),
        // Both are past their maximum: it goes by itself only if both say so.
        (vec![short(), long()], "2030-01-01", "long", Disposition::Review, Some(("long", "short"))),
        (vec![longer(), hand_over()], "2026-01-01", "hand-over", Disposition::Transfer, None),
        (vec![longer(), hand_over()], "2099-01-01", "hand-over", Disposition::Transfer, None),
        (vec![short(), hand_over()], "2025-01-01", "hand-over", Disposition::Transfer, None),
        (vec![only_keeps()], "2025-01-01", "only-keeps", Disposition::Keep, None),
        (vec![only_keeps()], "2099-01-01", "only-keeps", Disposition::Keep, None),
    ] {
        let row = Row { create_at: at("2024-01-01"), ..post("p", "bridge", "ada") };
        let story = Story { posts: vec![row.clone()], ..harbour() };
        let evaluator = evaluator(&story, rules, at(now));
        row.with(|subject| {
            let decision = evaluator.decide(subject);
            assert_eq!((decision.rule, decision.disposition), (Some(rule), disposition), "{now}: {decision:?}");
            assert_eq!(decision.clash.map(|clash| (clash.minimum, clash.maximum)), clash, "{now}");
        });
    }
}

#[test]
fn what_no_rule_covers_is_kept_and_says_nothing() {
    let story = harbour();
    let rules = vec![rule("r", |rule| {
        rule.scope.channels = vec![Pattern("ops/*".into())];
        rule.except = Some(Scope { channels: vec![Pattern("ops/bridge".into())], ..Scope::default() });
        rule.dispose_after = Some(Period::Millis(0));
    })];
    let evaluator = evaluator(&story, rules, at("2099-01-01"));
    for (id, expected) in [("alone", None), ("in-archived", Some("r"))] {
        let row = story.posts.iter().find(|row| row.id == id).unwrap();
        row.with(|subject| {
            let decision = evaluator.decide(subject);
            assert_eq!(decision.rule, expected, "{id}");
            assert_eq!(decision.dispose_after.is_some(), expected.is_some());
        });
    }
}

#[test]
fn the_server_compares_strictly_and_we_do_not() {
    let day = Some(Period::Millis(DAY));
    let row = Row { create_at: at("2024-01-01"), ..post("p", "bridge", "ada") };
    let story = Story { posts: vec![row.clone()], ..harbour() };
    for (precedence, due) in
        [(Precedence::LongestMinimum, "2024-01-02T00:00:00.000Z"), (Precedence::Mattermost, "2024-01-02T00:00:00.001Z")]
    {
        let mut set = set(vec![rule("r", |rule| rule.dispose_after = day)], Vec::new());
        set.policies[0].precedence = precedence;
        for (now, expected) in [(at(due) - 1, Disposition::Keep), (at(due), Disposition::Dispose)] {
            let (evaluator, _) = Evaluator::new(story.tell(set.clone(), &mut Dice(1)), now);
            row.with(|subject| {
                let decision = evaluator.decide(subject);
                assert_eq!(decision.disposition, expected, "{precedence:?}");
                let Some(Until::At(end)) = decision.dispose_after else { panic!("it ends") };
                assert_eq!(format(end).as_deref(), Some(due), "the first millisecond at which it is due");
            });
        }
    }
}
