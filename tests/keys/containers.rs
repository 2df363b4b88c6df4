//! Key files as OpenSSL, OpenSSH and `ring` write them, and ours as they read them.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use chatseal::keys::{KeyFile, KeyFileError, PrivateKeyError, PublicKey, generate};
use ring::rand::SystemRandom;

use super::Folder;
use crate::tools::{run, skipped};

fn private(path: &str) -> Result<PublicKey, KeyFileError> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    KeyFile::read(Path::new(path)).map(|file| {
        assert!(matches!(file, KeyFile::Private(_)), "{path}");
        file.public_key()
    })
}

fn refused(path: &str) -> PrivateKeyError {
    match private(path).unwrap_err() {
        KeyFileError::Private { source, .. } => source,
        other => panic!("{path}: {other}"),
    }
}

#[test]
fn generated_keys_are_read_by_openssl_and_ssh_keygen() {
    if skipped("openssl") || skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let made = generate(&SystemRandom::new(), &folder.path("seal"), "seal@harbour").unwrap();
    let [private, line, pem] = made.files.clone().map(|path| path.to_str().unwrap().to_owned());
    let derived = run("openssl", &["pkey", "-in", &private, "-pubout"], b"").expect_success();
    assert_eq!(derived, fs::read(&pem).unwrap());
    let rewritten = run("openssl", &["pkey", "-in", &private], b"").expect_success();
    assert_eq!(rewritten, fs::read(&private).unwrap());
    let listed = String::from_utf8(run("ssh-keygen", &["-lf", &line], b"").expect_success()).unwrap();
    assert_eq!(listed, format!("256 {} seal@harbour (ED25519)\n", made.public_key.fingerprint()));
}

#[test]
fn keys_of_openssl_are_read_and_others_named() {
    if skipped("openssl") {
        return;
    }
    let folder = Folder::new();
    let make = |name: &str, args: &[&str]| {
        let path = folder.text(name);
        run("openssl", &[&["genpkey", "-out", &path, "-algorithm"], args].concat(), b"").expect_success();
        path
    };
    let plain = make("plain", &["ED25519"]);
    let public = run("openssl", &["pkey", "-in", &plain, "-pubout"], b"").expect_success();
    let public = PublicKey::parse_spki_pem(std::str::from_utf8(&public).unwrap()).unwrap();
    assert_eq!(private(&plain).unwrap(), public);
    let der = folder.text("der");
    run("openssl", &["pkey", "-in", &plain, "-outform", "DER", "-out", &der], b"").expect_success();
    assert_eq!(private(&der).unwrap(), public);

    let other = |found: &str| PrivateKeyError::OtherType { found: found.to_owned() };
    assert_eq!(refused(&make("rsa", &["RSA", "-pkeyopt", "rsa_keygen_bits:1024"])), other("RSA"));
    assert_eq!(refused(&make("ec", &["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])), other("elliptic curve (ECDSA)"));
    assert_eq!(refused(&make("ed448", &["ED448"])), other("Ed448"));
    assert_eq!(refused(&make("x25519", &["X25519"])), other("X25519"));
    let traditional = folder.text("traditional");
    let args =
        ["rsa", "-in", &folder.text("rsa"), "-traditional", "-aes128", "-passout", "pass:x", "-out", &traditional];
    run("openssl", &args, b"").expect_success();
    assert_eq!(refused(&traditional), PrivateKeyError::Encrypted { found: "RSA private key" });
    let encrypted = make("encrypted", &["ED25519", "-aes256", "-pass", "pass:x"]);
    assert_eq!(refused(&encrypted), PrivateKeyError::Encrypted { found: "PKCS#8 private key" });
    let encrypted_der = folder.text("encrypted-der");
    let args = ["pkcs8", "-topk8", "-in", &plain, "-passout", "pass:x", "-outform", "DER", "-out", &encrypted_der];
    run("openssl", &args, b"").expect_success();
    assert_eq!(refused(&encrypted_der), PrivateKeyError::Encrypted { found: "PKCS#8 private key" });
}

#[test]
fn keys_of_ssh_keygen_are_read_and_others_named() {
    if skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let plain = folder.ssh_key("plain", &["ed25519"]);
    let line = fs::read_to_string(format!("{plain}.pub")).unwrap();
    assert_eq!(private(&plain).unwrap(), PublicKey::parse_openssh(&line).unwrap());
    assert_eq!(private(&plain).unwrap().openssh_line("quay"), line.trim_end());

    let other = |found: &str| PrivateKeyError::OtherType { found: found.to_owned() };
    assert_eq!(refused(&folder.ssh_key("rsa", &["rsa", "-b", "1024"])), other("ssh-rsa"));
    assert_eq!(refused(&folder.ssh_key("ecdsa", &["ecdsa"])), other("ecdsa-sha2-nistp256"));
    let encrypted = folder.text("encrypted");
    run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "secret", "-f", &encrypted], b"").expect_success();
    assert_eq!(refused(&encrypted), PrivateKeyError::Encrypted { found: "OpenSSH private key" });
}
