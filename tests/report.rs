//! `chatseal report`: three incidents told from their archives, each line held against the records that it names.
//!
//! `fixtures/report` holds the reports as they were.

/// Whatever people wrote stays text.
mod hostile;
/// What the archive does not hold, or does not know when.
mod known;
/// The page in a browser, and on paper.
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use ring::hmac;
use serde_json::Value;

use crate::bag::{Spec, hex};
use crate::forms;
use crate::incidents::{ESCALATION, INCIDENTS, Incident, OUTAGE};
use crate::sealed::{AS_OF, Archive, Desk, Ended};

/// Writes a report, which must go well; returns its folder.
fn report(desk: &Desk, archive: &str, output: &str, args: &[&str]) -> PathBuf {
    let fixed = ["--quiet", "report", archive, "--output", output, "--as-of", AS_OF];
    let ended = Ended::of(desk.chatseal(&[&fixed, args].concat()).output().unwrap());
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    desk.path(output)
}

fn told(incident: Incident) -> (Desk, Archive, PathBuf) {
    let (desk, archive) = incident.sealed();
    let folder =
        report(&desk, &format!("{}.zip", incident.story), "report", &["--run", incident.run, "--signers", "signers"]);
    (desk, archive, folder)
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// What stands between `from` and `to`, each time.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Vec<&'t str> {
    text.split(from).skip(1).map(|rest| rest.split_once(to).unwrap_or((rest, "")).0).collect()
}

/// Records by `kind/id`, with their numbers and lines.
fn records(archive: &Archive) -> BTreeMap<String, Vec<(usize, String)>> {
    let mut all = BTreeMap::<String, Vec<(usize, String)>>::new();
    for (index, line) in archive.lines().into_iter().enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        let name = format!("{}/{}", record["kind"].as_str().unwrap(), record["id"].as_str().unwrap());
        all.entry(name).or_default().push((index, line.to_owned()));
    }
    all
}

/// SHA-256 over a zero byte, the record's salt and its line, as the format's page says.
fn leaf(archive: &Archive, index: usize, line: &str) -> String {
    let salt: Vec<u8> = archive
        .text("salt.txt")
        .trim()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let own = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salt), &(index as u64).to_be_bytes());
    hex(digest(&SHA256, &[&[0], &own.as_ref()[..16], line.as_bytes()].concat()).as_ref())
}

#[test]
fn reports_are_as_they_were() {
    for incident in INCIDENTS {
        let (_desk, _, folder) = told(incident);
        let mut text = read(&folder, "report.md");
        // The seal and the origin that is made of it change with the version of the program and with the server, which
        // are sealed as well.
        let seals: BTreeSet<String> = between(&text, "| **seal** | `", "`").into_iter().map(str::to_owned).collect();
        let origins: BTreeSet<String> =
            between(&text, "| **origin** | `", "`").into_iter().map(str::to_owned).collect();
        assert_eq!((seals.len(), origins.len()), (1, 1));
        for (masked, with) in
            seals.iter().map(|seal| (seal, "sha256:[..]")).chain(origins.iter().map(|origin| (origin, "[..]")))
        {
            text = text.replace(masked, with).replace(&masked.replace(':', "\\:"), &with.replace(':', "\\:"));
        }
        // The database is called otherwise in each test.
        let databases: BTreeSet<String> =
            between(&text, "| **from** | `tables", "`").into_iter().map(|rest| format!("`tables{rest}`")).collect();
        for database in databases {
            text = text.replace(&database, "`[..]`");
        }
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/report/{}.md", incident.story));
        if std::env::var_os("CHATSEAL_REWRITE").is_some() {
            fs::write(&golden, &text).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        for (number, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{} line {}; CHATSEAL_REWRITE=1 accepts it", incident.story, number + 1);
        }
        assert_eq!(text.len(), expected.len(), "{}", incident.story);
    }
}

/// The rows of the table of evidence: record, numbers in the archive, digests.
fn evidence(text: &str) -> Vec<(String, Vec<usize>, String)> {
    let rows = between(text, "\n| <a id=\"e", "\n").into_iter().enumerate();
    rows.map(|(at, row)| {
        assert!(row.starts_with(&format!("{0}\"></a>E{0} |", at + 1)), "{row}");
        let cells: Vec<&str> = row.split(" | ").collect();
        let numbers = cells[2].split(", ").map(|number| number.trim().parse().unwrap()).collect();
        (between(cells[1], "`", "`")[0].to_owned(), numbers, cells[4].to_owned())
    })
    .collect()
}

#[test]
fn every_record_that_is_named_is_in_the_archive_where_the_report_says() {
    for incident in INCIDENTS {
        let (_desk, archive, folder) = told(incident);
        let (text, page) = (read(&folder, "report.md"), read(&folder, "report.html"));
        let (records, evidence) = (records(&archive), evidence(&text));
        assert!(evidence.len() > 50, "{}: {}", incident.story, evidence.len());
        for (name, numbers, digests) in &evidence {
            let found = records.get(name).unwrap_or_else(|| panic!("{}: {name}", incident.story));
            assert_eq!(&found.iter().map(|(index, _)| *index).collect::<Vec<_>>(), numbers, "{name}");
            for (index, line) in found {
                assert!(digests.contains(&format!("leaf `{}`", leaf(&archive, *index, line))), "{name}: {digests}");
            }
            if name.starts_with("file/") {
                let sha256 = between(digests, "file `", "`")[0];
                let bytes = &archive.members[&format!("data/files/{}/{sha256}", &sha256[..2])];
                assert_eq!(hex(digest(&SHA256, bytes).as_ref()), sha256);
            }
        }
        assert!(evidence.iter().any(|(name, ..)| name.starts_with("file/")) || incident.story == "escalation");
        // References in the text, in both forms: the same ones, each to the record that its number stands for.
        let references: Vec<(&str, &str)> =
            between(&text, "](#e", ")").into_iter().map(|reference| reference.split_once(' ').unwrap()).collect();
        for (number, name) in &references {
            let (named, ..) = &evidence[number.parse::<usize>().unwrap() - 1];
            assert_eq!(*name, format!("\"{named}\""));
        }
        let links: Vec<(&str, &str)> = between(&page, "class=\"cited\" href=\"#e", "\">")
            .into_iter()
            .map(|link| link.split_once("\" title=\"").unwrap())
            .collect();
        let spelled: Vec<(&str, String)> =
            links.iter().map(|(number, name)| (*number, format!("\"{name}\""))).collect();
        assert!(spelled.iter().map(|(number, name)| (*number, name.as_str())).eq(references.iter().copied()));
        let named: BTreeSet<&str> = references.iter().map(|(number, _)| *number).collect();
        let attached = evidence.iter().filter(|(name, ..)| name.starts_with("file/")).count();
        assert!(named.len() + attached >= evidence.len(), "{}: evidence that nothing names", incident.story);
        for missing in between(&text, "(not in the archive: `", "`") {
            assert!(!records.contains_key(missing), "{}: {missing} is there", incident.story);
        }
    }
}

/// The text of a section.
fn section<'t>(text: &'t str, title: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!(". {title}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

#[test]
fn every_line_of_a_table_names_a_record() {
    for incident in INCIDENTS {
        let (_desk, _, folder) = told(incident);
        let text = read(&folder, "report.md");
        for title in ["Summary", "Participants", "Milestones", "Task outcome", "Response figures", "Metrics"] {
            let section = section(&text, title);
            let rows =
                section.split("---|\n").skip(1).flat_map(|table| table.lines().take_while(|row| row.starts_with('|')));
            for row in rows {
                assert!(
                    row.contains("](#e") || row.contains("not in the archive: `"),
                    "{} {title}: {row}",
                    incident.story
                );
            }
        }
        for heading in between(section(&text, "Decisions and status updates"), "\n### ", "\n") {
            assert!(heading.contains("](#e"), "{}: {heading}", incident.story);
        }
    }
}

#[test]
fn every_gap_of_the_escalation_is_named() {
    let (desk, archive, folder) = told(ESCALATION);
    let text = read(&folder, "report.md");
    let gone = "2026-05-18 14:30:00";
    let decisions = section(&text, "Decisions and status updates");
    let purged = decisions.split(gone).nth(1).expect("the purged status update keeps its place in time");
    assert!(purged.contains("*Missing:* What it said is not in the archive"), "{purged}");
    let never = decisions.split("At a time that is not recorded").nth(1).expect("the one that never was comes last");
    assert!(never.contains("its timeline has no entry for it") && never.contains("*Missing:*"), "{never}");
    let people = section(&text, "Participants");
    assert!(people.contains(", which the archive does not describe"), "{people}");
    let milestones = section(&text, "Milestones");
    for said in
        ["the run was finished", "the run was taken up again", "was handed over from", "retrospective was published"]
    {
        assert!(milestones.contains(said), "{said}: {milestones}");
    }
    let tasks = section(&text, "Task outcome");
    for said in [
        "entry taken off the timeline",
        "; the timeline ends with done",
        "when is not recorded as a time that can be read",
    ] {
        assert!(tasks.contains(said), "{said}: {tasks}");
    }
    let summary = section(&text, "Summary");
    for said in ["goes on", "Faro: hotfix 7.4.2", "; archived "] {
        let said = said.replace(':', "\\:");
        assert!(summary.contains(&said), "{said}: {summary}");
    }
    let exceptions = section(&text, "Exceptions");
    for said in ["the post of this status update is not in the archive", "its details are no JSON", "orphan-row"] {
        assert!(exceptions.contains(said), "{said}: {exceptions}");
    }
    for exception in archive.text("data/exceptions.jsonl").lines() {
        let exception: Value = serde_json::from_str(exception).unwrap();
        let object = exception["object"].as_str().unwrap();
        assert!(exceptions.contains(object), "{object}: {exceptions}");
    }
    // The other two runs: one ended before it began, one has checklists that no version wrote.
    for (run, said) in [
        ("Faro: hotfix 7.4.2", ["ended before it began", "cannot be said: it ended before it began"]),
        (
            "Faro",
            ["is no object", "The run has no checklists|It holds no task that can be read|a task without a title"],
        ),
    ] {
        let folder = report(&desk, "escalation.zip", &format!("of {run}"), &["--run", run]);
        let text = read(&folder, "report.md");
        for said in said {
            assert!(said.split('|').any(|said| text.contains(said)), "{run}: {said}\n{text}");
        }
        assert!(
            text.contains("Several runs share the channel") || !text.contains("Present, and no participants"),
            "{run}"
        );
    }
}

#[test]
fn the_same_archive_gives_the_same_bytes() {
    let (desk, _, _) = told(OUTAGE);
    let run = ["--run", OUTAGE.run];
    let one = report(&desk, "outage.zip", "one", &[&run[..], &["--threads", "1"]].concat());
    let four = report(&desk, "outage.zip", "four", &[&run[..], &["--threads", "4"]].concat());
    assert_eq!(forms::files(&one), forms::files(&four));
}

#[test]
fn the_papers_belong_to_it_and_a_key_signs_them() {
    let (desk, _) = OUTAGE.sealed();
    let folder = report(&desk, "outage.zip", "signed", &["--key", "seal.key"]);
    let manifest = read(&folder, "manifest-sha256.txt");
    let names: Vec<&str> = manifest.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    for name in [
        "report.md",
        "report.html",
        "papers/custody-form.html",
        "papers/certificate-draft.html",
        "papers/exceptions.csv",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(folder.join("manifest-sha256.txt.sig").exists());
    assert!(read(&folder, "papers/verify.txt").contains("chatseal report outage.zip --run "));
    assert!(read(&folder, "papers/custody-form.html").contains("incident report"));
    assert!(
        read(&folder, "report.md").contains("Nobody checked who signed the archive"),
        "no list of signers was given"
    );
}

#[test]
fn a_run_is_never_guessed() {
    let (desk, _) = ESCALATION.sealed();
    let fails = |desk: &Desk, args: &[&str]| {
        Ended::of(
            desk.chatseal(&[&["report", "escalation.zip", "--output", "x", "--quiet"], args].concat())
                .output()
                .unwrap(),
        )
    };
    let ended = fails(&desk, &[]);
    ended.require(2, "the archive holds 3 runs");
    for name in [ESCALATION.run, "Faro: hotfix 7.4.2", "`Faro`"] {
        assert!(ended.stderr.contains(name), "{}", ended.stderr);
    }
    fails(&desk, &["--run", "Faro: hotfix 7.4.3"]).require(2, "similar: `Faro: hotfix 7.4.2`");
    fails(&desk, &["--run", ""]).require(2, "no run of the id or name");
    assert!(!desk.path("x").exists());
    // An archive that was exported of one run is of that run, although its channel is shared.
    let source = ESCALATION.source();
    source.live("faro.zip", &["--incident", ESCALATION.run, "--no-files"]);
    let text = read(&report(&source.desk, "faro.zip", "faro", &[]), "report.md");
    assert!(text.starts_with("# Incident report: Astilleros del Faro\\: grúas paradas\n"), "{text}");
    assert!(text.contains("| **scope** | an incident: the runs `"), "{text}");
    // Its number and its id name a run as well.
    let (desk, archive) = OUTAGE.sealed();
    let run = &archive.records("playbook_run")[0];
    for (at, name) in [&run["id"], &run["data"]["sequential_id"]].into_iter().enumerate() {
        report(&desk, "outage.zip", &format!("by-{at}"), &["--run", name.as_str().unwrap()]);
    }
    let plain = forms::Desk::new(Spec::small());
    let none = Ended::of(plain.run(&["report", "a.zip", "--output", "x"]));
    none.require(2, "the archive holds no playbook run");
}

#[test]
fn what_is_not_intact_or_not_trusted_makes_no_report() {
    let (desk, archive) = OUTAGE.sealed();
    let mut bytes = archive.bytes.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    desk.write("broken.zip", bytes);
    desk.write(
        "others",
        "eve@example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIvAtvLuDAvPTWTaDGzQ2aJQ3ZQf0wdIAQhmnfHqfVx3\n",
    );
    desk.write("full/x", "evidence");
    for (code, args) in [
        (1, ["broken.zip", "--output", "x", "--quiet"].as_slice()),
        (4, &["outage.zip", "--output", "x", "--signers", "others"]),
        (6, &["nowhere.zip", "--output", "x"]),
        (8, &["outage.zip", "--output", "full"]),
    ] {
        let ended = Ended::of(desk.chatseal(&[&["report"], args].concat()).output().unwrap());
        assert_eq!(ended.code, code, "{args:?}: {}", ended.stderr);
        assert!(!desk.path("x").exists());
    }
    let folder = report(&desk, "outage.zip", "unverified", &["--unverified"]);
    for (name, said) in
        [("report.md", "was not verified before this report"), ("report.html", "was not verified before this report")]
    {
        assert!(read(&folder, name).contains(said), "{name}");
    }
}
