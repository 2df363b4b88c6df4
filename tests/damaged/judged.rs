//! Policies, holds, decisions, and what was withheld.

use super::{Condition, broken, made};
use crate::bag::{Bag, Spec};

const POLICY: &str = "data/policy/001-policy.toml";
const HOLDS: &str = "data/policy/001-holds.toml";
const POSTS: &str = "data/records/000003-post.jsonl";
const SUMMARY: &str = "data/report/summary.json";
const WORDS: &str = "data/report/summary.txt";
const WITHHELD: &str = "data/withheld.jsonl";

/// An archive with policy and holds whose maker was wrong.
fn spec(change: impl FnOnce(&mut Spec)) -> Vec<u8> {
    let mut spec = Spec::judged();
    change(&mut spec);
    spec.zip()
}

fn held_post(change: impl FnOnce(&str) -> String) -> Vec<u8> {
    spec(|spec| {
        let line = &mut spec.segments[2].1[4];
        *line = change(line);
    })
}

/// The payload changed before anything was computed from it.
fn payload(change: impl FnOnce(Bag) -> Bag) -> Vec<u8> {
    change(Spec::judged().bag()).tagged().sealed().zip()
}

/// Changed after it was sealed.
fn changed(change: impl FnOnce(Bag) -> Bag) -> Vec<u8> {
    change(Spec::judged().bag().tagged().sealed()).zip()
}

pub(super) fn conditions() -> Vec<Condition> {
    let mut all = documents();
    all.extend(decisions());
    all.extend(withheld());
    all
}

fn documents() -> Vec<Condition> {
    vec![
        Condition { name: "policy-and-holds", zip: spec(|_| {}), ending: "ok", codes: &[] },
        Condition {
            name: "holds-without-a-policy",
            zip: spec(|spec| {
                spec.policy = None;
                spec.withheld.clear();
            }),
            ending: "ok",
            codes: &[],
        },
        broken("policy-changed", changed(|bag| bag.replace(POLICY, "6", "1")), &["digest-differs", "policy-differs"]),
        broken(
            "holds-changed",
            changed(|bag| bag.replace(HOLDS, "collision", "collusion")),
            &["digest-differs", "holds-differ"],
        ),
        broken(
            "holds-removed",
            changed(|bag| bag.without(HOLDS)),
            &["holds-differ", "oxum-differs", "payload-missing"],
        ),
        broken(
            "policy-numbers-with-a-gap",
            payload(|mut bag| {
                for (path, _) in &mut bag.members {
                    *path = path.replace("001-policy", "002-policy");
                }
                bag
            }),
            &["numbering-gap", "policy-differs", "withheld-unexpected"],
        ),
    ]
}

fn decisions() -> Vec<Condition> {
    let without = |line: &str| line.split(",\"retention\"").next().unwrap_or_default().to_owned() + "}";
    vec![
        broken("record-without-a-decision", held_post(without), &["retention-unexpected", "summary-differs"]),
        broken(
            "decision-without-a-policy",
            spec(|spec| {
                spec.policy = None;
                spec.holds = None;
                spec.withheld.clear();
            }),
            &["retention-unexpected"],
        ),
        broken(
            "decision-with-another-member",
            held_post(|line| line.replace("\"holds\"", "\"then\":\"dispose\",\"holds\"")),
            &["record-malformed", "summary-differs"],
        ),
        broken(
            "holds-of-a-record-unsorted",
            held_post(|line| line.replace(r#"["2026-17","collision"]"#, r#"["collision","2026-17"]"#)),
            &["record-malformed", "summary-differs"],
        ),
        broken(
            "decision-changed",
            payload(|bag| bag.replace(POSTS, "harbour/logs", "harbour/chat")),
            &["segments-differ", "summary-differs"],
        ),
        broken(
            "summary-with-a-false-rule",
            payload(|bag| {
                let bag = bag.replace(SUMMARY, r#""harbour/logs":{"records":6"#, r#""harbour/logs":{"records":7"#);
                bag.replace(WORDS, "6 + 0  harbour/logs", "7 + 0  harbour/logs")
            }),
            &["summary-differs"],
        ),
        broken(
            "summary-with-a-false-hold",
            payload(|bag| bag.replace(SUMMARY, r#""collision":6"#, r#""collision":5"#)),
            &["summary-differs", "summary-text-differs"],
        ),
        broken(
            "summary-without-a-hold",
            payload(|bag| {
                let bag = bag.replace(SUMMARY, r#","collision":6"#, "");
                bag.replace(WORDS, "                   6  collision\n", "")
            }),
            &["summary-differs"],
        ),
        broken(
            "summary-with-more-due-than-there-is",
            payload(|bag| {
                let bag = bag.replace(SUMMARY, r#""keep":14,"held":6"#, r#""keep":13,"held":7"#);
                let bag = bag.replace(WORDS, "14  kept", "13  kept");
                bag.replace(WORDS, "6  frozen", "7  frozen")
            }),
            &["summary-differs"],
        ),
        broken(
            "summary-without-decisions",
            payload(|bag| {
                let cut = |text: &[u8], from: &str, to: &str| {
                    let text = String::from_utf8_lossy(text).into_owned();
                    let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
                    text[start..end].to_owned()
                };
                let member = cut(bag.get(SUMMARY), ",\"retention\"", "}}\n") + "}";
                let words = cut(bag.get(WORDS), "\nRetention: what", "\nExceptions");
                bag.replace(SUMMARY, &member, "").replace(WORDS, &words, "")
            }),
            &["summary-differs"],
        ),
    ]
}

fn withheld() -> Vec<Condition> {
    vec![
        broken(
            "withheld-malformed",
            spec(|spec| spec.withheld[1] = r#"{"kind":"post","id":"p"}"#.into()),
            &["summary-differs", "withheld-malformed"],
        ),
        broken(
            "withheld-with-the-message",
            payload(|bag| bag.replace(WITHHELD, "\"}", "\",\"message\":\"Crane 7\"}")),
            &["summary-differs", "withheld-malformed"],
        ),
        broken("withheld-unsorted", spec(|spec| spec.withheld.reverse()), &["withheld-order"]),
        broken(
            "withheld-before-it-was-due",
            spec(|spec| spec.withheld[1] = spec.withheld[1].replace("since 2024", "since 2027")),
            &["withheld-early"],
        ),
        broken(
            "withheld-by-another-rule",
            payload(|bag| bag.replace(WITHHELD, "harbour/chat", "harbour/logs")),
            &["summary-differs"],
        ),
        broken(
            "withheld-line-removed",
            changed(|bag| {
                let text = String::from_utf8(bag.get(WITHHELD).to_vec()).unwrap();
                let first = text.lines().next().unwrap().to_owned() + "\n";
                bag.replace(WITHHELD, &first, "")
            }),
            &["digest-differs", "oxum-differs", "summary-differs"],
        ),
        broken(
            "withheld-missing",
            {
                let bag = Spec { withheld: Vec::new(), ..Spec::judged() }.bag();
                bag.without(WITHHELD).tagged().sealed().zip()
            },
            &["withheld-unexpected"],
        ),
        broken(
            "withheld-without-a-policy",
            made(|bag| bag.insert("data/source.json", WITHHELD, b"")),
            &["withheld-unexpected"],
        ),
    ]
}
