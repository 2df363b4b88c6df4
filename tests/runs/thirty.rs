//! Thirty nights: people work, runs are killed or forgotten, the index is lost, and somebody tampers with the source, the
//! archives and the ledger. In the end each thing that was tampered with is found by its name, and nothing else is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::histories::event;
use super::{Nights, of_kind, records};
use crate::evaluator::dice::Dice;

const NIGHTS: usize = 30;

/// Nights in which nothing runs.
const SLEPT_THROUGH: [usize; 3] = [16, 21, 25];

/// Posts that nobody touches but those who tamper. Their ids come last, where nothing that happens by chance reaches.
const QUIET: usize = 10;

fn quiet(number: usize) -> String {
    format!("{:z<24}{number:02}", "")
}

fn add(number: usize) -> String {
    let (id, at) = (quiet(number), 1_767_300_000_000_u64 + number as u64);
    format!(
        "INSERT INTO posts (id, createat, updateat, deleteat, userid, channelid, rootid, originalid, message, type, props, editat)
         SELECT '{id}', {at}, {at}, 0, userid, channelid, '', '', 'as it was said', '', '{{}}', 0 FROM posts WHERE id LIKE 'reply1%';"
    )
}

/// What somebody does to the database past the server, in which night.
const IN_THE_SOURCE: [(usize, &str, &str); 3] = [
    (4, "a message is rewritten and its clock left alone", "UPDATE posts SET message = 'never said' WHERE id = '$'"),
    (9, "what a post carries is rewritten", "UPDATE posts SET props = '{\"forged\": true}' WHERE id = '$'"),
    (13, "a post is removed", "DELETE FROM posts WHERE id = '$'"),
];

/// A night, what is done in it, how, and what that must be found as.
type Tampering = (usize, &'static str, fn(&Path, &[String]), &'static str);

/// What somebody does to the folder of archives.
const IN_THE_FOLDER: [Tampering; 3] = [
    (
        7,
        "a byte of an archive is changed",
        |folder, names| {
            let mut bytes = fs::read(folder.join(&names[2])).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(folder.join(&names[2]), bytes).unwrap();
        },
        "failed-check",
    ),
    (15, "an archive is deleted", |folder, names| fs::remove_file(folder.join(&names[8])).unwrap(), "archive-missing"),
    (
        20,
        "an archive is replaced by an older one",
        |folder, names| assert!(fs::copy(folder.join(&names[5]), folder.join(&names[12])).unwrap() > 0),
        "archive-missing archive-repeated",
    ),
];

impl Nights {
    /// A night that must end with an archive; which archives there are is for later.
    fn sleep_well(&self, said: &str) {
        let ended = self.run(&["--quiet"]);
        assert!(matches!(ended.code, 0 | 3), "{said}: {} {}", ended.code, ended.stderr);
    }

    fn folder(&self, name: &str) -> std::path::PathBuf {
        self.source.desk.path(name)
    }

    /// Exit code of `chatseal verify`, paths of archives that were changed, codes of everything else that was found.
    fn verified(&self, more: &[&str]) -> (i32, Vec<String>, Vec<String>) {
        let fixed = ["--json", "verify", "archives", "--signers", "signers", "--ledger", "ledger"];
        let ended = self.say(&[&fixed, more].concat());
        let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
        let (mut bad, mut codes) = (Vec::new(), Vec::new());
        let mut add = |part: &Value| {
            let found = part["findings"].as_array().unwrap().iter();
            codes.extend(found.map(|found| found["code"].as_str().unwrap().to_owned()));
        };
        for archive in document["archives"].as_array().unwrap() {
            if archive["exit"] == "failed-check" {
                bad.push(archive["path"].as_str().unwrap().to_owned());
            } else {
                add(archive);
            }
        }
        add(&document["ledger"]);
        codes.sort();
        (ended.code, bad, codes)
    }

    /// Exit code of `chatseal compare`, and what it found beside ordinary changes.
    fn compared(&self) -> (i32, Vec<String>) {
        let ended = self.say(&["compare", "--json", "archives", &self.source.url(), "--no-files"]);
        let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
        let findings = document["findings"].as_array().unwrap_or_else(|| panic!("{document}")).iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let named = findings.map(|found| [text(&found["class"]), text(&found["kind"]), text(&found["id"])].join(" "));
        (ended.code, named.filter(|found| !found.starts_with("changed")).collect())
    }
}

fn listed(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn copy(from: &Path, to: &Path) {
    drop(fs::remove_dir_all(to));
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn thirty_nights_of_work_crashes_and_tampering() {
    let mut dice = Dice(30);
    let nights = Nights::new("settle = \"0s\"\noverlap = \"1h\"\nrescan = \"1/3\"");
    nights.source.ask(&(0..QUIET).map(add).collect::<String>());
    let (archives, ledger) = (nights.folder("archives"), nights.folder("ledger"));
    let kept = nights.folder("kept");
    fs::create_dir(&kept).unwrap();
    for night in 0..NIGHTS {
        let events: Vec<String> = (0..dice.below(6)).map(|_| event(&mut dice)).collect();
        nights.source.ask(&(events.join(";\n") + ";"));
        for (number, (_, _, sql)) in (0..).zip(IN_THE_SOURCE).filter(|(_, (at, ..))| *at == night) {
            nights.source.ask(&sql.replace('$', &quiet(number)));
        }
        for (_, _, tamper, _) in IN_THE_FOLDER.iter().filter(|(at, ..)| *at == night) {
            for name in nights.names().iter().filter(|name| !kept.join(name).exists()) {
                fs::copy(archives.join(name), kept.join(name)).unwrap();
            }
            tamper(&archives, &listed(&kept));
        }
        if night == 11 {
            // Nothing is sealed upon a ledger that somebody changed.
            copy(&ledger, &nights.folder("true"));
            let statement = ledger.join("statements/00000003.txt");
            let text = fs::read_to_string(&statement).unwrap();
            fs::write(&statement, text.replacen("time 2", "time 1", 1)).unwrap();
            let before = nights.names();
            nights.run(&["--quiet"]).require(5, "");
            assert_eq!(nights.names(), before);
            copy(&nights.folder("true"), &ledger);
        }
        if night % 4 == 2 {
            nights.killed_after(Duration::from_millis(40 * dice.below(20) as u64));
        }
        if night == 5 {
            // What is only kept for speed is lost, while all archives are there to make it anew.
            drop(fs::remove_dir_all(archives.join("index")));
        }
        if SLEPT_THROUGH.contains(&night) {
            continue;
        }
        nights.sleep_well(&format!("night {night}: {events:#?}"));
    }

    // The ledger put back to what it was one night ago: only somebody who remembers the head can know.
    let head = nights.say(&["ledger", "head", "ledger"]).stdout.lines().next().unwrap().to_owned();
    copy(&ledger, &nights.folder("true"));
    nights.sleep_well("one night more");
    let later = nights.say(&["ledger", "head", "ledger"]).stdout.lines().next().unwrap().to_owned();
    copy(&ledger, &nights.folder("newest"));
    copy(&nights.folder("true"), &ledger);
    assert_eq!(nights.verified(&["--expect-head", &later]).0, 1, "the changed archive is worse than the rollback");
    assert!(nights.verified(&["--expect-head", &later]).2.contains(&"ledger-rollback".to_owned()));
    copy(&nights.folder("newest"), &ledger);

    // The set of archives: each thing by its name, and nothing else.
    let (code, bad, codes) = nights.verified(&["--expect-head", &head]);
    let names = listed(&kept);
    assert_eq!(code, 1);
    assert_eq!(bad, [format!("archives/{}", names[2])]);
    let expected: Vec<&str> = IN_THE_FOLDER.iter().skip(1).flat_map(|(.., codes)| codes.split(' ')).collect();
    let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
    expected.sort();
    assert_eq!(codes, expected);
    // Put right one after the other, worst first.
    let put_back = |number: usize| fs::copy(kept.join(&names[number]), archives.join(&names[number])).unwrap();
    put_back(2);
    assert_eq!(nights.verified(&[]).0, 5);
    put_back(8);
    assert_eq!(
        nights.verified(&[]),
        (5, Vec::new(), vec!["archive-missing".to_owned(), "archive-repeated".to_owned()])
    );
    put_back(12);
    assert_eq!(nights.verified(&["--expect-head", &head]), (0, Vec::new(), Vec::new()));

    // The source: what was done past the server stands in the archives, once, and with it all that vanished.
    nights.require_same("thirty nights");
    let (mut altered, mut vanished, mut sealed) = (Vec::new(), Vec::new(), BTreeSet::new());
    for archive in nights.archives() {
        let id = |found: &Value| found["data"]["record_id"].as_str().unwrap().to_owned();
        altered.extend(of_kind(&archive, "finding_altered").iter().map(id));
        let gone = of_kind(&archive, "finding_vanished");
        vanished.extend(gone.iter().filter(|found| found["data"]["record_kind"] == "post").map(id));
        sealed.extend(records(&archive, false).into_keys().filter(|(kind, _)| kind == "post").map(|(_, id)| id));
    }
    altered.sort();
    assert_eq!(altered, [quiet(0), quiet(1)], "{}, {}", IN_THE_SOURCE[0].1, IN_THE_SOURCE[1].1);
    let there = nights.source.ask("SELECT id FROM posts");
    let there: BTreeSet<&str> = there.lines().collect();
    // One post of the fixture has an id that archives spell otherwise than the database.
    let is_plain = |id: &&String| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let expected: Vec<&String> = sealed.iter().filter(is_plain).filter(|id| !there.contains(id.as_str())).collect();
    vanished.sort();
    assert_eq!(vanished.iter().collect::<Vec<_>>(), expected);
    assert!(vanished.contains(&quiet(2)), "{}", IN_THE_SOURCE[2].1);

    // Between two runs a comparison finds what nobody has stated yet.
    assert_eq!(nights.compared(), (0, Vec::new()));
    nights.source.ask(&format!(
        "UPDATE posts SET message = 'never said' WHERE id = '{}'; DELETE FROM posts WHERE id = '{}'; {}",
        quiet(5),
        quiet(6),
        add(99)
    ));
    let expected = [(5, "altered"), (6, "vanished"), (99, "inserted")];
    let expected = expected.map(|(number, class)| format!("{class} post {}", quiet(number))).to_vec();
    assert_eq!(nights.compared(), (1, expected));
}
