//! The chain across runs, as a user keeps it: sealed into a ledger, attacked in every way we know, and recovered.

mod attacks;
mod runs;
mod samples;
mod sets;
mod statements;
mod witnesses;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::bag::Key;
use crate::history;
use crate::sealed::{Desk, Ended};

/// Which purposes the key of the desk may sign for.
const BOTH: &str = "namespaces=\"seal@chatseal.v1,statement@chatseal.v1\"";

/// A desk with a ledger and as many archives in it as named.
pub(crate) fn kept(archives: &[&str]) -> Desk {
    let desk = Desk::new();
    desk.write("signers", Key::new(7).allowed(crate::sealed::SIGNER, BOTH));
    desk.write("export.jsonl", history::export(&[]));
    fs::create_dir(desk.path("archives")).unwrap();
    say(&desk, "init", &["ledger", "--origin", "chat.example.org/audit", "--key", "seal.key"]).require(0, "");
    for name in archives {
        seal(&desk, name).require(0, "");
    }
    desk
}

fn seal(desk: &Desk, name: &str) -> Ended {
    desk.export("export.jsonl", &format!("archives/{name}.zip"), &["--ledger", "ledger", "--quiet"])
}

pub(crate) fn run(desk: &Desk, args: &[&str]) -> Ended {
    Ended::of(desk.chatseal(args).output().unwrap())
}

fn say(desk: &Desk, verb: &str, args: &[&str]) -> Ended {
    run(desk, &[&["ledger", verb], args].concat())
}

fn head(desk: &Desk) -> String {
    say(desk, "head", &["ledger"]).stdout.lines().next().unwrap().to_owned()
}

/// What `chatseal verify` finds in the whole set: exit code, codes of all findings, the document.
fn verified(desk: &Desk, args: &[&str]) -> (i32, Vec<String>, Value) {
    let fixed = ["--json", "verify", "archives", "--signers", "signers", "--ledger", "ledger"];
    let ended = run(desk, &[&fixed, args].concat());
    let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    let codes = |part: &Value| -> Vec<String> {
        part["findings"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap().to_owned()).collect()
    };
    let mut found: Vec<String> = document["archives"].as_array().unwrap().iter().flat_map(codes).collect();
    found.extend(codes(&document["ledger"]));
    found.sort();
    (ended.code, found, document)
}

/// A private key of a seed, for its owner only.
fn key(desk: &Desk, name: &str, seed: u8) {
    let begin = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let text = STANDARD.encode([&begin[..], &[seed; 32]].concat());
    desk.write(name, format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"));
    fs::set_permissions(desk.path(name), fs::Permissions::from_mode(0o600)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
