//! Every other command takes policies and holds whole, or ends before it reads a source.

use chatseal::cli::exit::Exit;
use chatseal::cli::policy::load;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts/policy.in").join(name)
}

/// How loading fails: exit, message, causes.
fn refused(policies: &[&str], holds: &[&str]) -> (Exit, String, Vec<String>) {
    let paths = |names: &[&str]| names.iter().map(|name| file(name)).collect::<Vec<_>>();
    let failure = load(&paths(policies), &paths(holds)).unwrap_err();
    let account = failure.account();
    let folder = format!("{}/", file("").parent().unwrap().join("policy.in").display());
    let near = |text: &str| text.replace(&folder, "");
    (failure.exit(), near(&account.message), account.causes.iter().map(|cause| near(cause)).collect())
}

#[test]
fn what_is_good_is_handed_over_with_its_bytes() {
    let loaded = load(&[file("good.toml")], &[file("holds.toml")]).unwrap();
    assert_eq!(loaded.set.policies.len(), 1);
    assert_eq!(
        (loaded.set.rules().next().unwrap().id.as_str(), loaded.set.holds[0].id.as_str()),
        ("harbour/operations", "crane-7")
    );
    assert_eq!(loaded.policies, [std::fs::read(file("good.toml")).unwrap()]);
    assert_eq!(loaded.holds, [std::fs::read(file("holds.toml")).unwrap()]);
    let nothing = load(&[], &[]).unwrap();
    assert!(nothing.set.policies.is_empty() && nothing.set.holds.is_empty() && nothing.policies.is_empty());
}

#[test]
fn what_has_a_finding_is_refused_with_the_first_of_them() {
    let (exit, message, causes) = refused(&["typo.toml"], &["holds.toml"]);
    assert_eq!((exit, message.as_str()), (Exit::Usage, "cannot apply `typo.toml`: 1 finding"));
    assert_eq!(causes, ["typo.toml:7:1: key-unknown: `keep_fro` is not a key of a rule"]);
    let (exit, message, causes) = refused(&["many.toml", "typo.toml"], &[]);
    assert_eq!((exit, causes.len()), (Exit::Usage, 5));
    assert!(message.starts_with("cannot apply 2 files: ") && causes[0].starts_with("many.toml:2:6: "), "{message}");
}

#[test]
fn files_are_judged_together() {
    let (exit, message, causes) = refused(&["good.toml", "clash.toml"], &[]);
    assert_eq!((exit, message.as_str()), (Exit::Usage, "cannot apply `clash.toml`: 1 finding"));
    assert!(causes[0].starts_with("clash.toml:8:17: rule-clash: "), "{causes:?}");
    let (exit, _, causes) = refused(&["good.toml", "good.toml"], &[]);
    assert_eq!(exit, Exit::Usage);
    assert!(causes[0].contains("policy-id-twice"), "{causes:?}");
}

#[test]
fn each_sort_of_file_has_its_flag_and_a_file_must_be_there() {
    let (exit, message, _) = refused(&["holds.toml"], &[]);
    assert_eq!((exit, message.as_str()), (Exit::Usage, "`holds.toml` is a holds file; give it with `--holds`"));
    let (exit, message, _) = refused(&[], &["good.toml"]);
    assert_eq!((exit, message.as_str()), (Exit::Usage, "`good.toml` is a policy; give it with `--policy`"));
    let (exit, message, causes) = refused(&["missing.toml"], &[]);
    assert_eq!((exit, message.as_str(), causes.len()), (Exit::Unavailable, "cannot read `missing.toml`", 1));
    let (exit, ..) = refused(&[""], &[]);
    assert_eq!(exit, Exit::Unavailable, "a folder is no file");
    let many = vec!["good.toml"; 101];
    assert_eq!(refused(&many, &[]).0, Exit::Usage);
}
