//! Records that name sets of holds, and the table that says which holds these are.

use super::{Condition, broken, made};
use crate::bag::{Bag, Spec, set_name};

const SETS: &str = "data/policy/hold-sets.jsonl";
const POLICY: &str = "data/policy/001-policy.toml";

/// An archive whose maker was wrong.
fn spec(change: impl FnOnce(&mut Spec)) -> Vec<u8> {
    let mut spec = Spec::held_by_many();
    change(&mut spec);
    spec.zip()
}

/// The payload changed before anything was computed from it.
fn payload(change: impl FnOnce(Bag) -> Bag) -> Vec<u8> {
    change(Spec::held_by_many().bag()).tagged().sealed().zip()
}

/// A record that names a set, and is not the first of its segment, changed.
fn record(change: impl FnOnce(&str) -> String) -> Vec<u8> {
    spec(|spec| {
        let lines = spec.segments.iter_mut().flat_map(|(_, lines)| lines);
        let line = lines.filter(|line| line.contains("\"set:")).nth(2).expect("a line that names a set");
        *line = change(line);
    })
}

/// The name of the set in a line, with its quotation marks.
fn named(line: &str) -> &str {
    let start = line.find("\"set:").expect("the name of a set");
    &line[start..start + 38]
}

/// One set in the place of the first, also in the records that name it.
fn instead(array: &str) -> Vec<u8> {
    spec(|spec| {
        let (old, new) = (named(&spec.hold_sets[0]).to_owned(), format!("\"{}\"", set_name(array)));
        for line in spec.segments.iter_mut().flat_map(|(_, lines)| lines) {
            *line = line.replace(&old, &new);
        }
        spec.hold_sets[0] = format!("{{\"set\":{new},\"holds\":{array}}}");
        spec.hold_sets.sort();
    })
}

pub(super) fn conditions() -> Vec<Condition> {
    let mut all = tables();
    all.extend(records());
    all
}

fn tables() -> Vec<Condition> {
    vec![
        Condition { name: "holds-in-sets", zip: spec(|_| {}), ending: "ok", codes: &[] },
        broken(
            "hold-set-of-other-holds",
            spec(|spec| spec.hold_sets[0] = spec.hold_sets[0].replace("\"b\"", "\"bb\"")),
            &["hold-set-differs"],
        ),
        broken(
            "hold-sets-changed",
            Spec::held_by_many().bag().tagged().sealed().replace(SETS, "\"c\"", "\"q\"").zip(),
            &["digest-differs", "hold-set-malformed", "hold-set-missing", "summary-differs"],
        ),
        broken(
            "hold-set-line-removed",
            payload(|bag| {
                let line = bag.spec.hold_sets[1].clone() + "\n";
                bag.replace(SETS, &line, "")
            }),
            &["hold-set-missing", "summary-differs"],
        ),
        broken("hold-sets-missing", payload(|bag| bag.without(SETS)), &["hold-set-missing", "summary-differs"]),
        broken(
            "hold-set-that-no-record-names",
            spec(|spec| {
                let array = r#"["a","b","c","d","e"]"#;
                spec.hold_sets.push(format!(r#"{{"set":"{}","holds":{array}}}"#, set_name(array)));
                spec.hold_sets.sort();
            }),
            &["hold-set-unused"],
        ),
        broken(
            "hold-sets-without-a-set",
            Spec::judged().bag().insert(POLICY, SETS, b"").tagged().sealed().zip(),
            &["hold-set-unused"],
        ),
        broken(
            "hold-sets-without-holds",
            made(|bag| {
                let array = r#"["a","b","c","d","e"]"#;
                let line = format!("{{\"set\":\"{}\",\"holds\":{array}}}\n", set_name(array));
                bag.insert("data/exceptions.jsonl", SETS, line.as_bytes())
            }),
            &["hold-set-unused"],
        ),
        broken("hold-set-twice", spec(|spec| spec.hold_sets.insert(0, spec.hold_sets[0].clone())), &["hold-set-order"]),
        broken("hold-sets-unsorted", spec(|spec| spec.hold_sets.reverse()), &["hold-set-order"]),
        broken(
            "hold-set-of-four",
            instead(r#"["2026-17","a","b","collision"]"#),
            &["hold-set-malformed", "hold-set-missing", "summary-differs"],
        ),
        broken(
            "hold-set-unsorted-within",
            instead(r#"["a","2026-17","b","c","collision"]"#),
            &["hold-set-malformed", "hold-set-missing", "summary-differs"],
        ),
        broken(
            "hold-set-that-the-summary-lacks",
            payload(|bag| {
                let bag = bag.replace("data/report/summary.json", r#""a":3,"#, "");
                bag.replace("data/report/summary.txt", "                   3  a\n", "")
            }),
            &["summary-differs"],
        ),
    ]
}

fn records() -> Vec<Condition> {
    vec![
        broken(
            "many-holds-spelled-out",
            record(|line| line.replace(named(line), r#"["2026-17","a","b","c","collision"]"#)),
            &["record-malformed", "summary-differs"],
        ),
        broken(
            "set-of-a-record-in-upper-case",
            record(|line| line.replace(named(line), &named(line).to_uppercase().replace("SET", "set"))),
            &["record-malformed", "summary-differs"],
        ),
        broken(
            "set-of-a-record-unknown",
            record(|line| line.replace(named(line), &format!("\"{}\"", set_name("another")))),
            &["hold-set-missing", "summary-differs"],
        ),
    ]
}
