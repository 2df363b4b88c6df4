//! What several fuzz targets need: a file with the input's bytes, and keys that everybody knows.

use std::cell::RefCell;
use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chatseal::keys::{AllowedSigners, KeyPair, SEAL_NAMESPACE, Signer, SshSignature, allowed_signers_line};
use tempfile::TempDir;

/// Files that are written again for each input: some readers take a path, not bytes.
pub struct Scratch {
    folder: TempDir,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

impl Scratch {
    fn new() -> Self {
        // In memory where there is such a place.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        Self { folder: folder.expect("a temporary folder") }
    }

    fn write(&self, name: &str, parts: &[&[u8]]) -> PathBuf {
        let path = self.folder.path().join(name);
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        let mut file = file.expect("a temporary file");
        file.set_permissions(Permissions::from_mode(0o600)).expect("permissions");
        for part in parts {
            file.write_all(part).expect("room for a temporary file");
        }
        path
    }
}

/// Hands over the path of a private file of this name with these bytes, one part behind the other.
pub fn with_file<T>(name: &str, parts: &[&[u8]], work: impl FnOnce(&Path) -> T) -> T {
    let path = SCRATCH.with_borrow(|scratch| scratch.write(name, parts));
    work(&path)
}

/// The key that signed the archives in `fixtures/archives`.
pub fn fixture_key() -> KeyPair {
    KeyPair::from_seed(&[1; 32]).expect("any 32 bytes are a seed")
}

/// Signers that allow [`fixture_key`] and nobody else.
pub fn fixture_signers() -> AllowedSigners {
    let line = allowed_signers_line("auditor@example.org", &[SEAL_NAMESPACE], &fixture_key().public_key());
    AllowedSigners::parse(line.expect("a plain name").as_bytes())
}

/// What [`fixture_key`] signed over `message`.
pub fn fixture_signature(message: &[u8]) -> SshSignature {
    let armored = Signer::from_key(fixture_key()).sign_ssh(message, SEAL_NAMESPACE);
    SshSignature::parse(armored.expect("a signature").as_bytes()).expect("our own signature")
}

/// A signature with an OpenSSH certificate in it, for what only certificates reach. Its key is lost.
pub fn certified_signature() -> SshSignature {
    SshSignature::parse(include_bytes!("certified.sig")).expect("a signature of ssh-keygen")
}
