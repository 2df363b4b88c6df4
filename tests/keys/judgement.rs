//! The same `allowed_signers` lines, signatures, principals and times, judged by us and by `ssh-keygen -Y verify`.

use std::fs;

use chatseal::keys::{AllowedSigners, CertificateProblem, SEAL_NAMESPACE, SshSignature, Trust};

use super::{Folder, certify, sign};
use crate::tools::{run, skipped};

const MESSAGE: &[u8] = b"a seal\n";

/// `KEY`, `CA` and `OTHER` stand for public keys.
const LINES: &[&str] = &[
    "seal@harbour KEY",
    "* KEY",
    "seal@*,!seal@harbour KEY",
    "!root,* KEY",
    "seal@harbou? KEY",
    "seal@h*r KEY",
    "Seal@harbour KEY",
    "\"seal@harbour\" KEY",
    "\"seal@harbour\"KEY",
    "sea\"l@harbour\" KEY",
    "\t seal@harbour\t \tKEY with a comment",
    "seal@harbour KEY\r",
    "# seal@harbour KEY",
    "seal@harbour # KEY",
    "seal@harbour namespaces=\"seal@chatseal.v1\" KEY",
    "seal@harbour NameSpaces=\"file,seal@*\" KEY",
    "seal@harbour namespaces=\"*@chatseal.v1,!seal@*\" KEY",
    "seal@harbour namespaces=\"file\" KEY",
    "seal@harbour namespaces=\"\" KEY",
    "seal@harbour namespaces=\"a b,*\" KEY",
    "seal@harbour namespaces=\"a\\\"b,*\" KEY",
    "seal@harbour namespaces=\"*\",namespaces=\"*\" KEY",
    "seal@harbour namespaces=seal@chatseal.v1 KEY",
    "seal@harbour namespaces=\"* KEY",
    "seal@harbour valid-after=\"20260101Z\" KEY",
    "seal@harbour valid-after=\"20260101\" KEY",
    "seal@harbour valid-after=\"202601010000\" KEY",
    "seal@harbour valid-after=\"20260101000001Z\" KEY",
    "seal@harbour valid-before=\"20260201Z\" KEY",
    "seal@harbour valid-before=\"20260131235959Z\" KEY",
    "seal@harbour valid-after=\"20260101Z\",valid-before=\"20260201Z\" KEY",
    "seal@harbour valid-after=\"20260201Z\",valid-before=\"20260101Z\" KEY",
    "seal@harbour valid-after=\"2026\" KEY",
    "seal@harbour valid-after=\"20261301\" KEY",
    "seal@harbour valid-after=\"19700101Z\" KEY",
    "seal@harbour verify-required KEY",
    "seal@harbour cert-authority,verify-required CA",
    "seal@harbour cert-authority, CA",
    "seal@harbour cert-authority CA",
    "seal@harbour CERT-AUTHORITY CA",
    "seal@* cert-authority CA",
    "* cert-authority CA",
    "*,!root cert-authority CA",
    "root cert-authority,namespaces=\"seal@chatseal.v1\" CA",
    "* cert-authority,namespaces=\"file\" CA",
    "* cert-authority,valid-after=\"20260102Z\" CA",
    "* valid-before=\"20260103Z\",cert-authority CA",
    "* cert-authority KEY",
    "* cert-authority OTHER",
    "* CA",
    "* OTHER",
    "seal@harbour",
    "seal@harbour ",
    "KEY",
    "seal@harbour ssh-ed25519",
    "seal@harbour ssh-ed25519 AAAA",
    "seal@harbour ssh-foo AAAA",
    "root KEY\nseal@harbour KEY",
    "seal@harbour namespaces=\"file\" KEY\n* KEY",
    "* valid-before=\"20250101Z\" KEY\n\n# the next one\n* valid-after=\"20250101Z\" KEY",
    "* OTHER\n* cert-authority CA\n* KEY",
    "* verify-required KEY\n* what\n* KEY",
    "* valid-after=\"2026\",cert-authority CA\n\"\n* cert-authority CA",
    "",
];

/// Before, at the start, within, at the end, after.
const TIMES: &[(&str, i64)] = &[
    ("20251231235959Z", 1_767_225_599_000),
    ("20260101000000Z", 1_767_225_600_000),
    ("20260115120000Z", 1_768_478_400_999),
    ("20260131235959Z", 1_769_903_999_000),
    ("20260201000000Z", 1_769_904_000_000),
    ("20260201000001Z", 1_769_904_001_000),
];

struct Case {
    folder: Folder,
    key: String,
    authority: String,
}

impl Case {
    fn new() -> Self {
        let folder = Folder::new();
        let (key, authority) = (folder.ssh_key("seal", &["ed25519"]), folder.ssh_key("ca", &["ed25519"]));
        folder.ssh_key("other", &["ed25519"]);
        Self { folder, key, authority }
    }

    /// The file with keys in place of their names.
    fn signers(&self, lines: &str) -> String {
        let key = |name: &str| {
            let line = fs::read_to_string(self.folder.path(name)).unwrap();
            line.trim_end().trim_end_matches(" quay").to_owned()
        };
        let lines = lines.replace("KEY", &key("seal.pub")).replace("OTHER", &key("other.pub"));
        // Not in the option `CERT-AUTHORITY`.
        lines.replace(" CA", &format!(" {}", key("ca.pub"))) + "\n"
    }

    /// A signature with a certificate issued with `args`; without, a plain one.
    fn signed(&self, args: Option<&[&str]>) -> SshSignature {
        let certificate = self.folder.path("seal-cert.pub");
        let _ = fs::remove_file(&certificate);
        if let Some(args) = args {
            certify(&self.authority, &self.key, args);
        }
        sign(&self.key, MESSAGE)
    }

    /// Whether ssh-keygen accepts, and what it says if not.
    fn theirs(&self, signers: &str, signature: &SshSignature, principal: &str, time: &str) -> Result<(), String> {
        let (signers, signature) =
            (self.folder.write("allowed", signers), self.folder.write("sig", signature.armored()));
        let time = format!("verify-time={time}");
        let args =
            ["-Y", "verify", "-f", &signers, "-I", principal, "-n", SEAL_NAMESPACE, "-s", &signature, "-O", &time];
        let answer = run("ssh-keygen", &args, MESSAGE);
        if answer.success { Ok(()) } else { Err(answer.stderr) }
    }
}

fn ours(signers: &str, signature: &SshSignature, principal: Option<&str>, at: i64) -> Trust {
    assert!(signature.verify(MESSAGE));
    AllowedSigners::parse(signers.as_bytes()).judge(signature, SEAL_NAMESPACE, at, principal)
}

#[test]
fn every_judgement_is_that_of_ssh_keygen() {
    if skipped("ssh-keygen") {
        return;
    }
    let case = Case::new();
    let window = ["-V", "20260101000000Z:20260201000000Z"];
    let signatures = [
        ("plain", case.signed(None)),
        ("two principals", case.signed(Some(&[window.as_slice(), &["-n", "seal@harbour,root"]].concat()))),
        ("no principal", case.signed(Some(&window))),
        ("host", case.signed(Some(&["-h", "-n", "seal@harbour"]))),
        ("forever", case.signed(Some(&["-n", "seal@harbour", "-V", "always:forever"]))),
    ];
    let mut accepted = 0;
    for lines in LINES {
        let signers = case.signers(lines);
        for (name, signature) in &signatures {
            let principals = ["seal@harbour", "root", "seal@*"];
            for principal in &principals[..if matches!(*name, "plain" | "two principals") { 3 } else { 1 }] {
                // Where nothing depends on the time, one time says it all.
                let certified = lines.to_lowercase().contains("cert-authority") && name.contains("principal");
                let timeless = !lines.contains("valid-") && !certified;
                for (time, at) in if timeless { &TIMES[2..3] } else { TIMES } {
                    let (theirs, ours) = (
                        case.theirs(&signers, signature, principal, time),
                        ours(&signers, signature, Some(principal), *at),
                    );
                    assert_eq!(
                        ours.is_accepted(),
                        theirs.is_ok(),
                        "{lines:?}, {name}, {principal}, {time}: {ours:?}, {theirs:?}"
                    );
                    accepted += usize::from(ours.is_accepted());
                }
            }
        }
    }
    assert!(accepted > 100, "{accepted} accepted: the table has lost its meaning");
}

#[test]
fn any_principal_is_one_that_ssh_keygen_would_accept() {
    if skipped("ssh-keygen") {
        return;
    }
    let case = Case::new();
    let signature = case.signed(Some(&["-n", "seal@harbour,root,guest"]));
    let signers = case.signers("seal@*,root,!guest cert-authority CA");
    let Trust::Accepted { principals, .. } = ours(&signers, &signature, None, TIMES[2].1) else { panic!() };
    assert_eq!(principals, ["seal@harbour", "root"]);
    for principal in ["seal@harbour", "root", "guest"] {
        let theirs = case.theirs(&signers, &signature, principal, TIMES[2].0).is_ok();
        assert_eq!(principals.iter().any(|name| name == principal), theirs, "{principal}");
    }
}

/// Where we differ, we differ on purpose, and this says where.
#[test]
fn we_are_stricter_with_certificates() {
    if skipped("ssh-keygen") {
        return;
    }
    let case = Case::new();
    let (time, at) = TIMES[2];
    let signers = case.signers("* cert-authority CA");
    let forced = case.signed(Some(&["-n", "root", "-O", "force-command=/bin/true"]));
    assert_eq!(case.theirs(&signers, &forced, "root", time), Ok(()));
    let problem = CertificateProblem::CriticalOption("force-command".to_owned());
    assert_eq!(ours(&signers, &forced, None, at), Trust::Certificate { line: 1, problem });

    let rsa = case.folder.ssh_key("rsa", &["rsa", "-b", "2048"]);
    let _ = case.signed(None);
    certify(&rsa, &case.key, &["-n", "root"]);
    let by_rsa = sign(&case.key, MESSAGE);
    let signers = format!("* cert-authority {}", fs::read_to_string(format!("{rsa}.pub")).unwrap());
    assert_eq!(case.theirs(&signers, &by_rsa, "root", time), Ok(()));
    let problem = CertificateProblem::UnsupportedAuthority("ssh-rsa".to_owned());
    assert_eq!(ours(&signers, &by_rsa, None, at), Trust::Certificate { line: 1, problem });
}
