//! How long exporting a database and its dump take beside `psql`, and how much memory they take.
//!
//! ```text
//! cargo bench --bench postgres -- [--posts N] [--rounds R] [--dir DIR] [--url URL] [--only PART [--words]]…
//! cargo bench --bench postgres -- --generate DUMP.sql [--posts N]
//! ```
//!
//! Databases are made here, as large as asked for: the tables, types and indexes of 11.6, rows in the proportions of a
//! running server (5.37, 28,446 posts), messages as in the bench of bulk exports. What is made is one text, which
//! `psql` loads and the dump reader reads. Equal arguments make equal texts. A private server is started on it unless
//! `--url` names a database that is filled already. Each comparison runs both commands in turn after one round that
//! warms the caches. Nothing is judged here: figures are printed, and a person reads them.
//!
//! Needs Linux, PostgreSQL's `initdb`, `postgres` and `psql` on the path, `setpriv` if run as root, `gzip` and `zstd`;
//! and about four times the size of the text as room in DIR (900 bytes a post). What lies in DIR is used again; empty
//! it after changing the generator.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads its environment and writes scratch files")]
#![allow(clippy::print_stdout, reason = "its figures are what it is for")]

mod database;
#[path = "../bulk/dice.rs"]
#[allow(dead_code, reason = "the bench of bulk exports uses the rest")]
mod dice;
mod export;
mod incident;
#[path = "../bulk/measure.rs"]
mod measure;
mod place;
mod policy;
mod runs;
mod schema;
mod server;
#[path = "../bulk/speech.rs"]
#[allow(dead_code, reason = "the bench of bulk exports uses the rest")]
mod speech;
mod tables;
mod talk;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::ensure;
use chatseal::progress::Progress;
use chatseal::source::dump::Dump;
use clap::{Parser, ValueEnum};

use crate::measure::{Contender, compare};
use crate::server::{Server, psql};

/// Benchmarks of `chatseal export` on databases and their dumps
#[derive(Debug, Parser)]
struct Args {
    /// Posts of the database
    #[arg(long, default_value_t = 2_000_000)]
    posts: u64,
    /// Rounds that count
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seed of all chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for dumps, archives and the server's data, kept; else a temporary one, removed
    #[arg(long)]
    dir: Option<PathBuf>,
    /// A filled database, instead of one that is made here
    #[arg(long)]
    url: Option<String>,
    /// Let rules and holds ask for properties and words of posts (only with `--only policy`)
    #[arg(long)]
    words: bool,
    /// What to measure, instead of everything
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Program to measure, instead of a fresh release build of this tree
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Write one dump and measure nothing; `-` for standard output
    #[arg(long, value_name = "DUMP.sql")]
    generate: Option<PathBuf>,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Exporting the database, beside `psql` copying its posts, or all that is exported; and a database of posts alone
    Export,
    /// Exporting its dump, beside hashing it
    Dump,
    /// Exporting the database with 50 rules and 200 holds of 20 custodians, beside exporting it without
    Policy,
    /// Reading its dump and nothing else: plain, gzip, Zstandard
    Reader,
    /// Exporting an incident of 50,000 posts, beside exporting everything; edits the database
    Incident,
    /// Scheduled runs when one post in a hundred changed; edits the database
    Runs,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(path) = &args.generate {
        if path == Path::new("-") {
            database::write(args.posts, args.seed, &mut BufWriter::with_capacity(1 << 20, std::io::stdout().lock()))?;
            return Ok(());
        }
        return generate(&args, path);
    }
    if !args.bench {
        println!("measures nothing unless it is run by `cargo bench --bench postgres`");
        return Ok(());
    }
    ensure!(args.rounds > 0, "at least one round");
    let temporary = if args.dir.is_none() { Some(tempfile::tempdir()?) } else { None };
    let dir = match (&args.dir, &temporary) {
        (Some(dir), _) => {
            fs::create_dir_all(dir)?;
            dir.canonicalize()?
        }
        (None, Some(dir)) => dir.path().to_owned(),
        (None, None) => PathBuf::new(),
    };
    let binary = if let Some(binary) = &args.binary { binary.clone() } else { release_build()? };
    Bench { args: &args, dir, binary }.run()
}

fn generate(args: &Args, path: &Path) -> anyhow::Result<()> {
    let begin = Instant::now();
    let partial = path.with_extension("partial");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&partial)?);
    let counts = database::write(args.posts, args.seed, &mut out)?;
    out.flush()?;
    fs::rename(&partial, path)?;
    println!("{}: {} bytes in {:.1} s", path.display(), fs::metadata(path)?.len(), begin.elapsed().as_secs_f64());
    for (table, rows) in counts {
        println!("  {table:<24} {rows:>12} rows");
    }
    Ok(())
}

/// Everything that the parts share.
struct Bench<'a> {
    args: &'a Args,
    dir: PathBuf,
    binary: PathBuf,
}

impl Bench<'_> {
    fn run(&self) -> anyhow::Result<()> {
        let threads = std::thread::available_parallelism()?;
        println!("{} on {threads} processors, seed {}\n", self.binary.display(), self.args.seed);
        if !self.key().exists() {
            let made = Command::new(&self.binary).arg("keygen").arg(self.key()).output()?;
            ensure!(made.status.success(), "keygen failed: {}", String::from_utf8_lossy(&made.stderr));
        }
        let all = [Part::Reader, Part::Export, Part::Dump, Part::Policy, Part::Incident, Part::Runs];
        for part in all.into_iter().filter(|part| self.args.only.is_empty() || self.args.only.contains(part)) {
            match part {
                Part::Export => self.export()?,
                Part::Dump => self.dump()?,
                Part::Reader => self.reader()?,
                Part::Policy => self.policy()?,
                Part::Incident => self.incident()?,
                Part::Runs => {
                    let (_server, url) = self.database()?;
                    runs::measure(&self.binary, &self.key(), &url, &self.dir.join("runs"))?;
                }
            }
        }
        Ok(())
    }

    fn key(&self) -> PathBuf {
        self.dir.join("seal.key")
    }

    /// The dump, made unless it is there.
    fn made(&self) -> anyhow::Result<PathBuf> {
        let path = self.dir.join(format!("dump-{}-{}.sql", self.args.posts, self.args.seed));
        if !path.exists() {
            generate(self.args, &path)?;
        }
        Ok(path)
    }

    fn seal(&self, source: &str, archive: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(["export", "--quiet", "--no-files", source, "--key"]).arg(self.key()).arg("--output").arg(archive);
        command
    }

    /// The database, made unless it is there; the server lives as long as what is returned.
    fn database(&self) -> anyhow::Result<(Option<Server>, String)> {
        if let Some(url) = &self.args.url {
            return Ok((None, url.clone()));
        }
        let server = Server::start(&self.dir.join("server"))?;
        let url = server.database(&format!("posts_{}_{}", self.args.posts, self.args.seed), || self.made())?;
        Ok((Some(server), url))
    }

    fn policy(&self) -> anyhow::Result<()> {
        let (_server, url) = self.database()?;
        policy::write(self.args.posts, self.args.seed, self.args.words, &self.dir)?;
        let [judged, plain] = ["judged.zip", "sealed.zip"].map(|name| self.dir.join(name));
        println!("exporting the database with and without policies");
        let with = Contender {
            label: "chatseal export … --policy FILE --holds FILE",
            command: &|| {
                let mut command = self.seal(&url, &judged);
                command.arg("--policy").arg(self.dir.join("policy.toml"));
                command.arg("--holds").arg(self.dir.join("holds.toml"));
                command
            },
            output: Some(&judged),
        };
        let without =
            Contender { label: "chatseal export …", command: &|| self.seal(&url, &plain), output: Some(&plain) };
        self.print(&with, &without)
    }

    fn incident(&self) -> anyhow::Result<()> {
        let (_server, url) = self.database()?;
        let posts = incident::prepare(&url, &place::Place::new(self.args.posts, self.args.seed))?;
        let [part, whole] = ["incident.zip", "sealed.zip"].map(|name| self.dir.join(name));
        println!("exporting an incident of {posts} posts, beside exporting everything");
        let ours = Contender {
            label: "chatseal export … --incident RUN",
            command: &|| {
                let mut command = self.seal(&url, &part);
                command.args(["--incident", incident::RUN, "--margin", "1h"]);
                command
            },
            output: Some(&part),
        };
        let theirs =
            Contender { label: "chatseal export …", command: &|| self.seal(&url, &whole), output: Some(&whole) };
        self.print(&ours, &theirs)
    }

    fn export(&self) -> anyhow::Result<()> {
        let (server, url) = self.database()?;
        println!("exporting the database");
        self.beside_psql(&url, "posts alone", &[])?;
        // Like for like: a running server holds nearly half as many other rows as posts, and an export reads them too.
        println!("exporting the database, beside the same tables without order");
        self.beside_psql(&url, "every table exported", &export::others())?;
        // And the other way round: what `psql` copies is all that there is to export.
        let Some(server) = server else { return Ok(()) };
        println!("exporting a database that holds hardly more than posts");
        self.beside_psql(&server.copy_of(&url, export::keep_posts_alone)?, "posts alone", &[])
    }

    /// Compares an export with `psql` copying the posts in order, and `others`.
    fn beside_psql(&self, url: &str, what: &str, others: &[String]) -> anyhow::Result<()> {
        let archive = self.dir.join("sealed.zip");
        let ours = Contender {
            label: "chatseal export postgres://… --no-files",
            command: &|| self.seal(url, &archive),
            output: Some(&archive),
        };
        let theirs = Contender {
            label: &format!("psql -c 'COPY …', {what}"),
            command: &|| {
                let mut command = psql(url);
                command.args(["-c", export::POSTS]);
                command.args(others.iter().flat_map(|copy| ["-c", copy]));
                command
            },
            output: None,
        };
        self.print(&ours, &theirs)
    }

    fn dump(&self) -> anyhow::Result<()> {
        let (dump, archive) = (self.made()?, self.dir.join("sealed.zip"));
        let bytes = fs::metadata(&dump)?.len();
        println!("exporting the dump, {bytes} bytes; MB/s are {:.1} through seconds", megabytes(bytes));
        let source = dump.display().to_string();
        let ours = Contender {
            label: "chatseal export DUMP.sql --no-files",
            command: &|| self.seal(&source, &archive),
            output: Some(&archive),
        };
        let theirs = Contender {
            label: "sha256sum DUMP.sql",
            command: &|| {
                let mut command = Command::new("sha256sum");
                command.arg(&dump);
                command
            },
            output: None,
        };
        self.print(&ours, &theirs)
    }

    fn print(&self, ours: &Contender<'_>, theirs: &Contender<'_>) -> anyhow::Result<()> {
        print!("{}", compare(self.args.rounds, ours, theirs)?);
        for contender in [ours, theirs] {
            println!("  {:<52} {:>9} MiB at most", contender.label, contender.peak()? >> 20);
        }
        println!();
        Ok(())
    }

    /// The reader alone, in this process: rows are counted and dropped.
    fn reader(&self) -> anyhow::Result<()> {
        let plain = self.made()?;
        let packed = |extension: &str, program: &str, level: &str| -> anyhow::Result<PathBuf> {
            let path = plain.with_extension(extension);
            if !path.exists() {
                let out = File::create(&path)?;
                let packed = Command::new(program).args([level, "-c"]).arg(&plain).stdout(Stdio::from(out)).status()?;
                ensure!(packed.success(), "{program} failed");
            }
            Ok(path)
        };
        println!("reading the dump");
        println!("  {:<52} {:>9} {:>9} {:>9}", "MB/s of text", "min", "median", "max");
        for (label, path) in [
            ("plain", plain.clone()),
            ("gzip -6", packed("sql.gz", "gzip", "-6")?),
            ("zstd -3", packed("sql.zst", "zstd", "-3")?),
        ] {
            let mut speeds = Vec::new();
            for round in 0..=self.args.rounds {
                let begin = Instant::now();
                let account = Dump::open(&path)?.read(&Progress::silent(), &mut |_| Ok(()))?;
                if round > 0 {
                    speeds.push(megabytes(account.text) / begin.elapsed().as_secs_f64());
                }
            }
            speeds.sort_unstable_by(f64::total_cmp);
            let [min, median, max] = [0, speeds.len() / 2, speeds.len() - 1].map(|at| speeds[at]);
            println!("  {label:<52} {min:>9.0} {median:>9.0} {max:>9.0}");
        }
        println!();
        Ok(())
    }
}

#[allow(clippy::cast_precision_loss, reason = "for printing")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
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
