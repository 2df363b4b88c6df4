//! What a long chain costs: sealing one more archive into a ledger that has many, and verifying all of them with it.
//!
//! ```text
//! cargo bench --bench set -- [--archives N] [--posts P] [--rounds R] [--dir DIR]
//! ```
//!
//! Archives are small, so that what is measured is the chain and not the records: each holds a team, a channel, users and
//! P posts. Sealing is timed at the beginning and at the end of the series, verification over the whole set, with and
//! without the ledger. Nothing is judged here: figures are printed, and a person reads them.
//!
//! Needs about 50 KB for each archive as room in DIR, and Linux for the figures of memory.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads its environment and writes scratch files")]
#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;

/// Benchmarks of a chain of archives
#[derive(Debug, Parser)]
struct Args {
    /// Archives in the chain
    #[arg(long, default_value_t = 1000)]
    archives: usize,
    /// Posts in each
    #[arg(long, default_value_t = 20)]
    posts: usize,
    /// Rounds that count
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Folder for ledger and archives, kept; else a temporary one, removed
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let temporary = tempfile::tempdir()?;
    let folder = args.dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    let bench = Bench { folder };
    bench.prepare(args.posts)?;
    let mut times = Vec::new();
    for number in bench.sealed()?..args.archives {
        times.push(bench.seal(number)?);
    }
    if let Some(tenth) = (!times.is_empty()).then_some(times.len().div_ceil(10)) {
        println!("sealing one more archive, milliseconds: {}", spread(&times[..tenth]));
        println!("  at the end of {:>6} in the chain:     {}", args.archives, spread(&times[times.len() - tenth..]));
    }
    let ledger = ["--ledger", "ledger"];
    for (label, more) in [("without the ledger", &[][..]), ("with the ledger", &ledger), ("a thirtieth", &ledger)] {
        let sample: &[&str] = if label == "a thirtieth" { &["--sample", "1/30"] } else { &[] };
        let verify = [&["--quiet", "verify", "archives", "--signers", "signers"], more, sample].concat();
        let (mut times, mut peak) = (Vec::new(), 0);
        for round in 0..=args.rounds {
            let (time, memory) = bench.run(&verify)?;
            if round > 0 {
                times.push(time);
            }
            peak = peak.max(memory);
        }
        println!("verifying {} {label}, milliseconds: {}, peak {} MiB", args.archives, spread(&times), peak >> 20);
    }
    let (time, _) = bench.run(&["ledger", "verify", "ledger", "--signers", "signers"])?;
    println!("the ledger alone, milliseconds: {}", time.as_millis());
    Ok(())
}

/// Least, middle and greatest.
fn spread(times: &[Duration]) -> String {
    let mut sorted: Vec<u128> = times.iter().map(Duration::as_millis).collect();
    sorted.sort_unstable();
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    format!("{} / {} / {}", at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
}

struct Bench {
    folder: PathBuf,
}

impl Bench {
    /// A key, a ledger and an export to seal again and again.
    fn prepare(&self, posts: usize) -> anyhow::Result<()> {
        if self.folder.join("ledger").exists() {
            return Ok(());
        }
        fs::create_dir_all(self.folder.join("archives"))?;
        fs::write(self.folder.join("export.jsonl"), export(posts))?;
        self.run(&["keygen", "seal.key", "--quiet"])?;
        let public = fs::read_to_string(self.folder.join("seal.key.pub"))?;
        let both = "namespaces=\"seal@chatseal.v1,statement@chatseal.v1\"";
        fs::write(self.folder.join("signers"), format!("bench {both} {public}"))?;
        self.run(&["ledger", "init", "ledger", "--origin", "bench.example/set", "--key", "seal.key"])?;
        Ok(())
    }

    /// Archives that are there already.
    fn sealed(&self) -> anyhow::Result<usize> {
        Ok(fs::read_dir(self.folder.join("archives"))?.count())
    }

    fn seal(&self, number: usize) -> anyhow::Result<Duration> {
        let output = format!("archives/{number:06}.zip");
        let args = ["export", "export.jsonl", "--key", "seal.key", "--ledger", "ledger", "--no-files", "--quiet"];
        Ok(self.run(&[&args[..], &["--output", &output]].concat())?.0)
    }

    /// Runs the program; how long it took, and its peak of resident memory as the shell's `time` would tell it.
    fn run(&self, args: &[&str]) -> anyhow::Result<(Duration, u64)> {
        let begin = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatseal"));
        command.args(args).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("cannot run chatseal")?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait()?.is_none() {
            peak = peak.max(high_water_mark(Path::new(&status)).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = child.wait_with_output()?;
        ensure!(ended.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ended.stderr));
        Ok((begin.elapsed(), peak))
    }
}

fn high_water_mark(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

/// A small bulk export.
fn export(posts: usize) -> String {
    let mut out = String::from("{\"type\":\"version\",\"version\":1}\n");
    out.push_str("{\"type\":\"team\",\"team\":{\"name\":\"docks\",\"display_name\":\"Docks\",\"type\":\"O\"}}\n");
    out.push_str(
        "{\"type\":\"channel\",\"channel\":{\"team\":\"docks\",\"name\":\"bridge\",\"display_name\":\"Bridge\",\"type\":\"O\"}}\n",
    );
    for user in ["ingrid", "karim"] {
        let _ = writeln!(
            out,
            "{{\"type\":\"user\",\"user\":{{\"username\":\"{user}\",\"email\":\"{user}@example.org\"}}}}"
        );
    }
    for post in 0..posts {
        let at = 1_795_000_000_000_u64 + post as u64 * 60_000;
        let _ = writeln!(
            out,
            "{{\"type\":\"post\",\"post\":{{\"team\":\"docks\",\"channel\":\"bridge\",\"user\":\"ingrid\",\"message\":\"berth {post} is free\",\"create_at\":{at}}}}}"
        );
    }
    out
}
