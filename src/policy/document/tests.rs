//! Files that are wrong in one way each, and files that are right.

use super::*;
use crate::policy::rule::{ChannelType, Clock, Cutoff, Period, Precedence, Then, ThreadRule};

const KINDS: Kinds<'static> = Kinds(&["audit", "file", "post", "reaction"]);
const DAY: i64 = 86_400_000;

/// The findings of a file, as `CODE@LINE:COLUMN`.
fn told(text: &str) -> Vec<String> {
    let parsed = parse(text.as_bytes(), KINDS);
    let told = parsed.findings().listed().iter();
    told.map(|one| format!("{}@{}:{}", one.code.code(), one.place.line, one.place.column)).collect()
}

/// A policy of one rule with these lines, which begin at line 6.
fn rule(lines: &str) -> String {
    format!("schema = \"chatseal-policy/v1\"\nid = \"p\"\ntitle = \"P\"\n[[rule]]\nid = \"r\"\n{lines}\n")
}

/// A holds file of one hold with these lines, which begin at line 5.
fn hold(lines: &str) -> String {
    format!("schema = \"chatseal-holds/v1\"\n[[hold]]\nid = \"h\"\nmatter = \"M\"\n{lines}\n")
}

const ISSUED: &str = "issued = { by = \"A\", at = 2026-01-01, why = \"w\" }";

fn policy_of(text: &str) -> crate::policy::rule::Policy {
    let parsed = parse(text.as_bytes(), KINDS);
    assert!(parsed.findings().is_empty(), "{:#?}", parsed.findings().listed());
    match parsed.into_content() {
        Some(Content::Policy(policy)) => policy,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_says_all_that_it_can() {
    let policy = policy_of(
        r#"
schema = "chatseal-policy/v1"
id = "harbour"
title = "Harbour"
about = "A test."
citation = "None."
reviewed_by = "Kai"
reviewed_on = 2026-11-21

[[rule]]
id = "talk"
title = "Talk"
clock = "last-edit"
cutoff = "year-end"
year_begins = "10-01"
keep_for = "3y"
dispose_after = "6y"
then = "transfer"
thread = "oldest"
keep_pinned = true
files = { keep_for = "36h", dispose_after = "2w" }

[rule.scope]
teams = ["harbour"]
channels = ["harbour/*", "s:00000000000000000000000000000000"]
channel_types = ["open", "group"]
users = ["kai"]
roles = ["system_*"]
groups = ["Port Police"]
kinds = ["post", "audit"]
post_types = ["", "system_*"]
props = ["from_bot"]
tags = ["incident-*"]
runs = ["*"]

[rule.except]
users = ["kai"]
tags = ["private"]

[[rule]]
id = "rest"
scope.kinds = ["audit"]
keep_for = "forever"
"#,
    );
    assert_eq!((policy.id.as_str(), policy.title.as_str(), policy.about.as_str()), ("harbour", "Harbour", "A test."));
    let review = policy.review.unwrap();
    assert_eq!((review.by.as_str(), review.on), ("Kai", 1_795_219_200_000));
    let rule = &policy.rules[0];
    assert_eq!((rule.id.as_str(), rule.title.as_str()), ("harbour/talk", "Talk"));
    assert_eq!((rule.clock, rule.cutoff), (Clock::LastEdit, Cutoff::YearEnd { month: 10, day: 1 }));
    assert_eq!((rule.keep_for, rule.dispose_after), (Some(Period::Months(36)), Some(Period::Months(72))));
    assert_eq!((rule.then, rule.thread, rule.keeps_pinned), (Then::Transfer, ThreadRule::Oldest, true));
    let files = rule.files.unwrap();
    assert_eq!(files.keep_for, Some(Period::Millis(36 * 3_600_000)));
    assert_eq!(files.dispose_after, Some(Period::Millis(14 * DAY)));
    assert_eq!(rule.scope.channel_types, [ChannelType::Open, ChannelType::Group]);
    assert_eq!(rule.scope.channels[0].0, "harbour/*");
    assert_eq!(rule.scope.post_types[0].0, "");
    assert_eq!(rule.except.as_ref().unwrap().tags[0].0, "private");
    let rest = &policy.rules[1];
    assert_eq!((rest.scope.kinds.len(), &rest.except, rest.files), (1, &None, None));
    assert_eq!((rest.clock, rest.cutoff, rest.then, rest.thread), Default::default());
    assert_eq!((rest.keep_for, rest.dispose_after, rest.keeps_pinned), (Some(Period::Forever), None, false));
}

#[test]
fn a_hold_says_all_that_it_can() {
    let text = r#"
schema = "chatseal-holds/v1"
approvals = 2
[[hold]]
id = "M-2026:7"
matter = "Crane 7"
users = ["kai", "mia@example.org"]
groups = ["crew"]
channels = ["harbour/*"]
teams = ["pilots"]
keywords = ["Störung am Kran"]
from = 2026-01-01T00:00:00+01:00
until = "ms:1795251300001"
[hold.issued]
by = "A"
at = 2026-11-21
why = "letter"
approved_by = ["B", "C"]
[hold.released]
by = "A"
at = 2026-11-22T00:00:00.5Z
why = "settled"
approved_by = ["C", "D"]
"#;
    let parsed = parse(text.as_bytes(), KINDS);
    assert!(parsed.findings().is_empty(), "{:#?}", parsed.findings().listed());
    let Some(Content::Holds(file)) = parsed.into_content() else { panic!("not a holds file") };
    let hold = &file.holds[0];
    assert_eq!((hold.id.as_str(), hold.matter.as_str(), hold.everything), ("M-2026:7", "Crane 7", false));
    assert_eq!(
        (&hold.users, &hold.groups),
        (&vec!["kai".to_owned(), "mia@example.org".into()], &vec!["crew".to_owned()])
    );
    assert_eq!((hold.channels[0].0.as_str(), hold.teams[0].0.as_str()), ("harbour/*", "pilots"));
    assert_eq!((hold.window.from, hold.window.until), (Some(1_767_222_000_000), Some(1_795_251_300_001)));
    assert_eq!((hold.issued.at, hold.issued.approved_by.len()), (1_795_219_200_000, 2));
    assert_eq!(hold.released.as_ref().map(|act| act.at), Some(1_795_305_600_500));
    assert!(hold.includes_open_channels);
}

#[test]
fn files_that_are_wrong_as_a_whole() {
    for (text, expected) in [
        ("", "file-empty@1:1"),
        ("# nothing\n\n", "file-empty@1:1"),
        ("schema = \"chatseal-policy/v2\"\nx = 1", "schema-unknown@1:10"),
        ("schema = \"nonsense\"\n", "schema-unknown@1:10"),
        ("schema = 1\n", "schema-unknown@1:1"),
        ("title = \"x\"\n", "schema-missing@1:1"),
        ("id = \"a\"\ntitle = \"x\"\nrule = [{ id = \"r\", keep_for = \"1d\" }]", "schema-missing@1:1"),
        ("schema = \"chatseal-policy/v1\"\nid = \"a\"\ntitle = \"b\"", "nothing-stated@1:1"),
        ("schema = \"chatseal-holds/v1\"", "nothing-stated@1:1"),
        ("schema = \"chatseal-policy/v1\"\nid = \"a\"\ntitle = \"b\"\nrule = []", "nothing-stated@4:1"),
        ("schema = \"chatseal-policy/v1\"\nid = \"a\"\ntitle = \"b\"\nrule = 1", "value-type@4:8"),
        ("schema = \"chatseal-policy/v1\"\nid = \"a\"\ntitle = \"b\"\nrule = [1]", "value-type@4:9"),
    ] {
        assert_eq!(told(text), [expected], "{text}");
    }
    let large = parse(&vec![b'#'; limits::FILE_BYTES + 1], KINDS);
    assert_eq!(large.findings().listed()[0].code, code::Code::FileTooLarge);
    assert!(large.into_content().is_none());
}

#[test]
fn rules_that_are_wrong_in_one_way() {
    for (lines, expected) in [
        ("keep_for = \"1y\"", ""),
        ("keep_fro = \"1y\"\nkeep_for = \"1y\"", "key-unknown@6:1"),
        ("keep_for = 90", "value-type@6:12"),
        ("keep_for = \"90 days\"", "period-malformed@6:12"),
        ("keep_for = \"0d\"", "period-zero@6:12"),
        ("keep_for = \"99999y\"", "period-overflow@6:12"),
        ("keep_for = \"1y\"\ndispose_after = \"364d\"", "rule-periods-cross@7:17"),
        ("keep_for = \"1y\"\ndispose_after = \"365d\"", "rule-periods-cross@7:17"),
        ("keep_for = \"1y\"\ndispose_after = \"366d\"", ""),
        ("keep_for = \"1y\"\ndispose_after = \"1y\"", ""),
        ("title = \"x\"", "rule-without-period@5:1"),
        ("files = {}", "rule-without-period@6:1"),
        ("files = { keep_for = \"2d\", dispose_after = \"1d\" }", "rule-periods-cross@6:44"),
        ("files = { dispose_after = \"1d\" }", ""),
        ("keep_for = \"1y\"\nthen = \"dispose\"", "rule-then-idle@7:1"),
        ("keep_for = \"1y\"\nkeep_pinned = true", "rule-then-idle@7:1"),
        ("keep_for = \"1y\"\nyear_begins = \"10-01\"", "rule-year-idle@7:1"),
        ("keep_for = \"1y\"\ncutoff = \"year-end\"\nyear_begins = \"02-29\"", "value-malformed@8:15"),
        ("keep_for = \"1y\"\ncutoff = \"year-end\"\nyear_begins = \"1-1\"", "value-malformed@8:15"),
        ("keep_for = \"1y\"\nclock = \"creatd\"", "value-unknown@7:9"),
        ("keep_for = \"1y\"\nclock = true", "value-type@7:9"),
        ("keep_for = \"1y\"\nscope = []", "value-type@7:9"),
        ("keep_for = \"1y\"\nscope.teams = []", "list-empty@7:15"),
        ("keep_for = \"1y\"\nscope.teams = \"harbour\"", "value-type@7:15"),
        ("keep_for = \"1y\"\nscope.teams = [1]", "value-type@7:16"),
        ("keep_for = \"1y\"\nscope.teams = [\"a\", \"a\"]", "value-twice@7:21"),
        ("keep_for = \"1y\"\nscope.team = [\"a\"]", "key-unknown@7:7"),
        ("keep_for = \"1y\"\nscope.teams = [\"A\"]", "value-malformed@7:16"),
        ("keep_for = \"1y\"\nscope.channels = [\"town-square\"]", "value-malformed@7:19"),
        ("keep_for = \"1y\"\nscope.kinds = [\"posts\"]", "value-malformed@7:16"),
        ("keep_for = \"1y\"\nscope.kinds = [\"file\"]", "value-malformed@7:16"),
        ("keep_for = \"1y\"\nscope.channel_types = [\"D\"]", "value-unknown@7:24"),
        ("keep_for = \"1y\"\nscope = { channel_types = [\"direct\"], teams = [\"a\"] }", "rule-never-matches@7:1"),
        ("keep_for = \"1y\"\nexcept = {}", "rule-never-matches@5:1"),
        ("keep_for = \"1y\"\nid = \"q\"", "toml-syntax@7:1"),
        ("keep_for = \"1y\"\n[[rule]]\nid = \"r\"\nkeep_for = \"1y\"", "rule-id-twice@8:1"),
        ("keep_for = \"1y\"\n[[rule]]\nkeep_for = \"1y\"", "key-missing@7:1"),
        ("keep_for = \"1y\"\n[[rule]]\nid = \"A\"\nkeep_for = \"1y\"", "value-malformed@8:6"),
        ("keep_for = \"1y\"\n[[rule]]\nid = \"s\"\ndispose_after = \"1d\"", "rule-clash@9:17"),
        ("dispose_after = \"1d\"\n[[rule]]\nid = \"s\"\nkeep_for = \"1y\"\nscope.users = [\"a\"]", "rule-clash@9:12"),
        ("dispose_after = \"1d\"\n[[rule]]\nid = \"s\"\nkeep_for = \"1y\"\nscope.kinds = [\"audit\"]", ""),
        (
            "dispose_after = \"1d\"\nexcept.users = [\"a\"]\n[[rule]]\nid = \"s\"\nkeep_for = \"1y\"\nscope.users = [\"a\"]",
            "",
        ),
        ("dispose_after = \"1d\"\nclock = \"last-edit\"\n[[rule]]\nid = \"s\"\nkeep_for = \"1y\"", ""),
        (
            "dispose_after = \"1d\"\nclock = \"last-edit\"\n[[rule]]\nid = \"s\"\nkeep_for = \"forever\"",
            "rule-clash@10:12",
        ),
        (
            "dispose_after = \"1y\"\nthread = \"newest\"\n[[rule]]\nid = \"s\"\nkeep_for = \"2y\"\nthread = \"oldest\"",
            "",
        ),
        ("dispose_after = \"1y\"\nthread = \"oldest\"\n[[rule]]\nid = \"s\"\nkeep_for = \"2y\"", "rule-clash@10:12"),
        ("files = { dispose_after = \"1d\" }\n[[rule]]\nid = \"s\"\nfiles = { keep_for = \"2d\" }", "rule-clash@9:22"),
        (
            "files = { dispose_after = \"1d\" }\ncutoff = \"year-end\"\n[[rule]]\nid = \"s\"\nfiles = { keep_for = \"2d\" }",
            "",
        ),
    ] {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(told(&rule(lines)), expected, "{lines}");
    }
}

#[test]
fn a_policy_in_the_precedence_of_the_server() {
    let policy = |rules: &str| {
        format!("schema = \"chatseal-policy/v1\"\nid = \"p\"\ntitle = \"P\"\nprecedence = \"mattermost\"\n{rules}")
    };
    let good = "[[rule]]\nid = \"c\"\ndispose_after = \"30d\"\nscope.channels = [\"a/b\"]\n\
                [[rule]]\nid = \"t\"\ndispose_after = \"forever\"\nscope.teams = [\"a\"]\n\
                [[rule]]\nid = \"all\"\ndispose_after = \"36h\"\nfiles = { dispose_after = \"1d\" }";
    let read = policy_of(&policy(good));
    assert_eq!(read.precedence, Precedence::Mattermost);
    assert!(read.rules.iter().all(|rule| rule.thread == ThreadRule::PerPost));
    for (lines, count) in [
        ("keep_for = \"1d\"\ndispose_after = \"1d\"", 1),
        ("dispose_after = \"1d\"\nexcept.teams = [\"a\"]", 1),
        ("dispose_after = \"1d\"\nscope.users = [\"a\"]", 1),
        ("dispose_after = \"1d\"\nscope.channel_types = [\"direct\"]", 1),
        ("dispose_after = \"1d\"\nscope = { teams = [\"a\"], channels = [\"a/b\"] }", 1),
        ("dispose_after = \"1d\"\nclock = \"last-edit\"", 1),
        ("dispose_after = \"1d\"\ncutoff = \"year-end\"", 1),
        ("dispose_after = \"1d\"\nthread = \"newest\"", 1),
        ("dispose_after = \"1d\"\nthread = \"per-post\"", 0),
        ("dispose_after = \"1mo\"", 1),
        ("dispose_after = \"36h\"\nscope.teams = [\"a\"]", 1),
        ("dispose_after = \"1d\"\nscope.teams = [\"a\"]\nfiles = { dispose_after = \"1d\" }", 1),
        ("dispose_after = \"1d\"\nfiles = { keep_for = \"1d\" }", 1),
        ("files = { dispose_after = \"1d\" }", 0),
    ] {
        let found = told(&policy(&format!("[[rule]]\nid = \"r\"\n{lines}")));
        assert_eq!(found.len(), count, "{lines}: {found:?}");
        assert!(found.iter().all(|one| one == "mattermost-cannot@6:1"), "{lines}: {found:?}");
    }
    let pins = "[[rule]]\nid = \"a\"\ndispose_after = \"1d\"\nkeep_pinned = true\nscope.teams = [\"a\"]\n\
                [[rule]]\nid = \"b\"\ndispose_after = \"1d\"";
    assert_eq!(told(&policy(pins)), ["mattermost-cannot@11:1"]);
    let hidden = "[[rule]]\nid = \"a\"\ndispose_after = \"1d\"\nscope.teams = [\"a*\"]\n\
                  [[rule]]\nid = \"b\"\ndispose_after = \"2d\"\nscope.teams = [\"ab\"]";
    assert_eq!(told(&policy(hidden)), ["rule-never-matches@10:1"]);
}

#[test]
fn holds_that_are_wrong_in_one_way() {
    for (lines, expected) in [
        (format!("everything = true\n{ISSUED}"), ""),
        (ISSUED.into(), "hold-covers-nothing@3:1"),
        (format!("everything = true\nusers = [\"a\"]\n{ISSUED}"), "hold-contradicts@6:1"),
        (format!("users = []\n{ISSUED}"), "list-empty@5:9"),
        (format!("users = [\"a*\"]\n{ISSUED}"), "value-malformed@5:10"),
        (format!("users = [\"a\"]\nkeywords = [\"\"]\n{ISSUED}"), "value-malformed@6:13"),
        (format!("users = [\"a\"]\nfrom = 2026-01-02\nuntil = 2026-01-02\n{ISSUED}"), "hold-window-empty@7:9"),
        (format!("users = [\"a\"]\nfrom = 2026-01-02T08:00:00\n{ISSUED}"), "time-malformed@6:8"),
        (format!("users = [\"a\"]\nfrom = 08:00:00\n{ISSUED}"), "time-malformed@6:8"),
        (format!("users = [\"a\"]\nfrom = \"yesterday\"\n{ISSUED}"), "time-malformed@6:8"),
        (format!("users = [\"a\"]\nfrom = 1700000000\n{ISSUED}"), "value-type@6:8"),
        ("users = [\"a\"]".into(), "key-missing@2:1"),
        ("users = [\"a\"]\nissued = { by = \"A\", at = 2026-01-01 }".into(), "key-missing@6:1"),
        ("users = [\"a\"]\nissued = { by = \"\", at = 2026-01-01, why = \"w\" }".into(), "value-empty@6:17"),
        (
            format!("users = [\"a\"]\n{ISSUED}\nreleased = {{ by = \"A\", at = 2026-01-01, why = \"w\" }}"),
            "hold-released-early@7:1",
        ),
        (
            format!(
                "users = [\"a\"]\n{ISSUED}\nreleased = {{ by = \"A\", at = 2026-01-01T00:00:00.001Z, why = \"w\" }}"
            ),
            "",
        ),
        (
            format!("users = [\"a\"]\n{ISSUED}\n[[hold]]\nid = \"h\"\nmatter = \"M\"\nteams = [\"t\"]\n{ISSUED}"),
            "hold-id-twice@8:1",
        ),
    ] {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(told(&hold(&lines)), expected, "{lines}");
    }
    for (who, enough) in [("[\"B\", \"C\"]", true), ("[\"B\"]", false), ("[\"A\", \"B\"]", false)] {
        let text = hold(&format!(
            "users = [\"a\"]\nissued = {{ by = \"A\", at = 2026-01-01, why = \"w\", approved_by = {who} }}"
        ));
        let text = text.replace("v1\"\n", "v1\"\napprovals = 2\n");
        assert_eq!(told(&text), if enough { vec![] } else { vec!["hold-approvals@7:1"] }, "{who}");
    }
    assert_eq!(
        told("schema = \"chatseal-holds/v1\"\napprovals = 10\nhold = 1"),
        ["value-malformed@2:13", "value-type@3:8"]
    );
}

#[test]
fn reviews_are_whole_or_not_there() {
    let head = |lines: &str| rule("keep_for = \"1d\"").replace("[[rule]]", &format!("{lines}\n[[rule]]"));
    for (lines, expected) in [
        ("reviewed_by = \"\"\nreviewed_on = \"\"", vec![]),
        ("reviewed_by = \"A\"\nreviewed_on = \"2026-11-21\"", vec![]),
        ("reviewed_by = \"A\"\nreviewed_on = \"\"", vec!["value-empty@4:15"]),
        ("reviewed_by = \"A\"", vec!["value-empty@4:15"]),
        ("reviewed_on = 2026-11-21", vec!["value-empty@4:15"]),
        ("reviewed_by = \"\"\nreviewed_on = 2026-11-21", vec!["value-empty@5:15"]),
        ("reviewed_by = \"A\"\nreviewed_on = \"soon\"", vec!["time-malformed@5:15"]),
    ] {
        assert_eq!(told(&head(lines)), expected, "{lines}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "schema = \"chatseal-policy/v1\"\nid = \"P\"\ntitel = \"x\"\nid = \"p\"\n\n[[rule]]\nid = \"r\"\nkeep_for = \"90 days\"\n\
                then = purge\nscope.channels = [\"town-square\", \"~x\"]\n\n[[rule]]\nclock = \"craeted\"\n";
    assert_eq!(
        told(text),
        [
            "value-malformed@2:6",
            "key-unknown@3:1",
            "toml-syntax@4:1",
            "period-malformed@8:12",
            "toml-syntax@9:8",
            "value-malformed@10:19",
            "value-malformed@10:34",
            "value-unknown@13:9",
        ]
    );
}

#[test]
fn limits_are_told_once() {
    let many = (0..=limits::RULES).map(|n| format!("[[rule]]\nid = \"r{n}\"\nkeep_for = \"1d\"\n"));
    let text = format!("schema = \"chatseal-policy/v1\"\nid = \"p\"\ntitle = \"P\"\n{}", many.collect::<String>());
    assert_eq!(told(&text), ["too-many@1504:1"]);
    let values: Vec<String> = (0..=limits::VALUES + 1).map(|n| format!("\"u{n}\"")).collect();
    assert_eq!(
        told(&rule(&format!("keep_for = \"1d\"\nscope.users = [{}]", values.join(",\n")))),
        ["too-many@20007:1"]
    );
    let long = "a".repeat(limits::NAME + 1);
    assert_eq!(told(&rule(&format!("keep_for = \"1d\"\nscope.users = [\"{long}\"]"))), ["value-too-long@7:16"]);
    assert_eq!(
        told(&rule(&format!("keep_for = \"1d\"\nx = {}1{}", "[".repeat(500), "]".repeat(500))))[0],
        "toml-syntax@7:85"
    );
}

#[test]
fn files_are_composed() {
    let policy =
        |id: &str, rule: &str| format!("schema = \"chatseal-policy/v1\"\nid = \"{id}\"\ntitle = \"P\"\n{rule}");
    let keep = "[[rule]]\nid = \"k\"\nkeep_for = \"1y\"\n";
    let drop = "[[rule]]\nid = \"d\"\ndispose_after = \"1d\"\nscope.users = [\"a\"]\n";
    let server = "precedence = \"mattermost\"\n[[rule]]\nid = \"m\"\ndispose_after = \"1d\"\n";
    let holds = hold(&format!("users = [\"a\"]\n{ISSUED}"));
    let compose = |texts: &[String]| {
        let mut files: Vec<(&str, Parsed)> =
            texts.iter().map(|text| ("first.toml", parse(text.as_bytes(), KINDS))).collect();
        together(&mut files, KINDS);
        let all = files.iter().enumerate().flat_map(|(number, (_, parsed))| {
            let told = parsed.findings().listed().iter();
            told.map(move |one| format!("{number}:{}@{}", one.code.code(), one.place.line)).collect::<Vec<_>>()
        });
        all.collect::<Vec<_>>()
    };
    assert_eq!(compose(&[policy("a", keep), policy("b", keep), holds.clone()]), Vec::<String>::new());
    assert_eq!(compose(&[policy("a", keep), policy("a", keep)]), ["1:policy-id-twice@2"]);
    assert_eq!(compose(&[policy("a", keep), policy("b", drop)]), ["1:rule-clash@6"]);
    assert_eq!(compose(&[policy("a", drop), policy("b", keep)]), ["1:rule-clash@6"]);
    assert_eq!(compose(&[policy("a", keep), policy("b", server)]), ["1:precedence-differs@4"]);
    assert_eq!(compose(&[holds.clone(), policy("a", keep), holds]), ["2:hold-id-twice@3"]);
    // What clashes in one file is told once.
    assert_eq!(
        compose(&[policy("a", &format!("{keep}{drop}")), policy("b", keep).replace("1y", "1h")]),
        ["0:rule-clash@9"]
    );
}
