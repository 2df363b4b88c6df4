//! The demo is the first thing that anybody runs, and the test of an installation.

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn demo(args: &[&str], within: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatseal")).arg("demo").args(args).current_dir(within).output().unwrap()
}

fn zips(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "zip")).collect()
}

#[test]
fn it_ends_well_with_one_archive() {
    let place = tempfile::tempdir().unwrap();
    let output = demo(&["harbour"], place.path());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(zips(&place.path().join("harbour")), ["harbour.zip"]);
    for command in ["keygen", "export", "verify"] {
        assert!(said.contains(&format!("\n$ chatseal {command} harbour/")), "{said}");
    }
    let last = said.lines().rev().take(5).collect::<String>();
    assert!(last.contains("done: every step did what it should"), "{said}");
    // A second run must not touch what the first one made.
    let output = demo(&["harbour"], place.path());
    assert_eq!(output.status.code(), Some(8));
}

#[test]
fn what_it_prints_works_when_it_is_typed() {
    let place = tempfile::tempdir().unwrap();
    let output = demo(&["it's a demo"], place.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let commands: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    let dir = place.path().join("it's a demo");
    for made in
        ["seal.key", "seal.key.pub", "seal.key.pub.pem", "allowed_signers", "harbour.zip", "harbour.zip.damaged"]
    {
        fs::remove_file(dir.join(made)).unwrap();
    }
    let program = Path::new(env!("CARGO_BIN_EXE_chatseal")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut codes = Vec::new();
    for command in &commands {
        let output =
            Command::new("bash").args(["-c", command]).current_dir(place.path()).env("PATH", &path).output().unwrap();
        codes.push(output.status.code().unwrap());
    }
    let verified: Vec<i32> = commands
        .iter()
        .zip(&codes)
        .filter(|(typed, _)| typed.starts_with("chatseal verify"))
        .map(|(_, code)| *code)
        .collect();
    assert_eq!(verified, [0, 1], "{commands:#?}\n{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code != 0).count(), 1, "{commands:#?}\n{codes:?}");
    // The copy differs in the one byte, whoever flips it.
    let (intact, damaged) =
        (fs::read(dir.join("harbour.zip")).unwrap(), fs::read(dir.join("harbour.zip.damaged")).unwrap());
    assert_eq!(intact.len(), damaged.len());
    assert!(intact.iter().zip(&damaged).filter(|(a, b)| a != b).count() <= 1);
}

#[test]
fn with_json_it_is_one_document() {
    let place = tempfile::tempdir().unwrap();
    let output = demo(&["--json", "harbour"], place.path());
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["kind"], &document["exit"]["name"]), (&"demo".into(), &"ok".into()), "{document:#}");
    let steps = document["steps"].as_array().unwrap();
    let codes: Vec<u64> = steps.iter().map(|step| step["exit_code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [0, 0, 0, 1]);
    for step in steps {
        assert!(step["answer"]["kind"].is_string(), "{step:#}");
    }
}

#[test]
fn without_a_folder_it_makes_one_and_names_it() {
    let place = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_chatseal"))
        .args(["demo", "--json"])
        .env("TMPDIR", place.path())
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let dir = Path::new(document["directory"].as_str().unwrap());
    assert!(dir.starts_with(place.path()), "{}", dir.display());
    assert_eq!(zips(dir), ["harbour.zip"]);
}
