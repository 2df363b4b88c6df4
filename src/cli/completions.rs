//! `chatseal completions`: what the shell may complete.

use super::Cli;
use super::exit::Exit;
use super::manual::Manual;
use super::printer::Printer;
use clap::ValueEnum;
use clap_complete::Shell;
use serde::Serialize;

/// Print the completions for a shell
///
/// Prints a script that teaches the shell chatseal's commands, flags and which of them take files, so that long flags
/// need not be remembered.
#[derive(Debug, clap::Args)]
#[command(after_long_help = MANUAL.after_help())]
pub(super) struct Args {
    /// Shell to print them for
    #[arg(value_name = "SHELL", value_enum)]
    shell: ShellName,
}

/// A shell that completions can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ShellName {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

pub(super) const MANUAL: Manual = Manual {
    exits: &[(Exit::Ok, "printed")],
    files: &[],
    examples: &[(
        "Install them for bash",
        "chatseal completions bash > ~/.local/share/bash-completion/completions/chatseal",
    )],
    see_also: &["chatseal(1)"],
};

/// The answer with `--json`.
#[derive(Serialize)]
struct Completions<'a> {
    script: &'a str,
}

/// Runs the command.
pub(super) fn run(args: &Args, printer: &Printer) -> Exit {
    let shell = match args.shell {
        ShellName::Bash => Shell::Bash,
        ShellName::Elvish => Shell::Elvish,
        ShellName::Fish => Shell::Fish,
        ShellName::Powershell => Shell::PowerShell,
        ShellName::Zsh => Shell::Zsh,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::definition(), "chatseal", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    printer.answer("completions", Exit::Ok, &Completions { script: &script }, || script.clone());
    Exit::Ok
}
