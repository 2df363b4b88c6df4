//! Revocation lists made by `ssh-keygen -k`, read by us and by `ssh-keygen -Q`.

use std::fs;

use chatseal::keys::{Revocation, Revoked};

use super::{Folder, certify, sign};
use crate::tools::{run, skipped};

/// A folder with the key `seal`, the authority `ca` and a list made from `specification`.
fn list(specification: &str) -> (Folder, String, String, String) {
    let folder = Folder::new();
    let (key, authority) = (folder.ssh_key("seal", &["ed25519"]), folder.ssh_key("ca", &["ed25519"]));
    let public = |path: &str| fs::read_to_string(format!("{path}.pub")).unwrap().trim_end().to_owned();
    let specification = specification.replace("KEY", &public(&key)).replace("CA", &public(&authority));
    let (specification, krl) = (folder.write("spec", specification), folder.text("krl"));
    let authority_line = format!("{authority}.pub");
    let args = ["-q", "-k", "-z", "7", "-f", &krl, "-s", &authority_line, &specification];
    run("ssh-keygen", &args, b"").expect_success();
    (folder, key, authority, krl)
}

fn theirs(krl: &str, public: &str) -> bool {
    let answer = run("ssh-keygen", &["-Q", "-f", krl, public], b"");
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(text.contains("REVOKED") != text.contains("ok"), "{text}{}", answer.stderr);
    text.contains("REVOKED")
}

fn ours(krl: &str, key: &str) -> Option<Revoked> {
    Revocation::parse(&fs::read(krl).unwrap()).unwrap().check(&sign(key, b""))
}

#[test]
fn certificates_revoked_by_number() {
    if skipped("ssh-keygen") {
        return;
    }
    // Runs, scattered and dense numbers: ssh-keygen picks list, span or bitmap for each.
    let scattered: Vec<String> = (1001..1400).step_by(2).map(|serial| format!("serial: {serial}")).collect();
    let alone = "serial: 10-30\nserial: 5000000-9000000\nserial: 1099511627776\nserial: 18446744073709551615\n";
    let (folder, key, authority, krl) = list(&(alone.to_owned() + &scattered.join("\n")));
    let mut revoked = Vec::new();
    let around = ["0", "9", "10", "30", "31", "1000", "1001", "1002", "1399", "1400", "4999999", "5000000", "9000000"];
    for serial in around.into_iter().chain(["9000001", "1099511627776", "18446744073709551615"]) {
        let certificate = certify(&authority, &key, &["-n", "root", "-z", serial]);
        let ours = ours(&krl, &key);
        assert_eq!(ours.is_some(), theirs(&krl, &certificate), "{serial}");
        revoked.extend(ours.map(|ours| (serial, ours)));
    }
    let expected = ["10", "30", "1001", "1399", "5000000", "9000000", "1099511627776", "18446744073709551615"];
    assert_eq!(revoked, expected.map(|serial| (serial, Revoked::Serial(serial.parse().unwrap()))));
    let other = folder.ssh_key("other", &["ed25519"]);
    let certificate = certify(&other, &key, &["-n", "root", "-z", "10"]);
    assert_eq!((ours(&krl, &key), theirs(&krl, &certificate)), (None, false));
}

#[test]
fn keys_and_certificates_revoked_by_name_or_hash() {
    if skipped("ssh-keygen") {
        return;
    }
    for specification in
        ["id: quay-id", "key: KEY", "sha1: KEY", "sha256: KEY", "key: CA", "sha256: CA", "id: other", ""]
    {
        let (_folder, key, authority, krl) = list(&format!("{specification}\n"));
        assert_eq!(ours(&krl, &key).is_some(), theirs(&krl, &format!("{key}.pub")), "{specification}, plain");
        let certificate = certify(&authority, &key, &["-n", "root"]);
        assert_eq!(ours(&krl, &key).is_some(), theirs(&krl, &certificate), "{specification}, certified");
        let by_name = specification.ends_with("KEY") || specification.ends_with("CA") || specification == "id: quay-id";
        assert_eq!(ours(&krl, &key).is_some(), by_name, "{specification}");
    }
}

#[test]
fn a_cut_list_is_refused_and_never_shorter() {
    if skipped("ssh-keygen") {
        return;
    }
    let (_folder, _key, _authority, krl) = list("serial: 5-9\nid: quay-id\nkey: KEY\nsha256: CA\n");
    let whole = fs::read(krl).unwrap();
    assert!(Revocation::parse(&whole).is_ok());
    // Cut between two sections it is a whole list again; nothing in the format tells.
    let accepted = (1..whole.len()).filter(|&end| Revocation::parse(&whole[..end]).is_ok()).count();
    assert!(accepted <= 3, "{accepted}");
}

#[test]
fn plain_lists_are_those_of_ssh_keygen() {
    if skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let (key, authority) = (folder.ssh_key("seal", &["ed25519"]), folder.ssh_key("ca", &["ed25519"]));
    let other = folder.ssh_key("other", &["rsa", "-b", "1024"]);
    let read = |path: &str| fs::read_to_string(path).unwrap();
    let certificate = certify(&authority, &key, &["-n", "root"]);
    for (content, revoked) in [
        (read(&format!("{key}.pub")), true),
        (read(&format!("{authority}.pub")), true),
        (format!("# lost\n\n{}{}", read(&format!("{other}.pub")), read(&certificate)), true),
        (read(&format!("{other}.pub")), false),
    ] {
        let list = folder.write("list", &content);
        assert_eq!(ours(&list, &key).is_some(), revoked, "{content}");
        let (signature, signers) = (
            folder.write("sig", sign(&key, b"").armored()),
            folder.write("allowed", format!("* cert-authority {}", read(&format!("{authority}.pub")))),
        );
        let namespace = chatseal::keys::SEAL_NAMESPACE;
        let args = ["-Y", "verify", "-f", &signers, "-I", "root", "-n", namespace, "-r", &list, "-s", &signature];
        assert_eq!(run("ssh-keygen", &args, b"").success, !revoked, "{content}");
    }
}
