//! `keygen` and `keys show`, as a user runs them.

use std::fs;

use serde_json::Value;

use super::{Folder, certify, sign};
use crate::tools::{Answer, run, skipped};

fn chatseal(args: &[&str]) -> Answer {
    run(env!("CARGO_BIN_EXE_chatseal"), args, b"")
}

fn json(args: &[&str]) -> Value {
    serde_json::from_slice(&chatseal(&[args, &["--json"]].concat()).expect_success()).unwrap()
}

#[test]
fn the_line_that_keygen_prints_is_all_that_ssh_keygen_needs() {
    if skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let key = folder.text("seal.key");
    let made = json(&["keygen", &key, "--comment", "records@harbour.example"]);
    assert_eq!((&made["kind"], &made["private_key"]), (&"keygen".into(), &key.as_str().into()));
    let signers = folder.write("allowed_signers", made["allowed_signers"].as_str().unwrap().to_owned() + "\n");
    let signature = folder.write("seal.txt.sig", sign(&key, b"seal\n").armored());
    let verify = |namespace: &str| {
        let args = ["-Y", "verify", "-f", &signers, "-I", "records@harbour.example", "-n", namespace, "-s", &signature];
        run("ssh-keygen", &args, b"seal\n")
    };
    let said = String::from_utf8(verify("seal@chatseal.v1").expect_success()).unwrap();
    assert!(said.contains(made["fingerprint"].as_str().unwrap()), "{said}");
    assert!(!verify("approval@chatseal.v1").success);
    // The same line is shown again, from the public key that carries the name.
    assert_eq!(json(&["keys", "show", &format!("{key}.pub")])["allowed_signers"], made["allowed_signers"]);
}

#[test]
fn every_file_of_a_key_shows_the_same_key() {
    if skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let (key, authority) = (folder.text("seal.key"), folder.ssh_key("ca", &["ed25519"]));
    let made = json(&["keygen", &key]);
    let certificate = certify(&authority, &key, &["-n", "records@harbour.example", "-V", "19700102Z:19700103Z"]);
    for (path, holds) in [
        (key.clone(), "private key"),
        (format!("{key}.pub"), "public key"),
        (format!("{key}.pub.pem"), "public key"),
        (certificate.clone(), "certificate"),
    ] {
        let shown = json(&["keys", "show", &path]);
        assert_eq!((&shown["holds"], &shown["fingerprint"]), (&holds.into(), &made["fingerprint"]), "{path}");
        assert_eq!(shown["pem"].as_str().unwrap(), fs::read_to_string(format!("{key}.pub.pem")).unwrap());
        let text = String::from_utf8(chatseal(&["keys", "show", &path]).expect_success()).unwrap();
        for field in ["fingerprint", "openssh", "allowed_signers", "verifier_key", "pem"] {
            assert!(text.contains(shown[field].as_str().unwrap().trim_end()), "{path}: {field}");
        }
        let secret = fs::read_to_string(&key).unwrap();
        assert!(!text.contains(secret.lines().nth(1).unwrap()));
    }
    let shown = &json(&["keys", "show", &certificate])["certificate"];
    assert_eq!(shown["problem"], "it expired at 1970-01-03T00:00:00Z");
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_what_to_do() {
    let folder = Folder::new();
    let key = folder.write("seal.key", "-----BEGIN PRIVATE KEY-----\n");
    let shown = chatseal(&["keys", "show", &key]);
    assert!(!shown.success && shown.stderr.contains("hint: close it with `chmod 600"), "{}", shown.stderr);
    let made = chatseal(&["keygen", &key]);
    assert!(!made.success && made.stderr.contains("exists; a key is never overwritten"), "{}", made.stderr);
    let named = chatseal(&["keygen", &folder.text("new"), "--comment", "a,b"]);
    assert!(!named.success && named.stderr.contains("write one word"), "{}", named.stderr);
    assert!(!folder.path("new").exists() && !folder.path("seal.key.pub").exists());
}
