//! `chatseal keys`: what a key file holds.

use super::clock;
use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::Printer;
use crate::keys::{
    AgentError, Authority, Certificate, KeyFile, KeyFileError, PrivateKeyError, PublicKeyError, SEAL_NAMESPACE,
    STATEMENT_NAMESPACE, Signer, SignerError, allowed_authority_line, allowed_signers_line,
};
use crate::produce::papers;
use crate::record::time::{self, Millis};
use clap::{Subcommand, ValueHint};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Who signs, where nobody was named.
pub(super) const DEFAULT_NAME: &str = "chatseal";

/// What a key that seals is trusted with: seals, statements of the ledger, and manifests of productions. Approvals are a
/// person's.
pub(super) const NAMESPACES: [&str; 3] = [SEAL_NAMESPACE, STATEMENT_NAMESPACE, papers::NAMESPACE];

/// The name in the verifier key: the origin of archives that were given none.
const ORIGIN: &str = "chatseal.invalid";

/// How long an ssh-agent may take; a token may want to be touched.
const AGENT_PATIENCE: Duration = Duration::from_secs(60);

/// Look at keys
///
/// Whoever verifies needs the public key in the spelling that their tool reads. These commands show it in all of them
/// and never show a private key.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Show(ShowArgs),
}

/// Print every spelling of a public key
///
/// Prints the fingerprint, the OpenSSH line, the PEM, the verifier key of a signed note, and a line for an
/// `allowed_signers` file; of a certificate also what it certifies. Of a private key only its public half is shown.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL_SHOW.after_help())]
pub(super) struct ShowArgs {
    /// Public key, private key or certificate, in any form that OpenSSH, openssl or chatseal writes
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "the key is shown"),
        (Exit::Usage, "flags invalid, or a key of a type that does not seal"),
        (Exit::Unavailable, "the file cannot be read, is open to others or holds no key"),
    ],
    files: &[],
    examples: &[("Print every spelling of a public key", "chatseal keys show seal.key.pub")],
    see_also: &["chatseal-keys-show(1)", "chatseal-keygen(1)"],
};

pub(super) const MANUAL_SHOW: Manual = Manual {
    exits: MANUAL.exits,
    files: &[],
    examples: MANUAL.examples,
    see_also: &["chatseal-keygen(1)", "chatseal-verify(1)", "ssh-keygen(1)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let Command::Show(args) = &args.command;
    let file = KeyFile::read(&args.file).map_err(unusable_file)?;
    let shown = Shown::of(&args.file, &file, clock::now());
    printer.answer("keys-show", Exit::Ok, &shown, || shown.text());
    Ok(Exit::Ok)
}

/// Opens the key and makes sure that it will sign: a certificate must be valid, an agent must not refuse.
#[allow(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn open_signer(key: &Path, time: Millis) -> Result<Signer, Failure> {
    let socket = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(PathBuf::from);
    let signer = Signer::open(key, socket.as_deref(), AGENT_PATIENCE).map_err(unusable_signer)?;
    if let Some(certificate) = signer.certificate() {
        certificate.check(time).map_err(|problem| {
            let message = format!("the certificate beside `{}` would not be accepted: {problem}", key.display());
            Failure::new(Exit::Usage, message).hint("move the certificate away, or have the key certified anew")
        })?;
    }
    if signer.is_agent() {
        signer.probe().map_err(unusable_signer)?;
    }
    Ok(signer)
}

/// Every spelling of the key in a file.
#[derive(Serialize)]
struct Shown {
    file: PathBuf,
    holds: &'static str,
    fingerprint: String,
    openssh: String,
    allowed_signers: String,
    verifier_key: String,
    pem: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Certified>,
}

/// What a certificate says of its key.
#[derive(Serialize)]
struct Certified {
    key_id: String,
    serial: u64,
    principals: Vec<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    authority: String,
    stands_now: bool,
    problem: Option<String>,
}

impl Shown {
    fn of(path: &Path, file: &KeyFile, now: Millis) -> Self {
        let key = file.public_key();
        let (holds, comment, certificate) = match file {
            KeyFile::Private(_) => ("private key", "", None),
            KeyFile::Public { comment, .. } => ("public key", comment.as_str(), None),
            KeyFile::Certificate(certificate) => ("certificate", "", Some(certificate)),
        };
        let plain = |name| allowed_signers_line(name, &NAMESPACES, &key);
        let by_authority = certificate.and_then(|certificate| match certificate.authority() {
            Authority::Ed25519(authority) => {
                let line = |name: &String| allowed_authority_line(name, &NAMESPACES, authority);
                certificate.principals().iter().find_map(line)
            }
            Authority::Other(_) => None,
        });
        let line = by_authority.or_else(|| plain(comment)).or_else(|| plain(DEFAULT_NAME));
        Self {
            file: path.to_owned(),
            holds,
            fingerprint: key.fingerprint(),
            openssh: key.openssh_line(comment),
            allowed_signers: line.unwrap_or_default(),
            verifier_key: key.vkey(ORIGIN),
            pem: key.spki_pem(),
            certificate: certificate.map(|certificate| Certified::of(certificate, now)),
        }
    }

    fn text(&self) -> String {
        let half = if self.holds == "private key" { "; this is its public half" } else { "" };
        let mut text = format!("{} holds a {}{half}\n\n", self.file.display(), self.holds);
        let mut part = |title: &str, body: &str| text.extend([title, "\n", body.trim_end(), "\n\n"]);
        part("fingerprint", &self.fingerprint);
        if let Some(certificate) = &self.certificate {
            part("certificate", &certificate.text());
        }
        part("OpenSSH public key", &self.openssh);
        part("line for an `allowed_signers` file", &self.allowed_signers);
        part(&format!("verifier key of a signed note, for the origin {ORIGIN}"), &self.verifier_key);
        part("PEM, for openssl", &self.pem);
        text.truncate(text.trim_end().len());
        text + "\n"
    }
}

impl Certified {
    fn of(certificate: &Certificate, now: Millis) -> Self {
        let stands = certificate.check(now);
        let (from, until) = certificate.validity();
        // 0 and the largest number stand for "always" and "for ever".
        let instant = |second: u64| {
            let at = i64::try_from(second).ok()?.checked_mul(1000)?;
            time::format(at).filter(|_| second != 0)
        };
        Self {
            key_id: certificate.key_id().to_owned(),
            serial: certificate.serial(),
            principals: certificate.principals().to_vec(),
            valid_from: instant(from),
            valid_until: instant(until),
            authority: match certificate.authority() {
                Authority::Ed25519(key) => key.fingerprint(),
                Authority::Other(kind) => kind.clone(),
            },
            stands_now: stands.is_ok(),
            problem: stands.err().map(|problem| problem.to_string()),
        }
    }

    fn text(&self) -> String {
        let state =
            self.problem.as_ref().map_or_else(|| "it stands now".to_owned(), |problem| format!("but {problem}"));
        format!(
            "key id `{}`, serial number {}\nfor {}\nvalid from {} until {}; {state}\nissued by {}",
            self.key_id.escape_debug(),
            self.serial,
            self.principals.join(", ").escape_debug(),
            self.valid_from.as_deref().unwrap_or("always"),
            self.valid_until.as_deref().unwrap_or("for ever"),
            self.authority
        )
    }
}

/// A key file that cannot be used, as a person should read it.
pub(super) fn unusable_file(error: KeyFileError) -> Failure {
    let other_type = matches!(
        &error,
        KeyFileError::Private { source: PrivateKeyError::OtherType { .. }, .. }
            | KeyFileError::Public { source: PublicKeyError::OtherType { .. }, .. }
    );
    let hints = match &error {
        KeyFileError::Exposed { path, .. } => {
            vec![format!("close it with `chmod 600 {}`, if nobody can have read it yet", path.display())]
        }
        KeyFileError::Private { path, source: PrivateKeyError::Encrypted { .. } } => vec![
            format!("load it into an ssh-agent with `ssh-add {0}` and name `{0}.pub`", path.display()),
            format!("or, if ssh-add cannot read it, decrypt it with `openssl pkey -in {} -out NEW`", path.display()),
        ],
        _ if other_type => vec!["make one with `chatseal keygen PATH`".to_owned()],
        _ => Vec::new(),
    };
    let failure = Failure::of(if other_type { Exit::Usage } else { Exit::Unavailable }, error);
    hints.into_iter().fold(failure, Failure::hint)
}

/// A key that does not sign, as a person should read it.
pub(super) fn unusable_signer(error: SignerError) -> Failure {
    let hint = match &error {
        SignerError::NoAgent { .. } => "set `SSH_AUTH_SOCK` to a running ssh-agent, or name the private key file",
        SignerError::Agent(AgentError::KeyNotHeld { .. }) => "`ssh-add -L` lists what the agent holds",
        SignerError::Agent(AgentError::Refused { .. }) => {
            "the agent must sign without somebody to confirm, and not for logins only"
        }
        SignerError::Agent(AgentError::Silent { .. }) => "a token may wait to be touched",
        SignerError::OtherCertificate { .. } => "move the certificate away, or have the key certified anew",
        _ => "",
    };
    let failure = match error {
        SignerError::File(error) => return unusable_file(error),
        other => Failure::of(Exit::Unavailable, other),
    };
    if hint.is_empty() { failure } else { failure.hint(hint) }
}
