//! How long sealing and verifying take beside the usual tools, and how much memory they take.
//!
//! ```text
//! cargo bench --bench bulk -- [--posts N] [--files BYTES] [--line-mib M] [--rounds R] [--dir DIR] [--only PART]…
//! cargo bench --bench bulk -- --generate EXPORT.zip [--posts N] [--files BYTES] [--line-mib M]
//! ```
//!
//! Exports are made here, as large as asked for, in the shape of a real one: the sizes of messages, threads, reactions
//! and props, the share of direct posts and the frequencies of words were measured on an export of a running server
//! (5.37, 27,479 posts). Equal arguments make equal exports. Each comparison runs both commands in turn after one
//! round that warms the page cache. Nothing is judged here: figures are printed, and a person reads them.
//!
//! Needs Linux, `unzip`, `sha256sum`, `find`, `xargs`, `sync`, and about three times the size of what is measured as
//! room in DIR. Files in DIR are used again by the next run; empty it after changing the generator.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads its environment and writes scratch files")]
#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

mod attachments;
mod dice;
mod export;
mod measure;
mod posts;
mod speech;
mod town;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};

use crate::export::Shape;
use crate::measure::{Contender, compare};

/// Benchmarks of `chatseal export` and `chatseal verify`
#[derive(Debug, Parser)]
struct Args {
    /// Posts of the export that is sealed and verified; memory is measured with a tenth and with three times as many too
    #[arg(long, default_value_t = 1_000_000)]
    posts: u64,
    /// Bytes of the attachments that are sealed
    #[arg(long, default_value_t = 1 << 30)]
    files: u64,
    /// Length of the longest lines in the export with long lines, in MiB
    #[arg(long, default_value_t = 1)]
    line_mib: usize,
    /// Rounds that count
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seed of all chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for exports and archives, kept; else a temporary one, removed
    #[arg(long)]
    dir: Option<PathBuf>,
    /// What to measure, instead of everything
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Program to measure, instead of a fresh release build of this tree
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Write one export and measure nothing; without attachments and long lines unless these are asked for
    #[arg(long, value_name = "EXPORT.zip")]
    generate: Option<PathBuf>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Sealing, beside reading and hashing the lines
    Export,
    /// Verifying, beside reading and hashing the archive
    Verify,
    /// Sealing attachments, beside hashing them
    Files,
    /// Peak memory
    Memory,
}

fn main() -> anyhow::Result<()> {
    let matches = <Args as clap::CommandFactory>::command().get_matches();
    let args = <Args as clap::FromArgMatches>::from_arg_matches(&matches)?;
    if let Some(path) = &args.generate {
        let given = |name| matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine);
        let files = if given("files") { args.files } else { 0 };
        let line_mib = if given("line_mib") { args.line_mib } else { 0 };
        return describe(path, Shape { posts: args.posts, line_mib, files, seed: args.seed }.write(path)?);
    }
    if !args.bench {
        println!("measures nothing unless it is run by `cargo bench --bench bulk`");
        return Ok(());
    }
    ensure!(args.rounds > 0, "at least one round");
    let temporary = if args.dir.is_none() { Some(tempfile::tempdir()?) } else { None };
    let dir = match (&args.dir, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(dir)) => dir.path().to_owned(),
        (None, None) => PathBuf::new(),
    };
    Bench::new(&args, dir)?.run()
}

fn describe(path: &Path, written: posts::Written) -> anyhow::Result<()> {
    let posts::Written { posts, lines, equal_keys, longest, bytes } = written;
    println!(
        "{}: {posts} posts in {lines} lines of {bytes} bytes, the longest {longest}; {equal_keys} of equal key; zip {} bytes",
        path.display(),
        fs::metadata(path)?.len()
    );
    Ok(())
}

/// Everything that the parts share.
struct Bench<'a> {
    args: &'a Args,
    dir: PathBuf,
    binary: PathBuf,
}

impl<'a> Bench<'a> {
    fn new(args: &'a Args, dir: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&dir)?;
        let binary = if let Some(binary) = &args.binary { binary.clone() } else { release_build()? };
        let bench = Self { args, dir, binary };
        if !bench.key().exists() {
            let made = Command::new(&bench.binary).arg("keygen").arg(bench.key()).output()?;
            ensure!(made.status.success(), "keygen failed: {}", String::from_utf8_lossy(&made.stderr));
            let public = fs::read_to_string(bench.dir.join("seal.key.pub"))?;
            fs::write(bench.signers(), format!("bench {public}"))?;
        }
        Ok(bench)
    }

    fn key(&self) -> PathBuf {
        self.dir.join("seal.key")
    }

    fn signers(&self) -> PathBuf {
        self.dir.join("allowed_signers")
    }

    fn run(&self) -> anyhow::Result<()> {
        let threads = std::thread::available_parallelism()?;
        println!("{} on {threads} processors, seed {}\n", self.binary.display(), self.args.seed);
        let all = [Part::Export, Part::Verify, Part::Files, Part::Memory];
        for part in all.into_iter().filter(|part| self.args.only.is_empty() || self.args.only.contains(part)) {
            match part {
                Part::Export => self.export()?,
                Part::Verify => self.verify()?,
                Part::Files => self.files()?,
                Part::Memory => self.memory()?,
            }
        }
        Ok(())
    }

    fn shape(&self) -> Shape {
        Shape { posts: self.args.posts, line_mib: 0, files: 0, seed: self.args.seed }
    }

    /// Makes an export unless it is there.
    fn made(&self, shape: Shape) -> anyhow::Result<PathBuf> {
        let path = self.dir.join(shape.name() + ".zip");
        if !path.exists() {
            describe(&path, shape.write(&path).with_context(|| format!("cannot make `{}`", path.display()))?)?;
        }
        Ok(path)
    }

    fn seal(&self, export: &Path, archive: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["export", "--quiet"]).arg(export).arg("--key").arg(self.key()).arg("--output").arg(archive);
        command
    }

    fn check(&self, archive: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["verify", "--quiet"]).arg(archive).arg("--signers").arg(self.signers());
        command
    }

    fn export(&self) -> anyhow::Result<()> {
        let (export, archive) = (self.made(self.shape())?, self.dir.join("sealed.zip"));
        println!("sealing {} posts", self.args.posts);
        let ours = Contender {
            label: "chatseal export EXPORT",
            command: &|| self.seal(&export, &archive),
            output: Some(&archive),
        };
        let theirs = Contender {
            label: "unzip -p EXPORT import.jsonl | sha256sum",
            command: &|| shell("unzip -p \"$1\" import.jsonl | sha256sum", &export),
            output: None,
        };
        println!("{}", compare(self.args.rounds, &ours, &theirs)?);
        Ok(())
    }

    /// An archive that was sealed just now.
    fn sealed(&self, shape: Shape) -> anyhow::Result<PathBuf> {
        let (export, archive) = (self.made(shape)?, self.dir.join("sealed.zip"));
        if archive.exists() {
            fs::remove_file(&archive)?;
        }
        let ended = self.seal(&export, &archive).output()?;
        ensure!(ended.status.success(), "export failed: {}", String::from_utf8_lossy(&ended.stderr));
        Ok(archive)
    }

    fn verify(&self) -> anyhow::Result<()> {
        let archive = self.sealed(self.shape())?;
        println!("verifying {} posts, an archive of {} bytes", self.args.posts, fs::metadata(&archive)?.len());
        let ours = Contender {
            label: "chatseal verify ARCHIVE --signers SIGNERS",
            command: &|| self.check(&archive),
            output: None,
        };
        let theirs = Contender {
            label: "unzip -p ARCHIVE | sha256sum",
            command: &|| shell("unzip -p \"$1\" | sha256sum", &archive),
            output: None,
        };
        println!("{}", compare(self.args.rounds, &ours, &theirs)?);
        Ok(())
    }

    fn files(&self) -> anyhow::Result<()> {
        let shape = Shape { posts: 10_000, files: self.args.files, ..self.shape() };
        let (export, archive) = (self.made(shape)?, self.dir.join("sealed-files.zip"));
        let folder = self.dir.join(shape.name());
        if !folder.exists() {
            shape.lay_out_files(&folder)?;
        }
        println!("sealing attachments of {} bytes", self.args.files);
        let ours = Contender {
            label: "chatseal export EXPORT-WITH-ATTACHMENTS",
            command: &|| self.seal(&export, &archive),
            output: Some(&archive),
        };
        let theirs = Contender {
            label: "sha256sum of the same files on disk",
            command: &|| shell("find \"$1\" -type f -print0 | xargs -0 sha256sum", &folder),
            output: None,
        };
        println!("{}", compare(self.args.rounds, &ours, &theirs)?);
        Ok(())
    }

    fn memory(&self) -> anyhow::Result<()> {
        let shape = self.shape();
        let rows = [
            (format!("{} posts", shape.posts / 10), Shape { posts: shape.posts / 10, ..shape }),
            (format!("{} posts", shape.posts), shape),
            (format!("{} posts", shape.posts * 3), Shape { posts: shape.posts * 3, ..shape }),
            (
                format!("{} posts, lines up to {} MiB", shape.posts, self.args.line_mib),
                Shape { line_mib: self.args.line_mib, ..shape },
            ),
        ];
        println!("peak resident memory, the most of {} runs", self.args.rounds.min(3));
        println!("  {:<52} {:>11} {:>11}", "MiB", "export", "verify");
        for (label, shape) in rows {
            let (export, archive) = (self.made(shape)?, self.dir.join("sealed.zip"));
            let ours = Contender {
                label: "chatseal export",
                command: &|| self.seal(&export, &archive),
                output: Some(&archive),
            };
            let checked = Contender { label: "chatseal verify", command: &|| self.check(&archive), output: None };
            let (mut sealing, mut verifying) = (0, 0);
            for _ in 0..self.args.rounds.min(3) {
                sealing = sealing.max(ours.peak()?);
                verifying = verifying.max(checked.peak()?);
            }
            println!("  {label:<52} {:>11} {:>11}", sealing >> 20, verifying >> 20);
        }
        Ok(())
    }
}

/// The program as it is released: `cargo bench` has just put one of the bench profile there.
fn release_build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--release", "--bin", "chatseal", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .status()?;
    ensure!(built.success(), "the release build failed");
    Ok(PathBuf::from(env!("CARGO_BIN_EXE_chatseal")))
}

fn shell(script: &str, path: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).arg(path);
    command
}
