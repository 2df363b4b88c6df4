//! `chatseal demo`: the whole life of an archive, on built-in data.
//!
//! Every command is printed as a user would type it and then run in this process from the very arguments that were
//! printed, so that what is shown is what happened. A step that ends otherwise than it should ends the demo: it is also
//! how an installation is tested.

mod story;

use super::Cli;
use super::exit::Exit;
use super::failure::Failure;
use super::manual::Manual;
use super::printer::{Mark, Memory, Printer, count};
use clap::{Parser, ValueHint};
use serde::Serialize;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Show the whole life of an archive on built-in data
///
/// Writes a small export of an invented harbour authority's server, makes a key, seals the export, verifies the
/// archive, flips one byte in a copy and verifies that: each command is printed as you would type it, then run. It needs
/// nothing but a folder, and it doubles as a test of the installation: it ends with exit 0 only if every step did what
/// it should.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Folder to work in, which must not exist or be empty; a fresh one, whose name is printed, if absent
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[
        (Exit::Ok, "every step did what it should"),
        (Exit::FailedCheck, "a step ended otherwise than it should"),
        (Exit::Unavailable, "the folder could not be written"),
        (Exit::Refused, "the folder is not empty; nothing was touched"),
    ],
    files: &[
        ("DIR/harbour.jsonl, DIR/data", "the export of the story and its attachments"),
        ("DIR/seal.key, DIR/allowed_signers", "the key that was made, and the file that says to trust it"),
        ("DIR/harbour.zip", "the archive, intact"),
        ("DIR/harbour.zip.damaged", "its copy with one byte flipped"),
    ],
    examples: &[("Run it in a folder of that name", "chatseal demo harbour")],
    see_also: &["chatseal-export(1)", "chatseal-verify(1)"],
};

/// Who signs in the story, as its `allowed_signers` file names them.
const SIGNER: &str = "records@vestermoor.example";

/// The log that the archive of the story belongs to.
const ORIGIN: &str = "chat.vestermoor.example/audit";

/// A command that was run: what was typed, how it ended and, with `--json`, what it answered.
#[derive(Serialize)]
struct Step {
    command: String,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<serde_json::Value>,
}

/// What the demo leaves behind.
#[derive(Serialize)]
struct Outcome {
    directory: PathBuf,
    archive: PathBuf,
    damaged: PathBuf,
    flipped_byte: u64,
    steps: Vec<Step>,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Result<Exit, Failure> {
    let dir = prepare(args.dir.as_deref())?;
    let file = |name: &str| dir.join(name);
    let (export, key, archive) = (file(story::EXPORT), file("seal.key"), file("harbour.zip"));
    let (signers, damaged) = (file("allowed_signers"), file("harbour.zip.damaged"));
    let cannot = |object: &Path, error: io::Error| {
        Failure::of(Exit::Unavailable, error).context(format!("cannot write `{}`", object.display()))
    };
    let mut stage = Stage { printer, steps: Vec::new() };

    stage.tell(&format!("A bulk export of an invented harbour authority lies in {}", quoted(dir.as_os_str())));
    story::write(&dir).map_err(|error| cannot(&dir, error))?;

    stage.tell("A key of its own seals; whoever verifies is told to trust it");
    stage.run(Exit::Ok, [word("keygen"), path(&key)])?;
    stage.trust(&key, &signers).map_err(|error| cannot(&signers, error))?;

    stage.tell("The export becomes one sealed archive");
    stage.run(
        Exit::Ok,
        [
            word("export"),
            path(&export),
            word("--key"),
            path(&key),
            word("--output"),
            path(&archive),
            word("--origin"),
            word(ORIGIN),
        ],
    )?;

    stage.tell("Anybody with the archive and the public key can check it");
    stage.run(Exit::Ok, [word("verify"), path(&archive), word("--signers"), path(&signers)])?;

    stage.tell("One byte of a copy is changed");
    let flipped_byte = stage.flip(&archive, &damaged).map_err(|error| cannot(&damaged, error))?;
    stage.run(Exit::FailedCheck, [word("verify"), path(&damaged), word("--signers"), path(&signers)])?;

    let outcome = Outcome { directory: dir, archive, damaged, flipped_byte, steps: stage.steps };
    printer.answer("demo", Exit::Ok, &outcome, || closing(printer, &outcome));
    Ok(Exit::Ok)
}

/// The folder to work in, made if need be.
fn prepare(dir: Option<&Path>) -> Result<PathBuf, Failure> {
    let Some(dir) = dir else {
        let fresh = tempfile::Builder::new().prefix("chatseal-demo-").tempdir();
        return fresh
            .map(tempfile::TempDir::keep)
            .map_err(|error| Failure::of(Exit::Unavailable, error).context("cannot make a folder for the demo"));
    };
    let cannot = |error: io::Error| {
        Failure::of(Exit::Unavailable, error).context(format!("cannot use `{}` for the demo", dir.display()))
    };
    fs::create_dir_all(dir).map_err(cannot)?;
    if fs::read_dir(dir).map_err(cannot)?.next().is_some() {
        return Err(Failure::new(Exit::Refused, format!("`{}` is not empty; nothing was touched", dir.display()))
            .hint("name a folder that does not exist yet"));
    }
    Ok(dir.to_owned())
}

/// Runs steps and remembers them.
struct Stage<'a> {
    printer: &'a Printer,
    steps: Vec<Step>,
}

impl Stage<'_> {
    /// Says what comes next.
    fn tell(&self, what: &str) {
        if !self.printer.is_json() {
            self.printer.line(self.printer.mark(Mark::Strong, &format!("\n# {what}")));
        }
    }

    fn typed(&self, command: &str) {
        if !self.printer.is_json() {
            self.printer.line(format!("$ {command}"));
        }
    }

    /// Types and runs `chatseal` with `words`, which must end in `expected`.
    fn run<const N: usize>(&mut self, expected: Exit, words: [OsString; N]) -> Result<(), Failure> {
        let command = std::iter::once("chatseal".to_owned()).chain(words.iter().map(|word| quoted(word)));
        let command = command.collect::<Vec<_>>().join(" ");
        self.typed(&command);
        let stopped = |failure: Failure| failure.context(format!("the demo ends at `{command}`"));
        let cli = Cli::try_parse_from([word("chatseal")].into_iter().chain(words))
            .map_err(|error| stopped(Failure::of(Exit::Internal, error)))?;
        let (exit, answer) = if self.printer.is_json() {
            let (out, err) = (Memory::default(), Memory::default());
            let stop = Arc::clone(self.printer.stop());
            let printer = Printer::to(true, true, stop, Box::new(out.clone()), Box::new(err));
            (cli.run(&printer).map_err(stopped)?, serde_json::from_str(&out.text()).ok())
        } else {
            (cli.run(self.printer).map_err(stopped)?, None)
        };
        if exit != expected {
            let wrong = format!("it ended with exit {}, not {}", exit.code(), expected.code());
            return Err(stopped(Failure::new(if exit == Exit::Ok { Exit::FailedCheck } else { exit }, wrong)));
        }
        self.steps.push(Step { command, exit_code: exit.code(), answer });
        Ok(())
    }

    /// Writes the `allowed_signers` file that trusts `key` to seal, and nothing else.
    fn trust(&self, key: &Path, signers: &Path) -> io::Result<()> {
        let mut public = key.as_os_str().to_owned();
        public.push(".pub");
        let line = |public_key: &str| format!("{SIGNER} namespaces=\"seal@chatseal.v1\" {public_key}");
        let typed = line(&format!("$(cat {})", quoted(&public))).replace('"', "\\\"");
        self.typed(&format!("echo \"{typed}\" > {}", quoted(signers.as_os_str())));
        let text = format!("{}\n", line(fs::read_to_string(public)?.trim_end()));
        OpenOptions::new().write(true).create_new(true).open(signers)?.write_all(text.as_bytes())
    }

    /// Copies `archive` to `damaged` with one byte flipped, in its middle; returns the byte's offset.
    fn flip(&self, archive: &Path, damaged: &Path) -> io::Result<u64> {
        let mut bytes = fs::read(archive)?;
        let middle = bytes.len() / 2;
        let Some(byte) = bytes.get_mut(middle) else { return Err(io::ErrorKind::UnexpectedEof.into()) };
        *byte ^= 1;
        let (from, to) = (quoted(archive.as_os_str()), quoted(damaged.as_os_str()));
        self.typed(&format!("cp {from} {to}"));
        self.typed(&format!("printf '\\{byte:03o}' | dd of={to} bs=1 seek={middle} conv=notrunc status=none"));
        OpenOptions::new().write(true).create_new(true).open(damaged)?.write_all(&bytes)?;
        Ok(u64::try_from(middle).unwrap_or(u64::MAX))
    }
}

fn closing(printer: &Printer, outcome: &Outcome) -> String {
    let (archive, bag) = (quoted(outcome.archive.as_os_str()), quoted(outcome.directory.join("bag").as_os_str()));
    format!(
        "\n{} every step did what it should, and the change of byte {} was found\n\
         the archive is {archive}; to check it without chatseal:\n  \
         $ chatseal extract {archive} --output {bag}\n  \
         then follow data/README.txt in there\n",
        printer.mark(Mark::Good, "done:"),
        count(outcome.flipped_byte),
    )
}

fn word(text: &str) -> OsString {
    text.into()
}

fn path(path: &Path) -> OsString {
    path.into()
}

/// `word` as a POSIX shell reads it back.
fn quoted(word: &std::ffi::OsStr) -> String {
    let text = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> Printer {
        Printer::to(true, false, Arc::default(), Box::new(io::sink()), Box::new(io::sink()))
    }

    #[test]
    fn words_are_quoted_as_a_shell_reads_them() {
        for (word, expected) in [
            ("a/b-c.zip", "a/b-c.zip"),
            ("my demo", "'my demo'"),
            ("it's", "'it'\\''s'"),
            ("", "''"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quoted(word.as_ref()), expected);
        }
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused_untouched() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("mine"), "x").unwrap();
        let failure = run(&Args { dir: Some(dir.path().to_owned()) }, &quiet()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Refused);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_step_that_ends_otherwise_than_it_should_ends_the_demo() {
        let printer = quiet();
        let mut stage = Stage { printer: &printer, steps: Vec::new() };
        let failure = stage.run(Exit::FailedCheck, [word("completions"), word("bash")]).unwrap_err();
        assert_eq!(failure.exit(), Exit::FailedCheck);
        let account = failure.account();
        assert_eq!(account.message, "the demo ends at `chatseal completions bash`");
        assert_eq!(account.causes, ["it ended with exit 0, not 1"]);
        assert!(stage.steps.is_empty());
    }

    #[test]
    fn exactly_one_byte_is_flipped() {
        let dir = tempfile::tempdir().unwrap();
        let (archive, damaged) = (dir.path().join("a.zip"), dir.path().join("a.zip.damaged"));
        fs::write(&archive, b"0123456").unwrap();
        let printer = quiet();
        let stage = Stage { printer: &printer, steps: Vec::new() };
        assert_eq!(stage.flip(&archive, &damaged).unwrap(), 3);
        assert_eq!(fs::read(&damaged).unwrap(), b"0122456");
        assert!(stage.flip(&archive, &damaged).is_err(), "a file that exists is not overwritten");
    }
}
