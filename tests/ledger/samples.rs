//! Checking a part of the archives each day, and saying so in the ledger.

use std::collections::BTreeSet;
use std::fs;

use chatseal::ledger::{Check, Reading, Said};
use chatseal::verify::{Asked, TrustPolicy, check_ledger};

use super::{head, kept, key, run, seal, verified};
use crate::sealed::Desk;

/// The checks that the ledger states, in order.
fn stated(desk: &Desk) -> Vec<Check> {
    let reading = Reading::of(&desk.path("ledger")).unwrap();
    assert!(reading.defects.is_empty(), "{:?}", reading.defects);
    let checks = reading.statements_said().filter_map(|statement| match &statement.said {
        Said::Verify(check) => Some((**check).clone()),
        _ => None,
    });
    checks.collect()
}

/// Numbers of the seals in the ledger.
fn seals(desk: &Desk) -> BTreeSet<u64> {
    Reading::of(&desk.path("ledger")).unwrap().seals().iter().map(|(number, _, _)| *number).collect()
}

fn day(day: u32) -> String {
    format!("2026-12-{day:02}")
}

#[test]
fn in_thirty_days_every_archive_had_its_turn_and_the_ledger_says_so() {
    let desk = kept(&["a", "b", "c"]);
    for name in ["d", "e", "f", "g", "h"] {
        seal(&desk, name).require(0, "");
    }
    let (mut covered, mut idle) = (BTreeSet::new(), None);
    for today in 1..=30 {
        let (code, found, document) =
            verified(&desk, &["--sample", "1/30", "--at", &day(today), "--key", "seal.key", "--state", "seen.note"]);
        assert_eq!((code, found.len()), (0, 0), "{document:#}");
        let checks = stated(&desk);
        let check = checks.last().unwrap();
        assert_eq!((checks.len(), check.result.as_str()), (today as usize, "ok"));
        assert_eq!(check.sample, format!("1/30 of {}", day(today)));
        let archives = document["archives"].as_array().unwrap();
        let whole = archives.iter().filter(|archive| archive["checked"] == true).count() as u64;
        assert_eq!((archives.len(), check.archives), (8, whole));
        if whole == 0 {
            idle = Some(today);
        }
        let today: BTreeSet<u64> =
            check.numbers.iter().copied().filter(|number| seals(&desk).contains(number)).collect();
        assert_eq!(today.len() as u64, whole);
        assert!(covered.is_disjoint(&today), "each has one turn");
        covered.extend(today);
    }
    assert_eq!(covered, seals(&desk));
    let args = ["verify", "archives", "--signers", "signers", "--ledger", "ledger", "--sample", "1/30", "--at"];
    let quiet = run(&desk, &[&args[..], &[&day(idle.unwrap())]].concat());
    assert!(quiet.stdout.contains("verdict: no archive was to be checked, 8 left out"), "{}", quiet.stdout);
    let (_, _, document) = verified(&desk, &["--sample", "1/30", "--at", &day(1)]);
    assert!(document.to_string().contains("8 of 8 archives were checked"), "{document:#}");
}

#[test]
fn what_is_not_in_the_sample_is_looked_for_and_what_is_damaged_is_found_on_its_day() {
    let desk = kept(&["a", "b", "c"]);
    let known = head(&desk);
    let mut bytes = fs::read(desk.path("archives/b.zip")).unwrap();
    // A byte of the first record: the container stays whole.
    let at = bytes.windows(8).position(|window| window == b"{\"kind\":").unwrap();
    bytes[at + 10] ^= 1;
    fs::write(desk.path("archives/b.zip"), bytes).unwrap();
    let codes: Vec<i32> = (1..=7)
        .map(|today| verified(&desk, &["--sample", "1/7", "--at", &day(today), "--expect-head", &known]).0)
        .collect();
    assert_eq!(codes.iter().filter(|code| **code == 1).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 6, "{codes:?}");

    fs::remove_file(desk.path("archives/a.zip")).unwrap();
    let quiet = (1..=7).find(|today| codes[*today as usize - 1] == 0).unwrap();
    let (code, found, _) = verified(&desk, &["--sample", "1/7", "--at", &day(quiet)]);
    assert_eq!((code, found), (5, vec!["archive-missing".to_owned()]));
    let ended = run(&desk, &["verify", "archives", "--signers", "signers", "--ledger", "ledger", "--sample", "1/3650"]);
    assert_eq!(ended.code, 5);
    assert!(ended.stdout.contains("left out of the sample 1/3650 of "), "{}", ended.stdout);
    for wrong in ["30", "0/30", "1/0"] {
        run(&desk, &["verify", "archives", "--sample", wrong]).require(2, "1/30");
    }
}

#[test]
fn a_check_is_stated_however_it_ends_unless_the_ledger_is_in_doubt() {
    let desk = kept(&["a", "b"]);
    let checked = |args: &[&str]| verified(&desk, &[&["--key", "seal.key"], args].concat());
    assert_eq!(checked(&[]).0, 0);
    let all = stated(&desk).pop().unwrap();
    assert_eq!((all.sample.as_str(), all.numbers.as_slice(), all.size), ("all", [1, 2].as_slice(), 3));
    fs::rename(desk.path("archives/a.zip"), desk.path("a.zip")).unwrap();
    assert_eq!(checked(&[]).0, 5);
    let missing = stated(&desk).pop().unwrap();
    assert_eq!((missing.result.as_str(), missing.findings, missing.numbers), ("incomplete", 1, vec![2]));

    fs::rename(desk.path("a.zip"), desk.path("archives/a.zip")).unwrap();
    key(&desk, "other.key", 9);
    run(&desk, &["verify", "archives", "--signers", "signers", "--ledger", "ledger", "--key", "other.key"])
        .require(8, "signed by");
    fs::remove_file(desk.path("ledger/checkpoints/00000002")).unwrap();
    let (code, _, document) = checked(&[]);
    assert_eq!(code, 5);
    assert!(document.to_string().contains("was not stated in the ledger"), "{document:#}");
}

#[test]
fn checks_do_not_make_a_ledger_fresh() {
    let desk = kept(&["a"]);
    let (code, _, _) = verified(&desk, &["--key", "seal.key"]);
    assert_eq!(code, 0);
    // What was sealed claims to be of 2026-11-21; the beginning of the ledger and the check are of now.
    let reading = Reading::of(&desk.path("ledger")).unwrap();
    let sealed = reading.seals()[0].2.time;
    let signers = chatseal::keys::AllowedSigners::parse(&fs::read(desk.path("signers")).unwrap());
    let policy = TrustPolicy { signers: Some(&signers), ..TrustPolicy::default() };
    for (now, expected) in [(sealed + 3_600_000, &[][..]), (sealed + 3_600_001, &["ledger-stale"])] {
        let asked = Asked { max_age: Some((3_600_000, now)), ..Asked::default() };
        let report = check_ledger(&reading, &mut [], &policy, &asked).unwrap();
        let codes: Vec<&str> = report.findings.shown().iter().map(|found| found.code.code()).collect();
        assert_eq!(codes, expected);
    }
}

#[test]
fn whoever_holds_the_lock_is_named_and_waited_for() {
    let desk = kept(&["a"]);
    let lock = fs::File::open(desk.path("ledger/lock")).unwrap();
    lock.lock().unwrap();
    fs::write(desk.path("ledger/lock"), "process 77 on tower since 2026-11-21T08:00:00.000Z\n").unwrap();
    let hold = |id: &str, args: &[&str]| {
        let fixed = ["hold", "add", id, "--ledger", "ledger", "--key", "seal.key", "--matter", "m", "--everything"];
        run(&desk, &[&fixed, &["--by", "mia", "--why", "w"][..], args].concat())
    };
    hold("now", &[]).require(7, "process 77 on tower since 2026-11-21T08:00:00.000Z");
    hold("later", &["--wait", "1s"]).require(7, "process 77 on tower");
    hold("never", &["--wait", "1d"]).require(2, "90s");
    std::thread::scope(|threads| {
        let waiting = threads.spawn(|| hold("patient", &["--wait", "60s"]));
        std::thread::sleep(std::time::Duration::from_millis(300));
        lock.unlock().unwrap();
        waiting.join().unwrap().require(0, "");
    });
    let (code, found, _) = verified(&desk, &[]);
    assert_eq!((code, found.len()), (0, 0));
}
