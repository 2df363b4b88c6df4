//! The sections that follow the flags, in `--help` and in the man pages alike: exit status, files, examples.
//!
//! They are data, so that the two never differ and a test can hold them against the table of exit codes.

use super::Cli;
use super::exit::Exit;
use std::fmt::Write as _;

/// What a command's page says beyond its flags.
#[derive(Clone, Copy, Debug)]
pub struct Manual {
    /// How the command may end, beyond [`ALWAYS`]: the exit and what it means here.
    pub exits: &'static [(Exit, &'static str)],
    /// Files that it reads or writes: the name, and what it is.
    pub files: &'static [(&'static str, &'static str)],
    /// What it is for, and the command line that does it.
    pub examples: &'static [(&'static str, &'static str)],
    /// Other pages, such as `chatseal-verify(1)`.
    pub see_also: &'static [&'static str],
}

/// The ways in which every command may end.
pub const ALWAYS: [Exit; 3] = [Exit::Usage, Exit::Internal, Exit::Interrupted];

/// One page of the manual, section 1.
#[derive(Debug)]
pub struct Page {
    /// Its name: `chatseal`, `chatseal-keys-show`.
    pub name: String,
    /// The command as it is typed: `chatseal keys show`.
    pub typed: String,
    /// Its definition, as yet unbuilt, with the flags that every command takes.
    pub command: clap::Command,
    /// The sections that follow the flags; `None` if nobody wrote them, which a test finds.
    pub manual: Option<Manual>,
}

/// A page for each command, the program itself first.
pub fn pages() -> Vec<Page> {
    let root = Cli::definition();
    let global: Vec<clap::Arg> = root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let mut pages = Vec::new();
    collect(&root, &[], &global, &mut pages);
    pages
}

fn collect(command: &clap::Command, words: &[&str], global: &[clap::Arg], pages: &mut Vec<Page>) {
    let named = |between: &str| ["chatseal"].iter().chain(words).copied().collect::<Vec<_>>().join(between);
    let missing = global.iter().filter(|flag| command.get_arguments().all(|own| own.get_id() != flag.get_id()));
    pages.push(Page {
        name: named("-"),
        typed: named(" "),
        command: command.clone().args(missing.cloned()),
        manual: Cli::manual(words),
    });
    for child in command.get_subcommands() {
        collect(child, &[words, &[child.get_name()]].concat(), global, pages);
    }
}

impl Manual {
    /// Every exit of the command with its meaning here, by code.
    pub fn exit_status(&self) -> Vec<(Exit, &'static str)> {
        let mut rows = self.exits.to_vec();
        rows.extend(
            ALWAYS
                .iter()
                .filter(|exit| !self.exits.iter().any(|(own, _)| own == *exit))
                .map(|exit| (*exit, exit.meaning())),
        );
        rows.sort_by_key(|(exit, _)| exit.code());
        rows
    }

    /// The text that `--help` shows below the flags.
    pub fn after_help(&self) -> String {
        let mut text = String::from("EXIT STATUS\n");
        for (exit, meaning) in self.exit_status() {
            let _ = writeln!(text, "  {:>3}  {meaning}", exit.code());
        }
        if !self.files.is_empty() {
            text.push_str("\nFILES\n");
            for (name, meaning) in self.files {
                let _ = writeln!(text, "  {name}\n          {meaning}");
            }
        }
        text.push_str("\nEXAMPLES\n");
        for (purpose, command) in self.examples {
            let _ = writeln!(text, "  {purpose}:\n    $ {command}");
        }
        text.truncate(text.trim_end().len());
        text
    }
}
