//! The README shows what really happens: its `console` blocks are run, in order, in one shell.
//!
//! What differs from run to run (digests, keys, times) is masked before it is compared; a line `…` stands for lines
//! that the page leaves out. After a change that is meant,
//! `CHATSEAL_REWRITE=1 cargo test --test all readme::` puts the new output into the page.

use chatseal::cli::exit::Exit;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const REWRITE: &str = "CHATSEAL_REWRITE=1 cargo test --test all readme::";

/// Parts of the page: text as it is, or a command with what it printed.
enum Part {
    Text(String),
    Command { typed: String, printed: String },
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut console = false;
    for line in page.lines() {
        if line.starts_with("```") {
            console = line == "```console";
        }
        match (console && !line.starts_with("```"), line.strip_prefix("$ "), parts.last_mut()) {
            (true, Some(typed), _) => parts.push(Part::Command { typed: typed.to_owned(), printed: String::new() }),
            (true, None, Some(Part::Command { printed, .. })) => {
                printed.push_str(line);
                printed.push('\n');
            }
            (_, _, Some(Part::Text(text))) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => parts.push(Part::Text(format!("{line}\n"))),
        }
    }
    parts
}

/// Runs `commands` in one shell among the files of the demo; returns what each printed, on either stream.
fn run(commands: &[&str]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Path::new(env!("CARGO_BIN_EXE_chatseal")).parent().unwrap();
    let mut script = format!(
        "exec 2>&1; cp -r {0}/fixtures/demo/. {0}/fixtures/incidents/outage-dump.sql.gz {0}/policies .\n",
        top.display()
    );
    for command in commands {
        // A separator that no output holds, and the exit code of the command before for `echo $?`.
        let _ = write!(script, "ended=$?; printf '\\036'; (exit $ended)\n{command}\n");
    }
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(dir.path())
        .env_clear()
        .env("PATH", format!("{}:{}:{path}", program.display(), top.join("target/test-tools/bin").display()))
        .env("HOME", dir.path())
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<String> = text.split('\u{1e}').skip(1).map(str::to_owned).collect();
    assert_eq!(printed.len(), commands.len(), "{text}");
    printed
}

/// `now` as long as the page shows it: where that has a line `…`, as many lines before and after it are kept.
fn shortened(now: &str, shown: &str) -> String {
    let lines: Vec<&str> = now.split_inclusive('\n').collect();
    let parts: Vec<&str> = shown.split_inclusive('\n').collect();
    match parts.iter().position(|line| *line == "…\n") {
        Some(head) if lines.len() >= parts.len() => {
            let tail = lines.len() - (parts.len() - head - 1);
            [&lines[..head], &["…\n"], &lines[tail..]].concat().concat()
        }
        _ => now.to_owned(),
    }
}

/// Digests, keys and times become `#`.
fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = |allowed: fn(char) -> bool| rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        let time = run(|c| c.is_ascii_digit() || "-:.TZ".contains(c));
        let word = run(|c| c.is_ascii_alphanumeric() || "+/=".contains(c));
        let is_time = time >= 10 && rest.is_char_boundary(time) && rest[..time].matches('-').count() == 2;
        let is_digest = word >= 24 && rest[..word].contains(|c: char| c.is_ascii_digit());
        let (shown, length) = match (is_time, is_digest) {
            (true, _) => ("#", time),
            (_, true) => ("#", word),
            _ => (&rest[..word.max(first.len_utf8())], word.max(first.len_utf8())),
        };
        out += shown;
        rest = &rest[length..];
    }
    out
}

#[test]
fn the_page_shows_what_really_happens() {
    let page_text = fs::read_to_string(page()).unwrap();
    let parts = parts(&page_text);
    let typed = |part: &Part| if let Part::Command { typed, .. } = part { Some(typed.clone()) } else { None };
    let commands: Vec<String> = parts.iter().filter_map(typed).collect();
    assert!(commands.len() >= 6);
    let outputs = run(&commands.iter().map(String::as_str).collect::<Vec<_>>());
    let rewrite = std::env::var_os("CHATSEAL_REWRITE").is_some();
    let (mut rewritten, mut changed, mut next) = (String::new(), false, outputs.iter());
    for part in parts {
        match part {
            Part::Text(text) => rewritten += &text,
            Part::Command { typed, printed } => {
                let now = &shortened(next.next().unwrap(), &printed);
                changed |= masked(&printed) != masked(now);
                assert!(rewrite || !changed, "README.md is stale at `{typed}`; rewrite it with `{REWRITE}`:\n{now}");
                let _ = write!(rewritten, "$ {typed}\n{}", if rewrite { now } else { &printed });
            }
        }
    }
    if !rewrite {
        assert_eq!(rewritten, page_text, "the page is not taken apart as it is written");
    } else if changed {
        // All of it, so that a digest is the same wherever it stands; nothing, if only digests and times differ.
        fs::write(page(), rewritten).unwrap();
    }
}

#[test]
fn the_page_lists_every_exit_code() {
    let page = fs::read_to_string(page()).unwrap();
    for exit in Exit::ALL {
        let row = format!("| {} | {} | {} |\n", exit.code(), exit.name(), exit.meaning());
        assert!(page.contains(&row), "README.md: no row `{}`", row.trim_end());
    }
}

#[test]
fn a_newcomer_would_read_it() {
    let lines = fs::read_to_string(page()).unwrap().lines().count();
    assert!(lines <= 260, "README.md has {lines} lines");
}

#[test]
fn long_output_is_shortened_in_one_place() {
    assert_eq!(shortened("1\n2\n3\n4\n5\n", "a\n…\nb\nc\n"), "1\n…\n4\n5\n");
    assert_eq!(shortened("1\n2\n3\n", "…\nb\n"), "…\n3\n");
    assert_eq!(shortened("1\n2\n", "a\n…\nb\nc\n"), "1\n2\n");
    assert_eq!(shortened("1\n2\n", "a\n"), "1\n2\n");
}

#[test]
fn masks_hide_what_differs_and_nothing_else() {
    let line = "root pONViJ9vFrBnJCDflX49rLkEv2jIMy2nnVPtSlaQXsU= at 2026-11-21T08:55:00.000Z, 1,284 records";
    assert_eq!(masked(line), "root # at #, 1,284 records");
    assert_eq!(masked("data/records/000001-server.jsonl 2026-11 é"), "data/records/000001-server.jsonl 2026-11 é");
}
