//! Support: runs `chatseal export` as a user would, and reads what it sealed with a foreign zip library.
//!
//! Sources are named by their base name and the program runs beside them, so that what it says is the same on every
//! machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chatseal::keys::AllowedSigners;
use chatseal::progress::Progress;
use chatseal::verify::{Ending, TrustPolicy, verify};
use serde_json::Value;

use crate::bag::{Key, Spec};

/// When everything here is sealed.
pub(crate) const AS_OF: &str = "2026-11-21T08:55:00Z";

/// The seed of the key that signs here.
const SEED: u8 = 7;

/// Who signs here.
pub(crate) const SIGNER: &str = "auditor@example.org";

/// A folder with a key, an archive to take the salt from, and sources.
pub(crate) struct Desk(tempfile::TempDir);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.private("seal.key", &private_key(SEED));
        desk.write("signers", allowed(SIGNER));
        desk.write("salt.zip", Spec::empty().zip());
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A file that only its owner reads.
    fn private(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The program, to be run among the files of the desk.
    pub(crate) fn chatseal(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatseal"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null()).env_remove("SSH_AUTH_SOCK");
        command
    }

    /// `chatseal export SOURCE --key … --output OUTPUT --as-of … ARGS`, to be run.
    pub(crate) fn export_command(&self, source: &str, output: &str, args: &[&str]) -> Command {
        let fixed = ["export", source, "--key", "seal.key", "--output", output, "--as-of", AS_OF];
        self.chatseal(&[&fixed, args].concat())
    }

    /// Runs an export.
    pub(crate) fn export(&self, source: &str, output: &str, args: &[&str]) -> Ended {
        Ended::of(self.export_command(source, output, args).output().unwrap())
    }

    /// Runs an export that must seal something, with the salt that all desks share.
    pub(crate) fn seal(&self, source: &str, output: &str, args: &[&str]) -> Archive {
        let ended = self.export(source, output, &[&["--quiet", "--salt-from", "salt.zip"], args].concat());
        assert!(matches!(ended.code, 0 | 3), "{source} {args:?}: {}", ended.stderr);
        self.archive(output)
    }

    /// A sealed archive, which must be intact and by our key.
    pub(crate) fn archive(&self, name: &str) -> Archive {
        assert_intact(&self.path(name));
        Archive::read(&self.path(name))
    }

    /// Names of the files in the desk's folder.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Requires an exit code and a part of what was said.
    pub(crate) fn require(&self, code: i32, said: &str) {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert!(self.stderr.contains(said), "expected `{said}` in: {}", self.stderr);
    }
}

/// A private key as `openssl genpkey` writes it, made from one repeated byte.
fn private_key(seed: u8) -> String {
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let text = STANDARD.encode([&head[..], &[seed; 32]].concat());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// A line of `allowed_signers` for the key that signs here.
pub(crate) fn allowed(principal: &str) -> String {
    Key::new(SEED).allowed(principal, "namespaces=\"seal@chatseal.v1\"")
}

/// Requires that our own verify finds nothing and accepts the signer.
pub(crate) fn assert_intact(path: &Path) {
    let signers = AllowedSigners::parse(allowed(SIGNER).as_bytes());
    let policy = TrustPolicy { signers: Some(&signers), ..TrustPolicy::default() };
    let report = verify(path, &policy, &Progress::silent()).unwrap();
    assert_eq!(report.ending(), Ending::Intact, "{}: {:#?}", path.display(), report.findings().shown());
}

/// What was sealed.
pub(crate) struct Archive {
    pub(crate) bytes: Vec<u8>,
    /// Members by their path from the bag's top.
    pub(crate) members: BTreeMap<String, Vec<u8>>,
}

impl Archive {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
        let mut members = BTreeMap::new();
        for at in 0..zip.len() {
            let mut member = zip.by_index(at).unwrap();
            let inner = member.name().unwrap().split_once('/').unwrap().1.to_owned();
            let mut content = Vec::new();
            member.read_to_end(&mut content).unwrap();
            assert!(members.insert(inner, content).is_none());
        }
        Self { bytes, members }
    }

    pub(crate) fn text(&self, member: &str) -> &str {
        std::str::from_utf8(&self.members[member]).unwrap()
    }

    /// `data/report/summary.json`.
    pub(crate) fn summary(&self) -> Value {
        serde_json::from_str(self.text("data/report/summary.json")).unwrap()
    }

    /// The record lines in archive order.
    pub(crate) fn lines(&self) -> Vec<&str> {
        let segments = self.members.keys().filter(|path| path.starts_with("data/records/"));
        segments.flat_map(|path| self.text(path).lines_by_line_feed()).collect()
    }

    /// The records of a kind.
    pub(crate) fn records(&self, kind: &str) -> Vec<Value> {
        let all = self.lines().into_iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.filter(|record| record["kind"] == kind).collect()
    }

    /// The root of the tree, in base64.
    pub(crate) fn root(&self) -> &str {
        self.text("seal.txt").lines().nth(2).unwrap()
    }

    /// Number of records that name this, as the summary counts it.
    pub(crate) fn count(&self, kind: &str, what: &str) -> u64 {
        self.summary()["kinds"][kind][what].as_u64().unwrap_or(0)
    }
}

/// Lines end at LF and nowhere else, whatever stands in them.
trait ByLineFeed {
    fn lines_by_line_feed(&self) -> Vec<&str>;
}

impl ByLineFeed for str {
    fn lines_by_line_feed(&self) -> Vec<&str> {
        self.strip_suffix('\n').map(|text| text.split('\n').collect()).unwrap_or_default()
    }
}
