//! Three incidents as their servers remember them (`fixtures/incidents/`), loaded, sealed and handed to the other tests;
//! and that these databases are what their README says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::sealed::{Archive, Desk};
use crate::tables::{self, Source};
use crate::tools;

/// One of the incidents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incident {
    /// Name of its files.
    pub(crate) story: &'static str,
    /// Name of its run, or of the first of them.
    pub(crate) run: &'static str,
    /// Team and channel of the run.
    pub(crate) channel: &'static str,
}

/// Checkout of a shop is down; English and German. Nothing is wrong with its data but a post purged by hand.
pub(crate) const OUTAGE: Incident =
    Incident { story: "outage", run: "Checkout down", channel: "plattform/out-00042-checkout-down" };

/// A stolen session reads patient letters; English, Japanese and Arabic.
pub(crate) const BREACH: Incident =
    Incident { story: "breach", run: "Stolen session of a ward account", channel: "security/sec-00007-stolen-session" };

/// Cranes stand still; English and Spanish. Almost everything is wrong with its data.
pub(crate) const ESCALATION: Incident = Incident {
    story: "escalation",
    run: "Astilleros del Faro: grúas paradas",
    channel: "clientes/astilleros-del-faro",
};

/// All of them.
pub(crate) const INCIDENTS: [Incident; 3] = [OUTAGE, BREACH, ESCALATION];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/incidents")
}

/// The tables of the server, without rows.
fn schema() -> String {
    let all = tables::sql("mattermost-11");
    let (schema, _) = all.split_once("\n-- Rows\n").unwrap();
    format!("{schema}\nCOMMIT;\n")
}

/// A database that holds all incidents beside the rows of `mattermost-11.sql`, which are hard on whoever reads them.
pub(crate) fn crowd() -> Source {
    let stories = INCIDENTS.map(Incident::sql);
    Source::of(&[&[tables::sql("mattermost-11")], &stories[..]].concat().concat())
}

impl Incident {
    fn sql(self) -> String {
        fs::read_to_string(folder().join(format!("{}.sql", self.story))).unwrap()
    }

    /// A database that holds this incident alone; `audit.log` and `store` lie on its desk.
    pub(crate) fn source(self) -> Source {
        let source = Source::of(&(schema() + &self.sql()));
        self.lay_out(&source.desk);
        source
    }

    /// Puts its audit log and file store on a desk.
    pub(crate) fn lay_out(self, desk: &Desk) {
        desk.write("audit.log", fs::read(folder().join(format!("{}.log", self.story))).unwrap());
        let store = folder().join(format!("{}.files", self.story));
        for path in files_below(&store) {
            let name = path.strip_prefix(&store).unwrap().to_str().unwrap();
            desk.write(&format!("store/{name}"), fs::read(&path).unwrap());
        }
    }

    /// A desk with `STORY.zip`, all of its server sealed with files and audit log; sealed once for all tests.
    pub(crate) fn sealed(self) -> (Desk, Archive) {
        static SEALED: [OnceLock<Vec<u8>>; INCIDENTS.len()] = [const { OnceLock::new() }; INCIDENTS.len()];
        self.kept(&SEALED, &format!("{}.zip", self.story), &[])
    }

    /// A desk with `STORY-run.zip`, its first run and what hangs on it (`--incident`); sealed once for all tests.
    pub(crate) fn package(self) -> (Desk, Archive) {
        static SEALED: [OnceLock<Vec<u8>>; INCIDENTS.len()] = [const { OnceLock::new() }; INCIDENTS.len()];
        self.kept(&SEALED, &format!("{}-run.zip", self.story), &["--incident", self.run, "--include-direct"])
    }

    fn kept(self, sealed: &[OnceLock<Vec<u8>>], name: &str, args: &[&str]) -> (Desk, Archive) {
        let place = INCIDENTS.iter().position(|incident| incident.story == self.story).unwrap();
        let args = [&["--files", "store", "--audit-log", "audit.log"], args].concat();
        let bytes = sealed[place].get_or_init(|| self.source().live(name, &args).bytes);
        let desk = Desk::new();
        desk.write(name, bytes);
        let archive = desk.archive(name);
        (desk, archive)
    }
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Number of exceptions of each class.
fn exceptions(archive: &Archive) -> BTreeMap<String, usize> {
    let mut classes = BTreeMap::new();
    for line in archive.text("data/exceptions.jsonl").lines() {
        let exception: Value = serde_json::from_str(line).unwrap();
        *classes.entry(exception["class"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    classes
}

#[test]
fn the_stories_are_what_their_script_writes() {
    let mut script = Command::new("python3");
    script.arg(folder().join("make.py")).arg("--check");
    tools::feed("python3", script, b"").expect_success();
}

#[test]
fn the_dump_that_comes_along_is_the_outage() {
    let source = OUTAGE.source();
    source.desk.write("walk.sql.gz", fs::read(folder().join("outage-dump.sql.gz")).unwrap());
    let walked = source.desk.seal("walk.sql.gz", "walk.zip", &["--no-files"]);
    assert_eq!(walked.root(), source.live("live.zip", &["--no-files"]).root());
}

#[test]
fn each_run_is_found_by_name_and_channel() {
    for incident in INCIDENTS {
        let source = incident.source();
        let channel = source.ask(&format!(
            "SELECT t.name || '/' || c.name FROM ir_incident r JOIN channels c ON c.id = r.channelid
             JOIN teams t ON t.id = c.teamid WHERE r.name = '{}'",
            incident.run
        ));
        assert_eq!(channel, incident.channel);
    }
}

#[test]
fn every_row_is_sealed_and_nothing_is_wrong_but_what_the_readme_says() {
    let tables = [
        ("posts", "post"),
        ("reactions", "reaction"),
        ("fileinfo", "file"),
        ("audits", "audit"),
        ("channelmemberhistory", "channel_membership"),
        ("ir_timelineevent", "run_event"),
        ("ir_statusposts", "run_status_post"),
        ("ir_run_participants", "run_participant"),
        ("focalboard_blocks_history", "block_history"),
    ];
    let wrong: [&[(&str, usize)]; 3] =
        [&[("orphan-row", 3), ("purged-post", 1)], &[("orphan-row", 4), ("purged-post", 1)], &[("orphan-row", 6)]];
    for (incident, wrong) in INCIDENTS.into_iter().zip(wrong) {
        let source = incident.source();
        let (_, archive) = incident.sealed();
        for (table, kind) in tables {
            let rows = source.ask(&format!("SELECT count(*) FROM {table}"));
            assert_eq!(archive.count(kind, "records").to_string(), rows, "{} {table}", incident.story);
        }
        let mut found = exceptions(&archive);
        assert_eq!(found.remove("note-role-can-write"), Some(1), "the tests load and read as the same role");
        let wrong: BTreeMap<String, usize> =
            wrong.iter().map(|(class, number)| ((*class).to_owned(), *number)).collect();
        assert_eq!(found, wrong, "{}", archive.text("data/exceptions.jsonl"));
        let files = archive.records("file");
        assert!(files.iter().all(|file| file["data"]["content_sha256"].is_string()), "{}", incident.story);
    }
}

#[test]
fn all_of_them_fit_beside_the_hard_rows() {
    let crowd = crowd();
    let archive = crowd.live("crowd.zip", &["--no-files"]);
    let runs = |archive: &Archive| archive.count("playbook_run", "records");
    let alone: u64 = INCIDENTS.iter().map(|incident| runs(&incident.sealed().1)).sum();
    assert_eq!((alone, runs(&archive)), (5, 7));
}

#[test]
fn a_run_brings_every_post_of_its_channel_in_its_window() {
    for incident in INCIDENTS {
        let source = incident.source();
        let posts = source.ask(&format!(
            "SELECT p.id FROM posts p JOIN ir_incident r ON r.channelid = p.channelid WHERE r.name = '{}'
             AND p.createat >= r.createat - 86400000 AND (r.endat = 0 OR p.createat < r.endat + 86400000)",
            incident.run
        ));
        let (_, archive) = incident.package();
        let sealed: BTreeSet<String> =
            archive.records("post").iter().map(|post| post["id"].as_str().unwrap().to_owned()).collect();
        let lost: Vec<&str> = posts.lines().filter(|id| !sealed.contains(*id)).collect();
        assert!(posts.lines().count() > 20 && lost.is_empty(), "{}: {lost:?}", incident.story);
    }
}
