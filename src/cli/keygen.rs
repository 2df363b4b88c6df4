//! `chatseal keygen`: a key pair that seals.

use super::exit::Exit;
use super::failure::Failure;
use super::keys::{DEFAULT_NAME, NAMESPACES};
use super::manual::Manual;
use super::printer::Printer;
use crate::keys::{GenerateError, GeneratedKey, allowed_signers_line, generate, is_principal};
use clap::ValueHint;
use ring::rand::SystemRandom;
use serde::Serialize;
use std::path::PathBuf;

/// Make a key pair that seals archives
///
/// Writes the private key to PATH, readable by its owner only, and the public key in the two spellings that ssh-keygen
/// and openssl read. Prints its fingerprint and the line for the `allowed_signers` file of those who verify. Keep the
/// private key away from the server that is exported; give the public key to others before you need them to believe it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// File for the private key; it and the files of the public key must not exist
    #[arg(value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) path: PathBuf,
    /// Name of the signer, such as `records@harbour.example`
    ///
    /// It stands in the public key and in the line for those who verify: one word, without commas, quotes or patterns.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_NAME, value_parser = signer_name)]
    pub(super) comment: String,
}

/// The key that was made.
#[derive(Serialize)]
struct Made {
    private_key: PathBuf,
    public_keys: [PathBuf; 2],
    fingerprint: String,
    allowed_signers: String,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "the three files are written"),
        (Exit::Unavailable, "a file could not be written; nothing is left behind"),
        (Exit::Refused, "one of the files exists; nothing was touched"),
    ],
    files: &[
        ("PATH", "private key: Ed25519, PKCS#8 v1 in PEM, mode 0600"),
        ("PATH.pub", "public key as OpenSSH spells it"),
        ("PATH.pub.pem", "public key as openssl spells it"),
    ],
    examples: &[
        ("Make a key pair", "chatseal keygen seal.key"),
        ("Name its holder", "chatseal keygen seal.key --comment records@harbour.example"),
    ],
    see_also: &["chatseal-keys(1)", "chatseal-export(1)", "ssh-keygen(1)"],
};

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let GeneratedKey { public_key, files } =
        generate(&SystemRandom::new(), &args.path, &args.comment).map_err(failure)?;
    let [private_key, line, pem] = files;
    let made = Made {
        private_key,
        public_keys: [line, pem],
        fingerprint: public_key.fingerprint(),
        allowed_signers: allowed_signers_line(&args.comment, &NAMESPACES, &public_key).unwrap_or_default(),
    };
    printer.answer("keygen", Exit::Ok, &made, || made.text());
    Ok(Exit::Ok)
}

fn signer_name(text: &str) -> Result<String, &'static str> {
    is_principal(text).then(|| text.to_owned()).ok_or("write one word without commas, quotes, `*`, `?`, `!` or `#`")
}

fn failure(error: GenerateError) -> Failure {
    match error {
        GenerateError::Exists { .. } => {
            Failure::of(Exit::Refused, error).hint("name another file; nothing was touched")
        }
        GenerateError::Write { .. } | GenerateError::Random => Failure::of(Exit::Unavailable, error),
    }
}

impl Made {
    fn text(&self) -> String {
        let [line, pem] = &self.public_keys;
        format!(
            "private key   {}\npublic key    {}, {}\nfingerprint   {}\n\nfor the `allowed_signers` file of those who verify:\n{}\n",
            self.private_key.display(),
            line.display(),
            pem.display(),
            self.fingerprint,
            self.allowed_signers
        )
    }
}
