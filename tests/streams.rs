//! What a script sees of the program: streams, one JSON document, exit codes.

use chatseal::cli::exit::Exit;
use serde_json::Value;
use std::process::{Command, Output, Stdio};

fn chatseal(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chatseal")).args(args).stdin(Stdio::null()).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn wrong_arguments_touch_nothing_and_exit_2() {
    for args in [
        vec![],
        vec!["verfy"],
        vec!["verify"],
        vec!["export", "x.zip"],
        vec!["export", "x.zip", "--key", "k", "--output", "o.zip", "--since", "1700000000"],
        vec!["export", "x.zip", "--key", "k", "--output", "o.zip", "--files", "d", "--no-files"],
        vec!["export", "x.zip", "--key", "k", "--output", "o.zip", "--threads", "0"],
        vec!["verify", "x.zip", "--signer", "a"],
        vec!["verify", "x.zip", "--format", "xml"],
        vec!["--quiet"],
    ] {
        let output = chatseal(&args);
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!(code(&output), i32::from(Exit::Usage.code()), "{args:?}: {said}");
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(
            said.starts_with("error: ") && said.lines().last().unwrap().starts_with("hint: see `chatseal"),
            "{said}"
        );
        assert!(!said.contains("Usage:") && !said.contains("  "), "{said}");
    }
}

#[test]
fn wrong_arguments_with_json_are_one_document() {
    for args in [vec!["--json"], vec!["verify", "--json"], vec!["verify", "--format", "json", "--nonsense"]] {
        let output = chatseal(&args);
        assert_eq!((code(&output), output.stderr.as_slice()), (2, [].as_slice()), "{args:?}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["kind"], "error", "{args:?}");
        assert_eq!(document["exit"], serde_json::json!({"code": 2, "name": "usage"}));
        assert!(document["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(document["hints"].as_array().is_some_and(|hints| (1..=2).contains(&hints.len())));
    }
}

#[test]
fn help_and_version_are_data() {
    for args in [vec!["--help"], vec!["export", "-h"], vec!["help", "keys", "show"], vec!["--version"]] {
        let output = chatseal(&args);
        assert_eq!((code(&output), output.stderr.as_slice()), (0, [].as_slice()), "{args:?}");
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn an_answer_that_nobody_reads_is_not_a_good_end() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output =
        Command::new(env!("CARGO_BIN_EXE_chatseal")).args(["completions", "bash"]).stdout(writer).output().unwrap();
    assert_eq!(code(&output), i32::from(Exit::Unavailable.code()));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_answer_is_told() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_chatseal")).args(["completions", "bash"]).stdout(full).output().unwrap();
    assert_eq!(code(&output), i32::from(Exit::Unavailable.code()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: cannot write to standard output\n  caused by: No space left"), "{said}");
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let output = Command::new(env!("CARGO_BIN_EXE_chatseal")).env("TERM", "xterm").output().unwrap();
    assert!(!output.stderr.contains(&0x1b));
}

/// An export that takes a while: posts of one channel, some ten megabytes.
#[cfg(unix)]
fn long_export(path: &std::path::Path) {
    use std::io::Write;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let channel = r#""team":"ops","name":"bridge","display_name":"Bridge","type":"O","header":"","purpose":"""#;
    writeln!(file, r#"{{"type":"version","version":1}}"#).unwrap();
    writeln!(file, r#"{{"type":"team","team":{{"name":"ops","display_name":"Ops","type":"O"}}}}"#).unwrap();
    writeln!(file, r#"{{"type":"channel","channel":{{{channel}}}}}"#).unwrap();
    writeln!(file, r#"{{"type":"user","user":{{"username":"ana","email":"ana@example.org"}}}}"#).unwrap();
    for number in 0..100_000_u64 {
        let post = format!(
            r#""team":"ops","channel":"bridge","user":"ana","message":"All quiet, hour {number}.","create_at":{}"#,
            1_791_950_400_000 + number * 1000
        );
        writeln!(file, r#"{{"type":"post","post":{{{post}}}}}"#).unwrap();
    }
    file.flush().unwrap();
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_run_with_130_and_nothing_is_left() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    long_export(&place.path().join("long.jsonl"));
    assert!(chatseal(&["keygen", &at("seal.key"), "--quiet"]).status.success());
    let before = names(place.path());
    for signal in ["INT", "TERM"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chatseal"))
            .args(["export", &at("long.jsonl"), "--key", &at("seal.key"), "--output", &at("long.zip"), "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Once it has said what it understood, it listens and works.
        let mut said = [0; 1];
        std::io::Read::read_exact(child.stderr.as_mut().unwrap(), &mut said).unwrap();
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), i32::from(Exit::Interrupted.code()), "{}", String::from_utf8_lossy(&output.stdout));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["exit"]["name"], "interrupted");
        assert_eq!(names(place.path()), before, "SIG{signal} leaves something behind");
    }
}

#[cfg(unix)]
fn names(folder: &std::path::Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}
