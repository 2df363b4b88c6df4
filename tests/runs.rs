//! Scheduled runs on a real PostgreSQL: a chain of archives that together hold what one export holds, whatever happens
//! between the runs and to them.

mod gone;
mod histories;
mod mishaps;
mod settings;
mod sources;
mod thirty;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::bag::Key;
use crate::sealed::{Archive, Ended};
use crate::tables::{Source, sql};

/// A database, a ledger, and a configuration beside them.
pub(crate) struct Nights {
    source: Source,
}

/// Lines of records by kind and id.
type Records = BTreeMap<(String, String), Vec<String>>;

impl Nights {
    /// Before the first night; `changes` is what `[changes]` says.
    fn new(changes: &str) -> Self {
        let nights = Self { source: Source::of(&sql("mattermost-11")) };
        let desk = &nights.source.desk;
        desk.write(
            "signers",
            Key::new(7).allowed(crate::sealed::SIGNER, "namespaces=\"seal@chatseal.v1,statement@chatseal.v1\""),
        );
        fs::create_dir(desk.path("archives")).unwrap();
        let init = ["ledger", "init", "ledger", "--origin", "chat.example.org/audit", "--key", "seal.key"];
        Ended::of(desk.chatseal(&init).output().unwrap()).require(0, "");
        nights.configure(changes, "");
        nights
    }

    fn configure(&self, changes: &str, more: &str) {
        let text = format!(
            "schema = \"chatseal-run/v1\"\n[source]\nurl = \"{}\"\nfiles = false\n[seal]\nkey = \"seal.key\"\narchives = \"archives\"\nledger = \"ledger\"\n[changes]\n{changes}\n{more}",
            self.source.url()
        );
        self.source.desk.write("run.toml", text);
    }

    fn say(&self, args: &[&str]) -> Ended {
        Ended::of(self.source.desk.chatseal(args).output().unwrap())
    }

    fn run(&self, args: &[&str]) -> Ended {
        self.say(&[&["run", "run.toml"], args].concat())
    }

    /// A run that must seal; its archive.
    fn night(&self) -> Archive {
        let ended = self.run(&["--quiet"]);
        assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
        self.archives().pop().unwrap()
    }

    /// A run that is killed after this long, if it has not ended by then.
    fn killed_after(&self, time: Duration) {
        let mut command = self.source.desk.chatseal(&["run", "run.toml", "--quiet"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(time);
        drop(child.kill());
        child.wait().unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.source.desk.path("archives")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| Path::new(name).extension().is_some_and(|ending| ending == "zip"));
        names.sort();
        names
    }

    /// All archives, in the order of their runs, each intact.
    fn archives(&self) -> Vec<Archive> {
        self.names().iter().map(|name| self.source.desk.archive(&format!("archives/{name}"))).collect()
    }

    /// What the archives hold together.
    fn together(&self) -> Records {
        let mut all = Records::new();
        for archive in self.archives() {
            for (key, lines) in records(&archive, false) {
                all.insert(key, lines);
            }
            for found in of_kind(&archive, "finding_vanished") {
                let text = |name: &str| found["data"][name].as_str().unwrap().to_owned();
                let gone = all.remove(&(text("record_kind"), text("record_id")));
                assert!(gone.is_some(), "{found}");
            }
        }
        all
    }

    /// What one export of everything holds.
    fn at_once(&self) -> Records {
        drop(fs::remove_file(self.source.desk.path("full.zip")));
        records(&self.source.live("full.zip", &["--no-files"]), false)
    }

    fn require_same(&self, said: &str) {
        let (together, at_once) = (self.together(), self.at_once());
        for (key, lines) in &at_once {
            assert_eq!(together.get(key), Some(lines), "{said}: {key:?}");
        }
        for key in together.keys() {
            assert!(at_once.contains_key(key), "{said}: {key:?} is not there any more");
        }
    }
}

/// Lines by kind and id, as they stand: some hold numbers that no reader has to convert.
fn records(archive: &Archive, findings: bool) -> Records {
    let mut all = Records::new();
    for line in archive.lines() {
        let parts: Vec<&str> = line.split('"').collect();
        if parts[3].starts_with("finding_") == findings {
            all.entry((parts[3].to_owned(), parts[7].to_owned())).or_default().push(line.to_owned());
        }
    }
    all
}

/// The records of a kind.
fn of_kind(archive: &Archive, kind: &str) -> Vec<Value> {
    let start = format!("{{\"kind\":\"{kind}\",");
    let lines = archive.lines().into_iter().filter(|line| line.starts_with(&start));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Classes of exceptions in an archive, with the number of records concerned.
fn classes(archive: &Archive) -> BTreeMap<String, u64> {
    let mut classes = BTreeMap::new();
    for line in archive.text("data/exceptions.jsonl").lines() {
        let exception: Value = serde_json::from_str(line).unwrap();
        *classes.entry(exception["class"].as_str().unwrap().to_owned()).or_default() +=
            exception["records"].as_u64().unwrap();
    }
    classes
}
