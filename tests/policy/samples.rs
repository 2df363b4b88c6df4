//! The samples in `policies/`: each says what it is and what it is not, and does at its boundary, to the millisecond,
//! what it says.

use super::{kinds, policy, told};
use chatseal::policy::decision::{Disposition, Until};
use chatseal::policy::document::{Content, Parsed, parse, together};
use chatseal::policy::evaluator::Evaluator;
use chatseal::policy::hold::Hold;
use chatseal::policy::rule::ChannelType;
use chatseal::policy::set::Set;
use chatseal::policy::subject::{Post, PostOf, Subject, Times};
use chatseal::policy::world::World;
use chatseal::record::time::{self, Millis};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Every sample with its text, by name.
fn samples() -> BTreeMap<String, String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("policies");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name.strip_suffix(".toml").expect("only TOML").to_owned(), std::fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

fn sample(name: &str) -> String {
    samples().remove(name).unwrap_or_else(|| panic!("no sample `{name}`"))
}

fn holds(text: &str) -> Vec<Hold> {
    match parse(text.as_bytes(), kinds()).into_content() {
        Some(Content::Holds(file)) => file.holds,
        other => panic!("{other:?}"),
    }
}

fn at(text: &str) -> Millis {
    time::parse(text).unwrap()
}

#[test]
fn every_sample_says_what_it_is_and_promises_nothing() {
    let samples = samples();
    assert!(samples.len() == 13, "{:?}", samples.keys());
    for (name, text) in &samples {
        let parsed = parse(text.as_bytes(), kinds());
        assert_eq!(told(&parsed), Vec::<String>::new(), "{name}");
        assert!(text.starts_with("# SAMPLE, to be reviewed by counsel before it is used. Not legal advice."), "{name}");
        let (id, title, about, citation, review) = match parsed.into_content().unwrap() {
            Content::Policy(file) => (Some(file.id), file.title, file.about, file.citation, file.review),
            Content::Holds(file) => (None, file.title, file.about, file.citation, file.review),
        };
        assert!(id.is_none_or(|id| id == *name), "{name}");
        assert!(!title.is_empty() && review.is_none(), "{name}");
        assert!(text.contains("reviewed_by = \"\"\nreviewed_on = \"\"\n"), "{name}");
        assert!(about.contains("What it is: ") && about.contains("What it is not: "), "{name}");
        // Nobody has held these citations against the law.
        assert!(citation == "None." || citation.contains("Check the primary text"), "{name}: {citation}");
        for claim in ["compliant", "compliance", "immutable", "worm", "guarantee", "certified"] {
            assert!(!text.to_lowercase().contains(claim), "{name}: {claim}");
        }
    }
}

#[test]
fn no_sample_names_a_team_channel_or_person() {
    for (name, text) in samples() {
        let scopes = match parse(text.as_bytes(), kinds()).into_content().unwrap() {
            Content::Holds(file) => {
                assert!(file.holds.iter().all(|hold| hold.users.is_empty() && hold.channels.is_empty()), "{name}");
                continue;
            }
            Content::Policy(file) => file.rules.into_iter().flat_map(|rule| [Some(rule.scope), rule.except]),
        };
        for scope in scopes.flatten() {
            assert!(scope.teams.is_empty() && scope.users.is_empty(), "{name}");
            assert!(
                scope.channels.iter().all(|pattern| pattern.0.starts_with("*/") && pattern.0.ends_with('*')),
                "{name}"
            );
        }
    }
}

#[test]
fn samples_that_go_together_compose() {
    let all = ["us-federal-logging", "litigation-hold-template", "gdpr-leaver"];
    for group in [
        vec!["sec-17a-4-broker-dealer", "finra-4511-default"],
        vec!["advisers-204-2", "mifid2-communications", "hipaa-documentation"],
        vec!["gdpr-minimal", "incident-forensics"],
        vec!["nara-grs-6-1-capstone", "nara-grs-6-1-non-capstone"],
        vec!["incident-forensics", "mifid2-communications", "hipaa-documentation"],
    ] {
        // A minimum of six years for everybody else does not go with a maximum of 90 days.
        let with_leavers = if group[0].starts_with("sec") || group[0].starts_with("nara") { 2 } else { 3 };
        let names: Vec<&str> = group.iter().chain(&all[..with_leavers]).copied().collect();
        assert_eq!(composed(&names), Vec::<String>::new(), "{names:?}");
    }
    assert_eq!(composed(&["baseline-keep-all", "gdpr-minimal"]).len(), 1, "what keeps all clashes with what lets go");
}

fn composed(names: &[&str]) -> Vec<String> {
    let mut files: Vec<(&str, Parsed)> =
        names.iter().map(|name| (*name, parse(sample(name).as_bytes(), kinds()))).collect();
    together(&mut files, kinds());
    files.iter().flat_map(|(_, parsed)| told(parsed)).collect()
}

/// A record of the little world below.
#[derive(Clone, Copy)]
enum What {
    /// A post in a channel by a user, written at a time.
    Post(&'static str, &'static str, &'static str),
    /// The same, pinned.
    Pinned(&'static str, &'static str, &'static str),
    /// A file that was attached to a post of 2020 in `town`, uploaded at a time.
    File(&'static str),
    /// A record of a kind by a user, that belongs to nothing else.
    Kind(&'static str, &'static str, &'static str),
    /// A playbook run.
    Run(&'static str),
}
use What::{File, Kind, Pinned, Post as Said, Run};

/// Teams, channels, people, groups and runs, one of each sort that the samples speak of.
fn world(set: Set) -> World {
    let mut world = World::new(set);
    world.add_team("t", "harbour");
    for (id, name, kind, archived) in [
        ("town", "town-square", ChannelType::Open, None),
        ("desk", "desk-rates", ChannelType::Private, None),
        ("advice", "advice-retail", ChannelType::Private, None),
        ("live", "policy-live", ChannelType::Open, None),
        ("archived", "policy-old", ChannelType::Open, Some(at("2020-02-29T12:00:00Z"))),
        ("war", "war-room", ChannelType::Private, None),
        ("fire", "fire-room", ChannelType::Private, None),
    ] {
        world.add_channel(id, "t", name, kind, archived);
    }
    world.add_channel("dm", "", "broker__left", ChannelType::Direct, None);
    for user in ["other", "broker", "official", "support", "custodian"] {
        world.add_user(user, user, "", "system_user", None);
    }
    world.add_user("left", "left", "", "system_user", Some(at("2025-11-30T08:00:00Z")));
    for (group, user) in [
        ("registered-persons", "broker"),
        ("capstone-officials", "official"),
        ("support-staff", "support"),
        ("custodians-of-matter-1", "custodian"),
    ] {
        world.add_group(group, group, group);
        world.add_group_member(group, user);
    }
    world.add_run("over", "Fire on deck", "war", Some(at("2021-08-31T10:00:00Z")));
    world.add_run("burning", "Fire below deck", "fire", None);
    world
}

/// What is decided about a record as of `now`: rule, disposition, whether it is kept for ever, holds, and whether rules
/// clash.
fn decide(set: &Set, what: What, now: Millis, message: &str) -> (String, Disposition, bool, Vec<String>) {
    let mut world = world(set.clone());
    let post = |channel, user, created, pinned| Post {
        id: "post",
        create_at: at(created),
        channel,
        user,
        is_pinned: Some(pinned),
        message,
        ..Post::default()
    };
    let mut subject = Subject { id: "post", ..Subject::ANY };
    let (time, user): ([Millis; 1], [&str; 1]);
    let row = match what {
        Said(channel, user, created) => Some(post(channel, user, created, false)),
        Pinned(channel, user, created) => Some(post(channel, user, created, true)),
        File(_) => Some(post("town", "other", "2020-01-01", false)),
        Kind(..) | Run(_) => None,
    };
    if let Some(row) = &row {
        world.name_post(row.id);
        world.see_post(row);
        (time, user) = ([row.create_at], [row.user]);
        (subject.at, subject.channel, subject.post) = (row.create_at, Some(row.channel), PostOf::Itself(*row));
        subject.users = &user;
    } else {
        time = match what {
            Kind(_, _, created) => [at(created)],
            _ => [at("2021-08-30")],
        };
        user = match what {
            Kind(_, user, _) => [user],
            _ => ["other"],
        };
        subject.at = time[0];
        subject.users = &user;
    }
    subject.times = Times::At(&time);
    match what {
        File(uploaded) => {
            subject = Subject { kind: "file", id: "file", at: at(uploaded), post: PostOf::Of("post"), ..subject };
        }
        Kind(kind, ..) => subject.kind = kind,
        Run(run) => subject = Subject { kind: "playbook_run", id: run, run: Some(run), ..subject },
        Said(..) | Pinned(..) => {}
    }
    let (evaluator, unknown) = Evaluator::new(world, now);
    assert!(unknown.is_empty(), "{unknown:?}");
    let decision = evaluator.decide(&subject);
    assert_eq!(decision.clash, None);
    let forever = [decision.keep_until, decision.dispose_after].contains(&Some(Until::Forever));
    let holds = decision.holds.iter().map(str::to_owned).collect();
    (decision.rule.unwrap_or_default().to_owned(), decision.disposition, forever, holds)
}

/// Records that never are due.
const NEVER: &str = "never";

/// What a sample does with a record: it is kept until the millisecond before this end, and then this happens to it. The
/// rule is empty where none covers it.
const BOUNDARIES: &[(&str, What, &str, &str, Disposition)] = &[
    ("baseline-keep-all", Said("town", "other", "2000-01-01"), "all", NEVER, Disposition::Keep),
    ("baseline-keep-all", Kind("audit", "other", "2000-01-01"), "all", NEVER, Disposition::Keep),
    (
        "sec-17a-4-broker-dealer",
        Said("dm", "broker", "2024-02-29T23:59:59.999Z"),
        "business-communications",
        "2027-02-28T23:59:59.999Z",
        Disposition::Review,
    ),
    ("sec-17a-4-broker-dealer", Said("dm", "other", "2000-01-01"), "", NEVER, Disposition::Keep),
    (
        "finra-4511-default",
        Said("town", "other", "2020-01-31T00:00:00Z"),
        "default",
        "2026-01-31T00:00:00Z",
        Disposition::Review,
    ),
    ("finra-4511-default", Said("town", "broker", "2000-01-01"), "", NEVER, Disposition::Keep),
    (
        "mifid2-communications",
        Said("desk", "other", "2021-03-31T16:30:00.001Z"),
        "desks-and-orders",
        "2026-03-31T16:30:00.001Z",
        Disposition::Review,
    ),
    ("mifid2-communications", Said("town", "other", "2000-01-01"), "", NEVER, Disposition::Keep),
    (
        "advisers-204-2",
        Said("advice", "other", "2024-12-31T23:59:59.999Z"),
        "adviser-channels",
        "2030-01-01T00:00:00Z",
        Disposition::Review,
    ),
    (
        "advisers-204-2",
        Said("advice", "other", "2025-01-01T00:00:00Z"),
        "adviser-channels",
        "2031-01-01T00:00:00Z",
        Disposition::Review,
    ),
    (
        "hipaa-documentation",
        Said("archived", "other", "2010-01-01"),
        "documentation",
        "2026-02-28T12:00:00Z",
        Disposition::Review,
    ),
    ("hipaa-documentation", Said("live", "other", "2010-01-01"), "documentation", NEVER, Disposition::Keep),
    ("gdpr-minimal", Said("town", "other", "2026-01-01"), "chat", "2026-06-30", Disposition::Dispose),
    ("gdpr-minimal", Said("dm", "left", "2026-01-01"), "chat", "2026-06-30", Disposition::Dispose),
    ("gdpr-minimal", Pinned("town", "other", "2026-01-01"), "chat", NEVER, Disposition::Keep),
    ("gdpr-minimal", File("2026-01-01"), "chat", "2026-04-01", Disposition::Dispose),
    ("gdpr-minimal", Said("war", "other", "2000-01-01"), "", NEVER, Disposition::Keep),
    ("gdpr-minimal", Kind("audit", "other", "2000-01-01"), "", NEVER, Disposition::Keep),
    ("gdpr-leaver", Said("dm", "left", "2010-01-01"), "direct-messages", "2026-02-28T08:00:00Z", Disposition::Dispose),
    ("gdpr-leaver", Said("dm", "broker", "2010-01-01"), "direct-messages", NEVER, Disposition::Keep),
    ("gdpr-leaver", Said("town", "left", "2010-01-01"), "", NEVER, Disposition::Keep),
    (
        "us-federal-logging",
        Kind("audit", "other", "2025-02-28T00:00:00.001Z"),
        "logs",
        "2026-02-28T00:00:00.001Z",
        Disposition::Dispose,
    ),
    ("us-federal-logging", Kind("session", "other", "2024-02-29"), "logs", "2025-02-28", Disposition::Dispose),
    ("us-federal-logging", Said("town", "other", "2000-01-01"), "", NEVER, Disposition::Keep),
    ("incident-forensics", Said("war", "other", "2021-08-30"), "runs", "2024-08-31T10:00:00Z", Disposition::Review),
    ("incident-forensics", Run("over"), "runs", "2024-08-31T10:00:00Z", Disposition::Review),
    ("incident-forensics", Said("fire", "other", "2000-01-01"), "runs", NEVER, Disposition::Keep),
    ("incident-forensics", Said("town", "other", "2000-01-01"), "", NEVER, Disposition::Keep),
    ("nara-grs-6-1-capstone", Said("town", "official", "2010-06-15"), "officials", "2026-01-01", Disposition::Transfer),
    ("nara-grs-6-1-capstone", Said("town", "other", "2000-01-01"), "", NEVER, Disposition::Keep),
    (
        "nara-grs-6-1-non-capstone",
        Said("town", "other", "2018-01-01T00:00:00Z"),
        "others",
        "2026-01-01",
        Disposition::Dispose,
    ),
    (
        "nara-grs-6-1-non-capstone",
        Said("town", "support", "2022-12-31T23:59:59.999Z"),
        "support",
        "2026-01-01",
        Disposition::Dispose,
    ),
    ("nara-grs-6-1-non-capstone", Said("town", "official", "2000-01-01"), "", NEVER, Disposition::Keep),
];

#[test]
fn samples_do_what_they_say_at_their_boundary() {
    for &(name, what, rule, end, then) in BOUNDARIES {
        let set = Set { policies: vec![policy(&sample(name))], holds: Vec::new() };
        let rule = if rule.is_empty() { String::new() } else { format!("{name}/{rule}") };
        if end == NEVER {
            let (decided, disposition, forever, _) = decide(&set, what, at("9999-12-31"), "");
            assert_eq!((&decided, disposition, forever), (&rule, Disposition::Keep, !rule.is_empty()), "{name}");
            continue;
        }
        for (now, expected) in [(at(end) - 1, Disposition::Keep), (at(end), then), (at(end) + 1, then)] {
            let (decided, disposition, forever, _) = decide(&set, what, now, "");
            let now = time::format(now);
            assert_eq!((&decided, disposition, forever), (&rule, expected, false), "{name} {now:?}");
        }
    }
}

#[test]
fn the_hold_of_the_template_freezes_within_its_dates_and_words() {
    let holds = holds(&sample("litigation-hold-template"));
    let set = Set { policies: vec![policy(&sample("gdpr-minimal"))], holds };
    let (issued, word) = (at("2026-11-21"), "Is this the FIRST word?");
    let said = |created| Said("dm", "custodian", created);
    let held = Disposition::Held;
    for (what, now, message, expected) in [
        (said("2025-12-31T23:59:59.999Z"), at("2027-12-01"), word, Disposition::Dispose),
        (said("2026-01-01T00:00:00Z"), at("2027-12-01"), word, held),
        (said("2026-12-31T23:59:59.999Z"), at("2027-12-01"), word, held),
        (said("2027-01-01T00:00:00Z"), at("2027-12-01"), word, Disposition::Dispose),
        (said("2026-01-01"), at("2027-12-01"), "nothing of interest", Disposition::Dispose),
        (said("2026-01-01"), issued - 1, word, Disposition::Dispose),
        (said("2026-01-01"), issued, word, held),
        (Said("dm", "other", "2026-01-01"), issued, word, Disposition::Dispose),
    ] {
        let (_, disposition, _, holds) = decide(&set, what, now, message);
        assert_eq!(disposition, expected, "{:?} {message}", time::format(now));
        assert_eq!(holds.is_empty(), expected != held);
    }
}
