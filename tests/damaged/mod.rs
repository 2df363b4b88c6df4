//! One committed archive for each way of being wrong, and what verify must say of it.
//!
//! `fixtures/archives/CONDITION/` holds `archive.zip` and `expected.txt`: how the check ends, then the sorted codes.
//! The conditions are made here; with `CHATSEAL_REWRITE=1` the test writes the folders anew.

mod container;
mod contents;
mod hold_sets;
mod incident;
mod judged;
mod sealing;

use std::collections::BTreeSet;
use std::path::PathBuf;

use chatseal::verify::{Ending, Report};

use crate::bag::{Bag, Spec};
use crate::verify::report;

/// A way of being wrong: its name, the archive, how the check ends, the sorted codes.
pub(crate) struct Condition {
    pub(crate) name: &'static str,
    pub(crate) zip: Vec<u8>,
    pub(crate) ending: &'static str,
    pub(crate) codes: &'static [&'static str],
}

/// An archive that is not as it was sealed.
fn broken(name: &'static str, zip: Vec<u8>, codes: &'static [&'static str]) -> Condition {
    Condition { name, zip, ending: "failed-check", codes }
}

/// The small archive with its payload changed before anything was computed from it: consistent, but wrong.
fn made(change: impl FnOnce(Bag) -> Bag) -> Vec<u8> {
    change(Spec::small().bag()).tagged().sealed().zip()
}

/// The small archive, changed after it was sealed.
fn changed(change: impl FnOnce(Bag) -> Bag) -> Vec<u8> {
    change(sealed()).zip()
}

fn sealed() -> Bag {
    Spec::small().bag().tagged().sealed()
}

fn conditions() -> Vec<Condition> {
    let mut all = container::conditions();
    all.extend(sealing::conditions());
    all.extend(contents::conditions());
    all.extend(judged::conditions());
    all.extend(hold_sets::conditions());
    all.extend(incident::conditions());
    all
}

pub(crate) fn ending(report: &Report) -> &'static str {
    match report.ending() {
        Ending::Intact => "ok",
        Ending::Incomplete => "incomplete",
        Ending::Untrusted => "untrusted",
        Ending::FailedCheck => "failed-check",
        Ending::LeftOut => panic!("nobody asked for a sample"),
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/archives")
}

#[test]
fn every_condition_gives_exactly_its_findings() {
    let regenerate = std::env::var_os("CHATSEAL_REWRITE").is_some();
    let mut names = BTreeSet::new();
    let mut wrong = Vec::new();
    for condition in conditions() {
        let Condition { name, zip, ending: expected_ending, codes } = condition;
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        assert!(codes.is_sorted(), "{name}: {codes:?}");
        let expected =
            format!("{expected_ending}\n{}", codes.iter().map(|code| format!("{code}\n")).collect::<String>());
        let place = folder().join(name);
        if regenerate {
            std::fs::create_dir_all(&place).unwrap();
            std::fs::write(place.join("archive.zip"), &zip).unwrap();
            std::fs::write(place.join("expected.txt"), &expected).unwrap();
        }
        assert!(
            std::fs::read(place.join("archive.zip")).is_ok_and(|bytes| bytes == zip),
            "{name} is stale; run with CHATSEAL_REWRITE=1"
        );
        assert_eq!(std::fs::read_to_string(place.join("expected.txt")).unwrap(), expected, "{name}");
        let report = report(&zip);
        let mut found: Vec<&str> = report.findings().counts().keys().map(|code| code.code()).collect();
        found.sort_unstable();
        if found != codes || ending(&report) != expected_ending {
            wrong.push(format!("{name}: {} {found:?}\n{:#?}", ending(&report), report.findings().shown()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let there: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, names, "folders without a condition, or the reverse");
}
