//! What a report says where the archive does not hold everything, or nobody wrote down when.

use super::{ESCALATION, OUTAGE, read, report};

#[test]
fn a_run_that_was_not_exported_may_have_written_what_stands_in_the_channel() {
    let (desk, _) = ESCALATION.package();
    let folder = report(&desk, "escalation-run.zip", "report", &["--run", ESCALATION.run, "--signers", "signers"]);
    let text = read(&folder, "report.md");
    let (second, third) = ("secondrun37dn95ytynexxxu3q", "thirdruns3rxcs5krmqx8sw6xh");
    for id in [second, third] {
        assert!(text.contains(&format!("a run that the archive does not hold, `{id}`")), "{id}: {text}");
    }
    assert!(text.contains("Several runs share the channel; only what names the run is counted."), "{text}");
    assert!(text.contains("several runs share the channel; the sign may belong to another of them"), "{text}");
    let page = ["timeline", "escalation-run.zip", "--signers", "signers", "--format", "html", "--output", "page"];
    assert!(desk.chatseal(&page).output().unwrap().status.success());
    let page = std::fs::read_to_string(desk.path("page/index.html")).unwrap();
    assert!(page.contains("3 runs share the channel, 2 of which the archive does not hold."), "{page}");
}

#[test]
fn a_run_that_goes_on_is_told_until_the_dump_was_begun_and_by_whose_clock() {
    let source = ESCALATION.source();
    let plain = source.server.dump(&source.database, &[]);
    let begun = plain.replacen("-- Dumped by", "-- Started on 2026-06-18 09:00:00 UTC\n\n-- Dumped by", 1);
    for (name, dump, lasted, clock) in [
        ("begun", &begun, "30 d 23 h", "when the dump was begun, as it says itself"),
        (
            "plain",
            &plain,
            "186 d 23 h",
            "when the archive was sealed, because the source does not say when it was made",
        ),
    ] {
        source.desk.write(&format!("{name}.sql"), dump);
        source.desk.seal(&format!("{name}.sql"), &format!("{name}.zip"), &["--no-files"]);
        let text = read(&report(&source.desk, &format!("{name}.zip"), name, &["--run", ESCALATION.run]), "report.md");
        let told = text.lines().find(|line| line.starts_with("| **lasted**")).unwrap();
        assert!(told.contains(&format!("{clock}; it goes on")), "{told}");
        assert!(told.contains(lasted), "{told}");
        assert!(text.contains(&format!("between its beginning and the time {clock}.")), "{name}");
        assert!(text.contains(&format!("the run goes on; counted to the time {clock}")), "{name}");
    }
}

#[test]
fn of_a_task_that_was_done_nobody_knows_when_it_is_not_said_that_it_was_late() {
    let source = OUTAGE.source();
    source.ask(
        r#"UPDATE ir_incident SET checklistsjson = regexp_replace(checklistsjson::text, '"state_modified": ?[0-9]+', '"state_modified":0', 'g')::json"#,
    );
    source.live("timeless.zip", &["--no-files"]);
    let text = read(&report(&source.desk, "timeless.zip", "report", &["--run", OUTAGE.run]), "report.md");
    let totals = text.lines().find(|line| line.contains(" had a time by which to be done")).unwrap();
    assert!(totals.contains("3 had a time by which to be done; 0 of these were done in time; of "), "{totals}");
    assert!(totals.contains("it cannot be said, because when they were done is not recorded"), "{totals}");
}
