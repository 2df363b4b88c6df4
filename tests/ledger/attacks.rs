//! Attacks by name, each with the exit code and the finding that it must meet.

use std::fs;

use super::{copy, head, kept, key, run, say, seal, verified};
use crate::sealed::Desk;

/// What an attack does, and what must be found then.
type Attack = (&'static str, fn(&Desk), i32, &'static [&'static str]);

fn remove(desk: &Desk, name: &str) {
    fs::remove_file(desk.path(name)).unwrap();
}

fn put(desk: &Desk, from: &str, to: &str) {
    fs::copy(desk.path(from), desk.path(to)).unwrap();
}

fn flip(desk: &Desk, name: &str, at: usize) {
    let mut bytes = fs::read(desk.path(name)).unwrap();
    bytes[at] ^= 1;
    fs::write(desk.path(name), bytes).unwrap();
}

/// Puts another digit in the place of the first one.
fn other_digit(desk: &Desk, name: &str) {
    let mut bytes = fs::read(desk.path(name)).unwrap();
    bytes[0] = if bytes[0] == b'0' { b'1' } else { b'0' };
    fs::write(desk.path(name), bytes).unwrap();
}

fn swap(desk: &Desk, left: &str, right: &str) {
    for (from, to) in [(left, "aside"), (right, left), ("aside", right)] {
        fs::rename(desk.path(from), desk.path(to)).unwrap();
    }
}

/// Puts the newest archive and the ledger's end back to what they were before it.
fn roll_back(desk: &Desk) {
    remove(desk, "archives/c.zip");
    for name in ["ledger/statements/00000003.txt", "ledger/checkpoints/00000004"] {
        remove(desk, name);
    }
    fs::copy(desk.path("ledger/checkpoints/00000003"), desk.path("ledger/checkpoint")).unwrap();
    let list = fs::read_to_string(desk.path("ledger/archives.sha256")).unwrap();
    let kept: String = list.lines().filter(|line| !line.ends_with("c.zip")).map(|line| format!("{line}\n")).collect();
    desk.write("ledger/archives.sha256", kept);
}

/// The holder of the key makes another history: the same numbers, other seals.
fn rewrite(desk: &Desk) {
    for folder in ["ledger", "archives"] {
        fs::remove_dir_all(desk.path(folder)).unwrap();
    }
    fs::create_dir(desk.path("archives")).unwrap();
    say(desk, "init", &["ledger", "--origin", "chat.example.org/audit", "--key", "seal.key"]).require(0, "");
    for name in ["a", "b", "c"] {
        seal(desk, name).require(0, "");
    }
}

/// An archive that was sealed with a valid key, into another ledger of the same name.
fn resealed(desk: &Desk) {
    copy(&desk.path("ledger"), &desk.path("true"));
    let b = fs::read(desk.path("archives/b.zip")).unwrap();
    let (a, c) = (fs::read(desk.path("archives/a.zip")).unwrap(), fs::read(desk.path("archives/c.zip")).unwrap());
    rewrite(desk);
    let forged = fs::read(desk.path("archives/b.zip")).unwrap();
    assert_ne!(b, forged);
    fs::write(desk.path("archives/a.zip"), a).unwrap();
    fs::write(desk.path("archives/c.zip"), c).unwrap();
    fs::remove_dir_all(desk.path("ledger")).unwrap();
    fs::rename(desk.path("true"), desk.path("ledger")).unwrap();
}

const ATTACKS: &[Attack] = &[
    ("nothing is done", |_| {}, 0, &[]),
    ("an archive in the middle is deleted", |desk| remove(desk, "archives/b.zip"), 5, &["archive-missing"]),
    ("the newest archive is deleted", |desk| remove(desk, "archives/c.zip"), 5, &["archive-missing"]),
    (
        "two archives are deleted",
        |desk| {
            remove(desk, "archives/a.zip");
            remove(desk, "archives/b.zip");
        },
        5,
        &["archive-missing", "archive-missing"],
    ),
    ("two archives exchange their names", |desk| swap(desk, "archives/a.zip", "archives/b.zip"), 0, &[]),
    ("an archive is there twice", |desk| put(desk, "archives/a.zip", "archives/z.zip"), 5, &["archive-repeated"]),
    (
        "an archive is replaced by one sealed anew with the true key",
        resealed,
        5,
        &["archive-missing", "archive-replaced"],
    ),
    (
        "a record is changed",
        |desk| flip(desk, "archives/b.zip", 300),
        1,
        &["crc-mismatch", "digest-differs", "list-differs", "record-malformed", "root-differs"],
    ),
    (
        "statements change places",
        |desk| swap(desk, "ledger/statements/00000001.txt", "ledger/statements/00000002.txt"),
        5,
        &["ledger-fork", "ledger-previous", "ledger-root", "ledger-statement-misplaced"],
    ),
    (
        "a statement is deleted",
        |desk| remove(desk, "ledger/statements/00000002.txt"),
        5,
        &["archive-unknown", "ledger-fork", "ledger-previous", "ledger-root", "ledger-statement-missing"],
    ),
    (
        "a seal in the ledger is changed",
        // Within the origin: what stands elsewhere is chance.
        |desk| flip(desk, "ledger/statements/00000002.txt", 5),
        5,
        &["archive-unknown", "ledger-fork", "ledger-previous", "ledger-root", "ledger-statement-malformed"],
    ),
    (
        "the first key is changed",
        |desk| flip(desk, "ledger/statements/00000000.txt", 40),
        4,
        &[
            "ledger-checkpoint-signature",
            "ledger-first-key",
            "ledger-fork",
            "ledger-root",
            "ledger-statement-malformed",
            "ledger-statement-signer",
            "ledger-untrusted",
        ],
    ),
    (
        "the first signature is deleted",
        |desk| remove(desk, "ledger/statements/00000000.txt.sig"),
        4,
        &["ledger-statement-signature", "ledger-untrusted"],
    ),
    (
        "an earlier checkpoint is deleted",
        |desk| remove(desk, "ledger/checkpoints/00000002"),
        5,
        &["ledger-checkpoint-missing"],
    ),
    (
        "the checkpoint is put back to an older one",
        |desk| put(desk, "ledger/checkpoints/00000002", "ledger/checkpoint"),
        5,
        &["archive-unknown", "ledger-checkpoint-missing", "ledger-rollback", "ledger-root"],
    ),
    ("the list is changed", |desk| other_digit(desk, "ledger/archives.sha256"), 5, &["list-differs"]),
    ("the origin is changed", |desk| desk.write("ledger/origin", "chat.example.com/audit\n"), 5, &["ledger-origin"]),
    ("ledger and archives are put back to an older state", roll_back, 5, &["ledger-rollback"]),
    ("the whole history is made anew with the true key", rewrite, 5, &["ledger-fork"]),
];

#[test]
fn every_attack_meets_its_finding_and_its_exit_code() {
    let whole = kept(&["a", "b", "c"]);
    let known = head(&whole);
    for (name, attack, code, expected) in ATTACKS {
        let desk = Desk::new();
        for file in ["signers", "export.jsonl"] {
            fs::copy(whole.path(file), desk.path(file)).unwrap();
        }
        copy(&whole.path("archives"), &desk.path("archives"));
        copy(&whole.path("ledger"), &desk.path("ledger"));
        attack(&desk);
        let (exit, found, document) = verified(&desk, &["--expect-head", &known]);
        assert_eq!(exit, *code, "{name}: {found:?}\n{document:#}");
        assert_eq!(found.is_empty(), *code == 0, "{name}: {found:?}");
        let (mut kinds, mut wanted) = (found.clone(), expected.to_vec());
        kinds.dedup();
        wanted.dedup();
        assert_eq!(kinds, wanted, "{name}");
        let missing = |codes: &[&str]| codes.iter().filter(|code| **code == "archive-missing").count();
        assert_eq!(missing(&found.iter().map(String::as_str).collect::<Vec<_>>()), missing(expected), "{name}");
    }
}

#[test]
fn a_verifier_without_memory_says_that_it_has_none_and_one_with_a_file_needs_no_paper() {
    let desk = kept(&["a", "b", "c"]);
    for round in ["first seen now", "\"remarks\""] {
        let (code, found, document) = verified(&desk, &["--state", "seen.note"]);
        assert_eq!((code, found.len()), (0, 0));
        assert!(document.to_string().contains(round));
    }
    let seen = fs::read(desk.path("seen.note")).unwrap();
    roll_back(&desk);
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0), "nobody can know: {document:#}");
    assert!(document.to_string().contains("no earlier head was given"));
    let (code, found, _) = verified(&desk, &["--state", "seen.note"]);
    assert_eq!((code, found), (5, vec!["ledger-rollback".to_owned()]));
    assert_eq!(fs::read(desk.path("seen.note")).unwrap(), seen, "a bad ledger is not remembered");
    rewrite(&desk);
    let (code, found, _) = verified(&desk, &["--state", "seen.note"]);
    assert_eq!((code, found), (5, vec!["ledger-fork".to_owned()]));
    desk.write("seen.note", "something else");
    run(&desk, &["verify", "archives", "--ledger", "ledger", "--state", "seen.note"]).require(6, "seen.note");
}

#[test]
fn a_head_is_expected_in_short_in_full_and_of_every_earlier_size() {
    let desk = kept(&["a"]);
    let (short, lines) = (head(&desk), say(&desk, "head", &["ledger"]).stdout);
    let full = lines.lines().nth(1).unwrap().to_owned();
    seal(&desk, "b").require(0, "");
    for known in [short.as_str(), &short.to_lowercase().replace('-', " ").replacen(' ', "-", 1), &full, &full[7..]] {
        assert_eq!(verified(&desk, &["--expect-head", known]).0, 0, "{known}");
    }
    let other = "0".repeat(64);
    assert_eq!(verified(&desk, &["--expect-head", &other]).1, ["head-unknown"]);
    let mut misread = short.clone();
    misread.replace_range(2..3, if short[2..].starts_with('7') { "8" } else { "7" });
    let ended = run(&desk, &["verify", "archives", "--expect-head", &misread]);
    ended.require(2, "misread");
}

#[test]
fn without_a_ledger_the_expected_head_is_a_seal() {
    let desk = kept(&["a", "b"]);
    let (_, _, document) = verified(&desk, &[]);
    let seal = document["archives"][1]["seal"]["sha256"].as_str().unwrap().to_owned();
    let expect = |seal: &str| run(&desk, &["verify", "archives", "--signers", "signers", "--expect-head", seal]);
    expect(&seal).require(0, "");
    assert_eq!(expect(&"0".repeat(64)).code, 5);
    expect(&head(&desk)).require(2, "short head");
}

#[test]
fn a_ledger_that_nothing_was_added_to_is_stale() {
    let desk = kept(&["a"]);
    // What is sealed here is of 2026-11-21; the clock of this machine is later or, on a wrong one, earlier.
    let (code, found, _) = verified(&desk, &["--max-age", "1h"]);
    assert!((code, found.as_slice()) == (0, &[]) || (code, found.as_slice()) == (5, &["ledger-stale".to_owned()]));
    assert_eq!(verified(&desk, &["--max-age", "5000w"]).0, 0);
    run(&desk, &["verify", "archives", "--ledger", "ledger", "--max-age", "2y"]).require(2, "36h");
}

#[test]
fn a_stranger_in_the_folder_is_no_part_of_the_ledger() {
    let desk = kept(&["a"]);
    desk.export("export.jsonl", "archives/alone.zip", &["--quiet"]).require(0, "");
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0), "{document:#}");
    fs::create_dir(desk.path("x")).unwrap();
    say(&desk, "init", &["other", "--origin", "chat.example.org/audit", "--key", "seal.key"]).require(0, "");
    desk.export("export.jsonl", "x/b.zip", &["--ledger", "other", "--quiet"]).require(0, "");
    desk.export("export.jsonl", "x/c.zip", &["--ledger", "other", "--quiet"]).require(0, "");
    fs::rename(desk.path("x/c.zip"), desk.path("archives/c.zip")).unwrap();
    let (code, found, _) = verified(&desk, &[]);
    assert_eq!((code, found), (5, vec!["archive-unknown".to_owned()]));
}

#[test]
fn one_archive_asks_only_whether_it_is_in_the_ledger() {
    let desk = kept(&["a", "b"]);
    let ended = run(&desk, &["verify", "archives/b.zip", "--signers", "signers", "--ledger", "ledger"]);
    ended.require(0, "");
    assert!(ended.stdout.contains("1 other archive of the ledger"), "{}", ended.stdout);
}

#[test]
fn keys_are_judged_by_their_place_in_the_ledger() {
    let desk = kept(&["a"]);
    key(&desk, "next.key", 9);
    let rotate = ["ledger", "--key", "seal.key", "--new-key", "next.key"];
    say(&desk, "rotate", &rotate).require(0, "");
    say(&desk, "rotate", &rotate).require(8, "signed by");
    seal(&desk, "b").require(8, "signed by");
    let sealed = run(
        &desk,
        &["export", "export.jsonl", "--key", "next.key", "--output", "archives/b.zip", "--ledger", "ledger", "--quiet"],
    );
    sealed.require(0, "");
    // The signers file names the first key only.
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0), "{document:#}");
    let alone = run(&desk, &["verify", "archives/b.zip", "--signers", "signers"]);
    assert_eq!(alone.code, 4, "without the ledger nobody vouches for the second key");
    // A key that may seal but not state does not vouch for others.
    desk.write("seals-only", crate::sealed::allowed(crate::sealed::SIGNER));
    let refused = run(&desk, &["--json", "verify", "archives", "--signers", "seals-only", "--ledger", "ledger"]);
    assert_eq!(refused.code, 4);
    assert!(refused.stdout.contains("ledger-untrusted") && refused.stdout.contains("signer-unknown"));
}

#[test]
fn what_a_stolen_key_signed_is_refused_from_its_place_on() {
    let desk = kept(&["a", "b"]);
    key(&desk, "next.key", 9);
    let stolen = ["ledger", "--key", "seal.key", "--new-key", "next.key", "--compromised-since", "2"];
    say(&desk, "rotate", &stolen).require(0, "");
    let (code, found, document) = verified(&desk, &[]);
    assert_eq!((code, found), (4, vec!["signer-compromised".to_owned()]));
    assert_eq!(document["archives"][0]["exit"], "ok");
    assert_eq!(document["archives"][1]["exit"], "untrusted");
}
