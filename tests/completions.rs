//! Completions are generated from the flags, so what can go wrong is that a shell is left out or gets a broken script.

use chatseal::cli::manual::pages;
use std::process::Command;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

fn script(shell: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_chatseal")).args(["completions", shell]).output().unwrap();
    assert!(output.status.success(), "{shell}: {output:?}");
    assert!(output.stderr.is_empty(), "{shell}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_knows_every_command_and_long_flag() {
    for shell in SHELLS {
        let script = script(shell);
        for page in pages() {
            let command = page.command.get_name();
            assert!(script.contains(command), "{shell} does not know the command `{command}`");
            for flag in page.command.get_arguments().filter_map(clap::Arg::get_long) {
                // fish writes `-l key`, the others `--key`.
                let known = script.contains(&format!("--{flag}")) || script.contains(&format!("-l {flag}"));
                assert!(known, "{shell} does not know `--{flag}` of `{command}`");
            }
        }
    }
}

#[test]
fn bash_can_read_its_script() {
    let output = Command::new("bash").args(["-n", "-c", &script("bash")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_unknown_shell_is_a_usage_error() {
    let output = Command::new(env!("CARGO_BIN_EXE_chatseal")).args(["completions", "tcl"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("error: invalid value `tcl` for `<SHELL>`"), "{said}");
}
