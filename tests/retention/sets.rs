//! Many holds over one record: lines name their set, the table says which it is, and nothing is lost between them.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use chatseal::archive::hold_sets::HoldSets;
use chatseal::archive::reader::Opening;
use chatseal::record::line::Line;
use chatseal::record::retention::Holds;
use serde_json::Value;

use super::{export_on, seal};
use crate::bulk;
use crate::sealed::{Archive, Desk};
use crate::tables::{FIXTURES, Source};

const SETS: &str = "data/policy/hold-sets.jsonl";

/// One hold for each letter: over everything, over a person, or over a time.
fn hold(letter: char, user: &str) -> String {
    let what = match letter {
        'a'..='c' => "everything = true".to_owned(),
        'd' => "everything = true\nuntil = 2026-01-01".to_owned(),
        'e' => "users = [\"ingrid\"]".to_owned(),
        _ => format!("users = [\"{user}\"]"),
    };
    format!(
        "\n[[hold]]\nid = \"{letter}\"\nmatter = \"Matter {letter}\"\n{what}\n[hold.issued]\nby = \"Counsel\"\nat = 2024-01-01\nwhy = \"Letter\"\n"
    )
}

fn document(letters: &str, user: &str) -> String {
    let holds: String = letters.chars().map(|letter| hold(letter, user)).collect();
    format!("schema = \"chatseal-holds/v1\"\ntitle = \"Holds\"\n{holds}")
}

/// The holds of each record, in order, read from the archive itself.
fn covering(desk: &Desk, name: &str) -> Vec<BTreeSet<String>> {
    let opened = Opening::read(&desk.path(name)).unwrap();
    let archive = opened.archive.unwrap();
    let sets = HoldSets::read(&archive).unwrap();
    let of = |line: &&str| match Line::parse(line.as_bytes()).unwrap().retention.unwrap().holds {
        Holds::Few(ids) => ids.iter().map(str::to_owned).collect(),
        Holds::Set(name) => sets.ids(name).unwrap().into_iter().collect(),
    };
    desk.archive(name).lines().iter().map(of).collect()
}

fn sealed(desk: &Desk, source: &str, letters: &str, name: &str) -> Archive {
    desk.write("holds.toml", document(letters, "karim"));
    seal(desk, source, name, &["--holds", "holds.toml"])
}

#[test]
fn a_set_says_what_its_holds_say_one_by_one() {
    let desk = Desk::new();
    let source = bulk::place("every-line-type-of-11.6", &desk);
    let all = sealed(&desk, source, "abcdefgh", "all.zip");
    // At most four at a time, nothing has to be named by a set.
    let parts = ["abcd", "efgh"].map(|letters| {
        let part = sealed(&desk, source, letters, &format!("{letters}.zip"));
        assert!(!part.members.contains_key(SETS) && !part.lines().iter().any(|line| line.contains("set:")));
        covering(&desk, &format!("{letters}.zip"))
    });
    let together = covering(&desk, "all.zip");
    assert_eq!(together.len(), parts[0].len());
    for (at, holds) in together.iter().enumerate() {
        assert_eq!(*holds, &parts[0][at] | &parts[1][at], "{}", all.lines()[at]);
    }
    // Every size around the rule occurs: four are spelled out, five are not.
    let sizes: BTreeSet<usize> = together.iter().map(BTreeSet::len).collect();
    assert!(sizes.contains(&4) && sizes.contains(&5) && sizes.len() > 3, "{sizes:?}");
    let named: BTreeSet<&BTreeSet<String>> = together.iter().filter(|holds| holds.len() > 4).collect();
    assert_eq!(all.text(SETS).lines().count(), named.len());
    // The summary counts holds, not sets.
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    together.iter().flatten().for_each(|hold| *counts.entry(hold.as_str()).or_default() += 1);
    assert_eq!(all.summary()["retention"]["holds"], serde_json::to_value(counts).unwrap());
    for threads in ["1", "5"] {
        desk.write("holds.toml", document("abcdefgh", "karim"));
        let again =
            seal(&desk, source, &format!("all-{threads}.zip"), &["--holds", "holds.toml", "--threads", threads]);
        assert_eq!((again.lines(), again.text(SETS)), (all.lines(), all.text(SETS)));
    }
}

#[test]
fn a_database_and_its_dump_name_the_same_sets() {
    for fixture in FIXTURES {
        let source = Source::new(fixture);
        source.dump("dump.sql");
        let user = source.ask(
            "SELECT username FROM users JOIN posts ON userid = users.id WHERE username <> 'ingrid'
             GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
        );
        // Whom a hold names has to be there.
        source.desk.write("holds.toml", document("abcdfgh", &user));
        let flags = ["--no-files", "--holds", "holds.toml"];
        let live = seal(&source.desk, &source.url(), "live.zip", &flags);
        let dumped = seal(&source.desk, "dump.sql", "dump.zip", &flags);
        crate::tables::same(&live, &dumped, fixture);
        assert_eq!(live.text(SETS), dumped.text(SETS), "{fixture}");
        assert!(live.text(SETS).lines().count() > 1, "{fixture}");
    }
}

#[test]
fn whoever_reads_the_archive_is_told_the_holds() {
    let desk = Desk::new();
    let source = bulk::place("every-line-type-of-11.6", &desk);
    let archive = sealed(&desk, source, "abcdefgh", "all.zip");
    let together = covering(&desk, "all.zip");
    let (at, line) = archive.lines().into_iter().enumerate().find(|(at, _)| together[*at].len() > 5).unwrap();
    let record: Value = serde_json::from_str(line).unwrap();
    let name = record["retention"]["holds"].as_str().unwrap();
    let ids: Vec<&String> = together[at].iter().collect();

    // A stranger, with what the archive itself says to type: the name is the digest of the array.
    let step = archive.text("data/README.txt");
    let step = step.split("under a name that is their digest\n").nth(1).unwrap();
    let step: String = step.lines().take(2).map(|line| line.trim().to_owned() + "\n").collect();
    let sh = |typed: &str| {
        let done = Command::new("sh").args(["-ec", typed]).current_dir(desk.path("bag")).output().unwrap();
        (done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned())
    };
    std::fs::create_dir_all(desk.path("bag/data/policy")).unwrap();
    desk.write("bag/data/policy/hold-sets.jsonl", archive.text(SETS));
    assert_eq!(sh(&step), (true, String::new()));
    desk.write("bag/data/policy/hold-sets.jsonl", archive.text(SETS).replacen("\"a\"", "\"z\"", 1));
    assert!(!sh(&step).0);
    let table: Value = archive
        .text(SETS)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["set"] == name)
        .unwrap();
    assert_eq!(table["holds"], serde_json::to_value(&ids).unwrap());

    let id = record["id"].as_str().unwrap();
    let shown = desk.chatseal(&["show", "all.zip", id]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let said: Vec<&str> = together[at].iter().map(String::as_str).collect();
    assert!(shown.contains(&format!("its {} holds: {}\n", said.len(), said.join(", "))), "{shown}");
    let shown = desk.chatseal(&["show", "all.zip", id, "--json"]).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["records"][0]["holds"], table["holds"]);

    let produce = |form: &str| {
        let made = desk.chatseal(&["produce", "all.zip", "--unverified", "--format", form, "--output", form]).output();
        let made = made.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8_lossy(&made.stderr).into_owned()
    };
    produce("csv-records");
    let kind = record["kind"].as_str().unwrap();
    let rows = std::fs::read_to_string(desk.path(&format!("csv-records/{kind}.csv"))).unwrap();
    let list = ids.iter().map(|id| format!("\"\"{id}\"\"")).collect::<Vec<_>>().join(",");
    assert!(rows.contains(&format!("\"\"holds\"\":[{list}]}}")) && !rows.contains("set:"), "{rows}");
    produce("jsonl");
    let lines = std::fs::read_to_string(desk.path(&format!("jsonl/{kind}.jsonl"))).unwrap();
    assert!(lines.contains(line));
    assert_eq!(std::fs::read_to_string(desk.path("jsonl/hold-sets.jsonl")).unwrap(), archive.text(SETS));
    produce("parquet");
    let table = std::fs::read(desk.path(&format!("parquet/{kind}.parquet"))).unwrap();
    assert!(!table.is_empty());
}

#[test]
fn a_table_that_lacks_a_set_is_said_and_not_guessed() {
    let desk = Desk::new();
    for (condition, said) in
        [("hold-sets-missing", "does not have `set:"), ("hold-set-of-four", "holds no set of holds")]
    {
        let from = format!("{}/fixtures/archives/{condition}/archive.zip", env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(from, desk.path("bad.zip")).unwrap();
        let made =
            desk.chatseal(&["produce", "bad.zip", "--unverified", "--format", "csv-records", "--output", condition]);
        let made = { made }.output().unwrap();
        let stderr = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(!made.status.success() && stderr.contains(said), "{condition}: {stderr}");
        assert!(!desk.path(condition).exists());
    }
}

#[test]
fn the_same_day_and_the_same_holds_give_the_same_names() {
    let desk = Desk::new();
    let source = bulk::place("every-line-type-of-11.6", &desk);
    desk.write("holds.toml", document("abcdefgh", "karim"));
    let mut archives = Vec::new();
    for (at, day) in ["2027-06-01T00:00:00Z", "2028-06-01T00:00:00Z"].into_iter().enumerate() {
        let name = format!("{at}.zip");
        let ended = export_on(day, &desk, source, &name, &["--holds", "holds.toml"]);
        assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
        archives.push(desk.archive(&name));
    }
    assert_eq!(archives[0].lines(), archives[1].lines());
}
