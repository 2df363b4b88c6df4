//! One bulk export for each way of being odd, and what becomes of it.
//!
//! `fixtures/bulk/CONDITION/` holds a source (`export.jsonl` with `data/`, or `export.zip`) and `expected.txt`: how the
//! export ends; then what was said, or the completeness equation of each kind and every exception that was sealed.
//! Where `records.jsonl` stands beside it, every record line has to be so and not otherwise: derived ids are a promise.
//! After a change that is meant, `CHATSEAL_REWRITE=1 cargo test --test all bulk::` writes both anew; read the diff.

mod large;
mod zips;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chatseal::cli::exit::Exit;

use crate::sealed::{Archive, Desk, Ended};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/bulk")
}

fn rewrites() -> bool {
    std::env::var_os("CHATSEAL_REWRITE").is_some()
}

/// The conditions by name.
pub(crate) fn conditions() -> BTreeSet<String> {
    fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Copies a condition's source into the desk and returns its name.
pub(crate) fn place(condition: &str, desk: &Desk) -> &'static str {
    fn copy(from: &Path, to: &Path) {
        if from.is_dir() {
            fs::create_dir_all(to).unwrap();
            for entry in fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                copy(&entry.path(), &to.join(entry.file_name()));
            }
        } else {
            fs::copy(from, to).unwrap();
        }
    }
    let from = folder().join(condition);
    let source = if from.join("export.zip").exists() { "export.zip" } else { "export.jsonl" };
    copy(&from.join(source), &desk.path(source));
    if from.join("data").exists() {
        copy(&from.join("data"), &desk.path("data"));
    }
    source
}

/// How an export ended, as `expected.txt` has it.
fn account(ended: &Ended, archive: Option<&Archive>) -> String {
    let exit = Exit::ALL.into_iter().find(|exit| i32::from(exit.code()) == ended.code).unwrap();
    let mut out = format!("{}\n", exit.name());
    let Some(archive) = archive else {
        // Where a zip contradicts itself twice, either may be met first.
        let first = |line: &str| line.split_once("inconsistency detected").map_or(line, |(said, _)| said).to_owned();
        return out + &ended.stderr.lines().map(|line| first(line) + "\n").collect::<String>();
    };
    let summary = archive.summary();
    for (kind, counts) in summary["kinds"].as_object().unwrap() {
        let [source, records, left, lost] =
            ["source", "records", "out_of_scope", "quarantined"].map(|name| counts[name].as_u64().unwrap());
        assert_eq!(source, records + left + lost, "{kind}");
        let _ = writeln!(out, "{kind}: {source} = {records} + {left} + {lost}");
    }
    let _ = writeln!(out, "files: {}", summary["files"]);
    out + archive.text("data/exceptions.jsonl")
}

#[test]
fn every_condition_ends_as_expected() {
    let mut wrong = Vec::new();
    for condition in conditions() {
        let desk = Desk::new();
        let source = place(&condition, &desk);
        let ended = desk.export(source, "out.zip", &["--quiet"]);
        let sealed = matches!(ended.code, 0 | 3);
        let archive = sealed.then(|| desk.archive("out.zip"));
        let left: Vec<String> = desk.names().into_iter().filter(|name| name.starts_with("out")).collect();
        assert_eq!(left, if sealed { vec!["out.zip"] } else { vec![] }, "{condition}");

        let mut found = vec![("expected.txt", account(&ended, archive.as_ref()))];
        if folder().join(&condition).join("records.jsonl").exists() {
            let lines = archive.as_ref().map(Archive::lines).unwrap_or_default();
            found.push(("records.jsonl", lines.iter().map(|line| format!("{line}\n")).collect()));
        }
        for (name, found) in found {
            let path = folder().join(&condition).join(name);
            if rewrites() {
                fs::write(&path, &found).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if found != expected {
                wrong.push(format!("{condition}/{name}: expected\n{expected}found\n{found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_condition_of_every_sort_is_there() {
    assert!(conditions().len() >= 100, "{}", conditions().len());
    let of = |exit: &str| {
        let name = format!("{exit}\n");
        let ends = |condition: &String| {
            fs::read_to_string(folder().join(condition).join("expected.txt")).unwrap().starts_with(&name)
        };
        conditions().iter().filter(|condition| ends(condition)).count()
    };
    assert!(of("ok") > 20 && of("exceptions") > 20 && of("unavailable") > 20);
    assert_eq!(of("internal"), 0);
}
