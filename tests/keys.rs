//! Keys and signatures against OpenSSH, OpenSSL and an independent implementation of C2SP notes.

mod agent;
mod command;
mod containers;
mod judgement;
mod revocation;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chatseal::keys::{KeyPair, Note, NoteCheck, PublicKey, SEAL_NAMESPACE, Signer, SshSignature};

use signed_note::VerifierList;

use crate::tools::run;

/// A folder of keys that is gone after the test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.text(name)
    }

    /// An unencrypted key as ssh-keygen makes it.
    fn ssh_key(&self, name: &str, kind: &[&str]) -> String {
        let path = self.text(name);
        let args = [&["-q", "-N", "", "-C", "quay", "-f", &path, "-t"], kind].concat();
        run("ssh-keygen", &args, b"").expect_success();
        path
    }
}

/// Certifies `key` as `ssh-keygen -s authority` with `args`; leaves `KEY-cert.pub` beside it.
fn certify(authority: &str, key: &str, args: &[&str]) -> String {
    let public = format!("{key}.pub");
    let args = [&["-q", "-s", authority, "-I", "quay-id"], args, &[public.as_str()]].concat();
    run("ssh-keygen", &args, b"").expect_success();
    format!("{key}-cert.pub")
}

fn open(path: &str) -> Signer {
    Signer::open(Path::new(path), None, Duration::from_secs(10)).unwrap()
}

fn sign(path: &str, message: &[u8]) -> SshSignature {
    let armored = open(path).sign_ssh(message, SEAL_NAMESPACE).unwrap();
    SshSignature::parse(armored.as_bytes()).unwrap()
}

#[test]
fn ssh_signatures_are_byte_for_byte_those_of_ssh_keygen() {
    if crate::tools::skipped("ssh-keygen") {
        return;
    }
    let folder = Folder::new();
    let (authority, key) = (folder.ssh_key("ca", &["ed25519"]), folder.ssh_key("seal", &["ed25519"]));
    for length in [0, 1, 600, 100_000] {
        let message = vec![b'x'; length];
        let theirs = run("ssh-keygen", &["-Y", "sign", "-q", "-n", SEAL_NAMESPACE, "-f", &key], &message);
        assert_eq!(sign(&key, &message).armored().into_bytes(), theirs.expect_success(), "{length}");
    }
    let certificate = certify(&authority, &key, &["-n", "seal@harbour"]);
    let theirs = run("ssh-keygen", &["-Y", "sign", "-q", "-n", SEAL_NAMESPACE, "-f", &certificate], b"seal\n");
    let ours = sign(&key, b"seal\n");
    assert_eq!(ours.certificate().unwrap().principals(), ["seal@harbour"]);
    assert_eq!(ours.armored().into_bytes(), theirs.expect_success());
}

#[test]
fn notes_verify_with_openssl_and_an_independent_implementation() {
    let pair = KeyPair::from_seed(&[7; 32]).unwrap();
    let (key, signer) = (pair.public_key(), Signer::from_key(pair));
    let text = "chat.example.org/audit/00000042\n1284533\npONViJ9vFrBnJCDflX49rLkEv2jIMy2nnVPtSlaQXsU=\nchatseal/v1\n";
    let names = ["chat.example.org/audit/00000042", "chat.example.org/audit"];
    let note = signer.sign_note(text, &names).unwrap();

    for name in names {
        let verifier = signed_note::StandardVerifier::new(&key.vkey(name)).unwrap();
        let theirs = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        let known = VerifierList::new(vec![Box::new(verifier)]);
        let (ours, unknown) = theirs.verify(&known).unwrap();
        assert_eq!((ours.len(), unknown.len()), (1, 1));
        assert_eq!(theirs.to_bytes(), note.as_bytes());
    }

    if crate::tools::skipped("openssl") {
        return;
    }
    let folder = Folder::new();
    let (message, public) = (folder.write("seal.txt", text), folder.write("seal.pub.pem", key.spki_pem()));
    let signature = Note::parse(note.as_bytes()).unwrap().signatures()[0].signature.clone();
    let signature = folder.write("sig.bin", signature);
    let args = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", &public, "-in", &message, "-sigfile", &signature];
    run("openssl", &args, b"").expect_success();
}

#[test]
fn notes_of_an_independent_implementation_verify() {
    // The published signing key of golang.org/x/mod/sumdb/note.
    let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    let (name, key) =
        PublicKey::parse_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let signer = signed_note::StandardSigner::new(secret).unwrap();
    let mut note = signed_note::Note::new("a text\n\nof two parts, \u{fc}\n".as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let parsed = Note::parse(&note.to_bytes()).unwrap();
    assert_eq!(parsed.check(&name, &key), NoteCheck::Verified);
    assert_eq!(parsed.encode().into_bytes(), note.to_bytes());
}
