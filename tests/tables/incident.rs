//! An incident out of a database: what SQL says hangs on the run is what is sealed, each record with why.

use std::collections::BTreeSet;

use super::Source;
use crate::sealed::Archive;

fn ids(archive: &Archive, kind: &str) -> BTreeSet<String> {
    archive.records(kind).iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn asked(source: &Source, query: &str) -> BTreeSet<String> {
    source.ask(query).lines().map(str::to_owned).collect()
}

/// The reasons of each record of a kind, as `ID REASON`.
fn why(archive: &Archive, kind: &str) -> BTreeSet<String> {
    let reasons = |record: &serde_json::Value| {
        let id = record["id"].as_str().unwrap().to_owned();
        let because = record["because"].as_array().unwrap().clone();
        because.into_iter().map(move |reason| format!("{id} {}", reason.as_str().unwrap())).collect::<Vec<_>>()
    };
    archive.records(kind).iter().flat_map(reasons).collect()
}

/// What stands left and right of the equation, for all kinds, and that every record says why it is there.
fn assert_complete(archive: &Archive) {
    for (kind, counts) in archive.summary()["kinds"].as_object().unwrap() {
        let number = |name: &str| counts[name].as_u64().unwrap_or(0);
        assert_eq!(number("source"), number("records") + number("out_of_scope") + number("quarantined"), "{kind}");
        for record in archive.records(kind) {
            let because = record["because"].as_array().unwrap_or_else(|| panic!("{record}"));
            let reasons: Vec<&str> = because.iter().map(|reason| reason.as_str().unwrap()).collect();
            assert!(!reasons.is_empty() && reasons.windows(2).all(|pair| pair[0] < pair[1]), "{record}");
        }
    }
}

/// The same lines; what differs is shown, and nothing else.
fn assert_same(dumped: &Archive, live: &Archive) {
    let [left, right] = [dumped, live].map(|archive| archive.lines().into_iter().collect::<BTreeSet<_>>());
    let differing: Vec<_> = left.symmetric_difference(&right).take(4).collect();
    assert!(differing.is_empty(), "{differing:#?}");
    assert_eq!(dumped.root(), live.root());
}

#[test]
fn a_run_brings_what_hangs_on_it_and_nothing_else() {
    let source = Source::new("mattermost-11");
    source.dump("dump.sql");
    let args = ["--no-files", "--incident", "runleakxxxxxxxxxxxxxxxxxxx"];
    let live = source.live("live.zip", &args);
    assert_complete(&live);
    let dumped = source.desk.seal("dump.sql", "dumped.zip", &args);
    assert_same(&dumped, &live);
    let (run, vault) = ("runleakxxxxxxxxxxxxxxxxxxx", "vaultxxxxxxxxxxxxxxxxxxxxx");
    let posts = [
        format!("invaultxxxxxxxxxxxxxxxxxxx channel:{vault}"),
        format!("orphanv0xxxxxxxxxxxxxxxxxx status:{run}"),
        format!("runupdatexxxxxxxxxxxxxxxxx channel:{vault}"),
        format!("runupdatexxxxxxxxxxxxxxxxx status:{run}"),
        format!("urgentxxxxxxxxxxxxxxxxxxxx status:{run}"),
    ];
    assert_eq!(
        why(&live, "post"),
        BTreeSet::from(posts),
        "a status post that was purged lives on in an earlier version"
    );
    let channels =
        ["bridgexxxxxxxxxxxxxxxxxxxx named:bridgexxxxxxxxxxxxxxxxxxxx".to_owned(), format!("{vault} channel:{vault}")];
    assert_eq!(why(&live, "channel"), BTreeSet::from(channels));
    assert_eq!(ids(&live, "playbook_run"), BTreeSet::from(["runleakxxxxxxxxxxxxxxxxxxx".to_owned()]));
    let events = asked(&source, "SELECT id FROM ir_timelineevent WHERE incidentid = 'runleakxxxxxxxxxxxxxxxxxxx'");
    assert_eq!(ids(&live, "run_event"), events);
}

#[test]
fn a_run_that_is_not_there_or_not_the_only_one_is_a_mistake_of_the_user() {
    let source = Source::new("mattermost-11");
    source.dump("dump.sql");
    for (asked, said) in [
        (
            "Leek at pier 3",
            "did you mean runleakxxxxxxxxxxxxxxxxxxx (`Leak at pier 3`, Finished, in `harbour/vault`, from 2026-01-02T16:00:00.000Z, until",
        ),
        ("harbour/vaults", "did you mean runleakxxxxxxxxxxxxxxxxxxx"),
        ("nothing like it", "the database has no playbook run `nothing like it`"),
    ] {
        for from in [source.url(), "dump.sql".to_owned()] {
            source.desk.export(&from, "typo.zip", &["--no-files", "--incident", asked]).require(2, said);
        }
    }
    source.ask("UPDATE ir_incident SET name = 'Leak at pier 3'");
    source
        .desk
        .export(&source.url(), "two.zip", &["--no-files", "--incident", "Leak at pier 3"])
        .require(2, "2 playbook runs are called `Leak at pier 3`");
    assert!(!source.desk.path("two.zip").exists() && !source.desk.path("typo.zip").exists());
    let by_channel = source.live("channel.zip", &["--no-files", "--incident", "harbour/vault"]);
    assert_eq!(ids(&by_channel, "playbook_run"), BTreeSet::from(["runleakxxxxxxxxxxxxxxxxxxx".to_owned()]));
}
