//! The kit for leaving it running, in `man/operations/`: each file before the program that reads it, each command before
//! our own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chatseal::cli::Cli;
use chatseal::cli::metrics::FAMILIES;
use serde_json::{Value, json};

use super::{promtool, python};
use crate::tools;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("man/operations")
}

fn kit(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn yaml(name: &str) -> Value {
    let script = "import json, sys, yaml\nprint(json.dumps(yaml.safe_load(sys.stdin), default=str))";
    python(script, &[], kit(name).as_bytes())
}

/// Requires that our own command line understands a command, with its words as a shell makes them.
fn understood(place: &str, command: &str) {
    let split = "import json, shlex, sys\nprint(json.dumps(shlex.split(sys.stdin.read())))";
    let words = python(split, &[], command.as_bytes());
    let words: Vec<&str> = words.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let begin = words.iter().position(|word| word.rsplit('/').next() == Some("chatseal"));
    let words = &words[begin.unwrap_or_else(|| panic!("{place}: no chatseal in {command}"))..];
    let end = words.iter().position(|word| *word == ">").unwrap_or(words.len());
    // What a pipeline puts in the place of a head is one.
    let head = "43-B9D5M-PJTB9-D5MPJ-TB9D5-MPJTB-1V";
    let words: Vec<&str> =
        words[..end].iter().map(|word| if word.contains("pinned-head") { head } else { word }).collect();
    let parsed = Cli::definition().try_get_matches_from(&words);
    assert!(parsed.is_ok(), "{place}: {words:?}\n{}", parsed.unwrap_err());
}

/// Names of our metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("chatseal_")).map(str::to_owned).collect()
}

#[test]
fn alerts_and_dashboard_name_every_metric_that_is_written_and_no_other() {
    let written: BTreeSet<String> = FAMILIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let used: BTreeSet<String> =
        ["chatseal-alerts.yml", "chatseal-dashboard.json"].iter().flat_map(|name| named(&kit(name))).collect();
    assert_eq!(used, written);
}

/// One story: series and their values by the minute, when it is looked at, and the alerts that fire then.
struct Story(&'static [(&'static str, &'static str)], &'static str, &'static [&'static str]);

const STORIES: &[Story] = &[
    Story(
        &[
            ("chatseal_last_success_timestamp_seconds", "0+0x2000"),
            ("chatseal_last_run_timestamp_seconds", "0+60x2000"),
        ],
        "25h",
        &[],
    ),
    Story(
        &[
            ("chatseal_last_success_timestamp_seconds", "0+0x2000"),
            ("chatseal_last_run_timestamp_seconds", "0+60x2000"),
        ],
        "27h",
        &["ChatsealNoSuccess"],
    ),
    Story(&[("chatseal_last_run_timestamp_seconds", "0+60x2000")], "2h", &["ChatsealNeverSucceeded"]),
    Story(&[("chatseal_chain_head_timestamp_seconds", "0+0x3000")], "37h", &["ChatsealHeadStale"]),
    Story(&[("chatseal_chain_head_timestamp_seconds", "0+60x3000")], "37h", &[]),
    Story(&[("chatseal_verify_ok", "1x60 0x60")], "30m", &[]),
    Story(&[("chatseal_verify_ok", "1x60 0x60")], "90m", &["ChatsealVerificationFailed"]),
    Story(&[("chatseal_verify_last_timestamp_seconds", "0+0x6000")], "74h", &["ChatsealVerificationMissing"]),
    Story(&[("chatseal_chain_length", "40+1x60 12x60")], "90m", &["ChatsealChainShrank"]),
    Story(&[("chatseal_chain_length", "40+1x600")], "90m", &[]),
    Story(&[("chatseal_exceptions{class=\"attachment-missing\"}", "2x60")], "5m", &["ChatsealExceptions"]),
    Story(&[("chatseal_exceptions{class=\"note-unknown-table\"}", "2x60")], "5m", &[]),
    Story(&[("chatseal_source_lag_seconds", "300000x120")], "90m", &["ChatsealSourceSilent"]),
    Story(&[("chatseal_source_lag_seconds", "-301x60")], "5m", &["ChatsealSourceAhead"]),
    Story(&[("chatseal_source_lag_seconds", "-299x60")], "5m", &[]),
    Story(&[("chatseal_key_expiry_timestamp_seconds", "1814000x60")], "5m", &["ChatsealKeyExpires"]),
    Story(&[("chatseal_key_expiry_timestamp_seconds", "1815000x60")], "5m", &[]),
    Story(&[("chatseal_holds_active", "2x60 3x60")], "62m", &["ChatsealHoldsChanged"]),
];

#[test]
fn promtool_accepts_the_alerts_and_each_fires_when_it_should_and_not_before() {
    let rules = folder().join("chatseal-alerts.yml");
    let checked = promtool(&["check", "rules", rules.to_str().unwrap()], b"");
    assert!(checked.success, "{}", checked.stderr);
    let described = yaml("chatseal-alerts.yml");
    let mut names = Vec::new();
    for rule in described["groups"][0]["rules"].as_array().unwrap() {
        let says = rule["annotations"]["summary"].is_string() && rule["annotations"]["description"].is_string();
        assert!(says && rule["labels"]["severity"].is_string(), "{rule}");
        names.push(rule["alert"].as_str().unwrap());
    }
    let scratch = tempfile::tempdir().unwrap();
    for (number, Story(series, at, firing)) in STORIES.iter().enumerate() {
        let series: Vec<Value> = series.iter().map(|(name, values)| played(name, values)).collect();
        let counted: Vec<Value> = names
            .iter()
            .map(|name| {
                let expr = format!("count(ALERTS{{alertname=\"{name}\",alertstate=\"firing\"}})");
                let samples = if firing.contains(name) { json!([{"labels": "{}", "value": 1}]) } else { json!([]) };
                json!({"expr": expr, "eval_time": at, "exp_samples": samples})
            })
            .collect();
        // promtool reads YAML, and JSON is YAML.
        let test = json!({
            "rule_files": [rules], "evaluation_interval": "1m",
            "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": counted}],
        });
        let file = scratch.path().join(format!("{number}.yml"));
        fs::write(&file, test.to_string()).unwrap();
        let tested = promtool(&["test", "rules", file.to_str().unwrap()], b"");
        let said = String::from_utf8_lossy(&tested.stdout).into_owned();
        assert!(tested.success, "{series:?} at {at}: {said}{}", tested.stderr);
    }
    let fired: BTreeSet<&str> = STORIES.iter().flat_map(|story| story.2.iter().copied()).collect();
    assert_eq!(fired, names.into_iter().collect(), "each alert was seen to fire");
}

fn played(name: &str, values: &str) -> Value {
    let labels = "task=\"nightly\",instance=\"tower\"";
    let series = match name.split_once('{') {
        Some((name, rest)) => format!("{name}{{{labels},{rest}"),
        None => format!("{name}{{{labels}}}"),
    };
    json!({"series": series, "values": values})
}

/// Labels that our samples have, and those that Prometheus gives them.
const LABELS: [&str; 7] = ["task", "kind", "class", "policy", "version", "instance", "__name__"];

/// Units, in Grafana's words, in which a metric means what it says: times are shown by how long ago or ahead they are.
fn unit_of(metric: &str) -> &'static [&'static str] {
    match metric.rsplit('_').next().unwrap_or_default() {
        "seconds" => &["s"],
        "bytes" => &["bytes"],
        _ => &["none", "short"],
    }
}

/// Labels that an expression groups by or selects by, and those in a legend.
fn labels(expr: &str, legend: &str) -> BTreeSet<String> {
    let list = |text: &str, end: char| text.split(end).next().unwrap_or_default().to_owned();
    let grouped = expr.split(" by (").skip(1).map(|rest| list(rest, ')'));
    let grouped: Vec<String> =
        grouped.flat_map(|list| list.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    let selected = expr.split('{').skip(1).map(|rest| list(rest, '}'));
    let selected = selected.flat_map(|list| {
        list.split(',').map(|one| one.split(['=', '!']).next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    let shown = legend.split("{{").skip(1).map(|rest| list(rest, '}'));
    grouped.into_iter().chain(selected).chain(shown).map(|label| label.trim().to_owned()).collect()
}

#[test]
fn the_dashboard_holds_together_and_promtool_reads_every_expression_in_it() {
    let dashboard: Value = serde_json::from_str(&kit("chatseal-dashboard.json")).unwrap();
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36 && dashboard["title"].is_string());
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let known: Vec<&str> = variables.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(known, ["datasource", "instance", "task"]);
    assert_eq!((&variables[0]["type"], &variables[0]["query"]), (&json!("datasource"), &json!("prometheus")));
    let source = json!({"type": "prometheus", "uid": "${datasource}"});
    let (mut ids, mut cells, mut rules) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is taken");
        assert!(["stat", "timeseries", "table"].contains(&panel["type"].as_str().unwrap()), "{title}");
        assert_eq!(panel["datasource"], source, "{title}");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(w > 0 && h > 0 && x + w <= 24, "{title}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{title} lies over another panel");
        }
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap_or_else(|| panic!("{title}: no unit"));
        let mut letters = BTreeSet::new();
        for target in panel["targets"].as_array().unwrap() {
            assert!(letters.insert(target["refId"].as_str().unwrap()), "{title}");
            assert_eq!(target["datasource"], source, "{title}");
            let expr = target["expr"].as_str().unwrap();
            for name in named(expr) {
                assert!(FAMILIES.iter().any(|(written, _)| *written == name), "{title}: nobody writes {name}");
                // A table shows each column in a unit of its own.
                let is_table = panel["type"] == "table";
                assert!(is_table || unit_of(&name).contains(&unit), "{title}: {name} in {unit}");
            }
            for label in labels(expr, target["legendFormat"].as_str().unwrap_or_default()) {
                assert!(LABELS.contains(&&*label), "{title}: no sample has the label {label}");
            }
            for word in expr.split('$').skip(1) {
                assert!(known.iter().any(|name| word.starts_with(name)), "{title}: ${word} is no variable");
            }
            let expr = expr.replace("$instance", "tower").replace("$task", "nightly");
            rules.push(json!({"record": format!("panel:{}", rules.len()), "expr": expr}));
        }
        assert!(!letters.is_empty(), "{title} asks for nothing");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), json!({"groups": [{"name": "dashboard", "rules": rules}]}).to_string()).unwrap();
    let checked = promtool(&["check", "rules", file.path().to_str().unwrap()], b"");
    assert!(checked.success, "{}", checked.stderr);
}

const UNITS: [&str; 5] = [
    "chatseal.service",
    "chatseal.timer",
    "chatseal-verify.service",
    "chatseal-verify.timer",
    "chatseal-failed@.service",
];

#[test]
fn systemd_accepts_every_unit_and_finds_little_exposed() {
    if tools::skipped("systemd-analyze") {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    for name in UNITS {
        // Nothing is installed here: the programs are the one that was built, and one that is always there.
        let unit = kit(name).replace("/usr/bin/chatseal", env!("CARGO_BIN_EXE_chatseal"));
        fs::write(place.path().join(name), unit.replace("/usr/bin/logger", "/bin/true")).unwrap();
    }
    let units = UNITS.map(|name| place.path().join(name).to_str().unwrap().replace("@.", "@x."));
    let units: Vec<&str> = units.iter().map(String::as_str).collect();
    let checked = tools::run("systemd-analyze", &[&["verify", "--man=no"], &units[..]].concat(), b"");
    let ours: Vec<&str> = checked.stderr.lines().filter(|line| line.contains("chatseal")).collect();
    assert!(checked.success && ours.is_empty(), "{}", checked.stderr);
    for service in ["chatseal.service", "chatseal-verify.service"] {
        let unit = place.path().join(service);
        // Tenths of the level of exposure, of 100.
        let args = ["security", "--offline=true", "--no-pager", "--threshold=20", unit.to_str().unwrap()];
        let exposed = tools::run("systemd-analyze", &args, b"");
        assert!(exposed.success, "{service}: {}", String::from_utf8_lossy(&exposed.stdout));
    }
}

#[test]
fn every_command_in_the_kit_is_one_of_ours() {
    let mut commands = Vec::new();
    for service in ["chatseal.service", "chatseal-verify.service"] {
        let unit = kit(service).replace("\\\n", " ");
        let starts = unit.lines().filter_map(|line| line.strip_prefix("ExecStart="));
        commands.extend(starts.map(|start| (service, start.to_owned())));
    }
    for line in kit("chatseal.cron").lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        assert!(fields[..5].iter().all(|field| *field == "*" || field.parse::<u8>().is_ok()), "{line}");
        assert_eq!(fields[5], "chatseal", "the user");
        commands.push(("chatseal.cron", fields[6..].join(" ")));
    }
    for line in yaml("gitlab-ci.yml")["verify-archives"]["script"].as_array().unwrap() {
        let line = line.as_str().unwrap();
        if line.contains("verify") {
            commands.push(("gitlab-ci.yml", line.to_owned()));
        }
    }
    let steps = &yaml("github-workflow.yml")["jobs"]["verify"]["steps"];
    commands.push(("github-workflow.yml", steps[2]["run"].as_str().unwrap().to_owned()));
    let pod = &yaml("chatseal-cronjob.yaml")["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let words = pod["containers"][0]["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
    commands.push(("chatseal-cronjob.yaml", words.collect::<Vec<_>>().join(" ")));
    assert_eq!(commands.len(), 7);
    for (place, command) in commands {
        understood(place, &command);
    }
}

#[test]
fn the_cron_job_runs_one_at_a_time_without_rights_and_mounts_what_it_names() {
    let job = yaml("chatseal-cronjob.yaml");
    assert_eq!((job["apiVersion"].as_str(), job["kind"].as_str()), (Some("batch/v1"), Some("CronJob")));
    let spec = &job["spec"];
    assert_eq!(spec["schedule"].as_str().unwrap().split(' ').count(), 5);
    assert_eq!(spec["concurrencyPolicy"], "Forbid");
    assert_eq!(spec["jobTemplate"]["spec"]["backoffLimit"], 0);
    let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["restartPolicy"], "Never");
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let volumes: BTreeSet<&str> =
        pod["volumes"].as_array().unwrap().iter().map(|volume| volume["name"].as_str().unwrap()).collect();
    let mut mounted = BTreeSet::new();
    for container in [&pod["containers"][0], &pod["initContainers"][0]] {
        let confined = &container["securityContext"];
        assert_eq!(confined["allowPrivilegeEscalation"], false);
        assert_eq!(confined["readOnlyRootFilesystem"], true);
        assert_eq!(confined["capabilities"]["drop"][0], "ALL");
        let mounts = container["volumeMounts"].as_array().unwrap();
        mounted.extend(mounts.iter().map(|mount| mount["name"].as_str().unwrap()));
    }
    assert_eq!(mounted, volumes);
}

#[test]
fn the_page_on_operating_types_what_works_and_knows_every_exit_code() {
    let page = fs::read_to_string(folder().parent().unwrap().join("chatseal-operating.7")).unwrap().replace("\\-", "-");
    let as_itself = |line| str::strip_prefix(line, "runuser -u chatseal -- ").unwrap_or(line);
    let typed: Vec<&str> = page.lines().map(as_itself).filter(|line| line.starts_with("chatseal ")).collect();
    assert!(typed.len() > 12, "{typed:?}");
    for line in typed {
        understood("chatseal-operating(7)", line.split(" | ").next().unwrap().split("    #").next().unwrap());
    }
    for exit in chatseal::cli::exit::Exit::ALL {
        assert!(page.contains(&format!(".TP\n.B {}\n", exit.code())), "{}", exit.name());
    }
    for name in fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        let named =
            page.contains(&name) || page.contains("chatseal*.service chatseal*.timer") && UNITS.contains(&&*name);
        assert!(named || name == "chatseal-cronjob.yaml", "chatseal-operating(7) does not name {name}");
    }
    let formatted = tools::run("groff", &["-man", "-Tutf8", "-ww", "-z"], page.as_bytes());
    assert!(formatted.success && formatted.stderr.is_empty(), "{}", formatted.stderr);
}
