//! Sets of archives that are wrong in several ways at once, long ones, and those without a ledger.

use std::fs;

use serde_json::Value;

use super::{copy, head, kept, key, run, say, seal, verified};
use crate::sealed::Desk;

/// What `chatseal verify archives` finds without the ledger: exit code, and code and detail of each finding.
fn alone(desk: &Desk, args: &[&str]) -> (i32, Vec<(String, String)>) {
    let ended = run(desk, &[&["--json", "verify", "archives", "--signers", "signers"], args].concat());
    let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    let archives = document["archives"].as_array().unwrap().iter();
    let findings = archives.filter_map(|archive| archive["findings"].as_array()).flatten();
    let text = |found: &Value, name: &str| found[name].as_str().unwrap().to_owned();
    (ended.code, findings.map(|found| (text(found, "code"), text(found, "detail"))).collect())
}

fn remove(desk: &Desk, name: &str) {
    fs::remove_file(desk.path(name)).unwrap();
}

fn digest_of(desk: &Desk, archive: &str) -> String {
    crate::bag::sha(&desk.archive(archive).members["seal.txt"])
}

/// Changes a byte of the first record, so that the container stays whole.
fn tamper(desk: &Desk, name: &str) {
    let mut bytes = fs::read(desk.path(name)).unwrap();
    let at = bytes.windows(8).position(|window| window == b"{\"kind\":").unwrap();
    bytes[at + 10] ^= 1;
    fs::write(desk.path(name), bytes).unwrap();
}

#[test]
fn each_of_many_missing_archives_is_listed() {
    let names: Vec<String> = (10..40).map(|number| format!("n{number}")).collect();
    let desk = kept(&names.iter().map(String::as_str).collect::<Vec<_>>());
    for name in names.iter().filter(|name| name.as_str() != "n25") {
        remove(&desk, &format!("archives/{name}.zip"));
    }
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (5, 29));
    let places: Vec<&str> = document["ledger"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["place"].as_str().unwrap())
        .collect();
    let expected: Vec<String> =
        (1..=30).filter(|number| *number != 16).map(|number| format!("statements/{number:08}.txt")).collect();
    assert_eq!(places, expected);
    let text = run(&desk, &["verify", "archives", "--signers", "signers", "--ledger", "ledger"]).stdout;
    assert_eq!(text.matches("  statements/").count(), 29, "{text}");
    let one = run(&desk, &["verify", "archives", "--signers", "signers", "--ledger", "ledger", "--format", "junit"]);
    assert_eq!(one.stdout.matches("statements/000000").count(), 29, "{}", one.stdout);
}

#[test]
fn without_a_ledger_every_break_is_listed_with_the_seal_that_is_missing() {
    let desk = kept(&["a", "b", "c", "d", "e", "f"]);
    let missing = [digest_of(&desk, "archives/b.zip"), digest_of(&desk, "archives/e.zip")];
    assert_eq!(alone(&desk, &[]), (0, Vec::new()));
    remove(&desk, "archives/b.zip");
    remove(&desk, "archives/e.zip");
    let (code, found) = alone(&desk, &[]);
    let expected = missing.map(|digest| ("chain-gap".to_owned(), format!("sha256:{digest} was not given")));
    assert_eq!((code, found), (5, expected.to_vec()));
    // What was cut off at the end is seen only by whoever knows the end.
    let last = digest_of(&desk, "archives/f.zip");
    fs::rename(desk.path("archives/f.zip"), desk.path("f.zip")).unwrap();
    assert_eq!(alone(&desk, &[]).1.len(), 1, "b is missing, and nobody knows of f");
    let (code, found) = alone(&desk, &["--expect-head", &last]);
    assert_eq!((code, found.iter().filter(|found| found.0 == "head-unknown").count()), (5, 1), "{found:?}");
}

/// What is done, and how the program exits then.
type Mixture = (&'static str, fn(&Desk), &'static [&'static str], i32, &'static [&'static str]);

const SIGNED: &[&str] = &["--signers", "signers"];

/// 6 before 1 before 4 before 5: what is worse decides, and everything is listed all the same.
const MIXTURES: &[Mixture] = &[
    ("nothing", |_| {}, SIGNED, 0, &[]),
    ("one missing", |desk| remove(desk, "archives/b.zip"), SIGNED, 5, &["archive-missing"]),
    ("nobody vouches", |_| {}, &[], 4, &[]),
    ("one missing, and nobody vouches", |desk| remove(desk, "archives/b.zip"), &[], 4, &["archive-missing"]),
    (
        "one missing, another tampered with",
        |desk| {
            remove(desk, "archives/b.zip");
            tamper(desk, "archives/c.zip");
        },
        SIGNED,
        1,
        &["archive-missing", "digest-differs", "root-differs"],
    ),
    (
        "one missing, another tampered with, nobody vouches",
        |desk| {
            remove(desk, "archives/b.zip");
            tamper(desk, "archives/c.zip");
        },
        &[],
        1,
        &["archive-missing", "digest-differs"],
    ),
    (
        "one tampered with, another unreadable",
        |desk| {
            tamper(desk, "archives/c.zip");
            remove(desk, "archives/b.zip");
            std::os::unix::fs::symlink("gone", desk.path("archives/b.zip")).unwrap();
        },
        SIGNED,
        6,
        &["archive-missing", "digest-differs"],
    ),
    (
        "one takes the name of another",
        |desk| {
            fs::copy(desk.path("archives/a.zip"), desk.path("archives/b.zip")).unwrap();
        },
        SIGNED,
        5,
        &["archive-missing", "archive-repeated"],
    ),
    (
        "an archive of this name from another ledger",
        |desk| {
            let aside = kept(&["b"]);
            fs::copy(aside.path("archives/b.zip"), desk.path("archives/b.zip")).unwrap();
        },
        SIGNED,
        5,
        &["archive-missing", "archive-replaced"],
    ),
];

#[test]
fn what_is_worse_decides_and_everything_is_listed() {
    let whole = kept(&["a", "b", "c"]);
    for (name, act, trust, code, expected) in MIXTURES {
        let desk = Desk::new();
        fs::copy(whole.path("signers"), desk.path("signers")).unwrap();
        copy(&whole.path("archives"), &desk.path("archives"));
        copy(&whole.path("ledger"), &desk.path("ledger"));
        act(&desk);
        let ended = run(&desk, &[&["--json", "verify", "archives", "--ledger", "ledger"], *trust].concat());
        assert_eq!(ended.code, *code, "{name}: {}{}", ended.stdout, ended.stderr);
        for found in *expected {
            assert!(ended.stdout.contains(&format!("\"code\": \"{found}\"")), "{name}: {found} in {}", ended.stdout);
        }
    }
}

#[test]
fn a_history_that_forks_at_its_end_is_known_by_its_head_only() {
    let desk = kept(&["a", "b"]);
    copy(&desk.path("ledger"), &desk.path("before"));
    seal(&desk, "c").require(0, "");
    let (code, _, _) = verified(&desk, &["--state", "seen.note"]);
    assert_eq!(code, 0);
    let known = head(&desk);
    remove(&desk, "archives/c.zip");
    fs::remove_dir_all(desk.path("ledger")).unwrap();
    fs::rename(desk.path("before"), desk.path("ledger")).unwrap();
    seal(&desk, "c").require(0, "");
    assert_eq!(verified(&desk, &[]).0, 0, "true key, whole chain: nobody without memory can know");
    for memory in [["--state", "seen.note"], ["--expect-head", &known]] {
        let (code, found, _) = verified(&desk, &memory);
        assert_eq!((code, found), (5, vec!["ledger-fork".to_owned()]), "{memory:?}");
    }
}

#[test]
fn what_the_retired_key_seals_behind_its_rotation_is_refused_however_it_is_slipped_in() {
    let desk = kept(&["a"]);
    copy(&desk.path("ledger"), &desk.path("before"));
    key(&desk, "next.key", 9);
    say(&desk, "rotate", &["ledger", "--key", "seal.key", "--new-key", "next.key"]).require(0, "");
    let known = head(&desk);
    // The old key goes on in a copy of the ledger from before the rotation, and says something in its place.
    let hold = ["hold", "add", "h", "--ledger", "before", "--key", "seal.key", "--matter", "m", "--everything"];
    run(&desk, &[&hold[..], &["--by", "mia", "--why", "w"]].concat()).require(0, "");
    let forge = ["export", "export.jsonl", "--key", "seal.key", "--output", "archives/b.zip", "--ledger", "before"];
    run(&desk, &forge).require(0, "");
    let (code, found, _) = verified(&desk, &[]);
    assert_eq!((code, found), (5, vec!["archive-unknown".to_owned()]), "into the true ledger's set");
    fs::rename(desk.path("ledger"), desk.path("true")).unwrap();
    fs::rename(desk.path("before"), desk.path("ledger")).unwrap();
    let (code, found, _) = verified(&desk, &["--expect-head", &known]);
    assert_eq!((code, found), (5, vec!["ledger-fork".to_owned()]), "with a ledger of its own");
    // Its seal is put into the true ledger by hand, in the place of the next one.
    for file in ["statements/00000003.txt", "checkpoint", "checkpoints/00000004"] {
        fs::copy(desk.path(&format!("ledger/{file}")), desk.path(&format!("true/{file}"))).unwrap();
    }
    fs::rename(desk.path("ledger"), desk.path("false")).unwrap();
    fs::rename(desk.path("true"), desk.path("ledger")).unwrap();
    let (code, found, document) = verified(&desk, &["--expect-head", &known]);
    assert_eq!(code, 5, "{document:#}");
    for expected in ["ledger-statement-signer", "ledger-root"] {
        assert!(found.iter().any(|code| code == expected), "{expected}: {found:?}");
    }
}
