//! Reports for build servers and numbers for monitoring, before the programs of other people that read them.

use std::fs;
use std::path::{Path, PathBuf};

use chatseal::cli::exit::Exit;
use chatseal::cli::metrics::{Chain, FAMILIES, Metrics, Retention, Sealed};
use serde_json::Value;

use crate::ledger::{kept, run};
use crate::sealed::Desk;
use crate::tools;

mod kit;

/// A program or file that `tests/run` puts there.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools").join(name);
    assert!(path.exists(), "this test needs `{name}` in target/test-tools; tests/run puts it there");
    path
}

/// Runs a script in the Python that `tests/run` fits out; its JSON answer.
pub(crate) fn python(script: &str, args: &[&str], stdin: &[u8]) -> Value {
    let python = tool("bin/python");
    let answer = tools::run(python.to_str().unwrap(), &[&["-c", script], args].concat(), stdin);
    serde_json::from_slice(&answer.expect_success()).unwrap()
}

/// Runs `promtool`.
fn promtool(args: &[&str], stdin: &[u8]) -> tools::Answer {
    tools::run(tool("prometheus/usr/bin/promtool").to_str().unwrap(), args, stdin)
}

/// Holds a report against the schema that Jenkins uses, then reads it as a consumer does.
const JUNIT: &str = r#"
import json, sys, xmlschema, junitparser
text = sys.stdin.buffer.read().decode()
xmlschema.XMLSchema(sys.argv[1]).validate(text)
suites = junitparser.JUnitXml.fromstring(text.encode())
word = {junitparser.Failure: "failure", junitparser.Error: "error", junitparser.Skipped: "skipped"}
print(json.dumps({
    "tests": suites.tests, "failures": suites.failures, "errors": suites.errors,
    "suites": [{"name": suite.name, "tests": suite.tests, "failures": suite.failures, "errors": suite.errors,
        "skipped": suite.skipped,
        "cases": [[case.name, [[word[type(r)], r.type, r.message, r.text] for r in case.result]] for case in suite]}
        for suite in suites]}))
"#;

fn junit(desk: &Desk, args: &[&str]) -> (i32, Value) {
    let ended = run(desk, &[&["verify", "--format", "junit"], args].concat());
    (ended.code, python(JUNIT, &[tool("junit-10.xsd").to_str().unwrap()], ended.stdout.as_bytes()))
}

/// One command of a workflow, taken apart by the rules of the runner (`ActionCommand.cs`): level, properties, value.
fn command(line: &str) -> (String, Vec<(String, String)>, String) {
    let (head, value) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (level, properties) = head.split_once(' ').unwrap();
    let plain = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let properties = properties.split(',').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), plain(value).replace("%3A", ":").replace("%2C", ",").replace("%25", "%"))
    });
    (level.to_owned(), properties.collect(), plain(value).replace("%25", "%"))
}

/// What may be asked, and how a set can be.
const ALL: &[&str] = &["archives", "--signers", "signers", "--ledger", "ledger"];

fn damage(desk: &Desk, name: &str) {
    let mut bytes = fs::read(desk.path(name)).unwrap();
    bytes[300] ^= 1;
    fs::write(desk.path(name), bytes).unwrap();
}

#[test]
fn a_junit_report_has_a_case_for_each_layer_and_is_red_exactly_when_the_exit_is_not_0() {
    let desk = kept(&["a", "b", "c"]);
    desk.write("archives/notes.txt", "");
    let (code, report) = junit(&desk, ALL);
    assert_eq!((code, &report["failures"], &report["errors"]), (0, &0.into(), &0.into()), "{report:#}");
    let suites = report["suites"].as_array().unwrap();
    let names: Vec<&str> = suites.iter().map(|suite| suite["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["archives/a.zip", "archives/b.zip", "archives/c.zip", "passed over", "ledger"]);
    assert_eq!(suites[0]["tests"], chatseal::verify::layer::Layer::ALL.len());
    assert_eq!(suites[3]["skipped"], 1);
    let ledger = suites[4]["cases"].as_array().unwrap();
    assert!(ledger.iter().any(|case| case[0].as_str().unwrap().starts_with("ledger-archives: ")), "{ledger:?}");

    fs::remove_file(desk.path("archives/b.zip")).unwrap();
    let (code, report) = junit(&desk, ALL);
    assert_eq!((code, &report["failures"]), (5, &1.into()));
    assert!(report.to_string().contains("archive-missing"), "{report:#}");

    damage(&desk, "archives/c.zip");
    let (code, report) = junit(&desk, ALL);
    assert_eq!(code, 1);
    assert!(report["suites"][1]["failures"].as_u64().unwrap() > 0, "{report:#}");

    let (code, report) = junit(&desk, &["archives/a.zip"]);
    assert_eq!((code, &report["failures"], &report["errors"]), (4, &0.into(), &1.into()), "nobody vouches: {report:#}");

    fs::remove_file(desk.path("archives/c.zip")).unwrap();
    std::os::unix::fs::symlink("gone", desk.path("archives/c.zip")).unwrap();
    let (code, report) = junit(&desk, ALL);
    assert_eq!((code, &report["suites"][1]["errors"]), (6, &1.into()), "{report:#}");
    assert_eq!(run(&desk, &["--json", "verify", "archives", "--format", "junit"]).code, 2);
}

#[test]
fn a_report_is_told_to_github_in_commands_that_its_runner_reads_and_nothing_else() {
    let desk = kept(&["a", "b"]);
    let told = |args: &[&str]| {
        let ended = run(&desk, &[&["verify", "--format", "github"], args].concat());
        (ended.code, ended.stdout.lines().map(command).collect::<Vec<_>>())
    };
    let (code, commands) = told(ALL);
    assert_eq!((code, commands.len(), commands[0].0.as_str()), (0, 1, "notice"));
    assert!(commands[0].2.starts_with("2 of 2 archives intact"), "{commands:?}");

    damage(&desk, "archives/b.zip");
    let hostile = "archives/100%,a:b\n::error::x ##[add-mask]a.zip";
    fs::rename(desk.path("archives/b.zip"), desk.path(hostile)).unwrap();
    let (code, commands) = told(ALL);
    assert_eq!(code, 1);
    let faults = &commands[..commands.len() - 1];
    assert!(!faults.is_empty());
    for (level, properties, said) in faults {
        assert_eq!((level.as_str(), properties[0].0.as_str(), properties[1].0.as_str()), ("error", "file", "title"));
        assert_eq!(properties[0].1, hostile, "a file's name arrives as it is");
        assert!(said.contains("next: "), "{said}");
    }
    let (level, _, verdict) = commands.last().unwrap();
    assert_eq!((level.as_str(), verdict.ends_with("failed-check")), ("error", true), "{verdict}");
    let (code, report) = junit(&desk, ALL);
    assert_eq!(code, 1);
    assert!(report.to_string().contains("100%,a:b"), "{report:#}");
    let (code, commands) = told(&["archives/a.zip"]);
    assert_eq!((code, commands[0].0.as_str()), (4, "error"), "{commands:?}");
}

/// A run of which everything is known.
fn everything(task: &str) -> Metrics<'_> {
    let mut metrics = Metrics::new(task, 1_795_251_300_123, 61_500, Exit::Exceptions);
    let counts = |pairs: &[(&str, u64)]| pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    metrics.sealed = Some(Sealed {
        records: counts(&[("post", 120), ("user", 3)]),
        exceptions: counts(&[("attachment-missing", 2)]),
        archive_bytes: 123_456,
        newest: Some(1_795_251_000_000),
    });
    metrics.chain = Some(Chain { length: 42, newest: Some(1_795_251_300_000) });
    metrics.verified = Some(true);
    metrics.holds_active = Some(2);
    metrics.retention = Some(Retention { due: counts(&[("chat", 7)]), blocked_by_hold: 3 });
    metrics.key_expires = Some(1_900_000_000_000);
    metrics
}

/// Names of the metrics in a text of the exposition format.
fn written(text: &str) -> Vec<String> {
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn promtool_finds_no_fault_with_any_metric() {
    for metrics in [everything("nightly"), everything("a \"b\"\\\n{c}"), Metrics::new("x", 0, 0, Exit::Unavailable)] {
        let text = metrics.text(Some(5));
        let checked = promtool(&["check", "metrics"], text.as_bytes());
        assert!(checked.success && checked.stderr.is_empty(), "{}{text}", checked.stderr);
    }
    let mut known: Vec<String> = FAMILIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut said = written(&everything("nightly").text(None));
    known.sort();
    said.sort();
    assert_eq!(said, known, "each metric that is named is written");
}

#[test]
fn a_verification_leaves_numbers_behind_however_it_ends() {
    let desk = kept(&["a", "b"]);
    let verify = |code| {
        let ended = run(&desk, &[&["verify", "--quiet", "--metrics", "weekly.prom"], ALL].concat());
        ended.require(code, "");
        fs::read_to_string(desk.path("weekly.prom")).unwrap()
    };
    let value = |text: &str, name: &str| -> Option<String> {
        let sample = format!("{name}{{task=\"weekly\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&sample)).map(str::to_owned)
    };
    let good = verify(0);
    assert!(promtool(&["check", "metrics"], good.as_bytes()).success);
    assert_eq!(value(&good, "chatseal_verify_ok").as_deref(), Some("1"));
    assert_eq!(value(&good, "chatseal_chain_length").as_deref(), Some("2"));
    fs::remove_file(desk.path("archives/b.zip")).unwrap();
    let bad = verify(5);
    assert_eq!(value(&bad, "chatseal_verify_ok").as_deref(), Some("0"));
    assert_eq!(value(&bad, "chatseal_run_exit_code").as_deref(), Some("5"));
    assert_eq!(
        value(&bad, "chatseal_last_success_timestamp_seconds"),
        value(&good, "chatseal_last_success_timestamp_seconds")
    );
    fs::remove_file(desk.path("signers")).unwrap();
    assert_eq!(value(&verify(6), "chatseal_verify_ok").as_deref(), Some("0"), "a check that could not begin is told");
    run(&desk, &["verify", "archives", "--metrics", "weekly.txt"]).require(2, ".prom");
}
